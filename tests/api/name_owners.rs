//! `name-owners`: an operator names the buyers of seats that an earlier version sold.

use serde_json::{Value, json};
use shared::{futures_util::future::join_all, jiff::SignedDuration, store::usage::metered};

use crate::harness::{Buyer, Reply, Shop};

/// One item a run.
const A_STEP: f64 = 0.001;

impl Shop {
    async fn name_owners(&self, order: &Value) -> Value {
        let run = self.invoke("name-owners", order);
        let reply = self.stack.without_waiting("name-owners", run).await;
        assert_eq!(reply.header("x-amz-function-error"), "", "{}", reply.text);
        reply.ok()
    }

    /// Runs in small steps until there is nothing more to do. Returns the sums of orders and seats,
    /// and the number of runs.
    async fn name_owners_in_steps(&self) -> (u64, u64, u64) {
        let (mut looked_at, mut named, mut runs) = (0, 0, 0);
        let mut order = json!({ "read_units": A_STEP });
        loop {
            let answer = self.name_owners(&order).await;
            looked_at += answer["looked_at"].as_u64().expect("a count");
            named += answer["named"].as_u64().expect("a count");
            runs += 1;
            match &answer["next"] {
                Value::Null => return (looked_at, named, runs),
                next => order["after"] = next.clone(),
            }
        }
    }

    /// Who has which seats of the first date, as an administrator sees it.
    async fn buyers_of_orders(&self) -> Vec<(Value, Value)> {
        let admin = self.admin().await;
        let date = &self.dates[0];
        let path = format!("/v1/admin/concerts/{}/orders?date={date}", self.concert_id);
        let orders = self.get(&path).send_as(&admin.access_token).await.ok();
        let orders = orders["orders"].as_array().expect("orders").iter();
        let who = orders.map(|order| (order["seat_numbers"].clone(), order["user_id"].clone()));
        who.collect()
    }

    /// Sells these seats in one order, as an earlier version did.
    async fn sell_as_before(&self, seats: &[u32]) -> (Buyer, Value) {
        let buyer = self.buyer().await;
        let receipt = self.buy(&buyer, seats).await;
        for seat in seats {
            self.forget_buyer(*seat).await;
        }
        (buyer, receipt)
    }

    async fn give_seats_back(&self, buyer: &Buyer, receipt: &Value, seats: &str) -> Reply {
        let path = format!("{}?seat_numbers={seats}", self.reservation(receipt));
        self.delete(&path).send_as(&buyer.access_token).await
    }
}

#[tokio::test]
async fn seats_sold_by_an_earlier_version_get_their_buyers() {
    let shop = Shop::open().await;
    let (one, _) = shop.sell_as_before(&[7, 8]).await;
    let (other, _) = shop.sell_as_before(&[30]).await;
    let (new, _) = shop.sell(9).await;
    let named = shop.buyers_of_orders().await;
    let of_nobody = named.iter().filter(|(_, user_id)| user_id.is_null());
    assert_eq!(of_nobody.count(), 2, "{named:?}");

    let answer = shop.name_owners(&json!({})).await;
    assert_eq!(answer, json!({ "looked_at": 3, "named": 3 }));
    let expected = [
        (json!([7, 8]), json!(one.user_id)),
        (json!([9]), json!(new.user_id)),
        (json!([30]), json!(other.user_id)),
    ];
    assert_eq!(shop.buyers_of_orders().await, expected);
    shop.audit().await;

    let again = shop.name_owners(&json!({})).await;
    assert_eq!(again, json!({ "looked_at": 3, "named": 0 }));
    let nothing = Shop::empty().await.name_owners(&json!({})).await;
    assert_eq!(nothing, json!({ "looked_at": 0, "named": 0 }));
}

/// Orders on hundreds of pages, and more seats than one read takes.
#[tokio::test]
async fn many_orders_are_all_found() {
    let shop = Shop::open_with(&[]).await;
    for first in (1..=45).step_by(4) {
        shop.sell_as_before(&[first, first + 1, first + 2, first + 3])
            .await;
    }
    shop.sell_as_before(&[49]).await;
    let answer = shop.name_owners(&json!({ "read_units": 1_000 })).await;
    assert_eq!(answer, json!({ "looked_at": 13, "named": 49 }));
    let buyers = shop.buyers_of_orders().await;
    assert!(buyers.iter().all(|(_, user_id)| user_id.is_string()));
    shop.audit().await;
}

#[tokio::test]
async fn goes_on_where_it_stopped() {
    let shop = Shop::open().await;
    for seat in 1..6 {
        shop.sell_as_before(&[seat]).await;
    }
    let (looked_at, named, runs) = shop.name_owners_in_steps().await;
    assert_eq!((looked_at, named), (5, 5));
    // An account, a charge and an order of each buyer.
    assert!(runs > 15, "{runs} runs");
    let (looked_at, named, _) = shop.name_owners_in_steps().await;
    assert_eq!((looked_at, named), (5, 0));
    shop.audit().await;
}

