//! Converts between our types and DynamoDB's items.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use super::StoreError;

/// An item, or a key.
pub(super) type Item = HashMap<String, AttributeValue>;

/// A value as an item.
pub(super) fn to_item(value: &impl Serialize) -> Result<Item, StoreError> {
    serde_dynamo::to_item(value).map_err(StoreError::of_item)
}

/// A value as an attribute.
pub(super) fn to_attribute(value: &impl Serialize) -> Result<AttributeValue, StoreError> {
    serde_dynamo::to_attribute_value(value).map_err(StoreError::of_item)
}

/// The value that an item contains.
pub(super) fn from_item<T: DeserializeOwned>(item: Item) -> Result<T, StoreError> {
    serde_dynamo::from_item(item).map_err(StoreError::unreadable)
}

/// A text.
#[allow(clippy::needless_pass_by_value)]
pub(super) fn text(value: impl ToString) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

/// A number.
#[allow(clippy::needless_pass_by_value)]
pub(super) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A time in milliseconds.
pub(super) fn time(value: Timestamp) -> AttributeValue {
    number(value.as_millisecond())
}

/// A value of the TTL attribute in seconds. Everything else in the tables is in milliseconds.
pub(super) fn ttl(value: Timestamp) -> AttributeValue {
    number(value.as_second())
}
