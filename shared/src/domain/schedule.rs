//! When a queue lets in how many: a polyline that is only appended to.
//!
//! The count served is linear between two points. Before the first point and after the last it is
//! constant. It is in thousandths of a person, because a line that admits 0.2 persons a second must
//! not lose the fraction at each tick. Times are milliseconds since 1970 (UTC).

use serde::{Deserialize, Serialize};

/// Thousandths of a person.
pub type Milli = u64;

/// One person, in thousandths.
pub const PERSON: Milli = 1_000;

/// A point: how many have been served at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "(i64, Milli)", from = "(i64, Milli)")]
pub struct Point {
    /// The time.
    pub at: i64,
    /// How many, in thousandths.
    pub served: Milli,
}

impl From<(i64, Milli)> for Point {
    fn from((at, served): (i64, Milli)) -> Self {
        Self { at, served }
    }
}

impl From<Point> for (i64, Milli) {
    fn from(point: Point) -> Self {
        (point.at, point.served)
    }
}

/// The admission schedule of a queue.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Schedule {
    points: Vec<Point>,
}

impl Schedule {
    /// The points, in the order of time. Two points at the same time are a jump.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// The last point. Admissions are promised until then. `None` before the first tick.
    pub fn last(&self) -> Option<Point> {
        self.points.last().copied()
    }

    /// How many have been served at `t`, in thousandths.
    pub fn served_milli(&self, t: i64) -> Milli {
        let after = self.points.partition_point(|point| point.at <= t);
        match (
            after.checked_sub(1).map(|i| self.points[i]),
            self.points.get(after),
        ) {
            (None, None) => 0,
            (None, Some(first)) => first.served,
            (Some(last), None) => last.served,
            (Some(from), Some(to)) => {
                let gained = u128::from(to.served - from.served) * elapsed(from.at, t)
                    / elapsed(from.at, to.at);
                from.served + Milli::try_from(gained).unwrap_or(Milli::MAX)
            }
        }
    }

    /// How many whole persons have been served at `t`: those with this number or a smaller one.
    pub fn served(&self, t: i64) -> u64 {
        self.served_milli(t) / PERSON
    }

    /// When `number` is served: the first millisecond `t` with `served(t) >= number`. `None` if the
    /// schedule does not reach that far yet.
    pub fn served_at(&self, number: u64) -> Option<i64> {
        let due = number.checked_mul(PERSON)?;
        let reached = self.points.partition_point(|point| point.served < due);
        let to = self.points.get(reached)?;
        let Some(from) = reached.checked_sub(1).map(|i| self.points[i]) else {
            return Some(to.at);
        };
        let rise = u128::from(to.served - from.served);
        let wait = (u128::from(due - from.served) * elapsed(from.at, to.at)).div_ceil(rise);
        Some(from.at + i64::try_from(wait).unwrap_or(i64::MAX))
    }

    /// Continues the schedule: constant until `at`, and `served` from then on. `at` must not be
    /// before the last point, and `served` not less than before. Points on a straight line are
    /// merged, because the two ends already say what is between them.
    pub fn append(&mut self, at: i64, served: Milli) {
        let next = Point { at, served };
        debug_assert!(
            self.last()
                .is_none_or(|last| last.at <= at && last.served <= served)
        );
        if self.last() == Some(next) {
            return;
        }
        while let [.., first, middle] = self.points[..] {
            if !on_one_line(first, middle, next) {
                break;
            }
            self.points.pop();
        }
        self.points.push(next);
    }

    /// Forgets the points that are only about the time before `t`.
    pub fn forget_before(&mut self, t: i64) {
        let needed = self
            .points
            .partition_point(|point| point.at < t)
            .saturating_sub(1);
        self.points.drain(..needed);
    }
}

fn elapsed(from: i64, to: i64) -> u128 {
    u128::try_from(to - from).unwrap_or(0)
}

