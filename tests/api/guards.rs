//! Every condition of the store, each with a scenario that tries to get past it, once as it is and
//! once with the condition left out of the requests. Then the wrong thing has to happen, or the
//! test would prove nothing.
//!
//! Where two requests have to overlap in one particular way, the test makes the store calls that
//! their handlers make, in that order.

use serde_json::{Value, json};
use shared::{
    domain::{
        draw::Seed,
        ids::{ConcertId, PaymentId, QueueId, ReservationId},
        money::Money,
        order::{Hold, Order},
        programme::{Change, ProgrammeChange, ShowChange},
        seat::{SeatNumber, SeatSet},
        session::{Ending, Session},
        show::Concert,
        signing::{KeyPair, Keys, PrivateKey, PublicKey, Rotation},
        user::{Email, Name, PasswordHash, User},
    },
    futures_util::future::join_all,
    jiff::{SignedDuration, Timestamp},
    store::{Reading, Store},
};

use crate::harness::{Buyer, PASSWORD, PRICE, Reply, Shop, show, tokens::claims};

/// A table, and words of the condition that is left out.
type Guard = (&'static str, &'static str);

/// Opens a shop in which a condition is missing, if one is named.
async fn shop(without: Option<Guard>) -> Shop {
    let shop = Shop::open().await;
    if let Some((table, words)) = without {
        shop.stack.strip_condition(table, words);
    }
    shop
}

/// Runs a scenario, which tells whether all went well: with the guard it does, without it does
/// not, and the condition was there to be left out.
macro_rules! guarded {
    ($($name:ident: $guard:expr;)*) => {
        mod guard {
            $(
                #[tokio::test]
                async fn $name() {
                    let guarded = super::shop(None).await;
                    assert!(super::$name(&guarded).await, "with the guard");
                    guarded.audit().await;
                    let unguarded = super::shop(Some($guard)).await;
                    assert!(!super::$name(&unguarded).await, "without the guard");
                    assert!(unguarded.stack.stripped_conditions() > 0, "there is no such condition");
                }
            )*
        }
    };
}

