//! Audits a shop that has sold many seats. Measures how long it takes, what it reads, and how much
//! memory it needs besides the tables, which are in the same process.
//!
//! ```text
//! cargo run --profile fast -p tools --bin measure-audit -- --orders 100000
//! ```
//!
//! One seat is bought. Its items are copied many times with other ids, so that every item is as
//! large as a real one.

use std::{
    collections::HashMap,
    fs,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser;
use local::{Options, Stack, Time};
use serde_json::json;
use shared::{
    aws_sdk_dynamodb::{
        Client as Database,
        error::DisplayErrorContext,
        types::{AttributeValue, PutRequest, WriteRequest},
    },
    domain::{
        ids::{ReservationId, ShowId, UserId},
        seat::SeatNumber,
    },
    futures_util::stream::{self, StreamExt as _, TryStreamExt as _},
    store::keys,
};
use tools::{Bought, Client, Failure, Request, Seat, text};

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

type Item = HashMap<String, AttributeValue>;

/// The tables in which a purchase leaves items.
const TABLES: [&str; 4] = ["Users", "Accounts", "Sessions", "Seats"];

/// DynamoDB accepts this many items at once.
const A_BATCH: usize = 25;

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
    let options = Options {
        time: Time::Frozen,
        demo_shows: Some(1),
        parameters: vec![("AuditMinutes".to_owned(), "0".to_owned())],
        ..Options::default()
    };
    let stack = Stack::start(options)
        .await
        .map_err(|problem| problem.to_string())?;
    let address = stack.url().replace("http://", "");
    let original = Original::buy(&address).await?;
    let database = stack.database();
    copy(&database, &original, arguments.orders).await?;
    count_arrivals(&database, arguments.orders).await?;

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

/// The order that is copied.
struct Original {
    bought: Bought,
    show: ShowId,
}

impl Original {
    /// Buys seat 1 of the demo concert's first date, and draws the first number of its line.
    async fn buy(address: &str) -> Result<Self, Failure> {
        let mut client = Client::open(address).await?;
        let listed = client.ask(Request::get("/v1/concerts")).await?;
        let concert = &listed["concerts"][0];
        let seat = Seat {
            concert_id: text(&concert["concert_id"])?,
            date: text(&concert["first_date"])?,
            number: 1,
        };
        let show = ShowId {
            concert_id: seat.concert_id.parse()?,
            key: seat.date.parse()?,
        };
        let bought = client.buy(&seat).await?;
        Ok(Self { bought, show })
    }

    fn is_named_in(&self, value: &AttributeValue) -> bool {
        let text = value.as_s().map_or("", String::as_str);
        text == self.bought.user_id || text == self.bought.reservation_id
    }
}

/// Copies the items of a purchase until there are this many of each.
async fn copy(database: &Database, original: &Original, orders: u64) -> Result<(), Failure> {
    for table in TABLES {
        let scan = database.scan().table_name(table).send().await?;
        let mut items: Vec<Item> = scan.items.unwrap_or_default();
        items.retain(|item| item.values().any(|value| original.is_named_in(value)));
        let copies = (2..=orders).flat_map(|number| {
            let whose = Copy::new(number);
            items.iter().map(move |item| whose.of(item, original))
        });
        let batches = stream::iter(copies).chunks(A_BATCH);
        batches
            .map(Ok)
            .try_for_each_concurrent(4, async |items| put(database, table, items).await)
            .await?;
        eprintln!("{table}");
    }
    Ok(())
}

async fn put(database: &Database, table: &str, items: Vec<Item>) -> Result<(), Failure> {
    let requests = items.into_iter().map(|item| {
        let put = PutRequest::builder().set_item(Some(item)).build()?;
        Ok(WriteRequest::builder().put_request(put).build())
    });
    let requests: Vec<_> = requests.collect::<Result<_, Failure>>()?;
    let batch = database.batch_write_item().request_items(table, requests);
    batch.send().await?;
    Ok(())
}

/// The ids of a copy, and its seat.
#[derive(Clone, Copy)]
struct Copy {
    number: u64,
    user_id: UserId,
    reservation_id: ReservationId,
}

impl Copy {
    /// The same seat, user and reservation in each table.
    fn new(number: u64) -> Self {
        let id = format!("00000000-0000-4000-8000-{number:012x}");
        Self {
            number,
            user_id: id.parse().expect("an id"),
            reservation_id: id.parse().expect("an id"),
        }
    }

    fn of(self, item: &Item, original: &Original) -> Item {
        let seat = SeatNumber::new(self.number).expect("a seat of the hall");
        let mut copy: Item = item
            .iter()
            .map(|(name, value)| (name.clone(), self.with_other_ids(value, &original.bought)))
            .collect();
        let number = AttributeValue::N(self.number.to_string());
        for (name, value) in [
            (
                "block",
                AttributeValue::S(keys::block(original.show, seat.block())),
            ),
            ("seat", number.clone()),
            ("seats", AttributeValue::L(vec![number.clone()])),
            ("number", number),
        ] {
            if copy.contains_key(name) {
                copy.insert(name.to_owned(), value);
            }
        }
        copy
    }

    fn with_other_ids(self, value: &AttributeValue, bought: &Bought) -> AttributeValue {
        match value {
            AttributeValue::S(text) => AttributeValue::S(
                text.replace(&bought.user_id, &self.user_id.to_string())
                    .replace(&bought.reservation_id, &self.reservation_id.to_string()),
            ),
            other => other.clone(),
        }
    }
}

/// The cohort must have counted all who have arrived.
async fn count_arrivals(database: &Database, orders: u64) -> Result<(), Failure> {
    let scan = database.scan().table_name("Queues").send().await?;
    for mut item in scan.items.unwrap_or_default() {
        for name in ["issued", "arrived"] {
            if item.contains_key(name) {
                item.insert(name.to_owned(), AttributeValue::N(orders.to_string()));
            }
        }
        let put = database.put_item().table_name("Queues");
        put.set_item(Some(item)).send().await?;
    }
    Ok(())
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
