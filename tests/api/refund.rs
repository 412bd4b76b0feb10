//! `POST /v1/concerts/{concert_id}/reservations/{reservation_id}/refund`.

use serde_json::{Value, json};
use shared::futures_util::{future::join_all, join};

use crate::harness::{
    Buyer, Call, Guest, PRICE, Shop,
    refusal::{
        EMPTY_BODY, FORBIDDEN, INVALID_REASON, INVALID_TOKEN, INVALID_USER_ID,
        MISSING_AUTHORIZATION, MISSING_REASON, MISSING_USER_ID, REFUND_CLOSED,
        RESERVATION_NOT_FOUND, SEATS_OF_ORDER,
    },
    show, text,
};

const REASON: &str = "공연 취소";

impl Shop {
    /// An administrator's request to refund a buyer's reservation.
    pub fn refund(&self, admin: &Guest, buyer: &Buyer, held: &Value, reason: &str) -> Call {
        let body = json!({ "user_id": buyer.user_id, "reason": reason });
        let path = format!("{}/refund", self.reservation(held));
        self.post(&path).token(&admin.access_token).json(&body)
    }

    /// A buyer's last entry, as the holder of a token reads it.
    async fn last_entry(&self, buyer: &Buyer, token: &str) -> Value {
        let path = format!("/v1/users/{}/statement?limit=1", buyer.user_id);
        let page = self.get(&path).send_as(token).await.ok();
        page["entries"][0].clone()
    }
}

#[tokio::test]
async fn refund_gives_the_money_back_and_says_why() {
    let shop = Shop::open().await;
    let (buyer, receipt) = shop.sell(7).await;
    let (admin, other) = (shop.admin().await, shop.buyer().await);
    shop.advance(60).await;
    let refunded = shop
        .refund(&admin, &buyer, &receipt, " 공연 취소 ")
        .send()
        .await;
    let expected = json!({
        "reservation_id": receipt["reservation_id"],
        "status": "REFUNDED",
        "refunded_seat_numbers": [7],
        "current_balance": PRICE,
        "refund_reason": REASON,
    });
    assert_eq!(refunded.ok(), expected);
    assert_eq!(shop.balance(&buyer).await, json!(PRICE));
    assert_eq!(shop.seats(&other).await[&7], "FREE");

    let mut entry = json!({
        "seq": 3,
        "kind": "REFUND",
        "amount": PRICE,
        "balance_after": PRICE,
        "at": shop.in_seconds(0),
        "reservation_id": receipt["reservation_id"],
        "payment_id": receipt["payment_id"],
        "reason": REASON,
    });
    let path = shop.reservation(&receipt);
    for token in [&buyer.token, &buyer.access_token] {
        assert_eq!(shop.last_entry(&buyer, token).await, entry);
        let found = shop.get(&path).send_as(token).await.ok();
        assert_eq!(found["payment"]["refund_reason"], REASON);
        assert_eq!(found["payment"].get("refunded_by"), None);
        assert_eq!(found.get("refundable_until"), None);
        let payments = format!("/v1/users/{}/payments", buyer.user_id);
        let payments = shop.get(&payments).send_as(token).await.ok();
        assert_eq!(payments["payments"][0]["refund_reason"], REASON);
        assert_eq!(payments["payments"][0].get("refundable_until"), None);
    }
    // Administrators also read which of them it was.
    entry["by"] = json!(admin.user_id);
    assert_eq!(shop.last_entry(&buyer, &admin.access_token).await, entry);
    let named = format!("{path}?user_id={}", buyer.user_id);
    let found = shop.get(&named).send_as(&admin.access_token).await.ok();
    assert_eq!(found["payment"]["refunded_by"], json!(admin.user_id));
    shop.audit().await;
}

