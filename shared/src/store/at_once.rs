//! The limit on what a function reads at once, and how long a long read may take.

use std::{future::Future, time::Duration};

use futures_util::{Stream, StreamExt as _, stream};

use super::{Store, StoreError};

/// At most this many calls of a larger group are made at the same time. Each has a connection of
/// its own, which is a file, and a Lambda function may open 1,024. More would not be faster,
/// because a function has only a part of a processor.
pub const MAX_AT_ONCE: usize = 32;

impl Store {
    /// Makes a call for each item, at most [`MAX_AT_ONCE`] of them at the same time in this whole
    /// function. The results are in the order of the items. A call is made only when it is its
    /// turn, so of ten thousand calls only those under way take memory.
    pub(super) fn at_once<I, T, Calling>(
        &self,
        items: impl IntoIterator<Item = I>,
        call: impl Fn(Self, I) -> Calling + Clone,
    ) -> impl Stream<Item = Result<T, StoreError>>
    where
        Calling: Future<Output = Result<T, StoreError>>,
    {
        let store = self.clone();
        stream::iter(items)
            .map(move |item| {
                let (store, call) = (store.clone(), call.clone());
                async move {
                    let turns = std::sync::Arc::clone(&store.turns);
                    let turn = turns.acquire().await;
                    let _turn = turn.map_err(StoreError::of_item)?;
                    call(store, item).await
                }
            })
            .buffered(MAX_AT_ONCE)
    }
}

/// Limits how long a read may take. If it takes longer, or one of its calls is not answered, the
/// error says that the database does not keep up.
pub(super) async fn in_time<T>(
    limit: Duration,
    reading: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(limit, reading).await {
        Err(_) | Ok(Err(StoreError::TimedOut(_))) => Err(StoreError::TooSlow),
        Ok(read) => read,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn read_that_takes_too_long_is_reported() {
        let never = std::future::pending::<Result<(), StoreError>>();
        let told = in_time(Duration::ZERO, never).await;
        assert!(matches!(told, Err(StoreError::TooSlow)));
        let unanswered = std::future::ready(Err::<(), _>(StoreError::TimedOut("no answer".into())));
        let told = in_time(Duration::ZERO, unanswered).await;
        assert!(matches!(told, Err(StoreError::TooSlow)));
        let done = in_time(Duration::ZERO, std::future::ready(Ok(7))).await;
        assert!(matches!(done, Ok(7)));
    }
}
