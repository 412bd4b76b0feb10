//! `POST /v1/concerts`.

use local::{Fault, When};
use serde_json::{Value, json};
use shared::futures_util::future::join_all;

use crate::harness::{
    Guest, Reply, Shop,
    concerts::many_shows,
    refusal::{
        BAD_REQUEST, FORBIDDEN, IDEMPOTENCY_KEY_REUSED, INVALID_CAPACITY, INVALID_DATE,
        INVALID_NAME, INVALID_PRICE, INVALID_QUEUE_ID, INVALID_SALES_WINDOW, INVALID_SHOWS,
        MISSING_DATE_FIELD, MISSING_NAME, MISSING_PRICE, MISSING_SHOWS, QUEUE_NOT_FOUND,
        TOO_MANY_QUEUE_SHOWS,
    },
    text,
};

fn winter() -> Value {
    json!({ "name": "겨울 콘서트", "shows": [{ "date": "2026-12-24", "price": 50_000 }] })
}

#[tokio::test]
async fn puts_a_concert_on_sale_at_once() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let body = json!({
        "name": "  봄 콘서트 ",
        "shows": [
            { "date": "2027-03-02", "price": 70_000.5, "capacity": 100_000 },
            { "date": "2027-03-01", "price": 0, "opens_at": null },
        ],
    });
    let created = shop.create(&admin, &body).await.expect(201);
    let id = text(&created["concert_id"]);
    let expected = json!({
        "concert_id": id,
        "name": "봄 콘서트",
        "queue_id": "main",
        "version": 1,
        "shows": [
            { "date": "2027-03-01", "show": "2027-03-01", "price": 0, "capacity": 50 },
            { "date": "2027-03-02", "show": "2027-03-02", "price": 70_000.5, "capacity": 100_000 },
        ],
    });
    assert_eq!(created, expected);
    assert_eq!(shop.concert(&id).await, expected);
    assert_eq!(shop.listed_names().await, ["겨울 콘서트", "봄 콘서트"]);

    let buyer = shop.buyer().await;
    let path = format!("/v1/concerts/{id}/reservations");
    let body = json!({ "date": "2027-03-02", "seat_number": 100_000 });
    let held = shop.post(&path).json(&body).send_as(&buyer.token).await;
    assert_eq!(held.ok()["payment"]["amount"], json!(70_000.5));
}

#[tokio::test]
async fn sale_opens_and_closes_at_its_times() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let body = json!({ "name": "A", "shows": [{
        "date": "2026-12-31",
        "price": 1,
        "opens_at": "2026-11-20T12:00:10+09:00",
        "closes_at": "2026-11-20T03:00:20.123456Z",
    }] });
    let created = shop.create(&admin, &body).await.expect(201);
    assert_eq!(
        created["shows"][0],
        json!({
            "date": "2026-12-31",
            "show": "2026-12-31",
            "price": 1,
            "capacity": 50,
            "opens_at": "2026-11-20T03:00:10Z",
            "closes_at": "2026-11-20T03:00:20Z",
        })
    );
    let path = format!("/v1/concerts/{}/reservations", text(&created["concert_id"]));
    let wish = json!({ "date": "2026-12-31", "seat_number": 1 });
    for (seconds, status) in [(0, 409), (10, 200), (11, 409)] {
        shop.advance(seconds).await;
        let buyer = shop.buyer().await;
        let call = shop.post(&path).token(&buyer.token).json(&wish);
        let reply = call.send().await;
        assert_eq!(reply.status, status, "{}", reply.body);
    }
}

#[tokio::test]
async fn names_what_is_missing() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    for (body, missing) in [
        (json!({}), MISSING_NAME),
        (json!({ "name": null, "shows": [] }), MISSING_NAME),
        (json!({ "name": "A" }), MISSING_SHOWS),
        (
            json!({ "name": "A", "shows": [{ "price": 1 }] }),
            MISSING_DATE_FIELD,
        ),
        (
            json!({ "name": "A", "shows": [{ "date": "x" }] }),
            MISSING_PRICE,
        ),
        (
            json!({ "name": "", "shows": [{ "date": "x", "price": -1 }, { "date": "y" }] }),
            MISSING_PRICE,
        ),
    ] {
        shop.create(&admin, &body).await.is(missing);
    }
    assert!(shop.listed_names().await.is_empty());
}

async fn with(shop: &Shop, admin: &Guest, field: &str, value: Value) -> Reply {
    let mut body = winter();
    match field {
        "name" | "queue_id" | "shows" => body[field] = value,
        _ => body["shows"][0][field] = value,
    }
    shop.create(admin, &body).await
}

