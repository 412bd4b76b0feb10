//! `Keys`: the key that turns users into buyers of events. It is made once and never replaced, so
//! that a user is the same buyer for ever.

use aws_sdk_dynamodb::{
    operation::put_item::PutItemError,
    types::{ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{
    Reading, Store, StoreError,
    contention::while_contended,
    item::{Item, from_item, text, to_item},
    keys,
    transaction::is_conflict,
    usage,
};
use crate::domain::events::Buyers;

/// The key as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredKey {
    /// In base64url.
    key: String,
}

impl StoredKey {
    fn new() -> Self {
        let key: [u8; Buyers::KEY_LENGTH] = rand::random();
        let key = BASE64_URL_SAFE_NO_PAD.encode(key);
        Self { key }
    }

    fn buyers(&self) -> Result<Buyers, StoreError> {
        let key = BASE64_URL_SAFE_NO_PAD.decode(&self.key);
        let key = key.map_err(StoreError::unreadable)?.try_into();
        let key = key.map_err(|_| StoreError::Unreadable("a key of another length".into()))?;
        Buyers::new(&key).map_err(StoreError::unreadable)
    }
}

impl Store {
    /// Reads the key of the buyers, consistently; `None` before the first event. 1 RRU.
    pub async fn buyers(&self) -> Result<Option<Buyers>, StoreError> {
        let stored: Option<StoredKey> = self
            .get(&self.tables.keys, key(), Reading::Consistent)
            .await?;
        stored.map(|stored| stored.buyers()).transpose()
    }

    /// Makes the key of the buyers, unless there is one, and returns the one that is there. 1 WRU.
    pub async fn create_buyers(&self) -> Result<Buyers, StoreError> {
        let new = StoredKey::new();
        let mut item = to_item(&new)?;
        item.extend(key());
        let put = self
            .client
            .put_item()
            .table_name(&self.tables.keys)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(id)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match while_contended(|| put.clone().send(), is_conflict).await {
            Ok(output) => {
                usage::write(output.consumed_capacity());
                new.buyers()
            }
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                    let there = refused.item.clone().unwrap_or_default();
                    from_item::<StoredKey>(there)?.buyers()
                }
                _ => Err(error.into()),
            },
        }
    }
}

fn key() -> Item {
    Item::from([("id".to_owned(), text(keys::BUYERS))])
}
