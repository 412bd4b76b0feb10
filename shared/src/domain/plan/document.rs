//! The canonical document of a plan.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Grade, Row, Section, Towards, count,
    labels::{self, Named},
};
use crate::domain::user::Name;

/// The distance of rows that is not written.
pub(super) const USUAL_DEPTH: i32 = 100;

#[derive(Serialize)]
struct PlanPart<'p> {
    name: &'p str,
    grades: &'p [Grade],
    sections: Vec<SectionPart<'p>>,
}

#[derive(Serialize)]
struct SectionPart<'p> {
    name: &'p str,
    grade: &'p Grade,
    #[serde(skip_serializing_if = "Option::is_none")]
    rank: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    towards: Option<Towards>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<(i32, i32)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    turn: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    curve: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    depth: Option<i32>,
    rows: Vec<RowPart<'p>>,
}

#[derive(Serialize)]
struct RowPart<'p> {
    label: &'p str,
    seats: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    grade: Option<&'p Grade>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accessible: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rank: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shift: Option<i32>,
}

/// Writes the canonical document of a plan with these parts.
pub(super) fn write(name: &Name, grades: &[Grade], sections: &[Section], rows: &[Row]) -> String {
    let part = PlanPart {
        name: name.as_str(),
        grades,
        sections: sections
            .iter()
            .map(|section| section_part(section, grades, rows))
            .collect(),
    };
    serde_json::to_string(&part).expect("texts and numbers are always JSON")
}

fn section_part<'p>(section: &'p Section, grades: &'p [Grade], rows: &'p [Row]) -> SectionPart<'p> {
    let rows = &rows[section.rows.clone()];
    let grade = usual_grade(rows);
    let rank = usual_rank(rows);
    let drawn = &section.drawn;
    let row_part = |(index, row): (i32, &'p Row)| RowPart {
        label: &row.label,
        seats: labels::write(&row.runs, row.places),
        grade: unless(row.grade, grade).map(|grade| &grades[grade]),
        accessible: accessible(row),
        rank: unless(row.rank - rank, index),
        shift: unless(row.shift, 0),
    };
    SectionPart {
        name: &section.name,
        grade: &grades[grade],
        rank: unless(rank, 0),
        towards: unless(section.towards, Towards::default()),
        at: drawn.at,
        turn: unless(drawn.turn, 0),
        curve: drawn.curve,
        depth: unless(drawn.depth, USUAL_DEPTH),
        rows: (0..).zip(rows).map(row_part).collect(),
    }
}

/// The value, unless it is the default.
fn unless<T: Copy + PartialEq>(value: T, default: T) -> Option<T> {
    (value != default).then_some(value)
}

/// The grade that the section has: that of the most rows, and of these the best one.
fn usual_grade(rows: &[Row]) -> usize {
    most_frequent(rows.iter().map(|row| row.grade)).unwrap_or_default()
}

/// The rank that the section has. With it the most rows need none of their own, and no row needs
/// one below 0. Of these it is the lowest.
fn usual_rank(rows: &[Row]) -> i32 {
    let least = rows.iter().map(|row| row.rank).min().unwrap_or_default();
    let ranks = (0..).zip(rows).map(|(index, row)| row.rank - index);
    most_frequent(ranks.filter(|rank| (0..=least).contains(rank))).unwrap_or_default()
}

/// The value that occurs most often, and of several the least.
fn most_frequent<T: Ord>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut counts = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_insert(0_u32) += 1;
    }
    // Of several, `max_by_key` takes the last.
    let counts = counts.into_iter().rev();
    counts
        .max_by_key(|(_, count)| *count)
        .map(|(value, _)| value)
}

/// The labels of the wheelchair places, in the order of the row.
fn accessible(row: &Row) -> Option<String> {
    let indices = row.accessible.iter().cloned().flatten();
    let labels: Vec<_> = indices.map(|index| row.label_of(index)).collect();
    let places = count(labels.len());
    (places > 0).then(|| labels::write(&Named::only(labels).runs(), places))
}
