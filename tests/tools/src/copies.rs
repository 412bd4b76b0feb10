//! Many orders of one show. One seat is bought, and its items are copied with other ids, so that
//! every item is as large as a real one.

use std::collections::HashMap;

use shared::{
    aws_sdk_dynamodb::{
        Client as Database,
        types::{AttributeValue, PutRequest, WriteRequest},
    },
    domain::{
        ids::{ReservationId, ShowId, UserId},
        seat::SeatNumber,
    },
    futures_util::stream::{self, StreamExt as _, TryStreamExt as _},
    store::keys,
};

use crate::{Bought, Client, Failure, Request, Seat, text};

type Item = HashMap<String, AttributeValue>;

/// The tables in which a purchase leaves items.
const TABLES: [&str; 4] = ["Users", "Accounts", "Sessions", "Seats"];

/// DynamoDB accepts this many items at once.
const A_BATCH: usize = 25;

/// The order that is copied.
pub struct Original {
    /// The purchase.
    pub bought: Bought,
    /// The show whose seat it has.
    pub show: ShowId,
}

impl Original {
    /// Buys seat 1 of the demo concert's first date, and draws the first number of its line.
    pub async fn buy(address: &str) -> Result<Self, Failure> {
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

    /// Copies the items of the purchase until there are this many orders, and gives the show this many
    /// seats.
    pub async fn copy(&self, database: &Database, orders: u64, seats: u64) -> Result<(), Failure> {
        copy(database, self, orders).await?;
        count_arrivals(database, orders).await?;
        self.enlarge(database, seats).await
    }

    /// Gives the show this many seats. It has at least as many as before.
    async fn enlarge(&self, database: &Database, seats: u64) -> Result<(), Failure> {
        let key = [
            ("group", self.show.concert_id.to_string()),
            ("entry", keys::show(self.show.key)),
        ];
        let key = key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value)));
        database
            .update_item()
            .table_name("Catalog")
            .set_key(Some(key.into()))
            .update_expression("SET #capacity = :seats")
            .condition_expression("#capacity < :seats")
            .expression_attribute_names("#capacity", "capacity")
            .expression_attribute_values(":seats", AttributeValue::N(seats.to_string()))
            .send()
            .await?;
        Ok(())
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
            ("buyer", AttributeValue::S(self.user_id.in_letters())),
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
