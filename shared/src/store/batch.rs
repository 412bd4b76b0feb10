//! Reading several items in one call.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity};
use serde::de::DeserializeOwned;

use super::{
    Reading, Store, StoreError,
    contention::{MAX_TRIES, back_off},
    item::{Item, from_item},
    usage,
};

/// The most items that one call reads by their keys (a limit of DynamoDB).
pub(super) const MAX_IN_A_BATCH: usize = 100;

/// Items, by the name of their table.
pub(super) type Items = HashMap<String, Vec<Item>>;

impl Store {
    /// Reads items of one table, as values of their type: at most 100. The price is that of
    /// [`Store::read_batch`]; free without keys.
    pub(super) async fn read_each<T: DeserializeOwned>(
        &self,
        table: &str,
        keys: Vec<Item>,
        reading: Reading,
    ) -> Result<Vec<T>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = self.read_batch([(table, keys)], reading).await?;
        let items = found.remove(table).unwrap_or_default();
        items.into_iter().map(from_item).collect()
    }

    /// Reads items from one table or several: at most 100 items and 16 MB (limits of DynamoDB).
    /// Items that do not exist are left out. 1 RRU per 4 KB of each item if consistent, else 0.5.
    ///
    /// When a partition is busy, DynamoDB may leave keys unread, and says which. That does not mean
    /// that they do not exist. So these keys are read again, a few times. Then the error is that of
    /// throttling.
    pub(super) async fn read_batch(
        &self,
        wanted: impl IntoIterator<Item = (&str, Vec<Item>)>,
        reading: Reading,
    ) -> Result<Items, StoreError> {
        let wanted = wanted.into_iter().map(|(table, keys)| {
            let keys = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(reading.is_consistent())
                .build()?;
            Ok((table.to_owned(), keys))
        });
        let mut wanted: HashMap<_, _> = wanted.collect::<Result<_, StoreError>>()?;
        let mut found = Items::new();
        let mut tried = 0;
        loop {
            let output = self
                .client
                .batch_get_item()
                .set_request_items(Some(wanted))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await?;
            usage::read(output.consumed_capacity());
            for (table, items) in output.responses.unwrap_or_default() {
                found.entry(table).or_default().extend(items);
            }
            wanted = output.unprocessed_keys.unwrap_or_default();
            if wanted.is_empty() {
                return Ok(found);
            }
            if tried + 1 == MAX_TRIES {
                return Err(StoreError::Throttled);
            }
            back_off(tried).await;
            tried += 1;
        }
    }
}
