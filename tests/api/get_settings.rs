//! `GET /v1/settings`.

use serde_json::{Value, json};
use shared::jiff::{SignedDuration, Timestamp};

use crate::harness::{
    PRICE, Shop,
    refusal::{FORBIDDEN, TOO_MANY_SEATS},
};

async fn settings(shop: &Shop) -> Value {
    shop.get("/v1/settings").send().await.ok()
}

#[tokio::test]
async fn settings_are_public_and_may_be_kept_for_five_minutes() {
    let shop = Shop::open().await;
    let reply = shop.get("/v1/settings").send().await;
    assert_eq!(reply.header("cache-control"), "public, max-age=300");
    assert_eq!(
        reply.ok(),
        json!({
            "hold_seconds": 300,
            "refund_cutoff_hours": 24,
            "who_charges": "users",
            "time_zone": "Asia/Seoul",
            "most_seats_a_hold": 4,
            "server_time": shop.now(),
        })
    );
}

#[tokio::test]
async fn settings_are_those_of_the_deployment() {
    let shop = Shop::open_with(&[
        ("HoldSeconds", "61"),
        ("RefundCutoffHours", "0"),
        ("WhoCharges", "admins"),
        ("TimeZone", "America/New_York"),
    ])
    .await;
    let settings = settings(&shop).await;
    for (field, value) in [
        ("hold_seconds", json!(61)),
        ("refund_cutoff_hours", json!(0)),
        ("who_charges", json!("admins")),
        ("time_zone", json!("America/New_York")),
    ] {
        assert_eq!(settings[field], value, "{field}");
    }
}

/// What a page computes from the settings is what the service does.
#[tokio::test]
async fn service_keeps_its_settings() {
    for (zone, midnight) in [
        ("Asia/Seoul", "2026-12-23T15:00:00Z"),
        ("America/New_York", "2026-12-24T05:00:00Z"),
    ] {
        for (who, hours) in [("users", "24"), ("admins", "5")] {
            let shop = Shop::open_with(&[
                ("HoldSeconds", "90"),
                ("WhoCharges", who),
                ("RefundCutoffHours", hours),
                ("TimeZone", zone),
            ])
            .await;
            let settings = settings(&shop).await;
            let number = |field: &str| settings[field].as_u64().expect("a number");
            let buyer = shop.buyer().await;

            let most = u32::try_from(number("most_seats_a_hold")).expect("few");
            let seats: Vec<u32> = (1..=most + 1).collect();
            let too_many = shop.hold_all(&buyer, &seats).await;
            too_many.is(TOO_MANY_SEATS);
            let held = shop.hold_all(&buyer, &seats[1..]).await.ok();

            let seconds = i64::try_from(number("hold_seconds")).expect("few");
            assert_eq!(held["expiration_time"], shop.in_seconds(seconds));
            let midnight: Timestamp = midnight.parse().expect("a time");
            let hours = i64::try_from(number("refund_cutoff_hours")).expect("few");
            let until = midnight - SignedDuration::from_hours(hours);
            assert_eq!(held["refundable_until"], json!(until));
            let charged = shop.charge(&buyer, PRICE).await;
            match settings["who_charges"].as_str() {
                Some("users") => drop(charged.ok()),
                Some("admins") => charged.is(FORBIDDEN),
                other => panic!("{other:?} is not in the contract"),
            }
        }
    }
}
