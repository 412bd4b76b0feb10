//! `Queues`: settings and lines, what a queue sells, and which queues there are.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    error::SdkError,
    operation::update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    types::{AttributeValue, Put, ReturnConsumedCapacity, Update},
};
use futures_util::future::try_join_all;
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    Decided as _, Reading, Store, StoreError,
    batch::MAX_IN_A_BATCH,
    contention::while_contended,
    item::{Item, from_item, number, text, to_attribute, to_item},
    keys,
    numbers::{Issued, draw},
    transaction::{Transaction, is_conflict},
    usage,
};
use crate::{
    config::Tables,
    domain::{
        changes::{ChangeKind, Facts, LastChange, LoggedChange},
        draw::{Draw, Seed},
        events::QueueItem,
        ids::{ConcertId, QueueId},
        programme::QueueShows,
        queue::{Cohort, Counts, Line, Opening, Queue, Settings, VoidCredit},
    },
};

/// A queue's item. `main` may have none, or one without settings.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Row {
    settings: Option<Settings>,
    default_concert_id: Option<ConcertId>,
    last_change: Option<LastChange>,
    line: Line,
    /// The seed of the draw, if there is one. It is secret until `stripes` is there.
    seed: Option<Seed>,
    /// How many early entries each stripe had when the queue opened.
    stripes: Option<Vec<u64>>,
}

impl Row {
    fn opening(&self) -> Result<Opening, StoreError> {
        Ok(match (&self.seed, &self.stripes) {
            (None, _) => Opening::Always,
            (Some(seed), None) => Opening::Ahead(seed.clone()),
            (Some(seed), Some(stripes)) => Opening::Done(draw(seed, stripes, &self.line)?.into()),
        })
    }

    fn queue(
        self,
        id: &QueueId,
        defaults: &Settings,
    ) -> Result<(Queue, Option<LastChange>), StoreError> {
        let opening = self.opening()?;
        let settings = Settings {
            default_concert_id: self.default_concert_id,
            ..self.settings.unwrap_or_else(|| defaults.clone())
        };
        let queue = Queue {
            id: id.clone(),
            settings,
            line: self.line,
            opening,
        };
        Ok((queue, self.last_change))
    }
}

#[derive(Deserialize)]
struct Registry {
    #[serde(default)]
    queues: Vec<QueueId>,
}

/// What a tick reads of a queue's people.
#[derive(Debug, Default)]
pub struct Census {
    /// How many numbers have been issued.
    pub issued: u64,
    /// When numbers were last taken for a pool (milliseconds); 0 if never.
    pub pools_filled_at: i64,
    counts: HashMap<i64, Counts>,
}

impl Census {
    /// The census after numbers were skipped.
    pub fn skip(&mut self, skipped: VoidCredit) {
        self.issued += skipped.numbers;
        self.counts.entry(skipped.cohort).or_default().gone += skipped.numbers;
    }

    /// The counts of a cohort, by its start.
    pub fn counts(&self, cohort: i64) -> Counts {
        self.counts.get(&cohort).copied().unwrap_or_default()
    }
}

/// The result of writing settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingsPut {
    /// They are written.
    Done,
    /// The queue's item has changed since it was read.
    Moved,
    /// The queue cannot get an opening, because somebody has joined it.
    Joined,
}

impl Store {
    /// Reads a queue; it may be a moment old. 0.5 RRU per 4 KB; 1 if consistent, which only the tick
    /// needs.
    /// `None` if there is no such queue. `main` always exists. A queue without settings of its own
    /// has `defaults`.
    pub async fn queue(
        &self,
        id: &QueueId,
        defaults: &Settings,
        reading: Reading,
    ) -> Result<Option<Queue>, StoreError> {
        let read = self.queue_and_change(id, defaults, reading).await?;
        Ok(read.map(|(queue, _)| queue))
    }

    /// Reads a queue as [`Store::queue`] does, and who made its settings last, if anybody has.
    pub async fn queue_and_change(
        &self,
        id: &QueueId,
        defaults: &Settings,
        reading: Reading,
    ) -> Result<Option<(Queue, Option<LastChange>)>, StoreError> {
        let row: Option<Row> = self.get(&self.tables.queues, key(id), reading).await?;
        match row {
            Some(row) => row.queue(id, defaults).map(Some),
            None if *id == QueueId::main() => Row::default().queue(id, defaults).map(Some),
            None => Ok(None),
        }
    }

