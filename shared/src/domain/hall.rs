//! How many seats of a concert are taken, as last counted, for everybody who asks.
//!
//! Counting reads every block of 500 seats. Many instances may be asked at once, and should not all
//! count. So one of them counts, and stores the result for the others.

mod sold;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::sold::{KeptCounts, SoldAndHeld, SoldSeats};
use super::ids::{PlanId, ShowKey};

/// A count is good for at least this long.
const GOOD_FOR: SignedDuration = SignedDuration::from_secs(2);

/// A count is good for this long per block of the concert. So no more than 200 blocks a second are
/// read for a concert, however large it is.
const GOOD_FOR_A_BLOCK: SignedDuration = SignedDuration::from_millis(5);

/// An instance that counts has this long before another one starts: as long as a function may run.
const COUNTING_LASTS: SignedDuration = SignedDuration::from_secs(10);

/// The most blocks that are counted at once: about a second for a small function.
const MAX_BLOCKS: u32 = 600;

/// Every instance counts concerts of up to this many blocks itself, because reading a stored count
/// would cost as much.
const FEW_BLOCKS: u32 = 4;

/// A request counts up to this many blocks itself, if nobody has counted them yet.
const QUICK_BLOCKS: u32 = 40;

/// How many seats of a show are taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TakenSeats {
    /// All of them.
    pub all: u32,
    /// Those of each grade, if they were counted with a plan.
    pub by_grade: Option<TakenByGrade>,
}

/// How many seats of each grade of a plan are taken.
///
/// It is stored as a list: the count of each grade, and [`PlanId::mark`] of the plan at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<u32>", into = "Vec<u32>")]
pub struct TakenByGrade {
    /// In the order of the plan's grades.
    taken: Vec<u32>,
    /// The plan. A show may get another one, in which grades have other places.
    plan: u32,
}

impl TakenByGrade {
    /// A count with this plan: how many seats of each of its grades are taken.
    pub fn new(plan: PlanId, taken: Vec<u32>) -> Self {
        Self {
            taken,
            plan: plan.mark(),
        }
    }

    fn add(&mut self, other: &Self) {
        for (sum, seats) in self.taken.iter_mut().zip(&other.taken) {
            *sum += seats;
        }
    }
}

impl From<Vec<u32>> for TakenByGrade {
    fn from(mut stored: Vec<u32>) -> Self {
        // An earlier version stored no plan. Then the last count is taken for it, which is no plan's.
        let plan = stored.pop().unwrap_or_default();
        Self {
            taken: stored,
            plan,
        }
    }
}

impl From<TakenByGrade> for Vec<u32> {
    fn from(TakenByGrade { mut taken, plan }: TakenByGrade) -> Self {
        taken.push(plan);
        taken
    }
}

impl TakenSeats {
    /// The taken seats of each grade of this plan, in its order. `None` if they were counted with
    /// another plan or without one.
    pub fn of_grades(&self, plan: PlanId) -> Option<&[u32]> {
        let counted = self.by_grade.as_ref();
        let counted = counted.filter(|counted| counted.plan == plan.mark())?;
        Some(&counted.taken)
    }

    /// Adds the seats of another part of the show.
    pub fn add(&mut self, other: &Self) {
        self.all += other.all;
        match (&mut self.by_grade, &other.by_grade) {
            (Some(sum), Some(other)) => sum.add(other),
            (None, Some(other)) => self.by_grade = Some(other.clone()),
            (_, None) => {}
        }
    }
}

/// The counts of a concert.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HallCounts {
    /// Until when an instance is counting (milliseconds).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counting_until: Option<i64>,
    /// The counts of the shows.
    pub shows: BTreeMap<ShowKey, Counted>,
    /// The counts of each grade of the shows with a plan.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_grade: BTreeMap<ShowKey, TakenByGrade>,
}

/// A count: how many seats of a show are taken, and when they were counted (milliseconds).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted(pub u32, pub i64);

/// The shows of a concert that are asked for, each with its number of blocks.
pub type Halls = [(ShowKey, u32)];

/// Whether there are so few blocks that every instance counts them itself.
pub fn is_small(halls: &Halls) -> bool {
    blocks(halls) <= FEW_BLOCKS
}

/// Whether there are so few blocks that a request counts them itself if nobody has before.
pub fn is_quick(halls: &Halls) -> bool {
    blocks(halls) <= QUICK_BLOCKS
}

fn blocks(halls: &Halls) -> u32 {
    halls.iter().map(|(_, blocks)| blocks).sum()
}

/// Until when an instance that begins now is counting.
pub fn counting_until(now: Timestamp) -> i64 {
    let until = now.saturating_add(COUNTING_LASTS);
    until.unwrap_or(Timestamp::MAX).as_millisecond()
}

impl HallCounts {
    /// How many seats of a show are taken; `None` if nobody has counted them yet.
    pub fn taken(&self, show: ShowKey) -> Option<TakenSeats> {
        let Counted(all, _) = self.shows.get(&show)?;
        Some(TakenSeats {
            all: *all,
            by_grade: self.by_grade.get(&show).cloned(),
        })
    }

    /// Whether a show was never counted.
    pub fn lacks_any(&self, halls: &Halls) -> bool {
        halls.iter().any(|(date, _)| !self.shows.contains_key(date))
    }

    /// Whether an instance is counting now.
    pub fn is_being_counted(&self, now: Timestamp) -> bool {
        self.counting_until
            .is_some_and(|until| now.as_millisecond() < until)
    }

