//! `POST /v1/auth/logout`.

use serde_json::json;

use crate::harness::{
    Door, NOBODY, PASSWORD, PRICE, Shop,
    refusal::{INVALID_TOKEN, MISSING_AUTHORIZATION},
    text,
};

#[tokio::test]
async fn ends_every_access_token_issued_so_far_and_no_later_one() {
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    let logged_in = shop.log_in(&account.email, PASSWORD).await.ok();
    let second = text(&logged_in["token"]);
    let out = shop.post("/v1/auth/logout").send_as(&second).await;
    assert_eq!(out.ok(), json!({ "token": null }));

    let path = format!("/v1/users/{}", account.user_id);
    let look = async |token: &str| shop.get(&path).send_as(token).await;
    for token in [&account.access_token, &second] {
        look(token).await.is(INVALID_TOKEN);
        let again = shop.post("/v1/auth/logout").send_as(token).await;
        again.is(INVALID_TOKEN);
    }
    let third = shop.log_in(&account.email, PASSWORD).await.ok();
    look(&text(&third["token"])).await.ok();
}

#[tokio::test]
async fn guest_logs_out_and_in_again() {
    let shop = Shop::open().await;
    let guest = shop.guest().await;
    let out = shop.post("/v1/auth/logout").token(&guest.access_token);
    out.send().await.ok();
    let balance = format!("/v1/users/{}/balance", guest.user_id);
    let look = async |token: &str| shop.get(&balance).send_as(token).await;
    look(&guest.access_token).await.is(INVALID_TOKEN);
    let body = json!({ "user_id": guest.user_id });
    let logged_in = shop.post("/v1/auth/login").json(&body).send().await.ok();
    look(&text(&logged_in["token"])).await.ok();
}

#[tokio::test]
async fn keeps_the_place_in_the_line() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let out = shop.post("/v1/auth/logout").token(&buyer.access_token);
    out.send().await.ok();
    assert_eq!(shop.status(&buyer).await, "ACTIVE");
    let held = shop.hold(&buyer, 1).await.ok();
    // A hold may be paid with a token that is issued again.
    let token = shop.token_of(&buyer.user_id).await;
    let buyer = shop.rejoin_with(&buyer, &token).await;
    assert_eq!(shop.reservation_status(&buyer, &held).await, "HELD");
    shop.charge(&buyer, PRICE).await.ok();
    shop.pay(&buyer, &held).await.ok();
}

/// Some clients send the user's id in the body. The body is not read, whatever is in it.
#[tokio::test]
async fn ignores_the_body() {
    let shop = Shop::open().await;
    let victim = shop.guest().await;
    for body in [
        format!("{{\"userId\":\"{}\"}}", victim.user_id),
        "garbage".to_owned(),
        "[".repeat(10_000),
    ] {
        let guest = shop.guest().await;
        let out = shop
            .post("/v1/auth/logout")
            .token(&guest.access_token)
            .body(body);
        assert_eq!(out.send().await.ok(), json!({ "token": null }));
    }
    let balance = format!("/v1/users/{}/balance", victim.user_id);
    shop.get(&balance).send_as(&victim.access_token).await.ok();
}

#[tokio::test]
async fn refuses_a_queue_token() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let out = shop.post("/v1/auth/logout").token(&buyer.token);
    out.send().await.is(INVALID_TOKEN);
    shop.post("/v1/auth/logout")
        .send()
        .await
        .is(MISSING_AUTHORIZATION);
}

#[tokio::test]
async fn ended_token_opens_no_door() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let out = shop.post("/v1/auth/logout").token(&admin.access_token);
    out.send().await.ok();
    let doors = shop.guarded(&admin.user_id, NOBODY);
    assert!(doors.iter().any(|door| door.door == Door::Admin));
    for door in doors {
        let reply = door.call(&shop).send_as(&admin.access_token).await;
        assert_eq!(reply.status, 401, "{}", door.name);
        reply.is(INVALID_TOKEN);
    }
    let join = shop.post("/v1/auth/tokens").token(&admin.access_token);
    let join = join.json(&json!({ "user_id": admin.user_id }));
    join.send().await.is(INVALID_TOKEN);
}
