//! Large halls: how much a function reads at once, how often seats are counted, and what happens
//! when the database does not answer in time.

use local::{Fault, When};
use serde_json::{Value, json};
use shared::{app::App, domain::show::Show, jiff::SignedDuration, store::at_once::MAX_AT_ONCE};

use crate::harness::{
    Buyer, Call, Shop,
    refusal::{BUSY, CONCERT_HAS_ORDERS},
    show,
};

/// A concert with the most shows and seats that the API accepts has forty thousand blocks.
const MAX_SHOWS: i64 = 200;
const MAX_SEATS: u32 = 100_000;

/// How many of its shows are counted at once.
const SHOWS_A_GO: usize = 3;

fn days(count: i64) -> Vec<String> {
    let new_year = shared::jiff::civil::date(2027, 1, 1);
    let day = |n: i64| new_year + SignedDuration::from_hours(24 * n);
    (0..count).map(|n| day(n).to_string()).collect()
}

impl Shop {
    /// Puts a concert with this many shows of this many seats on sale.
    async fn add_halls(&self, queue_id: &str, shows: i64, capacity: u32) -> String {
        let halls: Vec<_> = days(shows)
            .iter()
            .map(|date| Show {
                capacity,
                ..show(date)
            })
            .collect();
        self.add_concert("Hall", queue_id, &halls).await
    }

    /// A sold seat that nobody has bought.
    async fn plant_sold(&self, concert_id: &str, date: &str, seat: u32) -> Value {
        let block = format!("{concert_id}#{date}#{}", (seat - 1) / 500);
        let key = json!({ "block": block, "seat": seat });
        let mut item = key.clone();
        item["status"] = json!("SOLD");
        item["reservation_id"] = json!("0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5c");
        self.put_item("Seats", item).await;
        key
    }

    fn dates_of(&self, buyer: &Buyer, concert_id: &str) -> Call {
        let path = format!("/v1/concerts/{concert_id}/dates");
        self.get(&path).token(&buyer.token)
    }

    fn available_of(&self, buyer: &Buyer, concert_id: &str) -> Call {
        let path = format!("/v1/concerts/available-dates?concert_id={concert_id}");
        self.get(&path).token(&buyer.token)
    }

    /// Checks that a function has made as many calls at once as it may, and no more.
    #[track_caller]
    fn has_kept_the_bound(&self, function: &str) {
        let most = self.stack.most_in_flight(function);
        let bound = u64::try_from(MAX_AT_ONCE).expect("a small number");
        assert_eq!(most, bound, "{function}");
    }
}

fn seats_left(dates: &Value) -> Vec<Option<u64>> {
    let dates = dates["dates"].as_array().expect("dates").iter();
    dates.map(|date| date["seats_left"].as_u64()).collect()
}

#[tokio::test]
async fn largest_concert_is_counted_bit_by_bit_with_few_calls_at_once() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let id = shop.add_halls("main", MAX_SHOWS, MAX_SEATS).await;
    let all = days(MAX_SHOWS);
    for (day, seat) in [(0, 1), (0, MAX_SEATS), (4, 50_000), (199, 7)] {
        shop.plant_sold(&id, &all[day], seat).await;
    }
    let buyer = shop.buyer().await;
    shop.stack.forget_consumed();

    for look in 1..=2 {
        let seen = shop.dates_of(&buyer, &id).send().await.ok();
        let left = seats_left(&seen);
        assert_eq!(left.len(), 200);
        let counted: Vec<_> = left.iter().map_while(|left| *left).collect();
        let sold = [2, 0, 0, 0, 1, 0];
        let expected = sold.map(|sold| u64::from(MAX_SEATS) - sold);
        assert_eq!(counted, expected[..look * SHOWS_A_GO]);
        assert_eq!(left.iter().flatten().count(), counted.len());
        shop.advance(2).await;
    }
    shop.has_kept_the_bound("list-dates");

    // What is not counted yet counts as available, and what one instance has counted is known to
    // others.
    let available = shop.available_of(&buyer, &id).send().await.ok();
    assert_eq!(available["available_dates"], json!(all));
    shop.has_kept_the_bound("list-available-dates");
    let kept = shop.items("Queues").await;
    let key = json!(format!("{id}#taken"));
    let kept = kept.iter().find(|item| item["id"] == key).expect("counts");
    let counted = kept["shows"].as_object().map(serde_json::Map::len);
    assert_eq!(counted, Some(3 * SHOWS_A_GO));
    assert!(kept["counting_until"].is_null(), "nobody counts now");
}

