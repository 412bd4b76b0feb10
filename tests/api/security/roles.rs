//! Users who try to get the rights of administrators.

use serde_json::{Value, json};
use shared::domain::user::Role;

use crate::harness::{
    Door, NOBODY, PASSWORD, Shop,
    refusal::{FORBIDDEN, INVALID_TOKEN, OWN_ROLE, USER_NOT_FOUND},
    text,
    tokens::claims,
};

#[tokio::test]
async fn former_administrator_is_refused_at_every_door() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let buyer = shop.buyer().await;
    let account = shop.account("mina@example.com").await;
    // A reservation of the administrator's own, so that each call is a good one.
    let customer = shop.join(&admin).await;
    let held = shop.hold(&customer, 7).await.ok();
    let doors: Vec<_> = shop
        .guarded(&admin.user_id, &text(&held["reservation_id"]))
        .into_iter()
        .filter(|door| door.door == Door::Admin)
        .collect();
    assert!(!doors.is_empty());
    for door in &doors {
        let with = async |token: &str| door.call(&shop).send_as(token).await;
        let by_admin = with(&admin.access_token).await;
        if door.name == "set-role" {
            by_admin.is(OWN_ROLE);
        } else if door.name == "get-buyer" {
            by_admin.is(USER_NOT_FOUND);
        } else {
            assert!(by_admin.status.is_success());
        }
        if door.name == "call-off" {
            // A show that was called off is not deleted before that.
            shop.advance(20).await;
        }
        with(&buyer.access_token).await.is(FORBIDDEN);
        with(&account.access_token).await.is(FORBIDDEN);
        with(&buyer.token).await.is(INVALID_TOKEN);
    }
    let operator = shop.stack.operator().await;
    let demoted =
        operator
            .store()
            .set_role(admin.user_id.parse().expect("an id"), Role::User, None);
    demoted.await.expect("a user");
    for door in &doors {
        let call = door.call(&shop).token(&admin.access_token);
        call.send().await.is(FORBIDDEN);
    }
}

/// Fields of a body must not be written into the user unless the endpoint has them.
#[tokio::test]
async fn additional_fields_of_a_body_are_ignored() {
    let shop = Shop::open().await;
    let victim = shop.account("victim@example.com").await;
    let extras = json!({
        "id": victim.user_id, "user_id": victim.user_id, "role": "admin", "generation": 7,
        "password_hash": "x", "attempts": { "count": 0, "since": 0 }, "created_at": 0,
        "seq": 7, "balance": 1_000_000, "is_admin": true,
    });
    let with_extras = |body: Value| {
        let mut all = extras.clone();
        let fields = body.as_object().expect("an object").clone();
        all.as_object_mut().expect("an object").extend(fields);
        all
    };
    let sign_up = with_extras(json!({
        "name": "A", "email": "a@example.com", "password": PASSWORD,
    }));
    let sign_up = shop.post("/v1/users").json(&sign_up);
    let user = sign_up.send().await.expect(201);
    let (user_id, token) = (text(&user["user_id"]), text(&user["token"]));
    assert_ne!(user_id, victim.user_id);
    assert_eq!(claims(&token)["generation"], 0);

    let path = format!("/v1/users/{user_id}");
    let update = with_extras(json!({ "name": "B" }));
    let update = shop.call("PATCH", &path).token(&token).json(&update);
    let changed = update.send().await.ok();
    assert_eq!(
        (&changed["user_id"], &changed["role"], &changed["name"]),
        (&json!(user_id), &json!("user"), &json!("B"))
    );
    let seen = shop.get(&path).send_as(&token).await.ok();
    assert_eq!(seen, changed, "the token is good, as before");
    let list = shop.get("/v1/users").token(&token);
    list.send().await.is(FORBIDDEN);

    let log_in = with_extras(json!({ "user_id": user_id, "password": PASSWORD }));
    let log_in = shop.post("/v1/auth/login").json(&log_in).send().await.ok();
    assert_eq!(log_in["user_id"], user_id);
    shop.log_in(&victim.email, PASSWORD).await.ok();
}

#[tokio::test]
async fn guest_is_refused_at_every_administrators_door() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let before = shop.concert(&shop.concert_id).await;
    let mut doors = 0;
    for door in shop.guarded(&buyer.user_id, NOBODY) {
        if door.door != Door::Admin {
            continue;
        }
        doors += 1;
        let call = |token: &str| door.call(&shop).send_as(token);
        call(&buyer.access_token).await.is(FORBIDDEN);
        call(&buyer.token).await.is(INVALID_TOKEN);
        // The refusal does not even say what is wrong with the body.
        let garbage = shop
            .call(door.method, &door.path)
            .token(&buyer.access_token);
        if door.takes_bodies() {
            garbage.body("garbage").send().await.is(FORBIDDEN);
        }
    }
    assert_eq!(doors, 24);
    assert_eq!(shop.concert(&shop.concert_id).await, before);
    assert_eq!(shop.listed_names().await, ["겨울 콘서트"]);
}
