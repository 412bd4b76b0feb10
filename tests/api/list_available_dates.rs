//! `GET /v1/concerts/available-dates`.

use serde_json::json;
use shared::domain::show::Show;

use crate::harness::{
    NOBODY, Shop,
    refusal::{CONCERT_NOT_FOUND, FORBIDDEN, MISSING_CONCERT_ID, NO_AVAILABLE_DATES},
    show, show_sold,
};

const DATES: &str = "/v1/concerts/available-dates";

fn small(date: &str) -> Show {
    Show {
        capacity: 2,
        ..show(date)
    }
}

#[tokio::test]
async fn lists_dates_with_free_seats() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let dates = shop.get(DATES).send_as(&buyer.token).await.ok();
    assert_eq!(
        dates,
        json!({ "available_dates": ["2026-12-24", "2026-12-25"] })
    );
}

#[tokio::test]
async fn named_concert_goes_before_the_tokens_and_that_before_the_queues() {
    let shop = Shop::open().await;
    let of = async |date: &str| shop.add_concert(date, "main", &[show(date)]).await;
    let (joined_for, named) = (of("2027-01-01").await, of("2027-02-02").await);
    let guest = shop.guest().await;
    let buyer = shop.join_for(&guest, Some(&joined_for)).await;
    let dates = shop.get(DATES).send_as(&buyer.token).await.ok();
    assert_eq!(dates["available_dates"], json!(["2027-01-01"]));
    let path = format!("{DATES}?concert_id={named}");
    let dates = shop.get(&path).send_as(&buyer.token).await.ok();
    assert_eq!(dates["available_dates"], json!(["2027-02-02"]));
    let buyer = shop.buyer().await;
    let dates = shop
        .get(&format!("{DATES}?concert_id="))
        .send_as(&buyer.token)
        .await
        .ok();
    assert_eq!(dates["available_dates"], json!(shop.dates));
}

#[tokio::test]
async fn requires_a_concert_id_when_there_is_no_other_concert() {
    let shop = Shop::empty().await;
    let buyer = shop.buyer().await;
    shop.get(DATES)
        .send_as(&buyer.token)
        .await
        .is(MISSING_CONCERT_ID);
}

#[tokio::test]
async fn date_goes_and_comes_back_with_its_free_seats() {
    let shop = Shop::open().await;
    let id = shop
        .add_concert("Small", "main", &[small("2027-01-01"), small("2027-01-02")])
        .await;
    let path = format!("{DATES}?concert_id={id}");
    let (one, other) = (shop.buyer().await, shop.buyer().await);
    let hold = async |date: &str| {
        let body = json!({ "date": date, "seat_numbers": [1, 2] });
        let path = format!("/v1/concerts/{id}/reservations");
        shop.post(&path).json(&body).send_as(&one.token).await.ok()
    };
    hold("2027-01-01").await;
    let seen = shop.get(&path).send_as(&other.token).await.ok();
    assert_eq!(seen["available_dates"], json!(["2027-01-02"]));
    shop.leave(&one).await;
    shop.advance(2).await;
    let seen = shop.get(&path).send_as(&other.token).await.ok();
    assert_eq!(seen["available_dates"], json!(["2027-01-01", "2027-01-02"]));
}

/// A user's own unpaid hold must not make the date look sold out to them.
#[tokio::test]
async fn own_hold_does_not_make_a_date_look_sold_out() {
    let shop = Shop::open().await;
    let id = shop
        .add_concert("Small", "main", &[small("2027-01-01")])
        .await;
    let path = format!("{DATES}?concert_id={id}");
    let (one, other) = (shop.buyer().await, shop.buyer().await);
    let body = json!({ "date": "2027-01-01", "seat_numbers": [1, 2] });
    let reservations = format!("/v1/concerts/{id}/reservations");
    shop.post(&reservations)
        .json(&body)
        .send_as(&one.token)
        .await
        .ok();
    let mine = shop.get(&path).send_as(&one.token).await.ok();
    assert_eq!(mine["available_dates"], json!(["2027-01-01"]));
    shop.get(&path)
        .send_as(&other.token)
        .await
        .is(NO_AVAILABLE_DATES);
}

#[tokio::test]
async fn leaves_out_what_is_not_on_sale() {
    let shop = Shop::open().await;
    let later = show_sold(
        "2027-01-01",
        Some(shop.now() + shared::jiff::SignedDuration::from_secs(60)),
        None,
    );
    let over = show_sold("2027-01-02", None, Some(shop.now()));
    let past = show("2026-11-19");
    let id = shop
        .add_concert("Later", "main", &[later, over, past])
        .await;
    let path = format!("{DATES}?concert_id={id}");
    let buyer = shop.buyer().await;
    shop.get(&path)
        .send_as(&buyer.token)
        .await
        .is(NO_AVAILABLE_DATES);
    shop.advance(60).await;
    let dates = shop.get(&path).send_as(&buyer.token).await.ok();
    assert_eq!(dates["available_dates"], json!(["2027-01-01"]));
}

#[tokio::test]
async fn another_queues_concert_is_forbidden_and_an_unknown_one_not_found() {
    let shop = Shop::open().await;
    let rock = shop.add_queue("rock").await;
    let buyer = shop.buyer().await;
    let ask = async |id: &str| {
        shop.get(&format!("{DATES}?concert_id={id}"))
            .send_as(&buyer.token)
            .await
    };
    ask(&rock).await.is(FORBIDDEN);
    ask(NOBODY).await.is(CONCERT_NOT_FOUND);
    ask("x").await.is(CONCERT_NOT_FOUND);
    ask("%00").await.is(CONCERT_NOT_FOUND);
}
