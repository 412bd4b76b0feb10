//! Delivers the records of tables' streams to functions, as Lambda's event source mappings do.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::function::{Function, FunctionError};
use crate::{
    Problem,
    aws::{
        engine::Database,
        queue::Queues,
        streams::{self, Record},
    },
    calls::faults::{DELIVERY, Fault},
    template::StreamPlan,
};

/// The longest wait between two attempts of a batch.
const MAX_WAIT: Duration = Duration::from_mins(1);

/// A function that gets the records of a table's stream.
pub struct StreamSubscription {
    function: Arc<Function>,
    plan: StreamPlan,
    database: Database,
    /// The ARN of the stream, as the function gets it.
    arn: String,
    state: Mutex<State>,
}

/// How far the function is.
struct State {
    /// The place of the last record that it has, or does not want.
    position: i64,
    /// The writes of the database after which nothing was left to read.
    seen: u64,
    /// Whether it has a batch at this moment.
    is_busy: bool,
    /// The failure of the next records, if they have failed.
    failure: Option<Failure>,
}

/// The failure of a batch.
#[derive(Clone, Copy)]
struct Failure {
    /// How many times in a row.
    times: u32,
    /// When it is tried again.
    again: Timestamp,
    /// How many records are tried at once.
    at_once: usize,
}

/// Records that a function gets together.
pub struct Batch {
    records: Vec<Record>,
    /// The place after which the next batch begins if this one succeeds.
    end: i64,
    /// The writes of the database after which nothing is left then, if it is the last batch.
    seen: Option<u64>,
}

/// What became of a batch.
enum Outcome {
    /// All of it is done.
    Done,
    /// All before this record is done.
    DoneBefore(usize),
    /// Nothing is known to be done.
    Failed,
}

impl StreamSubscription {
    /// A subscription that goes on where the function was.
    pub fn new(
        function: Arc<Function>,
        plan: StreamPlan,
        database: Database,
        region: &str,
        account: &str,
    ) -> Result<Self, Problem> {
        let position = streams::position(&database, &plan.function, &plan.table)?;
        let (table, label) = (&plan.table, streams::LABEL);
        Ok(Self {
            arn: format!("arn:aws:dynamodb:{region}:{account}:table/{table}/stream/{label}"),
            function,
            plan,
            database,
            state: Mutex::new(State {
                position,
                seen: 0,
                is_busy: false,
                failure: None,
            }),
        })
    }

    /// The queue that is told of what is given up.
    pub fn on_failure(&self) -> Option<&str> {
        self.plan.on_failure.as_deref()
    }

    /// When there may be something to deliver of the first `written` writes of the database. `None` if
    /// there is nothing, or if the function has a batch.
    pub fn next_due(&self, written: u64) -> Option<Timestamp> {
        let state = self.state.lock();
        if state.is_busy {
            return None;
        }
        match state.failure {
            Some(failure) => Some(failure.again),
            None => (state.seen < written.min(self.writes())).then_some(Timestamp::MIN),
        }
    }

    /// How many writes the database has had.
    pub fn writes(&self) -> u64 {
        let writes = self.database.writes();
        writes.map_or(0, |writes| writes.count())
    }

    /// The next batch, if there is one and its time has come. The function has it from then on.
    pub fn take_due(&self, written: u64, now: Timestamp) -> Option<Batch> {
        if self.next_due(written).is_none_or(|due| due > now) {
            return None;
        }
        let mut state = self.state.lock();
        if state.is_busy {
            return None;
        }
        let batch = self.next_batch(&mut state).unwrap_or_else(|problem| {
            tracing::error!(table = self.plan.table, "{problem}");
            state.seen = self.writes();
            None
        });
        state.is_busy = batch.is_some();
        batch
    }

    /// The next records that the function wants. The position moves on over the others.
    fn next_batch(&self, state: &mut State) -> Result<Option<Batch>, Problem> {
        let at_once = state.failure.map_or(self.plan.batch_size, |f| f.at_once);
        loop {
            // Read before the records: what is written meanwhile is seen the next time.
            let writes = self.writes();
            let (table, position) = (&self.plan.table, state.position);
            let found = streams::records_after(&self.database, table, position, at_once)?;
            let is_last = found.len() < at_once;
            let end = found.last().map_or(position, |record| record.place);
            let wanted = |record: &Record| is_change(&record.json) && self.plan.wants(&record.json);
            let records: Vec<_> = found.into_iter().filter(wanted).collect();
            if !records.is_empty() {
                let seen = is_last.then_some(writes);
                return Ok(Some(Batch { records, end, seen }));
            }
            state.position = end;
            state.failure = None;
            if is_last {
                state.seen = writes;
                return Ok(None);
            }
        }
    }

    /// Gives a batch to the function, and notes how far it is then.
    pub async fn deliver(&self, batch: Batch, now: Timestamp, queues: &Queues) {
        let event = self.event(&batch);
        let faults = &self.function.faults;
        if faults.next(&self.function.name, DELIVERY, b"") == Some(Fault::Doubled) {
            let first = self.function.take_records(event.clone()).await;
            self.log(&first);
        }
        let answer = self.function.take_records(event).await;
        self.log(&answer);
        let outcome = match answer {
            _ if faults.acknowledges_records() => Outcome::Done,
            Ok(answer) if self.plan.reports_failures => outcome(&batch, &answer),
            Ok(_) => Outcome::Done,
            Err(_) => Outcome::Failed,
        };
        let mut state = self.state.lock();
        state.is_busy = false;
        match outcome {
            Outcome::Done => {
                state.seen = batch.seen.unwrap_or(state.seen);
                self.move_on(&mut state, batch.end);
            }
            Outcome::DoneBefore(first) => {
                if let Some(last_done) = first.checked_sub(1) {
                    self.move_on(&mut state, batch.records[last_done].place);
                }
                let again = self.plan.batch_size;
                self.fail(&mut state, &batch, first, again, (now, queues));
            }
            Outcome::Failed => {
                let all = batch.records.len();
                let again = if self.plan.bisects {
                    all.div_ceil(2)
                } else {
                    all
                };
                self.fail(&mut state, &batch, 0, again, (now, queues));
            }
        }
    }

