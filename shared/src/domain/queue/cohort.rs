//! Cohorts: the ranges of numbers in which the active are counted.

use serde::{Deserialize, Serialize};

/// How many admissions a second one item may count, in thousandths. DynamoDB takes 1,000 writes a
/// second for one item (its limit for a partition). Each session writes twice: when it arrives, and
/// when it is done. Half of what is left is for arrivals that come together.
const RATE_OF_A_COUNTER_MILLI: u64 = 250_000;

/// How many items have the counts of a cohort, at most: as many as the largest rate needs.
const MOST_COUNTERS: u8 = 40;

/// A range of numbers admitted at about the same time. The active are counted per cohort. It has
/// the numbers above `passed`, up to the next cohort's `passed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Stored", from = "Stored")]
pub struct Cohort {
    /// When it began (milliseconds). This is its name.
    pub start: i64,
    /// The last number before it.
    pub passed: u64,
    /// How long its sessions may claim. Changed settings apply only to later cohorts.
    pub claim_seconds: u32,
    /// How long its sessions are active.
    pub active_seconds: u32,
    /// How many items have its counts, from 1 on. One item would be too slow for a fast line.
    pub counters: u8,
}

impl Cohort {
    /// How many items have the counts of a cohort, at this rate in thousandths of a person a second.
    pub fn counters_for(rate_milli: u64) -> u8 {
        let needed = rate_milli.div_ceil(RATE_OF_A_COUNTER_MILLI);
        u8::try_from(needed)
            .unwrap_or(MOST_COUNTERS)
            .clamp(1, MOST_COUNTERS)
    }

    /// The items that have its counts.
    pub fn all_counters(&self) -> impl Iterator<Item = Counter> {
        let cohort = self.start;
        (0..self.counters.max(1)).map(move |stripe| Counter { cohort, stripe })
    }
}

/// A cohort as it is stored. The number of counters is there only if there are several, so that
/// earlier versions of the code read the lines that they can count.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    One(i64, u64, u32, u32),
    Several(i64, u64, u32, u32, u8),
}

impl From<Stored> for Cohort {
    fn from(stored: Stored) -> Self {
        let (start, passed, claim_seconds, active_seconds, counters) = match stored {
            Stored::One(start, passed, claim, active) => (start, passed, claim, active, 1),
            Stored::Several(start, passed, claim, active, counters) => {
                (start, passed, claim, active, counters)
            }
        };
        Self {
            start,
            passed,
            claim_seconds,
            active_seconds,
            counters,
        }
    }
}

impl From<Cohort> for Stored {
    fn from(cohort: Cohort) -> Self {
        let Cohort {
            start,
            passed,
            claim_seconds: claim,
            active_seconds: active,
            counters,
        } = cohort;
        match counters {
            0 | 1 => Self::One(start, passed, claim, active),
            several => Self::Several(start, passed, claim, active, several),
        }
    }
}

/// One of the items that have the counts of a cohort.
///
/// An arrival and the end of the same session are counted by the same item. So whoever reads the
/// items one after the other never sees an end without its arrival, which would let somebody in who
/// must wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Counter {
    /// The start of the cohort.
    pub cohort: i64,
    /// Which of its items.
    pub stripe: u8,
}

impl Counter {
    /// The first counter of a cohort, which has several only if its line was fast.
    pub fn first(cohort: i64) -> Self {
        Self { cohort, stripe: 0 }
    }

    /// Any of the counters of a cohort.
    pub fn any(cohort: i64, counters: u8) -> Self {
        let stripe = match counters {
            0 | 1 => 0,
            several => rand::random_range(0..several),
        };
        Self { cohort, stripe }
    }
}

/// What the people of a cohort have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// How many have arrived: they made their first protected call.
    pub arrived: u64,
    /// How many of those that arrived have paid, left or let their hold lapse.
    pub done: u64,
    /// How many left after their admission without having arrived.
    pub gone: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.arrived += other.arrived;
        self.done += other.done;
        self.gone += other.gone;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ONE: Cohort = Cohort {
        start: 7,
        passed: 100,
        claim_seconds: 60,
        active_seconds: 300,
        counters: 1,
    };

    #[test]
    fn cohort_with_one_counter_is_stored_as_it_always_was() {
        assert_eq!(
            serde_json::to_value(ONE).expect("json"),
            json!([7, 100, 60, 300])
        );
        let read: Cohort = serde_json::from_value(json!([7, 100, 60, 300])).expect("a cohort");
        assert_eq!(read, ONE);
    }

    #[test]
    fn number_of_counters_is_stored_if_there_are_several() {
        let several = Cohort { counters: 8, ..ONE };
        let stored = serde_json::to_value(several).expect("json");
        assert_eq!(stored, json!([7, 100, 60, 300, 8]));
        let read: Cohort = serde_json::from_value(stored).expect("a cohort");
        assert_eq!(read, several);
        assert_eq!(read.all_counters().count(), 8);
    }

    #[test]
    fn fast_lines_have_enough_counters() {
        let counters = |rate: u64| Cohort::counters_for(rate * 1_000);
        assert_eq!([1, 250, 251, 1_000, 10_000].map(counters), [1, 1, 2, 4, 40]);
        assert_eq!(Cohort::counters_for(1), 1);
        assert_eq!(Cohort::counters_for(u64::MAX), 40);
    }
}
