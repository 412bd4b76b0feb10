//! What goes wrong below the functions, at some times more than at others, and what the operator
//! does meanwhile.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use local::{Fault, When};
use rand::{RngExt, rngs::Xoshiro256PlusPlus};
use serde_json::json;
use shared::jiff::{SignedDuration, Timestamp};

use super::{World, locked};

/// How many sessions were, or may have been, allowed in a queue from a time on.
pub type Limits = Mutex<Vec<(&'static str, Timestamp, u64)>>;

/// How common each fault is, relative to the others.
const MIX: [(Fault, f64); 20] = [
    (Fault::Conflict, 6.0),
    (Fault::InProgress, 2.0),
    (Fault::Throughput, 2.0),
    (Fault::Throttling, 2.0),
    (Fault::Unprocessed, 2.0),
    (Fault::Incomplete, 2.0),
    (Fault::InternalError, 2.0),
    (Fault::TimedOut(When::Before), 1.0),
    (Fault::TimedOut(When::After), 1.0),
    (Fault::Straggling, 1.0),
    (Fault::Reset(When::Before), 1.0),
    (Fault::Reset(When::After), 1.0),
    (Fault::Garbled, 1.0),
    (Fault::Killed(When::Before), 1.0),
    (Fault::Killed(When::After), 1.0),
    (Fault::Doubled, 6.0),
    (Fault::Lost, 6.0),
    (Fault::Late, 4.0),
    (Fault::Early, 4.0),
    (Fault::Refused, 6.0),
];

/// The share of calls that meet a fault: a good day at AWS, a bad one, and one worse than any
/// known.
const SHARES: [f64; 3] = [0.005, 0.05, 0.25];

/// The share of calls that take a second, so that what people do overlaps.
const SLOW: f64 = 0.15;

/// Changes the faults and the settings all the time.
pub async fn go_on(world: Arc<World>, limits: Arc<Limits>, mut rng: Xoshiro256PlusPlus) {
    while world.is_open() {
        let share = SHARES[rng.random_range(0..SHARES.len())];
        let whole: f64 = MIX.iter().map(|(_, weight)| weight).sum();
        let shares: Vec<_> = MIX
            .iter()
            .map(|(fault, weight)| (*fault, share * weight / whole))
            .chain([(Fault::Slow, SLOW)])
            .collect();
        let stack = &world.shop.stack;
        stack.faults().meet_at_random(rng.random(), &shares);
        for function in stack.functions() {
            let ahead = SignedDuration::from_millis(rng.random_range(-2_000..=2_000));
            stack.put_clock_ahead(function, ahead);
        }
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_secs(rng.random_range(2..10))).await;
            match rng.random_range(0..10) {
                0..4 => put_queue(&world, &limits, &mut rng).await,
                4..6 => {
                    // The clock is moved.
                    let seconds = rng.random_range(1..40);
                    stack.advance(Duration::from_secs(seconds)).await;
                }
                6 => {
                    let order = json!({ "ticks": 1 });
                    world.shop.invoke("admit", &order).await;
                }
                _ => {}
            }
        }
    }
}

async fn put_queue(world: &World, limits: &Limits, rng: &mut Xoshiro256PlusPlus) {
    let queue = ["main", "spring"][rng.random_range(0..2)];
    let max_active: u64 = rng.random_range(4..24);
    let state = if rng.random_bool(0.1) {
        "PAUSED"
    } else {
        "OPEN"
    };
    locked(limits).push((queue, world.now(), max_active));
    let settings = json!({
        "max_active": max_active,
        "rate": rng.random_range(2..20),
        "claim_seconds": rng.random_range(10..20),
        "active_seconds": rng.random_range(30..60),
        "tick_seconds": rng.random_range(1..4),
        "state": state,
    });
    let put = world.shop.put_queue(&world.admin, queue, &settings).await;
    world.count("put-queue", put.status.as_str());
}
