//! `POST /v1/users/{user_id}/balance/corrections`.

use serde_json::{Value, json};
use shared::futures_util::{future::join_all, join};

use crate::harness::{
    Buyer, Call, Guest, NOBODY, PRICE, Shop,
    refusal::{
        BAD_REQUEST, BALANCE_OUT_OF_RANGE, EMPTY_BODY, FORBIDDEN, IDEMPOTENCY_KEY_REUSED,
        INVALID_CORRECTION, INVALID_REASON, INVALID_TOKEN, INVALID_USER_ID, MISSING_AMOUNT,
        MISSING_AUTHORIZATION, MISSING_REASON, USER_NOT_FOUND,
    },
};

const REASON: &str = "중복 충전 정정";

fn path(user_id: &str) -> String {
    format!("/v1/users/{user_id}/balance/corrections")
}

impl Shop {
    fn correction(&self, admin: &Guest, buyer: &Buyer, body: &Value) -> Call {
        let call = self.post(&path(&buyer.user_id)).token(&admin.access_token);
        call.json(body)
    }

    /// An administrator's request to correct a buyer's balance.
    pub fn correct(&self, admin: &Guest, buyer: &Buyer, amount: i64) -> Call {
        self.correction(admin, buyer, &json!({ "amount": amount, "reason": REASON }))
    }
}

#[tokio::test]
async fn correction_moves_the_balance_either_way_and_says_why() {
    let shop = Shop::open().await;
    let (buyer, admin) = (shop.buyer().await, shop.admin().await);
    shop.charge(&buyer, 1_000).await.ok();
    let less = shop.correct(&admin, &buyer, -400).send().await.ok();
    let expected = |message: &str, corrected: &Value, amount: i64, balance: u32| {
        json!({
            "message": message,
            "correction_id": corrected["correction_id"],
            "amount": amount,
            "current_balance": balance,
        })
    };
    assert_eq!(less, expected("잔액 정정 성공", &less, -400, 600));
    let more = shop.correct(&admin, &buyer, 50).english().send().await.ok();
    assert_eq!(more, expected("The balance is corrected.", &more, 50, 650));
    assert_ne!(less["correction_id"], more["correction_id"]);
    assert_eq!(shop.balance(&buyer).await, json!(650));

    let mut entry = json!({
        "seq": 2,
        "kind": "CORRECTION",
        "amount": -400,
        "balance_after": 600,
        "at": shop.in_seconds(0),
        "reason": REASON,
    });
    let statement = shop.statement(&buyer, 10).await;
    assert_eq!(statement[1], entry, "as the buyer sees it");
    let path = format!("/v1/users/{}/statement", buyer.user_id);
    let seen = shop.get(&path).send_as(&admin.access_token).await.ok();
    entry["by"] = json!(admin.user_id);
    assert_eq!(seen["entries"][1], entry, "as an administrator does");
    shop.audit().await;
}

#[tokio::test]
async fn correction_is_exact() {
    let shop = Shop::open().await;
    let (buyer, admin) = (shop.buyer().await, shop.admin().await);
    for (amount, balance) in [
        ("0.3", "0.3"),
        ("-0.1", "0.2"),
        ("1e2", "100.2"),
        ("-100.20", "0"),
    ] {
        let body = format!("{{\"amount\":{amount},\"reason\":\"A\"}}");
        let call = shop.post(&path(&buyer.user_id)).token(&admin.access_token);
        let reply = call.body(body).send().await;
        let text = reply.text.clone();
        reply.ok();
        assert!(
            text.contains(&format!("\"current_balance\":{balance}}}")),
            "{text}"
        );
    }
}

#[tokio::test]
async fn correction_never_leaves_less_than_nothing_or_more_than_an_account_holds() {
    let shop = Shop::open().await;
    let (buyer, admin) = (shop.buyer().await, shop.admin().await);
    shop.correct(&admin, &buyer, -1)
        .send()
        .await
        .is(BALANCE_OUT_OF_RANGE);
    shop.charge(&buyer, 100).await.ok();
    shop.correct(&admin, &buyer, -101)
        .send()
        .await
        .is(BALANCE_OUT_OF_RANGE);
    shop.correct(&admin, &buyer, -100).send().await.ok();
    for _ in 0..10 {
        shop.correct(&admin, &buyer, 1_000_000_000_000)
            .send()
            .await
            .ok();
    }
    shop.correct(&admin, &buyer, 1)
        .send()
        .await
        .is(BALANCE_OUT_OF_RANGE);
    assert_eq!(shop.balance(&buyer).await, json!(10_000_000_000_000_u64));
    shop.correct(&admin, &buyer, -1).send().await.ok();
    shop.audit().await;
}

#[tokio::test]
async fn corrections_and_purchases_at_once_take_no_more_than_there_is() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let (buyer, admin) = (shop.buyer().await, shop.admin().await);
    let held = shop.hold(&buyer, 7).await.ok();
    shop.charge(&buyer, PRICE).await.ok();
    let takes = -i64::from(PRICE);
    let corrections = (0..5).map(|_| shop.correct(&admin, &buyer, takes).send());
    let (paid, corrected) = join!(shop.pay(&buyer, &held), join_all(corrections));
    let done = corrected.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(
        done + usize::from(paid.status == 200),
        1,
        "{paid:?} {corrected:?}"
    );
    for reply in corrected.into_iter().filter(|reply| reply.status != 200) {
        reply.is(BALANCE_OUT_OF_RANGE);
    }
    assert_eq!(shop.balance(&buyer).await, json!(0));
    shop.audit().await;
}

