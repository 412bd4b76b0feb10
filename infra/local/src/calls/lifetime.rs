//! The lifetime of an invocation: until it is finished, or until a fault ends its process.

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
    static LIFETIME: Arc<Lifetime>;
}

#[derive(Default)]
struct Lifetime {
    end: Notify,
    faults: AtomicU64,
}

/// How an invocation ended.
pub struct Outcome<T> {
    /// Its result; `None` if its process ended before.
    pub result: Option<T>,
    /// How many faults its calls have met.
    pub faults: u64,
}

/// Runs an invocation until it is finished. When its process ends, it is dropped.
pub async fn run<T>(work: impl Future<Output = T>) -> Outcome<T> {
    let lifetime = Arc::new(Lifetime::default());
    let result = LIFETIME
        .scope(Arc::clone(&lifetime), async {
            tokio::select! {
                biased;
                () = lifetime.end.notified() => None,
                result = work => Some(result),
            }
        })
        .await;
    Outcome {
        result,
        faults: lifetime.faults.load(Ordering::SeqCst),
    }
}

/// Counts a fault that a call of the current invocation meets.
pub fn count_fault() {
    let _ = LIFETIME.try_with(|lifetime| lifetime.faults.fetch_add(1, Ordering::SeqCst));
}

/// Ends the process of the current invocation. Never returns to it.
pub async fn end_process() -> Infallible {
    let _ = LIFETIME.try_with(|lifetime| lifetime.end.notify_one());
    pending().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn invocation_ends_with_its_process() {
        let done = run(async {
            count_fault();
            7
        });
        let done = done.await;
        assert_eq!((done.result, done.faults), (Some(7), 1));

        let (dropped, noticed) = tokio::sync::oneshot::channel::<()>();
        let ended = run(async move {
            let _kept = dropped;
            end_process().await;
        });
        assert!(ended.await.result.is_none());
        assert!(noticed.await.is_err(), "what it held is dropped");
    }
}
