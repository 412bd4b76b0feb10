//! Forged, old, stolen and malformed tokens.

use serde_json::{Value, json};

use crate::harness::{
    Door, NOBODY, Shop,
    refusal::{
        INVALID_TOKEN, MALFORMED_AUTHORIZATION, MISSING_AUTHORIZATION, NOT_YOUR_TURN, STRAY_BODY,
    },
    tokens::claims,
};

#[tokio::test]
async fn every_door_requires_a_bearer_token() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    for door in shop.guarded(&buyer.user_id, NOBODY) {
        door.call(&shop).send().await.is(MISSING_AUTHORIZATION);
        let garbage = shop.call(door.method, &door.path).body("garbage");
        if door.takes_bodies() {
            garbage.send().await.is(MISSING_AUTHORIZATION);
        } else {
            garbage.send().await.is(STRAY_BODY);
        }
        for header in [
            "Bearer",
            "Bearer ",
            "bearer  ",
            "Basic eDp5",
            "token",
            "",
            " ",
            &buyer.token,
            "Bearer,x",
        ] {
            let reply = door
                .call(&shop)
                .header("authorization", header)
                .send()
                .await;
            reply.is(MALFORMED_AUTHORIZATION);
        }
        let call = shop.call(door.method, &door.path).token("x");
        let call = if door.takes_bodies() {
            call.body("garbage")
        } else {
            call
        };
        call.send().await.is(INVALID_TOKEN);
    }
}

#[tokio::test]
async fn bearer_scheme_is_read_in_any_case() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    for scheme in ["bearer", "BEARER", "bEaReR ", " Bearer"] {
        let header = format!("{scheme} {}", buyer.token);
        let reply = shop
            .get("/v1/auth/tokens")
            .header("authorization", &header)
            .send()
            .await;
        assert_eq!(reply.ok()["status"], "ACTIVE", "{scheme}");
    }
}

/// No well-known test token skips the line.
#[tokio::test]
async fn forged_tokens_open_no_door() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    let doors = shop.guarded(
        &buyer.user_id,
        held["reservation_id"].as_str().expect("an id"),
    );
    let of_queue = shop.forgeries(&buyer.token).await;
    let of_access = shop.forgeries(&buyer.access_token).await;
    for door in &doors {
        for (kind, token) in of_queue.iter().chain(&of_access) {
            let reply = door.call(&shop).send_as(token).await;
            assert_eq!(reply.status, 401, "{} by {kind}: {}", door.name, reply.body);
            reply.is(INVALID_TOKEN);
        }
    }
    assert_eq!(shop.balance(&buyer).await, json!(0));
    assert_eq!(shop.reservation_status(&buyer, &held).await, "HELD");
}

#[tokio::test]
async fn token_of_another_deployment_is_refused() {
    let (shop, other) = (Shop::open().await, Shop::open().await);
    let buyer = other.buyer().await;
    for token in [&buyer.token, &buyer.access_token] {
        let path = format!("/v1/users/{}/balance", buyer.user_id);
        shop.get(&path).send_as(token).await.is(INVALID_TOKEN);
    }
    shop.get("/v1/auth/tokens")
        .send_as(&buyer.token)
        .await
        .is(INVALID_TOKEN);
}

#[tokio::test]
async fn access_token_opens_no_door_of_the_queue() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let mut closed = 0;
    for door in shop.guarded(&buyer.user_id, NOBODY) {
        // Some of these requests end the token.
        let token = shop.token_of(&buyer.user_id).await;
        let reply = door.call(&shop).send_as(&token).await;
        if door.takes_access_tokens() {
            assert_ne!(reply.status, 401, "{}: {}", door.name, reply.body);
        } else {
            reply.is(INVALID_TOKEN);
            closed += 1;
        }
    }
    assert_eq!(closed, 7);
}

