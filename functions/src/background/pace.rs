//! How fast a function reads that reads whole tables.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use shared::{app::App, jiff::Timestamp, store::usage};

/// The average RRU per second. A partition of a table gives 3,000 (a limit of DynamoDB), and a scan
/// may read from one partition for minutes. With what is read at once at the beginning and in a
/// step, no second has more than 300: a tenth is for such a function, and the rest for the buyers.
const A_SECOND: f64 = 150.0;

/// The RRU that may be read at once after a rest.
const AT_ONCE: f64 = 50.0;

/// The pace of a run.
pub(super) struct Pace(Mutex<State>);

/// What a run has read, and how much it may read now.
struct State {
    looked_at: Timestamp,
    read: f64,
    /// Below 0, the run has read more than it may have by now.
    left: f64,
}

impl Pace {
    /// The pace of a run that begins now.
    pub(super) fn new(now: Timestamp) -> Self {
        Self(Mutex::new(State {
            looked_at: now,
            read: usage::so_far().read,
            left: AT_ONCE,
        }))
    }

    /// Waits, by the app's clock, until the run may read again.
    pub(super) async fn keep(&self, app: &App) {
        let wait = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.look(app.now(), usage::so_far().read)
        };
        if wait > Duration::ZERO {
            let until = app.now().saturating_add(wait);
            app.sleep_until(until.unwrap_or(Timestamp::MAX)).await;
        }
    }
}

impl State {
    /// How long to wait after having read this much. Time that has passed since the last call
    /// allows more reading. If the clock was set back, it allows nothing.
    fn look(&mut self, now: Timestamp, read: f64) -> Duration {
        let passed = Duration::try_from(now.duration_since(self.looked_at)).unwrap_or_default();
        self.left = (self.left + passed.as_secs_f64() * A_SECOND).min(AT_ONCE);
        self.left -= read - self.read;
        (self.looked_at, self.read) = (now, read);
        let missing = (-self.left / A_SECOND).max(0.0);
        // Clocks have whole milliseconds.
        Duration::from_millis(1).mul_f64((missing * 1_000.0).ceil())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest RRU of a step: a page, or second looks at the same moment.
    const A_STEP: f64 = 100.0;

    /// The largest RRU in any one second, if every step reads as much as it can. Before each step
    /// it rests for the next of these milliseconds, in a cycle.
    fn most_in_a_second(rests: &[i64]) -> f64 {
        let (mut now, mut read) = (0, 0.0);
        let at = |now| Timestamp::from_millisecond(now).expect("a time");
        let mut pace = State {
            looked_at: at(0),
            read,
            left: AT_ONCE,
        };
        let mut steps = Vec::new();
        for rest in rests.iter().cycle().take(1_000) {
            now += rest;
            let wait = pace.look(at(now), read);
            now += i64::try_from(wait.as_millis()).expect("a wait");
            steps.push(now);
            read += A_STEP;
        }
        let most = steps.iter().map(|from| {
            let second = *from..from + 1_000;
            steps.iter().filter(|at| second.contains(at)).count()
        });
        let most = most.max();
        A_STEP * f64::from(u32::try_from(most.unwrap_or(0)).expect("a count"))
    }

    #[test]
    fn reads_of_any_second_stay_within_a_tenth_of_a_partition() {
        for rests in [&[0][..], &[900], &[5_000, 0, 0], &[300, 0, 20_000, 0]] {
            let most = most_in_a_second(rests);
            assert!(most <= 300.0, "{rests:?}: {most}");
        }
        assert!(most_in_a_second(&[0]) > 150.0, "and it gets on");
    }

    #[test]
    fn clock_that_is_set_back_gives_nothing() {
        let at = |now| Timestamp::from_millisecond(now).expect("a time");
        let mut pace = State {
            looked_at: at(10_000),
            read: 0.0,
            left: AT_ONCE,
        };
        assert_eq!(pace.look(at(0), 200.0), Duration::from_secs(1));
        assert_eq!(pace.look(at(1_000), 200.0), Duration::ZERO);
    }
}