#[tokio::test]
async fn names_what_is_malformed() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    let on = |date: &str| json!({ "date": date, "price": 1 });
    for (field, refusal, values) in [
        (
            "name",
            INVALID_NAME,
            vec![json!(""), json!(7), json!("a\nb")],
        ),
        (
            "queue_id",
            INVALID_QUEUE_ID,
            vec![
                json!("ab"),
                json!(""),
                json!(7),
                json!("main#number"),
                json!("registry"),
            ],
        ),
        (
            "shows",
            INVALID_SHOWS,
            vec![
                json!([]),
                json!({}),
                json!("2026-12-24"),
                json!([["2026-12-24", 1]]),
                json!([null]),
                json!([on("2026-12-24"), on("2026-12-25"), on("2026-12-24")]),
                json!(many_shows(201)),
            ],
        ),
        (
            "date",
            INVALID_DATE,
            vec![
                json!("2026-13-01"),
                json!("2026-2-1"),
                json!(20_261_224),
                json!("내일"),
            ],
        ),
        (
            "price",
            INVALID_PRICE,
            vec![
                json!(-1),
                json!(0.001),
                json!("50000"),
                json!(1_000_000_000_001_u64),
                json!([]),
            ],
        ),
        (
            "capacity",
            INVALID_CAPACITY,
            vec![json!(0), json!(100_001), json!(-1), json!(1.5), json!("50")],
        ),
        (
            "opens_at",
            INVALID_SALES_WINDOW,
            vec![
                json!(""),
                json!(7),
                json!("2026-12-01"),
                json!("2026-12-01T10:00:00"),
            ],
        ),
    ] {
        for value in values {
            let reply = with(&shop, &admin, field, value.clone()).await;
            assert_eq!(reply.status, 400, "{field} is {value}: {}", reply.body);
            reply.is(refusal);
        }
    }
    let body = "{\"name\":\"A\",\"shows\":[{\"date\":\"2026-12-24\",\"price\":1e400}]}";
    let call = shop.post("/v1/concerts").token(&admin.access_token);
    call.body(body).send().await.is(INVALID_PRICE);
    let never = json!([{
        "date": "2026-12-24", "price": 1,
        "opens_at": "2026-12-01T00:00:00Z", "closes_at": "2026-12-01T00:00:00Z",
    }]);
    with(&shop, &admin, "shows", never)
        .await
        .is(INVALID_SALES_WINDOW);
    assert!(shop.listed_names().await.is_empty());
}

/// Shows in the past are allowed.
#[tokio::test]
async fn date_in_the_past_is_listed_as_over() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    let body = json!({ "name": "Then", "shows": [{ "date": "1999-12-31", "price": 1 }] });
    let created = shop.create(&admin, &body).await.expect(201);
    assert!(shop.listed_names().await.is_empty());
    let all = shop.get("/v1/concerts?all=true").send().await.ok();
    assert_eq!(all["concerts"][0]["concert_id"], created["concert_id"]);
    let buyer = shop.buyer().await;
    let path = format!("/v1/concerts/{}/reservations", text(&created["concert_id"]));
    let wish = json!({ "date": "1999-12-31", "seat_number": 1 });
    let call = shop.post(&path).token(&buyer.token).json(&wish);
    call.send().await.refused(409, "SALE_CLOSED");
}

#[tokio::test]
async fn queue_of_its_own_has_to_exist_and_counts_the_shows() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    with(&shop, &admin, "queue_id", json!("nowhere"))
        .await
        .is(QUEUE_NOT_FOUND);
    let first = shop.add_queue("rock").await;
    let reply = with(&shop, &admin, "queue_id", json!("rock")).await;
    let second = text(&reply.expect(201)["concert_id"]);
    let mut expected = json!({});
    expected[&first]["2026-12-24"] = json!(50);
    expected[&second]["2026-12-24"] = json!(50);
    assert_eq!(shop.queue_shows("rock").await, expected);
    assert_eq!(
        shop.queue_shows("main").await,
        json!({}),
        "it sells everything"
    );

    let buyer = shop.join_for(&shop.guest().await, Some(&second)).await;
    assert_eq!(buyer.joined["queue_id"], "rock");
    let path = format!("/v1/concerts/{second}/reservations");
    let wish = json!({ "date": "2026-12-24", "seat_number": 1 });
    let call = |token: &str| shop.post(&path).json(&wish).send_as(token);
    call(&buyer.token).await.ok();
    let elsewhere = shop.buyer().await;
    call(&elsewhere.token).await.is(FORBIDDEN);
}