/// Whether `middle` is exactly on the line between the others, so that nothing changes without it.
fn on_one_line(first: Point, middle: Point, last: Point) -> bool {
    u128::from(middle.served - first.served) * elapsed(middle.at, last.at)
        == u128::from(last.served - middle.served) * elapsed(first.at, middle.at)
        // Of three points at the same time the middle one is useless. A jump followed by anything
        // else bends the line.
        && (first.at < middle.at) == (middle.at < last.at)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;
    use crate::domain::decimal;

    fn schedule(points: &[(i64, Milli)]) -> Schedule {
        let mut schedule = Schedule::default();
        for &(at, served) in points {
            schedule.append(at, served);
        }
        schedule
    }

    #[test]
    fn empty_schedule_serves_nobody() {
        assert_eq!(Schedule::default().served(i64::MAX), 0);
        assert_eq!(Schedule::default().served_at(1), None);
    }

    #[test]
    fn schedule_is_linear_between_points() {
        let schedule = schedule(&[(0, 0), (5_000, 10_000)]);
        assert_eq!(schedule.served(-1), 0);
        assert_eq!(schedule.served(499), 0);
        assert_eq!(schedule.served(500), 1);
        assert_eq!(schedule.served(5_000), 10);
        assert_eq!(schedule.served(i64::MAX), 10);
        assert_eq!(schedule.served_at(1), Some(500));
        assert_eq!(schedule.served_at(10), Some(5_000));
        assert_eq!(schedule.served_at(11), None);
    }

    #[test]
    fn jump_serves_at_once() {
        let schedule = schedule(&[(1_000, 0), (1_000, 250_000)]);
        assert_eq!(schedule.served(999), 0);
        assert_eq!(schedule.served(1_000), 250);
        assert_eq!(schedule.served_at(250), Some(1_000));
    }

    /// Made by another implementation. The JavaScript that pages use is tested with them too.
    #[test]
    fn schedule_serves_as_the_test_vectors_say() {
        #[derive(Deserialize)]
        struct Vector {
            points: Vec<PublicPoint>,
            served: Vec<(Timestamp, u64)>,
        }
        /// A point as a queue's public document has it.
        #[derive(Deserialize)]
        struct PublicPoint {
            at: Timestamp,
            served: Box<RawValue>,
        }
        let vectors = include_str!("schedule/vectors.json");
        let vectors: Vec<Vector> = serde_json::from_str(vectors).expect("vectors");
        assert!(vectors.len() > 10);
        for vector in vectors {
            let points = vector.points.iter().map(|point| {
                let served = decimal::parse(point.served.get(), 3).expect("thousandths");
                let served = Milli::try_from(served).expect("not negative");
                (point.at.as_millisecond(), served)
            });
            let points: Vec<_> = points.collect();
            for (at, served) in vector.served {
                let at = at.as_millisecond();
                assert_eq!(schedule(&points).served(at), served, "{points:?} at {at}");
            }
        }
    }

    #[test]
    fn straight_line_needs_two_points() {
        let schedule = schedule(&[(0, 0), (5_000, 1_000), (10_000, 2_000), (15_000, 3_000)]);
        assert_eq!(schedule.points().len(), 2);
        let bent = self::schedule(&[(0, 0), (5_000, 1_000), (10_000, 2_001)]);
        assert_eq!(bent.points().len(), 3);
    }

    fn any_points() -> impl Strategy<Value = Vec<(i64, Milli)>> {
        prop::collection::vec((0_i64..20_000, 0_u64..8_000), 1..40).prop_map(|steps| {
            let mut last = (1_700_000_000_000_i64, 0);
            steps
                .into_iter()
                .map(|(wait, gain)| {
                    // A round step now and then, so that there are straight lines.
                    let (wait, gain) = if gain % 3 == 0 {
                        (5_000, 1_000)
                    } else {
                        (wait, gain)
                    };
                    last = (last.0 + wait, last.1 + gain);
                    last
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn served_never_goes_back(points in any_points(), t in 0_i64..900_000, later in 0_i64..900_000) {
            let schedule = schedule(&points);
            let t = 1_700_000_000_000 - 10_000 + t;
            prop_assert!(schedule.served_milli(t) <= schedule.served_milli(t + later));
        }

        #[test]
        fn served_at_is_the_first_moment(points in any_points(), number in 1_u64..200) {
            let schedule = schedule(&points);
            match schedule.served_at(number) {
                Some(at) => {
                    prop_assert!(schedule.served(at) >= number);
                    prop_assert!(schedule.served(at - 1) < number || at == points[0].0);
                }
                None => prop_assert!(schedule.served(i64::MAX) < number),
            }
        }

        #[test]
        fn merging_changes_nothing(points in any_points(), t in 0_i64..900_000) {
            let t = 1_700_000_000_000 - 10_000 + t;
            let unmerged = Schedule {
                points: points.iter().copied().map(Point::from).collect(),
            };
            prop_assert_eq!(schedule(&points).served_milli(t), unmerged.served_milli(t));
        }

        /// No promise is taken back: what a reader computed from an older document still holds.
        #[test]
        fn appending_changes_nothing_before(points in any_points(), cut in 1_usize..40, part in 0.0..1.0) {
            let older = schedule(&points[..cut.min(points.len())]);
            let (first, last) = (points[0].0, older.last().expect("a point").at);
            #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
            let t = first + ((last - first) as f64 * part) as i64;
            // At the last point itself, a jump may follow.
            prop_assert!(t == last || older.served_milli(t) == schedule(&points).served_milli(t));
            prop_assert!(older.served_milli(last) <= schedule(&points).served_milli(last));
        }

        #[test]
        fn forgetting_changes_nothing_after(points in any_points(), cut in 0_i64..600_000, t in 0_i64..600_000) {
            let cut = 1_700_000_000_000 + cut;
            let mut forgetful = schedule(&points);
            forgetful.forget_before(cut);
            prop_assert_eq!(forgetful.served_milli(cut + t), schedule(&points).served_milli(cut + t));
        }
    }
}
