//! A fast line: its cohorts are counted on several items.

use serde_json::json;
use shared::{domain::show::Show, futures_util::future::join_all};

use crate::harness::{Buyer, Guest, Shop, show};

impl Shop {
    /// A shop whose queue `rock` has room for thirty, and lets in this many a second.
    async fn with_rate(rate: u64) -> (Self, Guest) {
        let mut shop = Self::open().await;
        let admin = shop.admin().await;
        let settings = json!({
            "max_active": 30, "rate": rate, "claim_seconds": 30, "active_seconds": 600,
        });
        shop.put_queue(&admin, "rock", &settings).await.ok();
        let large = Show {
            capacity: 500,
            ..show(&shop.dates[0])
        };
        shop.concert_id = shop.add_concert("록 콘서트", "rock", &[large]).await;
        (shop, admin)
    }

    /// How many have arrived, by the items that count them.
    async fn arrived(&self) -> Vec<u64> {
        let items = self.items("Queues").await;
        let counted = items.iter().filter(|item| {
            let id = item["id"].as_str().unwrap_or_default();
            id.starts_with("rock#cohort#")
        });
        counted
            .filter_map(|item| item["arrived"].as_u64())
            .collect()
    }

    async fn inside(&self, fans: &[Buyer]) -> usize {
        let statuses = self.statuses(fans).await;
        statuses.iter().filter(|status| *status == "ACTIVE").count()
    }
}

/// As many come in as have left, or have not come, whichever items count them.
#[tokio::test]
async fn active_are_counted_on_all_items_of_a_cohort() {
    let (shop, _) = Shop::with_rate(2_000).await;
    let fans = shop.fans(60).await;
    shop.advance(10).await;
    join_all(fans[..30].iter().map(|fan| shop.ask_for_dates(fan).send())).await;
    let arrived = shop.arrived().await;
    assert_eq!(arrived.iter().sum::<u64>(), 30);
    assert!(arrived.len() > 1, "all on one item: {arrived:?}");

    // The claims of the cohort are over, so only those count who have arrived.
    shop.advance(60).await;
    assert_eq!(shop.inside(&fans).await, 30);

    for fan in &fans[..10] {
        shop.leave(fan).await;
    }
    shop.advance(10).await;
    assert_eq!(shop.inside(&fans[10..]).await, 30);

    // These leave without having arrived.
    for fan in &fans[30..35] {
        shop.leave(fan).await;
    }
    shop.advance(10).await;
    assert_eq!(shop.inside(&fans[10..]).await, 30);
    shop.audit().await;
}

/// A line at a usual rate has one item for each cohort, as earlier versions know it.
#[tokio::test]
async fn line_at_a_usual_rate_is_counted_on_one_item() {
    let (shop, _) = Shop::with_rate(250).await;
    let fans = shop.fans(20).await;
    shop.advance(10).await;
    join_all(fans.iter().map(|fan| shop.ask_for_dates(fan).send())).await;
    assert_eq!(shop.arrived().await, [20]);
    let items = shop.items("Queues").await;
    let queue = items.iter().find(|item| item["id"] == "rock");
    let queue = queue.expect("a queue");
    for cohort in queue["line"]["cohorts"].as_array().expect("cohorts") {
        assert_eq!(cohort.as_array().map(Vec::len), Some(4));
    }
    shop.audit().await;
}
