//! A rushed queue: joins draw from pools of numbers, and the line passes what nobody draws.

use std::collections::BTreeSet;

use local::{Fault, When};
use rand::{RngExt as _, SeedableRng as _, rngs::Xoshiro256PlusPlus};
use serde_json::{Value, json};
use shared::{
    domain::{
        ids::QueueId,
        queue::pool::{MOST_POOLS, Pool},
        show::Show,
    },
    futures_util::future::join_all,
    jiff::{SignedDuration, Timestamp},
    store::pools::DrawnFrom,
};
use simulator::{Rush, Table};

use crate::harness::{Buyer, Guest, Reply, Shop, show, tokens::claims};

/// The calls with which a join draws, and with which it takes or fills a pool.
const DRAW: &str = "UpdateItem";

impl Shop {
    /// A shop whose queue `rock` lets in this many, with a tick each second.
    async fn with_room_for(max_active: u32) -> (Self, Guest) {
        let mut shop = Self::open().await;
        let admin = shop.admin().await;
        let settings = json!({
            "max_active": max_active, "rate": 100, "claim_seconds": 30, "active_seconds": 600,
            "tick_seconds": 1,
        });
        shop.put_queue(&admin, "rock", &settings).await.ok();
        let large = Show {
            capacity: 5_000,
            ..show(&shop.dates[0])
        };
        shop.concert_id = shop.add_concert("록 콘서트", "rock", &[large]).await;
        shop.advance(2).await;
        (shop, admin)
    }

    /// The counter is over its limit twice. Then the instance draws from pools.
    fn throttle_the_counter(&self) {
        let faults = self.stack.faults();
        faults.meet("join-queue", DRAW, Fault::Throttling, 2);
    }

    /// A guest who asks to join. The same request may be made again.
    async fn join_or_be_refused(&self, guest: &Guest) -> Reply {
        let wish = json!({ "user_id": guest.user_id, "concert_id": self.concert_id });
        let join = self.post("/v1/auth/tokens").key("join").json(&wish);
        join.send().await
    }

    async fn rock_item(&self) -> Value {
        self.items("Queues")
            .await
            .into_iter()
            .find(|item| item["id"] == "rock")
            .expect("the queue")
    }

    async fn pools(&self) -> Vec<Pool> {
        let items = self.items("Queues").await.into_iter();
        let pools = items.filter(|item| {
            let id = item["id"].as_str().unwrap_or_default();
            id.starts_with("rock#pool#")
        });
        pools
            .map(|pool| serde_json::from_value(pool).expect("a pool"))
            .collect()
    }

    async fn issued(&self) -> u64 {
        let store = self.stack.operator().await.store().clone();
        store.issued(&rock()).await.expect("the counter")
    }
}

fn rock() -> QueueId {
    "rock".parse().expect("an id")
}

fn number(buyer: &Buyer) -> u64 {
    claims(&buyer.token)["number"].as_u64().expect("a number")
}

fn numbers(buyers: &[Buyer]) -> BTreeSet<u64> {
    let numbers: BTreeSet<_> = buyers.iter().map(number).collect();
    assert_eq!(numbers.len(), buyers.len(), "two have the same number");
    numbers
}

/// Those who join at once all get numbers, each a different one, from a few pools.
#[tokio::test]
async fn throttled_counter_hands_over_to_pools() {
    let (shop, _) = Shop::with_room_for(5).await;
    shop.throttle_the_counter();
    let first = shop.fan().await;
    assert_eq!(number(&first), 1);
    assert_eq!(shop.pools().await.len(), 1);

    let guests = join_all((0..150).map(|_| shop.guest())).await;
    let fans = guests
        .iter()
        .map(|guest| shop.join_for(guest, Some(&shop.concert_id)));
    let fans = join_all(fans).await;
    let pools = shop.pools().await;
    assert!(2 <= pools.len() && pools.len() <= 16, "{}", pools.len());
    let issued = shop.issued().await;
    assert!(
        numbers(&fans)
            .into_iter()
            .all(|number| 1 < number && number <= issued)
    );
    let left: u64 = pools.iter().map(|pool| pool.end - pool.drawn).sum();
    assert_eq!(issued, 151 + left, "no number is lost");
    shop.audit().await;
}

