//! The items of a queue as DynamoDB keeps them: their conditions, their limits and the time that a
//! call takes. `pools_are_as_modelled` in `tests/api/rush.rs` compares it with the store.

use std::{collections::HashMap, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::Xoshiro256PlusPlus};
use shared::{
    app::numbers::ANSWERS_WITHIN,
    domain::queue::pool::{MOST_POOLS, Pool},
    jiff::Timestamp,
    store::{StoreError, pools::DrawnFrom},
};
use tokio::time::{Instant, sleep};

use super::{Locked, Rush};

/// Writes a second to one partition (a limit of DynamoDB).
const WRITES_A_SECOND: f64 = 1_000.0;

/// How many writes a partition takes at once after a rest. DynamoDB promises none.
const AT_ONCE: f64 = 50.0;

/// The items, and what was written to them.
#[derive(Debug)]
pub struct Table {
    state: Locked<State>,
    lost: f64,
}

#[derive(Debug)]
struct State {
    issued: u64,
    filled_at: i64,
    pools: HashMap<u8, Pool>,
    partitions: Vec<Partition>,
    /// The partition of the counter, and of each pool after it.
    places: Vec<usize>,
    writes: u64,
    /// Writes to each item in each second.
    by_second: HashMap<(usize, u64), u64>,
    began: Instant,
    rng: Xoshiro256PlusPlus,
}

#[derive(Debug, Clone)]
struct Partition {
    left: f64,
    at: Instant,
}

impl State {
    /// Takes the capacity for a write to an item.
    fn write(&mut self, item: usize) -> Result<(), StoreError> {
        let now = Instant::now();
        let partition = &mut self.partitions[self.places[item]];
        let rested = (now - partition.at).as_secs_f64() * WRITES_A_SECOND;
        partition.left = (partition.left + rested).min(AT_ONCE);
        partition.at = now;
        if partition.left < 1.0 {
            return Err(StoreError::Throttled);
        }
        partition.left -= 1.0;
        self.writes += 1;
        let second = (now - self.began).as_secs();
        *self.by_second.entry((item, second)).or_default() += 1;
        Ok(())
    }
}

impl Table {
    /// The items of a queue that nobody has joined.
    pub fn new(rush: &Rush) -> Self {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(rush.seed ^ 1);
        let began = Instant::now();
        let items = 0..=usize::from(MOST_POOLS);
        Self {
            lost: rush.lost,
            state: Locked::new(State {
                issued: rush.entries,
                filled_at: 0,
                pools: HashMap::new(),
                partitions: vec![
                    Partition {
                        left: AT_ONCE,
                        at: began,
                    };
                    rush.partitions
                ],
                places: items
                    .map(|_| rng.random_range(0..rush.partitions))
                    .collect(),
                writes: 0,
                by_second: HashMap::new(),
                began,
                rng,
            }),
        }
    }

    /// Makes a call: on its way, at the database, and back.
    async fn call<T>(
        &self,
        act: impl FnOnce(&mut State) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let way = || {
            let milliseconds = self.state.lock().rng.random_range(1..=4);
            sleep(Duration::from_millis(milliseconds))
        };
        way().await;
        let done = act(&mut self.state.lock());
        way().await;
        if self.state.lock().rng.random_bool(self.lost) {
            sleep(ANSWERS_WITHIN).await;
            return Err(StoreError::TimedOut("lost".into()));
        }
        done
    }

    /// Draws the next number.
    pub async fn draw_from_counter(&self) -> Result<Option<u64>, StoreError> {
        let draw = |state: &mut State| {
            state.write(0)?;
            state.issued += 1;
            Ok(Some(state.issued))
        };
        // The store draws again if it does not know what became of the first draw.
        match self.call(draw).await {
            Err(StoreError::TimedOut(_)) => self.call(draw).await,
            drawn => drawn,
        }
    }

    /// Takes numbers for a pool, and returns the last one.
    pub async fn take_numbers(
        &self,
        numbers: u64,
        now: Timestamp,
    ) -> Result<Option<u64>, StoreError> {
        let take = |state: &mut State| {
            state.write(0)?;
            state.issued += numbers;
            state.filled_at = now.as_millisecond();
            Ok(Some(state.issued))
        };
        self.call(take).await
    }

    /// Draws a number from a pool.
    pub async fn draw_from_pool(&self, pool: u8, now: Timestamp) -> Result<DrawnFrom, StoreError> {
        let draw = |state: &mut State| {
            state.write(1 + usize::from(pool))?;
            let Some(found) = state.pools.get_mut(&pool) else {
                return Ok(DrawnFrom::Absent);
            };
            if found.drawn < found.end && found.until > now.as_millisecond() {
                found.drawn += 1;
                return Ok(DrawnFrom::Number(found.clone()));
            }
            Ok(DrawnFrom::Nothing(found.clone()))
        };
        self.call(draw).await
    }

    /// Replaces a pool if it is as it was seen.
    pub async fn replace_pool(
        &self,
        pool: u8,
        seen: Option<&Pool>,
        next: &Pool,
    ) -> Result<bool, StoreError> {
        let look = |pool: &Pool| (pool.drawn, pool.until);
        let replace = |state: &mut State| {
            state.write(1 + usize::from(pool))?;
            let found = state.pools.get(&pool);
            let same = found.map(look) == seen.map(look);
            if same {
                state.pools.insert(pool, next.clone());
            }
            Ok(same)
        };
        self.call(replace).await
    }

    /// Reads all pools.
    pub async fn all_pools(&self) -> Result<Vec<(u8, Pool)>, StoreError> {
        let read = |state: &mut State| {
            let pools = state.pools.iter();
            Ok(pools.map(|(name, pool)| (*name, pool.clone())).collect())
        };
        self.call(read).await
    }

    /// How many numbers are issued, and when a pool was last filled.
    pub async fn census(&self) -> (u64, i64) {
        loop {
            let read = |state: &mut State| Ok((state.issued, state.filled_at));
            if let Ok(read) = self.call(read).await {
                return read;
            }
        }
    }

    /// How many numbers are issued.
    pub fn issued(&self) -> u64 {
        self.state.lock().issued
    }

    /// How many writes there were.
    pub fn writes(&self) -> u64 {
        self.state.lock().writes
    }

    /// The most writes to one item in any second.
    pub fn busiest(&self) -> u64 {
        let state = self.state.lock();
        state.by_second.values().copied().max().unwrap_or(0)
    }
}
