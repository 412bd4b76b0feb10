//! `GET /v1/queues/{queue_id}`.

use serde_json::{Value, json};

use crate::harness::{Shop, refusal::QUEUE_NOT_FOUND, tokens::claims};

#[tokio::test]
async fn document_is_public_and_may_be_kept_for_a_second() {
    let shop = Shop::open().await;
    shop.buyer().await;
    shop.advance(5).await;
    let reply = shop.get("/v1/queues/main").send().await;
    assert_eq!(
        reply.header("cache-control"),
        "public, max-age=1, stale-while-revalidate=1, stale-if-error=60"
    );
    assert_eq!(reply.header("retry-after"), "1");
    let queue = reply.ok();
    assert_eq!(
        queue,
        json!({
            "queue_id": "main",
            "state": "OPEN",
            "who": "everybody",
            "points": queue["points"],
            "served": queue["served"],
            "tail": 1,
            "rate": 50,
            "max_active": 1_000,
            "claim_seconds": 120,
            "active_seconds": 300,
            "flow": queue["flow"],
            "server_time": shop.now(),
        })
    );
    let points = queue["points"].as_array().expect("points");
    assert!(!points.is_empty());
    for point in points {
        assert!(
            point["at"].is_string() && point["served"].is_number(),
            "{point}"
        );
    }
}

#[tokio::test]
async fn place_computed_from_the_document_is_that_of_the_poll() {
    // One more may come in every two seconds.
    let shop = Shop::open_with(&[("MainRate", "0.5"), ("MainMaxActive", "3")]).await;
    let mut buyers = Vec::new();
    for _ in 0..8 {
        buyers.push(shop.buyer().await);
    }
    for _ in 0..12 {
        let document = shop.queue("main").await;
        for buyer in &buyers {
            let number = claims(&buyer.token)["number"].as_u64().expect("a number");
            let place = shop.get_place(buyer).await;
            let waits = place["status"] == "WAITING";
            let position = place["queue_position"].as_u64().expect("a place");
            assert_eq!(
                number.saturating_sub(served(&document)),
                position,
                "{number}: {place} {document}"
            );
            assert_eq!(waits, position > 0);
        }
        assert_eq!(document["served"], served(&document));
        shop.advance(3).await;
    }
}

/// How many are served at the document's own time: linear between its points, in whole persons.
fn served(document: &Value) -> u64 {
    let now = millisecond(&document["server_time"]);
    let points: Vec<(i64, i64)> = document["points"]
        .as_array()
        .expect("points")
        .iter()
        .map(|point| (millisecond(&point["at"]), milli(&point["served"])))
        .collect();
    let after = points.partition_point(|(at, _)| *at <= now);
    let served = match (after.checked_sub(1).map(|i| points[i]), points.get(after)) {
        (None, first) => first.map_or(0, |(_, served)| *served),
        (Some((_, served)), None) => served,
        (Some((from, served)), Some((to, next))) => {
            served + (next - served) * (now - from) / (to - from)
        }
    };
    u64::try_from(served / 1_000).expect("not negative")
}

fn millisecond(time: &Value) -> i64 {
    let time: shared::jiff::Timestamp = time.as_str().expect("a time").parse().expect("RFC 3339");
    time.as_millisecond()
}

/// A number with at most three decimals, in thousandths.
fn milli(number: &Value) -> i64 {
    let text = number.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{fraction:0<3}")
        .parse()
        .expect("three decimals at most")
}

#[tokio::test]
async fn unknown_queue_is_not_found() {
    let shop = Shop::open().await;
    for id in [
        "nowhere",
        "Main",
        "ab",
        "main%23number",
        "registry",
        "main%2Fx",
        "%00",
        "..",
        "main%20",
    ] {
        shop.get(&format!("/v1/queues/{id}"))
            .send()
            .await
            .is(QUEUE_NOT_FOUND);
    }
    shop.add_queue("rock").await;
    assert_eq!(shop.queue("rock").await["queue_id"], "rock");
}
