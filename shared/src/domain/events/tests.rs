//! Each kind of event: the write that makes it, and writes that do not.

mod catalog;
mod holds;
mod money;
mod queues;

use serde_json::Value;

use super::*;
use crate::domain::seat::{SeatNumber, SeatSet};

fn buyers() -> Buyers {
    Buyers::new(&[7; 16]).expect("a key")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).expect("a time")
}

/// The events of a write at second 100.
fn told(written: &Written) -> Vec<Event> {
    events(written, at(100), &buyers())
}

fn kinds(written: &Written) -> Vec<&'static str> {
    told(written)
        .iter()
        .map(|event| event.fact.kind())
        .collect()
}

/// The `detail` of the only event of a write.
fn detail(written: &Written) -> Value {
    let events = told(written);
    assert_eq!(events.len(), 1, "{events:?}");
    serde_json::to_value(&events[0]).expect("JSON")
}

fn images<T>(old: Option<T>, new: Option<T>) -> Images<T> {
    Images { old, new }
}

fn seats(numbers: &[u64]) -> SeatSet {
    let numbers = numbers
        .iter()
        .map(|number| SeatNumber::new(*number).expect("a seat"));
    SeatSet::new(numbers.collect()).expect("a set")
}

/// A replay of a stream has the ids that were told before.
#[test]
fn id_is_made_of_the_data_alone() {
    let order = money::refunded(&money::order(), &[8], 3, None);
    for written in [
        Written::Charge(order.user_id, images(None, Some(money::charge(None)))),
        money::order_written(None, Some(&order)),
        holds::session_written(
            Some(&holds::session()),
            Some(&holds::holding(&holds::session(), &holds::hold())),
        ),
        queues::queue_written(
            None,
            Some(&queues::queue(1, crate::domain::queue::QueueState::Closed)),
        ),
        catalog::concert_written(None, Some(&catalog::concert(1))),
        catalog::show_written(None, Some(&catalog::show(1, 50))),
    ] {
        let ids = |written_at| -> Vec<String> {
            let events = events(&written, written_at, &buyers());
            events.into_iter().map(|event| event.id).collect()
        };
        assert!(!ids(at(1)).is_empty());
        assert_eq!(ids(at(1)), ids(at(2)));
    }
}