#[tokio::test]
async fn concerts_of_a_queue_have_200_shows_together_at_most() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    shop.add_queue("rock").await;
    let body = |count| json!({ "name": "A", "queue_id": "rock", "shows": many_shows(count) });
    for count in [200, 100] {
        let reply = shop.create(&admin, &body(count)).await;
        if count == 200 {
            reply.is(TOO_MANY_QUEUE_SHOWS);
        } else {
            reply.expect(201);
        }
    }
    shop.create(&admin, &body(100))
        .await
        .is(TOO_MANY_QUEUE_SHOWS);
    shop.create(&admin, &body(99)).await.expect(201);
    shop.create(&admin, &body(1)).await.is(TOO_MANY_QUEUE_SHOWS);
    assert_eq!(shop.listed_names().await, ["A", "A", "rock", "겨울 콘서트"]);
}

#[tokio::test]
async fn creates_200_shows() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    let body = json!({ "name": "A", "shows": many_shows(200) });
    let created = shop.create(&admin, &body).await.expect(201);
    assert_eq!(created["shows"].as_array().expect("shows").len(), 200);
    let id = text(&created["concert_id"]);
    assert_eq!(shop.concert(&id).await, created);
    assert_eq!(shop.listed_concerts().await[0]["shows"], 200);
}

#[tokio::test]
async fn refuses_all_but_administrators() {
    let shop = Shop::empty().await;
    let guest = shop.guest().await;
    shop.create(&guest, &winter()).await.is(FORBIDDEN);
    let call = shop.post("/v1/concerts").token(&guest.access_token);
    call.body("garbage").send().await.is(FORBIDDEN);
    assert!(shop.listed_names().await.is_empty());
}

impl Shop {
    /// Creates a concert with a key.
    async fn create_keyed(&self, admin: &Guest, key: &str, body: &Value) -> Reply {
        let call = self.post("/v1/concerts").token(&admin.access_token);
        call.key(key).json(body).send().await
    }

    /// How many entries the catalog has for a concert.
    async fn entries_of(&self, concert_id: &str) -> usize {
        let items = self.items("Catalog").await;
        items
            .iter()
            .filter(|item| item["group"] == concert_id)
            .count()
    }
}

#[tokio::test]
async fn creation_with_a_key_happens_once() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    let first = shop.create_keyed(&admin, "winter-1", &winter()).await;
    let first = first.expect(201);
    let same = json!({ "queue_id": "main", "name": " 겨울 콘서트", "shows": [
        { "date": "2026-12-24", "price": 50_000.00, "capacity": 50, "opens_at": null },
    ] });
    for body in [winter(), same] {
        let again = shop.create_keyed(&admin, "winter-1", &body).await;
        assert_eq!(again.expect(201), first);
    }
    assert_eq!(shop.listed_names().await, ["겨울 콘서트"]);
    let other = shop.create_keyed(&admin, "winter-2", &winter()).await;
    assert_ne!(other.expect(201)["concert_id"], first["concert_id"]);
    for _ in 0..2 {
        shop.create(&admin, &winter()).await.expect(201);
    }
    assert_eq!(
        shop.listed_names().await.len(),
        4,
        "without a key each is a new one"
    );

    // Later changes of the concert change nothing, and it is not created again after its deletion.
    let id = text(&first["concert_id"]);
    let dearer = json!({ "name": "봄", "shows": [{ "date": "2026-12-24", "price": 1 }] });
    shop.change(&admin, &id, &dearer).await.ok();
    let again = shop.create_keyed(&admin, "winter-1", &winter()).await;
    assert_eq!(again.expect(201), first);
    assert_eq!(shop.concert(&id).await["name"], "봄");
    shop.remove(&admin, &id).await.ok();
    let again = shop.create_keyed(&admin, "winter-1", &winter()).await;
    assert_eq!(again.expect(201), first);
    assert_eq!(shop.listed_names().await.len(), 3);
    shop.audit().await;
}

#[tokio::test]
async fn creation_with_a_key_is_of_one_concert() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    let changed = |field: &str, value: Value| {
        let mut body = winter();
        match field {
            "name" => body[field] = value,
            _ => body["shows"][0][field] = value,
        }
        body
    };
    let create = async |body: &Value| shop.create_keyed(&admin, "key", body).await;
    // A request that is refused for its body does not use up its key.
    create(&changed("price", json!(-1))).await.is(INVALID_PRICE);
    create(&winter()).await.expect(201);
    let second_show = json!({ "name": "겨울 콘서트", "shows": [
        { "date": "2026-12-24", "price": 50_000 }, { "date": "2026-12-25", "price": 50_000 },
    ] });
    for body in [
        changed("name", json!("봄 콘서트")),
        changed("price", json!(50_001)),
        changed("date", json!("2026-12-25")),
        changed("capacity", json!(51)),
        changed("opens_at", json!("2026-12-01T00:00:00Z")),
        changed("closes_at", json!("2026-12-01T00:00:00Z")),
        second_show,
    ] {
        create(&body).await.is(IDEMPOTENCY_KEY_REUSED);
    }
    assert_eq!(shop.listed_names().await, ["겨울 콘서트"]);
}

