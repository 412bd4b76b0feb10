//! `GET /v1/users/{user_id}/statement`.

use serde_json::{Value, json};

use crate::harness::{
    Buyer, NOBODY, PRICE, Shop,
    refusal::{BAD_REQUEST, FORBIDDEN, INVALID_LIMIT, INVALID_USER_ID, USER_NOT_FOUND},
    text,
};

fn path(user_id: &str) -> String {
    format!("/v1/users/{user_id}/statement")
}

impl Shop {
    /// All entries of a statement, read in pages of this length, the latest first.
    pub async fn statement(&self, buyer: &Buyer, limit: usize) -> Vec<Value> {
        let mut entries = Vec::new();
        let mut query = format!("?limit={limit}");
        loop {
            let path = format!("{}{query}", path(&buyer.user_id));
            let page = self.get(&path).send_as(&buyer.token).await.ok();
            let read = page["entries"].as_array().expect("entries").clone();
            assert!(read.len() <= limit && !read.is_empty(), "{page}");
            entries.extend(read);
            match page["next_cursor"].as_str() {
                Some(cursor) => query = format!("?limit={limit}&cursor={cursor}"),
                None => return entries,
            }
        }
    }
}

/// Adds up a chain from its beginning, and returns the balance.
fn add_up(entries: &[Value]) -> i64 {
    let mut balance = 0;
    for (seq, entry) in (1..).zip(entries.iter().rev()) {
        assert_eq!(entry["seq"], json!(seq), "without gaps");
        let amount = entry["amount"].as_i64().expect("whole won");
        assert!(amount > 0 || entry["kind"] == "CORRECTION");
        balance += match entry["kind"].as_str() {
            Some("CHARGE" | "REFUND" | "CORRECTION") => amount,
            Some("PAYMENT") => -amount,
            other => panic!("{other:?}"),
        };
        assert_eq!(entry["balance_after"], json!(balance), "{entry}");
    }
    balance
}

#[tokio::test]
async fn chain_adds_up_over_pages() {
    let shop = Shop::open().await;
    let (mut buyer, first) = shop.sell(1).await;
    let charge = |key: &'static str| {
        let path = format!(
            "/v1/users/{}/balance",
            first["user_id"].as_str().expect("an id")
        );
        let call = shop.post(&path).token(&buyer.access_token);
        call.key(key).json(&json!({ "amount": 700 }))
    };
    let charges = [charge("a"), charge("a"), charge("b")];
    for call in charges {
        call.send().await.ok();
    }
    let mut receipts = vec![first];
    for seat in 2..=4 {
        shop.advance(1).await;
        let (again, receipt) = shop.buy_again(&buyer, seat).await;
        buyer = again;
        receipts.push(receipt);
    }
    for receipt in [&receipts[2], &receipts[0]] {
        shop.advance(1).await;
        let path = shop.reservation(receipt);
        shop.delete(&path).send_as(&buyer.token).await.ok();
    }

    let entries = shop.statement(&buyer, 3).await;
    assert_eq!(entries.len(), 2 + 2 + 3 * 2 + 2);
    assert_eq!(json!(add_up(&entries)), shop.balance(&buyer).await);
    assert_eq!(entries, shop.statement(&buyer, 100).await);
    assert_eq!(
        entries[0],
        json!({
            "seq": 12,
            "kind": "REFUND",
            "amount": PRICE,
            "balance_after": 2 * PRICE + 1_400,
            "at": shop.in_seconds(0),
            "reservation_id": receipts[0]["reservation_id"],
            "payment_id": receipts[0]["payment_id"],
        })
    );
    let last = &entries[entries.len() - 1];
    assert_eq!(
        last,
        &json!({
            "seq": 1,
            "kind": "CHARGE",
            "amount": PRICE,
            "balance_after": PRICE,
            "at": shop.in_seconds(-5),
        })
    );
}

#[tokio::test]
async fn answers_its_owner_and_administrators() {
    let shop = Shop::open().await;
    let (buyer, _) = shop.sell(1).await;
    let (admin, other) = (shop.admin().await, shop.buyer().await);
    let own = path(&buyer.user_id);
    for token in [&buyer.token, &buyer.access_token, &admin.access_token] {
        let page = shop.get(&own).send_as(token).await.ok();
        assert_eq!(page["entries"].as_array().expect("entries").len(), 2);
        assert_eq!(page.get("next_cursor"), None);
    }
    for token in [&other.token, &other.access_token] {
        shop.get(&own).send_as(token).await.is(FORBIDDEN);
    }
    let empty = shop.get(&path(&other.user_id)).token(&other.token);
    assert_eq!(empty.send().await.ok(), json!({ "entries": [] }));
    for (id, refusal) in [(NOBODY, USER_NOT_FOUND), ("x", INVALID_USER_ID)] {
        let call = shop.get(&path(id)).token(&admin.access_token);
        call.send().await.is(refusal);
    }
}

#[tokio::test]
async fn cursor_is_of_one_statement() {
    let shop = Shop::open().await;
    let (buyer, _) = shop.sell(1).await;
    let (other, _) = shop.sell(2).await;
    let read = |query: &str, buyer: &Buyer| {
        let path = format!("{}?{query}", path(&buyer.user_id));
        shop.get(&path).send_as(&buyer.token)
    };
    let cursor = text(&read("limit=1", &buyer).await.ok()["next_cursor"]);
    let list = format!("statement of {}", buyer.user_id);
    let made_up = |position: &str| shared::http::cursor(&list, position);
    for wrong in ["x", "%00", &made_up("x"), &made_up("-1"), &made_up("")] {
        read(&format!("cursor={wrong}"), &buyer)
            .await
            .is(BAD_REQUEST);
    }
    read(&format!("cursor={cursor}"), &other)
        .await
        .is(BAD_REQUEST);
    let beyond = made_up("18446744073709551615");
    read(&format!("cursor={beyond}"), &buyer).await.ok();
    for limit in ["0", "101", "x"] {
        read(&format!("limit={limit}"), &buyer)
            .await
            .is(INVALID_LIMIT);
    }
    assert_eq!(
        text(&read("limit=1", &buyer).await.ok()["next_cursor"]),
        cursor
    );
    let rest = read(&format!("cursor={cursor}"), &buyer).await.ok();
    assert_eq!(rest["entries"].as_array().expect("entries").len(), 1);
}
