//! `POST /v1/auth/tokens`.

use serde_json::{Value, json};
use shared::futures_util::future::join_all;

use crate::harness::{
    Reply, Shop,
    refusal::{
        BAD_REQUEST, CONCERT_NOT_FOUND, EMPTY_BODY, INVALID_USER_ID, MISSING_USER_ID,
        QUEUE_NOT_FOUND, TOKEN_ALREADY_ACTIVE, USER_NOT_FOUND,
    },
    show, text,
    tokens::claims,
};

const NOBODY: &str = "11111111-1111-4111-8111-111111111111";

/// 12 hours of waiting, the windows, and ten minutes.
const TOKEN_LIVES: i64 = 12 * 3_600 + 120 + 300 + 300 + 600;

impl Shop {
    async fn ask_to_join(&self, body: &Value) -> Reply {
        self.post("/v1/auth/tokens").json(body).send().await
    }
}

#[tokio::test]
async fn who_comes_while_nobody_waits_walks_in() {
    let shop = Shop::open().await;
    let guest = shop.guest().await;
    let joined = shop
        .ask_to_join(&json!({ "user_id": guest.user_id }))
        .await
        .ok();
    let token = text(&joined["token"]);
    assert_eq!(
        joined,
        json!({
            "token": token,
            "queue_id": "main",
            "expires_at": shop.in_seconds(TOKEN_LIVES),
            "status": "ACTIVE",
            "queue_position": 0,
            "estimated_wait_time": 0,
            "active_until": shop.in_seconds(300),
        })
    );
    let said = claims(&token);
    let now = shop.now().as_second();
    assert_eq!(
        said,
        json!({
            "aud": "queue", "sub": guest.user_id, "queue": "main", "number": 1,
            "jti": said["jti"], "iat": now, "exp": now + TOKEN_LIVES,
        })
    );
}

#[tokio::test]
async fn who_comes_when_it_is_full_waits() {
    let shop = Shop::for_one().await;
    shop.buyer().await;
    shop.advance(5).await;
    let guest = shop.guest().await;
    let joined = shop
        .ask_to_join(&json!({ "user_id": guest.user_id }))
        .await
        .ok();
    let wait = joined["estimated_wait_time"]
        .as_u64()
        .expect("whole seconds");
    assert!(
        (300..=340).contains(&wait),
        "one at a time, 300 seconds each: {wait}"
    );
    assert_eq!(
        joined,
        json!({
            "token": joined["token"],
            "queue_id": "main",
            "expires_at": shop.in_seconds(TOKEN_LIVES),
            "status": "WAITING",
            "queue_position": 1,
            "estimated_wait_time": wait,
        })
    );
    assert_eq!(claims(&text(&joined["token"]))["number"], 2);
}

#[tokio::test]
async fn the_concert_decides_the_queue() {
    let shop = Shop::open().await;
    let rock = shop.add_queue("rock").await;
    let guest = shop.guest().await;
    let body = json!({ "user_id": guest.user_id, "concert_id": rock });
    let joined = shop.ask_to_join(&body).await.ok();
    assert_eq!(joined["queue_id"], "rock");
    assert_eq!(claims(&text(&joined["token"]))["queue"], "rock");

    let body = json!({ "user_id": guest.user_id, "concert_id": shop.concert_id });
    assert_eq!(
        shop.ask_to_join(&body).await.ok()["queue_id"],
        "main",
        "one session a queue, not one in all"
    );
    let null = json!({ "user_id": shop.guest().await.user_id, "concert_id": null });
    assert_eq!(shop.ask_to_join(&null).await.ok()["queue_id"], "main");
}

#[tokio::test]
async fn a_user_has_one_live_session_in_a_queue() {
    let shop = Shop::for_one().await;
    let (active, waiting) = (shop.buyer().await, shop.buyer().await);
    for live in [&active, &waiting] {
        let body = json!({ "user_id": live.user_id });
        shop.ask_to_join(&body).await.is(TOKEN_ALREADY_ACTIVE);
    }
    let again = json!({ "user_id": active.user_id, "concert_id": shop.concert_id });
    shop.ask_to_join(&again).await.is(TOKEN_ALREADY_ACTIVE);
    let english = shop
        .post("/v1/auth/tokens")
        .english()
        .json(&again)
        .send()
        .await;
    let text = english.refused(400, "TOKEN_ALREADY_ACTIVE");
    assert!(text.is_ascii(), "{text}");
}

