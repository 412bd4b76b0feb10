//! `Catalog`: plans of halls. A plan is named by its content, so it never changes, and none is ever
//! deleted: orders name them.

use std::io::Read as _;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use flate2::bufread::GzDecoder;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Decided as _, Reading, Store, StoreError,
    catalog::{entry_of, if_new, key},
    item::{from_item, text},
    keys,
    transaction::Transaction,
    usage,
};
use crate::{
    domain::{
        changes::{ChangeKind, Facts, LoggedChange},
        ids::PlanId,
        plan::{MAX_PLAN_BYTES, MAX_STORED_BYTES, Plan, PlanMistake, PlanReason},
        user::Name,
    },
    gzip,
};

/// A plan that is ready to be stored.
#[derive(Debug)]
pub struct NewPlan<'p> {
    plan: &'p Plan,
    compressed: Vec<u8>,
}

impl<'p> NewPlan<'p> {
    /// Compresses the document of a plan. Refused if it is too long to be stored.
    pub fn of(plan: &'p Plan) -> Result<Self, PlanMistake> {
        let compressed = gzip::compress(plan.document().as_bytes());
        if compressed.len() > MAX_STORED_BYTES {
            return Err(PlanMistake {
                at: String::new(),
                reason: PlanReason::StoredTooLong,
            });
        }
        Ok(Self { plan, compressed })
    }
}

/// Whether a plan was stored now or before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanStored {
    /// Now.
    New,
    /// It was there already.
    Before,
}

/// The document of a plan, as it is stored: compressed with gzip (RFC 1952).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPlan(Vec<u8>);

impl StoredPlan {
    /// The document in gzip.
    pub fn compressed(&self) -> &[u8] {
        &self.0
    }

    /// The document itself.
    pub fn document(&self) -> Result<Vec<u8>, StoreError> {
        let mut document = Vec::new();
        let most = u64::try_from(MAX_PLAN_BYTES).unwrap_or(u64::MAX);
        GzDecoder::new(&*self.0)
            .take(most + 1)
            .read_to_end(&mut document)
            .map_err(StoreError::unreadable)?;
        Ok(document)
    }

    /// The plan.
    pub fn plan(&self) -> Result<Plan, StoreError> {
        Plan::read(&self.document()?).map_err(StoreError::unreadable)
    }
}

/// A plan in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PlanInList)]
pub struct ListedPlan {
    /// The plan's id.
    pub plan_id: PlanId,
    /// The plan's name.
    pub name: Name,
    /// The number of its seats.
    pub seats: u32,
}

impl Store {
    /// Stores a plan, with its line in the list. A plan that is there already stays as it is. 2 WRU
    /// for the line, 2 for the record in the log of changes, and 2 per KB of the compressed document:
    /// 6 WRU for a plan of 2,000 seats, some 36 for one of 100,000.
    pub async fn add_plan(&self, new: &NewPlan<'_>) -> Result<PlanStored, StoreError> {
        let plan = new.plan;
        let line = ListedPlan {
            plan_id: plan.id(),
            name: plan.name().clone(),
            seats: plan.seats(),
        };
        let item = PlanItem {
            name: plan.name().clone(),
            seats: plan.seats(),
            document: new.compressed.clone(),
        };
        let item = self.put(keys::plan(plan.id()), keys::PLAN, &item)?;
        let place = keys::listed_plan(plan.name(), plan.id());
        let line = self.put(keys::PLANS, &place, &line)?;
        let transaction = Transaction::new(&self.client)
            .put(if_new(item), |_| ())
            .put(if_new(line), |_| ());
        let logged = self.new_change(ChangeKind::PlanStored);
        let logged = logged.map(|logged| LoggedChange {
            plan_id: Some(plan.id()),
            after: Facts::default()
                .with("name", plan.name().as_str())
                .with("seats", plan.seats()),
            ..logged
        });
        let transaction = self.with_change(transaction, logged.as_ref(), || ())?;
        Ok(match transaction.commit().await.decided()? {
            Ok(()) => PlanStored::New,
            Err(()) => PlanStored::Before,
        })
    }

    /// Reads a plan; `None` if there is none. 0.5 RRU per 4 KB of the compressed document, 1 if
    /// consistent: 0.5 to 2 for usual halls.
    pub async fn plan(
        &self,
        id: PlanId,
        reading: Reading,
    ) -> Result<Option<StoredPlan>, StoreError> {
        let key = key(keys::plan(id), keys::PLAN);
        let item: Option<PlanItem> = self.get(&self.tables.catalog, key, reading).await?;
        Ok(item.map(PlanItem::stored))
    }

    /// Reads a page of the list of plans, in the order of their names, after an entry. With the
    /// entry of the last one, if there may be more. 0.5 RRU per 4 KB, so about 0.5 per 25 plans.
    pub async fn plans(
        &self,
        limit: u32,
        after: Option<&str>,
    ) -> Result<(Vec<ListedPlan>, Option<String>), StoreError> {
        let output = self
            .client
            .query()
            .table_name(&self.tables.catalog)
            .key_condition_expression("#group = :plans")
            .expression_attribute_names("#group", "group")
            .expression_attribute_values(":plans", text(keys::PLANS))
            .set_exclusive_start_key(after.map(|after| key(keys::PLANS, after)))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        usage::read(output.consumed_capacity());
        let next = entry_of(output.last_evaluated_key);
        let items = output.items.unwrap_or_default().into_iter();
        let plans: Result<Vec<_>, _> = items.map(from_item).collect();
        Ok((plans?, next))
    }
}

/// A plan as it is stored.
#[derive(Serialize, Deserialize)]
pub(super) struct PlanItem {
    name: Name,
    pub seats: u32,
    #[serde(with = "serde_bytes")]
    document: Vec<u8>,
}

impl PlanItem {
    /// Its document.
    pub fn stored(self) -> StoredPlan {
        StoredPlan(self.document)
    }
}