/// It has a minute left, so it does one page. The next invocations do the rest.
#[tokio::test]
async fn stops_before_its_deadline() {
    let shop = Shop::open().await;
    for seat in 1..4 {
        shop.sell_as_before(&[seat]).await;
    }
    let app = shop.stack.app("name-owners").await;
    let deadline = shop.now() + SignedDuration::from_secs(60);
    let handle = functions::background::name_owners::handle;
    let order = json!({ "read_units": 0.5 });
    let (first, _) = metered(handle(app.clone(), order, deadline)).await;
    let first = first.expect("an answer");
    assert!(first["next"].is_string(), "{first}");
    let order = json!({ "after": first["next"] });
    let (rest, _) = metered(handle(app, order, deadline)).await;
    let rest = rest.expect("an answer");
    assert_eq!(rest["next"], Value::Null);
    let named = |answer: &Value| answer["named"].as_u64().expect("a count");
    assert_eq!(named(&first) + named(&rest), 3);
}

#[tokio::test]
async fn seat_that_was_refunded_or_sold_again_is_not_touched() {
    let shop = Shop::open().await;
    let (one, receipt) = shop.sell_as_before(&[1, 2, 3]).await;
    let (other, others) = shop.sell_as_before(&[4]).await;
    shop.give_seats_back(&one, &receipt, "1,2").await.ok();
    shop.give_seats_back(&other, &others, "4").await.ok();
    let (next, _) = shop.sell(2).await;
    let (last, _) = shop.sell_as_before(&[4]).await;
    shop.hold(&shop.buyer().await, 1).await.ok();
    let answer = shop.name_owners(&json!({})).await;
    assert_eq!(answer, json!({ "looked_at": 3, "named": 2 }));
    let expected = [
        (json!([2]), json!(next.user_id)),
        (json!([3]), json!(one.user_id)),
        (json!([4]), json!(last.user_id)),
    ];
    assert_eq!(shop.buyers_of_orders().await, expected);
    shop.audit().await;
}

#[tokio::test]
async fn is_safe_beside_refunds_purchases_and_itself() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let mut sold = Vec::new();
    for seat in 1..=12 {
        sold.push(shop.sell_as_before(&[seat]).await);
    }
    let mut next = Vec::new();
    for _ in 0..12 {
        next.push(shop.buyer().await);
    }
    let events = [json!({}), json!({}), json!({})];
    let runs = join_all(events.iter().map(|event| shop.name_owners(event)));
    let sales = join_all((1..).zip(sold.iter().zip(&next)).map(
        |(seat, ((old, receipt), next))| {
            let shop = &shop;
            async move {
                shop.cancel(old, receipt).await;
                let held = shop.hold(next, seat).await;
                if held.status == 200 {
                    shop.charge(next, crate::harness::PRICE).await.ok();
                    shop.pay(next, &held.body).await.ok();
                }
            }
        },
    ));
    shared::futures_util::join!(runs, sales);
    shop.name_owners(&json!({})).await;
    shop.audit().await;
    let buyers = shop.buyers_of_orders().await;
    assert!(buyers.iter().all(|(_, user_id)| user_id.is_string()));
}

/// The audit reports such an order. It does not keep others from being named.
#[tokio::test]
async fn what_cannot_be_read_is_left_out() {
    let shop = Shop::open().await;
    let (buyer, receipt) = shop.sell_as_before(&[1]).await;
    shop.sell_as_before(&[2]).await;
    let entry = format!(
        "order#{}",
        receipt["reservation_id"].as_str().expect("an id")
    );
    let key = json!({ "user_id": buyer.user_id, "entry": entry });
    shop.change_item("Accounts", key, json!({ "seats": [] }))
        .await;
    let answer = shop.name_owners(&json!({})).await;
    assert_eq!(answer, json!({ "looked_at": 1, "named": 1 }));
}

#[tokio::test]
async fn refuses_a_malformed_command() {
    let shop = Shop::open().await;
    shop.sell_as_before(&[1]).await;
    let after = "internal error: after is the next of an earlier answer";
    let read_units = "internal error: read_units is a number above 0";
    let body = "The request body is empty or malformed.";
    for (order, why) in [
        (json!(7), body),
        (json!([]), body),
        (json!("all"), body),
        (json!({ "after": 7 }), after),
        (json!({ "after": "" }), after),
        (json!({ "after": "abc" }), after),
        (json!({ "after": "7".repeat(10_000) }), after),
        (json!({ "after": ["x"] }), after),
        (json!({ "read_units": 0 }), read_units),
        (json!({ "read_units": -1 }), read_units),
        (json!({ "read_units": "many" }), read_units),
    ] {
        let reply = shop.invoke("name-owners", &order).await;
        assert_eq!(reply.header("x-amz-function-error"), "Unhandled", "{order}");
        assert_eq!(reply.ok()["errorMessage"], why, "{order}");
    }
    // The cursor of another list.
    let admin = shop.admin().await;
    let users = shop.get("/v1/users?limit=1").send_as(&admin.access_token);
    let order = json!({ "after": users.await.ok()["next_cursor"] });
    let reply = shop.invoke("name-owners", &order).await;
    assert_eq!(reply.ok()["errorMessage"], after);
    // Nothing was done, and `null` is as good as nothing.
    let answer = shop
        .name_owners(&json!({ "after": null, "read_units": null }))
        .await;
    assert_eq!(answer, json!({ "looked_at": 1, "named": 1 }));
}

#[tokio::test]
async fn has_no_route() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for path in ["/name-owners", "/v1/name-owners", "/v1/admin/name-owners"] {
        let call = shop.post(path).token(&admin.access_token).json(&json!({}));
        call.send().await.refused(404, "NOT_FOUND");
    }
}
