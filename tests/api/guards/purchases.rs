//! Holding, paying, charging, refunding: no seat for two users, and no money out of nothing.

use local::Fault;
use serde_json::{Value, json};
use shared::{
    domain::{
        ids::UserId,
        money::{Difference, Money},
        order::{Account, Hold, Order},
        reason::{Explanation, Reason},
        seat::{SeatNumber, SeatSet},
        session::{Ending, Session},
    },
    futures_util::future::join_all,
    jiff::SignedDuration,
    store::{Rejected, TryError, keys::EntryName, owners::PaidSeat, purchase::HoldRefused},
};

use super::{hold, leave, session, store, successes};
use crate::harness::{Buyer, Guest, PRICE, Shop, pay_hold, show};

guarded! {
    seat_is_held_once: ("Seats", "attribute_not_exists(seat)");
    session_holds_once: ("Sessions", "attribute_not_exists(live_hold)");
    reservation_that_was_given_up_is_not_held_again: ("Sessions", "last_hold.reservation_id <>");
    session_that_has_left_holds_nothing: ("Sessions", "attribute_not_exists(closed)");
    earlier_session_holds_nothing: ("Sessions", "jti = :jti");
    lapsed_hold_is_not_paid: ("Sessions", "live_hold.held_until > :now");
    hold_given_up_is_not_paid: ("Sessions", "live_hold.reservation_id = :reservation_id");
    seat_that_went_to_another_is_not_sold: ("Seats", "reservation_id = :reservation_id");
    order_is_paid_once: ("Accounts", "attribute_not_exists(entry)");
    payment_and_charges_at_once_add_up: ("Accounts", "seq = :seen");
    two_payments_at_once_keep_the_limit: ("Accounts", "seq = :seen");
    charges_at_once_add_up: ("Accounts", "seq = :seen");
    keyed_charge_happens_once: ("Accounts", "attribute_not_exists(entry)");
    old_hold_cannot_be_cancelled: ("Sessions", "live_hold.held_until > :now");
    live_hold_does_not_lapse: ("Sessions", "live_hold.held_until <= :now");
    next_holder_keeps_the_seat: ("Seats", "reservation_id = :reservation_id");
    order_is_refunded_once: ("Accounts", "#status = :paid");
    seat_sold_again_keeps_its_buyer: ("Seats", "attribute_not_exists(buyer)");
    seat_given_back_is_not_named: ("Seats", "attribute_not_exists(buyer)");
    seat_that_is_not_the_orders_is_not_given_back: ("Seats", "#status = :sold AND reservation_id");
    first_partial_refunds_at_once_are_both_kept: ("Accounts", "attribute_not_exists(returned)");
    later_partial_refunds_at_once_are_both_kept: ("Accounts", "size(returned) = :seen");
    refunds_and_charges_at_once_add_up: ("Accounts", "seq = :seen");
    operators_refund_and_the_buyers_are_one: ("Accounts", "#status = :paid");
    operators_refund_takes_no_seat_of_another: ("Seats", "#status = :sold AND reservation_id");
    operator_cancels_no_later_hold: ("Sessions", "live_hold.reservation_id = :reservation_id");
    corrections_and_charges_at_once_add_up: ("Accounts", "seq = :seen");
    correction_and_a_payment_at_once_take_no_more_than_there_is: ("Accounts", "seq = :seen");
    keyed_correction_happens_once: ("Accounts", "attribute_not_exists(entry)");
    first_log_out_ends_a_charge_under_way: ("Accounts", "attribute_not_exists(generation)");
    log_out_ends_a_charge_under_way: ("Accounts", "generation = :generation");
    log_out_ends_a_payment_under_way: ("Accounts", "attribute_not_exists(generation)");
    log_out_ends_a_refund_under_way: ("Accounts", "attribute_not_exists(generation)");
    charge_does_not_go_to_a_deleted_user: ("Accounts", "attribute_not_exists(generation)");
}