    /// Reads these queues, at most 100, consistently, and who made the settings of each last, if
    /// anybody has. Those that do not exist are left out. 1 RRU per 4 KB of each, and at least 1.
    pub async fn queues_and_changes(
        &self,
        ids: &[QueueId],
        defaults: &Settings,
    ) -> Result<Vec<(Queue, Option<LastChange>)>, StoreError> {
        let mut rows = self.rows_of(ids.iter().map(ToString::to_string)).await?;
        let main = QueueId::main();
        let mut queues = Vec::with_capacity(ids.len());
        for id in ids {
            let row = match rows.remove(id.as_str()) {
                Some(row) => from_item::<Row>(row)?,
                None if *id == main => Row::default(),
                None => continue,
            };
            queues.push(row.queue(id, defaults)?);
        }
        Ok(queues)
    }

    /// Reads the shows that these queues of their own sell, at most 100 queues, consistently. 1 RRU
    /// per 4 KB of each, and at least 1.
    pub async fn shows_of_queues(
        &self,
        ids: &[QueueId],
    ) -> Result<HashMap<QueueId, QueueShows>, StoreError> {
        let mut rows = self.rows_of(ids.iter().map(keys::queue_shows)).await?;
        let of_queue = |id: &QueueId| {
            let row = rows.remove(&keys::queue_shows(id));
            let shows = row.map(from_item).transpose()?;
            Ok((id.clone(), shows.unwrap_or_default()))
        };
        ids.iter().map(of_queue).collect()
    }

    /// Reads items by their ids, at most 100, consistently.
    async fn rows_of(
        &self,
        ids: impl Iterator<Item = String>,
    ) -> Result<HashMap<String, Item>, StoreError> {
        let table = &*self.tables.queues;
        let wanted: Vec<_> = ids.map(key).collect();
        if wanted.is_empty() {
            return Ok(HashMap::new());
        }
        let wanted = [(table, wanted)];
        let mut found = self.read_batch(wanted, Reading::Consistent).await?;
        let rows = found.remove(table).unwrap_or_default().into_iter();
        Ok(rows
            .filter_map(|row| Some((row.get("id")?.as_s().ok()?.clone(), row)))
            .collect())
    }

    /// Writes a queue's settings and who made them, unless its line has changed since it was read.
    /// A new queue is created, and registered: 4 WRU. Otherwise 2 WRU, and 2 more for each KB of
    /// the queue's item beyond the first. The record in the log of changes: 2 WRU per KB.
    ///
    /// The line's version goes up, so a tick that has read the old settings does nothing.
    ///
    /// With a seed, the queue gets an opening, which costs 2 WRU more. Nobody may have joined it
    /// before.
    pub async fn put_settings(
        &self,
        queue_id: &QueueId,
        before: Option<&Queue>,
        settings: &Settings,
        change: &LastChange,
        seed: Option<&Seed>,
    ) -> Result<SettingsPut, StoreError> {
        let row = self.set(queue_id, before, settings, change, seed)?;
        let transaction = Transaction::new(&self.client).update(row, |_| SettingsPut::Moved);
        let logged = LoggedChange {
            queue_id: Some(queue_id.clone()),
            ..LoggedChange::new((*change).into(), ChangeKind::QueueSettings)
        };
        let were = before.map(|queue| Facts::from(&queue.settings));
        let logged = logged.from_to(&were.unwrap_or_default(), &settings.into());
        let mut transaction =
            self.with_change(transaction, Some(&logged), || SettingsPut::Moved)?;
        if seed.is_some() {
            let numbers = self.hold_numbers_back(queue_id)?;
            transaction = transaction.update(numbers, |item| {
                // Of two such calls at once, the first one has held the numbers back.
                if is_held_back(item.as_ref()) {
                    SettingsPut::Moved
                } else {
                    SettingsPut::Joined
                }
            });
        }
        if before.is_none() {
            let registry = self.register(queue_id)?;
            transaction = transaction.update(registry, |_| SettingsPut::Moved);
        }
        Ok(match transaction.commit().await.decided()? {
            Ok(()) => SettingsPut::Done,
            Err(refused) => refused,
        })
    }

