//! `Catalog`: concerts, their shows, and the listing.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use serde::{Deserialize, Serialize};

use super::{
    Reading, Store, StoreError,
    item::{Item, from_item, text},
    keys, usage,
};
use crate::domain::{
    ids::{ConcertId, ShowDate, ShowId},
    programme::Programme,
    show::{Concert, ListedConcert, Show},
};

/// So many concerts of the listing are looked at for a page at the most, and one more read: 20 to
/// 40 KB.
const MOST_LOOKED_AT: usize = 99;

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

    /// Reads how many changes the catalog has been through, consistently. 1 RRU. Whoever remembers
    /// a part of it knows by this whether it is still so.
    pub async fn catalog_version(&self) -> Result<u64, StoreError> {
        let key = key(keys::VERSION, keys::VERSION);
        let version: Option<Version> = self
            .get(&self.tables.catalog, key, Reading::Consistent)
            .await?;
        Ok(version.map_or(0, |version| version.version))
    }

    /// Reads a page of the listing, consistently. 1 RRU per 4 KB of what is looked at, which is a
    /// hundred concerts at the most, however many there are: a page from which many are left out
    /// may be short.
    pub async fn listing(&self, wanted: &ListingWanted) -> Result<ListingPage, StoreError> {
        let most = match wanted.since {
            None => wanted.limit,
            Some(_) => MOST_LOOKED_AT,
        };
        // One more tells whether there are any beyond.
        let limit = i32::try_from(most + 1).unwrap_or(i32::MAX);
        let mut query = self
            .client
            .query()
            .table_name(&self.tables.catalog)
            .key_condition_expression("#group = :listing")
            .expression_attribute_names("#group", "group")
            .expression_attribute_values(":listing", text(keys::LISTING))
            .consistent_read(true)
            .limit(limit)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        if !wanted.prefix.is_empty() {
            query = query
                .key_condition_expression("#group = :listing AND begins_with(entry, :prefix)")
                .expression_attribute_values(":prefix", text(&wanted.prefix));
        }
        if let Some(after) = &wanted.after {
            query = query.set_exclusive_start_key(Some(key(keys::LISTING, after)));
        }
        let output = query.send().await?;
        usage::read(output.consumed_capacity());
        let read: Result<Vec<_>, _> = output
            .items
            .unwrap_or_default()
            .into_iter()
            .map(from_item)
            .collect();
        Ok(wanted.page_of(read?, most))
    }

    /// Reads a concert with its shows; `None` when there is none. 0.5 RRU per 4 KB, twice that
    /// consistently.
    pub async fn programme(
        &self,
        concert_id: ConcertId,
        reading: Reading,
    ) -> Result<Option<Programme>, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.tables.catalog)
            .key_condition_expression("#group = :group")
            .expression_attribute_names("#group", "group")
            .expression_attribute_values(":group", text(concert_id))
            .consistent_read(reading.is_consistent())
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .into_paginator()
            .send();
        let (mut concert, mut shows) = (None, BTreeMap::new());
        while let Some(page) = pages.try_next().await? {
            usage::read(page.consumed_capacity());
            for item in page.items.unwrap_or_default() {
                if item.get("entry") == Some(&text(keys::CONCERT)) {
                    concert = Some(from_item::<ConcertEntry>(item)?);
                } else {
                    let show: Show = from_item(item)?;
                    shows.insert(show.date, show);
                }
            }
        }
        Ok(concert.map(|entry| Programme {
            concert: entry.concert,
            version: entry.version,
            shows,
        }))
    }
}

/// A concert as it is stored.
#[derive(Serialize, Deserialize)]
pub(super) struct ConcertEntry {
    #[serde(flatten)]
    pub concert: Concert,
    pub version: u64,
}

#[derive(Deserialize)]
struct Version {
    version: u64,
}

/// Which page of the listing is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListingWanted {
    /// What the names begin with, folded as [`keys::folded`] does it; empty for all.
    pub prefix: String,
    /// The day on or after which a concert has to have a show; `None` for all.
    pub since: Option<ShowDate>,
    /// The most concerts to answer with.
    pub limit: usize,
    /// The place in the listing after which it begins, one that begins with `prefix`.
    pub after: Option<String>,
}

/// A page of the listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingPage {
    /// Its concerts, in the order of their names.
    pub concerts: Vec<ListedConcert>,
    /// The place after which the next one begins; `None` on the last one.
    pub next: Option<String>,
}

impl ListingWanted {
    /// The page out of what was read, of which so many are looked at.
    fn page_of(&self, read: Vec<ListedConcert>, most: usize) -> ListingPage {
        let mut is_last = read.len() <= most;
        let (mut concerts, mut looked_at) = (Vec::new(), None);
        for concert in read.into_iter().take(most) {
            let fits = self.includes(&concert);
            if fits && concerts.len() == self.limit {
                is_last = false;
                break;
            }
            looked_at = Some(keys::listed(concert.name.as_str(), concert.concert_id));
            if fits {
                concerts.push(concert);
            }
        }
        let next = if is_last { None } else { looked_at };
        ListingPage { concerts, next }
    }

    fn includes(&self, concert: &ListedConcert) -> bool {
        // The place of a short name also begins with what is an id in it.
        keys::folded(concert.name.as_str()).starts_with(&self.prefix)
            && self.since.is_none_or(|since| concert.last_date >= since)
    }
}

pub(super) fn key(group: impl ToString, entry: &str) -> Item {
    Item::from([
        ("group".to_owned(), text(group)),
        ("entry".to_owned(), text(entry)),
    ])
}
