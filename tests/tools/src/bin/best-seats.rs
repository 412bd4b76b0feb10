//! Sells a hall to people who all ask for the best pair of seats, and shows what that takes.
//!
//! ```text
//! cargo run -p tools --bin best-seats
//! ```
//!
//! The hall has 2,000 seats in 50 rows with two aisles. 1,000 people ask for a pair. Each request
//! under way has an instance of `hold-seats` of its own, as on Lambda: so no instance knows what the
//! others have just sold. A transaction takes 10 to 25 ms, any other call 4 to 8. Transactions with
//! an item in common conflict. Time is virtual: what the machine needs is not counted.

use std::{
    collections::{BTreeSet, VecDeque},
    process::ExitCode,
    sync::{Arc, Mutex},
    time::Duration,
};

use clap::Parser;
use functions::reservations::hold;
use local::{Counts, Pace, Stack};
use serde_json::{Value, json};
use shared::{
    app::App,
    clock::Clock,
    error::ApiError,
    futures_util::future::join_all,
    lambda_http::{Body, RequestExt as _, http},
};
use tokio::time::Instant;
use tools::{Client, Failure, Request, VirtualClock, exit_code, text};

/// Sells a hall in pairs.
#[derive(Parser)]
struct Arguments {
    /// How many requests are under way at once; several for several sales.
    #[arg(long, value_delimiter = ',', default_value = "1,16,64,256")]
    in_flight: Vec<usize>,
    /// From which the times of calls are drawn. The seats are drawn at random each time.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

const ROWS: u32 = 50;
const SEATS_A_ROW: u32 = 40;
const PAIRS: usize = 1_000;
const DATE: &str = "2090-05-01";
const SEATS: &str = "1-10 _1 11-30 _1 31-40";
const GAPS_AFTER: [u32; 3] = [10, 30, 40];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(run(&Arguments::parse()).await)
}

async fn run(arguments: &Arguments) -> Result<bool, Failure> {
    println!(
        "{:>9} {:>12} {:>9} {:>6} {:>6} {:>10} {:>6} {:>7} {:>7} {:>9} {:>8}",
        "in flight",
        "transactions",
        "conflicts",
        "503s",
        "WRU",
        "looks' RRU",
        "views",
        "ms 50 %",
        "ms 99 %",
        "first row",
        "singles"
    );
    let mut is_all_sold = true;
    for in_flight in &arguments.in_flight {
        let sale = sell(*in_flight, arguments.seed).await?;
        sale.print(*in_flight);
        is_all_sold &= sale.pairs.len() == PAIRS;
    }
    Ok(is_all_sold)
}

/// What a sale took.
#[derive(Default)]
struct Sale {
    /// The first seat of each pair, in the order in which they were sold.
    pairs: Vec<u32>,
    times: Vec<Duration>,
    busy: usize,
    refused: usize,
    counts: Counts,
}

/// Sells the hall with so many requests at once.
async fn sell(in_flight: usize, seed: u64) -> Result<Sale, Failure> {
    let limits = [("MainMaxActive", "100000"), ("MainRate", "10000")];
    let stack = tools::stack(None, &limits).await?;
    let (concert_id, buyers) = open(&stack).await?;
    let clock: Arc<dyn Clock> = Arc::new(VirtualClock::at(stack.now()));
    let mut instances = Vec::new();
    for _ in 0..in_flight {
        let clock = Arc::clone(&clock);
        instances.push(stack.instance("hold-seats", clock).await);
    }
    tokio::time::pause();
    stack.traffic().turn_on(Pace {
        transaction: 10..=25,
        other: 4..=8,
        seed,
    });
    let buyers = Mutex::new(VecDeque::from(buyers));
    let sale = Mutex::new(Sale::default());
    let work = instances
        .iter()
        .map(|app| serve(app, &concert_id, &buyers, &sale));
    join_all(work).await;
    let counts = stack.traffic().turn_off();
    tokio::time::resume();
    let mut sale = sale.into_inner().map_err(|_| "a request has panicked")?;
    sale.counts = counts;
    Ok(sale)
}

