//! `POST /v1/auth/tokens`.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::futures_util::future::join_all;

use crate::harness::{
    NOBODY, Reply, Shop,
    refusal::{
        BAD_REQUEST, CONCERT_NOT_FOUND, EMPTY_BODY, FORBIDDEN, IDEMPOTENCY_KEY_REUSED,
        INVALID_TOKEN, INVALID_USER_ID, MALFORMED_AUTHORIZATION, MISSING_AUTHORIZATION,
        MISSING_USER_ID, QUEUE_NOT_FOUND, TOKEN_ALREADY_ACTIVE, USER_NOT_FOUND,
    },
    show, text,
    tokens::claims,
};

/// 30 days.
const TOKEN_LIVES: i64 = 30 * 24 * 3_600;

impl Shop {
    async fn ask_to_join(&self, body: &Value) -> Reply {
        self.post("/v1/auth/tokens").json(body).send().await
    }
}

#[tokio::test]
async fn walks_in_while_nobody_waits() {
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
            "server_time": shop.now(),
        })
    );
    let said = claims(&token);
    let now = shop.now().as_second();
    assert_eq!(
        said,
        json!({
            "aud": "queue",
            "generation": 0, "sub": guest.user_id, "queue": "main", "number": 1,
            "jti": said["jti"], "iat": now, "exp": now + TOKEN_LIVES,
        })
    );
}

#[tokio::test]
async fn waits_when_the_queue_is_full() {
    let shop = Shop::with_room_for_one().await;
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
        (130..=155).contains(&wait),
        "one at a time, half a window each until more is known: {wait}"
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
            "server_time": shop.now(),
        })
    );
    assert_eq!(claims(&text(&joined["token"]))["number"], 2);
}

