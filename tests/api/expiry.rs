//! What happens to a hold that nobody pays for, with the release messages and without them. A lost
//! message must change nothing that a buyer sees.

use serde_json::json;

use crate::harness::{
    PRICE, Shop,
    refusal::{HOLD_EXPIRED, SEAT_ALREADY_RESERVED},
};

/// A held seat must become free without a message, and at its exact time, not at the next run of a
/// clean-up job.
async fn seat_is_free_two_seconds_after_its_hold(shop: Shop) {
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    shop.charge(&buyer, PRICE).await.ok();
    shop.advance(100).await;
    let other = shop.buyer().await;

    shop.advance(199).await;
    assert_eq!(shop.seats(&other).await[&7], "HELD");
    shop.hold(&other, 7).await.is(SEAT_ALREADY_RESERVED);
    shop.advance(1).await;
    assert_eq!(shop.in_seconds(0), held["expiration_time"]);
    shop.pay(&buyer, &held).await.is(HOLD_EXPIRED);
    shop.hold(&other, 7).await.is(SEAT_ALREADY_RESERVED);
    assert_eq!(shop.seats(&other).await[&7], "HELD");
    shop.advance(1).await;
    shop.hold(&other, 7).await.is(SEAT_ALREADY_RESERVED);
    shop.advance(1).await;
    assert_eq!(shop.seats(&other).await[&7], "FREE");
    let dates = shop.ask_for_dates(&other).send().await.ok();
    assert_eq!(dates["dates"][0]["seats_left"], 50);
    shop.hold(&other, 7).await.ok();

    shop.pay(&buyer, &held).await.is(HOLD_EXPIRED);
    assert_eq!(shop.balance(&buyer).await, json!(PRICE));
    assert_eq!(shop.seats(&other).await[&7], "MINE");
    assert_eq!(shop.reservation_status(&buyer, &held).await, "EXPIRED");
}

#[tokio::test]
async fn seat_is_free_two_seconds_after_its_hold_with_messages() {
    seat_is_free_two_seconds_after_its_hold(Shop::open().await).await;
}

#[tokio::test]
async fn seat_is_free_two_seconds_after_its_hold_without_messages() {
    seat_is_free_two_seconds_after_its_hold(Shop::without_messages(&[]).await).await;
}

#[tokio::test]
async fn hold_can_be_paid_in_its_last_second() {
    for shop in [Shop::open().await, Shop::without_messages(&[]).await] {
        let buyer = shop.buyer().await;
        let held = shop.hold(&buyer, 7).await.ok();
        shop.charge(&buyer, PRICE).await.ok();
        shop.advance(299).await;
        shop.pay(&buyer, &held).await.ok();
        shop.advance(10).await;
        assert_eq!(
            shop.seats(&shop.buyer().await).await[&7],
            "SOLD",
            "whatever message comes"
        );
    }
}

/// A session whose unpaid hold has lapsed is over, whether or not the message has come.
#[tokio::test]
async fn session_is_over_with_its_hold() {
    for shop in [Shop::open().await, Shop::without_messages(&[]).await] {
        let buyer = shop.buyer().await;
        shop.advance(1).await;
        shop.hold(&buyer, 7).await.ok();
        for seconds in [300, 2, 60] {
            shop.advance(seconds).await;
            assert_eq!(shop.status(&buyer).await, "CLOSED HOLD_EXPIRED");
            shop.ask_for_dates(&buyer)
                .send()
                .await
                .session_over(Some("HOLD_EXPIRED"));
            shop.hold(&buyer, 8)
                .await
                .session_over(Some("HOLD_EXPIRED"));
        }
    }
}

/// A lapsed hold must not prevent the next one.
#[tokio::test]
async fn lapsed_hold_does_not_block_the_next() {
    for shop in [Shop::open().await, Shop::without_messages(&[]).await] {
        let buyer = shop.buyer().await;
        let lapsed = shop.hold_all(&buyer, &[7, 8]).await.ok();
        shop.advance(300).await;
        let again = shop.rejoin(&buyer).await;
        shop.hold(&again, 7).await.is(SEAT_ALREADY_RESERVED);
        shop.advance(2).await;
        let held = shop.hold_all(&again, &[8, 9]).await.ok();
        assert_eq!(shop.reservation_status(&again, &lapsed).await, "EXPIRED");
        shop.charge(&again, 2 * PRICE).await.ok();
        shop.pay(&again, &lapsed).await.is(HOLD_EXPIRED);
        shop.pay(&again, &held).await.ok();
        shop.advance(60).await;
        let seats = shop.seats(&shop.buyer().await).await;
        assert_eq!(
            [7, 8, 9].map(|seat| seats[&seat].as_str()),
            ["FREE", "SOLD", "SOLD"],
            "the message of the lapsed hold takes nothing away"
        );
    }
}

#[tokio::test]
async fn length_of_a_hold_is_a_parameter() {
    let shop = Shop::open_with(&[("HoldSeconds", "10")]).await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    let held = shop.hold(&buyer, 7).await.ok();
    assert_eq!(held["expiration_time"], shop.in_seconds(10));
    shop.advance(12).await;
    shop.hold(&other, 7).await.ok();
    shop.pay(&buyer, &held).await.is(HOLD_EXPIRED);
}

#[tokio::test]
async fn seat_changes_hands_as_often_as_it_lapses() {
    let shop = Shop::open_with(&[("HoldSeconds", "10")]).await;
    let mut earlier = Vec::new();
    for _ in 0..4 {
        let buyer = shop.buyer().await;
        let held = shop.hold(&buyer, 7).await.ok();
        earlier.push((buyer, held));
        shop.advance(12).await;
    }
    let (buyer, receipt) = shop.sell(7).await;
    for (loser, held) in &earlier {
        shop.charge(loser, PRICE).await.ok();
        shop.pay(loser, held).await.is(HOLD_EXPIRED);
    }
    shop.advance(60).await;
    assert_eq!(shop.reservation_status(&buyer, &receipt).await, "PAID");
    assert_eq!(shop.seats(&shop.buyer().await).await[&7], "SOLD");
    shop.audit().await;
}
