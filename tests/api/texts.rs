//! Texts of concerts and details of shows.

use serde_json::{Value, json};
use shared::futures_util::future::join_all;

use crate::harness::{
    Guest, Reply, Shop,
    concerts::many_shows,
    refusal::{
        IDEMPOTENCY_KEY_REUSED, INVALID_AGE_LIMIT, INVALID_DESCRIPTION, INVALID_DOOR_TIMES,
        INVALID_VENUE,
    },
    text,
};

fn opera() -> Value {
    json!({
        "name": "오페라",
        "description": { "ko": "첫째 줄\n둘째 줄", "en": "<b>Two</b> acts" },
        "venue": { "ko": "올림픽홀" },
        "age_limit": 0,
        "shows": [
            { "date": "2027-03-01", "price": 1, "doors_at": "18:30", "starts_at": "19:30" },
            {
                "date": "2027-03-02T14:00",
                "price": 1,
                "doors_at": "14:00",
                "venue": { "ko": "소극장", "en": "Small Hall" },
            },
        ],
    })
}

impl Shop {
    async fn create_with_key(&self, admin: &Guest, key: &str, body: &Value) -> Reply {
        let call = self.post("/v1/concerts").token(&admin.access_token);
        call.key(key).json(body).send().await
    }

    /// The stored texts of a concert.
    async fn stored_texts(&self, concert_id: &str) -> Option<Value> {
        let group = format!("texts#{concert_id}");
        let mut items = self.items("Catalog").await.into_iter();
        items.find(|item| item["group"] == group)
    }
}

#[tokio::test]
async fn texts_are_shown_as_they_were_given() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    let created = shop.create(&admin, &opera()).await.expect(201);
    let id = text(&created["concert_id"]);
    let expected = json!({
        "concert_id": id,
        "name": "오페라",
        "queue_id": "main",
        "description": { "ko": "첫째 줄\n둘째 줄", "en": "<b>Two</b> acts" },
        "venue": { "ko": "올림픽홀" },
        "age_limit": 0,
        "version": 1,
        "shows": [
            {
                "date": "2027-03-01",
                "show": "2027-03-01",
                "price": 1,
                "capacity": 50,
                "doors_at": "18:30",
                "starts_at": "19:30",
            },
            {
                "date": "2027-03-02",
                "show": "2027-03-02T14:00",
                "price": 1,
                "capacity": 50,
                "doors_at": "14:00",
                "starts_at": "14:00",
                "venue": { "ko": "소극장", "en": "Small Hall" },
            },
        ],
    });
    assert_eq!(created, expected);
    assert_eq!(shop.concert(&id).await, expected);

    // Selling does not read them: they are apart from the concert.
    let items = shop.items("Catalog").await;
    let of_concert = items.iter().filter(|item| item["group"] == id);
    let of_concert = json!(of_concert.collect::<Vec<_>>()).to_string();
    assert!(!of_concert.contains("올림픽홀"), "{of_concert}");
    let stored = shop.stored_texts(&id).await.expect("texts");
    assert_eq!(stored["entry"], "texts");
    assert_eq!(stored["age_limit"], 0);
}

