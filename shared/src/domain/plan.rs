//! Plans of halls: which section, row, label and grade each seat number has, and where the seat is.
//!
//! A plan is written by hand, or by a program, as JSON:
//!
//! ```json
//! { "name": "올림픽홀 A", "grades": ["VIP", "R"],
//!   "sections": [{
//!     "name": "1층 A", "grade": "VIP", "rank": 0, "towards": "right",
//!     "at": [-1200, 300], "turn": -20, "curve": 3000, "depth": 110,
//!     "rows": [ { "label": "1", "seats": "1-10 _2 11-30" },
//!               { "label": "2", "seats": "1-28", "grade": "R", "accessible": "1-2", "shift": 50 } ] }] }
//! ```
//!
//! - `grades`: the best first.
//! - `seats`: tokens with spaces between them. A label; a range, up or down, with `/2` for every
//!   second number, and with the same letters before both numbers if wanted (`A1-A20`); `_2`, a gap
//!   of two places. Seats beside each other are neighbours, unless a gap is between them.
//! - Seat numbers go from 1 up, in the order of the document.
//! - `grade`: of the section, or of the row.
//! - `accessible`: the wheelchair places, named like seats.
//! - `rank`: the rank of a row is that of its section (0 if not given) plus its own (its index if
//!   not given). Lower is better. `towards`: the good end of its rows (`middle` if not given).
//! - `at`, `turn`, `curve`, `depth`, `shift`: where the seats are ([`Plan::places`]).
//!
//! A plan that was read is immutable. It is named by its content ([`PlanId`]): the hash of its
//! canonical document, which is the same for all documents that say the same.

mod document;
mod geometry;
mod json;
mod labels;
mod mistake;
mod reading;

#[cfg(test)]
mod tests;

use std::ops::{Range, RangeInclusive};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::labels::{Label, Run};
pub use self::{
    geometry::Place,
    mistake::{PlanMistake, PlanReason},
};
use super::{
    ids::PlanId,
    seat::SeatNumber,
    user::{Name, line},
};

/// The most bytes of a document, as it is sent and in its canonical form.
pub const MAX_PLAN_BYTES: usize = 262_144;

/// The most bytes of a canonical document as it is stored, which is compressed. [`Plan::read`] does
/// not compress. Who stores a plan refuses a longer one with [`PlanReason::StoredTooLong`].
pub const MAX_STORED_BYTES: usize = 65_536;

/// The most grades of a plan.
pub const MAX_GRADES: usize = 12;

/// The most sections of a plan.
pub const MAX_SECTIONS: usize = 100;

/// The most rows of a plan.
pub const MAX_ROWS: usize = 2_500;

/// The most seats of a row.
pub const MAX_SEATS_PER_ROW: u32 = 1_000;

/// The most places of a row: its seats, and the places of its gaps.
pub const MAX_PLACES_PER_ROW: u32 = 2_000;

/// The most characters of a section's or a grade's name.
pub const MAX_NAME_LENGTH: usize = 30;

/// The most characters of the label of a row or a seat.
pub const MAX_LABEL_LENGTH: usize = 8;

/// The most that a coordinate may be, in hundredths of a seat's width, in both directions.
pub const MAX_COORDINATE: i32 = 100_000;

/// The most that the rank of a row may be, together with that of its section.
pub const MAX_RANK: i32 = 100_000;

/// A grade of seats: 1 to 30 characters, trimmed, in Unicode's composed form (NFC). All seats of a
/// grade have the same price.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, min_length = 1, max_length = 30, example = "VIP")]
pub struct Grade(String);

impl Grade {
    /// The length in characters.
    pub const MAX_LENGTH: usize = MAX_NAME_LENGTH;

    /// Reads a grade: one line of 1 to 30 characters. At least one of them is visible. `None` for
    /// anything else.
    pub fn parse(text: &str) -> Option<Self> {
        line(text, Self::MAX_LENGTH).map(Self)
    }

    /// The grade as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The good end of the rows of a section, for people who look at the stage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Towards {
    /// The first seats of a row are the best.
    Left,
    /// The seats in the middle of a row are the best.
    #[default]
    Middle,
    /// The last seats of a row are the best.
    Right,
}

