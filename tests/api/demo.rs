//! The demo data of `cargo local`.

use local::{Demo, Options, Stack, Time};
use serde_json::{Value, json};

use crate::harness::{NOON, PRICE, Shop, text};

/// A shop with the demo data, as `cargo local` makes it without options.
async fn demo() -> (Shop, Demo) {
    let stack = Stack::start(Options {
        time: Time::FrozenAt(NOON.parse().expect("a time")),
        demo_shows: Some(3),
        demo_hall: true,
        ..Options::default()
    });
    let stack = stack.await.expect("the stack starts");
    let demo = stack.demo().expect("the demo data").clone();
    (Shop::on(stack), demo)
}

/// The README buys in the concert that is listed last. That must be one with 50 seats at one price.
#[tokio::test]
async fn concert_in_the_hall_is_listed_before_the_others() {
    let (shop, demo) = demo().await;
    let listed = shop.listed_concerts().await;
    let ids: Vec<_> = listed
        .iter()
        .map(|listed| text(&listed["concert_id"]))
        .collect();
    let hall = demo.hall.expect("a hall").concert_id.to_string();
    assert_eq!(ids, [hall, demo.concerts[0].concert_id.to_string()]);
    let last = shop.concert(&ids[1]).await;
    for show in last["shows"].as_array().expect("shows") {
        assert_eq!(
            (&show["price"], &show["capacity"]),
            (&json!(PRICE), &json!(50))
        );
    }
    // A buyer that names no concert means this one.
    let buyer = shop.buyer().await;
    let dates = shop.get("/v1/concerts/available-dates");
    let dates = dates.send_as(&buyer.token).await.ok();
    assert_eq!(
        dates["available_dates"],
        json!(["2026-12-20", "2026-12-21", "2026-12-22"])
    );
}

#[tokio::test]
async fn hall_has_prices_by_grade_texts_and_two_shows_on_a_day() {
    let (shop, demo) = demo().await;
    let hall = demo.hall.expect("a hall");
    let concert = shop.concert(&hall.concert_id.to_string()).await;
    assert_eq!(concert["most_seats_a_person"], 4);
    assert_eq!(concert["age_limit"], 8);
    for field in ["description", "venue"] {
        for language in ["ko", "en"] {
            assert!(concert[field][language].is_string(), "{concert}");
        }
    }
    let shows = concert["shows"].as_array().expect("shows");
    let names: Vec<_> = shows.iter().map(|show| text(&show["show"])).collect();
    assert_eq!(names, ["2026-12-20T14:00", "2026-12-20T19:30"]);
    assert_eq!(names, hall.shows.map(|show| show.to_string()));
    for (show, doors_at) in shows.iter().zip(["13:30", "19:00"]) {
        assert_eq!(show["doors_at"], doors_at);
        assert_eq!(show["capacity"], hall.seats);
        let prices = json!({ "VIP": 150_000, "R": 110_000, "S": 80_000, "A": 50_000 });
        assert_eq!(show["prices"], prices);
    }
}

/// Programs read the first line, and people look for the page.
#[tokio::test]
async fn banner_begins_with_the_address_and_the_page() {
    let (shop, _) = demo().await;
    let url = shop.stack.url();
    let banner = local::banner(&shop.stack);
    let lines: Vec<_> = banner.lines().take(3).collect();
    let [first, second, third] = [
        format!("Onsale is listening on {url}"),
        String::new(),
        format!("  page       {url}/"),
    ];
    assert_eq!(lines, [first, second, third]);
}

/// As the banner and the README show it.
#[tokio::test]
async fn two_best_seats_of_the_hall_are_neighbours_of_the_best_grade() {
    let (mut shop, demo) = demo().await;
    let hall = demo.hall.expect("a hall");
    shop.concert_id = hall.concert_id.to_string();
    let guest = json!({ "user_id": demo.guest });
    let joined = shop.post("/v1/auth/tokens").json(&guest).send().await.ok();
    let body = json!({ "date": hall.shows[1], "best": { "count": 2 } });
    let call = shop.post(&shop.reservations()).json(&body);
    let held = call.send_as(&text(&joined["token"])).await.ok();
    let [one, other] = held["seats"].as_array().expect("seats").as_slice() else {
        panic!("{held}");
    };
    let seat = |seat: &Value| seat["seat_number"].as_u64().expect("a number");
    assert_eq!(seat(one) + 1, seat(other));
    assert_eq!(one["row"], other["row"]);
    for seat in [one, other] {
        assert_eq!(seat["grade"], "VIP");
        assert_eq!(seat["section"], "1층 B구역");
        assert_eq!(seat["price"], 150_000);
    }
    shop.audit().await;
}
