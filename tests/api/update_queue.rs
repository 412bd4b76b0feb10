//! `PATCH /v1/queues/{queue_id}`.

use serde_json::{Value, json};
use shared::{
    domain::{
        changes::LastChange,
        queue::{QueueState, Settings},
    },
    store::{Reading, queues::SettingsPut},
};

use crate::harness::{
    Guest, Reply, Shop,
    line::other_settings,
    refusal::{
        CONCERT_NOT_FOUND, EMPTY_BODY, INVALID_DEFAULT_CONCERT, INVALID_MAX_ACTIVE,
        INVALID_OPENS_AT, INVALID_QUEUE_STATE, INVALID_RATE, INVALID_TICK_SECONDS, INVALID_WINDOWS,
        QUEUE_NOT_FOUND, UNKNOWN_FIELD,
    },
};

#[tokio::test]
async fn patch_changes_what_it_names_and_nothing_else() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let concert_id = shop.add_queue("rock").await;
    let opens_at = shop.in_seconds(3_600);
    let opens = json!({ "opens_at": opens_at });
    shop.patch_queue(&admin, "rock", &opens).await.ok();
    let mut settings = other_settings();
    settings["default_concert_id"] = json!(concert_id);
    settings["opens_at"] = opens_at;
    let put = shop.put_queue(&admin, "rock", &settings).await.ok();
    settings["version"] = put["settings"]["version"].clone();
    for (field, value) in [
        ("state", json!("OPEN")),
        ("max_active", json!(20)),
        ("rate", json!(7.5)),
        ("claim_seconds", json!(50)),
        ("active_seconds", json!(90)),
        ("tick_seconds", json!(9)),
        ("who", json!("everybody")),
        ("opens_at", shop.in_seconds(7_200)),
        ("state", json!("PAUSED")),
    ] {
        let changed = shop
            .patch_queue(&admin, "rock", &json!({ field: value }))
            .await;
        settings[field] = value;
        settings["version"] = json!(settings["version"].as_u64().expect("a version") + 1);
        assert_eq!(
            changed.header("etag"),
            format!("\"{}\"", settings["version"])
        );
        let changed = changed.ok();
        assert_eq!(changed["settings"], settings, "{field}");
        assert_eq!(changed["queue_id"], "rock");
    }
    assert_eq!(shop.queue("rock").await["state"], "PAUSED");
}

/// What an operator does during an on-sale, in a queue without settings of its own.
#[tokio::test]
async fn pausing_main_keeps_the_templates_parameters() {
    let parameters = [("MainMaxActive", "20"), ("MainRate", "7")];
    let shop = Shop::open_with(&parameters).await;
    let admin = shop.admin().await;
    for (version, state) in [(1, "PAUSED"), (2, "OPEN")] {
        let change = json!({ "state": state });
        let changed = shop.patch_queue(&admin, "main", &change).await.ok();
        let expected = json!({
            "max_active": 20, "rate": 7, "claim_seconds": 120, "active_seconds": 300,
            "tick_seconds": 5, "state": state, "who": "everybody", "version": version,
            "default_concert_id": shop.concert_id,
        });
        assert_eq!(changed["settings"], expected);
    }
}

#[tokio::test]
async fn null_removes_the_default_concert_only() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let concert_id = shop.add_queue("rock").await;
    let nulls = json!({
        "max_active": null, "rate": null, "claim_seconds": null, "active_seconds": null,
        "tick_seconds": null, "state": null, "opens_at": null,
    });
    let before = shop.settings(&admin, "rock").await.ok();
    let change = |settings: Value| {
        let (shop, admin) = (&shop, &admin);
        async move { shop.patch_queue(admin, "rock", &settings).await.ok()["settings"].clone() }
    };
    let same = change(nulls).await;
    for (field, value) in same.as_object().expect("settings") {
        if field != "version" {
            assert_eq!(value, &before[field], "{field}");
        }
    }
    let without = change(json!({ "default_concert_id": null })).await;
    assert_eq!(without.get("default_concert_id"), None);
    let with = change(json!({ "default_concert_id": concert_id })).await;
    assert_eq!(with["default_concert_id"], json!(concert_id));
}

