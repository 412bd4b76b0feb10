//! How long an invocation lives: until it is done, or until its process ends.

use std::{
    convert::Infallible,
    future::{Future, pending},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::Notify;

tokio::task_local! {
    static LIFE: Arc<Life>;
}

#[derive(Default)]
struct Life {
    end: Notify,
    faults: AtomicU64,
}

/// What became of an invocation.
pub struct Lived<T> {
    /// What it came to; `None` when its process ended before.
    pub result: Option<T>,
    /// How many faults its calls met.
    pub faults: u64,
}

/// Lets an invocation live. When its process ends, nothing more of it is done.
pub async fn lead<T>(work: impl Future<Output = T>) -> Lived<T> {
    let life = Arc::new(Life::default());
    let result = LIFE
        .scope(Arc::clone(&life), async {
            tokio::select! {
                biased;
                () = life.end.notified() => None,
                result = work => Some(result),
            }
        })
        .await;
    Lived {
        result,
        faults: life.faults.load(Ordering::SeqCst),
    }
}

/// Counts a fault for the invocation that this is called in.
pub fn meets_a_fault() {
    let _ = LIFE.try_with(|life| life.faults.fetch_add(1, Ordering::SeqCst));
}

/// Ends the process of the invocation that this is called in. It does not come to see it.
pub async fn ends() -> Infallible {
    let _ = LIFE.try_with(|life| life.end.notify_one());
    pending().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_invocation_ends_with_its_process() {
        let done = lead(async {
            meets_a_fault();
            7
        });
        let done = done.await;
        assert_eq!((done.result, done.faults), (Some(7), 1));

        let (dropped, noticed) = tokio::sync::oneshot::channel::<()>();
        let ended = lead(async move {
            let _kept = dropped;
            ends().await;
        });
        assert!(ended.await.result.is_none());
        assert!(noticed.await.is_err(), "what it held is dropped");
    }
}
