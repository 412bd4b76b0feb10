//! Malformed ids, and other users' ids.

use serde_json::json;

use crate::harness::{
    NOBODY, PASSWORD, PRICE, Shop,
    refusal::{FORBIDDEN, INVALID_CREDENTIALS, INVALID_TOKEN, MISSING_AUTHORIZATION},
};

#[tokio::test]
async fn odd_paths_break_nothing() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let ids = [
        "%00",
        "%2F",
        "..%2F..%2Fusers",
        "%2e%2e",
        "%zz",
        "%",
        "%f",
        "%ff%fe",
        "%F0%9F%8E%AB",
        "a%20b",
        "'%20OR%20'1'='1",
        "%22%3B%20DROP%20TABLE%20users%3B--",
        "%7B%22S%22%3A%22x%22%7D",
        "%25s%25n%25x",
        "${jndi:ldap://x}".trim_start_matches('$'),
        "null",
        "undefined",
        "-1",
        "0",
        "1e999",
        "*",
        "%23",
        "main%23number",
        "~",
        "+",
        NOBODY,
    ];
    let ids = ids.map(|id| id.replace('{', "%7B").replace('}', "%7D"));
    let long = "a".repeat(4_000);
    for id in ids.iter().chain([&long]) {
        for (method, path) in [
            ("GET", format!("/v1/users/{id}")),
            ("GET", format!("/v1/users/{id}/balance")),
            ("POST", format!("/v1/users/{id}/balance")),
            ("GET", format!("/v1/queues/{id}")),
            ("GET", format!("/v1/concerts/{id}")),
            ("GET", format!("/v1/users/{id}/payments")),
            ("GET", format!("/v1/users/{id}/statement")),
            ("GET", format!("/v1/concerts/{id}/dates")),
            ("GET", format!("/v1/concerts/{id}/seats?date=2026-12-24")),
            (
                "GET",
                format!("/v1/concerts/{}/seats?date={id}", shop.concert_id),
            ),
            (
                "GET",
                format!("/v1/concerts/available-dates?concert_id={id}"),
            ),
            ("POST", format!("/v1/concerts/{id}/reservations")),
            ("GET", format!("{}/{id}", shop.reservations())),
            ("DELETE", format!("{}/{id}", shop.reservations())),
            ("POST", format!("{}/{id}/payments", shop.reservations())),
            ("POST", format!("{}/{id}/refund", shop.reservations())),
            ("POST", format!("/v1/users/{id}/balance/corrections")),
            (
                "GET",
                format!("{}?date={id}&seat_number=7", shop.reservations()),
            ),
            (
                "GET",
                format!("{}?date=2026-12-24&seat_number={id}", shop.reservations()),
            ),
            (
                "GET",
                format!("{}/{NOBODY}?user_id={id}", shop.reservations()),
            ),
            ("GET", format!("/{id}")),
        ] {
            let call = shop.call(method, &path).token(&buyer.token);
            let call = if method == "POST" {
                call.json(&json!({
                    "amount": 1, "date": "2026-12-24", "seat_number": 9,
                    "reservation_id": NOBODY, "payment_details": { "amount": 1 },
                }))
            } else {
                call
            };
            call.send().await.is_refusal();
        }
    }
    assert_eq!(shop.balance(&buyer).await, json!(0));
}

/// The user id in the body is not believed.
#[tokio::test]
async fn ids_of_others_open_nothing() {
    let shop = Shop::open().await;
    let (victim, attacker) = (shop.buyer().await, shop.buyer().await);
    let held = shop.hold(&victim, 7).await.ok();
    shop.charge(&victim, PRICE).await.ok();
    shop.charge(&attacker, PRICE).await.ok();
    let doors = shop.guarded(
        &victim.user_id,
        held["reservation_id"].as_str().expect("an id"),
    );
    for door in doors
        .iter()
        .filter(|door| door.path.contains(&victim.user_id))
    {
        let with = async |token: &str| door.call(&shop).send_as(token).await;
        with(&attacker.access_token).await.is(FORBIDDEN);
        with(&attacker.token)
            .await
            .is(if door.takes_queue_tokens() {
                FORBIDDEN
            } else {
                INVALID_TOKEN
            });
    }
    let id = held["reservation_id"].as_str().expect("an id");
    for door in doors
        .iter()
        .filter(|door| door.path.contains(id) && door.takes_queue_tokens())
    {
        let reply = door.call(&shop).send_as(&attacker.token).await;
        reply.refused(404, "RESERVATION_NOT_FOUND");
    }
    let body = json!({ "date": "2026-12-24", "seat_number": 8, "user_id": victim.user_id });
    let own = shop
        .post(&shop.reservations())
        .json(&body)
        .send_as(&attacker.token)
        .await
        .ok();
    assert_eq!(shop.reservation_status(&attacker, &own).await, "HELD");
    assert_eq!(shop.reservation_status(&victim, &held).await, "HELD");
    assert_eq!(shop.balance(&victim).await, json!(PRICE));
    assert_eq!(shop.balance(&attacker).await, json!(PRICE));
}

/// A guest's id was their secret. After the sign-up it is not, and anyone who has learned it gets
/// nothing.
#[tokio::test]
async fn id_of_a_guest_that_became_an_account_opens_nothing() {
    let shop = Shop::open().await;
    let guest = shop.guest().await;
    let path = format!("/v1/users/{}", guest.user_id);
    let body = json!({ "email": "mina@example.com", "password": PASSWORD });
    let update = shop.call("PATCH", &path).token(&guest.access_token);
    update.json(&body).send().await.ok();
    let by_id = json!({ "user_id": guest.user_id });
    let log_in = shop.post("/v1/auth/login").json(&by_id).send().await;
    log_in.is(INVALID_CREDENTIALS);
    let join = shop.post("/v1/auth/tokens").json(&by_id).send().await;
    join.is(MISSING_AUTHORIZATION);
    let join = shop.post("/v1/auth/tokens").token(&guest.access_token);
    join.json(&by_id).send().await.ok();
}