#[tokio::test]
async fn largest_concert_is_deleted_unless_a_seat_is_sold() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let id = shop.add_halls("main", MAX_SHOWS, MAX_SEATS).await;
    let other = shop.add_halls("main", 2, MAX_SEATS).await;
    let days = days(MAX_SHOWS);
    shop.plant_sold(&other, &days[0], 1).await;
    // A seat of a date that was deleted does not count.
    shop.plant_sold(&id, "2028-01-01", 1).await;
    let sold = shop.plant_sold(&id, &days[199], MAX_SEATS).await;
    shop.remove(&admin, &id).await.is(CONCERT_HAS_ORDERS);
    shop.take_item("Seats", sold).await;
    shop.remove(&admin, &id).await.ok();

    // A smaller concert is searched block by block.
    shop.remove(&admin, &other).await.is(CONCERT_HAS_ORDERS);
    shop.stack.forget_consumed();
    let date = format!("{other}/dates/{}", days[1]);
    shop.remove(&admin, &date).await.ok();
    shop.has_kept_the_bound("delete-concert");
}

/// A queue that sells the largest concert counts only until it has found enough free seats.
#[tokio::test]
async fn largest_concert_does_not_stop_its_queue() {
    crate::harness::in_virtual_time();
    let shop = Shop::without_schedule(&[]).await;
    let admin = shop.admin().await;
    shop.put_queue(&admin, "rock", &json!({})).await.ok();
    let id = shop.add_halls("rock", MAX_SHOWS, MAX_SEATS).await;
    let guest = shop.guest().await;
    shop.join_for(&guest, Some(&id)).await;
    shop.stack.forget_consumed();
    let counted = async || {
        shop.advance(5).await;
        shop.invoke("admit", &json!({ "ticks": 1 })).await.ok();
        shop.queue("rock").await["seats_left"].as_u64()
    };
    // A very slow machine may need another try.
    let mut left = None;
    for _ in 0..5 {
        left = left.or(counted().await);
    }
    let left = left.expect("a count");
    assert!((1_000_000..1_050_000).contains(&left), "{left}");
    assert!(shop.stack.most_in_flight("admit") <= u64::try_from(MAX_AT_ONCE + 2).expect("few"));
}

/// What a new instance consumes that counts a hall, and how many seats are taken.
async fn look(app: &App, concert_id: &str) -> (Option<u32>, f64, f64) {
    let id = concert_id.parse().expect("an id");
    let now = app.now();
    let shows = app.cached_shows(id, now).await.expect("shows");
    let shows: Vec<_> = shows.iter().collect();
    let looked = app.taken_seats(&shows, now);
    let (taken, usage) = shared::store::usage::metered(looked).await;
    (
        taken.expect("an answer")[0].as_ref().map(|taken| taken.all),
        usage.read,
        usage.write,
    )
}

/// A thousand buyers ask for a hall of 50,000 seats, each through a new instance. Its hundred
/// blocks are read once within two seconds, and each request costs half a unit.
#[tokio::test]
async fn crowd_that_looks_reads_a_hall_once_in_two_seconds() {
    let shop = Shop::open().await;
    let id = shop.add_halls("main", 1, 50_000).await;
    shop.plant_sold(&id, "2027-01-01", 12_345).await;
    let (blocks, kept) = (100.0 * 0.5, 0.5);
    for second in 0..4 {
        for n in 0..25 {
            let instance = shop.stack.operator().await;
            let counts = second % 2 == 0 && n == 0;
            let price = if counts {
                (kept + blocks, 2.0)
            } else {
                (kept, 0.0)
            };
            let (taken, read, write) = look(&instance, &id).await;
            assert_eq!((read, write), price, "{second} {n}");
            assert_eq!(taken, Some(1));
            assert_eq!(look(&instance, &id).await, (Some(1), 0.0, 0.0));
        }
        shop.advance(1).await;
    }
}

/// The same hall with all seats sold: its hundred blocks cost 800 units every two seconds.
#[tokio::test]
async fn block_that_is_sold_costs_8_reads() {
    let shop = Shop::open().await;
    let id = shop.add_halls("main", 1, 50_000).await;
    for seat in 1..=500 {
        shop.plant_sold(&id, "2027-01-01", seat).await;
    }
    let instance = shop.stack.operator().await;
    let (taken, read, _) = look(&instance, &id).await;
    let (kept, others) = (0.5, 99.0 * 0.5);
    assert_eq!(taken, Some(500));
    let sold = read - kept - others;
    assert!((7.0..=8.0).contains(&sold), "{sold}");
}

