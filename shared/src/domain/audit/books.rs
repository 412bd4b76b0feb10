//! The books: what came into all accounts and went out of them, by day.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::domain::order::{Account, Entry, EntryKind};

/// How many days have a line of their own. Earlier ones are one sum, so that the books stay small.
const DAYS: i64 = 400;

/// Sums of money, in hundredths of a won.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Charges.
    pub charged: i64,
    /// Corrections, which may be below 0.
    pub corrected: i64,
    /// Payments.
    pub paid: i64,
    /// Refunds of orders and of single seats.
    pub refunded: i64,
}

impl Sums {
    /// What is left in the accounts after these.
    pub fn left(self) -> i64 {
        self.charged
            .saturating_add(self.corrected)
            .saturating_sub(self.paid)
            .saturating_add(self.refunded)
    }

    /// Adds an entry. The sums end at the largest number that they can have: 92 quadrillion won.
    fn add(&mut self, entry: &Entry) {
        let sum = match entry.kind {
            EntryKind::Charge => &mut self.charged,
            EntryKind::Correction => &mut self.corrected,
            EntryKind::Payment => &mut self.paid,
            EntryKind::Refund => &mut self.refunded,
        };
        *sum = sum.saturating_add(entry.amount.hundredths());
    }
}

/// The books of a round. Each account is as it was at one moment while the accounts were read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Books {
    /// When the first account was read (milliseconds).
    pub read_from: i64,
    /// When all accounts were read (milliseconds).
    pub as_of: i64,
    /// The days before the last 400, together.
    pub before: Sums,
    /// Each later day on which there was an entry.
    pub days: BTreeMap<Date, Sums>,
    /// The balances of all accounts, in hundredths of a won.
    pub held: i64,
    /// How many accounts are left out, because they changed each time they were read.
    pub left_out: u64,
}

impl Books {
    /// The first day with a line of its own, in a round that began at this time.
    pub fn first_day(round_started_at: Timestamp, zone: &TimeZone) -> Date {
        let day = round_started_at.to_zoned(zone.clone()).date();
        day.saturating_sub(SignedDuration::from_hours(24 * (DAYS - 1)))
    }

    /// Adds an account with its entries. Each entry belongs to its own day in `zone`.
    pub fn add(
        &mut self,
        account: Option<Account>,
        entries: &[Entry],
        first_day: Date,
        zone: &TimeZone,
    ) {
        let balance = account.map_or(0, |account| account.balance.hundredths());
        self.held = self.held.saturating_add(balance);
        for entry in entries {
            let day = entry.at.to_zoned(zone.clone()).date();
            if day < first_day {
                self.before.add(entry);
            } else {
                self.days.entry(day).or_default().add(entry);
            }
        }
    }

    /// What all entries together leave in the accounts. It is [`Books::held`], unless accounts and
    /// entries differ, which the audit reports.
    pub fn left(&self) -> i64 {
        let days = self.days.values().map(|day| day.left());
        days.fold(self.before.left(), i64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan as _, civil::date};
    use proptest::prelude::*;

    use super::*;
    use crate::domain::money::{Difference, Money};

    fn seoul() -> TimeZone {
        TimeZone::get("Asia/Seoul").expect("a zone")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn entry(kind: EntryKind, won: i64, time: Timestamp) -> Entry {
        let amount = Difference::parse(&won.to_string()).expect("an amount");
        Entry {
            seq: 1,
            kind,
            amount,
            balance_after: Money::ZERO,
            at: time,
            order: None,
            explanation: None,
            change_id: None,
        }
    }

    fn holding(won: u32) -> Account {
        Account {
            balance: Money::won(won),
            ..Account::EMPTY
        }
    }

    #[test]
    fn day_begins_at_midnight_of_the_zone() {
        let zone = seoul();
        let first = Books::first_day(at("2026-11-20T03:00:00Z"), &zone);
        let mut books = Books::default();
        let entries = [
            entry(EntryKind::Charge, 100, at("2026-11-19T14:59:59.999Z")),
            entry(EntryKind::Payment, 60, at("2026-11-19T15:00:00Z")),
            entry(EntryKind::Refund, 60, at("2026-11-20T14:59:59Z")),
            entry(EntryKind::Correction, -30, at("2026-11-20T15:00:00Z")),
        ];
        books.add(Some(holding(70)), &entries, first, &zone);
        let day = |day| books.days[&date(2026, 11, day)];
        assert_eq!(day(19).charged, 10_000);
        assert_eq!((day(20).paid, day(20).refunded), (6_000, 6_000));
        assert_eq!(day(21).corrected, -3_000);
        assert_eq!((books.held, books.left()), (7_000, 7_000));
    }

    #[test]
    fn days_before_the_last_400_are_one_sum() {
        let zone = seoul();
        let now = at("2026-11-20T03:00:00Z");
        let first = Books::first_day(now, &zone);
        assert_eq!(first, date(2025, 10, 17));
        let mut books = Books::default();
        let mut entries = Vec::new();
        for days in 0..1_000 {
            let then = now.checked_sub((24 * days).hours()).expect("a time");
            entries.push(entry(EntryKind::Charge, 1, then));
        }
        books.add(Some(holding(1_000)), &entries, first, &zone);
        assert_eq!(books.days.len(), 400);
        assert_eq!(books.before.charged, 60_000);
        assert_eq!(books.left(), books.held);
        let bytes = postcard::to_stdvec(&books).expect("bytes").len();
        assert!(bytes < 400 * 20, "{bytes}");
    }

    #[test]
    fn sums_end_at_the_largest_number() {
        let zone = seoul();
        let mut books = Books {
            held: i64::MAX,
            ..Books::default()
        };
        books.add(Some(holding(1)), &[], Date::MIN, &zone);
        assert_eq!(books.held, i64::MAX);
    }

    proptest! {
        /// Whatever happens to an account, and on whatever days.
        #[test]
        fn what_is_left_is_what_is_held(
            moves in prop::collection::vec((0..4_u8, 1..1_000_000_i64, 0..2_000_i64), 0..50),
        ) {
            let zone = seoul();
            let now = at("2026-11-20T03:00:00Z");
            let first = Books::first_day(now, &zone);
            let mut books = Books::default();
            let mut account = Account::EMPTY;
            let mut entries = Vec::new();
            for (kind, won, hours) in moves {
                let kind = match kind {
                    0 => EntryKind::Charge,
                    1 => EntryKind::Payment,
                    2 => EntryKind::Refund,
                    _ => EntryKind::Correction,
                };
                let won = match kind {
                    EntryKind::Payment => won.min(account.balance.hundredths() / 100),
                    _ => won,
                };
                let Some(amount) = Money::parse(&won.to_string()).filter(|it| *it > Money::ZERO)
                else {
                    continue;
                };
                account = match kind {
                    EntryKind::Charge => account.charged(amount),
                    EntryKind::Payment => account.debited(amount),
                    EntryKind::Refund => account.refunded(amount),
                    EntryKind::Correction => account.corrected(amount.into()),
                }
                .expect("far below the ceiling");
                let then = now.checked_sub((hours * 10).hours()).expect("a time");
                entries.push(entry(kind, won, then));
            }
            books.add(Some(account), &entries, first, &zone);
            prop_assert_eq!(books.left(), books.held);
            prop_assert_eq!(books.held, account.balance.hundredths());
        }
    }
}
