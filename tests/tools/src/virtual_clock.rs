//! A clock that follows the time of the runtime, which a tool can pause.

use std::time::Duration;

use shared::{
    clock::Clock,
    jiff::{SignedDuration, Timestamp},
};
use tokio::time::Instant;

/// The time of the runtime. While the runtime's time is paused, it stands still while something is
/// done.
pub struct VirtualClock {
    started: Instant,
    at: Timestamp,
}

impl VirtualClock {
    /// A clock that shows this time now.
    pub fn at(now: Timestamp) -> Self {
        Self {
            started: Instant::now(),
            at: now,
        }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.started.elapsed()).unwrap_or_default();
        self.at.saturating_add(passed).unwrap_or(Timestamp::MAX)
    }

    fn sleep_until(
        &self,
        until: Timestamp,
    ) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let wait = Duration::try_from(until.duration_since(self.now())).unwrap_or_default();
        Box::pin(tokio::time::sleep(wait))
    }
}
