//! The prices of concerts.

use serde_json::json;
use shared::domain::{
    ids::{ConcertId, QueueId},
    show::{Concert, Show},
    user::Name,
};

use super::warm_shop;
use crate::harness::{Shop, concerts::many_shows, show, text};

#[tokio::test]
async fn running_an_on_sale_costs_2_writes_an_item() {
    let shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    shop.add_queue("rock").await;
    shop.start(&[
        "create-concert",
        "update-concert",
        "delete-concert",
        "get-concert",
    ])
    .await;
    let door = 1.0;
    let shows = json!([{ "date": "2027-01-01", "price": 1 }, { "date": "2027-01-02", "price": 1 }]);
    let body = json!({ "name": "A", "shows": shows });
    let created = shop.create(&admin, &body).await.expect(201);
    let items = "two shows, the concert, the listing, the version, the record";
    assert_eq!(shop.price("create-concert"), (door, 12.0), "{items}");
    let body = json!({ "name": "B", "queue_id": "rock", "shows": shows });
    shop.create(&admin, &body).await.expect(201);
    let queue = "and the queue's shows; the queue and its shows are read; and a tick";
    let tick = |blocks: f64| 4.0 + blocks;
    let reads = door + 2.0 + tick(3.0);
    assert_eq!(shop.price("create-concert"), (reads, 15.0), "{queue}");

    let id = text(&created["concert_id"]);
    let change = async |body| {
        shop.change(&admin, &id, &body).await.ok();
        shop.price("update-concert")
    };
    let read = door + 2.0;
    let texts = "the concert and its texts are read";
    assert_eq!(change(json!({})).await, (read, 0.0), "{texts}, no change");
    let price = json!({ "shows": [{ "date": "2027-01-01", "price": 2 }] });
    let written = "show, concert, version, record";
    assert_eq!(change(price).await, (read, 8.0), "{written}");
    let name = json!({ "name": "C" });
    let shows = "two places, and the name in two shows";
    assert_eq!(change(name).await, (read, 14.0), "{shows}");
    let another = json!({ "shows": [{ "date": "2027-01-03", "price": 2 }] });
    assert_eq!(change(another).await, (read, 10.0), "and the listing");
    let queue = json!({ "queue_id": "rock" });
    let what = "the concert twice, its texts, the queue, its shows; and a tick";
    let reads = door + 4.5 + tick(6.0);
    assert_eq!(change(queue).await, (reads, 15.0), "{what}");

    shop.concert(&id).await;
    assert_eq!(shop.price("get-concert"), (0.5 + 0.5, 0.0));
    let known = shop.get(&format!("/v1/concerts/{id}"));
    let known = known.header("if-none-match", "*").send().await;
    assert_eq!(known.status, 304);
    assert_eq!(shop.price("get-concert"), (0.5 + 0.5, 0.0));
    shop.remove(&admin, &format!("{id}/dates/2027-01-03"))
        .await
        .ok();
    let what = "the concert twice, its texts, the seats, the queue's shows; and a tick";
    let reads = door + 4.5 + tick(5.0);
    assert_eq!(shop.price("delete-concert"), (reads, 13.0), "{what}");
    shop.remove(&admin, &id).await.ok();
    let reads = door + 5.5 + tick(3.0);
    let writes = "and there is credit for seats that are gone";
    assert_eq!(
        shop.price("delete-concert"),
        (reads, 17.0),
        "{what}, {writes}"
    );
}

