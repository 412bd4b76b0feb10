//! Fills the tables: the items that the service has written are copied with other ids.

use std::{collections::HashMap, fmt};

use clap::Args;
use local::Stack;
use shared::{
    aws_sdk_dynamodb::types::AttributeValue,
    domain::{draw::STRIPES, ids::QueueId},
    store::keys,
};
use tools::Failure;

use crate::shop::{CONCERT_NAME, DRAW, EMAIL, LINE};

/// An item of a table.
pub type Item = HashMap<String, AttributeValue>;

/// How many copies there are.
#[derive(Debug, Clone, Args)]
pub struct Sizes {
    /// How many concerts there are, with five shows each.
    #[arg(long, default_value_t = 100_000)]
    concerts: u64,
    /// How many users there are, with e-mail addresses.
    #[arg(long, default_value_t = 1_000_000)]
    users: u64,
    /// How many sessions wait in a queue. As many early entries wait for a draw.
    #[arg(long, default_value_t = 1_000_000)]
    pub sessions: u64,
    /// How many orders there are, each of one seat and of another user.
    #[arg(long, default_value_t = 1_000_000)]
    orders: u64,
    /// How many orders one regular customer has besides, and as many charges.
    #[arg(long, default_value_t = 10_000)]
    history: u64,
}

impl fmt::Display for Sizes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            concerts,
            users,
            sessions,
            orders,
            history,
        } = self;
        write!(
            formatter,
            "{concerts} concerts, {users} users, {sessions} sessions, {orders} orders, \
             {history} orders of a regular customer"
        )
    }
}

impl Sizes {
    /// As few as may be. A page of a list must be full, and so must the pages that an audit reads
    /// in a run. In each round some sessions are let in, and some must still wait.
    pub fn few(rounds: u32) -> Self {
        Self {
            concerts: 120,
            users: 300,
            sessions: 50 + 20 * u64::from(rounds),
            orders: 1,
            history: 50,
        }
    }

    /// Requires that there are at least as many of each as `few`, and a seat for each order.
    pub fn require_at_least(&self, few: &Self) -> Result<(), Failure> {
        let is_smaller = self.concerts < few.concerts
            || self.users < few.users
            || self.sessions < few.sessions
            || self.orders < few.orders
            || self.history < few.history;
        if is_smaller {
            Err(format!("not fewer than {few}, please").into())
        } else if self.orders > self.users || self.orders > self.concerts * SEATS {
            Err(format!("at most one order for each user, and {SEATS} for each concert").into())
        } else {
            Ok(())
        }
    }
}

/// How many shows a concert has.
pub const SHOWS: u64 = 5;

/// How many seats a show has.
const SEATS_A_SHOW: u64 = 50;

/// How many seats a concert has.
const SEATS: u64 = SHOWS * SEATS_A_SHOW;

/// How many items are put at once.
const A_BATCH: usize = 10_000;

/// Whose items are copied.
#[derive(Debug, Clone)]
pub struct Originals {
    /// A concert on queue `main`.
    pub concert_id: String,
    /// Its dates.
    pub dates: Vec<String>,
    /// A user, who has bought a seat of the concert on its first date, and waits in a line.
    pub user_id: String,
    /// Their order.
    pub reservation_id: String,
    /// A guest who gets many copies of the order.
    pub regular_id: String,
}

/// Copies the originals until there are as many of each. Returns how many items were written.
pub async fn fill(stack: &Stack, originals: &Originals, sizes: &Sizes) -> Result<u64, Failure> {
    let mut tables = Tables {
        stack,
        originals,
        written: 0,
    };
    tables.copy_concerts(sizes.concerts).await?;
    tables.copy_users(sizes.users).await?;
    let accounts = tables.items_with("Accounts", &originals.user_id).await?;
    let seats = tables
        .items_with("Seats", &originals.reservation_id)
        .await?;
    tables.copy_orders("Accounts", &accounts, sizes.orders)?;
    tables.copy_orders("Seats", &seats, sizes.orders)?;
    tables.copy_history(&accounts, sizes.history)?;
    tables.copy_sessions(sizes.sessions).await?;
    // The entries of a draw are counted on stripes.
    tables.put("Queues", stripes(&DRAW.parse()?, sizes.sessions))?;
    Ok(tables.written)
}

