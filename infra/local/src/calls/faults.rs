//! What can go wrong with a call: at AWS, on the way there, and on the machine that a function runs
//! on.
//!
//! A test says which calls meet which fault, or lets calls meet faults at random, from a seed.
//! Faults are counted by their kind.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use parking_lot::Mutex;
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use serde_json::{Value, json};

use crate::aws::engine::AwsAnswer;

/// How many transactions are remembered by their tokens. AWS remembers those of ten minutes; a test
/// makes far fewer.
const MAX_REMEMBERED: usize = 10_000;

/// The only call of the queues.
const SEND: &str = "SendMessage";

/// The only call of the buses.
const PUT_EVENTS: &str = "PutEvents";

/// What stands for an operation when records of a stream are delivered.
pub(crate) const DELIVERY: &str = "Delivery";

/// The only operation with several writes.
const TRANSACTION: &str = "TransactWriteItems";

/// How long a delayed call takes.
pub const DELAY: Duration = Duration::from_millis(100);

/// Something that goes wrong with a call to the database, to a queue or to a bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// Another transaction writes to an item at the same moment.
    Conflict,
    /// DynamoDB still executes the same transaction.
    InProgress,
    /// A partition is over its limit for the moment (`ProvisionedThroughputExceededException`).
    Throughput,
    /// A table is over its limit for the moment (`ThrottlingException`).
    Throttling,
    /// The table does not exist (`ResourceNotFoundException`).
    Missing,
    /// No item is read, and all are reported as unprocessed.
    Unprocessed,
    /// One item is read, and the others are reported as unprocessed.
    Incomplete,
    /// AWS answers with status 500, and nothing is done.
    InternalError,
    /// The answer never comes.
    TimedOut(When),
    /// The answer never comes, and the call takes effect after its caller has given it up.
    Straggling,
    /// The connection breaks.
    Reset(When),
    /// The answer takes a second, and other calls go on meanwhile.
    Slow,
    /// The answer takes [`DELAY`], so that the calls that a request waits for can be counted.
    Delayed,
    /// The call takes effect, and its answer cannot be read.
    Garbled,
    /// The function's process ends.
    Killed(When),
    /// The message, or the batch of records, is delivered twice.
    Doubled,
    /// The message is never delivered.
    Lost,
    /// The message is delivered ten minutes after its time.
    Late,
    /// The message is delivered at once.
    Early,
    /// The bus takes every second of the events, and not the first.
    Refused,
}

/// Whether a fault occurs before a call takes effect or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum When {
    /// The call takes no effect.
    Before,
    /// The call takes its whole effect.
    After,
}

impl Fault {
    /// Whether a call of this operation can meet it.
    fn can_meet(self, operation: &str) -> bool {
        if operation == DELIVERY {
            return self == Self::Doubled;
        }
        match self {
            Self::Conflict => {
                matches!(
                    operation,
                    TRANSACTION | "PutItem" | "UpdateItem" | "DeleteItem"
                )
            }
            Self::InProgress => operation == TRANSACTION,
            Self::Throughput | Self::Missing => ![SEND, PUT_EVENTS].contains(&operation),
            Self::Refused => operation == PUT_EVENTS,
            Self::Unprocessed | Self::Incomplete => operation == "BatchGetItem",
            Self::Doubled | Self::Lost | Self::Late | Self::Early => operation == SEND,
            Self::Throttling
            | Self::InternalError
            | Self::TimedOut(_)
            | Self::Straggling
            | Self::Reset(_)
            | Self::Slow
            | Self::Delayed
            | Self::Garbled
            | Self::Killed(_) => true,
        }
    }

    /// What AWS answers instead of executing the request. `None` for faults without such an answer.
    pub fn refusal(self, operation: &str, body: &[u8]) -> Option<AwsAnswer> {
        let (status, answer) = match self {
            Self::Conflict if operation == TRANSACTION => cancelled("TransactionConflict", body),
            Self::Conflict => exception(400, "TransactionConflictException"),
            Self::InProgress => exception(400, "TransactionInProgressException"),
            Self::Throughput => exception(400, "ProvisionedThroughputExceededException"),
            Self::Throttling if operation == TRANSACTION => cancelled("ThrottlingError", body),
            Self::Throttling => exception(400, "ThrottlingException"),
            Self::Missing => exception(400, "ResourceNotFoundException"),
            Self::InternalError => exception(500, "InternalServerError"),
            Self::Unprocessed => {
                let request: Value = serde_json::from_slice(body).unwrap_or_default();
                let keys = &request["RequestItems"];
                (200, json!({ "Responses": {}, "UnprocessedKeys": keys }))
            }
            _ => return None,
        };
        Some(AwsAnswer {
            status,
            body: answer.to_string(),
        })
    }
}

