//! What people try on services like this one, beyond other people's ids and forged tokens
//! (`attackers.rs`): rounding, guessing who is there, bodies that are a burden, other origins.

use serde_json::{Value, json};

use crate::harness::{
    Shop,
    refusal::{AMOUNT_MISMATCH, EMPTY_BODY, INSUFFICIENT_BALANCE, INVALID_CREDENTIALS},
};

/// A third of a hundred, three times, is 99.99 and nothing else, and no part of a hundredth can be
/// saved on the way or left behind.
#[tokio::test]
async fn nothing_is_gained_by_rounding() {
    let mut shop = Shop::open().await;
    let admin = shop.admin().await;
    let concert = json!({
        "name": "한 푼",
        "shows": [{ "date": shop.dates[0], "price": 33.33 }],
    });
    let concert = shop.create(&admin, &concert).await.expect(201);
    shop.concert_id = crate::harness::text(&concert["concert_id"]);
    let buyer = shop.buyer().await;
    let held = shop.hold_all(&buyer, &[1, 2, 3]).await.ok();
    assert_eq!(held["payment"]["amount"], json!(99.99));

    let charge = async |amount: &str| {
        let path = format!("/v1/users/{}/balance", buyer.user_id);
        let call = shop.post(&path).token(&buyer.token);
        let reply = call.body(format!("{{\"amount\":{amount}}}")).send().await;
        reply.ok()["current_balance"].clone()
    };
    let pay = async |amount: &str| {
        let path = format!("{}/payments", shop.reservation(&held));
        let body = format!(
            "{{\"reservation_id\":{},\"payment_details\":{{\"amount\":{amount}}}}}",
            held["reservation_id"],
        );
        shop.post(&path).token(&buyer.token).body(body).send().await
    };
    assert_eq!(charge("99.98").await, json!(99.98));
    for nearly in [
        "99.98",
        "99.989",
        "99.9899999999999999",
        "99.99000000001",
        "100",
    ] {
        pay(nearly).await.is(AMOUNT_MISMATCH);
    }
    pay("99.99").await.is(INSUFFICIENT_BALANCE);
    assert_eq!(charge("1e-2").await, json!(99.99));
    let receipt = pay("9.99900e1").await.ok();
    assert_eq!(receipt["current_balance"], json!(0));
    shop.audit().await;
}

/// Whether an address has an account is no secret, because signing up says so. But a guess does not
/// take longer for that: as many calls, and one hash (`password.rs` makes one even for nobody).
#[tokio::test]
async fn a_guess_takes_as_many_calls_for_nobody_as_for_somebody() {
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    shop.account("jun@example.com").await;
    let calls = async |who: Value| {
        let mut body = json!({ "password": "incorrect horse" });
        let is_address = who.as_str().is_some_and(|who| who.contains('@'));
        body[if is_address { "email" } else { "user_id" }] = who;
        shop.stack.forget_consumed();
        let reply = shop.post("/v1/auth/login").json(&body).send().await;
        reply.is(INVALID_CREDENTIALS);
        shop.stack.consumed().by("log-in").calls
    };
    let (somebody, nobody) = (json!("jun@example.com"), json!("nobody@example.com"));
    // The first call of all also reads the keys.
    calls(nobody.clone()).await;
    assert_eq!(calls(somebody).await, calls(nobody).await);
    let nobody = json!("0197b1d6-0000-7000-8000-000000000000");
    assert_eq!(calls(json!(account.user_id)).await, calls(nobody).await);
}

/// As deep, and with as many names, as a body may be: it is read once, and is no burden.
#[tokio::test]
async fn deep_and_crowded_bodies_are_answered_as_any_other() {
    let shop = Shop::open().await;
    let (open, close) = ("[".repeat(30_000), "]".repeat(30_000));
    let nested = "{\"a\":".repeat(10_000) + "1" + &"}".repeat(10_000);
    let names: Vec<_> = (0..6_000).map(|n| format!("\"{n}\":1")).collect();
    let bodies = [
        format!("{{\"name\":{open}{close}}}"),
        format!("{{\"name\":{nested}}}"),
        format!("{{{},\"name\":\"x\"}}", names.join(",")),
    ];
    for body in bodies {
        assert!(body.len() <= 65_536, "{}", body.len());
        let reply = shop.post("/v1/users").body(body).send().await;
        assert!(
            [201, 400].contains(&reply.status.as_u16()),
            "{}",
            reply.text
        );
    }
    let twice = format!(
        "{{{},\"0\":2,\"name\":\"x\",\"name\":\"y\"}}",
        names.join(",")
    );
    shop.post("/v1/users")
        .body(twice)
        .send()
        .await
        .is(EMPTY_BODY);
}

/// Pages of any origin may call, because no call carries anything that a browser adds by itself:
/// there are no cookies, and none may be sent.
#[tokio::test]
async fn another_origin_gets_no_credentials_of_ours() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let balance = shop.get(&format!("/v1/users/{}/balance", buyer.user_id));
    let balance = balance.header("origin", "https://evil.example");
    for call in [balance.clone(), balance.clone().token(&buyer.token)] {
        let reply = call.header("cookie", format!("token={}", buyer.token));
        let reply = reply.send().await;
        assert_eq!(reply.header("access-control-allow-credentials"), "");
        assert_eq!(reply.header("set-cookie"), "");
    }
    let by_cookie = balance.header("cookie", format!("token={}", buyer.token));
    assert_eq!(by_cookie.send().await.status, 401, "a cookie is no token");
}
