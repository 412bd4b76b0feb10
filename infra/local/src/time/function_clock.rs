//! The clock of a function, which may be ahead of the stack's clock or behind it.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use shared::clock::Clock;
use tokio::sync::Notify;

use super::clock::StackClock;

/// The clock of a function.
pub struct FunctionClock {
    stack: Arc<StackClock>,
    /// How far it is ahead of the stack's clock, in milliseconds.
    ahead: AtomicI64,
    /// When its sleepers are to be woken, in the time of the stack's clock.
    sleepers: Mutex<Vec<Timestamp>>,
    /// Notified when a sleeper is added.
    falls_asleep: Notify,
}

impl FunctionClock {
    /// A clock that agrees with the stack's.
    pub fn of(stack: &Arc<StackClock>) -> Self {
        Self {
            stack: Arc::clone(stack),
            ahead: AtomicI64::new(0),
            sleepers: Mutex::default(),
            falls_asleep: Notify::new(),
        }
    }

    /// When the next sleeper is to be woken. Waits until there is a sleeper.
    pub async fn next_wake(&self) -> Timestamp {
        loop {
            let mut falls_asleep = std::pin::pin!(self.falls_asleep.notified());
            // From here on no notification is missed.
            falls_asleep.as_mut().enable();
            if let Some(next) = self.sleepers.lock().iter().min() {
                return *next;
            }
            falls_asleep.await;
        }
    }

    /// Puts it ahead of the stack's clock by this, or behind it.
    pub fn put_ahead(&self, by: SignedDuration) {
        let milliseconds = i64::try_from(by.as_millis()).unwrap_or_default();
        self.ahead.store(milliseconds, Ordering::SeqCst);
    }

    fn ahead(&self) -> SignedDuration {
        SignedDuration::from_millis(self.ahead.load(Ordering::SeqCst))
    }
}

impl Clock for FunctionClock {
    fn now(&self) -> Timestamp {
        let now = self.stack.now();
        now.checked_add(self.ahead()).unwrap_or(now)
    }

    fn sleep_until(&self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let until = until.checked_sub(self.ahead()).unwrap_or(until);
        Box::pin(async move {
            let _asleep = (until > self.stack.now()).then(|| Asleep::until(self, until));
            self.stack.sleep_until(until).await;
        })
    }
}

/// A sleeper, until this is dropped.
struct Asleep<'a> {
    clock: &'a FunctionClock,
    until: Timestamp,
}

impl<'a> Asleep<'a> {
    fn until(clock: &'a FunctionClock, until: Timestamp) -> Self {
        clock.sleepers.lock().push(until);
        clock.falls_asleep.notify_waiters();
        Self { clock, until }
    }
}

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        let mut sleepers = self.clock.sleepers.lock();
        if let Some(index) = sleepers.iter().position(|until| *until == self.until) {
            sleepers.swap_remove(index);
        }
    }
}
