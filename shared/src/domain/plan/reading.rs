//! Reads plans.
//!
//! Every part of an object is read, also when another one is wrong. A list is read up to the first
//! wrong element. So the mistake with the lowest position is the first of the document, whatever
//! the order of the fields is.

mod values;

use std::{
    collections::{HashMap, HashSet},
    ops::{Range, RangeInclusive},
};

use unicode_normalization::UnicodeNormalization as _;

use self::values::{Fields, Found};
use super::{
    Drawn, Grade, MAX_COORDINATE, MAX_GRADES, MAX_NAME_LENGTH, MAX_PLAN_BYTES, MAX_RANK, MAX_ROWS,
    MAX_SECTIONS, Plan, PlanMistake, PlanReason, Row, Section, Towards, count,
    document::{self, USUAL_DEPTH},
    json::{Node, Value},
    labels::{Label, Named, Run},
};
use crate::domain::{
    ids::PlanId,
    seat::MAX_SEATS_PER_SHOW,
    user::{Name, line},
};

const PLAN_FIELDS: &[&str] = &["name", "grades", "sections"];
const SECTION_FIELDS: &[&str] = &[
    "name", "grade", "rank", "towards", "at", "turn", "curve", "depth", "rows",
];
const ROW_FIELDS: &[&str] = &["label", "seats", "grade", "accessible", "rank", "shift"];

const COORDINATES: RangeInclusive<i32> = -MAX_COORDINATE..=MAX_COORDINATE;
const DISTANCES: RangeInclusive<i32> = 1..=MAX_COORDINATE;
const RANKS: RangeInclusive<i32> = 0..=MAX_RANK;
/// Every direction once.
const TURNS: RangeInclusive<i32> = -179..=180;

/// Reads a plan.
pub(super) fn read(json: &[u8]) -> Result<Plan, PlanMistake> {
    let of_document = |reason| PlanMistake {
        at: String::new(),
        reason,
    };
    if json.len() > MAX_PLAN_BYTES {
        return Err(of_document(PlanReason::TooLong));
    }
    let node = Node::read(json).map_err(|error| {
        of_document(PlanReason::NotJson {
            line: error.line(),
            column: error.column(),
        })
    })?;
    let mut reader = Reader::default();
    let plan = reader.plan(&node);
    match (reader.first, plan) {
        (Some(first), _) => Err(first.shown_in(&node)),
        (None, Some(plan)) => Ok(plan),
        (None, None) => unreachable!("what cannot be read is noted"),
    }
}

/// Remembers the first mistake. A function that returns `None` has noted one.
#[derive(Default)]
struct Reader {
    first: Option<Found>,
    /// The rows that were read so far.
    rows: Vec<Row>,
    /// How many seats these have.
    seats: u32,
}

/// What the rows of a section need to know of it and of the plan.
struct Around<'a> {
    /// The plan's grades; `None` if these could not be read.
    grades: Option<&'a [Grade]>,
    section: usize,
    grade: Option<usize>,
    rank: i32,
}

impl Reader {
    fn plan(&mut self, node: &Node) -> Option<Plan> {
        let fields = self.object(node, PLAN_FIELDS)?;
        let name = self.plan_name(&fields);
        let grades = self.grades(&fields);
        let sections = self.sections(&fields, grades.as_deref());
        let (name, grades, sections) = (name?, grades?, sections?);
        if self.first.is_some() {
            return None;
        }
        self.require_used(&fields, grades.len())?;
        let rows = std::mem::take(&mut self.rows);
        let document = document::write(&name, &grades, &sections, &rows);
        if document.len() > MAX_PLAN_BYTES {
            return self.refuse(node, PlanReason::DocumentTooLong);
        }
        Some(Plan {
            id: PlanId::of(document.as_bytes()),
            name,
            grades,
            sections,
            rows,
            seats: self.seats,
        })
    }

    fn plan_name(&mut self, plan: &Fields<'_>) -> Option<Name> {
        let node = self.required(plan, "name")?;
        let text = self.text(node)?;
        Name::parse(text).or_else(|| self.refuse(node, PlanReason::NotAPlanName))
    }

    fn grades(&mut self, plan: &Fields<'_>) -> Option<Vec<Grade>> {
        let node = self.required(plan, "grades")?;
        let mut grades = Vec::new();
        for node in self.list(node, PlanReason::NoGrades)? {
            let text = self.text(node)?;
            let Some(grade) = Grade::parse(text) else {
                return self.refuse(node, PlanReason::NotAGrade);
            };
            if grades.contains(&grade) {
                return self.refuse(node, PlanReason::GradeTwice);
            }
            if grades.len() == MAX_GRADES {
                return self.refuse(node, PlanReason::TooManyGrades);
            }
            grades.push(grade);
        }
        Some(grades)
    }

