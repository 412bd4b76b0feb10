//! `PATCH /v1/concerts/{concert_id}`.

use serde_json::{Value, json};
use shared::futures_util::future::join_all;

use crate::harness::{
    NOBODY, PRICE, Shop,
    concerts::many_shows,
    refusal::{
        CONCERT_NOT_FOUND, EMPTY_BODY, INVALID_CAPACITY, INVALID_DATE, INVALID_NAME, INVALID_PRICE,
        INVALID_QUEUE_ID, INVALID_SALES_WINDOW, INVALID_SHOWS, MISSING_DATE_FIELD, MISSING_PRICE,
        QUEUE_NOT_FOUND, TOO_MANY_QUEUE_SHOWS,
    },
    show, text,
};

#[tokio::test]
async fn keeps_what_is_left_out() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let before = shop.concert(&shop.concert_id).await;
    let same = shop.change(&admin, &shop.concert_id, &json!({})).await.ok();
    assert_eq!(same, before);
    let body = json!({ "name": null, "queue_id": null, "shows": null, "x": 1 });
    let same = shop.change(&admin, &shop.concert_id, &body).await.ok();
    assert_eq!(same, before);

    let body = json!({ "shows": [
        { "date": "2026-12-25", "opens_at": "2026-12-01T00:00:00Z" },
        { "date": "2026-12-31", "price": 90_000, "capacity": 500 },
    ] });
    let changed = shop.change(&admin, &shop.concert_id, &body).await.ok();
    let expected = json!({
        "concert_id": shop.concert_id,
        "name": "겨울 콘서트",
        "queue_id": "main",
        "shows": [
            { "date": "2026-12-24", "show": "2026-12-24", "price": PRICE, "capacity": 50 },
            {
                "date": "2026-12-25", "show": "2026-12-25",
                "price": PRICE,
                "capacity": 50,
                "opens_at": "2026-12-01T00:00:00Z",
            },
            { "date": "2026-12-31", "show": "2026-12-31", "price": 90_000, "capacity": 500 },
        ],
    });
    assert_eq!(changed, expected);
    assert_eq!(shop.concert(&shop.concert_id).await, expected);
    let listed = &shop.listed_concerts().await[0];
    assert_eq!(
        (
            &listed["last_date"],
            &listed["shows"],
            &listed["max_capacity"]
        ),
        (&json!("2026-12-31"), &json!(3), &json!(500)),
    );
}

#[tokio::test]
async fn null_removes_a_sales_time() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let change = async |show: Value| {
        let body = json!({ "shows": [show] });
        let changed = shop.change(&admin, &shop.concert_id, &body).await.ok();
        changed["shows"][0].clone()
    };
    let set = json!({
        "date": "2026-12-24",
        "opens_at": "2026-12-01T00:00:00Z",
        "closes_at": "2026-12-20T00:00:00Z",
    });
    change(set).await;
    let kept = change(json!({ "date": "2026-12-24", "price": 1 })).await;
    assert_eq!(kept["opens_at"], "2026-12-01T00:00:00Z");
    let opened = change(json!({ "date": "2026-12-24", "opens_at": null })).await;
    assert_eq!(opened.get("opens_at"), None);
    assert_eq!(opened["closes_at"], "2026-12-20T00:00:00Z");
}

/// A new price does not change the price of a held seat.
#[tokio::test]
async fn new_price_counts_from_the_next_hold() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (one, other) = (shop.buyer().await, shop.buyer().await);
    let held = shop.hold(&one, 1).await.ok();
    let body = json!({ "shows": [{ "date": shop.dates[0], "price": 60_000 }] });
    shop.change(&admin, &shop.concert_id, &body).await.ok();
    shop.advance(5).await;
    shop.charge(&one, PRICE).await.ok();
    let receipt = shop.pay(&one, &held).await.ok();
    assert_eq!(receipt["amount"], json!(PRICE));
    let held = shop.hold(&other, 2).await.ok();
    assert_eq!(held["payment"]["amount"], 60_000);
    let dates = shop.ask_for_dates(&other).send().await.ok();
    assert_eq!(dates["dates"][0]["price"], 60_000);
}

#[tokio::test]
async fn new_name_moves_the_concert_in_the_listing() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for name in ["가을 콘서트", "Zebra", "ZEBRA", "겨울 콘서트"] {
        let body = json!({ "name": name });
        let changed = shop.change(&admin, &shop.concert_id, &body).await.ok();
        assert_eq!(changed["name"], name);
        assert_eq!(shop.listed_names().await, [name]);
    }
}