/// A rush leaves many numbers that nobody has. Those who come after them wait for people
/// only.
#[tokio::test]
async fn line_passes_numbers_that_nobody_has() {
    let (shop, _) = Shop::with_room_for(2).await;
    shop.throttle_the_counter();
    let fans = shop.fans(20).await;
    numbers(&fans);
    shop.advance(20).await;
    let unused = shop.rock_item().await["line"]["unused"]["ranges"].clone();
    let unused = unused.as_array().expect("ranges").iter();
    let unused: u64 = unused
        .map(|range| range[1].as_u64().expect("a number") - range[0].as_u64().expect("a number"))
        .sum();
    assert_eq!(unused, shop.issued().await - 20, "each of them is known");
    assert!(unused > 20, "{unused}");
    let late = shop.fan().await;
    assert_eq!(number(&late), shop.issued().await, "it is calm again");

    let mut by_number: Vec<_> = fans.iter().chain([&late]).collect();
    by_number.sort_by_key(|fan| number(fan));
    for (place, fan) in by_number.iter().enumerate() {
        let next = by_number.get(place + 1);
        if let Some(next) = next {
            shop.ask_for_dates(next).send().await.ok();
        }
        assert_eq!(shop.status(fan).await, "ACTIVE", "{place}");
        if let Some(after) = by_number.get(place + 2) {
            assert_eq!(shop.status(after).await, "WAITING", "{place}");
        }
        shop.leave(fan).await;
        shop.advance(5).await;
    }
    shop.audit().await;
}

/// Nobody but those who came counts as having been let in, and the estimate is about people.
#[tokio::test]
async fn estimate_is_about_people() {
    let (shop, _) = Shop::with_room_for(2).await;
    shop.throttle_the_counter();
    let fans = shop.fans(20).await;
    shop.advance(20).await;
    let late = shop.get_place(&shop.fan().await).await;
    let estimate = late["estimated_wait_time"].as_u64().expect("seconds");
    let place = late["queue_position"].as_u64().expect("a place");
    assert!(place > 30, "{late}");
    // 19 people are before it, with two places, and about five minutes for each.
    let expected = 19 * 300 / 2;
    assert!(estimate < 2 * expected, "{late}");
    numbers(&fans);
}

/// A tick that sees many joins tells all instances to use pools, and one that sees few ends it.
#[tokio::test]
async fn tick_decides_when_a_queue_is_rushed() {
    let (shop, _) = Shop::with_room_for(100_000).await;
    let store = shop.stack.operator().await.store().clone();
    let rock = rock();
    let mut pools = None;
    while pools.is_none() {
        let draws = (0..600).map(|_| store.draw_number(&rock));
        for drawn in join_all(draws).await {
            drawn.expect("a number");
        }
        assert!(shop.issued().await < 12_000, "no tick has seen them");
        shop.advance(1).await;
        pools = shop.rock_item().await["line"]["pools"].as_u64();
    }
    assert!(pools >= Some(4), "{pools:?}");
    let issued = shop.issued().await;
    let fan = shop.fan().await;
    let filled = shop.pools().await;
    assert_eq!(filled.len(), 1);
    assert_eq!((filled[0].drawn, number(&fan)), (issued + 1, issued + 1));

    shop.advance(15).await;
    assert_eq!(shop.rock_item().await["line"]["pools"], Value::Null);
    let late = shop.fan().await;
    assert_eq!(number(&late), shop.issued().await);
    assert_eq!(shop.pools().await.len(), 1);
}

