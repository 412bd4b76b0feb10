//! Audits a shop that has sold many seats. Measures how long it takes, what it reads, and how much
//! memory it needs besides the tables, which are in the same process.
//!
//! ```text
//! cargo run --profile fast -p tools --bin measure-audit -- --orders 100000
//! ```
//!
//! One seat is bought, and its items are copied.

use std::{
    fs,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser;
use serde_json::json;
use shared::aws_sdk_dynamodb::error::DisplayErrorContext;
use tools::{Client, Failure, Original, Request};

/// Audits many orders.
#[derive(Parser)]
struct Arguments {
    /// How many orders there are. They are seats of one show, so at most 100,000.
    #[arg(long, default_value_t = 100_000)]
    orders: u64,
    /// What each run may read, in read units.
    #[arg(long, default_value_t = 100_000)]
    read_units: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}", DisplayErrorContext(&*failure));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let stack = tools::stack(Some(1), &[("AuditMinutes", "0")]).await?;
    let address = stack.url().replace("http://", "");
    let original = Original::buy(&address).await?;
    let (database, orders) = (stack.database(), arguments.orders);
    original.copy(&database, orders, orders).await?;

    let before = Memory::now();
    let (mut runs, mut read, mut took) = (0, 0.0, Duration::ZERO);
    let report = loop {
        let started = Instant::now();
        let command = json!({ "read_units": arguments.read_units });
        let mut client = Client::open(&address).await?;
        let run = client.ask(Request::invoke("audit", command));
        let report = stack.without_waiting("audit", run).await?;
        (runs, took) = (runs + 1, took + started.elapsed());
        read += report["run"]["read_units"].as_f64().unwrap_or_default();
        if report["is_over"] == true {
            break report;
        }
    };
    println!("checked {}", report["checked"]);
    println!("violations {} {}", report["violations"], report["kinds"]);
    println!("{took:.1?} in {runs} runs");
    let thousands = f64::from(u32::try_from(arguments.orders)?) / 1_000.0;
    println!(
        "{read:.0} RRU, {:.0} for a thousand orders",
        read / thousands
    );
    if let (Some(before), Some(max)) = (before, Memory::max()) {
        println!(
            "{} MB of memory at most",
            max.saturating_sub(before) / 1_024
        );
    }
    if report["violations"] == 0 {
        Ok(())
    } else {
        Err(report["examples"].to_string().into())
    }
}

/// How much memory this process has, in KB, if the system says it.
struct Memory;

impl Memory {
    /// The memory now. Also resets the maximum.
    fn now() -> Option<u64> {
        fs::write("/proc/self/clear_refs", "5").ok()?;
        Self::field("VmRSS:")
    }

    /// The maximum since then.
    fn max() -> Option<u64> {
        Self::field("VmHWM:")
    }

    fn field(name: &str) -> Option<u64> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    }
}