    /// Refuses a grade that no row has.
    fn require_used(&mut self, plan: &Fields<'_>, grades: usize) -> Option<()> {
        let used: HashSet<_> = self.rows.iter().map(|row| row.grade).collect();
        let Some(unused) = (0..grades).find(|grade| !used.contains(grade)) else {
            return Some(());
        };
        let node = self.required(plan, "grades")?;
        let nodes = self.list(node, PlanReason::NoGrades)?;
        self.refuse(&nodes[unused], PlanReason::UnusedGrade)
    }

    fn sections(&mut self, plan: &Fields<'_>, grades: Option<&[Grade]>) -> Option<Vec<Section>> {
        let node = self.required(plan, "sections")?;
        let mut sections = Vec::new();
        let mut names = HashSet::new();
        for node in self.list(node, PlanReason::NoSections)? {
            if sections.len() == MAX_SECTIONS {
                return self.refuse(node, PlanReason::TooManySections);
            }
            sections.push(self.section(node, sections.len(), grades, &mut names)?);
        }
        Some(sections)
    }

    fn section(
        &mut self,
        node: &Node,
        index: usize,
        grades: Option<&[Grade]>,
        names: &mut HashSet<String>,
    ) -> Option<Section> {
        let fields = self.object(node, SECTION_FIELDS)?;
        let name = self.section_name(&fields, names);
        let grade = match fields.get("grade") {
            Some(node) => self.grade(node, grades).map(Some),
            None => Some(None),
        };
        let rank = self.whole(fields.get("rank"), &RANKS, 0);
        let towards = match fields.get("towards") {
            Some(node) => self.towards(node),
            None => Some(Towards::default()),
        };
        let drawn = self.drawn(&fields);
        let around = Around {
            grades,
            section: index,
            // After a mistake any grade and rank will do, to find those that may come before it.
            grade: grade.unwrap_or(Some(0)),
            rank: rank.unwrap_or(0),
        };
        let rows = self.rows(&fields, &around);
        grade?;
        rank?;
        Some(Section {
            name: name?,
            towards: towards?,
            drawn: drawn?,
            rows: rows?,
        })
    }

    fn section_name(
        &mut self,
        section: &Fields<'_>,
        names: &mut HashSet<String>,
    ) -> Option<String> {
        let node = self.required(section, "name")?;
        let text = self.text(node)?;
        let Some(name) = line(text, MAX_NAME_LENGTH) else {
            return self.refuse(node, PlanReason::NotASectionName);
        };
        if !names.insert(name.clone()) {
            return self.refuse(node, PlanReason::SectionTwice);
        }
        Some(name)
    }

    /// The index of the grade that a section or a row has.
    fn grade(&mut self, node: &Node, grades: Option<&[Grade]>) -> Option<usize> {
        let text = self.text(node)?;
        let Some(grades) = grades else {
            return Some(0);
        };
        let grade = Grade::parse(text);
        let index = grade.and_then(|grade| grades.iter().position(|other| *other == grade));
        index.or_else(|| self.refuse(node, PlanReason::UnknownGrade))
    }

    fn towards(&mut self, node: &Node) -> Option<Towards> {
        match self.text(node)? {
            "left" => Some(Towards::Left),
            "middle" => Some(Towards::Middle),
            "right" => Some(Towards::Right),
            _ => self.refuse(node, PlanReason::NotAnEnd),
        }
    }

    fn drawn(&mut self, section: &Fields<'_>) -> Option<Drawn> {
        let at = match section.get("at") {
            Some(node) => self.point(node).map(Some),
            None => Some(None),
        };
        let turn = self.whole(section.get("turn"), &TURNS, 0);
        let curve = self.whole(section.get("curve"), &DISTANCES, 0);
        let depth = self.whole(section.get("depth"), &DISTANCES, USUAL_DEPTH);
        Some(Drawn {
            at: at?,
            turn: turn?,
            curve: Some(curve?).filter(|curve| *curve > 0),
            depth: depth?,
        })
    }

    fn point(&mut self, node: &Node) -> Option<(i32, i32)> {
        let Value::List(coordinates) = &node.value else {
            return self.refuse(node, PlanReason::NotAPoint);
        };
        let [x, y] = coordinates.as_slice() else {
            return self.refuse(node, PlanReason::NotAPoint);
        };
        let x = self.whole(Some(x), &COORDINATES, 0)?;
        let y = self.whole(Some(y), &COORDINATES, 0)?;
        Some((x, y))
    }

