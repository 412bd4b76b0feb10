//! The prices of what operators read.

use serde_json::json;
use shared::domain::show::Show;

use super::warm_shop;
use crate::harness::{Shop, show};

#[tokio::test]
async fn list_of_queues_costs_2_reads_a_queue_and_a_half_a_concert() {
    let shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    shop.start(&["list-queues"]).await;
    let list = async || {
        let call = shop.get("/v1/admin/queues");
        call.send_as(&admin.access_token).await.ok();
        shop.price("list-queues")
    };
    // The administrator, the ids, and `main`.
    assert_eq!(list().await, (2.5, 0.0));
    for id in ["rock", "jazz"] {
        shop.add_queue(id).await;
        shop.add_concert("더", id, &[show("2027-01-01")]).await;
    }
    shop.stack.forget_consumed();
    assert_eq!(list().await, (2.5 + 2.0 * (1.0 + 1.0 + 2.0 * 0.5), 0.0));
}

#[tokio::test]
async fn watching_a_queue_costs_half_a_read_a_block_every_four_seconds() {
    let shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    shop.put_queue(&admin, "rock", &json!({})).await.ok();
    let large = Show {
        capacity: 10_000,
        ..show(&shop.dates[0])
    };
    let rock = shop.add_concert("록", "rock", &[large]).await;
    shop.start(&["get-queue-state"]).await;
    let watch = async |path: &str| {
        let path = format!("/v1/admin/queues/{path}");
        shop.get(&path).send_as(&admin.access_token).await.ok();
        shop.price("get-queue-state")
    };
    // The administrator, the numbers, and the document.
    assert_eq!(watch("main").await, (2.5, 0.0));
    shop.advance(5).await;
    shop.stack.forget_consumed();
    // And the list of shows, the shows, and 20 blocks.
    assert_eq!(watch("rock").await, (2.5 + 1.0 + 0.5 + 10.0, 0.0));
    // The document is known for a second, the shows for five, the counts for four.
    assert_eq!(watch("rock").await, (2.0 + 1.0, 0.0));
    shop.advance(4).await;
    shop.stack.forget_consumed();
    assert_eq!(watch("rock").await, (2.5 + 1.0 + 10.0, 0.0));
    // Named, the list of shows is not read.
    let named = format!("rock?concert_id={rock}");
    assert_eq!(watch(&named).await, (2.0, 0.0));

    let settings = json!({ "opens_at": shop.in_seconds(600) });
    shop.patch_queue(&admin, "rock", &settings).await.ok();
    for _ in 0..3 {
        let guest = shop.guest().await;
        shop.join_for(&guest, Some(&rock)).await;
    }
    shop.advance(1).await;
    shop.stack.forget_consumed();
    // 64 stripes, whether anybody is on them or not.
    assert_eq!(watch(&named).await, (2.5 + 0.5 + 32.0, 0.0));
}

/// They cost an operator what they cost to count for buyers.
#[tokio::test]
async fn taken_seats_cost_half_a_read_per_4_kilobytes() {
    let shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    for seat in 1..=50 {
        let item = json!({
            "block": format!("{}#{}#0", shop.concert_id, shop.dates[0]), "seat": seat,
            "status": "SOLD", "reservation_id": "0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
            "buyer": "AAAAAAAAAAAAAAAAAAAAAA",
        });
        shop.put_item("Seats", item).await;
    }
    shop.start(&["get-queue-state", "list-dates"]).await;
    let path = format!("/v1/admin/queues/main?concert_id={}", shop.concert_id);
    let seen = shop.get(&path).send_as(&admin.access_token).await.ok();
    assert_eq!(seen["seats"]["sold"], 50);
    let (watched, _) = shop.price("get-queue-state");
    let buyer = shop.buyer().await;
    shop.advance(5).await;
    shop.stack.forget_consumed();
    shop.ask_for_dates(&buyer).send().await.ok();
    let (counted, _) = shop.price("list-dates");
    // One has read the administrator, the numbers, the document and the shows; the other one the
    // session and the shows.
    assert_eq!((watched, counted), (3.0 + 1.5, 1.5 + 1.5));
}

