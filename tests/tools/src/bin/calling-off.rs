//! Calls a large show off, and shows what it takes to give everybody their money back.
//!
//! ```text
//! cargo run --profile fast --bin calling-off
//! ```
//!
//! First in virtual time: a transaction takes 10 to 25 ms, any other call 4 to 8. What the machine
//! needs is not counted. Then once more, with calls that are killed at random, payments between them,
//! and an audit after every few. At the end each account has what was charged to it, and no order is
//! paid.

use std::{
    collections::{HashMap, HashSet},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::Parser;
use functions::concerts::call_off;
use local::{Fault, Pace, Stack, When};
use serde_json::{Value, json};
use shared::{
    aws_sdk_dynamodb::types::AttributeValue,
    clock::Clock,
    lambda_http::{Body, RequestExt as _, http},
    store::usage::metered,
};
use tokio::time::Instant;
use tools::{Client, Failure, Original, Request, Seat, VirtualClock, exit_code, list, text};

/// Calls a show off.
#[derive(Parser)]
struct Arguments {
    /// How many seats are sold, each to a buyer of its own.
    #[arg(long, default_value_t = 50_000)]
    orders: u64,
    /// How many people hold a seat, and pay for it between the calls.
    #[arg(long, default_value_t = 100)]
    paying: u64,
    /// The share of calls to the database at which the function is killed.
    #[arg(long, default_value_t = 0.001)]
    killed: f64,
    /// From which the times of calls and the kills are drawn.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(run(&Arguments::parse()).await)
}

async fn run(arguments: &Arguments) -> Result<bool, Failure> {
    measure(arguments).await?;
    kill(arguments).await?;
    Ok(true)
}

/// A shop that has sold many seats of one show, and an administrator.
struct Shop {
    stack: Stack,
    original: Original,
    client: Client,
    admin: String,
}

impl Shop {
    async fn open(arguments: &Arguments) -> Result<Self, Failure> {
        let limits = [
            ("AuditMinutes", "0"),
            ("MainMaxActive", "100000"),
            ("MainRate", "10000"),
        ];
        let stack = tools::stack(Some(1), &limits).await?;
        let address = stack.url().replace("http://", "");
        let original = Original::buy(&address).await?;
        let seats = arguments.orders + arguments.paying;
        let database = stack.database();
        original.copy(&database, arguments.orders, seats).await?;
        // Instances keep a show for five seconds, and this one has more seats now.
        stack.advance(Duration::from_secs(6)).await;
        let mut client = Client::open(&address).await?;
        let credentials =
            json!({ "email": "operator@example.com", "password": "correct horse battery" });
        let make = Request::invoke("make-admin", credentials.clone());
        client.ask(make).await?;
        let login = client.ask(Request::post("/v1/auth/login", credentials));
        let admin = text(&login.await?["token"])?;
        Ok(Self {
            stack,
            original,
            client,
            admin,
        })
    }

    fn path(&self) -> String {
        let show = self.original.show;
        format!(
            "/v1/concerts/{}/dates/{}/call-off",
            show.concert_id, show.key
        )
    }

    /// Audits all. Fails if anything is wrong.
    async fn audit(&mut self) -> Result<(), Failure> {
        let mut command = json!({ "from_start": true, "read_units": 1_000_000 });
        loop {
            let run = self.client.ask(Request::invoke("audit", command));
            let report = self.stack.without_waiting("audit", run).await?;
            if report["violations"] != 0 {
                return Err(report.to_string().into());
            }
            if report["is_over"] == true {
                return Ok(());
            }
            command = json!({ "read_units": 1_000_000 });
        }
    }

    /// Requires that every account has what was charged to it, and that no order is paid.
    async fn require_all_paid_back(&self) -> Result<usize, Failure> {
        let (mut charged, mut has) = (HashMap::<String, i128>::new(), HashMap::new());
        let mut pages = self
            .stack
            .database()
            .scan()
            .table_name("Accounts")
            .into_paginator()
            .send();
        while let Some(page) = pages.try_next().await? {
            for item in page.items.unwrap_or_default() {
                let of = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
                let number = |name: &str| item.get(name).and_then(number);
                let (Some(user), Some(entry)) = (of("user_id"), of("entry")) else {
                    return Err("an item without a key".into());
                };
                if entry.starts_with("charge#") {
                    *charged.entry(user.clone()).or_default() += number("amount").unwrap_or(0);
                } else if entry == "account" {
                    has.insert(user.clone(), number("balance").unwrap_or(0));
                } else if of("status").is_some_and(|status| status == "PAID") {
                    return Err(format!("the order {entry} is still paid").into());
                }
            }
        }
        // Not everybody was charged anything: the operator was not.
        charged.retain(|_, amount| *amount != 0);
        has.retain(|_, balance| *balance != 0);
        if charged == has {
            Ok(has.len())
        } else {
            Err("an account has another balance than what was charged".into())
        }
    }
}

fn number(value: &AttributeValue) -> Option<i128> {
    value.as_n().ok()?.parse().ok()
}

/// Calls the show off in virtual time, and prints what it takes.
async fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let shop = Shop::open(arguments).await?;
    let clock: Arc<dyn Clock> = Arc::new(VirtualClock::at(shop.stack.now()));
    let function = shop.stack.instance("call-off", clock).await;
    tokio::time::pause();
    let began = Instant::now();
    shop.stack.traffic().turn_on(Pace {
        transaction: 10..=25,
        other: 4..=8,
        seed: arguments.seed,
    });
    let (mut calls, mut read, mut written, mut orders) = (0_u32, 0.0, 0.0, 0);
    let mut worked = Duration::ZERO;
    loop {
        let started = Instant::now();
        let call = call_off::handle(function.clone(), shop.request()?);
        let (answer, usage) = metered(call).await;
        worked += started.elapsed();
        calls += 1;
        read += usage.read;
        written += usage.write;
        let answer: Value = serde_json::from_slice(answer?.body())?;
        orders += list(&answer["refunded"])?.len();
        if answer["is_over"] == true {
            break;
        }
        let wait = answer["ask_again_in"].as_u64().ok_or("no time to wait")?;
        tokio::time::sleep(Duration::from_secs(wait)).await;
    }
    let counts = shop.stack.traffic().turn_off();
    let took = began.elapsed();
    tokio::time::resume();
    shop.require_all_paid_back().await?;
    println!(
        "{orders} orders in {calls} calls: {worked:.1?} of work, {took:.1?} with the waits; \
         {written:.0} WRU, {read:.0} RRU, {} conflicts",
        counts.conflicts
    );
    Ok(())
}

