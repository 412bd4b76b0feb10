//! The typed transaction. Each write is added together with the refusal that it means, so the two
//! cannot drift apart.

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::transact_write_items::TransactWriteItemsError,
    types::{
        CancellationReason, ConditionCheck, Delete, Put, ReturnConsumedCapacity,
        ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
    },
};
use uuid::Uuid;

use super::{
    StoreError,
    contention::{MAX_TRIES, back_off},
    item::Item,
    usage,
};

/// Why a write was not done.
#[derive(Debug)]
pub enum Rejected<R> {
    /// A condition did not hold. This is an answer and is never retried.
    Refused(R),
    /// It is not known whether it was done.
    Failed(StoreError),
}

impl<R, E: Into<StoreError>> From<E> for Rejected<R> {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Splits a result: `?` passes on a failure, and the rest is the answer, done or refused.
pub trait Decided<T, R> {
    /// The answer, done or refused.
    fn decided(self) -> Result<Result<T, R>, StoreError>;
}

impl<T, R> Decided<T, R> for Result<T, Rejected<R>> {
    fn decided(self) -> Result<Result<T, R>, StoreError> {
        match self {
            Ok(done) => Ok(Ok(done)),
            Err(Rejected::Refused(refusal)) => Ok(Err(refusal)),
            Err(Rejected::Failed(error)) => Err(error),
        }
    }
}

type Refusal<R> = Box<dyn FnOnce(Option<Item>) -> R + Send>;

/// Writes that are done all or not at all. Each item costs 2 WRU, refused or not.
pub(super) struct Transaction<R> {
    client: Client,
    writes: Vec<TransactWriteItem>,
    refusals: Vec<Refusal<R>>,
}

impl<R> Transaction<R> {
    /// An empty transaction.
    pub(super) fn new(client: &Client) -> Self {
        Self {
            client: client.clone(),
            writes: Vec::new(),
            refusals: Vec::new(),
        }
    }

    /// Adds a put. If its condition does not hold, `refusal` says what that means, given the item
    /// that is there.
    pub(super) fn put(
        self,
        mut put: Put,
        refusal: impl FnOnce(Option<Item>) -> R + Send + 'static,
    ) -> Self {
        put.return_values_on_condition_check_failure =
            Some(ReturnValuesOnConditionCheckFailure::AllOld);
        self.push(TransactWriteItem::builder().put(put).build(), refusal)
    }

    /// Adds an update; `refusal` as for [`Transaction::put`].
    pub(super) fn update(
        self,
        mut update: Update,
        refusal: impl FnOnce(Option<Item>) -> R + Send + 'static,
    ) -> Self {
        update.return_values_on_condition_check_failure =
            Some(ReturnValuesOnConditionCheckFailure::AllOld);
        self.push(TransactWriteItem::builder().update(update).build(), refusal)
    }

    /// Adds a delete; `refusal` as for [`Transaction::put`].
    pub(super) fn delete(
        self,
        mut delete: Delete,
        refusal: impl FnOnce(Option<Item>) -> R + Send + 'static,
    ) -> Self {
        delete.return_values_on_condition_check_failure =
            Some(ReturnValuesOnConditionCheckFailure::AllOld);
        self.push(TransactWriteItem::builder().delete(delete).build(), refusal)
    }

    /// Adds a condition on an item; `refusal` as for [`Transaction::put`].
    pub(super) fn check(
        self,
        mut check: ConditionCheck,
        refusal: impl FnOnce(Option<Item>) -> R + Send + 'static,
    ) -> Self {
        check.return_values_on_condition_check_failure =
            Some(ReturnValuesOnConditionCheckFailure::AllOld);
        let check = TransactWriteItem::builder().condition_check(check).build();
        self.push(check, refusal)
    }

    fn push(
        mut self,
        write: TransactWriteItem,
        refusal: impl FnOnce(Option<Item>) -> R + Send + 'static,
    ) -> Self {
        self.writes.push(write);
        self.refusals.push(Box::new(refusal));
        self
    }

    /// Writes everything or nothing. The refusal is the first condition that is reported, in the
    /// order in which the writes were added. DynamoDB does not promise to report every condition
    /// that does not hold. So a caller that sets several must answer correctly whichever of them is
    /// reported alone. Conflicts with other transactions and throttling are retried with the same
    /// token, so that a try that was done after all is not done twice.
    pub(super) async fn commit(self) -> Result<(), Rejected<R>> {
        let written = self.commit_or_report().await;
        written.map_err(|rejected| match rejected {
            Rejected::Failed(error) => Rejected::Failed(error),
            Rejected::Refused(refusals) => match refusals.into_iter().next() {
                Some(first) => Rejected::Refused(first),
                None => Rejected::Failed(unexpected("a refusal of a write never made")),
            },
        })
    }

