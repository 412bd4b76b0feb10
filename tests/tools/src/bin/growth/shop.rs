//! A shop with what its items are copied from.

use std::sync::Arc;

use local::{Options, Stack, Storage, Time};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tools::{Client, Failure, Request, Seat, expect, list, text};

use crate::{
    comparison::{Measured, Sent},
    copies::{Item, Originals, SHOWS},
    seconds, start,
};

/// The queue in which many wait.
pub const LINE: &str = "line";
/// The queue with many entries before its opening.
pub const DRAW: &str = "draw";
/// A queue that is made and opens in each round.
pub const OPENING: &str = "opening";
/// The name of the concert that is copied.
pub const CONCERT_NAME: &str = "공연 0000000";
/// The address of the user that is copied.
pub const EMAIL: &str = "user000000000000@example.com";
/// The password of all users.
pub const PASSWORD: &str = "correct horse battery";
/// The address of the administrator.
pub const ADMIN_EMAIL: &str = "admin@example.com";

/// The schedule of `admit` in the template. A round ticks by itself, and measures it.
const SCHEDULE: &str = "rate(1 minute)";
const TEMPLATE: &str = include_str!("../../../../../template.yaml");

/// The most that go into the line, before one waits.
const MAX_LET_IN: u32 = 50;

/// A shop, and a client of it.
pub struct Shop {
    /// The stack that it is.
    pub stack: Stack,
    /// What its requests took and consumed.
    pub measured: Measured,
    /// The token of the administrator.
    pub admin: String,
    /// The administrator.
    pub admin_id: String,
    /// The concert on queue `main`.
    pub concert_id: String,
    /// Its dates.
    pub dates: Vec<String>,
    /// The concert in the line.
    pub line_concert_id: String,
    /// The concert in the draw.
    pub draw_concert_id: String,
    /// How many early entries a draw has.
    pub entries: u64,
    /// The list of queues without [`OPENING`].
    pub registry: Vec<Item>,
    /// The guest with many orders.
    pub regular_id: String,
    user_id: String,
    reservation_id: String,
    client: Client,
    /// Held by the shop that does something. It is passed on in turn.
    turn: Arc<Mutex<()>>,
}

/// Host and port of a stack.
fn address(stack: &Stack) -> String {
    stack.url().replace("http://", "")
}

/// A guest with a queue token.
pub struct Buyer {
    /// Their id.
    pub user_id: String,
    /// Their queue token.
    pub token: String,
}

impl Shop {
    /// Opens a shop through its API: an administrator, a concert in each queue, an order and a
    /// session that waits.
    pub async fn open(storage: Storage, time: Time, turn: Arc<Mutex<()>>) -> Result<Self, Failure> {
        if !TEMPLATE.contains(SCHEDULE) {
            return Err("the template has another schedule".into());
        }
        let template = TEMPLATE.replace(SCHEDULE, "rate(300 days)");
        let parameters = [
            ("MainRate", "10000"),
            ("MainMaxActive", "1000000"),
            ("WhoCharges", "users"),
            ("AuditMinutes", "0"),
            // What is measured is the request.
            ("Events", "false"),
        ];
        let stack = start(Options {
            time,
            database: storage,
            template: Some(template),
            parameters: parameters
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
            ..Options::default()
        })
        .await?;
        let client = Client::open(&address(&stack)).await?;
        let mut shop = Self {
            stack,
            measured: Measured::default(),
            admin: String::new(),
            admin_id: String::new(),
            concert_id: String::new(),
            dates: Vec::new(),
            line_concert_id: String::new(),
            draw_concert_id: String::new(),
            entries: 0,
            registry: Vec::new(),
            regular_id: String::new(),
            user_id: String::new(),
            reservation_id: String::new(),
            client,
            turn,
        };
        shop.make_all().await?;
        Ok(shop)
    }

