//! Before the opening: joins get an early entry, and a number by lot when the queue opens.

use std::collections::BTreeSet;

use local::Fault;
use serde_json::{Value, json};
use shared::{
    domain::{
        draw::{EarlyEntry, PublicDraw, STRIPES},
        ids::QueueId,
        show::Show,
    },
    futures_util::future::join_all,
};

use crate::harness::{
    Buyer, Guest, Shop,
    refusal::{ALREADY_OPEN, BUSY, INVALID_OPENS_AT, NOT_YOUR_TURN, SALE_OVER},
    show, text,
    tokens::claims,
};

impl Shop {
    /// A shop whose queue `rock` opens in this many seconds.
    async fn opening_in(seconds: i64) -> (Self, Guest) {
        let mut shop = Self::open().await;
        let admin = shop.admin().await;
        shop.opens_in(&admin, seconds).await.ok();
        let large = Show {
            capacity: 500,
            ..show(&shop.dates[0])
        };
        shop.concert_id = shop.add_concert("록 콘서트", "rock", &[large]).await;
        (shop, admin)
    }

    async fn opens_in(&self, admin: &Guest, seconds: i64) -> crate::harness::Reply {
        let settings = json!({ "opens_at": self.in_seconds(seconds), "max_active": 3 });
        self.put_queue(admin, "rock", &settings).await
    }
    async fn draw(&self) -> PublicDraw {
        let document = self.queue("rock").await;
        serde_json::from_value(document["draw"].clone()).expect("a draw")
    }

    /// The number of an early entry, as anyone can compute it.
    async fn number(&self, buyer: &Buyer) -> u64 {
        let draw = self.draw().await.draw().expect("as promised");
        let entry: EarlyEntry =
            serde_json::from_value(claims(&buyer.token)["early"].clone()).expect("an entry");
        draw.expect("it has opened")
            .number_of(entry)
            .expect("a number")
    }
}

/// Half of the stripes are on partitions that are over their limit. Each entry is counted once, on
/// another stripe, and gets a number of its own.
#[tokio::test]
async fn throttled_stripe_hands_over_to_the_next() {
    crate::harness::in_virtual_time();
    let (shop, _) = Shop::opening_in(60).await;
    let faults = shop.stack.faults();
    for stripe in (0..STRIPES).step_by(2) {
        faults.meet_naming(&format!("rock#early#{stripe}"), Fault::Throttling);
    }
    let early = shop.fans(40).await;
    assert!(faults.counted()[&Fault::Throttling] > 0);
    faults.end();
    for buyer in &early {
        let entry = &claims(&buyer.token)["early"];
        assert_eq!(entry[0].as_u64().expect("a stripe") % 2, 1, "{entry}");
    }
    shop.advance(65).await;
    let numbers = join_all(early.iter().map(|buyer| shop.number(buyer))).await;
    let numbers: BTreeSet<u64> = numbers.into_iter().collect();
    assert_eq!(numbers, (1..=40).collect());
}

/// If each stripe that is tried is throttled, the join is refused, and joining again works.
#[tokio::test]
async fn join_is_refused_while_all_stripes_are_throttled() {
    crate::harness::in_virtual_time();
    let (shop, _) = Shop::opening_in(60).await;
    let faults = shop.stack.faults();
    for stripe in 0..STRIPES {
        faults.meet_naming(&format!("rock#early#{stripe}"), Fault::Throttling);
    }
    let guest = shop.guest().await;
    let wish = json!({ "user_id": guest.user_id, "concert_id": shop.concert_id });
    let refused = shop.post("/v1/auth/tokens").json(&wish).send().await;
    refused.refused(503, "BUSY");
    faults.end();
    let joined = shop.join_for(&guest, Some(&shop.concert_id)).await;
    assert_eq!(joined.joined["status"], "EARLY");
}

#[tokio::test]
async fn early_buyer_waits_for_the_draw() {
    let (shop, _) = Shop::opening_in(3_600).await;
    let early = &shop.fans(1).await[0];
    assert_eq!(early.joined["status"], "EARLY");
    let claimed = claims(&early.token);
    assert!(claimed["early"].is_array() && claimed.get("number").is_none());
    // The token is valid for longer than an opening may be ahead.
    let lives = claimed["exp"].as_i64().expect("a time") - shop.now().as_second();
    assert_eq!(lives, 30 * 24 * 3_600);

    let reply = shop.get("/v1/auth/tokens").send_as(&early.token).await;
    assert_eq!(reply.header("retry-after"), "30");
    let place = reply.ok();
    assert_eq!(
        place,
        json!({
            "status": "EARLY",
            "queue_position": null,
            "estimated_wait_time": null,
            "opens_at": shop.in_seconds(3_600),
            "server_time": shop.now(),
        })
    );
    let refused = shop.ask_for_dates(early).send().await;
    refused.is(NOT_YOUR_TURN);

    shop.advance(3_595).await;
    let reply = shop.get("/v1/queues/rock").send().await;
    assert_eq!(reply.header("retry-after"), "1", "five seconds are left");
    let document = reply.ok();
    assert_eq!(document["points"], json!([]));
    let draw = shop.draw().await;
    assert_eq!((draw.seed, draw.entries, draw.stripes), (None, None, None));
}

