//! `DELETE /v1/concerts/{concert_id}/reservations/{reservation_id}`.

use serde_json::json;
use shared::futures_util::future::join_all;

use crate::harness::{
    Buyer, PRICE, Shop,
    refusal::{HOLD_EXPIRED, INVALID_AMOUNT, REFUND_CLOSED, RESERVATION_NOT_FOUND},
    show,
};

#[tokio::test]
async fn releases_a_hold_and_the_session_goes_on() {
    let shop = Shop::open().await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    let held = shop.hold_all(&buyer, &[7, 8]).await.ok();
    let path = shop.reservation(&held);
    let expected = json!({ "reservation_id": held["reservation_id"], "status": "CANCELLED" });
    let cancelled = shop.delete(&path).send_as(&buyer.token).await.ok();
    assert_eq!(cancelled, expected);
    let again = shop.delete(&path).send_as(&buyer.access_token).await.ok();
    assert_eq!(again, expected, "again: the same answer");
    assert_eq!(shop.status(&buyer).await, "ACTIVE");
    shop.hold_all(&other, &[7, 8]).await.ok();
    shop.hold(&buyer, 9).await.ok();
    shop.delete(&path).send_as(&buyer.token).await.ok();
    assert_eq!(
        shop.seats(&buyer).await[&9],
        "MINE",
        "an old cancellation takes nothing new"
    );
    shop.charge(&buyer, 2 * PRICE).await.ok();
    shop.pay(&buyer, &held).await.refused(410, "HOLD_EXPIRED");
}

#[tokio::test]
async fn answers_expired_for_a_lapsed_hold() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    shop.advance(300).await;
    let expected = json!({ "reservation_id": held["reservation_id"], "status": "EXPIRED" });
    for seconds in [0, 10] {
        shop.advance(seconds).await;
        let reply = shop.cancel(&buyer, &held).await;
        assert_eq!(reply.ok(), expected);
    }
}

#[tokio::test]
async fn refunds_an_order_and_its_seats_are_free_at_once() {
    let shop = Shop::open().await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    let held = shop.hold_all(&buyer, &[7, 8]).await.ok();
    shop.charge(&buyer, 2 * PRICE + 5).await.ok();
    shop.pay(&buyer, &held).await.ok();
    let paid_at = shop.in_seconds(0);
    shop.advance(60).await;
    let path = shop.reservation(&held);
    let expected = json!({
        "reservation_id": held["reservation_id"],
        "status": "REFUNDED",
        "refunded_seat_numbers": [7, 8],
        "current_balance": 2 * PRICE + 5,
    });
    let refund = || shop.delete(&path).send_as(&buyer.token);
    assert_eq!(refund().await.ok(), expected);
    let refunded_at = shop.in_seconds(0);
    assert_eq!(shop.balance(&buyer).await, json!(2 * PRICE + 5));
    assert_eq!(shop.seats(&other).await[&7], "FREE");
    shop.hold_all(&other, &[7, 8]).await.ok();

    shop.advance(60).await;
    shop.charge(&buyer, 1).await.ok();
    assert_eq!(refund().await.ok(), expected, "again: the same answer");
    assert_eq!(shop.seats(&other).await[&7], "MINE");
    shop.pay(&buyer, &held).await.is(HOLD_EXPIRED);
    assert_eq!(shop.balance(&buyer).await, json!(2 * PRICE + 6));
    let found = shop.get(&path).send_as(&buyer.token).await.ok();
    assert_eq!(found["status"], "REFUNDED");
    assert_eq!(
        found["payment"],
        json!({
            "payment_id": held["payment"]["payment_id"],
            "amount": 2 * PRICE,
            "status": "REFUNDED",
            "paid_at": paid_at,
            "refunded_at": refunded_at,
        })
    );
    // The release message of the paid hold is delivered, and has nothing to do.
    shop.advance(302).await;
    assert_eq!(shop.reservation_status(&buyer, &held).await, "REFUNDED");
    shop.audit().await;
}

