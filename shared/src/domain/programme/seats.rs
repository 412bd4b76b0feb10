//! Which seats of a show a change takes away, or gives another meaning.

use std::ops::RangeInclusive;

use crate::domain::{
    ids::PlanId,
    plan::Plan,
    seat::{SEATS_A_BLOCK, SeatNumber},
    show::{Pricing, Show},
};

/// What a change does to the seats that a show has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeatsChange {
    /// These seats go, or change. None, if only seats are added.
    These(ChangedSeats),
    /// Those seats change that are not the same in both plans.
    Plans {
        /// The plan before the change.
        before: PlanId,
        /// The plan after it.
        after: PlanId,
    },
}

/// Seats of a show that a change takes away, or whose section, row, label or grade it changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangedSeats {
    /// Their numbers, as ranges in ascending order. There is a gap between any two ranges.
    ranges: Vec<RangeInclusive<u32>>,
}

impl SeatsChange {
    /// What happens to the seats of `before` if the show becomes `after`.
    pub fn of(before: &Show, after: &Show) -> Self {
        match (&before.pricing, &after.pricing) {
            (
                Pricing::ByGrade { plan_id, .. },
                Pricing::ByGrade {
                    plan_id: plan_after,
                    ..
                },
            ) if plan_id != plan_after => Self::Plans {
                before: *plan_id,
                after: *plan_after,
            },
            // A seat without a plan has no section, row, label and grade.
            (Pricing::Same { .. }, Pricing::ByGrade { .. })
            | (Pricing::ByGrade { .. }, Pricing::Same { .. }) => {
                Self::These(ChangedSeats::above(0, before.capacity))
            }
            _ => Self::These(ChangedSeats::above(after.capacity, before.capacity)),
        }
    }
}

impl ChangedSeats {
    /// All seats of a show that has `seats`, from the one after `kept` on.
    pub fn above(kept: u32, seats: u32) -> Self {
        let ranges = if kept < seats {
            vec![kept + 1..=seats]
        } else {
            Vec::new()
        };
        Self { ranges }
    }

    /// The seats of a plan that are not the same in another one, or that it does not have. The work is
    /// in proportion to the number of seats.
    pub fn between(before: &Plan, after: &Plan) -> Self {
        let gone = Self::above(after.seats(), before.seats());
        let mut changed = Self::default();
        let gone = gone.ranges.into_iter().flatten();
        for seat in before.differences(after).chain(gone) {
            match changed.ranges.last_mut() {
                Some(last) if *last.end() + 1 == seat => *last = *last.start()..=seat,
                _ => changed.ranges.push(seat..=seat),
            }
        }
        changed
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Whether this seat is one of them.
    pub fn has(&self, seat: SeatNumber) -> bool {
        let number = seat.get();
        let after = self.ranges.partition_point(|range| *range.end() < number);
        self.ranges
            .get(after)
            .is_some_and(|range| range.contains(&number))
    }

    /// The blocks that have such seats, in order.
    pub fn blocks(&self) -> Vec<u32> {
        let block = |number: u32| (number - 1) / SEATS_A_BLOCK;
        let of_each = self.ranges.iter();
        let mut blocks: Vec<_> = of_each
            .flat_map(|range| block(*range.start())..=block(*range.end()))
            .collect();
        blocks.dedup();
        blocks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(rows: &[(&str, &str, &str)]) -> Plan {
        let rows: Vec<_> = rows
            .iter()
            .map(|(label, seats, grade)| {
                format!(r#"{{"label":"{label}","seats":"{seats}","grade":"{grade}"}}"#)
            })
            .collect();
        let json = format!(
            r#"{{"name":"A","grades":["R","S"],"sections":[{{"name":"A","grade":"R","rows":[{}]}}]}}"#,
            rows.join(",")
        );
        Plan::read(json.as_bytes()).expect("a plan")
    }

    fn numbers(changed: &ChangedSeats) -> Vec<u32> {
        (1..=2_000)
            .filter(|number| changed.has(SeatNumber::new((*number).into()).expect("a seat")))
            .collect()
    }

    #[test]
    fn seats_above_a_lower_capacity_go() {
        let changed = ChangedSeats::above(500, 1_001);
        assert_eq!(numbers(&changed), (501..=1_001).collect::<Vec<_>>());
        assert_eq!(changed.blocks(), [1, 2]);
        assert_eq!(ChangedSeats::above(499, 500).blocks(), [0]);
        for raised in [50, 51, 1_000] {
            assert!(ChangedSeats::above(raised, 50).is_empty());
        }
    }

    #[test]
    fn seats_that_are_not_the_same_in_both_plans_change() {
        let before = plan(&[("1", "1-4", "R"), ("2", "1-4", "S")]);
        let between = |rows: &[(&str, &str, &str)]| {
            let changed = ChangedSeats::between(&before, &plan(rows));
            (numbers(&changed), changed.blocks())
        };
        let none = (Vec::new(), Vec::new());
        assert_eq!(between(&[("1", "1-4", "R"), ("2", "1-4", "S")]), none);
        assert_eq!(between(&[("1", "1-4", "R"), ("2", "1-6", "S")]), none);
        let gap = between(&[("1", "1-2 _1 3-4", "R"), ("2", "1-4", "S")]);
        assert_eq!(gap, none, "only drawn in another way");
        let label = between(&[("1", "1 9 3-4", "R"), ("2", "1-4", "S")]);
        assert_eq!(label, (vec![2], vec![0]));
        let row = between(&[("1", "1-4", "R"), ("3", "1-4", "S")]);
        assert_eq!(row, (vec![5, 6, 7, 8], vec![0]));
        let grade = between(&[("1", "1-4", "S"), ("2", "1-4", "R")]);
        assert_eq!(grade.0.len(), 8);
        let fewer = between(&[("1", "1-4", "R"), ("2", "1-3", "S")]);
        assert_eq!(fewer, (vec![8], vec![0]));
        let moved = between(&[("1", "1-3", "R"), ("2", "1-4", "S")]);
        assert_eq!(moved, (vec![4, 5, 6, 7, 8], vec![0]));
    }

    #[test]
    fn only_blocks_with_changed_seats_are_named() {
        let long = |label: &str| format!("1-{label}");
        let before = plan(&[("1", &long("1000"), "R"), ("2", &long("1000"), "S")]);
        let after = plan(&[("1", &long("1000"), "R"), ("2", "1-600 9999 602-1000", "S")]);
        let changed = ChangedSeats::between(&before, &after);
        assert_eq!(
            (numbers(&changed), changed.blocks()),
            (vec![1_601], vec![3])
        );
    }
}