    async fn make_all(&mut self) -> Result<(), Failure> {
        let command = json!({ "email": ADMIN_EMAIL, "password": PASSWORD });
        let made = self.ask(Request::invoke("make-admin", command)).await?;
        self.admin_id = text(&made["user_id"])?;
        let credentials = json!({ "email": ADMIN_EMAIL, "password": PASSWORD });
        let log_in = Request::post("/v1/auth/login", credentials);
        self.admin = text(&self.ask(log_in).await?["token"])?;

        let line = json!({ "max_active": 5, "rate": 1, "claim_seconds": 30, "active_seconds": 60 });
        self.put_queue(LINE, line).await?;
        let opens_at = self.stack.now() + seconds(20 * 24 * 3_600);
        self.put_queue(DRAW, json!({ "opens_at": opens_at.to_string() }))
            .await?;
        let concert = self.create_concert(CONCERT_NAME, "main").await?;
        self.concert_id = text(&concert["concert_id"])?;
        for show in list(&concert["shows"])? {
            self.dates.push(text(&show["date"])?);
        }
        for (name, queue) in [("줄", LINE), ("추첨", DRAW)] {
            let concert = self.create_concert(name, queue).await?;
            let concert_id = text(&concert["concert_id"])?;
            match queue {
                LINE => self.line_concert_id = concert_id,
                _ => self.draw_concert_id = concert_id,
            }
        }
        let regular = self.ask(Request::sign_up("단골")).await?;
        self.regular_id = text(&regular["user_id"])?;
        self.make_customer().await
    }

    /// A user who has bought a seat and waits in the line.
    async fn make_customer(&mut self) -> Result<(), Failure> {
        let user = json!({ "name": "손님", "email": EMAIL, "password": PASSWORD });
        let user = self.ask(Request::create("/v1/users", user)).await?;
        self.user_id = text(&user["user_id"])?;
        let access = text(&user["token"])?;
        let join = |concert_id| Request::join(&self.user_id, Some(concert_id)).token(&access);
        let joins = [join(&self.concert_id), join(&self.line_concert_id)];
        let [join_main, join_line] = joins;
        let token = text(&self.ask(join_main).await?["token"])?;
        let buyer = Buyer {
            user_id: self.user_id.clone(),
            token,
        };
        self.reservation_id = self.hold(&buyer, 50).await?;
        let price = json!(50_000);
        let charge = Request::charge(&buyer.token, &buyer.user_id, &price);
        self.ask(charge).await?;
        let pay = Request::pay(&buyer.token, &self.concert_id, &self.reservation_id, &price);
        self.ask(pay).await?;

        let line = self.line_concert_id.clone();
        for _ in 0..MAX_LET_IN {
            let visitor = self.buyer(&line).await?;
            let place = self.ask(Request::place(&visitor.token)).await?;
            if place["status"] == "WAITING" {
                let joined = self.ask(join_line).await?;
                return expect(joined["status"] == "WAITING", "they wait", &joined);
            }
        }
        Err("nobody waits in the line".into())
    }

    /// Waits until the instances know what was filled in, and the first ticks have ended.
    /// Connects again: filling takes longer than a connection may be idle.
    pub async fn settle(&mut self, entries: u64) -> Result<(), Failure> {
        self.client = Client::open(&address(&self.stack)).await?;
        self.entries = entries;
        self.stack.advance(seconds(120)).await;
        let registry = self.queue_items("registry").await?;
        self.registry = registry;
        Ok(())
    }

    /// What is copied.
    pub fn originals(&self) -> Originals {
        Originals {
            concert_id: self.concert_id.clone(),
            dates: self.dates.clone(),
            user_id: self.user_id.clone(),
            reservation_id: self.reservation_id.clone(),
            regular_id: self.regular_id.clone(),
        }
    }

    /// Sends a request, when it is this shop's turn.
    pub async fn ask(&mut self, request: Request) -> Result<Value, Failure> {
        let turn = Arc::clone(&self.turn);
        let _turn = turn.lock().await;
        self.client.ask(request).await
    }