#[tokio::test]
async fn refunded_seat_can_be_bought_again_by_the_same_user() {
    let shop = Shop::open().await;
    let (buyer, receipt) = shop.sell(7).await;
    let path = shop.reservation(&receipt);
    shop.delete(&path).send_as(&buyer.token).await.ok();
    let again = shop.rejoin(&buyer).await;
    let held = shop.hold(&again, 7).await.ok();
    shop.pay(&again, &held).await.ok();
    let reply = shop.delete(&path).send_as(&buyer.token).await.ok();
    assert_eq!(reply["current_balance"], json!(PRICE), "the first refund");
    assert_eq!(shop.balance(&again).await, json!(0));
    assert_eq!(shop.seats(&shop.buyer().await).await[&7], "SOLD");
}

#[tokio::test]
async fn twenty_refunds_at_once_are_one() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let (buyer, receipt) = shop.sell(7).await;
    let path = shop.reservation(&receipt);
    let calls = (0..20).map(|_| shop.delete(&path).send_as(&buyer.token));
    for reply in join_all(calls).await {
        let refunded = reply.ok();
        assert_eq!(refunded["status"], "REFUNDED");
        assert_eq!(refunded["current_balance"], json!(PRICE));
    }
    assert_eq!(shop.balance(&buyer).await, json!(PRICE));
    shop.audit().await;
}

#[tokio::test]
async fn refunds_end_a_day_before_the_show_or_as_deployed() {
    // It is noon in Seoul, so days begin in 12 and in 36 hours.
    for (parameters, date, refundable) in [
        (vec![], "2026-11-22", true),
        (vec![], "2026-11-21", false),
        (vec![("RefundCutoffHours", "37")], "2026-11-22", false),
        (vec![("RefundCutoffHours", "0")], "2026-11-21", true),
        (vec![("RefundCutoffHours", "0")], "2026-11-20", false),
        (
            vec![("RefundCutoffHours", "11"), ("TimeZone", "UTC")],
            "2026-11-21",
            true,
        ),
    ] {
        let mut shop = Shop::open_with(&parameters).await;
        shop.concert_id = shop.add_concert("Soon", "main", &[show(date)]).await;
        shop.dates = vec![date.to_owned()];
        let (buyer, receipt) = shop.sell(7).await;
        let path = shop.reservation(&receipt);
        let reply = shop.delete(&path).send_as(&buyer.token).await;
        if refundable {
            assert_eq!(reply.ok()["status"], "REFUNDED", "{parameters:?} {date}");
        } else {
            reply.is(REFUND_CLOSED);
            assert_eq!(shop.reservation_status(&buyer, &receipt).await, "PAID");
            assert_eq!(shop.balance(&buyer).await, json!(0));
        }
    }
}

#[tokio::test]
async fn refund_is_answered_again_after_the_cut_off() {
    let mut shop = Shop::open_with(&[("RefundCutoffHours", "11")]).await;
    let today = ["2026-11-21"];
    shop.concert_id = shop.add_concert("Soon", "main", &today.map(show)).await;
    shop.dates = today.map(str::to_owned).to_vec();
    let (buyer, receipt) = shop.sell(7).await;
    let (other, kept) = shop.sell(8).await;
    let refund = |receipt, buyer: &Buyer| {
        let path = shop.reservation(receipt);
        shop.delete(&path).send_as(&buyer.token)
    };
    shop.advance(3_599).await;
    let refunded = refund(&receipt, &buyer).await.ok();
    shop.advance(1).await;
    assert_eq!(refund(&receipt, &buyer).await.ok(), refunded);
    refund(&kept, &other).await.is(REFUND_CLOSED);
}

/// The account is too full for another charge, but it takes back what was paid from it.
#[tokio::test]
async fn refunds_into_a_full_account() {
    let shop = Shop::open().await;
    let (buyer, receipt) = shop.sell(7).await;
    let path = format!("/v1/users/{}/balance", buyer.user_id);
    let charge = |amount: u64| {
        let call = shop.post(&path).token(&buyer.token);
        call.json(&json!({ "amount": amount })).send()
    };
    for _ in 0..10 {
        charge(1_000_000_000_000).await.ok();
    }
    charge(1).await.is(INVALID_AMOUNT);
    let path = shop.reservation(&receipt);
    let refunded = shop.delete(&path).send_as(&buyer.token).await.ok();
    let balance = json!(10_000_000_000_000_u64 + u64::from(PRICE));
    assert_eq!(refunded["current_balance"], balance);
    assert_eq!(shop.balance(&buyer).await, balance);
    charge(1).await.is(INVALID_AMOUNT);
}

