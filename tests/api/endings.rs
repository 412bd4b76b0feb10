//! Where a line ends: nothing is sold any more, or an operator has closed the queue. The end is
//! final. Newcomers can join when there is something to sell again.

use serde_json::{Value, json};
use shared::{
    domain::changes::LastChange,
    jiff::{SignedDuration, Timestamp},
};

use crate::harness::{
    Buyer, Guest, PRICE, Reply, Shop,
    refusal::{LINE_NOT_EMPTY, QUEUE_CLOSED, SALE_OVER, SOLD_OUT},
    show, show_sold,
    tokens::claims,
};

/// A shop whose concert has a queue of its own, `rock`, and an operator.
struct Hall {
    shop: Shop,
    admin: Guest,
}

impl Hall {
    /// A hall with these shows: date, capacity, and in how many seconds the sale opens and closes.
    async fn with(shows: &[(&str, u32, Option<i64>, Option<i64>)]) -> Self {
        let mut shop = Shop::open().await;
        let admin = shop.admin().await;
        shop.put_queue(&admin, "rock", &json!({})).await.ok();
        let shows: Vec<_> = shows
            .iter()
            .map(|(date, capacity, opens_in, closes_in)| {
                let at = |seconds: &i64| shop.now() + SignedDuration::from_secs(*seconds);
                let (opens_at, closes_at) = (opens_in.as_ref().map(at), closes_in.as_ref().map(at));
                let sold = show_sold(date, opens_at, closes_at);
                shared::domain::show::Show {
                    capacity: *capacity,
                    ..sold
                }
            })
            .collect();
        shop.concert_id = shop.add_concert("록 콘서트", "rock", &shows).await;
        Self { shop, admin }
    }

    async fn ask_for_a_place(&self) -> Reply {
        self.shop.ask_for_a_place().await.send().await
    }

    async fn set(&self, settings: Value) {
        self.shop
            .put_queue(&self.admin, "rock", &settings)
            .await
            .ok();
    }

    async fn change(&self, change: Value) -> Reply {
        let path = format!("/v1/concerts/{}", self.shop.concert_id);
        let call = self.shop.patch(&path).token(&self.admin.access_token);
        call.json(&change).send().await
    }

    async fn document(&self) -> Value {
        self.shop.queue("rock").await
    }

    fn time(&self, seconds: i64) -> Timestamp {
        self.shop.now() + SignedDuration::from_secs(seconds)
    }
}

/// The number that a buyer has drawn.
fn number(buyer: &Buyer) -> Value {
    claims(&buyer.token)["number"].clone()
}

const OVER: &str = "CLOSED SALE_OVER";
const FIRST: &str = "2026-12-24";
const SECOND: &str = "2026-12-25";

#[tokio::test]
async fn line_ends_when_the_last_sale_closes() {
    let hall = Hall::with(&[(FIRST, 50, None, Some(60)), (SECOND, 50, None, Some(120))]).await;
    hall.set(json!({ "max_active": 1 })).await;
    let fans = hall.shop.fans(3).await;
    let buyer = &fans[0];
    hall.shop.advance(90).await;
    assert_eq!(hall.document().await["state"], "OPEN", "one is still sold");
    let held = json!({ "date": SECOND, "seat_number": 1 });
    let held = hall.shop.post(&hall.shop.reservations()).json(&held);
    let held = held.send_as(&buyer.token).await.ok();
    hall.shop.advance(40).await;

    assert_eq!(hall.shop.statuses(&fans[1..]).await, [OVER, OVER]);
    let document = hall.document().await;
    assert_eq!(document["state"], "SALE_OVER");
    let last = number(&fans[2]);
    assert_eq!(
        document["closures"],
        json!([{ "after": 0, "through": last, "reason": "SALE_OVER" }])
    );
    assert_eq!(document["closed_through"], last);
    hall.ask_for_a_place().await.is(SALE_OVER);
    // A buyer who holds a seat may still pay for it.
    hall.shop.charge(buyer, PRICE).await.ok();
    hall.shop.pay(buyer, &held).await.ok();
    hall.shop.audit().await;
}

