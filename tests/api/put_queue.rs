//! `PUT /v1/queues/{queue_id}`.

use serde_json::{Value, json};

use crate::harness::{
    Guest, Reply, Shop,
    line::{default_settings, other_settings},
    refusal::{
        CONCERT_NOT_FOUND, EMPTY_BODY, INVALID_DEFAULT_CONCERT, INVALID_MAX_ACTIVE,
        INVALID_QUEUE_ID, INVALID_QUEUE_STATE, INVALID_RATE, INVALID_TICK_SECONDS, INVALID_WHO,
        INVALID_WINDOWS, QUEUE_NOT_FOUND,
    },
};

/// The answer of a queue with these settings.
fn with_version(settings: &Value, version: u64) -> Value {
    let mut settings = settings.clone();
    settings["version"] = json!(version);
    settings
}

#[tokio::test]
async fn makes_a_queue_with_defaults_that_is_ticked_from_then_on() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    shop.get("/v1/queues/rock").send().await.is(QUEUE_NOT_FOUND);
    let made = shop.put_queue(&admin, "rock", &json!({})).await.ok();
    assert_eq!(made["queue_id"], "rock");
    assert_eq!(made["settings"], with_version(&default_settings(), 1));
    assert_eq!(shop.queue("rock").await["state"], "OPEN");

    let ticked = shop.invoke("admit", &json!({ "ticks": 1 })).await.ok();
    assert_eq!(ticked["queues"], 2, "it is registered");
}

#[tokio::test]
async fn replaces_all_settings() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let set = shop.put_queue(&admin, "main", &other_settings()).await.ok();
    assert_eq!(set["settings"], with_version(&other_settings(), 1));
    let document = shop.queue("main").await;
    assert_eq!(document["max_active"], 3);
    assert_eq!(document["rate"], json!(0.125));
    assert_eq!(document["state"], "PAUSED");
    assert_eq!(document["who"], "accounts");
    assert_eq!(document["claim_seconds"], 10);
    assert_eq!(document["active_seconds"], 60);

    // A setting that is left out gets its default again, the default concert too.
    let concert = json!({ "default_concert_id": shop.concert_id, "max_active": 7 });
    let set = shop.put_queue(&admin, "main", &concert).await.ok();
    let mut expected = with_version(&default_settings(), 2);
    expected["max_active"] = json!(7);
    expected["default_concert_id"] = json!(shop.concert_id);
    assert_eq!(set["settings"], expected);
    let set = shop.put_queue(&admin, "main", &json!({})).await.ok();
    assert_eq!(set["settings"], with_version(&default_settings(), 3));
}

