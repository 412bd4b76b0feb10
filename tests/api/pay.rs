//! `POST /v1/concerts/{concert_id}/reservations/{reservation_id}/payments`.

use serde_json::{Value, json};
use shared::futures_util::future::join_all;

use crate::harness::{
    Buyer, CONCERT, NOBODY, PRICE, REFUNDABLE_UNTIL, Reply, Shop,
    refusal::{
        AMOUNT_MISMATCH, BAD_REQUEST, EMPTY_BODY, HOLD_EXPIRED, INSUFFICIENT_BALANCE,
        MISSING_PAYMENT_AMOUNT, MISSING_RESERVATION_ID, RESERVATION_NOT_FOUND,
    },
    text,
};

impl Shop {
    async fn ask_to_pay(&self, buyer: &Buyer, held: &Value, body: &Value) -> Reply {
        let path = format!("{}/payments", self.reservation(held));
        self.post(&path).json(body).send_as(&buyer.token).await
    }
}

fn order(held: &Value) -> Value {
    json!({
        "reservation_id": held["reservation_id"],
        "payment_method": "BALANCE",
        "payment_details": { "amount": held["payment"]["amount"] },
    })
}

#[tokio::test]
async fn answers_with_the_receipt_and_ends_the_session() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold_all(&buyer, &[8, 7]).await.ok();
    shop.charge(&buyer, 2 * PRICE + 500).await.ok();
    let receipt = shop.ask_to_pay(&buyer, &held, &order(&held)).await.ok();
    assert_eq!(
        receipt,
        json!({
            "message": "결제 성공",
            "payment_id": held["payment"]["payment_id"],
            "reservation_id": held["reservation_id"],
            "concert_id": shop.concert_id,
            "concert_name": CONCERT,
            "refundable_until": REFUNDABLE_UNTIL,
            "date": "2026-12-24", "show": "2026-12-24",
            "seat_number": 7,
            "seat_numbers": [7, 8],
            "seats": [
                { "seat_number": 7, "price": PRICE },
                { "seat_number": 8, "price": PRICE },
            ],
            "user_id": buyer.user_id,
            "amount": 2 * PRICE,
            "current_balance": 500,
        })
    );
    assert_eq!(shop.balance(&buyer).await, json!(500));
    assert_eq!(shop.status(&buyer).await, "CLOSED PAID");
    shop.ask_for_dates(&buyer)
        .send()
        .await
        .session_over(Some("PAID"));
    let seats = shop.seats(&shop.buyer().await).await;
    assert_eq!((seats[&7].as_str(), seats[&8].as_str()), ("SOLD", "SOLD"));
}

#[tokio::test]
async fn repeated_payment_gets_the_receipt_and_takes_nothing() {
    let shop = Shop::open().await;
    let (buyer, held) = shop.about_to_pay().await;
    let receipt = shop.pay(&buyer, &held).await.ok();
    shop.charge(&buyer, 2 * PRICE).await.ok();
    assert_eq!(
        shop.pay(&buyer, &held).await.ok(),
        receipt,
        "with the balance at the payment"
    );
    shop.advance(600).await;
    let path = format!("{}/payments", shop.reservation(&held));
    let english = shop
        .post(&path)
        .token(&buyer.token)
        .english()
        .json(&order(&held))
        .send()
        .await
        .ok();
    assert_eq!(english["message"], "Your payment is complete.");
    assert_eq!(english["payment_id"], receipt["payment_id"]);
    assert_eq!(shop.balance(&buyer).await, json!(2 * PRICE));
    shop.audit().await;
}

#[tokio::test]
async fn parallel_payments_are_one() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let (buyer, held) = shop.about_to_pay().await;
    shop.charge(&buyer, 3 * PRICE).await.ok();
    let replies = join_all((0..8).map(|_| shop.pay(&buyer, &held))).await;
    let receipts: Vec<_> = replies.into_iter().map(Reply::ok).collect();
    assert!(
        receipts.iter().all(|receipt| *receipt == receipts[0]),
        "{receipts:?}"
    );
    assert_eq!(shop.balance(&buyer).await, json!(3 * PRICE));
    shop.audit().await;
}

