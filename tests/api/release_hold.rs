//! `release-hold`: the message of a hold, delivered early, late, twice, or unreadable.

use serde_json::{Value, json};
use shared::{futures_util::future::join_all, jiff::SignedDuration};

use crate::harness::{Buyer, NOBODY, PRICE, Shop};

/// The message of a hold in queue `main`.
fn message(buyer: &Buyer, held: &Value) -> Value {
    json!({
        "user_id": buyer.user_id,
        "queue_id": "main",
        "reservation_id": held["reservation_id"],
    })
}

impl Shop {
    /// Delivers messages, and returns those that must be delivered again.
    async fn deliver(&self, bodies: &[String]) -> Vec<Value> {
        let records: Vec<_> = bodies
            .iter()
            .enumerate()
            .map(|(n, body)| {
                json!({
                    "messageId": format!("m{n}"),
                    "body": body,
                    "attributes": {},
                    "messageAttributes": {},
                    "eventSource": "aws:sqs",
                })
            })
            .collect();
        let reply = self
            .invoke("release-hold", &json!({ "Records": records }))
            .await;
        assert_eq!(reply.header("x-amz-function-error"), "", "{}", reply.body);
        let failures = reply.ok()["batchItemFailures"].clone();
        let failures = failures.as_array().expect("failures").iter();
        failures
            .map(|failure| failure["itemIdentifier"].clone())
            .collect()
    }

    async fn deliver_one(&self, message: &Value) {
        assert!(self.deliver(&[message.to_string()]).await.is_empty());
    }
}

#[tokio::test]
async fn early_message_is_put_back() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    assert_eq!(shop.stack.pending_messages().len(), 1);
    shop.advance(200).await;
    shop.deliver_one(&message(&buyer, &held)).await;
    assert_eq!(shop.status(&buyer).await, "ACTIVE");
    assert_eq!(shop.reservation_status(&buyer, &held).await, "HELD");
    assert_eq!(shop.stack.pending_messages().len(), 2);
    shop.advance(102).await;
    assert_eq!(shop.stack.pending_messages().len(), 0);
    assert_eq!(shop.status(&buyer).await, "CLOSED HOLD_EXPIRED");
}

/// The payer's clock may be two seconds behind. So the seat is released when it is free by the
/// rule, and not earlier.
#[tokio::test]
async fn early_message_takes_no_seat_from_a_payer_whose_clock_is_behind() {
    let shop = Shop::without_messages(&[]).await;
    shop.stack
        .put_clock_ahead("pay", SignedDuration::from_secs(-2));
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    shop.charge(&buyer, PRICE).await.ok();
    shop.advance(301).await;
    shop.deliver_one(&message(&buyer, &held)).await;
    shop.pay(&buyer, &held).await.ok();
}

#[tokio::test]
async fn message_may_come_twice_and_late() {
    let shop = Shop::without_messages(&[]).await;
    let buyer = shop.buyer().await;
    let held = shop.hold_all(&buyer, &[7, 8]).await.ok();
    let message = message(&buyer, &held);
    shop.advance(302).await;
    for _ in 0..2 {
        shop.deliver_one(&message).await;
        assert_eq!(shop.status(&buyer).await, "CLOSED HOLD_EXPIRED");
        assert_eq!(shop.reservation_status(&buyer, &held).await, "EXPIRED");
    }
    let other = shop.buyer().await;
    shop.hold_all(&other, &[7, 8]).await.ok();
    let again = shop.rejoin(&buyer).await;
    shop.hold(&again, 9).await.ok();
    shop.deliver_one(&message).await;
    let seats = shop.seats(&other).await;
    assert_eq!(
        [7, 8, 9].map(|seat| seats[&seat].as_str()),
        ["MINE", "MINE", "HELD"]
    );
    assert_eq!(shop.status(&again).await, "ACTIVE");
}