#[tokio::test]
async fn refuses_values_outside_their_limits_and_changes_nothing() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let before = shop.put_queue(&admin, "main", &other_settings()).await.ok();
    let windows =
        |claim: i64, active: i64| json!({ "claim_seconds": claim, "active_seconds": active });
    for (settings, refusal) in [
        (json!({ "max_active": 0 }), INVALID_MAX_ACTIVE),
        (json!({ "max_active": 1_000_001 }), INVALID_MAX_ACTIVE),
        (json!({ "max_active": -1 }), INVALID_MAX_ACTIVE),
        (json!({ "max_active": 1.5 }), INVALID_MAX_ACTIVE),
        (json!({ "max_active": "7" }), INVALID_MAX_ACTIVE),
        (json!({ "rate": 0 }), INVALID_RATE),
        (json!({ "rate": 0, "state": "OPEN" }), INVALID_RATE),
        (json!({ "rate": 0.0001 }), INVALID_RATE),
        (json!({ "rate": 0.0015 }), INVALID_RATE),
        (json!({ "rate": 10_000.001 }), INVALID_RATE),
        (json!({ "rate": -1 }), INVALID_RATE),
        (json!({ "rate": "fast" }), INVALID_RATE),
        (windows(9, 60), INVALID_WINDOWS),
        (windows(60, 60), INVALID_WINDOWS),
        (windows(61, 60), INVALID_WINDOWS),
        (windows(51, 60), INVALID_WINDOWS),
        (windows(3_591, 3_600), INVALID_WINDOWS),
        (json!({ "claim_seconds": 291 }), INVALID_WINDOWS),
        (json!({ "active_seconds": 129 }), INVALID_WINDOWS),
        (windows(60, 3_601), INVALID_WINDOWS),
        (json!({ "active_seconds": 100 }), INVALID_WINDOWS),
        (json!({ "tick_seconds": 0 }), INVALID_TICK_SECONDS),
        (json!({ "tick_seconds": 31 }), INVALID_TICK_SECONDS),
        (json!({ "state": "open" }), INVALID_QUEUE_STATE),
        (json!({ "state": "SOLD_OUT" }), INVALID_QUEUE_STATE),
        (json!({ "state": 1 }), INVALID_QUEUE_STATE),
        (json!({ "who": "guests" }), INVALID_WHO),
        (json!({ "who": true }), INVALID_WHO),
        (json!({ "default_concert_id": "x" }), CONCERT_NOT_FOUND),
        (
            json!({ "default_concert_id": "019a9e1c-1111-7000-8000-000000000001" }),
            CONCERT_NOT_FOUND,
        ),
        (json!([]), EMPTY_BODY),
    ] {
        let reply = shop.put_queue(&admin, "main", &settings).await;
        reply.is(refusal);
    }
    for limit in [
        json!({ "max_active": 1_000_000, "rate": 10_000, "tick_seconds": 30 }),
        json!({ "max_active": 1, "rate": 0.001, "tick_seconds": 1 }),
        windows(10, 20),
        windows(3_590, 3_600),
        json!({ "claim_seconds": 290 }),
        json!({ "active_seconds": 130 }),
    ] {
        shop.put_queue(&admin, "rock", &limit).await.ok();
    }
    let after = shop.put_queue(&admin, "main", &other_settings()).await.ok();
    let version = |reply: &Value| reply["settings"]["version"].as_u64();
    assert_eq!(version(&after), version(&before).map(|seen| seen + 1));
}

#[tokio::test]
async fn default_concert_is_one_that_the_queue_sells() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let of_main = json!({ "default_concert_id": shop.concert_id });
    shop.put_queue(&admin, "rock", &of_main)
        .await
        .is(INVALID_DEFAULT_CONCERT);
    shop.get("/v1/queues/rock").send().await.is(QUEUE_NOT_FOUND);
}

#[tokio::test]
async fn refuses_a_malformed_name() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for id in ["ab", "Rock", "registry", "main%23number", "rock%20"] {
        let reply = shop.put_queue(&admin, id, &json!({})).await;
        reply.is(INVALID_QUEUE_ID);
    }
}

/// A line moves as its settings say, from the next tick on, which takes five seconds to let them
/// in.
#[tokio::test]
async fn settings_are_in_force_with_the_next_tick() {
    let shop = Shop::with_room_for_one().await;
    let admin = shop.admin().await;
    let mut buyers = Vec::new();
    for _ in 0..4 {
        buyers.push(shop.buyer().await);
    }
    assert_eq!(shop.status(&buyers[1]).await, "WAITING");

    shop.put_queue(&admin, "main", &json!({ "max_active": 3 }))
        .await
        .ok();
    shop.advance(10).await;
    assert_eq!(shop.status(&buyers[1]).await, "ACTIVE");
    assert_eq!(shop.status(&buyers[2]).await, "ACTIVE");
    assert_eq!(shop.status(&buyers[3]).await, "WAITING");

    let paused = json!({ "max_active": 3, "state": "PAUSED" });
    shop.put_queue(&admin, "main", &paused).await.ok();
    shop.leave(&buyers[0]).await;
    shop.advance(60).await;
    let place = shop.get_place(&buyers[3]).await;
    assert_eq!(place["status"], "WAITING");
    assert_eq!(place["estimated_wait_time"], Value::Null);

    // A larger window does not change the windows of those who are inside.
    shop.put_queue(&admin, "main", &json!({ "max_active": 3 }))
        .await
        .ok();
    shop.advance(10).await;
    assert_eq!(shop.status(&buyers[3]).await, "ACTIVE");
}

