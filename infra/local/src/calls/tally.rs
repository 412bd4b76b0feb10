//! Counts what the functions' calls to DynamoDB consume.

use std::{
    collections::BTreeMap,
    iter::Sum,
    ops::Add,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::Deserialize;

use crate::template::permissions::OneOrMany;

/// Capacity that was consumed, and the number of calls.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Units {
    /// Read request units.
    pub read: f64,
    /// Write request units.
    pub write: f64,
    /// Requests to DynamoDB.
    pub calls: u64,
}

impl Add for Units {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            read: self.read + other.read,
            write: self.write + other.write,
            calls: self.calls + other.calls,
        }
    }
}

impl Sum for Units {
    fn sum<I: Iterator<Item = Self>>(units: I) -> Self {
        units.fold(Self::default(), Add::add)
    }
}

/// What was consumed since the counters were last set to zero.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Consumed {
    /// What all functions consumed.
    pub total: Units,
    /// What each function consumed that made a call.
    pub functions: BTreeMap<String, Units>,
}

impl Consumed {
    /// What one function consumed.
    pub fn by(&self, function: &str) -> Units {
        self.functions.get(function).copied().unwrap_or_default()
    }
}

/// The counters of one function. Units are counted in halves, the smallest part that DynamoDB
/// reports.
#[derive(Debug, Default)]
pub struct Tally {
    half_reads: AtomicU64,
    half_writes: AtomicU64,
    calls: AtomicU64,
    in_flight: AtomicU64,
    most_in_flight: AtomicU64,
}

/// A call in flight, until this is dropped.
#[derive(Debug)]
pub struct InFlight(Arc<Tally>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Tally {
    /// Counts an answer of an operation, with the capacity that it reports as consumed.
    pub fn count(&self, operation: &str, answer: &[u8]) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let halves = half_units(answer);
        if is_read(operation) {
            self.half_reads.fetch_add(halves, Ordering::Relaxed);
        } else {
            self.half_writes.fetch_add(halves, Ordering::Relaxed);
        }
    }

    /// Counts a call as in flight until the returned guard is dropped.
    pub fn begin(self: &Arc<Self>) -> InFlight {
        let now = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_in_flight.fetch_max(now, Ordering::SeqCst);
        InFlight(Arc::clone(self))
    }

    /// The highest number of calls in flight at one moment.
    pub fn most_in_flight(&self) -> u64 {
        self.most_in_flight.load(Ordering::SeqCst)
    }

    /// The counts so far.
    pub fn units(&self) -> Units {
        Units {
            read: whole(self.half_reads.load(Ordering::Relaxed)),
            write: whole(self.half_writes.load(Ordering::Relaxed)),
            calls: self.calls.load(Ordering::Relaxed),
        }
    }

    /// Sets the counters to zero.
    pub fn reset(&self) {
        self.half_reads.store(0, Ordering::Relaxed);
        self.half_writes.store(0, Ordering::Relaxed);
        self.calls.store(0, Ordering::Relaxed);
        let now = self.in_flight.load(Ordering::SeqCst);
        self.most_in_flight.store(now, Ordering::SeqCst);
    }
}

fn is_read(operation: &str) -> bool {
    matches!(
        operation,
        "GetItem" | "BatchGetItem" | "TransactGetItems" | "Query" | "Scan"
    )
}

#[expect(
    clippy::cast_precision_loss,
    reason = "nobody counts to nine quadrillion units"
)]
fn whole(halves: u64) -> f64 {
    halves as f64 / 2.0
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CapacityReport {
    consumed_capacity: Option<OneOrMany<Capacity>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Capacity {
    capacity_units: f64,
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small positive number of halves"
)]
fn half_units(answer: &[u8]) -> u64 {
    let Ok(CapacityReport {
        consumed_capacity: Some(consumed),
    }) = serde_json::from_slice(answer)
    else {
        return 0;
    };
    let units: f64 = consumed.all().iter().map(|c| c.capacity_units).sum();
    (units * 2.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_in_flight_is_the_highest_number_of_calls_at_once() {
        let tally = Arc::new(Tally::default());
        let (one, other) = (tally.begin(), tally.begin());
        drop(one);
        let third = tally.begin();
        assert_eq!(tally.most_in_flight(), 2);
        drop((other, third));
        tally.reset();
        assert_eq!(tally.most_in_flight(), 0);
    }

    #[test]
    fn reads_and_writes_are_counted_apart_and_in_halves() {
        let tally = Tally::default();
        tally.count(
            "GetItem",
            br#"{"Item":{},"ConsumedCapacity":{"TableName":"T","CapacityUnits":0.5}}"#,
        );
        tally.count(
            "TransactWriteItems",
            br#"{"ConsumedCapacity":[{"TableName":"T","CapacityUnits":4.0},{"TableName":"U","CapacityUnits":2.0}]}"#,
        );
        tally.count(
            "PutItem",
            br#"{"__type":"ConditionalCheckFailedException"}"#,
        );
        let units = Units {
            read: 0.5,
            write: 6.0,
            calls: 3,
        };
        assert_eq!(tally.units(), units);
        tally.reset();
        assert_eq!(tally.units(), Units::default());
    }
}
