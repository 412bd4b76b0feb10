//! Kills `cargo local` under load, again and again. After each start it checks that nothing
//! acknowledged is lost, that every unanswered step is done completely or not at all, and that events
//! tell all of it.
//!
//! ```text
//! cargo build --bin local
//! cargo run -p tools --bin crash -- --rounds 100
//! ```

mod books;
mod buyer;
mod events;
mod shop;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, Mutex, atomic::AtomicUsize},
    time::Duration,
};

use clap::Parser;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tools::{Failure, Seat};

use buyer::{Book, keep_buying};
use events::Told;
use shop::Shop;

/// Kills the local stack under load, starts it again, and checks the data.
#[derive(Parser)]
struct Arguments {
    /// How many times to kill it.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// The seed of the moments at which it is killed.
    #[arg(long)]
    seed: Option<u64>,
    /// How many people buy at once.
    #[arg(long, default_value_t = 8)]
    buyers: usize,
    /// The binary of the local stack.
    #[arg(long, default_value = "target/debug/local")]
    binary: PathBuf,
    /// Where the data file is (default: a new directory that is deleted at the end).
    #[arg(long)]
    data: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(rand::random);
    println!("{} rounds, --seed {seed}", arguments.rounds);
    let own = std::env::temp_dir().join(format!("onsale-crash-{seed:016x}"));
    let data = arguments.data.clone().unwrap_or_else(|| own.clone());
    let result = run(&arguments, seed, &data).await;
    match result {
        Ok(()) => {
            let _ = std::fs::remove_dir_all(own);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}\nthe data is in {}", data.display());
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments, seed: u64, data: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(data)?;
    let file = data.join("onsale.db");
    let mut random = StdRng::seed_from_u64(seed);
    let next = Arc::new(AtomicUsize::new(0));
    let mut all = Vec::new();
    let mut told = Told::default();
    for _ in 0..3 {
        kill_while_starting(&arguments.binary, &file, &mut random).await?;
    }
    for round in 1..=arguments.rounds {
        let shop = Shop::start(&arguments.binary, &file).await?;
        let (mut books, moment) =
            buy_until_killed(shop, arguments.buyers, &next, &mut random).await?;
        if random.random_ratio(1, 4) {
            kill_while_starting(&arguments.binary, &file, &mut random).await?;
        }

        let shop = Shop::start(&arguments.binary, &file).await?;
        let in_doubt = books::settle(&shop, &mut books).await?;
        let latest = books.len();
        all.append(&mut books);
        books::compare_seats(&shop, &all, latest).await?;
        told.read(&shop).await?;
        let (facts, again) = told.compare(&all)?;
        println!(
            "round {round}: killed after {} ms, {latest} people, {in_doubt} of them in the middle of \
             something; {facts} facts are told, {again} of them again",
            moment.as_millis(),
        );
        if round == arguments.rounds {
            books::let_holds_lapse(&shop, &all).await?;
            told.read(&shop).await?;
            told.compare(&all)?;
            shop.audit().await?;
            shop.end().await?;
        } else {
            shop.kill().await?;
        }
    }
    println!("nothing is lost of {} people", all.len());
    Ok(())
}

/// Lets buyers buy, and kills the shop meanwhile. Returns what they know, and the time of the kill.
async fn buy_until_killed(
    shop: Shop,
    buyers: usize,
    next: &Arc<AtomicUsize>,
    random: &mut StdRng,
) -> Result<(Vec<Book>, Duration), Failure> {
    let seats: Arc<Vec<Seat>> = Arc::new(shop.seats().await?);
    let books = Arc::new(Mutex::new(Vec::new()));
    let buyers: Vec<_> = (0..buyers)
        .map(|_| {
            let (address, seats) = (shop.address.clone(), Arc::clone(&seats));
            let (next, books) = (Arc::clone(next), Arc::clone(&books));
            let random = StdRng::seed_from_u64(random.random());
            tokio::spawn(async move { keep_buying(&address, &seats, &next, &books, random).await })
        })
        .collect();
    let moment = Duration::from_millis(random.random_range(50..2_500));
    tokio::time::sleep(moment).await;
    shop.kill().await?;
    for buyer in buyers {
        buyer.await??;
    }
    let books = Arc::into_inner(books).ok_or("a buyer is still there")?;
    Ok((books.into_inner()?, moment))
}

/// Kills a shop before it listens, or just after.
async fn kill_while_starting(
    binary: &Path,
    data: &Path,
    random: &mut StdRng,
) -> Result<(), Failure> {
    let mut process = Shop::spawn(binary, data)?;
    tokio::time::sleep(Duration::from_millis(random.random_range(1..2_000))).await;
    Ok(process.kill().await?)
}