#[tokio::test]
async fn refuses_another_users_order() {
    let shop = Shop::open().await;
    let (buyer, receipt) = shop.sell(7).await;
    let (other, admin) = (shop.buyer().await, shop.admin().await);
    let path = shop.reservation(&receipt);
    for token in [&other.token, &other.access_token, &admin.access_token] {
        let reply = shop.delete(&path).send_as(token).await;
        reply.is(RESERVATION_NOT_FOUND);
    }
    assert_eq!(shop.reservation_status(&buyer, &receipt).await, "PAID");
}

#[tokio::test]
async fn refund_wakes_the_queue_of_the_show() {
    let shop = Shop::without_schedule(&[]).await;
    shop.advance(60).await;
    let (buyer, receipt) = shop.sell(7).await;
    shop.advance(20).await;
    let schedule = async || shop.queue("main").await["points"].clone();
    let before = schedule().await;
    let path = shop.reservation(&receipt);
    shop.delete(&path).send_as(&buyer.token).await.ok();
    shop.advance(1).await;
    assert_ne!(schedule().await, before);
}

#[tokio::test]
async fn releases_a_hold_after_the_window() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    shop.advance(200).await;
    let held = shop.hold(&buyer, 7).await.ok();
    shop.advance(150).await;
    assert_eq!(shop.status(&buyer).await, "HOLDING");
    let cancelled = shop.cancel(&buyer, &held).await.ok();
    assert_eq!(cancelled["status"], "CANCELLED");
    assert_eq!(shop.status(&buyer).await, "EXPIRED WINDOW_OVER");
    assert_eq!(shop.seats(&shop.buyer().await).await[&7], "FREE");
}

#[tokio::test]
async fn refuses_another_users_hold() {
    let shop = Shop::open().await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    let held = shop.hold(&buyer, 7).await.ok();
    let path = shop.reservation(&held);
    for token in [&other.token, &other.access_token] {
        shop.delete(&path)
            .send_as(token)
            .await
            .is(RESERVATION_NOT_FOUND);
    }
    assert_eq!(shop.seats(&buyer).await[&7], "MINE");
    shop.delete(&format!("{}/x", shop.reservations()))
        .send_as(&buyer.token)
        .await
        .is(RESERVATION_NOT_FOUND);
}

#[tokio::test]
async fn parallel_cancellations_get_one_answer() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    let path = shop.reservation(&held);
    let calls = (0..6).map(|_| shop.delete(&path).send_as(&buyer.token));
    for reply in join_all(calls).await {
        assert_eq!(reply.ok()["status"], "CANCELLED");
    }
    shop.audit().await;
}

#[tokio::test]
async fn payment_and_cancellation_at_once_do_one_of_the_two() {
    crate::harness::in_virtual_time();
    for _ in 0..4 {
        let shop = Shop::open().await;
        let buyer = shop.buyer().await;
        let held = shop.hold(&buyer, 7).await.ok();
        shop.charge(&buyer, PRICE).await.ok();
        let path = shop.reservation(&held);
        let cancel = shop.delete(&path).send_as(&buyer.token);
        let (paid, cancelled) =
            shared::futures_util::future::join(shop.pay(&buyer, &held), cancel).await;
        let seen = (
            shop.reservation_status(&buyer, &held).await,
            shop.balance(&buyer).await,
        );
        if paid.status == 200 {
            // It was paid first, and refunded afterwards.
            assert_eq!(cancelled.ok()["status"], "REFUNDED");
            assert_eq!(seen, ("REFUNDED".to_owned(), json!(PRICE)));
        } else {
            paid.refused(410, "HOLD_EXPIRED");
            assert_eq!(cancelled.ok()["status"], "CANCELLED");
            assert_eq!(seen, ("CANCELLED".to_owned(), json!(PRICE)));
        }
    }
}
