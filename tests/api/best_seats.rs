//! The best free seats that are together.

use std::collections::BTreeSet;

use local::{Fault, Pace};
use serde_json::{Value, json};
use shared::futures_util::future::join_all;
use tokio::time::Instant;

use crate::harness::{
    Buyer, PRICE, Reply, Shop,
    halls::small_hall,
    refusal::{
        BAD_REQUEST, BUSY, FORBIDDEN, HOLD_EXISTS, INVALID_BEST, MISSING_DATE_OR_SEAT,
        NO_SEATS_TOGETHER, SALE_CLOSED,
    },
    show, show_sold,
};

const TRANSACTION: &str = "TransactWriteItems";

impl Shop {
    /// Holds the best seats of the first date.
    pub async fn hold_best(&self, buyer: &Buyer, best: Value) -> Reply {
        let body = json!({ "date": self.dates[0], "best": best });
        let call = self.post(&self.reservations()).json(&body);
        call.send_as(&buyer.token).await
    }

    /// The seats that somebody new gets.
    async fn best_for_another(&self, best: Value) -> Vec<u64> {
        let held = self.hold_best(&self.buyer().await, best).await.ok();
        numbers(&held)
    }

    /// Lets others hold all seats of the first date but these, of which there are 50.
    async fn leave_free(&self, free: &[u32]) {
        let taken: Vec<_> = (1..=50).filter(|seat| !free.contains(seat)).collect();
        for seats in taken.chunks(4) {
            self.hold_all(&self.buyer().await, seats).await.ok();
        }
    }

    /// Lets calls take as long as on AWS, so that transactions meet.
    fn with_traffic(&self) {
        self.stack.traffic().turn_on(Pace {
            transaction: 10..=25,
            other: 4..=8,
            seed: 1,
        });
    }
}

fn numbers(held: &Value) -> Vec<u64> {
    let seats = held["seat_numbers"].as_array().expect("seats");
    let numbers = seats.iter().map(|seat| seat.as_u64().expect("a number"));
    numbers.collect()
}

fn seats_of(held: &Value) -> Vec<u32> {
    let seats = numbers(held).into_iter();
    seats
        .map(|seat| u32::try_from(seat).expect("a seat"))
        .collect()
}

/// Checks that the answer is that there are no such seats, and what is left.
#[track_caller]
fn has_nothing(reply: Reply, free: u32, longest: u32) {
    let left = (&reply.body["free"], &reply.body["longest"]);
    assert_eq!(left, (&json!(free), &json!(longest)), "{}", reply.body);
    reply.is(NO_SEATS_TOGETHER);
}

async fn hall() -> Shop {
    let prices = json!({ "VIP": 90_000, "R": 50_000 });
    Shop::in_hall(&small_hall().to_string(), prices).await.0
}

#[tokio::test]
async fn best_pair_of_a_hall_is_held_as_any_seats_are() {
    let shop = hall().await;
    let buyer = shop.buyer().await;
    let held = shop.hold_best(&buyer, json!({ "count": 2 })).await.ok();
    // Seat 4 is a wheelchair place, so the best grade has one pair.
    assert_eq!(held["seat_numbers"], json!([1, 2]));
    assert_eq!(held["payment"]["amount"], 180_000);
    assert_eq!(held["expiration_time"], shop.in_seconds(300));
    assert_eq!(held["seats"][0]["row"], "가");
    assert_eq!(shop.seats(&buyer).await[&1], "MINE");
    let receipt = shop.pay_in_full(&buyer, &held).await;
    assert_eq!(receipt["seats"], held["seats"]);

    let other = shop.buyer().await;
    let held = shop.hold_best(&other, json!({ "count": 2 })).await.ok();
    assert_eq!(held["seat_numbers"], json!([5, 6]), "the next grade");
    shop.advance(303).await;
    assert_eq!(
        shop.best_for_another(json!({ "count": 2 })).await,
        [5, 6],
        "it has lapsed"
    );
    shop.audit().await;
}

