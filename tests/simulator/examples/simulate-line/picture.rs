//! The result as an SVG picture.

use std::{error::Error, ops::Range, path::Path};

use plotters::{coord::Shift, prelude::*, series::LineSeries};
use simulator::{Evening, Look, Outcome};

use crate::report::grouped;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Failure = Box<dyn Error>;

/// Colours that colour-blind people can distinguish, too.
const BLUE: RGBColor = RGBColor(0, 114, 178);
const ORANGE: RGBColor = RGBColor(213, 94, 0);
const GREEN: RGBColor = RGBColor(0, 158, 115);
const PURPLE: RGBColor = RGBColor(204, 121, 167);
const SKY: RGBColor = RGBColor(86, 180, 233);
const AMBER: RGBColor = RGBColor(230, 159, 0);
const PEOPLE: [RGBColor; 6] = [BLUE, ORANGE, GREEN, PURPLE, SKY, AMBER];

const INK: RGBColor = RGBColor(60, 60, 60);
const GRID: RGBColor = RGBColor(230, 230, 230);
const SIZE: (u32, u32) = (1_100, 1_500);

/// The most points of a curve or a cloud.
const MAX_POINTS: usize = 1_000;

/// Draws it into a file.
pub fn draw(file: &Path, evening: &Evening, outcome: &Outcome) -> Result<(), Failure> {
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let title = format!(
        "{} people, {} places",
        grouped(evening.people()),
        grouped(evening.settings.max_active.into())
    );
    let title = match evening.seats {
        Some(seats) => format!("{title}, {} seats", grouped(seats)),
        None => title,
    };
    let root = root.titled(&title, ("sans-serif", 28).into_font().color(&INK))?;
    let clock = Clock::of(outcome);
    let parts = root.split_evenly((3, 1));
    draw_places(&parts[0], outcome, clock)?;
    draw_active(&parts[1], outcome, clock)?;
    draw_estimates(&parts[2], outcome, clock)?;
    root.present()?;
    Ok(())
}

/// The unit of time that suits an evening.
#[derive(Clone, Copy)]
struct Clock {
    seconds: f64,
    unit: &'static str,
    end: f64,
}

impl Clock {
    #[allow(clippy::cast_precision_loss)]
    fn of(outcome: &Outcome) -> Self {
        let seconds = outcome.ended_at as f64 / 1_000.0;
        let (unit, length) = if seconds > 3.0 * 3_600.0 {
            ("hours", 3_600.0)
        } else {
            ("minutes", 60.0)
        };
        Self {
            seconds: length,
            unit,
            end: (seconds / length).max(0.1),
        }
    }

    #[allow(clippy::cast_precision_loss)]
    fn of_seconds(self, seconds: i64) -> f64 {
        seconds as f64 / self.seconds
    }
}

type Chart<'a, 'b> = ChartContext<
    'a,
    SVGBackend<'b>,
    Cartesian2d<plotters::coord::types::RangedCoordf64, plotters::coord::types::RangedCoordf64>,
>;

/// A chart with its axes.
fn chart<'a, 'b>(
    area: &'a Area<'b>,
    caption: &str,
    (x, x_name): (Range<f64>, &str),
    (y, y_name): (Range<f64>, &str),
) -> Result<Chart<'a, 'b>, Failure> {
    let mut chart = ChartBuilder::on(area)
        .caption(caption, ("sans-serif", 20).into_font().color(&INK))
        .margin(12)
        .margin_right(30)
        .x_label_area_size(46)
        .y_label_area_size(76)
        .build_cartesian_2d(x, y)?;
    let whole = |value: &f64| {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let rounded = value.max(0.0).round() as u64;
        grouped(rounded)
    };
    let fine = |value: &f64| format!("{value:.1}");
    let (few_x, few_y) = (chart.x_range().end < 8.0, chart.y_range().end < 8.0);
    chart
        .configure_mesh()
        .x_desc(x_name)
        .y_desc(y_name)
        .x_label_formatter(if few_x { &fine } else { &whole })
        .y_label_formatter(if few_y { &fine } else { &whole })
        .label_style(("sans-serif", 14).into_font().color(&INK))
        .axis_desc_style(("sans-serif", 15).into_font().color(&INK))
        .axis_style(INK)
        .bold_line_style(GRID)
        .light_line_style(WHITE)
        .draw()?;
    Ok(chart)
}

fn draw_legend<'a, 'b: 'a>(
    chart: &mut Chart<'a, 'b>,
    position: SeriesLabelPosition,
) -> Result<(), Failure> {
    chart
        .configure_series_labels()
        .position(position)
        .background_style(WHITE.mix(0.85))
        .border_style(GRID)
        .label_font(("sans-serif", 14).into_font().color(&INK))
        .draw()?;
    Ok(())
}

/// The sample of a series in the legend.
fn sample(color: RGBColor) -> impl Fn((i32, i32)) -> PathElement<(i32, i32)> {
    move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(3))
}

