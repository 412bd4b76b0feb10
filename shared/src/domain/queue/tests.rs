//! The rules of the line, each under its name. What takes a whole evening to show is tested in the
//! simulator.

mod faults;

mod closing;
mod counting;
mod estimates;
mod properties;
mod ticking;
mod unused;

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::domain::{
    ids::UserId,
    session::{Ending, Session, Standing},
};

/// The time of the first tick. Seconds are counted from here.
const START: i64 = 1_700_000_000_000;

/// A queue, ticked by hand.
struct Desk {
    queue: Queue,
    issued: u64,
    counts: HashMap<i64, Counts>,
}

impl Desk {
    fn new(max_active: u32, rate_milli: u64) -> Self {
        Self {
            queue: samples::queue(max_active, rate_milli),
            issued: 0,
            counts: HashMap::new(),
        }
    }

    fn with_issued(mut self, issued: u64) -> Self {
        self.issued = issued;
        self
    }

    /// Ticks. Returns whether the line changed.
    fn tick(&mut self, second: i64) -> bool {
        self.tick_at(START + second * 1_000)
    }

    fn tick_at(&mut self, milliseconds: i64) -> bool {
        let counts = |cohort| self.counts.get(&cohort).copied().unwrap_or_default();
        let line = self
            .queue
            .tick(time(milliseconds), self.issued, counts, None);
        let ticked = line.is_some();
        self.queue.line = line.unwrap_or_else(|| self.queue.line.clone());
        ticked
    }

    /// Ticks every five seconds, from the first second to the last, both included.
    fn tick_through(&mut self, seconds: RangeInclusive<i64>) {
        for second in seconds.step_by(5) {
            self.tick(second);
        }
    }

    fn served(&self, second: i64) -> u64 {
        self.queue.served(at(second))
    }

    /// The credit: numbers served beyond those issued.
    fn credit(&self) -> u64 {
        let last = self.queue.line.schedule.last().expect("a tick");
        (last.served / PERSON).saturating_sub(self.issued)
    }

    fn admission(&self, number: u64) -> Admission {
        let admission = self.queue.admission(number, time(START));
        admission.expect("an admission")
    }

    fn session(&self, number: u64, joined_second: i64) -> Session {
        let joined_at = at(joined_second);
        Session::join(UserId::new(), &self.queue, None, number, joined_at)
    }

    fn count(&mut self, number: u64) -> &mut Counts {
        let cohort = self.admission(number).cohort;
        self.counts.entry(cohort).or_default()
    }
}

fn at(second: i64) -> Timestamp {
    time(START + second * 1_000)
}

fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).expect("a time")
}