#[tokio::test]
async fn refund_happens_once_and_answers_as_before() {
    let shop = Shop::open().await;
    let (buyer, receipt) = shop.sell(7).await;
    let (admin, second) = (shop.admin().await, shop.admin().await);
    let first = shop
        .refund(&admin, &buyer, &receipt, REASON)
        .send()
        .await
        .ok();
    shop.advance(60).await;
    shop.charge(&buyer, 1).await.ok();
    let again = shop
        .refund(&second, &buyer, &receipt, "다른 사유")
        .send()
        .await;
    assert_eq!(again.ok(), first, "the first reason");
    let own = shop.delete(&shop.reservation(&receipt)).token(&buyer.token);
    assert_eq!(own.send().await.ok(), first, "the buyer's own as well");
    assert_eq!(shop.balance(&buyer).await, json!(PRICE + 1));
    shop.audit().await;
}

#[tokio::test]
async fn refund_after_the_buyers_own_changes_nothing() {
    let shop = Shop::open().await;
    let (buyer, receipt) = shop.sell(7).await;
    let admin = shop.admin().await;
    let own = shop.delete(&shop.reservation(&receipt)).token(&buyer.token);
    let own = own.send().await.ok();
    let late = shop
        .refund(&admin, &buyer, &receipt, REASON)
        .send()
        .await
        .ok();
    assert_eq!(late, own, "without a reason");
    assert_eq!(shop.balance(&buyer).await, json!(PRICE));
    let entry = shop.last_entry(&buyer, &admin.access_token).await;
    assert_eq!((entry.get("reason"), entry.get("by")), (None, None));
}

#[tokio::test]
async fn refunds_by_buyer_and_administrators_at_once_are_one() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let (buyer, receipt) = shop.sell(7).await;
    let admin = shop.admin().await;
    let path = shop.reservation(&receipt);
    let own = join_all((0..10).map(|_| shop.delete(&path).send_as(&buyer.token)));
    let operators = (0..10).map(|_| shop.refund(&admin, &buyer, &receipt, REASON).send());
    let (own, operators) = join!(own, join_all(operators));
    let answers: Vec<_> = own
        .into_iter()
        .chain(operators)
        .map(|reply| reply.ok())
        .collect();
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:#?}"
    );
    assert_eq!(shop.balance(&buyer).await, json!(PRICE));
    shop.audit().await;
}

/// The buyer cannot do it any more: refunds are closed, the day is over, the show is deleted.
#[tokio::test]
async fn refund_is_possible_at_any_time() {
    let mut shop = Shop::without_schedule(&[]).await;
    shop.concert_id = shop
        .add_concert("Soon", "main", &[show("2026-11-21")])
        .await;
    shop.dates = vec!["2026-11-21".to_owned()];
    let admin = shop.admin().await;
    let (buyer, receipt) = shop.sell(7).await;
    let (late, of_late) = shop.sell(8).await;
    let own = shop.delete(&shop.reservation(&receipt)).token(&buyer.token);
    own.send().await.is(REFUND_CLOSED);
    let refunded = shop
        .refund(&admin, &buyer, &receipt, REASON)
        .send()
        .await
        .ok();
    assert_eq!(refunded["status"], "REFUNDED", "after the cut-off");

    shop.advance(36 * 3_600).await;
    for entry in ["concert", "show#2026-11-21"] {
        let key = json!({ "group": shop.concert_id, "entry": entry });
        shop.take_item("Catalog", key).await;
    }
    let refunded = shop
        .refund(&admin, &late, &of_late, REASON)
        .send()
        .await
        .ok();
    assert_eq!(
        refunded["status"], "REFUNDED",
        "after the day, without a show"
    );
    assert_eq!(refunded["current_balance"], json!(PRICE));
    shop.audit().await;
}

