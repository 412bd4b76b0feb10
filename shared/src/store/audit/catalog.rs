//! What the audit reads of `Catalog`.

use super::{Page, Position};
use crate::{
    domain::{
        audit::SeatsAndGrades,
        ids::{ConcertId, PlanId, ShowId},
        show::Show,
        texts::Texts,
    },
    store::{
        Reading, Store, StoreError,
        catalog::{CatalogVersion, ConcertEntry, Listed, key},
        item::{Item, from_item},
        keys,
        plans::{ListedPlan, PlanItem},
        programme::is_creation,
    },
};

/// An item of `Catalog`.
#[derive(Debug)]
pub enum CatalogItem {
    /// A show.
    Show(Box<Show>),
    /// A plan, and what it says. `None` if its document is not that of a plan with this id, or if
    /// the plan has another number of seats than its item says.
    Plan(PlanId, Option<SeatsAndGrades>),
    /// A concert, a text, a line of a list, or another item that no seat depends on.
    Other,
}

/// What the audit knows of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanNow {
    /// There is none.
    Missing,
    /// It is not the one that its id names.
    Wrong,
    /// It has these seats and grades.
    Right(SeatsAndGrades),
}

impl Store {
    /// Reads a page of the catalog. 0.5 RRU per 4 KB.
    pub async fn audit_catalog(
        &self,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<CatalogItem>, StoreError> {
        let (items, next) = self
            .scan(&self.tables.catalog, after, limit, Reading::Eventual, None)
            .await?;
        let items = items.into_iter().map(catalog_item).collect();
        Ok(Page { items, next })
    }

    /// Reads a show again, consistently. 1 RRU.
    pub async fn show_now(&self, show: ShowId) -> Result<Option<Show>, StoreError> {
        let key = key(show.concert_id, &keys::show(show.key));
        let table = &self.tables.catalog;
        self.get(table, key, Reading::Consistent).await
    }

    /// Reads a plan again, consistently. 1 RRU per 4 KB.
    pub async fn plan_now(&self, plan_id: PlanId) -> Result<PlanNow, StoreError> {
        let key = key(keys::plan(plan_id), keys::PLAN);
        let table = &self.tables.catalog;
        let item: Option<PlanItem> = self.get(table, key, Reading::Consistent).await?;
        Ok(match item {
            None => PlanNow::Missing,
            Some(item) => said(plan_id, item).map_or(PlanNow::Wrong, PlanNow::Right),
        })
    }
}

/// What a plan's item says. `None` if it is not that of this plan.
fn said(plan_id: PlanId, item: PlanItem) -> Option<SeatsAndGrades> {
    let seats = item.seats;
    let stored = item.stored();
    let document = stored.document().ok()?;
    let plan = stored.plan().ok()?;
    let is_it = PlanId::of(&document) == plan_id && plan.id() == plan_id;
    (is_it && plan.seats() == seats).then(|| SeatsAndGrades::of_plan(&plan))
}

/// The item, read as what its key says it is.
fn catalog_item(item: Item) -> Option<CatalogItem> {
    let group = item.get("group")?.as_s().ok()?.clone();
    let entry = item.get("entry")?.as_s().ok()?.clone();
    let other = |is_one: bool| is_one.then_some(CatalogItem::Other);
    if let Ok(concert_id) = group.parse::<ConcertId>() {
        return if entry == keys::CONCERT {
            let read = from_item::<ConcertEntry>(item).ok()?;
            other(read.concert.concert_id == concert_id)
        } else {
            let show: Show = from_item(item).ok()?;
            let is_it = show.concert_id == concert_id && keys::show(show.key) == entry;
            is_it.then(|| CatalogItem::Show(Box::new(show)))
        };
    }
    if let Some(plan_id) = keys::plan_of(&group) {
        let read = from_item::<PlanItem>(item).ok()?;
        return (entry == keys::PLAN).then(|| CatalogItem::Plan(plan_id, said(plan_id, read)));
    }
    other(match &*group {
        keys::LISTING => from_item::<Listed>(item).is_ok(),
        keys::PLANS => from_item::<ListedPlan>(item).is_ok(),
        keys::VERSION => from_item::<CatalogVersion>(item).is_ok(),
        _ if keys::is_of_texts(&group) => from_item::<Texts>(item).is_ok(),
        _ => group.starts_with(keys::CREATIONS) && is_creation(item),
    })
}
