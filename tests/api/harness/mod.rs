//! A shop to test in: a stack with a concert on sale, and people who come to buy.

mod accounts;
mod audit;
pub mod concerts;
pub mod doors;
mod grants;
pub mod halls;
mod http;
pub mod line;
pub mod refusal;
pub mod specification;
mod tables;
pub mod tokens;

use std::{collections::HashMap, time::Duration};

use local::{Options, Stack};
use serde_json::{Value, json};
use shared::{
    domain::{
        ids::{ConcertId, QueueId},
        money::Money,
        order::Hold,
        session::Session,
        show::{Concert, Pricing, SalesWindow, Show},
        texts::ShowDetails,
        user::Name,
    },
    jiff::{SignedDuration, Timestamp},
    store::{
        Rejected, Store,
        purchase::{PayRefused, Payment},
    },
};

pub use self::{
    accounts::{Account, PASSWORD},
    doors::Door,
    http::{Call, Client, Reply, client_from},
    tables::json_of,
};

/// The time at which every test begins: noon in Seoul.
pub const NOON: &str = "2026-11-20T03:00:00Z";

/// The deployment's template.
const TEMPLATE: &str = include_str!("../../../template.yaml");

/// The part of the template that delivers the release queue's messages to their function.
const MESSAGES: &str = "      Events:\n        Lapsed:\n";

/// How often the scheduler calls `admit`.
const SCHEDULE: &str = "rate(1 minute)";

/// An id that no user has.
pub const NOBODY: &str = "11111111-1111-4111-8111-111111111111";

/// What a seat costs.
pub const PRICE: u32 = 50_000;

/// The name of the concert.
pub const CONCERT: &str = "겨울 콘서트";

/// Until when an order for the first date can be refunded: a day before its day in Seoul.
pub const REFUNDABLE_UNTIL: &str = "2026-12-22T15:00:00Z";

/// An amount of money as a JSON number.
pub fn won(amount: u32) -> Value {
    json!(amount)
}

/// A stack with a concert on sale: two dates of 50 seats, on queue `main`.
pub struct Shop {
    pub stack: Stack,
    pub concert_id: String,
    pub dates: Vec<String>,
    client: Client,
}

/// A user with an access token.
#[derive(Debug, Clone)]
pub struct Guest {
    pub user_id: String,
    pub access_token: String,
}

/// A user with a queue token.
#[derive(Debug, Clone)]
pub struct Buyer {
    pub user_id: String,
    pub access_token: String,
    pub token: String,
    pub joined: Value,
}

impl Shop {
    /// Opens a shop with the template's own parameters.
    pub async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// Opens a shop with other parameters.
    pub async fn open_with(parameters: &[(&str, &str)]) -> Self {
        Self::open_changed(parameters, None).await
    }

    /// Opens a shop in which every release message is lost.
    pub async fn without_messages(parameters: &[(&str, &str)]) -> Self {
        let (before, rest) = TEMPLATE
            .split_once(MESSAGES)
            .expect("the event of release-hold");
        let (_, after) = rest.split_once("      Policies:").expect("what follows it");
        let template = format!("{before}      Policies:{after}");
        Self::open_changed(parameters, Some(template)).await
    }

    /// Opens a shop whose scheduler calls once and never again.
    pub async fn without_schedule(parameters: &[(&str, &str)]) -> Self {
        assert!(TEMPLATE.contains(SCHEDULE), "the schedule of admit");
        let template = TEMPLATE.replace(SCHEDULE, "rate(300 days)");
        Self::open_changed(parameters, Some(template)).await
    }

    /// Opens a shop whose queue an operator has closed.
    pub async fn closed() -> Self {
        let shop = Self::empty().await;
        let admin = shop.admin().await;
        let closed = serde_json::json!({ "state": "CLOSED" });
        shop.put_queue(&admin, "main", &closed).await.ok();
        shop
    }

    /// Opens a shop with nothing on sale.
    pub async fn empty() -> Self {
        Self::on(start(&[], None).await)
    }

