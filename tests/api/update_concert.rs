//! `PATCH /v1/concerts/{concert_id}`.

use serde_json::{Value, json};
use shared::futures_util::future::join_all;

use crate::harness::{
    Guest, NOBODY, PRICE, Reply, Shop,
    concerts::many_shows,
    refusal::{
        CONCERT_NOT_FOUND, EMPTY_BODY, INVALID_CAPACITY, INVALID_DATE, INVALID_NAME, INVALID_PRICE,
        INVALID_QUEUE_ID, INVALID_SALES_WINDOW, INVALID_SHOWS, MISSING_DATE_FIELD, MISSING_PRICE,
        QUEUE_NOT_FOUND, TOO_MANY_QUEUE_SHOWS,
    },
    show, text,
};

/// A misspelt field would be taken for one that was left out.
#[tokio::test]
async fn fields_that_a_concert_does_not_have_are_refused() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let before = shop.concert(&shop.concert_id).await;
    let with = |field: &str| json!({ "shows": [{ "date": "2026-12-24", "price": 1, field: 30 }] });
    for (body, name) in [
        (json!({ "most_seats": 4 }), "most_seats"),
        (json!({ "shws": [] }), "shws"),
        (json!({ "Name": "A" }), "Name"),
        (with("capcity"), "capcity"),
        (with("planid"), "planid"),
    ] {
        let reply = shop.change(&admin, &shop.concert_id, &body).await;
        let text = reply.refused(400, "UNKNOWN_FIELD");
        assert!(text.contains(&format!("'{name}'")), "{text}");
        let mut concert = json!({ "name": "B", "shows": [{ "date": "2027-01-01", "price": 1 }] });
        let fields = body.as_object().expect("an object").clone();
        concert.as_object_mut().expect("an object").extend(fields);
        let reply = shop.create(&admin, &concert).await;
        reply.refused(400, "UNKNOWN_FIELD");
    }
    assert_eq!(shop.concert(&shop.concert_id).await, before);
    assert_eq!(shop.listed_names().await, ["겨울 콘서트"]);
}

#[tokio::test]
async fn keeps_what_is_left_out() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let before = shop.concert(&shop.concert_id).await;
    let same = shop.change(&admin, &shop.concert_id, &json!({})).await.ok();
    assert_eq!(same, before);
    let body = json!({ "name": null, "queue_id": null, "shows": null });
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
        "version": 2,
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
        (of_show("capacity", json!(0)), INVALID_CAPACITY),
        (of_show("capacity", json!(50.5)), INVALID_CAPACITY),
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
    let mut restored = shop.change(&admin, &shop.concert_id, &body).await.ok();
    assert_eq!(restored["version"], 3);
    restored["version"] = before["version"].clone();
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

/// An administrator's request to rename the concert if it has this version.
async fn rename_if(shop: &Shop, admin: &Guest, name: &str, named: &str) -> Reply {
    let call = shop.patch(&format!("/v1/concerts/{}", shop.concert_id));
    let call = call.token(&admin.access_token).header("if-match", named);
    call.json(&json!({ "name": name })).send().await
}

#[tokio::test]
async fn if_match_names_the_version_that_is_changed() {
    let shop = Shop::open().await;
    let (first, second) = (shop.admin().await, shop.admin().await);
    let version = async || shop.concert(&shop.concert_id).await["version"].clone();
    assert_eq!(version().await, 1);
    let renamed = rename_if(&shop, &first, "A", "\"1\"").await.ok();
    assert_eq!(renamed["version"], 2);
    let changed_at = shop.in_seconds(0);
    shop.advance(60).await;

    let etag = shop.get(&format!("/v1/concerts/{}", shop.concert_id));
    let etag = etag.send().await.header("etag").to_owned();
    for other in [
        "\"1\"",
        "\"3\"",
        "2",
        "W/\"2\"",
        "\"02\"",
        "\"+2\"",
        "\"\"",
        "",
        "\"1\", \"3\"",
        "x",
        &etag,
    ] {
        let reply = rename_if(&shop, &second, "B", other).await;
        assert_eq!(
            (
                &reply.body["version"],
                &reply.body["changed_by"],
                &reply.body["changed_at"]
            ),
            (&json!(2), &json!(first.user_id), &changed_at),
            "{other}"
        );
        let text = reply.refused(412, "VERSION_MISMATCH");
        assert_eq!(
            text, "그 사이에 내용이 변경되었습니다. 현재 버전은 2입니다.",
            "{other}"
        );
    }
    assert_eq!(shop.listed_names().await, ["A"]);
    for (named, next) in [("\"1\", \"2\"", 3), ("*", 4)] {
        let renamed = rename_if(&shop, &second, &format!("{next}"), named)
            .await
            .ok();
        assert_eq!(renamed["version"], next, "{named}");
    }
    let body = json!({ "name": "C" });
    let any = shop.change(&first, &shop.concert_id, &body).await.ok();
    assert_eq!(any["version"], 5, "without it, any version is meant");
}

/// Whatever changes a concert counts its version up, and says who it was.
#[tokio::test]
async fn every_change_of_a_concert_is_another_version() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let path = format!("/v1/concerts/{}", shop.concert_id);
    let unknown = rename_if(&shop, &admin, "A", "\"7\"").await;
    assert_eq!(unknown.body["version"], 1);
    assert_eq!(unknown.body.get("changed_by"), None, "nobody created it");
    let off = shop.post(&format!("{path}/dates/{}/call-off", shop.dates[1]));
    off.send_as(&admin.access_token).await.ok();
    let stale = rename_if(&shop, &admin, "A", "\"1\"").await;
    assert_eq!(stale.body["version"], 2);
    assert_eq!(stale.body["changed_by"], json!(admin.user_id));
    let delete = shop.delete(&format!("{path}/dates/{}", shop.dates[0]));
    delete.send_as(&admin.access_token).await.ok();
    let stale = rename_if(&shop, &admin, "A", "\"2\"").await;
    stale.refused(412, "VERSION_MISMATCH");
    rename_if(&shop, &admin, "A", "\"3\"").await.ok();
}

#[tokio::test]
async fn of_two_changes_of_one_version_one_is_made() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let names: Vec<_> = (0..8).map(|n| format!("Concert {n}")).collect();
    let renamed = names
        .iter()
        .map(|name| rename_if(&shop, &admin, name, "\"1\""));
    let replies = join_all(renamed).await;
    let made = replies.iter().filter(|reply| reply.status == 200);
    assert_eq!(made.count(), 1);
    let concert_id = &shop.concert_id;
    let records = shop
        .changes(&admin, &format!("concert_id={concert_id}"))
        .await;
    assert_eq!(records.len(), 1);
}

#[tokio::test]
async fn if_match_finds_no_concert_that_is_not_there() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let call = shop.patch(&format!("/v1/concerts/{NOBODY}"));
    let call = call.token(&admin.access_token).header("if-match", "*");
    let call = call.json(&json!({ "name": "A" }));
    call.send().await.is(CONCERT_NOT_FOUND);
}