/// A plan that was read. In memory it has one entry for each run of labels, not for each seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    id: PlanId,
    name: Name,
    grades: Vec<Grade>,
    sections: Vec<Section>,
    rows: Vec<Row>,
    seats: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Section {
    name: String,
    towards: Towards,
    drawn: Drawn,
    /// The indices of its rows.
    rows: Range<usize>,
}

/// Where a section is drawn. All but the turn, in degrees, is in hundredths of a seat's width.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Drawn {
    at: Option<(i32, i32)>,
    turn: i32,
    curve: Option<i32>,
    depth: i32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    /// The index of its section.
    section: usize,
    label: String,
    /// The number of its first seat.
    first: u32,
    seats: u32,
    /// How many places it has: seats, and the places of gaps.
    places: u32,
    /// The index of its grade.
    grade: usize,
    /// Its rank, that of the section included.
    rank: i32,
    shift: i32,
    runs: Vec<Run>,
    /// The indices of its wheelchair places, from 0.
    accessible: Vec<RangeInclusive<u32>>,
}

/// A seat of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanSeat<'p> {
    /// The name of its section.
    pub section: &'p str,
    /// The label of its row.
    pub row: &'p str,
    /// Its label.
    pub label: String,
    /// Its grade.
    pub grade: &'p Grade,
    /// Whether it is a wheelchair place.
    pub accessible: bool,
}

impl Plan {
    /// Reads a document. An error is the first mistake in the order of the document. A field that
    /// is missing counts where its object begins; a grade without a seat, and a canonical document
    /// that is too long, count last.
    ///
    /// The work is in proportion to the length of the document and the number of seats, both of
    /// which are limited.
    pub fn read(json: &[u8]) -> Result<Self, PlanMistake> {
        reading::read(json)
    }

    /// The canonical document: fields in our order, texts in Unicode's composed form (NFC), no
    /// field that has its default, no spaces. Documents that say the same have the same one.
    pub fn document(&self) -> String {
        document::write(&self.name, &self.grades, &self.sections, &self.rows)
    }

    /// The id: the hash of the canonical document.
    pub fn id(&self) -> PlanId {
        self.id
    }

    /// The name.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// How many seats it has. Their numbers begin with 1.
    pub fn seats(&self) -> u32 {
        self.seats
    }

    /// How many runs of labels it has in memory, each some 60 bytes.
    pub fn runs(&self) -> usize {
        self.rows.iter().map(|row| row.runs.len()).sum()
    }

    /// The grades, the best first. Each has a seat.
    pub fn grades(&self) -> &[Grade] {
        &self.grades
    }

    /// How many seats each grade has, in the order of [`Plan::grades`].
    pub fn seats_of_grades(&self) -> Vec<u32> {
        let mut seats = vec![0; self.grades.len()];
        for row in &self.rows {
            seats[row.grade] += row.seats;
        }
        seats
    }

    /// The seat with this number; `None` if the plan has none.
    pub fn seat(&self, number: SeatNumber) -> Option<PlanSeat<'_>> {
        let row = self.row(number)?;
        let index = number.get() - row.first;
        Some(PlanSeat {
            section: &self.sections[row.section].name,
            row: &row.label,
            label: row.label_of(index).to_string(),
            grade: &self.grades[row.grade],
            accessible: row.is_accessible(index),
        })
    }

    /// The grade of the seat with this number; `None` if the plan has none.
    pub fn grade_of(&self, number: SeatNumber) -> Option<&Grade> {
        Some(&self.grades[self.grade_index_of(number)?])
    }

    /// The index in [`Plan::grades`] of the grade of the seat with this number; `None` if the plan
    /// has none.
    pub fn grade_index_of(&self, number: SeatNumber) -> Option<usize> {
        self.row(number).map(|row| row.grade)
    }

    /// The number of the seat with this label in this row of this section, all written as
    /// [`Plan::seat`] does. `None` if the plan has none.
    pub fn number_of(&self, section: &str, row: &str, label: &str) -> Option<SeatNumber> {
        let label = Label::read(label)?;
        let section = self.sections.iter().find(|found| found.name == section)?;
        let mut rows = self.rows[section.rows.clone()].iter();
        let row = rows.find(|found| found.label == row)?;
        let index = row.runs.iter().find_map(|run| run.index_of(label))?;
        SeatNumber::new((row.first + index).into())
    }

    /// The rows, in the order of the document, which is that of their seat numbers.
    pub fn rows(&self) -> impl Iterator<Item = PlanRow<'_>> {
        self.rows.iter().map(|row| PlanRow { plan: self, row })
    }

    /// The first seat on which the plans do not agree: its section, row, label or grade differs. Only
    /// numbers that both plans have count. `None` if they agree on all of these.
    pub fn first_difference(&self, other: &Self) -> Option<SeatNumber> {
        self.differences(other)
            .next()
            .and_then(|seat| SeatNumber::new(seat.into()))
    }

    /// The numbers of all seats on which the plans do not agree, as for [`Plan::first_difference`].
    pub fn differences(&self, other: &Self) -> impl Iterator<Item = u32> {
        let pairs = (1..).zip(self.each_seat().zip(other.each_seat()));
        pairs.filter_map(|(seat, (one, other))| (one != other).then_some(seat))
    }

    /// The section, row, label and grade of each seat, in the order of the numbers.
    fn each_seat(&self) -> impl Iterator<Item = (&str, &str, Label<'_>, &Grade)> {
        self.rows.iter().flat_map(|row| {
            let section = self.sections[row.section].name.as_str();
            let grade = &self.grades[row.grade];
            row.labels()
                .map(move |label| (section, row.label.as_str(), label, grade))
        })
    }

    fn row(&self, number: SeatNumber) -> Option<&Row> {
        if number.get() > self.seats {
            return None;
        }
        let after = self.rows.partition_point(|row| row.first <= number.get());
        Some(&self.rows[after - 1])
    }
}

