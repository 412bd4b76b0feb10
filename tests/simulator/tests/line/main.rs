//! The promises of the line, each under its name, on evenings in virtual time. What needs no
//! evening is tested beside the rules, in `shared`.
//!
//! A debug build plays small evenings. `cargo test --release -p simulator` plays evenings with a
//! million people.

mod capacity;
mod estimates;
mod idle_places;
mod interruptions;
mod order;
mod properties;
mod rush;
mod selling_out;
mod size;

use simulator::{Arrivals, Crowd, Evening, Outcome, Troubles, Wave};

/// A million people, or as many as a debug build plays within a second or two.
const MANY: u32 = if cfg!(debug_assertions) {
    10_000
} else {
    1_000_000
};

/// An on-sale to which many people come, most of them at the opening, with what usually happens.
/// There is a place for one in a hundred.
fn on_sale() -> Evening {
    let mut evening = ordinary(MANY / 100, u64::from(MANY) / 5);
    evening.seconds = 100_000;
    evening.crowd = Crowd::usual();
    evening.waves.push(Wave {
        people: MANY,
        from_second: 0,
        arrivals: Arrivals::Rush {
            percent: 60.0,
            rush_seconds: 30.0,
            tail_seconds: 1_200.0,
        },
    });
    evening
}

/// An evening on which the usual things go wrong.
fn ordinary(max_active: u32, rate_milli: u64) -> Evening {
    let mut evening = Evening::new(max_active, rate_milli);
    evening.crowd.no_shows = 10.0;
    evening.crowd.tire = 2.0;
    evening.troubles.late = 50;
    evening.troubles.documents = 1_000;
    evening.look_seconds = 30;
    evening
}

/// Everything that can go wrong.
fn all_troubles() -> Troubles {
    Troubles {
        late: 1_000,
        lost: 10.0,
        doubled: 10.0,
        clocks: 2_000,
        documents: 1_000,
        writes: 1_000,
        crashes: 2.0,
        outage: Some((600, 700)),
        ends_counted_twice: 0.0,
    }
}

/// Plays an evening, on which no promise may be broken.
fn play(evening: &Evening) -> Outcome {
    let outcome = evening.play();
    let first: Vec<_> = outcome.broken.iter().take(3).collect();
    assert!(first.is_empty(), "{first:#?} in {evening:?}");
    assert_eq!(outcome.above_limit, 0);
    assert_eq!(outcome.out_of_order, 0);
    outcome
}
