//! Every order in which two people's holds, payments, cancellations, departures and returns can
//! reach the database, request by request, while time passes, processes end between any two of
//! their requests, and release messages come early, late, twice or never.
//!
//! A transaction is one step, and so is each other write and each read; what a request decides on
//! is what it read, and the time at which it began. The rules of time are those of the domain.

mod properties;
mod requests;
mod state;

use std::time::Instant;

use stateright::{Checker, HasDiscoveries, Model, Property};

use self::{
    requests::{Action, Request},
    state::{Place, State},
};

/// A condition that a write can be without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    /// A seat that is taken is free.
    SeatIsFree,
    /// A session that holds nothing gets a hold.
    SessionHoldsNothing,
    /// A session that is over gets no hold.
    SessionIsOpen,
    /// What is paid for is what the session holds.
    SessionHoldsIt,
    /// A seat that is sold is the hold's.
    SeatIsTheHolds,
    /// A seat that is freed is the hold's.
    FreedSeatIsTheHolds,
}

/// Two people who buy two seats.
#[derive(Debug, Clone)]
struct Purchase {
    /// So many requests are made in all.
    requests: u8,
    /// So many of them are under way at the same time.
    at_once: usize,
    /// So far the clock goes.
    latest: u8,
    /// The condition that is left out.
    without: Option<Condition>,
}

impl Purchase {
    /// Enough for each condition to matter.
    fn small() -> Self {
        Self {
            requests: 3,
            at_once: 2,
            latest: 3,
            without: None,
        }
    }

    /// Whether a write asks for this.
    fn asks(&self, condition: Condition) -> bool {
        self.without != Some(condition)
    }
}

impl Model for Purchase {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::default()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.now < self.latest {
            actions.push(Action::TimePasses);
        }
        let under_way = state.requests.len();
        if state.made < self.requests && under_way < self.at_once {
            for user in 0..2 {
                actions.extend(state.wishes(user).map(|wish| Action::Ask(user, wish)));
            }
        }
        for n in 0..state.messages.len() {
            actions.push(Action::Lose(n));
            if under_way < self.at_once {
                actions.push(Action::Deliver(n));
                // A message that has been delivered once may be so again.
                if !state.messages[n].doubled {
                    actions.push(Action::Double(n));
                }
            }
        }
        for n in 0..under_way {
            actions.push(Action::GoOn(n));
            actions.push(Action::Crash(n));
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::TimePasses => state.now += 1,
            Action::Ask(user, wish) => {
                state.made += 1;
                state.requests.push(Request::of(user, wish, state.now));
            }
            Action::Lose(n) => drop(state.messages.remove(n)),
            Action::Deliver(n) => {
                let message = state.messages.remove(n);
                state.requests.push(Request::release(message, state.now));
            }
            Action::Double(n) => {
                state.messages[n].doubled = true;
                let message = state.messages[n];
                state.requests.push(Request::release(message, state.now));
            }
            Action::Crash(n) => drop(state.requests.remove(n)),
            Action::GoOn(n) => {
                let request = state.requests.remove(n);
                if let Some(next) = request.step(self, &mut state) {
                    state.requests.push(next);
                }
            }
        }
        // The order in which they are noted means nothing.
        state.requests.sort_unstable();
        state.messages.sort_unstable();
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}

#[test]
#[ignore = "takes many minutes"]
fn whatever_the_order_a_seat_is_sold_once_and_never_lost() {
    let begun = Instant::now();
    let checker = Purchase::small().checker().threads(2).spawn_bfs().join();
    println!(
        "{} states, {} of them different, in {:?}",
        checker.state_count(),
        checker.unique_state_count(),
        begun.elapsed()
    );
    checker.assert_properties();
}

/// Each condition is there for a reason: without it, some order goes wrong.
#[test]
fn without_a_condition_some_order_goes_wrong() {
    for condition in [
        Condition::SeatIsFree,
        Condition::SessionHoldsNothing,
        Condition::SessionIsOpen,
        Condition::SessionHoldsIt,
        Condition::SeatIsTheHolds,
        Condition::FreedSeatIsTheHolds,
    ] {
        let purchase = Purchase {
            without: Some(condition),
            ..Purchase::small()
        };
        let checker = purchase.checker().finish_when(HasDiscoveries::AnyFailures);
        let checker = checker.threads(2).spawn_bfs().join();
        let wrong: Vec<_> = checker
            .discoveries()
            .into_iter()
            .filter(|(name, _)| !name.starts_with("it happens that"))
            .map(|(name, path)| format!("{name}: {:?}", path.into_actions()))
            .collect();
        println!("without {condition:?}: {wrong:#?}");
        assert!(
            !wrong.is_empty(),
            "nothing goes wrong without {condition:?}"
        );
    }
}

/// A seat is where the domain's rules say that it is.
#[test]
fn time_is_the_domains() {
    let held = Place::Held {
        reservation: 0,
        until: 2,
    };
    assert_eq!(
        (0..5).map(|now| held.is_taken(now)).collect::<Vec<_>>(),
        [true, true, true, false, false]
    );
}
