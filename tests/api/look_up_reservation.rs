//! `GET /v1/concerts/{concert_id}/reservations?date=`.

use serde_json::{Value, json};

use crate::harness::{
    Guest, NOBODY, Reply, Shop,
    refusal::{
        BAD_REQUEST, CONCERT_NOT_FOUND, FORBIDDEN, INVALID_DATE, INVALID_TOKEN,
        MISSING_AUTHORIZATION, MISSING_DATE, MISSING_SEAT_NUMBER, RESERVATION_NOT_FOUND,
    },
    show, text,
};

impl Shop {
    async fn look_up(&self, admin: &Guest, query: &str) -> Reply {
        let path = format!("{}?{query}", self.reservations());
        self.get(&path).send_as(&admin.access_token).await
    }

    async fn looked_up(&self, admin: &Guest, query: &str) -> Value {
        self.look_up(admin, query).await.ok()["reservations"].clone()
    }
}

#[tokio::test]
async fn look_up_finds_a_buyer_by_the_seat_or_the_reservation() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (buyer, receipt) = shop.sell(7).await;
    let holder = shop.buyer().await;
    let held = shop.hold_all(&holder, &[8, 9]).await.ok();
    for (owner, of, seat) in [
        (&buyer, &receipt, 7),
        (&holder, &held, 8),
        (&holder, &held, 9),
    ] {
        let path = shop.reservation(of);
        let mut own = shop.get(&path).send_as(&owner.token).await.ok();
        own.as_object_mut()
            .expect("an object")
            .remove("server_time");
        let expected = json!([{
            "reservation_id": of["reservation_id"],
            "user_id": owner.user_id,
            "reservation": own,
        }]);
        let id = text(&of["reservation_id"]);
        for query in [
            format!("date=2026-12-24&seat_number={seat}"),
            format!("date=2026-12-24&reservation_id={id}"),
        ] {
            assert_eq!(shop.looked_up(&admin, &query).await, expected, "{query}");
        }
    }
}

#[tokio::test]
async fn look_up_leads_to_the_refund() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (buyer, _) = shop.sell(7).await;
    let found = shop
        .looked_up(&admin, "date=2026-12-24&seat_number=7")
        .await;
    let sold = found[0].clone();
    let path = format!("{}/refund", shop.reservation(&sold));
    let body = json!({ "user_id": found[0]["user_id"], "reason": "A" });
    let call = shop.post(&path).token(&admin.access_token).json(&body);
    assert_eq!(call.send().await.ok()["status"], "REFUNDED");
    assert_eq!(shop.seats(&shop.buyer().await).await[&7], "FREE");
    let found = shop
        .looked_up(&admin, "date=2026-12-24&seat_number=7")
        .await;
    assert_eq!(found, json!([]), "it has no seat any more");
    assert_eq!(shop.reservation_status(&buyer, &sold).await, "REFUNDED");
}

/// A seat of a large hall that is not in the first block.
#[tokio::test]
async fn look_up_searches_every_block() {
    let mut shop = Shop::open().await;
    let admin = shop.admin().await;
    let large = shared::domain::show::Show {
        capacity: 40_000,
        ..show("2027-01-01")
    };
    shop.concert_id = shop.add_concert("Large", "main", &[large]).await;
    shop.dates = vec!["2027-01-01".to_owned()];
    let (buyer, receipt) = shop.sell(39_999).await;
    let id = text(&receipt["reservation_id"]);
    let by_id = format!("date=2027-01-01&reservation_id={id}");
    let found = shop.looked_up(&admin, &by_id).await;
    assert_eq!(found[0]["user_id"], json!(buyer.user_id));
    // Its show is deleted, but the reservation is still there.
    let key = json!({ "group": shop.concert_id, "entry": "show#2027-01-01" });
    shop.take_item("Catalog", key).await;
    shop.advance(10).await;
    assert_eq!(shop.looked_up(&admin, &by_id).await, found);
}

