//! `GET /v1/concerts/{concert_id}/seats?date=`.

use serde_json::{Value, json};
use shared::domain::show::Show;

use crate::harness::{
    Buyer, NOBODY, Reply, Shop,
    refusal::{
        BAD_REQUEST, CONCERT_NOT_FOUND, FORBIDDEN, INVALID_DATE, MISSING_DATE, SHOW_NOT_FOUND,
    },
    show,
};

impl Shop {
    async fn ask_for_seats(&self, buyer: &Buyer, concert_id: &str, query: &str) -> Reply {
        let path = format!("/v1/concerts/{concert_id}/seats{query}");
        self.get(&path).send_as(&buyer.token).await
    }
}

fn seat(seat_number: u32, status: &str) -> Value {
    json!({ "seat_number": seat_number, "is_reserved": status != "FREE", "status": status })
}

#[tokio::test]
async fn each_seat_has_its_status() {
    let shop = Shop::open().await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    shop.sell(1).await;
    shop.hold(&other, 2).await.ok();
    shop.hold(&buyer, 50).await.ok();
    let seats = shop
        .ask_for_seats(&buyer, &shop.concert_id, "?date=2026-12-24")
        .await
        .ok();
    let expected: Vec<_> = (1..=50)
        .map(|number| {
            seat(
                number,
                match number {
                    1 => "SOLD",
                    2 => "HELD",
                    50 => "MINE",
                    _ => "FREE",
                },
            )
        })
        .collect();
    assert_eq!(
        seats,
        json!({ "date": "2026-12-24", "show": "2026-12-24", "seats": expected })
    );
    let next_day = shop
        .ask_for_seats(&buyer, &shop.concert_id, "?date=2026-12-25")
        .await
        .ok();
    assert_eq!(next_day["seats"][49], seat(50, "FREE"), "another show");
}

#[tokio::test]
async fn message_says_when_others_have_all_seats() {
    let shop = Shop::open().await;
    let tiny = Show {
        capacity: 2,
        ..show("2027-01-01")
    };
    let id = shop.add_concert("Tiny", "main", &[tiny]).await;
    let (holder, other) = (shop.buyer().await, shop.buyer().await);
    let body = json!({ "date": "2027-01-01", "seat_numbers": [1, 2] });
    let path = format!("/v1/concerts/{id}/reservations");
    shop.post(&path)
        .json(&body)
        .send_as(&holder.token)
        .await
        .ok();

    let seen = shop
        .ask_for_seats(&other, &id, "?date=2027-01-01")
        .await
        .ok();
    assert_eq!(
        seen,
        json!({
            "date": "2027-01-01", "show": "2027-01-01",
            "message": "모든 좌석이 이미 예약되었습니다.",
            "seats": [seat(1, "HELD"), seat(2, "HELD")],
        })
    );
    let english = format!("/v1/concerts/{id}/seats?date=2027-01-01");
    let english = shop
        .get(&english)
        .token(&other.token)
        .english()
        .send()
        .await
        .ok();
    assert_eq!(english["message"], "All seats are already reserved.");
    let mine = shop
        .ask_for_seats(&holder, &id, "?date=2027-01-01")
        .await
        .ok();
    assert_eq!(mine.get("message"), None, "the holder has seats");
}

