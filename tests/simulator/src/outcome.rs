//! What was measured.

use std::ops::Range;

/// So many windows (`active_seconds`) after the doors open everything has settled: the people who
/// came in together leave together at first, and are mixed by then.
pub(crate) const WINDOWS_UNTIL_SETTLED: i64 = 2;

/// How wrong an estimate is counts from so many seconds on: nobody is any worse off for having
/// been told three instead of six.
const FINEST_SECONDS: i64 = 10;

/// What was measured. Times are since the doors opened.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many drew a number.
    pub joined: u64,
    /// How many of them were let in.
    pub admitted: u64,
    /// How many were through.
    pub finished: u64,
    /// How many of those have bought a seat.
    pub sold: u64,
    /// How many were let in before somebody with a smaller number.
    pub out_of_order: u64,
    /// The most who were admitted and unfinished at once.
    pub peak: u64,
    /// How many were let in although everything was full.
    pub above_limit: u64,
    /// Promises that were broken, the first of them.
    pub broken: Vec<String>,
    /// How many milliseconds places were free while people waited, and how many there were, added
    /// up over the places; once everything has settled.
    pub idle: (u128, u128),
    /// How long it took from each end, in a full line, until the next one was let in
    /// (milliseconds).
    pub handovers: Vec<i64>,
    /// The longest time for which people waited and nobody at all was in (milliseconds).
    pub longest_stall: i64,
    /// The most who had waited and were let in within one second.
    pub busiest_second: u64,
    /// The largest size of the line as an item (bytes).
    pub largest_item: usize,
    /// What those who are watched were told.
    pub looks: Vec<Look>,
    /// When each number was admitted (milliseconds); `None` was not.
    pub admissions: Vec<Option<i64>>,
    /// When everything was sold (milliseconds).
    pub sold_out_at: Option<i64>,
    /// How many had been let in by then and were without a seat, those included who never came.
    pub found_nothing: u64,
    /// When it would have been, in a house that is always full (milliseconds).
    pub ideally_sold_out_at: Option<i64>,
    /// What became of the ticks.
    pub ticks: Ticks,
    /// What the line consumed of the database.
    pub units: Units,
    /// How it went, at each tick.
    pub course: Vec<Moment>,
    /// When the last event was (milliseconds).
    pub ended_at: i64,
    /// When it has settled (seconds).
    pub settled_at: i64,
}

/// What somebody who waits was told.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Who.
    pub number: u64,
    /// When (milliseconds).
    pub at: i64,
    /// Their place.
    pub place: u64,
    /// How long they would wait (seconds).
    pub told: Option<i64>,
}

/// What somebody was told, and what it was in the end (seconds).
#[derive(Debug, Clone, Copy)]
pub struct Estimate {
    /// When they asked.
    pub asked_at: i64,
    /// What they were told.
    pub told: i64,
    /// How long they did wait from then on.
    pub actual: i64,
}

impl Estimate {
    /// By how much it was wrong, as a part of what it was.
    #[allow(clippy::cast_precision_loss)]
    pub fn error(&self) -> f64 {
        (self.told - self.actual).abs() as f64 / self.actual.max(FINEST_SECONDS) as f64
    }
}

/// How wrong estimates were, each as a part of what it was in the end.
#[derive(Debug, Clone, Copy, Default)]
pub struct Errors {
    /// How many they were.
    pub estimates: usize,
    /// Half of them were at most so wrong.
    pub median: f64,
    /// Nine of ten were.
    pub p90: f64,
}

/// What became of ticks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ticks {
    /// They wrote the line.
    pub written: u64,
    /// Nobody was there.
    pub asleep: u64,
    /// There was nothing to do yet, or another tick was faster.
    pub not_needed: u64,
}

/// What the line consumes of the database: joins, arrivals, ends and ticks. Polls of the public
/// document come to nothing behind a CDN, and what buyers do is not the line's.
#[derive(Debug, Clone, Copy, Default)]
pub struct Units {
    /// Write units.
    pub writes: u64,
    /// Read units, in halves.
    pub half_reads: u64,
}

/// How things stand at a moment.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// When (seconds).
    pub second: i64,
    /// How many have been admitted and are not through.
    pub inside: u64,
    /// How many may be.
    pub max_active: u64,
    /// How many wait.
    pub waiting: u64,
}

impl Outcome {
    /// The share of places that were free while people waited, once everything has settled.
    #[allow(clippy::cast_precision_loss)]
    pub fn idle_share(&self) -> f64 {
        let (idle, all) = self.idle;
        idle as f64 / all.max(1) as f64
    }

    /// When a number was admitted (milliseconds).
    pub fn admitted_at(&self, number: u64) -> Option<i64> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.admissions.get(index).copied().flatten()
    }

    /// What people were told, of those who were let in in the end.
    pub fn estimates(&self) -> impl Iterator<Item = Estimate> {
        self.looks.iter().filter_map(|look| {
            let admitted_at = self.admitted_at(look.number)?;
            Some(Estimate {
                asked_at: look.at / 1_000,
                told: look.told?,
                actual: (admitted_at - look.at).max(0) / 1_000,
            })
        })
    }

    /// How wrong the estimates were that were asked for between these seconds.
    pub fn errors(&self, asked: Range<i64>) -> Errors {
        self.errors_of(|estimate| asked.contains(&estimate.asked_at))
    }

    /// How wrong some of the estimates were.
    pub fn errors_of(&self, of_interest: impl Fn(&Estimate) -> bool) -> Errors {
        let estimates = self.estimates().filter(|estimate| of_interest(estimate));
        let mut errors: Vec<_> = estimates.map(|estimate| estimate.error()).collect();
        errors.sort_by(f64::total_cmp);
        Errors {
            estimates: errors.len(),
            median: quantile(&errors, 50).unwrap_or_default(),
            p90: quantile(&errors, 90).unwrap_or_default(),
        }
    }

    /// The time from an end, in a full line, until the next one was let in: the median and the
    /// longest (milliseconds).
    pub fn handover(&self) -> Option<(i64, i64)> {
        let mut times = self.handovers.clone();
        times.sort_unstable();
        Some((quantile(&times, 50)?, *times.last()?))
    }

    /// The time that it took to sell out, as a multiple of the ideal.
    #[allow(clippy::cast_precision_loss)]
    pub fn times_the_ideal(&self) -> Option<f64> {
        Some(self.sold_out_at? as f64 / self.ideally_sold_out_at? as f64)
    }
}

/// The value that so many percent of sorted values do not exceed.
fn quantile<T: Copy>(sorted: &[T], percent: usize) -> Option<T> {
    let index = (sorted.len() * percent / 100).min(sorted.len().checked_sub(1)?);
    Some(sorted[index])
}
