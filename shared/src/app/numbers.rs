//! Draws numbers: from the counter of a queue, or from its pools while it is rushed
//! (`ARCHITECTURE.md#joins`).

use std::{future::Future, time::Duration};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::App;
use crate::{
    domain::{
        ids::QueueId,
        queue::{
            Queue, Range, Ticket,
            pool::{MOST_POOLS, Pool},
        },
    },
    store::{StoreError, pools::DrawnFrom},
};

/// How many pools an instance uses after the counter was throttled, until a tick decides. They
/// take 16,000 draws a second. If one of them is throttled too, it uses all.
const POOLS_AFTER_THROTTLING: u8 = 16;

/// How many pools a join looks at before it waits. More would take from those that fill them.
const POOLS_AT_ONCE: u8 = 4;

/// How long a join looks for a number. After that it is refused, and the client asks again.
const LOOKS_FOR: Duration = Duration::from_secs(3);

/// A call is given up after this time, because another pool is as good. It may still take effect.
pub const ANSWERS_WITHIN: Duration = Duration::from_millis(500);

/// The longest wait before pools are looked at for the second time (milliseconds). It doubles each
/// time, up to a second.
const FIRST_WAIT: u64 = 20;

/// The wait before a throttled write is made again (milliseconds).
const AGAIN_AFTER: std::ops::RangeInclusive<u64> = 5..=30;

/// Pools that were filled this long ago are not being filled any more.
const SETTLED_AFTER: SignedDuration = SignedDuration::from_secs(10);

/// The items that the numbers of a queue come from, and how an instance uses them.
///
/// No call is tried again after it was throttled.
pub trait Numbers: Sync {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// How many pools to use; 0 for the counter.
    fn pools(&self) -> u8;

    /// Remembers for ten seconds that so many pools are needed.
    fn remember(&self, pools: u8);

    /// Draws the next number from the counter; `None` before the opening.
    fn draw_from_counter(&self) -> impl Future<Output = Result<Option<u64>, StoreError>> + Send;

    /// Draws a number from a pool.
    fn draw_from_pool(
        &self,
        pool: u8,
        now: Timestamp,
    ) -> impl Future<Output = Result<DrawnFrom, StoreError>> + Send;

    /// Takes numbers from the counter, and returns the last one; `None` before the opening.
    fn take_numbers(
        &self,
        numbers: u64,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<u64>, StoreError>> + Send;

    /// Replaces a pool if it is still as it was seen. Returns whether it was.
    fn replace_pool(
        &self,
        pool: u8,
        seen: Option<&Pool>,
        next: &Pool,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Reads all pools that there are, consistently.
    fn all_pools(&self) -> impl Future<Output = Result<Vec<(u8, Pool)>, StoreError>> + Send;
}

/// What a join has drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// The number or early entry.
    pub ticket: Ticket,
    /// The session counts as joined by then: its number may have been served since.
    pub joined_by: Option<Timestamp>,
    /// The pool whose last number it was. It is to be filled again.
    pub emptied: Option<Emptied>,
}

/// A pool whose last number somebody has drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emptied {
    /// Its name.
    name: u8,
    /// The pool after that draw.
    pool: Pool,
    /// How many numbers it should have next.
    size: u64,
}

impl From<Ticket> for Drawn {
    fn from(ticket: Ticket) -> Self {
        Self {
            ticket,
            joined_by: None,
            emptied: None,
        }
    }
}

impl Drawn {
    fn from_pool(name: u8, pool: Pool, now: Timestamp) -> Self {
        Self {
            ticket: pool.drawn.into(),
            joined_by: Timestamp::from_millisecond(pool.since).ok(),
            emptied: (!pool.has_numbers()).then(|| Emptied {
                name,
                size: pool.next_size(now),
                pool,
            }),
        }
    }
}

/// What a look at a pool found.
enum Look {
    Number(Drawn),
    Nothing,
    NotOpen,
}

/// Draws a number; `None` before the opening. 1 WRU, from the counter or from a pool; 3 WRU more if
/// it fills a pool first.
///
/// Fails with [`StoreError::Throttled`] or [`StoreError::Contended`] if there was none for three
/// seconds.
pub async fn draw(numbers: &impl Numbers) -> Result<Option<Drawn>, StoreError> {
    if numbers.pools() == 0 {
        match draw_from_counter(numbers).await {
            Err(StoreError::Throttled) => numbers.remember(POOLS_AFTER_THROTTLING),
            drawn => return drawn,
        }
    }
    // From here on nobody draws from the counter. It is needed to fill the pools.
    let give_up = Instant::now() + LOOKS_FOR;
    let mut longest_wait = FIRST_WAIT;
    loop {
        let mut failed = StoreError::Contended;
        for pool in some_of(numbers.pools().max(1)) {
            if Instant::now() >= give_up {
                break;
            }
            match look_at(numbers, pool).await {
                Ok(Look::Number(drawn)) => return Ok(Some(drawn)),
                Ok(Look::NotOpen) => return Ok(None),
                Ok(Look::Nothing) => {}
                // A number may have been drawn. It is a gap, and another one is drawn.
                Err(error) => failed = error,
            }
        }
        if matches!(failed, StoreError::Throttled) {
            numbers.remember(MOST_POOLS);
        }
        if Instant::now() >= give_up {
            return Err(failed);
        }
        wait(1..=longest_wait).await;
        longest_wait = (longest_wait * 2).min(1_000);
    }
}

