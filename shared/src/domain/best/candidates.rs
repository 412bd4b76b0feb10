//! Runs of free neighbours, and the seats in them that a request may get.

use jiff::Timestamp;

use super::{
    FILLS, SINGLE, Scope, View,
    scope::{Row, block_of},
};

/// What is beside a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// No neighbour: the end of the row, a gap, or a seat that the request may not have.
    End,
    /// A seat that is taken.
    Taken,
    /// A seat of a block that was not read.
    Unknown,
}

/// Free neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub first: u32,
    pub seats: u32,
    left: Edge,
    right: Edge,
}

/// Seats that a request may get. In the order of what is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    pub grade: usize,
    pub score: i64,
    distance: u32,
    pub first: u32,
    pub seats: u32,
    pub rank: i64,
    pub section: usize,
}

/// How many seats, and how many of them are wheelchair places at least.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub seats: u32,
    pub places: u32,
}

impl Candidate {
    pub fn last(&self) -> u32 {
        self.first + self.seats - 1
    }

    pub fn overlaps(&self, other: &Self) -> bool {
        self.first <= other.last() && other.first <= self.last()
    }

    /// The blocks of its seats: one or two.
    pub fn blocks(&self) -> impl Iterator<Item = u32> {
        block_of(self.first)..=block_of(self.last())
    }
}

impl View {
    /// The runs of a row, as far as its blocks are known.
    pub(super) fn runs(&self, row: &Row, now: Timestamp) -> Vec<Run> {
        let mut runs = Vec::new();
        for stretch in &row.stretches {
            let mut run: Option<Run> = None;
            let mut left = Edge::End;
            for (seats, block) in self.known_parts(stretch, now) {
                for seat in seats {
                    let edge = match block {
                        Some(block) if !block.is_taken(seat) => {
                            run.get_or_insert(Run::empty(seat, left)).seats += 1;
                            continue;
                        }
                        Some(_) => Edge::Taken,
                        None => Edge::Unknown,
                    };
                    runs.extend(run.take().map(|run| Run { right: edge, ..run }));
                    left = edge;
                }
            }
            runs.extend(run);
        }
        runs
    }
}

impl Run {
    fn empty(first: u32, left: Edge) -> Self {
        Self {
            first,
            seats: 0,
            left,
            right: Edge::End,
        }
    }

    pub fn last(&self) -> u32 {
        self.first + self.seats - 1
    }

    fn is_untouched(&self) -> bool {
        self.left == Edge::End && self.right == Edge::End
    }

    /// The first seats of the candidates of this size: its ends, and its middle if nobody has
    /// touched it. If they have wheelchair places, also where these begin and end.
    pub fn best_starts(&self, row: &Row, size: Size) -> Vec<u32> {
        let Some(spare) = self.seats.checked_sub(size.seats) else {
            return Vec::new();
        };
        let mut starts = Vec::with_capacity(3);
        if self.left != Edge::Unknown {
            starts.push(self.first);
        }
        if self.right != Edge::Unknown {
            starts.push(self.first + spare);
        }
        if size.seats > 1 && self.is_untouched() {
            starts.push(self.first + spare / 4 * 2);
        }
        if size.places > 0 {
            starts.extend(self.starts_at_places(row, size));
        }
        starts.sort_unstable();
        starts.dedup();
        starts
    }

    /// The first seats with which the wheelchair places of a candidate are the first or the last
    /// ones of a range of such places.
    fn starts_at_places(&self, row: &Row, size: Size) -> impl Iterator<Item = u32> {
        let (first, last_start) = (self.first, self.first + self.seats - size.seats);
        let starts = row.accessible.iter().flat_map(move |places| {
            let (from, after) = (*places.start(), places.end() + 1);
            [
                Some(from),
                (from + size.places).checked_sub(size.seats),
                after.checked_sub(size.seats),
                after.checked_sub(size.places),
            ]
        });
        starts
            .flatten()
            .filter(move |start| (first..=last_start).contains(start))
    }

    /// The first seats of candidates of this size inside the run: those with a multiple of their
    /// number before them, and never a single seat.
    pub fn inner_starts(&self, size: Size) -> impl Iterator<Item = u32> + use<> {
        let spare = self.seats.saturating_sub(size.seats);
        let step = size.seats.max(2);
        let first = self.first;
        (step..spare)
            .step_by(usize::try_from(step).unwrap_or(1))
            .map(move |before| first + before)
    }

    /// The candidate that begins with this seat. `None` if it has too few wheelchair places.
    pub fn candidate(&self, scope: &Scope, row: &Row, size: Size, first: u32) -> Option<Candidate> {
        let last = first + size.seats - 1;
        let places = row.places(first, last);
        if places < size.places {
            return None;
        }
        let is_single = |seats: u32, edge: Edge| seats == 1 && edge != Edge::Unknown;
        let singles = [
            is_single(first - self.first, self.left),
            is_single(self.last() - last, self.right),
        ];
        let singles = singles.into_iter().filter(|is_single| *is_single).count();
        let rank = scope.rank(row, first);
        let mut worth = rank + SINGLE * i64::try_from(singles).unwrap_or(2);
        if size.places > 0 {
            // Somebody else may need the place.
            worth += SINGLE * i64::from(places - size.places);
        }
        let is_known = self.left != Edge::Unknown && self.right != Edge::Unknown;
        if self.seats == size.seats && is_known {
            worth -= FILLS;
        }
        Some(Candidate {
            grade: row.grade,
            score: worth,
            distance: row.distance(first, last),
            first,
            seats: size.seats,
            rank,
            section: row.section,
        })
    }
}
