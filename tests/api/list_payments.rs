//! `GET /v1/users/{user_id}/payments`.

use serde_json::{Value, json};

use crate::harness::{
    Buyer, CONCERT, NOBODY, PRICE, REFUNDABLE_UNTIL, Shop,
    refusal::{BAD_REQUEST, FORBIDDEN, INVALID_LIMIT, INVALID_USER_ID, USER_NOT_FOUND},
    text,
};

fn path(user_id: &str) -> String {
    format!("/v1/users/{user_id}/payments")
}

impl Shop {
    /// The same user buys another seat. Returns the receipt.
    pub async fn buy_again(&self, buyer: &Buyer, seat_number: u32) -> (Buyer, Value) {
        let buyer = self.rejoin(buyer).await;
        let held = self.hold(&buyer, seat_number).await.ok();
        self.charge(&buyer, PRICE).await.ok();
        let receipt = self.pay(&buyer, &held).await.ok();
        (buyer, receipt)
    }
}

#[tokio::test]
async fn latest_payment_comes_first_and_a_refund_is_shown() {
    let shop = Shop::open().await;
    let (buyer, first) = shop.sell(1).await;
    let paid_at = shop.in_seconds(0);
    shop.advance(10).await;
    let (buyer, second) = shop.buy_again(&buyer, 2).await;
    let again_at = shop.in_seconds(0);
    shop.sell(3).await;
    shop.advance(10).await;
    let refund = shop.delete(&shop.reservation(&first)).token(&buyer.token);
    refund.send().await.ok();
    let payment = |receipt: &Value| {
        json!({
            "payment_id": receipt["payment_id"],
            "reservation_id": receipt["reservation_id"],
            "concert_id": shop.concert_id,
            "concert_name": CONCERT,
            "date": "2026-12-24", "show": "2026-12-24",
            "seat_numbers": receipt["seat_numbers"],
            "seats": receipt["seats"],
            "amount": PRICE,
        })
    };
    let mut newest = payment(&second);
    newest["status"] = json!("PAID");
    newest["paid_at"] = again_at;
    newest["refundable_until"] = json!(REFUNDABLE_UNTIL);
    let mut refunded = payment(&first);
    refunded["status"] = json!("REFUNDED");
    refunded["refunded_seat_numbers"] = json!([1]);
    refunded["paid_at"] = paid_at;
    refunded["refunded_at"] = shop.in_seconds(0);
    let admin = shop.admin().await;
    for token in [&buyer.token, &buyer.access_token, &admin.access_token] {
        let listed = shop.get(&path(&buyer.user_id)).send_as(token).await;
        assert_eq!(listed.ok(), json!({ "payments": [newest, refunded] }));
    }
}

/// A page shows from it what the buyer still has, and until when that can be given back.
#[tokio::test]
async fn payment_says_which_seats_are_refunded_and_why_the_last_one_was() {
    let shop = Shop::open().await;
    let (admin, buyer) = (shop.admin().await, shop.buyer().await);
    let receipt = shop.buy(&buyer, &[1, 2, 3]).await;
    let look = async || {
        let listed = shop.payments(&buyer).await[0].clone();
        let path = shop.reservation(&receipt);
        let found = shop.get(&path).send_as(&buyer.access_token).await.ok();
        for answer in [&listed, &found] {
            assert_eq!(answer["concert_name"], CONCERT);
            assert_eq!(answer["seat_numbers"], json!([1, 2, 3]));
        }
        for field in ["status", "refunded_seat_numbers", "refundable_until"] {
            assert_eq!(listed[field], found[field], "{field}");
        }
        for field in ["amount", "paid_at", "refunded_at", "refund_reason"] {
            assert_eq!(listed[field], found["payment"][field], "{field}");
        }
        listed
    };
    let path = format!("{}?seat_numbers=2", shop.reservation(&receipt));
    let one = shop.delete(&path).send_as(&buyer.access_token);
    one.await.ok();
    let some = look().await;
    assert_eq!(some["status"], "PAID");
    assert_eq!(some["refunded_seat_numbers"], json!([2]));
    assert_eq!(some["refundable_until"], REFUNDABLE_UNTIL);
    assert_eq!(some["refunded_at"], Value::Null);
    shop.advance(60).await;
    let rest = shop.refund(&admin, &buyer, &receipt, "환불 요청");
    rest.send().await.ok();
    let all = look().await;
    assert_eq!(all["status"], "REFUNDED");
    assert_eq!(all["refunded_seat_numbers"], json!([1, 2, 3]));
    assert_eq!(all["refundable_until"], Value::Null);
    assert_eq!(all["refunded_at"], shop.in_seconds(0));
    assert_eq!(all["refund_reason"], "환불 요청");
}

