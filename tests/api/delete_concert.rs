//! `DELETE /v1/concerts/{concert_id}` and `…/dates/{date}`.

use serde_json::json;
use shared::futures_util::future::join_all;

use crate::harness::{
    PRICE, Shop,
    concerts::many_shows,
    refusal::{CONCERT_HAS_ORDERS, CONCERT_NOT_FOUND, HOLD_EXPIRED, NOT_FOUND, SHOW_NOT_FOUND},
    show, text,
};

#[tokio::test]
async fn deleted_concert_is_gone_and_sells_no_more() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let buyer = shop.buyer().await;
    let deleted = shop.remove(&admin, &shop.concert_id).await.ok();
    assert_eq!(deleted, json!({ "result": true }));
    assert!(shop.listed_concerts().await.is_empty());
    let path = format!("/v1/concerts/{}", shop.concert_id);
    shop.get(&path).send().await.is(CONCERT_NOT_FOUND);
    shop.hold(&buyer, 1).await.is(SHOW_NOT_FOUND);
    shop.ask_for_dates(&buyer)
        .send()
        .await
        .is(CONCERT_NOT_FOUND);
    shop.remove(&admin, &shop.concert_id)
        .await
        .is(CONCERT_NOT_FOUND);
    shop.remove(&admin, "x").await.is(CONCERT_NOT_FOUND);
}

#[tokio::test]
async fn deletes_a_date_and_with_the_last_one_the_concert() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let date = |date: &str| format!("{}/dates/{date}", shop.concert_id);
    shop.remove(&admin, &date("2026-12-26"))
        .await
        .is(SHOW_NOT_FOUND);
    for malformed in ["x", "2026-13-01", "%00", "20261224"] {
        shop.remove(&admin, &date(malformed))
            .await
            .is(SHOW_NOT_FOUND);
    }
    shop.remove(&admin, &date("")).await.is(NOT_FOUND);
    shop.remove(&admin, &date("2026-12-24")).await.ok();
    shop.remove(&admin, &date("2026-12-24"))
        .await
        .is(SHOW_NOT_FOUND);
    let listed = &shop.listed_concerts().await[0];
    assert_eq!(
        (&listed["first_date"], &listed["shows"]),
        (&json!("2026-12-25"), &json!(1))
    );
    shop.remove(&admin, &date("2026-12-25")).await.ok();
    assert!(shop.listed_concerts().await.is_empty());
    shop.remove(&admin, &date("2026-12-25"))
        .await
        .is(CONCERT_NOT_FOUND);
}

#[tokio::test]
async fn refuses_while_a_seat_is_held_or_sold() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let buyer = shop.buyer().await;
    let (before, listed) = (
        shop.concert(&shop.concert_id).await,
        shop.listed_concerts().await,
    );
    let date = |n: usize| format!("{}/dates/{}", shop.concert_id, shop.dates[n]);
    let is_refused = async || {
        for what in [&shop.concert_id, &date(0)] {
            shop.remove(&admin, what).await.is(CONCERT_HAS_ORDERS);
        }
        assert_eq!(shop.concert(&shop.concert_id).await, before);
        assert_eq!(shop.listed_concerts().await, listed);
    };
    let held = shop.hold(&buyer, 50).await.ok();
    is_refused().await;
    shop.charge(&buyer, PRICE).await.ok();
    shop.pay(&buyer, &held).await.ok();
    is_refused().await;
    shop.remove(&admin, &date(1)).await.ok();

    // A refunded seat does not count.
    let path = shop.reservation(&held);
    let refunded = shop.delete(&path).send_as(&buyer.token).await.ok();
    assert_eq!(refunded["status"], "REFUNDED");
    shop.remove(&admin, &shop.concert_id).await.ok();
}

#[tokio::test]
async fn ignores_a_hold_whose_payment_can_be_under_way_no_more() {
    let shop = Shop::without_messages(&[]).await;
    let admin = shop.admin().await;
    let buyer = shop.buyer().await;
    shop.hold(&buyer, 7).await.ok();
    // A payment that began while it lived may be written ten seconds later, and clocks differ by two.
    shop.advance(311).await;
    shop.remove(&admin, &shop.concert_id)
        .await
        .is(CONCERT_HAS_ORDERS);
    shop.advance(1).await;
    shop.remove(&admin, &shop.concert_id).await.ok();
}

