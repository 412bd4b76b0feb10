//! What the seats of a show cost, in a change of a concert.

use std::collections::{BTreeMap, BTreeSet};

use super::Impossible;
use crate::domain::{
    ids::PlanId,
    money::Money,
    plan::{Grade, Plan},
    show::Pricing,
};

/// A change of what seats cost, and of the plan that they have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PricingChange {
    /// It stays.
    #[default]
    Keep,
    /// All seats cost the same. The show has no plan.
    Same(Money),
    /// Each grade of the plan that the show has gets its price.
    ByGrade(BTreeMap<Grade, Money>),
    /// The show has this plan from now on.
    Plan {
        /// The plan.
        plan: PlanOfShow,
        /// The price of each grade. `None`: they stay. So the show has a plan with the same grades.
        prices: Option<BTreeMap<Grade, Money>>,
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

    fn priced(&self, prices: &BTreeMap<Grade, Money>) -> Result<Pricing, Impossible> {
        by_grade(self.plan_id, self.grades.iter(), prices)
    }
}

impl PricingChange {
    pub(super) fn of_new(&self) -> Result<Pricing, Impossible> {
        match self {
            Self::Keep | Self::ByGrade(_) => Err(Impossible::NoPrice),
            Self::Same(price) => Ok(Pricing::Same { price: *price }),
            Self::Plan { plan, prices } => plan.priced(prices.as_ref().ok_or(Impossible::Plan)?),
        }
    }

    pub(super) fn applied_to(&self, before: &Pricing) -> Result<Pricing, Impossible> {
        match (self, before) {
            (Self::Keep, _) => Ok(before.clone()),
            (Self::Same(price), Pricing::Same { .. }) => Ok(Pricing::Same { price: *price }),
            (
                Self::ByGrade(prices),
                Pricing::ByGrade {
                    plan_id,
                    prices: old,
                },
            ) => by_grade(*plan_id, old.keys(), prices),
            (Self::Plan { plan, prices: None }, Pricing::ByGrade { prices, .. }) => {
                plan.priced(prices)
            }
            (
                Self::Plan {
                    plan,
                    prices: Some(prices),
                },
                _,
            ) => plan.priced(prices),
            (Self::Plan { prices: None, .. }, Pricing::Same { .. }) => Err(Impossible::Plan),
            (Self::Same(_), Pricing::ByGrade { .. }) | (Self::ByGrade(_), Pricing::Same { .. }) => {
                Err(Impossible::Prices)
            }
        }
    }

    /// How many seats a show has after this change. `named` is what the change says, and `before` what
    /// the show had, or would have if nothing is said. A plan decides: then another number is an
    /// error.
    pub(super) fn capacity(
        &self,
        pricing: &Pricing,
        named: Option<u32>,
        before: u32,
    ) -> Result<u32, Impossible> {
        let of_plan = match (self, pricing) {
            (Self::Plan { plan, .. }, _) => plan.seats,
            (_, Pricing::ByGrade { .. }) => before,
            (_, Pricing::Same { .. }) => return Ok(named.unwrap_or(before)),
        };
        match named {
            Some(other) if other != of_plan => Err(Impossible::Capacity),
            _ => Ok(of_plan),
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