/// Each administrator has keys of their own, and keys have a form.
#[tokio::test]
async fn creation_with_another_administrators_key_is_another_one() {
    let shop = Shop::empty().await;
    let (admin, guest) = (shop.admin().await, shop.guest().await);
    let first = shop.create_keyed(&admin, "key", &winter()).await;
    let id = first.expect(201)["concert_id"].clone();
    shop.create_keyed(&guest, "key", &winter())
        .await
        .is(FORBIDDEN);
    let order = json!({ "user_id": guest.user_id });
    shop.invoke("make-admin", &order).await.ok();
    let log_in = json!({ "user_id": guest.user_id });
    let call = shop.post("/v1/auth/login").json(&log_in);
    let access_token = text(&call.send().await.ok()["token"]);
    let other = Guest {
        access_token,
        ..guest
    };
    let theirs = shop.create_keyed(&other, "key", &winter()).await;
    assert_ne!(theirs.expect(201)["concert_id"], id);
    for malformed in ["", " ", "a b", "키", &"x".repeat(65)] {
        let reply = shop.create_keyed(&admin, malformed, &winter()).await;
        reply.is(BAD_REQUEST);
    }
    assert_eq!(shop.listed_names().await.len(), 2);
}

#[tokio::test]
async fn creations_with_a_key_at_once_are_one() {
    crate::harness::in_virtual_time();
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    shop.add_queue("rock").await;
    let body = json!({ "name": "A", "queue_id": "rock", "shows": many_shows(150) });
    let creations = (0..6).map(|_| shop.create_keyed(&admin, "key", &body));
    let mut ids = std::collections::BTreeSet::new();
    for reply in join_all(creations).await {
        ids.insert(text(&reply.expect(201)["concert_id"]));
    }
    assert_eq!(ids.len(), 1);
    let id = ids.first().expect("one");
    assert_eq!(shop.listed_names().await, ["A", "rock"]);
    assert_eq!(shop.entries_of(id).await, 151);
    assert_eq!(
        shop.queue_shows("rock").await[id]
            .as_object()
            .map(serde_json::Map::len),
        Some(150)
    );
}

/// Wherever the function's process ends, the same request again does the rest, under the same id.
#[tokio::test]
async fn creation_that_was_cut_off_is_continued() {
    let body = json!({ "name": "A", "shows": many_shows(200) });
    for (operation, when, spared) in [
        ("PutItem", When::Before, 0),
        ("PutItem", When::After, 0),
        ("TransactWriteItems", When::Before, 0),
        ("TransactWriteItems", When::After, 0),
        ("TransactWriteItems", When::After, 1),
        ("TransactWriteItems", When::Before, 2),
        ("TransactWriteItems", When::After, 2),
    ] {
        let shop = Shop::open().await;
        let admin = shop.admin().await;
        let faults = shop.stack.faults();
        // This many of its writes succeed, slowly, before the one with which the process ends.
        faults.meet("create-concert", operation, Fault::Slow, spared);
        faults.meet("create-concert", operation, Fault::Killed(when), 1);
        let cut_off = shop.create_keyed(&admin, "key", &body).await;
        assert!(cut_off.is_the_gateways(), "{operation} {when:?} {spared}");

        let begun = (operation, when) != ("PutItem", When::Before);
        let other = json!({ "name": "B", "shows": many_shows(3) });
        if begun {
            let reply = shop.create_keyed(&admin, "key", &other).await;
            reply.is(IDEMPOTENCY_KEY_REUSED);
        }
        let created = shop.create_keyed(&admin, "key", &body).await.expect(201);
        let again = shop.create_keyed(&admin, "key", &body).await.expect(201);
        assert_eq!(created, again);
        let id = text(&created["concert_id"]);
        assert_eq!(shop.concert(&id).await, created);
        assert_eq!(shop.entries_of(&id).await, 201);
        assert_eq!(shop.listed_names().await, ["A", "겨울 콘서트"]);
        let items = shop.items("Catalog").await;
        let shows = items.iter().filter(|item| !item["capacity"].is_null());
        assert_eq!(shows.count(), 202, "nothing else is left behind");
    }
}
