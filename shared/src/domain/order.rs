//! Orders, and the account that pays for them.

mod refunds;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::refunds::{Due, PartialRefund, Refund};

use super::{
    ids::{
        ChangeId, ConcertId, CorrectionId, PaymentId, PlanId, ReservationId, ShowDate, ShowId,
        ShowKey, UserId,
    },
    money::{Difference, Money},
    reason::Explanation,
    seat::SeatSet,
    show::start_of_day,
    user::Name,
};

/// Seats kept for one session until they are paid or the time is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The reservation.
    pub reservation_id: ReservationId,
    /// The payment that will pay it.
    pub payment_id: PaymentId,
    /// The concert.
    pub concert_id: ConcertId,
    /// Which show of the concert.
    #[serde(rename = "date")]
    pub show_key: ShowKey,
    /// The concert's name when the seats were held. A hold that an earlier version stored has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concert_name: Option<Name>,
    /// The seats.
    pub seats: SeatSet,
    /// What the seats cost in total. A later change of the price does not change it.
    pub amount: Money,
    /// The plan of the seats, if they have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<PlanId>,
    /// What each seat costs, in order, if they do not all cost the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<Vec<Money>>,
    /// The most seats of the concert that the user may have with these, if there was a limit when
    /// they were held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// When the hold lapses.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub held_until: Timestamp,
}

impl Hold {
    /// How long a deployment may let a hold last, in seconds. An SQS delay is at most 900.
    pub const SECONDS: RangeInclusive<u32> = 1..=840;

    /// The show whose seats are held.
    pub fn show(&self) -> ShowId {
        ShowId {
            concert_id: self.concert_id,
            key: self.show_key,
        }
    }

    /// What each seat costs, in order.
    pub fn seat_prices(&self) -> Vec<Money> {
        seat_prices(&self.seats, self.amount, self.prices.as_deref())
    }

    /// Whether it may still be paid.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.held_until
    }

    /// Whether it holds exactly these seats.
    pub fn is_of(&self, show: ShowId, seats: &SeatSet) -> bool {
        self.show() == show && self.seats == *seats
    }
}

/// A paid reservation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The reservation that was paid.
    pub reservation_id: ReservationId,
    /// The payment.
    pub payment_id: PaymentId,
    /// The user that paid.
    pub user_id: UserId,
    /// The concert.
    pub concert_id: ConcertId,
    /// Which show of the concert.
    #[serde(rename = "date")]
    pub show_key: ShowKey,
    /// The concert's name when the seats were held. An order that an earlier version stored has
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concert_name: Option<Name>,
    /// The seats.
    pub seats: SeatSet,
    /// What was paid.
    pub amount: Money,
    /// The plan of the seats, if they have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<PlanId>,
    /// What each seat costs, in order, if they do not all cost the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<Vec<Money>>,
    /// The most seats of the concert that the user may have with these, if there was a limit when
    /// they were held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Whether it is paid or refunded.
    pub status: OrderStatus,
    /// When it was paid.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub paid_at: Timestamp,
    /// Its place in the account's chain of entries.
    pub seq: u64,
    /// The balance right after it.
    pub balance_after: Money,
    /// The refunds of some of its seats, the earliest first. Each left other seats sold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returned: Vec<PartialRefund>,
    /// The refund of the rest of it, once it is [`OrderStatus::Refunded`].
    #[serde(flatten)]
    pub refund: Option<Refund>,
}

impl Order {
    /// What each seat costs, in order.
    pub fn seat_prices(&self) -> Vec<Money> {
        seat_prices(&self.seats, self.amount, self.prices.as_deref())
    }

    /// The show whose seats were bought.
    pub fn show(&self) -> ShowId {
        ShowId {
            concert_id: self.concert_id,
            key: self.show_key,
        }
    }
}

/// What each of these seats costs, in order. Without `prices` they all cost the same, which divides
/// the amount without a rest.
fn seat_prices(seats: &SeatSet, amount: Money, prices: Option<&[Money]>) -> Vec<Money> {
    prices.map_or_else(
        || vec![amount.divided_by(seats.len()); seats.len()],
        <[_]>::to_vec,
    )
}

/// Until when a buyer may get a refund for a show on this date: `cutoff_hours` before the day of
/// the show begins in `zone`.
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

/// A charge: money that came into an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// How much.
    pub amount: Money,
    /// When it was charged.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub charged_at: Timestamp,
    /// Its place in the account's chain of entries.
    pub seq: u64,
    /// The balance right after it.
    pub balance_after: Money,
    /// The record of it in the log of changes, if an administrator made it. What an earlier version
    /// stored has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_id: Option<ChangeId>,
}

/// A correction: an administrator has set a balance right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// Its id, which the log names.
    pub correction_id: CorrectionId,
    /// The amount of the correction.
    pub amount: Difference,
    /// Which administrator made it, and why.
    #[serde(flatten)]
    pub explanation: Explanation,
    /// When it was made.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub corrected_at: Timestamp,
    /// Its place in the account's chain of entries.
    pub seq: u64,
    /// The balance right after it.
    pub balance_after: Money,
}