guarded! {
    a_seat_is_held_once: ("Seats", "attribute_not_exists(seat)");
    a_session_holds_once: ("Sessions", "attribute_not_exists(live_hold)");
    a_session_that_has_left_holds_nothing: ("Sessions", "attribute_not_exists(closed)");
    an_earlier_session_holds_nothing: ("Sessions", "jti = :jti");
    a_lapsed_hold_is_not_paid: ("Sessions", "live_hold.held_until > :now");
    a_hold_given_up_is_not_paid: ("Sessions", "live_hold.reservation_id = :reservation_id");
    a_seat_that_somebody_else_got_is_not_sold: ("Seats", "reservation_id = :reservation_id");
    an_order_is_paid_once: ("Accounts", "attribute_not_exists(entry)");
    a_payment_and_charges_at_once_add_up: ("Accounts", "seq = :seen");
    charges_at_once_add_up: ("Accounts", "seq = :seen");
    a_keyed_charge_happens_once: ("Accounts", "attribute_not_exists(entry)");
    a_user_has_one_session: ("Sessions", "attribute_not_exists(user_id)");
    a_user_who_comes_back_has_one_session: ("Sessions", "jti = :ended");
    what_is_paid_meanwhile_has_not_expired: ("Sessions", "live_hold.reservation_id = :left_behind");
    an_arrival_is_counted_once: ("Sessions", "attribute_not_exists(arrival)");
    an_exit_is_counted_once: ("Sessions", "attribute_not_exists(closed)");
    an_old_hold_cannot_be_cancelled: ("Sessions", "live_hold.held_until > :now");
    a_live_hold_does_not_lapse: ("Sessions", "live_hold.held_until <= :now");
    the_next_holder_keeps_the_seat: ("Seats", "reservation_id = :reservation_id");
    two_ticks_at_once_are_one: ("Queues", "line.version = :seen");
    two_first_ticks_at_once_are_one: ("Queues", "attribute_not_exists(line)");
    settings_at_once_are_all_made: ("Queues", "line.version = :seen");
    nobody_enters_a_frozen_draw: ("Queues", "attribute_not_exists(frozen)");
    no_number_is_drawn_before_the_opening: ("Queues", "attribute_not_exists(held_back)");
    a_queue_opens_once: ("Queues", "attribute_exists(held_back)");
    who_has_a_number_keeps_it: ("Queues", "attribute_not_exists(id)");
    a_user_is_not_replaced: ("Users", "attribute_not_exists(id)");
    an_address_is_one_users: ("Users", "attribute_not_exists(id)");
    an_address_taken_meanwhile_is_not_taken_over: ("Users", "attribute_not_exists(id)");
    first_guesses_at_once_are_all_counted: ("Users", "attribute_not_exists(attempts)");
    guesses_at_once_do_not_pass_the_limit: ("Users", "attempts.#count < :most");
    two_changes_of_an_account_at_once_are_one: ("Users", "generation = :seen");
    a_change_does_not_outlive_its_token: ("Users", "generation = :seen");
    a_guest_becomes_an_account_once: ("Users", "attribute_not_exists(password_hash)");
    nobody_becomes_no_administrator: ("Users", "attribute_exists(id)");
    a_concert_is_not_replaced: ("Catalog", "attribute_not_exists(entry)");
    the_first_key_pair_stays: ("Keys", "attribute_not_exists(id)");
    two_first_rotations_at_once_are_one: ("Keys", "attribute_not_exists(version)");
    two_rotations_at_once_are_one: ("Keys", "version = :seen");
    keys_that_came_after_all_were_deleted_stay: ("Keys", "kid = :seen_kid");
    two_changes_of_a_concert_are_both_done: ("Catalog", "version = :seen");
    nothing_is_left_of_a_deleted_concert: ("Catalog", "version = :seen");
    a_show_added_meanwhile_is_not_left_behind: ("Catalog", "version = :seen");
    concerts_of_a_queue_at_once_all_count: ("Queues", "version = :shows_seen");
    first_concerts_of_a_queue_at_once_all_count: ("Queues", "attribute_not_exists(id)");
    an_order_is_refunded_once: ("Accounts", "#status = :paid");
    a_seat_that_is_not_the_orders_is_not_given_back: ("Seats", "#status = :sold AND reservation_id");
    refunds_and_charges_at_once_add_up: ("Accounts", "seq = :seen");
}

async fn a_seat_is_held_once(shop: &Shop) -> bool {
    let (one, other) = (shop.buyer().await, shop.buyer().await);
    let store = store(shop).await;
    let mut holders = 0;
    for buyer in [&one, &other] {
        let session = session(shop, buyer).await;
        let held = store.place_hold(&session, &hold(shop, 7), shop.now()).await;
        holders += u32::from(held.is_ok());
    }
    holders == 1
}

async fn a_session_holds_once(shop: &Shop) -> bool {
    let session = session(shop, &shop.buyer().await).await;
    let store = store(shop).await;
    let mut holds = 0;
    for seat in [1, 2] {
        let held = store
            .place_hold(&session, &hold(shop, seat), shop.now())
            .await;
        holds += u32::from(held.is_ok());
    }
    holds == 1
}

async fn a_session_that_has_left_holds_nothing(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let session = session(shop, &buyer).await;
    leave(shop, &buyer).await.ok();
    let held = store(shop)
        .await
        .place_hold(&session, &hold(shop, 7), shop.now())
        .await;
    held.is_err()
}

async fn an_earlier_session_holds_nothing(shop: &Shop) -> bool {
    let guest = shop.guest().await;
    let buyer = shop.join(&guest).await;
    let earlier = session(shop, &buyer).await;
    leave(shop, &buyer).await.ok();
    shop.join(&guest).await;
    let held = store(shop)
        .await
        .place_hold(&earlier, &hold(shop, 7), shop.now())
        .await;
    held.is_err()
}