#[tokio::test]
async fn payments_come_in_pages() {
    let shop = Shop::open().await;
    let (mut buyer, first) = shop.sell(1).await;
    let mut expected = vec![text(&first["reservation_id"])];
    for seat in 2..=7 {
        let (again, receipt) = shop.buy_again(&buyer, seat).await;
        buyer = again;
        expected.insert(0, text(&receipt["reservation_id"]));
    }
    for limit in [1, 3, 6, 7, 8] {
        let mut found = Vec::new();
        let mut query = format!("?limit={limit}");
        loop {
            let path = format!("{}{query}", path(&buyer.user_id));
            let page = shop.get(&path).send_as(&buyer.token).await.ok();
            let payments = page["payments"].as_array().expect("payments");
            assert!((1..=limit).contains(&payments.len()), "{page}");
            found.extend(payments.iter().map(|paid| text(&paid["reservation_id"])));
            match page["next_cursor"].as_str() {
                Some(cursor) => query = format!("?limit={limit}&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(found, expected, "{limit} a page");
    }
}

#[tokio::test]
async fn cursor_is_of_one_list_of_one_user() {
    let shop = Shop::open().await;
    let (buyer, _) = shop.sell(1).await;
    let (buyer, _) = shop.buy_again(&buyer, 2).await;
    let (other, _) = shop.sell(3).await;
    let read = |path: &str, buyer: &Buyer| shop.get(path).send_as(&buyer.token);
    let own = path(&buyer.user_id);
    let page = read(&format!("{own}?limit=1"), &buyer).await.ok();
    let cursor = text(&page["next_cursor"]);
    read(&format!("{own}?cursor={cursor}"), &buyer).await.ok();
    let of_others = format!("{}?cursor={cursor}", path(&other.user_id));
    read(&of_others, &other).await.is(BAD_REQUEST);
    let statement = format!("/v1/users/{}/statement", buyer.user_id);
    read(&format!("{statement}?cursor={cursor}"), &buyer)
        .await
        .is(BAD_REQUEST);
    let page = read(&format!("{statement}?limit=1"), &buyer).await.ok();
    let of_statement = text(&page["next_cursor"]);
    let list = format!("payments of {}", buyer.user_id);
    let made_up =
        ["", "x", "account", NOBODY].map(|position| shared::http::cursor(&list, position));
    for wrong in [
        "x",
        "%00",
        &of_statement,
        &made_up[0],
        &made_up[1],
        &made_up[2],
    ] {
        read(&format!("{own}?cursor={wrong}"), &buyer)
            .await
            .is(BAD_REQUEST);
    }
    // A cursor of a reservation that never existed is just a position.
    let path = format!("{own}?cursor={}", made_up[3]);
    assert_eq!(read(&path, &buyer).await.status, 200);
    for limit in ["0", "101", "x"] {
        read(&format!("{own}?limit={limit}"), &buyer)
            .await
            .is(INVALID_LIMIT);
    }
}

#[tokio::test]
async fn user_without_payments_gets_none_and_an_unknown_user_is_not_found() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let admin = shop.admin().await;
    let own = shop.get(&path(&buyer.user_id)).token(&buyer.token);
    assert_eq!(own.send().await.ok(), json!({ "payments": [] }));
    for (id, refusal) in [(NOBODY, USER_NOT_FOUND), ("x", INVALID_USER_ID)] {
        let path = path(id);
        let read = shop.get(&path).token(&admin.access_token);
        read.send().await.is(refusal);
    }
    for token in [&buyer.token, &buyer.access_token] {
        let path = path(&admin.user_id);
        shop.get(&path).send_as(token).await.is(FORBIDDEN);
    }
}
