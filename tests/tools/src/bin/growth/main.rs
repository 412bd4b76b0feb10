//! Shows that no request but one, a statement, costs more when there is more data: with 100,000 concerts of five shows, a
//! million users, a million sessions in a queue and a million orders.
//!
//! ```text
//! cargo run --profile fast -p tools --bin growth -- --data DIRECTORY
//! ```
//!
//! Two shops run in this process. Both have the same concert, queues and customers, made through the
//! API. Then the items of one concert, user, session and order are copied in both, with other ids:
//! in one shop just enough for a full page of each list, in the other as many as the options say.
//! Every function is called in both, request by request in turn, so that whatever slows the machine
//! down slows down both.
//!
//! Each request must make the same calls and consume the same units in both shops, exactly. And the
//! median of the processor time that it takes must be at most `--limit` times that in the small
//! shop. Client, stack and database are one process, so the processor time is that of all of them,
//! and what else runs on the machine matters little. The time by the clock is printed beside it.

mod comparison;
mod copies;
mod round;
mod shop;

use std::{
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Parser;
use local::{Stack, Storage, Time};
use shared::jiff::Timestamp;
use tokio::sync::Mutex;
use tools::{Failure, exit_code};

use self::{
    comparison::{Comparison, Measured},
    copies::{Sizes, fill},
    shop::Shop,
};

/// Shows that no request costs more when there is more data.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    sizes: Sizes,
    /// How many times each request is sent to each shop.
    #[arg(long, default_value_t = 100)]
    rounds: u32,
    /// How many times as much processor time a request may take in the large shop.
    #[arg(long, default_value_t = 1.2)]
    limit: f64,
    /// Requires nothing of the times, only that the same is consumed.
    #[arg(long)]
    consumption_only: bool,
    /// An empty directory for the tables, as `cargo local --data` has them. Without it they are in
    /// memory.
    #[arg(long)]
    data: Option<PathBuf>,
}

/// Rounds that are not measured, in which each function starts.
const FIRST_ROUNDS: u32 = 2;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(run(&Arguments::parse()).await)
}

async fn run(arguments: &Arguments) -> Result<bool, Failure> {
    let rounds = FIRST_ROUNDS + arguments.rounds;
    let few = Sizes::few(rounds);
    arguments.sizes.require_at_least(&few)?;
    let (turn, start) = (Arc::default(), Time::FrozenAt(now()?));
    let mut small = arguments.open("small", &few, &turn, start).await?;
    let mut large = arguments
        .open("large", &arguments.sizes, &turn, start)
        .await?;

    small.settle(few.sessions).await?;
    large.settle(arguments.sizes.sessions).await?;

    let started = Instant::now();
    for round in 0..rounds {
        if round == FIRST_ROUNDS {
            small.measured = Measured::default();
            large.measured = Measured::default();
        }
        // Each of them is the first one in every other round.
        if round % 2 == 0 {
            tokio::try_join!(small.round(round), large.round(round))?;
        } else {
            tokio::try_join!(large.round(round), small.round(round))?;
        }
    }
    eprintln!("{rounds} rounds: {:.1?}", started.elapsed());
    small.measured.require_all(small.stack.functions())?;
    let comparison = Comparison::of(&small.measured, &large.measured);
    comparison.print();
    let limit = (!arguments.consumption_only).then_some(arguments.limit);
    Ok(comparison.is_right(limit))
}

impl Arguments {
    /// Opens a shop, and fills its tables.
    async fn open(
        &self,
        name: &str,
        sizes: &Sizes,
        turn: &Arc<Mutex<()>>,
        start: Time,
    ) -> Result<Shop, Failure> {
        let storage = match &self.data {
            Some(directory) => Storage::File(directory.join(format!("{name}.db"))),
            None => Storage::Memory,
        };
        let shop = Shop::open(storage, start, Arc::clone(turn)).await?;
        let started = Instant::now();
        let written = fill(&shop.stack, &shop.originals(), sizes).await?;
        eprintln!(
            "{name}: {sizes}: {written} items in {:.1?}",
            started.elapsed()
        );
        Ok(shop)
    }
}

/// The time in whole seconds.
fn now() -> Result<Timestamp, Failure> {
    Ok(Timestamp::from_second(Timestamp::now().as_second())?)
}

/// Starts a stack, and fails with the text of its problem.
async fn start(options: local::Options) -> Result<Stack, Failure> {
    let started = Stack::start(options).await;
    started.map_err(|problem| problem.to_string().into())
}

/// A number of seconds.
const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
