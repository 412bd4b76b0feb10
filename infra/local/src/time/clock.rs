//! The clock of a whole stack, which can be moved.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use shared::clock::{Clock, SystemClock};
use tokio::{
    sync::{Notify, oneshot},
    time::Instant,
};

use super::invocation::{self, Invocation};

/// The clock of a stack. It runs or stands still, and can be moved. It wakes the futures that sleep
/// on it.
pub struct StackClock {
    /// The time at which it stands, in milliseconds, or [`RUNNING`].
    standing: AtomicI64,
    /// The clock that it follows while it runs.
    pace: Pace,
    /// How far it is ahead of that clock, in milliseconds.
    ahead: AtomicI64,
    sleepers: Mutex<BTreeMap<Turn, Sleeper>>,
    arrivals: AtomicU64,
    /// Notified when something may become due earlier than was known.
    changed: Arc<Notify>,
}

const RUNNING: i64 = i64::MIN;

/// The clock that a stack's clock follows while it runs.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// The machine's clock.
    Machine,
    /// The runtime's clock. While a test has it paused, it moves to the next timer whenever no task
    /// has anything to do.
    Runtime(Instant),
}

impl Pace {
    fn now(self) -> Timestamp {
        match self {
            Self::Machine => SystemClock.now(),
            Self::Runtime(start) => {
                let passed = i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX);
                Timestamp::from_millisecond(passed).unwrap_or(Timestamp::MAX)
            }
        }
    }
}

/// When a sleeper is to be woken. Those of the same time are woken in the order of their arrival.
type Turn = (Timestamp, u64);

struct Sleeper {
    wake: oneshot::Sender<()>,
    /// The invocation that sleeps, if it runs in the background. A move of the clock waits for it.
    invocation: Option<Arc<Invocation>>,
}

impl StackClock {
    /// A clock that stands still at a time.
    pub fn frozen_at(time: Timestamp, pace: Pace, changed: Arc<Notify>) -> Self {
        Self {
            standing: AtomicI64::new(time.as_millisecond()),
            pace,
            ahead: AtomicI64::new(0),
            sleepers: Mutex::default(),
            arrivals: AtomicU64::new(0),
            changed,
        }
    }

    /// Lets it run from where it stands.
    pub fn run(&self) {
        let standing = self.standing.load(Ordering::SeqCst);
        if standing != RUNNING {
            let ahead = standing - self.pace.now().as_millisecond();
            self.ahead.store(ahead, Ordering::SeqCst);
            self.standing.store(RUNNING, Ordering::SeqCst);
            self.changed.notify_one();
        }
    }

    /// Makes it stand still at a time.
    pub fn stand_at(&self, time: Timestamp) {
        self.standing.store(time.as_millisecond(), Ordering::SeqCst);
    }

    /// How long it takes until a time has come. `None` while the clock stands still.
    pub fn wait_until(&self, time: Timestamp) -> Option<std::time::Duration> {
        let runs = self.standing.load(Ordering::SeqCst) == RUNNING;
        runs.then(|| {
            let wait = time.duration_since(self.now());
            std::time::Duration::try_from(wait).unwrap_or_default()
        })
    }

    /// When the next sleeper is to be woken.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.sleepers.lock().keys().next().map(|(until, _)| *until)
    }

    /// Wakes the next sleeper, if its time has come. Returns whether it did.
    pub fn wake_next(&self) -> bool {
        let now = self.now();
        let mut sleepers = self.sleepers.lock();
        let Some(next) = sleepers.first_entry().filter(|next| next.key().0 <= now) else {
            return false;
        };
        let sleeper = next.remove();
        // Still under the lock: from here on, the invocation counts as busy.
        if let Some(invocation) = &sleeper.invocation {
            invocation.is_woken();
        }
        // An error means that the sleeper has stopped waiting.
        let _ = sleeper.wake.send(());
        true
    }

    fn add_sleeper(&self, until: Timestamp) -> Asleep<'_> {
        let (wake, woken_up) = oneshot::channel();
        let turn = (until, self.arrivals.fetch_add(1, Ordering::Relaxed));
        let invocation = invocation::current();
        let mut sleepers = self.sleepers.lock();
        if let Some(invocation) = &invocation {
            invocation.begins_sleep();
        }
        let sleeper = Sleeper {
            wake,
            invocation: invocation.clone(),
        };
        sleepers.insert(turn, sleeper);
        drop(sleepers);
        self.changed.notify_one();
        Asleep {
            clock: self,
            turn,
            woken_up,
            invocation,
        }
    }
}

