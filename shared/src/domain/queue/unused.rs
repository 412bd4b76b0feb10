//! Unused numbers: those that were issued to a pool and that nobody will ever have.

use serde::{Deserialize, Serialize};

use crate::domain::schedule::{Milli, PERSON};

/// How many ranges a line lists, so that they take less than a kilobyte: those with the smallest
/// numbers, which it passes first. The others are in an item of their own.
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

    fn overlaps(self, other: Self) -> bool {
        self.after < other.through && other.after < self.through
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
    /// Whether there are more, with greater numbers.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    more: bool,
    /// The last number that is not in a range any more.
    #[serde(skip_serializing_if = "super::is_default")]
    forgotten_through: u64,
    /// How many unused numbers there were up to that one, since the line last ended for everybody.
    #[serde(skip_serializing_if = "super::is_default")]
    forgotten: u64,
}

impl Unused {
    /// Whether there has been none.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The ranges that it lists.
    pub fn ranges(&self) -> &[Range] {
        &self.ranges
    }

    /// Whether more of the ranges that are elsewhere should be listed.
    pub fn wants_more(&self) -> bool {
        self.more && self.ranges.len() < MOST_RANGES / 2
    }

    /// Adds ranges, and returns those that are to be kept elsewhere. Those that it lists already, and
    /// numbers that have been forgotten, change nothing.
    pub(super) fn add(&mut self, ranges: impl IntoIterator<Item = Range>) -> Vec<Range> {
        let last = self.ranges.last().map_or(0, |last| last.through);
        let (new, mut elsewhere): (Vec<_>, Vec<_>) = self
            .unlisted(ranges)
            .partition(|range| !self.more || range.after < last);
        self.ranges.extend(new);
        self.ranges.sort_unstable();
        if self.ranges.len() > MOST_RANGES {
            elsewhere.extend(self.ranges.split_off(MOST_RANGES));
        }
        self.more |= !elsewhere.is_empty();
        elsewhere
    }

    /// Lists the first of these, which were kept elsewhere.
    #[must_use]
    pub fn refilled(&self, elsewhere: impl IntoIterator<Item = Range>) -> Self {
        let mut stored: Vec<_> = self.unlisted(elsewhere).collect();
        stored.sort_unstable();
        let room = MOST_RANGES.saturating_sub(self.ranges.len());
        let more = stored.len() > room;
        stored.truncate(room);
        stored.extend(&self.ranges);
        stored.sort_unstable();
        Self {
            ranges: stored,
            more,
            ..self.clone()
        }
    }

    /// What is new of these ranges. No two of the listed ones may overlap.
    fn unlisted(&self, ranges: impl IntoIterator<Item = Range>) -> impl Iterator<Item = Range> {
        let mut new: Vec<Range> = Vec::new();
        for range in ranges {
            let range = range.between(self.forgotten_through, u64::MAX);
            let mut known = self.ranges.iter().chain(&new);
            if !range.is_empty() && !known.any(|known| known.overlaps(range)) {
                new.push(range);
            }
        }
        new.into_iter()
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
        let counts = after < self.forgotten_through && self.forgotten_through <= through;
        let forgotten = if counts { self.forgotten } else { 0 };
        let listed = self.ranges.iter();
        let listed: u64 = listed
            .map(|range| range.between(after, through).len())
            .sum();
        listed + forgotten
    }

    /// Where the schedule is when it has served so many more people, in thousandths. It passes the
    /// numbers that nobody has. With no people it stands.
    pub(super) fn beyond(&self, served: Milli, people: Milli) -> Milli {
        let passed: Milli = self
            .passed_by(served, people)
            .map(|pass| pass.to - pass.from)
            .sum();
        served + people + passed
    }

    /// The ranges that the schedule passes while it serves so many more people.
    pub(super) fn passed_by(&self, served: Milli, people: Milli) -> impl Iterator<Item = Pass> {
        let mut at = served;
        let mut left = people;
        let ahead = self
            .ranges
            .iter()
            .filter(move |range| range.through * PERSON > served);
        ahead.map_while(move |range| {
            let (from, to) = (range.after * PERSON, range.through * PERSON);
            let from = from.max(at);
            let before = from - at;
            if people == 0 || left < before {
                return None;
            }
            left -= before;
            at = to;
            Some(Pass {
                after: people - left,
                from,
                to,
            })
        })
    }
}

/// A range that the schedule passes, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass {
    /// How many more people are served before it.
    pub(super) after: Milli,
    /// Where it begins, or where the schedule is in it.
    pub(super) from: Milli,
    /// Where it ends.
    pub(super) to: Milli,
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
        assert_eq!(beyond(12, 1), 19, "it may begin in a range");
        assert_eq!(beyond(0, 22), 40);
        assert_eq!(beyond(0, 23), 41);
        assert_eq!(beyond(50, 3), 53);
    }

    #[test]
    fn first_ranges_are_listed_and_the_others_are_kept_elsewhere() {
        let range = |i: u64| Range::from((i * 100, i * 100 + 10));
        let mut unused = Unused::default();
        let mut elsewhere = unused.add((0..60).map(range));
        assert_eq!(elsewhere, (48..60).map(range).collect::<Vec<_>>());
        // One that the line passes earlier takes the place of the last one.
        let early = Range::from((50, 60));
        elsewhere.extend(unused.add([early]));
        elsewhere.extend(unused.add([range(70), range(3)]));
        assert_eq!(elsewhere[12..], [range(47), range(70)]);
        assert!(unused.ranges.is_sorted() && unused.ranges[1] == early);
        assert!(!unused.wants_more());

        unused.forget_through(4_000);
        assert!(unused.wants_more());
        assert_eq!(unused.between(0, 4_000), 41 * 10);
        let unused = unused.refilled(elsewhere);
        let listed: Vec<_> = (40..60).chain([70]).map(range).collect();
        assert_eq!((&unused.ranges, unused.more), (&listed, false));
    }

    #[test]
    fn ranges_that_overlap_are_listed_once() {
        let mut unused = unused(&[(10, 20)]);
        unused.drop_after(15);
        unused.add([(10, 20).into(), (30, 40).into(), (35, 45).into()]);
        assert_eq!(unused.between(0, 100), 15);
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