fn exception(status: u16, code: &str) -> (u16, Value) {
    let kind = format!("com.amazonaws.dynamodb.v20120810#{code}");
    (
        status,
        json!({ "__type": kind, "message": "as a test wants it" }),
    )
}

/// The answer to a transaction that was cancelled because of its first item.
fn cancelled(code: &str, body: &[u8]) -> (u16, Value) {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let items = request["TransactItems"].as_array().map_or(1, Vec::len);
    let mut reasons = vec![json!({ "Code": "None" }); items];
    reasons[0] = json!({ "Code": code, "Message": "as a test wants it" });
    let (status, mut answer) = exception(400, "TransactionCanceledException");
    answer["CancellationReasons"] = json!(reasons);
    (status, answer)
}

/// Splits a request for several items: a request for the first of them, and the other keys.
pub(crate) fn first_item(body: &[u8]) -> Option<(Vec<u8>, Value)> {
    let mut request: Value = serde_json::from_slice(body).ok()?;
    let mut rest = request["RequestItems"].clone();
    let (table, wanted) = rest.as_object_mut()?.iter_mut().next()?;
    let table = table.clone();
    let mut first = wanted.clone();
    let keys = wanted["Keys"].as_array_mut()?;
    first["Keys"] = json!([keys.remove(0)]);
    request["RequestItems"] = json!({ &table: first });
    if keys.is_empty() {
        rest.as_object_mut()?.remove(&table);
    }
    Some((serde_json::to_vec(&request).ok()?, rest))
}

/// The faults of a stack.
#[derive(Debug, Default)]
pub struct Faults {
    /// Whether there were ever any.
    any: AtomicBool,
    acknowledges_records: AtomicBool,
    hides_refusals: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    planned: Vec<Planned>,
    /// The faults of all calls whose request contains a text.
    named: Vec<(String, Fault)>,
    random: Option<RandomFaults>,
    counts: BTreeMap<Fault, u64>,
    unexplained: Vec<String>,
    tokens: Tokens,
}

/// A fault that the next calls of an operation by a function meet.
#[derive(Debug)]
struct Planned {
    function: String,
    operation: String,
    fault: Fault,
    times: u32,
}

/// Faults at random.
#[derive(Debug)]
struct RandomFaults {
    rng: Xoshiro256PlusPlus,
    shares: Vec<(Fault, f64)>,
}

impl RandomFaults {
    fn draw(&mut self, operation: &str) -> Option<Fault> {
        let mut drawn: f64 = self.rng.random();
        for (fault, share) in &self.shares {
            if drawn < *share {
                return fault.can_meet(operation).then_some(*fault);
            }
            drawn -= share;
        }
        None
    }
}

/// The tokens of the transactions that took effect, the oldest first.
#[derive(Debug, Default)]
struct Tokens {
    order: VecDeque<String>,
    known: HashSet<String>,
}

impl Faults {
    /// Lets the next calls of an operation by a function meet a fault, this many `times`.
    /// Operations are named as in DynamoDB's protocol; the only one of SQS is `SendMessage`, that of
    /// EventBridge is `PutEvents`, and the delivery of a stream's records is `Delivery`.
    ///
    /// # Panics
    ///
    /// When a call of this operation cannot meet the fault.
    pub fn meet(&self, function: &str, operation: &str, fault: Fault, times: u32) {
        assert!(
            fault.can_meet(operation),
            "{operation} cannot meet {fault:?}"
        );
        self.any.store(true, Ordering::SeqCst);
        self.state.lock().planned.push(Planned {
            function: function.to_owned(),
            operation: operation.to_owned(),
            fault,
            times,
        });
    }

