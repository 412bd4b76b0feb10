//! `GET /v1/users/{user_id}/balance`.

use serde_json::json;

use crate::harness::{
    NOBODY, PRICE, Shop,
    refusal::{FORBIDDEN, INVALID_USER_ID, USER_NOT_FOUND},
};

#[tokio::test]
async fn answers_its_owner_with_either_token() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    shop.charge(&buyer, 12_345).await.ok();
    let path = format!("/v1/users/{}/balance", buyer.user_id);
    for token in [&buyer.token, &buyer.access_token] {
        let balance = shop.get(&path).send_as(token).await.ok();
        assert_eq!(
            balance,
            json!({ "user_id": buyer.user_id, "current_balance": 12_345 })
        );
    }
}

#[tokio::test]
async fn answers_a_buyer_after_paying_and_while_waiting() {
    let shop = Shop::with_room_for_one().await;
    let (buyer, _) = shop.sell(1).await;
    assert_eq!(
        shop.balance(&buyer).await,
        json!(0),
        "the session is closed, the token is theirs"
    );
    let waiting = shop.buyer().await;
    assert_eq!(waiting.joined["status"], "WAITING");
    assert_eq!(shop.balance(&waiting).await, json!(0));
    shop.charge(&waiting, PRICE).await.ok();
    assert_eq!(
        shop.balance(&waiting).await,
        json!(PRICE),
        "people top up in line"
    );
}

#[tokio::test]
async fn refuses_other_users_whether_they_exist_or_not() {
    let shop = Shop::open().await;
    let (one, other) = (shop.buyer().await, shop.buyer().await);
    for user_id in [other.user_id.as_str(), NOBODY] {
        let path = format!("/v1/users/{user_id}/balance");
        shop.get(&path).send_as(&one.token).await.is(FORBIDDEN);
    }
}

#[tokio::test]
async fn answers_an_administrator_for_anybody() {
    let shop = Shop::open().await;
    let (buyer, admin) = (shop.buyer().await, shop.admin().await);
    shop.charge(&buyer, 7).await.ok();
    let read = |user_id: &str| {
        let path = format!("/v1/users/{user_id}/balance");
        shop.get(&path).send_as(&admin.access_token)
    };
    assert_eq!(read(&buyer.user_id).await.ok()["current_balance"], 7);
    read(NOBODY).await.is(USER_NOT_FOUND);
}

#[tokio::test]
async fn refuses_a_malformed_id() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    for id in [
        "1",
        "me",
        "%00",
        "..%2F..",
        "11111111111141118111111111111111",
        "%7B11111111-1111-4111-8111-111111111111%7D",
    ] {
        let path = format!("/v1/users/{id}/balance");
        shop.get(&path)
            .send_as(&buyer.token)
            .await
            .is(INVALID_USER_ID);
    }
}
