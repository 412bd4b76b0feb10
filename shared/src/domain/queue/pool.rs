//! Pools: where numbers come from while a queue is rushed.
//!
//! A queue has one counter of its numbers, and DynamoDB takes 1,000 writes a second for one item.
//! So a join of a rushed queue draws from one of several pools. A pool is an item with numbers in
//! a row. The join that draws its last number takes the next numbers for it from the counter.
//!
//! The order of the line stays exact to [`LIFE`]: numbers that are older than that are not given
//! out. They are then unused, and the line passes them without losing time ([`super::Unused`]).
//!
//! Every write but a draw replaces a pool on condition that it is still as it was read. So a
//! number is in one pool only, and it is either drawn once or unused.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::unused::Range;

/// How many pools a queue has, at most. A name of a pool is a number below this one.
pub const MOST_POOLS: u8 = 64;

/// The numbers of a pool are given out for this long. So a join that has drawn a number is behind
/// no join that came more than this much after the draw, but for the difference of clocks.
pub const LIFE: SignedDuration = SignedDuration::from_millis(1_500);

/// A pool should last this long. Its size follows.
const SHOULD_LAST_MILLISECONDS: i64 = 500;

/// A join that has claimed a pool has this long to fill it.
const CLAIM: SignedDuration = SignedDuration::from_millis(500);

/// A pool whose time is over is left alone for this much longer. Clocks differ, and the one that
/// drew the last number may still be filling it.
const REST: SignedDuration = SignedDuration::from_secs(1);

/// The size of a new pool. With less, so many pools would be filled more often than the counter takes.
const FIRST_SIZE: u64 = 32;

/// So many pools are few, and the size of a new one of them.
const FEW_POOLS: u8 = 16;
const FIRST_SIZE_OF_FEW: u64 = 8;

/// The sizes that a pool may have. The largest is enough for 32,000 joins a second.
const SIZES: std::ops::RangeInclusive<u64> = 2..=256;

/// A pool that was filled this much later than now, by its own account, has a wrong time.
const WRONG: SignedDuration = SignedDuration::from_secs(5);

/// A pool is at most this many times as large, or as small, as the one before it.
const SIZE_CHANGES: u64 = 4;

/// How many unused ranges a pool remembers. A tick reads them every few seconds.
const RANGES_REMEMBERED: usize = 8;

/// Joins a second from which a queue uses pools: half of what its counter takes.
const RUSHED_FROM: u64 = 500;

/// Joins a second below which it uses the counter again.
const CALM_BELOW: u64 = 300;

/// Joins a second for each pool. A pool then has about 50 numbers, so filling it costs each join
/// little, and few numbers are left when the rush ends.
const JOINS_FOR_A_POOL: u64 = 100;

/// The fewest pools of a rushed queue.
const FEWEST_POOLS: u8 = 4;

/// Early entries in the draw from which a queue opens with pools: those who come late for a large
/// draw come all at once.
const LARGE_DRAW: u64 = 10_000;

/// Early entries for each pool of such an opening.
const ENTRIES_FOR_A_POOL: u64 = 1_000;

/// A pool, as it is stored. Times are in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pool {
    /// The last number drawn. The next one is the number after it.
    pub drawn: u64,
    /// The last number of the pool.
    pub end: u64,
    /// How many numbers it had at first.
    pub size: u64,
    /// When its numbers were taken from the counter. Nobody had drawn them before.
    pub since: i64,
    /// Until when its numbers may be drawn; or, while it is claimed, until when the claim lasts.
    pub until: i64,
    /// Whether somebody is filling it because its time was over.
    pub claimed: bool,
    /// Numbers that it had before, and that nobody will ever have. The latest are last.
    pub unused: Vec<Range>,
}

impl Pool {
    /// Whether it has numbers that have not been drawn.
    pub fn has_numbers(&self) -> bool {
        self.drawn < self.end
    }

    /// Whether somebody who finds it without a number may claim it.
    pub fn may_be_claimed(&self, now: Timestamp) -> bool {
        let now = now.as_millisecond();
        self.may_be_claimed_after() < now || self.since.saturating_sub(milliseconds(WRONG)) > now
    }

    /// How long it may still take to fill it. After that others may claim it.
    pub fn time_to_fill(&self, now: Timestamp) -> Duration {
        let until = self.may_be_claimed_after();
        let left = until.saturating_sub(now.as_millisecond());
        Duration::from_millis(u64::try_from(left).unwrap_or(0))
    }

