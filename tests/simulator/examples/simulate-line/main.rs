//! An on-sale in virtual time: a million people in seconds, with the real rules of the line.
//!
//! ```text
//! cargo run --release --example simulate-line
//! cargo run --release --example simulate-line -- --help
//! cargo run --release --example simulate-line -- --people 100000 --seats 0 --svg line.svg
//! ```
//!
//! Prints what was measured. Fails if a promise of the line was broken.

mod options;
mod picture;
mod report;

use std::{
    io::{self, IsTerminal, Write as _},
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser as _;
use simulator::Progress;

use crate::options::Options;

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the line kept its promises.
fn run(options: &Options) -> Result<bool, Box<dyn std::error::Error>> {
    let evening = options.evening();
    let started = Instant::now();
    let mut ticker = Ticker::new(evening.people());
    let outcome = evening.play_with_progress(|progress| ticker.show(progress));
    ticker.clear();
    report::print(
        &mut io::stdout().lock(),
        &evening,
        &outcome,
        started.elapsed(),
    )?;
    if let Some(file) = &options.svg {
        picture::draw(file, &evening, &outcome)?;
    }
    Ok(outcome.broken.is_empty() && outcome.out_of_order == 0)
}

/// Shows the progress on a terminal.
struct Ticker {
    people: u64,
    shown: Option<Instant>,
    is_watched: bool,
}

impl Ticker {
    /// A shorter wait needs no progress.
    const EVERY: Duration = Duration::from_millis(250);

    fn new(people: u64) -> Self {
        Self {
            people,
            shown: None,
            is_watched: io::stderr().is_terminal(),
        }
    }

    fn show(&mut self, progress: Progress) {
        let is_due = self
            .shown
            .is_none_or(|shown| shown.elapsed() >= Self::EVERY);
        if !self.is_watched || !is_due {
            return;
        }
        self.shown = Some(Instant::now());
        eprint!(
            "\r{}: {} of {} have come, {} have been let in ",
            report::duration(progress.second),
            progress.joined,
            self.people,
            progress.admitted
        );
        io::stderr().flush().ok();
    }

    fn clear(&self) {
        if self.shown.is_some() {
            eprint!("\r{:78}\r", "");
        }
    }
}