/// While nobody waits, a guest that draws a number from a pool walks in, even a number that was served
/// before it was drawn.
#[tokio::test]
async fn number_from_a_pool_walks_in_while_nobody_waits() {
    let (shop, _) = Shop::with_room_for(1_000).await;
    shop.throttle_the_counter();
    let fans = shop.fans(3).await;
    assert_eq!(shop.statuses(&fans).await, ["ACTIVE"; 3]);
    // The next second begins a tick, which passes the numbers of the pools.
    shop.advance(1).await;
    let later = shop.fans(3).await;
    assert_eq!(shop.statuses(&later).await, ["ACTIVE"; 3]);
    shop.audit().await;
}

/// If neither the counter nor a pool gives a number, the join is refused after three seconds, and
/// joining again works.
#[tokio::test]
async fn join_is_refused_while_no_number_can_be_drawn() {
    crate::harness::in_virtual_time();
    let (shop, _) = Shop::with_room_for(5).await;
    let faults = shop.stack.faults();
    faults.meet_naming("rock#number", Fault::Throttling);
    let guest = shop.guest().await;
    let refused = shop.join_or_be_refused(&guest).await;
    assert_eq!(refused.header("retry-after"), "1");
    refused.refused(503, "BUSY");
    faults.end();
    shop.join_or_be_refused(&guest).await.ok();
    shop.advance(20).await;
    shop.audit().await;
}

/// A number of a pool that was filled before the queue was closed is not given out after it has
/// opened again.
#[tokio::test]
async fn number_from_before_the_end_of_a_line_is_not_given_out() {
    let (shop, admin) = Shop::with_room_for(2).await;
    shop.throttle_the_counter();
    let before = shop.fans(4).await;
    for state in ["CLOSED", "OPEN"] {
        let settings = json!({ "state": state });
        shop.patch_queue(&admin, "rock", &settings).await.ok();
    }
    // The instance's copy of the queue is too old, and the numbers of the pools are not.
    shop.advance(1).await;
    let closures = shop.rock_item().await["line"]["closures"].clone();
    let closed = |number: u64| {
        let bound = |index: usize| closures[0][index].as_u64().expect("a number");
        bound(0) < number && number <= bound(1)
    };
    let after = shop.fans(4).await;
    assert!(!numbers(&after).into_iter().any(closed));
    for fan in &before {
        match shop.status(fan).await.as_str() {
            "ACTIVE" => shop.leave(fan).await,
            status => assert_eq!(status, "CLOSED QUEUE_CLOSED"),
        }
    }
    shop.let_everybody_through(after).await;
    shop.audit().await;
}

/// Whatever becomes of a call, the user gets a number by asking again, no number is given out
/// twice, and the line passes what is lost.
#[tokio::test]
async fn join_that_is_interrupted_can_be_made_again() {
    crate::harness::in_virtual_time();
    let both = |fault: fn(When) -> Fault| [fault(When::Before), fault(When::After)];
    let faults = [both(Fault::Killed), both(Fault::TimedOut)];
    for fault in faults.into_iter().flatten() {
        for call in 0..5 {
            let (shop, _) = Shop::with_room_for(20).await;
            shop.throttle_the_counter();
            let mut joined = shop.fans(2).await;
            let faults = shop.stack.faults();
            // The calls before this one only take a little longer.
            if call > 0 {
                faults.meet("join-queue", DRAW, Fault::Delayed, call);
            }
            faults.meet("join-queue", DRAW, fault, 1);
            for _ in 0..3 {
                joined.push(shop.join_until_it_works().await);
            }
            faults.end();
            numbers(&joined);
            shop.let_everybody_through(joined).await;
            shop.audit().await;
        }
    }
}

impl Shop {
    /// A guest who repeats the request to join until it is answered.
    async fn join_until_it_works(&self) -> Buyer {
        let guest = self.guest().await;
        let mut reply = self.join_or_be_refused(&guest).await;
        while !reply.status.is_success() {
            reply = self.join_or_be_refused(&guest).await;
        }
        let joined = reply.ok();
        Buyer {
            user_id: guest.user_id.clone(),
            access_token: guest.access_token.clone(),
            token: joined["token"].as_str().expect("a token").to_owned(),
            joined,
        }
    }

