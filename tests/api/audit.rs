//! `audit`: finds nothing in right data, and every kind of violation in wrong data.

mod catalog;
mod planted;
mod rounds;
mod unguarded;

use serde_json::{Value, json};
use shared::futures_util::future::join_all;

use crate::harness::{Buyer, NOBODY, PRICE, Shop};

/// An id that belongs to nothing.
const NOBODYS: &str = "0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

/// A shop in which everything has happened: purchases, a refund, a lapsed hold, a user who left, a
/// user who holds seats, an account with an address.
async fn busy_shop() -> Shop {
    let shop = Shop::open().await;
    shop.account("mina@example.com").await;
    let (refunded, receipt) = shop.sell(1).await;
    refund(&shop, &refunded, &receipt).await;
    shop.hold(&shop.buyer().await, 2).await.ok();
    shop.advance(302).await;
    for seat in 3..6 {
        shop.sell(seat).await;
    }
    let leaver = shop.buyer().await;
    shop.hold_all(&leaver, &[6, 7]).await.ok();
    shop.leave(&leaver).await;
    let holder = shop.buyer().await;
    shop.hold_all(&holder, &[8, 9]).await.ok();
    shop.charge(&holder, PRICE).await.ok();
    shop.advance(10).await;
    shop
}

/// How many items an audit of a busy shop checks.
fn everything_in_busy_shop() -> Value {
    json!({
        "shows": 2, "plans": 0, "users": 8, "seats": 5, "sessions": 7, "queues": 1,
        "accounts": 8, "entries": 10, "orders": 4, "changes": 0,
    })
}

async fn refund(shop: &Shop, buyer: &Buyer, receipt: &Value) {
    let call = shop.delete(&shop.reservation(receipt));
    call.send_as(&buyer.access_token).await.ok();
}

#[tokio::test]
async fn finds_nothing_in_what_people_do() {
    let shop = busy_shop().await;
    let report = shop.audit().await;
    assert_eq!(report["checked"], everything_in_busy_shop());
    assert_eq!(report["kinds"], json!({}));
    assert_eq!(report["examples"], json!([]));
    assert_eq!(report["started_at"], shop.in_seconds(0));
    assert_eq!(report["runs"], 1);
    assert_eq!(report["run"]["checked"], report["checked"]);
    assert_eq!(report["run"]["superseded"], false);
}

#[tokio::test]
async fn finds_nothing_in_an_empty_shop() {
    let report = Shop::empty().await.audit().await;
    assert_eq!(report["checked"]["users"], 0);
    assert_eq!(report["checked"]["queues"], 1, "main is always there");
}

/// Users who joined before the opening have entries, later ones have numbers, and some come back.
#[tokio::test]
async fn finds_nothing_in_a_line_that_opens() {
    let shop = Shop::open_with(&[("MainMaxActive", "3")]).await;
    let admin = shop.admin().await;
    let settings = json!({ "max_active": 3, "opens_at": shop.in_seconds(100) });
    shop.put_queue(&admin, "main", &settings).await.ok();
    let mut early = Vec::new();
    for _ in 0..6 {
        early.push(shop.buyer().await);
    }
    shop.leave(&early[0]).await;
    shop.rejoin(&early[0]).await;
    let report = shop.audit().await;
    assert_eq!(report["checked"]["sessions"], 6);

    shop.advance(110).await;
    let late = shop.buyer().await;
    shop.leave(&late).await;
    shop.rejoin(&late).await;
    shop.audit().await;
    shop.advance(30).await;
    for buyer in &early {
        if shop.status(buyer).await == "ACTIVE" {
            shop.hold(buyer, 7).await;
        }
    }
    shop.audit().await;
    shop.advance(600).await;
    shop.audit().await;
}

/// The tokens and numbers of the day before still exist, but their cohorts do not.
#[tokio::test]
async fn finds_nothing_in_what_is_over() {
    let shop = Shop::without_schedule(&[]).await;
    for seat in 1..4 {
        shop.sell(seat).await;
        shop.hold(&shop.buyer().await, 10 + seat).await.ok();
        shop.advance(3_600).await;
    }
    shop.advance(30 * 3_600).await;
    shop.sell(5).await;
    shop.audit().await;
}