/// The first join after the end finds it, although the line has not been ticked for long.
#[tokio::test]
async fn newcomer_is_refused_at_once_when_the_sale_is_over() {
    let hall = Hall::with(&[(FIRST, 50, None, Some(3_600))]).await;
    hall.shop.advance(3_590).await;
    let in_time = hall.shop.fan().await;
    hall.shop.advance(5).await;
    assert_eq!(hall.shop.status(&in_time).await, "ACTIVE");
    hall.shop.advance(5).await;
    hall.ask_for_a_place().await.is(SALE_OVER);
    assert_eq!(hall.shop.status(&in_time).await, OVER);
}

#[tokio::test]
async fn line_ends_with_the_day_of_its_last_show() {
    let hall = Hall::with(&[("2026-11-20", 50, None, None)]).await;
    hall.set(json!({ "max_active": 1 })).await;
    let fans = hall.shop.fans(2).await;
    // It is noon in Seoul.
    hall.shop.advance(12 * 3_600 - 10).await;
    assert_ne!(hall.shop.status(&fans[1]).await, OVER);
    let late = hall.shop.fan().await;
    hall.shop.advance(20).await;
    assert_eq!(hall.shop.status(&late).await, OVER);
}

#[tokio::test]
async fn line_ends_when_the_concert_is_deleted() {
    let hall = Hall::with(&[(FIRST, 50, None, None)]).await;
    hall.set(json!({ "max_active": 1 })).await;
    let fans = hall.shop.fans(3).await;
    let path = format!("/v1/concerts/{}", hall.shop.concert_id);
    let delete = hall.shop.delete(&path).token(&hall.admin.access_token);
    delete.send().await.ok();
    hall.shop.advance(2).await;
    assert_eq!(hall.shop.statuses(&fans).await, [OVER, OVER, OVER]);
    hall.ask_for_a_place().await.is(SALE_OVER);
    hall.shop.audit().await;
}

#[tokio::test]
async fn line_takes_newcomers_when_something_is_on_sale_again() {
    let hall = Hall::with(&[(FIRST, 50, None, Some(60))]).await;
    hall.set(json!({ "max_active": 1 })).await;
    let fans = hall.shop.fans(2).await;
    hall.shop.advance(70).await;
    hall.ask_for_a_place().await.is(SALE_OVER);

    let change = json!({ "shows": [{ "date": SECOND, "price": 1 }] });
    hall.change(change).await.ok();
    // At once: the clock has not moved.
    let newcomer = hall.shop.fan().await;
    assert_eq!(hall.shop.status(&newcomer).await, "ACTIVE");
    assert_eq!(hall.document().await["state"], "OPEN");
    assert_eq!(hall.shop.statuses(&fans).await, [OVER, OVER], "it stays so");
    hall.shop.audit().await;
}

/// A queue that has never sold anything is not over, because its first concert may still come.
#[tokio::test]
async fn queue_without_a_concert_is_open() {
    let hall = Hall::with(&[(FIRST, 50, None, None)]).await;
    let jazz = hall.shop.put_queue(&hall.admin, "jazz", &json!({})).await;
    assert_eq!(jazz.ok()["state"], "OPEN");
    hall.shop.advance(120).await;
    assert_eq!(hall.shop.queue("jazz").await["state"], "OPEN");
}

#[tokio::test]
async fn concert_leaves_a_queue_only_while_nobody_is_in_its_line() {
    let hall = Hall::with(&[(FIRST, 50, None, None)]).await;
    hall.set(json!({ "max_active": 1 })).await;
    hall.shop
        .put_queue(&hall.admin, "jazz", &json!({}))
        .await
        .ok();
    let fans = hall.shop.fans(2).await;
    for queue in ["jazz", "main"] {
        let change = json!({ "queue_id": queue });
        hall.change(change).await.is(LINE_NOT_EMPTY);
    }
    hall.change(json!({ "queue_id": "rock", "name": "같은 대기열" }))
        .await
        .ok();
    assert_eq!(hall.shop.statuses(&fans).await, ["ACTIVE", "WAITING"]);
    for fan in &fans {
        hall.shop.leave(fan).await;
    }
    // The session that waited counts until its number has passed.
    hall.shop.advance(300).await;
    hall.change(json!({ "queue_id": "jazz" })).await.ok();
    let fan = hall.shop.fan().await;
    assert_eq!(fan.joined["queue_id"], "jazz");
    hall.shop.audit().await;
}

