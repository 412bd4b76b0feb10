//! Money and times, as answers and events have them.

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::money::{Difference, Money};

/// An amount of money in won, with at most two decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = f64, minimum = 0, example = 50_000)]
pub struct Won(pub Money);

impl Serialize for Won {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.json().serialize(serializer)
    }
}

/// An amount of money in won, with at most two decimals. Below 0 only for a correction that takes
/// from the balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = f64, example = -5_000)]
pub struct WonMoved(pub Difference);

impl Serialize for WonMoved {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.json().serialize(serializer)
    }
}

/// A time in RFC 3339, in UTC and whole seconds, rounded down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(
    as = Time, value_type = String, format = DateTime,
    pattern = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$", example = "2026-11-20T03:00:00Z"
)]
pub struct Seconds(pub Timestamp);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        rounded_down(self.0, 1_000).serialize(serializer)
    }
}

/// A time in RFC 3339, in UTC and with up to three decimals. Clients compute with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(
    as = PreciseTime, value_type = String, format = DateTime,
    pattern = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$",
    example = "2026-11-20T03:00:00.125Z"
)]
pub struct Milliseconds(pub Timestamp);

impl Serialize for Milliseconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        rounded_down(self.0, 1).serialize(serializer)
    }
}

/// Rounds a time down to steps of this many milliseconds, also before 1970.
fn rounded_down(time: Timestamp, step: i128) -> Timestamp {
    const NANOSECONDS: i128 = 1_000_000;
    let steps = time.as_nanosecond().div_euclid(step * NANOSECONDS);
    Timestamp::from_nanosecond(steps * step * NANOSECONDS).unwrap_or(time)
}