/// Draws from the counter, and once more if it was throttled.
async fn draw_from_counter(numbers: &impl Numbers) -> Result<Option<Drawn>, StoreError> {
    let drawn = match numbers.draw_from_counter().await {
        Err(StoreError::Throttled) => {
            wait(AGAIN_AFTER).await;
            numbers.draw_from_counter().await
        }
        drawn => drawn,
    };
    Ok(drawn?.map(|number| Ticket::from(number).into()))
}

/// A few different pools, in any order.
fn some_of(pools: u8) -> Vec<u8> {
    let some = POOLS_AT_ONCE.min(pools).into();
    let some = rand::seq::index::sample(&mut rand::rng(), pools.into(), some);
    let name = |pool| u8::try_from(pool).unwrap_or(0);
    some.into_iter().map(name).collect()
}

/// Draws from a pool. If there is none, or its time is over, claims it and fills it.
async fn look_at(numbers: &impl Numbers, name: u8) -> Result<Look, StoreError> {
    let now = numbers.now();
    let seen = match numbers.draw_from_pool(name, now).await? {
        DrawnFrom::Number(pool) => return Ok(Look::Number(Drawn::from_pool(name, pool, now))),
        DrawnFrom::Nothing(seen) => Some(seen),
        DrawnFrom::Absent => None,
    };
    let now = numbers.now();
    if seen.as_ref().is_some_and(|seen| !seen.may_be_claimed(now)) {
        return Ok(Look::Nothing);
    }
    let claimed = match &seen {
        Some(seen) => seen.claimed(now),
        None => Pool::first(numbers.pools(), now),
    };
    if !numbers.replace_pool(name, seen.as_ref(), &claimed).await? {
        return Ok(Look::Nothing);
    }
    let taken = match take_numbers(numbers, &claimed, claimed.size).await? {
        Taken::Numbers(taken) => taken,
        Taken::Nothing => return Ok(Look::Nothing),
        Taken::NotOpen => return Ok(Look::NotOpen),
    };
    // The first number is for this join, whether the pool is written or not.
    let first = taken.drawn + 1;
    let next = Pool {
        drawn: first,
        ..taken
    };
    put(numbers, name, &claimed, &next).await;
    Ok(Look::Number(Drawn {
        ticket: first.into(),
        joined_by: Timestamp::from_millisecond(next.since).ok(),
        emptied: None,
    }))
}

/// Fills a pool whose last number somebody has drawn. 2 WRU. That one has a number, so a failure is
/// only logged. Others fill the pool later.
pub async fn fill_again(numbers: &impl Numbers, emptied: Emptied) {
    let Emptied { name, pool, size } = emptied;
    match take_numbers(numbers, &pool, size).await {
        Ok(Taken::Numbers(next)) => put(numbers, name, &pool, &next).await,
        Ok(Taken::Nothing | Taken::NotOpen) => {}
        Err(error) => tracing::warn!(%error, "numbers for a pool were not taken"),
    }
}

/// What came of taking numbers for a pool.
enum Taken {
    /// The pool with them.
    Numbers(Pool),
    /// The counter was throttled until the time for it was over.
    Nothing,
    NotOpen,
}

/// Takes numbers for a pool from the counter.
async fn take_numbers(numbers: &impl Numbers, pool: &Pool, size: u64) -> Result<Taken, StoreError> {
    let give_up = Instant::now() + pool.time_to_take(numbers.now());
    loop {
        if Instant::now() >= give_up {
            return Ok(Taken::Nothing);
        }
        let now = numbers.now();
        match numbers.take_numbers(size, now).await {
            Ok(Some(end)) => return Ok(Taken::Numbers(pool.filled(size, end, now))),
            Ok(None) => return Ok(Taken::NotOpen),
            Err(StoreError::Throttled) => wait(AGAIN_AFTER).await,
            Err(error) => return Err(error),
        }
    }
}

/// Writes a pool that has new numbers, until others may claim it. Of two such writes the second one is
/// refused, so it may be repeated. If it fails for good, the numbers are gaps.
async fn put(numbers: &impl Numbers, name: u8, seen: &Pool, next: &Pool) {
    let give_up = Instant::now() + seen.time_to_fill(numbers.now());
    loop {
        match numbers.replace_pool(name, Some(seen), next).await {
            Ok(true) => return,
            Ok(false) => return tracing::warn!(name, "a pool was filled too late"),
            Err(_) if Instant::now() < give_up => wait(AGAIN_AFTER).await,
            Err(error) => return tracing::warn!(name, %error, "a pool was not written"),
        }
    }
}

