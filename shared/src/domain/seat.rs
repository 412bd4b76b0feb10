//! Seats: their numbers, who has one, and when it is free again.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::{ReservationId, UserId};

/// A held seat stays taken this much longer than its payer may pay. So clocks that differ by up to
/// two seconds cannot cost the payer the seat
/// (`shared/src/store/README.md#what-a-seats-item-means`).
pub const CLOCK_SKEW_GRACE: SignedDuration = SignedDuration::from_secs(2);

/// A payment that has begun while its hold lived may be written this much later: Lambda ends its
/// request after ten seconds.
const PAYMENT_LASTS: SignedDuration = SignedDuration::from_secs(10);

/// The most seats that one hold may have.
pub const MAX_SEATS_PER_HOLD: usize = 4;

/// The most seats that a show may have.
pub const MAX_SEATS_PER_SHOW: u32 = 100_000;

/// Seats that share a partition of the `Seats` table.
pub const SEATS_A_BLOCK: u32 = 500;

/// The number of a seat: 1 to the number of seats of its show, which is at most 100,000.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(try_from = "u64", into = "u32")]
#[schema(value_type = u32, minimum = 1, maximum = 100_000, example = 7)]
pub struct SeatNumber(u32);

impl SeatNumber {
    /// The seat with this number; `None` if no show can have it.
    pub fn new(number: u64) -> Option<Self> {
        u32::try_from(number)
            .ok()
            .filter(|number| (1..=MAX_SEATS_PER_SHOW).contains(number))
            .map(Self)
    }

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }

    /// The block of the show that the seat is stored in, from 0.
    pub fn block(self) -> u32 {
        (self.0 - 1) / SEATS_A_BLOCK
    }
}

/// A number that no seat has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a seat has a number from 1 to 100,000")]
pub struct NoSeat;

impl TryFrom<u64> for SeatNumber {
    type Error = NoSeat;

    fn try_from(number: u64) -> Result<Self, NoSeat> {
        Self::new(number).ok_or(NoSeat)
    }
}

impl From<SeatNumber> for u32 {
    fn from(seat: SeatNumber) -> Self {
        seat.0
    }
}

/// The seats of one hold: 1 to 4 different seat numbers. Answers have them in ascending order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Vec<SeatNumber>")]
#[schema(value_type = Vec<SeatNumber>, min_items = 1, max_items = 4, example = json!([7, 8]))]
pub struct SeatSet(Vec<SeatNumber>);

/// Why some numbers are not a set of seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoSeatSet {
    /// There are more than [`MAX_SEATS_PER_HOLD`].
    #[error("a hold has no more than {MAX_SEATS_PER_HOLD} seats")]
    TooMany,
    /// There are none, or one is named twice.
    #[error("a hold has at least one seat, and none twice")]
    Malformed,
}

impl TryFrom<Vec<SeatNumber>> for SeatSet {
    type Error = NoSeatSet;

    fn try_from(seats: Vec<SeatNumber>) -> Result<Self, NoSeatSet> {
        Self::new(seats)
    }
}

impl From<SeatNumber> for SeatSet {
    fn from(seat: SeatNumber) -> Self {
        Self(vec![seat])
    }
}

impl SeatSet {
    /// The set of these seats.
    pub fn new(mut seats: Vec<SeatNumber>) -> Result<Self, NoSeatSet> {
        if seats.len() > MAX_SEATS_PER_HOLD {
            return Err(NoSeatSet::TooMany);
        }
        seats.sort_unstable();
        let all_different = seats.windows(2).all(|pair| pair[0] != pair[1]);
        if seats.is_empty() || !all_different {
            return Err(NoSeatSet::Malformed);
        }
        Ok(Self(seats))
    }

    /// The set of the seats with these numbers.
    pub fn of_numbers(numbers: Vec<u64>) -> Result<Self, NoSeatSet> {
        let seats: Option<_> = numbers.into_iter().map(SeatNumber::new).collect();
        Self::new(seats.ok_or(NoSeatSet::Malformed)?)
    }

