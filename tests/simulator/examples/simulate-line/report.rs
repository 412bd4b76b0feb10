//! What was measured, as a table.

use std::{
    io::{self, Write},
    time::Duration,
};

use simulator::{Errors, Evening, Outcome};

/// The most broken promises that are printed.
const MAX_BROKEN: usize = 10;

/// Prints the table.
#[allow(clippy::cast_precision_loss)]
pub fn print(
    out: &mut impl Write,
    evening: &Evening,
    outcome: &Outcome,
    took: Duration,
) -> io::Result<()> {
    let mut row = |name: &str, value: String| writeln!(out, "{name:<34} {value}");
    let tick = f64::from(evening.settings.tick_seconds);
    let settled = outcome.settled_at;

    row("seed", evening.seed.to_string())?;
    row("came", grouped(outcome.joined))?;
    row("admitted", grouped(outcome.admitted))?;
    row("through", grouped(outcome.finished))?;
    row("admitted out of order", grouped(outcome.out_of_order))?;
    row(
        "active at once, at most",
        format!(
            "{} of {}",
            grouped(outcome.peak),
            grouped(evening.settings.max_active.into())
        ),
    )?;
    row("admitted above that", grouped(outcome.above_limit))?;
    row(
        "places idle while people waited",
        format!("{:.1} %, once settled", outcome.idle_share() * 100.0),
    )?;
    if let Some((median, longest)) = outcome.handover() {
        let ticks = |milliseconds: i64| milliseconds as f64 / 1_000.0 / tick;
        row(
            "from an end to the next one in",
            format!("{:.1} ticks, at most {:.1}", ticks(median), ticks(longest)),
        )?;
    }
    row(
        "estimates after the burst",
        errors(outcome.errors(0..settled)),
    )?;
    row(
        "estimates once settled",
        errors(outcome.errors(settled..i64::MAX)),
    )?;
    if let Some(at) = outcome.sold_out_at {
        let ideal = outcome.times_the_ideal().unwrap_or(f64::NAN);
        row(
            "sold out after",
            format!("{}, {ideal:.3} times the ideal", duration(at / 1_000)),
        )?;
        row(
            "let in and without a seat then",
            grouped(outcome.found_nothing),
        )?;
    } else if evening.seats.is_some() {
        row("seats sold", grouped(outcome.sold))?;
    }
    row("everything took", duration(outcome.ended_at / 1_000))?;
    row(
        "ticks",
        format!(
            "{}, and {} with nobody there or nothing to do",
            grouped(outcome.ticks.written),
            grouped(outcome.ticks.asleep + outcome.ticks.not_needed)
        ),
    )?;
    row("the line's write units", grouped(outcome.units.writes))?;
    row(
        "the line's read units",
        grouped(outcome.units.half_reads / 2),
    )?;
    row(
        "the line as an item, at most",
        format!("{} bytes", outcome.largest_item),
    )?;
    row("simulated in", format!("{:.1} s", took.as_secs_f64()))?;

    row("broken promises", grouped(outcome.broken.len() as u64))?;
    for broken in outcome.broken.iter().take(MAX_BROKEN) {
        writeln!(out, "  {broken}")?;
    }
    Ok(())
}

fn errors(errors: Errors) -> String {
    if errors.estimates == 0 {
        return "nobody asked".to_owned();
    }
    format!(
        "off by {:.0} % (median), {:.0} % (p90), of {}",
        errors.median * 100.0,
        errors.p90 * 100.0,
        grouped(errors.estimates as u64)
    )
}

/// Seconds as hours, minutes and seconds.
pub fn duration(seconds: i64) -> String {
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{hours}:{minutes:02}:{seconds:02} h")
}

/// A number with a comma after every three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().collect();
    String::from_utf8_lossy(&groups.join(&b',')).into_owned()
}
