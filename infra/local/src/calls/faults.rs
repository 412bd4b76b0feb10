//! What goes wrong below the functions at times: at AWS, on the way there, and with the machine
//! that a function runs on.
//!
//! A test says which fault befalls which call, or lets faults befall calls at random, from a seed.
//! Each counts itself by its kind.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use serde_json::{Value, json};

use crate::aws::engine::AwsAnswer;

/// So many transactions are remembered by their tokens, far more than AWS sees of a stack of ours
/// in the ten minutes for which it does so.
const MAX_REMEMBERED: usize = 10_000;

/// The only call of the queues.
const SEND: &str = "SendMessage";

/// The only writes that are several.
const TRANSACTION: &str = "TransactWriteItems";

/// Something that goes wrong with a call of the database or of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// Another write is at an item at the same moment.
    Conflict,
    /// DynamoDB is still at it when the same transaction comes again.
    InProgress,
    /// A partition takes no more for the moment (`ProvisionedThroughputExceededException`).
    Throughput,
    /// A table takes no more for the moment (`ThrottlingException`).
    Throttling,
    /// The table is not there (`ResourceNotFoundException`).
    Missing,
    /// Nothing is read of what was asked for, and the answer says so.
    Unprocessed,
    /// One item is read of those that were asked for, and the answer says so.
    Incomplete,
    /// AWS fails: status 500, and nothing is done.
    InternalError,
    /// The answer never comes.
    TimedOut(When),
    /// The answer never comes, and the call takes effect when nobody waits for it any more.
    Straggling,
    /// The connection breaks.
    Reset(When),
    /// The answer takes a second, in which others go on.
    Slow,
    /// It is done, and the answer cannot be read.
    Garbled,
    /// The function's process ends, whatever it is at.
    Killed(When),
    /// The message is delivered twice.
    Doubled,
    /// The message is never delivered.
    Lost,
    /// The message is delivered ten minutes after its time.
    Late,
    /// The message is delivered at once.
    Early,
}

/// On which side of what a call does something goes wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum When {
    /// It has done nothing.
    Before,
    /// It has done all that it was to do.
    After,
}

impl Fault {
    /// Whether it can befall such a call.
    fn befalls(self, operation: &str) -> bool {
        match self {
            Self::Conflict => {
                matches!(
                    operation,
                    TRANSACTION | "PutItem" | "UpdateItem" | "DeleteItem"
                )
            }
            Self::InProgress => operation == TRANSACTION,
            Self::Throughput | Self::Missing => operation != SEND,
            Self::Unprocessed | Self::Incomplete => operation == "BatchGetItem",
            Self::Doubled | Self::Lost | Self::Late | Self::Early => operation == SEND,
            Self::Throttling
            | Self::InternalError
            | Self::TimedOut(_)
            | Self::Straggling
            | Self::Reset(_)
            | Self::Slow
            | Self::Garbled
            | Self::Killed(_) => true,
        }
    }

    /// What AWS answers instead of doing anything, for those faults where it does answer.
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

/// A transaction that was cancelled because of its first item.
fn cancelled(code: &str, body: &[u8]) -> (u16, Value) {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let items = request["TransactItems"].as_array().map_or(1, Vec::len);
    let mut reasons = vec![json!({ "Code": "None" }); items];
    reasons[0] = json!({ "Code": code, "Message": "as a test wants it" });
    let (status, mut answer) = exception(400, "TransactionCanceledException");
    answer["CancellationReasons"] = json!(reasons);
    (status, answer)
}

/// A request for several items, parted into one for the first of them and the others.
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
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    awaited: Vec<Awaited>,
    /// The faults of all calls that name a table, or anything else.
    named: Vec<(String, Fault)>,
    weather: Option<Weather>,
    counts: BTreeMap<Fault, u64>,
    unexplained: Vec<String>,
    tokens: Tokens,
}

/// A fault that befalls the next calls of a kind.
#[derive(Debug)]
struct Awaited {
    function: String,
    operation: String,
    fault: Fault,
    times: u32,
}