#[tokio::test]
async fn correction_with_a_key_happens_once() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let (buyer, admin) = (shop.buyer().await, shop.admin().await);
    let second = shop.admin().await;
    shop.charge(&buyer, 100).await.ok();
    let keyed = |call: Call| call.key("ticket-1").send();
    let first = keyed(shop.correct(&admin, &buyer, -60)).await.ok();
    // The balance is too small to do it again, so this shows that it is not done again.
    shop.advance(60).await;
    assert_eq!(keyed(shop.correct(&admin, &buyer, -60)).await.ok(), first);
    assert_eq!(keyed(shop.correct(&second, &buyer, -60)).await.ok(), first);
    keyed(shop.correct(&admin, &buyer, -61))
        .await
        .is(IDEMPOTENCY_KEY_REUSED);
    keyed(shop.correct(&admin, &buyer, 60))
        .await
        .is(IDEMPOTENCY_KEY_REUSED);
    let reworded = json!({ "amount": -60, "reason": "A" });
    let reworded = shop.correction(&admin, &buyer, &reworded);
    keyed(reworded).await.is(IDEMPOTENCY_KEY_REUSED);
    assert_eq!(shop.balance(&buyer).await, json!(40));

    // Charges have keys of their own, and so has every other user.
    let charge = shop.post(&format!("/v1/users/{}/balance", buyer.user_id));
    let charge = charge.token(&buyer.token).json(&json!({ "amount": 60 }));
    assert_eq!(keyed(charge).await.ok()["current_balance"], json!(100));
    let other = shop.buyer().await;
    keyed(shop.correct(&admin, &other, 5)).await.ok();
    let calls = (0..10).map(|_| {
        let call = shop.correct(&admin, &other, 7);
        call.key("ticket-2").send()
    });
    for reply in join_all(calls).await {
        assert_eq!(reply.ok()["current_balance"], json!(12));
    }
    shop.audit().await;
}

#[tokio::test]
async fn correction_wants_an_amount_and_a_reason() {
    let shop = Shop::open().await;
    let (buyer, admin) = (shop.buyer().await, shop.admin().await);
    let ask = async |body: Value| shop.correction(&admin, &buyer, &body).send().await;
    let empty = shop.post(&path(&buyer.user_id)).token(&admin.access_token);
    empty.send().await.is(EMPTY_BODY);
    ask(json!({})).await.is(MISSING_AMOUNT);
    ask(json!({ "amount": null, "reason": REASON }))
        .await
        .is(MISSING_AMOUNT);
    for wrong in [
        "0",
        "-0.0",
        "0.001",
        "\"5\"",
        "true",
        "[]",
        "{}",
        "1000000000000.01",
        "-1e13",
        "1e400",
    ] {
        let body = format!("{{\"amount\":{wrong},\"reason\":\"A\"}}");
        let call = shop.post(&path(&buyer.user_id)).token(&admin.access_token);
        call.body(body).send().await.is(INVALID_CORRECTION);
    }
    ask(json!({ "amount": 1 })).await.is(MISSING_REASON);
    for wrong in [
        json!(""),
        json!(" "),
        json!("a\nb"),
        json!("가".repeat(201)),
        json!(7),
    ] {
        ask(json!({ "amount": 1, "reason": wrong }))
            .await
            .is(INVALID_REASON);
    }
    for key in [" ", "가", &"k".repeat(65)] {
        let call = shop.correct(&admin, &buyer, 1).key(key);
        call.send().await.is(BAD_REQUEST);
    }
    let body = json!({ "amount": 1, "reason": REASON });
    for (user_id, refusal) in [("x", INVALID_USER_ID), (NOBODY, USER_NOT_FOUND)] {
        let call = shop.post(&path(user_id)).token(&admin.access_token);
        call.json(&body).send().await.is(refusal);
    }
    assert_eq!(shop.balance(&buyer).await, json!(0));
}

/// Corrections must not give money to oneself, nor come from a user without the role.
#[tokio::test]
async fn correction_is_for_administrators_only() {
    let shop = Shop::open().await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    shop.charge(&other, 100).await.ok();
    for (owner, amount) in [(&buyer, 1_000), (&other, -100)] {
        let body = json!({ "amount": amount, "reason": REASON, "by": NOBODY });
        let path = path(&owner.user_id);
        shop.post(&path)
            .json(&body)
            .send_as(&buyer.access_token)
            .await
            .is(FORBIDDEN);
        shop.post(&path)
            .json(&body)
            .send_as(&buyer.token)
            .await
            .is(INVALID_TOKEN);
        shop.post(&path)
            .json(&body)
            .send()
            .await
            .is(MISSING_AUTHORIZATION);
        let garbage = shop.post(&path).token(&buyer.access_token).body("garbage");
        garbage.send().await.is(FORBIDDEN);
    }
    assert_eq!(shop.balance(&buyer).await, json!(0));
    assert_eq!(shop.balance(&other).await, json!(100));
}
