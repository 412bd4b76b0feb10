//! The line: one session per user, each number once, ticks and settings one after the other.

use local::Fault;
use serde_json::json;
use shared::{
    domain::{
        draw::Seed,
        ids::{ConcertId, QueueId},
        queue::Line,
        session::Session,
    },
    futures_util::future::join_all,
    jiff::SignedDuration,
    store::{Reading, Store},
};

use super::{leave, session, store, successes};
use crate::harness::{PRICE, Shop, pay_hold, tokens::claims};

guarded! {
    user_has_one_session: ("Sessions", "attribute_not_exists(user_id)");
    user_that_comes_back_has_one_session: ("Sessions", "jti = :ended");
    token_of_an_ended_session_is_not_issued_again: ("Sessions", "attribute_not_exists(closed)");
    token_of_an_earlier_session_is_not_issued_again: ("Sessions", "jti = :jti");
    session_paid_meanwhile_has_not_expired: ("Sessions", "live_hold.reservation_id = :left_behind");
    arrival_is_counted_once: ("Sessions", "attribute_not_exists(arrival)");
    exit_is_counted_once: ("Sessions", "attribute_not_exists(closed)");
    two_ticks_at_once_are_one: ("Queues", "line.version = :seen");
    two_first_ticks_at_once_are_one: ("Queues", "attribute_not_exists(line)");
    settings_at_once_are_all_made: ("Queues", "line.version = :seen");
    settings_of_one_version_are_changed_once: ("Queues", "line.version = :seen");
    settings_without_an_item_are_changed_once: ("Queues", "attribute_not_exists(line)");
    frozen_draw_takes_no_entry: ("Queues", "attribute_not_exists(frozen)");
    number_is_not_drawn_before_the_opening: ("Queues", "attribute_not_exists(held_back)");
    queue_opens_once: ("Queues", "attribute_exists(held_back)");
    queue_with_a_number_drawn_takes_no_opening: ("Queues", "attribute_not_exists(id)");
}

async fn user_has_one_session(shop: &Shop) -> bool {
    let guest = shop.guest().await;
    let body = json!({ "user_id": guest.user_id });
    let joins = (0..8).map(|_| shop.post("/v1/auth/tokens").json(&body).send());
    successes(&join_all(joins).await) == 1
}

async fn user_that_comes_back_has_one_session(shop: &Shop) -> bool {
    let guest = shop.guest().await;
    let buyer = shop.join(&guest).await;
    leave(shop, &buyer).await.ok();
    let body = json!({ "user_id": guest.user_id });
    let joins = (0..8).map(|_| shop.post("/v1/auth/tokens").json(&body).send());
    successes(&join_all(joins).await) == 1
}

/// The user leaves between the read and the write of a join that issues their token again.
async fn token_of_an_ended_session_is_not_issued_again(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let seen = session(shop, &buyer).await;
    leave(shop, &buyer).await.ok();
    store(shop).await.issue_again(&seen).await.is_err()
}

/// The user leaves and joins again meanwhile. The later session must not get what was meant for the
/// earlier one.
async fn token_of_an_earlier_session_is_not_issued_again(shop: &Shop) -> bool {
    let guest = shop.guest().await;
    let buyer = shop.join(&guest).await;
    let seen = session(shop, &buyer).await;
    leave(shop, &buyer).await.ok();
    shop.join(&guest).await;
    store(shop).await.issue_again(&seen).await.is_err()
}

/// A payment that began in time is written after its hold has lapsed, between the read and the
/// write of a join of the same user.
async fn session_paid_meanwhile_has_not_expired(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let reservation = shop.hold(&buyer, 7).await.ok();
    shop.charge(&buyer, PRICE).await.ok();
    let began = shop.now();
    shop.advance(301).await;
    let seen = session(shop, &buyer).await;
    let hold = seen.live_hold.clone().expect("a hold");
    let store = store(shop).await;
    pay_hold(&store, &seen, &hold, began)
        .await
        .expect("in time");
    let again = Session {
        jti: shared::domain::ids::SessionId::new(),
        live_hold: None,
        last_hold: seen.hold_left_behind(),
        arrival: None,
        ..seen.clone()
    };
    let joined = store.join(&again, Some(&seen), shop.now()).await;
    let path = shop.reservation(&reservation);
    let found = shop.get(&path).send_as(&buyer.access_token).await.ok();
    joined.is_err() && found["status"] == "PAID"
}

async fn arrival_is_counted_once(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let seen = session(shop, &buyer).await;
    // As if its number had just been served: it joins again without having arrived.
    leave(shop, &buyer).await.ok();
    let left = session(shop, &buyer).await;
    let store = store(shop).await;
    let admitted = Session {
        jti: shared::domain::ids::SessionId::new(),
        arrival: None,
        closed: None,
        ..seen.clone()
    };
    store
        .join(&admitted, Some(&left), shop.now())
        .await
        .expect("it joins");
    let arrival = seen.arrival.expect("it had arrived");
    let mut arrivals = 0;
    for _ in 0..2 {
        let arrival = shared::domain::session::Arrival {
            arrival_id: shared::domain::ids::ArrivalId::new(),
            ..arrival
        };
        arrivals += u32::from(store.arrive(&admitted, &arrival).await.is_ok());
    }
    arrivals == 1
}

async fn exit_is_counted_once(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let before = session(shop, &buyer).await;
    let store = store(shop).await;
    let mut exits = 0;
    for _ in 0..2 {
        exits += u32::from(store.leave(&before).await.is_ok());
    }
    exits == 1
}

