//! Amounts that could gain a fraction of a hundredth.

use serde_json::json;

use crate::harness::{
    Shop,
    refusal::{AMOUNT_MISMATCH, INSUFFICIENT_BALANCE},
    text,
};

/// Three times a third of a hundred is 99.99. No fraction of a hundredth can be gained or lost.
#[tokio::test]
async fn rounding_gains_nothing() {
    let mut shop = Shop::open().await;
    let admin = shop.admin().await;
    let concert = json!({
        "name": "한 푼",
        "shows": [{ "date": shop.dates[0], "price": 33.33 }],
    });
    let concert = shop.create(&admin, &concert).await.expect(201);
    shop.concert_id = text(&concert["concert_id"]);
    let buyer = shop.buyer().await;
    let held = shop.hold_all(&buyer, &[1, 2, 3]).await.ok();
    assert_eq!(held["payment"]["amount"], json!(99.99));

    let charge = async |amount: &str| {
        let path = format!("/v1/users/{}/balance", buyer.user_id);
        let call = shop.post(&path).token(&buyer.token);
        let reply = call.body(format!("{{\"amount\":{amount}}}")).send().await;
        reply.ok()["current_balance"].clone()
    };
    let pay = async |amount: &str| {
        let path = format!("{}/payments", shop.reservation(&held));
        let body = format!(
            "{{\"reservation_id\":{},\"payment_details\":{{\"amount\":{amount}}}}}",
            held["reservation_id"],
        );
        shop.post(&path).token(&buyer.token).body(body).send().await
    };
    assert_eq!(charge("99.98").await, json!(99.98));
    for nearly in [
        "99.98",
        "99.989",
        "99.9899999999999999",
        "99.99000000001",
        "100",
    ] {
        pay(nearly).await.is(AMOUNT_MISMATCH);
    }
    pay("99.99").await.is(INSUFFICIENT_BALANCE);
    assert_eq!(charge("1e-2").await, json!(99.99));
    let receipt = pay("9.99900e1").await.ok();
    assert_eq!(receipt["current_balance"], json!(0));
    shop.audit().await;
}