/// The holder of a seat can still pay after its show is deleted.
#[tokio::test]
async fn finds_nothing_in_a_seat_of_a_deleted_show() {
    let shop = Shop::open().await;
    shop.sell(7).await;
    let key = json!({ "group": shop.concert_id, "entry": format!("show#{}", shop.dates[0]) });
    shop.take_item("Catalog", key).await;
    shop.audit().await;
}

/// Each of these was cut off between two steps that need not happen together.
#[tokio::test]
async fn finds_nothing_in_what_was_cut_off() {
    let shop = Shop::without_messages(&[]).await;
    // A message was lost, and another user has the seat by now.
    let lapsed = shop.buyer().await;
    shop.hold(&lapsed, 1).await.ok();
    shop.advance(303).await;
    shop.hold(&shop.buyer().await, 1).await.ok();
    // A hold was cancelled, but its seats were not freed.
    let cancelled = shop.buyer().await;
    let held = shop.hold_all(&cancelled, &[2, 3]).await.ok();
    shop.advance(10).await;
    let seats = shop.items("Seats").await;
    shop.cancel(&cancelled, &held).await.ok();
    for seat in seats {
        shop.put_item("Seats", seat).await;
    }
    // An end was not counted.
    shop.sell(4).await;
    for item in shop.items("Queues").await {
        if item["done"].is_number() {
            let key = json!({ "id": item["id"] });
            shop.change_item("Queues", key, json!({ "done": null }))
                .await;
        }
    }
    let report = shop.audit().await;
    assert_eq!(report["checked"]["seats"], 4);
}

#[tokio::test]
async fn finds_nothing_in_a_crowd_at_once() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let buyers = join_all((0..12).map(|_| shop.buyer())).await;
    let purchases = buyers.iter().zip((1..=4).cycle()).map(|(buyer, seat)| {
        let shop = &shop;
        async move {
            let held = shop.hold(buyer, seat).await;
            if held.status == 200 {
                shop.charge(buyer, PRICE).await.ok();
                shop.pay(buyer, &held.body).await.ok();
            }
        }
    });
    let audits = join_all((0..3).map(|_| shop.audited()));
    let (_, audits) = shared::futures_util::join!(join_all(purchases), audits);
    for report in audits {
        assert_eq!(report["run"]["violations"], 0, "{report}");
    }
    assert_eq!(shop.audit().await["checked"]["orders"], 4);
}

#[tokio::test]
async fn looks_at_one_user_when_asked() {
    let shop = busy_shop().await;
    let (buyer, _) = shop.sell(20).await;
    let order = json!({ "user_id": buyer.user_id });
    let report = shop.run_audit(&order).await;
    assert_eq!(
        report["checked"],
        json!({
            "shows": 0, "plans": 0, "users": 1, "seats": 0, "sessions": 1, "queues": 0,
            "accounts": 1, "entries": 2, "orders": 1, "changes": 0,
        })
    );
    assert_eq!(report["violations"], 0);

    let nobody = json!({ "user_id": NOBODY });
    let report = shop.run_audit(&nobody).await;
    assert_eq!(report["violations"], 0);

    let key = json!({ "block": shop.block(0), "seat": 20 });
    shop.take_item("Seats", key).await;
    let report = shop.run_audit(&order).await;
    assert_eq!(report["kinds"], json!({ "ORDER_WITHOUT_SEAT": 1 }));
}

#[tokio::test]
async fn refuses_a_malformed_command() {
    let shop = Shop::empty().await;
    for order in [
        json!({ "read_units": 0 }),
        json!({ "read_units": "many" }),
        json!({ "from_start": 1 }),
        json!({ "user_id": "김민수" }),
    ] {
        let reply = shop.invoke("audit", &order).await;
        assert_eq!(reply.header("x-amz-function-error"), "Unhandled", "{order}");
    }
}

impl Shop {
    /// The key of a block of seats of the first date.
    pub fn block(&self, number: u32) -> String {
        format!("{}#{}#{number}", self.concert_id, self.dates[0])
    }
}