/// Seats that go or change are looked for: only in the blocks that have some. A plan is read in full,
/// and so is the one before.
#[tokio::test]
async fn fewer_seats_and_other_plans_cost_the_blocks_with_changed_seats() {
    let shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    shop.start(&["create-concert", "update-concert"]).await;
    let minute_ago = shop.in_seconds(-60);
    let large =
        json!({ "date": "2027-01-01", "price": 1, "capacity": 2_600, "closes_at": minute_ago });
    let body = json!({ "name": "A", "shows": [large] });
    let created = shop.create(&admin, &body).await.expect(201);
    let id = text(&created["concert_id"]);
    shop.start(&[]).await;
    let change = async |mut show: serde_json::Value| {
        show["date"] = json!("2027-01-01");
        let body = json!({ "shows": [show] });
        shop.change(&admin, &id, &body).await.ok();
        shop.price("update-concert")
    };
    // The door, the concert and its texts are read. The show, the concert, the listing, the version and
    // the record are written.
    let (read, written) = (1.0 + 2.0, 10.0);
    assert_eq!(change(json!({ "capacity": 3_000 })).await, (read, written));
    let blocks = "of six blocks, the last four have seats that go";
    assert_eq!(
        change(json!({ "capacity": 1_001 })).await,
        (read + 4.0, written),
        "{blocks}"
    );
    let same = change(json!({ "capacity": 1_001 })).await;
    assert_eq!(same, (read, 0.0), "no change");

    let rows = |second: &str| {
        let row = |label: &str, seats: &str| json!({ "label": label, "seats": seats });
        json!({ "name": "A", "grades": ["R"], "sections": [{
            "name": "A", "grade": "R", "rows": [row("1", "1-1000"), row("2", second)],
        }] })
    };
    let (first, label, more) = (
        shop.add_plan(&admin, &rows("1-500").to_string()).await,
        shop.add_plan(&admin, &rows("1-400 9999 402-500").to_string())
            .await,
        shop.add_plan(&admin, &rows("1-400 9999 402-600").to_string())
            .await,
    );
    shop.start(&[]).await;
    let new = 0.5;
    let planned = json!({ "plan_id": first, "prices": { "R": 1 } });
    let all = "a new plan, and all three blocks of the show";
    assert_eq!(change(planned).await, (read + new + 3.0, written), "{all}");
    let both = 2.0;
    let one =
        "both plans, and the one block with the seat of another label; no line of the listing";
    let of_label = change(json!({ "plan_id": label })).await;
    assert_eq!(of_label, (read + new + both + 1.0, written - 2.0), "{one}");
    let of_more = change(json!({ "plan_id": more })).await;
    let none = "both plans and no block: all seats stay as they are";
    assert_eq!(of_more, (read + new + both, written), "{none}");
}

#[tokio::test]
async fn texts_cost_2_writes_a_kb_when_they_change() {
    let shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    shop.start(&[
        "create-concert",
        "update-concert",
        "delete-concert",
        "get-concert",
    ])
    .await;
    let (door, items) = (1.0, 10.0);
    let short = json!({
        "name": "A",
        "venue": { "ko": "올림픽홀", "en": "Olympic Hall" },
        "age_limit": 8,
        "shows": [{ "date": "2027-01-01", "price": 1, "doors_at": "18:30" }],
    });
    let created = shop.create(&admin, &short).await.expect(201);
    let one = "a show, the concert, the listing, the version, the record; and the texts";
    assert_eq!(shop.price("create-concert"), (door, items + 2.0), "{one}");
    let id = text(&created["concert_id"]);
    let change = async |body| {
        shop.change(&admin, &id, &body).await.ok();
        shop.price("update-concert")
    };
    // 2,000 Korean characters have 6,000 bytes. The record has the first 300 of them.
    let long = json!({ "description": { "ko": "가".repeat(2_000) } });
    let (concert, texts, version) = (2.0, 2.0 * 6.0, 2.0);
    let record = 4.0;
    let written = concert + texts + version + record;
    assert_eq!(change(long.clone()).await, (door + 2.0, written));
    let (concert, texts) = (1.0, 2.0);
    assert_eq!(
        change(long).await,
        (door + concert + texts, 0.0),
        "the same"
    );
    let name = json!({ "name": "B" });
    let (lines, its_show) = (4.0, 2.0);
    let written = 2.0 + 2.0 + lines + its_show + 2.0;
    let read = door + concert + texts;
    assert_eq!(change(name).await, (read, written), "the texts stay");

    shop.concert(&id).await;
    assert_eq!(shop.price("get-concert"), (0.5 + 1.0, 0.0));
    // The seats, and what a hold needs, are read as ever.
    let buyer = shop.buyer().await;
    shop.start(&["hold-seats"]).await;
    let path = format!("/v1/concerts/{id}/reservations");
    let wish = json!({ "date": "2027-01-01", "seat_number": 1 });
    let call = shop.post(&path).json(&wish);
    let held = call.send_as(&buyer.token).await.ok();
    assert_eq!(shop.price("hold-seats"), (1.0 + 0.5 + 0.5, 4.0));
    let held = format!("{path}/{}", text(&held["reservation_id"]));
    shop.delete(&held).send_as(&buyer.token).await.ok();

    shop.stack.forget_consumed();
    shop.remove(&admin, &id).await.ok();
    let (found, concert, seats) = (0.5, 1.0, 1.0);
    let read = door + found + concert + texts + seats;
    let written = items + 2.0 * 6.0;
    assert_eq!(shop.price("delete-concert"), (read, written));
}

