//! `GET /v1/queues/{queue_id}/settings`.

use serde_json::{Value, json};

use crate::harness::{
    Shop,
    line::default_settings,
    refusal::{FORBIDDEN, QUEUE_NOT_FOUND},
};

/// The settings of a queue without settings of its own: the template's.
fn usual() -> Value {
    let mut settings = default_settings();
    settings["queue_id"] = json!("main");
    settings["version"] = json!(0);
    settings
}

#[tokio::test]
async fn settings_of_main_are_the_templates_until_they_are_changed() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    let reply = shop.settings(&admin, "main").await;
    assert_eq!(reply.header("etag"), "\"0\"");
    assert_eq!(reply.ok(), usual());
}

#[tokio::test]
async fn settings_say_who_changed_them_last_and_when() {
    let shop = Shop::open().await;
    let (first, second) = (shop.admin().await, shop.admin().await);
    shop.put_queue(&first, "rock", &json!({ "rate": 0.125 }))
        .await
        .ok();
    let opens_at = shop.in_seconds(3_600);
    shop.advance(60).await;
    let changed_at = shop.now();
    let change = json!({ "max_active": 7, "state": "PAUSED", "opens_at": opens_at });
    shop.patch_queue(&second, "rock", &change).await.ok();
    shop.advance(60).await;

    let reply = shop.settings(&first, "rock").await;
    assert_eq!(reply.header("etag"), "\"2\"");
    let mut expected = usual();
    for (field, value) in [
        ("queue_id", json!("rock")),
        ("max_active", json!(7)),
        ("rate", json!(0.125)),
        ("state", json!("PAUSED")),
        ("opens_at", opens_at),
        ("version", json!(2)),
        ("changed_by", json!(second.user_id)),
        ("changed_at", json!(changed_at)),
    ] {
        expected[field] = value;
    }
    assert_eq!(reply.ok(), expected);
}

/// The settings that were read can be written back, including a concert and an opening in the past.
#[tokio::test]
async fn settings_can_be_put_back() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let concert_id = shop.add_queue("rock").await;
    let change = json!({
        "max_active": 7, "rate": 0.125, "claim_seconds": 11, "active_seconds": 33,
        "tick_seconds": 2, "opens_at": shop.in_seconds(60),
    });
    shop.patch_queue(&admin, "rock", &change).await.ok();
    shop.advance(120).await;
    let seen = shop.settings(&admin, "rock").await.ok();
    assert_eq!(seen["default_concert_id"], json!(concert_id));
    let put = shop.put_queue(&admin, "rock", &seen).await.ok();
    for (field, value) in put["settings"].as_object().expect("settings") {
        if field != "version" {
            assert_eq!(value, &seen[field], "{field}");
        }
    }
}

#[tokio::test]
async fn settings_are_shown_to_administrators_of_queues_that_exist() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for id in ["rock", "Main", "ab", "main%23number", "registry"] {
        shop.settings(&admin, id).await.is(QUEUE_NOT_FOUND);
    }
    let guest = shop.guest().await;
    shop.settings(&guest, "main").await.is(FORBIDDEN);
    shop.settings(&guest, "rock").await.is(FORBIDDEN);
}
