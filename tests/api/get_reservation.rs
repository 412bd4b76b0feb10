//! `GET /v1/concerts/{concert_id}/reservations/{reservation_id}`.

use serde_json::{Value, json};

use crate::harness::{
    CONCERT, NOBODY, PRICE, REFUNDABLE_UNTIL, Shop,
    refusal::{FORBIDDEN, INVALID_USER_ID, RESERVATION_NOT_FOUND},
    text,
};

fn expected(shop: &Shop, held: &Value, status: &str, payment: &str) -> Value {
    let mut expected = json!({
        "reservation_id": held["reservation_id"],
        "status": status,
        "concert_id": shop.concert_id,
        "date": "2026-12-24", "show": "2026-12-24",
        "seat_numbers": [7],
        "expiration_time": held["expiration_time"],
        "payment": {
            "payment_id": held["payment"]["payment_id"],
            "amount": PRICE,
            "status": payment,
        },
        "server_time": shop.now(),
    });
    // An unpaid reservation that is over has no terms any more.
    if ["HELD", "PAID"].contains(&status) {
        expected["seats"] = json!([{ "seat_number": 7, "price": PRICE }]);
        expected["concert_name"] = json!(CONCERT);
        expected["refundable_until"] = json!(REFUNDABLE_UNTIL);
    }
    expected
}

#[tokio::test]
async fn answers_with_a_hold_to_either_token() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    for token in [&buyer.token, &buyer.access_token] {
        let found = shop.get(&shop.reservation(&held)).send_as(token).await.ok();
        assert_eq!(found, expected(&shop, &held, "HELD", "PENDING"));
    }
}

#[tokio::test]
async fn answers_with_an_order_and_the_time_of_its_payment() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    shop.charge(&buyer, PRICE).await.ok();
    shop.advance(30).await;
    shop.pay(&buyer, &held).await.ok();
    let paid_at = shop.in_seconds(0);
    shop.advance(600).await;
    let mut expected = expected(&shop, &held, "PAID", "PAID");
    expected
        .as_object_mut()
        .expect("an object")
        .remove("expiration_time");
    expected["payment"]["paid_at"] = paid_at;
    let found = shop
        .get(&shop.reservation(&held))
        .send_as(&buyer.token)
        .await
        .ok();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn answers_expired_and_cancelled() {
    let shop = Shop::open().await;
    let (lapses, cancels) = (shop.buyer().await, shop.buyer().await);
    let held = shop.hold(&lapses, 7).await.ok();
    let given_up = shop.hold(&cancels, 8).await.ok();
    shop.cancel(&cancels, &given_up).await.ok();
    assert_eq!(
        shop.reservation_status(&cancels, &given_up).await,
        "CANCELLED"
    );

    shop.advance(299).await;
    assert_eq!(shop.reservation_status(&lapses, &held).await, "HELD");
    shop.advance(1).await;
    let found = shop
        .get(&shop.reservation(&held))
        .send_as(&lapses.token)
        .await
        .ok();
    assert_eq!(
        found,
        expected(&shop, &held, "EXPIRED", "EXPIRED"),
        "before the message came"
    );
    shop.advance(10).await;
    let found = shop
        .get(&shop.reservation(&held))
        .send_as(&lapses.token)
        .await
        .ok();
    assert_eq!(
        found,
        expected(&shop, &held, "EXPIRED", "EXPIRED"),
        "and after it"
    );

    shop.rejoin(&lapses).await;
    assert_eq!(
        shop.reservation_status(&lapses, &held).await,
        "EXPIRED",
        "over all sessions"
    );
}

#[tokio::test]
async fn another_users_and_another_concerts_are_not_found() {
    let shop = Shop::open().await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    let held = shop.hold(&buyer, 7).await.ok();
    let (owner, receipt) = shop.sell(8).await;
    for one in [&held, &receipt] {
        let path = shop.reservation(one);
        shop.get(&path)
            .send_as(&other.token)
            .await
            .is(RESERVATION_NOT_FOUND);
    }
    let elsewhere = shop.add_queue("rock").await;
    for (id, token) in [(&held, &buyer.token), (&receipt, &owner.token)] {
        let id = text(&id["reservation_id"]);
        let path = format!("/v1/concerts/{elsewhere}/reservations/{id}");
        shop.get(&path)
            .send_as(token)
            .await
            .is(RESERVATION_NOT_FOUND);
        let path = format!("/v1/concerts/x/reservations/{id}");
        shop.get(&path)
            .send_as(token)
            .await
            .is(RESERVATION_NOT_FOUND);
    }
    for id in ["x", NOBODY, "%00", "account", &buyer.user_id] {
        let path = format!("{}/{id}", shop.reservations());
        shop.get(&path)
            .send_as(&buyer.token)
            .await
            .is(RESERVATION_NOT_FOUND);
    }
}

#[tokio::test]
async fn answers_an_administrator_that_names_the_user() {
    let shop = Shop::open().await;
    let (buyer, receipt) = shop.sell(7).await;
    let other = shop.buyer().await;
    let held = shop.hold(&other, 8).await.ok();
    let admin = shop.admin().await;
    for (owner, of) in [(&buyer, &receipt), (&other, &held)] {
        let path = shop.reservation(of);
        let own = shop.get(&path).send_as(&owner.access_token).await.ok();
        let named = format!("{path}?user_id={}", owner.user_id);
        for token in [&admin.access_token, &owner.access_token, &owner.token] {
            let found = shop.get(&named).send_as(token).await.ok();
            assert_eq!(found, own, "an order that nobody explained");
        }
        // Without a user id, an administrator reads their own reservations.
        let unsaid = shop.get(&path).send_as(&admin.access_token).await;
        unsaid.is(RESERVATION_NOT_FOUND);
    }
}

#[tokio::test]
async fn refuses_others_that_name_the_user() {
    let shop = Shop::open().await;
    let (buyer, receipt) = shop.sell(7).await;
    let (other, admin) = (shop.buyer().await, shop.admin().await);
    let path = shop.reservation(&receipt);
    let named = format!("{path}?user_id={}", buyer.user_id);
    for token in [&other.token, &other.access_token] {
        shop.get(&named).send_as(token).await.is(FORBIDDEN);
    }
    for wrong in ["x", "%00", "11111111-1111-4111-8111-11111111111"] {
        let named = format!("{path}?user_id={wrong}");
        let reply = shop.get(&named).send_as(&admin.access_token).await;
        reply.is(INVALID_USER_ID);
    }
    // Naming their own id does not make the reservation theirs.
    let named = format!("{path}?user_id={}", other.user_id);
    let reply = shop.get(&named).send_as(&other.token).await;
    reply.is(RESERVATION_NOT_FOUND);
}