    fn log(&self, answer: &Result<Json, FunctionError>) {
        if let Err(failure) = answer {
            let (function, table) = (&self.function.name, &self.plan.table);
            tracing::error!(function, table, "a batch of records failed: {failure}");
        }
    }

    fn event(&self, batch: &Batch) -> Json {
        let records = batch.records.iter().map(|record| {
            let mut record = record.json.clone();
            record["eventSourceARN"] = json!(self.arn);
            record["awsRegion"] = json!(self.arn.split(':').nth(3));
            record
        });
        json!({ "Records": records.collect::<Vec<_>>() })
    }

    /// Moves the position on.
    fn move_on(&self, state: &mut State, position: i64) {
        state.position = position;
        state.failure = None;
        let StreamPlan {
            function, table, ..
        } = &self.plan;
        if let Err(problem) = streams::keep_position(&self.database, function, table, position) {
            tracing::error!("{problem}");
        }
    }

    /// Notes that the records of a batch from this one on have failed. After 1, 2, 4 … seconds they
    /// are tried again, this many at once. What may not be tried again is given up.
    fn fail(
        &self,
        state: &mut State,
        batch: &Batch,
        first: usize,
        at_once: usize,
        (now, queues): (Timestamp, &Queues),
    ) {
        let failed = &batch.records[first..];
        let times = state.failure.map_or(0, |failure| failure.times) + 1;
        let is_over = self.plan.max_retries.is_some_and(|max| times > max)
            || self
                .plan
                .max_age
                .is_some_and(|max| age(&failed[0], now) > max);
        if is_over {
            self.give_up(failed, times, now, queues);
            self.move_on(state, batch.end);
            return;
        }
        let wait = Duration::from_secs(1 << (times - 1).min(6)).min(MAX_WAIT);
        state.failure = Some(Failure {
            times,
            again: now.checked_add(wait).unwrap_or(Timestamp::MAX),
            at_once,
        });
    }

    /// Tells the queue for failures of records that the function will not get.
    fn give_up(&self, records: &[Record], times: u32, now: Timestamp, queues: &Queues) {
        let (function, table) = (&self.function.name, &self.plan.table);
        tracing::error!(
            function,
            table,
            "{} records were tried {times} times and are given up",
            records.len()
        );
        let Some(queue) = &self.plan.on_failure else {
            return;
        };
        let number = |record: Option<&Record>| {
            record.map(|record| record.json["dynamodb"]["SequenceNumber"].clone())
        };
        // As Lambda writes it: what the records are is not in it.
        let message = json!({
            "requestContext": {
                "requestId": Uuid::new_v4(),
                "functionArn": format!("arn:aws:lambda:local:000000000000:function:{function}"),
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": times,
            },
            "version": "1.0",
            "timestamp": now,
            "DDBStreamBatchInfo": {
                "streamArn": self.arn,
                "startSequenceNumber": number(records.first()),
                "endSequenceNumber": number(records.last()),
                "batchSize": records.len(),
            },
        });
        queues.send(
            queue,
            Uuid::new_v4().to_string(),
            message.to_string(),
            None,
            now,
        );
    }
}

/// Whether a record is of a write that changed something. AWS has none of others; the engine does.
fn is_change(record: &Json) -> bool {
    let image = |name| record["dynamodb"].get(name).map(in_order);
    image("NewImage") != image("OldImage")
}

/// A value with its sets in order, because a set has none.
fn in_order(value: &Json) -> Json {
    let Json::Object(fields) = value else {
        return value.clone();
    };
    let ordered = fields.iter().map(|(name, value)| {
        let value = match (name.as_str(), value) {
            ("SS" | "NS" | "BS", Json::Array(set)) => {
                let mut set = set.clone();
                set.sort_by_key(Json::to_string);
                Json::Array(set)
            }
            ("L", Json::Array(list)) => list.iter().map(in_order).collect(),
            _ => in_order(value),
        };
        (name.clone(), value)
    });
    Json::Object(ordered.collect())
}

/// What a function's answer says of a batch, as Lambda reads it: a failure without a number, or with
/// one that is not in the batch, is one of the whole batch.
fn outcome(batch: &Batch, answer: &Json) -> Outcome {
    let failures = match &answer["batchItemFailures"] {
        Json::Array(failures) => failures.as_slice(),
        _ => &[],
    };
    let mut first = None;
    for failure in failures {
        let number = &failure["itemIdentifier"];
        let index = batch.records.iter().position(|record| {
            number.is_string() && record.json["dynamodb"]["SequenceNumber"] == *number
        });
        let Some(index) = index else {
            return Outcome::Failed;
        };
        first = Some(first.map_or(index, |first: usize| first.min(index)));
    }
    first.map_or(Outcome::Done, Outcome::DoneBefore)
}

/// How old a record is.
fn age(record: &Record, now: Timestamp) -> Duration {
    let second = record.json["dynamodb"]["ApproximateCreationDateTime"].as_f64();
    let written = SignedDuration::try_from_secs_f64(second.unwrap_or_default());
    let age = SignedDuration::from_millis(now.as_millisecond()) - written.unwrap_or_default();
    Duration::try_from(age).unwrap_or_default()
}