#[tokio::test]
async fn numbers_are_drawn_by_lot_at_the_opening() {
    let (shop, _) = Shop::opening_in(60).await;
    let sealed = shop.draw().await.seed_hash;
    let early = shop.fans(12).await;
    // A moment after the time has come, whatever earlier ticks did.
    shop.advance(61).await;
    assert_eq!(shop.draw().await.seed_hash, sealed, "settled beforehand");
    let mut numbers = BTreeSet::new();
    for buyer in &early {
        numbers.insert(shop.number(buyer).await);
    }
    assert_eq!(numbers, (1..=12).collect(), "each of them once");

    let late = &shop.fans(1).await[0];
    assert_eq!(claims(&late.token)["number"], 13, "after all of them");
    shop.advance(10).await;
    for buyer in &early {
        let (number, place) = (shop.number(buyer).await, shop.get_place(buyer).await);
        let status = if number <= 3 { "ACTIVE" } else { "WAITING" };
        assert_eq!(place["status"], status, "number {number}");
        assert_eq!(
            place["queue_position"],
            json!(number.saturating_sub(3)),
            "three are in"
        );
    }
    assert_eq!(shop.get_place(late).await["queue_position"], 10);
    shop.audit().await;
}

/// A join at the last moment has the same chance as one an hour before, and nobody who joins after
/// the opening is before either.
#[tokio::test]
async fn join_is_an_entry_until_the_stripes_are_frozen_and_then_a_number() {
    let (shop, _) = Shop::opening_in(10).await;
    let early = shop.fans(5).await;
    let operator = shop.stack.operator().await;
    let store = operator.store();
    let rock: QueueId = "rock".parse().expect("an id");
    assert_eq!(store.draw_number(&rock).await.expect("an answer"), None);

    // A tick that dies after it has frozen the entries.
    let queue = operator
        .cached_queue(&rock, shop.now())
        .await
        .expect("a queue");
    let seed = queue.seed_of_draw_to_come().expect("a seed");
    let draw = store
        .freeze_entries(&rock, seed, &queue.line)
        .await
        .expect("a draw");
    assert_eq!(draw.entries(), 5);
    let guest = shop.guest().await;
    let join = || {
        let body = json!({ "user_id": guest.user_id, "concert_id": shop.concert_id });
        shop.post("/v1/auth/tokens").json(&body)
    };
    let between = join().send().await;
    assert_eq!(between.header("retry-after"), "1");
    between.is(BUSY);

    // Another tick that dies before it has written the line.
    store.let_numbers_go(&rock, 5).await.expect("done");
    let after = join().send().await.ok();
    assert_eq!(claims(&text(&after["token"]))["number"], 6);

    shop.advance(20).await;
    let mut numbers = BTreeSet::new();
    for buyer in &early {
        numbers.insert(shop.number(buyer).await);
    }
    assert_eq!(numbers, (1..=5).collect());
    assert_eq!(shop.queue("rock").await["tail"], 6);
    shop.audit().await;
}

/// The scheduler is dead. The callers open the queue, ten seconds late.
#[tokio::test]
async fn queue_opens_although_the_scheduler_is_dead() {
    let shop = Shop::without_schedule(&[]).await;
    let admin = shop.admin().await;
    shop.opens_in(&admin, 60).await.ok();
    let concert = shop
        .add_concert("록", "rock", &[show(&shop.dates[0])])
        .await;
    let early = shop.join_for(&shop.guest().await, Some(&concert)).await;
    shop.advance(65).await;
    assert_eq!(shop.status(&early).await, "EARLY");
    shop.advance(10).await;
    shop.status(&early).await;
    shop.advance(5).await;
    assert_eq!(shop.status(&early).await, "ACTIVE");
}