struct Tables<'a> {
    stack: &'a Stack,
    originals: &'a Originals,
    written: u64,
}

impl Tables<'_> {
    async fn copy_concerts(&mut self, concerts: u64) -> Result<(), Failure> {
        let id = &self.originals.concert_id;
        let items = self.items_with("Catalog", id).await?;
        let copies = (1..=concerts).flat_map(|number| {
            let (new_id, name) = (uuid(number), concert_name(number));
            copies(&items, &[(id, &new_id), (CONCERT_NAME, &name)])
        });
        self.put("Catalog", copies)
    }

    async fn copy_users(&mut self, users: u64) -> Result<(), Failure> {
        let id = &self.originals.user_id;
        let items = self.items_with("Users", id).await?;
        let copies = (1..=users).flat_map(|number| {
            let email = format!("user{number:012}@example.com");
            copies(&items, &[(id, &uuid(number)), (EMAIL, &email)])
        });
        self.put("Users", copies)
    }

    /// What orders have in a table: the account and its entries, or the seat. Seat by seat, show by
    /// show, concert by concert. (In the seat's item the buyer stays the original's.)
    fn copy_orders(&mut self, table: &str, items: &[Item], orders: u64) -> Result<(), Failure> {
        let Originals {
            concert_id,
            dates,
            user_id,
            reservation_id,
            ..
        } = self.originals;
        let copies = (1..=orders).flat_map(|number| {
            let seat = Seat::of_order(number);
            let copies = copies(
                items,
                &[
                    (user_id, &uuid(number)),
                    (reservation_id, &uuid(number)),
                    (concert_id, &uuid(seat.concert)),
                    (CONCERT_NAME, &concert_name(seat.concert)),
                    (&dates[0], &dates[seat.show]),
                ],
            );
            copies.into_iter().map(move |item| seat.put_into(item))
        });
        self.put(table, copies)
    }

    /// Many charges and orders of one customer: a chain, in which each order spends a charge.
    fn copy_history(&mut self, items: &[Item], history: u64) -> Result<(), Failure> {
        let Originals {
            user_id,
            reservation_id,
            regular_id,
            ..
        } = self.originals;
        let copies = (1..=history).flat_map(|number| {
            let id = uuid(number);
            let mut copies = copies(items, &[(user_id, regular_id), (reservation_id, &id)]);
            for copy in &mut copies {
                let entry = text_of(copy, "entry").unwrap_or_default();
                let seq = if entry.starts_with(keys::CHARGES) {
                    let name = text(&format!("{}{id}", keys::CHARGES));
                    copy.insert("entry".to_owned(), name);
                    2 * number - 1
                } else {
                    // The account has that of the last order.
                    2 * number
                };
                copy.insert("seq".to_owned(), count(seq));
            }
            copies
        });
        self.put("Accounts", copies)
    }

    /// The sessions come after the original in their line.
    async fn copy_sessions(&mut self, sessions: u64) -> Result<(), Failure> {
        let id = &self.originals.user_id;
        let mut items = self.items_with("Sessions", id).await?;
        items.retain(|item| item.get("queue_id") == Some(&text(LINE)));
        let original = items.first().ok_or("nobody waits")?;
        let (jti, first) = (text_of(original, "jti")?, number_of(original, "number")?);
        let copies = (1..=sessions).flat_map(|number| {
            let mut copies = copies(&items, &[(id, &uuid(number)), (&jti, &uuid(number))]);
            for copy in &mut copies {
                copy.insert("number".to_owned(), count(first + number));
            }
            copies
        });
        self.put("Sessions", copies)?;
        let issued = Item::from([
            ("id".to_owned(), text(&keys::issued(&LINE.parse()?))),
            ("issued".to_owned(), count(first + sessions)),
        ]);
        self.put("Queues", [issued].into_iter())
    }

    /// The items of a table that name something.
    async fn items_with(&self, table: &str, id: &str) -> Result<Vec<Item>, Failure> {
        let scan = self
            .stack
            .database()
            .scan()
            .table_name(table)
            .send()
            .await?;
        let mut items = scan.items.unwrap_or_default();
        items.retain(|item| item.values().any(|value| names(value, id)));
        if items.is_empty() {
            return Err(format!("{table} has nothing to copy").into());
        }
        Ok(items)
    }

    fn put(&mut self, table: &str, mut items: impl Iterator<Item = Item>) -> Result<(), Failure> {
        loop {
            let batch: Vec<_> = items.by_ref().take(A_BATCH).collect();
            if batch.is_empty() {
                return Ok(());
            }
            self.written += u64::try_from(batch.len())?;
            import(self.stack, table, batch)?;
        }
    }
}

