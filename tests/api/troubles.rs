//! The line when something is wrong with its ticks, or when there are very many of them.

use std::collections::BTreeSet;

use serde_json::json;
use shared::{
    domain::ids::{QueueId, UserId},
    futures_util::{StreamExt as _, stream},
    store::queues::SettingsChange,
};

use crate::harness::{Shop, tokens::claims};

/// A thousand queues in one stack, of which one is broken: the others are ticked all the same.
#[tokio::test]
async fn a_thousand_queues_are_ticked_and_one_stops_no_other() {
    const QUEUES: usize = 1_000;
    let shop = Shop::without_schedule(&[]).await;
    let operator = shop.stack.operator().await;
    let settings = operator.queue_defaults();
    let change = SettingsChange {
        by: UserId::new(),
        at: shop.now(),
    };
    let made = stream::iter(1..QUEUES).map(|n| {
        let id: QueueId = format!("queue-{n}").parse().expect("an id");
        let store = operator.store();
        async move { store.put_settings(&id, None, settings, &change, None).await }
    });
    let made: Vec<_> = made.buffer_unordered(16).collect().await;
    assert!(made.iter().all(Result::is_ok));

    let faults = shop.stack.faults();
    faults.meet_naming("queue-7", local::Fault::Throughput);
    let ticked = shop.invoke("admit", &json!({ "ticks": 1 })).await.ok();
    // In `main` there is nothing to do.
    assert_eq!(ticked, json!({ "queues": QUEUES, "ticks": QUEUES - 2 }));
    let broken = shop.metrics();
    let broken: Vec<_> = broken
        .iter()
        .filter(|line| line["FailedTicks"] == json!(1.0))
        .collect();
    assert_eq!(broken.len(), 1, "and somebody is told");
}

/// A fault of other waiting rooms: a redelivered message that gives a user a later number, or two
/// users the same.
#[tokio::test]
async fn a_join_that_comes_again_changes_nobodys_number() {
    let shop = Shop::for_one().await;
    let guests = [shop.guest().await, shop.guest().await, shop.guest().await];
    let mut numbers = BTreeSet::new();
    for guest in &guests {
        let body = json!({ "user_id": guest.user_id });
        let mut told = BTreeSet::new();
        for _ in 0..3 {
            let join = shop.post("/v1/auth/tokens").json(&body);
            let joined = join
                .header("idempotency-key", &guest.user_id)
                .send()
                .await
                .ok();
            let token = joined["token"].as_str().expect("a token").to_owned();
            told.insert(claims(&token)["number"].as_u64());
        }
        assert_eq!(told.len(), 1, "{told:?}");
        numbers.extend(told);
    }
    assert_eq!(numbers, (1..=3).map(Some).collect());
    shop.audit().await;
}

/// A fault of other waiting rooms: a counter in a warm function that survives between requests.
#[tokio::test]
async fn what_a_request_has_consumed_is_its_own() {
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

/// Many instances find at once that a line has slept, each by an older document: it is woken once,
/// and lets in what one tick does.
#[tokio::test]
async fn a_sleeping_line_is_woken_once() {
    let shop = Shop::without_schedule(&[("MainRate", "1"), ("MainMaxActive", "1000")]).await;
    let operator = shop.stack.operator().await;
    shop.buyer().await;
    shop.advance(3_600).await;
    let asleep = operator
        .cached_queue(&QueueId::main(), shop.now())
        .await
        .expect("a queue");
    let mut let_in = BTreeSet::new();
    for _ in 0..4 {
        for _ in 0..5 {
            shop.buyer().await;
        }
        let woken = operator.tick_if_stale(asleep.clone(), shop.now()).await;
        let last = woken.line.schedule.last().expect("a tick");
        let_in.insert(last.served);
    }
    assert_eq!(let_in.len(), 1, "one a second for five: {let_in:?}");
    shop.audit().await;
}