impl Row {
    fn labels(&self) -> impl Iterator<Item = Label<'_>> {
        self.runs.iter().flat_map(Run::labels)
    }

    /// The label of its seat with this index, from 0.
    fn label_of(&self, index: u32) -> Label<'_> {
        let after = self.runs.partition_point(|run| run.first <= index);
        let run = &self.runs[after - 1];
        run.label(index - run.first)
    }

    fn is_accessible(&self, index: u32) -> bool {
        let after = self
            .accessible
            .partition_point(|seats| *seats.end() < index);
        self.accessible
            .get(after)
            .is_some_and(|seats| seats.contains(&index))
    }

    fn numbers(&self, indices: &RangeInclusive<u32>) -> RangeInclusive<u32> {
        self.first + indices.start()..=self.first + indices.end()
    }
}

/// A row of a plan, as a search for seats sees it.
#[derive(Debug, Clone, Copy)]
pub struct PlanRow<'p> {
    plan: &'p Plan,
    row: &'p Row,
}

impl<'p> PlanRow<'p> {
    /// The index of its section in the document, from 0.
    pub fn section_index(&self) -> usize {
        self.row.section
    }

    /// The name of its section.
    pub fn section(&self) -> &'p str {
        &self.section_of_plan().name
    }

    /// Its label.
    pub fn label(&self) -> &'p str {
        &self.row.label
    }

    /// The grade of its seats.
    pub fn grade(&self) -> &'p Grade {
        &self.plan.grades[self.row.grade]
    }

    /// Its rank, from 0 to [`MAX_RANK`], that of its section included. Lower is better.
    pub fn rank(&self) -> i32 {
        self.row.rank
    }

    /// Its good end.
    pub fn towards(&self) -> Towards {
        self.section_of_plan().towards
    }

    /// The numbers of its seats.
    pub fn numbers(&self) -> RangeInclusive<u32> {
        self.row.first..=self.row.first + self.row.seats - 1
    }

    /// The numbers of seats that are neighbours, as long as no gap comes. Each seat of the row is
    /// in one of these ranges.
    pub fn neighbours(&self) -> impl Iterator<Item = RangeInclusive<u32>> + use<'p> {
        let row = self.row;
        row.runs
            .chunk_by(|one, next| one.place + one.seats == next.place)
            .map(|runs| {
                let indices = *runs[0].indices().start()..=*runs[runs.len() - 1].indices().end();
                row.numbers(&indices)
            })
    }

    /// The numbers of its wheelchair places, in order. No two ranges touch.
    pub fn accessible(&self) -> impl Iterator<Item = RangeInclusive<u32>> + use<'p> {
        let row = self.row;
        row.accessible.iter().map(|indices| row.numbers(indices))
    }

    fn section_of_plan(&self) -> &'p Section {
        &self.plan.sections[self.row.section]
    }
}

/// A count of things. There are never more than fit into the number.
fn count(things: usize) -> u32 {
    u32::try_from(things).unwrap_or(u32::MAX)
}
