//! What the requests took and consumed in two shops, side by side.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use local::{Consumed, Units};
use tools::Failure;

/// What the requests to a shop took and consumed.
#[derive(Default)]
pub struct Measured {
    requests: BTreeMap<&'static str, Vec<(Duration, Consumed)>>,
}

impl Measured {
    /// Adds a request. Its name begins with that of its function.
    pub fn add(&mut self, name: &'static str, took: Duration, consumed: Consumed) {
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

/// The median of the times of a request, and what it consumes on average.
struct Measures {
    median: Duration,
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
        println!("| request | calls | RRU | WRU | before, ms | after, ms | ratio |");
        println!("|---|---|---|---|---|---|---|");
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
                "| {} | {} | {} | {} | {:.3} | {:.3} | {:.2} |",
                row.name,
                column(|units| count(units.calls)),
                column(|units| units.read),
                column(|units| units.write),
                milliseconds(small.median),
                milliseconds(large.median),
                row.ratio(),
            );
        }
        let ratios = self.0.iter().map(Row::ratio);
        println!("\nThe highest ratio is {:.2}.", ratios.fold(0.0, f64::max));
    }

    /// Whether every request consumes the same in both shops, and takes at most `limit` times as
    /// long in the large one. Prints those that do not.
    pub fn is_right(&self, limit: Option<f64>) -> bool {
        let mut is_right = true;
        for row in &self.0 {
            if !row.consumes_the_same {
                eprintln!("{}: consumes something else in the large shop", row.name);
                is_right = false;
            }
            if limit.is_some_and(|limit| row.ratio() > limit) {
                eprintln!("{}: takes {:.2} times as long", row.name, row.ratio());
                is_right = false;
            }
        }
        is_right
    }
}

impl Row {
    fn ratio(&self) -> f64 {
        self.large.median.as_secs_f64() / self.small.median.as_secs_f64()
    }
}

impl Measures {
    fn of(requests: &[(Duration, Consumed)]) -> Self {
        let mut times: Vec<_> = requests.iter().map(|(took, _)| *took).collect();
        times.sort_unstable();
        let total: Units = requests.iter().map(|(_, consumed)| consumed.total).sum();
        Self {
            median: times.get(times.len() / 2).copied().unwrap_or_default(),
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
