//! What the seats of a show cost, in a change of a concert.

use std::collections::{BTreeMap, BTreeSet};

use super::Impossible;
use crate::domain::{
    ids::PlanId,
    money::Money,
    plan::{Grade, Plan},
    show::Pricing,
};

/// A change of what seats cost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PricingChange {
    /// It stays.
    #[default]
    Keep,
    /// All seats cost the same. The show has no plan.
    Same(Money),
    /// Each grade has its price. The plan stays, unless one is given.
    ByGrade {
        /// The plan: needed for a new show.
        plan: Option<PlanOfShow>,
        /// The price of each grade.
        prices: BTreeMap<Grade, Money>,
    },
}

/// What a show needs to know of its plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanOfShow {
    /// The plan.
    pub plan_id: PlanId,
    /// Its number of seats.
    pub seats: u32,
    /// Its grades.
    pub grades: BTreeSet<Grade>,
}

impl PlanOfShow {
    /// What a show needs to know of this plan.
    pub fn of(plan: &Plan) -> Self {
        Self {
            plan_id: plan.id(),
            seats: plan.seats(),
            grades: plan.grades().iter().cloned().collect(),
        }
    }
}

impl PricingChange {
    pub(super) fn of_new(&self) -> Result<Pricing, Impossible> {
        match self {
            Self::Keep | Self::ByGrade { plan: None, .. } => Err(Impossible::NoPrice),
            Self::Same(price) => Ok(Pricing::Same { price: *price }),
            Self::ByGrade {
                plan: Some(plan),
                prices,
            } => by_grade(plan.plan_id, plan.grades.iter(), prices),
        }
    }

    pub(super) fn applied_to(&self, before: &Pricing) -> Result<Pricing, Impossible> {
        match (self, before) {
            (Self::Keep, _) => Ok(before.clone()),
            (Self::Same(price), Pricing::Same { .. }) => Ok(Pricing::Same { price: *price }),
            (
                Self::ByGrade { plan, prices },
                Pricing::ByGrade {
                    plan_id,
                    prices: old,
                },
            ) => {
                let is_same = |plan: &PlanOfShow| plan.plan_id == *plan_id;
                if plan.as_ref().is_none_or(is_same) {
                    by_grade(*plan_id, old.keys(), prices)
                } else {
                    Err(Impossible::Plan)
                }
            }
            (Self::Same(_), Pricing::ByGrade { .. })
            | (Self::ByGrade { plan: None, .. }, Pricing::Same { .. }) => Err(Impossible::Prices),
            (Self::ByGrade { .. }, Pricing::Same { .. }) => Err(Impossible::Plan),
        }
    }
}

/// Prices by grade: one for each grade of the plan, and no other.
fn by_grade<'a>(
    plan_id: PlanId,
    grades: impl Iterator<Item = &'a Grade>,
    prices: &BTreeMap<Grade, Money>,
) -> Result<Pricing, Impossible> {
    if grades.eq(prices.keys()) {
        Ok(Pricing::ByGrade {
            plan_id,
            prices: prices.clone(),
        })
    } else {
        Err(Impossible::Prices)
    }
}