#[tokio::test]
async fn concert_of_a_queue_that_is_still_to_open_stays_for_those_who_are_early() {
    let hall = Hall::with(&[(FIRST, 50, None, None)]).await;
    let opens_at = hall.time(600);
    hall.set(json!({ "opens_at": opens_at })).await;
    let change = json!({ "queue_id": "main" });
    hall.shop.fan().await;
    hall.change(change).await.is(LINE_NOT_EMPTY);
}

/// Buyers in `main` at the time of the move may still buy the concert; later joins of `main` may
/// not.
#[tokio::test]
async fn concert_that_leaves_main_takes_its_line_along() {
    let shop = Shop::with_room_for_one().await;
    let admin = shop.admin().await;
    let settings = json!({ "max_active": 10 });
    shop.put_queue(&admin, "rock", &settings).await.ok();
    let inside = shop
        .join_for(&shop.guest().await, Some(&shop.concert_id))
        .await;
    let waits = shop
        .join_for(&shop.guest().await, Some(&shop.concert_id))
        .await;
    shop.advance(5).await;
    let path = format!("/v1/concerts/{}", shop.concert_id);
    let call = shop.patch(&path).token(&admin.access_token);
    call.json(&json!({ "queue_id": "rock" })).send().await.ok();
    shop.advance(10).await;
    let late = shop.buyer().await;

    shop.hold(&inside, 1).await.ok();
    shop.leave(&inside).await;
    shop.wait_for_turn(&waits, 600).await;
    shop.ask_for_dates(&waits).send().await.ok();
    shop.hold(&waits, 2).await.ok();
    shop.leave(&waits).await;
    shop.wait_for_turn(&late, 600).await;
    shop.ask_for_dates(&late)
        .send()
        .await
        .refused(403, "FORBIDDEN");
    shop.hold(&late, 3).await.refused(403, "FORBIDDEN");
    shop.audit().await;
}

#[tokio::test]
async fn closing_is_final_for_those_who_waited() {
    let hall = Hall::with(&[(FIRST, 50, None, None)]).await;
    hall.set(json!({ "max_active": 1 })).await;
    let fans = hall.shop.fans(4).await;
    let closed = json!({ "max_active": 1, "state": "CLOSED" });
    hall.set(closed).await;
    hall.shop.advance(2).await;
    let closed_out = "CLOSED QUEUE_CLOSED";
    let told = hall.shop.statuses(&fans).await;
    assert_eq!(told, ["ACTIVE", closed_out, closed_out, closed_out]);
    hall.ask_for_a_place().await.is(QUEUE_CLOSED);
    let document = hall.document().await;
    let (after, through) = (number(&fans[0]), number(&fans[3]));
    let closure = json!({ "after": after, "through": through, "reason": "QUEUE_CLOSED" });
    assert_eq!(document["closures"], json!([closure]));

    hall.set(json!({ "max_active": 1 })).await;
    // At once: the clock has not moved. Only those inside are before the newcomer.
    let newcomer = hall.shop.fan().await;
    assert_eq!(newcomer.joined["queue_position"], 1);
    let told = hall.shop.statuses(&fans).await;
    assert_eq!(told, ["ACTIVE", closed_out, closed_out, closed_out]);
    hall.shop.leave(&fans[0]).await;
    hall.shop.wait_for_turn(&newcomer, 30).await;
    assert_eq!(hall.shop.status(&newcomer).await, "ACTIVE");
    assert_eq!(hall.shop.status(&fans[1]).await, closed_out);
    // A session that was closed out may join again, behind those who are there.
    let back = Guest {
        user_id: fans[1].user_id.clone(),
        access_token: fans[1].access_token.clone(),
    };
    let back = hall.shop.join_for(&back, Some(&hall.shop.concert_id)).await;
    assert_eq!(hall.shop.status(&back).await, "WAITING");
    hall.shop.audit().await;
}

