//! `Changes`: the log of what administrators have done. A record is put in the transaction of the
//! change that it tells, and is never changed or deleted.
//!
//! A partition has the records of a year, and the sort key is their id, which begins with the time. So
//! a page of the newest records is one query, and no partition is endless: administrators make a few
//! hundred records a day. With a partition for each month, a reader would ask for up to twelve times as
//! many, most of them empty.
//!
//! Charges have partitions of their own, sixteen of them. Where a payment provider charges with an
//! administrator's token, every purchase may make one. They must not get in the way of the other records,
//! neither where these are written nor where somebody looks for them. And a partition takes 1,000 WRU a
//! second, which are 500 records. So the log takes 8,000 charges a second.

use std::cmp::Reverse;

use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnConsumedCapacity};
use futures_util::future::try_join_all;

use super::{
    Reading, Store, StoreError,
    item::{Item, from_item, text, to_attribute, to_item},
    keys,
    transaction::Transaction,
    usage,
};
use crate::domain::{
    changes::{Author, ChangeKind, LoggedChange},
    ids::{ChangeId, ConcertId, QueueId, UserId},
};

/// The year of the first records. None is older than this log.
const FIRST_YEAR: i16 = 2026;

/// About the most records that one page looks at: some 60 RRU.
const MAX_LOOKED_AT: usize = 1_000;

/// What records a caller wants to read.
#[derive(Debug, Clone, Default)]
pub struct ChangesWanted {
    /// Of this queue.
    pub queue_id: Option<QueueId>,
    /// Of this concert.
    pub concert_id: Option<ConcertId>,
    /// That happened to this user.
    pub user_id: Option<UserId>,
    /// Of this kind.
    pub kind: Option<ChangeKind>,
}

impl ChangesWanted {
    /// The parts of the log that may have such records. Charges are looked for only by their kind.
    fn parts(&self) -> impl Iterator<Item = Part> + use<> {
        let charges = self.kind == Some(ChangeKind::ChargeByAdmin);
        Part::all().filter(move |part| charges == matches!(part, Part::Charges(_)))
    }

    /// The attributes that a record must have.
    fn filters(&self) -> Result<Vec<(&'static str, AttributeValue)>, StoreError> {
        let kind = self.kind.as_ref().map(to_attribute).transpose()?;
        let filters = [
            ("queue_id", self.queue_id.as_ref().map(text)),
            ("concert_id", self.concert_id.map(text)),
            ("user_id", self.user_id.map(text)),
            ("kind", kind),
        ];
        let filters = filters.into_iter();
        Ok(filters
            .filter_map(|(name, value)| Some((name, value?)))
            .collect())
    }
}

impl Store {
    /// This store for an administrator: each change of a kind that the log knows is recorded when it
    /// is made through it. `None` is a store that records nothing, for what buyers do.
    #[must_use]
    pub fn by(&self, author: Option<Author>) -> Self {
        Self {
            author,
            ..self.clone()
        }
    }

    /// A new record, if this store makes any.
    pub(super) fn new_change(&self, kind: ChangeKind) -> Option<LoggedChange> {
        self.author.map(|author| LoggedChange::new(author, kind))
    }

    /// Adds a record to the transaction of its change, if there is one. `taken` is the refusal if
    /// there is a record with this id, which does not happen by chance. 2 WRU per KB.
    pub(super) fn with_change<R>(
        &self,
        transaction: Transaction<R>,
        change: Option<&LoggedChange>,
        taken: impl FnOnce() -> R + Send + 'static,
    ) -> Result<Transaction<R>, StoreError> {
        Ok(match change {
            Some(change) => transaction.put(self.put_change(change)?, |_| taken()),
            None => transaction,
        })
    }

    fn put_change(&self, change: &LoggedChange) -> Result<Put, StoreError> {
        let mut item = to_item(change)?;
        item.extend(key(change.change_id, Part::of(change)));
        Put::builder()
            .table_name(&self.tables.changes)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(change_id)")
            .build()
            .map_err(StoreError::of_item)
    }

