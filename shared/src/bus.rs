//! The bus of events: EventBridge, and the queue of what cannot be read. Nothing else knows what
//! events are sent with.

use aws_sdk_eventbridge::{primitives::DateTime, types::PutEventsRequestEntry};
use serde::Serialize;

use crate::{
    config::EventSink,
    domain::events::{Event, SOURCE},
};

/// The most events of one call (EventBridge's limit).
const MAX_ENTRIES: usize = 10;

/// The most bytes of one call. EventBridge has taken 256 KB from the beginning, and takes 1 MB today.
/// Ten of our events have some 10 KB.
const MAX_BYTES: usize = 256 * 1_024;

/// What EventBridge counts of an entry with a time, besides its texts.
const BYTES_OF_TIME: usize = 14;

/// The sender's side of the bus.
#[derive(Debug, Clone)]
pub struct EventBus {
    events: aws_sdk_eventbridge::Client,
    messages: aws_sdk_sqs::Client,
    sink: EventSink,
}

/// Why events were not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// No call has reached the bus, or it has refused the whole call.
    #[error("the events were not sent: {0}")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The bus has refused an event.
    #[error("the bus has refused an event: {0}")]
    Refused(String),
}

/// That not all events were accepted.
#[derive(Debug)]
pub struct NotAccepted {
    /// How many of the events were accepted before the first one that was not.
    pub accepted: usize,
    /// Why that one was not.
    pub why: SendError,
}

/// What an operator is told of a record that cannot be read. It has no image, and no key: both have
/// users' ids. The stream has the record for a day.
#[derive(Debug, Serialize)]
pub struct Unreadable<'a> {
    /// The stream of the record.
    pub stream: Option<&'a str>,
    /// The record in the stream.
    pub sequence_number: Option<&'a str>,
    /// `INSERT`, `MODIFY` or `REMOVE`.
    pub change: Option<&'a str>,
}

impl EventBus {
    /// The bus, through these clients.
    pub fn new(
        events: aws_sdk_eventbridge::Client,
        messages: aws_sdk_sqs::Client,
        sink: EventSink,
    ) -> Self {
        Self {
            events,
            messages,
            sink,
        }
    }

    /// Sends events in their order, as few calls as possible. It ends with the first call of which an
    /// event was not accepted. What was accepted after that event will come again.
    pub async fn send(&self, events: &[Event]) -> Result<(), NotAccepted> {
        let mut accepted = 0;
        let mut entries = Vec::new();
        for event in events {
            entries.push(
                self.entry(event)
                    .map_err(|why| NotAccepted { accepted, why })?,
            );
        }
        for call in calls(entries) {
            let count = call.len();
            self.put(call).await.map_err(|(before, why)| NotAccepted {
                accepted: accepted + before,
                why,
            })?;
            accepted += count;
        }
        Ok(())
    }

    /// Sends the entries of one call. If one was not accepted, how many before the first such were.
    async fn put(&self, entries: Vec<PutEventsRequestEntry>) -> Result<(), (usize, SendError)> {
        let sent = self.events.put_events().set_entries(Some(entries)).send();
        let output = sent
            .await
            .map_err(|error| (0, SendError::Failed(error.into())))?;
        let mut results = output.entries().iter();
        match results.position(|result| result.error_code().is_some()) {
            None if output.failed_entry_count() > 0 => {
                Err((0, SendError::Refused("it does not say which".to_owned())))
            }
            None => Ok(()),
            Some(first) => {
                // The code says what is wrong. The message may repeat the event.
                let code = output.entries()[first].error_code().unwrap_or_default();
                Err((first, SendError::Refused(code.to_owned())))
            }
        }
    }

    fn entry(&self, event: &Event) -> Result<PutEventsRequestEntry, SendError> {
        let detail =
            serde_json::to_string(event).map_err(|error| SendError::Failed(error.into()))?;
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.sink.bus)
            .source(SOURCE)
            .detail_type(event.fact.kind())
            .time(DateTime::from_millis(event.at.0.as_millisecond()))
            .detail(detail);
        Ok(entry.build())
    }

    /// Tells the operator of a record that cannot be read.
    pub async fn give_up(&self, record: &Unreadable<'_>) -> Result<(), SendError> {
        let body =
            serde_json::to_string(record).map_err(|error| SendError::Failed(error.into()))?;
        let message = self.messages.send_message();
        let message = message
            .queue_url(&self.sink.dead_letters_url)
            .message_body(body);
        let sent = message.send().await;
        sent.map(drop)
            .map_err(|error| SendError::Failed(error.into()))
    }
}

/// The entries in their order, divided into calls.
fn calls(entries: Vec<PutEventsRequestEntry>) -> Vec<Vec<PutEventsRequestEntry>> {
    let mut calls: Vec<Vec<PutEventsRequestEntry>> = Vec::new();
    let mut bytes = MAX_BYTES;
    for entry in entries {
        bytes += size(&entry);
        match calls.last_mut() {
            Some(call) if call.len() < MAX_ENTRIES && bytes <= MAX_BYTES => call.push(entry),
            _ => {
                bytes = size(&entry);
                calls.push(vec![entry]);
            }
        }
    }
    calls
}

/// The size of an entry as EventBridge counts it.
fn size(entry: &PutEventsRequestEntry) -> usize {
    let texts = [entry.source(), entry.detail_type(), entry.detail()];
    let texts = texts.into_iter().flatten().map(str::len);
    BYTES_OF_TIME + texts.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_size(bytes: usize) -> PutEventsRequestEntry {
        let detail = "x".repeat(bytes - BYTES_OF_TIME);
        PutEventsRequestEntry::builder().detail(detail).build()
    }

    fn sizes(entries: &[usize]) -> Vec<usize> {
        let entries = entries.iter().map(|bytes| of_size(*bytes)).collect();
        calls(entries).iter().map(Vec::len).collect()
    }

    #[test]
    fn call_has_at_most_ten_events() {
        assert_eq!(sizes(&[]), [0; 0]);
        assert_eq!(sizes(&[500; 10]), [10]);
        assert_eq!(sizes(&[500; 21]), [10, 10, 1]);
    }

    #[test]
    fn call_has_at_most_256_kilobytes() {
        assert_eq!(sizes(&[128 * 1_024; 3]), [2, 1]);
        assert_eq!(sizes(&[128 * 1_024, 128 * 1_024 + 1, 500]), [1, 2]);
        assert_eq!(
            sizes(&[300 * 1_024, 500]),
            [1, 1],
            "the bus decides about that one"
        );
    }
}
