//! `Catalog`: concerts, their shows, and the listing.

use aws_sdk_dynamodb::types::{Put, ReturnConsumedCapacity, Update};

use super::{
    Reading, Rejected, Store, StoreError,
    item::{Item, from_item, number, text, to_item},
    keys,
    transaction::Transaction,
    usage,
};
use crate::domain::{
    ids::{ConcertId, ShowDate, ShowId},
    show::{Concert, ListedConcert, Show},
};

/// The most items that a transaction may have (a limit of DynamoDB).
const MOST_WRITES: usize = 100;

/// So many concerts of the listing are read at once: about 20 KB.
const CONCERTS_A_READ: i32 = 100;

/// There is a concert of that id already.
#[derive(Debug)]
pub struct ConcertExists;

impl Store {
    /// Reads a concert, as it was a moment ago at the latest. 0.5 RRU.
    pub async fn concert(&self, concert_id: ConcertId) -> Result<Option<Concert>, StoreError> {
        self.catalog_entry(concert_id, keys::CONCERT).await
    }

    /// Reads a show, as it was a moment ago at the latest. 0.5 RRU.
    pub async fn show(&self, show: ShowId) -> Result<Option<Show>, StoreError> {
        self.catalog_entry(show.concert_id, &keys::show(show.date))
            .await
    }

    async fn catalog_entry<T: serde::de::DeserializeOwned>(
        &self,
        concert_id: ConcertId,
        entry: &str,
    ) -> Result<Option<T>, StoreError> {
        self.get(
            &self.tables.catalog,
            key(concert_id, entry),
            Reading::Lately,
        )
        .await
    }

    /// Reads the shows of a concert in the order of their dates. 0.5 RRU per 4 KB.
    pub async fn shows(&self, concert_id: ConcertId) -> Result<Vec<Show>, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.tables.catalog)
            .key_condition_expression("#group = :group AND begins_with(entry, :shows)")
            .expression_attribute_names("#group", "group")
            .expression_attribute_values(":group", text(concert_id))
            .expression_attribute_values(":shows", text(keys::SHOWS))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .into_paginator()
            .send();
        let mut shows = Vec::new();
        while let Some(page) = pages.try_next().await? {
            usage::read(page.consumed_capacity());
            for item in page.items.unwrap_or_default() {
                shows.push(from_item(item)?);
            }
        }
        Ok(shows)
    }

    /// Reads the first concerts of the listing that have a show on or after a day, at most
    /// `limit`, in the order of their names. 0.5 RRU per 4 KB, of those that are over too.
    pub async fn listed_concerts(
        &self,
        since: ShowDate,
        limit: usize,
    ) -> Result<Vec<ListedConcert>, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.tables.catalog)
            .key_condition_expression("#group = :listing")
            .filter_expression("last_date >= :since")
            .expression_attribute_names("#group", "group")
            .expression_attribute_values(":listing", text(keys::LISTING))
            .expression_attribute_values(":since", text(since))
            .limit(CONCERTS_A_READ)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .into_paginator()
            .send();
        let mut concerts = Vec::new();
        while concerts.len() < limit
            && let Some(page) = pages.try_next().await?
        {
            usage::read(page.consumed_capacity());
            for item in page.items.unwrap_or_default() {
                concerts.push(from_item(item)?);
            }
        }
        concerts.truncate(limit);
        Ok(concerts)
    }

    /// Creates a concert with its shows, of which there is at least one. 2 WRU an item.
    ///
    /// More than a transaction takes are written in several, the concert and its place in the
    /// listing with the last one: until then nobody sees it.
    pub async fn create_concert(
        &self,
        concert: &Concert,
        shows: &[Show],
    ) -> Result<(), Rejected<ConcertExists>> {
        let Some(listed) = listed(concert, shows) else {
            return Err(StoreError::Unavailable("a concert without a show".into()).into());
        };
        let room_beside_the_concert = MOST_WRITES - 3;
        let mut batches = shows.chunks(room_beside_the_concert).peekable();
        while let Some(batch) = batches.next() {
            let mut transaction = Transaction::new(&self.client);
            for show in batch {
                let entry = keys::show(show.date);
                transaction = transaction
                    .put(self.put_new(concert.concert_id, &entry, show)?, |_| {
                        ConcertExists
                    });
            }
            if batches.peek().is_none() {
                let place = keys::listed(concert.name.as_str(), concert.concert_id);
                transaction = transaction
                    .put(
                        self.put_new(concert.concert_id, keys::CONCERT, concert)?,
                        |_| ConcertExists,
                    )
                    .put(self.put_new(keys::LISTING, &place, &listed)?, |_| {
                        ConcertExists
                    })
                    .update(self.count_version()?, |_| ConcertExists);
            }
            transaction.commit().await?;
        }
        Ok(())
    }

    fn put_new(
        &self,
        group: impl ToString,
        entry: &str,
        value: &impl serde::Serialize,
    ) -> Result<Put, StoreError> {
        let mut item = to_item(value)?;
        item.extend(key(group, entry));
        Put::builder()
            .table_name(&self.tables.catalog)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(entry)")
            .build()
            .map_err(StoreError::of_item)
    }

    /// Counts a change of the catalog, so that whoever cached a part of it knows.
    fn count_version(&self) -> Result<Update, StoreError> {
        Update::builder()
            .table_name(&self.tables.catalog)
            .set_key(Some(key(keys::VERSION, keys::VERSION)))
            .update_expression("ADD version :one")
            .expression_attribute_values(":one", number(1))
            .build()
            .map_err(StoreError::of_item)
    }
}

/// A concert's line in the listing; `None` without a show.
fn listed(concert: &Concert, shows: &[Show]) -> Option<ListedConcert> {
    let dates = || shows.iter().map(|show| show.date);
    Some(ListedConcert {
        concert_id: concert.concert_id,
        name: concert.name.clone(),
        first_date: dates().min()?,
        last_date: dates().max()?,
        shows: u32::try_from(shows.len()).ok()?,
        max_capacity: shows.iter().map(|show| show.capacity).max()?,
    })
}

fn key(group: impl ToString, entry: &str) -> Item {
    Item::from([
        ("group".to_owned(), text(group)),
        ("entry".to_owned(), text(entry)),
    ])
}
