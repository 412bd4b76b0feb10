//! Times are milliseconds since 1970, as those of the line are.

use shared::jiff::Timestamp;

/// When the doors open.
pub(crate) const DOORS: i64 = 1_700_000_000_000;

pub(crate) fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).expect("a time")
}

/// Seconds in milliseconds. Longer than thirty years does not matter.
#[allow(clippy::cast_possible_truncation)]
pub(crate) fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1_000.0).min(1e12) as i64
}
