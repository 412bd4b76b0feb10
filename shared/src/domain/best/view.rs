//! What an instance knows of the taken seats of a show, and what follows for a request.

use std::{collections::BTreeSet, ops::RangeInclusive};

use jiff::{SignedDuration, Timestamp};
use rand::{Rng, RngExt as _};

use super::{
    BLOCKS_AT_ONCE, FILLS, FORGETS_AFTER, GOOD_FOR, KNOWN_FOR, Left, MAX_DOUBLINGS, MAX_MISSES,
    NARROWEST, Scope, Step,
    candidates::{Candidate, Run, Size},
    scope::{Row, block_of},
};
use crate::domain::seat::{SEATS_A_BLOCK, SeatNumber, SeatSet};

/// What an instance knows of the taken seats of a show.
#[derive(Debug, Default)]
pub struct View {
    blocks: Vec<Option<Block>>,
    /// How many readings and requests have begun.
    begun: u64,
    /// The failed transactions that are not forgotten, and when the last one failed.
    failed: Option<(u32, Timestamp)>,
}

/// A block as it was read.
#[derive(Debug)]
pub(super) struct Block {
    taken: [u64; WORDS],
    reading: Reading,
    /// Whether a seat was marked that may be free in the end.
    is_in_doubt: bool,
    /// How many looks have found seats taken that were free when it was read.
    misses: u32,
}

const WORDS: usize = SEATS_A_BLOCK.div_ceil(u64::BITS) as usize;

/// When a reading or a request has begun.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    number: u64,
    at: Timestamp,
}

impl View {
    /// Notes that a reading or a request begins now.
    pub fn begin(&mut self, now: Timestamp) -> Reading {
        self.begun += 1;
        Reading {
            number: self.begun,
            at: now,
        }
    }

    /// Stores which seats of a block are taken. A block of a later reading is kept.
    pub fn put(&mut self, block: u32, taken: &[SeatNumber], reading: Reading) {
        let index = index(block);
        if self.blocks.len() <= index {
            self.blocks.resize_with(index + 1, || None);
        }
        let there = &mut self.blocks[index];
        if there
            .as_ref()
            .is_some_and(|there| there.reading.number > reading.number)
        {
            return;
        }
        let mut read = Block {
            taken: [0; WORDS],
            reading,
            is_in_doubt: false,
            misses: 0,
        };
        for seat in taken {
            read.mark(seat.get());
        }
        *there = Some(read);
    }

    /// Marks a seat that is taken for certain.
    pub fn mark_taken(&mut self, seat: SeatNumber) {
        if let Some(block) = self.block_mut(seat) {
            block.mark(seat.get());
        }
    }

    /// Marks seats that a look has found taken. After `MAX_MISSES` of them the block is old.
    pub fn mark_missed(&mut self, seats: &[SeatNumber]) {
        for seat in seats {
            self.mark_taken(*seat);
        }
        if let Some(block) = seats.first().and_then(|seat| self.block_mut(*seat)) {
            block.misses += 1;
        }
    }

    /// Marks a seat that another transaction was writing, so that somebody else may have it.
    pub fn mark_contended(&mut self, seat: SeatNumber) {
        if let Some(block) = self.block_mut(seat) {
            block.mark(seat.get());
            block.is_in_doubt = true;
        }
    }

    /// Notes that a transaction has failed because somebody else wanted one of the seats.
    pub fn note_failure(&mut self, now: Timestamp) {
        let failures = self.failures(now) + 1;
        self.failed = Some((failures.min(MAX_DOUBLINGS), now));
    }

    fn failures(&self, now: Timestamp) -> u32 {
        let Some((failures, at)) = self.failed else {
            return 0;
        };
        let passed = now.duration_since(at).as_millis().max(0) / FORGETS_AFTER.as_millis();
        failures.saturating_sub(u32::try_from(passed).unwrap_or(u32::MAX))
    }

    /// How many of the best candidates are drawn from.
    pub fn width(&self, now: Timestamp) -> usize {
        NARROWEST << self.failures(now)
    }

