//! Decimal numbers with a fixed count of decimals, read and written exactly, never as floats.

/// Reads a JSON number as a whole count of its last decimal: with two decimals, `12.5` is 1250.
///
/// It reads exponents (`1e3`), and accepts zeros after the last decimal (`1.000`). `None` if the
/// text is not a number, has more decimals, or does not fit.
pub fn parse(text: &str, decimals: u32) -> Option<i64> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return None,
        None => (mantissa, ""),
    };
    let digits = format!("{whole}{fraction}");
    let is_padded = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || is_padded || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }

    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    let dropped = digits.len() - digits.trim_end_matches('0').len();
    let shift = i64::from(exponent) + i64::try_from(dropped).ok()?
        - i64::try_from(fraction.len()).ok()?
        + i64::from(decimals);
    let scale = 10_i64.checked_pow(u32::try_from(shift).ok()?)?;
    let magnitude = significant.parse::<i64>().ok()?.checked_mul(scale)?;
    Some(if negative { -magnitude } else { magnitude })
}

/// Writes a count of the last decimal as a JSON number: with two decimals, 1250 is `12.5`.
pub fn format(value: i64, decimals: u32) -> String {
    let scale = 10_u64.pow(decimals);
    let magnitude = value.unsigned_abs();
    let sign = if value < 0 { "-" } else { "" };
    let (whole, fraction) = (magnitude / scale, magnitude % scale);
    if fraction == 0 {
        return format!("{sign}{whole}");
    }
    let fraction = format!("{fraction:0width$}", width = decimals as usize);
    format!("{sign}{whole}.{}", fraction.trim_end_matches('0'))
}

/// The same as [`format()`], ready for a JSON answer.
pub fn json(value: i64, decimals: u32) -> Box<serde_json::value::RawValue> {
    // A decimal number is JSON.
    serde_json::value::RawValue::from_string(format(value, decimals)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parse_reads_what_json_calls_a_number() {
        for (text, value) in [
            ("0", 0),
            ("-0.00", 0),
            ("1", 100),
            ("12.5", 1_250),
            ("12.50", 1_250),
            ("12.5000", 1_250),
            ("0.01", 1),
            ("-3.2", -320),
            ("1e3", 100_000),
            ("1.25E1", 1_250),
            ("100e-2", 100),
            ("92233720368547758.07", i64::MAX),
        ] {
            assert_eq!(parse(text, 2), Some(value), "{text}");
        }
    }

    #[test]
    fn parse_refuses_malformed_too_exact_and_too_large_numbers() {
        for text in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "+1",
            "1 ",
            "0x10",
            "NaN",
            "1e",
            "1e+",
            "--1",
            "1.2.3",
            "0.001",
            "1e-3",
            "92233720368547758.08",
            "05",
            "00",
            "-01",
            "00.5",
            "1e18",
            "1e400",
            "1e99999999999",
            "\"1\"",
        ] {
            assert_eq!(parse(text, 2), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn formatted_value_is_parsed_back(value in -i64::MAX..=i64::MAX, decimals in 0_u32..4) {
            prop_assert_eq!(parse(&format(value, decimals), decimals), Some(value));
        }

        #[test]
        fn parse_never_panics(text in "[-+0-9.eE]{0,40}") {
            let _ = parse(&text, 2);
        }
    }
}