    /// How many seats there are.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The seats, in order.
    pub fn iter(&self) -> impl Iterator<Item = SeatNumber> + '_ {
        self.0.iter().copied()
    }

    /// Whether this seat is among them.
    pub fn contains(&self, seat: SeatNumber) -> bool {
        self.0.contains(&seat)
    }

    /// Whether all of these seats are among them.
    pub fn includes(&self, seats: &Self) -> bool {
        seats.iter().all(|seat| self.contains(seat))
    }

    /// The first seat.
    pub fn first(&self) -> SeatNumber {
        self.0[0]
    }

    /// The last seat.
    pub fn last(&self) -> SeatNumber {
        self.0[self.0.len() - 1]
    }
}

/// The status of a seat's item. A free seat has no item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SeatStatus {
    /// Kept for one reservation for a limited time.
    Held,
    /// Sold.
    Sold,
}

/// The item of a seat that is not free, or was not free until recently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenSeat {
    /// The seat.
    pub seat: SeatNumber,
    /// Whether it is held or sold.
    pub status: SeatStatus,
    /// The reservation that holds it or bought it.
    pub reservation_id: ReservationId,
    /// Until when it is held; `None` once it is sold.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub held_until: Option<Timestamp>,
    /// Until when the session that holds it is active.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub active_until: Option<Timestamp>,
    /// The user that holds it or has bought it. An item that an earlier version wrote has none.
    /// Stored in 22 letters, because everybody who reads seats pays for its size.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "super::ids::short"
    )]
    pub buyer: Option<UserId>,
}

impl TakenSeat {
    /// Whether it is taken now: sold, or held and not lapsed for more than [`CLOCK_SKEW_GRACE`].
    pub fn is_taken(&self, now: Timestamp) -> bool {
        match (self.status, self.held_until) {
            (SeatStatus::Sold, _) => true,
            (SeatStatus::Held, Some(held_until)) => held_until > lapsed_since(now),
            (SeatStatus::Held, None) => false,
        }
    }
}

/// A hold that ended at this time or earlier no longer takes its seat.
pub fn lapsed_since(now: Timestamp) -> Timestamp {
    now.saturating_sub(CLOCK_SKEW_GRACE)
        .unwrap_or(Timestamp::MIN)
}

/// For a reader that must not miss a seat which a payment under way may still sell: the time as of
/// which it has to judge whether seats are taken.
pub fn before_payments_under_way(now: Timestamp) -> Timestamp {
    now.saturating_sub(PAYMENT_LASTS).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(number: u64) -> SeatNumber {
        SeatNumber::new(number).expect("a seat")
    }

    #[test]
    fn large_hall_spreads_over_blocks() {
        assert_eq!(seat(1).block(), 0);
        assert_eq!(seat(500).block(), 0);
        assert_eq!(seat(501).block(), 1);
        assert_eq!(SeatNumber::new(0), None);
        assert_eq!(SeatNumber::new(100_001), None);
        assert_eq!(SeatNumber::new(u64::MAX), None);
    }

    #[test]
    fn hold_has_one_to_four_different_seats() {
        let set = SeatSet::new(vec![seat(3), seat(1)]).expect("two seats");
        assert_eq!(set.iter().map(SeatNumber::get).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(SeatSet::new(vec![]), Err(NoSeatSet::Malformed));
        assert_eq!(
            SeatSet::new(vec![seat(1), seat(2), seat(1)]),
            Err(NoSeatSet::Malformed)
        );
        assert_eq!(
            SeatSet::new((1..=5).map(seat).collect()),
            Err(NoSeatSet::TooMany)
        );
    }

    #[test]
    fn held_seat_is_taken_until_two_seconds_after_its_hold() {
        let second = |second| Timestamp::from_second(second).expect("a time");
        let held = TakenSeat {
            seat: seat(1),
            status: SeatStatus::Held,
            reservation_id: ReservationId::new(),
            held_until: Some(second(300)),
            active_until: Some(second(200)),
            buyer: None,
        };
        assert!(held.is_taken(second(300)));
        assert!(held.is_taken(second(301)));
        assert!(!held.is_taken(second(302)));
        let sold = TakenSeat {
            status: SeatStatus::Sold,
            held_until: None,
            ..held
        };
        assert!(sold.is_taken(second(1_000_000)));
    }
}
