//! Records of the tables' streams, which are delivered to a function that says what it does with
//! each; and the events that the bus takes.

use std::sync::LazyLock;

use parking_lot::Mutex;
use uuid::Uuid;

use super::*;
use crate::{Fault, Storage, Time};

/// How many times the function has got the record of each item.
static TAKEN: LazyLock<Mutex<HashMap<String, u32>>> = LazyLock::new(Mutex::default);

/// The function that gets the records. It does with each what its item says: `report 2` reports it as
/// failed twice, `fail 2` fails twice, and everything else is done.
pub fn take(_: App, event: Json, _: Timestamp) -> Answer<Result<Json, ApiError>> {
    Box::pin(async move {
        let (mut failures, mut fails) = (Vec::new(), false);
        for record in event["Records"].as_array().into_iter().flatten() {
            let image = &record["dynamodb"]["NewImage"];
            let id = image["entry"]["S"].as_str().unwrap_or_default().to_owned();
            let times = {
                let mut taken = TAKEN.lock();
                let times = taken.entry(id).or_default();
                *times += 1;
                *times
            };
            let act = image["act"]["S"].as_str().unwrap_or_default();
            let (act, until) = act.split_once(' ').unwrap_or((act, "0"));
            if times <= until.parse().expect("a number") {
                match act {
                    "report" => failures.push(json!({
                        "itemIdentifier": record["dynamodb"]["SequenceNumber"],
                    })),
                    _ => fails = true,
                }
            }
        }
        if fails {
            return Err(ApiError::bug("as the record wants it"));
        }
        Ok(json!({ "batchItemFailures": failures }))
    })
}

/// Writes items of `Accounts` in one transaction, which say what the function does. Returns what
/// [`taken`] finds them by.
async fn write(stack: &Stack, acts: &[&str]) -> Vec<String> {
    let entries: Vec<_> = acts
        .iter()
        .map(|_| format!("charge#{}", Uuid::new_v4()))
        .collect();
    let items = entries
        .iter()
        .zip(acts)
        .map(|(entry, act)| item(entry, act));
    let mut transaction = stack.database().transact_write_items();
    for item in items {
        let put = shared::aws_sdk_dynamodb::types::Put::builder().table_name("Accounts");
        let put = put.set_item(Some(item)).build().expect("complete");
        let write = shared::aws_sdk_dynamodb::types::TransactWriteItem::builder();
        transaction = transaction.transact_items(write.put(put).build());
    }
    transaction.send().await.expect("written");
    entries
}

fn item(entry: &str, act: &str) -> HashMap<String, AttributeValue> {
    [("user_id", "u"), ("entry", entry), ("act", act)]
        .map(|(name, value)| (name.to_owned(), text(value)))
        .into()
}

async fn put(stack: &Stack, entry: &str, act: &str) {
    let put = stack.database().put_item().table_name("Accounts");
    let put = put.set_item(Some(item(entry, act)));
    put.send().await.expect("written");
}

/// How many times the function has got each, when all that is due now is done.
async fn taken(stack: &Stack, entries: &[String]) -> Vec<u32> {
    stack.advance(Duration::ZERO).await;
    let taken = TAKEN.lock();
    let times = entries.iter().map(|id| taken.get(id).copied());
    times.map(Option::unwrap_or_default).collect()
}

async fn pass(stack: &Stack, milliseconds: u64) {
    stack.advance(Duration::from_millis(milliseconds)).await;
}

#[tokio::test]
async fn record_is_delivered_once_and_at_once() {
    let stack = start(Options::default()).await;
    let written = write(&stack, &["do"]).await;
    assert_eq!(taken(&stack, &written).await, [1]);
    pass(&stack, 3_600_000).await;
    assert_eq!(taken(&stack, &written).await, [1]);
}

/// Without an end to what is delivered, this would never end.
#[tokio::test]
async fn clock_can_be_moved_while_others_write() {
    let stack = Arc::new(start(Options::default()).await);
    let writer = tokio::spawn({
        let stack = Arc::clone(&stack);
        async move {
            loop {
                put(&stack, &format!("charge#{}", Uuid::new_v4()), "do").await;
            }
        }
    });
    let written = write(&stack, &["do"]).await;
    assert_eq!(taken(&stack, &written).await, [1]);
    pass(&stack, 3_600_000).await;
    writer.abort();
}

