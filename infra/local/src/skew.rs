//! The clock of a function, which may be ahead of the others, or behind.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};
use shared::clock::Clock;

use crate::clock::StackClock;

/// The clock of a function.
pub struct FunctionClock {
    stack: Arc<StackClock>,
    /// How far it is ahead of the stack's, in milliseconds.
    ahead: AtomicI64,
}

impl FunctionClock {
    /// One that is right.
    pub fn of(stack: &Arc<StackClock>) -> Self {
        Self {
            stack: Arc::clone(stack),
            ahead: AtomicI64::new(0),
        }
    }

    /// Puts it so far ahead of the stack's, or behind.
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
        self.stack.sleep_until(until)
    }
}