    pub fn on(stack: Stack) -> Self {
        Self {
            stack,
            concert_id: String::new(),
            dates: vec!["2026-12-24".to_owned(), "2026-12-25".to_owned()],
            client: http::client(),
        }
    }

    async fn open_changed(parameters: &[(&str, &str)], template: Option<String>) -> Self {
        let mut shop = Self::on(start(parameters, template).await);
        let shows: Vec<_> = shop.dates.iter().map(|date| show(date)).collect();
        shop.concert_id = shop.add_concert(CONCERT, "main", &shows).await;
        shop.stack
            .operator()
            .await
            .store()
            .set_default_concert(&QueueId::main(), shop.concert_id.parse().expect("an id"))
            .await
            .expect("the default concert is set");
        shop
    }

    /// Puts another concert on sale and returns its id.
    pub async fn add_concert(&self, name: &str, queue_id: &str, shows: &[Show]) -> String {
        let concert = Concert {
            concert_id: ConcertId::new(),
            name: Name::parse(name).expect("a name"),
            queue_id: queue_id.parse().expect("a queue id"),
            most_seats_a_person: None,
            left: Vec::new(),
        };
        let shows: Vec<_> = shows
            .iter()
            .map(|show| Show {
                concert_id: concert.concert_id,
                queue_id: concert.queue_id.clone(),
                ..show.clone()
            })
            .collect();
        let app = self.stack.operator().await;
        app.store()
            .create_concert(&concert, &shows)
            .await
            .expect("the concert is created");
        app.wake_queue(&concert.queue_id).await;
        concert.concert_id.to_string()
    }

    /// What stands for a user in events.
    pub async fn buyer_in_events(&self, user_id: &str) -> String {
        let app = self.stack.operator().await;
        let buyers = app.store().create_buyers().await.expect("the key is there");
        buyers.buyer(user_id.parse().expect("an id")).to_string()
    }

    /// A new guest.
    pub async fn guest(&self) -> Guest {
        let user = self
            .post("/v1/users")
            .json(&json!({ "name": "김민수" }))
            .send()
            .await;
        let user = user.expect(201);
        Guest {
            user_id: text(&user["user_id"]),
            access_token: text(&user["token"]),
        }
    }

    /// A guest joins the queue `main`.
    pub async fn join(&self, guest: &Guest) -> Buyer {
        self.join_for(guest, None).await
    }

    /// A guest joins the queue of a concert.
    pub async fn join_for(&self, guest: &Guest, concert_id: Option<&str>) -> Buyer {
        let mut body = json!({ "user_id": guest.user_id });
        if let Some(concert_id) = concert_id {
            body["concert_id"] = json!(concert_id);
        }
        let joined = self.post("/v1/auth/tokens").json(&body).send().await.ok();
        Buyer {
            user_id: guest.user_id.clone(),
            access_token: guest.access_token.clone(),
            token: text(&joined["token"]),
            joined,
        }
    }

    /// A new guest who has joined the queue, and comes in at once if nobody else waits.
    pub async fn buyer(&self) -> Buyer {
        self.join(&self.guest().await).await
    }

    /// Holds a seat of the first date.
    pub async fn hold(&self, buyer: &Buyer, seat_number: u32) -> Reply {
        let body = json!({ "date": self.dates[0], "seat_number": seat_number });
        self.post(&self.reservations())
            .json(&body)
            .send_as(&buyer.token)
            .await
    }

    /// Pays for the hold that [`Shop::hold`] returned.
    pub async fn pay(&self, buyer: &Buyer, held: &Value) -> Reply {
        let reservation_id = text(&held["reservation_id"]);
        let body = json!({
            "reservation_id": reservation_id,
            "payment_method": "BALANCE",
            "payment_details": { "amount": held["payment"]["amount"] },
        });
        let path = format!("{}/{reservation_id}/payments", self.reservations());
        self.post(&path).json(&body).send_as(&buyer.token).await
    }

