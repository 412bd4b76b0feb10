//! The options.

use std::path::PathBuf;

use clap::{Args, Parser, ValueEnum, value_parser};
use shared::domain::queue::Settings;
use simulator::{Arrivals, Crowd, Evening, Stay, Troubles, Wave, settings};

/// Plays an on-sale in virtual time, with the real rules of the line, and reports the result.
#[derive(Debug, Parser)]
#[command(name = "simulate-line")]
pub struct Options {
    /// How many people come
    #[arg(long, default_value_t = 1_000_000)]
    people: u32,
    /// Seats to sell, one to each buyer; 0 for an unlimited number
    #[arg(long, default_value_t = 50_000)]
    seats: u64,
    /// The seed of everything random; the same seed plays the same evening
    #[arg(long)]
    seed: Option<u64>,
    /// Draw the result into this file
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,

    #[command(flatten)]
    queue: QueueOptions,
    #[command(flatten)]
    arrivals: ArrivalOptions,
    #[command(flatten)]
    crowd: CrowdOptions,
    #[command(flatten)]
    troubles: TroubleOptions,
}

/// The operator's settings. The defaults are the template's.
#[derive(Debug, Args)]
#[command(next_help_heading = "The queue")]
struct QueueOptions {
    /// How many may be inside at once
    #[arg(long, default_value_t = 1_000, value_parser = value_parser!(u32).range(1..))]
    max_active: u32,
    /// Admissions a second
    #[arg(long, default_value_t = 50.0, value_parser = positive)]
    rate: f64,
    /// How long an admitted person may take to arrive
    #[arg(long, default_value_t = 120, value_parser = value_parser!(u32).range(1..))]
    claim_seconds: u32,
    /// How long they may stay inside
    #[arg(long, default_value_t = 300, value_parser = value_parser!(u32).range(1..))]
    active_seconds: u32,
    /// Time between two ticks
    #[arg(long, default_value_t = 5, value_parser = value_parser!(u32).range(1..))]
    tick_seconds: u32,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "When people come")]
