//! Where the seats of a plan are.

use super::{Drawn, Plan, Row};
use crate::domain::seat::SeatNumber;

/// The width of a seat's place.
const PLACE: f64 = 100.0;

/// The space before, between and after sections that say nothing of where they are.
const SPACE: f64 = 300.0;

/// Where a seat is, in hundredths of a seat's width. The middle of the stage is at (0, 0). For
/// somebody who looks at the stage from a section that is not turned, x grows to the right and y
/// away from the stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// The number of the seat.
    pub number: SeatNumber,
    /// To the right.
    pub x: f64,
    /// Away from the stage.
    pub y: f64,
}

impl Plan {
    /// Where the seats are, in the order of their numbers.
    ///
    /// The middle of a section's first row is at its `at`. Its rows are `depth` apart (100 if not
    /// given), each further away from the stage than the one before. `turn` is the direction that
    /// leads away from the stage for this section: degrees, from straight away (0) to the right
    /// (90); so sections on the left have a negative turn. Each row has its middle there, or
    /// `shift` to the right of it. With `curve`, the first row is an arc with this radius around a
    /// centre on the side of the stage, and the others are around the same centre; without it rows
    /// are straight.
    ///
    /// Sections without `at` are below all others, one below the other.
    pub fn places(&self) -> Vec<Place> {
        let mut places = Vec::new();
        let mut unplaced = Vec::new();
        let mut lowest: f64 = 0.0;
        for section in &self.sections {
            let rows = &self.rows[section.rows.clone()];
            let seats = seats_of(rows, &section.drawn);
            if section.drawn.at.is_some() {
                lowest = seats.iter().map(|seat| seat.y).fold(lowest, f64::max);
                places.extend(seats);
            } else {
                unplaced.push(seats);
            }
        }
        for seats in unplaced {
            let (left, right) = extent(seats.iter().map(|seat| seat.x));
            let (top, bottom) = extent(seats.iter().map(|seat| seat.y));
            let (x, y) = (-f64::midpoint(left, right), lowest + SPACE - top);
            places.extend(seats.into_iter().map(|seat| Place {
                x: seat.x + x,
                y: seat.y + y,
                ..seat
            }));
            lowest += SPACE + bottom - top;
        }
        places.sort_by_key(|seat| seat.number);
        places
    }
}

/// The least and the most of some values.
fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold(
        (f64::INFINITY, f64::NEG_INFINITY),
        |(least, most), value| (least.min(value), most.max(value)),
    )
}

/// Where the seats of a section are. A section without `at` is at (0, 0).
fn seats_of(rows: &[Row], drawn: &Drawn) -> Vec<Place> {
    let axes = Axes::of(drawn);
    let mut seats = Vec::new();
    let mut away = 0.0;
    for row in rows {
        let middle = f64::from(row.places - 1) / 2.0;
        for run in &row.runs {
            for index in 0..run.seats {
                let place = f64::from(run.place + index);
                let along = (place - middle) * PLACE + f64::from(row.shift);
                let (x, y) = axes.point(along, away);
                let number = SeatNumber::new((row.first + run.first + index).into());
                seats.extend(number.map(|number| Place { number, x, y }));
            }
        }
        away += f64::from(drawn.depth);
    }
    seats
}

/// The axes of a section: along its rows, and away from the stage.
struct Axes {
    at: (f64, f64),
    sin: f64,
    cos: f64,
    curve: Option<f64>,
}

impl Axes {
    fn of(drawn: &Drawn) -> Self {
        let (x, y) = drawn.at.unwrap_or_default();
        let (sin, cos) = f64::from(drawn.turn).to_radians().sin_cos();
        Self {
            at: (x.into(), y.into()),
            sin,
            cos,
            curve: drawn.curve.map(f64::from),
        }
    }

    /// The point this far along a row which is this far away from the first one.
    fn point(&self, along: f64, away: f64) -> (f64, f64) {
        let (right, away) = match self.curve {
            Some(curve) => {
                let radius = curve + away;
                let (sin, cos) = (along / radius).sin_cos();
                (radius * sin, radius * cos - curve)
            }
            None => (along, away),
        };
        (
            self.at.0 + right * self.cos + away * self.sin,
            self.at.1 - right * self.sin + away * self.cos,
        )
    }
}
