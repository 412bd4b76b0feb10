//! EventBridge's JSON protocol, as far as the functions use it, and the events that the buses took.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use jiff::Timestamp;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use shared::clock::Clock;
use tokio::sync::watch;
use uuid::Uuid;

use super::engine::{AwsAnswer, Database};
use crate::{Problem, time::clock::StackClock};

/// The prefix of the header `x-amz-target` of an EventBridge request.
pub const TARGET: &str = "AWSEvents.";

/// How many events a stack keeps.
pub const KEPT: usize = 10_000;

/// How many events a request may have.
const MAX_ENTRIES: usize = 10;

/// How many bytes the events of a request may have together.
const MAX_BYTES: usize = 256 * 1024;

/// Which entries of a request the bus refuses, by their index.
pub type Refusals = fn(usize) -> bool;

/// All entries are taken.
pub const NONE: Refusals = |_| false;

/// The buses of a stack.
pub struct Buses {
    names: BTreeSet<String>,
    region: String,
    account: String,
    clock: Arc<StackClock>,
    kept: Mutex<VecDeque<Arc<BusEvent>>>,
    /// The number of the latest event.
    latest: watch::Sender<u64>,
    /// Where the events are kept beyond the end of the stack.
    file: Option<Database>,
}

/// An event that a bus took.
#[derive(Debug, Clone, PartialEq)]
pub struct BusEvent {
    /// Its number, counted from 1.
    pub number: u64,
    /// Its kind.
    pub detail_type: String,
    /// The whole event, as EventBridge gives it to the targets of a rule.
    pub json: Json,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Entry {
    time: Option<f64>,
    source: Option<String>,
    resources: Vec<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    event_bus_name: Option<String>,
}

impl Buses {
    /// Buses in one region of one account. With a file, they have the events that are kept there, and
    /// keep theirs there too: a bus of EventBridge loses nothing that it has taken.
    pub fn new(
        names: &[String],
        (region, account): (&str, &str),
        clock: Arc<StackClock>,
        file: Option<Database>,
    ) -> Result<Self, Problem> {
        let kept = file.as_ref().map(read_kept).transpose()?;
        let kept = kept.unwrap_or_default();
        Ok(Self {
            names: names.iter().cloned().collect(),
            region: region.to_owned(),
            account: account.to_owned(),
            clock,
            latest: watch::Sender::new(kept.back().map_or(0, |event| event.number)),
            kept: Mutex::new(kept),
            file,
        })
    }

    /// Answers a request.
    pub fn call(&self, action: &str, body: &[u8], refused: Refusals) -> AwsAnswer {
        if action != "PutEvents" {
            let what = format!("the local stack does not know {action}");
            return error("UnknownOperationException", &what);
        }
        match serde_json::from_slice(body) {
            Ok(request) => self.put(request, refused),
            Err(why) => error("SerializationException", &why.to_string()),
        }
    }

    fn put(&self, request: PutEvents, refused: Refusals) -> AwsAnswer {
        let entries = request.entries;
        if !(1..=MAX_ENTRIES).contains(&entries.len()) {
            return error(
                "ValidationException",
                "1 validation error detected: Value at 'entries' failed to satisfy constraint: \
                 Member must have length from 1 to 10",
            );
        }
        if entries.iter().map(Entry::bytes).sum::<usize>() > MAX_BYTES {
            let why = "Total size of the entries in the request is over the limit.";
            return error("ValidationException", why);
        }
        // AWS takes an event for a bus that does not exist, and drops it. Here the mistake is told.
        let mut buses = entries.iter().map(Entry::bus);
        if let Some(unknown) = buses.find(|bus| !self.names.contains(*bus)) {
            let why = format!("Event bus {unknown} does not exist.");
            return error("ResourceNotFoundException", &why);
        }
        let results: Vec<_> = entries
            .into_iter()
            .enumerate()
            .map(|(index, entry)| {
                if refused(index) {
                    return Err(("InternalFailure", "as a test wants it"));
                }
                self.take(entry)
            })
            .collect();
        let failed = results.iter().filter(|result| result.is_err()).count();
        let entries = results.into_iter().map(|result| match result {
            Ok(id) => json!({ "EventId": id }),
            Err((code, message)) => json!({ "ErrorCode": code, "ErrorMessage": message }),
        });
        let answer = json!({
            "FailedEntryCount": failed,
            "Entries": entries.collect::<Vec<_>>(),
        });
        AwsAnswer {
            status: 200,
            body: answer.to_string(),
        }
    }

