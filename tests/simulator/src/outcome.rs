//! The measurements.

use std::ops::Range;

/// After this many windows (`active_seconds`) since the opening of the doors, everything has
/// settled. At first those who came in together leave together; later they are mixed.
pub(crate) const WINDOWS_UNTIL_SETTLED: i64 = 2;

/// The error of an estimate is relative to at least this many seconds. Three seconds instead of six
/// do not matter.
const FINEST_SECONDS: i64 = 10;

/// The measurements. Times count from the opening of the doors.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many drew a number.
    pub joined: u64,
    /// How many of them were let in.
    pub admitted: u64,
    /// How many finished.
    pub finished: u64,
    /// How many of those bought a seat.
    pub sold: u64,
    /// How many were let in before somebody with a smaller number.
    pub out_of_order: u64,
    /// The most who were admitted and not finished at once.
    pub peak: u64,
    /// How many were let in although everything was full.
    pub above_limit: u64,
    /// The first promises that were broken.
    pub broken: Vec<String>,
    /// For how many milliseconds places were free while people waited, and how many milliseconds
    /// there were, summed over the places, after everything has settled.
    pub idle: (u128, u128),
    /// The time from each end, in a full line, until the next admission (milliseconds).
    pub handovers: Vec<i64>,
    /// The longest time for which people waited and nobody was inside (milliseconds).
    pub longest_stall: i64,
    /// The most who had waited and were admitted within one second.
    pub busiest_second: u64,
    /// The largest size of the line as an item (bytes).
    pub largest_item: usize,
    /// What the watched people have read.
    pub looks: Vec<Look>,
    /// When each number was admitted (milliseconds); `None` if it was not.
    pub admissions: Vec<Option<i64>>,
    /// When the last seat was sold (milliseconds).
    pub sold_out_at: Option<i64>,
    /// How many had been admitted by then without getting a seat, including those who never came.
    pub found_nothing: u64,
    /// When the last seat would have been sold in an ideal venue (milliseconds).
    pub ideally_sold_out_at: Option<i64>,
    /// The results of the ticks.
    pub ticks: Ticks,
    /// What the line consumed of the database.
    pub units: Units,
    /// The state at each tick.
    pub course: Vec<Moment>,
    /// When the last event was (milliseconds).
    pub ended_at: i64,
    /// When everything has settled (seconds).
    pub settled_at: i64,
}

/// What a waiting person has read.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Their number.
    pub number: u64,
    /// When (milliseconds).
    pub at: i64,
    /// Their place.
    pub place: u64,
    /// Their estimated wait (seconds).
    pub estimated: Option<i64>,
}

/// An estimate, and what came true (seconds).
#[derive(Debug, Clone, Copy)]
pub struct Estimate {
    /// When they asked.
    pub asked_at: i64,
    /// The estimate.
    pub estimated: i64,
    /// How long they did wait from then on.
    pub actual: i64,
}

impl Estimate {
    /// The error of the estimate, relative to what came true.
    #[allow(clippy::cast_precision_loss)]
    pub fn error(&self) -> f64 {
        (self.estimated - self.actual).abs() as f64 / self.actual.max(FINEST_SECONDS) as f64
    }
}

/// The errors of estimates, each relative to what came true.
#[derive(Debug, Clone, Copy, Default)]
pub struct Errors {
    /// How many estimates there were.
    pub estimates: usize,
    /// The largest error of the better half.
    pub median: f64,
    /// The largest error of the best nine tenths.
    pub p90: f64,
}

/// The results of ticks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ticks {
    /// The tick wrote the line.
    pub written: u64,
    /// Nobody was in the line.
    pub asleep: u64,
    /// There was nothing to do yet, or another tick was first.
    pub not_needed: u64,
}

/// What the line consumes of the database: joins, arrivals, ends and ticks. Polls of the public
/// document cost nothing behind a CDN, and what buyers do does not belong to the line.
#[derive(Debug, Clone, Copy, Default)]
pub struct Units {
    /// Write units.
    pub writes: u64,
    /// Read units, in halves.
    pub half_reads: u64,
}

/// The state at a time.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// When (seconds).
    pub second: i64,
    /// How many are admitted and not finished.
    pub inside: u64,
    /// How many may be inside.
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

    /// The estimates of all people who were admitted in the end.
    pub fn estimates(&self) -> impl Iterator<Item = Estimate> {
        self.looks.iter().filter_map(|look| {
            let admitted_at = self.admitted_at(look.number)?;
            Some(Estimate {
                asked_at: look.at / 1_000,
                estimated: look.estimated?,
                actual: (admitted_at - look.at).max(0) / 1_000,
            })
        })
    }

    /// The errors of the estimates that were asked for between these seconds.
    pub fn errors(&self, asked: Range<i64>) -> Errors {
        self.errors_of(|estimate| asked.contains(&estimate.asked_at))
    }

    /// The errors of some of the estimates.
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

    /// The time from an end, in a full line, until the next admission: the median and the longest
    /// (milliseconds).
    pub fn handover(&self) -> Option<(i64, i64)> {
        let mut times = self.handovers.clone();
        times.sort_unstable();
        Some((quantile(&times, 50)?, *times.last()?))
    }

    /// The time to sell out, relative to an ideal venue.
    #[allow(clippy::cast_precision_loss)]
    pub fn times_the_ideal(&self) -> Option<f64> {
        Some(self.sold_out_at? as f64 / self.ideally_sold_out_at? as f64)
    }
}

/// The value that this percentage of sorted values does not exceed.
fn quantile<T: Copy>(sorted: &[T], percent: usize) -> Option<T> {
    let index = (sorted.len() * percent / 100).min(sorted.len().checked_sub(1)?);
    Some(sorted[index])
}