#[tokio::test]
async fn refuses_impossible_changes_and_changes_nothing() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let before = shop.concert(&shop.concert_id).await;
    let of_show = |field: &str, value: Value| {
        let mut changed = json!({ "date": "2026-12-24" });
        changed[field] = value;
        json!({ "name": "Other", "shows": [changed] })
    };
    for (body, refusal) in [
        (json!({ "name": "" }), INVALID_NAME),
        (json!({ "queue_id": "x" }), INVALID_QUEUE_ID),
        (json!({ "queue_id": "nowhere" }), QUEUE_NOT_FOUND),
        (json!({ "shows": {} }), INVALID_SHOWS),
        (json!({ "shows": many_shows(199) }), INVALID_SHOWS),
        (json!({ "shows": many_shows(201) }), INVALID_SHOWS),
        (json!({ "shows": [{ "price": 1 }] }), MISSING_DATE_FIELD),
        (
            json!({ "shows": [{ "date": "2027-01-01" }] }),
            MISSING_PRICE,
        ),
        (of_show("date", json!("x")), INVALID_DATE),
        (of_show("price", json!(0.001)), INVALID_PRICE),
        (of_show("capacity", json!(51)), INVALID_CAPACITY),
        (of_show("capacity", json!(100_001)), INVALID_CAPACITY),
        (of_show("closes_at", json!("soon")), INVALID_SALES_WINDOW),
        (
            json!({ "shows": [
                { "date": "2026-12-24", "price": 1 },
                { "date": "2026-12-24", "price": 2 },
            ] }),
            INVALID_SHOWS,
        ),
    ] {
        let reply = shop.change(&admin, &shop.concert_id, &body).await;
        assert!(reply.status.is_client_error(), "{body}");
        reply.is(refusal);
    }
    let path = format!("/v1/concerts/{}", shop.concert_id);
    let call = shop.patch(&path).token(&admin.access_token);
    call.send().await.is(EMPTY_BODY);
    // Only one end of a sales window is changed.
    let body = of_show("closes_at", json!("2026-12-01T00:00:00Z"));
    shop.change(&admin, &shop.concert_id, &body).await.ok();
    let body = of_show("opens_at", json!("2026-12-01T00:00:00Z"));
    shop.change(&admin, &shop.concert_id, &body)
        .await
        .is(INVALID_SALES_WINDOW);
    let body =
        json!({ "name": "겨울 콘서트", "shows": [{ "date": "2026-12-24", "closes_at": null }] });
    let restored = shop.change(&admin, &shop.concert_id, &body).await.ok();
    assert_eq!(restored, before);
    // The same capacity is not a change.
    let body = json!({ "shows": [{ "date": "2026-12-24", "capacity": 50 }] });
    shop.change(&admin, &shop.concert_id, &body).await.ok();
    for id in [NOBODY, "x"] {
        shop.change(&admin, id, &json!({ "name": "A" }))
            .await
            .is(CONCERT_NOT_FOUND);
    }
}

#[tokio::test]
async fn new_queue_sells_and_counts_every_show() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for queue in ["rock", "jazz"] {
        shop.add_queue(queue).await;
    }
    let body = json!({ "name": "A", "queue_id": "rock", "shows": many_shows(150) });
    let created = shop.create(&admin, &body).await.expect(201);
    let id = text(&created["concert_id"]);
    let count = async |queue: &str| {
        let shows = shop.queue_shows(queue).await;
        shows[&id].as_object().map_or(0, serde_json::Map::len)
    };
    assert_eq!((count("rock").await, count("jazz").await), (150, 0));
    let moved = shop
        .change(&admin, &id, &json!({ "queue_id": "jazz" }))
        .await;
    assert_eq!(moved.ok()["queue_id"], "jazz");
    assert_eq!((count("rock").await, count("jazz").await), (0, 150));

    let buyer = shop.join_for(&shop.guest().await, Some(&id)).await;
    assert_eq!(buyer.joined["queue_id"], "jazz");
    shop.advance(10).await;
    let path = format!("/v1/concerts/{id}/reservations");
    for date in ["2027-01-01", "2027-05-30"] {
        let wish = json!({ "date": date, "seat_number": 1 });
        let call = shop.post(&path).token(&buyer.token).json(&wish);
        let held = call.send().await.ok();
        let path = format!("{path}/{}", text(&held["reservation_id"]));
        shop.delete(&path).send_as(&buyer.token).await.ok();
    }
    shop.leave(&buyer).await;
    let moved = shop
        .change(&admin, &id, &json!({ "queue_id": "main" }))
        .await;
    assert_eq!(moved.ok()["queue_id"], "main");
    assert_eq!(count("jazz").await, 0);

    let body = json!({ "name": "B", "queue_id": "rock", "shows": many_shows(199) });
    shop.create(&admin, &body).await.expect(201);
    shop.change(&admin, &id, &json!({ "queue_id": "rock" }))
        .await
        .is(TOO_MANY_QUEUE_SHOWS);
    assert_eq!(shop.concert(&id).await["queue_id"], "main");
    assert_eq!(count("rock").await, 0);
}

/// A change that is too large for one transaction, made in steps.
#[tokio::test]
async fn changes_200_shows() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let id = shop.add_concert("A", "main", &[show("2027-01-01")]).await;
    let mut shows = many_shows(200);
    for show in &mut shows {
        show["closes_at"] = json!("2026-12-31T00:00:00Z");
    }
    let body = json!({ "name": "B", "shows": shows });
    let changed = shop.change(&admin, &id, &body).await.ok();
    let all = changed["shows"].as_array().expect("shows");
    assert_eq!(all.len(), 200);
    for show in all {
        assert_eq!(
            (&show["price"], &show["closes_at"]),
            (&json!(1_000), &json!("2026-12-31T00:00:00Z"))
        );
    }
    assert_eq!(shop.concert(&id).await, changed);
    assert_eq!(shop.listed_concerts().await[0]["shows"], 200);
    assert_eq!(shop.listed_names().await, ["B", "겨울 콘서트"]);
}

#[tokio::test]
async fn changes_at_once_are_all_made() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let dates: Vec<_> = (1..=8).map(|day| format!("2027-02-0{day}")).collect();
    let bodies: Vec<_> = dates
        .iter()
        .map(|date| json!({ "shows": [{ "date": date, "price": 1 }] }))
        .collect();
    let changes = bodies
        .iter()
        .map(|body| shop.change(&admin, &shop.concert_id, body));
    for reply in join_all(changes).await {
        reply.ok();
    }
    let concert = shop.concert(&shop.concert_id).await;
    assert_eq!(concert["shows"].as_array().expect("shows").len(), 10);
    assert_eq!(shop.listed_concerts().await[0]["shows"], 10);
}
