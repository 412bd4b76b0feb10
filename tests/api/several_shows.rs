//! Several shows on one day: their keys have a start, and a date alone names the only show of its
//! day.

use serde_json::{Value, json};
use shared::jiff::{SignedDuration, tz::TimeZone};

use crate::harness::{
    Buyer, PRICE, Reply, Shop,
    refusal::{INVALID_DATE, SALE_CLOSED, SEVERAL_SHOWS, SHOW_NOT_FOUND, SHOW_TIMES},
    show,
};

/// A day with a matinee and an evening, and a day with a matinee only.
const KEYS: [&str; 3] = ["2027-05-01T14:00", "2027-05-01T19:30", "2027-05-02T14:00"];

async fn shop() -> Shop {
    let mut shop = Shop::empty().await;
    let shows = KEYS.map(show);
    shop.concert_id = shop.add_concert("두 번", "main", &shows).await;
    shop
}

impl Shop {
    async fn hold_of(&self, buyer: &Buyer, date: &str, seat: u32) -> Reply {
        let call = self.post(&self.reservations()).token(&buyer.token);
        let body = json!({ "date": date, "seat_number": seat });
        call.json(&body).send().await
    }

    async fn paid(&self, buyer: &Buyer, held: &Value) -> Reply {
        self.charge(buyer, PRICE).await.ok();
        self.pay(buyer, held).await
    }

    async fn seat_status(&self, buyer: &Buyer, date: &str, seat: usize) -> Value {
        let path = format!("/v1/concerts/{}/seats?date={date}", self.concert_id);
        let seats = self.get(&path).send_as(&buyer.token).await.ok();
        seats["seats"][seat - 1]["status"].clone()
    }
}

fn is_several(reply: Reply) {
    assert_eq!(reply.body["shows"], json!(&KEYS[..2]));
    reply.is(SEVERAL_SHOWS);
}

#[tokio::test]
async fn each_show_of_a_day_has_its_own_seats() {
    let shop = shop().await;
    let (matinee, evening) = (shop.buyer().await, shop.buyer().await);
    let held = shop.hold_of(&matinee, KEYS[0], 7).await.ok();
    assert_eq!(
        (&held["date"], &held["show"]),
        (&json!("2027-05-01"), &json!(KEYS[0]))
    );
    assert_eq!(shop.seat_status(&evening, KEYS[0], 7).await, "HELD");
    assert_eq!(shop.seat_status(&evening, KEYS[1], 7).await, "FREE");
    let other = shop.hold_of(&evening, KEYS[1], 7).await.ok();
    assert_ne!(held["reservation_id"], other["reservation_id"]);

    let receipt = shop.paid(&matinee, &held).await.ok();
    assert_eq!(receipt["show"], KEYS[0]);
    assert_eq!(shop.seat_status(&evening, KEYS[0], 7).await, "SOLD");
    assert_eq!(shop.seat_status(&evening, KEYS[1], 7).await, "MINE");
    let path = shop.reservation(&receipt);
    let paid = shop.get(&path).send_as(&matinee.token).await.ok();
    assert_eq!(
        (&paid["date"], &paid["show"]),
        (&json!("2027-05-01"), &json!(KEYS[0]))
    );
    let path = format!("/v1/users/{}/payments", matinee.user_id);
    let payments = shop.get(&path).send_as(&matinee.access_token).await.ok();
    assert_eq!(payments["payments"][0]["show"], KEYS[0]);
}

#[tokio::test]
async fn date_alone_names_the_only_show_of_its_day() {
    let shop = shop().await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    let held = shop.hold_of(&buyer, "2027-05-02", 7).await.ok();
    assert_eq!(held["show"], KEYS[2]);
    for name in ["2027-05-02", KEYS[2]] {
        assert_eq!(shop.seat_status(&other, name, 7).await, "HELD", "{name}");
        let again = shop.hold_of(&buyer, name, 7).await.ok();
        assert_eq!(again["reservation_id"], held["reservation_id"], "{name}");
        let taken = shop.hold_of(&other, name, 7).await;
        assert_eq!(taken.body["code"], "SEAT_ALREADY_RESERVED", "{name}");
    }
    let admin = shop.admin().await;
    let path = format!("{}?date=2027-05-02&seat_number=7", shop.reservations());
    let found = shop.get(&path).send_as(&admin.access_token).await.ok();
    let found = &found["reservations"][0];
    assert_eq!(found["reservation_id"], held["reservation_id"]);
}