#[tokio::test]
async fn ticks_at_once_draw_the_same_lots() {
    crate::harness::in_virtual_time();
    let (shop, _) = Shop::opening_in(30).await;
    let early = shop.fans(8).await;
    shop.advance(29).await;
    let tick = json!({ "ticks": 1 });
    shop.advance(1).await;
    let ticks = (0..4).map(|_| shop.invoke("admit", &tick));
    for reply in join_all(ticks).await {
        reply.ok();
    }
    let mut numbers = BTreeSet::new();
    for buyer in &early {
        numbers.insert(shop.number(buyer).await);
    }
    assert_eq!(numbers, (1..=8).collect());
    shop.audit().await;
}

/// A user who leaves and comes back has the same entry.
#[tokio::test]
async fn buyer_that_leaves_and_rejoins_keeps_the_entry() {
    let (shop, _) = Shop::opening_in(600).await;
    let early = shop.fans(1).await.remove(0);
    let entry = claims(&early.token)["early"].clone();
    shop.leave(&early).await;
    let guest = Guest {
        user_id: early.user_id,
        access_token: early.access_token,
    };
    let back = shop.join_for(&guest, Some(&shop.concert_id)).await;
    assert_eq!(claims(&back.token)["early"], entry);
    shop.advance(610).await;
    assert_eq!(shop.draw().await.entries, Some(1));
    shop.audit().await;
}

#[tokio::test]
async fn opening_may_be_moved_until_it_has_passed() {
    let (shop, admin) = Shop::opening_in(60).await;
    let sealed = shop.draw().await.seed_hash;
    shop.opens_in(&admin, 600).await.ok();
    shop.advance(61).await;
    assert_eq!(shop.queue("rock").await["points"], json!([]));
    assert_eq!(shop.draw().await.seed_hash, sealed, "the same draw");
    // Other settings do not change it.
    let kept = shop.put_queue(&admin, "rock", &json!({})).await.ok();
    assert_eq!(kept["settings"]["opens_at"], shop.in_seconds(539));

    shop.advance(540).await;
    assert_eq!(shop.draw().await.entries, Some(0), "nobody was early");
    shop.opens_in(&admin, 600).await.is(ALREADY_OPEN);
    let kept = shop.put_queue(&admin, "rock", &json!({})).await.ok();
    assert_eq!(kept["settings"]["opens_at"], shop.in_seconds(-1));
    let late = &shop.fans(1).await[0];
    assert_eq!(late.joined["status"], "ACTIVE", "nobody was before them");
}

/// Nobody had joined early, so the next join would walk in; but now the queue opens later.
#[tokio::test]
async fn queue_that_opened_for_nobody_can_be_paused() {
    let (shop, admin) = Shop::opening_in(30).await;
    shop.advance(40).await;
    assert_eq!(shop.queue("rock").await["served"], 3, "they would walk in");
    let paused = json!({ "state": "PAUSED", "max_active": 3 });
    shop.put_queue(&admin, "rock", &paused).await.ok();
    shop.advance(10).await;
    let late = &shop.fans(1).await[0];
    assert_eq!(late.joined["status"], "WAITING");
    shop.audit().await;
}

#[tokio::test]
async fn opening_has_to_be_in_the_future() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for seconds in [0, -1, 28 * 24 * 3_600 + 1] {
        shop.opens_in(&admin, seconds).await.is(INVALID_OPENS_AT);
    }
    for wrong in [json!("soon"), json!(7), json!("2026-12-01")] {
        let settings = json!({ "opens_at": wrong });
        let reply = shop.put_queue(&admin, "rock", &settings).await;
        reply.is(INVALID_OPENS_AT);
    }
    shop.opens_in(&admin, 28 * 24 * 3_600).await.ok();
}

/// A queue that somebody has joined cannot get an opening.
#[tokio::test]
async fn queue_with_a_number_drawn_takes_no_opening() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let later = json!({ "opens_at": shop.in_seconds(600) });
    let buyer = shop.buyer().await;
    let reply = shop.put_queue(&admin, "main", &later).await;
    reply.is(ALREADY_OPEN);
    assert_eq!(shop.status(&buyer).await, "ACTIVE");
}

/// `main` may get an opening too, even after ticks.
#[tokio::test]
async fn main_can_be_given_an_opening() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    shop.advance(120).await;
    let later = json!({ "opens_at": shop.in_seconds(600), "max_active": 1 });
    shop.put_queue(&admin, "main", &later).await.ok();
    let early = [shop.buyer().await, shop.buyer().await];
    for buyer in &early {
        assert_eq!(buyer.joined["status"], "EARLY");
    }
    shop.advance(610).await;
    let statuses: BTreeSet<_> = [shop.status(&early[0]).await, shop.status(&early[1]).await].into();
    assert_eq!(statuses, ["ACTIVE", "WAITING"].map(str::to_owned).into());
}

