//! `admit`: who lets people in.

use serde_json::json;
use shared::futures_util::future::join_all;

use crate::harness::Shop;

#[tokio::test]
async fn one_tick_may_be_had_by_hand() {
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

/// A fault of other waiting rooms: capacity exceeded because each tick adds blindly.
#[tokio::test]
async fn ticks_at_once_let_no_more_in() {
    crate::harness::in_virtual_time();
    let shop = Shop::for_one().await;
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
async fn an_order_that_is_none_fails_and_changes_nothing() {
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