    /// Cancels the hold that [`Shop::hold`] returned, or refunds it if it is paid.
    pub async fn cancel(&self, buyer: &Buyer, held: &Value) -> Reply {
        let path = self.reservation(held);
        self.delete(&path).send_as(&buyer.token).await
    }

    /// Charges a buyer's account.
    pub async fn charge(&self, buyer: &Buyer, amount: u32) -> Reply {
        let path = format!("/v1/users/{}/balance", buyer.user_id);
        self.post(&path)
            .json(&json!({ "amount": amount }))
            .send_as(&buyer.token)
            .await
    }

    /// Charges it with an idempotency key.
    pub async fn charge_keyed(&self, buyer: &Buyer, amount: u32, key: &str) -> Reply {
        let path = format!("/v1/users/{}/balance", buyer.user_id);
        let call = self.post(&path).key(key).json(&json!({ "amount": amount }));
        call.send_as(&buyer.token).await
    }

    /// A buyer who holds seat 7 of the first date and has the money for it.
    pub async fn about_to_pay(&self) -> (Buyer, Value) {
        let buyer = self.buyer().await;
        let held = self.hold(&buyer, 7).await.ok();
        self.charge(&buyer, PRICE).await.ok();
        (buyer, held)
    }

    /// A buyer who has bought a seat of the first date, and the receipt.
    pub async fn sell(&self, seat_number: u32) -> (Buyer, Value) {
        let buyer = self.buyer().await;
        let held = self.hold(&buyer, seat_number).await.ok();
        self.charge(&buyer, PRICE).await.ok();
        let receipt = self.pay(&buyer, &held).await.ok();
        (buyer, receipt)
    }

    /// Holds several seats of the first date.
    pub async fn hold_all(&self, buyer: &Buyer, seat_numbers: &[u32]) -> Reply {
        let body = json!({ "date": self.dates[0], "seat_numbers": seat_numbers });
        self.post(&self.reservations())
            .json(&body)
            .send_as(&buyer.token)
            .await
    }

    /// Lets a buyer buy seats of the first date, and returns the receipt.
    pub async fn buy(&self, buyer: &Buyer, seats: &[u32]) -> Value {
        let held = self.hold_all(buyer, seats).await.ok();
        let amount = PRICE * u32::try_from(seats.len()).expect("few");
        self.charge(buyer, amount).await.ok();
        self.pay(buyer, &held).await.ok()
    }

    /// A buyer's balance.
    pub async fn balance(&self, buyer: &Buyer) -> Value {
        let path = format!("/v1/users/{}/balance", buyer.user_id);
        self.get(&path).send_as(&buyer.token).await.ok()["current_balance"].clone()
    }

    /// The status of a reservation, as its owner sees it.
    pub async fn reservation_status(&self, buyer: &Buyer, held: &Value) -> String {
        let found = self
            .get(&self.reservation(held))
            .send_as(&buyer.token)
            .await
            .ok();
        text(&found["status"])
    }

    /// The status of each seat of the first date, by its number, as a buyer sees it.
    pub async fn seats(&self, buyer: &Buyer) -> HashMap<u64, String> {
        let path = format!(
            "/v1/concerts/{}/seats?date={}",
            self.concert_id, self.dates[0]
        );
        let seats = self.get(&path).send_as(&buyer.token).await.ok();
        seats["seats"]
            .as_array()
            .expect("seats")
            .iter()
            .map(|seat| {
                (
                    seat["seat_number"].as_u64().expect("a number"),
                    text(&seat["status"]),
                )
            })
            .collect()
    }

    /// The path of the concert's reservations.
    pub fn reservations(&self) -> String {
        format!("/v1/concerts/{}/reservations", self.concert_id)
    }

    /// The path of a reservation.
    pub fn reservation(&self, held: &Value) -> String {
        format!("{}/{}", self.reservations(), text(&held["reservation_id"]))
    }

    /// Moves the clock. What becomes due meanwhile happens at its own time.
    pub async fn advance(&self, seconds: u64) {
        self.stack.advance(Duration::from_secs(seconds)).await;
    }

