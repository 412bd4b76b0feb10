//! The document of a plan, as the OpenAPI document describes it. `shared::domain::plan` reads it.

#![expect(
    dead_code,
    reason = "the OpenAPI document is made of these types, and no code reads or writes their fields"
)]

use serde_json::{Value, json};
use shared::domain::{
    plan::{Grade, Towards},
    user::Name,
};
use utoipa::ToSchema;

/// The plan of a hall: its sections, their rows, and the labels and grades of the seats. Seat
/// numbers go from 1 up, in the order of the document. A plan has at most 100,000 seats.
#[derive(ToSchema)]
#[schema(as = Plan)]
pub struct PlanDocument {
    /// The plan's name.
    name: Name,
    /// The grades, the best first. Each has at least one seat.
    #[schema(min_items = 1, max_items = 12)]
    grades: Vec<Grade>,
    /// The sections, each with a name of its own.
    #[schema(min_items = 1, max_items = 100)]
    sections: Vec<SectionDocument>,
}

/// A section of a hall.
#[derive(ToSchema)]
#[schema(as = PlanSection)]
pub struct SectionDocument {
    /// The section's name.
    #[schema(min_length = 1, max_length = 30)]
    name: String,
    /// The grade of its seats, unless a row has another one.
    grade: Option<Grade>,
    /// How good the section is. Lower is better. By default 0.
    #[schema(minimum = 0, maximum = 100_000)]
    rank: Option<u32>,
    /// The good end of its rows, for people who look at the stage. By default `middle`.
    towards: Option<Towards>,
    /// Where the middle of its first row is, `[x, y]`, in hundredths of a seat's width. The stage is
    /// at `[0, 0]`, and `y` points away from it. Without it, the section is drawn behind the others.
    #[schema(min_items = 2, max_items = 2)]
    at: Option<Vec<i32>>,
    /// How far the section is turned around that point, in degrees. By default 0.
    #[schema(minimum = -180, maximum = 180)]
    turn: Option<i32>,
    /// The radius of its first row, in hundredths of a seat's width. Without it, rows are straight.
    curve: Option<u32>,
    /// The distance from row to row, in hundredths of a seat's width.
    depth: Option<u32>,
    /// The rows, from the stage to the back, each with a label of its own. A plan has at most 2,500.
    #[schema(min_items = 1, max_items = 2_500)]
    rows: Vec<RowDocument>,
}

/// A row of a section.
#[derive(ToSchema)]
#[schema(as = PlanRow)]
pub struct RowDocument {
    /// The row's label.
    #[schema(min_length = 1, max_length = 8)]
    label: String,
    /// The labels of its seats, as tokens with spaces between them: a label (`7`); a range (`1-10`,
    /// `A1-A20`, `20-1`); every second number of a range (`1-19/2`); a gap of some places (`_2`).
    /// Seats beside each other are neighbours, unless a gap is between them. At most 1,000 seats.
    seats: String,
    /// The grade of its seats, if it differs from the section's.
    grade: Option<Grade>,
    /// The wheelchair places, named like seats.
    accessible: Option<String>,
    /// How good the row is within its section. Lower is better. By default its index, from 0.
    #[schema(minimum = 0, maximum = 100_000)]
    rank: Option<u32>,
    /// How far the row is moved sideways, in hundredths of a seat's width. By default 0.
    shift: Option<i32>,
}

/// An example for the OpenAPI document.
pub fn example() -> Value {
    json!({
        "name": "올림픽홀 A",
        "grades": ["VIP", "R"],
        "sections": [{
            "name": "1층 A",
            "grade": "VIP",
            "towards": "right",
            "at": [-1200, 300],
            "turn": -20,
            "curve": 3000,
            "depth": 110,
            "rows": [
                { "label": "1", "seats": "1-10 _2 11-30" },
                {
                    "label": "2",
                    "seats": "1-28",
                    "grade": "R",
                    "accessible": "1-2",
                    "shift": 50,
                },
            ],
        }],
    })
}
