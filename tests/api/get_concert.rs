//! `GET /v1/concerts/{concert_id}`.

use serde_json::json;

use crate::harness::{NOBODY, PRICE, Shop, refusal::CONCERT_NOT_FOUND, show};

#[tokio::test]
async fn answers_anybody_with_all_shows() {
    let shop = Shop::open().await;
    let shows = [show("2026-12-25"), show("2026-11-19")];
    let id = shop.add_concert("가을 콘서트", "main", &shows).await;
    assert_eq!(
        shop.concert(&id).await,
        json!({
            "concert_id": id,
            "name": "가을 콘서트",
            "queue_id": "main",
            "shows": [
                { "date": "2026-11-19", "show": "2026-11-19", "price": PRICE, "capacity": 50 },
                { "date": "2026-12-25", "show": "2026-12-25", "price": PRICE, "capacity": 50 },
            ],
        }),
        "the first one was yesterday",
    );
}

#[tokio::test]
async fn unknown_concert_is_not_found() {
    let shop = Shop::open().await;
    for id in [NOBODY, "x", "%00", "listing", "version"] {
        let path = format!("/v1/concerts/{id}");
        shop.get(&path).send().await.is(CONCERT_NOT_FOUND);
    }
}