async fn a_lapsed_hold_is_not_paid(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let (session, hold) = rich_and_holding(shop, &buyer).await;
    store(shop)
        .await
        .pay(&session, &hold, hold.held_until)
        .await
        .is_err()
}

async fn a_hold_given_up_is_not_paid(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let (session, hold) = rich_and_holding(shop, &buyer).await;
    let store = store(shop).await;
    store
        .cancel_hold(&session, &hold, shop.now())
        .await
        .expect("it is cancelled");
    store.pay(&session, &hold, shop.now()).await.is_err()
}

/// The payer's clock is far behind, and the message was lost: only the seat itself knows.
async fn a_seat_that_somebody_else_got_is_not_sold(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let (payer, lapsed) = rich_and_holding(shop, &buyer).await;
    let next = session(shop, &shop.buyer().await).await;
    let store = store(shop).await;
    let later = lapsed.held_until + SignedDuration::from_secs(2);
    let taken = Hold {
        held_until: later + SignedDuration::from_secs(300),
        ..hold(shop, 7)
    };
    store
        .place_hold(&next, &taken, later)
        .await
        .expect("the seat is free again");
    let refused = store.pay(&payer, &lapsed, shop.now()).await.is_err();
    // The clock of whoever looks at it afterwards is right.
    shop.advance(303).await;
    refused
}

async fn an_order_is_paid_once(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let (session, hold) = rich_and_holding(shop, &buyer).await;
    let store = store(shop).await;
    store
        .pay(&session, &hold, shop.now())
        .await
        .expect("it is paid");
    // The second payment has read the session before the first has written it.
    let again = store.pay(&session, &hold, shop.now()).await;
    again.is_ok() && balance(shop, &buyer).await == json!(9 * PRICE)
}

async fn a_payment_and_charges_at_once_add_up(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    shop.charge(&buyer, PRICE).await.ok();
    let charges = join_all((0..10).map(|_| shop.charge(&buyer, 100)));
    let (paid, charges) = shared::futures_util::join!(shop.pay(&buyer, &held), charges);
    let all_done = paid.status == 200 && successes(&charges) == 10;
    all_done && balance(shop, &buyer).await == json!(1_000)
}

async fn charges_at_once_add_up(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let replies = join_all((0..20).map(|_| shop.charge(&buyer, 100))).await;
    successes(&replies) == 20 && balance(shop, &buyer).await == json!(2_000)
}

async fn a_keyed_charge_happens_once(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let path = format!("/v1/users/{}/balance", buyer.user_id);
    for _ in 0..2 {
        let charge = shop
            .post(&path)
            .token(&buyer.token)
            .header("idempotency-key", "once");
        charge.json(&json!({ "amount": 100 })).send().await.ok();
    }
    balance(shop, &buyer).await == json!(100)
}

async fn a_user_has_one_session(shop: &Shop) -> bool {
    let guest = shop.guest().await;
    let body = json!({ "user_id": guest.user_id });
    let joins = (0..8).map(|_| shop.post("/v1/auth/tokens").json(&body).send());
    successes(&join_all(joins).await) == 1
}

async fn a_user_who_comes_back_has_one_session(shop: &Shop) -> bool {
    let guest = shop.guest().await;
    let buyer = shop.join(&guest).await;
    leave(shop, &buyer).await.ok();
    let body = json!({ "user_id": guest.user_id });
    let joins = (0..8).map(|_| shop.post("/v1/auth/tokens").json(&body).send());
    successes(&join_all(joins).await) == 1
}

