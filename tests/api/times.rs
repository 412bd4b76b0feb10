//! Times are written in whole seconds, rounded down, whatever the clock says. Every answer of the
//! whole suite is checked for that ([`crate::harness::specification`]). Here the clock is between
//! two seconds.

use std::time::Duration;

use serde_json::{Value, json};
use shared::jiff::{SignedDuration, Timestamp};

use crate::harness::{PASSWORD, PRICE, Shop, show, specification::times_with_fractions};

/// A time as the API writes it.
fn rounded_down(time: Timestamp) -> Value {
    let seconds = Timestamp::from_second(time.as_second()).expect("a time");
    json!(seconds)
}

#[tokio::test]
async fn times_of_a_purchase_are_whole_seconds() {
    let shop = Shop::open().await;
    shop.stack.advance(Duration::from_millis(437)).await;
    let admin = shop.admin().await;
    let account = shop.account("mina@example.com").await;
    let logged_in = shop.log_in(&account.email, PASSWORD).await.ok();
    let twelve_hours = SignedDuration::from_hours(12);
    assert_eq!(
        logged_in["expires_at"],
        rounded_down(shop.now() + twelve_hours)
    );
    let list = shop
        .get("/v1/users")
        .send_as(&admin.access_token)
        .await
        .ok();
    assert_eq!(list["users"][0]["created_at"], rounded_down(shop.now()));

    let buyer = shop.buyer().await;
    assert!(buyer.joined["expires_at"].is_string() && buyer.joined["active_until"].is_string());
    let held = shop.hold(&buyer, 7).await.ok();
    let lapses = shop.now() + SignedDuration::from_secs(300);
    assert_eq!(held["expiration_time"], rounded_down(lapses));
    let place = shop.get_place(&buyer).await;
    assert_eq!(
        place["reservation"]["expiration_time"],
        held["expiration_time"]
    );
    shop.charge(&buyer, PRICE).await.ok();
    shop.pay(&buyer, &held).await.ok();
    let path = shop.reservation(&held);
    let found = shop.get(&path).send_as(&buyer.token).await.ok();
    assert_eq!(found["payment"]["paid_at"], rounded_down(shop.now()));
    shop.refund(&admin, &buyer, &held, "A").send().await.ok();
    shop.correct(&admin, &buyer, -1).send().await.ok();
    let payments = format!("/v1/users/{}/payments", buyer.user_id);
    let payments = shop.get(&payments).send_as(&buyer.token).await.ok();
    assert_eq!(
        payments["payments"][0]["refunded_at"],
        rounded_down(shop.now())
    );
    for entry in shop.statement(&buyer, 10).await {
        assert_eq!(entry["at"], rounded_down(shop.now()), "{entry}");
    }
    shop.audit().await;
}

/// A time that an operator gives in milliseconds applies to the millisecond, and is written rounded
/// down.
#[tokio::test]
async fn times_of_a_sale_are_whole_seconds() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let opens_at = shop.now() + SignedDuration::from_millis(60_437);
    let body = json!({ "name": "A", "shows": [{
        "date": "2027-01-01", "price": 1, "opens_at": opens_at, "closes_at": "2026-12-31T00:00:00.9Z",
    }] });
    let created = shop.create(&admin, &body).await.expect(201);
    assert_eq!(created["shows"][0]["opens_at"], rounded_down(opens_at));
    assert_eq!(created["shows"][0]["closes_at"], "2026-12-31T00:00:00Z");
    let put = shop
        .put_queue(&admin, "spring", &json!({ "opens_at": opens_at }))
        .await
        .ok();
    assert_eq!(put["opens_at"], rounded_down(opens_at));
    let concert_id = shop
        .add_concert("Spring", "spring", &[show("2027-01-02")])
        .await;
    let early = shop.join_for(&shop.guest().await, Some(&concert_id)).await;
    assert_eq!(early.joined["status"], "EARLY");
    assert_eq!(early.joined["opens_at"], rounded_down(opens_at));
}

/// Clients compute places and count down with these times, to the millisecond.
#[tokio::test]
async fn time_of_the_service_has_milliseconds() {
    let shop = Shop::open().await;
    shop.stack.advance(Duration::from_millis(437)).await;
    assert_ne!(json!(shop.now()), rounded_down(shop.now()));
    let (buyer, held) = shop.about_to_pay().await;
    let reservation = shop.reservation(&held);
    let is_now = |answer: &Value| assert_eq!(answer["server_time"], json!(shop.now()), "{answer}");
    is_now(&buyer.joined);
    is_now(&held);
    let read = async |seconds: u64, paths: &[&str]| {
        shop.advance(seconds).await;
        for path in paths {
            is_now(&shop.get(path).send_as(&buyer.token).await.ok());
        }
    };
    let all = [
        "/v1/queues/main",
        "/v1/settings",
        "/v1/auth/tokens",
        &reservation,
    ];
    read(1, &all).await;
    // The same hold again has the time of this answer, and not of the first one.
    shop.advance(7).await;
    let again = shop.hold(&buyer, 7).await.ok();
    is_now(&again);
    assert_eq!(again["expiration_time"], held["expiration_time"]);
    shop.pay(&buyer, &held).await.ok();
    assert_eq!(shop.status(&buyer).await, "CLOSED PAID");
    read(0, &all).await;
    // A later session has replaced it.
    let _later = shop.rejoin(&buyer).await;
    read(2, &["/v1/auth/tokens"]).await;
}

/// The check of every answer must be able to fail.
#[test]
fn times_with_a_fraction_are_noticed() {
    let precise = "2026-11-20T03:00:36.097Z";
    let seen = |answer: Value| times_with_fractions(&answer, "").len();
    assert_eq!(seen(json!({ "at": precise })), 1);
    assert_eq!(
        seen(json!({ "list": [{ "paid_at": precise }, { "at": precise }] })),
        2
    );
    assert_eq!(
        seen(json!({ "points": { "at": "2026-11-20T03:00:36Z", "x": precise } })),
        1
    );
    let of_a_queue = json!({ "points": [{ "at": precise }], "server_time": precise });
    assert_eq!(seen(of_a_queue), 0);
    assert_eq!(
        seen(json!({ "name": "2026", "date": "2026-12-24", "n": 0.5 })),
        0
    );
}