#[tokio::test]
async fn large_hall_comes_in_parts() {
    let shop = Shop::open().await;
    let large = Show {
        capacity: 1_200,
        ..show("2027-01-01")
    };
    let id = shop.add_concert("Large", "main", &[large]).await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    let path = format!("/v1/concerts/{id}/reservations");
    // On both sides of the border between two blocks, and the last seat.
    let body = json!({ "date": "2027-01-01", "seat_numbers": [500, 501, 1_200] });
    shop.post(&path)
        .json(&body)
        .send_as(&other.token)
        .await
        .ok();

    let ask = async |query: &str| {
        shop.ask_for_seats(&buyer, &id, &format!("?date=2027-01-01{query}"))
            .await
    };
    let bounds = |part: &Value| {
        let seats = part["seats"].as_array().expect("seats");
        let number = |seat: Option<&Value>| seat.expect("a seat")["seat_number"].clone();
        (
            number(seats.first()),
            number(seats.last()),
            part["next_from"].clone(),
        )
    };
    let part = ask("").await.ok();
    assert_eq!(bounds(&part), (json!(1), json!(500), json!(501)));
    assert_eq!(part["seats"][499], seat(500, "HELD"));
    let part = ask("&from=501").await.ok();
    assert_eq!(bounds(&part), (json!(501), json!(1_000), json!(1_001)));
    assert_eq!(part["seats"][0], seat(501, "HELD"));
    let part = ask("&from=1001").await.ok();
    assert_eq!(bounds(&part), (json!(1_001), json!(1_200), Value::Null));
    assert_eq!(part["seats"][199], seat(1_200, "HELD"));
    let part = ask("&from=400&to=600").await.ok();
    assert_eq!(bounds(&part), (json!(400), json!(600), json!(601)));
    let part = ask("&from=1200&to=9999").await.ok();
    assert_eq!(bounds(&part), (json!(1_200), json!(1_200), Value::Null));

    for bad in [
        "&from=0",
        "&from=-1",
        "&from=x",
        "&from=1201",
        "&from=10&to=9",
        "&from=1&to=501",
        "&to=x",
        "&from=1e3",
        "&from=18446744073709551615",
        "&from=99999999999999999999999",
        "&to=0",
    ] {
        ask(bad).await.is(BAD_REQUEST);
    }
}

#[tokio::test]
async fn requires_a_date() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let ask = async |query: &str| shop.ask_for_seats(&buyer, &shop.concert_id, query).await;
    ask("").await.is(MISSING_DATE);
    ask("?date=").await.is(MISSING_DATE);
    ask("?Date=2026-12-24").await.is(MISSING_DATE);
    for bad in [
        "2026-02-30",
        "2026-13-01",
        "20261224",
        "24-12-2026",
        "2026-12-24T00:00:00Z",
        "2026-1-1",
        "tomorrow",
        "%00",
        "2026-12-24%00",
        "-2026-12-24",
        "+002026-12-24",
        "2026-12-24,2026-12-25",
        "%EF%BC%92026-12-24",
    ] {
        ask(&format!("?date={bad}")).await.is(INVALID_DATE);
    }
    ask("?date=2026-12-26").await.is(SHOW_NOT_FOUND);
    ask("?date=0001-01-01").await.is(SHOW_NOT_FOUND);
    ask("?date=9999-12-31").await.is(SHOW_NOT_FOUND);
}

#[tokio::test]
async fn reports_a_malformed_date_before_unknown() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let nowhere = NOBODY;
    shop.ask_for_seats(&buyer, nowhere, "")
        .await
        .is(MISSING_DATE);
    shop.ask_for_seats(&buyer, nowhere, "?date=x")
        .await
        .is(INVALID_DATE);
    shop.ask_for_seats(&buyer, nowhere, "?date=2026-12-24")
        .await
        .is(SHOW_NOT_FOUND);
    shop.ask_for_seats(&buyer, "x", "?date=2026-12-24")
        .await
        .is(CONCERT_NOT_FOUND);
}

#[tokio::test]
async fn another_queues_show_is_forbidden() {
    let shop = Shop::open().await;
    let rock = shop.add_queue("rock").await;
    let buyer = shop.buyer().await;
    shop.ask_for_seats(&buyer, &rock, "?date=2026-12-24")
        .await
        .is(FORBIDDEN);
}

#[tokio::test]
async fn last_seats_of_the_largest_show_have_their_status() {
    let shop = Shop::open().await;
    let largest = Show {
        capacity: 100_000,
        ..show("2027-01-01")
    };
    let id = shop.add_concert("Largest", "main", &[largest]).await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    let body = json!({ "date": "2027-01-01", "seat_number": 100_000 });
    let path = format!("/v1/concerts/{id}/reservations");
    shop.post(&path)
        .json(&body)
        .send_as(&other.token)
        .await
        .ok();
    for range in ["from=99502", "from=100000", "from=99999&to=100001"] {
        let query = format!("?date=2027-01-01&{range}");
        let seen = shop.ask_for_seats(&buyer, &id, &query).await.ok();
        let last = seen["seats"].as_array().and_then(|seats| seats.last());
        assert_eq!(last, Some(&seat(100_000, "HELD")), "{range}");
    }
}