#[tokio::test]
async fn grade_section_and_wheelchair_places_are_as_asked() {
    let shop = hall().await;
    let r = json!({ "count": 1, "grade": "R", "section": "1층" });
    assert!([5, 6].contains(&shop.best_for_another(r).await[0]));
    let place = json!({ "count": 2, "accessible": 1 });
    assert_eq!(shop.best_for_another(place).await, [3, 4]);
    let two = json!({ "count": 2, "grade": "R" });
    has_nothing(shop.hold_best(&shop.buyer().await, two).await, 1, 1);
    let place = json!({ "count": 1, "accessible": 1 });
    has_nothing(shop.hold_best(&shop.buyer().await, place).await, 3, 0);
    // The letters of a name need not be composed, as the plan stores them.
    let section = "1\u{110e}\u{1173}\u{11bc}";
    let vip = json!({ "count": 2, "grade": " VIP ", "section": section });
    assert_eq!(shop.best_for_another(vip).await, [1, 2]);
}

#[tokio::test]
async fn show_without_a_plan_is_one_row() {
    let shop = Shop::open().await;
    shop.leave_free(&[7, 8, 9, 20, 30, 31]).await;
    let buyer = shop.buyer().await;
    has_nothing(shop.hold_best(&buyer, json!({ "count": 4 })).await, 6, 3);
    assert_eq!(
        shop.best_for_another(json!({ "count": 3 })).await,
        [7, 8, 9]
    );
    assert_eq!(shop.best_for_another(json!({ "count": 2 })).await, [30, 31]);
    has_nothing(shop.hold_best(&buyer, json!({ "count": 2 })).await, 1, 1);
    assert_eq!(shop.best_for_another(json!({ "count": 1 })).await, [20]);
    has_nothing(shop.hold_best(&buyer, json!({ "count": 1 })).await, 0, 0);
}

#[tokio::test]
async fn seats_may_be_apart_if_the_buyer_says_so() {
    let shop = Shop::open().await;
    shop.leave_free(&[7, 8, 20, 21, 30]).await;
    let four = json!({ "count": 4 });
    has_nothing(shop.hold_best(&shop.buyer().await, four).await, 5, 2);
    let apart = |count: u32| json!({ "count": count, "apart": true });
    assert_eq!(shop.best_for_another(apart(4)).await, [7, 8, 20, 21]);
    let reply = shop.hold_best(&shop.buyer().await, apart(2)).await;
    has_nothing(reply, 1, 1);
    assert_eq!(shop.best_for_another(apart(1)).await, [30]);
}

#[tokio::test]
async fn asking_again_returns_the_hold_if_it_is_what_is_asked_for() {
    let shop = hall().await;
    let buyer = shop.buyer().await;
    let held = shop.hold_best(&buyer, json!({ "count": 2 })).await.ok();
    for same in [
        json!({ "count": 2 }),
        json!({ "count": 2, "grade": "VIP", "accessible": 0 }),
        json!({ "count": 2, "section": "1층", "apart": true }),
    ] {
        assert_eq!(shop.hold_best(&buyer, same).await.ok(), held);
    }
    for other in [
        json!({ "count": 1 }),
        json!({ "count": 2, "grade": "R" }),
        json!({ "count": 2, "accessible": 1 }),
    ] {
        shop.hold_best(&buyer, other).await.is(HOLD_EXISTS);
    }
    shop.cancel(&buyer, &held).await.ok();

    // A hold of named seats counts, too, if they are together.
    let (one, other) = (shop.buyer().await, shop.buyer().await);
    let named = shop.hold_all(&one, &[5, 6]).await.ok();
    assert_eq!(
        shop.hold_best(&one, json!({ "count": 2 })).await.ok(),
        named
    );
    let named = shop.hold_all(&other, &[1, 3]).await.ok();
    shop.hold_best(&other, json!({ "count": 2 }))
        .await
        .is(HOLD_EXISTS);
    let apart = json!({ "count": 2, "apart": true });
    assert_eq!(shop.hold_best(&other, apart).await.ok(), named);
}

