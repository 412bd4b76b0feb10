//! Orders, and the account that pays for them.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ids::{ConcertId, CorrectionId, PaymentId, ReservationId, ShowDate, ShowId, UserId},
    money::{Difference, Money},
    reason::Explanation,
    seat::SeatSet,
    show::start_of_day,
    user::Name,
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
    /// What the concert was called when they were held; a hold that an earlier version has
    /// placed does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concert_name: Option<Name>,
    /// The seats.
    pub seats: SeatSet,
    /// What they cost together. A later change of the price does not change it.
    pub amount: Money,
    /// When it lapses.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub held_until: Timestamp,
}

impl Hold {
    /// How long a deployment may let a hold last, in seconds: an SQS delay ends at 900.
    pub const SECONDS: RangeInclusive<u32> = 1..=840;

    /// The show whose seats it holds.
    pub fn show(&self) -> ShowId {
        ShowId {
            concert_id: self.concert_id,
            date: self.date,
        }
    }

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
    /// What the concert was called when its seats were held, whatever it is called now. One that
    /// an earlier version has sold does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concert_name: Option<Name>,
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
    /// Its refund, once it is [`OrderStatus::Refunded`].
    #[serde(flatten)]
    pub refund: Option<Refund>,
}

impl Order {
    /// The show whose seats were bought.
    pub fn show(&self) -> ShowId {
        ShowId {
            concert_id: self.concert_id,
            date: self.date,
        }
    }
}

/// Until when a buyer may have the money back for a show on that date: so many hours before its
/// day begins in `zone`.
pub fn refundable_until(date: ShowDate, zone: &TimeZone, cutoff_hours: u32) -> Timestamp {
    let cutoff = SignedDuration::from_hours(i64::from(cutoff_hours));
    let day = start_of_day(date, zone);
    day.saturating_sub(cutoff).unwrap_or(Timestamp::MIN)
}

/// The status of a payment.
///
/// - `PAID`: the seats are sold to the user.
/// - `REFUNDED`: the seats were given back for the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum OrderStatus {
    /// The seats are sold to the user.
    Paid,
    /// The seats were given back for the money.
    Refunded,
}

/// Money that went back for an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// When.
    #[serde(
        rename = "refunded_at",
        with = "jiff::fmt::serde::timestamp::millisecond::required"
    )]
    pub at: Timestamp,
    /// Its place in the account's chain of entries.
    #[serde(rename = "refunded_seq")]
    pub seq: u64,
    /// What the account held right after it.
    #[serde(rename = "refunded_balance_after")]
    pub balance_after: Money,
    /// Who has refunded it for its buyer, and why; a buyer's own refund has none.
    #[serde(
        rename = "refund_explanation",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub explanation: Option<Explanation>,
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

/// A balance that an administrator has set right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// Its id, which the log names.
    pub correction_id: CorrectionId,
    /// By how much.
    pub amount: Difference,
    /// Who has done it, and why.
    #[serde(flatten)]
    pub explanation: Explanation,
    /// When.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub corrected_at: Timestamp,
    /// Its place in the account's chain of entries.
    pub seq: u64,
    /// What the account held right after it.
    pub balance_after: Money,
}

/// One step of an account's chain: money that came in, or went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the chain.
    pub seq: u64,
    /// Why the balance moved.
    pub kind: EntryKind,
    /// By how much; only a correction's is below zero when it takes from the balance.
    pub amount: Difference,
    /// What the account held right after it.
    pub balance_after: Money,
    /// When.
    pub at: Timestamp,
    /// The order that was paid or refunded.
    pub order: Option<(ReservationId, PaymentId)>,
    /// Which administrator has done it, and why.
    pub explanation: Option<Explanation>,
}

/// The kind of change of a balance.
///
/// - `CHARGE`: money came in.
/// - `PAYMENT`: seats were paid for.
/// - `REFUND`: a payment was given back.
/// - `CORRECTION`: an administrator corrected the balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum EntryKind {
    /// Money came in.
    Charge,
    /// Seats were paid for.
    Payment,
    /// A payment was given back.
    Refund,
    /// An administrator corrected the balance.
    Correction,
}

