//! What the requests took and consumed in two shops, side by side.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use local::{Consumed, Units};
use rustix::time::{ClockId, clock_gettime};
use tools::Failure;

/// The one request that costs more with more data: it reads everything that one user has ever done.
pub const WHOLE_HISTORY: &str = "get-statement, a regular customer (its whole history)";

/// What a request took.
#[derive(Debug, Clone, Copy)]
pub struct Took {
    /// Processor time of this process, which is client, stack and database.
    processor: Duration,
    /// Time.
    wall: Duration,
}

/// When a request was sent.
pub struct Sent {
    processor: Duration,
    wall: Instant,
}

impl Sent {
    /// Now.
    pub fn now() -> Self {
        Self {
            processor: processor_time(),
            wall: Instant::now(),
        }
    }

    /// What it has taken until now.
    pub fn took(self) -> Took {
        Took {
            processor: processor_time().saturating_sub(self.processor),
            wall: self.wall.elapsed(),
        }
    }
}

/// The processor time of this process so far.
fn processor_time() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime)
        .try_into()
        .unwrap_or_default()
}

/// What the requests to a shop took and consumed.
#[derive(Default)]
pub struct Measured {
    requests: BTreeMap<&'static str, Vec<(Took, Consumed)>>,
}

impl Measured {
    /// Adds a request. Its name begins with that of its function.
    pub fn add(&mut self, name: &'static str, took: Took, consumed: Consumed) {
        self.requests
            .entry(name)
            .or_default()
            .push((took, consumed));
    }

    /// Requires that each of these functions was measured.
    pub fn require_all<'a>(&self, functions: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
        let names = self.requests.keys();
        let measured: BTreeSet<_> = names.filter_map(|name| name.split(',').next()).collect();
        let functions: BTreeSet<_> = functions.collect();
        if functions == measured {
            Ok(())
        } else {
            let different: Vec<_> = functions.symmetric_difference(&measured).collect();
            Err(format!("not measured, or no functions: {different:?}").into())
        }
    }
}

/// A request in both shops.
struct Row {
    name: &'static str,
    small: Measures,
    large: Measures,
    /// Whether each request consumed the same in both.
    consumes_the_same: bool,
}

/// The medians of what a request takes, and what it consumes on average.
struct Measures {
    processor: f64,
    wall: f64,
    mean: Units,
}

/// All requests in both shops.
pub struct Comparison(Vec<Row>);

impl Comparison {
    /// Compares two shops to which the same requests were sent.
    pub fn of(small: &Measured, large: &Measured) -> Self {
        let pairs = small.requests.iter().zip(large.requests.values());
        let rows = pairs.map(|((name, small), large)| Row {
            name,
            small: Measures::of(small),
            large: Measures::of(large),
            consumes_the_same: small
                .iter()
                .map(|(_, consumed)| consumed)
                .eq(large.iter().map(|(_, consumed)| consumed)),
        });
        Self(rows.collect())
    }

    /// Prints the table.
    pub fn print(&self) {
        println!(
            "| request | calls | RRU | WRU | processor, ms: few items | many | ratio \
             | time, ms: few items | many | ratio |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|");
        for row in &self.0 {
            let (small, large) = (&row.small, &row.large);
            let column = |part: fn(&Units) -> f64| {
                let (before, after) = (number(part(&small.mean)), number(part(&large.mean)));
                if row.consumes_the_same {
                    before
                } else {
                    format!("{before} → {after}")
                }
            };
            println!(
                "| {} | {} | {} | {} | {:.3} | {:.3} | {:.2} | {:.3} | {:.3} | {:.2} |",
                row.name,
                column(|units| count(units.calls)),
                column(|units| units.read),
                column(|units| units.write),
                small.processor,
                large.processor,
                row.ratio(),
                small.wall,
                large.wall,
                large.wall / small.wall,
            );
        }
        let rows = self.0.iter().filter(|row| row.name != WHOLE_HISTORY);
        println!(
            "\nThe highest ratio of processor times is {:.2}, without that of a whole history.",
            rows.map(Row::ratio).fold(0.0, f64::max)
        );
    }

    /// Whether every request consumes the same in both shops, and takes at most `limit` times the
    /// processor time in the large one. Prints those that do not. [`WHOLE_HISTORY`] must consume
    /// more, or nothing would be seen here.
    pub fn is_right(&self, limit: Option<f64>) -> bool {
        let mut is_right = true;
        for row in &self.0 {
            if row.name == WHOLE_HISTORY {
                if row.large.mean.read <= row.small.mean.read {
                    eprintln!(
                        "{}: consumes no more, so nothing would be seen here",
                        row.name
                    );
                    is_right = false;
                }
                continue;
            }
            if !row.consumes_the_same {
                eprintln!("{}: consumes something else in the large shop", row.name);
                is_right = false;
            }
            if limit.is_some_and(|limit| row.ratio() > limit) {
                eprintln!(
                    "{}: takes {:.2} times the processor time",
                    row.name,
                    row.ratio()
                );
                is_right = false;
            }
        }
        is_right
    }
}

impl Row {
    fn ratio(&self) -> f64 {
        self.large.processor / self.small.processor
    }
}

impl Measures {
    fn of(requests: &[(Took, Consumed)]) -> Self {
        let median = |part: fn(&Took) -> Duration| {
            let mut times: Vec<_> = requests.iter().map(|(took, _)| part(took)).collect();
            times.sort_unstable();
            milliseconds(times.get(times.len() / 2).copied().unwrap_or_default())
        };
        let total: Units = requests.iter().map(|(_, consumed)| consumed.total).sum();
        Self {
            processor: median(|took| took.processor),
            wall: median(|took| took.wall),
            mean: mean(total, requests.len()),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are not that many")]
fn mean(total: Units, requests: usize) -> Units {
    let requests = requests.max(1);
    Units {
        read: total.read / requests as f64,
        write: total.write / requests as f64,
        calls: total.calls / requests as u64,
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are not that many")]
fn count(calls: u64) -> f64 {
    calls as f64
}

/// A number with at most two decimals.
fn number(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
