//! A guess at a password must not show whether an address has an account.

use serde_json::{Value, json};

use crate::harness::{Shop, refusal::INVALID_CREDENTIALS};

/// Whether an address has an account is not a secret, because signing up says so. But a guess takes
/// the same time: as many calls, and one hash (`password.rs` makes one even without an account).
#[tokio::test]
async fn guess_takes_as_many_calls_for_an_unknown_user() {
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
    // The very first call also reads the keys.
    calls(nobody.clone()).await;
    assert_eq!(calls(somebody).await, calls(nobody).await);
    let nobody = json!("0197b1d6-0000-7000-8000-000000000000");
    assert_eq!(calls(json!(account.user_id)).await, calls(nobody).await);
}
