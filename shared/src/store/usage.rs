//! What a request consumes: read and write request units, summed over its calls. Also how many
//! tries failed by contention, and whether it has begun to write.

use std::{cell::Cell, future::Future};

use aws_sdk_dynamodb::{
    config::{
        ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeTransmitInterceptorContextRef,
    },
    error::BoxError,
    types::ConsumedCapacity,
};

tokio::task_local! {
    static USAGE: Cell<Usage>;
}

/// What was consumed. A cancelled transaction reports no units.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Read request units.
    pub read: f64,
    /// Write request units.
    pub write: f64,
    /// Tries that failed because others wrote to the same items at the same time.
    pub contended: u64,
    /// Whether a write was sent, whatever its result.
    pub has_written: bool,
}

/// Notes when a request sends its first write. A request that is cut off after that may have been
/// done.
#[derive(Debug)]
pub struct NotesWrites;

impl Intercept for NotesWrites {
    fn name(&self) -> &'static str {
        "NotesWrites"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let target = context.request().headers().get("x-amz-target");
        let operation = target.and_then(|target| target.split_once('.'));
        if operation.is_some_and(|(_, operation)| WRITES.contains(&operation)) {
            add(|usage| usage.has_written = true);
        }
        Ok(())
    }
}

/// The writing operations of DynamoDB that the store uses.
const WRITES: [&str; 4] = ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"];

/// Runs a request and returns what it consumed.
pub async fn metered<T>(request: impl Future<Output = T>) -> (T, Usage) {
    USAGE
        .scope(Cell::default(), async {
            let answer = request.await;
            (answer, USAGE.with(Cell::get))
        })
        .await
}

/// What the request under way has consumed so far.
pub fn so_far() -> Usage {
    USAGE.try_with(Cell::get).unwrap_or_default()
}

/// Adds what a read consumed.
pub(super) fn read<'a>(consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) {
    let units = units(consumed);
    add(|usage| usage.read += units);
}

/// Adds what a write consumed.
pub(super) fn write<'a>(consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) {
    let units = units(consumed);
    add(|usage| usage.write += units);
}

/// Counts a try that failed because others were writing the same items.
pub(super) fn contended() {
    add(|usage| usage.contended += 1);
}

fn units<'a>(consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) -> f64 {
    consumed
        .into_iter()
        .filter_map(|table| table.capacity_units)
        .sum()
}

/// Outside a request, while a function starts, nothing is counted.
fn add(to: impl FnOnce(&mut Usage)) {
    let _ = USAGE.try_with(|cell| {
        let mut usage = cell.get();
        to(&mut usage);
        cell.set(usage);
    });
}
