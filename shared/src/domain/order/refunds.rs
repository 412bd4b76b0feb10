//! Refunds of orders: of single seats, and of the rest.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Account, Order, OrderStatus};
use crate::domain::{
    money::Money,
    reason::Explanation,
    seat::{SeatNumber, SeatSet},
};

/// What a refund gives back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The seats.
    pub seats: SeatSet,
    /// What was paid for them.
    pub amount: Money,
}

/// A refund of some seats of an order, while others stayed sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartialRefund {
    /// The seats.
    pub seats: SeatSet,
    /// What was given back for them.
    pub amount: Money,
    /// When they were refunded.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
    /// Its place in the account's chain of entries.
    pub seq: u64,
    /// The balance right after it.
    pub balance_after: Money,
    /// Which administrator refunded them for the buyer, and why; none if the buyer did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

/// The refund of an order, or of what partial refunds have left of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// When it was refunded.
    #[serde(
        rename = "refunded_at",
        with = "jiff::fmt::serde::timestamp::millisecond::required"
    )]
    pub at: Timestamp,
    /// Its place in the account's chain of entries.
    #[serde(rename = "refunded_seq")]
    pub seq: u64,
    /// The balance right after it.
    #[serde(rename = "refunded_balance_after")]
    pub balance_after: Money,
    /// Which administrator refunded it for the buyer, and why; none if the buyer did.
    #[serde(
        rename = "refund_explanation",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub explanation: Option<Explanation>,
}

impl Order {
    /// Whether the money for one of its seats was given back.
    pub fn has_refunded(&self, seat: SeatNumber) -> bool {
        let is_of = |returned: &PartialRefund| returned.seats.contains(seat);
        self.status == OrderStatus::Refunded || self.returned.iter().any(is_of)
    }

    /// How many of its seats the user still has.
    pub fn seats_left(&self) -> usize {
        self.seats.len() - self.refunded_seats().len()
    }

    /// The seats whose money was given back, in order.
    pub fn refunded_seats(&self) -> Vec<SeatNumber> {
        let refunded = self.seats.iter().filter(|seat| self.has_refunded(*seat));
        refunded.collect()
    }

    /// What a refund of these seats of the order gives back: those of them whose money was not given
    /// back before. `None` if there are none.
    pub fn due_of(&self, wanted: &SeatSet) -> Option<Due> {
        let each = self.seats.iter().zip(self.seat_prices());
        let due = each.filter(|(seat, _)| wanted.contains(*seat) && !self.has_refunded(*seat));
        let (seats, prices): (Vec<_>, Vec<_>) = due.unzip();
        let is_the_rest = self.refunded_seats().len() + seats.len() == self.seats.len();
        Some(Due {
            seats: SeatSet::new(seats).ok()?,
            // The last refund gives back whatever is left, so that the sum is always what was paid.
            amount: if is_the_rest {
                self.amount_of_rest()?
            } else {
                Money::sum(prices)?
            },
        })
    }

    /// What was paid and partial refunds have not given back: what the refund of the rest gives back,
    /// or has given back. `None` if the partial refunds gave back more.
    pub fn amount_of_rest(&self) -> Option<Money> {
        let returned = Money::sum(self.returned.iter().map(|part| part.amount))?;
        self.amount.minus(returned)
    }

    /// The order after a refund that left the account like this. If no seat is left, it is refunded.
    #[must_use]
    pub fn refunded(
        &self,
        due: Due,
        credited: Account,
        explanation: Option<&Explanation>,
        now: Timestamp,
    ) -> Self {
        let mut after = self.clone();
        if self.refunded_seats().len() + due.seats.len() == self.seats.len() {
            after.status = OrderStatus::Refunded;
            after.refund = Some(Refund {
                at: now,
                seq: credited.seq,
                balance_after: credited.balance,
                explanation: explanation.cloned(),
            });
        } else {
            after.returned.push(PartialRefund {
                seats: due.seats,
                amount: due.amount,
                at: now,
                seq: credited.seq,
                balance_after: credited.balance,
                explanation: explanation.cloned(),
            });
        }
        after
    }

    /// The last refund: when, with which balance after it, and who gave it and why, if an
    /// administrator did. `None` if no seat was refunded.
    pub fn last_refund(&self) -> Option<(Timestamp, Money, Option<&Explanation>)> {
        let whole = self.refund.as_ref();
        let whole =
            whole.map(|refund| (refund.at, refund.balance_after, refund.explanation.as_ref()));
        whole.or_else(|| {
            let last = self.returned.last()?;
            Some((last.at, last.balance_after, last.explanation.as_ref()))
        })
    }

    /// Whether what the order says of itself fits together: the prices are those of the amount, and
    /// each partial refund is of other seats of the order, for what they cost, and leaves a seat.
    pub fn is_consistent(&self) -> bool {
        let prices = self.seat_prices();
        let mut seen = BTreeSet::new();
        let fits = |returned: &PartialRefund| {
            let each = self.seats.iter().zip(&prices);
            let cost = each.filter(|(seat, _)| returned.seats.contains(*seat));
            self.seats.includes(&returned.seats)
                && Money::sum(cost.map(|(_, price)| *price)) == Some(returned.amount)
        };
        let are_other = self
            .returned
            .iter()
            .flat_map(|returned| returned.seats.iter())
            .all(|seat| seen.insert(seat));
        prices.len() == self.seats.len()
            && Money::sum(prices.iter().copied()) == Some(self.amount)
            && self.returned.iter().all(fits)
            && are_other
            && seen.len() < self.seats.len()
    }
}