    /// Takes an event. Returns its id, or a code and a message.
    fn take(&self, entry: Entry) -> Result<Uuid, (&'static str, &'static str)> {
        let needed = |value: Option<String>, why| {
            let value = value.filter(|value| !value.is_empty());
            value.ok_or(("InvalidArgument", why))
        };
        let source = needed(
            entry.source,
            "Parameter Source is not valid. Reason: Source is a required argument.",
        )?;
        let detail_type = needed(
            entry.detail_type,
            "Parameter DetailType is not valid. Reason: DetailType is a required argument.",
        )?;
        let detail = needed(
            entry.detail,
            "Parameter Detail is not valid. Reason: Detail is a required argument.",
        )?;
        let detail = serde_json::from_str(&detail).ok().filter(Json::is_object);
        let detail = detail.ok_or(("MalformedDetail", "Detail is malformed."))?;
        let id = Uuid::new_v4();
        // Whole seconds, as EventBridge has them.
        #[expect(clippy::cast_possible_truncation, reason = "a time of day")]
        let second = entry.time.map(|time| time as i64);
        let second = second.unwrap_or_else(|| self.clock.now().as_second());
        let json = json!({
            "version": "0",
            "id": id,
            "detail-type": detail_type,
            "source": source,
            "account": self.account,
            "time": Timestamp::from_second(second).unwrap_or_default(),
            "region": self.region,
            "resources": entry.resources,
            "detail": detail,
        });
        match self.keep(detail_type, json) {
            Ok(()) => Ok(id),
            Err(problem) => {
                tracing::error!("{problem}");
                Err(("InternalFailure", "The event could not be kept."))
            }
        }
    }

    fn keep(&self, detail_type: String, json: Json) -> Result<(), Problem> {
        let mut kept = self.kept.lock();
        let number = *self.latest.borrow() + 1;
        let event = BusEvent {
            number,
            detail_type,
            json,
        };
        if let Some(file) = &self.file {
            write_kept(file, &event)?;
        }
        kept.push_back(Arc::new(event));
        if kept.len() > KEPT {
            kept.pop_front();
        }
        self.latest.send_replace(number);
        Ok(())
    }

    /// The events after a number that are still kept, the oldest first. A number that no event has
    /// had yet is of another stack, and all are returned.
    pub fn after(&self, number: u64) -> Vec<Arc<BusEvent>> {
        let kept = self.kept.lock();
        let first = kept.front().map_or(0, |event| event.number);
        let skipped = if number > *self.latest.borrow() {
            0
        } else {
            usize::try_from((number + 1).saturating_sub(first)).unwrap_or(usize::MAX)
        };
        kept.iter().skip(skipped).cloned().collect()
    }

    /// The number of the latest event, which changes with each.
    pub fn latest(&self) -> watch::Receiver<u64> {
        self.latest.subscribe()
    }
}

impl Entry {
    /// Its size, as EventBridge counts it.
    fn bytes(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let time = self.time.map_or(0, |_| 14);
        let resources: usize = self.resources.iter().map(String::len).sum();
        time + text(&self.source) + text(&self.detail_type) + text(&self.detail) + resources
    }

