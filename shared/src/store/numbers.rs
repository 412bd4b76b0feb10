//! `Queues`: the numbers that a queue issues, and the early entries of its draw.

use aws_sdk_dynamodb::{
    Client,
    operation::update_item::builders::UpdateItemFluentBuilder,
    types::{AttributeValue, ReturnValue, Update},
};
use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    Reading, Store, StoreError,
    item::{from_item, number, time},
    keys,
    queues::key,
};
use crate::domain::{
    draw::{Draw, EarlyEntry, STRIPES, Seed},
    ids::QueueId,
    queue::Line,
};

/// How many stripes hand an early entry over before the last one keeps it.
///
/// Before the opening everybody writes to 64 items. DynamoDB takes 1,000 writes a second for each
/// partition, and several of them are on the same one: four partitions have all 64 in a table that
/// was not prepared.
const HANDED_OVER: u8 = 3;

#[derive(Deserialize)]
pub(super) struct Issued {
    pub(super) issued: u64,
    /// When numbers were last taken for a pool (milliseconds).
    #[serde(default)]
    pub(super) pools_filled_at: i64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stripe {
    entries: u64,
}

/// The draw among the entries of each stripe. Those for whom the line had ended come first on a
/// stripe and are left out.
pub(super) fn draw(seed: &Seed, stripes: &[u64], line: &Line) -> Result<Draw, StoreError> {
    let stripes = stripes.try_into().map_err(StoreError::unreadable)?;
    let draw = Draw::new(seed.clone(), stripes).map_err(StoreError::unreadable)?;
    match line.early_closures.last() {
        None => Ok(draw),
        Some(closure) => {
            let closed = closure.entries.as_slice().try_into();
            Ok(draw.after(closed.map_err(StoreError::unreadable)?))
        }
    }
}

impl Store {
    /// Reads, consistently, how many numbers a queue has issued. 1 RRU.
    pub async fn issued(&self, queue_id: &QueueId) -> Result<u64, StoreError> {
        let key = key(keys::issued(queue_id));
        let issued: Option<Issued> = self
            .get(&self.tables.queues, key, Reading::Consistent)
            .await?;
        Ok(issued.map_or(0, |issued| issued.issued))
    }

    /// Draws the next number of a queue; `None` before its opening. 1 WRU. A number that is drawn
    /// and not used leaves a gap, which is allowed. It is tried again after a failure, but not after
    /// it was throttled: then others draw from the same item, and [`StoreError::Throttled`] is
    /// returned at once.
    pub async fn draw_number(&self, queue_id: &QueueId) -> Result<Option<u64>, StoreError> {
        match self.draw_with(&self.client_without_retries, queue_id).await {
            Err(StoreError::TimedOut(_) | StoreError::Unavailable(_)) => {
                self.draw_with(&self.client, queue_id).await
            }
            drawn => drawn,
        }
    }

    async fn draw_with(
        &self,
        client: &Client,
        queue_id: &QueueId,
    ) -> Result<Option<u64>, StoreError> {
        let update = self.issue_with(client, queue_id, 1, "ADD issued :numbers");
        self.issued_after(update).await
    }

    /// Takes this many numbers for a pool, and returns the last one; `None` before the opening. 1
    /// WRU. It is never tried again here. Numbers that are taken and not used leave gaps, which is
    /// allowed.
    pub async fn take_numbers(
        &self,
        queue_id: &QueueId,
        numbers: u64,
        now: Timestamp,
    ) -> Result<Option<u64>, StoreError> {
        let add = "ADD issued :numbers SET pools_filled_at = :now";
        let update = self
            .issue_with(&self.client_without_retries, queue_id, numbers, add)
            .expression_attribute_values(":now", time(now));
        self.issued_after(update).await
    }

    async fn issued_after(
        &self,
        update: UpdateItemFluentBuilder,
    ) -> Result<Option<u64>, StoreError> {
        let update = update
            .condition_expression("attribute_not_exists(held_back)")
            .return_values(ReturnValue::UpdatedNew);
        let issued = self.attributes_after(update).await?;
        let issued: Option<Issued> = issued.map(from_item).transpose()?;
        Ok(issued.map(|issued| issued.issued))
    }

    /// Adds an early entry on this stripe, or on one of the next; `None` once it is frozen. 1 WRU.
    ///
    /// A stripe whose partition is over its limit hands over to the next one. A write that was
    /// throttled did nothing, so the entry is counted once. Only the last of `HANDED_OVER` + 1
    /// stripes is tried again. A failure after which the entry may have been counted leaves an
    /// entry that nobody has, which is allowed.
    pub async fn enter_early(
        &self,
        queue_id: &QueueId,
        first: u8,
    ) -> Result<Option<EarlyEntry>, StoreError> {
        let stripe = |next: u8| (first + next) % STRIPES;
        for next in 0..HANDED_OVER {
            let client = &self.client_without_retries;
            match self.count_entry(client, queue_id, stripe(next)).await {
                Err(StoreError::Throttled) => {}
                Err(_) => break,
                entry => return entry,
            }
        }
        self.count_entry(&self.client, queue_id, stripe(HANDED_OVER))
            .await
    }