#[tokio::test]
async fn refund_of_a_hold_frees_its_seats_and_the_session_goes_on() {
    let shop = Shop::open().await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    let admin = shop.admin().await;
    let held = shop.hold_all(&buyer, &[7, 8]).await.ok();
    let expected = json!({ "reservation_id": held["reservation_id"], "status": "CANCELLED" });
    for _ in 0..2 {
        let cancelled = shop.refund(&admin, &buyer, &held, REASON).send().await;
        assert_eq!(cancelled.ok(), expected);
    }
    assert_eq!(shop.status(&buyer).await, "ACTIVE");
    shop.hold_all(&other, &[7, 8]).await.ok();
    let next = shop.hold(&buyer, 9).await.ok();
    shop.refund(&admin, &buyer, &held, REASON).send().await.ok();
    assert_eq!(shop.reservation_status(&buyer, &next).await, "HELD");
    shop.advance(300).await;
    let lapsed = shop.refund(&admin, &buyer, &next, REASON).send().await.ok();
    assert_eq!(lapsed["status"], "EXPIRED");
    shop.audit().await;
}

#[tokio::test]
async fn refund_and_a_payment_at_once_are_one_after_the_other() {
    for _ in 0..4 {
        let shop = Shop::open().await;
        let (buyer, admin) = (shop.buyer().await, shop.admin().await);
        let held = shop.hold(&buyer, 7).await.ok();
        shop.charge(&buyer, PRICE).await.ok();
        let refund = shop.refund(&admin, &buyer, &held, REASON).send();
        let (paid, given_back) = join!(shop.pay(&buyer, &held), refund);
        let status = text(&given_back.ok()["status"]);
        let expected = if paid.status == 200 {
            "REFUNDED"
        } else {
            "CANCELLED"
        };
        assert_eq!(status, expected);
        assert_eq!(shop.reservation_status(&buyer, &held).await, status);
        assert_eq!(shop.balance(&buyer).await, json!(PRICE));
        shop.audit().await;
    }
}

#[tokio::test]
async fn refund_opens_a_queue_that_was_sold_out() {
    let (shop, (owner, receipt), _) = Shop::sold_out().await;
    assert_eq!(shop.queue("rock").await["state"], "SOLD_OUT");
    let admin = shop.admin().await;
    shop.refund(&admin, &owner, &receipt, REASON)
        .send()
        .await
        .ok();
    shop.advance(2).await;
    let document = shop.queue("rock").await;
    assert_eq!(
        (&document["state"], &document["seats_left"]),
        (&json!("OPEN"), &json!(1))
    );
}

#[tokio::test]
async fn refund_requires_a_user_and_a_reason() {
    let shop = Shop::open().await;
    let (buyer, receipt) = shop.sell(7).await;
    let admin = shop.admin().await;
    let path = format!("{}/refund", shop.reservation(&receipt));
    let ask = async |body: Value| {
        let call = shop.post(&path).token(&admin.access_token);
        call.json(&body).send().await
    };
    let id = &buyer.user_id;
    shop.post(&path)
        .send_as(&admin.access_token)
        .await
        .is(EMPTY_BODY);
    ask(json!({})).await.is(MISSING_USER_ID);
    ask(json!({ "reason": REASON })).await.is(MISSING_USER_ID);
    ask(json!({ "user_id": null, "reason": REASON }))
        .await
        .is(MISSING_USER_ID);
    for wrong in [json!("x"), json!(7), json!([id]), json!({})] {
        ask(json!({ "user_id": wrong, "reason": REASON }))
            .await
            .is(INVALID_USER_ID);
    }
    ask(json!({ "user_id": id })).await.is(MISSING_REASON);
    ask(json!({ "user_id": id, "reason": null }))
        .await
        .is(MISSING_REASON);
    for wrong in [
        "",
        " ",
        "a\nb",
        "a\0b",
        &"가".repeat(201),
        &"y".repeat(60_000),
    ] {
        ask(json!({ "user_id": id, "reason": wrong }))
            .await
            .is(INVALID_REASON);
    }
    for wrong in [json!(7), json!([REASON]), json!({}), json!(true)] {
        ask(json!({ "user_id": id, "reason": wrong }))
            .await
            .is(INVALID_REASON);
    }
    assert_eq!(shop.reservation_status(&buyer, &receipt).await, "PAID");
    let longest = "가".repeat(200);
    let refunded = ask(json!({ "user_id": id, "reason": longest })).await.ok();
    assert_eq!(refunded["refund_reason"], json!(longest));
}