/// Opens the hall. Returns its concert, and the tokens of people who have come in.
async fn open(stack: &Stack) -> Result<(String, Vec<String>), Failure> {
    let mut client = Client::open(&stack.url().replace("http://", "")).await?;
    let (email, password) = ("hall@example.com", "correct horse battery");
    let credentials = json!({ "email": email, "password": password });
    client
        .ask(Request::invoke("make-admin", credentials.clone()))
        .await?;
    let login = Request::post("/v1/auth/login", credentials);
    let token = text(&client.ask(login).await?["token"])?;
    let rows: Vec<_> = (1..=ROWS)
        .map(|row| json!({ "label": row.to_string(), "seats": SEATS }))
        .collect();
    let sections = json!([{ "name": "1", "grade": "R", "rows": rows }]);
    let plan = json!({ "name": "hall", "grades": ["R"], "sections": sections });
    let plan = client
        .ask(Request::create("/v1/plans", plan).token(&token))
        .await?;
    let show = json!({ "date": DATE, "plan_id": plan["plan_id"], "prices": { "R": 1 } });
    let concert = json!({ "name": "hall", "shows": [show] });
    let create = Request::create("/v1/concerts", concert).token(&token);
    let concert_id = text(&client.ask(create).await?["concert_id"])?;
    let mut buyers = Vec::new();
    for _ in 0..PAIRS {
        buyers.push(client.visitor(Some(&concert_id)).await?);
    }
    stack.advance(Duration::from_secs(30)).await;
    for buyer in &buyers {
        client.ask(Request::dates(buyer, &concert_id)).await?;
    }
    Ok((concert_id, buyers))
}

/// Serves one buyer after the other. Whoever gets 503 asks again later.
async fn serve(app: &App, concert_id: &str, buyers: &Mutex<VecDeque<String>>, sale: &Mutex<Sale>) {
    let next = || buyers.lock().ok()?.pop_front();
    while let Some(token) = next() {
        let started = Instant::now();
        let answer = hold::handle(app.clone(), request(concert_id, &token)).await;
        let Ok(mut sale) = sale.lock() else {
            return;
        };
        match answer {
            Ok(response) => {
                sale.times.push(started.elapsed());
                sale.pairs.push(first_seat(response.body()));
            }
            Err(ApiError::Busy(_)) => {
                sale.busy += 1;
                buyers
                    .lock()
                    .into_iter()
                    .for_each(|mut all| all.push_back(token.clone()));
            }
            Err(error) => {
                eprintln!("refused: {error}");
                sale.refused += 1;
            }
        }
    }
}

fn request(concert_id: &str, token: &str) -> shared::lambda_http::Request {
    let wish = json!({ "date": DATE, "best": { "count": 2 } });
    let request = http::Request::builder()
        .method("POST")
        .uri("http://localhost/v1/concerts/reservations")
        .header("authorization", format!("Bearer {token}"))
        .body(Body::Text(wish.to_string()));
    let path = [("concert_id".to_owned(), vec![concert_id.to_owned()])];
    let request = request.expect("a request that we wrote is valid");
    request.with_path_parameters(std::collections::HashMap::from(path))
}

fn first_seat(body: &Body) -> u32 {
    let held: Value = serde_json::from_slice(body).unwrap_or_default();
    let seat = held["seat_numbers"][0].as_u64().unwrap_or_default();
    u32::try_from(seat).unwrap_or_default()
}

impl Sale {
    #[expect(clippy::cast_precision_loss, reason = "a few thousand calls")]
    fn print(&self, in_flight: usize) {
        let calls = |name: &str| self.counts.calls.get(name).copied().unwrap_or_default() as f64;
        let sold = self.pairs.len() as f64;
        let transactions = calls("TransactWriteItems") / sold;
        let mut times = self.times.clone();
        times.sort_unstable();
        let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)].as_millis();
        let first = self.pairs.iter().take(100);
        let row = first
            .map(|seat| f64::from((seat - 1) / SEATS_A_ROW))
            .sum::<f64>()
            / 100.0;
        println!(
            "{in_flight:>9} {transactions:>12.2} {:>9} {:>6} {:>6.1} {:>10.1} {:>6.2} {:>7} {:>7} \
             {row:>9.2} {:>8}",
            self.counts.conflicts,
            self.busy,
            // The session and two seats.
            6.0 * transactions,
            2.0 * calls("BatchGetItem") / sold,
            // A view of the whole hall is four blocks.
            calls("Query") / 4.0 / sold,
            at(50),
            at(99),
            self.singles(),
        );
        if self.pairs.len() < PAIRS {
            println!("{} pairs sold, {} refused", self.pairs.len(), self.refused);
        }
    }

    /// How many free seats have no free neighbour.
    fn singles(&self) -> usize {
        let taken: BTreeSet<_> = self
            .pairs
            .iter()
            .flat_map(|seat| [*seat, seat + 1])
            .collect();
        let is_gap_after = |seat: u32| GAPS_AFTER.contains(&((seat - 1) % SEATS_A_ROW + 1));
        let is_free = |seat: u32| {
            let is_seat = (1..=ROWS * SEATS_A_ROW).contains(&seat);
            is_seat && !taken.contains(&seat)
        };
        let is_single = |seat: &u32| {
            let left = *seat > 1 && !is_gap_after(seat - 1) && is_free(seat - 1);
            let right = !is_gap_after(*seat) && is_free(seat + 1);
            is_free(*seat) && !left && !right
        };
        (1..=ROWS * SEATS_A_ROW).filter(is_single).count()
    }
}