#[tokio::test]
async fn finds_the_last_seat_of_a_large_hall() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let hall = shared::domain::show::Show {
        capacity: 20_000,
        ..show("2027-01-01")
    };
    let id = shop.add_concert("Hall", "main", &[hall]).await;
    let buyer = shop.buyer().await;
    let path = format!("/v1/concerts/{id}/reservations");
    let wish = json!({ "date": "2027-01-01", "seat_number": 20_000 });
    let call = shop.post(&path).token(&buyer.token).json(&wish);
    call.send().await.ok();
    shop.remove(&admin, &id).await.is(CONCERT_HAS_ORDERS);
}

/// Another instance still believes its copy of the catalog. A hold through it is valid.
#[tokio::test]
async fn hold_made_meanwhile_can_be_paid_cancelled_and_refunded() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let [one, other, last, late] = [
        shop.buyer().await,
        shop.buyer().await,
        shop.buyer().await,
        shop.buyer().await,
    ];
    let first = shop.hold(&last, 3).await.ok();
    let path = shop.reservation(&first);
    shop.delete(&path).send_as(&last.token).await.ok();
    shop.remove(&admin, &shop.concert_id).await.ok();

    let held = shop.hold(&one, 1).await.ok();
    shop.charge(&one, PRICE).await.ok();
    shop.pay(&one, &held).await.ok();
    let given_up = shop.hold(&other, 2).await.ok();
    let path = shop.reservation(&given_up);
    let cancelled = shop.delete(&path).send_as(&other.token).await.ok();
    assert_eq!(cancelled["status"], "CANCELLED");
    let lapsing = shop.hold(&last, 3).await.ok();
    shop.advance(5).await;
    shop.hold(&late, 4).await.is(SHOW_NOT_FOUND);

    let path = shop.reservation(&held);
    let refunded = shop.delete(&path).send_as(&one.token).await.ok();
    assert_eq!(refunded["status"], "REFUNDED");
    assert_eq!(shop.balance(&one).await, json!(PRICE));
    shop.advance(302).await;
    assert_eq!(shop.reservation_status(&last, &lapsing).await, "EXPIRED");
    shop.charge(&last, PRICE).await.ok();
    shop.pay(&last, &lapsing).await.is(HOLD_EXPIRED);
}

#[tokio::test]
async fn deletes_200_shows_and_their_queue_counts_them_no_more() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let rock = shop.add_queue("rock").await;
    let body = json!({ "name": "A", "queue_id": "rock", "shows": many_shows(199) });
    let created = shop.create(&admin, &body).await.expect(201);
    let id = text(&created["concert_id"]);
    shop.remove(&admin, &id).await.ok();
    let mut left = json!({});
    left[&rock]["2026-12-24"] = json!(50);
    assert_eq!(shop.queue_shows("rock").await, left);
    assert_eq!(shop.listed_names().await, ["rock", "겨울 콘서트"]);
    let path = format!("/v1/concerts/{id}");
    shop.get(&path).send().await.is(CONCERT_NOT_FOUND);
    for date in ["2027-01-01", "2027-07-18"] {
        let left = shared::domain::ids::ShowId {
            concert_id: id.parse().expect("an id"),
            key: date.parse().expect("a date"),
        };
        let app = shop.stack.operator().await;
        assert_eq!(app.store().show(left).await.expect("an answer"), None);
    }
}

#[tokio::test]
async fn deletions_at_once_are_one() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let deletions = (0..6).map(|_| shop.remove(&admin, &shop.concert_id));
    let mut done = 0;
    for reply in join_all(deletions).await {
        if reply.status == 200 {
            done += 1;
        } else {
            reply.is(CONCERT_NOT_FOUND);
        }
    }
    assert_eq!(done, 1);
}

#[tokio::test]
async fn deleting_dates_at_once_leaves_nothing_behind() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let deletions = shop.dates.iter().map(|date| {
        let what = format!("{}/dates/{date}", shop.concert_id);
        let (shop, admin) = (&shop, &admin);
        async move { shop.remove(admin, &what).await }
    });
    for reply in join_all(deletions).await {
        reply.ok();
    }
    assert!(shop.listed_concerts().await.is_empty());
    let path = format!("/v1/concerts/{}", shop.concert_id);
    shop.get(&path).send().await.is(CONCERT_NOT_FOUND);
}