/// A payment that began in time commits when the hold is over already, between the look and the
/// write of somebody who joins again.
async fn what_is_paid_meanwhile_has_not_expired(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let reservation = shop.hold(&buyer, 7).await.ok();
    shop.charge(&buyer, PRICE).await.ok();
    let began = shop.now();
    shop.advance(301).await;
    let seen = session(shop, &buyer).await;
    let hold = seen.live_hold.clone().expect("a hold");
    let store = store(shop).await;
    store.pay(&seen, &hold, began).await.expect("in time");
    let again = Session {
        jti: shared::domain::ids::SessionId::new(),
        live_hold: None,
        last_hold: seen.hold_left_behind(),
        arrival: None,
        ..seen.clone()
    };
    let joined = store.join(&again, Some(&seen), shop.now()).await;
    let path = shop.reservation(&reservation);
    let found = shop.get(&path).token(&buyer.access_token).send().await.ok();
    joined.is_err() && found["status"] == "PAID"
}

async fn an_arrival_is_counted_once(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let seen = session(shop, &buyer).await;
    // As if its number had just come up: it joins once more, without having arrived.
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

async fn an_exit_is_counted_once(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let before = session(shop, &buyer).await;
    let store = store(shop).await;
    let mut exits = 0;
    for _ in 0..2 {
        exits += u32::from(store.leave(&before).await.is_ok());
    }
    exits == 1
}

async fn an_old_hold_cannot_be_cancelled(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let (session, hold) = rich_and_holding(shop, &buyer).await;
    store(shop)
        .await
        .cancel_hold(&session, &hold, hold.held_until)
        .await
        .is_err()
}

async fn a_live_hold_does_not_lapse(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let (session, hold) = rich_and_holding(shop, &buyer).await;
    let almost = hold.held_until - SignedDuration::from_millis(1);
    store(shop)
        .await
        .lapse_hold(&session, &hold, almost)
        .await
        .is_err()
}

async fn the_next_holder_keeps_the_seat(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let (_, lapsed) = rich_and_holding(shop, &buyer).await;
    shop.advance(302).await;
    let next = shop.buyer().await;
    shop.hold(&next, 7).await.ok();
    // The release of the earlier hold comes once more, late.
    store(shop)
        .await
        .free_seats(&lapsed)
        .await
        .expect("it is done");
    shop.seats(&shop.buyer().await).await[&7] == "HELD"
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
        .queue(&QueueId::main(), shop.now())
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

async fn a_user_is_not_replaced(shop: &Shop) -> bool {
    let user = User::guest(Name::parse("김민수").expect("a name"), shop.now());
    let store = store(shop).await;
    // The account of the first sign-up is a guard of its own.
    shop.stack
        .strip_condition("Accounts", "attribute_not_exists(entry)");
    store.sign_up(&user).await.expect("a new user");
    store.sign_up(&user).await.is_err()
}

async fn an_address_is_one_users(shop: &Shop) -> bool {
    let sign_ups = (0..3).map(|_| shop.sign_up_with("mina@example.com", PASSWORD));
    let replies = join_all(sign_ups).await;
    let signed_up = replies.iter().filter(|reply| reply.status == 201);
    signed_up.count() == 1
}

async fn an_address_taken_meanwhile_is_not_taken_over(shop: &Shop) -> bool {
    let (one, other) = (
        shop.account("one@example.com").await,
        shop.account("other@example.com").await,
    );
    let seen = user(shop, &one.user_id).await;
    let changed = with_address(&seen, "other@example.com");
    let done = store(shop).await.change_credentials(&seen, &changed).await;
    let logged_in = shop.log_in("other@example.com", PASSWORD).await.ok();
    done.is_err() && logged_in["user_id"] == other.user_id
}

async fn first_guesses_at_once_are_all_counted(shop: &Shop) -> bool {
    eleven_guesses_at_once(shop).await == 10
}

async fn guesses_at_once_do_not_pass_the_limit(shop: &Shop) -> bool {
    eleven_guesses_at_once(shop).await == 10
}

/// How many of eleven wrong passwords are heard.
async fn eleven_guesses_at_once(shop: &Shop) -> usize {
    let account = shop.account("mina@example.com").await;
    let guesses = (0..11).map(|_| shop.log_in(&account.email, "not the password"));
    let replies = join_all(guesses).await;
    replies.iter().filter(|reply| reply.status == 401).count()
}

/// Otherwise the first one's address would stay somebody's who has another one.
async fn two_changes_of_an_account_at_once_are_one(shop: &Shop) -> bool {
    let account = shop.account("mina@example.com").await;
    let seen = user(shop, &account.user_id).await;
    let store = store(shop).await;
    let mut written = 0;
    for email in ["one@example.com", "other@example.com"] {
        let changed = with_address(&seen, email);
        let done = store.change_credentials(&seen, &changed).await;
        written += u32::from(done.is_ok());
    }
    written == 1
}

/// Otherwise whoever logs out on seeing that somebody else has their token would be too late.
async fn a_change_does_not_outlive_its_token(shop: &Shop) -> bool {
    let account = shop.account("mina@example.com").await;
    let seen = user(shop, &account.user_id).await;
    let out = shop.post("/v1/auth/logout").token(&account.access_token);
    out.send().await.ok();
    let changed = with_address(&seen, "other@example.com");
    let done = store(shop).await.change_credentials(&seen, &changed).await;
    done.is_err()
}

async fn a_guest_becomes_an_account_once(shop: &Shop) -> bool {
    let guest = shop.guest().await;
    let seen = user(shop, &guest.user_id).await;
    let store = store(shop).await;
    let mut written = 0;
    for email in ["one@example.com", "other@example.com"] {
        let changed = User {
            generation: seen.generation,
            password_hash: Some(PasswordHash::new("a hash".to_owned())),
            ..with_address(&seen, email)
        };
        let done = store.change_credentials(&seen, &changed).await;
        written += u32::from(done.is_ok());
    }
    written == 1
}

async fn nobody_becomes_no_administrator(shop: &Shop) -> bool {
    let nobody = "11111111-1111-4111-8111-111111111111";
    let order = json!({ "user_id": nobody });
    shop.invoke("make-admin", &order).await;
    let read = store(shop).await.user(nobody.parse().expect("an id")).await;
    matches!(read, Ok(None))
}

/// A user, as a request reads them.
async fn user(shop: &Shop, user_id: &str) -> User {
    let read = store(shop)
        .await
        .user(user_id.parse().expect("an id"))
        .await;
    read.expect("an answer").expect("a user")
}

/// The same user with another address, as an account changes it.
fn with_address(seen: &User, email: &str) -> User {
    User {
        email: Email::parse(email),
        generation: seen.generation + 1,
        ..seen.clone()
    }
}

async fn a_concert_is_not_replaced(shop: &Shop) -> bool {
    let concert = Concert {
        concert_id: ConcertId::new(),
        name: Name::parse("콘서트").expect("a name"),
        queue_id: QueueId::main(),
    };
    let store = store(shop).await;
    let shows = [show("2026-12-24")];
    store
        .create_concert(&concert, &shows)
        .await
        .expect("a new concert");
    store.create_concert(&concert, &shows).await.is_err()
}

/// Administrators read a concert at the same time, and then write it one after the other.
async fn two_changes_of_a_concert_are_both_done(shop: &Shop) -> bool {
    let changes = (1..=8).map(|day| {
        let date = format!("2027-01-0{day}");
        change(shop, &shop.concert_id, vec![show_on(&date)])
    });
    let all_done = join_all(changes).await.into_iter().all(|done| done);
    all_done && shop.listed().await[0]["shows"] == 10
}

/// One deletes a concert while somebody else adds a show to it.
async fn nothing_is_left_of_a_deleted_concert(shop: &Shop) -> bool {
    let id = shop.concert_id.parse().expect("an id");
    let store = store(shop).await;
    let now = shop.now();
    let deleted = store.delete_concert(id, None, now);
    let changed = change(shop, &shop.concert_id, vec![show_on("2027-01-01")]);
    let (deleted, _) = shared::futures_util::join!(deleted, changed);
    let read = store.programme(id, Reading::Consistent).await;
    let shows = store.shows(id).await.expect("an answer");
    let nothing = read.expect("an answer").is_none() && shows.is_empty();
    deleted.is_ok() && nothing && shop.listed().await.is_empty()
}

async fn a_show_added_meanwhile_is_not_left_behind(shop: &Shop) -> bool {
    let id = shop.concert_id.parse().expect("an id");
    let store = store(shop).await;
    let date = shop.dates[0].parse().expect("a date");
    let deleted = store.delete_concert(id, Some(date), shop.now());
    let changed = change(shop, &shop.concert_id, vec![show_on("2027-01-01")]);
    let (deleted, changed) = shared::futures_util::join!(deleted, changed);
    let listed = &shop.listed().await[0];
    deleted.is_ok() && changed && listed["shows"] == 2 && listed["last_date"] == "2027-01-01"
}

async fn concerts_of_a_queue_at_once_all_count(shop: &Shop) -> bool {
    count_concerts_at_once(shop, 1).await
}

async fn first_concerts_of_a_queue_at_once_all_count(shop: &Shop) -> bool {
    count_concerts_at_once(shop, 0).await
}

/// Creates concerts of a queue in which there are so many already. More than once: by the second
/// time the connections that they come by are open.
async fn count_concerts_at_once(shop: &Shop, earlier: usize) -> bool {
    let shows = [show("2026-12-24")];
    let concerts = ["A", "B", "C", "D", "E", "F"];
    let mut all = true;
    for queue in ["rock", "jazz", "folk"] {
        if earlier > 0 {
            shop.add_queue(queue).await;
        }
        join_all(concerts.map(|name| shop.add_concert(name, queue, &shows))).await;
        let counted = shop.queue_shows(queue).await;
        let counted = counted.as_object().map(serde_json::Map::len);
        all &= counted == Some(earlier + concerts.len());
    }
    all
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

/// A queue of that name that opens in an hour.
async fn opens_later(shop: &Shop) -> QueueId {
    let admin = shop.admin().await;
    let settings = json!({ "opens_at": shop.in_seconds(3_600) });
    shop.put_queue(&admin, "rock", &settings).await.ok();
    "rock".parse().expect("an id")
}

async fn nobody_enters_a_frozen_draw(shop: &Shop) -> bool {
    let queue_id = opens_later(shop).await;
    let store = store(shop).await;
    let freeze = async || store.freeze_entries(&queue_id, &Seed::new()).await;
    let drawn = freeze().await.expect("a draw");
    let entry = store.enter_early(&queue_id, 7).await;
    entry.expect("an answer").is_none()
        && freeze().await.expect("a draw").stripes() == drawn.stripes()
}

async fn no_number_is_drawn_before_the_opening(shop: &Shop) -> bool {
    let queue_id = opens_later(shop).await;
    let number = store(shop).await.draw_number(&queue_id).await;
    number.expect("an answer").is_none()
}

/// The second tick of the opening comes when a number has been drawn.
async fn a_queue_opens_once(shop: &Shop) -> bool {
    let queue_id = opens_later(shop).await;
    let store = store(shop).await;
    let mut numbers = Vec::new();
    for _ in 0..2 {
        store.let_numbers_go(&queue_id, 5).await.expect("done");
        numbers.push(store.draw_number(&queue_id).await.expect("an answer"));
    }
    numbers == [Some(6), Some(7)]
}

async fn who_has_a_number_keeps_it(shop: &Shop) -> bool {
    shop.buyer().await;
    let admin = shop.admin().await;
    let settings = json!({ "opens_at": shop.in_seconds(3_600) });
    let put = shop.put_queue(&admin, "main", &settings).await;
    put.status.is_client_error() && claims(&shop.buyer().await.token)["number"] == 2
}

/// The second refund has read the order before the first has written it.
async fn an_order_is_refunded_once(shop: &Shop) -> bool {
    let (buyer, order) = sold(shop, 7).await;
    let store = store(shop).await;
    // The seats guard it as well.
    shop.stack
        .strip_condition("Seats", "#status = :sold AND reservation_id");
    store.refund(&order, shop.now()).await.expect("a refund");
    let again = store.refund(&order, shop.now()).await;
    again.is_ok() && balance(shop, &buyer).await == json!(PRICE)
}

async fn a_seat_that_is_not_the_orders_is_not_given_back(shop: &Shop) -> bool {
    let (_, order) = sold(shop, 7).await;
    let (_, other) = sold(shop, 8).await;
    let order = Order {
        seats: other.seats,
        ..order
    };
    store(shop).await.refund(&order, shop.now()).await.is_err()
}

async fn refunds_and_charges_at_once_add_up(shop: &Shop) -> bool {
    let (buyer, order) = sold(shop, 7).await;
    let store = store(shop).await;
    let refund = store.refund(&order, shop.now());
    let charges = join_all((0..10).map(|_| shop.charge(&buyer, 100)));
    let (refunded, charges) = shared::futures_util::join!(refund, charges);
    let all_done = refunded.is_ok() && successes(&charges) == 10;
    all_done && balance(shop, &buyer).await == json!(PRICE + 1_000)
}

async fn change(shop: &Shop, concert_id: &str, shows: Vec<ShowChange>) -> bool {
    let change = ProgrammeChange {
        shows,
        ..ProgrammeChange::default()
    };
    let id = concert_id.parse().expect("an id");
    store(shop).await.change_concert(id, &change).await.is_ok()
}

fn show_on(date: &str) -> ShowChange {
    ShowChange {
        date: date.parse().expect("a date"),
        price: Some(Money::won(PRICE)),
        capacity: None,
        opens_at: Change::Keep,
        closes_at: Change::Keep,
    }
}

/// Somebody who has bought a seat, and the order as a request reads it.
async fn sold(shop: &Shop, seat: u32) -> (Buyer, Order) {
    let (buyer, receipt) = shop.sold(seat).await;
    let reservation_id = receipt["reservation_id"].as_str().expect("an id");
    let ids = (buyer.user_id.parse(), reservation_id.parse());
    let (user_id, reservation_id) = (ids.0.expect("an id"), ids.1.expect("an id"));
    let read = store(shop).await.order(user_id, reservation_id).await;
    (buyer, read.expect("an answer").expect("an order"))
}

async fn the_first_key_pair_stays(shop: &Shop) -> bool {
    let sign_up = || {
        shop.post("/v1/users")
            .json(&json!({ "name": "김민수" }))
            .send()
    };
    let users = join_all((0..8).map(|_| sign_up())).await;
    let mut good = 0;
    for user in users {
        let user = user.expect(201);
        let path = format!(
            "/v1/users/{}/balance",
            user["user_id"].as_str().expect("an id")
        );
        let token = user["token"].as_str().expect("a token");
        good += u32::from(shop.get(&path).token(token).send().await.status == 200);
    }
    good == 8
}

async fn two_first_rotations_at_once_are_one(shop: &Shop) -> bool {
    shop.guest().await;
    rotate_twice(shop).await == 1
}

async fn two_rotations_at_once_are_one(shop: &Shop) -> bool {
    shop.guest().await;
    shop.invoke("rotate-keys", &json!({ "now": true }))
        .await
        .ok();
    rotate_twice(shop).await == 1
}

/// How many of two rotations write that have read the same keys: of the second key, nobody would
/// know the public half.
async fn rotate_twice(shop: &Shop) -> u32 {
    let store = shop.stack.app("rotate-keys").await.store().clone();
    let seen = store.all_keys().await.expect("an answer").expect("keys");
    let later = shop.now() + SignedDuration::from_mins(5);
    let mut written = 0;
    for kid in ["one", "other"] {
        let keys = seen.rotated(
            &Rotation::Now,
            key_pair(kid, later),
            SignedDuration::from_hours(24),
            later,
        );
        let keys = keys.expect("a new key");
        written += u32::from(store.change_keys(&seen, &keys).await.is_ok());
    }
    written
}

/// As an operator may delete them who fears the worst.
async fn keys_that_came_after_all_were_deleted_stay(shop: &Shop) -> bool {
    let store = shop.stack.app("rotate-keys").await.store().clone();
    let deleted = key_pair("deleted", shop.now());
    let seen = Keys {
        signing: deleted.private.into(),
        public: vec![deleted.public],
    };
    let guest = shop.guest().await;
    let keys = seen.rotated(
        &Rotation::Now,
        key_pair("next", shop.now()),
        SignedDuration::from_hours(24),
        shop.now(),
    );
    let keys = keys.expect("a new key");
    let changed = store.change_keys(&seen, &keys).await;
    shop.advance(300).await;
    let path = format!("/v1/users/{}/balance", guest.user_id);
    let balance = shop.get(&path).token(&guest.access_token).send().await;
    changed.is_err() && balance.status == 200
}

fn key_pair(kid: &str, now: Timestamp) -> KeyPair {
    KeyPair {
        private: PrivateKey {
            kid: kid.to_owned(),
            pkcs8: String::new(),
        },
        public: PublicKey {
            kid: kid.to_owned(),
            x: String::new(),
            created_at: now,
            signs_until: None,
        },
    }
}

/// The store of an operator, who may do everything, and below whom conditions can be left out.
async fn store(shop: &Shop) -> Store {
    shop.stack.operator().await.store().clone()
}

fn successes(replies: &[Reply]) -> usize {
    replies
        .iter()
        .filter(|reply| reply.status.is_success())
        .count()
}

async fn leave(shop: &Shop, buyer: &Buyer) -> Reply {
    shop.delete("/v1/auth/tokens")
        .token(&buyer.token)
        .send()
        .await
}

async fn balance(shop: &Shop, buyer: &Buyer) -> Value {
    let path = format!("/v1/users/{}/balance", buyer.user_id);
    let balance = shop.get(&path).token(&buyer.access_token).send().await.ok();
    balance["current_balance"].clone()
}

async fn session(shop: &Shop, buyer: &Buyer) -> Session {
    let user_id = buyer.user_id.parse().expect("an id");
    let read = store(shop).await.session(user_id, &QueueId::main()).await;
    let session = read.expect("an answer").expect("a session");
    assert_ne!(session.closed, Some(Ending::Paid));
    session
}

/// A session that holds seat 7 and can pay ten times for it, as a request reads it.
async fn rich_and_holding(shop: &Shop, buyer: &Buyer) -> (Session, Hold) {
    shop.hold(buyer, 7).await.ok();
    shop.charge(buyer, 10 * PRICE).await.ok();
    let session = session(shop, buyer).await;
    let hold = session.live_hold.clone().expect("a hold");
    (session, hold)
}

/// A new hold of a seat of the first date.
fn hold(shop: &Shop, seat: u64) -> Hold {
    let seat = SeatNumber::new(seat).expect("a seat");
    Hold {
        reservation_id: ReservationId::new(),
        payment_id: PaymentId::new(),
        concert_id: shop.concert_id.parse().expect("an id"),
        date: shop.dates[0].parse().expect("a date"),
        seats: SeatSet::new(vec![seat]).expect("a set"),
        amount: Money::won(PRICE),
        held_until: in_five_minutes(shop.now()),
    }
}

fn in_five_minutes(now: Timestamp) -> Timestamp {
    now + SignedDuration::from_secs(300)
}