impl Clock for StackClock {
    fn now(&self) -> Timestamp {
        let standing = self.standing.load(Ordering::SeqCst);
        if standing == RUNNING {
            let ahead = SignedDuration::from_millis(self.ahead.load(Ordering::SeqCst));
            let now = self.pace.now();
            now.checked_add(ahead).unwrap_or(now)
        } else {
            Timestamp::from_millisecond(standing).unwrap_or(Timestamp::MAX)
        }
    }

    fn sleep_until(&self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            if until > self.now() {
                let mut asleep = self.add_sleeper(until);
                // The clock keeps the sender until it wakes the sleeper.
                let _ = (&mut asleep.woken_up).await;
            }
        })
    }
}

/// A sleeper. When this is dropped, it has been woken or has stopped waiting.
struct Asleep<'a> {
    clock: &'a StackClock,
    turn: Turn,
    woken_up: oneshot::Receiver<()>,
    invocation: Option<Arc<Invocation>>,
}

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        let was_woken = self.clock.sleepers.lock().remove(&self.turn).is_none();
        if let Some(invocation) = &self.invocation {
            invocation.ends_sleep(was_woken);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn clock() -> Arc<StackClock> {
        let changed = Arc::new(Notify::new());
        let start = time("2026-01-01T00:00:00Z");
        Arc::new(StackClock::frozen_at(start, Pace::Machine, changed))
    }

    #[tokio::test]
    async fn sleep_until_now_ends_at_once() {
        let clock = clock();
        clock.sleep_until(clock.now()).await;
        assert_eq!(clock.next_wake(), None);
    }

    #[tokio::test]
    async fn sleepers_are_woken_in_the_order_of_their_times() {
        let clock = clock();
        let (later, sooner) = (time("2026-01-01T00:00:09Z"), time("2026-01-01T00:00:05Z"));
        let mut first = clock.sleep_until(later);
        let mut second = clock.sleep_until(sooner);
        assert!(futures_util::poll!(&mut first).is_pending());
        assert!(futures_util::poll!(&mut second).is_pending());
        assert_eq!(clock.next_wake(), Some(sooner));
        assert!(!clock.wake_next());

        clock.stand_at(sooner);
        assert!(clock.wake_next());
        assert!(!clock.wake_next());
        assert!(futures_util::poll!(&mut first).is_pending());
        assert!(futures_util::poll!(&mut second).is_ready());
        assert_eq!(clock.next_wake(), Some(later));
    }

    #[tokio::test]
    async fn sleeper_that_is_dropped_is_forgotten() {
        let clock = clock();
        let mut sleep = clock.sleep_until(time("2026-01-01T00:00:05Z"));
        assert!(futures_util::poll!(&mut sleep).is_pending());
        drop(sleep);
        assert_eq!(clock.next_wake(), None);
    }

    #[test]
    fn clock_that_runs_goes_on_from_where_it_stood() {
        let clock = clock();
        assert_eq!(clock.wait_until(clock.now()), None);
        clock.run();
        let now = clock.now();
        assert!(now >= time("2026-01-01T00:00:00Z") && now < time("2026-01-01T00:01:00Z"));
        assert!(clock.wait_until(now).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn clock_can_follow_the_clock_of_the_runtime() {
        let start = time("2026-01-01T00:00:00Z");
        let changed = Arc::new(Notify::new());
        let clock = StackClock::frozen_at(start, Pace::Runtime(Instant::now()), changed);
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        assert_eq!(clock.now(), start);
        clock.run();
        tokio::time::sleep(std::time::Duration::from_hours(1)).await;
        assert_eq!(clock.now(), time("2026-01-01T01:00:00Z"));
    }
}