#[tokio::test]
async fn look_up_finds_nothing_where_nobody_has_the_seat() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    shop.sell(7).await;
    for query in [
        "date=2026-12-24&seat_number=8".to_owned(),
        "date=2026-12-25&seat_number=7".to_owned(),
        "date=2026-12-26&seat_number=7".to_owned(),
        "date=2026-12-24&seat_number=100000".to_owned(),
        format!("date=2026-12-24&reservation_id={NOBODY}"),
    ] {
        assert_eq!(shop.looked_up(&admin, &query).await, json!([]), "{query}");
    }
}

/// A seat that an earlier version sold has no buyer, and one without an order is not found.
#[tokio::test]
async fn look_up_leaves_out_an_unknown_buyer_or_reservation() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (_, receipt) = shop.sell(7).await;
    let holder = shop.buyer().await;
    let held = shop.hold(&holder, 8).await.ok();
    let block = format!("{}#2026-12-24#0", shop.concert_id);
    let key = json!({ "block": block, "seat": 7 });
    shop.change_item("Seats", key, json!({ "buyer": null }))
        .await;
    let found = shop
        .looked_up(&admin, "date=2026-12-24&seat_number=7")
        .await;
    assert_eq!(
        found,
        json!([{ "reservation_id": receipt["reservation_id"] }])
    );
    let key = json!({ "user_id": holder.user_id, "queue_id": "main" });
    shop.take_item("Sessions", key).await;
    let found = shop
        .looked_up(&admin, "date=2026-12-24&seat_number=8")
        .await;
    let expected = json!([{
        "reservation_id": held["reservation_id"],
        "user_id": holder.user_id,
    }]);
    assert_eq!(found, expected);
}

#[tokio::test]
async fn look_up_requires_a_date_and_either_seat_or_reservation() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let ask = async |query: &str| shop.look_up(&admin, query).await;
    ask("").await.is(MISSING_DATE);
    ask("seat_number=7").await.is(MISSING_DATE);
    ask("date=24.12.2026&seat_number=7").await.is(INVALID_DATE);
    ask("date=2026-12-24").await.is(MISSING_SEAT_NUMBER);
    let both = format!("date=2026-12-24&seat_number=7&reservation_id={NOBODY}");
    ask(&both).await.is(BAD_REQUEST);
    for wrong in [
        "0",
        "-1",
        "x",
        "1.5",
        "100001",
        "99999999999999999999",
        "%00",
    ] {
        let reply = ask(&format!("date=2026-12-24&seat_number={wrong}")).await;
        reply.refused(400, "INVALID_SEAT_NUMBER");
    }
    for wrong in ["x", "%00", "main"] {
        let reply = ask(&format!("date=2026-12-24&reservation_id={wrong}")).await;
        reply.is(RESERVATION_NOT_FOUND);
    }
    let nowhere = shop.get("/v1/concerts/x/reservations?date=2026-12-24&seat_number=7");
    let nowhere = nowhere.send_as(&admin.access_token).await;
    nowhere.is(CONCERT_NOT_FOUND);
}

/// Only administrators may see who has which seat.
#[tokio::test]
async fn look_up_is_for_administrators_only() {
    let shop = Shop::open().await;
    let (buyer, _) = shop.sell(7).await;
    let path = format!("{}?date=2026-12-24&seat_number=7", shop.reservations());
    shop.get(&path)
        .send_as(&buyer.access_token)
        .await
        .is(FORBIDDEN);
    shop.get(&path)
        .send_as(&buyer.token)
        .await
        .is(INVALID_TOKEN);
    shop.get(&path).send().await.is(MISSING_AUTHORIZATION);
    let seats = format!("/v1/concerts/{}/seats?date=2026-12-24", shop.concert_id);
    let seats = shop.get(&seats).send_as(&shop.buyer().await.token).await;
    assert!(!seats.text.contains(&buyer.user_id), "nor do seats tell");
}