    /// Reads the rows of a section, and returns their indices.
    fn rows(&mut self, section: &Fields<'_>, around: &Around<'_>) -> Option<Range<usize>> {
        let node = self.required(section, "rows")?;
        let first = self.rows.len();
        let mut labels = HashSet::new();
        for (index, node) in (0..).zip(self.list(node, PlanReason::NoRows)?) {
            if self.rows.len() == MAX_ROWS {
                return self.refuse(node, PlanReason::TooManyRows);
            }
            let row = self.row(node, index, around, &mut labels)?;
            self.seats += row.seats;
            self.rows.push(row);
        }
        Some(first..self.rows.len())
    }

    fn row(
        &mut self,
        node: &Node,
        index: i32,
        around: &Around<'_>,
        labels: &mut HashSet<String>,
    ) -> Option<Row> {
        let fields = self.object(node, ROW_FIELDS)?;
        let label = self.row_label(&fields, labels);
        let seats = self.row_seats(&fields);
        let grade = match (fields.get("grade"), around.grade) {
            (Some(node), _) => self.grade(node, around.grades),
            (None, Some(grade)) => Some(grade),
            (None, None) => self.refuse_missing(&fields, "grade"),
        };
        let runs = seats.as_ref().map(|(runs, _)| runs.as_slice());
        let accessible = match fields.get("accessible") {
            Some(node) => self.accessible(node, runs),
            None => Some(Vec::new()),
        };
        let rank = self.rank(node, fields.get("rank"), index, around.rank);
        let shift = self.whole(fields.get("shift"), &COORDINATES, 0);
        let (runs, places) = seats?;
        Some(Row {
            section: around.section,
            label: label?,
            first: self.seats + 1,
            seats: seats_of(&runs),
            places,
            grade: grade?,
            rank: rank?,
            shift: shift?,
            runs,
            accessible: accessible?,
        })
    }

    fn row_label(&mut self, row: &Fields<'_>, labels: &mut HashSet<String>) -> Option<String> {
        let node = self.required(row, "label")?;
        let text = composed(self.text(node)?);
        let label = text.trim();
        if Label::read(label).is_none() {
            return self.refuse(node, PlanReason::NotALabel);
        }
        if !labels.insert(label.to_owned()) {
            return self.refuse(node, PlanReason::RowTwice);
        }
        Some(label.to_owned())
    }

    /// The seats of a row, and how many places it has.
    fn row_seats(&mut self, row: &Fields<'_>) -> Option<(Vec<Run>, u32)> {
        let node = self.required(row, "seats")?;
        let text = composed(self.text(node)?);
        let named = match Named::read(&text) {
            Ok(named) => named,
            Err(reason) => return self.refuse(node, reason),
        };
        if self.seats + count(named.labels.len()) > MAX_SEATS_PER_SHOW {
            return self.refuse(node, PlanReason::TooManySeats);
        }
        Some((named.runs(), named.places()))
    }

    /// The indices of the wheelchair places of a row with these runs, if the runs could be read.
    fn accessible(
        &mut self,
        node: &Node,
        runs: Option<&[Run]>,
    ) -> Option<Vec<RangeInclusive<u32>>> {
        let text = composed(self.text(node)?);
        let named = match Named::read(&text) {
            Ok(named) if named.has_gaps() => return self.refuse(node, PlanReason::GapNotAllowed),
            Ok(named) => named,
            Err(reason) => return self.refuse(node, reason),
        };
        let labels = runs?.iter().flat_map(Run::labels);
        let index_of: HashMap<_, _> = labels.zip(0..).collect();
        let indices = named
            .labels
            .iter()
            .map(|label| index_of.get(label).copied());
        let indices: Option<Vec<u32>> = indices.collect();
        let Some(mut indices) = indices else {
            return self.refuse(node, PlanReason::UnknownSeat);
        };
        indices.sort_unstable();
        let ranges = indices.chunk_by(|one, next| one + 1 == *next);
        Some(
            ranges
                .map(|range| range[0]..=range[range.len() - 1])
                .collect(),
        )
    }

    /// The rank of a row, that of its section included.
    fn rank(&mut self, row: &Node, own: Option<&Node>, index: i32, of_section: i32) -> Option<i32> {
        let rank = of_section + self.whole(own, &RANKS, index)?;
        if RANKS.contains(&rank) {
            Some(rank)
        } else {
            self.refuse(own.unwrap_or(row), PlanReason::RankTooHigh)
        }
    }
}

/// A text in Unicode's composed form (NFC).
fn composed(text: &str) -> String {
    text.nfc().collect()
}

fn seats_of(runs: &[Run]) -> u32 {
    runs.iter().map(|run| run.seats).sum()
}
