//! `Catalog`: concerts, their shows, and the listing.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{Put, ReturnConsumedCapacity};
use futures_util::TryStreamExt as _;
use serde::{Deserialize, Serialize};

use super::{
    Reading, Store, StoreError,
    batch::MAX_IN_A_BATCH,
    item::{Item, from_item, text, to_item},
    keys, query, usage,
};
use crate::domain::{
    changes::LastChange,
    ids::{ConcertId, ShowDate, ShowId},
    programme::Programme,
    show::{Concert, ListedConcert, Show},
    texts::Texts,
};

/// The most concerts of the listing that one page looks at; one more is read: 20 to 40 KB.
const MAX_LOOKED_AT: usize = 99;

impl Store {
    /// Reads a concert; it may be a moment old. 0.5 RRU.
    pub async fn concert(&self, concert_id: ConcertId) -> Result<Option<Concert>, StoreError> {
        self.catalog_entry(concert_id, keys::CONCERT).await
    }

    /// Reads concerts; they may be a moment old. Those that do not exist are left out. 0.5 RRU each.
    pub async fn concerts(
        &self,
        ids: impl IntoIterator<Item = ConcertId>,
    ) -> Result<BTreeMap<ConcertId, Concert>, StoreError> {
        let ids: Vec<_> = ids.into_iter().collect();
        let parts: Vec<_> = ids.chunks(MAX_IN_A_BATCH).map(<[_]>::to_vec).collect();
        let read = self.at_once(parts, |store, ids| async move {
            let keys = ids.into_iter().map(|id| key(id, keys::CONCERT)).collect();
            let table = &store.tables.catalog;
            store.read_each(table, keys, Reading::Eventual).await
        });
        let read: Vec<Vec<Concert>> = read.try_collect().await?;
        let concerts = read.into_iter().flatten();
        Ok(concerts.map(|it| (it.concert_id, it)).collect())
    }

    /// Reads a show; it may be a moment old. 0.5 RRU.
    pub async fn show(&self, show: ShowId) -> Result<Option<Show>, StoreError> {
        self.catalog_entry(show.concert_id, &keys::show(show.key))
            .await
    }

