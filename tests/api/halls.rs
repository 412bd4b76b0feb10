//! Large halls: what a request reads at once, how often seats are counted, and what happens when
//! the database does not keep up.

use local::Failure;
use serde_json::{Value, json};
use shared::{
    domain::{
        ids::{ConcertId, QueueId, ShowDate},
        order::Hold,
        seat::{SeatNumber, SeatSet},
        show::{Concert, Show},
        user::Name,
    },
    futures_util::future::join_all,
    jiff::SignedDuration,
    store::at_once::MOST_AT_ONCE,
};

use crate::harness::{Buyer, Call, Shop, refusal::BUSY, refusal::CONCERT_HAS_ORDERS, show, text};

/// A concert with as many shows and seats as the API accepts: forty thousand blocks.
const SHOWS: i64 = 200;
const SEATS: u32 = 100_000;

fn dates(shows: i64) -> Vec<String> {
    let new_year = shared::jiff::civil::date(2027, 1, 1);
    let day = |n: i64| new_year + SignedDuration::from_hours(24 * n);
    (0..shows).map(|n| day(n).to_string()).collect()
}

impl Shop {
    /// Puts a concert of so many shows of so many seats on sale.
    async fn add_halls(&self, queue_id: &str, shows: i64, capacity: u32) -> String {
        let halls: Vec<_> = dates(shows)
            .iter()
            .map(|date| Show {
                capacity,
                ..show(date)
            })
            .collect();
        if shows <= 90 {
            return self.add_concert("Hall", queue_id, &halls).await;
        }
        let admin = self.admin().await;
        let shows: Vec<_> = halls
            .iter()
            .map(|hall| json!({ "date": hall.date, "price": 1_000, "capacity": capacity }))
            .collect();
        let body = json!({ "name": "Hall", "queue_id": queue_id, "shows": shows });
        let created = self.create(&admin, &body).await.expect(201);
        text(&created["concert_id"])
    }

    /// Takes seats without a buyer: as many items as it takes to see what is counted.
    async fn plant_sold(&self, concert_id: &str, date: &str, seat: u32) {
        let block = format!("{concert_id}#{date}#{}", (seat - 1) / 500);
        let item = json!({
            "block": block,
            "seat": seat,
            "status": "SOLD",
            "reservation_id": "0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5c",
        });
        self.plant("Seats", item).await;
    }

    fn dates_of(&self, buyer: &Buyer, concert_id: &str) -> Call {
        let path = format!("/v1/concerts/{concert_id}/dates");
        self.get(&path).token(&buyer.token)
    }

    fn available_of(&self, buyer: &Buyer, concert_id: &str) -> Call {
        let path = format!("/v1/concerts/available-dates?concert_id={concert_id}");
        self.get(&path).token(&buyer.token)
    }

    #[track_caller]
    fn read_at_once(&self, function: &str) {
        let most = self.stack.most_in_flight(function);
        let bound = u64::try_from(MOST_AT_ONCE).expect("a small number");
        assert_eq!(most, bound, "{function} reads so much at once");
    }
}

fn left(dates: &Value, n: usize) -> Option<u64> {
    dates["dates"][n]["seats_left"].as_u64()
}

/// Two hundred shows of a hundred thousand seats, with seats sold here and there.
#[tokio::test]
async fn largest_concert_is_answered_with_few_calls_at_once() {
    let shop = Shop::open().await;
    let id = shop.add_halls("main", SHOWS, SEATS).await;
    let all = dates(SHOWS);
    for (date, seat) in [(0, 1), (0, SEATS), (7, 50_000), (199, SEATS)] {
        shop.plant_sold(&id, &all[date], seat).await;
    }
    let buyer = shop.buyer().await;
    shop.stack.forget_consumed();

    // It is counted bit by bit: whoever looks finds more of it counted.
    let mut looks = 0;
    let seen = loop {
        let seen = shop.dates_of(&buyer, &id).send().await.ok();
        assert_eq!(seen["dates"].as_array().map(Vec::len), Some(200));
        let counted = (0..200).filter(|n| left(&seen, *n).is_some()).count();
        looks += 1;
        assert_eq!(counted, looks * 10, "two thousand blocks");
        if counted == 200 {
            break seen;
        }
        shop.advance(2).await;
    };
    let full = u64::from(SEATS);
    for (date, sold) in [(0, 2), (1, 0), (7, 1), (198, 0), (199, 1)] {
        assert_eq!(left(&seen, date), Some(full - sold), "{date}");
    }
    shop.read_at_once("list-dates");
    let blocks = SHOWS * i64::from(SEATS) / 500;
    let price = shop.stack.consumed().by("list-dates").read;
    assert!(price >= 20_000.0, "each of {blocks} blocks was read");
    assert!(price < 20_200.0, "and none of them twice: {price}");

    shop.stack.forget_consumed();
    let available = shop.available_of(&buyer, &id).send().await.ok();
    assert_eq!(available["available_dates"], json!(all));
    let price = shop.stack.consumed().by("list-available-dates");
    assert!(price.read < 20.0, "counted by the others: {price:?}");

    // The last seat of the last show stops a deletion.
    let admin = shop.admin().await;
    shop.remove(&admin, &id).await.is(CONCERT_HAS_ORDERS);
    shop.read_at_once("delete-concert");
}
