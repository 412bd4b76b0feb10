//! Shows with a plan: prices by grade, and labels of seats.

use serde_json::{Value, json};

use crate::harness::{
    PRICE, Reply, Shop,
    halls::{HALL_DATE, small_hall},
    refusal::{
        AMOUNT_MISMATCH, BAD_REQUEST, INVALID_CAPACITY, INVALID_PLAN_ID, INVALID_PRICE,
        INVALID_PRICES, PLAN_NOT_FOUND,
    },
};

async fn shop() -> Shop {
    let prices = json!({ "VIP": 90_000, "R": 50_000 });
    Shop::in_hall(&small_hall().to_string(), prices).await.0
}

fn label(seat_number: u32, row: &str, seat: &str, grade: &str, price: u32) -> Value {
    let mut label = json!({
        "seat_number": seat_number,
        "section": "1층",
        "row": row,
        "seat": seat,
        "grade": grade,
        "price": price,
    });
    if seat_number == 4 {
        label["accessible"] = json!(true);
    }
    label
}

#[tokio::test]
async fn each_seat_costs_what_its_grade_costs_and_is_named_by_its_plan() {
    let shop = shop().await;
    let buyer = shop.buyer().await;
    let held = shop.hold_all(&buyer, &[4, 5]).await.ok();
    let seats = json!([
        label(4, "가", "4", "VIP", 90_000),
        label(5, "나", "11", "R", 50_000)
    ]);
    assert_eq!(held["seats"], seats);
    assert_eq!(held["seat_numbers"], json!([4, 5]));
    assert_eq!(held["payment"]["amount"], 140_000);

    let polled = shop.get_place(&buyer).await;
    let polled = &polled["reservation"];
    assert_eq!(polled["plan_id"], held["plan_id"]);
    assert_eq!(polled["seat_numbers"], json!([4, 5]));
    assert!(polled.get("seats").is_none(), "a poll reads no plan");

    shop.charge(&buyer, 140_000).await.ok();
    for wrong in [180_000, 100_000, 90_000] {
        let mut other = held.clone();
        other["payment"]["amount"] = json!(wrong);
        shop.pay(&buyer, &other).await.is(AMOUNT_MISMATCH);
    }
    let receipt = shop.pay(&buyer, &held).await.ok();
    assert_eq!(
        (&receipt["seats"], &receipt["plan_id"]),
        (&seats, &held["plan_id"])
    );
    assert_eq!(receipt["amount"], 140_000);
    let again = shop.pay(&buyer, &held).await.ok();
    assert_eq!(again, receipt);
    let path = shop.reservation(&receipt);
    let paid = shop.get(&path).send_as(&buyer.access_token).await.ok();
    assert_eq!(paid["seats"], seats);
    let path = format!("/v1/users/{}/payments", buyer.user_id);
    let payments = shop.get(&path).send_as(&buyer.access_token).await.ok();
    assert_eq!(payments["payments"][0]["seats"], seats);
}

#[tokio::test]
async fn hold_keeps_its_prices_and_its_labels_when_prices_change_and_the_show_is_deleted() {
    let shop = shop().await;
    let (admin, buyer, other) = (shop.admin().await, shop.buyer().await, shop.buyer().await);
    let held = shop.hold_all(&buyer, &[1, 6]).await.ok();
    let dearer = json!({ "VIP": 100_000, "R": 60_000 });
    let change = json!({ "shows": [{ "date": HALL_DATE, "prices": dearer }] });
    let changed = shop.change(&admin, &shop.concert_id, &change).await.ok();
    assert_eq!(changed["shows"][0]["prices"], dearer);
    assert_eq!(changed["shows"][0]["price"], 60_000);
    shop.advance(5).await;
    let later = shop.hold_all(&other, &[2, 5]).await.ok();
    assert_eq!(later["payment"]["amount"], 160_000);
    let receipt = shop.pay_in_full(&buyer, &held).await;
    assert_eq!(receipt["amount"], 140_000);
    assert_eq!(receipt["seats"], held["seats"]);
    shop.cancel(&buyer, &receipt).await.ok();
    shop.cancel(&other, &later).await.ok();
    shop.remove(&admin, &shop.concert_id).await.ok();
    let path = shop.reservation(&receipt);
    let refunded = shop.get(&path).send_as(&buyer.access_token).await.ok();
    assert_eq!(refunded["status"], "REFUNDED");
    assert_eq!(refunded["seats"], held["seats"]);
}