async fn wait(milliseconds: std::ops::RangeInclusive<u64>) {
    let milliseconds = rand::random_range(milliseconds);
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

/// What a tick found in the pools.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// Numbers that nobody will ever have.
    pub unused: Vec<Range>,
    /// Until when pools were filled whose numbers are all drawn or unused (milliseconds).
    pub through: i64,
}

/// Takes the numbers that were not drawn in time out of the pools, and returns those that nobody
/// will ever have. `filled_at` is when a pool was last filled (milliseconds). 1 RRU for each pool,
/// and 1 WRU for each that still had numbers. A pool that could not be written is looked at again
/// next time.
pub async fn settle(numbers: &impl Numbers, filled_at: i64) -> Result<Settled, StoreError> {
    let now = numbers.now();
    let pools = numbers.all_pools().await?;
    let empty = pools.into_iter().map(async |(name, pool)| {
        if !pool.is_left_over(now) {
            return pool;
        }
        let emptied = pool.emptied();
        let replaced = numbers.replace_pool(name, Some(&pool), &emptied).await;
        if replaced.unwrap_or(false) {
            emptied
        } else {
            pool
        }
    });
    let pools = join_all(empty).await;
    let old = now.saturating_sub(SETTLED_AFTER).unwrap_or(Timestamp::MIN);
    let settled = filled_at < old.as_millisecond() && !pools.iter().any(Pool::has_numbers);
    Ok(Settled {
        through: if settled { filled_at } else { 0 },
        unused: pools.into_iter().flat_map(|pool| pool.unused).collect(),
    })
}

impl App {
    /// Draws a number of a queue, as [`draw`] does.
    pub async fn draw_number(&self, queue: &Queue) -> Result<Option<Drawn>, StoreError> {
        let numbers = NumbersOf { app: self, queue };
        let Some(drawn) = draw(&numbers).await? else {
            return Ok(None);
        };
        let number = queue.number_of(drawn.ticket);
        if number.is_none_or(|number| queue.ended_for(number).is_none()) {
            return Ok(Some(drawn));
        }
        // A pool may be older than the end of the line. The next number of the counter is not.
        let (later, ()) = tokio::join!(
            draw_from_counter(&numbers),
            self.fill_again(queue, drawn.emptied)
        );
        later
    }

    /// Fills a pool again whose last number a join has drawn, if it was the last one. 2 WRU.
    pub async fn fill_again(&self, queue: &Queue, emptied: Option<Emptied>) {
        if let Some(emptied) = emptied {
            fill_again(&NumbersOf { app: self, queue }, emptied).await;
        }
    }

    /// Settles the pools of a queue, if one was filled since they were settled.
    pub(super) async fn settle_pools(
        &self,
        queue: &Queue,
        filled_at: i64,
    ) -> Result<Settled, StoreError> {
        if filled_at <= queue.line.pools_settled {
            return Ok(Settled::default());
        }
        settle(&NumbersOf { app: self, queue }, filled_at).await
    }
}

/// Gives up a call that takes too long.
async fn soon<T>(call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    match tokio::time::timeout(ANSWERS_WITHIN, call).await {
        Ok(answer) => answer,
        Err(too_long) => Err(StoreError::TimedOut(too_long.into())),
    }
}

/// The numbers of a queue, in the tables.
struct NumbersOf<'a> {
    app: &'a App,
    queue: &'a Queue,
}

impl NumbersOf<'_> {
    fn id(&self) -> &QueueId {
        &self.queue.id
    }
}

impl Numbers for NumbersOf<'_> {
    fn now(&self) -> Timestamp {
        self.app.now()
    }

    fn pools(&self) -> u8 {
        let remembered = self.app.0.rushed.get(self.id(), self.now());
        self.queue.line.pools.max(remembered.unwrap_or(0))
    }

    fn remember(&self, pools: u8) {
        self.app.0.rushed.put(self.id().clone(), pools, self.now());
    }

    async fn draw_from_counter(&self) -> Result<Option<u64>, StoreError> {
        self.app.store().draw_number(self.id()).await
    }

    async fn draw_from_pool(&self, pool: u8, now: Timestamp) -> Result<DrawnFrom, StoreError> {
        soon(self.app.store().draw_from_pool(self.id(), pool, now)).await
    }

    async fn take_numbers(&self, numbers: u64, now: Timestamp) -> Result<Option<u64>, StoreError> {
        soon(self.app.store().take_numbers(self.id(), numbers, now)).await
    }

    async fn replace_pool(
        &self,
        pool: u8,
        seen: Option<&Pool>,
        next: &Pool,
    ) -> Result<bool, StoreError> {
        soon(self.app.store().replace_pool(self.id(), pool, seen, next)).await
    }

    async fn all_pools(&self) -> Result<Vec<(u8, Pool)>, StoreError> {
        self.app.store().pools(self.id()).await
    }
}