#[tokio::test]
async fn clock_that_runs_delivers_by_itself() {
    let stack = start(Options {
        time: Time::Running,
        ..Options::default()
    })
    .await;
    let written = write(&stack, &["do"]).await;
    while TAKEN.lock().get(&written[0]).is_none() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn records_that_fit_no_filter_or_change_nothing_are_left_out() {
    let stack = start(Options::default()).await;
    let entries = ["charge#", "lost#"].map(|kind| format!("{kind}{}", Uuid::new_v4()));
    for entry in &entries {
        for act in ["do", "do", "do 0"] {
            put(&stack, entry, act).await;
        }
    }
    assert_eq!(taken(&stack, &entries).await, [2, 0]);
}

#[tokio::test]
async fn record_that_is_reported_comes_again_with_those_after_it() {
    let stack = start(Options::default()).await;
    let written = write(&stack, &["do", "report 3", "do"]).await;
    assert_eq!(taken(&stack, &written).await, [1, 1, 1]);
    for (milliseconds, times) in [(999, 1), (1, 2), (1_999, 2), (1, 3), (3_999, 3), (1, 4)] {
        pass(&stack, milliseconds).await;
        assert_eq!(taken(&stack, &written).await, [1, times, times]);
    }
    let later = write(&stack, &["do"]).await;
    pass(&stack, 3_600_000).await;
    assert_eq!(taken(&stack, &written).await, [1, 4, 4]);
    assert_eq!(taken(&stack, &later).await, [1]);
}

#[tokio::test]
async fn batch_that_fails_is_halved() {
    let stack = start(Options::default()).await;
    let written = write(&stack, &["do", "do", "fail 1", "do"]).await;
    assert_eq!(taken(&stack, &written).await, [1, 1, 1, 1]);
    pass(&stack, 1_000).await;
    assert_eq!(taken(&stack, &written).await, [2, 2, 2, 2]);
    let written = write(&stack, &["do", "do", "do", "fail 2"]).await;
    pass(&stack, 1_000).await;
    assert_eq!(
        taken(&stack, &written).await,
        [2, 2, 2, 2],
        "the first half is done"
    );
    pass(&stack, 1_000).await;
    assert_eq!(taken(&stack, &written).await, [2, 2, 3, 3]);
    assert_eq!(stack.faults().unexplained(), ["publish"; 3]);
}

#[tokio::test]
async fn records_that_fail_for_too_long_are_given_up() {
    let stack = start(Options::default()).await;
    let written = write(&stack, &["report 100000", "do"]).await;
    pass(&stack, 82_800_000).await;
    assert!(stack.dead_letters().is_empty());
    pass(&stack, 60_000).await;
    let [message] = &stack.dead_letters()[..] else {
        panic!("one message: {:?}", stack.dead_letters());
    };
    let message: Json = serde_json::from_str(&message.body).expect("JSON");
    let batch = &message["DDBStreamBatchInfo"];
    assert_eq!(batch["batchSize"], 2);
    assert!(batch["startSequenceNumber"].is_string(), "{message}");
    assert!(!message.to_string().contains(&written[0]), "no image");
    let times = taken(&stack, &written).await;
    let later = write(&stack, &["do"]).await;
    assert_eq!(taken(&stack, &later).await, [1], "it goes on");
    assert_eq!(taken(&stack, &written).await, times);
}

#[tokio::test]
async fn batch_comes_twice_if_a_test_wants_it() {
    let stack = start(Options::default()).await;
    stack
        .faults()
        .meet("publish", "Delivery", Fault::Doubled, 1);
    let written = write(&stack, &["do"]).await;
    assert_eq!(taken(&stack, &written).await, [2]);
    let later = write(&stack, &["do"]).await;
    assert_eq!(taken(&stack, &later).await, [1]);
}

#[tokio::test]
async fn restarted_stack_goes_on_where_it_was() {
    let file = std::env::temp_dir().join(format!("onsale-{}.db", Uuid::new_v4()));
    let options = || Options {
        database: Storage::File(file.clone()),
        ..Options::default()
    };
    let stack = start(options()).await;
    let written = write(&stack, &["do", "report 1", "do"]).await;
    assert_eq!(taken(&stack, &written).await, [1, 1, 1]);
    stack.stop().await;
    let stack = start(options()).await;
    assert_eq!(taken(&stack, &written).await, [1, 2, 2]);
    stack.stop().await;
    let stack = start(options()).await;
    assert_eq!(taken(&stack, &written).await, [1, 2, 2]);
    assert_eq!(stack.events_after(0).len(), 0);
    let later = write(&stack, &["do"]).await;
    assert_eq!(taken(&stack, &later).await, [1]);
    stack.stop().await;
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", file.display()));
    }
}