/// Closed and opened again without a tick in between: the scheduler is dead, and the tick of the
/// first call was lost.
#[tokio::test]
async fn closing_is_final_although_its_tick_was_lost() {
    let hall = Hall::with(&[(FIRST, 50, None, None)]).await;
    hall.set(json!({ "max_active": 1 })).await;
    let fans = hall.shop.fans(3).await;
    let operator = hall.shop.stack.operator().await;
    let rock = "rock".parse().expect("an id");
    let queue = operator
        .cached_queue(&rock, hall.shop.now())
        .await
        .expect("a queue");
    let settings = shared::domain::queue::Settings {
        state: shared::domain::queue::QueueState::Closed,
        version: queue.settings.version + 1,
        ..queue.settings.clone()
    };
    let change = LastChange {
        by: hall.admin.user_id.parse().expect("an id"),
        at: hall.shop.now(),
    };
    let put = operator
        .store()
        .put_settings(&rock, Some(&queue), &settings, &change, None)
        .await;
    put.expect("settings");
    hall.set(json!({ "max_active": 1 })).await;
    hall.shop.advance(2).await;
    let closed_out = "CLOSED QUEUE_CLOSED";
    let told = hall.shop.statuses(&fans).await;
    assert_eq!(told, ["ACTIVE", closed_out, closed_out]);
}

/// One date is sold out, and the sale of the next one is still to open, so the line waits.
#[tokio::test]
async fn line_waits_for_the_next_date_to_open() {
    let hall = Hall::with(&[(FIRST, 1, None, None), (SECOND, 50, Some(600), None)]).await;
    let fans = hall.shop.fans(3).await;
    let opens_at = hall.time(600);
    hall.shop.advance(10).await;
    hall.shop.buy(&fans[0], &[1]).await;
    hall.shop.advance(20).await;

    let document = hall.document().await;
    assert_eq!(document["state"], "OPEN");
    assert_eq!(document["seats_left"], 0);
    assert_eq!(document["sale_opens_at"], json!(opens_at));
    let place = hall.shop.get_place(&fans[2]).await;
    assert_eq!(place["status"], "WAITING");
    let wait = place["estimated_wait_time"].as_i64().expect("a time");
    assert!((560..=575).contains(&wait), "{wait}");
    assert_eq!(place.get("beyond_seats"), None);
    let late = hall.shop.fan().await;
    hall.shop.advance(500).await;
    assert_eq!(hall.shop.status(&late).await, "WAITING");
    assert_eq!(hall.shop.status(&fans[2]).await, "WAITING");

    hall.shop.advance(80).await;
    let told = hall.shop.statuses(&[fans[2].clone(), late]).await;
    assert_eq!(told, ["ACTIVE", "ACTIVE"]);
    assert_eq!(hall.document().await.get("sale_opens_at"), None);
    hall.shop.audit().await;
}

/// The line does not wait for the opening of a date that is sold out already.
#[tokio::test]
async fn line_does_not_wait_for_a_date_that_has_no_seat() {
    let hall = Hall::with(&[(FIRST, 1, None, None)]).await;
    let fans = hall.shop.fans(2).await;
    hall.shop.advance(10).await;
    hall.shop.buy(&fans[0], &[1]).await;
    let opens_at = hall.time(600);
    let change = json!({ "shows": [{ "date": FIRST, "opens_at": opens_at }] });
    hall.change(change).await.ok();
    hall.shop.advance(10).await;
    assert_eq!(hall.shop.status(&fans[1]).await, "CLOSED SOLD_OUT");
    hall.ask_for_a_place().await.is(SOLD_OUT);
}

#[tokio::test]
async fn new_date_on_a_sold_out_queue_takes_joins_at_once() {
    let hall = Hall::with(&[(FIRST, 1, None, None)]).await;
    let fans = hall.shop.fans(2).await;
    hall.shop.advance(10).await;
    hall.shop.buy(&fans[0], &[1]).await;
    hall.shop.advance(10).await;
    hall.ask_for_a_place().await.is(SOLD_OUT);

    let change = json!({ "shows": [{ "date": SECOND, "price": 1 }] });
    hall.change(change).await.ok();
    let newcomer = hall.shop.fan().await;
    assert_eq!(newcomer.joined["status"], "ACTIVE");
    assert_eq!(hall.shop.status(&fans[1]).await, "CLOSED SOLD_OUT");

    // Another concert of the same queue is accepted too.
    let body = json!({
        "name": "앙코르", "queue_id": "rock",
        "shows": [{ "date": SECOND, "price": 1 }],
    });
    let create = hall.shop.post("/v1/concerts").json(&body);
    create.send_as(&hall.admin.access_token).await.expect(201);
    assert_eq!(hall.document().await["state"], "OPEN");
}

