//! The counter and one pool, as DynamoDB keeps them.

use shared::{
    domain::queue::pool::{MOST_POOLS, Pool},
    jiff::Timestamp,
    store::pools::DrawnFrom,
};

/// When a play begins (milliseconds).
pub const START: i64 = 1_790_000_000_000;

/// A condition that can be left out of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// A number is drawn from a pool that has one.
    HasNumbers,
    /// A pool is replaced where there is none, if there was none.
    IsAbsent,
    /// A pool is replaced if nobody has drawn from it since it was seen.
    DrawnAsSeen,
}

/// The items.
#[derive(Debug, Clone, Default)]
pub struct Table {
    pub issued: u64,
    pub pool: Option<Pool>,
    pub without: Option<Condition>,
    /// How many numbers had been drawn before the play.
    pub drawn_before: u64,
}

pub fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(START + milliseconds).expect("a time")
}

impl Table {
    /// A pool that was filled half a second ago, and has so many numbers left.
    pub fn with_left(numbers: u64) -> Self {
        let size = numbers + 1;
        let filled = Pool::first(MOST_POOLS, at(-510)).filled(size, size, at(-500));
        Self {
            issued: size,
            pool: Some(Pool { drawn: 1, ..filled }),
            without: None,
            drawn_before: 1,
        }
    }

    fn asks(&self, condition: Condition) -> bool {
        self.without != Some(condition)
    }

    pub fn take_numbers(&mut self, numbers: u64) -> u64 {
        self.issued += numbers;
        self.issued
    }

    pub fn draw(&mut self, now: Timestamp) -> DrawnFrom {
        let asks = self.asks(Condition::HasNumbers);
        let Some(pool) = &mut self.pool else {
            return DrawnFrom::Absent;
        };
        let has_numbers = pool.has_numbers() || !asks && !pool.claimed;
        if has_numbers && pool.until > now.as_millisecond() {
            pool.drawn += 1;
            DrawnFrom::Number(pool.clone())
        } else {
            DrawnFrom::Nothing(pool.clone())
        }
    }

    pub fn replace(&mut self, seen: Option<&Pool>, next: &Pool) -> bool {
        let may = match (&self.pool, seen) {
            (None, None) => true,
            (Some(_), None) => !self.asks(Condition::IsAbsent),
            (None, Some(_)) => false,
            (Some(pool), Some(seen)) => {
                let drawn = pool.drawn == seen.drawn || !self.asks(Condition::DrawnAsSeen);
                drawn && pool.until == seen.until
            }
        };
        if may {
            self.pool = Some(next.clone());
        }
        may
    }
}