    /// The shows whose counts are old, the oldest first, as many as are counted at once.
    pub fn due(&self, halls: &Halls, now: Timestamp) -> Vec<ShowKey> {
        let good_for = (GOOD_FOR_A_BLOCK * i32::try_from(blocks(halls)).unwrap_or(i32::MAX))
            .max(GOOD_FOR)
            .as_millis();
        let counted_at = |date| self.shows.get(date).map(|Counted(_, at)| *at);
        let mut due: Vec<_> = halls
            .iter()
            .map(|(date, blocks)| (counted_at(date), *date, *blocks))
            .filter(|(at, ..)| {
                at.is_none_or(|at| {
                    let age = i128::from(now.as_millisecond() - at);
                    !(0..good_for).contains(&age)
                })
            })
            .collect();
        due.sort_unstable();
        let mut room = MAX_BLOCKS;
        due.into_iter()
            .map_while(|(_, date, blocks)| {
                room = room.checked_sub(blocks)?;
                Some(date)
            })
            .collect()
    }

    /// Stores what was counted now.
    pub fn note(
        &mut self,
        counts: impl IntoIterator<Item = (ShowKey, TakenSeats)>,
        now: Timestamp,
    ) {
        for (show, TakenSeats { all, by_grade }) in counts {
            self.shows.insert(show, Counted(all, now.as_millisecond()));
            match by_grade {
                None => self.by_grade.remove(&show),
                Some(by_grade) => self.by_grade.insert(show, by_grade),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ShowDate;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + milliseconds).expect("a time")
    }

    fn date(day: i64) -> ShowKey {
        let new_year = jiff::civil::date(2027, 1, 1);
        ShowDate::from(new_year + SignedDuration::from_hours(24 * day)).into()
    }

    fn seats(all: u32) -> TakenSeats {
        TakenSeats {
            all,
            by_grade: None,
        }
    }

    fn halls(shows: i64, blocks: u32) -> Vec<(ShowKey, u32)> {
        (0..shows).map(|day| (date(day), blocks)).collect()
    }

    #[test]
    fn count_of_a_hall_is_good_for_two_seconds() {
        let hall = halls(1, 100);
        let mut counts = HallCounts::default();
        assert_eq!(counts.due(&hall, at(0)), [date(0)]);
        assert_eq!(counts.taken(date(0)), None);
        counts.note([(date(0), seats(7))], at(0));
        assert_eq!(counts.taken(date(0)), Some(seats(7)));
        assert!(counts.due(&hall, at(1_999)).is_empty());
        assert_eq!(counts.due(&hall, at(2_000)), [date(0)]);
        assert_eq!(
            counts.due(&hall, at(-1)),
            [date(0)],
            "a clock that went back"
        );
    }

    #[test]
    fn seats_of_grades_are_added_grade_by_grade() {
        let plan = PlanId::of(b"a plan");
        let of = |by_grade: &[u32]| TakenSeats {
            all: by_grade.iter().sum(),
            by_grade: Some(TakenByGrade::new(plan, by_grade.to_vec())),
        };
        let mut sum = TakenSeats::default();
        sum.add(&of(&[1, 2]));
        sum.add(&of(&[10, 20]));
        assert_eq!(sum, of(&[11, 22]));
        let mut counts = HallCounts::default();
        counts.note([(date(0), sum.clone())], at(0));
        assert_eq!(counts.taken(date(0)), Some(sum.clone()));
        // As it is stored, and for one plan only.
        let stored = serde_json::to_string(&counts).expect("JSON");
        let read: HallCounts = serde_json::from_str(&stored).expect("counts");
        assert_eq!(read, counts);
        assert_eq!(sum.of_grades(plan), Some(&[11, 22][..]));
        assert_eq!(sum.of_grades(PlanId::of(b"another plan")), None);
        let before = r#"{ "shows": {}, "by_grade": { "2027-01-01": [11, 22] } }"#;
        let before: HallCounts = serde_json::from_str(before).expect("of an earlier version");
        assert_ne!(before.by_grade[&date(0)].plan, plan.mark());
        // A count without a plan.
        counts.note([(date(0), seats(3))], at(0));
        assert_eq!(counts.taken(date(0)), Some(seats(3)));
    }

    #[test]
    fn largest_concert_is_counted_in_parts_at_200_blocks_a_second() {
        let largest = halls(200, 200);
        let mut counts = HallCounts::default();
        for go in 0..67 {
            let due = counts.due(&largest, at(go));
            assert!(due.len() == 3 || go == 66, "six hundred blocks");
            counts.note(due.into_iter().map(|date| (date, seats(0))), at(go));
        }
        assert_eq!(counts.shows.len(), 200);
        assert!(counts.due(&largest, at(199_999)).is_empty());
        let oldest: Vec<_> = (0..3).map(date).collect();
        assert_eq!(counts.due(&largest, at(200_000)), oldest);
    }

    #[test]
    fn counting_instance_is_given_up_after_ten_seconds() {
        let counts = HallCounts {
            counting_until: Some(counting_until(at(0))),
            ..HallCounts::default()
        };
        assert!(counts.is_being_counted(at(9_999)));
        assert!(!counts.is_being_counted(at(10_000)));
        assert!(!HallCounts::default().is_being_counted(at(0)));
    }

    #[test]
    fn small_concerts_are_counted_by_every_instance() {
        assert!(is_small(&halls(4, 1)));
        assert!(!is_small(&halls(5, 1)));
    }

    #[test]
    fn first_count_of_a_usual_concert_is_made_by_the_request() {
        assert!(is_quick(&halls(40, 1)));
        assert!(!is_quick(&halls(41, 1)));
        let mut counts = HallCounts::default();
        counts.note([(date(0), seats(7))], at(0));
        assert!(!counts.lacks_any(&halls(1, 1)));
        assert!(counts.lacks_any(&halls(2, 1)));
    }
}