    /// What comes next for a request that has begun at `since`. The work is in proportion to the
    /// number of seats.
    pub fn step(&self, scope: &Scope, since: Reading, now: Timestamp, rng: &mut impl Rng) -> Step {
        let size = Size {
            seats: scope.wish.count,
            places: scope.wish.accessible,
        };
        let width = self.width(now);
        let Found { mut best, unread } = self.find(scope, size, width, now);
        if self.failures(now) == 0 {
            // A buyer who names no grade gets the best one, unless many others want it, too.
            let grade = best.iter().map(|one| one.grade).min();
            best.retain(|one| Some(one.grade) == grade);
        }
        let mut wanted = unread;
        let blocks = best.iter().flat_map(Candidate::blocks);
        wanted.extend(blocks.filter(|block| !self.is_fresh(*block, now)));
        if !wanted.is_empty() {
            return Step::Read(self.first_of(wanted, since));
        }
        if !best.is_empty() {
            let drawn = best[rng.random_range(0..best.len())];
            return Step::Try(seats_of(&[drawn]));
        }
        let unsure: BTreeSet<_> = (scope.rows.iter())
            .flat_map(Row::blocks)
            .filter(|block| !self.is_sure(*block, since, now))
            .collect();
        if !unsure.is_empty() {
            return Step::Read(unsure.into_iter().collect());
        }
        let left = self.left(scope, now);
        if scope.wish.apart && left.free >= scope.wish.count {
            let sets = self.pieces(scope, width, now);
            if !sets.is_empty() {
                return Step::Try(seats_of(&sets[rng.random_range(0..sets.len())]));
            }
        }
        Step::Nothing(left)
    }

    /// The best candidates of this size, at most `width`, and the blocks that are unknown and may
    /// have better ones, the likeliest first.
    pub(super) fn find(&self, scope: &Scope, size: Size, width: usize, now: Timestamp) -> Found {
        let mut found = Vec::new();
        let mut runs = Vec::new();
        let mut unknown = Vec::new();
        for rows in scope
            .rows
            .chunk_by(|a, b| (a.grade, a.rank) == (b.grade, b.rank))
        {
            let first = (rows[0].grade, rows[0].rank - FILLS);
            if keep_best(&mut found, width).is_some_and(|worst| worst < first) {
                break;
            }
            for row in rows {
                let blocks = row.blocks().filter(|block| !self.is_known(*block, now));
                unknown.extend(blocks.map(|block| {
                    let seat = block * SEATS_A_BLOCK + 1;
                    (row.grade, scope.rank(row, seat) - FILLS, block)
                }));
                for run in self.runs(row, now) {
                    let starts = run.best_starts(row, size).into_iter();
                    found.extend(starts.filter_map(|first| run.candidate(scope, row, size, first)));
                    runs.push((row, run));
                }
            }
        }
        if found.len() < width {
            add_inner(&mut found, scope, size, width, &runs);
        }
        let worst = keep_best(&mut found, width);
        let mut unread = Vec::new();
        for (grade, rank, block) in unknown {
            if worst.is_none_or(|worst| (grade, rank) <= worst) && !unread.contains(&block) {
                unread.push(block);
            }
        }
        Found {
            best: found,
            unread,
        }
    }

    /// All candidates of this size that are the ends of runs.
    pub(super) fn all(&self, scope: &Scope, seats: u32, now: Timestamp) -> Vec<Candidate> {
        let size = Size { seats, places: 0 };
        let mut all = Vec::new();
        for row in &scope.rows {
            for run in self.runs(row, now) {
                let starts = run.best_starts(row, size).into_iter();
                all.extend(starts.filter_map(|first| run.candidate(scope, row, size, first)));
            }
        }
        all.sort_unstable();
        all
    }

    fn left(&self, scope: &Scope, now: Timestamp) -> Left {
        let runs = |row| self.runs(row, now).into_iter();
        let free = scope.rows.iter().flat_map(runs).map(|run| run.seats).sum();
        let is_there = |seats: &u32| {
            let places = scope.wish.accessible.min(*seats);
            let size = Size {
                seats: *seats,
                places,
            };
            !self.find(scope, size, 1, now).best.is_empty()
        };
        let longest = (1..scope.wish.count).rev().find(is_there).unwrap_or(0);
        Left { free, longest }
    }

    /// The first ones of these blocks, as many as are read at once.
    fn first_of(&self, wanted: Vec<u32>, since: Reading) -> Vec<u32> {
        let read = self.blocks.iter().flatten();
        let read = read.filter(|block| block.reading.number > since.number);
        let most = read.count().max(BLOCKS_AT_ONCE);
        let mut first = Vec::with_capacity(most);
        for block in wanted {
            if first.len() < most && !first.contains(&block) {
                first.push(block);
            }
        }
        first
    }

