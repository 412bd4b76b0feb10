//! The metrics that the functions publish.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::futures_util::future::join_all;

use crate::harness::{PRICE, Shop};

/// Every name that a line may have.
const FIELDS: [&str; 19] = [
    "_aws",
    "function",
    "queue",
    "code",
    "Requests",
    "Errors",
    "Latency",
    "ReadUnits",
    "WriteUnits",
    "Contended",
    "Waiting",
    "Active",
    "Served",
    "IssuedNumbers",
    "Stalled",
    "FailedTicks",
    "SeatsLeft",
    "AuditViolations",
    "AuditChecked",
];

impl Shop {
    /// All lines that have been published.
    pub fn metrics(&self) -> Vec<Value> {
        let lines = self.stack.metrics();
        let lines = lines.iter().map(|line| serde_json::from_str(line));
        lines.map(|line| line.expect("JSON")).collect()
    }

    /// The lines of a function's invocations.
    pub fn invocations(&self, function: &str) -> Vec<Value> {
        let mut lines = self.metrics();
        lines.retain(|line| line["function"] == function && line.get("Requests").is_some());
        lines
    }

    /// The last line of the queue `main`.
    fn last_tick(&self) -> Value {
        let mut lines = self.metrics();
        lines.retain(|line| line["queue"] == "main");
        lines.pop().expect("a tick")
    }
}

#[tokio::test]
async fn every_invocation_is_published_with_its_outcome() {
    let shop = Shop::open().await;
    shop.sell(7).await;
    let late = shop.buyer().await;
    shop.hold(&late, 7)
        .await
        .refused(409, "SEAT_ALREADY_RESERVED");

    let consumed = shop.stack.consumed().by("pay");
    let paid = shop.invocations("pay");
    assert_eq!(paid.len(), 1);
    assert_eq!(paid[0]["code"], "OK");
    assert_eq!(paid[0]["Requests"], json!(1.0));
    assert_eq!(paid[0]["Errors"], json!(0.0));
    assert!(consumed.write > 0.0);
    assert_eq!(paid[0]["WriteUnits"], json!(consumed.write));
    let [first, second] = &shop.invocations("hold-seats")[..] else {
        panic!("two holds");
    };
    assert_eq!(first["code"], "OK");
    assert_eq!(second["code"], "SEAT_ALREADY_RESERVED");
    assert_eq!(second["Errors"], json!(0.0), "a refusal is an answer");

    shop.advance(310).await;
    assert_eq!(shop.invocations("release-hold").len(), 1, "the message");
    assert!(!shop.invocations("admit").is_empty(), "the schedule");
}

/// An id as a dimension would make a metric for each visitor, and a guest's path has their only
/// secret.
#[tokio::test]
async fn purchase_publishes_nothing_about_the_buyer() {
    let shop = Shop::open().await;
    let (buyer, receipt) = shop.sell(7).await;
    shop.get(&format!("/v1/users/{}", buyer.user_id))
        .send_as(&buyer.access_token)
        .await
        .ok();
    shop.get(&format!("/nowhere/{}", buyer.user_id))
        .send()
        .await;
    shop.advance(310).await;

    let published = shop.stack.metrics().join("\n");
    assert!(published.contains(r#""function":"pay""#), "{published}");
    let secrets = [
        buyer.user_id.as_str(),
        &buyer.token,
        &buyer.access_token,
        &shop.concert_id,
        receipt["reservation_id"].as_str().expect("an id"),
        receipt["payment_id"].as_str().expect("an id"),
        "/v1/",
        "/nowhere",
        "김민수",
    ];
    for secret in secrets {
        assert!(!published.contains(secret), "{secret} in {published}");
    }
    for line in shop.metrics() {
        let fields = line.as_object().expect("an object").keys();
        let unknown: Vec<_> = fields
            .filter(|field| !FIELDS.contains(&field.as_str()))
            .collect();
        assert!(unknown.is_empty(), "{unknown:?} in {line}");
    }
    let dimensions: BTreeSet<_> = shop
        .metrics()
        .iter()
        .filter_map(|line| line["_aws"]["CloudWatchMetrics"].as_array().cloned())
        .flatten()
        .map(|directive| directive["Dimensions"].to_string())
        .collect();
    assert_eq!(
        dimensions,
        ["[[]]", r#"[["function"]]"#, r#"[["queue"]]"#]
            .map(str::to_owned)
            .into()
    );
}

#[tokio::test]
async fn line_is_published_as_its_ticks_leave_it() {
    let shop = Shop::with_room_for_one().await;
    for _ in 0..3 {
        shop.buyer().await;
    }
    shop.advance(10).await;
    let tick = shop.last_tick();
    for (metric, value) in [
        ("Waiting", 2.0),
        ("Active", 1.0),
        ("Served", 1.0),
        ("IssuedNumbers", 3.0),
        ("Stalled", 0.0),
        ("FailedTicks", 0.0),
    ] {
        assert_eq!(tick[metric], json!(value), "{metric} in {tick}");
    }
}

#[tokio::test]
async fn failed_ticks_are_published() {
    let shop = Shop::with_room_for_one().await;
    let failed = |shop: &Shop| {
        let ticks = shop.metrics();
        ticks
            .iter()
            .filter(|tick| tick["FailedTicks"] == json!(1.0))
            .count()
    };
    shop.advance(10).await;
    assert_eq!(failed(&shop), 0);
    let faults = shop.stack.faults();
    faults.meet_naming("Queues", local::Fault::Throughput);
    shop.advance(5).await;
    assert_eq!(failed(&shop), 1);
}

#[tokio::test(start_paused = true)]
async fn contention_is_published() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    // It is chance which of these requests meet contention, but some must.
    for _ in 0..20 {
        for reply in join_all((0..20).map(|_| shop.charge(&buyer, PRICE))).await {
            reply.ok();
        }
        let charges = shop.invocations("charge");
        if charges
            .iter()
            .any(|charge| charge["Contended"] != json!(0.0))
        {
            return;
        }
    }
    panic!("nobody was ever in anybody's way");
}

/// A counter must not survive from one request to the next in the same function.
#[tokio::test]
async fn consumption_is_published_per_request() {
    let shop = Shop::open().await;
    for _ in 0..4 {
        shop.buyer().await;
    }
    let joins = shop.invocations("join-queue");
    let consumed: BTreeSet<_> = joins[1..]
        .iter()
        .map(|join| {
            (
                join["ReadUnits"].to_string(),
                join["WriteUnits"].to_string(),
            )
        })
        .collect();
    assert_eq!(consumed.len(), 1, "each the same: {consumed:?}");
}