impl Charge {
    /// Its step of the chain.
    pub fn entry(&self) -> Entry {
        Entry {
            seq: self.seq,
            kind: EntryKind::Charge,
            amount: self.amount.into(),
            balance_after: self.balance_after,
            at: self.charged_at,
            order: None,
            explanation: None,
        }
    }
}

impl Correction {
    /// Its step of the chain.
    pub fn entry(&self) -> Entry {
        Entry {
            seq: self.seq,
            kind: EntryKind::Correction,
            amount: self.amount,
            balance_after: self.balance_after,
            at: self.corrected_at,
            order: None,
            explanation: Some(self.explanation.clone()),
        }
    }
}

impl Order {
    /// Its steps of the chain: the payment, and the refund when there was one.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        let payment = Entry {
            seq: self.seq,
            kind: EntryKind::Payment,
            amount: self.amount.into(),
            balance_after: self.balance_after,
            at: self.paid_at,
            order: Some((self.reservation_id, self.payment_id)),
            explanation: None,
        };
        let refund = self.refund.as_ref().map(|refund| Entry {
            seq: refund.seq,
            kind: EntryKind::Refund,
            balance_after: refund.balance_after,
            at: refund.at,
            explanation: refund.explanation.clone(),
            ..payment.clone()
        });
        std::iter::once(payment).chain(refund)
    }
}

/// A user's prepaid balance and how many entries led to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// What it holds.
    pub balance: Money,
    /// The number of its last entry; 0 before the first.
    pub seq: u64,
    /// Queue tokens of an earlier generation of the user's tokens move nothing. It is the user's
    /// own generation, or 0 as long as that has not moved since accounts have it: whoever has a
    /// token from before is believed until it does.
    #[serde(default, skip_serializing_if = "is_first")]
    pub generation: u32,
    /// When its user was deleted: what is recorded stays, and nobody's token moves it any more.
    #[serde(
        default,
        with = "jiff::fmt::serde::timestamp::millisecond::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub closed_at: Option<Timestamp>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_first(generation: &u32) -> bool {
    *generation == 0
}

impl Account {
    /// A new one.
    pub const EMPTY: Self = Self {
        balance: Money::ZERO,
        seq: 0,
        generation: 0,
        closed_at: None,
    };

    /// Whether a token of that generation may move it, or look at it.
    pub fn takes_token_of(self, generation: u32) -> bool {
        self.closed_at.is_none() && generation >= self.generation
    }

    /// The account with `amount` more in it; `None` when it may not hold that much.
    pub fn charged(self, amount: Money) -> Option<Self> {
        Some(Self {
            balance: self.balance.plus(amount)?,
            seq: self.seq + 1,
            ..self
        })
    }

    /// The account with `amount` back in it, however much it holds already; `None` when that
    /// cannot be counted any more.
    pub fn refunded(self, amount: Money) -> Option<Self> {
        Some(Self {
            balance: self.balance.with_returned(amount)?,
            seq: self.seq + 1,
            ..self
        })
    }

    /// The account after a correction; `None` when it would be left with less than nothing, or
    /// given more than it may hold.
    pub fn corrected(self, amount: Difference) -> Option<Self> {
        Some(Self {
            balance: self.balance.changed_by(amount)?,
            seq: self.seq + 1,
            ..self
        })
    }

    /// The account after paying `amount`; `None` when there is not enough in it.
    pub fn debited(self, amount: Money) -> Option<Self> {
        Some(Self {
            balance: self.balance.minus(amount)?,
            seq: self.seq + 1,
            ..self
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_order_is_refundable_until_a_day_before_the_day_of_the_show() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let date = "2026-12-24".parse().expect("a date");
        let seoul = TimeZone::get("Asia/Seoul").expect("bundled");
        for (zone, hours, over) in [
            (&seoul, 24, "2026-12-22T15:00:00Z"),
            (&seoul, 0, "2026-12-23T15:00:00Z"),
            (&TimeZone::UTC, 36, "2026-12-22T12:00:00Z"),
        ] {
            assert_eq!(refundable_until(date, zone, hours), at(over), "{hours}");
        }
    }

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
