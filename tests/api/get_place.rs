//! `GET /v1/auth/tokens`.

use serde_json::json;

use crate::harness::{CONCERT, PRICE, REFUNDABLE_UNTIL, Shop};

#[tokio::test]
async fn active_buyer_reads_until_when() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let reply = shop.get("/v1/auth/tokens").send_as(&buyer.token).await;
    assert_eq!(reply.header("retry-after"), "30");
    assert_eq!(
        reply.ok(),
        json!({
            "status": "ACTIVE", "queue_position": 0, "estimated_wait_time": 0,
            "active_until": shop.in_seconds(300), "server_time": shop.now(),
        })
    );
}

#[tokio::test]
async fn waiting_buyer_reads_the_place_and_when_to_ask_again() {
    let shop = Shop::with_room_for_one().await;
    shop.buyer().await;
    let (first, second) = (shop.buyer().await, shop.buyer().await);
    shop.advance(5).await;
    for (buyer, position) in [(&first, 1), (&second, 2)] {
        let reply = shop.get("/v1/auth/tokens").send_as(&buyer.token).await;
        let retry_after: u64 = reply.header("retry-after").parse().expect("seconds");
        let place = reply.ok();
        let wait = place["estimated_wait_time"]
            .as_u64()
            .expect("whole seconds");
        assert_eq!(
            place,
            json!({
                "status": "WAITING", "queue_position": position, "estimated_wait_time": wait,
                "server_time": shop.now(),
            })
        );
        assert_eq!(retry_after, (wait / 8).clamp(1, 30));
    }
}

#[tokio::test]
async fn admitted_buyer_reads_until_when_to_come() {
    let shop = Shop::with_room_for_one().await;
    let first = shop.buyer().await;
    let second = shop.buyer().await;
    shop.leave(&first).await;
    shop.advance(10).await;
    let place = shop.get_place(&second).await;
    assert_eq!(place["status"], "ACTIVE");
    // The tick's ramp ends with the second number, five seconds after it began.
    assert_eq!(place["claim_until"], shop.in_seconds(120));
    assert_eq!(place["active_until"], shop.in_seconds(300));
    shop.ask_for_dates(&second).send().await.ok();
    let place = shop.get_place(&second).await;
    assert_eq!(place.get("claim_until"), None, "the claim is made");
    assert_eq!(place["active_until"], shop.in_seconds(300));
}

#[tokio::test]
async fn answers_with_the_hold_also_after_the_window() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    shop.advance(200).await;
    let held = shop.hold_all(&buyer, &[8, 7]).await.ok();
    let reservation = json!({
        "reservation_id": held["reservation_id"],
        "concert_id": shop.concert_id,
        "concert_name": CONCERT,
        "date": shop.dates[0], "show": shop.dates[0],
        "seat_numbers": [7, 8],
        "refundable_until": REFUNDABLE_UNTIL,
        "expiration_time": shop.in_seconds(300),
        "payment": {
            "payment_id": held["payment"]["payment_id"],
            "amount": 2 * PRICE,
            "status": "PENDING",
        },
    });
    let place = shop.get_place(&buyer).await;
    assert_eq!(place["status"], "ACTIVE");
    assert_eq!(place["reservation"], reservation);
    shop.advance(100).await;
    assert_eq!(
        shop.get_place(&buyer).await,
        json!({
            "status": "HOLDING", "queue_position": 0, "estimated_wait_time": 0,
            "reservation": reservation, "server_time": shop.now(),
        })
    );
}

#[tokio::test]
async fn each_ending_has_its_reason() {
    let shop = Shop::open().await;
    let (paid, _) = shop.sell(1).await;
    let left = shop.buyer().await;
    shop.leave(&left).await;
    let idle = shop.buyer().await;
    let holding = shop.buyer().await;
    shop.hold(&holding, 2).await.ok();
    shop.advance(300).await;

    for (buyer, status, reason) in [
        (&paid, "CLOSED", "PAID"),
        (&left, "CLOSED", "LEFT"),
        (&idle, "EXPIRED", "WINDOW_OVER"),
        (&holding, "CLOSED", "HOLD_EXPIRED"),
    ] {
        let reply = shop.get("/v1/auth/tokens").send_as(&buyer.token).await;
        assert_eq!(
            reply.header("retry-after"),
            "",
            "there is nothing to wait for"
        );
        assert_eq!(
            reply.ok(),
            json!({
                "status": status, "reason": reason,
                "queue_position": 0, "estimated_wait_time": 0, "server_time": shop.now(),
            })
        );
    }
}

#[tokio::test]
async fn token_of_an_earlier_session_is_over() {
    let shop = Shop::open().await;
    let before = shop.buyer().await;
    shop.leave(&before).await;
    let after = shop.rejoin(&before).await;
    assert_eq!(shop.get_place(&before).await["status"], "CLOSED");
    assert_eq!(shop.get_place(&after).await["status"], "ACTIVE");
}
