//! `POST` and `PATCH /v1/users/{user_id}/balance`.

use serde_json::json;
use shared::futures_util::future::join_all;

use crate::harness::{
    Buyer, NOBODY, Reply, Shop,
    refusal::{
        BAD_REQUEST, EMPTY_BODY, FORBIDDEN, IDEMPOTENCY_KEY_REUSED, INVALID_AMOUNT,
        INVALID_USER_ID, MISSING_AMOUNT, USER_NOT_FOUND,
    },
};

impl Shop {
    /// Charges the amount in exactly this JSON.
    async fn charge_text(&self, buyer: &Buyer, amount: &str) -> Reply {
        let path = format!("/v1/users/{}/balance", buyer.user_id);
        let body = format!("{{\"amount\":{amount}}}");
        self.post(&path).token(&buyer.token).body(body).send().await
    }
}

#[tokio::test]
async fn answers_with_the_balance_after_it() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let charged = shop.charge(&buyer, 10_000).await.ok();
    assert_eq!(
        charged,
        json!({ "message": "충전 성공", "current_balance": 10_000 })
    );
    let path = format!("/v1/users/{}/balance", buyer.user_id);
    let patched = shop
        .call("PATCH", &path)
        .token(&buyer.access_token)
        .english();
    let patched = patched.json(&json!({ "amount": 500 })).send().await.ok();
    assert_eq!(
        patched,
        json!({ "message": "Your balance is topped up.", "current_balance": 10_500 })
    );
}

#[tokio::test]
async fn adds_money_exactly() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    for (amount, balance) in [
        ("0.1", "0.1"),
        ("0.2", "0.3"),
        ("0.70", "1"),
        ("1e2", "101"),
        ("1.5E+1", "116"),
        ("123456789012.34", "123456789128.34"),
        ("1000000000000", "1123456789128.34"),
        ("0.01", "1123456789128.35"),
    ] {
        let reply = shop.charge_text(&buyer, amount).await;
        assert_eq!(
            reply.text,
            format!("{{\"message\":\"충전 성공\",\"current_balance\":{balance}}}")
        );
    }
}

#[tokio::test]
async fn amount_is_positive_with_two_decimals_up_to_a_trillion() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    for bad in [
        "0",
        "0.00",
        "-0",
        "-1",
        "-0.01",
        "0.001",
        "1.005",
        "1000000000000.01",
        "1000000000001",
        "1e13",
        "1e999",
        "1e-999",
        "1e99999999999999999999",
        "99999999999999999999999999999999999999",
        "\"100\"",
        "true",
        "[100]",
        "{}",
        "\"\"",
        "{\"amount\":1}",
    ] {
        shop.charge_text(&buyer, bad).await.is(INVALID_AMOUNT);
    }
    for no_json in [
        "NaN", "Infinity", "-", "1.", ".5", "01", "0x10", "1_000", "+1", "",
    ] {
        shop.charge_text(&buyer, no_json).await.is(EMPTY_BODY);
    }
    shop.charge_text(&buyer, "null").await.is(MISSING_AMOUNT);
    assert_eq!(shop.balance(&buyer).await, json!(0));
}

#[tokio::test]
async fn refuses_more_than_an_account_may_hold() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    for _ in 0..10 {
        shop.charge_text(&buyer, "1000000000000").await.ok();
    }
    shop.charge_text(&buyer, "0.01").await.is(INVALID_AMOUNT);
    assert_eq!(shop.balance(&buyer).await, json!(10_000_000_000_000_u64));
}

#[tokio::test]
async fn names_what_is_missing() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let path = format!("/v1/users/{}/balance", buyer.user_id);
    let call = || shop.post(&path).token(&buyer.token);
    call().send().await.is(EMPTY_BODY);
    call().json(&json!({})).send().await.is(MISSING_AMOUNT);
    call()
        .json(&json!({ "Amount": 5 }))
        .send()
        .await
        .is(MISSING_AMOUNT);
}

#[tokio::test]
async fn refuses_another_users_account() {
    let shop = Shop::open().await;
    let (one, other) = (shop.buyer().await, shop.buyer().await);
    let path = format!("/v1/users/{}/balance", other.user_id);
    let body = json!({ "amount": 100, "user_id": one.user_id });
    for token in [&one.token, &one.access_token] {
        shop.post(&path)
            .json(&body)
            .send_as(token)
            .await
            .is(FORBIDDEN);
    }
    assert_eq!(shop.balance(&other).await, json!(0));
    assert_eq!(shop.balance(&one).await, json!(0));
}

#[tokio::test]
async fn administrators_charge_anybody() {
    let shop = Shop::open().await;
    let (buyer, admin) = (shop.buyer().await, shop.admin().await);
    let charge = |user_id: &str| {
        let path = format!("/v1/users/{user_id}/balance");
        let call = shop.post(&path).token(&admin.access_token);
        call.json(&json!({ "amount": 100 })).send()
    };
    assert_eq!(charge(&buyer.user_id).await.ok()["current_balance"], 100);
    assert_eq!(charge(&admin.user_id).await.ok()["current_balance"], 100);
    charge(NOBODY).await.is(USER_NOT_FOUND);
    assert_eq!(shop.balance(&buyer).await, json!(100));
}