#[tokio::test]
async fn requests_of_one_buyer_at_once_get_one_hold() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    shop.stack.app("hold-seats").await;
    shop.with_traffic();
    let pair = || shop.hold_best(&buyer, json!({ "count": 2 }));
    let replies = join_all((0..4).map(|_| pair())).await;
    let held: BTreeSet<_> = replies
        .into_iter()
        .map(|reply| reply.ok().to_string())
        .collect();
    assert_eq!(held.len(), 1, "{held:?}");

    // The same for the last pair: whoever is later finds that it is theirs.
    let last = shop.buyer().await;
    shop.stack.traffic().turn_off();
    let held = pair().await.ok();
    shop.cancel(&buyer, &held).await.ok();
    shop.leave_free(&seats_of(&held)).await;
    shop.with_traffic();
    let pair = || shop.hold_best(&last, json!({ "count": 2 }));
    let replies = join_all((0..4).map(|_| pair())).await;
    let held: BTreeSet<_> = replies
        .into_iter()
        .map(|reply| reply.ok().to_string())
        .collect();
    assert_eq!(held.len(), 1, "{held:?}");
    shop.audit().await;
}

#[tokio::test]
async fn body_that_is_not_a_wish_is_refused() {
    let shop = hall().await;
    let buyer = shop.buyer().await;
    let with = async |best: &str| {
        let body = format!("{{\"date\":\"{}\",\"best\":{best}}}", shop.dates[0]);
        let call = shop.post(&shop.reservations()).body(body);
        call.send_as(&buyer.token).await
    };
    let long = format!("{{\"count\":2,\"section\":\"{}\"}}", "y".repeat(60_000));
    for wrong in [
        "{}",
        "[]",
        "[2]",
        "2",
        "true",
        "\"2\"",
        "{\"count\":null}",
        "{\"count\":0}",
        "{\"count\":5}",
        "{\"count\":-1}",
        "{\"count\":1.5}",
        "{\"count\":\"2\"}",
        "{\"count\":[2]}",
        "{\"count\":1e30}",
        "{\"count\":18446744073709551617}",
        "{\"count\":2,\"count\":2}",
        "{\"count\":2,\"grade\":7}",
        "{\"count\":2,\"grade\":\"\"}",
        "{\"count\":2,\"grade\":\"S\"}",
        "{\"count\":2,\"grade\":\"vip\"}",
        "{\"count\":2,\"section\":{}}",
        "{\"count\":2,\"section\":\"2층\"}",
        "{\"count\":2,\"accessible\":3}",
        "{\"count\":2,\"accessible\":-1}",
        "{\"count\":2,\"accessible\":0.5}",
        "{\"count\":2,\"accessible\":true}",
        "{\"count\":2,\"apart\":1}",
        "{\"count\":2,\"apart\":\"true\"}",
        "{\"count\":2,\"accessible\":1,\"apart\":true}",
        &long,
    ] {
        let reply = with(wrong).await;
        assert_eq!(reply.status, 400, "{wrong}");
        reply.is(INVALID_BEST);
    }
    for misspelt in [
        "{\"count\":2,\"accesible\":1}",
        "{\"count\":2,\"Grade\":\"VIP\"}",
    ] {
        with(misspelt).await.refused(400, "UNKNOWN_FIELD");
    }
    let ask = async |body: Value| {
        let call = shop.post(&shop.reservations()).json(&body);
        call.send_as(&buyer.token).await
    };
    let date = &shop.dates[0];
    let best = json!({ "count": 2 });
    ask(json!({ "best": best })).await.is(MISSING_DATE_OR_SEAT);
    ask(json!({ "date": date, "best": null }))
        .await
        .is(MISSING_DATE_OR_SEAT);
    for both in [
        json!({ "date": date, "best": best, "seat_number": 1 }),
        json!({ "date": date, "best": best, "seat_numbers": [1, 2] }),
    ] {
        ask(both).await.is(BAD_REQUEST);
    }
    // 2.0 is 2.
    let held = with("{\"count\":2.0,\"grade\":null,\"accessible\":0,\"apart\":false}").await;
    assert_eq!(numbers(&held.ok()), [1, 2]);
}

