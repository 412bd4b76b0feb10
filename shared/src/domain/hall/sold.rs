//! How many seats are sold and how many are held, for operators who watch a sale.
//!
//! The counts that buyers get ([`super::HallCounts`]) do not tell the two apart, because most seats
//! are counted without being sent. An operator's instance counts for itself, and keeps what it has
//! counted.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::domain::ids::{PlanId, ShowId};

/// A count is good for this long. An operator's page asks every five seconds.
const GOOD_FOR: SignedDuration = SignedDuration::from_secs(4);

/// A count is good for this long per block of all shows that are asked for. So an instance reads no
/// more than 100 blocks a second, however many shows there are.
const GOOD_FOR_A_BLOCK: SignedDuration = SignedDuration::from_millis(10);

/// The most blocks that one request counts: those of the largest show.
const MAX_BLOCKS: u32 = 200;

/// The most shows whose counts are kept. A queue has at most 200.
const MAX_KEPT: usize = 1_000;

/// How many of some seats are sold, and how many are held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SoldAndHeld {
    /// How many are sold.
    pub sold: u32,
    /// How many are held, and not lapsed for longer than two seconds.
    pub held: u32,
}

impl SoldAndHeld {
    /// Adds the seats of another part.
    pub fn add(&mut self, other: Self) {
        self.sold += other.sold;
        self.held += other.held;
    }

    /// How many of this many seats are neither.
    pub fn left_of(self, seats: u32) -> u32 {
        seats.saturating_sub(self.sold + self.held)
    }
}

/// The seats of a show, as they were counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SoldSeats {
    /// All of them.
    pub all: SoldAndHeld,
    /// Those of each grade of the plan that they were counted with, in its order.
    pub by_grade: Option<(PlanId, Vec<SoldAndHeld>)>,
}

impl SoldSeats {
    /// The seats of each grade of this plan. `None` if they were counted with another plan or without
    /// one.
    pub fn of_grades(&self, plan: PlanId) -> Option<&[SoldAndHeld]> {
        let counted = self.by_grade.as_ref();
        let (_, by_grade) = counted.filter(|(counted_with, _)| *counted_with == plan)?;
        Some(by_grade)
    }

    /// Adds the seats of another block of the show.
    pub fn add(&mut self, block: Self) {
        self.all.add(block.all);
        match (&mut self.by_grade, block.by_grade) {
            (Some((_, sum)), Some((_, block))) => {
                for (sum, seats) in sum.iter_mut().zip(block) {
                    sum.add(seats);
                }
            }
            (None, by_grade @ Some(_)) => self.by_grade = by_grade,
            (_, None) => {}
        }
    }
}

/// What an instance has counted, and when.
#[derive(Debug, Default)]
pub struct KeptCounts(HashMap<ShowId, (Timestamp, SoldSeats)>);

impl KeptCounts {
    /// The last count of a show, and when it was made.
    pub fn get(&self, show: ShowId) -> Option<(Timestamp, SoldSeats)> {
        self.0.get(&show).cloned()
    }

    /// Keeps a count.
    pub fn put(&mut self, show: ShowId, counted_at: Timestamp, seats: SoldSeats) {
        if self.0.len() >= MAX_KEPT && !self.0.contains_key(&show) {
            self.0.clear();
        }
        self.0.insert(show, (counted_at, seats));
    }

