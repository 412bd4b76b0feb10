//! Seats that are apart, in as few pieces as possible.
//!
//! They are looked for only if no run is long enough for all of the seats. So two pieces are never of
//! one run, and pieces that begin with any of the candidates can be completed if any can.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Scope, View, candidates::Candidate};

/// The ways to split this many seats, the fewest pieces first.
fn splits(seats: u32) -> &'static [&'static [u32]] {
    match seats {
        2 => &[&[1, 1]],
        3 => &[&[2, 1], &[1, 1, 1]],
        4 => &[&[2, 2], &[3, 1], &[2, 1, 1], &[1, 1, 1, 1]],
        _ => &[],
    }
}

impl View {
    /// The best sets of pieces, at most `width`. All of them have as few pieces as possible. If one
    /// section can have all pieces of a set, all sets are of this kind. Their ranks are near.
    pub(super) fn pieces(
        &self,
        scope: &Scope,
        width: usize,
        now: Timestamp,
    ) -> Vec<Vec<Candidate>> {
        let by_size: Vec<_> = (1..scope.wish.count.max(1))
            .map(|seats| Pieces::new(self.all(scope, seats, now)))
            .collect();
        let of_size = |seats: u32| &by_size[usize::try_from(seats - 1).unwrap_or(0)];
        for split in splits(scope.wish.count) {
            let (first, others) = (of_size(split[0]), &split[1..]);
            let mut sets: Vec<_> = first
                .beginnings(width)
                .filter_map(|beginning| {
                    let mut set = vec![*beginning];
                    for seats in others {
                        let next = of_size(*seats).nearest(beginning, &set)?;
                        set.push(next);
                    }
                    Some(set)
                })
                .collect();
            if sets.is_empty() {
                continue;
            }
            sets.sort_by_cached_key(|set| (badness(set), seats(set)));
            sets.dedup_by_key(|set| seats(set));
            let best = badness(&sets[0]);
            let is_as_near = |set: &Vec<Candidate>| badness(set).0 == best.0;
            sets.retain(is_as_near);
            sets.truncate(width);
            return sets;
        }
        Vec::new()
    }
}

/// Candidates of one size, the best first.
struct Pieces {
    all: Vec<Candidate>,
    by_section: BTreeMap<usize, Vec<Candidate>>,
}

impl Pieces {
    fn new(all: Vec<Candidate>) -> Self {
        let mut by_section: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for piece in &all {
            by_section.entry(piece.section).or_default().push(*piece);
        }
        Self { all, by_section }
    }

    /// The best ones, and the best one of each section.
    fn beginnings(&self, width: usize) -> impl Iterator<Item = &Candidate> {
        let of_sections = self.by_section.values().filter_map(|pieces| pieces.first());
        self.all.iter().take(width).chain(of_sections)
    }

    /// The piece that goes best with these: in the same section if possible, and of a near rank.
    fn nearest(&self, to: &Candidate, set: &[Candidate]) -> Option<Candidate> {
        let nearest_of = |pieces: &[Candidate]| {
            let free = pieces
                .iter()
                .filter(|piece| !set.iter().any(|other| other.overlaps(piece)));
            free.min_by_key(|piece| {
                let alone = piece.score - piece.rank;
                ((piece.rank - to.rank).abs() + alone, **piece)
            })
            .copied()
        };
        let same_section = self.by_section.get(&to.section);
        same_section
            .and_then(|pieces| nearest_of(pieces))
            .or_else(|| nearest_of(&self.all))
    }
}

/// Whether the pieces are in several sections; their grades; their scores and how far apart their
/// ranks are.
fn badness(set: &[Candidate]) -> (bool, usize, i64) {
    let is_split = set.iter().any(|piece| piece.section != set[0].section);
    let grades = set.iter().map(|piece| piece.grade).sum();
    let ranks = || set.iter().map(|piece| piece.rank);
    let spread = ranks().max().unwrap_or(0) - ranks().min().unwrap_or(0);
    let scores: i64 = set.iter().map(|piece| piece.score).sum();
    (is_split, grades, scores + spread)
}

/// The first seats of the pieces, in order.
fn seats(set: &[Candidate]) -> Vec<u32> {
    let mut seats: Vec<_> = set.iter().map(|piece| piece.first).collect();
    seats.sort_unstable();
    seats
}