    fn set(
        &self,
        queue_id: &QueueId,
        before: Option<&Queue>,
        settings: &Settings,
        change: &LastChange,
        seed: Option<&Seed>,
    ) -> Result<Update, StoreError> {
        let mut update = Update::builder()
            .table_name(&self.tables.queues)
            .set_key(Some(key(queue_id)))
            .expression_attribute_values(":settings", to_attribute(settings)?)
            .expression_attribute_values(":change", to_attribute(change)?);
        let mut set = "SET settings = :settings, last_change = :change".to_owned();
        let version = before.map_or(0, |queue| queue.line.version);
        update = match version {
            0 => update.condition_expression("attribute_not_exists(line)"),
            version => update
                .condition_expression("line.version = :seen")
                .expression_attribute_values(":seen", number(version)),
        };
        // A queue that opens later lets nobody in yet, and forgets the line that it had.
        update = if version == 0 || seed.is_some() {
            let line = Line {
                version: version + 1,
                ..Line::default()
            };
            set += ", line = :line";
            update.expression_attribute_values(":line", to_attribute(&line)?)
        } else {
            set += ", line.version = :next";
            update.expression_attribute_values(":next", number(version + 1))
        };
        if let Some(seed) = seed {
            set += ", seed = :seed";
            update = update.expression_attribute_values(":seed", text(seed.reveal()));
        }
        update = if let Some(concert_id) = settings.default_concert_id {
            set += ", default_concert_id = :concert_id";
            update.expression_attribute_values(":concert_id", text(concert_id))
        } else {
            set += " REMOVE default_concert_id";
            update
        };
        Ok(update.update_expression(set).build()?)
    }

    fn register(&self, queue_id: &QueueId) -> Result<Update, StoreError> {
        let names = AttributeValue::Ss(vec![queue_id.to_string()]);
        let update = Update::builder()
            .table_name(&self.tables.queues)
            .set_key(Some(key(keys::REGISTRY)))
            .update_expression("ADD queues :names")
            .expression_attribute_values(":names", names);
        Ok(update.build()?)
    }

    /// Sets the concert of those who join a queue without naming one. 1 WRU.
    pub async fn set_default_concert(
        &self,
        queue_id: &QueueId,
        concert_id: ConcertId,
    ) -> Result<(), StoreError> {
        let output = self
            .update_item(queue_id)
            .update_expression("SET default_concert_id = :concert_id")
            .expression_attribute_values(":concert_id", text(concert_id))
            .send()
            .await?;
        usage::write(output.consumed_capacity());
        Ok(())
    }

    /// Reads the shows that a queue of its own sells, consistently. 1 RRU per 4 KB.
    pub async fn queue_shows(&self, queue_id: &QueueId) -> Result<QueueShows, StoreError> {
        let key = key(keys::queue_shows(queue_id));
        let shows: Option<QueueShows> = self
            .get(&self.tables.queues, key, Reading::Consistent)
            .await?;
        Ok(shows.unwrap_or_default())
    }

    /// Reads how many numbers a queue has issued, and the counts of its live cohorts, consistently.
    /// 1 RRU for each counter: a cohort has one, and more only if its line was fast.
    pub async fn census(&self, queue: &Queue) -> Result<Census, StoreError> {
        let counters = queue.line.cohorts.iter().flat_map(Cohort::all_counters);
        let cohorts: HashMap<_, _> = counters
            .map(|counter| (keys::cohort(&queue.id, counter), counter.cohort))
            .collect();
        let issued = keys::issued(&queue.id);
        let wanted: Vec<Item> = cohorts.keys().chain([&issued]).map(key).collect();
        let mut census = Census::default();
        // A tick without one of the counts would let too many in.
        for item in self.read_all(wanted).await? {
            let id = item
                .get("id")
                .and_then(|id| id.as_s().ok())
                .cloned()
                .unwrap_or_default();
            if let Some(start) = cohorts.get(&id) {
                let counts: Counts = from_item(item)?;
                *census.counts.entry(*start).or_default() += counts;
            } else {
                let issued: Issued = from_item(item)?;
                census.issued = issued.issued;
                census.pools_filled_at = issued.pools_filled_at;
            }
        }
        Ok(census)
    }

    /// Reads items of this table, however many, consistently.
    pub(super) async fn read_all(&self, keys: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        let table = &*self.tables.queues;
        let batches = keys.chunks(MAX_IN_A_BATCH).map(|keys| {
            let wanted = [(table, keys.to_vec())];
            self.read_batch(wanted, Reading::Consistent)
        });
        let found = try_join_all(batches).await?;
        Ok(found
            .into_iter()
            .flat_map(HashMap::into_values)
            .flatten()
            .collect())
    }

