//! Money: won, in hundredths, read and written exactly.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::decimal;

const DECIMALS: u32 = 2;

/// An amount of money in hundredths of a won, never negative. It is stored as that whole number;
/// [`Money::json`] writes it for the API.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The most that one charge or price may be: 10¹² won.
    pub const MAX_AT_ONCE: Self = Self(100 * 1_000_000_000_000);
    /// The most that an account may hold: 10¹³ won. Clients that read JSON numbers as floats still
    /// read this exactly.
    pub const MAX_IN_ACCOUNT: Self = Self(10 * Self::MAX_AT_ONCE.0);

    /// This many whole won.
    pub const fn won(won: u32) -> Self {
        Self(won as i64 * 100)
    }

    /// Reads a JSON number of won with at most two decimals. `None` for anything else, for a
    /// negative number, and above [`Money::MAX_AT_ONCE`].
    pub fn parse(json: &str) -> Option<Self> {
        decimal::parse(json, DECIMALS)
            .filter(|hundredths| (0..=Self::MAX_AT_ONCE.0).contains(hundredths))
            .map(Self)
    }

    /// The amount in hundredths.
    pub fn hundredths(self) -> i64 {
        self.0
    }

    /// The amount as a JSON number of won.
    pub fn json(self) -> Box<RawValue> {
        decimal::json(self.0, DECIMALS)
    }

    /// The sum; `None` above [`Money::MAX_IN_ACCOUNT`].
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0
            .checked_add(other.0)
            .map(Self)
            .filter(|sum| *sum <= Self::MAX_IN_ACCOUNT)
    }

    /// The sum with refunded money, which an account always takes; `None` only if the number does
    /// not fit.
    pub fn with_returned(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The balance after a difference; `None` if it would be negative, or if it grows above
    /// [`Money::MAX_IN_ACCOUNT`].
    pub fn changed_by(self, difference: Difference) -> Option<Self> {
        let after = Self(self.0.checked_add(difference.0)?);
        let is_too_much = difference.0 > 0 && after > Self::MAX_IN_ACCOUNT;
        (after >= Self::ZERO && !is_too_much).then_some(after)
    }

    /// What is left after paying `price`; `None` if the amount is too small.
    pub fn minus(self, price: Self) -> Option<Self> {
        (self >= price).then(|| Self(self.0 - price.0))
    }

    /// The amount in this many equal parts. What is left over is lost, so it must be a multiple.
    #[must_use]
    pub fn divided_by(self, parts: usize) -> Self {
        let parts = i64::try_from(parts).unwrap_or(i64::MAX);
        Self(self.0.checked_div(parts).unwrap_or_default())
    }

    /// The sum of amounts; `None` if it does not fit.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, |sum, amount| {
            sum.0.checked_add(amount.0).map(Self)
        })
    }

    /// The amount times `count`; `None` if it does not fit.
    pub fn times(self, count: usize) -> Option<Self> {
        self.0.checked_mul(i64::try_from(count).ok()?).map(Self)
    }
}

/// The amount by which a balance changes, in hundredths of a won; negative if it takes money away.
/// It is stored as that whole number; [`Difference::json`] writes it for the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Difference(i64);

impl Difference {
    /// Reads a JSON number of won with at most two decimals. `None` for anything else, for 0, and
    /// above [`Money::MAX_AT_ONCE`] in either direction.
    pub fn parse(json: &str) -> Option<Self> {
        decimal::parse(json, DECIMALS)
            .filter(|hundredths| {
                *hundredths != 0 && hundredths.unsigned_abs() <= Money::MAX_AT_ONCE.0.unsigned_abs()
            })
            .map(Self)
    }

    /// The difference in hundredths.
    pub fn hundredths(self) -> i64 {
        self.0
    }

    /// What is left of it after another one; at the ends of the range of numbers it stays there.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The difference as a JSON number of won.
    pub fn json(self) -> Box<RawValue> {
        decimal::json(self.0, DECIMALS)
    }
}

impl From<Money> for Difference {
    fn from(money: Money) -> Self {
        Self(money.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_exact_and_bounded() {
        assert_eq!(Money::parse("50000"), Some(Money::won(50_000)));
        assert_eq!(Money::parse("0.1").map(Money::hundredths), Some(10));
        assert_eq!(Money::parse("1000000000000"), Some(Money::MAX_AT_ONCE));
        assert_eq!(Money::parse("1000000000000.01"), None);
        assert_eq!(Money::parse("-1"), None);
        assert_eq!(Money::parse("0.001"), None);
        assert_eq!(Money(123_456_789_012_345).json().get(), "1234567890123.45");
    }

    #[test]
    fn account_has_a_ceiling_and_a_floor() {
        assert_eq!(Money::MAX_IN_ACCOUNT.plus(Money(1)), None);
        assert!(Money::MAX_IN_ACCOUNT.with_returned(Money(1)).is_some());
        assert_eq!(Money(5).minus(Money(6)), None);
        assert_eq!(Money(5).minus(Money(5)), Some(Money::ZERO));
    }

    #[test]
    fn difference_has_a_sign_and_is_not_zero() {
        let difference = |json| Difference::parse(json).map(Difference::hundredths);
        assert_eq!(difference("-0.5"), Some(-50));
        assert_eq!(difference("1000000000000"), Some(Money::MAX_AT_ONCE.0));
        assert_eq!(difference("-1000000000000"), Some(-Money::MAX_AT_ONCE.0));
        for wrong in [
            "0",
            "-0.00",
            "0.001",
            "1000000000000.01",
            "-1000000000000.01",
            "\"1\"",
        ] {
            assert_eq!(difference(wrong), None, "{wrong}");
        }
        assert_eq!(Difference(-50).json().get(), "-0.5");
    }

    #[test]
    fn difference_leaves_a_balance_between_the_floor_and_the_ceiling() {
        let max = Money::MAX_IN_ACCOUNT;
        assert_eq!(Money(5).changed_by(Difference(-5)), Some(Money::ZERO));
        assert_eq!(Money(5).changed_by(Difference(-6)), None);
        assert_eq!(max.changed_by(Difference(1)), None);
        // A refund may exceed the limit. After that the balance can only decrease.
        let beyond = Money(max.0 + 10);
        assert_eq!(beyond.changed_by(Difference(-1)), Some(Money(max.0 + 9)));
        assert_eq!(beyond.changed_by(Difference(1)), None);
        assert_eq!(Money(i64::MAX).changed_by(Difference(1)), None);
    }

    proptest! {
        #[test]
        fn amount_that_was_added_can_be_taken_out_again(
            a in 0..=Money::MAX_AT_ONCE.0, b in 0..=Money::MAX_AT_ONCE.0,
        ) {
            let sum = Money(a).plus(Money(b)).expect("far below the ceiling");
            prop_assert_eq!(sum.minus(Money(b)), Some(Money(a)));
        }
    }
}