#[tokio::test]
async fn patch_makes_no_queue() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for id in ["rock", "Rock", "ab", "registry", "main%23number"] {
        let reply = shop.patch_queue(&admin, id, &json!({})).await;
        reply.is(QUEUE_NOT_FOUND);
        shop.get(&format!("/v1/queues/{id}"))
            .send()
            .await
            .is(QUEUE_NOT_FOUND);
    }
    let any = patch_if(&shop, &admin, "rock", "*").await;
    any.is(QUEUE_NOT_FOUND);
}

#[tokio::test]
async fn patch_refuses_what_does_not_keep_its_limits_and_changes_nothing() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    shop.put_queue(&admin, "rock", &other_settings()).await.ok();
    let before = shop.settings(&admin, "rock").await.ok();
    for (settings, refusal) in [
        (json!({ "max_active": 0 }), INVALID_MAX_ACTIVE),
        (json!({ "max_active": 1.5 }), INVALID_MAX_ACTIVE),
        (json!({ "rate": 0 }), INVALID_RATE),
        (json!({ "rate": "fast" }), INVALID_RATE),
        (json!({ "claim_seconds": 9 }), INVALID_WINDOWS),
        (json!({ "claim_seconds": 51 }), INVALID_WINDOWS),
        (json!({ "active_seconds": 19 }), INVALID_WINDOWS),
        (json!({ "active_seconds": 3_601 }), INVALID_WINDOWS),
        (json!({ "tick_seconds": 31 }), INVALID_TICK_SECONDS),
        (json!({ "state": "SOLD_OUT" }), INVALID_QUEUE_STATE),
        (json!({ "opens_at": "soon" }), INVALID_OPENS_AT),
        (
            json!({ "max_active": 9, "opens_at": shop.in_seconds(-1) }),
            INVALID_OPENS_AT,
        ),
        (json!({ "default_concert_id": "x" }), CONCERT_NOT_FOUND),
        (
            json!({ "default_concert_id": shop.concert_id }),
            INVALID_DEFAULT_CONCERT,
        ),
        (json!([]), EMPTY_BODY),
    ] {
        let reply = shop.patch_queue(&admin, "rock", &settings).await;
        reply.is(refusal);
    }
    assert_eq!(shop.settings(&admin, "rock").await.ok(), before);
}

/// Windows that an earlier version allowed stay until an operator changes one of them. They do not
/// prevent pausing.
#[tokio::test]
async fn patch_leaves_older_windows_alone() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    plant(&shop, 60, 61).await;
    let paused = shop
        .patch_queue(
            &admin,
            "rock",
            &json!({ "state": "PAUSED", "max_active": 2 }),
        )
        .await
        .ok();
    assert_eq!(paused["settings"]["claim_seconds"], 60);
    assert_eq!(paused["settings"]["active_seconds"], 61);
    for (window, seconds) in [("active_seconds", 69), ("claim_seconds", 52)] {
        let change = json!({ window: seconds });
        let reply = shop.patch_queue(&admin, "rock", &change).await;
        reply.is(INVALID_WINDOWS);
    }
    let change = json!({ "active_seconds": 70 });
    shop.patch_queue(&admin, "rock", &change).await.ok();
}

/// A queue `rock` with windows that are not allowed now.
async fn plant(shop: &Shop, claim_seconds: u32, active_seconds: u32) {
    let operator = shop.stack.operator().await;
    let queue_id = "rock".parse().expect("an id");
    let settings = Settings {
        claim_seconds,
        active_seconds,
        state: QueueState::Open,
        version: 1,
        ..operator.queue_defaults().clone()
    };
    let change = LastChange {
        by: shop.guest().await.user_id.parse().expect("an id"),
        at: shop.now(),
    };
    let store = operator.store();
    let put = store
        .put_settings(&queue_id, None, &settings, &change, None)
        .await;
    assert_eq!(put.expect("an answer"), SettingsPut::Done);
    let read = store
        .queue(&queue_id, operator.queue_defaults(), Reading::Consistent)
        .await;
    let read = read.expect("an answer").expect("a queue");
    assert_eq!(read.settings, settings, "older settings are read");
}