#[tokio::test]
async fn queue_that_closes_before_its_opening_ends_early_sessions() {
    let (shop, admin) = Shop::opening_in(60).await;
    let early = &shop.fans(1).await[0];
    let closed = json!({ "state": "CLOSED" });
    shop.put_queue(&admin, "rock", &closed).await.ok();
    shop.advance(2).await;
    assert_eq!(shop.get_place(early).await["reason"], "QUEUE_CLOSED");

    shop.opens_in(&admin, 58).await.ok();
    let again = &shop.fans(1).await[0];
    assert_eq!(again.joined["status"], "EARLY");
    assert_eq!(shop.get_place(early).await["reason"], "QUEUE_CLOSED");
    shop.advance(60).await;
    assert_eq!(shop.get_place(early).await["reason"], "QUEUE_CLOSED");
    assert_eq!(shop.status(again).await, "ACTIVE");
}

/// Those who were closed out take no part in the draw, and nobody waits behind them.
#[tokio::test]
async fn sessions_ended_before_the_opening_take_no_place() {
    let (shop, admin) = Shop::opening_in(60).await;
    let closed_out = shop.fans(12).await;
    let closed = json!({ "state": "CLOSED" });
    shop.put_queue(&admin, "rock", &closed).await.ok();
    shop.opens_in(&admin, 60).await.ok();
    let sealed = shop.queue("rock").await;
    let entries = sealed["draw"]["closed"].as_array().expect("counts").iter();
    assert_eq!(entries.filter_map(Value::as_u64).sum::<u64>(), 12);
    let early = shop.fans(3).await;
    shop.advance(70).await;

    let draw = shop.draw().await;
    assert_eq!(draw.entries, Some(3));
    let mut numbers = Vec::new();
    for buyer in &early {
        numbers.push(shop.number(buyer).await);
        assert_eq!(shop.status(buyer).await, "ACTIVE");
    }
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3]);
    for buyer in &closed_out {
        assert_eq!(shop.status(buyer).await, "CLOSED QUEUE_CLOSED");
    }
    assert_eq!(
        shop.queue("rock").await["early_closures"][0]["reason"],
        "QUEUE_CLOSED"
    );
    shop.audit().await;
}

/// The sale ends, or the concert is deleted, while users wait for the opening.
#[tokio::test]
async fn line_ends_before_the_opening_when_nothing_is_to_be_had() {
    let (mut shop, admin) = Shop::opening_in(600).await;
    let early = shop.fans(2).await;
    let path = format!("/v1/concerts/{}", shop.concert_id);
    let delete = shop.delete(&path).token(&admin.access_token);
    delete.send().await.ok();
    shop.advance(2).await;
    for buyer in &early {
        assert_eq!(shop.status(buyer).await, "CLOSED SALE_OVER");
    }
    assert_eq!(shop.queue("rock").await["state"], "SALE_OVER");

    // Another concert accepts newcomers, and the draw is among them.
    let closes_at = shop.now() + shared::jiff::SignedDuration::from_secs(300);
    let closing = crate::harness::show_sold("2027-01-01", None, Some(closes_at));
    shop.concert_id = shop.add_concert("앙코르", "rock", &[closing]).await;
    shop.advance(2).await;
    let late = &shop.fans(1).await[0];
    assert_eq!(late.joined["status"], "EARLY");
    assert_eq!(shop.status(&early[0]).await, "CLOSED SALE_OVER");
    shop.advance(300).await;
    shop.ask_for_a_place().await.send().await.is(SALE_OVER);
    assert_eq!(shop.status(late).await, "CLOSED SALE_OVER");
    shop.advance(300).await;
    assert_eq!(shop.draw().await.entries, Some(0));
    shop.audit().await;
}

#[tokio::test]
async fn seed_is_secret_before_the_opening() {
    let (shop, admin) = Shop::opening_in(60).await;
    let early = &shop.fans(1).await[0];
    let operator = shop.stack.operator().await;
    let rock: QueueId = "rock".parse().expect("an id");
    let queue = operator
        .cached_queue(&rock, shop.now())
        .await
        .expect("a queue");
    let seed = queue.seed_of_draw_to_come().expect("a seed").reveal();
    let set = shop.put_queue(&admin, "rock", &json!({})).await.ok();
    let answers: [Value; 4] = [
        shop.queue("rock").await,
        shop.get_place(early).await,
        set,
        early.joined.clone(),
    ];
    for answer in answers {
        assert!(!answer.to_string().contains(&seed), "{answer}");
    }
    shop.advance(70).await;
    assert_eq!(shop.queue("rock").await["draw"]["seed"], json!(seed));
}