#[tokio::test]
async fn late_message_takes_no_seat_from_the_next_holder() {
    let shop = Shop::without_messages(&[]).await;
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    shop.advance(302).await;
    let other = shop.buyer().await;
    shop.hold(&other, 7).await.ok();
    shop.deliver_one(&message(&buyer, &held)).await;
    assert_eq!(shop.seats(&other).await[&7], "MINE");
    assert_eq!(shop.status(&buyer).await, "CLOSED HOLD_EXPIRED");
}

#[tokio::test]
async fn message_of_a_paid_or_cancelled_hold_does_nothing() {
    let shop = Shop::open().await;
    let (paid, receipt) = shop.sell(7).await;
    shop.deliver_one(&message(&paid, &receipt)).await;
    let buyer = shop.buyer().await;
    let cancelled = shop.hold(&buyer, 8).await.ok();
    shop.cancel(&buyer, &cancelled).await.ok();
    shop.hold(&buyer, 8).await.ok();
    shop.deliver_one(&message(&buyer, &cancelled)).await;
    let seats = shop.seats(&buyer).await;
    assert_eq!((seats[&7].as_str(), seats[&8].as_str()), ("SOLD", "MINE"));
    assert_eq!(shop.status(&buyer).await, "ACTIVE");
    assert_eq!(shop.reservation_status(&paid, &receipt).await, "PAID");
}

#[tokio::test]
async fn malformed_message_comes_again_and_the_rest_of_its_batch_does_not() {
    let shop = Shop::without_messages(&[]).await;
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    shop.advance(302).await;
    let mut foreign = message(&buyer, &held);
    foreign["user_id"] = json!("x");
    let mut unknown = message(&buyer, &held);
    unknown["user_id"] = json!(NOBODY);
    let failures = shop
        .deliver(&[
            "garbage".to_owned(),
            message(&buyer, &held).to_string(),
            "{}".to_owned(),
            String::new(),
            foreign.to_string(),
            unknown.to_string(),
        ])
        .await;
    assert_eq!(
        failures,
        ["m0", "m2", "m3", "m4"],
        "nobody's hold is no trouble"
    );
    assert_eq!(shop.status(&buyer).await, "CLOSED HOLD_EXPIRED");
    assert_eq!(shop.reservation_status(&buyer, &held).await, "EXPIRED");
    assert!(shop.deliver(&[]).await.is_empty());
}

#[tokio::test]
async fn doubled_messages_at_once_count_the_session_once() {
    crate::harness::in_virtual_time();
    let shop = Shop::without_messages(&[("MainMaxActive", "2"), ("HoldSeconds", "60")]).await;
    let (first, second) = (shop.buyer().await, shop.buyer().await);
    let (third, fourth) = (shop.buyer().await, shop.buyer().await);
    let held = shop.hold(&first, 7).await.ok();
    shop.advance(62).await;
    assert_eq!(shop.status(&third).await, "WAITING");
    let body = message(&first, &held);
    join_all((0..6).map(|_| shop.deliver_one(&body))).await;
    shop.wait_for_turn(&third, 15).await;
    shop.ask_for_dates(&third).send().await.ok();
    shop.advance(30).await;
    assert_eq!(shop.status(&second).await, "ACTIVE");
    assert_eq!(
        shop.status(&fourth).await,
        "WAITING",
        "one place came free, not six"
    );
    shop.audit().await;
}

/// A transaction may be done until Lambda ends the function. A message that came before would find
/// nothing to release, and no other one comes.
#[tokio::test]
async fn message_never_comes_before_its_hold_can_be_placed() {
    let shop = Shop::open_with(&[("HoldSeconds", "1")]).await;
    let buyer = shop.buyer().await;
    shop.hold(&buyer, 7).await.ok();
    let calls = || shop.stack.consumed().by("release-hold").calls;
    shop.advance(10).await;
    assert_eq!(calls(), 0, "the hold may only now be placed");
    shop.advance(2).await;
    assert!(calls() > 0, "the message has come");
}