#[tokio::test]
async fn of_parallel_joins_of_one_user_one_wins() {
    let shop = Shop::open().await;
    let guest = shop.guest().await;
    let body = json!({ "user_id": guest.user_id });
    let replies = join_all((0..10).map(|_| shop.ask_to_join(&body))).await;
    let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
    assert_eq!(won.len(), 1);
    for reply in lost {
        reply.is(TOKEN_ALREADY_ACTIVE);
    }
}

#[tokio::test]
async fn numbers_are_unique_and_in_order() {
    let shop = Shop::open().await;
    let guests = join_all((0..20).map(|_| shop.guest())).await;
    let buyers = join_all(guests.iter().map(|guest| shop.join(guest))).await;
    let mut numbers: Vec<_> = buyers
        .iter()
        .map(|buyer| claims(&buyer.token)["number"].as_u64())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=20).map(Some).collect::<Vec<_>>());
}

/// A fault of other waiting rooms: one client burns numbers with refused joins.
#[tokio::test]
async fn a_refused_join_burns_no_number() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    for body in [
        json!({ "user_id": buyer.user_id }),
        json!({ "user_id": NOBODY }),
        json!({ "user_id": "x" }),
    ] {
        shop.ask_to_join(&body).await;
    }
    assert_eq!(claims(&shop.buyer().await.token)["number"], 2);
}

/// A fault of other sellers: a token for a user who does not exist.
#[tokio::test]
async fn nobody_gets_no_token() {
    let shop = Shop::open().await;
    shop.ask_to_join(&json!({ "user_id": NOBODY }))
        .await
        .is(USER_NOT_FOUND);
}

#[tokio::test]
async fn what_is_missing_or_malformed_is_named() {
    let shop = Shop::open().await;
    let guest = shop.guest().await;
    shop.post("/v1/auth/tokens").send().await.is(EMPTY_BODY);
    shop.post("/v1/auth/tokens")
        .body("{")
        .send()
        .await
        .is(EMPTY_BODY);
    shop.ask_to_join(&json!({})).await.is(MISSING_USER_ID);
    shop.ask_to_join(&json!({ "user_id": null }))
        .await
        .is(MISSING_USER_ID);
    for bad in [
        json!("x"),
        json!(""),
        json!(7),
        json!([NOBODY]),
        json!({}),
        json!(true),
        json!("1111111111114111811111111111111"),
    ] {
        shop.ask_to_join(&json!({ "user_id": bad }))
            .await
            .is(INVALID_USER_ID);
    }
    let with_concert = async |concert_id: Value| {
        shop.ask_to_join(&json!({ "user_id": guest.user_id, "concert_id": concert_id }))
            .await
    };
    with_concert(json!(NOBODY)).await.is(CONCERT_NOT_FOUND);
    with_concert(json!("x")).await.is(CONCERT_NOT_FOUND);
    with_concert(json!(7)).await.is(BAD_REQUEST);
    let queueless = shop
        .add_concert("Nowhere", "nowhere", &[show("2026-12-24")])
        .await;
    with_concert(json!(queueless)).await.is(QUEUE_NOT_FOUND);
    shop.join(&guest).await;
}

#[tokio::test]
async fn a_missing_field_wins_over_a_malformed_one_and_that_over_what_does_not_exist() {
    let shop = Shop::open().await;
    shop.ask_to_join(&json!({ "concert_id": 7 }))
        .await
        .is(MISSING_USER_ID);
    shop.ask_to_join(&json!({ "user_id": "x", "concert_id": NOBODY }))
        .await
        .is(INVALID_USER_ID);
    shop.ask_to_join(&json!({ "user_id": NOBODY, "concert_id": 7 }))
        .await
        .is(BAD_REQUEST);
}
