//! The shuffle of the draw: swap-or-not with SHA-256, in 90 rounds.
//!
//! Take the ranks from 0 up to, and without, `size`. To learn where the rank `x` comes out, do
//! this in each round `r` from 0 to 89; `‖` puts bytes one behind the other:
//!
//! 1. `pivot` is the first 8 bytes of SHA-256(`seed ‖ r`), read as a little-endian number, modulo
//!    `size`. `seed` is 32 bytes, `r` is one.
//! 2. `partner` is (`pivot + size − x`) modulo `size`. The partner's partner is `x`.
//! 3. `high` is the larger one of `x` and `partner`, so that both look at the same coin.
//! 4. `coins` is SHA-256(`seed ‖ r ‖ b`), where `b` is `high / 256`, rounded down, in four
//!    little-endian bytes.
//! 5. The coin is bit `high` modulo 8, counted from the lowest, of byte (`high` modulo 256)` / 8`,
//!    rounded down, of `coins`. If it is 1, `x` is `partner` from now on.
//!
//! That is, bit by bit, `compute_shuffled_index` of Ethereum's consensus specification with its 90
//! rounds: whoever wants to check a draw finds it written in a dozen languages, with test vectors.
//! The shuffle is by Hoang, Morris and Rogaway ("An Enciphering Scheme Based on a Card Shuffle",
//! 2012).
//!
//! A Feistel network would be the more common choice. But it shuffles powers of two, from which
//! one has to walk back among the ranks for nobody knows how long, and how many rounds make it fair
//! when there are only a few ranks is hard to say. Here any size is as good as another, and one can
//! see that it is fair: each round tosses a coin, and a rank either stays or goes to a partner that
//! may be any. A rank that has moved once may be anywhere, so that every place is as likely as
//! another but for one part in 2^90 (and in 2^64 / `size`, for the modulo). Worked out exactly, all
//! orders of up to six ranks are as likely as each other but for less than one part in 2^60.

use aws_lc_rs::digest::{SHA256, digest};

/// The most ranks that can be shuffled: `b` has four bytes.
pub(super) const MAX_RANKS: u64 = COINS << 32;

/// The coins of one hash.
const COINS: u64 = 256;

const ROUNDS: u8 = 90;

/// A shuffle of the ranks below `size`.
pub(super) struct Shuffle<'a> {
    seed: &'a [u8; 32],
    size: u64,
    rounds: u8,
}

impl<'a> Shuffle<'a> {
    /// The shuffle of so many ranks, [`MAX_RANKS`] at most.
    pub(super) fn new(seed: &'a [u8; 32], size: u64) -> Self {
        Self {
            seed,
            size,
            rounds: ROUNDS,
        }
    }

    /// A worse one, of fewer rounds.
    #[cfg(test)]
    pub(super) fn with_rounds(self, rounds: u8) -> Self {
        Self { rounds, ..self }
    }

    /// Where a rank, which is below the size, comes out.
    pub(super) fn place(&self, rank: u64) -> u64 {
        (0..self.rounds).fold(rank, |x, round| self.swap_or_not(round, x))
    }

    /// Where each rank comes out. All of them share the hashes of a round.
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

    /// The rank that was shuffled there: each round undoes itself.
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

    /// With whom `x` may be swapped, and the larger one of the two.
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

/// Whether the coin of `high`, which is one of these, says that there is to be a swap.
fn is_set(coins: &[u8; 32], high: u64) -> bool {
    coins[(high % COINS / 8) as usize] >> (high % 8) & 1 == 1
}
