//! The best free seats that are together: which seats a request for them gets.
//!
//! Nothing here reads the database. A [`Scope`] has the rows that a request may have seats of. A
//! [`View`] is what an instance knows of the seats that are taken. [`View::step`] says what comes
//! next: blocks that must be read first, seats to try, or that there are none.
//!
//! **Candidates.** A run is free neighbours between seats that are not free. Candidates are its two
//! ends. For two seats or more they are also the middle of a run that nobody has touched: so the
//! best seats of a row are sold, too, and what remains on both sides is even. Their score is the
//! rank of the row, `SINGLE` more for each single seat that they leave alone, and `FILLS` less if
//! they fill a run exactly. Lower is better. Of equal scores, the one nearer to the good end is
//! better. If there are fewer candidates than are drawn from, seats inside of runs are added. A hall
//! without gaps has few ends.
//!
//! **The draw.** If everybody got the best seats, all requests at one moment would want the same
//! ones, and all but one would fail. So each draws one of the best [`View::width`] candidates. The
//! width doubles with each failure that the instance has seen, and halves every
//! [`FORGETS_AFTER`]. As long as there was no failure, all of them are of the best grade.
//!
//! **Reading.** Only blocks that may have one of the best candidates are read. What was read is used
//! for [`GOOD_FOR`], or until it has misled `MAX_MISSES` times. For [`KNOWN_FOR`] it still says
//! which blocks need not be read again: seats that were taken then are hardly ever free now. That
//! there are no seats is said only of blocks that were read since the request began, or within
//! [`GOOD_FOR`].

mod candidates;
mod pieces;
mod scope;
#[cfg(test)]
mod tests;
mod view;

use serde::Serialize;

pub use self::{
    scope::Scope,
    view::{Reading, View},
};
use super::{plan::Grade, seat::SeatSet};

/// What is known of a block is used for this long.
pub const GOOD_FOR: jiff::SignedDuration = jiff::SignedDuration::from_secs(2);

/// A block is not read again for this long if no seat that was free in it is among the best.
pub const KNOWN_FOR: jiff::SignedDuration = jiff::SignedDuration::from_secs(30);

/// A failed transaction is forgotten after this time.
pub const FORGETS_AFTER: jiff::SignedDuration = jiff::SignedDuration::from_secs(5);

/// How many blocks are read at once. If a request has read more than that, as many again.
const BLOCKS_AT_ONCE: usize = 4;

/// A block is read again after so many looks that found seats taken. A look at two seats costs 2 RRU,
/// and a block up to 12.5.
const MAX_MISSES: u32 = 3;

/// How many of the best candidates are drawn from, as long as no transaction fails.
const NARROWEST: usize = 8;

/// How often the width doubles at most: to 256.
const MAX_DOUBLINGS: u32 = 5;

/// What a seat that is left alone counts for, in rows.
const SINGLE: i64 = 8;

/// What a run that is filled exactly counts for, in rows.
const FILLS: i64 = 4;

/// What a request wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// How many seats: 1 to 4.
    pub count: u32,
    /// Of which grade. If not given, of any, the best first.
    pub grade: Option<Grade>,
    /// In which section. If not given, in any.
    pub section: Option<String>,
    /// How many of them are wheelchair places, at least. If 0, none is.
    pub accessible: u32,
    /// Whether the seats may be apart if as many are not free together.
    pub apart: bool,
}

/// What comes next for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// These blocks have to be read first.
    Read(Vec<u32>),
    /// These seats may be free, and are the ones to try.
    Try(SeatSet),
    /// There are no such seats.
    Nothing(Left),
}

/// What is left for a request that gets no seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Left {
    /// How many of the seats that it may have are free.
    pub free: u32,
    /// How many seats it would get together if it asked for fewer. If it asks for wheelchair places,
    /// as many of them as it asks for, or only such places.
    pub longest: u32,
}
