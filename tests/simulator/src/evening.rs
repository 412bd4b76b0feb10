//! What is played: the settings, who comes when, and what goes wrong.

use rand::{RngExt, rngs::Xoshiro256PlusPlus};
use rand_distr::{Distribution, Exp};
use shared::domain::{
    ids::QueueId,
    queue::{QueueState, Settings},
};

use crate::{
    crowd::Crowd,
    outcome::Outcome,
    simulation::{Progress, Simulation},
    time::milliseconds,
};

/// What is played. Seconds count from when the doors open.
#[derive(Debug, Clone)]
pub struct Evening {
    /// What chance follows from.
    pub seed: u64,
    /// When it ends, unless everybody is through before.
    pub seconds: i64,
    /// What the operator has set at first.
    pub settings: Settings,
    /// What the operator sets when.
    pub changes: Vec<(i64, Settings)>,
    /// Who comes when.
    pub waves: Vec<Wave>,
    /// What they do.
    pub crowd: Crowd,
    /// What goes wrong.
    pub troubles: Troubles,
    /// How many seats there are, one for each buyer; it is over when they are sold. `None` is as
    /// many as anybody wants.
    pub seats: Option<u64>,
    /// How often those who are watched look where they stand.
    pub look_seconds: i64,
}

/// People who come.
#[derive(Debug, Clone)]
pub struct Wave {
    /// How many.
    pub people: u32,
    /// The first of them.
    pub from_second: i64,
    /// When the others come.
    pub arrivals: Arrivals,
}

/// How the people of a wave are spread over time.
#[derive(Debug, Clone)]
pub enum Arrivals {
    /// Evenly at random over so many seconds.
    Even {
        /// How many.
        seconds: i64,
    },
    /// Most at the opening, all the more at its first moment, and then fewer and fewer.
    Rush {
        /// How many come with the opening (percent).
        percent: f64,
        /// How much later than the opening they come on average.
        rush_seconds: f64,
        /// How much later everybody else comes on average.
        tail_seconds: f64,
    },
}

impl Arrivals {
    /// When one of them comes, in milliseconds after the first could have.
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
    /// Ticks come up to so late (milliseconds).
    pub late: i64,
    /// Ticks that do not come.
    pub lost: f64,
    /// Ticks that come twice.
    pub doubled: f64,
    /// No clock is further off than this (milliseconds).
    pub clocks: i64,
    /// No document is older than this (milliseconds).
    pub documents: i64,
    /// A tick's write may come so long after its reads (milliseconds).
    pub writes: i64,
    /// Calls that die: a number without a session, an arrival that is counted but not written,
    /// an end that is written but not counted.
    pub crashes: f64,
    /// No scheduler between these seconds.
    pub outage: Option<(i64, i64)>,
    /// Ends that are counted twice. The store never does that: it would let too many in.
    pub ends_counted_twice: f64,
}

impl Evening {
    /// The queue: one of its own, where admission depends on the seats.
    pub(crate) fn queue_id(&self) -> QueueId {
        match self.seats {
            None => QueueId::main(),
            Some(_) => "evening".parse().expect("an id"),
        }
    }

    /// An ordinary one with the default windows.
    pub fn new(max_active: u32, rate_milli: u64) -> Self {
        Self::of(settings(max_active, rate_milli))
    }

    /// An ordinary one: an hour in which everybody comes and is through at their own speed, and
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

    /// So many more come, evenly at random.
    #[must_use]
    pub fn wave(mut self, people: u32, from_second: i64, seconds: i64) -> Self {
        self.waves.push(Wave {
            people,
            from_second,
            arrivals: Arrivals::Even { seconds },
        });
        self
    }

    /// The operator changes something.
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
        self.play_and_tell(|_| {})
    }

    /// Plays it, and tells at each tick how far it is.
    pub fn play_and_tell(&self, tell: impl FnMut(Progress)) -> Outcome {
        Simulation::new(self).run(tell)
    }
}

/// The default settings but for the capacity and the rate.
pub fn settings(max_active: u32, rate_milli: u64) -> Settings {
    Settings {
        max_active,
        rate_milli,
        claim_seconds: 120,
        active_seconds: 300,
        tick_seconds: 5,
        state: QueueState::Open,
        default_concert_id: None,
        opens_at: None,
        version: 0,
    }
}
