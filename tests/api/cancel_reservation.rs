//! `DELETE /v1/concerts/{concert_id}/reservations/{reservation_id}`.

use serde_json::json;
use shared::futures_util::future::join_all;

use crate::harness::{
    PRICE, Shop,
    refusal::{REFUND_CLOSED, RESERVATION_NOT_FOUND},
};

#[tokio::test]
async fn a_hold_is_released_and_the_session_goes_on() {
    let shop = Shop::open().await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    let held = shop.hold_all(&buyer, &[7, 8]).await.ok();
    let path = shop.reservation(&held);
    let expected = json!({ "reservation_id": held["reservation_id"], "status": "CANCELLED" });
    let cancelled = shop.delete(&path).token(&buyer.token).send().await.ok();
    assert_eq!(cancelled, expected);
    let again = shop
        .delete(&path)
        .token(&buyer.access_token)
        .send()
        .await
        .ok();
    assert_eq!(again, expected, "again: the same answer");
    assert_eq!(shop.status(&buyer).await, "ACTIVE");
    shop.hold_all(&other, &[7, 8]).await.ok();
    shop.hold(&buyer, 9).await.ok();
    shop.delete(&path).token(&buyer.token).send().await.ok();
    assert_eq!(
        shop.seats(&buyer).await[&9],
        "MINE",
        "an old cancellation takes nothing new"
    );
    shop.charge(&buyer, 2 * PRICE).await.ok();
    shop.pay(&buyer, &held).await.refused(410, "HOLD_EXPIRED");
}

#[tokio::test]
async fn one_that_lapsed_is_told_to_be_so() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    shop.advance(300).await;
    let expected = json!({ "reservation_id": held["reservation_id"], "status": "EXPIRED" });
    for seconds in [0, 10] {
        shop.advance(seconds).await;
        let reply = shop
            .delete(&shop.reservation(&held))
            .token(&buyer.token)
            .send()
            .await;
        assert_eq!(reply.ok(), expected);
    }
}

#[tokio::test]
async fn a_paid_one_is_not_refunded_yet() {
    let shop = Shop::open().await;
    let (buyer, receipt) = shop.sold(7).await;
    let reply = shop
        .delete(&shop.reservation(&receipt))
        .token(&buyer.token)
        .send()
        .await;
    reply.is(REFUND_CLOSED);
    assert_eq!(shop.balance(&buyer).await, json!(0));
    assert_eq!(shop.seats(&shop.buyer().await).await[&7], "SOLD");
}

#[tokio::test]
async fn after_the_window_a_hold_may_still_be_cancelled() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    shop.advance(200).await;
    let held = shop.hold(&buyer, 7).await.ok();
    shop.advance(150).await;
    assert_eq!(shop.status(&buyer).await, "HOLDING");
    let cancelled = shop
        .delete(&shop.reservation(&held))
        .token(&buyer.token)
        .send()
        .await
        .ok();
    assert_eq!(cancelled["status"], "CANCELLED");
    assert_eq!(shop.status(&buyer).await, "EXPIRED WINDOW_OVER");
    assert_eq!(shop.seats(&shop.buyer().await).await[&7], "FREE");
}

#[tokio::test]
async fn nobody_cancels_for_somebody_else() {
    let shop = Shop::open().await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    let held = shop.hold(&buyer, 7).await.ok();
    let path = shop.reservation(&held);
    for token in [&other.token, &other.access_token] {
        shop.delete(&path)
            .token(token)
            .send()
            .await
            .is(RESERVATION_NOT_FOUND);
    }
    assert_eq!(shop.seats(&buyer).await[&7], "MINE");
    shop.delete(&format!("{}/x", shop.reservations()))
        .token(&buyer.token)
        .send()
        .await
        .is(RESERVATION_NOT_FOUND);
}

#[tokio::test]
async fn parallel_cancellations_all_get_the_one_answer() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    let path = shop.reservation(&held);
    let calls = (0..6).map(|_| shop.delete(&path).token(&buyer.token).send());
    for reply in join_all(calls).await {
        assert_eq!(reply.ok()["status"], "CANCELLED");
    }
}

#[tokio::test]
async fn of_a_payment_and_a_cancellation_one_happens() {
    for _ in 0..4 {
        let shop = Shop::open().await;
        let buyer = shop.buyer().await;
        let held = shop.hold(&buyer, 7).await.ok();
        shop.charge(&buyer, PRICE).await.ok();
        let path = shop.reservation(&held);
        let cancel = shop.delete(&path).token(&buyer.token).send();
        let (paid, cancelled) =
            shared::futures_util::future::join(shop.pay(&buyer, &held), cancel).await;
        let seen = (
            shop.reservation_status(&buyer, &held).await,
            shop.balance(&buyer).await,
        );
        if paid.status == 200 {
            cancelled.is(REFUND_CLOSED);
            assert_eq!(seen, ("PAID".to_owned(), json!(0)));
        } else {
            paid.refused(410, "HOLD_EXPIRED");
            assert_eq!(cancelled.ok()["status"], "CANCELLED");
            assert_eq!(seen, ("CANCELLED".to_owned(), json!(PRICE)));
        }
    }
}
