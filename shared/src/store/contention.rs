//! Trying again: after contention, and after what was read has moved.
//!
//! None of these waits looks at how long the request may still take: it is cut off when that is
//! over, whatever it waits for (`runtime::answer`).

use std::{future::Future, time::Duration};

use tokio::time::Instant;

use super::{Rejected, StoreError, usage};
use crate::error::ApiError;

/// A write is tried at most so many times before the caller is told that we are busy.
pub(super) const MAX_TRIES: u32 = 6;

/// An operation whose reading has gone stale starts over for this long.
const STALE_FOR: Duration = Duration::from_secs(2);

/// Waits before try number `tried + 1`: full jitter over a range that doubles, so that those who
/// collided do not collide again.
pub(super) async fn back_off(tried: u32) {
    let most = 10_u64 << tried.min(6);
    tokio::time::sleep(Duration::from_millis(rand::random_range(0..=most))).await;
}

/// Does a single write, again when others were writing to the same item. The SDK itself does not
/// retry a `TransactionConflictException`.
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

/// Why one try of an operation was not done. The operation reads, computes, and writes on condition
/// that nothing has changed since.
#[derive(Debug)]
pub enum TryError<R> {
    /// The answer is no.
    Refused(R),
    /// What was read had changed when it came to writing: the next try may succeed.
    Stale,
    /// It was not decided.
    Failed(StoreError),
}

impl<R, E: Into<StoreError>> From<E> for TryError<R> {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// So that the steps of an operation in `App` can use `?`.
impl From<ApiError> for TryError<ApiError> {
    fn from(refusal: ApiError) -> Self {
        Self::Refused(refusal)
    }
}

/// Starts an operation over from its read, as long as the reading goes stale and two seconds
/// have not passed: of twenty charges at once, each succeeds.
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
