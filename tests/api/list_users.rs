//! `GET /v1/users`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{
    Shop,
    refusal::{
        BAD_REQUEST, FORBIDDEN, INVALID_EMAIL, INVALID_LIMIT, INVALID_TOKEN, MISSING_AUTHORIZATION,
    },
    text,
};

impl Shop {
    /// A page of at most this many users, after a cursor.
    async fn users(&self, token: &str, limit: u32, cursor: Option<&str>) -> Value {
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}"));
        let path = format!("/v1/users?limit={limit}{}", cursor.unwrap_or_default());
        self.get(&path).send_as(token).await.ok()
    }
}

/// Owners of addresses are in the same table. No page may show one, or end because of one.
#[tokio::test]
async fn each_user_is_on_exactly_one_page_however_long_the_pages_are() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let mut expected = BTreeSet::from([admin.user_id.clone()]);
    for n in 0..6 {
        expected.insert(shop.guest().await.user_id);
        let email = format!("{n}@example.com");
        expected.insert(shop.account(&email).await.user_id);
    }
    for limit in [1, 2, 3, 7, 100] {
        let mut seen = BTreeSet::new();
        let mut cursor = None;
        loop {
            let page = shop
                .users(&admin.access_token, limit, cursor.as_deref())
                .await;
            let users = page["users"].as_array().expect("users");
            assert!(users.len() <= limit as usize, "{page}");
            for user in users {
                assert!(seen.insert(text(&user["user_id"])), "twice: {user}");
                assert_eq!(
                    user.as_object().map(serde_json::Map::len),
                    Some(5),
                    "{user}"
                );
            }
            if page.get("next_cursor").is_none() {
                break;
            }
            cursor = Some(text(&page["next_cursor"]));
        }
        assert_eq!(seen, expected, "in pages of {limit}");
    }
}

#[tokio::test]
async fn user_is_shown_as_they_see_themselves() {
    let shop = Shop::open().await;
    let (admin, account) = (shop.admin().await, shop.account("mina@example.com").await);
    let page = shop.users(&admin.access_token, 100, None).await;
    let users = page["users"].as_array().expect("users");
    let told = |user_id: &str, email: Value, role: &str| {
        json!({
            "user_id": user_id,
            "name": "김민수",
            "email": email,
            "role": role,
            "created_at": shop.in_seconds(0),
        })
    };
    assert_eq!(users.len(), 2);
    assert!(users.contains(&told(&admin.user_id, Value::Null, "admin")));
    assert!(users.contains(&told(&account.user_id, json!(account.email), "user")));
}

#[tokio::test]
async fn refuses_all_but_administrators() {
    let shop = Shop::open().await;
    let (buyer, account) = (shop.buyer().await, shop.account("mina@example.com").await);
    let look = || shop.get("/v1/users");
    look().send().await.is(MISSING_AUTHORIZATION);
    look().send_as(&buyer.token).await.is(INVALID_TOKEN);
    for token in [&buyer.access_token, &account.access_token] {
        look().send_as(token).await.is(FORBIDDEN);
        let garbage = shop.get("/v1/users?limit=x&cursor=x").token(token);
        garbage.send().await.is(FORBIDDEN);
    }
}

#[tokio::test]
async fn limit_is_from_1_to_100_and_a_cursor_is_ours() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let look = async |query: &str| {
        let path = format!("/v1/users?{query}");
        shop.get(&path).send_as(&admin.access_token).await
    };
    for limit in ["0", "101", "-1", "1.5", "x", "99999999999"] {
        look(&format!("limit={limit}")).await.is(INVALID_LIMIT);
    }
    look("limit=&cursor=").await.ok();
    let of_another_list = shared::http::cursor("concerts", &admin.user_id);
    let of_nothing = shared::http::cursor("users", "");
    let too_long = shared::http::cursor("users", &"x".repeat(3_000));
    let ours = shared::http::cursor("users", &admin.user_id);
    let first = if ours.starts_with('A') { 'B' } else { 'A' };
    let mistyped = format!("{first}{}", &ours[1..]);
    for cursor in [
        "x",
        "%00",
        "AAAAAAAAAAAAAAAA",
        &admin.user_id,
        &of_another_list,
        &of_nothing,
        &too_long,
        &mistyped,
    ] {
        look(&format!("cursor={cursor}")).await.is(BAD_REQUEST);
    }
    look(&format!("cursor={ours}")).await.ok();
}

#[tokio::test]
async fn email_finds_its_user_and_nobody_else() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let mina = shop.account("Mina@example.com").await;
    let books = shop.account("user@bücher.example").await;
    shop.account("mina@example.org").await;
    let find = async |email: &str| {
        let path = format!("/v1/users?limit=1&email={email}");
        let call = shop.get(&path).token(&admin.access_token);
        call.send().await
    };
    for (email, found) in [
        ("mina@example.com", Some(&mina)),
        ("%20MINA%40EXAMPLE.COM", Some(&mina)),
        ("user@b%C3%BCcher.example", Some(&books)),
        ("user@xn--bcher-kva.example", Some(&books)),
        ("min@example.com", None),
        ("mina@example.co", None),
    ] {
        let page = find(email).await.ok();
        let users = page["users"].as_array().expect("users");
        let ids: Vec<_> = users.iter().map(|user| text(&user["user_id"])).collect();
        let due: Vec<_> = found.iter().map(|user| user.user_id.clone()).collect();
        assert_eq!(ids, due, "{email}");
        assert!(page.get("next_cursor").is_none(), "{page}");
    }
    for email in ["mina", "%00", "a%20b@example.com"] {
        find(email).await.is(INVALID_EMAIL);
    }
    let path = "/v1/users?email=mina@example.com";
    let by_herself = shop.get(path).token(&mina.access_token);
    by_herself.send().await.is(FORBIDDEN);
}