#[tokio::test]
async fn creation_with_a_key_costs_3_writes_more() {
    let shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    shop.start(&["create-concert"]).await;
    let create = async |key: &str, shows: i64| {
        let body = json!({ "name": "A", "shows": many_shows(shows) });
        let call = shop.post("/v1/concerts").token(&admin.access_token);
        let call = call.key(key).json(&body);
        call.send().await.expect(201);
        shop.price("create-concert")
    };
    let door = 1.0;
    let items = 12.0;
    assert_eq!(create("one", 2).await, (door, items + 3.0));
    assert_eq!(
        create("one", 2).await,
        (door, 0.0),
        "a refused write says nothing"
    );
    let (items, batches) = (2.0 * (200.0 + 4.0), 2.0);
    let due = (door, items + 3.0 + 2.0 * batches);
    assert_eq!(create("many", 200).await, due);
}

#[tokio::test]
async fn putting_a_listing_in_order_costs_4_writes_an_entry() {
    let shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    let wide = "\u{ff37}inter";
    let id = shop.add_concert(wide, "main", &[show("2026-12-31")]).await;
    shop.list_as_before(wide, &id).await;
    shop.start(&["update-concert", "list-concerts"]).await;
    let (version, list) = (1.0, 1.0);
    shop.get("/v1/concerts?name=winter").send().await.ok();
    assert_eq!(shop.price("list-concerts"), (version + list, 0.0));
    let change = async |name: &str| {
        shop.change(&admin, &id, &json!({ "name": name }))
            .await
            .ok();
        shop.price("update-concert")
    };
    // The concert, its show, the version, two lines of the listing and the record.
    let (read, change_of_a_name) = (3.0, 12.0);
    let first = change("A").await;
    let (again, fold) = (2.0, (1.0, 1.0 + 4.0));
    assert_eq!(first, (read + again + fold.0, change_of_a_name + fold.1));
    assert_eq!(change("B").await, (read, change_of_a_name));
}

/// A page costs what it looks at, however many concerts there are.
#[tokio::test]
async fn page_of_concerts_costs_the_same_with_100_and_2000() {
    let mut prices = Vec::new();
    for (count, date) in [
        (100, "2026-12-31"),
        (2_000, "2026-12-31"),
        (2_000, "2026-11-19"),
    ] {
        let shop = Shop::empty().await;
        let operator = shop.stack.operator().await;
        shop.stack.app("list-concerts").await;
        for n in 0..count {
            let concert = Concert {
                concert_id: ConcertId::new(),
                name: Name::parse(&format!("Concert {n:04}")).expect("a name"),
                queue_id: QueueId::main(),
                most_seats_a_person: None,
                left: Vec::new(),
            };
            let shows = [Show {
                concert_id: concert.concert_id,
                ..show(date)
            }];
            let created = operator.store().create_concert(&concert, &shows).await;
            created.expect("a new concert");
        }
        shop.stack.forget_consumed();
        let mut of_list = Vec::new();
        for query in [
            "",
            "",
            "?all=1",
            "?name=concert%2000",
            "?name=concert%200099",
        ] {
            let path = format!("/v1/concerts{query}");
            shop.get(&path).send().await.ok();
            of_list.push(shop.price("list-concerts"));
        }
        prices.push(of_list);
    }
    assert_eq!(prices[0], prices[1]);
    assert_eq!(prices[1], prices[2], "most are over");
    let version = 1.0;
    let first = (version + 5.0, 0.0);
    let remembered = (version, 0.0);
    let all = (version + 1.0, 0.0);
    let one = (version + 1.0, 0.0);
    assert_eq!(prices[0], [first, remembered, all, first, one]);
}