async fn two_ticks_at_once_are_one(shop: &Shop) -> bool {
    shop.buyer().await;
    let store = store(shop).await;
    tick_twice(shop, &store, &QueueId::main()).await == 1
}

async fn two_first_ticks_at_once_are_one(shop: &Shop) -> bool {
    let store = store(shop).await;
    let queue_id: QueueId = "another".parse().expect("an id");
    let concert = ConcertId::new();
    store
        .set_default_concert(&queue_id, concert)
        .await
        .expect("the row is there");
    tick_twice(shop, &store, &queue_id).await == 1
}

/// How many of two ticks write the line that both have read.
async fn tick_twice(shop: &Shop, store: &Store, queue_id: &QueueId) -> u32 {
    let defaults = shop
        .stack
        .operator()
        .await
        .cached_queue(&QueueId::main(), shop.now())
        .await;
    let defaults = defaults.expect("main").settings;
    let read = store
        .queue(queue_id, &defaults, Reading::Consistent)
        .await
        .expect("an answer")
        .expect("a queue");
    let now = shop.now() + SignedDuration::from_secs(10);
    let next = read
        .tick(now, 1, |_| shared::domain::queue::Counts::default(), None)
        .expect("a tick is due");
    let mut written = 0;
    for _ in 0..2 {
        written += u32::from(store.put_line(&read, &next, None).await.expect("an answer"));
    }
    written
}

async fn settings_at_once_are_all_made(shop: &Shop) -> bool {
    let admin = shop.admin().await;
    let settings = json!({});
    shop.put_queue(&admin, "rock", &settings).await.ok();
    let changes = (0..8).map(|_| shop.put_queue(&admin, "rock", &settings));
    let all = join_all(changes)
        .await
        .iter()
        .all(|reply| reply.status.is_success());
    let last = shop.put_queue(&admin, "rock", &settings).await.ok();
    all && last["settings"]["version"] == 10
}

/// How many of two operators change a queue of which both have seen the same version. The second
/// one's request is done while the first one's write is under way.
async fn changed_by_two(shop: &Shop, queue_id: &str, version: u64) -> usize {
    let admin = shop.admin().await;
    let path = format!("/v1/queues/{queue_id}");
    let change = |method: &str| {
        let call = shop.call(method, &path).token(&admin.access_token);
        let call = call.header("if-match", format!("\"{version}\""));
        call.json(&json!({ "max_active": 7 })).send()
    };
    let faults = shop.stack.faults();
    faults.meet("put-queue", "TransactWriteItems", Fault::Slow, 1);
    let second = async {
        while faults.counted().get(&Fault::Slow) != Some(&1) {
            tokio::task::yield_now().await;
        }
        change("PATCH").await
    };
    let (first, second) = tokio::join!(change("PUT"), second);
    assert_eq!(second.status, 200, "{second:?}");
    if first.status != 200 {
        assert_eq!(first.body["version"], version + 1);
        assert_eq!(first.status, 412);
    }
    successes(&[first, second])
}

async fn settings_of_one_version_are_changed_once(shop: &Shop) -> bool {
    let admin = shop.admin().await;
    shop.put_queue(&admin, "rock", &json!({})).await.ok();
    changed_by_two(shop, "rock", 1).await == 1
}

/// The same for a queue that has no line yet.
async fn settings_without_an_item_are_changed_once(shop: &Shop) -> bool {
    let queue_id: QueueId = "another".parse().expect("an id");
    store(shop)
        .await
        .set_default_concert(&queue_id, ConcertId::new())
        .await
        .expect("the row is there");
    changed_by_two(shop, "another", 0).await == 1
}

/// A queue with this id that opens in an hour.
async fn opens_later(shop: &Shop) -> QueueId {
    let admin = shop.admin().await;
    let settings = json!({ "opens_at": shop.in_seconds(3_600) });
    shop.put_queue(&admin, "rock", &settings).await.ok();
    "rock".parse().expect("an id")
}

async fn frozen_draw_takes_no_entry(shop: &Shop) -> bool {
    let queue_id = opens_later(shop).await;
    let store = store(shop).await;
    let freeze = async || {
        store
            .freeze_entries(&queue_id, &Seed::new(), &Line::default())
            .await
    };
    let drawn = freeze().await.expect("a draw");
    let entry = store.enter_early(&queue_id, 7).await;
    entry.expect("an answer").is_none()
        && freeze().await.expect("a draw").stripes() == drawn.stripes()
}

async fn number_is_not_drawn_before_the_opening(shop: &Shop) -> bool {
    let queue_id = opens_later(shop).await;
    let number = store(shop).await.draw_number(&queue_id).await;
    number.expect("an answer").is_none()
}

/// The second tick of the opening comes after a number has been drawn.
async fn queue_opens_once(shop: &Shop) -> bool {
    let queue_id = opens_later(shop).await;
    let store = store(shop).await;
    let mut numbers = Vec::new();
    for _ in 0..2 {
        store.let_numbers_go(&queue_id, 5).await.expect("done");
        numbers.push(store.draw_number(&queue_id).await.expect("an answer"));
    }
    numbers == [Some(6), Some(7)]
}

async fn queue_with_a_number_drawn_takes_no_opening(shop: &Shop) -> bool {
    shop.buyer().await;
    let admin = shop.admin().await;
    let settings = json!({ "opens_at": shop.in_seconds(3_600) });
    let put = shop.put_queue(&admin, "main", &settings).await;
    put.status.is_client_error() && claims(&shop.buyer().await.token)["number"] == 2
}