    /// The parts of a range of seats that are in one block each, with the block if it is known.
    pub(super) fn known_parts(
        &self,
        seats: &RangeInclusive<u32>,
        now: Timestamp,
    ) -> impl Iterator<Item = (RangeInclusive<u32>, Option<&Block>)> {
        let (first, last) = (*seats.start(), *seats.end());
        (block_of(first)..=block_of(last)).map(move |block| {
            let before = block * SEATS_A_BLOCK;
            let part = first.max(before + 1)..=last.min(before + SEATS_A_BLOCK);
            (part, self.block_within(block, KNOWN_FOR, now))
        })
    }

    fn is_known(&self, block: u32, now: Timestamp) -> bool {
        self.block_within(block, KNOWN_FOR, now).is_some()
    }

    fn is_fresh(&self, block: u32, now: Timestamp) -> bool {
        let block = self.block_within(block, GOOD_FOR, now);
        block.is_some_and(|block| block.misses < MAX_MISSES)
    }

    /// Whether a request that has begun at `since` may say that there are no seats by what is known of
    /// this block: it was read for this very request, or within the last two seconds. So people who
    /// ask for seats of a hall that is sold out do not read the whole hall each time.
    fn is_sure(&self, block: u32, since: Reading, now: Timestamp) -> bool {
        let known = self.blocks.get(index(block)).and_then(Option::as_ref);
        let is_in_doubt = known.is_none_or(|block| block.is_in_doubt);
        self.is_read_since(block, since) || (self.is_fresh(block, now) && !is_in_doubt)
    }

    fn is_read_since(&self, block: u32, since: Reading) -> bool {
        let block = self.blocks.get(index(block)).and_then(Option::as_ref);
        block.is_some_and(|block| block.reading.number > since.number && !block.is_in_doubt)
    }

    /// A block that was read within this time. After the clock went back, none was.
    fn block_within(&self, block: u32, time: SignedDuration, now: Timestamp) -> Option<&Block> {
        let block = self.blocks.get(index(block))?.as_ref()?;
        let age = now.duration_since(block.reading.at);
        (SignedDuration::ZERO <= age && age < time).then_some(block)
    }

    fn block_mut(&mut self, seat: SeatNumber) -> Option<&mut Block> {
        self.blocks.get_mut(index(seat.block()))?.as_mut()
    }
}

impl Block {
    /// Whether a seat of this block is taken.
    pub(super) fn is_taken(&self, seat: u32) -> bool {
        let (word, bit) = position(seat);
        self.taken[word] & bit != 0
    }

    fn mark(&mut self, seat: u32) {
        let (word, bit) = position(seat);
        self.taken[word] |= bit;
    }
}

pub(super) struct Found {
    pub best: Vec<Candidate>,
    unread: Vec<u32>,
}

/// Adds candidates inside of runs until there are `width`, the best first.
fn add_inner(
    found: &mut Vec<Candidate>,
    scope: &Scope,
    size: Size,
    width: usize,
    runs: &[(&Row, Run)],
) {
    let mut inner: Vec<_> = runs
        .iter()
        .flat_map(|(row, run)| {
            let starts = run.inner_starts(size).take(width);
            starts.filter_map(|first| run.candidate(scope, row, size, first))
        })
        .filter(|inner| !found.contains(inner))
        .collect();
    inner.sort_unstable();
    found.extend(inner.into_iter().take(width - found.len()));
}

/// Keeps the best candidates, this many. Returns the grade and the score of the worst one of them.
/// `None` if there are fewer.
fn keep_best(found: &mut Vec<Candidate>, width: usize) -> Option<(usize, i64)> {
    if found.len() > width {
        found.select_nth_unstable(width - 1);
        found.truncate(width);
    }
    let worst = found.iter().max()?;
    (found.len() == width).then_some((worst.grade, worst.score))
}

fn seats_of(pieces: &[Candidate]) -> SeatSet {
    let seats = pieces.iter().flat_map(|piece| piece.first..=piece.last());
    let seats = seats
        .filter_map(|seat| SeatNumber::new(seat.into()))
        .collect();
    SeatSet::new(seats).expect("a candidate has one to four seats, and no two overlap")
}

fn index(block: u32) -> usize {
    usize::try_from(block).unwrap_or(usize::MAX)
}

fn position(seat: u32) -> (usize, u64) {
    let within = (seat - 1) % SEATS_A_BLOCK;
    (index(within / u64::BITS), 1 << (within % u64::BITS))
}
