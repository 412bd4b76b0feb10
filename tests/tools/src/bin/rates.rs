//! How many requests of each kind a shop answers in a second, every answer checked: joins, polls of
//! people who wait, seat lists, the queue's document, and whole purchases.
//!
//! The rates are those of this machine, with this client on the same processors. To compare two
//! shops, or two versions of one, run it against each of them in turn, several times.

use std::{
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use clap::Parser;
use serde_json::Value;
use tokio::task::JoinSet;
use tools::{Client, Failure, Request, Show, exit_code, expect, list, text};

/// Measures how many requests of each kind a shop answers in a second.
#[derive(Parser)]
struct Arguments {
    /// Where the shop listens.
    #[arg(long, default_value = "127.0.0.1:3000")]
    address: String,
    /// How many seconds each kind of request is sent.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How many connections send at once.
    #[arg(long, default_value_t = 50)]
    connections: usize,
}

/// How many people wait in the line that is polled.
const WAITING: usize = 200;

/// How many buyers look at seats.
const BUYERS: usize = 50;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(run(&Arguments::parse()).await.map(|()| true))
}

async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut client = Client::open(&arguments.address).await?;
    let shows = client.shows().await?;
    println!("| requests | a second | median, ms | 99 %, ms |");
    println!("|---|---|---|---|");

    let signed_up = Load::new(arguments, |_| Request::sign_up("손님"))
        .run()
        .await?;
    signed_up.print("sign-ups");
    let mut guests = Vec::new();
    for answer in &signed_up.answers {
        guests.push(text(&answer["user_id"])?);
    }
    let joins = guests.len();
    let joined = Load {
        at_most: joins,
        ..Load::new(arguments, move |index| Request::join(&guests[index], None))
    };
    joined.run().await?.print("joins");

    let waiting = client.waiting(WAITING).await?;
    let polls = Load::new(arguments, move |index| {
        Request::place(&waiting[index % WAITING])
    });
    let polls = polls.run().await?;
    for answer in &polls.answers {
        expect(answer["status"] == "WAITING", "they wait", answer)?;
    }
    polls.print("polls of people who wait");

    let mut buyers = Vec::new();
    for _ in 0..BUYERS {
        buyers.push(client.visitor(None).await?);
    }
    let offered = shows.clone();
    let lists = Load::new(arguments, move |index| {
        let Show {
            concert_id, date, ..
        } = &offered[index * 7 % offered.len()];
        Request::seats(&buyers[index % BUYERS], concert_id, date)
    });
    let lists = lists.run().await?;
    for answer in &lists.answers {
        expect(
            !list(&answer["seats"])?.is_empty(),
            "there are seats",
            answer,
        )?;
    }
    lists.print("seat lists");

    let documents = Load::new(arguments, |_| Request::get("/v1/queues/main"));
    documents.run().await?.print("queue documents");
    purchases(arguments, shows).await
}

/// Buys seats of all shows for as long.
async fn purchases(arguments: &Arguments, shows: Vec<Show>) -> Result<(), Failure> {
    let (shows, next) = (Arc::new(shows), Arc::new(AtomicUsize::new(0)));
    let started = Instant::now();
    let end = started + Duration::from_secs(arguments.seconds);
    let mut buyers = JoinSet::new();
    for _ in 0..arguments.connections {
        let (shows, next) = (Arc::clone(&shows), Arc::clone(&next));
        let address = arguments.address.clone();
        buyers.spawn(async move {
            let mut client = Client::open(&address).await?;
            let mut times = Vec::new();
            while Instant::now() < end {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let show = &shows[index % shows.len()];
                // From the last seat on: other tools begin with the first.
                let sold = u64::try_from(index / shows.len())?;
                let number = show.capacity.saturating_sub(sold);
                if number == 0 {
                    return Err("there are too few seats: give the shop more shows".into());
                }
                let began = Instant::now();
                client.buy(&show.seat(number)).await?;
                times.push(began.elapsed());
            }
            Ok::<_, Failure>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(bought) = buyers.join_next().await {
        times.extend(bought??);
    }
    let took = started.elapsed();
    Measured {
        took,
        times,
        answers: Vec::new(),
    }
    .print("whole purchases");
    Ok(())
}

/// Requests that are sent over many connections for some time.
struct Load<R> {
    address: String,
    connections: usize,
    lasts: Duration,
    at_most: usize,
    request: R,
}

/// What became of them.
struct Measured {
    took: Duration,
    times: Vec<Duration>,
    answers: Vec<Value>,
}

impl<R: Fn(usize) -> Request + Send + Sync + 'static> Load<R> {
    fn new(arguments: &Arguments, request: R) -> Self {
        Self {
            address: arguments.address.clone(),
            connections: arguments.connections,
            lasts: Duration::from_secs(arguments.seconds),
            at_most: usize::MAX,
            request,
        }
    }

    async fn run(self) -> Result<Measured, Failure> {
        let (request, next) = (Arc::new(self.request), Arc::new(AtomicUsize::new(0)));
        let started = Instant::now();
        let end = started + self.lasts;
        let mut senders = JoinSet::new();
        for _ in 0..self.connections {
            let (request, next) = (Arc::clone(&request), Arc::clone(&next));
            let (address, at_most) = (self.address.clone(), self.at_most);
            senders.spawn(async move {
                let mut client = Client::open(&address).await?;
                let mut answers = Vec::new();
                while Instant::now() < end {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= at_most {
                        break;
                    }
                    answers.push(client.ask(request(index)).await?);
                }
                Ok::<_, Failure>((client.take_times(), answers))
            });
        }
        let (mut times, mut answers) = (Vec::new(), Vec::new());
        while let Some(sent) = senders.join_next().await {
            let (took, answered) = sent??;
            times.extend(took);
            answers.extend(answered);
        }
        let took = started.elapsed();
        Ok(Measured {
            took,
            times,
            answers,
        })
    }
}

impl Measured {
    #[expect(
        clippy::cast_precision_loss,
        reason = "there are not that many requests"
    )]
    fn print(&self, what: &str) {
        let mut times = self.times.clone();
        times.sort_unstable();
        let at = |percent: usize| {
            let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
            let time = times.get(index).copied().unwrap_or_default();
            time.as_secs_f64() * 1_000.0
        };
        let rate = times.len() as f64 / self.took.as_secs_f64();
        println!("| {what} | {rate:.0} | {:.2} | {:.2} |", at(50), at(99));
    }
}
