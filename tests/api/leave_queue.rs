//! `DELETE /v1/auth/tokens`.

use serde_json::json;

use crate::harness::Shop;

#[tokio::test]
async fn ends_the_session_and_says_so() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let left = shop
        .delete("/v1/auth/tokens")
        .send_as(&buyer.token)
        .await
        .ok();
    assert_eq!(left, json!({ "message": "대기열 이탈 완료" }));
    assert_eq!(shop.status(&buyer).await, "CLOSED LEFT");
    shop.ask_for_dates(&buyer)
        .send()
        .await
        .session_over(Some("LEFT"));
    shop.delete("/v1/auth/tokens")
        .send_as(&buyer.token)
        .await
        .session_over(Some("LEFT"));

    let other = shop.buyer().await;
    let left = shop
        .delete("/v1/auth/tokens")
        .token(&other.token)
        .english()
        .send()
        .await
        .ok();
    assert_eq!(left, json!({ "message": "You have left the queue." }));
}

#[tokio::test]
async fn gives_the_seats_back_at_once() {
    let shop = Shop::open().await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    let held = shop.hold_all(&buyer, &[7, 8]).await.ok();
    shop.leave(&buyer).await;
    assert_eq!(shop.reservation_status(&buyer, &held).await, "CANCELLED");
    shop.hold_all(&other, &[8, 7]).await.ok();
    shop.charge(&buyer, 100_000).await.ok();
    shop.pay(&buyer, &held).await.refused(410, "HOLD_EXPIRED");
}

#[tokio::test]
async fn takes_out_a_holder_after_the_window() {
    let shop = Shop::open().await;
    let (buyer, other) = (shop.buyer().await, shop.guest().await);
    shop.advance(200).await;
    shop.hold(&buyer, 7).await.ok();
    shop.advance(150).await;
    assert_eq!(shop.status(&buyer).await, "HOLDING");
    shop.leave(&buyer).await;
    assert_eq!(shop.status(&buyer).await, "CLOSED LEFT");
    let other = shop.join(&other).await;
    shop.hold(&other, 7).await.ok();
}

#[tokio::test]
async fn refuses_a_session_that_is_over() {
    let shop = Shop::open().await;
    let (paid, _) = shop.sell(1).await;
    let idle = shop.buyer().await;
    let lapsed = shop.buyer().await;
    shop.hold(&lapsed, 2).await.ok();
    shop.advance(300).await;
    for (buyer, reason) in [
        (&paid, "PAID"),
        (&idle, "WINDOW_OVER"),
        (&lapsed, "HOLD_EXPIRED"),
    ] {
        shop.delete("/v1/auth/tokens")
            .send_as(&buyer.token)
            .await
            .session_over(Some(reason));
    }
}

#[tokio::test]
async fn earlier_token_does_not_end_the_later_session() {
    let shop = Shop::open().await;
    let before = shop.buyer().await;
    shop.leave(&before).await;
    let after = shop.rejoin(&before).await;
    shop.delete("/v1/auth/tokens")
        .send_as(&before.token)
        .await
        .session_over(None);
    assert_eq!(shop.status(&after).await, "ACTIVE");
}
