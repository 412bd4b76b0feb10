//! `GET /v1/concerts`.

use serde_json::{Value, json};

use crate::harness::{Shop, show};

async fn names(shop: &Shop) -> Vec<Value> {
    let concerts = shop.get("/v1/concerts").send().await.ok();
    let concerts = concerts["concerts"].as_array().expect("concerts").iter();
    concerts.map(|concert| concert["name"].clone()).collect()
}

#[tokio::test]
async fn anybody_sees_what_is_to_come() {
    let shop = Shop::open().await;
    assert_eq!(
        shop.get("/v1/concerts").send().await.ok(),
        json!({ "concerts": [{
            "concert_id": shop.concert_id,
            "name": "겨울 콘서트",
            "first_date": "2026-12-24",
            "last_date": "2026-12-25",
            "shows": 2,
            "max_capacity": 50,
        }] })
    );
}

#[tokio::test]
async fn they_come_in_the_order_of_their_names() {
    let shop = Shop::open().await;
    for name in ["beta", "Alpha", "가을 콘서트"] {
        shop.add_concert(name, "main", &[show("2026-12-31")]).await;
    }
    assert_eq!(
        names(&shop).await,
        ["Alpha", "beta", "가을 콘서트", "겨울 콘서트"]
    );
}

#[tokio::test]
async fn a_concert_is_over_when_its_last_day_is_in_the_deployments_time_zone() {
    // One time, three zones: noon, midnight sharp, an hour before midnight.
    for (zone, today, over) in [
        ("Asia/Seoul", "2026-11-20", "2026-11-19"),
        ("America/Sao_Paulo", "2026-11-20", "2026-11-19"),
        ("America/Puerto_Rico", "2026-11-19", "2026-11-18"),
    ] {
        let shop = Shop::open_with(&[("TimeZone", zone)]).await;
        shop.add_concert("Over", "main", &[show(over)]).await;
        shop.add_concert("Today", "main", &[show(over), show(today)])
            .await;
        assert_eq!(names(&shop).await, ["Today", "겨울 콘서트"], "{zone}");
    }
}

#[tokio::test]
async fn a_page_has_20() {
    let shop = Shop::open().await;
    for n in 0..24 {
        shop.add_concert(&format!("Concert {n:02}"), "main", &[show("2026-12-31")])
            .await;
    }
    assert_eq!(names(&shop).await.len(), 20);
}

#[tokio::test]
async fn concerts_that_are_over_hide_none_that_is_to_come() {
    let shop = Shop::open().await;
    for n in 0..130 {
        let name = format!("Before {n:03}");
        shop.add_concert(&name, "main", &[show("2026-11-19")]).await;
    }
    assert_eq!(names(&shop).await, ["겨울 콘서트"]);
}
