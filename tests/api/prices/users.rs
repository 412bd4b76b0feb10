//! The prices of users, of their tokens, and of the keys that sign these.

use serde_json::json;
use shared::{
    domain::{
        changes::Author,
        user::{Name, User},
    },
    jiff::SignedDuration,
};

use super::warm_shop;
use crate::harness::{PASSWORD, refusal::INVALID_CREDENTIALS, text};

#[tokio::test]
async fn signing_up_costs_4_writes() {
    let shop = warm_shop(&[]).await;
    shop.guest().await;
    assert_eq!(shop.price("sign-up"), (0.0, 4.0));
}

#[tokio::test]
async fn signing_up_with_an_address_costs_6_writes() {
    let shop = warm_shop(&[]).await;
    shop.account("mina@example.com").await;
    assert_eq!(shop.price("sign-up"), (0.0, 6.0));
    shop.account("mina@bücher.example").await;
    assert_eq!(shop.price("sign-up"), (0.0, 8.0), "and its ASCII form");
}

#[tokio::test]
async fn logging_in_costs_1_read_by_address_and_2_writes_and_a_guest_1_read() {
    let shop = warm_shop(&[]).await;
    let account = shop.account("mina@example.com").await;
    let guest = shop.guest().await;
    shop.log_in(&account.email, PASSWORD).await.ok();
    shop.stack.forget_consumed();

    shop.log_in(&account.email, PASSWORD).await.ok();
    assert_eq!(shop.price("log-in"), (1.0, 2.0));
    let log_in = async |body| shop.post("/v1/auth/login").json(&body).send().await;
    log_in(json!({ "user_id": account.user_id, "password": PASSWORD }))
        .await
        .ok();
    assert_eq!(shop.price("log-in"), (0.0, 2.0));
    log_in(json!({ "user_id": guest.user_id })).await.ok();
    assert_eq!(shop.price("log-in"), (1.0, 0.0));
    for _ in 0..2 {
        shop.log_in(&account.email, "not the password")
            .await
            .is(INVALID_CREDENTIALS);
        assert_eq!(shop.price("log-in"), (1.0, 1.0));
    }
}

#[tokio::test]
async fn logging_out_costs_1_read_and_4_writes() {
    let shop = warm_shop(&[]).await;
    let guest = shop.guest().await;
    shop.start(&["log-out"]).await;
    let out = shop.post("/v1/auth/logout").token(&guest.access_token);
    out.send().await.ok();
    assert_eq!(shop.price("log-out"), (1.0, 4.0));
}

#[tokio::test]
async fn changing_a_user_costs_what_changes() {
    let shop = warm_shop(&[]).await;
    let guest = shop.guest().await;
    let path = format!("/v1/users/{}", guest.user_id);
    let mut token = guest.access_token.clone();
    shop.stack.app("update-user").await;
    let next = "another long password";
    for (body, price) in [
        (json!({}), (1.0, 0.0)),
        (json!({ "name": "민아" }), (1.0, 1.0)),
        (
            json!({ "email": "mina@example.com", "password": PASSWORD }),
            (1.0, 4.0),
        ),
        (
            json!({ "password": next, "current_password": PASSWORD }),
            (1.0, 6.0),
        ),
        (
            json!({ "email": "MINA@example.com", "current_password": next }),
            (1.0, 6.0),
        ),
        (
            json!({ "email": "minju@example.com", "current_password": next }),
            (1.0, 10.0),
        ),
        (
            json!({ "email": "minju@bücher.example", "current_password": next }),
            (1.0, 12.0),
        ),
        (
            json!({ "email": "mina@example.com", "current_password": next }),
            (2.0, 10.0),
        ),
    ] {
        shop.stack.forget_consumed();
        let call = shop.call("PATCH", &path).token(&token).json(&body);
        let changed = call.send().await.ok();
        assert_eq!(shop.price("update-user"), price, "{body}");
        if let (Some(email), Some(_)) = (changed["email"].as_str(), body.get("current_password")) {
            let logged_in = shop.log_in(email, next).await.ok();
            token = text(&logged_in["token"]);
        }
    }
}

