//! `publish`: tells other systems what has happened. Lambda invokes it with what was written to four
//! tables (their streams), and it sends the events of that to the bus. No route leads here.
//!
//! A batch of records is sent in its order. If an event is not accepted, the answer names the first
//! record whose events were not all accepted, and Lambda sends that one and all after it again. So no
//! event is lost, and some come twice. A record that cannot be read will never be readable. It is
//! told to the operator (a message in the dead-letter queue, without its images), and does not stop
//! the others.
//!
//! An operator may invoke it to have the events of money made again (`publish/again.rs`).
//!
//! Cost: nothing in DynamoDB, as reading streams is free for Lambda. An instance reads the key of the
//! buyers once: 1 RRU.

mod again;

use serde::Deserialize as _;
use serde_json::Value;
use shared::{
    app::App,
    aws_lambda_events::{
        dynamodb::EventRecord,
        streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
    },
    bus::{EventBus, NotAccepted, Unreadable},
    domain::events::{Event, events},
    error::ApiError,
    jiff::Timestamp,
    store::{StoreError, written},
};

/// Sends the events of a batch of records, or does what an operator wants.
pub async fn handle(app: App, event: Value, deadline: Timestamp) -> Result<Value, ApiError> {
    let bus = app.bus().ok_or_else(|| ApiError::bug("there is no bus"))?;
    match event {
        Value::Object(mut fields) if fields.contains_key("Records") => {
            let records = fields.remove("Records");
            let Some(Value::Array(records)) = records else {
                return Err(ApiError::Internal("Records is a list".into()));
            };
            let failed = deliver(&app, bus, &records).await?;
            serde_json::to_value(answer(failed)).map_err(|error| ApiError::Internal(error.into()))
        }
        command => again::handle(&app, bus, &command, deadline).await,
    }
}

/// Sends the events of records. Returns the sequence number of the first one that must come again.
async fn deliver(app: &App, bus: &EventBus, records: &[Value]) -> Result<Option<String>, ApiError> {
    let buyers = app.buyers().await?;
    let (mut told, mut unreadable) = (Vec::new(), Vec::new());
    // By the position of its record.
    for (index, record) in records.iter().enumerate() {
        match read(record) {
            Ok(Some((written, at))) => {
                let events = events(&written, at, buyers).into_iter();
                told.extend(events.map(|event| (index, event)));
            }
            Ok(None) => {}
            // The error may have a value of the item, which may be a secret.
            Err(_) => {
                tracing::error!(
                    sequence_number = sequence_number(record),
                    "a record cannot be read"
                );
                unreadable.push(index);
            }
        }
    }
    let mut failed = send(bus, told).await;
    // A record after the first failure comes again, and is told to the operator then.
    for index in unreadable {
        if failed.is_some_and(|failed| failed < index) {
            break;
        }
        if let Err(error) = bus.give_up(&known_of(&records[index])).await {
            tracing::error!(%error, "the operator could not be told of a record");
            failed = Some(index);
        }
    }
    let Some(failed) = failed else {
        return Ok(None);
    };
    let failed = sequence_number(&records[failed]);
    // Without a number, Lambda sends the whole batch again.
    Ok(Some(failed.unwrap_or_default().to_owned()))
}

/// Sends events. Returns the position of the record of the first one that was not accepted.
async fn send(bus: &EventBus, told: Vec<(usize, Event)>) -> Option<usize> {
    let (records, events): (Vec<_>, Vec<_>) = told.into_iter().unzip();
    match bus.send(&events).await {
        Ok(()) => {
            tracing::info!(events = events.len(), "events are sent");
            None
        }
        Err(NotAccepted { accepted, why }) => {
            tracing::error!(%why, accepted, events = events.len(), "not all events are sent");
            records.get(accepted).copied()
        }
    }
}

/// Reads a record.
fn read(record: &Value) -> Result<Option<(written::Written, Timestamp)>, StoreError> {
    let record = EventRecord::deserialize(record);
    written::read(record.map_err(|error| StoreError::Unreadable(error.into()))?)
}

fn sequence_number(record: &Value) -> Option<&str> {
    record.pointer("/dynamodb/SequenceNumber")?.as_str()
}

/// What may be told of a record that cannot be read.
fn known_of(record: &Value) -> Unreadable<'_> {
    Unreadable {
        stream: record["eventSourceARN"].as_str(),
        sequence_number: sequence_number(record),
        change: record["eventName"].as_str(),
    }
}

fn answer(failed: Option<String>) -> DynamoDbEventResponse {
    let mut answer = DynamoDbEventResponse::default();
    answer.batch_item_failures = failed
        .map(|sequence_number| {
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = Some(sequence_number);
            failure
        })
        .into_iter()
        .collect();
    answer
}