    /// From now on, every call whose request contains `name` as a JSON string meets a fault, if its
    /// operation can: such as all calls for a table.
    pub fn meet_naming(&self, name: &str, fault: Fault) {
        self.any.store(true, Ordering::SeqCst);
        self.state.lock().named.push((format!("\"{name}\""), fault));
    }

    /// From now on, each call meets each of these faults with its probability, if its operation
    /// can. With the same seed, calls in the same order meet the same faults.
    pub fn meet_at_random(&self, seed: u64, shares: &[(Fault, f64)]) {
        self.any.store(true, Ordering::SeqCst);
        self.state.lock().random = Some(RandomFaults {
            rng: Xoshiro256PlusPlus::seed_from_u64(seed),
            shares: shares.to_vec(),
        });
    }

    /// From now on, every batch of records counts as done, whatever its function answers. A test of
    /// deliveries must be seen to fail with such a source.
    pub fn acknowledge_records(&self) {
        self.acknowledges_records.store(true, Ordering::SeqCst);
    }

    /// From now on, no function is told which events a bus has refused. It is then like one that does
    /// not look, and a test of events must be seen to fail with it.
    pub fn hide_refusals(&self) {
        self.hides_refusals.store(true, Ordering::SeqCst);
    }

    /// Whether every batch of records counts as done.
    pub(crate) fn acknowledges_records(&self) -> bool {
        self.acknowledges_records.load(Ordering::Relaxed)
    }

    /// Whether the refusals of buses are hidden.
    pub(crate) fn hides_refusals(&self) -> bool {
        self.hides_refusals.load(Ordering::Relaxed)
    }

    /// From now on, no call meets a fault.
    pub fn end(&self) {
        let mut state = self.state.lock();
        state.planned.clear();
        state.named.clear();
        state.random = None;
    }

    /// How often each kind of fault has occurred.
    pub fn counted(&self) -> BTreeMap<Fault, u64> {
        self.state.lock().counts.clone()
    }

    /// The functions that failed although their calls had met no fault, once for each failure. An
    /// answer of 503 is no failure.
    pub fn unexplained(&self) -> Vec<String> {
        self.state.lock().unexplained.clone()
    }

    /// Notes a failure that no fault explains.
    pub(crate) fn note_unexplained(&self, what: String) {
        self.state.lock().unexplained.push(what);
    }

    /// The fault that a call meets. Counts it.
    pub(crate) fn next(&self, function: &str, operation: &str, body: &[u8]) -> Option<Fault> {
        if !self.any.load(Ordering::Relaxed) {
            return None;
        }
        let mut state = self.state.lock();
        let State {
            planned,
            named,
            random,
            ..
        } = &mut *state;
        let is_it = |planned: &&mut Planned| {
            planned.function == function && planned.operation == operation && planned.times > 0
        };
        let text = String::from_utf8_lossy(body);
        let is_named = |(name, fault): &&(String, Fault)| {
            text.contains(name.as_str()) && fault.can_meet(operation)
        };
        let fault = if let Some(planned) = planned.iter_mut().find(is_it) {
            planned.times -= 1;
            Some(planned.fault)
        } else if let Some((_, fault)) = named.iter().find(is_named) {
            Some(*fault)
        } else {
            random.as_mut().and_then(|random| random.draw(operation))
        }?;
        *state.counts.entry(fault).or_default() += 1;
        Some(fault)
    }

    /// Whether a transaction with this token has taken effect before. The engine could know too,
    /// but it would search all its tokens with each transaction.
    pub(crate) fn has_committed(&self, token: &str) -> bool {
        self.state.lock().tokens.known.contains(token)
    }

    /// Remembers that a transaction has taken effect.
    pub(crate) fn remember_committed(&self, token: String) {
        let Tokens { order, known } = &mut self.state.lock().tokens;
        if known.insert(token.clone()) {
            order.push_back(token);
        }
        while order.len() > MAX_REMEMBERED {
            known.remove(&order.pop_front().unwrap_or_default());
        }
    }