#[tokio::test]
async fn dates_say_what_is_left_of_each_grade() {
    let shop = shop().await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    shop.hold_all(&buyer, &[1, 2, 5]).await.ok();
    let path = format!("/v1/concerts/{}/dates", shop.concert_id);
    let dates = shop.get(&path).send_as(&other.token).await.ok();
    let date = &dates["dates"][0];
    assert_eq!(date["price"], 50_000);
    assert_eq!(
        (&date["capacity"], &date["seats_left"]),
        (&json!(6), &json!(3))
    );
    let grades = json!([
        { "grade": "VIP", "price": 90_000, "seats_left": 2 },
        { "grade": "R", "price": 50_000, "seats_left": 1 },
    ]);
    assert_eq!(date["grades"], grades);
    // As for all counts, a hold that has lapsed counts no more.
    shop.advance(303).await;
    let other = shop.buyer().await;
    let dates = shop.get(&path).send_as(&other.token).await.ok();
    assert_eq!(dates["dates"][0]["grades"][0]["seats_left"], 4);
}

#[tokio::test]
async fn seat_list_has_labels_or_one_letter_a_seat() {
    let shop = shop().await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    let held = shop.hold(&other, 2).await.ok();
    shop.pay_in_full(&other, &held).await;
    let third = shop.buyer().await;
    shop.hold(&third, 5).await.ok();
    shop.hold_all(&buyer, &[4]).await.ok();
    let list = async |query: &str| -> Reply {
        let path = format!(
            "/v1/concerts/{}/seats?date={HALL_DATE}{query}",
            shop.concert_id
        );
        shop.get(&path).send_as(&buyer.token).await
    };
    let long = list("").await.ok();
    let mut fourth = label(4, "가", "4", "VIP", 90_000);
    fourth["status"] = json!("MINE");
    fourth["is_reserved"] = json!(true);
    assert_eq!(long["seats"][3], fourth);
    let line = json!({
        "date": HALL_DATE,
        "show": HALL_DATE,
        "from": 1,
        "to": 6,
        "states": "FSFMHF",
    });
    assert_eq!(list("&form=line").await.ok(), line);
    let part = list("&form=line&from=2&to=3").await.ok();
    assert_eq!(
        (&part["states"], &part["next_from"]),
        (&json!("SF"), &json!(4))
    );
    for wrong in [
        "&form=x",
        "&form=line&from=7",
        "&form=line&from=3&to=2",
        "&form=",
    ] {
        let reply = list(wrong).await;
        match wrong {
            "&form=" => drop(reply.ok()),
            _ => reply.is(BAD_REQUEST),
        }
    }
}

#[tokio::test]
async fn line_of_a_large_hall_has_2000_seats() {
    let shop = Shop::empty().await;
    let large = shared::domain::show::Show {
        capacity: 4_500,
        ..crate::harness::show(HALL_DATE)
    };
    let id = shop.add_concert("큰 홀", "main", &[large]).await;
    let buyer = shop.buyer().await;
    let path = format!("/v1/concerts/{id}/seats?date={HALL_DATE}&form=line");
    let mut from = 1;
    for (seats, next) in [(2_000, Some(2_001)), (2_000, Some(4_001)), (500, None)] {
        let page = shop.get(&format!("{path}&from={from}"));
        let page = page.send_as(&buyer.token).await.ok();
        assert_eq!(page["states"], "F".repeat(seats));
        assert_eq!(page.get("next_from"), next.map(|next| json!(next)).as_ref());
        from = next.unwrap_or_default();
    }
    let too_many = shop.get(&format!("{path}&from=1&to=2001"));
    too_many.send_as(&buyer.token).await.is(BAD_REQUEST);
}