#[tokio::test]
async fn token_of_an_earlier_session_buys_nothing() {
    let shop = Shop::open().await;
    let before = shop.buyer().await;
    shop.leave(&before).await;
    let after = shop.rejoin(&before).await;
    let held = shop.hold(&after, 7).await.ok();
    for door in shop.guarded(&after.user_id, NOBODY) {
        let reply = door.call(&shop).send_as(&before.token).await;
        if matches!(door.door, Door::Buyer | Door::Holder) {
            reply.session_over(None);
        }
    }
    assert_eq!(shop.status(&after).await, "ACTIVE");
    assert_eq!(
        shop.reservation_status(&before, &held).await,
        "HELD",
        "they are the same user"
    );
}

#[tokio::test]
async fn signed_token_needs_its_session_and_generation() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let with = async |token: &str, name: &str, value: Value| {
        let mut said = claims(token);
        said[name] = value;
        shop.signed(said).await
    };
    for token in [
        with(&buyer.token, "jti", json!(NOBODY)).await,
        with(&buyer.token, "sub", json!(NOBODY)).await,
        with(&buyer.token, "queue", json!("nowhere")).await,
    ] {
        shop.get("/v1/concerts/available-dates")
            .send_as(&token)
            .await
            .session_over(None);
        shop.delete("/v1/auth/tokens")
            .send_as(&token)
            .await
            .session_over(None);
        let place = shop.get("/v1/auth/tokens").send_as(&token).await.ok();
        assert_eq!(place["status"], "CLOSED");
    }
    let path = format!("/v1/users/{}/balance", buyer.user_id);
    let next_generation = with(&buyer.access_token, "generation", json!(1)).await;
    shop.get(&path)
        .send_as(&next_generation)
        .await
        .is(INVALID_TOKEN);
    let nobodys = with(&buyer.access_token, "sub", json!(NOBODY)).await;
    shop.get(&path).send_as(&nobodys).await.is(INVALID_TOKEN);
    // The number in the token does not count: the session has its own.
    let first = with(&buyer.token, "number", json!(0)).await;
    assert_eq!(
        shop.get("/v1/auth/tokens").send_as(&first).await.ok()["status"],
        "ACTIVE"
    );
}

#[tokio::test]
async fn lower_number_in_the_token_does_not_skip_the_line() {
    let shop = Shop::with_room_for_one().await;
    shop.buyer().await;
    let waiting = shop.buyer().await;
    let mut said = claims(&waiting.token);
    said["number"] = json!(1);
    let token = shop.signed(said).await;
    let reply = shop
        .get("/v1/concerts/available-dates")
        .send_as(&token)
        .await;
    reply.is(NOT_YOUR_TURN);
}

#[tokio::test]
async fn odd_authorization_headers_break_nothing() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let long = "x".repeat(8_000);
    for token in [
        long.as_str(),
        "a.b.c",
        "e30.e30.e30",
        "eyJhbGciOiJFZERTQSJ9..",
        "\"",
        "{}",
        "null",
        "' OR 1=1 --",
    ] {
        shop.get("/v1/auth/tokens")
            .send_as(token)
            .await
            .is(INVALID_TOKEN);
    }
    let bytes = shop
        .get("/v1/auth/tokens")
        .header("authorization", b"Bearer \xed\x86\xa0\xff");
    bytes.send().await.is_refusal();
    let twice = shop.get("/v1/auth/tokens").token(&buyer.token).token("x");
    twice.send().await.is_refusal();
}

/// Pages of any origin may call, because no call has anything that a browser adds by itself. There
/// are no cookies, and none may be sent.
#[tokio::test]
async fn cookies_are_neither_set_nor_accepted() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let balance = shop.get(&format!("/v1/users/{}/balance", buyer.user_id));
    let balance = balance.header("origin", "https://evil.example");
    for call in [balance.clone(), balance.clone().token(&buyer.token)] {
        let reply = call.header("cookie", format!("token={}", buyer.token));
        let reply = reply.send().await;
        assert_eq!(reply.header("access-control-allow-credentials"), "");
        assert_eq!(reply.header("set-cookie"), "");
    }
    let by_cookie = balance.header("cookie", format!("token={}", buyer.token));
    assert_eq!(by_cookie.send().await.status, 401, "a cookie is no token");
}
