//! What is played: the settings, the people, and what goes wrong.

use rand::{RngExt, rngs::Xoshiro256PlusPlus};
use rand_distr::{Distribution, Exp};
use shared::domain::{
    ids::QueueId,
    queue::{QueueState, Settings, WhoJoins},
};

use crate::{
    crowd::Crowd,
    outcome::Outcome,
    simulation::{Progress, Simulation},
    time::milliseconds,
};

/// What is played. Seconds count from the opening of the doors.
#[derive(Debug, Clone)]
pub struct Evening {
    /// The seed of everything random.
    pub seed: u64,
    /// When it ends, unless everybody has finished before.
    pub seconds: i64,
    /// The first settings.
    pub settings: Settings,
    /// Later settings, and when the operator makes them.
    pub changes: Vec<(i64, Settings)>,
    /// The people, and when they come.
    pub waves: Vec<Wave>,
    /// What they do.
    pub crowd: Crowd,
    /// What goes wrong.
    pub troubles: Troubles,
    /// How many seats there are, one for each buyer. The evening is over when they are sold. `None`
    /// for an unlimited number.
    pub seats: Option<u64>,
    /// How often the watched people read their place.
    pub look_seconds: i64,
}

/// A group of people who come.
#[derive(Debug, Clone)]
pub struct Wave {
    /// How many.
    pub people: u32,
    /// When the first of them may come.
    pub from_second: i64,
    /// How the others are spread over time.
    pub arrivals: Arrivals,
}

/// How the people of a wave are spread over time.
#[derive(Debug, Clone)]
pub enum Arrivals {
    /// Evenly at random over this many seconds.
    Even {
        /// How many.
        seconds: i64,
    },
    /// Most come at the opening, above all at its first moment, and then fewer and fewer.
    Rush {
        /// How many come with the opening (percent).
        percent: f64,
        /// How long after the opening they come on average.
        rush_seconds: f64,
        /// How long after the opening everybody else comes on average.
        tail_seconds: f64,
    },
}

impl Arrivals {
    /// When one of them comes, in milliseconds after the start of the wave.
    pub(crate) fn draw(&self, rng: &mut Xoshiro256PlusPlus) -> i64 {
        match *self {
            Self::Even { seconds } => rng.random_range(0..=seconds * 1_000),
            Self::Rush {
                percent,
                rush_seconds,
                tail_seconds,
            } => {
                let rushes = rng.random_bool(percent / 100.0);
                let mean = if rushes { rush_seconds } else { tail_seconds };
                let after = Exp::new(1.0 / mean).expect("a positive mean").sample(rng);
                milliseconds(after)
            }
        }
    }
}

/// What goes wrong. Shares are percentages.
#[derive(Debug, Clone, Default)]
pub struct Troubles {
    /// The most that a tick is late (milliseconds).
    pub late: i64,
    /// Ticks that are lost.
    pub lost: f64,
    /// Ticks that come twice.
    pub doubled: f64,
    /// The most that a clock is off (milliseconds).
    pub clocks: i64,
    /// The oldest document that is used (milliseconds).
    pub documents: i64,
    /// The longest time between a tick's reads and its write (milliseconds).
    pub writes: i64,
    /// Calls that die: a number without a session, an arrival that is counted but not written, an
    /// end that is written but not counted.
    pub crashes: f64,
    /// There is no scheduler between these seconds.
    pub outage: Option<(i64, i64)>,
    /// Ends that are counted twice. The store never does that: it would let too many in.
    pub ends_counted_twice: f64,
}

impl Evening {
    /// The queue: one of its own if admission depends on seats.
    pub(crate) fn queue_id(&self) -> QueueId {
        match self.seats {
            None => QueueId::main(),
            Some(_) => "evening".parse().expect("an id"),
        }
    }

    /// A usual evening with the default windows.
    pub fn new(max_active: u32, rate_milli: u64) -> Self {
        Self::of(settings(max_active, rate_milli))
    }

    /// A usual evening: an hour in which everybody comes and finishes at their own pace, and
    /// nothing goes wrong.
    pub fn of(settings: Settings) -> Self {
        Self {
            seed: 1,
            seconds: 3_600,
            settings,
            changes: Vec::new(),
            waves: Vec::new(),
            crowd: Crowd::keen(),
            troubles: Troubles::default(),
            seats: None,
            look_seconds: 15,
        }
    }

    /// With this many more people, evenly at random.
    #[must_use]
    pub fn wave(mut self, people: u32, from_second: i64, seconds: i64) -> Self {
        self.waves.push(Wave {
            people,
            from_second,
            arrivals: Arrivals::Even { seconds },
        });
        self
    }

    /// With a change of settings.
    #[must_use]
    pub fn change(mut self, second: i64, change: impl FnOnce(&mut Settings)) -> Self {
        let last = self.changes.last().map(|(_, settings)| settings);
        let mut settings = last.unwrap_or(&self.settings).clone();
        change(&mut settings);
        self.changes.push((second, settings));
        self
    }

    /// How many come.
    pub fn people(&self) -> u64 {
        self.waves.iter().map(|wave| u64::from(wave.people)).sum()
    }

    /// Plays it.
    pub fn play(&self) -> Outcome {
        self.play_with_progress(|_| {})
    }

    /// Plays it, and reports the progress at each tick.
    pub fn play_with_progress(&self, report: impl FnMut(Progress)) -> Outcome {
        Simulation::new(self).run(report)
    }
}

/// The default settings, except for the capacity and the rate.
pub fn settings(max_active: u32, rate_milli: u64) -> Settings {
    Settings {
        max_active,
        rate_milli,
        claim_seconds: 120,
        active_seconds: 300,
        tick_seconds: 5,
        state: QueueState::Open,
        who: WhoJoins::Everybody,
        notice: None,
        default_concert_id: None,
        opens_at: None,
        version: 0,
    }
}
