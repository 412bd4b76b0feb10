//! What was written to a table, as its stream tells it: the images of an item, read as what its key
//! says it is.

use aws_lambda_events::dynamodb::{EventRecord, StreamRecord};
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};
use serde_dynamo::{AttributeValue, Item};

pub use crate::domain::events::Written;

use super::{
    Store, StoreError,
    catalog::ConcertEntry,
    item::{self, text},
    keys, queues, usage,
};
use crate::domain::{
    events::{ConcertItem, Images, ShowItem},
    order::{Charge, Correction, Order},
    session::Session,
    show::Show,
};

/// Reads a record of a stream, and when it was written; `None` if no event is made of such items.
///
/// The key says what an item is. The name of the table does not matter, so it may be a restored one.
pub fn read(record: EventRecord) -> Result<Option<(Written, Timestamp)>, StoreError> {
    let record = record.change;
    let written_at = record.approximate_creation_date_time.timestamp();
    let written_at = Timestamp::from_second(written_at).unwrap_or_default();
    let written = if record.keys.contains_key("queue_id") {
        session(record)?
    } else if record.keys.contains_key("group") {
        of_catalog(record)?
    } else if record.keys.contains_key("entry") {
        entry(record)?
    } else {
        queue(record)?
    };
    Ok(written.map(|written| (written, written_at)))
}

/// An item of `Sessions`. Other items are there too, and sessions that hold nothing are not looked at.
fn session(record: StreamRecord) -> Result<Option<Written>, StoreError> {
    let holds = |image: &Item| image.contains_key("live_hold");
    if !holds(&record.old_image) && !holds(&record.new_image) {
        return Ok(None);
    }
    let images: Images<Session> = images(record)?;
    Ok(Some(Written::Session(images.into())))
}

/// An item of `Catalog`.
fn of_catalog(record: StreamRecord) -> Result<Option<Written>, StoreError> {
    let entry = text_of(&record.keys, "entry")?;
    if entry == keys::CONCERT {
        let Images { old, new } = images(record)?;
        let item = |entry: ConcertEntry| ConcertItem {
            concert: entry.concert,
            version: entry.version,
            changed_at: entry.last_change.map(|change| change.at),
        };
        let images = Images {
            old: old.map(item),
            new: new.map(item),
        };
        return Ok(Some(Written::Concert(images.into())));
    }
    if !entry.starts_with(keys::SHOWS) {
        return Ok(None);
    }
    let images = Images {
        old: show(record.old_image)?,
        new: show(record.new_image)?,
    };
    Ok(Some(Written::Show(images.into())))
}

fn show(image: Item) -> Result<Option<ShowItem>, StoreError> {
    let version: Option<Version> = read_image(image.clone())?;
    let show: Option<Show> = read_image(image)?;
    Ok(version
        .zip(show)
        .map(|(Version { version }, show)| ShowItem { show, version }))
}

/// The version of the concert that wrote a show. An earlier version of the code stored none.
#[derive(Deserialize)]
struct Version {
    #[serde(default)]
    version: u64,
}

/// Entries of a page of `Accounts`, each as if it had just been written.
#[derive(Debug, Default)]
pub struct WrittenEntries {
    /// The entries.
    pub entries: Vec<Written>,
    /// How many items cannot be read.
    pub unreadable: usize,
    /// The position after which the next page begins; `None` after the last one.
    pub next: Option<String>,
}

impl Store {
    /// Reads a page of `limit` items of `Accounts` after a position; it may be a moment old. 0.5 RRU per
    /// 4 KB.
    ///
    /// A position is made of the key of an item: the user's id, a space and the entry.
    pub async fn written_entries(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<WrittenEntries, StoreError> {
        let after = after.and_then(|after| after.split_once(' '));
        let after = after.map(|(user_id, entry)| {
            item::Item::from([
                ("user_id".to_owned(), text(user_id)),
                ("entry".to_owned(), text(entry)),
            ])
        });
        let scan = self.client.scan().table_name(&self.tables.accounts);
        let output = scan
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(after)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        usage::read(output.consumed_capacity());
        let next = output.last_evaluated_key.and_then(|key| {
            let part = |name| key.get(name)?.as_s().ok();
            Some(format!("{} {}", part("user_id")?, part("entry")?))
        });
        let items = output.items.unwrap_or_default().into_iter();
        let entries = items.map(|item| {
            let mut record = StreamRecord::default();
            record.new_image = item.into();
            record.keys = record.new_image.clone();
            entry(record)
        });
        let mut read = WrittenEntries {
            next,
            ..WrittenEntries::default()
        };
        for entry in entries {
            match entry {
                Ok(written) => read.entries.extend(written),
                // The others can be told all the same.
                Err(_) => read.unreadable += 1,
            }
        }
        Ok(read)
    }
}

/// An item of `Accounts`. The balance itself makes no event.
fn entry(record: StreamRecord) -> Result<Option<Written>, StoreError> {
    let entry = text_of(&record.keys, "entry")?;
    let user_id = text_of(&record.keys, "user_id")?;
    let user_id = user_id.parse().map_err(StoreError::unreadable);
    Ok(if entry.starts_with(keys::CHARGES) {
        Some(Written::Charge(user_id?, images::<Charge>(record)?))
    } else if entry.starts_with(keys::CORRECTIONS) {
        Some(Written::Correction(user_id?, images::<Correction>(record)?))
    } else if entry.starts_with(keys::ORDERS) {
        Some(Written::Order(images::<Order>(record)?.into()))
    } else {
        None
    })
}

/// An item of `Queues`. Only a queue itself has a line.
fn queue(record: StreamRecord) -> Result<Option<Written>, StoreError> {
    if !record.new_image.contains_key("line") {
        return Ok(None);
    }
    let queue_id = text_of(&record.keys, "id")?;
    let queue_id = queue_id.parse().map_err(StoreError::unreadable)?;
    let image = |image: Item| read_image(image)?.map(queues::item_of).transpose();
    let images = Images {
        old: image(record.old_image)?,
        new: image(record.new_image)?,
    };
    Ok(Some(Written::Queue(queue_id, images.into())))
}

fn images<T: DeserializeOwned>(record: StreamRecord) -> Result<Images<T>, StoreError> {
    Ok(Images {
        old: read_image(record.old_image)?,
        new: read_image(record.new_image)?,
    })
}

/// Reads an image; `None` if there is none. No item is empty.
fn read_image<T: DeserializeOwned>(image: Item) -> Result<Option<T>, StoreError> {
    if image.is_empty() {
        return Ok(None);
    }
    serde_dynamo::from_item(image)
        .map(Some)
        .map_err(StoreError::unreadable)
}

fn text_of(keys: &Item, name: &str) -> Result<String, StoreError> {
    match keys.get(name) {
        Some(AttributeValue::S(text)) => Ok(text.clone()),
        _ => Err(StoreError::Unreadable(
            format!("a key without {name}").into(),
        )),
    }
}
