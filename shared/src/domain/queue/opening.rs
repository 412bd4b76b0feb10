//! Before the opening: joins get an early entry, and a number by lot when the queue opens
//! (`ARCHITECTURE.md#the-opening`).

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{ClosureReason, EarlyClosure, Line, Queue, QueueState, Settings};
use crate::domain::{
    draw::{Draw, EarlyEntry, PublicDraw, Seed},
    session::Ending,
};

/// How far ahead an opening may be. The tokens of early entries must be valid until then.
pub const MAX_AHEAD: SignedDuration = SignedDuration::from_hours(28 * 24);

/// A scheduler's run stays awake for a queue that opens within this time. The next run may be late,
/// and need not be on time for the opening.
const SOON: SignedDuration = SignedDuration::from_mins(2);

/// How a queue opens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Opening {
    /// It has always been open: each join draws a number.
    #[default]
    Always,
    /// It opens at its `opens_at`. This seed will decide the numbers.
    Ahead(Seed),
    /// It has opened, and this draw decided the numbers.
    Done(Arc<Draw>),
}

/// What a session has drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ticket {
    /// A number.
    Number(u64),
    /// An early entry. The draw decides its number.
    Early(EarlyEntry),
}

impl From<u64> for Ticket {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<EarlyEntry> for Ticket {
    fn from(entry: EarlyEntry) -> Self {
        Self::Early(entry)
    }
}

impl Queue {
    /// The number of a session that has drawn this; `None` before the opening.
    pub fn number_of(&self, ticket: Ticket) -> Option<u64> {
        match (ticket, &self.opening) {
            (Ticket::Number(number), _) => Some(number),
            (Ticket::Early(entry), Opening::Done(draw)) => draw.number_of(entry),
            (Ticket::Early(_), Opening::Always | Opening::Ahead(_)) => None,
        }
    }

    /// The seed of the draw, as long as the draw has not been made.
    pub fn seed_of_draw_to_come(&self) -> Option<&Seed> {
        match &self.opening {
            Opening::Ahead(seed) => Some(seed),
            Opening::Always | Opening::Done(_) => None,
        }
    }

    /// Whether the draw has not been made yet, whatever the clock says.
    pub fn has_draw_to_come(&self) -> bool {
        self.seed_of_draw_to_come().is_some()
    }

    /// When it opens, as long as the draw has not been made.
    pub fn opens_at(&self) -> Option<Timestamp> {
        self.settings.opens_at.filter(|_| self.has_draw_to_come())
    }

    /// How long it is until the opening; `None` if there is none or its time has come.
    pub fn opens_in(&self, now: Timestamp) -> Option<SignedDuration> {
        let left = self.opens_at()?.duration_since(now);
        left.is_positive().then_some(left)
    }

    /// Whole seconds until the opening, 0 when its time has come; `None` if there is none.
    pub fn seconds_to_opening(&self, now: Timestamp) -> Option<u64> {
        let left = self.opens_at()?.duration_since(now);
        Some(u64::try_from(left.as_secs()).unwrap_or(0))
    }

    /// Whether these settings reopen a closed queue.
    pub fn opens_again(&self, next: &Settings) -> bool {
        self.settings.state == QueueState::Closed && next.state != QueueState::Closed
    }

    /// Whether it opens, but not soon, so that the scheduler need not wait for it.
    pub fn opens_much_later(&self, now: Timestamp) -> bool {
        self.opens_in(now).is_some_and(|left| left > SOON)
    }

    /// Why the line ended for this entry before the opening; `None` if it did not.
    pub fn ended_early_for(&self, entry: EarlyEntry) -> Option<Ending> {
        let closures = &self.line.early_closures;
        let closure = closures.iter().find(|closure| closure.has(entry));
        closure.map(|closure| closure.reason.ending())
    }

    /// The line of a queue that has not opened, after it ended for the early entries that each
    /// stripe has now; `None` if it has ended for all of them already.
    pub fn closed_early(&self, entries: &[u64], reason: ClosureReason) -> Option<Line> {
        let known = self.line.early_closures.last();
        let is_new = match known {
            Some(known) => known.entries != entries,
            None => entries.iter().any(|entries| *entries > 0),
        };
        is_new.then(|| {
            let mut line = self.line.clone();
            line.early_closures.push(EarlyClosure {
                entries: entries.to_vec(),
                reason,
            });
            line.version += 1;
            line
        })
    }

    /// What is public of the draw.
    pub fn public_draw(&self) -> Option<PublicDraw> {
        match &self.opening {
            Opening::Always => None,
            Opening::Ahead(seed) => {
                let closed = self.line.early_closures.last();
                let closed = closed.map(|closure| closure.entries.clone());
                Some(PublicDraw::sealed(seed.hash(), closed))
            }
            Opening::Done(draw) => Some(PublicDraw::from(draw.as_ref())),
        }
    }
}
