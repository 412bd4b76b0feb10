//! `admit`: lets people in.

use std::collections::BTreeSet;

use serde_json::json;
use shared::{
    domain::{
        changes::LastChange,
        ids::{QueueId, UserId},
    },
    futures_util::{StreamExt as _, future::join_all, stream},
};

use crate::harness::Shop;

#[tokio::test]
async fn operator_can_ask_for_one_tick() {
    let shop = Shop::without_schedule(&[("MainMaxActive", "1")]).await;
    shop.advance(120).await;
    let idle = shop.invoke("admit", &json!({ "ticks": 1 })).await.ok();
    assert_eq!(idle, json!({ "queues": 1, "ticks": 0 }), "nobody is there");
    let (first, second) = (shop.buyer().await, shop.buyer().await);
    shop.leave(&first).await;
    shop.advance(60).await;
    let ticked = shop.invoke("admit", &json!({ "ticks": 1 })).await.ok();
    assert_eq!(ticked, json!({ "queues": 1, "ticks": 1 }));
    shop.advance(5).await;
    assert_eq!(shop.status(&second).await, "ACTIVE");
}

/// Ticks at once must not each add what fits: more than `max_active` would come in.
#[tokio::test]
async fn ticks_at_once_let_in_as_many_as_one() {
    crate::harness::in_virtual_time();
    let shop = Shop::with_room_for_one().await;
    let mut buyers = Vec::new();
    for _ in 0..5 {
        buyers.push(shop.buyer().await);
    }
    shop.leave(&buyers[0]).await;
    for _ in 0..4 {
        let tick = json!({ "ticks": 1 });
        let ticks = (0..8).map(|_| shop.invoke("admit", &tick));
        for reply in join_all(ticks).await {
            assert_eq!(reply.header("x-amz-function-error"), "");
            reply.ok();
        }
        shop.advance(5).await;
    }
    let mut inside = 0;
    for buyer in &buyers {
        inside += u32::from(shop.status(buyer).await == "ACTIVE");
    }
    assert_eq!(inside, 1);
}

#[tokio::test]
async fn malformed_command_fails() {
    let shop = Shop::open().await;
    for event in [
        json!({ "ticks": "many" }),
        json!({ "ticks": -1 }),
        json!(7),
        json!("x"),
    ] {
        let reply = shop.invoke("admit", &event).await;
        assert_eq!(reply.header("x-amz-function-error"), "Unhandled", "{event}");
    }
}

/// One of a thousand queues in a stack is broken. The others are ticked all the same.
#[tokio::test]
async fn thousand_queues_are_ticked_although_one_fails() {
    const QUEUES: usize = 1_000;
    let shop = Shop::without_schedule(&[]).await;
    let operator = shop.stack.operator().await;
    let settings = operator.queue_defaults();
    let change = LastChange {
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
    // `main` needs no tick.
    assert_eq!(ticked, json!({ "queues": QUEUES, "ticks": QUEUES - 2 }));
    let broken = shop.metrics();
    let broken: Vec<_> = broken
        .iter()
        .filter(|line| line["FailedTicks"] == json!(1.0))
        .collect();
    assert_eq!(broken.len(), 1, "and the failure is reported");
}

/// Many instances find at once, each in an older document, that a line has slept. It is woken once,
/// and lets in as many as one tick does.
#[tokio::test]
async fn sleeping_line_is_woken_once() {
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