#[tokio::test]
async fn show_has_one_price_or_a_plan_with_a_price_for_each_grade() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    let plan = shop.add_plan(&admin, &small_hall().to_string()).await;
    let create = async |mut fields: Value| {
        fields["date"] = json!(HALL_DATE);
        let body = json!({ "name": "A", "shows": [fields] });
        shop.create(&admin, &body).await
    };
    let (vip, all) = (json!({ "VIP": 2 }), json!({ "VIP": 2, "R": 1 }));
    for fields in [
        json!({ "plan_id": plan, "prices": vip }),
        json!({ "plan_id": plan, "prices": { "VIP": 2, "R": 1, "S": 1 } }),
        json!({ "plan_id": plan, "prices": { "VIP": 2, "r": 1 } }),
        json!({ "plan_id": plan, "prices": [1, 2] }),
        json!({ "plan_id": plan, "prices": all, "price": 1 }),
        json!({ "price": 1, "prices": all }),
        json!({ "plan_id": plan, "prices": { "": 1 } }),
    ] {
        let what = fields.to_string();
        let reply = create(fields).await;
        assert_eq!(reply.status, 400, "{what}");
        reply.is(INVALID_PRICES);
    }
    create(json!({ "plan_id": plan, "prices": { "VIP": -1, "R": 1 } }))
        .await
        .is(INVALID_PRICE);
    create(json!({ "plan_id": "x", "prices": all }))
        .await
        .is(INVALID_PLAN_ID);
    let unknown = json!({ "plan_id": "AAAAAAAAAAAAAAAAAAAAAA", "prices": all });
    create(unknown).await.is(PLAN_NOT_FOUND);
    let seven = json!({ "plan_id": plan, "prices": all, "capacity": 7 });
    create(seven).await.is(INVALID_CAPACITY);
    create(json!({ "plan_id": plan, "price": 1 }))
        .await
        .is(INVALID_PRICES);

    let six = json!({ "plan_id": plan, "prices": all, "capacity": 6 });
    let created = create(six).await.expect(201);
    let made = &created["shows"][0];
    assert_eq!((&made["capacity"], &made["price"]), (&json!(6), &json!(1)));
    assert_eq!((&made["plan_id"], &made["prices"]), (&json!(plan), &all));

    // A show with a plan has prices by grade, also after a change (`capacity_changes`).
    let id = created["concert_id"].as_str().expect("an id");
    let change = async |id: &str, mut fields: Value| {
        fields["date"] = json!(HALL_DATE);
        shop.change(&admin, id, &json!({ "shows": [fields] })).await
    };
    change(id, json!({ "price": 1 })).await.is(INVALID_PRICES);
    change(id, json!({ "prices": vip }))
        .await
        .is(INVALID_PRICES);
    change(id, json!({ "plan_id": plan })).await.ok();
    let single = create(json!({ "price": PRICE })).await.expect(201);
    let single = single["concert_id"].as_str().expect("an id");
    change(single, json!({ "prices": all }))
        .await
        .is(INVALID_PRICES);
    change(single, json!({ "plan_id": plan }))
        .await
        .is(INVALID_PLAN_ID);
    let new = json!({ "shows": [{ "date": "2027-05-02", "plan_id": plan }] });
    shop.change(&admin, id, &new).await.is(INVALID_PLAN_ID);
    change(id, json!({ "plan_id": plan, "prices": all }))
        .await
        .ok();
}

#[tokio::test]
async fn seat_that_the_plan_does_not_have_cannot_be_held() {
    let shop = shop().await;
    let buyer = shop.buyer().await;
    let reply = shop.hold(&buyer, 7).await;
    reply.refused(400, "INVALID_SEAT_NUMBER");
}

/// What a show without a plan costs is stored as it always was, so that older code reads it. A show
/// with a plan has no `price`: older code cannot read it, and so cannot sell at a wrong price.
#[tokio::test]
async fn show_with_a_plan_is_unreadable_for_code_that_does_not_know_plans() {
    let shop = shop().await;
    let item = shop.take_item(
        "Catalog",
        json!({
            "group": shop.concert_id,
            "entry": format!("show#{HALL_DATE}"),
        }),
    );
    let item = item.await;
    assert!(item.get("price").is_none());
    assert!(item.get("prices").is_some() && item.get("plan_id").is_some());
    let single = Shop::open().await;
    let item = single.take_item(
        "Catalog",
        json!({
            "group": single.concert_id,
            "entry": format!("show#{}", single.dates[0]),
        }),
    );
    let item = item.await;
    assert!(item.get("price").is_some());
    for new in ["prices", "plan_id"] {
        assert!(item.get(new).is_none(), "{new}");
    }
}

/// Whoever counts a large concert counts its grades too, because the count is kept for all.
#[tokio::test]
async fn count_of_the_available_dates_is_one_of_grades_too() {
    let prices = json!({ "VIP": 4, "R": 3, "S": 2, "A": 1 });
    let (shop, _) = Shop::in_hall(crate::harness::halls::ARENA, prices).await;
    let buyer = shop.buyer().await;
    shop.hold_all(&buyer, &[1, 2]).await.ok();
    let path = format!(
        "/v1/concerts/available-dates?concert_id={}",
        shop.concert_id
    );
    let dates = shop.get(&path).send_as(&buyer.token).await.ok();
    assert_eq!(dates["available_dates"], json!([HALL_DATE]));
    let path = format!("/v1/concerts/{}/dates", shop.concert_id);
    let dates = shop.get(&path).send_as(&buyer.token).await.ok();
    let date = &dates["dates"][0];
    let left: u64 = date["grades"]
        .as_array()
        .expect("grades")
        .iter()
        .map(|grade| grade["seats_left"].as_u64().expect("a count"))
        .sum();
    assert_eq!(date["seats_left"], left);
    assert_eq!(left, 15_920);
}