/// The places of a few of those who waited, over time.
#[allow(clippy::cast_precision_loss)]
fn draw_places(area: &Area, outcome: &Outcome, clock: Clock) -> Result<(), Failure> {
    let people = sampled(outcome);
    let max_place = people.iter().flatten().map(|look| look.place).max();
    let max_place = max_place.unwrap_or(1) as f64;
    let mut chart = chart(
        area,
        "Places in the line: each only gets smaller",
        (0.0..clock.end, clock.unit),
        (0.0..max_place * 1.05, "place"),
    )?;
    for (looks, color) in people.iter().zip(PEOPLE) {
        let Some(first) = looks.first() else {
            continue;
        };
        let mut line: Vec<_> = thin(looks)
            .map(|look| (clock.of_seconds(look.at / 1_000), look.place as f64))
            .collect();
        if let Some(at) = outcome.admitted_at(first.number) {
            line.push((clock.of_seconds(at / 1_000), 0.0));
        }
        chart
            .draw_series(LineSeries::new(line, color.stroke_width(2)))?
            .label(format!("number {}", grouped(first.number)))
            .legend(sample(color));
    }
    draw_legend(&mut chart, SeriesLabelPosition::UpperRight)
}

/// The looks of a few people who waited, spread over all numbers.
fn sampled(outcome: &Outcome) -> Vec<Vec<Look>> {
    let mut numbers: Vec<_> = outcome.looks.iter().map(|look| look.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let admitted = |number: &u64| outcome.admitted_at(*number).is_some();
    if numbers.iter().any(admitted) {
        numbers.retain(admitted);
    }
    let of = |number| {
        let looks = outcome.looks.iter().copied();
        looks.filter(|look| look.number == number).collect()
    };
    let every = numbers.len().div_ceil(PEOPLE.len()).max(1);
    numbers
        .into_iter()
        .rev()
        .step_by(every)
        .map(of)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect()
}

/// How many were inside, and how many could have been.
#[allow(clippy::cast_precision_loss)]
fn draw_active(area: &Area, outcome: &Outcome, clock: Clock) -> Result<(), Failure> {
    let max = outcome.course.iter().map(|moment| moment.max_active).max();
    let max = max.unwrap_or(1).max(outcome.peak) as f64;
    let mut chart = chart(
        area,
        "Active at once: never above what the operator has set",
        (0.0..clock.end, clock.unit),
        (0.0..max * 1.2, "people"),
    )?;
    let course: Vec<_> = thin(&outcome.course)
        .filter(|moment| moment.second >= 0)
        .map(|moment| (clock.of_seconds(moment.second), moment))
        .collect();
    let limit = course
        .iter()
        .map(|(at, moment)| (*at, moment.max_active as f64));
    let inside = course
        .iter()
        .map(|(at, moment)| (*at, moment.inside as f64));
    chart
        .draw_series(LineSeries::new(limit, ORANGE.stroke_width(2)))?
        .label("may be active")
        .legend(sample(ORANGE));
    chart
        .draw_series(LineSeries::new(inside, BLUE.stroke_width(1)))?
        .label("active")
        .legend(sample(BLUE));
    draw_legend(&mut chart, SeriesLabelPosition::UpperRight)
}

/// The estimates that people read, against what came true.
#[allow(clippy::cast_precision_loss)]
fn draw_estimates(area: &Area, outcome: &Outcome, clock: Clock) -> Result<(), Failure> {
    let estimates: Vec<_> = outcome.estimates().collect();
    let longest = estimates.iter().map(|estimate| estimate.actual).max();
    let longest = clock.of_seconds(longest.unwrap_or(1)).max(0.1);
    let name = |what: &str| format!("{what} ({})", clock.unit);
    let mut chart = chart(
        area,
        "Estimated waits, against the actual waits",
        (0.0..longest * 1.02, &name("waited")),
        (0.0..longest * 1.2, &name("estimated")),
    )?;
    let (settled, burst): (Vec<_>, Vec<_>) = estimates
        .into_iter()
        .partition(|estimate| estimate.asked_at >= outcome.settled_at);
    for (estimates, label, color) in [
        (settled, "estimated once it had settled", BLUE),
        (burst, "estimated right after the opening", ORANGE),
    ] {
        let dots = thin(&estimates).map(|estimate| {
            let at = (
                clock.of_seconds(estimate.actual),
                clock.of_seconds(estimate.estimated),
            );
            Circle::new(at, 2, color.mix(0.6).filled())
        });
        chart
            .draw_series(dots)?
            .label(label)
            .legend(move |(x, y)| Circle::new((x + 9, y), 4, color.filled()));
    }
    for (part, color, label) in [
        (1.0, INK, Some("right")),
        (0.85, AMBER, Some("15 % off")),
        (1.15, AMBER, None),
    ] {
        let line = [(0.0, 0.0), (longest, longest * part)];
        let drawn = chart.draw_series(LineSeries::new(line, color.stroke_width(1)))?;
        if let Some(label) = label {
            drawn.label(label).legend(sample(color));
        }
    }
    draw_legend(&mut chart, SeriesLabelPosition::UpperLeft)
}

/// Not more values than can be seen.
fn thin<T>(values: &[T]) -> impl Iterator<Item = &T> {
    let every = values.len().div_ceil(MAX_POINTS).max(1);
    values.iter().step_by(every)
}