#[tokio::test]
async fn restarted_stack_has_the_events_of_its_file() {
    let file = std::env::temp_dir().join(format!("onsale-{}.db", Uuid::new_v4()));
    let options = || Options {
        database: Storage::File(file.clone()),
        ..Options::default()
    };
    for (kind, number) in [("a.one.v1", 1), ("a.two.v1", 2)] {
        let stack = start(options()).await;
        send_event(&stack, kind).await;
        let events = stack.events_after(0);
        let last = events.last().expect("an event");
        assert_eq!((last.number, &*last.detail_type), (number, kind));
        assert_eq!((events[0].number, events.len() as u64), (1, number));
        stack.stop().await;
    }
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", file.display()));
    }
}

#[tokio::test]
async fn stack_without_events_has_no_streams() {
    let stack = start(Options {
        parameters: vec![("Events".to_owned(), "false".to_owned())],
        ..Options::default()
    })
    .await;
    let written = write(&stack, &["do"]).await;
    assert_eq!(taken(&stack, &written).await, [0]);
}

/// Sends an event of this type to the bus.
async fn send_event(stack: &Stack, kind: &str) -> Json {
    let entry = json!({
        "EventBusName": "EventBus", "Source": "test", "DetailType": kind, "Detail": "{\"n\": 1}",
    });
    let put = "POST / HTTP/1.1\r\nx-amz-target: AWSEvents.PutEvents";
    said(stack, put, &json!({ "Entries": [entry] }).to_string()).await
}

/// A reader of `/_local/events`.
struct Reader {
    connection: TcpStream,
    read: String,
}

