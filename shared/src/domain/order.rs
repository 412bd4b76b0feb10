//! Orders, and the account that pays for them.

use std::{collections::BTreeSet, ops::RangeInclusive};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ids::{
        ConcertId, CorrectionId, PaymentId, PlanId, ReservationId, ShowDate, ShowId, ShowKey,
        UserId,
    },
    money::{Difference, Money},
    reason::Explanation,
    seat::{SeatNumber, SeatSet},
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
        let returned = Money::sum(self.returned.iter().map(|part| part.amount))?;
        Some(Due {
            seats: SeatSet::new(seats).ok()?,
            // The last refund gives back whatever is left, so that the sum is always what was paid.
            amount: if is_the_rest {
                self.amount.minus(returned)?
            } else {
                Money::sum(prices)?
            },
        })
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
        };
        let refund_of =
            |amount: Difference, seq, balance_after, at, why: &Option<Explanation>| Entry {
                seq,
                kind: EntryKind::Refund,
                amount,
                balance_after,
                at,
                explanation: why.clone(),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn order_is_refundable_until_a_day_before_the_day_of_the_show() {
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
        /// Invariant 2: a chain without gaps that anyone can add up, never negative.
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

    fn order(prices: &[u32]) -> Order {
        let prices: Vec<_> = prices.iter().map(|won| Money::won(*won)).collect();
        let seats = (1..=prices.len() as u64).filter_map(SeatNumber::new);
        Order {
            reservation_id: ReservationId::new(),
            payment_id: PaymentId::new(),
            user_id: UserId::new(),
            concert_id: ConcertId::new(),
            show_key: "2026-12-24".parse().expect("a key"),
            concert_name: None,
            seats: SeatSet::new(seats.collect()).expect("seats"),
            amount: Money::sum(prices.iter().copied()).expect("a sum"),
            plan_id: None,
            prices: Some(prices),
            limit: None,
            status: OrderStatus::Paid,
            paid_at: Timestamp::UNIX_EPOCH,
            seq: 2,
            balance_after: Money::ZERO,
            returned: Vec::new(),
            refund: None,
        }
    }

    #[test]
    fn seats_of_an_order_without_prices_cost_the_same() {
        let old = Order {
            prices: None,
            ..order(&[5, 5, 5])
        };
        assert_eq!(old.seat_prices(), [5, 5, 5].map(Money::won));
        assert!(old.is_consistent());
        let odd = Order {
            amount: Money::won(16),
            ..order(&[5, 5, 5])
        };
        assert!(!odd.is_consistent());
    }

    proptest! {
        /// However the seats of an order are refunded, one after the other or together, some of them
        /// again: everything that was paid comes back once, and the entries add up.
        #[test]
        fn refunds_give_back_what_was_paid_once(
            prices in prop::collection::vec(0_u32..9, 1..=4),
            wishes in prop::collection::vec(prop::collection::btree_set(1_u64..=4, 1..=4), 0..6),
        ) {
            let mut order = order(&prices);
            let before = Account { seq: 2, ..Account::EMPTY };
            let mut account = before;
            let all = order.seats.clone();
            for wish in wishes {
                let wish = wish.into_iter().filter_map(SeatNumber::new);
                let Ok(wish) = SeatSet::new(wish.collect()) else { continue };
                if let Some(due) = order.due_of(&wish) {
                    account = account.refunded(due.amount).expect("room");
                    order = order.refunded(due, account, None, Timestamp::UNIX_EPOCH);
                }
                let mine = wish.iter().filter(|seat| order.seats.contains(*seat));
                prop_assert!(mine.into_iter().all(|seat| order.has_refunded(seat)));
                prop_assert!(order.is_consistent());
            }
            let refunded = order.refunded_seats();
            let cost = all.iter().zip(order.seat_prices());
            let cost = cost.filter(|(seat, _)| refunded.contains(seat)).map(|(_, price)| price);
            prop_assert_eq!(account.balance, Money::sum(cost).expect("a sum"));
            prop_assert_eq!(order.status == OrderStatus::Refunded, refunded.len() == all.len());
            prop_assert_eq!(order.refund.is_some(), order.status == OrderStatus::Refunded);
            let mut balance = 0;
            for (n, entry) in order.entries().skip(1).enumerate() {
                balance += entry.amount.hundredths();
                prop_assert_eq!(entry.balance_after.hundredths(), balance);
                prop_assert_eq!(entry.seq, 3 + n as u64);
            }
            prop_assert_eq!(balance, account.balance.hundredths());
        }
    }

    #[test]
    fn order_that_contradicts_itself_is_inconsistent() {
        let seat = |number| SeatSet::from(SeatNumber::new(number).expect("a seat"));
        let part = |seats: SeatSet, won| PartialRefund {
            seats,
            amount: Money::won(won),
            at: Timestamp::UNIX_EPOCH,
            seq: 3,
            balance_after: Money::won(won),
            explanation: None,
        };
        let with = |returned: Vec<PartialRefund>| Order {
            returned,
            ..order(&[1, 2])
        };
        assert!(with(vec![]).is_consistent());
        assert!(with(vec![part(seat(2), 2)]).is_consistent());
        for wrong in [
            vec![part(seat(2), 1)],
            vec![part(seat(3), 0)],
            vec![part(seat(1), 1), part(seat(1), 1)],
            vec![part(seat(1), 1), part(seat(2), 2)],
        ] {
            assert!(!with(wrong.clone()).is_consistent(), "{wrong:?}");
        }
        let prices = Order {
            prices: Some(vec![Money::won(3)]),
            ..order(&[1, 2])
        };
        assert!(!prices.is_consistent());
    }
}
