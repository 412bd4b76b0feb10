//! Orders, and the account that pays for them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    ids::{ConcertId, PaymentId, ReservationId, ShowDate, UserId},
    money::Money,
    seat::SeatSet,
};

/// Seats kept for one session until they are paid or the time is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The reservation that it is.
    pub reservation_id: ReservationId,
    /// The payment that it awaits.
    pub payment_id: PaymentId,
    /// The concert.
    pub concert_id: ConcertId,
    /// The date.
    pub date: ShowDate,
    /// The seats.
    pub seats: SeatSet,
    /// What they cost together. A later change of the price does not change it.
    pub amount: Money,
    /// When it lapses.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub held_until: Timestamp,
}

impl Hold {
    /// Whether it may still be paid.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.held_until
    }

    /// Whether it is a hold of exactly these seats.
    pub fn is_of(&self, concert_id: ConcertId, date: ShowDate, seats: &SeatSet) -> bool {
        self.concert_id == concert_id && self.date == date && self.seats == *seats
    }
}

/// A paid reservation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The reservation that was paid.
    pub reservation_id: ReservationId,
    /// The payment.
    pub payment_id: PaymentId,
    /// Who paid.
    pub user_id: UserId,
    /// The concert.
    pub concert_id: ConcertId,
    /// The date.
    pub date: ShowDate,
    /// The seats.
    pub seats: SeatSet,
    /// What was paid.
    pub amount: Money,
    /// Where it stands.
    pub status: OrderStatus,
    /// When it was paid.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub paid_at: Timestamp,
    /// Its place in the account's chain of entries.
    pub seq: u64,
    /// What the account held right after it.
    pub balance_after: Money,
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum OrderStatus {
    /// The seats are the buyer's.
    Paid,
}

/// Money that came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// How much.
    pub amount: Money,
    /// When.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub charged_at: Timestamp,
    /// Its place in the account's chain of entries.
    pub seq: u64,
    /// What the account held right after it.
    pub balance_after: Money,
}

/// A user's prepaid balance and how many entries led to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// What it holds.
    pub balance: Money,
    /// The number of its last entry; 0 before the first.
    pub seq: u64,
}

impl Account {
    /// A new one.
    pub const EMPTY: Self = Self {
        balance: Money::ZERO,
        seq: 0,
    };

    /// The account with `amount` more in it; `None` when it may not hold that much.
    pub fn charged(self, amount: Money) -> Option<Self> {
        Some(Self {
            balance: self.balance.plus(amount)?,
            seq: self.seq + 1,
        })
    }

    /// The account after paying `amount`; `None` when there is not enough in it.
    pub fn debited(self, amount: Money) -> Option<Self> {
        Some(Self {
            balance: self.balance.minus(amount)?,
            seq: self.seq + 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Invariant 2: a chain without gaps that anybody can add up, never negative.
        #[test]
        fn entries_form_one_chain(steps in prop::collection::vec((any::<bool>(), 0_u32..100), 0..60)) {
            let mut account = Account::EMPTY;
            let mut sum = 0_i64;
            for (is_charge, won) in steps {
                let amount = Money::won(won);
                let next = if is_charge { account.charged(amount) } else { account.debited(amount) };
                let Some(next) = next else {
                    prop_assert!(!is_charge && amount.hundredths() > sum);
                    continue;
                };
                sum += if is_charge { amount.hundredths() } else { -amount.hundredths() };
                prop_assert_eq!(next.seq, account.seq + 1);
                prop_assert_eq!(next.balance.hundredths(), sum);
                account = next;
            }
        }
    }
}
