//! `make-admin`: the operator of the deployment makes administrators.

use local::{ADMIN_EMAIL, ADMIN_PASSWORD, Options, Stack};
use serde_json::{Value, json};
use shared::futures_util::future::join_all;

use crate::harness::{NOBODY, PASSWORD, Shop, refusal::FORBIDDEN, text};

impl Shop {
    /// The operator's error for a command that is refused.
    async fn refused_order(&self, order: &Value) -> String {
        let reply = self.invoke("make-admin", order).await;
        assert_eq!(reply.header("x-amz-function-error"), "Unhandled", "{order}");
        text(&reply.ok()["errorMessage"])
    }
}

/// A misspelt `remove` would make an administrator.
#[tokio::test]
async fn misspelt_fields_of_operators_events_are_refused() {
    let shop = Shop::open().await;
    let guest = shop.guest().await;
    let order = json!({ "user_id": guest.user_id, "remov": true });
    assert!(shop.refused_order(&order).await.contains("'remov'"));
    let list = shop.get("/v1/users").send_as(&guest.access_token);
    list.await.is(FORBIDDEN);
    for (function, order) in [
        ("audit", json!({ "from_strat": true })),
        ("name-owners", json!({ "afetr": "x" })),
    ] {
        let reply = shop.invoke(function, &order).await;
        assert_eq!(reply.header("x-amz-function-error"), "Unhandled", "{order}");
    }
}

#[tokio::test]
async fn makes_a_user_an_administrator_at_once() {
    let shop = Shop::open().await;
    let (guest, account) = (shop.guest().await, shop.account("mina@example.com").await);
    for (user_id, token) in [
        (&guest.user_id, &guest.access_token),
        (&account.user_id, &account.access_token),
    ] {
        let list = || shop.get("/v1/users").send_as(token);
        list().await.is(FORBIDDEN);
        for _ in 0..2 {
            let made = shop
                .invoke("make-admin", &json!({ "user_id": user_id }))
                .await;
            assert_eq!(made.ok(), json!({ "user_id": user_id }), "twice is once");
        }
        list().await.ok();
    }
    shop.log_in("mina@example.com", PASSWORD).await.ok();
}

#[tokio::test]
async fn remove_takes_the_role_away_at_once_from_the_last_one_too() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let list = || shop.get("/v1/users").send_as(&admin.access_token);
    list().await.ok();
    let remove = json!({ "user_id": admin.user_id, "remove": true });
    for _ in 0..2 {
        let removed = shop.invoke("make-admin", &remove).await.ok();
        assert_eq!(
            removed,
            json!({ "user_id": admin.user_id }),
            "twice is once"
        );
        list().await.is(FORBIDDEN);
    }
    let path = format!("/v1/users/{}", admin.user_id);
    let seen = shop.get(&path).send_as(&admin.access_token).await;
    assert_eq!(seen.ok()["role"], "user", "the token is good for the rest");
    let order = json!({ "user_id": admin.user_id, "remove": false });
    shop.invoke("make-admin", &order).await.ok();
    list().await.ok();
}

#[tokio::test]
async fn administrators_address_is_taken_in_its_ascii_form_too() {
    let shop = Shop::open().await;
    let order = |email: &str| json!({ "email": email, "password": PASSWORD });
    shop.invoke("make-admin", &order("boss@bücher.example"))
        .await
        .ok();
    assert_eq!(
        shop.refused_order(&order("boss@xn--bcher-kva.example"))
            .await,
        "This e-mail address is already in use."
    );
}

#[tokio::test]
async fn new_administrator_logs_in_with_the_given_password() {
    let shop = Shop::open().await;
    let order = json!({ "email": "boss@example.com", "password": PASSWORD, "name": "보스" });
    let made = shop.invoke("make-admin", &order).await.ok();
    let logged_in = shop.log_in("BOSS@example.com", PASSWORD).await.ok();
    assert_eq!(logged_in["user_id"], made["user_id"]);
    let path = format!("/v1/users/{}", text(&made["user_id"]));
    let token = text(&logged_in["token"]);
    let seen = shop.get(&path).send_as(&token).await.ok();
    assert_eq!(
        (&seen["role"], &seen["name"]),
        (&json!("admin"), &json!("보스"))
    );
    let balance = format!("{path}/balance");
    let balance = shop.get(&balance).send_as(&token).await.ok();
    assert_eq!(balance["current_balance"], 0);
}

