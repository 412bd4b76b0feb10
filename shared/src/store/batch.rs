//! Reading several items in one call.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity};

use super::{
    Reading, Store, StoreError,
    contention::{MAX_TRIES, back_off},
    item::Item,
    usage,
};

/// Items by the name of their table.
pub(super) type Items = HashMap<String, Vec<Item>>;

impl Store {
    /// Reads those of some items that are there, from one table or several, at most 100 of them
    /// and 16 MB (limits of DynamoDB). 1 RRU per 4 KB of each item consistently, else 0.5.
    ///
    /// DynamoDB may leave keys unread when a partition is busy, and then says which. An item that
    /// was not read is not one that is not there, so those keys are asked for again, a few times,
    /// and then it is throttled.
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
