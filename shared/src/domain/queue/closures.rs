//! Closures: where a line ended for everybody in it, and why.
//!
//! A line ends when its last seat is sold, when nothing that its queue sells can be bought any
//! more, and when an operator closes the queue. For those who were in it then, this is final. The
//! schedule passes their numbers at once, and later joins get larger numbers. So a refund or a new
//! opening of the queue does not change what a session has read.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Line, Queue, Range};
use crate::domain::{draw::EarlyEntry, schedule::PERSON, session::Ending};

/// The most closures that are kept. Older ones are merged.
const MAX_CLOSURES: usize = 16;

/// The reason why a line ended.
///
/// - `SOLD_OUT`: every seat was sold.
/// - `SALE_OVER`: nothing that the queue sells could be bought any more.
/// - `QUEUE_CLOSED`: an administrator closed the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClosureReason {
    /// Every seat was sold.
    SoldOut,
    /// Nothing that the queue sells could be bought any more.
    SaleOver,
    /// An administrator closed the queue.
    QueueClosed,
}

impl ClosureReason {
    /// The ending that a session reads.
    pub fn ending(self) -> Ending {
        match self {
            Self::SoldOut => Ending::SoldOut,
            Self::SaleOver => Ending::SaleOver,
            Self::QueueClosed => Ending::QueueClosed,
        }
    }
}

/// A range of numbers for which the line ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "(u64, u64, ClosureReason)", from = "(u64, u64, ClosureReason)")]
pub struct Closure {
    /// The last number before it.
    pub after: u64,
    /// The last number in it.
    pub through: u64,
    /// Why.
    pub reason: ClosureReason,
}

impl From<(u64, u64, ClosureReason)> for Closure {
    fn from((after, through, reason): (u64, u64, ClosureReason)) -> Self {
        Self {
            after,
            through,
            reason,
        }
    }
}

impl From<Closure> for (u64, u64, ClosureReason) {
    fn from(closure: Closure) -> Self {
        (closure.after, closure.through, closure.reason)
    }
}

impl Closure {
    fn has(&self, number: u64) -> bool {
        self.after < number && number <= self.through
    }
}

/// The end of the line for early entries, before the queue opened. They do not take part in the
/// draw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EarlyClosure {
    /// A count of entries for each of the 64 stripes. The line ended for the entries of a stripe up
    /// to this count.
    #[schema(min_items = 64, max_items = 64)]
    pub entries: Vec<u64>,
    /// The reason why the line ended.
    pub reason: ClosureReason,
}

impl EarlyClosure {
    /// Whether the line ended for this entry.
    pub fn has(&self, entry: EarlyEntry) -> bool {
        let entries = self.entries.get(usize::from(entry.stripe()));
        entries.is_some_and(|entries| entry.index() <= *entries)
    }
}

impl Queue {
    /// Why the line ended for a session with this number that has not arrived; `None` if it did
    /// not.
    pub fn ended_for(&self, number: u64) -> Option<Ending> {
        let line = &self.line;
        let closure = line.closures.iter().find(|closure| closure.has(number));
        match closure {
            Some(closure) => Some(closure.reason.ending()),
            None => (number <= line.closed_through).then_some(Ending::SoldOut),
        }
    }

    /// Why the line ended for a session with this number that has arrived and holds nothing; `None`
    /// if it did not. When the queue is closed, those inside may finish. Without seats there is
    /// nothing to finish.
    pub fn ended_inside(&self, number: u64) -> Option<Ending> {
        let ended = self.ended_for(number)?;
        (ended != Ending::QueueClosed && number <= self.line.closed_through).then_some(ended)
    }
}

impl Line {
    /// How many of the numbers above `from` and up to `to` somebody may have: those that are not
    /// known to be unused, and were not skipped by closing the queue.
    pub(super) fn numbers_between(&self, from: u64, to: u64) -> u64 {
        let closed = self
            .closures
            .iter()
            .filter(|closure| closure.reason == ClosureReason::QueueClosed);
        let closed: u64 = closed
            .map(|closure| {
                closure
                    .through
                    .min(to)
                    .saturating_sub(closure.after.max(from))
            })
            .sum();
        let all = to.saturating_sub(from);
        all.saturating_sub(closed + self.unused.between(from, to))
    }

    /// Adds unused numbers, but for those for which the line has ended. Returns those that are to be
    /// kept elsewhere.
    pub(super) fn add_unused(&mut self, unused: impl IntoIterator<Item = Range>) -> Vec<Range> {
        let closures = &self.closures;
        let closed_through = self.closed_through;
        self.unused.add(unused.into_iter().map(|range| {
            let closed = closures.iter().find(|closure| {
                let closes = closure.reason == ClosureReason::QueueClosed;
                closes && closure.after < range.through && range.after < closure.through
            });
            Range {
                after: range.after.max(closed_through),
                through: closed.map_or(range.through, |closed| closed.after),
            }
        }))
    }

    /// Ends the line for everybody in it who holds nothing, inside or not. Later joins get larger
    /// numbers.
    pub(super) fn end_for_all(&mut self, start: i64, issued: u64, reason: ClosureReason) {
        self.pass_all(start, issued);
        self.remember_closure(self.closed_through, issued, reason);
        self.closed_through = issued;
        self.unused.drop_through(issued);
        self.cohorts.clear();
        self.active = 0;
        self.room = 0;
    }

    /// Ends the line for those who wait: for every number after the last one that is promised
    /// admission.
    pub(super) fn end_for_waiting(&mut self, start: i64, issued: u64) {
        let reached = self.schedule.served_milli(start) / PERSON;
        self.pass_all(start, issued);
        self.unused.drop_after(reached);
        self.remember_closure(reached, issued, ClosureReason::QueueClosed);
    }

    fn pass_all(&mut self, start: i64, issued: u64) {
        let served = self.schedule.served_milli(start);
        self.schedule.append(start, served.max(issued * PERSON));
        self.waiting_since = None;
        self.passed = self.passed.max(issued);
    }

    fn remember_closure(&mut self, after: u64, through: u64, reason: ClosureReason) {
        if through <= after {
            return;
        }
        match self.closures.last_mut() {
            Some(last) if last.reason == reason && last.through == after => last.through = through,
            _ => self.closures.push(Closure {
                after,
                through,
                reason,
            }),
        }
        if self.closures.len() > MAX_CLOSURES {
            // Nobody with a number between the two oldest closures can still be active.
            let oldest = self.closures.remove(0);
            let next = &mut self.closures[0];
            next.after = next.after.min(oldest.after);
        }
    }
}