    /// Which of these shows, each with its number of blocks, are counted now: those with old counts
    /// or none, the oldest first, as many as a request counts.
    pub fn due(&self, shows: &[(ShowId, u32)], now: Timestamp) -> Vec<ShowId> {
        let blocks: u32 = shows.iter().map(|(_, blocks)| blocks).sum();
        let good_for = GOOD_FOR_A_BLOCK * i32::try_from(blocks).unwrap_or(i32::MAX);
        let good_for = good_for.max(GOOD_FOR);
        let is_good = |counted_at: Timestamp| {
            let age = now.duration_since(counted_at);
            SignedDuration::ZERO <= age && age < good_for
        };
        let counted_at = |show| self.0.get(&show).map(|(counted_at, _)| *counted_at);
        let mut due: Vec<_> = shows
            .iter()
            .map(|(show, blocks)| (counted_at(*show), *show, *blocks))
            .filter(|(at, ..)| !at.is_some_and(is_good))
            .collect();
        due.sort_unstable();
        let mut room = MAX_BLOCKS;
        due.into_iter()
            .map_while(|(_, show, blocks)| {
                room = room.checked_sub(blocks)?;
                Some(show)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ConcertId;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + milliseconds).expect("a time")
    }

    fn shows(count: usize, blocks: u32) -> Vec<(ShowId, u32)> {
        let concert_id = ConcertId::new();
        let days = (1..=count).map(|day| format!("2027-{:02}-{:02}", day / 28 + 1, day % 28 + 1));
        let keys = days.map(|day| day.parse().expect("a date"));
        keys.map(|key| (ShowId { concert_id, key }, blocks))
            .collect()
    }

    fn sold(sold: u32) -> SoldSeats {
        SoldSeats {
            all: SoldAndHeld { sold, held: 0 },
            by_grade: None,
        }
    }

    #[test]
    fn count_is_good_for_four_seconds_and_stays_until_the_next() {
        let all = shows(1, 100);
        let show = all[0].0;
        let mut kept = KeptCounts::default();
        assert_eq!(kept.due(&all, at(0)), [show]);
        kept.put(show, at(0), sold(7));
        assert!(kept.due(&all, at(3_999)).is_empty());
        assert_eq!(kept.due(&all, at(4_000)), [show]);
        assert_eq!(kept.due(&all, at(-1)), [show], "a clock that went back");
        assert_eq!(kept.get(show), Some((at(0), sold(7))));
    }

    #[test]
    fn many_shows_are_counted_in_turn_at_a_hundred_blocks_a_second() {
        let all = shows(40, 50);
        let mut kept = KeptCounts::default();
        let mut counted = Vec::new();
        for go in 0..10 {
            let due = kept.due(&all, at(go * 1_000));
            assert_eq!(due.len(), 4, "two hundred blocks");
            for show in &due {
                kept.put(*show, at(go * 1_000), sold(0));
            }
            counted.extend(due);
        }
        counted.sort_unstable();
        counted.dedup();
        assert_eq!(counted.len(), 40);
        assert!(kept.due(&all, at(19_999)).is_empty());
        assert_eq!(kept.due(&all, at(20_000)).len(), 4);
        let largest = shows(2, 200);
        assert_eq!(kept.due(&largest, at(0)).len(), 1);
    }

    #[test]
    fn kept_counts_are_limited_in_number() {
        let mut kept = KeptCounts::default();
        for _ in 0..3 * MAX_KEPT {
            kept.put(shows(1, 1)[0].0, at(0), sold(0));
        }
        assert!(kept.0.len() <= MAX_KEPT);
    }

    #[test]
    fn blocks_are_added_grade_by_grade() {
        let plan = PlanId::of(b"a plan");
        let of = |sold: &[u32]| SoldSeats {
            all: SoldAndHeld {
                sold: sold.iter().sum(),
                held: 1,
            },
            by_grade: Some((
                plan,
                sold.iter()
                    .map(|&sold| SoldAndHeld { sold, held: 0 })
                    .collect(),
            )),
        };
        let mut sum = SoldSeats::default();
        sum.add(of(&[1, 2]));
        sum.add(of(&[10, 20]));
        assert_eq!((sum.all.sold, sum.all.held), (33, 2));
        let grades = sum.of_grades(plan).expect("grades");
        assert_eq!(
            grades.iter().map(|grade| grade.sold).collect::<Vec<_>>(),
            [11, 22]
        );
        assert_eq!(sum.of_grades(PlanId::of(b"another plan")), None);
        assert_eq!(sum.all.left_of(36), 1);
        assert_eq!(sum.all.left_of(30), 0, "fewer seats than were taken");
    }
}
