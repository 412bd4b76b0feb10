//! `GET /v1/admin/buyers/{buyer}`.

use crate::harness::{Shop, refusal::USER_NOT_FOUND};

#[tokio::test]
async fn user_behind_a_buyer_is_shown_to_administrators() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let account = shop.account("mina@example.com").await;
    let buyer = shop.buyer_in_events(&account.user_id).await;
    let look = async |buyer: &str| {
        let path = format!("/v1/admin/buyers/{buyer}");
        shop.get(&path).send_as(&admin.access_token).await
    };
    let user = look(&buyer).await.ok();
    let path = format!("/v1/users/{}", account.user_id);
    assert_eq!(
        user,
        shop.get(&path).send_as(&admin.access_token).await.ok()
    );
    assert_eq!(look(&buyer.to_uppercase()).await.ok(), user);
}

#[tokio::test]
async fn what_is_no_buyer_has_no_user() {
    let shop = Shop::without_schedule(&[("Events", "false")]).await;
    let admin = shop.admin().await;
    let guest = shop.guest().await;
    let look = async |buyer: &str| {
        let path = format!("/v1/admin/buyers/{buyer}");
        shop.get(&path).send_as(&admin.access_token).await
    };
    let nobody = "0".repeat(32);
    look(&nobody).await.is(USER_NOT_FOUND);
    // From now on there is a key.
    let buyer = shop.buyer_in_events(&guest.user_id).await;
    look(&buyer).await.ok();
    for wrong in [&nobody, &buyer[1..], "x", &guest.user_id, &"g".repeat(32)] {
        look(wrong).await.is(USER_NOT_FOUND);
    }
}

#[tokio::test]
async fn user_that_was_deleted_is_not_there() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let guest = shop.guest().await;
    let buyer = shop.buyer_in_events(&guest.user_id).await;
    let path = format!("/v1/users/{}", guest.user_id);
    shop.call("DELETE", &path)
        .send_as(&guest.access_token)
        .await
        .ok();
    let path = format!("/v1/admin/buyers/{buyer}");
    let gone = shop.get(&path).send_as(&admin.access_token).await;
    gone.is(USER_NOT_FOUND);
}