    /// How long it may still take to take numbers for it from the counter. The rest of the time is
    /// for the write.
    pub fn time_to_take(&self, now: Timestamp) -> Duration {
        let whole = if self.claimed { CLAIM } else { REST };
        let for_the_write = whole.unsigned_abs() / 2;
        self.time_to_fill(now).saturating_sub(for_the_write)
    }

    fn may_be_claimed_after(&self) -> i64 {
        if self.claimed {
            self.until
        } else {
            self.until.saturating_add(milliseconds(REST))
        }
    }

    /// A pool that somebody claims where there was none, of a queue that uses so many. The first
    /// numbers of a few pools are few, because the rush may be over already.
    pub fn first(pools: u8, now: Timestamp) -> Self {
        Self {
            drawn: 0,
            end: 0,
            size: if pools > FEW_POOLS {
                FIRST_SIZE
            } else {
                FIRST_SIZE_OF_FEW
            },
            since: now.as_millisecond(),
            until: now.as_millisecond().saturating_add(milliseconds(CLAIM)),
            claimed: true,
            unused: Vec::new(),
        }
    }

    /// This pool when somebody claims it. What it still had is unused.
    #[must_use]
    pub fn claimed(&self, now: Timestamp) -> Self {
        Self {
            size: self.next_size(now),
            claimed: true,
            until: now.as_millisecond().saturating_add(milliseconds(CLAIM)),
            ..self.emptied()
        }
    }

    /// This pool when nothing will be drawn from it any more. What it still had is unused.
    #[must_use]
    pub fn emptied(&self) -> Self {
        let mut unused = self.unused.clone();
        if self.has_numbers() {
            unused.push(Range {
                after: self.drawn,
                through: self.end,
            });
        }
        let forgotten = unused.len().saturating_sub(RANGES_REMEMBERED);
        Self {
            drawn: self.end,
            unused: unused.split_off(forgotten),
            ..self.clone()
        }
    }

    /// This pool with new numbers: the last `size` ones up to `end`. They were taken from the
    /// counter after `since`.
    #[must_use]
    pub fn filled(&self, size: u64, end: u64, since: Timestamp) -> Self {
        Self {
            drawn: end.saturating_sub(size),
            end,
            size,
            since: since.as_millisecond(),
            until: since.as_millisecond().saturating_add(milliseconds(LIFE)),
            claimed: false,
            unused: self.unused.clone(),
        }
    }

    /// How many numbers the pool after this one should have, so that it lasts half a second. It is
    /// decided once, by the join that is going to fill it.
    pub fn next_size(&self, now: Timestamp) -> u64 {
        if self.claimed {
            return self.size;
        }
        let drawn = self
            .size
            .saturating_sub(self.end.saturating_sub(self.drawn));
        let lasted = now.as_millisecond().min(self.until) - self.since;
        let lasted = u64::try_from(lasted).unwrap_or(0).max(1);
        let size = drawn * SHOULD_LAST_MILLISECONDS.unsigned_abs() / lasted;
        let size = size.clamp(self.size / SIZE_CHANGES, self.size * SIZE_CHANGES);
        size.clamp(*SIZES.start(), *SIZES.end())
    }

    /// Whether its numbers are too old to be drawn, on every clock.
    pub fn is_left_over(&self, now: Timestamp) -> bool {
        self.has_numbers() && self.may_be_claimed(now)
    }
}

/// How many pools a join may use: those with the smallest names.
///
/// `before` is how many they were until now, `joins` how many numbers were issued in the
/// milliseconds since; 0 is none: every join draws from the counter.
pub(super) fn pools_for(before: u8, joins: u64, milliseconds: i64) -> u8 {
    let milliseconds = u64::try_from(milliseconds).unwrap_or(0).max(1_000);
    let a_second = joins.saturating_mul(1_000) / milliseconds;
    let goes_on = if before > 0 { CALM_BELOW } else { RUSHED_FROM };
    if a_second < goes_on {
        return 0;
    }
    let needed = a_second.div_ceil(JOINS_FOR_A_POOL);
    let needed = u8::try_from(needed).unwrap_or(MOST_POOLS);
    let needed = needed.clamp(FEWEST_POOLS, MOST_POOLS);
    // What a pool that is not used any more still has is unused. So they become fewer only if they
    // are far too many.
    if needed < before && before / 2 <= needed {
        before
    } else {
        needed
    }
}

/// How many pools a queue opens with after a draw among this many.
pub(super) fn pools_after_draw(entries: u64) -> u8 {
    if entries < LARGE_DRAW {
        return 0;
    }
    let pools = u8::try_from(entries / ENTRIES_FOR_A_POOL).unwrap_or(MOST_POOLS);
    pools.min(MOST_POOLS)
}

fn milliseconds(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
