//! `DELETE /v1/users/{user_id}/sessions`.

use serde_json::json;

use crate::harness::{
    NOBODY, PRICE, Shop,
    refusal::{FORBIDDEN, INVALID_TOKEN, INVALID_USER_ID, MISSING_AUTHORIZATION, USER_NOT_FOUND},
};

fn path(user_id: &str) -> String {
    format!("/v1/users/{user_id}/sessions")
}

#[tokio::test]
async fn ends_every_token_and_leaves_every_queue() {
    let shop = Shop::open().await;
    let rock = shop.add_queue("rock").await;
    let guest = shop.guest().await;
    let inside = shop.join(&guest).await;
    let held = shop.hold(&inside, 7).await.ok();
    let elsewhere = shop.join_for(&guest, Some(&rock)).await;
    shop.charge(&inside, 1).await.ok();

    let end = shop
        .delete(&path(&guest.user_id))
        .token(&guest.access_token);
    let ended = end.send().await.ok();
    assert_eq!(ended, json!({ "user_id": guest.user_id, "ended": 2 }));
    for session in [&inside, &elsewhere] {
        assert_eq!(shop.status(session).await, "CLOSED LEFT");
        shop.ask_for_dates(session)
            .send()
            .await
            .session_over(Some("LEFT"));
        shop.charge(session, 1).await.is(INVALID_TOKEN);
    }
    let balance = format!("/v1/users/{}/balance", guest.user_id);
    let look = shop.get(&balance).token(&guest.access_token);
    look.send().await.is(INVALID_TOKEN);
    assert_eq!(shop.seats(&shop.buyer().await).await[&7], "FREE");

    // They start again with a new session.
    let again = shop.rejoin(&inside).await;
    assert_eq!(shop.reservation_status(&again, &held).await, "CANCELLED");
    assert_eq!(shop.balance(&again).await, json!(1));
    shop.audit().await;
}

#[tokio::test]
async fn administrator_ends_anybodys_sessions() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (buyer, receipt) = shop.sell(1).await;
    let again = shop.rejoin(&buyer).await;
    let end = |user_id: &str| shop.delete(&path(user_id)).token(&admin.access_token);
    let ended = end(&buyer.user_id).send().await.ok();
    assert_eq!(ended["ended"], 1, "that which is paid is over already");
    assert_eq!(end(&buyer.user_id).send().await.ok()["ended"], 0);
    shop.ask_for_dates(&again)
        .send()
        .await
        .session_over(Some("LEFT"));
    shop.charge(&buyer, 1).await.is(INVALID_TOKEN);
    let token = shop.token_of(&buyer.user_id).await;
    let mine = shop.get(&shop.reservation(&receipt)).token(&token);
    assert_eq!(mine.send().await.ok()["status"], "PAID");
    end(NOBODY).send().await.is(USER_NOT_FOUND);
    // The administrator's own sessions go on.
    let list = shop.get("/v1/users").token(&admin.access_token);
    list.send().await.ok();
    shop.audit().await;
}

#[tokio::test]
async fn ending_an_active_session_lets_the_next_one_in() {
    let shop = Shop::with_room_for_one().await;
    let (inside, waiting, third) = (shop.buyer().await, shop.buyer().await, shop.buyer().await);
    let end = |buyer: &crate::harness::Buyer| {
        let call = shop.delete(&path(&buyer.user_id));
        call.send_as(&buyer.access_token)
    };
    assert_eq!(end(&waiting).await.ok()["ended"], 1);
    assert_eq!(shop.status(&waiting).await, "CLOSED LEFT");
    assert_eq!(end(&inside).await.ok()["ended"], 1);
    // The number before belongs to nobody now, and must pass first.
    shop.wait_for_turn(&third, 200).await;
    shop.ask_for_dates(&third).send().await.ok();
    shop.audit().await;
}

#[tokio::test]
async fn refuses_other_users() {
    let shop = Shop::open().await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    let end = |user_id: &str| shop.delete(&path(user_id));
    end(&buyer.user_id).send().await.is(MISSING_AUTHORIZATION);
    let by = async |user_id: &str, token: &str| end(user_id).send_as(token).await;
    by(&buyer.user_id, &other.access_token).await.is(FORBIDDEN);
    by(NOBODY, &other.access_token).await.is(FORBIDDEN);
    by("x", &other.access_token).await.is(INVALID_USER_ID);
    by(&buyer.user_id, &buyer.token).await.is(INVALID_TOKEN);
    let out = shop.post("/v1/auth/logout").token(&other.access_token);
    out.send().await.ok();
    by(&other.user_id, &other.access_token)
        .await
        .is(INVALID_TOKEN);
    assert_eq!(shop.status(&buyer).await, "ACTIVE");
    let held = shop.hold(&buyer, 7).await.ok();
    shop.charge(&buyer, PRICE).await.ok();
    shop.pay(&buyer, &held).await.ok();
}