#[tokio::test]
async fn show_without_a_plan_has_no_grades_sections_or_wheelchair_places() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    for wrong in [
        json!({ "count": 2, "grade": "R" }),
        json!({ "count": 2, "section": "A" }),
        json!({ "count": 2, "accessible": 1 }),
    ] {
        shop.hold_best(&buyer, wrong).await.is(INVALID_BEST);
    }
    let held = shop
        .hold_best(&buyer, json!({ "count": 2, "accessible": 0 }))
        .await;
    assert_eq!(held.ok()["payment"]["amount"], 2 * PRICE);
}

#[tokio::test]
async fn rules_of_any_hold_are_rules_of_this_one() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let ask = async |concert_id: &str, date: &str| {
        let path = format!("/v1/concerts/{concert_id}/reservations");
        let body = json!({ "date": date, "best": { "count": 2 } });
        shop.post(&path).json(&body).send_as(&buyer.token).await
    };
    let closed = show_sold("2027-01-01", None, Some(shop.now()));
    let closed = shop.add_concert("Closed", "main", &[closed]).await;
    ask(&closed, "2027-01-01").await.is(SALE_CLOSED);
    let elsewhere = shop
        .add_concert("Elsewhere", "rock", &[show("2027-01-01")])
        .await;
    ask(&elsewhere, "2027-01-01").await.is(FORBIDDEN);
    ask(&shop.concert_id, "2026-12-26")
        .await
        .refused(404, "SHOW_NOT_FOUND");
    let timed = shop
        .add_concert("Timed", "main", &[show("2027-05-01T14:00")])
        .await;
    let held = ask(&timed, "2027-05-01").await.ok();
    assert_eq!(held["show"], "2027-05-01T14:00");
}

/// The instance keeps what it has read of the seats, and the clock stands still.
#[tokio::test]
async fn what_an_instance_remembers_misleads_nobody() {
    let shop = Shop::open().await;
    let (one, other) = (shop.buyer().await, shop.buyer().await);
    // The instance reads that all seats are free. Then they are not.
    let held = shop.hold_best(&one, json!({ "count": 2 })).await.ok();
    shop.cancel(&one, &held).await.ok();
    shop.leave_free(&[41, 42]).await;
    assert_eq!(shop.best_for_another(json!({ "count": 2 })).await, [41, 42]);
    // It remembers that none is free. Then some are.
    has_nothing(shop.hold_best(&other, json!({ "count": 2 })).await, 0, 0);
    shop.advance(303).await;
    let third = shop.buyer().await;
    let fourth = shop.buyer().await;
    let held = shop.hold_best(&third, json!({ "count": 4 })).await.ok();
    shop.leave_free(&seats_of(&held)).await;
    has_nothing(shop.hold_best(&fourth, json!({ "count": 1 })).await, 0, 0);
    shop.cancel(&third, &held).await.ok();
    // What says that there are none is two seconds old at most.
    shop.advance(2).await;
    let again = shop.hold_best(&fourth, json!({ "count": 4 })).await.ok();
    assert_eq!(again["seat_numbers"], held["seat_numbers"]);
}