#[tokio::test]
async fn page_of_users_costs_the_same_among_few_and_many() {
    let mut prices = Vec::new();
    for users in [30, 300] {
        let shop = warm_shop(&[]).await;
        let admin = shop.admin().await;
        for _ in 0..users {
            shop.guest().await;
        }
        shop.stack.app("list-users").await;
        shop.stack.forget_consumed();
        let list = shop.get("/v1/users").token(&admin.access_token);
        let page = list.send().await.ok();
        assert!(page["next_cursor"].is_string());
        prices.push(shop.price("list-users"));
    }
    assert_eq!(prices, [(1.5, 0.0), (1.5, 0.0)], "the door, and 20 users");
}

#[tokio::test]
async fn making_an_administrator_costs_4_writes_and_a_new_one_8() {
    let shop = warm_shop(&[]).await;
    let guest = shop.guest().await;
    shop.start(&["make-admin"]).await;
    let order = json!({ "user_id": guest.user_id });
    shop.invoke("make-admin", &order).await.ok();
    assert_eq!(shop.price("make-admin"), (1.0, 4.0));
    let order = json!({ "user_id": guest.user_id, "remove": true });
    shop.invoke("make-admin", &order).await.ok();
    assert_eq!(shop.price("make-admin"), (1.0, 4.0));
    let order = json!({ "email": "boss@example.com", "password": PASSWORD });
    shop.invoke("make-admin", &order).await.ok();
    assert_eq!(shop.price("make-admin"), (0.0, 8.0));
}

#[tokio::test]
async fn setting_a_role_costs_2_reads_and_6_writes() {
    let shop = warm_shop(&[]).await;
    let (admin, mina) = (shop.admin().await, shop.account("mina@example.com").await);
    shop.start(&["set-role"]).await;
    let path = format!("/v1/users/{}/role", mina.user_id);
    for writes in [6.0, 0.0] {
        let give = shop.call("PUT", &path).json(&json!({ "role": "admin" }));
        give.send_as(&admin.access_token).await.ok();
        assert_eq!(shop.price("set-role"), (2.0, writes));
    }
}

/// A page costs what it looks at. A filter that finds nothing looks at about a thousand records.
#[tokio::test]
async fn page_of_the_log_costs_the_same_with_few_and_many_records() {
    let shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    let store = shop.stack.operator().await.store().clone();
    shop.stack.app("list-changes").await;
    let read = async |query: &str| {
        shop.stack.forget_consumed();
        let path = format!("/v1/admin/changes?{query}");
        let page = shop.get(&path).send_as(&admin.access_token).await.ok();
        (page, shop.price("list-changes").0)
    };
    let mut prices = Vec::new();
    for records in [100_u32, 1_400] {
        for n in 0..records {
            let author = Author {
                by: Some(admin.user_id.parse().expect("an id")),
                at: shop.now() - SignedDuration::from_secs(i64::from(n)),
            };
            let store = store.by(Some(author));
            let user = User::guest(Name::parse("A").expect("a name"), shop.now());
            store.sign_up(&user).await.expect("a user and a record");
        }
        let (page, reads) = read("").await;
        assert_eq!(page["changes"].as_array().map(Vec::len), Some(20));
        prices.push(reads);
    }
    assert_eq!(prices, [1.5, 1.5], "the door, and 20 records");
    let (page, reads) = read("kind=REFUND").await;
    assert_eq!(page["changes"].as_array().map(Vec::len), Some(0));
    assert!(page["next_cursor"].is_string(), "it has not seen all");
    assert!(reads < 50.0, "{reads}");
    let next = page["next_cursor"].as_str().expect("a cursor");
    let (page, _) = read(&format!("kind=REFUND&cursor={next}")).await;
    assert_eq!(page, json!({ "changes": [] }));
}

#[tokio::test]
async fn finding_a_user_by_address_costs_2_reads_and_the_door() {
    let shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    shop.account("mina@example.com").await;
    shop.account("mina@bücher.example").await;
    shop.start(&["list-users"]).await;
    for (email, reads) in [
        ("mina@example.com", 3.0),
        ("nobody@example.com", 2.0),
        ("mina@b%C3%BCcher.example", 3.0),
        ("mina@xn--bcher-kva.example", 4.0),
    ] {
        let path = format!("/v1/users?email={email}");
        let find = shop.get(&path).token(&admin.access_token);
        find.send().await.ok();
        assert_eq!(shop.price("list-users"), (reads, 0.0), "{email}");
    }
}

