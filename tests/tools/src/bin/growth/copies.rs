//! Fills the tables: the items that the service has written are copied with other ids.

use std::{collections::HashMap, fmt};

use clap::Args;
use shared::{
    aws_sdk_dynamodb::{
        Client as Database,
        types::{AttributeValue, PutRequest, WriteRequest},
    },
    domain::{draw::STRIPES, ids::QueueId},
    store::keys,
};
use tokio::{runtime::Runtime, task::JoinSet};
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
}

impl fmt::Display for Sizes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            concerts,
            users,
            sessions,
            orders,
        } = self;
        write!(
            formatter,
            "{concerts} concerts, {users} users, {sessions} sessions, {orders} orders"
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
        }
    }

    /// Requires that there are at least as many of each as `few`, and a seat for each order.
    pub fn require_at_least(&self, few: &Self) -> Result<(), Failure> {
        let is_smaller = self.concerts < few.concerts
            || self.users < few.users
            || self.sessions < few.sessions
            || self.orders < few.orders;
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

/// DynamoDB accepts this many items at once.
const A_BATCH: usize = 25;

/// How many batches are written at the same moment. The engine writes them one after the other;
/// meanwhile the others are put into words.
const AT_ONCE: usize = 4;

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
}

/// Copies the originals until there are as many of each. Returns how many items were written.
pub async fn fill(database: Database, originals: Originals, sizes: Sizes) -> Result<u64, Failure> {
    let all = async move {
        let mut tables = Tables {
            database,
            originals,
            written: 0,
        };
        tables.copy_concerts(sizes.concerts).await?;
        tables.copy_users(sizes.users).await?;
        tables.copy_orders(sizes.orders).await?;
        tables.copy_sessions(sizes.sessions).await?;
        tables.copy_entries(sizes.sessions).await?;
        Ok(tables.written)
    };
    // On all processors: the shops run on one.
    let filled = tokio::task::spawn_blocking(move || Runtime::new()?.block_on(all));
    filled.await?
}

struct Tables {
    database: Database,
    originals: Originals,
    written: u64,
}

impl Tables {
    async fn copy_concerts(&mut self, concerts: u64) -> Result<(), Failure> {
        let id = self.originals.concert_id.clone();
        let items = self.items_with("Catalog", &id).await?;
        let copies = (1..=concerts).flat_map(|number| {
            let (new_id, new_name) = (uuid(number), concert_name(number));
            let words = [(id.clone(), new_id), (CONCERT_NAME.to_owned(), new_name)];
            let copies: Vec<_> = items.iter().map(|item| replaced(item, &words)).collect();
            copies
        });
        self.put("Catalog", copies).await
    }

    async fn copy_users(&mut self, users: u64) -> Result<(), Failure> {
        let id = self.originals.user_id.clone();
        let items = self.items_with("Users", &id).await?;
        let copies = (1..=users).flat_map(|number| {
            let words = [
                (id.clone(), uuid(number)),
                (EMAIL.to_owned(), format!("user{number:012}@example.com")),
            ];
            let copies: Vec<_> = items.iter().map(|item| replaced(item, &words)).collect();
            copies
        });
        self.put("Users", copies).await
    }

    /// Each order with the account and its entries, and with the seat. Seat by seat, show by show,
    /// concert by concert.
    async fn copy_orders(&mut self, orders: u64) -> Result<(), Failure> {
        let originals = self.originals.clone();
        for (table, id) in [
            ("Accounts", &originals.user_id),
            ("Seats", &originals.reservation_id),
        ] {
            let items = self.items_with(table, id).await?;
            let originals = originals.clone();
            let copies = (1..=orders).flat_map(move |number| {
                let seat = Seat::of_order(number);
                let date = &originals.dates[usize::try_from(seat.show).unwrap_or_default()];
                let words = [
                    (originals.user_id.clone(), uuid(number)),
                    (originals.reservation_id.clone(), uuid(number)),
                    (originals.concert_id.clone(), uuid(seat.concert)),
                    (CONCERT_NAME.to_owned(), concert_name(seat.concert)),
                    (originals.dates[0].clone(), date.clone()),
                ];
                let copies: Vec<_> = items
                    .iter()
                    .map(|item| seat.put_into(replaced(item, &words)))
                    .collect();
                copies
            });
            self.put(table, copies).await?;
        }
        Ok(())
    }

