//! What people do.

use std::ops::RangeInclusive;

use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use rand_distr::{Distribution, LogNormal};

use crate::time::milliseconds;

/// Who waits is told to ask again within so many seconds, and so learns of their turn by then.
const MAX_POLL_SECONDS: i64 = 30;

/// What people do. Shares are percentages.
#[derive(Debug, Clone)]
pub struct Crowd {
    /// Never make a protected call: they have closed the page without a word.
    pub no_shows: f64,
    /// Arrive, and then just go away.
    pub walk_away: f64,
    /// Leave while they wait, within `patience_seconds`.
    pub tire: f64,
    /// How long those have at most who leave while they wait.
    pub patience_seconds: i64,
    /// Leave after their admission, without having arrived.
    pub decline: f64,
    /// How long it takes from the arrival to the end. Whoever takes longer than the window holds
    /// seats by then.
    pub stay: Stay,
}

/// How long people take from their arrival to the end.
#[derive(Debug, Clone)]
pub enum Stay {
    /// Anything between so many seconds, as likely as anything else.
    Even(RangeInclusive<i64>),
    /// As people take who all do the same in their own time: half of them longer than the
    /// median, few of them much longer.
    LogNormal {
        /// The time that half of them take at most (seconds).
        median: f64,
        /// The standard deviation of the logarithm.
        spread: f64,
    },
}

impl Stay {
    fn draw(&self, rng: &mut Xoshiro256PlusPlus) -> i64 {
        match self {
            Self::Even(seconds) => {
                rng.random_range(seconds.start() * 1_000..=seconds.end() * 1_000)
            }
            Self::LogNormal { median, spread } => {
                let stays = LogNormal::new(median.ln(), *spread).expect("a finite spread");
                milliseconds(stays.sample(rng))
            }
        }
    }
}

impl Crowd {
    /// Everybody comes and is through, at their own speed: two minutes for a seat and a payment
    /// is the median, one in 30 needs more than the five minutes of the window.
    pub fn keen() -> Self {
        Self {
            no_shows: 0.0,
            walk_away: 0.0,
            tire: 0.0,
            patience_seconds: 600,
            decline: 0.0,
            stay: Stay::LogNormal {
                median: 120.0,
                spread: 0.5,
            },
        }
    }

    /// With what usually goes on: people close the page, give up waiting, look at the prices and
    /// go.
    pub fn usual() -> Self {
        Self {
            no_shows: 10.0,
            walk_away: 5.0,
            tire: 2.0,
            decline: 1.0,
            ..Self::keen()
        }
    }

    /// What the person with this number will do. It depends on nothing else, so that in two
    /// evenings of one seed the same people come.
    pub(crate) fn plan(&self, seed: u64, number: u64) -> Plan {
        let own = seed ^ number.wrapping_mul(0xD1B5_4A32_D192_ED03);
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(own);
        let mut happens = |percent: f64| rng.random_bool(percent / 100.0);
        let tires = happens(self.tire);
        let comes = if happens(self.no_shows) {
            Comes::Never
        } else if happens(self.decline) {
            Comes::ToDecline
        } else {
            Comes::ToBuy
        };
        let goes_away = happens(self.walk_away);
        let patience = rng.random_range(0..=self.patience_seconds * 1_000);
        Plan {
            tires_after: tires.then_some(patience),
            comes,
            notices: rng.random(),
            stays: (!goes_away).then(|| self.stay.draw(&mut rng)),
        }
    }
}

/// What a person will do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Leaves so long after joining, if they still wait then (milliseconds).
    pub tires_after: Option<i64>,
    /// What they do when they are told that it is their turn.
    pub comes: Comes,
    /// How much of the time until their next poll passes before they are (0 to 1).
    notices: f64,
    /// How long they take from the arrival to the end (milliseconds); `None` goes away.
    pub stays: Option<i64>,
}

impl Plan {
    /// How long after the admission they are told of it (milliseconds).
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
    pub fn notices_after(&self, claim_seconds: u32) -> i64 {
        let most = MAX_POLL_SECONDS.min(i64::from(claim_seconds) - 1) * 1_000;
        (most as f64 * self.notices) as i64
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comes {
    Never,
    ToDecline,
    ToBuy,
}
