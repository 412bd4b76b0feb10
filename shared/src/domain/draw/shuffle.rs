//! The shuffle of the draw: swap-or-not with SHA-256, in 90 rounds.
//!
//! The ranks are 0 to `size` − 1. To find where rank `x` comes out, do this in each round `r` from
//! 0 to 89. `‖` concatenates bytes.
//!
//! 1. `pivot` is the first 8 bytes of SHA-256(`seed ‖ r`), read as a little-endian number, modulo
//!    `size`. `seed` is 32 bytes, `r` is one.
//! 2. `partner` is (`pivot + size − x`) modulo `size`. The partner's partner is `x`.
//! 3. `high` is the larger of `x` and `partner`, so both use the same coin.
//! 4. `coins` is SHA-256(`seed ‖ r ‖ b`), where `b` is `high / 256`, rounded down, in four
//!    little-endian bytes.
//! 5. The coin is bit `high` modulo 8, counted from the lowest, of byte (`high` modulo 256)` / 8`,
//!    rounded down, of `coins`. If it is 1, `x` is `partner` from now on.
//!
//! This is, bit by bit, `compute_shuffled_index` of Ethereum's consensus specification with its 90
//! rounds. So to check a draw, one can use any of a dozen implementations, with their test vectors.
//! The shuffle is by Hoang, Morris and Rogaway ("An Enciphering Scheme Based on a Card Shuffle",
//! 2012).
//!
//! A Feistel network would be the more common choice. But it shuffles powers of two, so results
//! outside the ranks must be shuffled again, an unknown number of times. And with few ranks it is
//! hard to say how many rounds make it fair. This shuffle works for any size, and its fairness is
//! easy to see. Each round tosses a coin, and a rank either stays or goes to a partner that can be
//! any rank. A rank that has moved once may be anywhere. So all places are equally likely, except
//! for one part in 2^90 (and one in 2^64 / `size`, for the modulo). An exact calculation shows: all
//! orders of up to six ranks are equally likely, except for less than one part in 2^60.

use aws_lc_rs::digest::{SHA256, digest};

/// The most ranks that can be shuffled: `b` has four bytes.
pub(super) const MAX_RANKS: u64 = COINS << 32;

/// The number of coins in one hash.
const COINS: u64 = 256;

const ROUNDS: u8 = 90;

/// A shuffle of the ranks below `size`.
pub(super) struct Shuffle<'a> {
    seed: &'a [u8; 32],
    size: u64,
    rounds: u8,
}

impl<'a> Shuffle<'a> {
    /// The shuffle of this many ranks, at most [`MAX_RANKS`].
    pub(super) fn new(seed: &'a [u8; 32], size: u64) -> Self {
        Self {
            seed,
            size,
            rounds: ROUNDS,
        }
    }

    /// A weaker shuffle, with fewer rounds.
    #[cfg(test)]
    pub(super) fn with_rounds(self, rounds: u8) -> Self {
        Self { rounds, ..self }
    }

    /// Where a rank below `size` comes out.
    pub(super) fn place(&self, rank: u64) -> u64 {
        (0..self.rounds).fold(rank, |x, round| self.swap_or_not(round, x))
    }

    /// Where each rank comes out. All ranks share the hashes of a round.
    #[allow(clippy::cast_possible_truncation)] // There is memory for that many.
    pub(super) fn places(&self) -> Vec<u64> {
        let mut places: Vec<_> = (0..self.size).collect();
        let rounds = if places.is_empty() { 0 } else { self.rounds };
        for round in 0..rounds {
            let pivot = self.pivot(round);
            let blocks = 0..self.size.div_ceil(COINS);
            let coins: Vec<_> = blocks.map(|block| self.coins(round, block)).collect();
            for x in &mut places {
                let (partner, high) = self.partner(pivot, *x);
                if is_set(&coins[(high / COINS) as usize], high) {
                    *x = partner;
                }
            }
        }
        places
    }

    /// The rank that comes out at this place: each round is its own inverse.
    #[cfg(test)]
    pub(super) fn rank(&self, place: u64) -> u64 {
        (0..self.rounds)
            .rev()
            .fold(place, |x, round| self.swap_or_not(round, x))
    }

    fn swap_or_not(&self, round: u8, x: u64) -> u64 {
        let (partner, high) = self.partner(self.pivot(round), x);
        if is_set(&self.coins(round, high / COINS), high) {
            partner
        } else {
            x
        }
    }

    /// The rank with which `x` may be swapped, and the larger of the two.
    fn partner(&self, pivot: u64, x: u64) -> (u64, u64) {
        let partner = if x <= pivot {
            pivot - x
        } else {
            pivot + self.size - x
        };
        (partner, partner.max(x))
    }

    fn pivot(&self, round: u8) -> u64 {
        let little_endian = |number, byte: &u8| number << 8 | u64::from(*byte);
        let hash = self.hash(round, &[]);
        hash[..8].iter().rev().fold(0, little_endian) % self.size
    }

    fn coins(&self, round: u8, block: u64) -> [u8; 32] {
        let [a, b, c, d, ..] = block.to_le_bytes();
        self.hash(round, &[a, b, c, d])
    }

    fn hash(&self, round: u8, rest: &[u8]) -> [u8; 32] {
        let hashed = digest(&SHA256, &[self.seed.as_slice(), &[round], rest].concat());
        let mut hash = [0; 32];
        hash.copy_from_slice(hashed.as_ref());
        hash
    }
}

/// Whether the coin of `high` says to swap; `coins` must be the hash that has this coin.
fn is_set(coins: &[u8; 32], high: u64) -> bool {
    coins[(high % COINS / 8) as usize] >> (high % 8) & 1 == 1
}
