//! Whole purchases under load, each of a new guest and a free seat, and every answer checked:
//! sign up, join, ask for the place, dates, seats, hold, charge, pay.
//!
//! ```text
//! cargo local-fast --demo-shows 400 --data /tmp/onsale.db \
//!     --parameter-overrides MainRate=10000 MainMaxActive=1000000
//! cargo run --profile fast -p tests --example purchases -- --purchases 10000
//! ```

mod connection;
mod visitor;

use std::{
    collections::BTreeMap,
    process::ExitCode,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use clap::Parser;
use serde_json::{Value, json};

use connection::{Connection, Failure, text};
use visitor::visitor;

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

/// The steps of a purchase, in their order.
const STEPS: [&str; 8] = [
    "sign-up", "join", "poll", "dates", "seats", "hold", "charge", "pay",
];

/// A show with its seats to sell.
struct Show {
    concert_id: String,
    date: String,
    capacity: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<bool, Failure> {
    let shows = Arc::new(shows(&arguments.address).await?);
    let seats: usize = shows.iter().map(|show| show.capacity).sum();
    let purchases = arguments.purchases.min(seats);
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
    let sold = count_sold(&arguments.address, &shows).await?;
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
    let mut connection = Connection::open(address).await?;
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        if index >= purchases {
            return Ok(());
        }
        // Neighbours in time buy in different shows, as people do.
        let show = &shows[index % shows.len()];
        let mut purchase = Purchase {
            connection: &mut connection,
            times: Vec::new(),
        };
        let result = purchase.run(show, index / shows.len() + 1).await;
        let times = purchase.times;
        tally
            .lock()
            .map_err(|_| "a buyer has panicked")?
            .add(times, result);
    }
}

struct Purchase<'a> {
    connection: &'a mut Connection,
    times: Vec<Duration>,
}

impl Purchase<'_> {
    async fn run(&mut self, show: &Show, seat: usize) -> Result<(), Failure> {
        let user = self
            .step(
                "POST",
                "/v1/users",
                "",
                Some(json!({ "name": "부하" })),
                201,
            )
            .await?;
        let user_id = text(&user["user_id"])?;

        let body = json!({ "user_id": user_id, "concert_id": show.concert_id });
        let joined = self
            .step("POST", "/v1/auth/tokens", "", Some(body), 200)
            .await?;
        let token = text(&joined["token"])?;
        let place = self
            .step("GET", "/v1/auth/tokens", &token, None, 200)
            .await?;
        expect(place["status"] == "ACTIVE", "it is our turn", &place)?;

        let concert = format!("/v1/concerts/{}", show.concert_id);
        let dates = self
            .step("GET", &format!("{concert}/dates"), &token, None, 200)
            .await?;
        let listed = dates["dates"].as_array().into_iter().flatten();
        let price = listed
            .filter(|date| date["date"] == show.date.as_str())
            .map(|date| date["price"].clone())
            .next()
            .ok_or("the date is not listed")?;
        let path = format!("{concert}/seats?date={}", show.date);
        let seats = self.step("GET", &path, &token, None, 200).await?;
        expect(
            seats["seats"][seat - 1]["status"] == "FREE",
            "the seat is free",
            &seats["seats"][seat - 1],
        )?;

        let reservations = format!("{concert}/reservations");
        let body = json!({ "date": show.date, "seat_number": seat });
        let held = self
            .step("POST", &reservations, &token, Some(body), 200)
            .await?;
        let reservation_id = text(&held["reservation_id"])?;
        let path = format!("/v1/users/{user_id}/balance");
        let charged = self
            .step("POST", &path, &token, Some(json!({ "amount": price })), 200)
            .await?;
        expect(
            charged["current_balance"] == price,
            "the money is there",
            &charged,
        )?;
        let body = json!({
            "reservation_id": reservation_id,
            "payment_details": { "amount": price },
        });
        let path = format!("{reservations}/{reservation_id}/payments");
        let paid = self.step("POST", &path, &token, Some(body), 200).await?;
        expect(
            paid["seat_number"] == seat && paid["current_balance"] == 0,
            "the seat is ours",
            &paid,
        )
    }

    async fn step(
        &mut self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<Value>,
        status: u16,
    ) -> Result<Value, Failure> {
        let started = Instant::now();
        let (answered, body) = self.connection.send(method, path, token, body).await?;
        self.times.push(started.elapsed());
        expect(
            answered == status,
            &format!("{method} {path} answers {status}, not {answered}"),
            &body,
        )?;
        Ok(body)
    }
}

/// All shows of all concerts on sale.
async fn shows(address: &str) -> Result<Vec<Show>, Failure> {
    let mut connection = Connection::open(address).await?;
    let (_, listed) = connection.send("GET", "/v1/concerts", "", None).await?;
    let mut shows = Vec::new();
    for concert in listed["concerts"]
        .as_array()
        .ok_or("there is no list of concerts")?
    {
        let concert_id = text(&concert["concert_id"])?;
        let token = visitor(&mut connection, Some(&concert_id)).await?;
        let path = format!("/v1/concerts/{concert_id}/dates");
        let (_, dates) = connection.send("GET", &path, &token, None).await?;
        for show in dates["dates"]
            .as_array()
            .ok_or("there is no list of dates")?
        {
            shows.push(Show {
                concert_id: concert_id.clone(),
                date: text(&show["date"])?,
                capacity: usize::try_from(show["seats_left"].as_u64().ok_or("no seats left?")?)?,
            });
        }
    }
    if shows.is_empty() {
        Err("there is nothing on sale".into())
    } else {
        Ok(shows)
    }
}

/// How many seats the shop says are sold.
async fn count_sold(address: &str, shows: &[Show]) -> Result<usize, Failure> {
    let mut connection = Connection::open(address).await?;
    let mut sold = 0;
    let mut tokens = BTreeMap::new();
    for Show {
        concert_id, date, ..
    } in shows
    {
        if !tokens.contains_key(concert_id) {
            tokens.insert(
                concert_id,
                visitor(&mut connection, Some(concert_id)).await?,
            );
        }
        let path = format!("/v1/concerts/{concert_id}/seats?date={date}");
        let (_, seats) = connection
            .send("GET", &path, &tokens[concert_id], None)
            .await?;
        let seats = seats["seats"]
            .as_array()
            .ok_or("there is no list of seats")?;
        sold += seats.iter().filter(|seat| seat["status"] == "SOLD").count();
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
    fn add(&mut self, times: Vec<Duration>, result: Result<(), Failure>) {
        self.times.resize(STEPS.len(), Vec::new());
        for (step, time) in times.into_iter().enumerate() {
            self.times[step].push(time);
        }
        match result {
            Ok(()) => self.bought += 1,
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

fn expect(holds: bool, what: &str, seen: &Value) -> Result<(), Failure> {
    if holds {
        Ok(())
    } else {
        Err(format!("expected that {what}: {seen}").into())
    }
}