/// Counting four blocks costs no more than reading who has counted them.
#[tokio::test]
async fn small_concert_is_counted_by_everybody() {
    let shop = Shop::open().await;
    let id = shop.add_halls("main", 1, 2_000).await;
    for _ in 0..2 {
        let instance = shop.stack.operator().await;
        assert_eq!(look(&instance, &id).await, (Some(0), 2.0, 0.0));
    }
}

/// The first request gets the count of a concert of up to 20,000 seats.
#[tokio::test]
async fn usual_concert_is_never_without_its_count() {
    let shop = Shop::open().await;
    let id = shop.add_halls("main", 2, 10_000).await;
    shop.plant_sold(&id, "2027-01-02", 1).await;
    let until = shop.now().as_millisecond() + 10_000;
    let counting = json!({ "id": format!("{id}#taken"), "counting_until": until });
    shop.put_item("Queues", counting).await;
    let buyer = shop.buyer().await;
    let seen = shop.dates_of(&buyer, &id).send().await.ok();
    assert_eq!(seats_left(&seen), [Some(10_000), Some(9_999)]);
}

/// The instance that counts is lost. Another one counts ten seconds later.
#[tokio::test]
async fn count_that_is_lost_is_made_by_another() {
    let shop = Shop::open().await;
    let id = shop.add_halls("main", 1, 50_000).await;
    let buyer = shop.buyer().await;
    shop.ask_for_dates(&buyer).send().await.ok();
    let ends = Fault::Killed(When::After);
    shop.stack
        .faults()
        .meet("list-dates", "UpdateItem", ends, 1);
    let call = shop.dates_of(&buyer, &id);
    assert!(call.send().await.is_the_gateways());
    let seen = async || seats_left(&shop.dates_of(&buyer, &id).send().await.ok());
    assert_eq!(seen().await, [None], "somebody is at it");
    let available = shop.available_of(&buyer, &id).send().await.ok();
    assert_eq!(available["available_dates"], json!(["2027-01-01"]));
    shop.advance(9).await;
    assert_eq!(seen().await, [None]);
    shop.advance(2).await;
    assert_eq!(seen().await, [Some(50_000)]);
}

#[tokio::test]
async fn database_that_does_not_keep_up_is_busy() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let id = shop.add_halls("main", 1, MAX_SEATS).await;
    let buyer = shop.buyer().await;
    shop.stack.faults().meet_naming("Seats", Fault::Throughput);
    shop.dates_of(&buyer, &id).send().await.is(BUSY);
    // After a count that failed, the database is left alone for ten seconds. Then the next instance
    // tries.
    shop.advance(10).await;
    shop.available_of(&buyer, &id).send().await.is(BUSY);
    shop.ask_for_dates(&buyer).send().await.is(BUSY);
    let seats = format!("/v1/concerts/{id}/seats?date=2027-01-01");
    shop.get(&seats).send_as(&buyer.token).await.is(BUSY);
    shop.remove(&admin, &id).await.is(BUSY);
    shop.remove(&admin, &shop.concert_id).await.is(BUSY);
    shop.concert(&id).await;
}

/// The answer is not one of DynamoDB.
#[tokio::test]
async fn database_that_does_not_answer_is_busy() {
    let shop = Shop::open().await;
    let id = shop.add_halls("main", 1, MAX_SEATS).await;
    let buyer = shop.buyer().await;
    shop.ask_for_dates(&buyer).send().await.ok();
    let seats = format!("/v1/concerts/{id}/seats?date=2027-01-01");
    let slow = Fault::TimedOut(When::Before);
    shop.stack.faults().meet("list-seats", "Query", slow, 9);
    let reply = shop.get(&seats).send_as(&buyer.token).await;
    assert_eq!(reply.header("retry-after"), "1");
    reply.is(BUSY);
}

/// However the id is written.
#[tokio::test]
async fn counts_are_of_one_concert() {
    let shop = Shop::open().await;
    let (one, other) = (
        shop.add_halls("main", 1, 50_000).await,
        shop.add_halls("main", 1, 50_000).await,
    );
    shop.plant_sold(&one, "2027-01-01", 1).await;
    let buyer = shop.buyer().await;
    let left = async |id: &str| seats_left(&shop.dates_of(&buyer, id).send().await.ok());
    assert_eq!(left(&one).await, [Some(49_999)]);
    assert_eq!(left(&other).await, [Some(50_000)]);
    assert_eq!(left(&one.to_uppercase()).await, [Some(49_999)]);
}