/// Puts items into a table.
pub fn import(stack: &Stack, table: &str, items: Vec<Item>) -> Result<(), Failure> {
    let imported = stack.import(table, items);
    imported.map_err(|problem| problem.to_string().into())
}

/// The items of this many early entries of a queue.
pub fn stripes(queue: &QueueId, entries: u64) -> impl Iterator<Item = Item> {
    (0..STRIPES).map(move |stripe| {
        Item::from([
            ("id".to_owned(), text(&keys::early(queue, stripe))),
            (
                "entries".to_owned(),
                count(entries.div_ceil(STRIPES.into())),
            ),
        ])
    })
}

/// The seat of an order.
#[derive(Clone, Copy)]
struct Seat {
    concert: u64,
    /// The index of its date.
    show: usize,
    seat: u64,
}

impl Seat {
    fn of_order(number: u64) -> Self {
        let index = number - 1;
        Self {
            concert: index / SEATS + 1,
            show: usize::try_from(index % SEATS / SEATS_A_SHOW).unwrap_or_default(),
            seat: index % SEATS_A_SHOW + 1,
        }
    }

    fn put_into(self, mut item: Item) -> Item {
        let number = count(self.seat);
        for (name, value) in [
            ("seat", number.clone()),
            ("seats", AttributeValue::L(vec![number])),
        ] {
            if item.contains_key(name) {
                item.insert(name.to_owned(), value);
            }
        }
        item
    }
}

/// Copies of items with other words in their texts.
fn copies(items: &[Item], words: &[(&str, &str)]) -> Vec<Item> {
    let copy = |value: &AttributeValue| match value {
        AttributeValue::S(text) => {
            let mut text = text.clone();
            for (word, other) in words {
                if text.contains(word) {
                    text = text.replace(word, other);
                }
            }
            AttributeValue::S(text)
        }
        other => other.clone(),
    };
    let copy = |item: &Item| {
        let values = item.iter();
        values
            .map(|(name, value)| (name.clone(), copy(value)))
            .collect()
    };
    items.iter().map(copy).collect()
}

fn names(value: &AttributeValue, id: &str) -> bool {
    value.as_s().is_ok_and(|text| text.contains(id))
}

/// The id of a copy, the same in each table.
pub fn uuid(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}

/// The name of a copied concert.
fn concert_name(number: u64) -> String {
    format!("공연 {number:07}")
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn count(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn text_of(item: &Item, name: &str) -> Result<String, Failure> {
    let value = item.get(name).and_then(|value| value.as_s().ok());
    value.cloned().ok_or_else(|| format!("no {name}").into())
}

fn number_of(item: &Item, name: &str) -> Result<u64, Failure> {
    let value = item.get(name).and_then(|value| value.as_n().ok());
    Ok(value.ok_or("no number")?.parse()?)
}
