//! Unused numbers: those that were issued to a pool and that nobody will ever have.

use serde::{Deserialize, Serialize};

use crate::domain::schedule::{Milli, PERSON};

/// How many ranges a line lists, so that they take less than a kilobyte. The shortest are left out if
/// there are more. Then somebody is expected who does not exist, which is safe.
const MOST_RANGES: usize = 48;

/// The numbers above `after`, up to `through`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "(u64, u64)", from = "(u64, u64)")]
pub struct Range {
    /// The last number before it.
    pub after: u64,
    /// The last number in it.
    pub through: u64,
}

impl From<(u64, u64)> for Range {
    fn from((after, through): (u64, u64)) -> Self {
        Self { after, through }
    }
}

impl From<Range> for (u64, u64) {
    fn from(range: Range) -> Self {
        (range.after, range.through)
    }
}

impl Range {
    /// How many numbers it has.
    pub fn len(self) -> u64 {
        self.through.saturating_sub(self.after)
    }

    /// Whether it has none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The part of it above `after` and up to `through`.
    fn between(self, after: u64, through: u64) -> Self {
        Self {
            after: self.after.max(after),
            through: self.through.min(through),
        }
    }
}

/// The unused numbers of a line.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Unused {
    /// The ranges that a cohort may need or that have not been served, the smallest numbers first.
    /// No two of them overlap.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ranges: Vec<Range>,
    /// The last number that is not in a range any more.
    #[serde(skip_serializing_if = "super::is_none_yet")]
    forgotten_through: u64,
    /// How many unused numbers there were up to that one, since the line last ended for everybody.
    #[serde(skip_serializing_if = "super::is_none_yet")]
    forgotten: u64,
}

impl Unused {
    /// Whether there has been none.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Adds ranges. Those that are there already, and numbers that have been forgotten, change
    /// nothing.
    pub(super) fn add(&mut self, ranges: impl IntoIterator<Item = Range>) {
        for range in ranges {
            let range = range.between(self.forgotten_through, u64::MAX);
            if !range.is_empty() && !self.ranges.contains(&range) {
                self.ranges.push(range);
            }
        }
        if self.ranges.len() > MOST_RANGES {
            self.ranges
                .sort_unstable_by_key(|range| std::cmp::Reverse(range.len()));
            self.ranges.truncate(MOST_RANGES);
        }
        self.ranges.sort_unstable();
    }

    /// Only counts the numbers up to this one from now on.
    pub(super) fn forget_through(&mut self, number: u64) {
        if number <= self.forgotten_through {
            return;
        }
        self.forgotten += self.between(self.forgotten_through, number);
        self.forgotten_through = number;
        self.clip(number, u64::MAX);
    }

    /// Leaves out the numbers above this one. The line has ended for them.
    pub(super) fn drop_after(&mut self, number: u64) {
        self.clip(0, number);
    }

    /// Leaves out all numbers up to this one, and their count.
    pub(super) fn drop_through(&mut self, number: u64) {
        self.forget_through(number);
        self.forgotten = 0;
    }

    fn clip(&mut self, after: u64, through: u64) {
        let clipped = self.ranges.drain(..);
        let clipped = clipped.map(|range| range.between(after, through));
        self.ranges = clipped.filter(|range| !range.is_empty()).collect();
    }

    /// How many of the numbers above `after` and up to `through` are unused. Of those that are
    /// forgotten, all are counted that were forgotten.
    pub(super) fn between(&self, after: u64, through: u64) -> u64 {
        let forgotten = match after < self.forgotten_through && self.forgotten_through <= through {
            true => self.forgotten,
            false => 0,
        };
        let listed = self.ranges.iter();
        let listed: u64 = listed
            .map(|range| range.between(after, through).len())
            .sum();
        listed + forgotten
    }

    /// Where the schedule is when it has served so many more people, in thousandths. It passes the
    /// numbers that nobody has. With no people it stands.
    pub(super) fn beyond(&self, served: Milli, people: Milli) -> Milli {
        let (mut at, mut left) = (served, people);
        if left == 0 {
            return at;
        }
        for range in &self.ranges {
            let (from, to) = (range.after * PERSON, range.through * PERSON);
            if to <= at {
                continue;
            }
            let before = from.saturating_sub(at);
            if left < before {
                break;
            }
            left -= before;
            at = to;
        }
        at + left
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unused(ranges: &[(u64, u64)]) -> Unused {
        let mut unused = Unused::default();
        unused.add(ranges.iter().copied().map(Range::from));
        unused
    }

    #[test]
    fn unused_numbers_are_counted_once() {
        let mut unused = unused(&[(30, 40), (10, 15), (30, 40)]);
        assert_eq!(unused.between(0, 100), 15);
        assert_eq!(unused.between(12, 33), 6);
        unused.forget_through(35);
        assert_eq!(unused.between(35, 100), 5);
        unused.add([(10, 15).into(), (30, 40).into()]);
        assert_eq!(unused.between(0, 100), 15, "those forgotten count too");
        unused.drop_through(100);
        assert_eq!(unused.between(0, 200), 0);
    }

    #[test]
    fn numbers_for_which_the_line_has_ended_are_left_out() {
        let mut unused = unused(&[(10, 15), (30, 40)]);
        unused.drop_after(35);
        assert_eq!(unused.between(0, 100), 10);
    }

    #[test]
    fn schedule_passes_numbers_that_nobody_has() {
        let unused = unused(&[(10, 15), (15, 18), (30, 40)]);
        let beyond = |served, people| unused.beyond(served * PERSON, people * PERSON) / PERSON;
        assert_eq!(beyond(0, 0), 0);
        assert_eq!(beyond(10, 0), 10, "with no people it stands");
        assert_eq!(beyond(0, 9), 9);
        assert_eq!(beyond(0, 10), 18);
        assert_eq!(beyond(0, 11), 19);
        assert_eq!(beyond(12, 1), 19, "it may stand in a range");
        assert_eq!(beyond(0, 22), 40);
        assert_eq!(beyond(0, 23), 41);
        assert_eq!(beyond(50, 3), 53);
    }

    #[test]
    fn longest_ranges_are_listed() {
        let ranges: Vec<_> = (0..300).map(|i| (i * 100, i * 100 + 1 + i % 50)).collect();
        let unused = unused(&ranges);
        assert_eq!(unused.ranges.len(), MOST_RANGES);
        assert!(unused.ranges.iter().all(|range| range.len() > 40));
        assert!(unused.ranges.is_sorted());
    }

    proptest! {
        /// Between two places of the schedule there are exactly as many people as it has served.
        #[test]
        fn people_are_neither_lost_nor_invented(
            steps in prop::collection::vec((0_u64..50, 1_u64..50), 0..20),
            served in 0_u64..500,
            people in 1_u64..500,
        ) {
            let mut at = 0;
            let ranges: Vec<_> = steps.iter().map(|(gap, len)| {
                let after = at + gap;
                at = after + len;
                (after, at)
            }).collect();
            let unused = unused(&ranges);
            let reached = unused.beyond(served * PERSON, people * PERSON) / PERSON;
            prop_assert_eq!(reached - served - unused.between(served, reached), people);
        }
    }
}
