//! Whole purchases under load, each by a new guest and of a free seat. Every answer is checked:
//! sign up, join, place, dates, seats, hold, charge, pay.
//!
//! ```text
//! cargo local-fast --demo-shows 400 --data /tmp/onsale.db \
//!     --parameter-overrides MainRate=10000 MainMaxActive=1000000
//! cargo run --profile fast -p tools --bin purchases -- --purchases 10000
//! ```

use std::{
    process::ExitCode,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use clap::Parser;
use tools::{Bought, Client, Failure, STEPS, Show, exit_code};

/// Buys seats as fast as the shop sells them, and checks every answer.
#[derive(Parser)]
struct Arguments {
    /// Where the shop listens.
    #[arg(long, default_value = "127.0.0.1:3000")]
    address: String,
    /// How many seats to buy.
    #[arg(long, default_value_t = 10_000)]
    purchases: usize,
    /// How many connections buy at once.
    #[arg(long, default_value_t = 50)]
    connections: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(run(&Arguments::parse()).await)
}

async fn run(arguments: &Arguments) -> Result<bool, Failure> {
    let mut client = Client::open(&arguments.address).await?;
    let shows = Arc::new(client.shows().await?);
    let seats: u64 = shows.iter().map(|show| show.seats_left).sum();
    let purchases = arguments.purchases.min(usize::try_from(seats)?);
    println!(
        "buying {purchases} of {seats} seats over {} connections",
        arguments.connections
    );

    let next = Arc::new(AtomicUsize::new(0));
    let tally = Arc::new(Mutex::new(Tally::default()));
    let started = Instant::now();
    let buyers: Vec<_> = (0..arguments.connections)
        .map(|_| {
            let (address, shows) = (arguments.address.clone(), shows.clone());
            let (next, tally) = (next.clone(), tally.clone());
            tokio::spawn(async move { buy(&address, &shows, &next, purchases, &tally).await })
        })
        .collect();
    let progress = tokio::spawn(show_progress(next.clone(), purchases));
    for buyer in buyers {
        buyer.await??;
    }
    let took = started.elapsed();
    progress.abort();

    let tally = Arc::try_unwrap(tally)
        .map_err(|_| "a buyer is still there")?
        .into_inner()?;
    tally.print(took);
    // The earlier connection may have been idle for too long.
    let sold = count_sold(&mut Client::open(&arguments.address).await?, &shows).await?;
    println!("seats sold: {sold}");
    Ok(tally.failures.is_empty() && sold >= purchases)
}

async fn show_progress(next: Arc<AtomicUsize>, purchases: usize) {
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        eprintln!(
            "{} of {purchases}",
            next.load(Ordering::Relaxed).min(purchases)
        );
    }
}

/// Buys seat after seat over one connection, until all are bought.
async fn buy(
    address: &str,
    shows: &[Show],
    next: &AtomicUsize,
    purchases: usize,
    tally: &Mutex<Tally>,
) -> Result<(), Failure> {
    let mut client = Client::open(address).await?;
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        if index >= purchases {
            return Ok(());
        }
        // Purchases at the same time are in different shows, as on a real evening.
        let show = &shows[index % shows.len()];
        let number = u64::try_from(index / shows.len() + 1)?;
        let result = client.buy(&show.seat(number)).await;
        tally
            .lock()
            .map_err(|_| "a buyer has panicked")?
            .add(client.take_times(), result);
    }
}

/// How many seats are sold, according to the shop.
async fn count_sold(client: &mut Client, shows: &[Show]) -> Result<usize, Failure> {
    let mut sold = 0;
    for Show {
        concert_id, date, ..
    } in shows
    {
        let token = client.visitor(Some(concert_id)).await?;
        let seats = client.seats(&token, concert_id, date).await?;
        sold += seats.iter().filter(|(_, status)| status == "SOLD").count();
    }
    Ok(sold)
}

#[derive(Default)]
struct Tally {
    times: Vec<Vec<Duration>>,
    failures: Vec<String>,
    bought: usize,
}

impl Tally {
    fn add(&mut self, times: Vec<Duration>, result: Result<Bought, Failure>) {
        self.times.resize(STEPS.len(), Vec::new());
        for (step, time) in times.into_iter().enumerate() {
            self.times[step].push(time);
        }
        match result {
            Ok(_) => self.bought += 1,
            Err(failure) => self.failures.push(failure.to_string()),
        }
    }

    #[allow(clippy::cast_precision_loss)]
    fn print(&self, took: Duration) {
        println!(
            "{:<10} {:>8} {:>10} {:>10} {:>10}",
            "step", "calls", "p50 ms", "p99 ms", "max ms"
        );
        for (step, times) in STEPS.iter().zip(&self.times) {
            let mut times = times.clone();
            times.sort_unstable();
            let at = |part: usize| {
                let index = (times.len() * part / 100).min(times.len().saturating_sub(1));
                times
                    .get(index)
                    .map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
            };
            println!(
                "{step:<10} {:>8} {:>10.2} {:>10.2} {:>10.2}",
                times.len(),
                at(50),
                at(99),
                at(100)
            );
        }
        for failure in self.failures.iter().take(10) {
            println!("failed: {failure}");
        }
        let rate = self.bought as f64 / took.as_secs_f64();
        println!(
            "{} purchases, {} failures, in {:.1} s: {rate:.0} a second",
            self.bought,
            self.failures.len(),
            took.as_secs_f64(),
        );
    }
}
