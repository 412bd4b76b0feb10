//! `Queues`: the pools of numbers that a rushed queue draws from.
//!
//! No call here is tried again after it was throttled: another pool is as good.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError,
    types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    Reading, Store, StoreError,
    item::{from_item, number, time, to_item},
    keys,
    queues::{is_refused, key},
    usage,
};
use crate::domain::{
    ids::QueueId,
    queue::{
        Range,
        pool::{MOST_POOLS, Pool},
    },
};

/// What a draw found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DrawnFrom {
    /// The pool after the draw. `drawn` is the number.
    Number(Pool),
    /// It has no number that may be drawn.
    Nothing(Pool),
    /// There is no such pool yet.
    Absent,
}

impl Store {
    /// Draws a number from a pool. 1 WRU, even if it has none.
    pub async fn draw_from_pool(
        &self,
        queue_id: &QueueId,
        pool: u8,
        now: Timestamp,
    ) -> Result<DrawnFrom, StoreError> {
        let update = self
            .update_item_with(&self.client_without_retries, keys::pool(queue_id, pool))
            .update_expression("SET drawn = drawn + :one")
            .condition_expression("drawn < #end AND #until > :now")
            .expression_attribute_names("#end", "end")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":now", time(now))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match update.send().await {
            Ok(output) => {
                usage::write(output.consumed_capacity());
                from_item(output.attributes.unwrap_or_default()).map(DrawnFrom::Number)
            }
            Err(error) if is_refused(&error) => match error.into_service_error() {
                UpdateItemError::ConditionalCheckFailedException(refused) => {
                    refused.item.map_or(Ok(DrawnFrom::Absent), |item| {
                        from_item(item).map(DrawnFrom::Nothing)
                    })
                }
                other => Err(StoreError::of_item(other)),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Replaces a pool, if it is still as it was seen; `None` is one that was not there. Returns
    /// whether it was replaced. 1 WRU.
    ///
    /// A replaced pool never looks as before: the last number drawn becomes greater, or its time.
    pub async fn replace_pool(
        &self,
        queue_id: &QueueId,
        pool: u8,
        seen: Option<&Pool>,
        next: &Pool,
    ) -> Result<bool, StoreError> {
        let mut update =
            self.update_item_with(&self.client_without_retries, keys::pool(queue_id, pool));
        let mut set = Vec::new();
        for (index, (attribute, value)) in to_item(next)?.into_iter().enumerate() {
            set.push(format!("#{index} = :{index}"));
            update = update
                .expression_attribute_names(format!("#{index}"), attribute)
                .expression_attribute_values(format!(":{index}"), value);
        }
        let update = update.update_expression(format!("SET {}", set.join(", ")));
        let update = match seen {
            None => update.condition_expression("attribute_not_exists(id)"),
            Some(seen) => update
                .condition_expression("drawn = :drawn AND #until = :until")
                .expression_attribute_names("#until", "until")
                .expression_attribute_values(":drawn", number(seen.drawn))
                .expression_attribute_values(":until", number(seen.until)),
        };
        match update.send().await {
            Ok(output) => {
                usage::write(output.consumed_capacity());
                Ok(true)
            }
            Err(error) if is_refused(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads all pools of a queue that there are, with their names, consistently. 1 RRU for each of
    /// 64.
    pub async fn pools(&self, queue_id: &QueueId) -> Result<Vec<(u8, Pool)>, StoreError> {
        let keys: HashMap<_, _> = (0..MOST_POOLS)
            .map(|pool| (keys::pool(queue_id, pool), pool))
            .collect();
        let found = self.read_all(keys.keys().map(key).collect()).await?;
        let pools = found.into_iter().filter_map(|item| {
            let id = item.get("id")?.as_s().ok()?;
            let pool = *keys.get(id)?;
            Some(from_item(item).map(|found| (pool, found)))
        });
        pools.collect()
    }

    /// Keeps unused numbers that a line does not list yet. 1 WRU for each KB of all that are kept:
    /// some 60 ranges.
    pub async fn keep_unused(
        &self,
        queue_id: &QueueId,
        ranges: &[Range],
    ) -> Result<(), StoreError> {
        self.change_unused(queue_id, "ADD ranges :ranges", ranges)
            .await
    }

    /// Reads the unused numbers that are kept, consistently, and removes those that the line has
    /// passed. 1 RRU per 4 KB, and what keeping them costs.
    pub async fn kept_unused(
        &self,
        queue_id: &QueueId,
        passed: u64,
    ) -> Result<Vec<Range>, StoreError> {
        let key = key(keys::unused(queue_id));
        let kept: Option<Kept> = self
            .get(&self.tables.queues, key, Reading::Consistent)
            .await?;
        let kept = kept.map(|kept| kept.ranges).unwrap_or_default();
        let (old, kept): (Vec<_>, Vec<_>) = kept
            .iter()
            .filter_map(|range| parse(range))
            .partition(|range| range.through <= passed);
        if !old.is_empty() {
            self.change_unused(queue_id, "DELETE ranges :ranges", &old)
                .await?;
        }
        Ok(kept)
    }

    async fn change_unused(
        &self,
        queue_id: &QueueId,
        change: &str,
        ranges: &[Range],
    ) -> Result<(), StoreError> {
        let ranges = ranges.iter();
        let ranges = ranges.map(|range| format!("{}-{}", range.after, range.through));
        let update = self
            .update_item(keys::unused(queue_id))
            .update_expression(change)
            .expression_attribute_values(":ranges", AttributeValue::Ss(ranges.collect()));
        self.send_conditional(update).await.map(drop)
    }
}

/// The unused numbers that a line does not list: `after-through`.
#[derive(Deserialize)]
struct Kept {
    #[serde(default)]
    ranges: Vec<String>,
}

fn parse(range: &str) -> Option<Range> {
    let (after, through) = range.split_once('-')?;
    let (after, through) = (after.parse().ok()?, through.parse().ok()?);
    Some(Range { after, through })
}
