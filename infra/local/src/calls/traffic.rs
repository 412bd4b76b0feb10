//! How long calls take, and which transactions are under way at the same time.
//!
//! The embedded engine answers at once, so hardly any two transactions meet in it. On AWS a
//! transaction takes some 10 to 25 milliseconds, and one that touches an item of another is
//! cancelled with `TransactionConflict`. With traffic turned on, the stack does the same.

use std::{
    collections::{BTreeMap, HashSet},
    ops::RangeInclusive,
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use rand::{RngExt as _, SeedableRng as _, rngs::Xoshiro256PlusPlus};
use serde_json::{Value, json};

use crate::{aws::engine::AwsAnswer, template::TablePlan};

const TRANSACTION: &str = "TransactWriteItems";

/// How long calls take, in milliseconds.
#[derive(Debug, Clone)]
pub struct Pace {
    /// A transaction of writes.
    pub transaction: RangeInclusive<u64>,
    /// Any other call.
    pub other: RangeInclusive<u64>,
    /// From which the times are drawn.
    pub seed: u64,
}

/// What calls there were since traffic was turned on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls by their operation.
    pub calls: BTreeMap<String, u64>,
    /// Transactions that were cancelled because another one had one of their items.
    pub conflicts: u64,
}

/// The traffic of a stack.
#[derive(Debug)]
pub struct Traffic {
    /// The names of each table's key attributes.
    keys: BTreeMap<String, Vec<String>>,
    state: Mutex<Option<State>>,
}

#[derive(Debug)]
struct State {
    pace: Pace,
    rng: Xoshiro256PlusPlus,
    /// The items of the transactions under way.
    items: HashSet<String>,
    counts: Counts,
}

/// A call under way. Its items are free for others when this is dropped.
#[derive(Debug)]
pub struct Passage {
    traffic: Arc<Traffic>,
    /// How long it takes.
    pub takes: Duration,
    items: Vec<String>,
    /// The answer, if it is a transaction that conflicts with another one.
    pub conflict: Option<AwsAnswer>,
}

impl Drop for Passage {
    fn drop(&mut self) {
        if let Some(state) = &mut *self.traffic.state.lock() {
            for item in &self.items {
                state.items.remove(item);
            }
        }
    }
}

impl Traffic {
    /// No traffic, in these tables.
    pub fn of(tables: &[TablePlan]) -> Self {
        let names = |table: &TablePlan| {
            let keys = std::iter::once(&table.partition_key).chain(&table.sort_key);
            keys.map(|key| key.name.clone()).collect()
        };
        let keys = tables
            .iter()
            .map(|table| (table.name.clone(), names(table)));
        Self {
            keys: keys.collect(),
            state: Mutex::default(),
        }
    }

    /// From now on, calls take this long, and transactions that have an item in common conflict.
    pub fn turn_on(&self, pace: Pace) {
        *self.state.lock() = Some(State {
            rng: Xoshiro256PlusPlus::seed_from_u64(pace.seed),
            pace,
            items: HashSet::new(),
            counts: Counts::default(),
        });
    }

    /// Ends the traffic. Returns what calls there were.
    pub fn turn_off(&self) -> Counts {
        self.state
            .lock()
            .take()
            .map(|state| state.counts)
            .unwrap_or_default()
    }

    /// Lets a call pass. `None` without traffic.
    pub(crate) fn pass(self: &Arc<Self>, operation: &str, body: &[u8]) -> Option<Passage> {
        let mut state = self.state.lock();
        let State {
            pace,
            rng,
            items,
            counts,
        } = state.as_mut()?;
        *counts.calls.entry(operation.to_owned()).or_default() += 1;
        let is_transaction = operation == TRANSACTION;
        let takes = if is_transaction {
            &pace.transaction
        } else {
            &pace.other
        };
        let takes = Duration::from_millis(rng.random_range(takes.clone()));
        let its_items = if is_transaction {
            self.items(body)
        } else {
            Vec::new()
        };
        let conflicts: Vec<_> = its_items.iter().map(|item| items.contains(item)).collect();
        let is_cancelled = conflicts.contains(&true);
        if is_cancelled {
            counts.conflicts += 1;
        } else {
            items.extend(its_items.iter().cloned());
        }
        Some(Passage {
            traffic: Arc::clone(self),
            takes,
            items: if is_cancelled { Vec::new() } else { its_items },
            conflict: is_cancelled.then(|| cancelled(&conflicts)),
        })
    }