#[tokio::test]
async fn concert_decides_the_queue() {
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
async fn user_has_one_live_session_in_a_queue() {
    let shop = Shop::with_room_for_one().await;
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
async fn parallel_joins_of_one_user_have_one_winner() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let guest = shop.guest().await;
    let body = json!({ "user_id": guest.user_id });
    let replies = join_all((0..10).map(|_| shop.ask_to_join(&body))).await;
    let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
    assert_eq!(won.len(), 1);
    for reply in lost {
        reply.is(TOKEN_ALREADY_ACTIVE);
    }
    shop.audit().await;
}

#[tokio::test]
async fn numbers_are_unique_and_in_order() {
    crate::harness::in_virtual_time();
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

/// Refused joins must not use up numbers.
#[tokio::test]
async fn refused_join_draws_no_number() {
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

/// A user who does not exist must not get a token.
#[tokio::test]
async fn unknown_user_gets_no_token() {
    let shop = Shop::open().await;
    shop.ask_to_join(&json!({ "user_id": NOBODY }))
        .await
        .is(USER_NOT_FOUND);
}

#[tokio::test]
async fn names_what_is_missing_or_malformed() {
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
async fn reports_missing_before_malformed_before_unknown() {
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

#[tokio::test]
async fn account_joins_with_its_access_token_only() {
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    let (buyer, other) = (shop.buyer().await, shop.account("other@example.com").await);
    let body = json!({ "user_id": account.user_id });
    let with = async |token: &str| {
        let call = shop.post("/v1/auth/tokens").token(token).json(&body);
        call.send().await
    };
    shop.ask_to_join(&body).await.is(MISSING_AUTHORIZATION);
    let basic = shop
        .post("/v1/auth/tokens")
        .header("authorization", "Basic eDp5");
    basic.json(&body).send().await.is(MALFORMED_AUTHORIZATION);
    with("x").await.is(INVALID_TOKEN);
    with(&buyer.token).await.is(INVALID_TOKEN);
    with(&buyer.access_token).await.is(FORBIDDEN);
    with(&other.access_token).await.is(FORBIDDEN);
    let joined = with(&account.access_token).await.ok();
    assert_eq!(joined["status"], "ACTIVE");
    assert_eq!(claims(&text(&joined["token"]))["sub"], account.user_id);
}

#[tokio::test]
async fn header_is_checked_first_for_a_guest_too() {
    let shop = Shop::open().await;
    let (guest, other) = (shop.guest().await, shop.guest().await);
    let body = json!({ "user_id": guest.user_id });
    let with = |token: &str| shop.post("/v1/auth/tokens").token(token);
    with("x").body("garbage").send().await.is(INVALID_TOKEN);
    let empty = shop.post("/v1/auth/tokens").header("authorization", "");
    empty.json(&body).send().await.is(MALFORMED_AUTHORIZATION);
    let not_there = json!({ "user_id": other.user_id, "concert_id": NOBODY });
    let call = with(&guest.access_token).json(&not_there);
    call.send().await.is(FORBIDDEN);
    let call = with(&guest.access_token).json(&json!({}));
    call.send().await.is(MISSING_USER_ID);
    let joined = with(&guest.access_token).json(&body).send().await.ok();
    assert_eq!(claims(&text(&joined["token"]))["sub"], guest.user_id);
}

#[tokio::test]
async fn logged_out_token_joins_nothing() {
    let shop = Shop::open().await;
    for user in [
        shop.account("mina@example.com").await.as_guest(),
        shop.guest().await,
    ] {
        let out = shop.post("/v1/auth/logout").token(&user.access_token);
        out.send().await.ok();
        let join = shop.post("/v1/auth/tokens").token(&user.access_token);
        let join = join.json(&json!({ "user_id": user.user_id }));
        join.send().await.is(INVALID_TOKEN);
    }
}

/// The token is signed with our key, but its user does not exist.
#[tokio::test]
async fn token_of_an_unknown_user_joins_nothing() {
    let shop = Shop::open().await;
    let mut said = claims(&shop.guest().await.access_token);
    said["sub"] = json!(NOBODY);
    let token = shop.signed(said).await;
    let join = shop.post("/v1/auth/tokens").token(&token);
    let join = join.json(&json!({ "user_id": NOBODY }));
    join.send().await.is(INVALID_TOKEN);
}

#[tokio::test]
async fn access_token_gets_a_lost_queue_token_again() {
    let shop = Shop::with_room_for_one().await;
    let account = shop.account("mina@example.com").await.as_guest();
    for user in [shop.guest().await, account] {
        let body = json!({ "user_id": user.user_id });
        let join = || {
            let call = shop.post("/v1/auth/tokens").token(&user.access_token);
            call.json(&body).send()
        };
        let first = join().await.ok();
        shop.advance(3).await;
        let again = join().await.ok();
        let said = |joined: &Value| claims(&text(&joined["token"]));
        assert_eq!(said(&again), said(&first), "the same session and number");
        assert_eq!(
            (&again["status"], &again["expires_at"]),
            (&first["status"], &first["expires_at"])
        );
        let place = shop.get("/v1/auth/tokens").token(&text(&again["token"]));
        assert_eq!(place.send().await.ok()["status"], first["status"]);
    }
    assert_eq!(
        claims(&shop.buyer().await.token)["number"],
        3,
        "no number was burned"
    );
}

/// Also at the end of a passage: while seats are held, and after it, when a new one begins.
#[tokio::test]
async fn token_is_issued_again_while_the_session_is_live() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let body = json!({ "user_id": buyer.user_id });
    let join = async || {
        let call = shop.post("/v1/auth/tokens").token(&buyer.access_token);
        let joined = call.json(&body).send().await.ok();
        (claims(&text(&joined["token"]))["jti"].clone(), joined)
    };
    let jti = claims(&buyer.token)["jti"].clone();
    shop.advance(299).await;
    shop.hold(&buyer, 7).await.ok();
    shop.advance(1).await;
    let (same, holding) = join().await;
    assert_eq!((&same, &holding["status"]), (&jti, &json!("HOLDING")));
    shop.advance(300).await;
    let (next, joined) = join().await;
    assert_ne!(next, jti);
    assert_eq!(joined["status"], "ACTIVE");
}

impl Shop {
    async fn join_keyed(&self, body: &Value, key: &str) -> Reply {
        let call = self.post("/v1/auth/tokens").key(key);
        call.json(body).send().await
    }
}

#[tokio::test]
async fn same_key_gives_the_same_session() {
    let shop = Shop::with_room_for_one().await;
    for status in ["ACTIVE", "WAITING"] {
        let guest = shop.guest().await;
        let body = json!({ "user_id": guest.user_id });
        let first = shop.join_keyed(&body, "my-key").await.ok();
        assert_eq!(first["status"], status);
        let again = shop.join_keyed(&body, "my-key").await.ok();
        let said = |joined: &Value| claims(&text(&joined["token"]));
        assert_eq!(said(&again), said(&first));

        shop.ask_to_join(&body).await.is(TOKEN_ALREADY_ACTIVE);
        shop.join_keyed(&body, "another-key")
            .await
            .is(TOKEN_ALREADY_ACTIVE);
        let for_the_concert = json!({ "user_id": guest.user_id, "concert_id": shop.concert_id });
        shop.join_keyed(&for_the_concert, "my-key")
            .await
            .is(IDEMPOTENCY_KEY_REUSED);
        let of_another = json!({ "user_id": shop.guest().await.user_id });
        shop.join_keyed(&of_another, "my-key").await.ok();
    }
}

#[tokio::test]
async fn key_of_no_session_is_refused() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let body = json!({ "user_id": buyer.user_id });
    shop.join_keyed(&body, "key").await.is(TOKEN_ALREADY_ACTIVE);
}

#[tokio::test]
async fn key_ends_with_its_session() {
    let shop = Shop::open().await;
    let guest = shop.guest().await;
    let body = json!({ "user_id": guest.user_id });
    let first = shop.join_keyed(&body, "key").await.ok();
    let left = shop.delete("/v1/auth/tokens").token(&text(&first["token"]));
    left.send().await.ok();
    let for_the_concert = json!({ "user_id": guest.user_id, "concert_id": shop.concert_id });
    let second = shop.join_keyed(&for_the_concert, "key").await.ok();
    assert_ne!(
        claims(&text(&second["token"]))["jti"],
        claims(&text(&first["token"]))["jti"]
    );
    shop.join_keyed(&body, "key")
        .await
        .is(IDEMPOTENCY_KEY_REUSED);
}

#[tokio::test]
async fn parallel_joins_with_one_key_are_one() {
    crate::harness::in_virtual_time();
    for shop in [Shop::open().await, Shop::with_room_for_one().await] {
        let inside = shop.buyer().await;
        let guest = shop.guest().await;
        let body = json!({ "user_id": guest.user_id });
        let replies = join_all((0..10).map(|_| shop.join_keyed(&body, "key"))).await;
        let mut sessions: Vec<_> = replies
            .into_iter()
            .map(|reply| claims(&text(&reply.ok()["token"])))
            .collect();
        sessions.dedup();
        assert_eq!(sessions.len(), 1);
        shop.leave(&inside).await;
    }
}

/// The arrivals of the joins that lost were taken back. Once their numbers have passed, like those
/// of no-shows, there is room for everybody else.
#[tokio::test]
async fn parallel_joins_with_one_key_are_one_arrival() {
    crate::harness::in_virtual_time();
    let shop = Shop::open_with(&[("MainMaxActive", "12")]).await;
    let guest = shop.guest().await;
    let body = json!({ "user_id": guest.user_id });
    for reply in join_all((0..10).map(|_| shop.join_keyed(&body, "key"))).await {
        reply.ok();
    }
    shop.advance(170).await;
    for n in 1..12 {
        let next = shop.buyer().await;
        assert_eq!(next.joined["status"], "ACTIVE", "number {n} of the others");
    }
    assert_eq!(shop.buyer().await.joined["status"], "WAITING");
    shop.audit().await;
}

#[tokio::test]
async fn key_has_1_to_64_visible_characters() {
    let shop = Shop::open().await;
    let guest = shop.guest().await;
    let body = json!({ "user_id": guest.user_id });
    let too_long = "k".repeat(65);
    for bad in ["", "a b", too_long.as_str(), "a\tb"] {
        shop.join_keyed(&body, bad).await.is(BAD_REQUEST);
    }
    shop.join_keyed(&json!({ "user_id": "x" }), "a b")
        .await
        .is(INVALID_USER_ID);
    shop.join_keyed(&json!({ "user_id": NOBODY }), "a b")
        .await
        .is(BAD_REQUEST);
    shop.join_keyed(&body, &"k".repeat(64)).await.ok();
}

/// A repeated join must not give a user a later number, nor two users the same number.
#[tokio::test]
async fn repeated_join_changes_nobodys_number() {
    let shop = Shop::with_room_for_one().await;
    let guests = [shop.guest().await, shop.guest().await, shop.guest().await];
    let mut numbers = BTreeSet::new();
    for guest in &guests {
        let body = json!({ "user_id": guest.user_id });
        let mut told = BTreeSet::new();
        for _ in 0..3 {
            let join = shop.post("/v1/auth/tokens").json(&body);
            let joined = join.key(&guest.user_id).send().await.ok();
            let token = joined["token"].as_str().expect("a token").to_owned();
            told.insert(claims(&token)["number"].as_u64());
        }
        assert_eq!(told.len(), 1, "{told:?}");
        numbers.extend(told);
    }
    assert_eq!(numbers, (1..=3).map(Some).collect());
    shop.audit().await;
}
