//! What people do.

use std::ops::RangeInclusive;

use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use rand_distr::{Distribution, LogNormal};

use crate::time::milliseconds;

/// Clients that wait ask again within this many seconds, so they learn of their admission by then.
const MAX_POLL_SECONDS: i64 = 30;

/// What people do. Shares are percentages.
#[derive(Debug, Clone)]
pub struct Crowd {
    /// Never arrive: they have closed the page without leaving.
    pub no_shows: f64,
    /// Arrive, and leave without buying.
    pub walk_away: f64,
    /// Leave while they wait, within `patience_seconds`.
    pub tire: f64,
    /// The longest that those wait who leave while they wait.
    pub patience_seconds: i64,
    /// Leave after their admission, without having arrived.
    pub decline: f64,
    /// How long it takes from the arrival to the end. Those who take longer than the window hold
    /// seats by its end.
    pub stay: Stay,
}

/// How long people take from their arrival to the end.
#[derive(Debug, Clone)]
pub enum Stay {
    /// Evenly distributed between these seconds.
    Even(RangeInclusive<i64>),
    /// As when many people do the same thing at their own pace: half of them take longer than the
    /// median, and few much longer.
    LogNormal {
        /// The median (seconds).
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
    /// Everybody comes and finishes, at their own pace. The median is two minutes for a seat and a
    /// payment. One in 30 needs more than the five minutes of the window.
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

    /// With what usually happens: people close the page, give up waiting, or leave without buying.
    pub fn usual() -> Self {
        Self {
            no_shows: 10.0,
            walk_away: 5.0,
            tire: 2.0,
            decline: 1.0,
            ..Self::keen()
        }
    }

    /// What the person with this number will do. It depends only on seed and number, so two
    /// evenings with the same seed have the same people.
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
    /// Leaves this long after joining, if they still wait then (milliseconds).
    pub tires_after: Option<i64>,
    /// What they do when they learn that they are admitted.
    pub comes: Comes,
    /// How much of the time until their next poll passes before their admission (0 to 1).
    notices: f64,
    /// How long they take from the arrival to the end (milliseconds); `None` leaves without buying.
    pub stays: Option<i64>,
}

impl Plan {
    /// How long after the admission they learn of it (milliseconds).
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
    pub fn notices_after(&self, claim_seconds: u32) -> i64 {
        let max = MAX_POLL_SECONDS.min(i64::from(claim_seconds) - 1) * 1_000;
        (max as f64 * self.notices) as i64
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comes {
    Never,
    ToDecline,
    ToBuy,
}