    /// Everybody comes in as soon as it is their turn, and leaves.
    async fn let_everybody_through(&self, mut waiting: Vec<Buyer>) {
        for _ in 0..60 {
            let mut left = Vec::new();
            for fan in waiting {
                if self.status(&fan).await == "ACTIVE" {
                    self.leave(&fan).await;
                } else {
                    left.push(fan);
                }
            }
            if left.is_empty() {
                return;
            }
            waiting = left;
            self.advance(5).await;
        }
        panic!("{} still wait", waiting.len());
    }
}

/// What a join of a rushed queue costs: the draw and the session. A join that fills a pool pays for
/// two writes more, or three if it is the first one.
#[tokio::test]
async fn join_of_a_rushed_queue_costs_two_writes() {
    let (shop, _) = Shop::with_room_for(1).await;
    shop.throttle_the_counter();
    shop.fan().await;
    let mut prices = Vec::new();
    for _ in 0..60 {
        let guest = shop.guest().await;
        shop.stack.forget_consumed();
        shop.join_for(&guest, Some(&shop.concert_id)).await;
        prices.push(shop.stack.consumed().by("join-queue").write);
    }
    let cheap = prices.iter().filter(|written| **written < 2.5).count();
    assert!(cheap > 30, "{prices:?}");
    assert!(prices.iter().all(|written| *written <= 6.0), "{prices:?}");
}

/// The simulator's model of the items does what the store does.
#[tokio::test]
async fn pools_are_as_modelled() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let store = shop.stack.operator().await.store().clone();
    let model = Table::new(&Rush::new(1, []));
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    let (main, mut seen) = (QueueId::main(), None::<Pool>);
    let mut now = shop.now();
    let mut drawn = 0;
    for _ in 0..300 {
        now = later(now, rng.random_range(0..400));
        match rng.random_range(0..6) {
            0 => {
                let numbers = rng.random_range(2..9);
                let taken = model.take_numbers(numbers, now).await.expect("numbers");
                let same = store.take_numbers(&main, numbers, now).await;
                assert_eq!(taken, same.expect("numbers"));
                let claimed = claimed(seen.as_ref(), now);
                let next = claimed.filled(numbers, taken.expect("open"), now);
                let replaced = model.replace_pool(0, seen.as_ref(), &next).await;
                let same = store.replace_pool(&main, 0, seen.as_ref(), &next).await;
                assert_eq!(replaced.expect("a write"), same.expect("a write"));
            }
            1 => {
                let next = claimed(seen.as_ref(), now);
                let replaced = model.replace_pool(0, seen.as_ref(), &next).await;
                let same = store.replace_pool(&main, 0, seen.as_ref(), &next).await;
                assert_eq!(replaced.expect("a write"), same.expect("a write"));
            }
            2 => {
                let pools = model.all_pools().await.expect("pools");
                assert_eq!(pools, store.pools(&main).await.expect("pools"));
                seen = pools.into_iter().next().map(|(_, pool)| pool);
            }
            _ => {
                let found = model.draw_from_pool(0, now).await.expect("a pool");
                let same = store.draw_from_pool(&main, 0, now).await;
                assert_eq!(found, same.expect("a pool"));
                drawn += u32::from(matches!(found, DrawnFrom::Number(_)));
            }
        }
    }
    assert!(drawn > 20, "{drawn}");
    assert_eq!(model.issued(), store.issued(&main).await.expect("a count"));
}

fn claimed(seen: Option<&Pool>, now: Timestamp) -> Pool {
    match seen {
        Some(seen) => seen.claimed(now),
        None => Pool::first(MOST_POOLS, now),
    }
}

fn later(now: Timestamp, milliseconds: i64) -> Timestamp {
    now.saturating_add(SignedDuration::from_millis(milliseconds))
        .expect("a time")
}
