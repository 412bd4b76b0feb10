//! What the catalog says of seats: how many a show has, whether it was called off, and whether it
//! fits its plan.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Kind, memory::hash};
use crate::domain::{
    ids::PlanId,
    plan::{Grade, Plan},
    seat::TakenSeat,
    show::Show,
};

/// How long the calls that give the money of a show back may take. They are repeated until they say
/// that they are over.
const CALLING_OFF_TAKES: SignedDuration = SignedDuration::from_hours(1);

/// What a seat must agree with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShowSeen {
    capacity: u32,
    /// When it was called off (milliseconds).
    called_off_at: Option<i64>,
}

impl ShowSeen {
    /// What is remembered of a show.
    pub fn of(show: &Show) -> Self {
        let called_off = show.called_off.as_ref();
        Self {
            capacity: show.capacity,
            called_off_at: called_off.map(|called_off| called_off.at.as_millisecond()),
        }
    }

    /// What is wrong with a seat of this show. Only a seat that is sold, or held and not lapsed, can
    /// be wrong.
    pub fn wrong_with(self, seat: &TakenSeat, now: Timestamp) -> Vec<Kind> {
        if !seat.is_taken(now) {
            return Vec::new();
        }
        let beyond = seat.seat.get() > self.capacity;
        let beyond = beyond.then_some(Kind::SeatBeyondCapacity);
        let sells = self.called_off_at.is_some_and(|at| {
            let passed = SignedDuration::from_millis(now.as_millisecond() - at);
            passed > CALLING_OFF_TAKES
        });
        let sells = sells.then_some(Kind::CalledOffSells);
        beyond.into_iter().chain(sells).collect()
    }
}

/// How many seats a plan has, and which grades. A show in this hall must have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatsAndGrades {
    seats: u32,
    /// A hash of the grades in alphabetical order.
    grades: u64,
}

impl SeatsAndGrades {
    /// Those of a plan.
    pub fn of_plan(plan: &Plan) -> Self {
        let mut grades: Vec<_> = plan.grades().iter().collect();
        grades.sort_unstable();
        Self {
            seats: plan.seats(),
            grades: hash_of(grades),
        }
    }

    /// Those that a show says its plan has. `None` if it has no plan.
    pub fn of_show(show: &Show) -> Option<(PlanId, Self)> {
        let plan_id = show.pricing.plan_id()?;
        let grades = show.pricing.grades()?;
        let its = Self {
            seats: show.capacity,
            grades: hash_of(grades.keys()),
        };
        Some((plan_id, its))
    }
}

/// A grade is one line.
fn hash_of<'g>(grades: impl IntoIterator<Item = &'g Grade>) -> u64 {
    let lines: String = grades
        .into_iter()
        .flat_map(|grade| [grade.as_str(), "\n"])
        .collect();
    hash(&lines)
}
