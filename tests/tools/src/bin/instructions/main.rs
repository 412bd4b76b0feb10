//! How many processor instructions one request costs a function that is warm, in builds of the
//! functions as they are deployed. Also how large a function is, how much memory it has after its
//! first requests, and how long it takes from its start to its first poll for an event.
//!
//! A function runs in a process of its own, on the tables and queues of a running `cargo local`.
//! This tool is its Lambda runtime API. Each request is a real one, and each must succeed.
//!
//! Valgrind counts, so the machine's load and its speed do not matter. It counts everything in the
//! process: the runtime of Lambda, the handler, the AWS SDK. Valgrind's processor has neither
//! AVX-512 nor instructions for SHA-256. Calls of AWS go to the local stack over plain HTTP; on AWS
//! there is TLS.

mod events;
mod instance;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::{Parser, ValueEnum as _};
use tools::{Failure, exit_code};

use self::{
    events::{Function, Shop},
    instance::{Instance, Under},
};

/// Counts the instructions of one warm request of each function.
#[derive(Parser)]
struct Arguments {
    /// Where `cargo local` listens. It should have 400 demo shows, and let everybody in.
    #[arg(long, default_value = "127.0.0.1:3000")]
    address: String,
    /// Which functions; all three by default.
    #[arg(long)]
    function: Vec<Function>,
    /// How many requests come before those that are counted.
    #[arg(long, default_value_t = 20)]
    warm: usize,
    /// How many requests are counted.
    #[arg(long, default_value_t = 100, value_parser = at_least_one)]
    requests: usize,
    /// How often they are counted.
    #[arg(long, default_value_t = 3, value_parser = at_least_one)]
    repeat: usize,
    /// How many starts are measured.
    #[arg(long, default_value_t = 21, value_parser = at_least_one)]
    starts: usize,
    /// Keeps Valgrind's profiles in this directory, for `callgrind_annotate`. They have names of
    /// functions only for binaries that are not stripped.
    #[arg(long)]
    profiles: Option<PathBuf>,
    /// Directories of binaries, which are measured in turn.
    #[arg(required = true)]
    builds: Vec<PathBuf>,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("a whole number from 1 is needed".to_owned()),
    }
}

/// How many requests a function has answered when its memory is read.
const FIRST_REQUESTS: usize = 10;

#[tokio::main]
async fn main() -> ExitCode {
    exit_code(run(&Arguments::parse()).await.map(|()| true))
}

async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut shop = Shop::open(&arguments.address, arguments.warm + arguments.requests).await?;
    let functions = if arguments.function.is_empty() {
        Function::value_variants()
    } else {
        &arguments.function
    };
    println!(
        "| function | build | instructions a request | fewest, most | MB | memory, MB | start, ms |"
    );
    println!("|---|---|---|---|---|---|---|");
    for &function in functions {
        let environment = shop.environment(function).await?;
        let mut measured = vec![Measured::default(); arguments.builds.len()];
        for round in 0..arguments.repeat {
            for (build, measured) in arguments.builds.iter().zip(&mut measured) {
                let counting = Counting {
                    arguments,
                    function,
                    binary: build.join(function.name()),
                    environment: &environment,
                };
                let name = format!("{function}-{}", build.display()).replace('/', "-");
                let counted = counting.request(&mut shop, &name, round).await?;
                measured.instructions.push(counted);
            }
        }
        for _ in 0..arguments.starts {
            for (build, measured) in arguments.builds.iter().zip(&mut measured) {
                let binary = build.join(function.name());
                let instance = Instance::start(&binary, &environment, Under::Nothing).await?;
                measured.starts.push(instance.started_in());
                instance.end().await?;
            }
        }
        for (build, measured) in arguments.builds.iter().zip(&mut measured) {
            let binary = build.join(function.name());
            measured.bytes = fs::metadata(&binary)?.len();
            measured.memory = memory(&mut shop, function, &binary, &environment).await?;
            println!("| {function} | {} | {measured}", build.display());
        }
    }
    Ok(())
}

/// A function that is counted.
struct Counting<'a> {
    arguments: &'a Arguments,
    function: Function,
    binary: PathBuf,
    environment: &'a BTreeMap<String, String>,
}

impl Counting<'_> {
    /// The instructions of one request: the difference between a process that answers more requests
    /// and one that answers fewer, so that the start is not in it.
    async fn request(&self, shop: &mut Shop, name: &str, round: usize) -> Result<u64, Failure> {
        let Arguments { warm, requests, .. } = *self.arguments;
        let few = self
            .process(shop, warm, &format!("{name}-{round}-few"))
            .await?;
        let many = self
            .process(shop, warm + requests, &format!("{name}-{round}"))
            .await?;
        let difference = many.checked_sub(few);
        let difference = difference.ok_or("more requests have cost fewer instructions")?;
        Ok(difference / u64::try_from(requests)?)
    }

    /// The instructions of a process that answers so many requests.
    async fn process(&self, shop: &mut Shop, requests: usize, name: &str) -> Result<u64, Failure> {
        let events = shop.events(self.function, requests).await?;
        let profile = match &self.arguments.profiles {
            Some(directory) => directory.join(name),
            None => PathBuf::from("/dev/null"),
        };
        let under = Under::Callgrind { profile: &profile };
        let mut instance = Instance::start(&self.binary, self.environment, under).await?;
        for event in &events {
            instance.answer(event).await?;
        }
        let count = instance.end().await?;
        count.ok_or_else(|| "Valgrind has not said what it counted".into())
    }
}

/// The memory of a function after its first requests, in bytes.
async fn memory(
    shop: &mut Shop,
    function: Function,
    binary: &Path,
    environment: &BTreeMap<String, String>,
) -> Result<u64, Failure> {
    let events = shop.events(function, FIRST_REQUESTS).await?;
    let mut instance = Instance::start(binary, environment, Under::Nothing).await?;
    for event in &events {
        instance.answer(event).await?;
    }
    let memory = instance.memory()?;
    instance.end().await?;
    Ok(memory)
}

/// What was measured of a function in one build.
#[derive(Default, Clone)]
struct Measured {
    instructions: Vec<u64>,
    starts: Vec<Duration>,
    bytes: u64,
    memory: u64,
}

/// Writes the cells of a table.
impl std::fmt::Display for Measured {
    #[expect(clippy::cast_precision_loss, reason = "no number is that large")]
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (mut instructions, mut starts) = (self.instructions.clone(), self.starts.clone());
        instructions.sort_unstable();
        starts.sort_unstable();
        let median = instructions[instructions.len() / 2];
        let (fewest, most) = (instructions[0], instructions[instructions.len() - 1]);
        let mega = |bytes: u64| bytes as f64 / 1e6;
        let start = starts[starts.len() / 2].as_secs_f64() * 1e3;
        write!(
            formatter,
            "{} | {}, {} | {:.2} | {:.2} | {start:.1} |",
            grouped(median),
            grouped(fewest),
            grouped(most),
            mega(self.bytes),
            mega(self.memory),
        )
    }
}

/// A number with a comma before each group of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