/// A session that goes on with another concert of its queue is for that concert from then on.
#[tokio::test]
async fn joining_for_another_concert_of_the_queue_answers_for_it() {
    let shop = Shop::open().await;
    let other = shop
        .add_concert("앙코르", "main", &[show("2027-03-01")])
        .await;
    let fan = shop.account("fan@example.com").await;
    let join = async |concert_id: &str| {
        let body = json!({ "user_id": fan.user_id, "concert_id": concert_id });
        let join = shop.post("/v1/auth/tokens").token(&fan.access_token);
        join.json(&body).send().await.ok()
    };
    let dates = async |joined: &Value| {
        let token = joined["token"].as_str().expect("a token").to_owned();
        let dates = shop.get("/v1/concerts/available-dates").token(&token);
        dates.send().await.ok()["available_dates"].clone()
    };
    let first = join(&shop.concert_id).await;
    assert_eq!(dates(&first).await, json!(shop.dates));
    let second = join(&other).await;
    assert_eq!(second["token"], first["token"], "it is the same place");
    assert_eq!(dates(&second).await, json!(["2027-03-01"]));
    assert_eq!(dates(&first).await, json!(["2027-03-01"]));
    shop.audit().await;
}

/// An instance that still believes its copy of the catalog sends a buyer to the old queue. They may
/// buy there.
#[tokio::test]
async fn buyer_that_was_sent_to_the_earlier_queue_can_buy() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    shop.put_queue(&admin, "rock", &json!({})).await.ok();
    let join = async || {
        shop.join_for(&shop.guest().await, Some(&shop.concert_id))
            .await
    };
    join().await;
    let path = format!("/v1/concerts/{}", shop.concert_id);
    let call = shop.patch(&path).token(&admin.access_token);
    call.json(&json!({ "queue_id": "rock" })).send().await.ok();
    let sent_to_main = join().await;
    assert_eq!(sent_to_main.joined["queue_id"], "main");
    shop.advance(6).await;
    shop.ask_for_dates(&sent_to_main).send().await.ok();
    shop.hold(&sent_to_main, 1).await.ok();
    let later = join().await;
    assert_eq!(later.joined["queue_id"], "rock");
    shop.audit().await;
}

/// The old queue sells nothing any more, so the join reads the concert again.
#[tokio::test]
async fn joining_finds_the_queue_to_which_the_concert_has_moved() {
    let hall = Hall::with(&[(FIRST, 50, None, None)]).await;
    let jazz = hall.shop.put_queue(&hall.admin, "jazz", &json!({})).await;
    jazz.ok();
    let fan = hall.shop.fan().await;
    hall.shop.leave(&fan).await;
    hall.shop.advance(2).await;
    hall.change(json!({ "queue_id": "jazz" })).await.ok();
    hall.shop.advance(2).await;
    let fan = hall.shop.fan().await;
    assert_eq!(fan.joined["queue_id"], "jazz");
}

/// While all seats of one date are held and another is to open, nobody is beyond the seats.
#[tokio::test]
async fn line_says_beyond_seats_to_nobody_while_a_date_is_to_open() {
    let hall = Hall::with(&[(FIRST, 1, None, None), (SECOND, 50, Some(600), None)]).await;
    let fans = hall.shop.fans(3).await;
    hall.shop.advance(10).await;
    hall.shop.hold(&fans[0], 1).await.ok();
    hall.shop.advance(10).await;
    let place = hall.shop.get_place(&fans[2]).await;
    assert_eq!(place["status"], "WAITING");
    assert_eq!(place.get("beyond_seats"), None);
}