impl Shop {
    fn request(&self) -> Result<shared::lambda_http::Request, Failure> {
        let request = http::Request::builder()
            .method("POST")
            .uri(format!("http://localhost{}", self.path()))
            .header("authorization", format!("Bearer {}", self.admin))
            .body(Body::Empty)?;
        let show = self.original.show;
        let path = HashMap::from([
            ("concert_id".to_owned(), vec![show.concert_id.to_string()]),
            ("date".to_owned(), vec![show.key.to_string()]),
        ]);
        Ok(request.with_path_parameters(path))
    }
}

/// Somebody who holds a seat.
struct Paying {
    token: String,
    reservation_id: String,
    amount: Value,
}

/// Calls the show off while calls are killed and people pay.
async fn kill(arguments: &Arguments) -> Result<(), Failure> {
    let mut shop = Shop::open(arguments).await?;
    let mut paying = Vec::new();
    for number in 1..=arguments.paying {
        paying.push(shop.hold(arguments.orders + number).await?);
    }
    let share = arguments.killed;
    let kills = [
        (Fault::Killed(When::Before), share / 2.0),
        (Fault::Killed(When::After), share / 2.0),
    ];
    let (mut calls, mut paid) = (0_u64, 0);
    let mut refunded = HashSet::new();
    loop {
        let call = Request::post(shop.path(), json!({})).token(&shop.admin);
        shop.stack
            .faults()
            .meet_at_random(arguments.seed + calls, &kills);
        let (status, answer) = shop.client.send(call).await?;
        shop.stack.faults().end();
        calls += 1;
        for _ in 0..5 {
            if let Some(buyer) = paying.pop() {
                paid += u32::from(shop.pay(&buyer).await?);
            }
        }
        if calls.is_multiple_of(8) {
            shop.audit().await?;
        }
        if status != 200 {
            continue;
        }
        for order in list(&answer["refunded"])? {
            refunded.insert(text(&order["reservation_id"])?);
        }
        if answer["is_over"] == true {
            break;
        }
        let wait = answer["ask_again_in"].as_u64().ok_or("no time to wait")?;
        shop.stack.advance(Duration::from_secs(wait)).await;
    }
    shop.audit().await?;
    let accounts = shop.require_all_paid_back().await?;
    let killed: u64 = shop.stack.faults().counted().values().sum();
    println!(
        "{calls} calls, {killed} of them killed, {paid} payments between them: {accounts} accounts \
         have all their money, {} refunds were in an answer, and no audit found anything",
        refunded.len()
    );
    Ok(())
}

impl Shop {
    async fn hold(&mut self, number: u64) -> Result<Paying, Failure> {
        let show = self.original.show;
        let guest = self.client.ask(Request::sign_up("holder")).await?;
        let user_id = text(&guest["user_id"])?;
        let joined = Request::join(&user_id, Some(&show.concert_id.to_string()));
        let token = text(&self.client.ask(joined).await?["token"])?;
        let seat = Seat {
            concert_id: show.concert_id.to_string(),
            date: show.key.to_string(),
            number,
        };
        let held = self.client.ask(Request::hold(&token, &seat)).await?;
        let amount = held["payment"]["amount"].clone();
        let charge = Request::charge(&token, &user_id, &amount);
        self.client.ask(charge).await?;
        Ok(Paying {
            token,
            reservation_id: text(&held["reservation_id"])?,
            amount,
        })
    }

    /// Whether the payment was in time.
    async fn pay(&mut self, buyer: &Paying) -> Result<bool, Failure> {
        let concert_id = self.original.show.concert_id.to_string();
        let Paying {
            token,
            reservation_id,
            amount,
        } = buyer;
        let pay = Request::pay(token, &concert_id, reservation_id, amount);
        let (status, answer) = self.client.send(pay).await?;
        match status {
            200 => Ok(true),
            410 => Ok(false),
            _ => Err(answer.to_string().into()),
        }
    }
}
