//! What a request consumes: read and write request units, added up call by call.

use std::{cell::Cell, future::Future};

use aws_sdk_dynamodb::types::ConsumedCapacity;

tokio::task_local! {
    static USAGE: Cell<Usage>;
}

/// Consumed units. A transaction that is cancelled reports nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Read request units.
    pub read: f64,
    /// Write request units.
    pub write: f64,
}

/// Runs a request and tells what it consumed.
pub async fn metered<T>(request: impl Future<Output = T>) -> (T, Usage) {
    USAGE
        .scope(Cell::default(), async {
            let answer = request.await;
            (answer, USAGE.with(Cell::get))
        })
        .await
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

fn units<'a>(consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) -> f64 {
    consumed
        .into_iter()
        .filter_map(|table| table.capacity_units)
        .sum()
}

/// Outside a request, at a function's start, there is nothing to add to.
fn add(to: impl FnOnce(&mut Usage)) {
    let _ = USAGE.try_with(|cell| {
        let mut usage = cell.get();
        to(&mut usage);
        cell.set(usage);
    });
}