impl Reader {
    async fn open(stack: &Stack, query: &str, headers: &str) -> Self {
        let mut connection = TcpStream::connect(stack.address).await.expect("it listens");
        let request = format!("GET /_local/events{query} HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
        connection
            .write_all(request.as_bytes())
            .await
            .expect("sent");
        let mut reader = Self {
            connection,
            read: String::new(),
        };
        let head = reader.read_until("\r\n\r\n").await;
        assert!(head.contains("text/event-stream"), "{head}");
        reader
    }

    /// Reads until this was read. Returns what was read before it.
    async fn read_until(&mut self, end: &str) -> String {
        let mut bytes = [0; 4_096];
        while !self.read.contains(end) {
            let count = self.connection.read(&mut bytes).await.expect("read");
            assert!(count > 0, "it ended: {}", self.read);
            self.read += std::str::from_utf8(&bytes[..count]).expect("UTF-8");
        }
        let (before, rest) = self.read.split_once(end).expect("read");
        let (before, rest) = (before.to_owned(), rest.to_owned());
        self.read = rest;
        before
    }

    /// The id and the type of the next event.
    async fn next(&mut self) -> (String, String) {
        self.read_until("id: ").await;
        let id = self.read_until("\n").await;
        self.read_until("event: ").await;
        let kind = self.read_until("\n").await;
        self.read_until("data: ").await;
        let data: Json = serde_json::from_str(&self.read_until("\n").await).expect("JSON");
        assert_eq!(data["detail-type"], json!(kind));
        assert_eq!(data["detail"], json!({ "n": 1 }));
        (id, kind)
    }
}

fn event(id: &str, kind: &str) -> (String, String) {
    (id.to_owned(), kind.to_owned())
}

#[tokio::test]
async fn events_are_read_as_they_come() {
    let stack = start(Options::default()).await;
    send_event(&stack, "a.one.v1").await;
    let mut all = Reader::open(&stack, "", "").await;
    assert_eq!(all.next().await, event("1", "a.one.v1"));
    let mut some = Reader::open(&stack, "?type=a.", "").await;
    assert_eq!(some.next().await, event("1", "a.one.v1"));
    send_event(&stack, "b.two.v1").await;
    send_event(&stack, "a.two.v1").await;
    assert_eq!(all.next().await, event("2", "b.two.v1"));
    assert_eq!(all.next().await, event("3", "a.two.v1"));
    assert_eq!(some.next().await, event("3", "a.two.v1"));
    let mut rest = Reader::open(&stack, "", "last-event-id: 2\r\n").await;
    assert_eq!(rest.next().await, event("3", "a.two.v1"));
    let kinds: Vec<_> = stack
        .events_after(1)
        .iter()
        .map(|e| e.detail_type.clone())
        .collect();
    assert_eq!(kinds, ["b.two.v1", "a.two.v1"]);
}

#[tokio::test]
async fn reader_that_does_not_follow_gets_all_so_far() {
    let stack = start(Options::default()).await;
    for _ in 0..2 {
        send_event(&stack, "a.one.v1").await;
    }
    let ask = "GET /_local/events?follow=false&type=a HTTP/1.1";
    let (status, _, body) = send(&stack, ask, "").await;
    assert_eq!((status, body.matches("event: a.one.v1").count()), (200, 2));
    let ask = "GET /_local/events?type=b&follow=false HTTP/1.1";
    assert!(!send(&stack, ask, "").await.2.contains("event: "));
}

#[tokio::test]
async fn readers_of_events_do_not_keep_the_stack_from_stopping() {
    let stack = start(Options::default()).await;
    let mut reader = Reader::open(&stack, "", "").await;
    stack.stop().await;
    // With it, the last chunk ends: a connection that was cut off has none.
    let mut rest = String::new();
    reader
        .connection
        .read_to_string(&mut rest)
        .await
        .expect("read");
    assert_eq!(reader.read + &rest, "0\r\n\r\n");
}

#[tokio::test]
async fn bus_refuses_every_second_event_if_a_test_wants_it() {
    let stack = start(Options::default()).await;
    let client = shared::aws_sdk_eventbridge::Client::new(&stack.functions["publish"].start.sdk);
    let put = async || {
        let entry = |kind: &str| {
            shared::aws_sdk_eventbridge::types::PutEventsRequestEntry::builder()
                .event_bus_name("EventBus")
                .source("test")
                .detail_type(kind)
                .detail("{}")
                .build()
        };
        let put = client
            .put_events()
            .entries(entry("one"))
            .entries(entry("two"));
        put.send().await
    };
    stack
        .faults()
        .meet("publish", "PutEvents", Fault::Refused, 1);
    assert_eq!(put().await.expect("answered").failed_entry_count(), 1);
    assert_eq!(stack.events_after(0).len(), 1);
    assert_eq!(put().await.expect("answered").failed_entry_count(), 0);
    assert_eq!(stack.events_after(1).len(), 2);
    let other = shared::aws_sdk_eventbridge::Client::new(&stack.functions["pay"].start.sdk);
    let entry = shared::aws_sdk_eventbridge::types::PutEventsRequestEntry::builder();
    let entry = entry.event_bus_name("EventBus").build();
    let denied = other.put_events().entries(entry).send().await;
    let denied = denied.expect_err("not granted").into_service_error();
    assert_eq!(denied.meta().code(), Some("AccessDeniedException"));
}

/// Prints what a start takes: `cargo test --lib -- --ignored --nocapture price_of_a_start`.
#[tokio::test]
#[ignore = "it measures"]
async fn price_of_a_start() {
    for events in ["false", "true", "false", "true"] {
        let mut shortest = Duration::MAX;
        for _ in 0..40 {
            let begun = std::time::Instant::now();
            let options = Options {
                parameters: vec![("Events".to_owned(), events.to_owned())],
                ..Options::default()
            };
            let stack = start(options).await;
            shortest = shortest.min(begun.elapsed());
            drop(stack);
        }
        eprintln!("Events={events}: {shortest:?} a start");
    }
}
