//! Queries that read all pages.

use aws_sdk_dynamodb::{
    operation::query::builders::QueryFluentBuilder, types::ReturnConsumedCapacity,
};
use serde::de::DeserializeOwned;

use super::{
    StoreError,
    item::{Item, from_item},
    usage,
};

/// The items of all pages of a query. A page has up to 1 MB (a limit of DynamoDB).
pub(super) async fn items(query: QueryFluentBuilder) -> Result<Vec<Item>, StoreError> {
    let mut pages = query
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .into_paginator()
        .send();
    let mut items = Vec::new();
    while let Some(page) = pages.try_next().await? {
        usage::read(page.consumed_capacity());
        items.extend(page.items.unwrap_or_default());
    }
    Ok(items)
}

/// The items of all pages of a query, as values of their type.
pub(super) async fn all<T: DeserializeOwned>(
    query: QueryFluentBuilder,
) -> Result<Vec<T>, StoreError> {
    let items = items(query).await?;
    items.into_iter().map(from_item).collect()
}