struct ArrivalOptions {
    /// With a rush at the opening, or evenly
    #[arg(long, value_enum, default_value_t = Shape::Rush)]
    arrivals: Shape,
    /// Of a rush: how many come at the opening (percent)
    #[arg(long, default_value_t = 60.0, value_parser = percent)]
    rush: f64,
    /// Of a rush: how late those are on average, because of slow clocks and reloads
    #[arg(long, default_value_t = 30.0, value_parser = positive)]
    rush_seconds: f64,
    /// Of a rush: how late everybody else is on average
    #[arg(long, default_value_t = 1_200.0, value_parser = positive)]
    tail_seconds: f64,
    /// If evenly: over this many seconds
    #[arg(long, default_value_t = 3_600, value_parser = value_parser!(i64).range(0..))]
    over_seconds: i64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shape {
    Rush,
    Even,
}

/// Shares are percentages.
#[derive(Debug, Args)]
#[command(next_help_heading = "What people do")]
struct CrowdOptions {
    /// Never arrive, having closed the page
    #[arg(long, default_value_t = 10.0, value_parser = percent)]
    no_shows: f64,
    /// Leave while they wait; few do
    #[arg(long, default_value_t = 2.0, value_parser = percent)]
    leavers: f64,
    /// The longest that those wait who leave while they wait (seconds)
    #[arg(long, default_value_t = 600, value_parser = value_parser!(i64).range(0..))]
    patience_seconds: i64,
    /// Leave when they are admitted, because they have seats elsewhere by then
    #[arg(long, default_value_t = 1.0, value_parser = percent)]
    decliners: f64,
    /// Arrive, and leave without buying
    #[arg(long, default_value_t = 5.0, value_parser = percent)]
    goners: f64,
    /// Half of the buyers finish within this many seconds: a seat and a payment
    #[arg(long, default_value_t = 120.0, value_parser = positive)]
    median_seconds: f64,
    /// How much buyers differ: the standard deviation of the logarithm of their time. At 0.5, one
    /// in twelve takes less than half of the median, one in 30 more than the window
    #[arg(long, default_value_t = 0.5, value_parser = positive)]
    spread: f64,
}

/// Shares are percentages.
#[derive(Debug, Args)]
#[command(next_help_heading = "What goes wrong")]
struct TroubleOptions {
    /// The most that a clock is off (milliseconds)
    #[arg(long, default_value_t = 0, value_parser = value_parser!(i64).range(0..))]
    clocks: i64,
    /// The oldest document that is used (milliseconds): what an instance or a CDN may keep
    #[arg(long, default_value_t = 1_000, value_parser = value_parser!(i64).range(0..))]
    documents: i64,
    /// The most that a tick is late (milliseconds)
    #[arg(long, default_value_t = 50, value_parser = value_parser!(i64).range(0..))]
    late: i64,
    /// The longest time between a tick's reads and its write (milliseconds)
    #[arg(long, default_value_t = 20, value_parser = value_parser!(i64).range(0..))]
    writes: i64,
    /// Ticks that are lost
    #[arg(long, default_value_t = 0.0, value_parser = percent)]
    lost: f64,
    /// Ticks that come twice
    #[arg(long, default_value_t = 0.0, value_parser = percent)]
    doubled: f64,
    /// Calls that die between two writes
    #[arg(long, default_value_t = 0.0, value_parser = percent)]
    crashes: f64,
}

impl Options {
    /// The evening that was asked for.
    pub fn evening(&self) -> Evening {
        let QueueOptions {
            max_active,
            claim_seconds,
            active_seconds,
            tick_seconds,
            ..
        } = self.queue;
        let mut evening = Evening::new(max_active, self.queue.rate_milli());
        evening.settings = Settings {
            claim_seconds,
            active_seconds,
            tick_seconds,
            ..settings(max_active, self.queue.rate_milli())
        };
        evening.seed = self.seed.unwrap_or_else(rand::random);
        evening.seconds = i64::from(u32::MAX);
        evening.waves = vec![Wave {
            people: self.people,
            from_second: 0,
            arrivals: self.arrivals.arrivals(),
        }];
        evening.crowd = self.crowd.crowd();
        evening.troubles = self.troubles.troubles();
        evening.seats = (self.seats > 0).then_some(self.seats);
        evening.look_seconds = 30;
        evening
    }
}

impl QueueOptions {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn rate_milli(&self) -> u64 {
        (self.rate * 1_000.0).round() as u64
    }
}

impl ArrivalOptions {
    fn arrivals(&self) -> Arrivals {
        match self.arrivals {
            Shape::Rush => Arrivals::Rush {
                percent: self.rush,
                rush_seconds: self.rush_seconds,
                tail_seconds: self.tail_seconds,
            },
            Shape::Even => Arrivals::Even {
                seconds: self.over_seconds,
            },
        }
    }
}

impl CrowdOptions {
    fn crowd(&self) -> Crowd {
        Crowd {
            no_shows: self.no_shows,
            walk_away: self.goners,
            tire: self.leavers,
            patience_seconds: self.patience_seconds,
            decline: self.decliners,
            stay: Stay::LogNormal {
                median: self.median_seconds,
                spread: self.spread,
            },
        }
    }
}

impl TroubleOptions {
    fn troubles(&self) -> Troubles {
        Troubles {
            late: self.late,
            lost: self.lost,
            doubled: self.doubled,
            clocks: self.clocks,
            documents: self.documents,
            writes: self.writes,
            crashes: self.crashes,
            ..Troubles::default()
        }
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let percent = text.parse().ok();
    let percent = percent.filter(|percent| (0.0..=100.0).contains(percent));
    percent.ok_or_else(|| "not between 0 and 100".to_owned())
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse().ok();
    let number = number.filter(|number: &f64| number.is_finite() && *number > 0.0);
    number.ok_or_else(|| "not more than 0".to_owned())
}
