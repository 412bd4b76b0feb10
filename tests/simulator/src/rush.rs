//! A rush: thousands of joins a second into one open queue, in virtual time.
//!
//! The draw, the pools and the decision of the tick are the real ones. Modelled are DynamoDB's
//! limits, the time that its calls take, and the instances of the function. The draw chooses pools
//! at random, so no two runs are the same. Its bounds hold with a wide margin.

mod instance;
mod people;
mod table;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rand::{RngExt as _, SeedableRng as _, rngs::Xoshiro256PlusPlus};
use rand_distr::{Distribution as _, Exp};
use shared::{
    app::numbers::{Settled, settle},
    domain::queue::{Counts, Line, Opening, Queue, Range, Settings},
    jiff::Timestamp,
};
use tokio::time::{Instant, sleep};

pub use self::table::Table;
use self::{
    instance::{Instances, Seen},
    people::Arrived,
};

/// When a rush begins, on the true clock (milliseconds).
const START: i64 = 1_790_000_000_000;

/// What is played.
#[derive(Debug, Clone)]
pub struct Rush {
    /// The seed of the arrivals and of what goes wrong.
    pub seed: u64,
    /// Joins a second, and for how many seconds, one phase after another.
    pub phases: Vec<Phase>,
    /// How many early entries the draw of the opening had. A large draw warns the queue.
    pub entries: u64,
    /// The settings of the queue.
    pub settings: Settings,
    /// How many partitions the table has. DynamoDB writes 1,000 times a second to each.
    pub partitions: usize,
    /// How many instances of the function there are, at most.
    pub instances: usize,
    /// How far the clocks of instances are off, at most, in either direction (milliseconds).
    pub clocks_off: i64,
    /// The share of answers of the database that get lost.
    pub lost: f64,
    /// The share of requests whose instance dies while it draws or fills.
    pub killed: f64,
}

/// A part of a rush.
#[derive(Debug, Clone, Copy)]
pub struct Phase {
    /// How long it is.
    pub seconds: u32,
    /// Joins a second, at random times.
    pub joins: f64,
}

/// What happened.
#[derive(Debug, Clone)]
pub struct Measured {
    /// How many joins got a number.
    pub joins: u64,
    /// How many requests were refused because no pool gave a number in time.
    pub refused: u64,
    /// How long it took to draw a number (milliseconds).
    pub drawing: Spread,
    /// By how much people were overtaken: how much later the last one of those before them came
    /// (milliseconds). Those who were refused came when they came back.
    pub overtaken: Spread,
    /// How much later than somebody's draw the last one before them came, at most (milliseconds).
    pub came_after_draw: i64,
    /// How many numbers were issued.
    pub issued: u64,
    /// How many of those that nobody has the line knew at the end.
    pub unused: u64,
    /// How many numbers nobody has, and nobody knows it. The line waits for each as for a person.
    pub gaps: u64,
    /// The most writes to one item in any second.
    pub busiest: u64,
    /// WRU for each join, with the write of its session.
    pub wru: f64,
    /// The most pools that a tick decided on.
    pub pools: u8,
}

/// The middle, the hundredth greatest of a hundred, and the greatest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spread {
    /// Half are not greater.
    pub p50: i64,
    /// 99 in 100 are not greater.
    pub p99: i64,
    /// The greatest.
    pub max: i64,
}

impl Spread {
    fn of(mut values: Vec<i64>) -> Self {
        values.sort_unstable();
        let at = |percent: usize| {
            let index = (values.len() * percent / 100).min(values.len().saturating_sub(1));
            values.get(index).copied().unwrap_or(0)
        };
        Self {
            p50: at(50),
            p99: at(99),
            max: at(100),
        }
    }
}

impl Measured {
    /// The share of issued numbers that are gaps.
    #[expect(clippy::cast_precision_loss, reason = "both are small")]
    pub fn gap_share(&self) -> f64 {
        self.gaps as f64 / self.issued.max(1) as f64
    }
}

impl Rush {
    /// A rush on tables that were made ready for it, without trouble.
    pub fn new(seed: u64, phases: impl IntoIterator<Item = Phase>) -> Self {
        Self {
            seed,
            phases: phases.into_iter().collect(),
            entries: 0,
            settings: crate::settings(1_000, 10_000),
            partitions: 40,
            instances: 3_000,
            clocks_off: 0,
            lost: 0.0,
            killed: 0.0,
        }
    }

    /// Plays it.
    ///
    /// # Panics
    ///
    /// If a number is drawn twice, or somebody has one that the line passes as unused.
    pub fn play(&self) -> Measured {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(self.run())
    }