#[tokio::test]
async fn parallel_payments_with_money_for_one_are_one() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let (buyer, held) = shop.about_to_pay().await;
    for reply in join_all((0..8).map(|_| shop.pay(&buyer, &held))).await {
        assert_eq!(reply.ok()["current_balance"], 0);
    }
    shop.audit().await;
}

#[tokio::test]
async fn payment_and_charges_at_once_all_count() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let (buyer, held) = shop.about_to_pay().await;
    let charges = join_all((0..10).map(|_| shop.charge(&buyer, 100)));
    let (paid, topped_up) =
        shared::futures_util::future::join(shop.pay(&buyer, &held), charges).await;
    paid.ok();
    for reply in topped_up {
        reply.ok();
    }
    assert_eq!(shop.balance(&buyer).await, json!(1_000));
    shop.audit().await;
}

#[tokio::test]
async fn refuses_with_too_little_money_and_changes_nothing() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    shop.pay(&buyer, &held).await.is(INSUFFICIENT_BALANCE);
    shop.charge(&buyer, PRICE - 1).await.ok();
    shop.pay(&buyer, &held).await.is(INSUFFICIENT_BALANCE);
    assert_eq!(shop.balance(&buyer).await, json!(PRICE - 1));
    assert_eq!(
        shop.status(&buyer).await,
        "ACTIVE",
        "the token is not lost with the payment"
    );
    assert_eq!(shop.reservation_status(&buyer, &held).await, "HELD");
    shop.charge(&buyer, 1).await.ok();
    assert_eq!(shop.pay(&buyer, &held).await.ok()["current_balance"], 0);
}

#[tokio::test]
async fn refuses_another_amount() {
    let shop = Shop::open().await;
    let (buyer, held) = shop.about_to_pay().await;
    let ask = async |amount: Value| {
        let mut body = order(&held);
        body["payment_details"]["amount"] = amount;
        shop.ask_to_pay(&buyer, &held, &body).await
    };
    for wrong in [
        json!(PRICE - 1),
        json!(PRICE + 1),
        json!(0),
        json!(-50_000),
        json!(50_000.01),
        json!(1e30),
        json!(0.001),
        json!(u64::MAX),
    ] {
        ask(wrong).await.is(AMOUNT_MISMATCH);
    }
    for none in [
        Value::Null,
        json!("50000"),
        json!([50_000]),
        json!({}),
        json!(true),
    ] {
        ask(none).await.is(MISSING_PAYMENT_AMOUNT);
    }
    assert_eq!(shop.balance(&buyer).await, json!(PRICE));
    // The same number in another notation.
    let path = format!("{}/payments", shop.reservation(&held));
    let body = order(&held).to_string().replace("50000", "5.0000e4");
    shop.post(&path)
        .token(&buyer.token)
        .body(body)
        .send()
        .await
        .ok();
    ask(json!(PRICE - 1)).await.is(AMOUNT_MISMATCH);
}

#[tokio::test]
async fn names_what_is_missing_or_different() {
    let shop = Shop::open().await;
    let (buyer, held) = shop.about_to_pay().await;
    let ask = async |body: Value| shop.ask_to_pay(&buyer, &held, &body).await;
    let details = json!({ "amount": PRICE });
    let id = &held["reservation_id"];
    let path = format!("{}/payments", shop.reservation(&held));
    shop.post(&path).send_as(&buyer.token).await.is(EMPTY_BODY);
    ask(json!({})).await.is(MISSING_RESERVATION_ID);
    ask(json!({ "payment_details": details }))
        .await
        .is(MISSING_RESERVATION_ID);
    ask(json!({ "reservation_id": null, "payment_details": details }))
        .await
        .is(MISSING_RESERVATION_ID);
    for details in [
        json!({}),
        json!(null),
        json!([]),
        json!("x"),
        json!(PRICE),
        json!({ "Amount": PRICE }),
    ] {
        ask(json!({ "reservation_id": id, "payment_details": details }))
            .await
            .is(MISSING_PAYMENT_AMOUNT);
    }
    ask(json!({ "reservation_id": id }))
        .await
        .is(MISSING_PAYMENT_AMOUNT);
    for other in [json!("x"), json!(7), json!([id]), json!(NOBODY), json!("")] {
        ask(json!({ "reservation_id": other, "payment_details": details }))
            .await
            .is(BAD_REQUEST);
    }
    for method in [
        json!("CARD"),
        json!("balance"),
        json!(7),
        json!(""),
        json!(["BALANCE"]),
    ] {
        ask(json!({ "reservation_id": id, "payment_method": method, "payment_details": details }))
            .await
            .is(BAD_REQUEST);
    }
    assert_eq!(shop.balance(&buyer).await, json!(PRICE));
    ask(json!({ "reservation_id": id, "payment_details": details }))
        .await
        .ok();
}