#[tokio::test]
async fn refuses_an_address_that_is_taken() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    let order = json!({ "email": "MINA@example.com", "password": "another password" });
    assert_eq!(
        shop.refused_order(&order).await,
        "This e-mail address is already in use."
    );
    let list = shop.get("/v1/users").token(&account.access_token);
    list.send().await.is(FORBIDDEN);
    shop.log_in("mina@example.com", PASSWORD).await.ok();

    let order = json!({ "email": "boss@example.com", "password": PASSWORD });
    let orders = (0..5).map(|_| shop.invoke("make-admin", &order));
    let made = join_all(orders).await;
    let made = made.iter().filter(|reply| !reply.body["user_id"].is_null());
    assert_eq!(made.count(), 1);
}

#[tokio::test]
async fn explains_a_malformed_command() {
    let shop = Shop::open().await;
    let guest = shop.guest().await;
    let password = "A password must have 10 to 128 characters, none of them control characters.";
    let name = "A name must have 1 to 100 characters. At least one must be visible, and none may \
                break lines or change the direction of a text.";
    let email = "The e-mail address is malformed, or longer than 254 bytes.";
    for (order, why) in [
        (json!(7), "The request body is empty or malformed."),
        (
            json!({}),
            "The required field 'user_id or email' is missing.",
        ),
        (
            json!({ "password": PASSWORD }),
            "The required field 'user_id or email' is missing.",
        ),
        (
            json!({ "email": "boss@example.com" }),
            "The required field 'password' is missing.",
        ),
        (
            json!({ "user_id": "x" }),
            "user_id must be a well-formed UUID.",
        ),
        (
            json!({ "user_id": 7 }),
            "user_id must be a well-formed UUID.",
        ),
        (json!({ "user_id": NOBODY }), "There is no such user."),
        (json!({ "email": "boss", "password": PASSWORD }), email),
        (
            json!({ "user_id": guest.user_id, "remove": "yes" }),
            "internal error: remove is true or false",
        ),
        (
            json!({ "remove": true }),
            "The required field 'user_id' is missing.",
        ),
        (
            json!({ "email": "boss@example.com", "password": PASSWORD, "remove": true }),
            "The required field 'user_id' is missing.",
        ),
        (
            json!({ "user_id": NOBODY, "remove": true }),
            "There is no such user.",
        ),
        (
            json!({ "email": "boss@example.com", "password": "short" }),
            password,
        ),
        (
            json!({ "email": "boss@example.com", "password": 1_234_567_890 }),
            password,
        ),
        (
            json!({ "email": "boss@example.com", "password": PASSWORD, "name": "" }),
            name,
        ),
    ] {
        assert_eq!(shop.refused_order(&order).await, why, "{order}");
    }
    let both = json!({ "user_id": guest.user_id, "email": "boss@example.com" });
    let why = shop.refused_order(&both).await;
    assert!(why.contains("user_id") && why.contains("email"), "{why}");
    let list = shop.get("/v1/users").token(&guest.access_token);
    list.send().await.is(FORBIDDEN);
}

/// The command that `cargo local` prints.
#[tokio::test]
async fn demo_has_an_administrator() {
    let options = Options {
        demo_shows: Some(1),
        ..Options::default()
    };
    let stack = Stack::start(options).await.expect("the stack starts");
    let demo = stack.demo().expect("the demo data").clone();
    let shop = Shop::on(stack);
    let logged_in = shop.log_in(ADMIN_EMAIL, ADMIN_PASSWORD).await.ok();
    assert_eq!(logged_in["user_id"], json!(demo.admin));
    let list = shop.get("/v1/users").token(&text(&logged_in["token"]));
    list.send().await.ok();
}

#[tokio::test]
async fn has_no_route() {
    let shop = Shop::open().await;
    let guest = shop.guest().await;
    let order = json!({ "user_id": guest.user_id });
    for path in ["/make-admin", "/v1/make-admin", "/v1/users/make-admin"] {
        let call = shop.post(path).token(&guest.access_token).json(&order);
        call.send().await.refused(404, "NOT_FOUND");
    }
}