    /// Reads a page of records that are older than `before`, the newest first, and the id before which
    /// the next page goes on. The page may be short if records are filtered. 0.5 RRU per 4 KB of the
    /// records that it looks at: about a thousand of them at the most. A query, and for charges
    /// sixteen, side by side; again for each earlier year that the page reaches into, and
    /// with a filter for each two hundred records.
    pub async fn changes(
        &self,
        wanted: &ChangesWanted,
        before: ChangeId,
        limit: usize,
    ) -> Result<(Vec<LoggedChange>, Option<ChangeId>), StoreError> {
        let filters = wanted.filters()?;
        let most_at_once = if filters.is_empty() { limit } else { 200 };
        let (mut found, mut looked_at) = (Vec::new(), 0);
        let mut before = before;
        let mut year = keys::year(before);
        while year >= FIRST_YEAR {
            let pages = wanted.parts().map(|part| {
                let part = keys::part(year, part.of_charges());
                self.changes_of(part, before, most_at_once, &filters)
            });
            let pages = try_join_all(pages).await?;
            // Where one part has more, the others have been read too far.
            let read_to = pages.iter().filter_map(|page| page.last).max();
            looked_at += pages.iter().map(|page| page.looked_at).sum::<usize>();
            let mut changes: Vec<_> = pages.into_iter().flat_map(|page| page.changes).collect();
            changes.sort_unstable_by_key(|change| Reverse(change.change_id));
            for change in changes {
                if read_to.is_some_and(|last| change.change_id < last) {
                    break;
                }
                let change_id = change.change_id;
                found.push(change);
                if found.len() == limit {
                    return Ok((found, Some(change_id)));
                }
            }
            match read_to {
                Some(last) => before = last,
                None => year -= 1,
            }
            if looked_at >= MAX_LOOKED_AT && year >= FIRST_YEAR {
                return Ok((found, Some(before)));
            }
        }
        Ok((found, None))
    }

    async fn changes_of(
        &self,
        part: String,
        before: ChangeId,
        most: usize,
        filters: &[(&'static str, AttributeValue)],
    ) -> Result<PageOfPart, StoreError> {
        let mut query = self
            .client
            .query()
            .table_name(&self.tables.changes)
            .key_condition_expression("part = :part AND change_id < :before")
            .expression_attribute_values(":part", text(part))
            .expression_attribute_values(":before", text(before))
            .scan_index_forward(false)
            .limit(i32::try_from(most).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        for (name, value) in filters {
            query = query
                .expression_attribute_names(format!("#{name}"), *name)
                .expression_attribute_values(format!(":{name}"), value.clone());
        }
        if !filters.is_empty() {
            let conditions = filters.iter().map(|(name, _)| format!("#{name} = :{name}"));
            query = query.filter_expression(conditions.collect::<Vec<_>>().join(" AND "));
        }
        let output = query.send().await?;
        usage::read(output.consumed_capacity());
        let items = output.items.unwrap_or_default().into_iter();
        Ok(PageOfPart {
            changes: items.map(from_item).collect::<Result<_, _>>()?,
            looked_at: usize::try_from(output.scanned_count).unwrap_or_default(),
            last: output.last_evaluated_key.as_ref().and_then(id_of),
        })
    }

    /// Reads one record, consistently; `None` if there is none with this id. 1 RRU per 4 KB, and 1 more
    /// for a charge.
    pub async fn change(&self, change_id: ChangeId) -> Result<Option<LoggedChange>, StoreError> {
        for part in [Part::Usual, Part::of_charge(change_id)] {
            let key = key(change_id, part);
            let change = self
                .get(&self.tables.changes, key, Reading::Consistent)
                .await?;
            if change.is_some() {
                return Ok(change);
            }
        }
        Ok(None)
    }
}

/// A part of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// All records but charges.
    Usual,
    /// Charges by administrators: one of the parts of them.
    Charges(u8),
}

impl Part {
    /// How many parts the charges have.
    const OF_CHARGES: u8 = 16;

    fn all() -> impl Iterator<Item = Self> {
        [Self::Usual]
            .into_iter()
            .chain((0..Self::OF_CHARGES).map(Self::Charges))
    }

    /// Where a record is.
    fn of(change: &LoggedChange) -> Self {
        match change.kind {
            ChangeKind::ChargeByAdmin => Self::of_charge(change.change_id),
            _ => Self::Usual,
        }
    }

    /// Where the record of a charge is: its id decides, by chance.
    fn of_charge(change_id: ChangeId) -> Self {
        Self::Charges(change_id.last_byte() % Self::OF_CHARGES)
    }

    /// Which part of the charges it is, if it is one.
    fn of_charges(self) -> Option<u8> {
        match self {
            Self::Usual => None,
            Self::Charges(part) => Some(part),
        }
    }
}

/// What a query has read of a part.
struct PageOfPart {
    changes: Vec<LoggedChange>,
    looked_at: usize,
    /// The last record that it looked at, if there may be more.
    last: Option<ChangeId>,
}

/// The key of a record.
fn key(change_id: ChangeId, part: Part) -> Item {
    let part = keys::part(keys::year(change_id), part.of_charges());
    Item::from([
        ("part".to_owned(), text(part)),
        ("change_id".to_owned(), text(change_id)),
    ])
}

/// A record as it is stored; `None` if it cannot be read, or is not what its key says it is.
pub(super) fn audited(item: Item) -> Option<LoggedChange> {
    let part = item.get("part")?.clone();
    let change: LoggedChange = from_item(item).ok()?;
    let is_of_its_time = change.change_id.time() == Some(change.at);
    let its = key(change.change_id, Part::of(&change)).remove("part");
    (is_of_its_time && its == Some(part)).then_some(change)
}

fn id_of(key: &Item) -> Option<ChangeId> {
    key.get("change_id")?.as_s().ok()?.parse().ok()
}