    /// Sends a request, and measures it. The name begins with that of the function.
    pub async fn measure(
        &mut self,
        name: &'static str,
        request: Request,
    ) -> Result<Value, Failure> {
        let turn = Arc::clone(&self.turn);
        let _turn = turn.lock().await;
        self.stack.forget_consumed();
        let sent = Sent::now();
        let answer = self.client.ask(request).await?;
        let took = sent.took();
        self.measured.add(name, took, self.stack.consumed());
        Ok(answer)
    }

    /// Moves the clock.
    pub async fn advance(&self, by: u64) {
        let _turn = self.turn.lock().await;
        self.stack.advance(seconds(by)).await;
    }

    /// Moves the clock, and measures what becomes due.
    pub async fn measure_advance(&mut self, name: &'static str, by: u64) {
        let _turn = self.turn.lock().await;
        self.stack.forget_consumed();
        let sent = Sent::now();
        self.stack.advance(seconds(by)).await;
        let took = sent.took();
        self.measured.add(name, took, self.stack.consumed());
    }

    /// A request of the administrator.
    pub fn by_admin(&self, request: Request) -> Request {
        request.token(&self.admin)
    }

    async fn put_queue(&mut self, queue: &str, settings: Value) -> Result<Value, Failure> {
        let put = Request::put(format!("/v1/queues/{queue}"), settings);
        let put = self.by_admin(put);
        self.ask(put).await
    }

    async fn create_concert(&mut self, name: &str, queue: &str) -> Result<Value, Failure> {
        let create = self.new_concert(name, queue);
        self.ask(create).await
    }

    /// The request that creates a concert.
    pub fn new_concert(&self, name: &str, queue: &str) -> Request {
        let show = |day| json!({ "date": format!("2090-01-{day:02}"), "price": 50_000 });
        let shows: Vec<_> = (1..=SHOWS).map(show).collect();
        let concert = json!({ "name": name, "queue_id": queue, "shows": shows });
        self.by_admin(Request::create("/v1/concerts", concert))
    }

    /// A new guest who joins the queue of a concert. This is not measured.
    pub async fn buyer(&mut self, concert_id: &str) -> Result<Buyer, Failure> {
        let user = self.ask(Request::sign_up("손님")).await?;
        let user_id = text(&user["user_id"])?;
        let joined = self.ask(Request::join(&user_id, Some(concert_id))).await?;
        let token = text(&joined["token"])?;
        Ok(Buyer { user_id, token })
    }

    /// The request that holds a seat of the concert on its first date.
    pub fn hold_seat(&self, buyer: &Buyer, number: u64) -> Request {
        let seat = Seat {
            concert_id: self.concert_id.clone(),
            date: self.dates[0].clone(),
            number,
        };
        Request::hold(&buyer.token, &seat)
    }

    /// Holds a seat, and returns the reservation. This is not measured.
    pub async fn hold(&mut self, buyer: &Buyer, number: u64) -> Result<String, Failure> {
        let hold = self.hold_seat(buyer, number);
        text(&self.ask(hold).await?["reservation_id"])
    }

    /// What stands for the administrator in events.
    pub async fn buyer_in_events(&self) -> Result<String, Failure> {
        let app = self.stack.operator().await;
        let buyers = app.store().create_buyers().await?;
        Ok(buyers.buyer(self.admin_id.parse()?).to_string())
    }

    /// The items of `Queues` whose id begins with this.
    pub async fn queue_items(&self, prefix: &str) -> Result<Vec<Item>, Failure> {
        let scan = self.stack.database().scan().table_name("Queues");
        let mut items = scan.send().await?.items.unwrap_or_default();
        items.retain(|item| {
            let id = item.get("id").and_then(|id| id.as_s().ok());
            id.is_some_and(|id| id.starts_with(prefix))
        });
        Ok(items)
    }
}
