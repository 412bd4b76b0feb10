//! `Queues`: the pools of numbers that a rushed queue draws from.
//!
//! No call here is tried again after it was throttled: another pool is as good.

use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError,
    types::{ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use jiff::Timestamp;

use super::{
    Store, StoreError,
    item::{from_item, number, time, to_item},
    keys,
    queues::{is_refused, key},
    usage,
};
use crate::domain::{
    ids::QueueId,
    queue::pool::{MOST_POOLS, Pool},
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
        let names: std::collections::HashMap<_, _> = (0..MOST_POOLS)
            .map(|pool| (keys::pool(queue_id, pool), pool))
            .collect();
        let found = self.read_all(names.keys().map(key).collect()).await?;
        let named = found.into_iter().filter_map(|item| {
            let id = item.get("id")?.as_s().ok()?;
            let pool = *names.get(id)?;
            Some(from_item(item).map(|found| (pool, found)))
        });
        named.collect()
    }
}