#[tokio::test]
async fn ending_sessions_costs_4_writes_and_what_leaving_costs() {
    let shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    let (idle, holder) = (shop.guest().await, shop.buyer().await);
    shop.hold_all(&holder, &[1, 2]).await.ok();
    shop.start(&["end-sessions"]).await;
    let record = 2.0;
    for (user_id, token, price) in [
        (&idle.user_id, &idle.access_token, (2.0, 4.0)),
        // The session, its two seats and its place, and the record of what an administrator does.
        (&holder.user_id, &admin.access_token, (3.0, 8.0 + record)),
    ] {
        let path = format!("/v1/users/{user_id}/sessions");
        shop.delete(&path).send_as(token).await.ok();
        assert_eq!(shop.price("end-sessions"), price);
    }
}

#[tokio::test]
async fn deleting_a_user_costs_4_writes_2_with_an_address_and_what_leaving_costs() {
    let shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    let (account, holder) = (shop.account("mina@example.com").await, shop.buyer().await);
    shop.hold_all(&holder, &[1, 2]).await.ok();
    shop.start(&["delete-user"]).await;
    let (door, record) = (1.0, 2.0);
    for (user_id, price) in [
        (&account.user_id, (door + 5.0, 6.0 + record)),
        (&holder.user_id, (door + 5.0, 4.0 + 2.0 + 3.0 + record)),
        (&holder.user_id, (door + 3.0, 0.0)),
    ] {
        let path = format!("/v1/users/{user_id}?force=true");
        let delete = shop.delete(&path).token(&admin.access_token);
        delete.send().await.ok();
        assert_eq!(shop.price("delete-user"), price);
    }
}

#[tokio::test]
async fn rotating_the_keys_costs_2_reads_and_4_writes_when_they_change() {
    let shop = warm_shop(&[]).await;
    shop.start(&["rotate-keys"]).await;
    for (order, price) in [
        (json!({}), (2.0, 0.0)),
        (json!({ "now": true }), (2.0, 4.0)),
        (json!({ "now": true }), (2.0, 0.0)),
    ] {
        shop.invoke("rotate-keys", &order).await.ok();
        assert_eq!(shop.price("rotate-keys"), price, "{order}");
    }
    // An instance that signs reads the keys every minute, and not when the next key begins to sign.
    for (seconds, price) in [(290, (1.0, 4.0)), (9, (0.0, 4.0)), (1, (0.0, 4.0))] {
        shop.advance(seconds).await;
        shop.guest().await;
        assert_eq!(shop.price("sign-up"), price, "{seconds} seconds later");
    }
    shop.invoke("rotate-keys", &json!({})).await.ok();
    assert_eq!(shop.price("rotate-keys"), (2.0, 4.0), "it has begun");
}

#[tokio::test]
async fn payments_and_statements_cost_a_read_per_4_kb() {
    let shop = warm_shop(&[]).await;
    let (buyer, _) = shop.sell(1).await;
    let nobody = shop.guest().await;
    shop.start(&["list-payments", "get-statement"]).await;
    let list = async |what: &str, user_id: &str, token: &str| {
        let path = format!("/v1/users/{user_id}/{what}");
        shop.get(&path).send_as(token).await.ok();
    };
    list("payments", &buyer.user_id, &buyer.token).await;
    assert_eq!(
        shop.price("list-payments"),
        (2.0, 0.0),
        "and its generation"
    );
    list("statement", &buyer.user_id, &buyer.token).await;
    assert_eq!(shop.price("get-statement"), (1.0, 0.0));
    list("payments", &nobody.user_id, &nobody.access_token).await;
    let door = 1.0;
    assert_eq!(
        shop.price("list-payments"),
        (door + 2.0, 0.0),
        "and who it is"
    );
    for _ in 0..100 {
        shop.charge(&buyer, 1).await.ok();
    }
    list("statement", &buyer.user_id, &buyer.token).await;
    assert_eq!(shop.price("get-statement"), (4.0, 0.0), "102 entries");
}
