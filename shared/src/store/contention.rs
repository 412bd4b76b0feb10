//! Tries again: after contention, and after what was read has changed.
//!
//! These waits do not consider how long the request may still take. A request is cut off when its
//! time is over, whatever it is waiting for (`runtime::answer`).

use std::{future::Future, time::Duration};

use tokio::time::Instant;

use super::{Rejected, StoreError, usage};
use crate::error::ApiError;

/// A write, or a read of several items, is tried at most this many times. Then the caller gets the error for a busy database.
pub(super) const MAX_TRIES: u32 = 6;

/// An operation starts over for this long when what it read has changed.
const STALE_FOR: Duration = Duration::from_secs(2);

/// Waits before the next try. `tried` is how many tries had failed before the last one. Full jitter over a range that doubles, so that writes that
/// collided do not collide again.
pub(super) async fn back_off(tried: u32) {
    let max = 10_u64 << tried.min(6);
    tokio::time::sleep(Duration::from_millis(rand::random_range(0..=max))).await;
}

/// Makes a single write, and makes it again while others write to the same item. The SDK itself
/// does not retry a `TransactionConflictException`.
pub(super) async fn while_contended<T, E, Writing>(
    mut write: impl FnMut() -> Writing,
    is_conflict: impl Fn(&E) -> bool,
) -> Result<T, E>
where
    Writing: Future<Output = Result<T, E>>,
{
    let mut tried = 0;
    loop {
        match write().await {
            Err(error) if is_conflict(&error) => {
                usage::contended();
                if tried + 1 == MAX_TRIES {
                    return Err(error);
                }
                back_off(tried).await;
                tried += 1;
            }
            result => return result,
        }
    }
}

/// Why one try of an operation failed. An operation reads, computes, and writes on condition that
/// nothing has changed since.
#[derive(Debug)]
pub enum TryError<R> {
    /// A condition did not hold. This is an answer.
    Refused(R),
    /// What was read has changed before the write. The next try may succeed.
    Stale,
    /// The database did not answer as it should. A write may have been made.
    Failed(StoreError),
}

impl<R, E: Into<StoreError>> From<E> for TryError<R> {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Lets the steps of an operation in `App` use `?`.
impl From<ApiError> for TryError<ApiError> {
    fn from(refusal: ApiError) -> Self {
        Self::Refused(refusal)
    }
}

/// Runs an operation, and starts it over from its read while what it read is stale, for two seconds
/// at most. So each of twenty charges at once succeeds.
pub async fn while_stale<T, R, Trying>(
    mut attempt: impl FnMut() -> Trying,
) -> Result<T, Rejected<R>>
where
    Trying: Future<Output = Result<T, TryError<R>>>,
{
    while_stale_since((), |_| attempt()).await
}

/// As [`while_stale`], with what has been read already for the first try. Those after it get
/// `None`, and read anew.
pub async fn while_stale_since<S, T, R, Trying>(
    seen: S,
    mut attempt: impl FnMut(Option<S>) -> Trying,
) -> Result<T, Rejected<R>>
where
    Trying: Future<Output = Result<T, TryError<R>>>,
{
    let mut seen = Some(seen);
    let give_up = Instant::now() + STALE_FOR;
    let mut tried = 0;
    loop {
        match attempt(seen.take()).await {
            Ok(done) => return Ok(done),
            Err(TryError::Refused(refusal)) => return Err(Rejected::Refused(refusal)),
            Err(TryError::Failed(error)) => return Err(Rejected::Failed(error)),
            Err(TryError::Stale) => usage::contended(),
        }
        if Instant::now() >= give_up {
            return Err(Rejected::Failed(StoreError::Contended));
        }
        back_off(tried).await;
        tried += 1;
    }
}

/// What has been read already, or else what `read` reads.
pub async fn seen_or<S, E>(
    seen: Option<S>,
    read: impl Future<Output = Result<S, E>>,
) -> Result<S, E> {
    match seen {
        Some(seen) => Ok(seen),
        None => read.await,
    }
}