    /// Reads the shows of a day that have a start, in order; they may be a moment old. 0.5 RRU per
    /// 4 KB.
    pub async fn shows_with_a_start(
        &self,
        concert_id: ConcertId,
        date: ShowDate,
    ) -> Result<Vec<Show>, StoreError> {
        self.shows_with(concert_id, &keys::shows_with_a_start(date))
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
            Reading::Eventual,
        )
        .await
    }

    /// Reads the shows of a concert in the order of their dates. 0.5 RRU per 4 KB.
    pub async fn shows(&self, concert_id: ConcertId) -> Result<Vec<Show>, StoreError> {
        self.shows_with(concert_id, keys::SHOWS).await
    }

    async fn shows_with(
        &self,
        concert_id: ConcertId,
        prefix: &str,
    ) -> Result<Vec<Show>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.tables.catalog)
            .key_condition_expression("#group = :group AND begins_with(entry, :shows)")
            .expression_attribute_names("#group", "group")
            .expression_attribute_values(":group", text(concert_id))
            .expression_attribute_values(":shows", text(prefix));
        query::all(query).await
    }

    /// Reads the version of the catalog, consistently. 1 RRU. A cached part of the catalog is
    /// current as long as the version is the same.
    pub async fn catalog_version(&self) -> Result<CatalogVersion, StoreError> {
        let key = key(keys::VERSION, keys::VERSION);
        let version = self
            .get(&self.tables.catalog, key, Reading::Consistent)
            .await?;
        Ok(version.unwrap_or_default())
    }

    /// Reads a page of the listing, consistently. 1 RRU per 4 KB of what it looks at, which is at
    /// most a hundred concerts, however many there are. So a page from which many are left out may
    /// be short.
    pub async fn listing(&self, wanted: &ListingWanted) -> Result<ListingPage, StoreError> {
        let shows_all =
            wanted.since.is_none() && (wanted.prefix.is_empty() || wanted.is_in_order());
        let max = if shows_all {
            wanted.limit
        } else {
            MAX_LOOKED_AT
        };
        // One more, to know whether there are others after it.
        let limit = i32::try_from(max + 1).unwrap_or(i32::MAX);
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
        if wanted.is_in_order() {
            query = query
                .key_condition_expression("#group = :listing AND begins_with(entry, :prefix)")
                .expression_attribute_values(":prefix", text(keys::listed_as(&wanted.prefix)));
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
        Ok(wanted.page_of(read?, max))
    }

    /// Reads a hundred entries of the listing, consistently. Returns those that are not at the
    /// place that [`keys::listed`] gives them, and where to continue. 1 RRU per 4 KB.
    pub async fn misplaced(
        &self,
        after: Option<String>,
    ) -> Result<(Vec<Listed>, Option<String>), StoreError> {
        let output = self
            .client
            .query()
            .table_name(&self.tables.catalog)
            .key_condition_expression("#group = :listing")
            .expression_attribute_names("#group", "group")
            .expression_attribute_values(":listing", text(keys::LISTING))
            .set_exclusive_start_key(after.map(|after| key(keys::LISTING, &after)))
            .consistent_read(true)
            .limit(100)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        usage::read(output.consumed_capacity());
        let next = entry_of(output.last_evaluated_key);
        let mut misplaced = Vec::new();
        for item in output.items.unwrap_or_default() {
            let listed: Listed = from_item(item)?;
            let place = keys::listed(&listed.concert.name, listed.concert.concert_id);
            if listed.entry != place {
                misplaced.push(listed);
            }
        }
        Ok((misplaced, next))
    }

    /// Reads a concert with its shows and texts; `None` if there is none. 0.5 RRU per 4 KB of the
    /// concert with its shows, and of its texts; 1 if consistent.
    ///
    /// If consistent, the texts are read after the concert. So a change of this version of the
    /// concert, which requires that version, cannot lose texts that another change wrote before.
    pub async fn programme(
        &self,
        concert_id: ConcertId,
        reading: Reading,
    ) -> Result<Option<Programme>, StoreError> {
        let concert = self.concert_with_shows(concert_id, reading);
        let texts = self.texts(concert_id, reading);
        let (programme, texts) = if reading.is_consistent() {
            match concert.await? {
                Some(programme) => (Some(programme), texts.await?),
                None => return Ok(None),
            }
        } else {
            tokio::try_join!(concert, texts)?
        };
        Ok(programme.map(|programme| Programme { texts, ..programme }))
    }

    async fn texts(&self, concert_id: ConcertId, reading: Reading) -> Result<Texts, StoreError> {
        let key = key(keys::texts(concert_id), keys::TEXTS);
        let texts = self.get(&self.tables.catalog, key, reading).await?;
        Ok(texts.unwrap_or_default())
    }

    /// The write of an entry. It may replace another ([`if_new`]).
    pub(super) fn put(
        &self,
        group: impl ToString,
        entry: &str,
        value: &impl Serialize,
    ) -> Result<Put, StoreError> {
        let mut item = to_item(value)?;
        item.extend(key(group, entry));
        Put::builder()
            .table_name(&self.tables.catalog)
            .set_item(Some(item))
            .build()
            .map_err(StoreError::of_item)
    }

    /// The write of a show by this version of its concert.
    pub(super) fn put_show(&self, show: &Show, version: u64) -> Result<Put, StoreError> {
        let entry = keys::show(show.key);
        self.put(show.concert_id, &entry, &ShowEntry { show, version })
    }

    /// A concert with its shows, without its texts.
    async fn concert_with_shows(
        &self,
        concert_id: ConcertId,
        reading: Reading,
    ) -> Result<Option<Programme>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.tables.catalog)
            .key_condition_expression("#group = :group")
            .expression_attribute_names("#group", "group")
            .expression_attribute_values(":group", text(concert_id))
            .consistent_read(reading.is_consistent());
        let (mut concert, mut shows) = (None, BTreeMap::new());
        for item in query::items(query).await? {
            if item.get("entry") == Some(&text(keys::CONCERT)) {
                concert = Some(from_item::<ConcertEntry>(item)?);
            } else {
                let show: Show = from_item(item)?;
                shows.insert(show.key, show);
            }
        }
        Ok(concert.map(|entry| Programme {
            concert: entry.concert,
            version: entry.version,
            last_change: entry.last_change,
            texts: Texts::default(),
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_change: Option<LastChange>,
}

/// A show as it is stored. It is read as a [`Show`].
#[derive(Serialize)]
struct ShowEntry<'a> {
    #[serde(flatten)]
    show: &'a Show,
    /// The version of the concert that wrote it. Events of the show are ordered by it, and nothing
    /// else reads it. What an earlier version of the code wrote has none.
    version: u64,
}

/// The version of the catalog.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CatalogVersion {
    /// A count of the changes.
    pub version: u64,
    /// Whether every entry of the listing is in the order of [`crate::domain::user::Name::folded`].
    /// Entries of an earlier version of the code are not, until the first change of any concert
    /// moves them.
    pub folded: bool,
}

