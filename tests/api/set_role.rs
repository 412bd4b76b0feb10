//! `PUT /v1/users/{user_id}/role`.

use serde_json::{Value, json};
use shared::futures_util::join;

use crate::harness::{
    Account, Call, Guest, NOBODY, PASSWORD, Shop,
    refusal::{
        ADMIN_NEEDS_ACCOUNT, EMPTY_BODY, FORBIDDEN, INVALID_REASON, INVALID_ROLE, INVALID_TOKEN,
        INVALID_USER_ID, MISSING_AUTHORIZATION, MISSING_ROLE, OWN_ROLE, USER_NOT_FOUND,
    },
    text,
};

impl Shop {
    /// A request of this caller to give a user a role.
    fn ask_to_give(&self, token: &str, user_id: &str, body: &Value) -> Call {
        let call = self.call("PUT", &format!("/v1/users/{user_id}/role"));
        call.json(body).token(token)
    }

    /// An administrator gives a user a role.
    async fn give(&self, admin: &str, user_id: &str, role: &str) -> Value {
        let body = json!({ "role": role });
        self.ask_to_give(admin, user_id, &body).send().await.ok()
    }

    /// Whether a token opens a door of administrators.
    async fn is_admin(&self, token: &str) -> bool {
        let users = self.get("/v1/users").send_as(token).await;
        if !users.status.is_success() {
            users.is(FORBIDDEN);
            return false;
        }
        true
    }

    async fn roles_recorded(&self, admin: &Guest, of: &Account) -> Vec<Value> {
        let query = format!("kind=ROLE&user_id={}", of.user_id);
        self.changes(admin, &query).await
    }
}

#[tokio::test]
async fn role_is_given_and_taken_with_the_next_request_and_recorded_once() {
    let shop = Shop::open().await;
    let (admin, mina) = (shop.admin().await, shop.account("mina@example.com").await);
    assert!(!shop.is_admin(&mina.access_token).await);
    let body = json!({ "role": "admin", "reason": " 현장 운영 " });
    for _ in 0..2 {
        let call = shop.ask_to_give(&admin.access_token, &mina.user_id, &body);
        let given = call.send().await.ok();
        assert_eq!(given, json!({ "user_id": mina.user_id, "role": "admin" }));
        assert!(shop.is_admin(&mina.access_token).await, "the same token");
    }
    let record = |before: &str, after: &str| {
        json!({
            "by": admin.user_id,
            "kind": "ROLE",
            "user_id": mina.user_id,
            "before": { "role": before },
            "after": { "role": after },
        })
    };
    let mut given = record("user", "admin");
    given["reason"] = json!("현장 운영");
    let records = shop.roles_recorded(&admin, &mina).await;
    assert_eq!(records, [given.clone()]);
    shop.advance(1).await;
    for _ in 0..2 {
        shop.give(&admin.access_token, &mina.user_id, "user").await;
        assert!(!shop.is_admin(&mina.access_token).await);
    }
    let records = shop.roles_recorded(&admin, &mina).await;
    assert_eq!(records, [record("admin", "user"), given]);
}

#[tokio::test]
async fn administrator_who_was_given_the_role_can_give_it_and_take_it() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (one, other) = (
        shop.account("one@example.com").await,
        shop.account("other@example.com").await,
    );
    shop.give(&admin.access_token, &one.user_id, "admin").await;
    shop.give(&one.access_token, &other.user_id, "admin").await;
    shop.give(&other.access_token, &one.user_id, "user").await;
    let gone = json!({ "role": "user" });
    let call = shop.ask_to_give(&one.access_token, &other.user_id, &gone);
    call.send().await.is(FORBIDDEN);
    // That of a guest, whom an operator gave it, can be taken too.
    shop.give(&other.access_token, &admin.user_id, "user").await;
    assert!(!shop.is_admin(&admin.access_token).await);
}

#[tokio::test]
async fn nobody_changes_their_own_role() {
    let shop = Shop::open().await;
    let (admin, mina) = (shop.admin().await, shop.account("mina@example.com").await);
    shop.give(&admin.access_token, &mina.user_id, "admin").await;
    for role in ["user", "admin"] {
        let body = json!({ "role": role });
        for (token, own) in [
            (&admin.access_token, &admin.user_id),
            (&mina.access_token, &mina.user_id),
            (&mina.access_token, &mina.user_id.to_uppercase()),
        ] {
            let call = shop.ask_to_give(token, own, &body);
            call.send().await.is(OWN_ROLE);
        }
    }
}