/// One entry of an account's chain: money that came in or went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the chain.
    pub seq: u64,
    /// Why the balance moved.
    pub kind: EntryKind,
    /// The amount. It is negative only for a correction that takes money away.
    pub amount: Difference,
    /// The balance right after it.
    pub balance_after: Money,
    /// When the balance moved.
    pub at: Timestamp,
    /// The order that was paid or refunded.
    pub order: Option<(ReservationId, PaymentId)>,
    /// Which administrator moved the balance, and why.
    pub explanation: Option<Explanation>,
    /// The record of it in the log of changes, if an administrator moved the balance.
    pub change_id: Option<ChangeId>,
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
    /// The entry of the chain.
    pub fn entry(&self) -> Entry {
        Entry {
            seq: self.seq,
            kind: EntryKind::Charge,
            amount: self.amount.into(),
            balance_after: self.balance_after,
            at: self.charged_at,
            order: None,
            explanation: None,
            change_id: self.change_id,
        }
    }
}

impl Correction {
    /// The entry of the chain.
    pub fn entry(&self) -> Entry {
        Entry {
            seq: self.seq,
            kind: EntryKind::Correction,
            amount: self.amount,
            balance_after: self.balance_after,
            at: self.corrected_at,
            order: None,
            explanation: Some(self.explanation.clone()),
            change_id: self.explanation.change_id,
        }
    }
}

impl Order {
    /// The entries of the chain: the payment, and each refund.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        let payment = Entry {
            seq: self.seq,
            kind: EntryKind::Payment,
            amount: self.amount.into(),
            balance_after: self.balance_after,
            at: self.paid_at,
            order: Some((self.reservation_id, self.payment_id)),
            explanation: None,
            change_id: None,
        };
        let refund_of =
            |amount: Difference, seq, balance_after, at, why: &Option<Explanation>| Entry {
                seq,
                kind: EntryKind::Refund,
                amount,
                balance_after,
                at,
                explanation: why.clone(),
                change_id: why.as_ref().and_then(|why| why.change_id),
                ..payment.clone()
            };
        let mut entries = vec![payment.clone()];
        let mut left = Difference::from(self.amount);
        for part in &self.returned {
            let amount = part.amount.into();
            left = left.less(amount);
            let (seq, balance) = (part.seq, part.balance_after);
            entries.push(refund_of(amount, seq, balance, part.at, &part.explanation));
        }
        if let Some(rest) = &self.refund {
            let (seq, balance) = (rest.seq, rest.balance_after);
            entries.push(refund_of(left, seq, balance, rest.at, &rest.explanation));
        }
        entries.into_iter()
    }
}

/// A user's prepaid balance, and how many entries led to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The balance.
    pub balance: Money,
    /// The number of its last entry; 0 before the first.
    pub seq: u64,
    /// A copy of the user's generation. A queue token of an earlier generation cannot move the
    /// balance. It is 0 until the user's generation changes for the first time since accounts have
    /// this field. Until then, every token is accepted.
    #[serde(default, skip_serializing_if = "is_first")]
    pub generation: u32,
    /// When its user was deleted. The entries stay, and no token can move the balance any more.
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
    /// A new account.
    pub const EMPTY: Self = Self {
        balance: Money::ZERO,
        seq: 0,
        generation: 0,
        closed_at: None,
    };

    /// Whether a token of this generation may move or read the account.
    pub fn takes_token_of(self, generation: u32) -> bool {
        self.closed_at.is_none() && generation >= self.generation
    }

    /// The account after a charge of `amount`; `None` above [`Money::MAX_IN_ACCOUNT`].
    pub fn charged(self, amount: Money) -> Option<Self> {
        Some(Self {
            balance: self.balance.plus(amount)?,
            seq: self.seq + 1,
            ..self
        })
    }

    /// The account after a refund of `amount`, however much it holds already; `None` only if the
    /// number does not fit.
    pub fn refunded(self, amount: Money) -> Option<Self> {
        Some(Self {
            balance: self.balance.with_returned(amount)?,
            seq: self.seq + 1,
            ..self
        })
    }

    /// The account after a correction; `None` if the balance would be negative, or would grow above
    /// [`Money::MAX_IN_ACCOUNT`].
    pub fn corrected(self, amount: Difference) -> Option<Self> {
        Some(Self {
            balance: self.balance.changed_by(amount)?,
            seq: self.seq + 1,
            ..self
        })
    }

    /// The account after paying `amount`; `None` if the balance is too small.
    pub fn debited(self, amount: Money) -> Option<Self> {
        Some(Self {
            balance: self.balance.minus(amount)?,
            seq: self.seq + 1,
            ..self
        })
    }
}