#[tokio::test]
async fn sessions_of_a_user_cost_2_reads_and_a_half() {
    let shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    let (buyer, guest) = (shop.buyer().await, shop.guest().await);
    shop.start(&["list-sessions"]).await;
    let list = async |user_id: &str| {
        let path = format!("/v1/users/{user_id}/sessions");
        shop.get(&path).send_as(&admin.access_token).await.ok();
        shop.price("list-sessions")
    };
    assert_eq!(list(&buyer.user_id).await, (2.5, 0.0));
    // A list without a session is read as one with a single item is. Then the user is read.
    assert_eq!(list(&guest.user_id).await, (3.0, 0.0));
}

#[tokio::test]
async fn user_behind_a_buyer_costs_their_key_the_user_and_the_door() {
    let shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    let guest = shop.guest().await;
    let buyer = shop.buyer_in_events(&guest.user_id).await;
    shop.start(&["get-buyer"]).await;
    let call = shop.get(&format!("/v1/admin/buyers/{buyer}"));
    call.send_as(&admin.access_token).await.ok();
    assert_eq!(shop.price("get-buyer"), (3.0, 0.0));
}

#[tokio::test]
async fn service_costs_its_door() {
    let shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    shop.start(&["get-service"]).await;
    let call = shop.get("/v1/admin/service");
    call.send_as(&admin.access_token).await.ok();
    assert_eq!(shop.price("get-service"), (1.0, 0.0));
}

/// A run of an administrator costs what a run of the schedule does, and 2 reads more: the door, and a
/// look at how much the round remembers.
#[tokio::test]
async fn audit_costs_the_same_for_an_administrator_and_2_reads_more() {
    let shop = Shop::without_schedule(&[("AuditMinutes", "0")]).await;
    let admin = shop.admin().await;
    shop.sell(7).await;
    shop.start(&["audit", "run-audit", "get-audit"]).await;
    shop.audit().await;
    shop.stack.forget_consumed();
    shop.audit().await;
    let (read, written) = shop.price("audit");
    shop.post_audit(&admin, &json!({ "from_start": true }))
        .await;
    assert_eq!(shop.price("run-audit"), (read + 2.0, written));
    shop.get_audit(&admin).await;
    assert_eq!(shop.price("get-audit"), (2.0, 0.0));
}

/// 400 days of money are 9 KB, which each run writes, and whoever reads them pays for.
#[tokio::test]
async fn books_of_400_days_cost_10_writes() {
    let shop = Shop::without_schedule(&[("AuditMinutes", "0")]).await;
    let buyer = shop.buyer().await;
    let day = 86_400_000_i64;
    let now = shop.now().as_millisecond();
    for days in 0..400_i64 {
        let charge = json!({
            "user_id": buyer.user_id, "entry": format!("charge#{days:03}"), "amount": 1_234_567_890,
            "charged_at": now - days * day, "seq": days + 1,
            "balance_after": 1_234_567_890 * (days + 1),
        });
        shop.put_item("Accounts", charge).await;
    }
    let key = json!({ "user_id": buyer.user_id, "entry": "account" });
    let account = json!({ "seq": 400, "balance": 1_234_567_890_i64 * 400 });
    shop.change_item("Accounts", key, account).await;
    shop.start(&["audit"]).await;
    shop.audit().await;
    let (_, written) = shop.price("audit");
    assert_eq!(shop.books().await.days.len(), 400);
    assert!((6.0..=10.0).contains(&written), "{written}");
    let admin = shop.admin().await;
    shop.start(&["get-audit"]).await;
    shop.get_audit(&admin).await;
    let (read, _) = shop.price("get-audit");
    assert!((3.0..=4.0).contains(&read), "{read}");
}
