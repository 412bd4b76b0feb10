//! The rows that a request may have seats of.

use std::ops::RangeInclusive;

use super::Wish;
use crate::domain::{
    order::Hold,
    plan::{Plan, PlanRow, Towards},
    seat::{SEATS_A_BLOCK, SeatNumber, SeatSet},
    show::Show,
};

/// The rows that a request may have seats of, the best first.
#[derive(Debug, Clone)]
pub struct Scope {
    pub(super) wish: Wish,
    pub(super) rows: Vec<Row>,
    /// Whether the seats have no plan. Then they are one row, and the rank of a seat is its number.
    pub(super) is_by_number: bool,
}

/// A row, or the part of it that a request may have.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// The index of its grade. Lower is better.
    pub grade: usize,
    pub section: usize,
    pub rank: i64,
    /// The sum of the first and the last seat number of the best seats.
    best: u32,
    /// The seats that are neighbours, as far as a request may have them.
    pub stretches: Vec<RangeInclusive<u32>>,
    /// The wheelchair places.
    pub accessible: Vec<RangeInclusive<u32>>,
}

impl Scope {
    /// The rows of a show that this wish is for. `None` if it is for seats that the show does not
    /// have at all: of another grade, or in another section. A show without a plan has no grades,
    /// no sections and no wheelchair places. `plan` is the show's.
    pub fn of(show: &Show, plan: Option<&Plan>, wish: Wish) -> Option<Self> {
        let Some(plan) = plan else {
            return Self::without_plan(show.capacity, wish);
        };
        let is_meant = |row: &PlanRow<'_>| {
            wish.grade.as_ref().is_none_or(|grade| row.grade() == grade)
                && (wish.section.as_deref()).is_none_or(|section| row.section() == section)
        };
        let grade = |row: &PlanRow<'_>| plan.grades().iter().position(|grade| row.grade() == grade);
        let rows = plan.rows().filter(is_meant);
        let mut rows: Vec<_> = rows
            .filter_map(|row| Some(Row::of_plan(grade(&row)?, row, wish.accessible > 0)))
            .collect();
        rows.sort_by_key(|row| (row.grade, row.rank));
        (!rows.is_empty()).then_some(Self {
            wish,
            rows,
            is_by_number: false,
        })
    }

    fn without_plan(capacity: u32, wish: Wish) -> Option<Self> {
        let is_possible = wish.grade.is_none() && wish.section.is_none() && wish.accessible == 0;
        is_possible.then(|| Self {
            wish,
            rows: vec![Row {
                grade: 0,
                section: 0,
                rank: 0,
                best: 2,
                stretches: vec![1..=capacity],
                accessible: Vec::new(),
            }],
            is_by_number: true,
        })
    }

    /// The wish.
    pub fn wish(&self) -> &Wish {
        &self.wish
    }

    /// Whether a hold is what the wish is for: as many seats, of this scope, and together unless they
    /// may be apart.
    pub fn is_met_by(&self, hold: &Hold, show: &Show) -> bool {
        let places = self.wish.accessible;
        hold.show() == show.id()
            && hold.seats.len() == usize::try_from(self.wish.count).unwrap_or(usize::MAX)
            && self.are_here(&hold.seats)
            && (self.wish.apart || self.are_together(&hold.seats))
            && self.accessible_among(&hold.seats) >= places
    }

    fn are_here(&self, seats: &SeatSet) -> bool {
        seats
            .iter()
            .all(|seat| self.stretches().any(|(_, s)| s.contains(&seat.get())))
    }

    fn are_together(&self, seats: &SeatSet) -> bool {
        let (first, last) = (seats.first().get(), seats.last().get());
        let is_dense = usize::try_from(last - first).is_ok_and(|steps| steps + 1 == seats.len());
        is_dense
            && self
                .stretches()
                .any(|(_, s)| s.contains(&first) && s.contains(&last))
    }

    fn accessible_among(&self, seats: &SeatSet) -> u32 {
        let places = || self.rows.iter().flat_map(|row| &row.accessible);
        let is_one = |seat: &SeatNumber| places().any(|places| places.contains(&seat.get()));
        let places = seats.iter().filter(is_one);
        u32::try_from(places.count()).unwrap_or(u32::MAX)
    }

    /// All stretches, with the row of each.
    pub(super) fn stretches(&self) -> impl Iterator<Item = (&Row, &RangeInclusive<u32>)> {
        let rows = self.rows.iter();
        rows.flat_map(|row| row.stretches.iter().map(move |stretch| (row, stretch)))
    }

    /// The rank of a seat.
    pub(super) fn rank(&self, row: &Row, seat: u32) -> i64 {
        if self.is_by_number {
            i64::from(seat) - 1
        } else {
            row.rank
        }
    }
}

impl Row {
    fn of_plan(grade: usize, row: PlanRow<'_>, with_accessible: bool) -> Self {
        let accessible: Vec<_> = row.accessible().collect();
        let stretches = if with_accessible {
            row.neighbours().collect()
        } else {
            let neighbours = row.neighbours();
            neighbours
                .flat_map(|seats| without(seats, &accessible))
                .collect()
        };
        let numbers = row.numbers();
        let (first, last) = (*numbers.start(), *numbers.end());
        Self {
            grade,
            section: row.section_index(),
            rank: row.rank().into(),
            best: match row.towards() {
                Towards::Left => 2 * first,
                Towards::Middle => first + last,
                Towards::Right => 2 * last,
            },
            stretches,
            accessible,
        }
    }

    /// How far these seats are from the best ones of the row, in halves of a seat.
    pub(super) fn distance(&self, first: u32, last: u32) -> u32 {
        (first + last).abs_diff(self.best)
    }

    /// How many of these seats are wheelchair places.
    pub(super) fn places(&self, first: u32, last: u32) -> u32 {
        let within = |places: &RangeInclusive<u32>| {
            let (from, to) = (first.max(*places.start()), last.min(*places.end()));
            (to + 1).saturating_sub(from)
        };
        self.accessible.iter().map(within).sum()
    }

    /// The blocks of its seats.
    pub(super) fn blocks(&self) -> impl Iterator<Item = u32> {
        let stretches = self.stretches.iter();
        stretches.flat_map(|seats| block_of(*seats.start())..=block_of(*seats.end()))
    }
}

/// The block in which a seat is.
pub(super) fn block_of(seat: u32) -> u32 {
    (seat - 1) / SEATS_A_BLOCK
}

/// The parts of a range that are left without these others, which are in order.
fn without(seats: RangeInclusive<u32>, others: &[RangeInclusive<u32>]) -> Vec<RangeInclusive<u32>> {
    let (mut from, last) = seats.into_inner();
    let mut parts = Vec::new();
    for other in others {
        if *other.end() < from || *other.start() > last {
            continue;
        }
        if *other.start() > from {
            parts.push(from..=other.start() - 1);
        }
        from = other.end() + 1;
    }
    if from <= last {
        parts.push(from..=last);
    }
    parts
}