/// Faults at random.
#[derive(Debug)]
struct Weather {
    rng: Xoshiro256PlusPlus,
    shares: Vec<(Fault, f64)>,
}

impl Weather {
    fn brings(&mut self, operation: &str) -> Option<Fault> {
        let mut drawn: f64 = self.rng.random();
        for (fault, share) in &self.shares {
            if drawn < *share {
                return fault.befalls(operation).then_some(*fault);
            }
            drawn -= share;
        }
        None
    }
}

/// The tokens of the transactions that took effect, the oldest in front.
#[derive(Debug, Default)]
struct Tokens {
    order: VecDeque<String>,
    known: HashSet<String>,
}

impl Faults {
    /// From now on, so many calls of an operation by a function meet a fault: of `SendMessage`, or
    /// of DynamoDB's operations as its protocol calls them.
    ///
    /// # Panics
    ///
    /// When the fault cannot befall such a call.
    pub fn meet(&self, function: &str, operation: &str, fault: Fault, times: u32) {
        assert!(
            fault.befalls(operation),
            "{fault:?} cannot befall {operation}"
        );
        self.any.store(true, Ordering::SeqCst);
        self.state().awaited.push(Awaited {
            function: function.to_owned(),
            operation: operation.to_owned(),
            fault,
            times,
        });
    }

    /// From now on, every call whose request names this table, id or other text meets a fault, if
    /// it can befall such a call.
    pub fn meet_naming(&self, name: &str, fault: Fault) {
        self.any.store(true, Ordering::SeqCst);
        self.state().named.push((format!("\"{name}\""), fault));
    }

    /// From now on, each call meets each of these faults with its probability, if it can befall
    /// such a call. The seed decides which do, as far as the calls come in the same order.
    pub fn rain(&self, seed: u64, shares: &[(Fault, f64)]) {
        self.any.store(true, Ordering::SeqCst);
        self.state().weather = Some(Weather {
            rng: Xoshiro256PlusPlus::seed_from_u64(seed),
            shares: shares.to_vec(),
        });
    }

    /// From now on, nothing goes wrong any more.
    pub fn end(&self) {
        let mut state = self.state();
        state.awaited.clear();
        state.named.clear();
        state.weather = None;
    }

    /// How often each kind of fault has occurred.
    pub fn counted(&self) -> BTreeMap<Fault, u64> {
        self.state().counts.clone()
    }

    /// The failures of functions, apart from those that are busy, whose calls had met no fault.
    pub fn unexplained(&self) -> Vec<String> {
        self.state().unexplained.clone()
    }

    /// Notes a failure that no fault explains.
    pub(crate) fn note_unexplained(&self, what: String) {
        self.state().unexplained.push(what);
    }

    /// What befalls a call.
    pub(crate) fn befalling(&self, function: &str, operation: &str, body: &[u8]) -> Option<Fault> {
        if !self.any.load(Ordering::Relaxed) {
            return None;
        }
        let mut state = self.state();
        let State {
            awaited,
            named,
            weather,
            ..
        } = &mut *state;
        let is_it = |awaited: &&mut Awaited| {
            awaited.function == function && awaited.operation == operation && awaited.times > 0
        };
        let text = String::from_utf8_lossy(body);
        let is_named = |(name, fault): &&(String, Fault)| {
            text.contains(name.as_str()) && fault.befalls(operation)
        };
        let fault = if let Some(awaited) = awaited.iter_mut().find(is_it) {
            awaited.times -= 1;
            Some(awaited.fault)
        } else if let Some((_, fault)) = named.iter().find(is_named) {
            Some(*fault)
        } else {
            weather
                .as_mut()
                .and_then(|weather| weather.brings(operation))
        }?;
        *state.counts.entry(fault).or_default() += 1;
        Some(fault)
    }

    /// Whether a transaction with this token has taken effect before. The engine is not asked: it
    /// walks through all the tokens that it knows with each transaction.
    pub(crate) fn has_committed(&self, token: &str) -> bool {
        self.state().tokens.known.contains(token)
    }