    async fn run(&self) -> Measured {
        let world = Arc::new(World::new(self));
        let ticks = tokio::task::spawn(Arc::clone(&world).tick());
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(self.seed);
        let mut joins = tokio::task::JoinSet::new();
        for phase in &self.phases {
            let end = Instant::now() + Duration::from_secs(phase.seconds.into());
            let between = Exp::new(phase.joins).expect("a rate");
            let mut next = Instant::now();
            loop {
                next += Duration::from_secs_f64(between.sample(&mut rng));
                if next >= end {
                    break;
                }
                tokio::time::sleep_until(next).await;
                let seed = rng.random();
                joins.spawn(Arc::clone(&world).join(seed));
            }
            tokio::time::sleep_until(end).await;
        }
        let mut arrived = joins.join_all().await;
        // Until the last pool has been settled.
        sleep(Duration::from_secs(15)).await;
        ticks.abort();
        world.measure(&mut arrived)
    }
}

/// A value that tasks share.
#[derive(Debug, Default)]
struct Locked<T>(Mutex<T>);

impl<T> Locked<T> {
    fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything in a rush but the people.
struct World {
    rush: Rush,
    began: Instant,
    table: Table,
    instances: Instances,
    line: Locked<Line>,
    /// The unused numbers that the line does not list.
    elsewhere: Locked<BTreeSet<Range>>,
    refused: Locked<u64>,
    most_pools: Locked<u8>,
}

impl World {
    fn new(rush: &Rush) -> Self {
        let world = Self {
            rush: rush.clone(),
            began: Instant::now(),
            table: Table::new(rush),
            instances: Instances::new(rush),
            line: Locked::default(),
            elsewhere: Locked::default(),
            refused: Locked::default(),
            most_pools: Locked::default(),
        };
        world.decide(rush.entries, Settled::default());
        world
    }

    /// The true time.
    fn now(&self) -> Timestamp {
        let since = i64::try_from(self.began.elapsed().as_millis()).expect("a time");
        Timestamp::from_millisecond(START + since).expect("a time")
    }

    /// Ticks, as `admit` does.
    async fn tick(self: Arc<Self>) {
        loop {
            sleep(Duration::from_secs(self.rush.settings.tick_seconds.into())).await;
            let (issued, filled_at) = self.table.census().await;
            let settled = if filled_at > self.line.lock().pools_settled {
                let numbers = Seen::of_tick(&self);
                settle(&numbers, filled_at).await.unwrap_or_default()
            } else {
                Settled::default()
            };
            self.decide(issued, settled);
        }
    }

    fn decide(&self, issued: u64, settled: Settled) {
        let now = self.now();
        let queue = Queue {
            id: "rush".parse().expect("an id"),
            settings: self.rush.settings.clone(),
            line: self.line.lock().clone(),
            opening: Opening::Always,
        };
        let (mut line, new) = queue.with_joins(now, issued, settled.unused);
        let mut elsewhere = self.elsewhere.lock();
        elsewhere.extend(new);
        if line.unused.wants_more() {
            line.unused = line.unused.refilled(elsewhere.iter().copied());
        }
        line.pools_settled = line.pools_settled.max(settled.through);
        let queue = Queue { line, ..queue };
        let line = queue.tick(now, issued, |_| Counts::default(), None);
        let line = line.unwrap_or(queue.line);
        let most = (*self.most_pools.lock()).max(line.pools);
        *self.most_pools.lock() = most;
        *self.line.lock() = line;
    }

    /// The numbers that the line knows nobody has.
    fn unused(&self) -> BTreeSet<Range> {
        let line = self.line.lock();
        let elsewhere = self.elsewhere.lock();
        line.unused
            .ranges()
            .iter()
            .chain(elsewhere.iter())
            .copied()
            .collect()
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of a rush are small")]
    fn measure(&self, arrived: &mut [Arrived]) -> Measured {
        arrived.sort_unstable_by_key(|person| person.number);
        for pair in arrived.windows(2) {
            assert_ne!(pair[0].number, pair[1].number, "a number was drawn twice");
        }
        let unused = self.unused();
        for range in &unused {
            let next = arrived.partition_point(|person| person.number <= range.after);
            let next = arrived.get(next).map_or(u64::MAX, |person| person.number);
            assert!(next > range.through, "somebody has {next}, of {range:?}");
        }
        let mut latest = i64::MIN;
        let mut came_after_draw = i64::MIN;
        let overtaken = arrived.iter().map(|person| {
            latest = latest.max(person.came);
            came_after_draw = came_after_draw.max(latest - person.drawn_at());
            latest - person.came
        });
        let overtaken = Spread::of(overtaken.collect());
        let joins = u64::try_from(arrived.len()).expect("a count");
        let issued = self.table.issued();
        let known: u64 = unused.iter().map(|range| range.len()).sum();
        let entries = self.rush.entries;
        let writes = self.table.writes() + joins;
        Measured {
            joins,
            refused: *self.refused.lock(),
            drawing: Spread::of(arrived.iter().map(|person| person.drawing).collect()),
            overtaken,
            came_after_draw,
            issued: issued - entries,
            unused: known,
            gaps: issued - entries - joins - known,
            busiest: self.table.busiest(),
            wru: writes as f64 / joins.max(1) as f64,
            pools: *self.most_pools.lock(),
        }
    }
}
