//! What is true in every state, and what happens in some.

use stateright::Property;

use super::{
    Purchase,
    state::{Ending, HOLD, Place, State, WEALTH},
};

/// What is true in every state, whatever is asked for.
pub fn always() -> Vec<Property<Purchase>> {
    vec![
        Property::always("a seat is sold once", |_, state: &State| {
            state.orders.iter().enumerate().all(|(n, order)| {
                let mut later = state.orders[n + 1..].iter();
                later.all(|other| other.left().without(order.left()) == other.left())
            })
        }),
        Property::always("orders and sold seats are the same", |_, state: &State| {
            let sold = state.seats.iter().filter(|seat| is_sold(**seat)).count();
            let left = state.orders.iter().map(|order| order.left().count());
            sold == usize::from(left.sum::<u8>())
                && state.orders.iter().all(|order| {
                    let reservation = order.reservation;
                    let sold = Place::Sold { reservation };
                    order.left().iter().all(|seat| state.seats[seat] == sold)
                })
        }),
        Property::always(
            "money is paid for orders, and for nothing else",
            |_, state: &State| {
                (0..2).all(|user| {
                    let mine = || state.orders.iter().filter(move |order| order.user == user);
                    let left: u8 = mine().map(|order| order.left().count()).sum();
                    let entries: u8 = mine().map(|order| 1 + order.refunds).sum();
                    let account = state.accounts[user];
                    account.balance.checked_add(left) == Some(WEALTH) && account.seq == entries
                })
            },
        ),
        Property::always(
            "an order is refunded when its last seat is",
            |_, state: &State| {
                let mut orders = state.orders.iter();
                orders.all(|order| order.is_refunded == (order.left().count() == 0))
            },
        ),
        Property::always("who holds a seat has it", |_, state: &State| {
            let live = state.sessions.iter().filter_map(|session| session.hold);
            let mut live = live.filter(|hold| hold.is_live(state.now));
            live.all(|hold| state.seats[hold.seat].is_held_by(hold.reservation))
        }),
        Property::always(
            "a held seat is somebody's, or about to be free",
            |_, state: &State| {
                (0..2).all(|seat| match state.seats[seat] {
                    Place::Held { reservation, until } if until > state.now => {
                        has_an_owner(state, seat, reservation)
                    }
                    _ => true,
                })
            },
        ),
        Property::always("who holds a seat is not gone", |_, state: &State| {
            let mut sessions = state.sessions.iter();
            sessions.all(|session| session.hold.is_none() || session.closed.is_none())
        }),
        Property::always("what was given up is not paid for", |_, state: &State| {
            state.orders.iter().all(|order| {
                let given_up = state.sessions[order.user].last_hold;
                given_up.is_none_or(|hold| hold.reservation != order.reservation)
            })
        }),
        Property::always("an order has closed its session", |_, state: &State| {
            state.orders.iter().all(|order| {
                let session = state.sessions[order.user];
                session.jti != order.jti || session.closed == Some(Ending::Paid)
            })
        }),
        Property::always(
            "in time, every seat that is not sold is free",
            |_, state: &State| {
                let in_time = state.now + HOLD + 1;
                state
                    .seats
                    .iter()
                    .all(|seat| is_sold(*seat) || !seat.is_taken(in_time))
            },
        ),
        Property::always("in time, everybody may come again", |_, state: &State| {
            let in_time = state.now + HOLD;
            let mut sessions = state.sessions.iter();
            sessions.all(|session| session.hold.is_none() || session.is_over(in_time))
        }),
    ]
}

/// What happens in some order of the requests of a purchase.
pub fn of_purchases() -> Vec<Property<Purchase>> {
    vec![
        Property::sometimes("it happens that a seat is sold", |_, state: &State| {
            !state.orders.is_empty()
        }),
        Property::sometimes("it happens that a hold lapses", |_, state: &State| {
            let mut sessions = state.sessions.iter();
            sessions.any(|session| session.closed == Some(Ending::HoldExpired))
        }),
        Property::sometimes(
            "it happens that somebody comes again",
            |_, state: &State| state.sessions.iter().any(|session| session.jti > 0),
        ),
        Property::sometimes(
            "it happens that a seat goes to another",
            |_, state: &State| {
                state.reserved == 2 && state.orders.iter().any(|order| order.reservation == 1)
            },
        ),
    ]
}

/// What happens in some order of refunds and purchases.
pub fn of_refunds() -> Vec<Property<Purchase>> {
    vec![
        Property::sometimes(
            "it happens that one of two seats is refunded and sold to another",
            |_, state: &State| {
                let [refunded, ..] = state.orders.as_slice() else {
                    return false;
                };
                !refunded.is_refunded && state.orders.len() == 2
            },
        ),
        Property::sometimes(
            "it happens that an order is refunded in two steps",
            |_, state: &State| {
                let mut orders = state.orders.iter();
                orders.any(|order| order.is_refunded && order.refunds == 2)
            },
        ),
        Property::sometimes(
            "it happens that an order is refunded at once",
            |_, state: &State| {
                let mut orders = state.orders.iter();
                orders.any(|order| order.is_refunded && order.refunds == 1)
            },
        ),
    ]
}

fn is_sold(seat: Place) -> bool {
    matches!(seat, Place::Sold { .. })
}

/// A reservation whose seat is taken is held by a session. Or its user has just cancelled it, and
/// their process may have ended since: then nobody can pay it any more.
fn has_an_owner(state: &State, seat: usize, reservation: u8) -> bool {
    let mut sessions = state.sessions.iter();
    sessions.any(|session| {
        let held = session.hold.into_iter().chain(session.last_hold);
        held.into_iter()
            .any(|hold| hold.seat == seat && hold.reservation == reservation)
    })
}