/// Only the owner of a reservation may pay it.
#[tokio::test]
async fn refuses_another_users_hold() {
    let shop = Shop::open().await;
    let (buyer, held) = shop.about_to_pay().await;
    let other = shop.buyer().await;
    shop.charge(&other, PRICE).await.ok();
    shop.pay(&other, &held).await.is(RESERVATION_NOT_FOUND);
    let mut as_owner = order(&held);
    as_owner["user_id"] = json!(buyer.user_id);
    shop.ask_to_pay(&other, &held, &as_owner)
        .await
        .is(RESERVATION_NOT_FOUND);
    assert_eq!(shop.balance(&other).await, json!(PRICE));
    assert_eq!(shop.balance(&buyer).await, json!(PRICE));
    let receipt = shop.pay(&buyer, &held).await.ok();
    shop.pay(&other, &held).await.is(RESERVATION_NOT_FOUND);
    assert_eq!(receipt["user_id"], buyer.user_id);
}

#[tokio::test]
async fn refuses_a_reservation_under_another_concert() {
    let shop = Shop::open().await;
    let (buyer, held) = shop.about_to_pay().await;
    let elsewhere = shop
        .add_concert("Elsewhere", "main", &[crate::harness::show("2026-12-24")])
        .await;
    let id = text(&held["reservation_id"]);
    for concert_id in [elsewhere.as_str(), "x", NOBODY] {
        let path = format!("/v1/concerts/{concert_id}/reservations/{id}/payments");
        shop.post(&path)
            .json(&order(&held))
            .send_as(&buyer.token)
            .await
            .is(RESERVATION_NOT_FOUND);
    }
    let path = format!("{}/x/payments", shop.reservations());
    shop.post(&path)
        .json(&order(&held))
        .send_as(&buyer.token)
        .await
        .is(RESERVATION_NOT_FOUND);
    shop.pay(&buyer, &held).await.ok();
}

/// The user id in the body is not believed.
#[tokio::test]
async fn takes_the_money_of_the_tokens_user() {
    let shop = Shop::open().await;
    let rich = shop.buyer().await;
    shop.charge(&rich, PRICE).await.ok();
    let poor = shop.buyer().await;
    let held = shop.hold(&poor, 7).await.ok();
    let mut body = order(&held);
    body["user_id"] = json!(rich.user_id);
    body["payment_details"]["user_id"] = json!(rich.user_id);
    shop.ask_to_pay(&poor, &held, &body)
        .await
        .is(INSUFFICIENT_BALANCE);
    assert_eq!(shop.balance(&rich).await, json!(PRICE));
}

#[tokio::test]
async fn reports_a_malformed_body_before_an_unknown_reservation() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let path = format!(
        "{}/11111111-1111-4111-8111-111111111111/payments",
        shop.reservations()
    );
    let call = || shop.post(&path).token(&buyer.token);
    call().body("x").send().await.is(EMPTY_BODY);
    call()
        .json(&json!({}))
        .send()
        .await
        .is(MISSING_RESERVATION_ID);
    call()
        .json(&json!({ "reservation_id": "x" }))
        .send()
        .await
        .is(MISSING_PAYMENT_AMOUNT);
}

#[tokio::test]
async fn buyer_may_join_and_buy_again_after_paying() {
    let shop = Shop::open().await;
    let (buyer, _) = shop.sell(7).await;
    let again = shop.rejoin(&buyer).await;
    let held = shop.hold(&again, 8).await.ok();
    shop.charge(&again, PRICE).await.ok();
    shop.pay(&again, &held).await.ok();
}

#[tokio::test]
async fn refuses_at_the_end_of_the_hold() {
    let shop = Shop::open().await;
    let (buyer, held) = shop.about_to_pay().await;
    shop.advance(300).await;
    shop.pay(&buyer, &held).await.is(HOLD_EXPIRED);
    assert_eq!(shop.balance(&buyer).await, json!(PRICE));
}