/// An entry of the listing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Listed {
    /// Its key in the listing.
    pub entry: String,
    /// The concert.
    #[serde(flatten)]
    pub concert: ListedConcert,
}

/// The page of the listing that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListingWanted {
    /// The beginning of the names, as [`crate::domain::user::Name::folded`] returns it; empty for
    /// all.
    pub prefix: String,
    /// Whether the listing is in the order of folded names. If it is not, names that begin with
    /// `prefix` may be anywhere, and a page of them may be short.
    pub folded: bool,
    /// A concert must have a show on or after this day; `None` for all concerts.
    pub since: Option<ShowDate>,
    /// The most concerts to return.
    pub limit: usize,
    /// The key after which the page begins. It begins with `prefix` if the listing is in order.
    pub after: Option<String>,
}

/// A page of the listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingPage {
    /// Its concerts, in the order of their names.
    pub concerts: Vec<ListedConcert>,
    /// The key after which the next page begins; `None` on the last one.
    pub next: Option<String>,
}

impl ListingWanted {
    /// Whether the page begins after a key within the range of `prefix`. A key from before the
    /// listing was in order may be outside.
    pub fn begins_in_range(&self) -> bool {
        let prefix = keys::listed_as(&self.prefix);
        let after = self.after.as_ref().filter(|_| self.folded);
        after.is_none_or(|after| after.starts_with(prefix))
    }

    /// Whether the names that begin with `prefix` are next to each other.
    fn is_in_order(&self) -> bool {
        self.folded && !self.prefix.is_empty()
    }

    /// Makes the page of what was read. At most `max` entries are looked at.
    fn page_of(&self, read: Vec<Listed>, max: usize) -> ListingPage {
        let mut is_last = read.len() <= max;
        let (mut concerts, mut looked_at) = (Vec::new(), None);
        for Listed { entry, concert } in read.into_iter().take(max) {
            let fits = self.includes(&concert);
            if fits && concerts.len() == self.limit {
                is_last = false;
                break;
            }
            looked_at = Some(entry);
            if fits {
                concerts.push(concert);
            }
        }
        let next = if is_last { None } else { looked_at };
        ListingPage { concerts, next }
    }

    fn includes(&self, concert: &ListedConcert) -> bool {
        // A short name's key may begin with the prefix only because of the id in it.
        concert.name.folded().starts_with(&self.prefix)
            && self.since.is_none_or(|since| concert.last_date >= since)
    }
}

/// The same write, refused if there is an entry.
pub(super) fn if_new(mut put: Put) -> Put {
    put.condition_expression = Some("attribute_not_exists(entry)".to_owned());
    put
}

/// The entry of a key, where the next page of a list continues.
pub(super) fn entry_of(key: Option<Item>) -> Option<String> {
    let entry = key?.remove("entry")?;
    entry.as_s().ok().cloned()
}

pub(super) fn key(group: impl ToString, entry: &str) -> Item {
    Item::from([
        ("group".to_owned(), text(group)),
        ("entry".to_owned(), text(entry)),
    ])
}