#[tokio::test]
async fn refund_finds_no_reservation_of_another_user_or_concert() {
    let shop = Shop::open().await;
    let (buyer, receipt) = shop.sell(7).await;
    let (other, admin) = (shop.buyer().await, shop.admin().await);
    let elsewhere = shop.add_queue("rock").await;
    let wrong_user = shop.refund(&admin, &other, &receipt, REASON).send().await;
    wrong_user.is(RESERVATION_NOT_FOUND);
    let id = text(&receipt["reservation_id"]);
    let body = json!({ "user_id": buyer.user_id, "reason": REASON });
    for path in [
        format!("/v1/concerts/{elsewhere}/reservations/{id}/refund"),
        format!("/v1/concerts/x/reservations/{id}/refund"),
        format!("{}/x/refund", shop.reservations()),
        format!("{}/account/refund", shop.reservations()),
        format!("{}/{}/refund", shop.reservations(), buyer.user_id),
    ] {
        let call = shop.post(&path).token(&admin.access_token).json(&body);
        call.send().await.is(RESERVATION_NOT_FOUND);
    }
    assert_eq!(shop.reservation_status(&buyer, &receipt).await, "PAID");
}

/// A buyer could lift the cut-off with it, and another user could get a seat freed.
#[tokio::test]
async fn refund_is_for_administrators_only() {
    let shop = Shop::open_with(&[("RefundCutoffHours", "8760")]).await;
    let (buyer, receipt) = shop.sell(7).await;
    let other = shop.buyer().await;
    let path = format!("{}/refund", shop.reservation(&receipt));
    let body = json!({ "user_id": buyer.user_id, "reason": REASON, "by": buyer.user_id });
    for (token, refusal) in [
        (&buyer.access_token, FORBIDDEN),
        (&other.access_token, FORBIDDEN),
        (&buyer.token, INVALID_TOKEN),
        (&other.token, INVALID_TOKEN),
    ] {
        shop.post(&path)
            .json(&body)
            .send_as(token)
            .await
            .is(refusal);
        // Not even what is wrong with it.
        shop.post(&path)
            .token(token)
            .body("garbage")
            .send()
            .await
            .is(refusal);
    }
    let nobody = shop.post(&path).json(&body).send().await;
    nobody.is(MISSING_AUTHORIZATION);
    assert_eq!(shop.reservation_status(&buyer, &receipt).await, "PAID");
    assert_eq!(shop.balance(&buyer).await, json!(0));
}

/// A request cannot name another administrator as the one that made it, and a misspelt field does not
/// refund more than was meant.
#[tokio::test]
async fn refund_refuses_other_fields() {
    let shop = Shop::open().await;
    let (buyer, receipt) = shop.sell(7).await;
    let admin = shop.admin().await;
    let path = format!("{}/refund", shop.reservation(&receipt));
    let call = shop.post(&path).token(&admin.access_token);
    let mut body = json!({ "user_id": buyer.user_id, "reason": REASON });
    for other in [
        "by",
        "amount",
        "refunded_by",
        "status",
        "seat_number",
        "seats",
    ] {
        let mut with_other = body.clone();
        with_other[other] = json!(7);
        let reply = call.clone().json(&with_other).send().await;
        reply.refused(400, "UNKNOWN_FIELD");
    }
    body["seat_numbers"] = Value::Null;
    call.clone().json(&body).send().await.is(SEATS_OF_ORDER);
    assert_eq!(shop.balance(&buyer).await, json!(0), "nothing was refunded");
    body["seat_numbers"] = json!([7]);
    let refunded = call.json(&body).send().await.ok();
    assert_eq!(refunded["current_balance"], json!(PRICE));
    let entry = shop.last_entry(&buyer, &admin.access_token).await;
    assert_eq!(entry["by"], json!(admin.user_id));
}
