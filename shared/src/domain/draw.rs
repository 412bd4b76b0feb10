//! The draw: gives numbers, by lot, to those who joined before the opening
//! (`ARCHITECTURE.md#the-draw`).
//!
//! A join before the opening is counted on one of 64 stripes. The stripe and the count on it are
//! the early entry. When the queue opens, all entries are ranked from 0, by stripe and then by
//! index. The seed shuffles these ranks. An entry's number is its shuffled rank plus one. The seed
//! is secret until then. Its SHA-256 is public before the first entry, so anyone can check
//! afterwards that the seed was not chosen later.

mod shuffle;

#[cfg(test)]
mod fairness;
#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr};

use aws_lc_rs::digest::{SHA256, digest};
use hex::FromHex as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::shuffle::{MAX_RANKS, Shuffle};

/// How many stripes the early entries of a queue are counted on.
pub const STRIPES: u8 = 64;

/// A random stripe. No stripe is better than another.
pub fn any_stripe() -> u8 {
    rand::random_range(0..STRIPES)
}

/// An early entry: a join before the opening. It is the stripe, and the count on that stripe. In a
/// token and in a session it is the pair `[stripe, index]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "(u8, u64)", into = "(u8, u64)")]
pub struct EarlyEntry {
    stripe: u8,
    index: u64,
}

/// A stripe that does not exist, or an index of 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an entry has a stripe from 0 to 63 and an index from 1")]
pub struct MalformedEntry;

impl EarlyEntry {
    /// The entry on this stripe (from 0) with this index (from 1).
    pub fn new(stripe: u8, index: u64) -> Result<Self, MalformedEntry> {
        if stripe < STRIPES && index > 0 {
            Ok(Self { stripe, index })
        } else {
            Err(MalformedEntry)
        }
    }

    /// Its stripe, from 0 to 63.
    pub fn stripe(self) -> u8 {
        self.stripe
    }

    /// Its index on its stripe, from 1.
    pub fn index(self) -> u64 {
        self.index
    }
}

impl TryFrom<(u8, u64)> for EarlyEntry {
    type Error = MalformedEntry;

    fn try_from((stripe, index): (u8, u64)) -> Result<Self, MalformedEntry> {
        Self::new(stripe, index)
    }
}

impl From<EarlyEntry> for (u8, u64) {
    fn from(entry: EarlyEntry) -> Self {
        (entry.stripe, entry.index)
    }
}

/// The seed of a draw: 32 random bytes, as 64 lower-case hexadecimal digits.
// It is secret until the queue opens, so it has no debug form.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
pub struct Seed([u8; 32]);

/// A text that is not a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a seed has 64 lower-case hexadecimal digits")]
pub struct MalformedSeed;

impl Seed {
    /// A new seed, from a generator that the system's randomness seeds.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self(rand::random())
    }

    /// The hash that is published before the opening: the SHA-256 of the seed's 32 bytes, in
    /// hexadecimal digits.
    pub fn hash(&self) -> String {
        hex::encode(digest(&SHA256, &self.0))
    }

    /// The seed in hexadecimal digits. It is public from the opening on.
    pub fn reveal(&self) -> String {
        hex::encode(self.0)
    }
}

impl FromStr for Seed {
    type Err = MalformedSeed;

    fn from_str(text: &str) -> Result<Self, MalformedSeed> {
        let seed = <[u8; 32]>::from_hex(text).map(Self);
        seed.ok()
            .filter(|seed| seed.reveal() == text)
            .ok_or(MalformedSeed)
    }
}

impl TryFrom<String> for Seed {
    type Error = MalformedSeed;

    fn try_from(text: String) -> Result<Self, MalformedSeed> {
        text.parse()
    }
}

impl From<Seed> for String {
    fn from(seed: Seed) -> Self {
        seed.reveal()
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

/// A draw: the seed, and how many entries each stripe had when the queue opened. All of it is
/// public from then on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct Draw {
    seed: Seed,
    stripes: [u64; STRIPES as usize],
    /// On each stripe, this many of the first entries take no part.
    closed: [u64; STRIPES as usize],
}

/// Counts that no draw can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a draw has 64 stripes, with 2^40 entries at most")]
pub struct MalformedDraw;

impl Draw {
    /// The draw among the entries on these stripes.
    pub fn new(seed: Seed, stripes: [u64; STRIPES as usize]) -> Result<Self, MalformedDraw> {
        let entries = stripes
            .iter()
            .try_fold(0_u64, |sum, count| sum.checked_add(*count));
        match entries {
            Some(..=MAX_RANKS) => Ok(Self {
                seed,
                stripes,
                closed: [0; STRIPES as usize],
            }),
            _ => Err(MalformedDraw),
        }
    }

    /// The draw without the first `closed` entries of each stripe, for whom the line had ended.
    /// `stripes` counts the other entries.
    #[must_use]
    pub fn after(self, closed: [u64; STRIPES as usize]) -> Self {
        Self { closed, ..self }
    }

    /// How many entries each stripe had.
    pub fn stripes(&self) -> &[u64] {
        &self.stripes
    }

    /// How many entries were counted on a stripe, including those that take no part.
    pub fn counted(&self, stripe: u8) -> u64 {
        let stripe = usize::from(stripe);
        self.closed[stripe] + self.stripes[stripe]
    }

