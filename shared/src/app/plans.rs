//! Plans of halls, kept by each instance. A plan never changes, so it is kept without an end.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use super::App;
use crate::{
    domain::{ids::PlanId, plan::Plan, show::Show},
    error::ApiError,
    store::Reading,
};

/// The most plans that are kept.
const MAX_KEPT: usize = 32;

/// The most runs of labels that the kept plans have together: some 20 MB. A usual plan has a few
/// hundred. One in which no label follows from the one before may have 100,000.
const MAX_RUNS_KEPT: usize = 300_000;

/// The plans that were used last, the latest at the end.
#[derive(Default)]
pub(super) struct Plans(Mutex<VecDeque<Arc<Plan>>>);

impl Plans {
    fn get(&self, id: PlanId) -> Option<Arc<Plan>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let index = kept.iter().position(|plan| plan.id() == id)?;
        let plan = kept.remove(index)?;
        kept.push_back(Arc::clone(&plan));
        Some(plan)
    }

    fn put(&self, plan: Arc<Plan>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|other| other.id() != plan.id());
        kept.push_back(plan);
        let runs = |kept: &VecDeque<Arc<Plan>>| kept.iter().map(|plan| plan.runs()).sum::<usize>();
        while kept.len() > MAX_KEPT || (kept.len() > 1 && runs(&kept) > MAX_RUNS_KEPT) {
            kept.pop_front();
        }
    }
}

impl App {
    /// A plan. Free if this instance has used it before, else 0.5 RRU per 4 KB of its compressed
    /// document: 0.5 to 2 for usual halls, 8 at most. 1.5 RRU if there is none.
    pub async fn kept_plan(&self, id: PlanId) -> Result<Arc<Plan>, ApiError> {
        if let Some(plan) = self.0.plans.get(id) {
            return Ok(plan);
        }
        let mut stored = self.store().plan(id, Reading::Eventual).await?;
        if stored.is_none() {
            // It may have been stored this very moment.
            stored = self.store().plan(id, Reading::Consistent).await?;
        }
        let stored = stored.ok_or(ApiError::PlanNotFound)?;
        let plan = Arc::new(stored.plan()?);
        self.0.plans.put(Arc::clone(&plan));
        Ok(plan)
    }

    /// The plan of a show that has one. The price is that of [`App::kept_plan`].
    pub async fn kept_plan_of(&self, show: &Show) -> Result<Option<Arc<Plan>>, ApiError> {
        match show.pricing.plan_id() {
            Some(id) => self.kept_plan(id).await.map(Some),
            None => Ok(None),
        }
    }

    /// The plan that an answer takes its labels from; `None` if it cannot be read, which is logged.
    /// What has been decided must not fail for its labels. The price is that of
    /// [`App::kept_plan`].
    pub async fn plan_for_labels(&self, id: Option<PlanId>) -> Option<Arc<Plan>> {
        let plan = self.kept_plan(id?).await;
        plan.inspect_err(|error| tracing::warn!(%error, "no labels of seats"))
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(seats: usize) -> Arc<Plan> {
        let json = format!(
            r#"{{"name":"A","grades":["R"],"sections":[{{"name":"A","grade":"R","rows":[{{"label":"1","seats":"1-{seats}"}}]}}]}}"#
        );
        Arc::new(Plan::read(json.as_bytes()).expect("a plan"))
    }

    #[test]
    fn plans_that_were_used_last_are_kept() {
        let plans = Plans::default();
        let first = plan(1);
        plans.put(Arc::clone(&first));
        for seats in 2..=MAX_KEPT {
            plans.put(plan(seats));
        }
        assert!(plans.get(first.id()).is_some());
        plans.put(plan(MAX_KEPT + 1));
        assert!(plans.get(first.id()).is_some(), "used a moment ago");
        assert!(plans.get(plan(2).id()).is_none(), "used least recently");
        assert!(plans.get(plan(3).id()).is_some());
        plans.put(plan(3));
        assert_eq!(plans.0.lock().expect("not poisoned").len(), MAX_KEPT);
    }
}