    /// Writes the line after a tick, unless it has changed since the tick read it, and the draw if
    /// it is the tick of the opening. Returns whether it was written. 1 WRU per KB of the queue's
    /// item.
    pub async fn put_line(
        &self,
        queue: &Queue,
        next: &Line,
        drawn: Option<&Draw>,
    ) -> Result<bool, StoreError> {
        let update = self
            .update_item(&queue.id)
            .expression_attribute_values(":line", to_attribute(next)?);
        let update = match drawn {
            None => update.update_expression("SET line = :line"),
            Some(draw) => update
                .update_expression("SET line = :line, stripes = :stripes")
                .expression_attribute_values(":stripes", to_attribute(&draw.stripes())?),
        };
        let update = match queue.line.version {
            0 => update.condition_expression("attribute_not_exists(line)"),
            seen => update
                .condition_expression("line.version = :seen")
                .expression_attribute_values(":seen", number(seen)),
        };
        self.send_conditional(update).await
    }

    /// Sends an update. Returns whether its condition held.
    pub(super) async fn send_conditional(
        &self,
        update: UpdateItemFluentBuilder,
    ) -> Result<bool, StoreError> {
        Ok(self.attributes_after(update).await?.is_some())
    }

    /// Sends an update, and returns the attributes that it asks for; `None` if its condition did
    /// not hold.
    pub(super) async fn attributes_after(
        &self,
        update: UpdateItemFluentBuilder,
    ) -> Result<Option<Item>, StoreError> {
        match while_contended(|| update.clone().send(), is_conflict).await {
            Ok(output) => {
                usage::write(output.consumed_capacity());
                Ok(Some(output.attributes.unwrap_or_default()))
            }
            Err(error) if is_refused(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// An update of an item, to which an expression must be added.
    pub(super) fn update_item(&self, id: impl ToString) -> UpdateItemFluentBuilder {
        self.update_item_with(&self.client, id)
    }

    /// As [`Store::update_item`], to be sent with this client.
    pub(super) fn update_item_with(
        &self,
        client: &Client,
        id: impl ToString,
    ) -> UpdateItemFluentBuilder {
        client
            .update_item()
            .table_name(&self.tables.queues)
            .set_key(Some(key(id)))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
    }

    /// Reads which queues have an item. 0.5 RRU.
    pub async fn registered_queues(&self) -> Result<Vec<QueueId>, StoreError> {
        let key = key(keys::REGISTRY);
        let registry: Option<Registry> = self
            .get(&self.tables.queues, key, Reading::Eventual)
            .await?;
        Ok(registry.map(|registry| registry.queues).unwrap_or_default())
    }
}

/// What events tell of a queue's item.
pub(super) fn item_of(row: Row) -> Result<QueueItem, StoreError> {
    let seats = row.line.seats.as_ref();
    let default_concert_id = row.default_concert_id;
    Ok(QueueItem {
        version: row.line.version,
        is_sold_out: seats.is_some_and(|seats| seats.sold_out),
        is_over: seats.is_some_and(|seats| seats.sale_over),
        ticked_at: Timestamp::from_millisecond(row.line.ticked_at)
            .map_err(StoreError::unreadable)?,
        settings: row.settings.map(|settings| Settings {
            default_concert_id,
            ..settings
        }),
        set_at: row.last_change.map(|change| change.at),
        drawn: row.stripes.map(|stripes| stripes.iter().sum()),
    })
}

/// Whether an item of issued numbers says that none are issued before the opening.
fn is_held_back(numbers: Option<&Item>) -> bool {
    let held_back = numbers.and_then(|item| item.get("held_back"));
    held_back == Some(&AttributeValue::Bool(true))
}

pub(super) fn is_refused<R>(error: &SdkError<UpdateItemError, R>) -> bool {
    error
        .as_service_error()
        .is_some_and(UpdateItemError::is_conditional_check_failed_exception)
}

/// Writes the shows that a queue of its own sells, unless they have changed since they were read.
pub(super) fn put_shows(
    tables: &Tables,
    queue_id: &QueueId,
    seen: &QueueShows,
    next: &QueueShows,
) -> Result<Put, StoreError> {
    let mut item = to_item(next)?;
    item.extend(key(keys::queue_shows(queue_id)));
    let put = Put::builder()
        .table_name(&tables.queues)
        .set_item(Some(item));
    let put = match seen.version {
        0 => put.condition_expression("attribute_not_exists(id)"),
        seen => put
            .condition_expression("version = :shows_seen")
            .expression_attribute_values(":shows_seen", number(seen)),
    };
    put.build().map_err(StoreError::of_item)
}

pub(super) fn key(id: impl ToString) -> HashMap<String, AttributeValue> {
    Item::from([("id".to_owned(), text(id))])
}