    /// As [`Transaction::commit`], but the refusal is all conditions that are reported, at least
    /// one, in the order in which the writes were added.
    pub(super) async fn commit_or_report(self) -> Result<(), Rejected<Vec<R>>> {
        self.try_to_commit(None::<fn(_) -> _>).await
    }

    /// As [`Transaction::commit_or_report`], but a conflict with another transaction is a refusal,
    /// too, and is not retried. `conflict` says what it means, given the indices of the writes whose
    /// items the other transaction was writing.
    pub(super) async fn commit_unless_contended(
        self,
        conflict: impl FnOnce(Vec<usize>) -> R,
    ) -> Result<(), Rejected<Vec<R>>> {
        self.try_to_commit(Some(conflict)).await
    }

    async fn try_to_commit(
        self,
        conflict: Option<impl FnOnce(Vec<usize>) -> R>,
    ) -> Result<(), Rejected<Vec<R>>> {
        let token = Uuid::new_v4().to_string();
        let mut tried = 0;
        loop {
            let sent = self
                .client
                .transact_write_items()
                .set_transact_items(Some(self.writes.clone()))
                .client_request_token(&token)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await;
            let failure = match sent {
                Ok(output) => {
                    usage::write(output.consumed_capacity());
                    return Ok(());
                }
                Err(error) => Failure::of(error),
            };
            if failure.is_contention() {
                usage::contended();
            }
            let error = match failure {
                Failure::Refused(reasons) => {
                    let refused = self.refusals.into_iter().zip(reasons);
                    let refused = refused.filter(|(_, reason)| is_refusal(reason));
                    let refused = refused.map(|(refusal, reason)| refusal(reason.item));
                    return Err(Rejected::Refused(refused.collect()));
                }
                Failure::Conflict(indices) => match conflict {
                    Some(conflict) => return Err(Rejected::Refused(vec![conflict(indices)])),
                    None => StoreError::Contended,
                },
                Failure::Passing(error) => error,
                Failure::Final(error) => return Err(Rejected::Failed(error)),
            };
            if tried + 1 == MAX_TRIES {
                return Err(Rejected::Failed(error));
            }
            back_off(tried).await;
            tried += 1;
        }
    }
}

enum Failure {
    /// The conditions of some writes did not hold. With the reasons of all writes, in order.
    Refused(Vec<CancellationReason>),
    /// Another transaction was writing the items of the writes with these indices.
    Conflict(Vec<usize>),
    /// The next try may succeed.
    Passing(StoreError),
    /// No further try would succeed.
    Final(StoreError),
}

impl Failure {
    fn is_contention(&self) -> bool {
        matches!(
            self,
            Self::Conflict(_) | Self::Passing(StoreError::Contended)
        )
    }

    fn of<Response>(error: SdkError<TransactWriteItemsError, Response>) -> Self
    where
        Response: std::fmt::Debug + Send + Sync + 'static,
    {
        let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
            error.as_service_error()
        else {
            return match StoreError::from(error) {
                error @ (StoreError::Unreadable(_)
                | StoreError::TimedOut(_)
                | StoreError::Unavailable(_)) => Self::Final(error),
                error => Self::Passing(error),
            };
        };
        let reasons = cancelled.cancellation_reasons().to_vec();

        if reasons.iter().any(is_refusal) {
            return Self::Refused(reasons);
        }
        let is_conflict = |reason| has_code(reason, &["TransactionConflict"]);
        let reasons_with_index = reasons.iter().enumerate();
        let conflicts: Vec<_> = reasons_with_index
            .filter_map(|(index, reason)| is_conflict(reason).then_some(index))
            .collect();
        if !conflicts.is_empty() {
            return Self::Conflict(conflicts);
        }
        if reasons.iter().any(|reason| {
            has_code(
                reason,
                &["ProvisionedThroughputExceeded", "ThrottlingError"],
            )
        }) {
            return Self::Passing(StoreError::Throttled);
        }
        // Only the codes are logged: the debug form of a reason has the customer's item.
        let codes: Vec<_> = reasons
            .iter()
            .filter_map(|reason| reason.code.clone())
            .collect();
        Self::Final(unexpected(&format!(
            "a transaction was cancelled with {codes:?}"
        )))
    }
}

/// Whether the condition of a write did not hold.
fn is_refusal(reason: &CancellationReason) -> bool {
    has_code(reason, &["ConditionalCheckFailed"])
}

fn has_code(reason: &CancellationReason, codes: &[&str]) -> bool {
    reason.code().is_some_and(|code| codes.contains(&code))
}

fn unexpected(what: &str) -> StoreError {
    StoreError::Unavailable(what.into())
}

/// Whether a single write failed because a transaction was writing the same item.
pub(super) fn is_conflict<E: ProvideErrorMetadata, Response>(
    error: &SdkError<E, Response>,
) -> bool {
    error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
        == Some("TransactionConflictException")
}
