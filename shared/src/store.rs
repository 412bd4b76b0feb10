//! DynamoDB, the only database: one file per table (three for `Queues`), the typed transaction, and
//! the operations that span tables. `shared/src/store/README.md` describes the tables and their
//! rules.
//!
//! Prices are in DynamoDB's units: write request units (WRU) and read request units (RRU). Each
//! call adds what it consumed to the request's [`usage::Usage`].

pub mod accounts;
pub mod at_once;
pub mod audit;
mod batch;
pub mod buyers;
pub mod calling_off;
pub mod catalog;
pub mod changes;
pub mod cohorts;
mod contention;
pub mod halls;
mod item;
pub mod keys;
pub mod numbers;
pub mod owners;
pub mod plans;
pub mod pools;
pub mod programme;
pub mod purchase;
mod query;
pub mod queues;
pub mod seats;
pub mod sessions;
pub mod show_orders;
pub mod signing_keys;
pub mod transaction;
pub mod usage;
pub mod users;
pub mod written;

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::ReturnConsumedCapacity,
};
use serde::de::DeserializeOwned;

use self::item::Item;

pub use self::{
    contention::{TryError, seen_or, while_stale, while_stale_since},
    transaction::{Decided, Rejected},
};
use crate::{config::Tables, domain::changes::Author, error::ApiError};

/// Why the store could not answer. (A refusal is an answer.)
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Other writes to the same items made every try fail.
    #[error("every try failed by contention")]
    Contended,
    /// DynamoDB throttled every try.
    #[error("every try failed by throttling")]
    Throttled,
    /// DynamoDB did not answer in time.
    #[error("the database did not answer in time: {0}")]
    TimedOut(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A read of many items was not finished in time.
    #[error("the database did not answer a long read in time")]
    TooSlow,
    /// An item is not what its key says it is.
    #[error("an item cannot be read: {0}")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Anything else: a failure on the way to DynamoDB, or a bug.
    #[error("the database did not answer as expected: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// An item that exists cannot be read as the type that it should be.
    pub(crate) fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Unreadable(error.into())
    }

    /// A value cannot be stored as an item.
    pub(crate) fn of_item(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Unavailable(error.into())
    }
}

impl<E, R> From<SdkError<E, R>> for StoreError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        match error
            .as_service_error()
            .and_then(ProvideErrorMetadata::code)
        {
            Some("TransactionConflictException" | "TransactionInProgressException") => {
                Self::Contended
            }
            Some(
                "ProvisionedThroughputExceededException"
                | "RequestLimitExceeded"
                | "ThrottlingException",
            ) => Self::Throttled,
            // The debug form of an error may contain the item that a condition refused. Its code
            // and message do not.
            Some(code) => {
                let message = error
                    .as_service_error()
                    .and_then(ProvideErrorMetadata::message);
                Self::Unavailable(format!("{code}: {}", message.unwrap_or("no message")).into())
            }
            None if matches!(error, SdkError::TimeoutError(_)) => Self::TimedOut(error.into()),
            None => Self::Unavailable(error.into()),
        }
    }
}

/// Whether a read sees every write that was answered before it. Such a read costs twice as much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// It sees them all.
    Consistent,
    /// It may return what was there a moment ago.
    Eventual,
}

impl Reading {
    fn is_consistent(self) -> bool {
        self == Self::Consistent
    }
}

/// A handle on the tables that is cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    /// For calls that must not be made twice. To override the configuration of a call would build
    /// its whole runtime anew.
    client_without_retries: Client,
    tables: std::sync::Arc<Tables>,
    turns: std::sync::Arc<tokio::sync::Semaphore>,
    /// Who makes the changes, if they are recorded.
    author: Option<Author>,
}

impl Store {
    /// A store on these tables. The second client makes each call once.
    pub fn new(client: Client, client_without_retries: Client, tables: Tables) -> Self {
        Self {
            client,
            client_without_retries,
            tables: std::sync::Arc::new(tables),
            turns: std::sync::Arc::new(tokio::sync::Semaphore::new(at_once::MAX_AT_ONCE)),
            author: None,
        }
    }

    /// Reads one item. 1 RRU per 4 KB if consistent, else 0.5.
    async fn get<T: DeserializeOwned>(
        &self,
        table: &str,
        key: Item,
        reading: Reading,
    ) -> Result<Option<T>, StoreError> {
        let output = self
            .client
            .get_item()
            .table_name(table)
            .set_key(Some(key))
            .consistent_read(reading.is_consistent())
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        usage::read(output.consumed_capacity());
        output.item.map(item::from_item).transpose()
    }
}

impl From<aws_sdk_dynamodb::error::BuildError> for StoreError {
    fn from(error: aws_sdk_dynamodb::error::BuildError) -> Self {
        Self::of_item(error)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Contended => Self::Busy("every try failed by contention"),
            StoreError::Throttled => Self::Busy("every try failed by throttling"),
            StoreError::TooSlow => Self::Busy("a long reading was not over in time"),
            StoreError::Unreadable(source)
            | StoreError::TimedOut(source)
            | StoreError::Unavailable(source) => Self::Internal(source),
        }
    }
}

impl<R: Into<Self>> From<Rejected<R>> for ApiError {
    fn from(rejected: Rejected<R>) -> Self {
        match rejected {
            Rejected::Refused(refusal) => refusal.into(),
            Rejected::Failed(error) => error.into(),
        }
    }
}