#[tokio::test]
async fn refuses_all_but_administrators_where_only_they_charge() {
    let shop = Shop::open_with(&[("WhoCharges", "admins")]).await;
    let (buyer, admin) = (shop.buyer().await, shop.admin().await);
    let path = format!("/v1/users/{}/balance", buyer.user_id);
    let charge = |token: &str, body: &'static str| {
        let call = shop.post(&path).token(token).body(body);
        call.send()
    };
    for token in [&buyer.token, &buyer.access_token] {
        charge(token, "{\"amount\":100}").await.is(FORBIDDEN);
        charge(token, "{\"amount\":-1}").await.is(INVALID_AMOUNT);
    }
    charge(&admin.access_token, "{\"amount\":100}").await.ok();
    // The administrator comes as a buyer, with a queue token.
    let as_buyer = shop.join(&admin).await;
    let own = format!("/v1/users/{}/balance", admin.user_id);
    let call = shop.post(&own).token(&as_buyer.token);
    call.json(&json!({ "amount": 100 }))
        .send()
        .await
        .is(FORBIDDEN);
    assert_eq!(shop.balance(&buyer).await, json!(100));
}

#[tokio::test]
async fn reports_mistakes_in_their_order() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let nobody = NOBODY;
    let ask = async |user_id: &str, body: &str| {
        let path = format!("/v1/users/{user_id}/balance");
        let call = shop.post(&path).token(&buyer.token).key("not visible");
        call.body(body.to_owned()).send().await
    };
    ask("x", "").await.is(EMPTY_BODY);
    ask("x", "{}").await.is(MISSING_AMOUNT);
    ask("x", "{\"amount\":-1}").await.is(INVALID_AMOUNT);
    ask("x", "{\"amount\":1}").await.is(INVALID_USER_ID);
    ask(nobody, "{\"amount\":1}").await.is(BAD_REQUEST);
}

/// Of 20 parallel charges of one user, all must succeed. Time is paused, so that a slow machine
/// does not use up the time of their retries.
#[tokio::test(start_paused = true)]
async fn twenty_parallel_charges_all_succeed_and_add_up() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let replies = join_all((1..=20).map(|amount| shop.charge(&buyer, amount))).await;
    let mut balances: Vec<_> = replies
        .into_iter()
        .map(|reply| reply.ok()["current_balance"].as_u64())
        .collect();
    assert_eq!(shop.balance(&buyer).await, json!(210));
    balances.sort_unstable();
    balances.dedup();
    assert_eq!(
        balances.len(),
        20,
        "each answer is another step: {balances:?}"
    );
    assert_eq!(balances.last(), Some(&Some(210)));
    shop.audit().await;
}

/// The same charge sent twice under one key must count once.
#[tokio::test]
async fn charge_with_a_key_happens_once() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let first = shop.charge_keyed(&buyer, 100, "a-key").await.ok();
    shop.charge(&buyer, 5).await.ok();
    assert_eq!(
        shop.charge_keyed(&buyer, 100, "a-key").await.ok(),
        first,
        "the same answer"
    );
    assert_eq!(shop.balance(&buyer).await, json!(105));
    shop.charge_keyed(&buyer, 101, "a-key")
        .await
        .is(IDEMPOTENCY_KEY_REUSED);
    shop.charge_keyed(&buyer, 100, "another").await.ok();
    assert_eq!(shop.balance(&buyer).await, json!(205));
    let path = format!("/v1/users/{}/balance", buyer.user_id);
    let patched = shop
        .call("PATCH", &path)
        .token(&buyer.access_token)
        .key("a-key");
    assert_eq!(
        patched.json(&json!({ "amount": 100.0 })).send().await.ok(),
        first
    );
}

#[tokio::test]
async fn key_of_one_user_is_not_anothers() {
    let shop = Shop::open().await;
    let (one, other) = (shop.buyer().await, shop.buyer().await);
    shop.charge_keyed(&one, 100, "key").await.ok();
    assert_eq!(
        shop.charge_keyed(&other, 7, "key").await.ok()["current_balance"],
        7
    );
}

#[tokio::test]
async fn parallel_charges_with_one_key_are_one() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let replies = join_all((0..10).map(|_| shop.charge_keyed(&buyer, 100, "key"))).await;
    for reply in replies {
        assert_eq!(reply.ok()["current_balance"], 100);
    }
    assert_eq!(shop.balance(&buyer).await, json!(100));
    shop.audit().await;
}

/// The recorded answer does not depend on the balance at the time of the repetition.
#[tokio::test]
async fn key_returns_its_answer_also_when_the_account_is_full() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let first = shop.charge_keyed(&buyer, 100, "key").await.ok();
    for _ in 0..9 {
        shop.charge_text(&buyer, "1000000000000").await.ok();
    }
    shop.charge_text(&buyer, "999999999900").await.ok();
    assert_eq!(shop.charge_keyed(&buyer, 100, "key").await.ok(), first);
    shop.charge_keyed(&buyer, 101, "key")
        .await
        .is(IDEMPOTENCY_KEY_REUSED);
    shop.charge_keyed(&buyer, 1, "new").await.is(INVALID_AMOUNT);
}

#[tokio::test]
async fn key_has_1_to_64_visible_characters() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let (longest, too_long) = ("k".repeat(64), "k".repeat(65));
    for good in ["k", "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~", longest.as_str()] {
        shop.charge_keyed(&buyer, 1, good).await.ok();
    }
    for bad in ["", "a b", too_long.as_str(), "a\tb"] {
        shop.charge_keyed(&buyer, 1, bad).await.is(BAD_REQUEST);
    }
    assert_eq!(shop.balance(&buyer).await, json!(3));
}

#[tokio::test]
async fn key_cannot_name_another_entry_of_the_account() {
    let shop = Shop::open().await;
    let (buyer, receipt) = shop.sell(1).await;
    let order = format!(
        "order#{}",
        receipt["reservation_id"].as_str().expect("an id")
    );
    for key in ["account", "../account", "#account", order.as_str()] {
        shop.charge_keyed(&buyer, 1, key).await.ok();
    }
    assert_eq!(shop.balance(&buyer).await, json!(4));
    assert_eq!(shop.reservation_status(&buyer, &receipt).await, "PAID");
}
