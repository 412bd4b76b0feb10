//! The people of a rush.

use std::{sync::Arc, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::Xoshiro256PlusPlus};
use shared::{
    app::numbers::{draw, fill_again},
    domain::queue::Ticket,
};
use tokio::time::{Instant, sleep, timeout};

use super::World;

/// What a join does before it draws (milliseconds).
const BEFORE: u64 = 12;

/// How long the write of a session takes (milliseconds).
const SESSION: u64 = 6;

/// When a client asks again after it was refused (milliseconds), by `Retry-After`.
const AGAIN_AFTER: u64 = 1_000;

/// Somebody who has joined.
#[derive(Debug, Clone, Copy)]
pub struct Arrived {
    pub number: u64,
    /// When the request came that got the number (milliseconds after the beginning).
    pub came: i64,
    /// How long it took to draw it (milliseconds).
    pub drawing: i64,
}

impl Arrived {
    /// When the number was drawn (milliseconds after the beginning).
    pub fn drawn_at(&self) -> i64 {
        self.came + i64::try_from(BEFORE).expect("a time") + self.drawing
    }
}

impl World {
    /// Joins until there is a number.
    pub(super) async fn join(self: Arc<Self>, seed: u64) -> Arrived {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        loop {
            let came = Instant::now();
            let dies_after = rng
                .random_bool(self.rush.killed)
                .then(|| Duration::from_millis(BEFORE + rng.random_range(0..2 * SESSION)));
            let served = self.instances.serve(&self, async |numbers| {
                let request = async {
                    sleep(Duration::from_millis(BEFORE)).await;
                    let began = Instant::now();
                    let drawn = draw(numbers).await.ok().flatten()?;
                    let took = began.elapsed();
                    let session = sleep(Duration::from_millis(SESSION));
                    let fill = async {
                        if let Some(emptied) = drawn.emptied {
                            fill_again(numbers, emptied).await;
                        }
                    };
                    tokio::join!(session, fill);
                    Some((drawn.ticket, took))
                };
                match dies_after {
                    None => Some(request.await),
                    Some(after) => timeout(after, request).await.ok(),
                }
            });
            match served.await {
                Some(Some((Ticket::Number(number), took))) => {
                    let milliseconds = |time: Duration| i64::try_from(time.as_millis());
                    return Arrived {
                        number,
                        came: milliseconds(came - self.began).expect("a time"),
                        drawing: milliseconds(took).expect("a time"),
                    };
                }
                Some(_) => *self.refused.lock() += 1,
                None => {}
            }
            sleep(Duration::from_millis(AGAIN_AFTER)).await;
        }
    }
}
