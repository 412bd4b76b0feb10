//! `GET /v1/admin/queues`.

use serde_json::{Value, json};

use crate::harness::{
    Guest, Shop,
    line::default_settings,
    refusal::{BAD_REQUEST, FORBIDDEN, INVALID_LIMIT},
    show, text,
};

impl Shop {
    /// A page of the queues.
    async fn queues(&self, admin: &Guest, query: &str) -> Value {
        let path = format!("/v1/admin/queues{query}");
        self.get(&path).send_as(&admin.access_token).await.ok()
    }
}

fn ids(page: &Value) -> Vec<String> {
    let queues = page["queues"].as_array().expect("queues").iter();
    queues.map(|queue| text(&queue["queue_id"])).collect()
}

#[tokio::test]
async fn shop_without_queues_of_its_own_has_main() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    let mut main = default_settings();
    main["queue_id"] = json!("main");
    main["version"] = json!(0);
    assert_eq!(shop.queues(&admin, "").await, json!({ "queues": [main] }));
}

#[tokio::test]
async fn queues_are_listed_with_their_settings_and_what_they_sell() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let rock = shop.add_queue("rock").await;
    let both = shop
        .add_concert("록 페스티벌", "rock", &[show("2027-01-01")])
        .await;
    let empty = json!({ "state": "PAUSED", "notice": { "en": "Late" } });
    shop.put_queue(&admin, "alpha", &empty).await.ok();
    let page = shop.queues(&admin, "").await;
    assert_eq!(ids(&page), ["main", "alpha", "rock"]);
    for queue in page["queues"].as_array().expect("queues") {
        // What a queue sells, beside what its own address says.
        let mut settings = queue.clone();
        let fields = settings.as_object_mut().expect("an object");
        fields.remove("concerts");
        let id = text(&queue["queue_id"]);
        assert_eq!(settings, shop.settings(&admin, &id).await.ok(), "{id}");
    }
    assert_eq!(page["queues"][0].get("concerts"), None);
    assert_eq!(page["queues"][1]["concerts"], json!([]));
    let mut sold = [(rock, "rock"), (both, "록 페스티벌")];
    sold.sort();
    let sold: Vec<_> = sold
        .iter()
        .map(|(id, name)| json!({ "concert_id": id, "name": name }))
        .collect();
    assert_eq!(page["queues"][2]["concerts"], json!(sold));
}

#[tokio::test]
async fn each_queue_is_on_exactly_one_page() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for id in ["zebra", "alpha", "nine", "main"] {
        shop.put_queue(&admin, id, &json!({})).await.ok();
    }
    for limit in [1, 2, 3, 4, 100] {
        let mut seen = Vec::new();
        let mut query = format!("?limit={limit}");
        loop {
            let page = shop.queues(&admin, &query).await;
            assert!(ids(&page).len() <= limit);
            seen.extend(ids(&page));
            let Some(next) = page.get("next_cursor") else {
                break;
            };
            query = format!("?limit={limit}&cursor={}", text(next));
        }
        assert_eq!(seen, ["main", "alpha", "nine", "zebra"], "{limit}");
    }
}

/// A queue has up to 200 concerts, and a call reads a hundred names at most.
#[tokio::test]
async fn names_of_many_concerts_are_listed() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    shop.put_queue(&admin, "rock", &json!({})).await.ok();
    for number in 0..105 {
        let name = format!("공연 {number}");
        shop.add_concert(&name, "rock", &[show("2027-01-01")]).await;
    }
    let page = shop.queues(&admin, "").await;
    let concerts = page["queues"][1]["concerts"].as_array().expect("concerts");
    assert_eq!(concerts.len(), 105);
    assert!(concerts.iter().all(|concert| concert["name"].is_string()));
}

#[tokio::test]
async fn list_of_queues_refuses_what_it_does_not_know() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let ask = async |query: &str, token: &str| {
        let path = format!("/v1/admin/queues{query}");
        shop.get(&path).send_as(token).await
    };
    ask("?limit=0", &admin.access_token).await.is(INVALID_LIMIT);
    for cursor in ["main", "bWFpbg", "%00"] {
        let query = format!("?cursor={cursor}");
        ask(&query, &admin.access_token).await.is(BAD_REQUEST);
    }
    let buyer = shop.buyer().await;
    ask("", &buyer.access_token).await.is(FORBIDDEN);
}
