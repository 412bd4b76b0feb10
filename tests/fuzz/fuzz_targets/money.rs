//! Amounts are read exactly or not at all, and adding them neither creates nor loses money.

#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::domain::money::Money;

/// The hundredths of a JSON number, found by moving the point one digit at a time. `None` if it is
/// not a JSON number, or not a whole number of them.
fn exactly(json: &str) -> Option<i128> {
    let _: serde_json::Number = serde_json::from_str(json).ok()?;
    let text = json.to_ascii_lowercase();
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let mut before: Vec<char> = whole.chars().collect();
    let mut after: Vec<char> = part.chars().rev().collect();
    let shift = exponent.parse::<i32>().ok()?.clamp(-2_000, 2_000) + 2;
    for _ in 0..shift {
        before.push(after.pop().unwrap_or('0'));
    }
    for _ in shift..0 {
        let digit = before.pop().filter(char::is_ascii_digit);
        after.push(digit.unwrap_or('0'));
    }
    let is_whole = after.iter().all(|digit| *digit == '0');
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    let digits: String = before.into_iter().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    let count: i128 = if digits.is_empty() {
        0
    } else {
        digits.parse().ok()?
    };
    is_whole.then_some(sign * count)
}

fuzz_target!(|input: (&str, &str)| {
    let (one, other) = input;
    let Some(amount) = Money::parse(one) else {
        return;
    };
    assert!(amount <= Money::MAX_AT_ONCE);
    assert_eq!(exactly(one), Some(amount.hundredths().into()), "{one}");
    assert_eq!(Money::parse(amount.json().get()), Some(amount), "{one}");

    let Some(price) = Money::parse(other) else {
        return;
    };
    let sum = amount.plus(price).expect("far below the most");
    assert_eq!(sum.minus(price), Some(amount));
    assert_eq!(amount.minus(price).is_some(), amount >= price);
    if let Some(left) = amount.minus(price) {
        assert_eq!(left.with_returned(price), Some(amount));
    }
    for seats in 0..=4 {
        let all = price.times(seats).expect("far below the most");
        assert_eq!(
            Some(all),
            (0..seats).try_fold(Money::ZERO, |sum, _| sum.plus(price))
        );
    }
});