async fn seat_is_held_once(shop: &Shop) -> bool {
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

async fn session_holds_once(shop: &Shop) -> bool {
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

/// Of two tries of one request, the first one takes effect after the second one was cancelled.
async fn reservation_that_was_given_up_is_not_held_again(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    let session = session(shop, &buyer).await;
    let late = Hold {
        seats: SeatSet::from(SeatNumber::new(8).expect("a seat")),
        ..session.live_hold.clone().expect("a hold")
    };
    shop.cancel(&buyer, &held).await.ok();
    let store = store(shop).await;
    store.place_hold(&session, &late, shop.now()).await.is_err()
}

async fn session_that_has_left_holds_nothing(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let session = session(shop, &buyer).await;
    leave(shop, &buyer).await.ok();
    let held = store(shop)
        .await
        .place_hold(&session, &hold(shop, 7), shop.now())
        .await;
    is_over(&held, Some(Ending::Left))
}

/// Whether a hold is refused because the session is over, for this reason.
fn is_over(held: &Result<(), Rejected<HoldRefused>>, reason: Option<Ending>) -> bool {
    matches!(held, Err(Rejected::Refused(HoldRefused::SessionOver(why))) if *why == reason)
}

async fn earlier_session_holds_nothing(shop: &Shop) -> bool {
    let guest = shop.guest().await;
    let buyer = shop.join(&guest).await;
    let earlier = session(shop, &buyer).await;
    leave(shop, &buyer).await.ok();
    shop.join(&guest).await;
    let held = store(shop)
        .await
        .place_hold(&earlier, &hold(shop, 7), shop.now())
        .await;
    is_over(&held, None)
}

async fn lapsed_hold_is_not_paid(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let (session, hold) = rich_and_holding(shop, &buyer).await;
    let store = store(shop).await;
    pay_hold(&store, &session, &hold, hold.held_until)
        .await
        .is_err()
}

async fn hold_given_up_is_not_paid(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let (session, hold) = rich_and_holding(shop, &buyer).await;
    let store = store(shop).await;
    store
        .cancel_hold(&session, &hold, shop.now())
        .await
        .expect("it is cancelled");
    pay_hold(&store, &session, &hold, shop.now()).await.is_err()
}

/// The payer's clock is far behind, and the message was lost, so only the seat's item knows.
async fn seat_that_went_to_another_is_not_sold(shop: &Shop) -> bool {
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
    let refused = pay_hold(&store, &payer, &lapsed, shop.now()).await.is_err();
    // The clock of the function that reads it afterwards is right.
    shop.advance(303).await;
    refused
}

/// The session and the seat are as they were before, as after one table was restored to an earlier
/// time and another was not.
async fn order_is_paid_once(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let (session, hold) = rich_and_holding(shop, &buyer).await;
    let store = store(shop).await;
    let before = everything_held(shop).await;
    pay_hold(&store, &session, &hold, shop.now())
        .await
        .expect("it is paid");
    let after = everything_held(shop).await;
    restore(shop, before).await;
    let again = pay_hold(&store, &session, &hold, shop.now()).await;
    restore(shop, after).await;
    again.is_ok() && shop.balance(&buyer).await == json!(9 * PRICE)
}

/// The items of the tables of sessions and seats.
async fn everything_held(shop: &Shop) -> [(&'static str, Vec<Value>); 2] {
    let sessions = shop.items("Sessions").await;
    [("Sessions", sessions), ("Seats", shop.items("Seats").await)]
}

async fn restore(shop: &Shop, tables: [(&'static str, Vec<Value>); 2]) {
    for (table, items) in tables {
        for item in items {
            shop.put_item(table, item).await;
        }
    }
}

async fn payment_and_charges_at_once_add_up(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    shop.charge(&buyer, PRICE).await.ok();
    let charges = join_all((0..10).map(|_| shop.charge(&buyer, 100)));
    let (paid, charges) = shared::futures_util::join!(shop.pay(&buyer, &held), charges);
    let all_done = paid.status == 200 && successes(&charges) == 10;
    all_done && shop.balance(&buyer).await == json!(1_000)
}

async fn charges_at_once_add_up(shop: &Shop) -> bool {
    // Their retries end after two seconds, so time is paused for slow machines.
    tokio::time::pause();
    let buyer = shop.buyer().await;
    let replies = join_all((0..20).map(|_| shop.charge(&buyer, 100))).await;
    tokio::time::resume();
    successes(&replies) == 20 && shop.balance(&buyer).await == json!(2_000)
}

async fn keyed_charge_happens_once(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    for _ in 0..2 {
        shop.charge_keyed(&buyer, 100, "once").await.ok();
    }
    shop.balance(&buyer).await == json!(100)
}

async fn old_hold_cannot_be_cancelled(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let (session, hold) = rich_and_holding(shop, &buyer).await;
    store(shop)
        .await
        .cancel_hold(&session, &hold, hold.held_until)
        .await
        .is_err()
}

async fn live_hold_does_not_lapse(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let (session, hold) = rich_and_holding(shop, &buyer).await;
    let almost = hold.held_until - SignedDuration::from_millis(1);
    store(shop)
        .await
        .lapse_hold(&session, &hold, almost)
        .await
        .is_err()
}

async fn next_holder_keeps_the_seat(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let (_, lapsed) = rich_and_holding(shop, &buyer).await;
    shop.advance(302).await;
    let next = shop.buyer().await;
    shop.hold(&next, 7).await.ok();
    // The release of the earlier hold is delivered again, late.
    store(shop)
        .await
        .free_seats(&lapsed)
        .await
        .expect("it is done");
    shop.seats(&shop.buyer().await).await[&7] == "HELD"
}

/// The second refund has read the order before the first has written it.
async fn order_is_refunded_once(shop: &Shop) -> bool {
    let (buyer, order) = sold(shop, 7).await;
    let store = store(shop).await;
    // The seats' condition guards it as well.
    shop.stack
        .strip_condition("Seats", "#status = :sold AND reservation_id");
    store
        .refund(&order, &order.seats, None, None, shop.now())
        .await
        .expect("a refund");
    let again = store
        .refund(&order, &order.seats, None, None, shop.now())
        .await;
    again.is_ok() && shop.balance(&buyer).await == json!(PRICE)
}

/// Seat 7 names nobody, which the function that names buyers has seen.
async fn seen_nameless(shop: &Shop) -> (Buyer, Order, Vec<PaidSeat>) {
    let (buyer, order) = sold(shop, 7).await;
    shop.forget_buyer(7).await;
    let store = store(shop).await;
    let paid = store.paid_orders(None, 100).await.expect("a page");
    let seen = store.nameless(&paid.seats).await.expect("an answer");
    assert_eq!(seen.len(), 1);
    (buyer, order, seen)
}

async fn seat_sold_again_keeps_its_buyer(shop: &Shop) -> bool {
    let (_, order, seen) = seen_nameless(shop).await;
    let store = store(shop).await;
    let refund = store.refund(&order, &order.seats, None, None, shop.now());
    refund.await.expect("a refund");
    sold(shop, 7).await;
    let named = store.name_owners(seen).await.expect("an answer");
    let kinds = shop.audited().await["kinds"].clone();
    named == 0 && kinds == json!({})
}

async fn seat_given_back_is_not_named(shop: &Shop) -> bool {
    let (_, order, seen) = seen_nameless(shop).await;
    let store = store(shop).await;
    let refund = store.refund(&order, &order.seats, None, None, shop.now());
    refund.await.expect("a refund");
    let named = store.name_owners(seen).await.expect("an answer");
    named == 0 && shop.items("Seats").await.is_empty()
}

async fn seat_that_is_not_the_orders_is_not_given_back(shop: &Shop) -> bool {
    let (_, order) = sold(shop, 7).await;
    let (_, other) = sold(shop, 8).await;
    let order = Order {
        seats: other.seats,
        ..order
    };
    store(shop)
        .await
        .refund(&order, &order.seats, None, None, shop.now())
        .await
        .is_err()
}

async fn refunds_and_charges_at_once_add_up(shop: &Shop) -> bool {
    let (buyer, order) = sold(shop, 7).await;
    let store = store(shop).await;
    let refund = store.refund(&order, &order.seats, None, None, shop.now());
    let charges = join_all((0..10).map(|_| shop.charge(&buyer, 100)));
    let (refunded, charges) = shared::futures_util::join!(refund, charges);
    let all_done = refunded.is_ok() && successes(&charges) == 10;
    all_done && shop.balance(&buyer).await == json!(PRICE + 1_000)
}

/// Two sessions of a user hold two seats each of a concert with a limit of three. Each call to the
/// database takes as long, so both payments have read the user's orders before either is written.
async fn two_payments_at_once_keep_the_limit(shop: &Shop) -> bool {
    let one = shop.buyer().await;
    shop.add_queue("other").await;
    let guest = Guest {
        user_id: one.user_id.clone(),
        access_token: one.access_token.clone(),
    };
    let elsewhere = shop.add_concert("B", "other", &[show("2027-01-01")]).await;
    shop.join_for(&guest, Some(&elsewhere)).await;
    shop.charge(&one, 4 * PRICE).await.ok();
    let store = store(shop).await;
    let user_id: UserId = one.user_id.parse().expect("an id");
    let mut both = Vec::new();
    for (queue, seats) in [("main", [1, 2]), ("other", [3, 4])] {
        let queue_id = queue.parse().expect("an id");
        let session = store.session(user_id, &queue_id);
        let session = session.await.expect("an answer").expect("a session");
        let hold = Hold {
            limit: Some(3),
            seats: SeatSet::new(seats.into_iter().filter_map(SeatNumber::new).collect())
                .expect("seats"),
            amount: Money::won(2 * PRICE),
            ..hold(shop, seats[0])
        };
        let placed = store.place_hold(&session, &hold, shop.now()).await;
        placed.expect("a hold");
        both.push((session, hold));
    }
    let seen = account(shop, &one).await;
    let faults = shop.stack.faults();
    faults.meet_at_random(0, &[(Fault::Delayed, 1.0)]);
    let pay = |(session, hold)| store.try_to_pay(session, seen, hold, shop.now());
    let (first, second) = (&both[0], &both[1]);
    let paid = shared::futures_util::join!(pay((&first.0, &first.1)), pay((&second.0, &second.1)));
    faults.end();
    u32::from(paid.0.is_ok()) + u32::from(paid.1.is_ok()) == 1
}

/// Refunds two seats of an order, each as the order was read before both.
async fn refund_two(shop: &Shop, order: &Order, seats: [u64; 2]) {
    let store = store(shop).await;
    for number in seats {
        let seat = SeatSet::from(SeatNumber::new(number).expect("a seat"));
        let refunded = store.refund(order, &seat, None, None, shop.now()).await;
        refunded.expect("a refund");
    }
}

async fn refunded_seats(shop: &Shop, order: &Order) -> Vec<u32> {
    let store = store(shop).await;
    let there = store.order(order.user_id, order.reservation_id);
    let there = there.await.expect("an answer").expect("an order");
    there
        .refunded_seats()
        .into_iter()
        .map(SeatNumber::get)
        .collect()
}

async fn first_partial_refunds_at_once_are_both_kept(shop: &Shop) -> bool {
    let (buyer, order) = sold_all(shop, &[6, 7, 8]).await;
    refund_two(shop, &order, [7, 8]).await;
    let both = refunded_seats(shop, &order).await == [7, 8];
    both && shop.balance(&buyer).await == json!(2 * PRICE)
}

async fn later_partial_refunds_at_once_are_both_kept(shop: &Shop) -> bool {
    let (buyer, order) = sold_all(shop, &[5, 6, 7, 8]).await;
    let first = SeatSet::from(SeatNumber::new(5).expect("a seat"));
    let store = store(shop).await;
    let order = store.refund(&order, &first, None, None, shop.now()).await;
    let order = order.expect("a refund");
    refund_two(shop, &order, [7, 8]).await;
    let all = refunded_seats(shop, &order).await == [5, 7, 8];
    all && shop.balance(&buyer).await == json!(3 * PRICE)
}

/// Both have read the order before either has written it.
async fn operators_refund_and_the_buyers_are_one(shop: &Shop) -> bool {
    let (buyer, order) = sold(shop, 7).await;
    let store = store(shop).await;
    // The seats' condition guards it as well.
    shop.stack
        .strip_condition("Seats", "#status = :sold AND reservation_id");
    let why = explanation();
    let own = store
        .refund(&order, &order.seats, None, None, shop.now())
        .await;
    let own = own.expect("a refund").refund;
    let operators = store
        .refund(&order, &order.seats, Some(&why), None, shop.now())
        .await;
    let operators = operators.expect("an answer").refund;
    own == operators && shop.balance(&buyer).await == json!(PRICE)
}

async fn operators_refund_takes_no_seat_of_another(shop: &Shop) -> bool {
    let (_, order) = sold(shop, 7).await;
    let (_, other) = sold(shop, 8).await;
    let order = Order {
        seats: other.seats,
        ..order
    };
    let why = explanation();
    let refunded = store(shop)
        .await
        .refund(&order, &order.seats, Some(&why), None, shop.now())
        .await;
    refunded.is_err()
}

/// The operator has read a hold, and its buyer holds another seat by now.
async fn operator_cancels_no_later_hold(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let (seen, hold) = rich_and_holding(shop, &buyer).await;
    let path = format!("{}/{}", shop.reservations(), hold.reservation_id);
    shop.delete(&path).send_as(&buyer.token).await.ok();
    shop.hold(&buyer, 8).await.ok();
    let store = store(shop).await;
    store.cancel_hold(&seen, &hold, shop.now()).await.is_err()
}

async fn corrections_and_charges_at_once_add_up(shop: &Shop) -> bool {
    // Their retries end after two seconds, so time is paused for slow machines.
    tokio::time::pause();
    let (buyer, admin) = (shop.buyer().await, shop.admin().await);
    shop.charge(&buyer, 1_000).await.ok();
    let charges = join_all((0..8).map(|_| shop.charge(&buyer, 100)));
    let corrections = join_all((0..8).map(|_| shop.correct(&admin, &buyer, -50).send()));
    let (charges, corrections) = shared::futures_util::join!(charges, corrections);
    tokio::time::resume();
    let all_done = successes(&charges) == 8 && successes(&corrections) == 8;
    all_done && shop.balance(&buyer).await == json!(1_400)
}

/// The balance is enough for one of the two.
async fn correction_and_a_payment_at_once_take_no_more_than_there_is(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    shop.hold(&buyer, 7).await.ok();
    shop.charge(&buyer, PRICE).await.ok();
    let session = session(shop, &buyer).await;
    let hold = session.live_hold.clone().expect("a hold");
    let takes = Difference::parse(&format!("-{PRICE}")).expect("a difference");
    let (store, name, why) = (store(shop).await, EntryName::of(None), explanation());
    let account = account(shop, &buyer).await;
    let user_id = session.user_id;
    let correction = store.correct(user_id, Some(account), &name, takes, &why, shop.now());
    let payment = store.pay(&session, 0, Some(account), &hold, shop.now());
    let (corrected, paid) = shared::futures_util::join!(correction, payment);
    corrected.is_ok() != paid.is_ok() && shop.balance(&buyer).await == json!(0)
}

async fn keyed_correction_happens_once(shop: &Shop) -> bool {
    let (buyer, admin) = (shop.buyer().await, shop.admin().await);
    for _ in 0..2 {
        let correction = shop.correct(&admin, &buyer, 100);
        correction.key("once").send().await.ok();
    }
    shop.balance(&buyer).await == json!(100)
}

fn explanation() -> Explanation {
    Explanation {
        by: UserId::new(),
        reason: Reason::parse("A").expect("a reason"),
        change_id: None,
    }
}

/// A buyer who has bought a seat, and the order as a request reads it.
async fn sold_all(shop: &Shop, seats: &[u32]) -> (Buyer, Order) {
    let buyer = shop.buyer().await;
    let receipt = shop.buy(&buyer, seats).await;
    order_of(shop, buyer, &receipt).await
}

async fn sold(shop: &Shop, seat: u32) -> (Buyer, Order) {
    let (buyer, receipt) = shop.sell(seat).await;
    order_of(shop, buyer, &receipt).await
}

async fn order_of(shop: &Shop, buyer: Buyer, receipt: &Value) -> (Buyer, Order) {
    let reservation_id = receipt["reservation_id"].as_str().expect("an id");
    let ids = (buyer.user_id.parse(), reservation_id.parse());
    let (user_id, reservation_id) = (ids.0.expect("an id"), ids.1.expect("an id"));
    let read = store(shop).await.order(user_id, reservation_id).await;
    (buyer, read.expect("an answer").expect("an order"))
}

async fn log_out(shop: &Shop, buyer: &Buyer) {
    let out = shop.post("/v1/auth/logout").token(&buyer.access_token);
    out.send().await.ok();
}

/// The account, as a request reads it that moves it afterwards.
async fn account(shop: &Shop, buyer: &Buyer) -> Account {
    let user_id = buyer.user_id.parse().expect("an id");
    let read = store(shop).await.account(user_id).await;
    read.expect("an answer").expect("an account")
}

/// Whether a charge succeeds into the account as it was read.
async fn charges(shop: &Shop, buyer: &Buyer, seen: Account) -> bool {
    let user_id = buyer.user_id.parse().expect("an id");
    let (name, amount) = (EntryName::of(None), Money::won(100));
    let store = store(shop).await;
    let tried = store.try_to_charge(user_id, seen, &name, amount, shop.now());
    tried.await.is_ok()
}

async fn first_log_out_ends_a_charge_under_way(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let seen = account(shop, &buyer).await;
    log_out(shop, &buyer).await;
    !charges(shop, &buyer, seen).await
}

async fn log_out_ends_a_charge_under_way(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    log_out(shop, &buyer).await;
    let seen = account(shop, &buyer).await;
    let token = shop.token_of(&buyer.user_id).await;
    let out = shop.post("/v1/auth/logout").token(&token);
    out.send().await.ok();
    !charges(shop, &buyer, seen).await
}

async fn log_out_ends_a_payment_under_way(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let (session, hold) = rich_and_holding(shop, &buyer).await;
    let seen = account(shop, &buyer).await;
    log_out(shop, &buyer).await;
    let store = store(shop).await;
    let tried = store.try_to_pay(&session, seen, &hold, shop.now()).await;
    matches!(tried, Err(TryError::Stale))
}

async fn log_out_ends_a_refund_under_way(shop: &Shop) -> bool {
    let (buyer, order) = sold(shop, 7).await;
    let seen = account(shop, &buyer).await;
    log_out(shop, &buyer).await;
    let tried = store(shop)
        .await
        .try_to_refund(&order, &order.seats, None, seen, shop.now())
        .await;
    matches!(tried, Err(TryError::Stale))
}

async fn charge_does_not_go_to_a_deleted_user(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let seen = account(shop, &buyer).await;
    let path = format!("/v1/users/{}", buyer.user_id);
    let gone = shop.delete(&path).token(&buyer.access_token);
    gone.send().await.ok();
    !charges(shop, &buyer, seen).await
}

/// A session that holds seat 7 and can pay ten times for it, as a request reads it.
async fn rich_and_holding(shop: &Shop, buyer: &Buyer) -> (Session, Hold) {
    shop.hold(buyer, 7).await.ok();
    shop.charge(buyer, 10 * PRICE).await.ok();
    let session = session(shop, buyer).await;
    let hold = session.live_hold.clone().expect("a hold");
    (session, hold)
}