#[tokio::test]
async fn closed_queue_ends_waiting_sessions_and_not_active_ones() {
    let shop = Shop::with_room_for_one().await;
    let admin = shop.admin().await;
    let (inside, waiting) = (shop.buyer().await, shop.buyer().await);
    let closed = json!({ "max_active": 1, "state": "CLOSED" });
    shop.put_queue(&admin, "main", &closed).await.ok();
    shop.advance(2).await;
    assert_eq!(shop.status(&inside).await, "ACTIVE");
    let place = shop.get_place(&waiting).await;
    assert_eq!(place["status"], "CLOSED");
    assert_eq!(place["reason"], "QUEUE_CLOSED");
}

/// Two operators at once: each change is made, and no admission is lost.
#[tokio::test]
async fn changes_at_once_are_all_made() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let settings = json!({});
    let changes = (0..8).map(|_| shop.put_queue(&admin, "rock", &settings));
    for reply in shared::futures_util::future::join_all(changes).await {
        reply.ok();
    }
    let last = shop.put_queue(&admin, "rock", &settings).await.ok();
    assert_eq!(last["settings"]["version"], 9);
}

/// An administrator's request to replace the settings if they have this version.
async fn put_if(shop: &Shop, admin: &Guest, queue_id: &str, named: &str) -> Reply {
    let call = shop.call("PUT", &format!("/v1/queues/{queue_id}"));
    let call = call.token(&admin.access_token).header("if-match", named);
    call.json(&json!({ "max_active": 5 })).send().await
}

#[tokio::test]
async fn if_match_names_the_version_that_is_replaced() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let set = put_if(&shop, &admin, "main", "\"0\"").await;
    assert_eq!(set.header("etag"), "\"1\"");
    set.ok();
    for other in [
        "\"0\"",
        "\"2\"",
        "1",
        "W/\"1\"",
        "\"\"",
        "",
        "\"0\", \"2\"",
        "x",
    ] {
        let reply = put_if(&shop, &admin, "main", other).await;
        assert_eq!(reply.body["version"], 1, "{other}");
        let by = (&reply.body["changed_by"], &reply.body["changed_at"]);
        assert_eq!(by, (&json!(admin.user_id), &shop.in_seconds(0)), "{other}");
        let text = reply.refused(412, "VERSION_MISMATCH");
        assert_eq!(
            text, "그 사이에 내용이 변경되었습니다. 현재 버전은 1입니다.",
            "{other}"
        );
    }
    for (named, next) in [("\"0\", \"1\"", "\"2\""), ("*", "\"3\"")] {
        let set = put_if(&shop, &admin, "main", named).await;
        assert_eq!(set.header("etag"), next, "{named}");
        set.ok();
    }
}

#[tokio::test]
async fn if_match_makes_no_queue() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for named in ["*", "\"0\"", "\"1\""] {
        let reply = put_if(&shop, &admin, "rock", named).await;
        assert_eq!(reply.body["version"], Value::Null, "{named}");
        assert_eq!(reply.body.get("changed_by"), None, "{named}");
        let text = reply.refused(412, "VERSION_MISMATCH");
        assert_eq!(text, "존재하지 않는 대기열이므로 설정의 버전이 없습니다.");
    }
    shop.get("/v1/queues/rock").send().await.is(QUEUE_NOT_FOUND);
    let made = shop.put_queue(&admin, "rock", &json!({})).await;
    assert_eq!(made.header("etag"), "\"1\"");
}
