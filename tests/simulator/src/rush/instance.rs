//! The instances of the function that joins a queue. Each serves one request at a time.

use std::sync::Arc;

use rand::{RngExt as _, SeedableRng as _, rngs::Xoshiro256PlusPlus};
use shared::{
    app::numbers::Numbers,
    domain::queue::pool::Pool,
    jiff::{SignedDuration, Timestamp},
    store::{StoreError, pools::DrawnFrom},
};
use tokio::sync::Semaphore;

use super::{Locked, Rush, World};

/// How long an instance uses its copy of a queue's document, as in `shared::app`.
const DOCUMENT_GOOD_FOR: SignedDuration = SignedDuration::from_secs(1);

/// How long it remembers that the counter was throttled, as in `shared::app`.
const RUSHED_FOR: SignedDuration = SignedDuration::from_secs(10);

/// All instances.
pub struct Instances {
    free: Locked<Vec<Arc<Instance>>>,
    turns: Semaphore,
    clocks_off: i64,
    rng: Locked<Xoshiro256PlusPlus>,
}

/// One of them.
#[derive(Debug, Default)]
pub struct Instance {
    clock_off: i64,
    document: Locked<Option<(Timestamp, u8)>>,
    rushed: Locked<Option<(Timestamp, u8)>>,
}

/// The numbers, as an instance sees them.
pub struct Seen<'a> {
    pub instance: Arc<Instance>,
    pub world: &'a World,
}

impl Instances {
    pub fn new(rush: &Rush) -> Self {
        Self {
            free: Locked::default(),
            turns: Semaphore::new(rush.instances),
            clocks_off: rush.clocks_off,
            rng: Locked::new(Xoshiro256PlusPlus::seed_from_u64(rush.seed ^ 2)),
        }
    }

    /// Serves a request with any instance that is free, or a new one. An instance that returns
    /// `None` is dead.
    pub async fn serve<T>(
        &self,
        world: &World,
        serve: impl AsyncFnOnce(&Seen<'_>) -> Option<T>,
    ) -> Option<T> {
        let turn = self.turns.acquire().await.expect("turns");
        let instance = self.any();
        let seen = Seen { instance, world };
        let served = serve(&seen).await;
        if served.is_some() {
            self.free.lock().push(seen.instance);
        }
        drop(turn);
        served
    }

    fn any(&self) -> Arc<Instance> {
        let mut free = self.free.lock();
        let mut rng = self.rng.lock();
        if free.is_empty() {
            let clock_off = rng.random_range(-self.clocks_off..=self.clocks_off);
            return Arc::new(Instance {
                clock_off,
                ..Instance::default()
            });
        }
        let index = rng.random_range(0..free.len());
        free.swap_remove(index)
    }
}

impl<'a> Seen<'a> {
    /// What a tick sees. Its clock is right.
    pub fn of_tick(world: &'a World) -> Self {
        Self {
            instance: Arc::default(),
            world,
        }
    }
}

fn good(known: Option<(Timestamp, u8)>, now: Timestamp, good_for: SignedDuration) -> Option<u8> {
    let (at, pools) = known?;
    (now.duration_since(at) < good_for).then_some(pools)
}

impl Numbers for Seen<'_> {
    fn now(&self) -> Timestamp {
        let off = SignedDuration::from_millis(self.instance.clock_off);
        self.world.now().saturating_add(off).expect("a time")
    }

    fn pools(&self) -> u8 {
        let now = self.now();
        let document = &self.instance.document;
        let known = good(*document.lock(), now, DOCUMENT_GOOD_FOR);
        let decided = known.unwrap_or_else(|| {
            let decided = self.world.line.lock().pools;
            *document.lock() = Some((now, decided));
            decided
        });
        let rushed = *self.instance.rushed.lock();
        let remembered = good(rushed, now, RUSHED_FOR);
        decided.max(remembered.unwrap_or(0))
    }

    fn remember(&self, pools: u8) {
        *self.instance.rushed.lock() = Some((self.now(), pools));
    }

    async fn draw_from_counter(&self) -> Result<Option<u64>, StoreError> {
        self.world.table.draw_from_counter().await
    }

    async fn draw_from_pool(&self, pool: u8, now: Timestamp) -> Result<DrawnFrom, StoreError> {
        self.world.table.draw_from_pool(pool, now).await
    }

    async fn take_numbers(&self, numbers: u64, now: Timestamp) -> Result<Option<u64>, StoreError> {
        self.world.table.take_numbers(numbers, now).await
    }

    async fn replace_pool(
        &self,
        pool: u8,
        seen: Option<&Pool>,
        next: &Pool,
    ) -> Result<bool, StoreError> {
        self.world.table.replace_pool(pool, seen, next).await
    }

    async fn all_pools(&self) -> Result<Vec<(u8, Pool)>, StoreError> {
        self.world.table.all_pools().await
    }
}
