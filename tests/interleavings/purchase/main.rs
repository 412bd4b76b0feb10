//! Every order in which the requests of two users can reach the database: holds, payments,
//! cancellations, refunds, leaving, joining again. Meanwhile time passes, processes end between any two of
//! their calls, and release messages are delivered early, late, twice or never.
//!
//! A transaction is one step, and so is every other write and every read. A request decides by what
//! it has read, and by the time at which it began. The rules of time are those of the domain. No
//! process lives as long as a hold. Nothing must happen: a process that has ended is one that never
//! continues, and a lost message is one that is never delivered.

mod properties;
mod requests;
mod state;

use std::time::Instant;

use stateright::{Checker, HasDiscoveries, Model, Property};

use self::{
    requests::{Action, Request, Wish},
    state::{Place, State},
};

/// A condition that can be left out of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    /// Only a free seat is taken.
    SeatIsFree,
    /// Only a session that holds nothing gets a hold.
    SessionHoldsNothing,
    /// Only a session that is not over gets a hold.
    SessionIsOpen,
    /// Only what the session holds is paid.
    SessionHoldsIt,
    /// Only a seat of the hold is sold.
    SeatIsTheHolds,
    /// Only a seat of the hold is freed.
    FreedSeatIsTheHolds,
    /// The hold of an ended session must still be there when the next session begins.
    HoldIsLeftBehind,
    /// Only the order as it was read is refunded.
    OrderIsAsSeen,
    /// Only the balance as it was read is moved.
    BalanceIsAsSeen,
}

/// Two users who buy two seats.
#[derive(Debug, Clone)]
struct Purchase {
    /// How many requests are made in total.
    requests: u8,
    /// When the clock stops.
    latest: u8,
    /// The condition that is left out.
    without: Option<Condition>,
    /// Whether a process may live longer than a hold. No function does.
    outlive_holds: bool,
    /// Whether the first user has bought both seats at the beginning, and refunds are asked for.
    refunds: bool,
}

impl Purchase {
    /// Large enough for each condition to matter.
    fn small() -> Self {
        Self {
            requests: 3,
            latest: 3,
            without: None,
            outlive_holds: false,
            refunds: false,
        }
    }

    /// The first user's refunds, of one seat and of both, while both users buy what is free.
    fn refunds() -> Self {
        Self {
            requests: 4,
            latest: 0,
            refunds: true,
            ..Self::small()
        }
    }

    /// Whether writes have this condition.
    fn asks(&self, condition: Condition) -> bool {
        self.without != Some(condition)
    }
}

impl Model for Purchase {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![if self.refunds {
            State::sold()
        } else {
            State::default()
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.now < self.latest {
            actions.push(Action::TimePasses);
        }
        // Which user is first, and which seat they want, changes only names.
        if state.made == 0 && !self.refunds {
            actions.push(Action::Ask(0, Wish::Hold(0)));
        } else if state.made < self.requests {
            for user in 0..2 {
                actions.extend(state.wishes(user).map(|wish| Action::Ask(user, wish)));
                if self.refunds {
                    actions.extend(state.refunds(user).map(|wish| Action::Ask(user, wish)));
                }
            }
        }
        for (n, message) in state.messages.iter().enumerate() {
            actions.push(Action::Deliver(n));
            // A message that has been delivered once may be delivered again.
            if !message.doubled {
                actions.push(Action::Double(n));
            }
        }
        actions.extend((0..state.requests.len()).map(Action::GoOn));
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::TimePasses => {
                state.now += 1;
                let now = state.now;
                let goes_on = |request: &Request| self.outlive_holds || request.may_go_on(now);
                state.requests.retain(goes_on);
            }
            Action::Ask(user, wish) => {
                state.made += 1;
                state.requests.push(Request::of(user, wish, state.now));
            }
            Action::Deliver(n) => {
                let message = state.messages.remove(n);
                state.requests.push(Request::release(message, state.now));
            }
            Action::Double(n) => {
                state.messages[n].doubled = true;
                let message = state.messages[n];
                state.requests.push(Request::release(message, state.now));
            }
            Action::GoOn(n) => {
                let request = state.requests.remove(n);
                if let Some(next) = request.step(self, &mut state) {
                    state.requests.push(next);
                }
            }
        }
        // The order of this list has no meaning.
        state.requests.sort_unstable();
        state.messages.sort_unstable();
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut all = properties::always();
        all.extend(if self.refunds {
            properties::of_refunds()
        } else {
            properties::of_purchases()
        });
        all
    }
}

#[test]
fn seat_is_sold_once_and_never_lost_in_any_order() {
    check(Purchase::small());
}

/// The first user refunds one seat of two, the other one, and both, several times at once. Meanwhile
/// both users buy what is free.
#[test]
fn seat_is_refunded_once_and_sold_again_in_any_order() {
    check(Purchase::refunds());
}

/// Goes through all orders.
fn check(purchase: Purchase) {
    let begun = Instant::now();
    let checker = purchase.checker().threads(2).spawn_bfs().join();
    println!(
        "{} states, {} of them different, in {:?}",
        checker.state_count(),
        checker.unique_state_count(),
        begun.elapsed()
    );
    checker.assert_properties();
}

/// Each condition is necessary: without it, some order goes wrong in this way.
#[test]
fn missing_condition_goes_wrong_in_some_order() {
    for (condition, what) in [
        (Condition::SeatIsFree, "who holds a seat has it"),
        (
            Condition::SessionHoldsNothing,
            "a held seat is somebody's, or about to be free",
        ),
        (Condition::SessionIsOpen, "who holds a seat is not gone"),
        (
            Condition::SessionHoldsIt,
            "what was given up is not paid for",
        ),
        (Condition::SeatIsTheHolds, "who holds a seat has it"),
        (Condition::FreedSeatIsTheHolds, "who holds a seat has it"),
        (
            Condition::HoldIsLeftBehind,
            "what was given up is not paid for",
        ),
        (
            Condition::OrderIsAsSeen,
            "money is paid for orders, and for nothing else",
        ),
        (
            Condition::BalanceIsAsSeen,
            "money is paid for orders, and for nothing else",
        ),
    ] {
        let all = match condition {
            Condition::OrderIsAsSeen | Condition::BalanceIsAsSeen => Purchase::refunds(),
            _ => Purchase::small(),
        };
        let purchase = Purchase {
            without: Some(condition),
            // With clocks that agree and processes that end in time, this condition would not be
            // necessary.
            outlive_holds: condition == Condition::SeatIsTheHolds,
            ..all
        };
        let found = HasDiscoveries::AnyOf([what].into());
        let checker = purchase.checker().finish_when(found);
        let checker = checker.threads(2).spawn_bfs().join();
        let path = checker.discovery(what);
        let path = path.map(stateright::Path::into_actions);
        println!("without {condition:?} it is not so that {what}: {path:?}");
        assert!(path.is_some(), "without {condition:?} still {what}");
    }
}

/// The states of a seat agree with the domain's rules.
#[test]
fn seat_is_taken_as_long_as_the_domain_says() {
    let held = Place::Held {
        reservation: 0,
        until: 2,
    };
    assert_eq!(
        (0..5).map(|now| held.is_taken(now)).collect::<Vec<_>>(),
        [true, true, true, false, false]
    );
}