#[tokio::test]
async fn date_alone_of_a_day_with_several_shows_is_refused_with_their_keys() {
    let shop = shop().await;
    let (buyer, admin) = (shop.buyer().await, shop.admin().await);
    is_several(shop.hold_of(&buyer, "2027-05-01", 7).await);
    let concert = format!("/v1/concerts/{}", shop.concert_id);
    let path = format!("{concert}/seats?date=2027-05-01");
    is_several(shop.get(&path).send_as(&buyer.token).await);
    let path = format!("{}?date=2027-05-01&seat_number=7", shop.reservations());
    is_several(shop.get(&path).send_as(&admin.access_token).await);
    let day = format!("{}/dates/2027-05-01", shop.concert_id);
    is_several(shop.remove(&admin, &day).await);
    let dearer = json!({ "shows": [{ "date": "2027-05-01", "price": 1 }] });
    is_several(shop.change(&admin, &shop.concert_id, &dearer).await);
}

#[tokio::test]
async fn show_that_does_not_exist_is_not_found_with_or_without_a_start() {
    let shop = shop().await;
    let buyer = shop.buyer().await;
    for name in ["2027-05-03", "2027-05-01T15:00", "2027-05-02T14:01"] {
        shop.hold_of(&buyer, name, 7).await.is(SHOW_NOT_FOUND);
    }
    for name in [
        "2027-05-01T",
        "2027-05-01T1400",
        "2027-05-01T14:00:00",
        "2027-05-01T24:00",
    ] {
        shop.hold_of(&buyer, name, 7).await.is(INVALID_DATE);
    }
}

#[tokio::test]
async fn available_dates_are_the_shortest_names_that_work() {
    let shop = shop().await;
    let buyer = shop.buyer().await;
    let path = format!(
        "/v1/concerts/available-dates?concert_id={}",
        shop.concert_id
    );
    let dates = shop.get(&path).send_as(&buyer.token).await.ok();
    let dates = dates["available_dates"].clone();
    assert_eq!(dates, json!([KEYS[0], KEYS[1], "2027-05-02"]));
    for date in dates.as_array().expect("dates") {
        let date = date.as_str().expect("a date");
        assert_eq!(shop.seat_status(&buyer, date, 1).await, "FREE", "{date}");
    }
    let path = format!("/v1/concerts/{}/dates", shop.concert_id);
    let dates = shop.get(&path).send_as(&buyer.token).await.ok();
    let keys: Vec<_> = (0..3).map(|n| &dates["dates"][n]["show"]).collect();
    assert_eq!(keys, KEYS);
    assert_eq!(dates["dates"][1]["date"], "2027-05-01");
}

#[tokio::test]
async fn sale_of_a_show_ends_when_it_starts() {
    let mut shop = Shop::empty().await;
    // A key has whole minutes, so the show starts in one to two minutes.
    let in_two_minutes = shop.now() + SignedDuration::from_secs(120);
    let starts = in_two_minutes.to_zoned(TimeZone::get("Asia/Seoul").expect("bundled"));
    let key = starts.strftime("%Y-%m-%dT%H:%M").to_string();
    shop.concert_id = shop.add_concert("곧", "main", &[show(&key)]).await;
    let (early, late) = (shop.buyer().await, shop.buyer().await);
    shop.hold_of(&early, &key, 1).await.ok();
    shop.advance(120).await;
    shop.hold_of(&late, &key, 2).await.is(SALE_CLOSED);
}

#[tokio::test]
async fn day_does_not_mix_shows_with_and_without_a_start() {
    let shop = shop().await;
    let admin = shop.admin().await;
    let of = |dates: &[&str]| {
        let shows: Vec<_> = dates
            .iter()
            .map(|date| json!({ "date": date, "price": 1 }))
            .collect();
        json!({ "name": "섞음", "shows": shows })
    };
    for dates in [
        ["2027-05-01", "2027-05-01T14:00"],
        ["2027-05-01T14:00", "2027-05-01"],
    ] {
        shop.create(&admin, &of(&dates)).await.is(SHOW_TIMES);
    }
    let created = shop.create(&admin, &of(&KEYS)).await.expect(201);
    let shows = created["shows"].as_array().expect("shows");
    assert_eq!(
        shows.iter().map(|show| &show["show"]).collect::<Vec<_>>(),
        KEYS
    );
    // A date alone is the only show of that day, also in a change.
    let dearer = json!({ "shows": [{ "date": "2027-05-02", "price": 60_000 }] });
    let changed = shop.change(&admin, &shop.concert_id, &dearer).await.ok();
    assert_eq!(changed["shows"][2]["show"], KEYS[2]);
    assert_eq!(changed["shows"][2]["price"], 60_000);
    assert_eq!(changed["shows"].as_array().map(Vec::len), Some(3));
    let day = format!("{}/dates/2027-05-02", shop.concert_id);
    shop.remove(&admin, &day).await.ok();
    let evening = format!("{}/dates/{}", shop.concert_id, KEYS[1]);
    shop.remove(&admin, &evening).await.ok();
    let left = shop.concert(&shop.concert_id).await;
    assert_eq!(left["shows"].as_array().map(Vec::len), Some(1));
}