    /// Whether the line ended for this entry before the opening, so that it takes no part.
    pub fn is_closed(&self, entry: EarlyEntry) -> bool {
        entry.index <= self.closed[usize::from(entry.stripe)]
    }

    fn closed(&self) -> Option<Vec<u64>> {
        let is_any = self.closed.iter().any(|closed| *closed > 0);
        is_any.then(|| self.closed.to_vec())
    }

    /// How many entries there are. They get the numbers from 1 to this one.
    pub fn entries(&self) -> u64 {
        self.stripes.iter().sum()
    }

    /// The number of an entry, from 1. `None` if the entry was not counted. It takes 180 hashes,
    /// however many entries there are.
    pub fn number_of(&self, entry: EarlyEntry) -> Option<u64> {
        let stripe = usize::from(entry.stripe);
        let index = entry.index.checked_sub(self.closed[stripe])?;
        if !(1..=self.stripes[stripe]).contains(&index) {
            return None;
        }
        let before: u64 = self.stripes[..stripe].iter().sum();
        Some(1 + self.shuffle().place(before + index - 1))
    }

    /// The numbers of all entries, by stripe and index. This is much faster than one at a time.
    pub fn numbers(&self) -> Vec<u64> {
        let places = self.shuffle().places();
        places.into_iter().map(|place| 1 + place).collect()
    }

    fn shuffle(&self) -> Shuffle<'_> {
        Shuffle::new(&self.seed.0, self.entries())
    }
}

/// A draw as it is stored.
#[derive(Serialize, Deserialize)]
struct Fields {
    seed: Seed,
    stripes: Vec<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed: Option<Vec<u64>>,
}

impl TryFrom<Fields> for Draw {
    type Error = MalformedDraw;

    fn try_from(fields: Fields) -> Result<Self, MalformedDraw> {
        let stripes = fields.stripes.try_into().map_err(|_| MalformedDraw)?;
        let draw = Self::new(fields.seed, stripes)?;
        match fields.closed {
            None => Ok(draw),
            Some(closed) => Ok(draw.after(closed.try_into().map_err(|_| MalformedDraw)?)),
        }
    }
}

impl From<Draw> for Fields {
    fn from(draw: Draw) -> Self {
        Self {
            closed: draw.closed(),
            seed: draw.seed,
            stripes: draw.stripes.to_vec(),
        }
    }
}

/// The draw of a queue. Before the opening, it has only the hash of its seed, and `closed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Draw)]
pub struct PublicDraw {
    /// The SHA-256 of the seed's 32 bytes, in 64 lower-case hexadecimal digits. It never changes.
    /// Write it down before the opening to check the draw afterwards.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub seed_hash: String,
    /// The seed. Absent before the opening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub seed: Option<Seed>,
    /// The number of entries in the draw. They get the numbers 1 to this one. Absent before the
    /// opening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub entries: Option<u64>,
    /// The number of entries in the draw on each of the 64 stripes. Absent before the opening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_items = 64, max_items = 64)]
    pub stripes: Option<Vec<u64>>,
    /// The number of entries on each stripe for which the line ended before the opening. They come
    /// before those in `stripes`, and do not take part in the draw. Absent if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_items = 64, max_items = 64)]
    pub closed: Option<Vec<u64>>,
}

/// Why the public data of a draw is not to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BrokenDraw {
    /// Some of what is published at the opening is there, and some is missing.
    #[error("of seed, entries and stripes, some are missing")]
    Incomplete,
    /// The seed does not match the hash that was published before.
    #[error("the seed is not the one whose hash was published")]
    OtherSeed,
    /// The stripes do not add up to the number of entries.
    #[error("the stripes do not add up to the entries")]
    OtherCount,
    /// No draw can have these counts.
    #[error(transparent)]
    Malformed(#[from] MalformedDraw),
}

impl PublicDraw {
    /// What is public before the opening.
    pub fn sealed(seed_hash: String, closed: Option<Vec<u64>>) -> Self {
        Self {
            seed_hash,
            seed: None,
            entries: None,
            stripes: None,
            closed,
        }
    }

    /// The draw, if its published data is consistent. `None` before the opening.
    pub fn draw(&self) -> Result<Option<Draw>, BrokenDraw> {
        let (seed, entries, stripes) = match (&self.seed, self.entries, &self.stripes) {
            (None, None, None) => return Ok(None),
            (Some(seed), Some(entries), Some(stripes)) => (seed.clone(), entries, stripes.clone()),
            _ => return Err(BrokenDraw::Incomplete),
        };
        if seed.hash() != self.seed_hash {
            return Err(BrokenDraw::OtherSeed);
        }
        let closed = self.closed.clone();
        let draw = Draw::try_from(Fields {
            seed,
            stripes,
            closed,
        })?;
        if draw.entries() == entries {
            Ok(Some(draw))
        } else {
            Err(BrokenDraw::OtherCount)
        }
    }
}

impl From<&Draw> for PublicDraw {
    fn from(draw: &Draw) -> Self {
        Self {
            seed_hash: draw.seed.hash(),
            seed: Some(draw.seed.clone()),
            entries: Some(draw.entries()),
            stripes: Some(draw.stripes.to_vec()),
            closed: draw.closed(),
        }
    }
}