#[tokio::test(start_paused = true)]
async fn six_transactions_are_tried() {
    for (conflicts, is_held) in [(5, true), (6, false)] {
        let shop = Shop::open().await;
        let buyer = shop.buyer().await;
        let faults = shop.stack.faults();
        faults.meet("hold-seats", TRANSACTION, Fault::Conflict, 1_000);
        let reply = shop.hold_best(&buyer, json!({ "count": 2 })).await;
        assert_eq!(reply.header("retry-after"), "1");
        reply.is(BUSY);
        assert_eq!(faults.counted(), [(Fault::Conflict, 6)].into());
        faults.end();
        faults.meet("hold-seats", TRANSACTION, Fault::Conflict, conflicts);
        let reply = shop.hold_best(&buyer, json!({ "count": 2 })).await;
        assert_eq!(reply.status == 200, is_held, "{conflicts}");
        assert_eq!(
            shop.stack.pending_messages().len(),
            2,
            "one for each request"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn search_ends_after_three_seconds() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    shop.best_for_another(json!({ "count": 4 })).await;
    let free = shop.seats(&buyer).await;
    let free: Vec<_> = (1..=50_u32)
        .filter(|seat| free[&u64::from(*seat)] == "FREE")
        .collect();
    for seats in free.chunks(4) {
        shop.hold_all(&shop.buyer().await, seats).await.ok();
    }
    // The instance remembers them as free. Each look takes a second.
    let faults = shop.stack.faults();
    faults.meet("hold-seats", "BatchGetItem", Fault::Slow, 1_000);
    let started = Instant::now();
    shop.hold_best(&buyer, json!({ "count": 4 })).await.is(BUSY);
    assert_eq!(started.elapsed().as_secs(), 3);
    assert_eq!(faults.counted(), [(Fault::Slow, 3)].into());
    faults.end();
    has_nothing(shop.hold_best(&buyer, json!({ "count": 4 })).await, 0, 0);
}

/// A crowd wants pairs until nothing is left. The clock of the shop stands still, so the instance
/// remembers everything.
#[tokio::test]
async fn hall_is_sold_to_the_last_pair_by_many_at_once() {
    crate::harness::in_virtual_time();
    let shop = Shop::open_with(&[("MainMaxActive", "1000"), ("MainRate", "1000")]).await;
    let buyers = join_all((0..60).map(|_| shop.buyer())).await;
    shop.advance(30).await;
    shop.stack.app("hold-seats").await;
    shop.with_traffic();
    let ask = async |buyer: &Buyer| {
        loop {
            let reply = shop.hold_best(buyer, json!({ "count": 2 })).await;
            if reply.status != 503 {
                return reply;
            }
        }
    };
    let replies = join_all(buyers.iter().map(ask)).await;
    let conflicts = shop.stack.traffic().turn_off().conflicts;
    assert!(conflicts > 0, "nobody wanted the same seats");
    let (held, refused): (Vec<_>, Vec<_>) =
        replies.into_iter().partition(|reply| reply.status == 200);
    let mut seats = Vec::new();
    for reply in held {
        let pair = numbers(&reply.ok());
        assert_eq!(pair[1], pair[0] + 1, "{pair:?} are beside each other");
        seats.extend(pair);
    }
    seats.sort_unstable();
    assert_eq!(seats, (1..=50).collect::<Vec<_>>(), "each seat once");
    assert_eq!(refused.len(), 35);
    for reply in refused {
        has_nothing(reply, 0, 0);
    }
    shop.audit().await;
}

/// The hold may be done although its answer is lost, so asking again returns it.
#[tokio::test(start_paused = true)]
async fn hold_whose_answer_is_lost_is_found_by_asking_again() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let faults = shop.stack.faults();
    faults.meet("hold-seats", TRANSACTION, Fault::Garbled, 1);
    let lost = shop.hold_best(&buyer, json!({ "count": 2 })).await;
    assert_eq!(lost.status, 500);
    let held = shop.hold_best(&buyer, json!({ "count": 2 })).await.ok();
    assert_eq!(shop.reservation_status(&buyer, &held).await, "HELD");
    let seats = shop.seats(&buyer).await;
    let mine = seats.values().filter(|status| *status == "MINE").count();
    assert_eq!(mine, 2);
    shop.audit().await;
}
