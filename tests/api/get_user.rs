//! `GET /v1/users/{user_id}`.

use serde_json::json;

use crate::harness::{
    NOBODY, Shop,
    refusal::{FORBIDDEN, INVALID_USER_ID, USER_NOT_FOUND},
};

#[tokio::test]
async fn answers_the_user_themselves() {
    let shop = Shop::open().await;
    let signed_up_at = shop.in_seconds(0);
    let (buyer, account) = (shop.buyer().await, shop.account("Mina@example.com").await);
    shop.advance(100).await;
    let guest = json!({
        "user_id": buyer.user_id,
        "name": "김민수",
        "email": null,
        "role": "user",
        "created_at": signed_up_at,
    });
    let path = format!("/v1/users/{}", buyer.user_id);
    for token in [&buyer.access_token, &buyer.token] {
        assert_eq!(shop.get(&path).send_as(token).await.ok(), guest);
    }
    let path = format!("/v1/users/{}", account.user_id);
    let seen = shop.get(&path).send_as(&account.access_token).await;
    assert_eq!(
        seen.ok(),
        json!({
            "user_id": account.user_id,
            "name": "김민수",
            "email": "Mina@example.com",
            "role": "user",
            "created_at": signed_up_at,
        })
    );
}

#[tokio::test]
async fn answers_administrators_and_nobody_else_about_others() {
    let shop = Shop::open().await;
    let (admin, buyer) = (shop.admin().await, shop.buyer().await);
    let account = shop.account("mina@example.com").await;
    let look = async |user_id: &str, token: &str| {
        let path = format!("/v1/users/{user_id}");
        shop.get(&path).send_as(token).await
    };
    let seen = look(&account.user_id, &admin.access_token).await.ok();
    assert_eq!(seen["email"], "mina@example.com");
    let itself = look(&admin.user_id, &admin.access_token).await.ok();
    assert_eq!(itself["role"], "admin");
    for token in [&buyer.token, &buyer.access_token] {
        look(&account.user_id, token).await.is(FORBIDDEN);
        look(NOBODY, token).await.is(FORBIDDEN);
    }
    look(NOBODY, &admin.access_token).await.is(USER_NOT_FOUND);
    look("x", &buyer.token).await.is(INVALID_USER_ID);
    look("email%23mina@example.com", &admin.access_token)
        .await
        .is(INVALID_USER_ID);
}