#[tokio::test]
async fn patch_is_in_force_with_the_next_tick() {
    let shop = Shop::with_room_for_one().await;
    let admin = shop.admin().await;
    let (inside, waiting) = (shop.buyer().await, shop.buyer().await);
    shop.patch_queue(&admin, "main", &json!({ "state": "PAUSED" }))
        .await
        .ok();
    shop.leave(&inside).await;
    shop.advance(60).await;
    assert_eq!(shop.status(&waiting).await, "WAITING");
    shop.patch_queue(&admin, "main", &json!({ "state": "OPEN" }))
        .await
        .ok();
    shop.advance(10).await;
    assert_eq!(shop.status(&waiting).await, "ACTIVE");
}

/// An administrator's request to change the settings if they have this version.
async fn patch_if(shop: &Shop, admin: &Guest, queue_id: &str, named: &str) -> Reply {
    let call = shop.patch(&format!("/v1/queues/{queue_id}"));
    let call = call.token(&admin.access_token).header("if-match", named);
    call.json(&json!({ "max_active": 5 })).send().await
}

#[tokio::test]
async fn changes_of_one_version_at_once_have_one_winner() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    shop.put_queue(&admin, "rock", &json!({})).await.ok();
    let changes = (0..8).map(|n| {
        let method = if n % 2 == 0 { "PUT" } else { "PATCH" };
        let call = shop.call(method, "/v1/queues/rock");
        let call = call.token(&admin.access_token).header("if-match", "\"1\"");
        call.json(&json!({ "max_active": n + 1 })).send()
    });
    let mut winners = Vec::new();
    for reply in shared::futures_util::future::join_all(changes).await {
        if reply.status == 200 {
            winners.push(reply.ok()["settings"]["max_active"].clone());
        } else {
            assert_eq!(reply.body["version"], 2);
            reply.refused(412, "VERSION_MISMATCH");
        }
    }
    let settings = shop.settings(&admin, "rock").await.ok();
    assert_eq!(winners, [settings["max_active"].clone()]);
}

#[tokio::test]
async fn patch_is_for_the_version_that_if_match_names() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let tag = async || {
        let seen = shop.settings(&admin, "main").await;
        seen.header("etag").to_owned()
    };
    let (before, changed) = (
        tag().await,
        patch_if(&shop, &admin, "main", &tag().await).await,
    );
    assert_eq!(changed.header("etag"), tag().await);
    changed.ok();
    for old in [before.as_str(), "\"7\"", "W/\"1\"", "1", ""] {
        let reply = patch_if(&shop, &admin, "main", old).await;
        assert_eq!(reply.body["version"], 1, "{old}");
        let text = reply.refused(412, "VERSION_MISMATCH");
        assert_eq!(
            text,
            "그 사이에 내용이 변경되었습니다. 현재 버전은 1입니다."
        );
    }
    let english = shop
        .patch("/v1/queues/main")
        .token(&admin.access_token)
        .header("if-match", &before)
        .english()
        .json(&json!({}));
    let text = english.send().await.refused(412, "VERSION_MISMATCH");
    assert_eq!(text, "It has been changed meanwhile: its version is 1.");
    patch_if(&shop, &admin, "main", "*").await.ok();
}

/// A misspelt field is refused, and changes nothing. Settings that were read can be written back.
#[tokio::test]
async fn unknown_fields_are_refused() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let before = shop
        .put_queue(&admin, "main", &json!({ "rate": 7 }))
        .await
        .ok();
    for body in [json!({ "ratee": 3 }), json!({ "rate": 3, "ratee": null })] {
        for method in ["PUT", "PATCH"] {
            let call = shop.call(method, "/v1/queues/main");
            let call = call.token(&admin.access_token).json(&body);
            call.send().await.is(UNKNOWN_FIELD);
        }
    }
    let settings = shop.get("/v1/queues/main/settings");
    let settings = settings.send_as(&admin.access_token).await.ok();
    assert_eq!(settings["version"], before["settings"]["version"]);
    let put = shop.put_queue(&admin, "main", &settings).await.ok();
    assert_eq!(put["settings"]["rate"], 7);
}