    async fn count_entry(
        &self,
        client: &Client,
        queue_id: &QueueId,
        stripe: u8,
    ) -> Result<Option<EarlyEntry>, StoreError> {
        let update = self
            .update_item_with(client, keys::early(queue_id, stripe))
            .update_expression("ADD entries :one")
            .condition_expression("attribute_not_exists(frozen)")
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::UpdatedNew);
        let counted = self.attributes_after(update).await?;
        let counted: Option<Stripe> = counted.map(from_item).transpose()?;
        let entry = counted.map(|counted| EarlyEntry::new(stripe, counted.entries));
        entry.transpose().map_err(StoreError::of_item)
    }

    /// Reads how many early entries a queue has on all stripes; it may be a moment old. 0.5 RRU for
    /// each stripe: 32 RRU.
    pub async fn early_entries_lately(&self, queue_id: &QueueId) -> Result<u64, StoreError> {
        let keys = (0..STRIPES).map(|stripe| key(keys::early(queue_id, stripe)));
        let table = &self.tables.queues;
        let stripes: Vec<Stripe> = self
            .read_each(table, keys.collect(), Reading::Eventual)
            .await?;
        Ok(stripes.iter().map(|stripe| stripe.entries).sum())
    }

    /// Freezes the stripes and returns the draw, which is among the entries for whom the line has
    /// not ended. 64 WRU. It may be repeated.
    pub async fn freeze_entries(
        &self,
        queue_id: &QueueId,
        seed: &Seed,
        line: &Line,
    ) -> Result<Draw, StoreError> {
        let queue_id = queue_id.clone();
        let freeze = self.at_once(0..STRIPES, move |store, stripe| {
            let update = store
                .update_item(keys::early(&queue_id, stripe))
                .update_expression("SET frozen = :yes")
                .expression_attribute_values(":yes", AttributeValue::Bool(true))
                .return_values(ReturnValue::AllNew);
            async move {
                let stripe = store.attributes_after(update).await?;
                let stripe: Option<Stripe> = stripe.map(from_item).transpose()?;
                Ok(stripe.unwrap_or_default().entries)
            }
        });
        let mut stripes: Vec<_> = freeze.try_collect().await?;
        if let Some(closure) = line.early_closures.last() {
            for (stripe, closed) in stripes.iter_mut().zip(&closure.entries) {
                *stripe = u64::saturating_sub(*stripe, *closed);
            }
        }
        draw(seed, &stripes, line)
    }

    /// Lets numbers be drawn, from the one after the early entries on. Repeating it changes
    /// nothing. 1 WRU.
    pub async fn let_numbers_go(&self, queue_id: &QueueId, entries: u64) -> Result<(), StoreError> {
        let update = self
            .update_item(keys::issued(queue_id))
            .update_expression("SET issued = :entries REMOVE held_back")
            .condition_expression("attribute_exists(held_back)")
            .expression_attribute_values(":entries", number(entries));
        self.send_conditional(update).await.map(drop)
    }

    /// Skips numbers that nobody has drawn, if the count of issued numbers is still the one that
    /// was read. Returns whether it was. 1 WRU.
    pub async fn skip_numbers(
        &self,
        queue_id: &QueueId,
        issued: u64,
        numbers: u64,
    ) -> Result<bool, StoreError> {
        let update = self
            .issue_with(&self.client, queue_id, numbers, "ADD issued :numbers")
            .expression_attribute_values(":issued", number(issued));
        let update = match issued {
            // A queue without early entries has an item that says 0.
            0 => update.condition_expression("attribute_not_exists(issued) OR issued = :issued"),
            _ => update.condition_expression("issued = :issued"),
        };
        self.send_conditional(update).await
    }

    fn issue_with(
        &self,
        client: &Client,
        queue_id: &QueueId,
        numbers: u64,
        add: &str,
    ) -> UpdateItemFluentBuilder {
        self.update_item_with(client, keys::issued(queue_id))
            .update_expression(add)
            .expression_attribute_values(":numbers", number(numbers))
    }

    /// Makes a queue issue no numbers until its opening, if it has issued none yet.
    pub(super) fn hold_numbers_back(&self, queue_id: &QueueId) -> Result<Update, StoreError> {
        let update = Update::builder()
            .table_name(&self.tables.queues)
            .set_key(Some(key(keys::issued(queue_id))))
            .update_expression("SET issued = :none, held_back = :yes")
            .condition_expression("attribute_not_exists(id)")
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":yes", AttributeValue::Bool(true));
        Ok(update.build()?)
    }
}