    /// The items of a transaction: of each, its table and its key.
    fn items(&self, body: &[u8]) -> Vec<String> {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let writes = request["TransactItems"].as_array().into_iter().flatten();
        let writes = writes.filter_map(|write| write.as_object()?.values().next());
        let item = |write: &Value| {
            let table = write["TableName"].as_str().unwrap_or_default();
            let attributes = write.get("Key").unwrap_or(&write["Item"]);
            let keys = self.keys.get(table).into_iter().flatten();
            let key: Vec<_> = keys.map(|name| attributes[name].to_string()).collect();
            format!("{table} {}", key.join(" "))
        };
        writes.map(item).collect()
    }
}

/// The answer to a transaction, of whose writes these conflict with another transaction.
fn cancelled(conflicts: &[bool]) -> AwsAnswer {
    let reasons: Vec<_> = conflicts
        .iter()
        .map(|is_conflict| match is_conflict {
            true => json!({ "Code": "TransactionConflict", "Message": "as on AWS" }),
            false => json!({ "Code": "None" }),
        })
        .collect();
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "message": "as on AWS",
        "CancellationReasons": reasons,
    });
    AwsAnswer {
        status: 400,
        body: body.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Key;

    fn key(name: &str) -> Key {
        Key {
            name: name.to_owned(),
            kind: "S".to_owned(),
        }
    }

    fn seat(number: u32) -> Value {
        json!({ "Put": {
            "TableName": "Seats",
            "Item": { "block": { "S": "A" }, "seat": { "N": number.to_string() }, "status": { "S": "HELD" } },
        } })
    }

    fn transaction(writes: &[Value]) -> Vec<u8> {
        json!({ "TransactItems": writes }).to_string().into_bytes()
    }

    #[test]
    fn transactions_with_a_common_item_conflict_while_both_are_under_way() {
        let traffic = Arc::new(Traffic::of(&[TablePlan {
            name: "Seats".to_owned(),
            partition_key: key("block"),
            sort_key: Some(key("seat")),
            ttl: None,
            has_stream: false,
        }]));
        let pass = |writes: &[Value]| traffic.pass(TRANSACTION, &transaction(writes));
        assert!(pass(&[seat(1)]).is_none(), "there is no traffic");
        traffic.turn_on(Pace {
            transaction: 10..=25,
            other: 5..=5,
            seed: 1,
        });
        let conflicts = |passage: &Option<Passage>| {
            let passage = passage.as_ref().expect("traffic");
            assert!((10..=25).contains(&passage.takes.as_millis()));
            let answer = passage.conflict.as_ref()?;
            let answer: Value = serde_json::from_str(&answer.body).expect("JSON");
            Some(answer["CancellationReasons"][1]["Code"].clone())
        };
        let first = pass(&[seat(1), seat(2)]);
        assert_eq!(conflicts(&first), None);
        assert_eq!(
            conflicts(&pass(&[seat(3), seat(2)])),
            Some(json!("TransactionConflict"))
        );
        assert_eq!(conflicts(&pass(&[seat(3), seat(4)])), None);
        drop(first);
        assert_eq!(conflicts(&pass(&[seat(3), seat(2)])), None);
        let update = json!({ "Update": {
            "TableName": "Seats", "Key": { "block": { "S": "A" }, "seat": { "N": "7" } },
        } });
        let updating = pass(&[update]);
        assert_eq!(
            conflicts(&pass(&[seat(8), seat(7)])),
            Some(json!("TransactionConflict"))
        );
        drop(updating);
        let counts = traffic.turn_off();
        assert_eq!((counts.calls[TRANSACTION], counts.conflicts), (6, 2));
    }
}
