//! The whole journey, once.

use serde_json::json;

use crate::harness::{Shop, won};

#[tokio::test]
async fn guest_buys_a_seat() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;

    let dates = shop
        .get("/v1/concerts/available-dates")
        .send_as(&buyer.token)
        .await
        .ok();
    assert_eq!(dates, json!({ "available_dates": shop.dates }));

    let held = shop.hold(&buyer, 7).await.ok();
    assert_eq!(held["message"], "임시 예약 성공");
    shop.charge(&buyer, 50_000).await.ok();
    let receipt = shop.pay(&buyer, &held).await.ok();
    assert_eq!(receipt["message"], "결제 성공");
    assert_eq!(receipt["seat_number"], 7);
    assert_eq!(receipt["current_balance"], won(0));
}