    /// The token of a transaction. `None` as long as there were no faults: then no transaction
    /// comes twice.
    pub(crate) fn token(&self, body: &[u8]) -> Option<String> {
        if !self.any.load(Ordering::Relaxed) {
            return None;
        }
        let request: Value = serde_json::from_slice(body).ok()?;
        request["ClientRequestToken"].as_str().map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_meet_the_fault_that_was_meant_for_them() {
        let faults = Faults::default();
        assert_eq!(faults.next("pay", TRANSACTION, b"{}"), None);
        faults.meet("pay", TRANSACTION, Fault::Conflict, 2);
        assert_eq!(faults.next("charge", TRANSACTION, b"{}"), None);
        assert_eq!(faults.next("pay", "GetItem", b"{}"), None);
        for _ in 0..2 {
            assert_eq!(
                faults.next("pay", TRANSACTION, b"{}"),
                Some(Fault::Conflict)
            );
        }
        assert_eq!(faults.next("pay", TRANSACTION, b"{}"), None);
        assert_eq!(faults.counted(), [(Fault::Conflict, 2)].into());
    }

    #[test]
    fn all_calls_that_name_a_table_meet_its_fault() {
        let faults = Faults::default();
        faults.meet_naming("Seats", Fault::Throughput);
        let met = |operation, body: &[u8]| faults.next("pay", operation, body);
        let seats = br#"{"TableName": "Seats"}"#;
        for operation in ["GetItem", TRANSACTION] {
            assert_eq!(met(operation, seats), Some(Fault::Throughput));
        }
        assert_eq!(met("GetItem", br#"{"TableName": "SeatsLeft"}"#), None);
        assert_eq!(met(SEND, seats), None, "queues have no throughput");
        faults.end();
        assert_eq!(met("GetItem", seats), None);
    }

    #[test]
    fn same_seed_draws_the_same_faults_each_with_its_probability() {
        let drawn = |seed| {
            let faults = Faults::default();
            faults.meet_at_random(seed, &[(Fault::Slow, 0.2), (Fault::InProgress, 0.1)]);
            (0..1_000)
                .map(|_| faults.next("pay", "GetItem", b"{}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
        let slow = drawn(1).into_iter().flatten().collect::<Vec<_>>();
        assert!((150..250).contains(&slow.len()), "{}", slow.len());
        assert!(slow.iter().all(|fault| *fault == Fault::Slow));
    }

    #[test]
    fn first_item_of_a_batch_is_split_from_the_others() {
        let key = |number: u32| json!({ "id": { "N": number.to_string() } });
        let wanted = |keys: &[u32]| json!({ "Keys": keys.iter().map(|n| key(*n)).collect::<Vec<_>>(), "ConsistentRead": true });
        let split = |items: Value| {
            let body = json!({ "RequestItems": items, "ReturnConsumedCapacity": "TOTAL" });
            let (first, rest) = first_item(body.to_string().as_bytes()).expect("a request");
            let first: Value = serde_json::from_slice(&first).expect("JSON");
            assert_eq!(first["ReturnConsumedCapacity"], "TOTAL");
            (first["RequestItems"].clone(), rest)
        };
        assert_eq!(
            split(json!({ "A": wanted(&[1, 2, 3]) })),
            (
                json!({ "A": wanted(&[1]) }),
                json!({ "A": wanted(&[2, 3]) })
            )
        );
        assert_eq!(
            split(json!({ "A": wanted(&[1]), "B": wanted(&[2]) })),
            (json!({ "A": wanted(&[1]) }), json!({ "B": wanted(&[2]) }))
        );
        assert_eq!(
            split(json!({ "A": wanted(&[1]) })),
            (json!({ "A": wanted(&[1]) }), json!({}))
        );
    }

    #[test]
    fn cancelled_transaction_has_a_reason_for_each_of_its_items() {
        let body = br#"{"TransactItems": [{}, {}, {}]}"#;
        let answer = Fault::Conflict.refusal(TRANSACTION, body);
        let answer: Value = serde_json::from_str(&answer.expect("an answer").body).expect("JSON");
        let codes: Vec<_> = answer["CancellationReasons"]
            .as_array()
            .expect("reasons")
            .iter()
            .map(|reason| reason["Code"].as_str().expect("a code"))
            .collect();
        assert_eq!(codes, ["TransactionConflict", "None", "None"]);
    }
}