#[tokio::test]
async fn two_who_take_it_from_each_other_at_once_do_not_both_succeed() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (one, other) = (
        shop.account("one@example.com").await,
        shop.account("other@example.com").await,
    );
    for _ in 0..5 {
        for account in [&one, &other] {
            shop.give(&admin.access_token, &account.user_id, "admin")
                .await;
        }
        let body = json!({ "role": "user" });
        let (a, b) = join!(
            shop.ask_to_give(&one.access_token, &other.user_id, &body)
                .send(),
            shop.ask_to_give(&other.access_token, &one.user_id, &body)
                .send(),
        );
        let mut statuses = [a.status.as_u16(), b.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 403]);
        let left = shop.is_admin(&one.access_token).await;
        assert_ne!(left, shop.is_admin(&other.access_token).await);
    }
}

#[tokio::test]
async fn guest_gets_it_only_with_an_address_and_a_password() {
    let shop = Shop::open().await;
    let (admin, guest) = (shop.admin().await, shop.guest().await);
    let body = json!({ "role": "admin" });
    let give = || shop.ask_to_give(&admin.access_token, &guest.user_id, &body);
    give().send().await.is(ADMIN_NEEDS_ACCOUNT);
    shop.give(&admin.access_token, &guest.user_id, "user").await;
    let path = format!("/v1/users/{}", guest.user_id);
    let account = json!({ "email": "mina@example.com", "password": PASSWORD });
    let account = shop.patch(&path).json(&account);
    account.send_as(&guest.access_token).await.ok();
    give().send().await.ok();
    let logged_in = shop.log_in("mina@example.com", PASSWORD).await.ok();
    assert!(shop.is_admin(&text(&logged_in["token"])).await);
}

#[tokio::test]
async fn refuses_all_but_administrators() {
    let shop = Shop::open().await;
    let (buyer, mina) = (shop.buyer().await, shop.account("mina@example.com").await);
    let body = json!({ "role": "admin" });
    for user_id in [&mina.user_id, &buyer.user_id] {
        let call = shop.call("PUT", &format!("/v1/users/{user_id}/role"));
        call.json(&body).send().await.is(MISSING_AUTHORIZATION);
        let by = async |token: &str| shop.ask_to_give(token, user_id, &body).send().await;
        by(&mina.access_token).await.is(FORBIDDEN);
        by(&buyer.access_token).await.is(FORBIDDEN);
        by(&buyer.token).await.is(INVALID_TOKEN);
        by("x").await.is(INVALID_TOKEN);
    }
    assert!(!shop.is_admin(&mina.access_token).await);
}

#[tokio::test]
async fn token_that_was_ended_gives_nothing() {
    let shop = Shop::open().await;
    let (admin, mina) = (shop.admin().await, shop.account("mina@example.com").await);
    let out = shop.post("/v1/auth/logout");
    out.send_as(&admin.access_token).await.ok();
    let body = json!({ "role": "admin" });
    let call = shop.ask_to_give(&admin.access_token, &mina.user_id, &body);
    call.send().await.is(INVALID_TOKEN);
}

#[tokio::test]
async fn role_reason_and_user_have_their_forms() {
    let shop = Shop::open().await;
    let (admin, mina) = (shop.admin().await, shop.account("mina@example.com").await);
    let give = async |user_id: &str, body: Value| {
        let call = shop.ask_to_give(&admin.access_token, user_id, &body);
        call.send().await
    };
    for (body, refusal) in [
        (json!({}), MISSING_ROLE),
        (json!({ "role": null }), MISSING_ROLE),
        (json!({ "role": "Admin" }), INVALID_ROLE),
        (json!({ "role": "root" }), INVALID_ROLE),
        (json!({ "role": ["admin"] }), INVALID_ROLE),
        (json!({ "role": true }), INVALID_ROLE),
        (json!({ "role": "admin", "reason": "" }), INVALID_REASON),
        (json!({ "role": "admin", "reason": 7 }), INVALID_REASON),
        (
            json!({ "role": "admin", "reason": "가".repeat(201) }),
            INVALID_REASON,
        ),
        (json!(["admin"]), EMPTY_BODY),
    ] {
        give(&mina.user_id, body).await.is(refusal);
    }
    let misspelt = json!({ "role": "admin", "reasons": "A" });
    let misspelt = give(&mina.user_id, misspelt).await;
    misspelt.refused(400, "UNKNOWN_FIELD");
    let body = json!({ "role": "admin" });
    give("mina", body.clone()).await.is(INVALID_USER_ID);
    give(NOBODY, body).await.is(USER_NOT_FOUND);
    assert!(!shop.is_admin(&mina.access_token).await);
}