    /// The name of its bus.
    fn bus(&self) -> &str {
        let name = self.event_bus_name.as_deref().unwrap_or("default");
        bus_name(name)
    }
}

/// The events that a file keeps, the oldest first.
fn read_kept(file: &Database) -> Result<VecDeque<Arc<BusEvent>>, Problem> {
    let storage = file.storage();
    let read = "SELECT number, event FROM _stack_events ORDER BY number";
    let mut read = storage.conn().prepare(read).map_err(|e| failed(&e))?;
    let rows = read.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let events = rows.map_err(|error| failed(&error))?.map(|row| {
        let (number, text): (i64, String) = row.map_err(|error| failed(&error))?;
        let json: Json = serde_json::from_str(&text).map_err(|error| failed(&error))?;
        Ok(Arc::new(BusEvent {
            number: u64::try_from(number).unwrap_or_default(),
            detail_type: json["detail-type"].as_str().unwrap_or_default().to_owned(),
            json,
        }))
    });
    events.collect()
}

/// Writes an event into a file, which keeps as many as the memory does.
fn write_kept(file: &Database, event: &BusEvent) -> Result<(), Problem> {
    let number = i64::try_from(event.number).unwrap_or(i64::MAX);
    let oldest = number.saturating_sub(i64::try_from(KEPT).unwrap_or(i64::MAX));
    let storage = file.storage();
    let write = "INSERT INTO _stack_events (number, event) VALUES (?1, ?2)";
    let written = storage.conn().prepare_cached(write);
    written
        .and_then(|mut write| write.execute((number, event.json.to_string())))
        .map_err(|error| failed(&error))?;
    let forget = "DELETE FROM _stack_events WHERE number <= ?1";
    let forgotten = storage.conn().prepare_cached(forget);
    let forgotten = forgotten.and_then(|mut forget| forget.execute([oldest]));
    forgotten.map(drop).map_err(|error| failed(&error))
}

fn failed(why: &dyn std::fmt::Display) -> Problem {
    Problem::failure(format!("the events cannot be kept: {why}"))
}

/// The name of a bus that is named, or given by its ARN.
pub fn bus_name(bus: &str) -> &str {
    let name = bus.rsplit(':').next().unwrap_or_default();
    name.strip_prefix("event-bus/").unwrap_or(name)
}

fn error(kind: &str, message: &str) -> AwsAnswer {
    AwsAnswer {
        status: 400,
        body: json!({"__type": kind, "message": message}).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Notify;

    use super::*;
    use crate::time::clock::Pace;

    fn buses() -> Buses {
        let clock = StackClock::frozen_at(
            Timestamp::UNIX_EPOCH,
            Pace::Machine,
            Arc::new(Notify::new()),
        );
        let names = ["Bus".to_owned()];
        Buses::new(&names, ("local", "0"), Arc::new(clock), None).expect("buses")
    }

    fn entry(detail: &str) -> Json {
        json!({
            "EventBusName": "Bus", "Source": "onsale", "DetailType": "order.paid.v1",
            "Detail": detail, "Time": 60.0,
        })
    }

    fn put(buses: &Buses, entries: &Json, refused: Refusals) -> (u16, Json) {
        let body = json!({ "Entries": entries }).to_string();
        let answer = buses.call("PutEvents", body.as_bytes(), refused);
        (
            answer.status,
            serde_json::from_str(&answer.body).expect("JSON"),
        )
    }

    #[test]
    fn event_is_kept_as_a_target_gets_it() {
        let buses = buses();
        let (status, answer) = put(&buses, &json!([entry(r#"{"id": "a"}"#)]), NONE);
        assert_eq!((status, &answer["FailedEntryCount"]), (200, &json!(0)));
        let [event] = &buses.after(0)[..] else {
            panic!("one event");
        };
        assert_eq!((event.number, &*event.detail_type), (1, "order.paid.v1"));
        assert_eq!(event.json["id"], answer["Entries"][0]["EventId"]);
        assert_eq!(event.json["time"], "1970-01-01T00:01:00Z");
        assert_eq!(event.json["detail"], json!({ "id": "a" }));
    }

    #[test]
    fn wrong_entry_fails_alone() {
        let buses = buses();
        let without_source = json!({ "EventBusName": "Bus", "DetailType": "a", "Detail": "{}" });
        let entries = json!([entry("{}"), without_source, entry("[]"), entry("{")]);
        let (status, answer) = put(&buses, &entries, NONE);
        assert_eq!((status, &answer["FailedEntryCount"]), (200, &json!(3)));
        let codes = answer["Entries"].as_array().expect("entries").iter();
        let codes: Vec<_> = codes.map(|entry| entry["ErrorCode"].as_str()).collect();
        let malformed = Some("MalformedDetail");
        assert_eq!(codes, [None, Some("InvalidArgument"), malformed, malformed]);
        assert_eq!(buses.after(0).len(), 1);
    }

    #[test]
    fn wrong_request_fails_as_a_whole() {
        let buses = buses();
        let other =
            json!({ "EventBusName": "Other", "Source": "a", "DetailType": "a", "Detail": "{}" });
        let large = format!("{{\"a\": \"{}\"}}", "x".repeat(MAX_BYTES));
        for (entries, kind) in [
            (json!([]), "ValidationException"),
            (json!(vec![entry("{}"); 11]), "ValidationException"),
            (json!([entry(&large)]), "ValidationException"),
            (json!([entry("{}"), other]), "ResourceNotFoundException"),
            (json!({}), "SerializationException"),
        ] {
            let (status, answer) = put(&buses, &entries, NONE);
            assert_eq!((status, &answer["__type"]), (400, &json!(kind)), "{answer}");
        }
        assert_eq!(buses.call("PutRule", b"{}", NONE).status, 400);
        assert!(buses.after(0).is_empty());
    }

    #[test]
    fn refused_entries_are_not_kept() {
        let buses = buses();
        let entries = json!([
            entry(r#"{"n": 0}"#),
            entry(r#"{"n": 1}"#),
            entry(r#"{"n": 2}"#)
        ]);
        let (_, answer) = put(&buses, &entries, |index| index % 2 == 0);
        assert_eq!(answer["FailedEntryCount"], 2);
        let kept: Vec<_> = buses
            .after(0)
            .iter()
            .map(|e| e.json["detail"]["n"].clone())
            .collect();
        assert_eq!(kept, [1]);
    }

    #[test]
    fn latest_events_are_kept_and_found_by_number() {
        let buses = buses();
        for _ in 0..KEPT + 5 {
            buses.keep("a".to_owned(), json!({})).expect("kept");
        }
        let numbers = |after| {
            let events = buses.after(after);
            let number = |event: Option<&Arc<BusEvent>>| event.map(|event| event.number);
            (number(events.first()), events.len())
        };
        let latest = KEPT as u64 + 5;
        assert_eq!(numbers(0), (Some(6), KEPT));
        assert_eq!(numbers(6), (Some(7), KEPT - 1));
        assert_eq!(numbers(latest - 1), (Some(latest), 1));
        assert_eq!(numbers(latest), (None, 0));
        assert_eq!(numbers(latest + 1), (Some(6), KEPT));
        assert_eq!(*buses.latest().borrow(), latest);
    }
}