#[tokio::test]
async fn each_text_changes_by_itself_and_null_removes_it() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    let created = shop.create(&admin, &opera()).await.expect(201);
    let id = text(&created["concert_id"]);
    let mut expected = created.clone();
    let change = async |body: Value, expected: &Value| {
        let changed = shop.change(&admin, &id, &body).await.ok();
        let mut expected = expected.clone();
        expected["version"] = changed["version"].clone();
        assert_eq!(changed, expected, "{body}");
        assert_eq!(shop.concert(&id).await, expected, "{body}");
    };
    change(json!({ "description": {} }), &expected).await;
    expected["description"] = json!({ "ko": "새 글", "en": "<b>Two</b> acts" });
    change(json!({ "description": { "ko": " 새 글 " } }), &expected).await;
    expected["description"] = json!({ "ko": "새 글" });
    change(json!({ "description": { "en": null } }), &expected).await;
    expected["name"] = json!("Opera");
    change(json!({ "name": "Opera" }), &expected).await;
    let shows = expected["shows"].as_array_mut().expect("shows");
    shows[0]["doors_at"] = json!("17:00");
    shows[1]["venue"] = json!({ "en": "Small Hall" });
    let body = json!({ "shows": [
        { "date": "2027-03-01", "doors_at": "17:00" },
        { "date": "2027-03-02", "venue": { "ko": null } },
    ] });
    change(body, &expected).await;
    let shows = expected["shows"].as_array_mut().expect("shows");
    for (show, field) in [(0, "doors_at"), (0, "starts_at"), (1, "venue")] {
        shows[show].as_object_mut().expect("a show").remove(field);
    }
    let body = json!({ "shows": [
        { "date": "2027-03-01", "doors_at": null, "starts_at": null },
        // Its start is that of its key.
        { "date": "2027-03-02T14:00", "venue": null, "starts_at": null },
    ] });
    change(body, &expected).await;

    let all = expected.as_object_mut().expect("a concert");
    all.retain(|field, _| !["description", "venue", "age_limit"].contains(&field.as_str()));
    let body = json!({ "description": null, "venue": { "ko": null }, "age_limit": null });
    change(body, &expected).await;
    assert_eq!(shop.stored_texts(&id).await, None);
}

#[tokio::test]
async fn texts_are_checked() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    let created = shop.create(&admin, &opera()).await.expect(201);
    let id = text(&created["concert_id"]);
    let long = "가".repeat(2_001);
    for (field, value, refusal) in [
        ("description", json!("text"), INVALID_DESCRIPTION),
        ("description", json!({ "ko": "" }), INVALID_DESCRIPTION),
        ("description", json!({ "ko": 1 }), INVALID_DESCRIPTION),
        ("description", json!({ "ko": long }), INVALID_DESCRIPTION),
        (
            "description",
            json!({ "en": "a\u{7}" }),
            INVALID_DESCRIPTION,
        ),
        ("description", json!({ "jp": "a" }), INVALID_DESCRIPTION),
        ("venue", json!(["a"]), INVALID_VENUE),
        ("venue", json!({ "ko": "a\nb" }), INVALID_VENUE),
        ("venue", json!({ "en": "x".repeat(101) }), INVALID_VENUE),
        ("age_limit", json!(-1), INVALID_AGE_LIMIT),
        ("age_limit", json!(100), INVALID_AGE_LIMIT),
        ("age_limit", json!(7.5), INVALID_AGE_LIMIT),
        ("age_limit", json!("7"), INVALID_AGE_LIMIT),
    ] {
        let mut new = opera();
        new[field] = value.clone();
        shop.create(&admin, &new).await.is(refusal);
        let change = shop.change(&admin, &id, &json!({ field: value })).await;
        change.is(refusal);
    }
    for (date, field, value, refusal) in [
        ("2027-03-01", "venue", json!("hall"), INVALID_VENUE),
        ("2027-03-01", "doors_at", json!("19:31"), INVALID_DOOR_TIMES),
        (
            "2027-03-01",
            "starts_at",
            json!("18:29"),
            INVALID_DOOR_TIMES,
        ),
        ("2027-03-01", "doors_at", json!("7:00"), INVALID_DOOR_TIMES),
        ("2027-03-01", "doors_at", json!("24:00"), INVALID_DOOR_TIMES),
        ("2027-03-01", "doors_at", json!(18), INVALID_DOOR_TIMES),
        ("2027-03-02", "doors_at", json!("14:01"), INVALID_DOOR_TIMES),
        (
            "2027-03-02",
            "starts_at",
            json!("15:00"),
            INVALID_DOOR_TIMES,
        ),
    ] {
        let body = json!({ "shows": [{ "date": date, field: value }] });
        shop.change(&admin, &id, &body).await.is(refusal);
    }
    assert_eq!(shop.concert(&id).await, created);
    // What was read can be sent back.
    let same = json!({ "shows": [{ "date": "2027-03-02T14:00", "starts_at": "14:00" }] });
    assert_eq!(shop.change(&admin, &id, &same).await.ok(), created);
    let longest =
        json!({ "description": { "ko": "가".repeat(2_000), "en": "\u{1f3bb}".repeat(2_000) } });
    shop.change(&admin, &id, &longest).await.ok();
    assert_eq!(
        shop.concert(&id).await["description"],
        longest["description"]
    );
}