    /// Remembers that a transaction has taken effect.
    pub(crate) fn remember_committed(&self, token: String) {
        let Tokens { order, known } = &mut self.state().tokens;
        if known.insert(token.clone()) {
            order.push_back(token);
        }
        while order.len() > MAX_REMEMBERED {
            known.remove(&order.pop_front().unwrap_or_default());
        }
    }

    /// The token of a transaction. Where nothing goes wrong, none comes twice, and nobody needs it.
    pub(crate) fn token(&self, body: &[u8]) -> Option<String> {
        if !self.any.load(Ordering::Relaxed) {
            return None;
        }
        let request: Value = serde_json::from_slice(body).ok()?;
        request["ClientRequestToken"].as_str().map(str::to_owned)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_befalls_the_calls_that_it_was_meant_for() {
        let faults = Faults::default();
        assert_eq!(faults.befalling("pay", TRANSACTION, b"{}"), None);
        faults.meet("pay", TRANSACTION, Fault::Conflict, 2);
        assert_eq!(faults.befalling("charge", TRANSACTION, b"{}"), None);
        assert_eq!(faults.befalling("pay", "GetItem", b"{}"), None);
        for _ in 0..2 {
            assert_eq!(
                faults.befalling("pay", TRANSACTION, b"{}"),
                Some(Fault::Conflict)
            );
        }
        assert_eq!(faults.befalling("pay", TRANSACTION, b"{}"), None);
        assert_eq!(faults.counted(), [(Fault::Conflict, 2)].into());
    }

    #[test]
    fn a_fault_befalls_all_calls_that_name_what_it_was_meant_for() {
        let faults = Faults::default();
        faults.meet_naming("Seats", Fault::Throughput);
        let met = |operation, body: &[u8]| faults.befalling("pay", operation, body);
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
    fn a_seed_brings_the_same_faults_again_and_each_as_often_as_it_should() {
        let brought = |seed| {
            let faults = Faults::default();
            faults.rain(seed, &[(Fault::Slow, 0.2), (Fault::InProgress, 0.1)]);
            (0..1_000)
                .map(|_| faults.befalling("pay", "GetItem", b"{}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(brought(1), brought(1));
        assert_ne!(brought(1), brought(2));
        let slow = brought(1).into_iter().flatten().collect::<Vec<_>>();
        assert!((150..250).contains(&slow.len()), "{}", slow.len());
        assert!(slow.iter().all(|fault| *fault == Fault::Slow));
    }

    #[test]
    fn one_item_is_parted_from_the_others() {
        let key = |number: u32| json!({ "id": { "N": number.to_string() } });
        let wanted = |keys: &[u32]| json!({ "Keys": keys.iter().map(|n| key(*n)).collect::<Vec<_>>(), "ConsistentRead": true });
        let parted = |items: Value| {
            let body = json!({ "RequestItems": items, "ReturnConsumedCapacity": "TOTAL" });
            let (first, rest) = first_item(body.to_string().as_bytes()).expect("a request");
            let first: Value = serde_json::from_slice(&first).expect("JSON");
            assert_eq!(first["ReturnConsumedCapacity"], "TOTAL");
            (first["RequestItems"].clone(), rest)
        };
        assert_eq!(
            parted(json!({ "A": wanted(&[1, 2, 3]) })),
            (
                json!({ "A": wanted(&[1]) }),
                json!({ "A": wanted(&[2, 3]) })
            )
        );
        assert_eq!(
            parted(json!({ "A": wanted(&[1]), "B": wanted(&[2]) })),
            (json!({ "A": wanted(&[1]) }), json!({ "B": wanted(&[2]) }))
        );
        assert_eq!(
            parted(json!({ "A": wanted(&[1]) })),
            (json!({ "A": wanted(&[1]) }), json!({}))
        );
    }

    #[test]
    fn a_cancelled_transaction_has_a_reason_for_each_of_its_items() {
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
