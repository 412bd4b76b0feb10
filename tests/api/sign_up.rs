//! `POST /v1/users`.

use serde_json::{Value, json};

use crate::harness::{
    Shop,
    refusal::{BAD_REQUEST, EMPTY_BODY, INVALID_NAME, MISSING_NAME},
    text,
    tokens::claims,
};

#[tokio::test]
async fn a_guest_gets_an_id_and_a_token_that_names_them() {
    let shop = Shop::open().await;
    let reply = shop
        .post("/v1/users")
        .json(&json!({ "name": "  김민수 " }))
        .send()
        .await;
    assert_eq!(reply.header("content-type"), "application/json");
    let user = reply.expect(201);
    let token = text(&user["token"]);
    assert_eq!(
        user,
        json!({ "user_id": user["user_id"], "name": "김민수", "email": null, "token": token })
    );
    let said = claims(&token);
    assert_eq!(said["aud"], "access");
    assert_eq!(said["sub"], user["user_id"]);
    assert_eq!(said["generation"], 0);
    assert_eq!(said["iat"], shop.now().as_second());
    assert_eq!(said["exp"], shop.now().as_second() + 30 * 24 * 60 * 60);

    let balance = format!("/v1/users/{}/balance", text(&user["user_id"]));
    let balance = shop.get(&balance).token(&token).send().await.ok();
    assert_eq!(balance["current_balance"], 0);
}

#[tokio::test]
async fn two_guests_of_one_name_are_two_users() {
    let shop = Shop::open().await;
    let (one, other) = (shop.guest().await, shop.guest().await);
    assert_ne!(one.user_id, other.user_id);
}

#[tokio::test]
async fn a_name_has_1_to_100_characters() {
    let shop = Shop::open().await;
    let sign_up = async |name: &Value| {
        shop.post("/v1/users")
            .json(&json!({ "name": name }))
            .send()
            .await
    };
    let long = "가".repeat(100);
    for good in ["A", &long, "Zoë 🎫", "a\u{301}"] {
        let user = sign_up(&json!(good)).await.expect(201);
        assert!(text(&user["name"]).chars().count() <= 100);
    }
    let composed = sign_up(&json!("e\u{301}")).await.expect(201);
    assert_eq!(composed["name"], "\u{e9}", "names are composed (NFC)");

    let too_long = "가".repeat(101);
    for bad in [
        json!(""),
        json!("   "),
        json!(too_long),
        json!("a\u{0}b"),
        json!(7),
        json!(["a"]),
        json!({}),
        json!(true),
    ] {
        sign_up(&bad).await.is(INVALID_NAME);
    }
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let shop = Shop::open().await;
    shop.post("/v1/users").send().await.is(EMPTY_BODY);
    shop.post("/v1/users")
        .json(&json!([]))
        .send()
        .await
        .is(EMPTY_BODY);
    shop.post("/v1/users")
        .json(&json!({}))
        .send()
        .await
        .is(MISSING_NAME);
    shop.post("/v1/users")
        .json(&json!({ "name": null }))
        .send()
        .await
        .is(MISSING_NAME);
}

#[tokio::test]
async fn nobody_believes_that_they_have_a_password() {
    let shop = Shop::open().await;
    for body in [
        json!({ "name": "A", "email": "a@example.com" }),
        json!({ "name": "A", "password": "a long password" }),
        json!({ "name": "A", "email": "a@example.com", "password": "a long password" }),
    ] {
        shop.post("/v1/users")
            .json(&body)
            .send()
            .await
            .is(BAD_REQUEST);
    }
    let without = json!({ "name": "A", "email": null, "password": null });
    shop.post("/v1/users")
        .json(&without)
        .send()
        .await
        .expect(201);
}

#[tokio::test]
async fn a_role_is_not_for_the_asking() {
    let shop = Shop::open().await;
    let body = json!({ "name": "A", "role": "admin", "user_id": "x", "balance": 1_000_000, "generation": 7 });
    let user = shop.post("/v1/users").json(&body).send().await.expect(201);
    let said = claims(&text(&user["token"]));
    assert_eq!(
        (&said["role"], &said["generation"]),
        (&Value::Null, &json!(0))
    );
    let path = format!("/v1/users/{}/balance", text(&user["user_id"]));
    let balance = shop
        .get(&path)
        .token(&text(&user["token"]))
        .send()
        .await
        .ok();
    assert_eq!(balance["current_balance"], 0);
}
