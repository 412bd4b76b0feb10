//! Audits a shop that has sold many seats: how long it takes, what it reads, and how much memory it
//! needs beside the tables, which are in the same process.
//!
//! ```text
//! cargo run --profile fast -p tests --example audit -- --orders 100000
//! ```
//!
//! One seat is bought. What that wrote is copied as often as it takes, with other ids, so that
//! every item is as large as a real one.

use std::{
    collections::HashMap,
    fs,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes};
use hyper_util::{client::legacy, rt::TokioExecutor};
use local::{Options, Stack, Time};
use serde_json::{Value, json};
use shared::{
    aws_sdk_dynamodb::{
        Client,
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

/// Audits many orders.
#[derive(Parser)]
struct Arguments {
    /// How many orders there are; seats of one show, so at most 100,000.
    #[arg(long, default_value_t = 100_000)]
    orders: u64,
    /// What each run may read, in read units.
    #[arg(long, default_value_t = 100_000)]
    read_units: u64,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Item = HashMap<String, AttributeValue>;

/// The tables that a purchase leaves something in.
const TABLES: [&str; 4] = ["Users", "Accounts", "Sessions", "Seats"];

/// DynamoDB takes so many at once.
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
    let shop = Shop {
        client: legacy::Client::builder(TokioExecutor::new()).build_http(),
        url: stack.url(),
    };
    let bought = shop.buy().await?;
    let database = stack.database();
    copy(&database, &bought, arguments.orders).await?;
    count_arrivals(&database, arguments.orders).await?;

    let before = Memory::now();
    let (mut runs, mut read, mut took) = (0, 0.0, Duration::ZERO);
    let report = loop {
        let started = Instant::now();
        let order = json!({ "read_units": arguments.read_units });
        let path = "/2015-03-31/functions/audit/invocations";
        let run = shop.post(path, "", &order);
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
    if let (Some(before), Some(most)) = (before, Memory::most()) {
        println!(
            "{} MB of memory at most",
            most.saturating_sub(before) / 1_024
        );
    }
    if report["violations"] == 0 {
        Ok(())
    } else {
        Err(report["examples"].to_string().into())
    }
}

struct Shop {
    client: legacy::Client<legacy::connect::HttpConnector, Full<Bytes>>,
    url: String,
}

/// What was bought, and by whom.
struct Bought {
    user_id: String,
    reservation_id: String,
    show: ShowId,
}

impl Bought {
    fn is_named_in(&self, value: &AttributeValue) -> bool {
        let text = value.as_s().map_or("", String::as_str);
        text == self.user_id || text == self.reservation_id
    }
}

impl Shop {
    /// Buys seat 1 of the demo concert's first date.
    async fn buy(&self) -> Result<Bought, Failure> {
        let user = self
            .post("/v1/users", "", &json!({ "name": "감사" }))
            .await?;
        let user_id = text(&user["user_id"])?;
        let body = json!({ "user_id": user_id });
        let joined = self.post("/v1/auth/tokens", "", &body).await?;
        let token = text(&joined["token"])?;
        let concerts = self.call("GET", "/v1/concerts", "", None).await?;
        let concert = &concerts["concerts"][0];
        let (concert_id, date) = (text(&concert["concert_id"])?, text(&concert["first_date"])?);
        let reservations = format!("/v1/concerts/{concert_id}/reservations");
        let body = json!({ "date": date, "seat_number": 1 });
        let held = self.post(&reservations, &token, &body).await?;
        let amount = &held["payment"]["amount"];
        let balance = format!("/v1/users/{user_id}/balance");
        let body = json!({ "amount": amount });
        self.post(&balance, &token, &body).await?;
        let reservation_id = text(&held["reservation_id"])?;
        let body = json!({
            "reservation_id": reservation_id, "payment_details": { "amount": amount },
        });
        let payments = format!("{reservations}/{reservation_id}/payments");
        self.post(&payments, &token, &body).await?;
        let show = ShowId {
            concert_id: concert_id.parse()?,
            date: date.parse()?,
        };
        Ok(Bought {
            user_id,
            reservation_id,
            show,
        })
    }

    async fn post(&self, path: &str, token: &str, body: &Value) -> Result<Value, Failure> {
        self.call("POST", path, token, Some(body)).await
    }

    async fn call(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let response = self.client.request(request.body(body.into())?).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if status.is_success() {
            Ok(serde_json::from_slice(&body)?)
        } else {
            Err(format!(
                "{method} {path}: {status} {}",
                String::from_utf8_lossy(&body)
            )
            .into())
        }
    }
}

/// Copies what a purchase wrote, so that there are so many of it.
async fn copy(database: &Client, bought: &Bought, orders: u64) -> Result<(), Failure> {
    for table in TABLES {
        let scan = database.scan().table_name(table).send().await?;
        let mut items: Vec<Item> = scan.items.unwrap_or_default();
        items.retain(|item| item.values().any(|value| bought.is_named_in(value)));
        let copies = (2..=orders).flat_map(|number| {
            let whose = Copy::new(number);
            items.iter().map(move |item| whose.of(item, bought))
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

async fn put(database: &Client, table: &str, items: Vec<Item>) -> Result<(), Failure> {
    let requests = items.into_iter().map(|item| {
        let put = PutRequest::builder().set_item(Some(item)).build()?;
        Ok(WriteRequest::builder().put_request(put).build())
    });
    let requests: Vec<_> = requests.collect::<Result<_, Failure>>()?;
    let batch = database.batch_write_item().request_items(table, requests);
    batch.send().await?;
    Ok(())
}

/// Whose a copy is, and of which seat.
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

    fn of(self, item: &Item, bought: &Bought) -> Item {
        let seat = SeatNumber::new(self.number).expect("a seat of the hall");
        let mut copy: Item = item
            .iter()
            .map(|(name, value)| (name.clone(), self.with_other_ids(value, bought)))
            .collect();
        let number = AttributeValue::N(self.number.to_string());
        for (name, value) in [
            (
                "block",
                AttributeValue::S(keys::block(bought.show, seat.block())),
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

/// The line has to know of all who have arrived.
async fn count_arrivals(database: &Client, orders: u64) -> Result<(), Failure> {
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

/// What this process has of the machine's memory, in KB, where the system tells.
struct Memory;

impl Memory {
    /// Now; the most that it had begins anew.
    fn now() -> Option<u64> {
        fs::write("/proc/self/clear_refs", "5").ok()?;
        Self::field("VmRSS:")
    }

    /// The most that it had since then.
    fn most() -> Option<u64> {
        Self::field("VmHWM:")
    }

    fn field(name: &str) -> Option<u64> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    }
}

fn text(value: &Value) -> Result<String, Failure> {
    let text = value.as_str().ok_or_else(|| format!("no text: {value}"))?;
    Ok(text.to_owned())
}
