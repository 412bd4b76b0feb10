//! A store without one of its conditions: if the data is wrong then, the audit must find it.

use serde_json::json;
use shared::futures_util::future::join_all;

use crate::harness::{PRICE, Shop, in_some_try};

/// Sells seat 7 to two users, whose holds do not exclude each other.
async fn sell_twice(shop: &Shop) {
    let mut held = Vec::new();
    for _ in 0..2 {
        let buyer = shop.buyer().await;
        shop.charge(&buyer, PRICE).await.ok();
        let reply = shop.hold(&buyer, 7).await;
        held.extend((reply.status == 200).then_some((buyer, reply.body)));
    }
    for (buyer, held) in &held {
        shop.pay(buyer, held).await;
    }
}

#[tokio::test]
async fn seat_that_is_sold_twice_is_found() {
    let shop = Shop::open().await;
    sell_twice(&shop).await;
    assert_eq!(shop.audit().await["checked"]["orders"], 1);

    let unguarded = Shop::open().await;
    // A hold reads the seat first, and a payment requires that the hold has it.
    unguarded
        .stack
        .strip_condition("Seats", "attribute_not_exists(seat)");
    unguarded
        .stack
        .strip_condition("Seats", "reservation_id = :reservation_id");
    // Both must read the seat before either holds it, which usually happens.
    for seat in 7.. {
        let (one, other) = (unguarded.buyer().await, unguarded.buyer().await);
        let holds = join_all([unguarded.hold(&one, seat), unguarded.hold(&other, seat)]).await;
        if holds.iter().any(|hold| hold.status != 200) {
            continue;
        }
        for (buyer, held) in [&one, &other].into_iter().zip(holds) {
            unguarded.charge(buyer, PRICE).await.ok();
            unguarded.pay(buyer, &held.ok()).await.ok();
        }
        break;
    }
    let report = unguarded.audited().await;
    assert_eq!(report["kinds"], json!({ "SEAT_SOLD_TWICE": 1 }));
}

/// Of several charges at once, each has an entry, but the account has only the last one.
#[tokio::test]
async fn charge_that_another_one_overwrote_is_found() {
    let charge = async |shop: &Shop| {
        let buyer = shop.buyer().await;
        for _ in 0..5 {
            join_all((0..10).map(|_| shop.charge(&buyer, 100))).await;
        }
        shop.audited().await["kinds"].clone()
    };
    let shop = Shop::open().await;
    assert_eq!(charge(&shop).await, json!({}));
    let unguarded = Shop::open().await;
    unguarded.stack.strip_condition("Accounts", "seq = :seen");
    let found = charge(&unguarded).await;
    assert!(found["ENTRIES_COLLIDE"].is_number(), "{found}");
}

/// The second payment overwrites the order of the first.
#[tokio::test]
async fn order_that_is_paid_twice_is_found() {
    let pay_twice = async |shop: &Shop| {
        let buyer = shop.buyer().await;
        let held = shop.hold(&buyer, 7).await.ok();
        shop.charge(&buyer, 2 * PRICE).await.ok();
        join_all((0..6).map(|_| shop.pay(&buyer, &held))).await;
        shop.audited().await["kinds"].clone()
    };
    assert_eq!(pay_twice(&Shop::open().await).await, json!({}));
    // The second payment must read before the first one has paid, which usually happens.
    let found = in_some_try(async || {
        let unguarded = Shop::open().await;
        for (table, words) in [
            ("Accounts", "attribute_not_exists(entry)"),
            ("Sessions", "live_hold.reservation_id"),
            ("Seats", "reservation_id = :reservation_id"),
        ] {
            unguarded.stack.strip_condition(table, words);
        }
        let kinds = pay_twice(&unguarded).await;
        (kinds != json!({})).then_some(kinds)
    });
    let found = found.await.expect("that something is found");
    assert!(found["ENTRY_MISSING"].is_number(), "{found}");
}