#[tokio::test]
async fn texts_are_deleted_with_the_concert() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    let created = shop.create(&admin, &opera()).await.expect(201);
    let id = text(&created["concert_id"]);
    shop.remove(&admin, &format!("{id}/dates/2027-03-01"))
        .await
        .ok();
    assert!(shop.stored_texts(&id).await.is_some());
    shop.remove(&admin, &format!("{id}/dates/2027-03-02"))
        .await
        .ok();
    assert_eq!(shop.stored_texts(&id).await, None);
}

/// Two administrators change different texts at the same time.
#[tokio::test]
async fn of_changes_at_once_none_is_lost() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    let created = shop.create(&admin, &opera()).await.expect(201);
    let id = text(&created["concert_id"]);
    let changes = [
        json!({ "description": { "ko": "하나" } }),
        json!({ "description": { "en": "two" } }),
        json!({ "venue": { "en": "three" } }),
        json!({ "age_limit": 4 }),
    ];
    let all = changes.iter().map(|body| shop.change(&admin, &id, body));
    for reply in join_all(all).await {
        reply.ok();
    }
    let concert = shop.concert(&id).await;
    assert_eq!(concert["description"], json!({ "ko": "하나", "en": "two" }));
    assert_eq!(concert["venue"], json!({ "ko": "올림픽홀", "en": "three" }));
    assert_eq!(concert["age_limit"], 4);
}

/// With the most shows, the texts are in the transaction that publishes the concert, and a change
/// of all shows leaves room for them.
#[tokio::test]
async fn concert_with_the_most_shows_has_texts() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    shop.put_queue(&admin, "rock", &json!({})).await.ok();
    shop.put_queue(&admin, "jazz", &json!({})).await.ok();
    let mut body = opera();
    body["shows"] = json!(many_shows(200));
    body["queue_id"] = json!("rock");
    let created = shop.create_with_key(&admin, "key", &body).await.expect(201);
    let id = text(&created["concert_id"]);
    assert_eq!(created["venue"], body["venue"]);
    assert_eq!(shop.concert(&id).await, created);
    let again = shop.create_with_key(&admin, "key", &body).await.expect(201);
    assert_eq!(again, created);
    let change = json!({ "name": "A", "queue_id": "jazz", "age_limit": 9 });
    let changed = shop.change(&admin, &id, &change).await.ok();
    assert_eq!(changed["age_limit"], 9);
    assert_eq!(shop.concert(&id).await, changed);
}

/// A key names one concert with its texts.
#[tokio::test]
async fn same_key_with_another_text_is_another_concert() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    shop.create_with_key(&admin, "key", &opera())
        .await
        .expect(201);
    let text_of = |field: &str, value: Value| {
        let mut other = opera();
        other[field] = value;
        other
    };
    let mut moved = opera();
    moved["shows"][1]["venue"] = Value::Null;
    moved["shows"][0]["venue"] = opera()["shows"][1]["venue"].clone();
    for other in [
        text_of("description", json!({ "ko": "다른 글" })),
        text_of("venue", Value::Null),
        text_of("age_limit", json!(1)),
        moved,
    ] {
        let reply = shop.create_with_key(&admin, "key", &other).await;
        reply.is(IDEMPOTENCY_KEY_REUSED);
    }
    shop.create_with_key(&admin, "key", &opera())
        .await
        .expect(201);
}
