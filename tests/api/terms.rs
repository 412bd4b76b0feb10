//! What a buyer reads about what they buy, before and after: the concert's name, and until when it
//! can be refunded.

use serde_json::{Value, json};

use crate::harness::{Buyer, CONCERT, PRICE, REFUNDABLE_UNTIL, Shop, show, text};

/// The terms of an answer.
fn terms(answer: &Value) -> (&Value, &Value) {
    (&answer["concert_name"], &answer["refundable_until"])
}

impl Shop {
    /// The payments of a user, the latest reservation first.
    pub async fn payments(&self, buyer: &Buyer) -> Value {
        let path = format!("/v1/users/{}/payments", buyer.user_id);
        let page = self.get(&path).send_as(&buyer.access_token).await.ok();
        page["payments"].clone()
    }
}

#[tokio::test]
async fn terms_are_in_every_answer_and_follow_the_deployment() {
    for (parameters, until) in [
        (vec![], REFUNDABLE_UNTIL),
        (vec![("RefundCutoffHours", "0")], "2026-12-23T15:00:00Z"),
        (
            vec![("RefundCutoffHours", "36"), ("TimeZone", "UTC")],
            "2026-12-22T12:00:00Z",
        ),
    ] {
        let shop = Shop::open_with(&parameters).await;
        let expected = (&json!(CONCERT), &json!(until));
        let buyer = shop.buyer().await;
        let held = shop.hold(&buyer, 7).await.ok();
        assert_eq!(terms(&held), expected, "the hold");
        let place = shop.get_place(&buyer).await;
        assert_eq!(terms(&place["reservation"]), expected, "the poll");
        let path = shop.reservation(&held);
        let found = shop.get(&path).send_as(&buyer.token).await.ok();
        assert_eq!(terms(&found), expected, "the reservation");
        shop.charge(&buyer, PRICE).await.ok();
        let receipt = shop.pay(&buyer, &held).await.ok();
        assert_eq!(terms(&receipt), expected, "the receipt");
        let found = shop.get(&path).send_as(&buyer.token).await.ok();
        assert_eq!(terms(&found), expected, "the order");
        assert_eq!(terms(&shop.payments(&buyer).await[0]), expected, "the list");
    }
}

/// An order keeps the concert's name at the time of the purchase.
#[tokio::test]
async fn terms_keep_the_name_that_was_bought() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (buyer, receipt) = shop.sell(7).await;
    let holder = shop.buyer().await;
    let held = shop.hold(&holder, 8).await.ok();
    let renamed = json!({ "name": "봄 콘서트" });
    shop.change(&admin, &shop.concert_id, &renamed).await.ok();
    shop.advance(5).await;
    shop.charge(&holder, PRICE).await.ok();
    let paid = shop.pay(&holder, &held).await.ok();
    assert_eq!(paid["concert_name"], CONCERT, "as it was held");
    let next = shop.buyer().await;
    let held = shop.hold(&next, 9).await.ok();
    assert_eq!(held["concert_name"], "봄 콘서트");

    for (owner, of) in [(&buyer, &receipt), (&holder, &paid)] {
        let path = shop.reservation(of);
        shop.delete(&path).send_as(&owner.access_token).await.ok();
    }
    shop.cancel(&next, &held).await.ok();
    shop.remove(&admin, &shop.concert_id).await.ok();
    for owner in [&buyer, &holder] {
        assert_eq!(shop.payments(owner).await[0]["concert_name"], CONCERT);
    }
}

/// Items of an earlier version have no name, and are sold all the same.
#[tokio::test]
async fn terms_of_older_items_have_no_name() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let nameless = json!({ "concert_name": null });
    for date in &shop.dates {
        let key = json!({ "group": shop.concert_id, "entry": format!("show#{date}") });
        shop.change_item("Catalog", key, nameless.clone()).await;
    }
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    assert_eq!(held.get("concert_name"), None);
    assert_eq!(held["refundable_until"], REFUNDABLE_UNTIL);
    shop.charge(&buyer, PRICE).await.ok();
    let receipt = shop.pay(&buyer, &held).await.ok();
    assert_eq!(receipt.get("concert_name"), None);
    assert_eq!(shop.payments(&buyer).await[0].get("concert_name"), None);
    shop.cancel(&buyer, &held).await.ok();

    // Any change of the concert writes its name into its shows.
    shop.change(&admin, &shop.concert_id, &json!({})).await.ok();
    shop.advance(5).await;
    let again = shop.hold(&shop.buyer().await, 7).await.ok();
    assert_eq!(again["concert_name"], CONCERT);
    shop.audit().await;
}

/// The longest names do not change a price: no item grows beyond a kilobyte.
#[tokio::test]
async fn terms_with_the_longest_name_cost_nothing_more() {
    let mut shop = Shop::open().await;
    let admin = shop.admin().await;
    let queue = "q".repeat(40);
    shop.put_queue(&admin, &queue, &json!({})).await.ok();
    let name = "가".repeat(100);
    shop.concert_id = shop.add_concert(&name, &queue, &[show("2026-12-24")]).await;
    let guest = shop.guest().await;
    let body = json!({ "user_id": guest.user_id, "concert_id": shop.concert_id });
    let join = shop.post("/v1/auth/tokens").json(&body);
    let joined = join.key("k".repeat(64)).send().await.ok();
    let buyer = Buyer {
        user_id: guest.user_id,
        access_token: guest.access_token,
        token: text(&joined["token"]),
        joined,
    };
    shop.advance(10).await;
    shop.ask_for_dates(&buyer).send().await.ok();
    shop.charge(&buyer, 4 * PRICE).await.ok();
    for function in ["hold-seats", "pay"] {
        shop.stack.app(function).await;
    }
    shop.stack.forget_consumed();
    let held = shop.hold_all(&buyer, &[1, 2, 3, 4]).await.ok();
    assert_eq!(held["concert_name"], json!(name));
    assert!((shop.stack.consumed().by("hold-seats").write - 10.0).abs() < f64::EPSILON);
    let receipt = shop.pay(&buyer, &held).await.ok();
    assert_eq!(receipt["concert_name"], json!(name));
    assert!((shop.stack.consumed().by("pay").write - 15.0).abs() < f64::EPSILON);
}