    /// The sessions come after the original in their line.
    async fn copy_sessions(&mut self, sessions: u64) -> Result<(), Failure> {
        let id = self.originals.user_id.clone();
        let mut items = self.items_with("Sessions", &id).await?;
        items.retain(|item| item.get("queue_id") == Some(&text(LINE)));
        let original = items.pop().ok_or("nobody waits")?;
        let (jti, first) = (text_of(&original, "jti")?, number_of(&original, "number")?);
        let copies = (1..=sessions).map(|number| {
            let words = [(id.clone(), uuid(number)), (jti.clone(), uuid(number))];
            let mut copy = replaced(&original, &words);
            copy.insert("number".to_owned(), count(first + number));
            copy
        });
        self.put("Sessions", copies).await?;
        let line: QueueId = LINE.parse()?;
        let issued = Item::from([
            ("id".to_owned(), text(&keys::issued(&line))),
            ("issued".to_owned(), count(first + sessions)),
        ]);
        self.put("Queues", [issued].into_iter()).await
    }

    /// The entries of a draw are counted on stripes.
    async fn copy_entries(&mut self, entries: u64) -> Result<(), Failure> {
        let draw = DRAW.parse()?;
        let stripes = stripes(&draw, entries);
        self.put("Queues", stripes).await
    }

    /// The items of a table that name something.
    async fn items_with(&self, table: &str, id: &str) -> Result<Vec<Item>, Failure> {
        let scan = self.database.scan().table_name(table).send().await?;
        let mut items = scan.items.unwrap_or_default();
        items.retain(|item| item.values().any(|value| names(value, id)));
        if items.is_empty() {
            return Err(format!("{table} has nothing to copy").into());
        }
        Ok(items)
    }

    async fn put(
        &mut self,
        table: &'static str,
        items: impl Iterator<Item = Item>,
    ) -> Result<(), Failure> {
        let mut items = items.peekable();
        let mut writes = JoinSet::new();
        while items.peek().is_some() {
            if writes.len() == AT_ONCE {
                writes.join_next().await.transpose()?.transpose()?;
            }
            let batch: Vec<_> = items.by_ref().take(A_BATCH).collect();
            self.written += u64::try_from(batch.len())?;
            writes.spawn(put(self.database.clone(), table, batch));
        }
        while let Some(written) = writes.join_next().await {
            written??;
        }
        Ok(())
    }
}

/// Writes items, at most [`A_BATCH`] of them.
pub async fn put(database: Database, table: &str, items: Vec<Item>) -> Result<(), Failure> {
    let requests = items.into_iter().map(|item| {
        let put = PutRequest::builder().set_item(Some(item)).build()?;
        Ok(WriteRequest::builder().put_request(put).build())
    });
    let requests: Vec<_> = requests.collect::<Result<_, Failure>>()?;
    let batch = database.batch_write_item().request_items(table, requests);
    batch.send().await?;
    Ok(())
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
    show: u64,
    seat: u64,
}

impl Seat {
    fn of_order(number: u64) -> Self {
        let index = number - 1;
        Self {
            concert: index / SEATS + 1,
            show: index % SEATS / SEATS_A_SHOW,
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

/// A copy of an item with other words in its texts.
fn replaced(item: &Item, words: &[(String, String)]) -> Item {
    let with_other_words = |value: &AttributeValue| match value {
        AttributeValue::S(text) => {
            let mut text = text.clone();
            for (word, other) in words {
                text = text.replace(word, other);
            }
            AttributeValue::S(text)
        }
        other => other.clone(),
    };
    let values = item.iter();
    values
        .map(|(name, value)| (name.clone(), with_other_words(value)))
        .collect()
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
