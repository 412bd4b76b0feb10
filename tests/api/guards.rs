//! Every condition of the store, each with a test that tries to get past it, and the same with
//! the condition left out of the request: then the wrong thing has to happen, or the test would
//! prove nothing.

use serde_json::{Value, json};

use crate::harness::{Buyer, PRICE, Shop, text};

/// A condition of the store: the table that it is asked of, and words that only it has.
#[derive(Clone, Copy)]
struct Guard {
    table: &'static str,
    words: &'static str,
}

const fn guard(table: &'static str, words: &'static str) -> Guard {
    Guard { table, words }
}

/// Opens a shop in which a condition is missing, if one is named.
async fn shop(without: Option<Guard>) -> Shop {
    let shop = Shop::open().await;
    if let Some(Guard { table, words }) = without {
        shop.stack.strip_condition(table, words);
    }
    shop
}

/// Runs a scenario, which tells whether all went well: with the guard it does, and without it
/// does not, and the condition was there to be left out.
macro_rules! guarded {
    ($($(#[$doc:meta])* $name:ident, $guard:expr, $scenario:ident;)*) => {$(
        $(#[$doc])*
        #[tokio::test]
        async fn $name() {
            assert!($scenario(&shop(None).await).await, "with the guard");
            let unguarded = shop(Some($guard)).await;
            assert!(!$scenario(&unguarded).await, "without the guard");
            assert!(unguarded.stack.stripped_conditions() > 0, "the condition was not found");
        }
    )*};
}

guarded! {
    /// Two holds at once, both past the look: one seat, one holder.
    a_seat_is_held_once, guard("Seats", "attribute_not_exists(seat)"), one_of_two_holds_wins;
    /// One token used twice in parallel.
    a_session_holds_once, guard("Sessions", "attribute_not_exists(live_hold)"), one_hold_a_session;
    /// A hold that was given up while it was being paid.
    a_hold_given_up_is_not_paid, guard("Sessions", "live_hold.held_until > :now"), paying_after_cancelling_fails;
    /// Two payments at once.
    an_order_is_paid_once, guard("Accounts", "attribute_not_exists(entry)"), paying_twice_costs_once;
    /// Two charges at once, both computed from the same balance.
    no_charge_is_lost, guard("Accounts", "seq = :seen"), charges_add_up;
    /// The same charge sent twice.
    a_keyed_charge_happens_once, guard("Accounts", "attribute_not_exists(entry)"), a_key_charges_once;
    /// Two joins at once.
    a_user_has_one_live_session, guard("Sessions", "attribute_not_exists(user_id)"), one_session_a_user;
}

/// What answers tell: how many of them are 200.
fn successes(replies: &[crate::harness::Reply]) -> usize {
    replies.iter().filter(|reply| reply.status == 200).count()
}

async fn one_of_two_holds_wins(shop: &Shop) -> bool {
    let (one, other) = (shop.buyer().await, shop.buyer().await);
    // Both have looked before either has written: the test writes through the store itself.
    let app = shop.stack.app("hold-seats").await;
    let mut held = 0;
    for buyer in [&one, &other] {
        let session = session(shop, buyer).await;
        let hold = new_hold(shop, 7);
        held += u32::from(app.store().place_hold(&session, &hold, shop.now()).await.is_ok());
    }
    held == 1
}

async fn one_hold_a_session(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    // Both requests have read the session before either has written.
    let session = session(shop, &buyer).await;
    let app = shop.stack.app("hold-seats").await;
    let mut held = 0;
    for seat in [1, 2] {
        let hold = new_hold(shop, seat);
        held += u32::from(app.store().place_hold(&session, &hold, shop.now()).await.is_ok());
    }
    held == 1
}

async fn paying_after_cancelling_fails(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    shop.charge(&buyer, PRICE).await.ok();
    // The payment has read the session before the cancellation writes it.
    let before = session(shop, &buyer).await;
    let hold = before.live_hold.clone().expect("a hold");
    let store = shop.stack.operator().await;
    store.store().cancel_hold(&before, &hold, shop.now()).await.expect("cancelled");
    let app = shop.stack.app("pay").await;
    let _ = held;
    app.store().pay(&before, &hold, shop.now()).await.is_err()
}

async fn paying_twice_costs_once(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    shop.charge(&buyer, 3 * PRICE).await.ok();
    // Both payments have read the session before either has written. The other conditions of the
    // second one hold no more, so what is seen is the answer: a receipt, not a refusal.
    let before = session(shop, &buyer).await;
    let hold = before.live_hold.clone().expect("a hold");
    shop.pay(&buyer, &held).await.ok();
    let app = shop.stack.app("pay").await;
    let again = app.store().pay(&before, &hold, shop.now()).await;
    again.is_ok() && balance(shop, &buyer).await == json!(2 * PRICE)
}

async fn charges_add_up(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let charges = (0..20).map(|_| shop.charge(&buyer, 100));
    let replies = shared::futures_util::future::join_all(charges).await;
    successes(&replies) == 20 && balance(shop, &buyer).await == json!(2_000)
}

async fn a_key_charges_once(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let path = format!("/v1/users/{}/balance", buyer.user_id);
    for _ in 0..2 {
        let body = json!({ "amount": 100 });
        shop.post(&path).token(&buyer.token).header("idempotency-key", "once").json(&body).send().await.ok();
    }
    balance(shop, &buyer).await == json!(100)
}

async fn one_session_a_user(shop: &Shop) -> bool {
    let guest = shop.guest().await;
    let joins = (0..8).map(|_| {
        shop.post("/v1/auth/tokens").json(&json!({ "user_id": guest.user_id })).send()
    });
    successes(&shared::futures_util::future::join_all(joins).await) == 1
}

async fn balance(shop: &Shop, buyer: &Buyer) -> Value {
    let path = format!("/v1/users/{}/balance", buyer.user_id);
    shop.get(&path).token(&buyer.access_token).send().await.ok()["current_balance"].clone()
}

async fn session(shop: &Shop, buyer: &Buyer) -> shared::domain::session::Session {
    let store = shop.stack.operator().await;
    let (user_id, queue_id) = (buyer.user_id.parse(), "main".parse());
    let read = store.store().session(user_id.expect("an id"), &queue_id.expect("an id")).await;
    read.expect("an answer").expect("a session")
}

fn new_hold(shop: &Shop, seat: u64) -> shared::domain::order::Hold {
    use shared::domain::{ids, money::Money, order::Hold, seat};
    let seat = seat::SeatNumber::new(seat).expect("a seat");
    Hold {
        reservation_id: ids::ReservationId::new(),
        payment_id: ids::PaymentId::new(),
        concert_id: shop.concert_id.parse().expect("an id"),
        date: shop.dates[0].parse().expect("a date"),
        seats: seat::SeatSet::new(vec![seat]).expect("a set"),
        amount: Money::won(PRICE),
        held_until: shop.now() + shared::jiff::SignedDuration::from_secs(300),
    }
}
