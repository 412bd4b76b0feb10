//! `GET /v1/concerts/{concert_id}/dates`.

use serde_json::json;

use crate::harness::{
    NOBODY, PRICE, Shop,
    refusal::{CONCERT_NOT_FOUND, FORBIDDEN},
    show, show_sold,
};

#[tokio::test]
async fn dates_come_with_prices_and_seats_left() {
    let shop = Shop::open().await;
    let (buyer, _) = (shop.buyer().await, shop.sell(1).await);
    let holder = shop.buyer().await;
    shop.hold_all(&holder, &[2, 3]).await.ok();
    let date = |date: &str, seats_left: u32| json!({ "date": date, "show": date, "price": PRICE, "capacity": 50, "sale": "OPEN", "seats_left": seats_left });
    let dates = shop.ask_for_dates(&buyer).send().await.ok();
    assert_eq!(
        dates,
        json!({ "dates": [date("2026-12-24", 47), date("2026-12-25", 50)] })
    );

    shop.leave(&holder).await;
    assert_eq!(
        shop.ask_for_dates(&buyer).send().await.ok(),
        dates,
        "counts are kept for two seconds"
    );
    shop.advance(2).await;
    let dates = shop.ask_for_dates(&buyer).send().await.ok();
    assert_eq!(dates["dates"][0]["seats_left"], 49);
}

#[tokio::test]
async fn dates_that_are_over_are_left_out() {
    let shop = Shop::open().await;
    let id = shop
        .add_concert("Tour", "main", &[show("2026-11-19"), show("2026-11-20")])
        .await;
    let buyer = shop.buyer().await;
    let dates = shop
        .get(&format!("/v1/concerts/{id}/dates"))
        .send_as(&buyer.token)
        .await
        .ok();
    assert_eq!(dates["dates"].as_array().map(Vec::len), Some(1));
    assert_eq!(dates["dates"][0]["date"], "2026-11-20");
}

#[tokio::test]
async fn another_queues_concert_is_forbidden_and_an_unknown_one_not_found() {
    let shop = Shop::open().await;
    let rock = shop.add_queue("rock").await;
    let buyer = shop.buyer().await;
    let ask = async |id: &str| {
        shop.get(&format!("/v1/concerts/{id}/dates"))
            .send_as(&buyer.token)
            .await
    };
    ask(&rock).await.is(FORBIDDEN);
    ask(NOBODY).await.is(CONCERT_NOT_FOUND);
    ask("x").await.is(CONCERT_NOT_FOUND);
}

/// A date whose sale is over is listed, but not as available.
#[tokio::test]
async fn dates_say_how_far_their_sales_are() {
    let shop = Shop::open().await;
    let now = shop.now();
    let at = |seconds: i64| now + shared::jiff::SignedDuration::from_millis(1_000 * seconds + 500);
    let id = shop
        .add_concert(
            "Tour",
            "main",
            &[
                show_sold("2027-01-01", None, Some(at(10))),
                show_sold("2027-01-02", Some(at(20)), Some(at(30))),
                show_sold("2027-01-03", Some(at(20)), None),
                show("2026-11-20"),
            ],
        )
        .await;
    let buyer = shop.buyer().await;
    let seen = async || {
        let path = format!("/v1/concerts/{id}/dates");
        let seen = shop.get(&path).send_as(&buyer.token).await.ok();
        let dates = seen["dates"].as_array().expect("dates").clone();
        let sale = |date: &serde_json::Value| {
            let sale = date["sale"].as_str().expect("how far").to_owned();
            assert_eq!(date["seats_left"].is_u64(), sale != "OVER", "{date}");
            sale
        };
        (dates.iter().map(sale).collect::<Vec<_>>(), dates)
    };
    let (sales, dates) = seen().await;
    assert_eq!(sales, ["OPEN", "OPEN", "UPCOMING", "UPCOMING"]);
    assert_eq!(dates[0].get("opens_at"), None);
    assert_eq!(
        dates[1]["closes_at"], "2026-11-20T03:00:10Z",
        "whole seconds"
    );
    assert_eq!(dates[2]["opens_at"], "2026-11-20T03:00:20Z");
    assert_eq!(dates[2]["closes_at"], "2026-11-20T03:00:30Z");
    shop.advance(15).await;
    assert_eq!(seen().await.0, ["OPEN", "OVER", "UPCOMING", "UPCOMING"]);
    shop.advance(10).await;
    assert_eq!(seen().await.0, ["OPEN", "OVER", "OPEN", "OPEN"]);
    shop.advance(10).await;
    assert_eq!(seen().await.0, ["OPEN", "OVER", "OVER", "OPEN"]);
}