    /// The time in this many seconds, as the API writes it.
    pub fn in_seconds(&self, seconds: i64) -> Value {
        json!(self.now() + SignedDuration::from_secs(seconds))
    }

    /// The shop's time now.
    pub fn now(&self) -> Timestamp {
        self.stack.now()
    }

    pub fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }

    pub fn post(&self, path: &str) -> Call {
        self.call("POST", path)
    }

    pub fn delete(&self, path: &str) -> Call {
        self.call("DELETE", path)
    }

    pub fn patch(&self, path: &str) -> Call {
        self.call("PATCH", path)
    }

    /// A request to the shop.
    pub fn call(&self, method: &str, path: &str) -> Call {
        self.call_at(&self.stack.url(), method, path)
    }

    /// A request to another address of the shop.
    pub fn call_at(&self, url: &str, method: &str, path: &str) -> Call {
        Call::new(self.client.clone(), method, &format!("{url}{path}"))
    }
}

async fn start(parameters: &[(&str, &str)], template: Option<String>) -> Stack {
    let options = options(parameters, template);
    Stack::start(options).await.expect("the stack starts")
}

fn options(parameters: &[(&str, &str)], template: Option<String>) -> Options {
    log_when_asked();
    Options {
        time: local::Time::FrozenAt(NOON.parse().expect("a time")),
        database: database(),
        parameters: parameters
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        template,
        first_use: grants::record(),
        metrics: true,
        ..Options::default()
    }
}

/// With `RUST_LOG` set, a failed test shows what the functions logged.
fn log_when_asked() {
    if std::env::var_os("RUST_LOG").is_some() {
        let log = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env());
        // Another test may have set it already.
        let _ = log.with_test_writer().try_init();
    }
}

/// Makes waits take no time. Retries end after two seconds, and a slow machine may not get far
/// enough in that time. Not with another engine, because connecting to it takes real time.
pub fn in_virtual_time() {
    if std::env::var_os("DYNAMODB_ENDPOINT").is_none() {
        tokio::time::pause();
    }
}

/// The embedded engine, or another one if `DYNAMODB_ENDPOINT` is set, in a database of the test's
/// own.
fn database() -> local::Storage {
    match std::env::var("DYNAMODB_ENDPOINT") {
        Ok(url) => local::Storage::Endpoint {
            url,
            access_key: ConcertId::new().to_string().replace('-', ""),
        },
        Err(_) => local::Storage::Memory,
    }
}

/// Pays a hold as the function does, from the account as it is.
pub async fn pay_hold(
    store: &Store,
    session: &Session,
    hold: &Hold,
    now: Timestamp,
) -> Result<Payment, Rejected<PayRefused>> {
    let account = store.account(session.user_id).await?;
    store.pay(session, 0, account, hold, now).await
}

/// A show of 50 seats with this key, on sale at once.
pub fn show(key: &str) -> Show {
    Show {
        concert_id: ConcertId::new(),
        key: key.parse().expect("a key"),
        concert_name: None,
        queue_id: QueueId::main(),
        capacity: 50,
        pricing: Pricing::Same {
            price: Money::won(PRICE),
        },
        most_seats_a_person: None,
        sale: SalesWindow::default(),
        sale_set_at: None,
        called_off: None,
        left: Vec::new(),
        details: ShowDetails::default(),
    }
}

/// A show with these opening and closing times, if given.
pub fn show_sold(date: &str, opens_at: Option<Timestamp>, closes_at: Option<Timestamp>) -> Show {
    Show {
        sale: SalesWindow {
            opens_at,
            closes_at,
        },
        ..show(date)
    }
}

/// Repeats something that goes wrong only if one request overtakes another, which happens by
/// chance.
pub async fn in_some_try<T>(attempt: impl AsyncFn() -> Option<T>) -> Option<T> {
    for _ in 0..8 {
        let outcome = attempt().await;
        if outcome.is_some() {
            return outcome;
        }
    }
    None
}

/// A JSON text.
pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("a text, not {value}"))
        .to_owned()
}
