//! `Queues`: settings and lines, the numbers issued, and the counts of cohorts.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    config::{Builder, retry::RetryConfig},
    error::SdkError,
    operation::update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    types::{AttributeValue, KeysAndAttributes, Put, ReturnConsumedCapacity, ReturnValue, Update},
};
use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{
    Reading, Rejected, Store, StoreError,
    contention::while_contended,
    item::{Item, from_item, number, text, to_attribute, to_item, ttl},
    keys,
    transaction::{Transaction, is_conflict},
    usage,
};
use crate::{
    config::Tables,
    domain::{
        draw::{Draw, EarlyEntry, STRIPES, Seed},
        ids::{ConcertId, QueueId},
        programme::QueueShows,
        queue::{Counts, Line, Opening, Queue, Settings, VoidCredit},
    },
};

/// How long the counts of a cohort are kept.
const COUNTS_KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);

/// A queue's row. `main` may have none, or one without settings.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Row {
    settings: Option<Settings>,
    default_concert_id: Option<ConcertId>,
    line: Line,
    /// Of the draw, if there is one: secret until the stripes are there.
    seed: Option<Seed>,
    /// How many early entries each stripe had when the queue opened.
    stripes: Option<Vec<u64>>,
}

impl Row {
    fn opening(&self) -> Result<Opening, StoreError> {
        Ok(match (&self.seed, &self.stripes) {
            (None, _) => Opening::Always,
            (Some(seed), None) => Opening::Ahead(seed.clone()),
            (Some(seed), Some(stripes)) => Opening::Done(draw(seed, stripes)?.into()),
        })
    }
}

fn draw(seed: &Seed, stripes: &[u64]) -> Result<Draw, StoreError> {
    let stripes = stripes.try_into().map_err(StoreError::unreadable)?;
    Draw::new(seed.clone(), stripes).map_err(StoreError::unreadable)
}

#[derive(Deserialize)]
struct Issued {
    issued: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stripe {
    entries: u64,
}

#[derive(Deserialize)]
struct Registry {
    #[serde(default)]
    queues: Vec<QueueId>,
}

/// What the people of a queue have been doing since the last tick.
#[derive(Debug, Default)]
pub struct Census {
    /// How many numbers have been issued.
    pub tail: u64,
    counts: HashMap<i64, Counts>,
}

impl Census {
    /// As it is after numbers were skipped.
    pub fn skip(&mut self, skipped: VoidCredit) {
        self.tail += skipped.numbers;
        self.counts.entry(skipped.cohort).or_default().gone += skipped.numbers;
    }

    /// The counts of a cohort, by its start.
    pub fn counts(&self, cohort: i64) -> Counts {
        self.counts.get(&cohort).copied().unwrap_or_default()
    }
}

/// What became of settings that were to be put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingsPut {
    /// They are there.
    Done,
    /// The queue's row was another one by then.
    Moved,
    /// The queue cannot open later: somebody has joined it.
    Joined,
}

/// Something that happened to a member of a cohort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Made the first protected call.
    Arrived,
    /// Was closed after having arrived.
    Done,
    /// Left after the admission, without having arrived.
    Gone,
}

impl Event {
    fn attribute(self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::Done => "done",
            Self::Gone => "gone",
        }
    }
}

impl Store {
    /// Reads a queue, as it was a moment ago at the latest: 0.5 RRU, twice that consistently,
    /// which only the tick needs. `None` when there is no such queue; `main` there always is, and
    /// a queue without settings of its own has `defaults`.
    pub async fn queue(
        &self,
        id: &QueueId,
        defaults: &Settings,
        reading: Reading,
    ) -> Result<Option<Queue>, StoreError> {
        let row: Option<Row> = self.get(&self.tables.queues, key(id), reading).await?;
        let row = match row {
            Some(row) => row,
            None if *id == QueueId::main() => Row::default(),
            None => return Ok(None),
        };
        let opening = row.opening()?;
        let settings = Settings {
            default_concert_id: row.default_concert_id,
            ..row.settings.unwrap_or_else(|| defaults.clone())
        };
        Ok(Some(Queue {
            id: id.clone(),
            settings,
            line: row.line,
            opening,
        }))
    }

    /// Gives a queue settings, if its line is still the one that was read; tells whether it was.
    /// A queue that was not there is made, and its name registered: 4 WRU. Otherwise 2 WRU, and 2
    /// more for each KB of the line beyond the first.
    ///
    /// The line's version goes up: a tick that has read the settings of before does nothing.
    ///
    /// With a seed, the queue has its opening ahead of it from now on, which costs 2 WRU more. It
    /// has to be one that nobody has joined.
    pub async fn put_settings(
        &self,
        queue_id: &QueueId,
        before: Option<&Queue>,
        settings: &Settings,
        seed: Option<&Seed>,
    ) -> Result<SettingsPut, StoreError> {
        let row = self.set(queue_id, before, settings, seed)?;
        let mut transaction = Transaction::new(&self.client).update(row, |_| SettingsPut::Moved);
        if seed.is_some() {
            let numbers = self.hold_numbers_back(queue_id)?;
            transaction = transaction.update(numbers, |_| SettingsPut::Joined);
        }
        if before.is_none() {
            let registry = self.register(queue_id)?;
            transaction = transaction.update(registry, |_| SettingsPut::Moved);
        }
        match transaction.commit().await {
            Ok(()) => Ok(SettingsPut::Done),
            Err(Rejected::Refused(refused)) => Ok(refused),
            Err(Rejected::Failed(error)) => Err(error),
        }
    }

    fn set(
        &self,
        queue_id: &QueueId,
        before: Option<&Queue>,
        settings: &Settings,
        seed: Option<&Seed>,
    ) -> Result<Update, StoreError> {
        let mut update = Update::builder()
            .table_name(&self.tables.queues)
            .set_key(Some(key(queue_id)))
            .expression_attribute_values(":settings", to_attribute(settings)?);
        let mut set = "SET settings = :settings".to_owned();
        let version = before.map_or(0, |queue| queue.line.version);
        update = match version {
            0 => update.condition_expression("attribute_not_exists(line)"),
            version => update
                .condition_expression("line.version = :seen")
                .expression_attribute_values(":seen", number(version)),
        };
        // A queue that is to open later has let nobody in, and forgets whom it would have.
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

    /// Keeps numbers from being drawn until the opening, if none has been.
    fn hold_numbers_back(&self, queue_id: &QueueId) -> Result<Update, StoreError> {
        let update = Update::builder()
            .table_name(&self.tables.queues)
            .set_key(Some(key(keys::issued(queue_id))))
            .update_expression("SET issued = :none, held_back = :yes")
            .condition_expression("attribute_not_exists(id)")
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":yes", AttributeValue::Bool(true));
        Ok(update.build()?)
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

    /// Says which concert those mean who join a queue without naming one. 1 WRU.
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

    /// Reads, consistently, how many numbers a queue has issued. 1 RRU.
    pub async fn issued(&self, queue_id: &QueueId) -> Result<u64, StoreError> {
        let key = key(keys::issued(queue_id));
        let issued: Option<Issued> = self
            .get(&self.tables.queues, key, Reading::Consistent)
            .await?;
        Ok(issued.map_or(0, |issued| issued.issued))
    }

    /// Reads, consistently, how many numbers a queue has issued and what became of its live
    /// cohorts. 1 RRU each.
    pub async fn census(&self, queue: &Queue) -> Result<Census, StoreError> {
        let cohorts: HashMap<_, _> = queue
            .line
            .cohorts
            .iter()
            .map(|cohort| (keys::cohort(&queue.id, cohort.start), cohort.start))
            .collect();
        let issued = keys::issued(&queue.id);
        let wanted = cohorts.keys().chain([&issued]).map(key).collect();
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(wanted))
            .consistent_read(true)
            .build()?;
        let output = self
            .client
            .batch_get_item()
            .request_items(&self.tables.queues, wanted)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        usage::read(output.consumed_capacity());
        // A tick that misses a count would let too many in.
        if output
            .unprocessed_keys()
            .is_some_and(|left| !left.is_empty())
        {
            return Err(StoreError::Throttled);
        }
        let mut census = Census::default();
        for item in output
            .responses
            .unwrap_or_default()
            .remove(&self.tables.queues)
            .unwrap_or_default()
        {
            let id = item
                .get("id")
                .and_then(|id| id.as_s().ok())
                .cloned()
                .unwrap_or_default();
            match cohorts.get(&id) {
                Some(start) => {
                    census.counts.insert(*start, from_item(item)?);
                }
                None => census.tail = from_item::<Issued>(item)?.issued,
            }
        }
        Ok(census)
    }

    /// Writes what a tick has made of a line, if it is still the one that the tick read, and the
    /// draw if it is the tick of the opening; tells whether it was. 1 WRU per KB.
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

    /// Sends an update, and tells whether its condition held.
    async fn send_conditional(&self, update: UpdateItemFluentBuilder) -> Result<bool, StoreError> {
        Ok(self.attributes_after(update).await?.is_some())
    }

    /// Sends an update, and returns the attributes that it asks for; `None` when its condition
    /// did not hold.
    async fn attributes_after(
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

    /// An update of an item, whose expression is still to come.
    fn update_item(&self, id: impl ToString) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.tables.queues)
            .set_key(Some(key(id)))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
    }

    /// Draws the next number of a queue; `None` before its opening. 1 WRU. A number that is drawn
    /// and not used is a gap, which is legal.
    pub async fn draw_number(&self, queue_id: &QueueId) -> Result<Option<u64>, StoreError> {
        let update = self
            .issue(queue_id, 1)
            .condition_expression("attribute_not_exists(held_back)")
            .return_values(ReturnValue::UpdatedNew);
        let issued = self.attributes_after(update).await?;
        let issued: Option<Issued> = issued.map(from_item).transpose()?;
        Ok(issued.map(|issued| issued.issued))
    }

    /// Enters somebody on a stripe of the draw; `None` once it is frozen. 1 WRU.
    pub async fn enter_early(
        &self,
        queue_id: &QueueId,
        stripe: u8,
    ) -> Result<Option<EarlyEntry>, StoreError> {
        let update = self
            .update_item(keys::early(queue_id, stripe))
            .update_expression("ADD entries :one")
            .condition_expression("attribute_not_exists(frozen)")
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::UpdatedNew);
        let counted = self.attributes_after(update).await?;
        let counted: Option<Stripe> = counted.map(from_item).transpose()?;
        let entry = counted.map(|counted| EarlyEntry::new(stripe, counted.entries));
        entry.transpose().map_err(StoreError::of_item)
    }

    /// Lets nobody enter the draw any more, and tells what it is among. 64 WRU; as often as one
    /// likes.
    pub async fn freeze_entries(
        &self,
        queue_id: &QueueId,
        seed: &Seed,
    ) -> Result<Draw, StoreError> {
        let freeze = async |stripe| {
            let update = self
                .update_item(keys::early(queue_id, stripe))
                .update_expression("SET frozen = :yes")
                .expression_attribute_values(":yes", AttributeValue::Bool(true))
                .return_values(ReturnValue::AllNew);
            let stripe = self.attributes_after(update).await?;
            let stripe: Option<Stripe> = stripe.map(from_item).transpose()?;
            Ok::<_, StoreError>(stripe.unwrap_or_default().entries)
        };
        let stripes = try_join_all((0..STRIPES).map(freeze)).await?;
        draw(seed, &stripes)
    }

    /// Lets numbers be drawn, those after the early ones; once. 1 WRU.
    pub async fn let_numbers_go(&self, queue_id: &QueueId, entries: u64) -> Result<(), StoreError> {
        let update = self
            .update_item(keys::issued(queue_id))
            .update_expression("SET issued = :entries REMOVE held_back")
            .condition_expression("attribute_exists(held_back)")
            .expression_attribute_values(":entries", number(entries));
        self.send_conditional(update).await.map(drop)
    }

    /// Skips numbers that nobody has drawn, if as many have been issued as were read; tells
    /// whether they had. 1 WRU.
    pub async fn skip_numbers(
        &self,
        queue_id: &QueueId,
        tail: u64,
        numbers: u64,
    ) -> Result<bool, StoreError> {
        let update = self
            .issue(queue_id, numbers)
            .expression_attribute_values(":tail", number(tail));
        let update = match tail {
            // A queue that nobody was early for has an item that says so.
            0 => update.condition_expression("attribute_not_exists(issued) OR issued = :tail"),
            _ => update.condition_expression("issued = :tail"),
        };
        self.send_conditional(update).await
    }

    fn issue(&self, queue_id: &QueueId, numbers: u64) -> UpdateItemFluentBuilder {
        self.update_item(keys::issued(queue_id))
            .update_expression("ADD issued :numbers")
            .expression_attribute_values(":numbers", number(numbers))
    }

    /// Counts an arrival, before the session says so. 1 WRU. Retried: one too many is safe.
    pub async fn count_arrival(
        &self,
        queue_id: &QueueId,
        cohort: i64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let update = self.count(queue_id, cohort, Event::Arrived, 1, now);
        let output = while_contended(|| update.clone().send(), is_conflict).await?;
        usage::write(output.consumed_capacity());
        Ok(())
    }

    /// Takes an arrival back that turned out to be somebody else's to count. 1 WRU. Never
    /// retried: one too few would let somebody in who must wait.
    pub async fn take_arrival_back(&self, queue_id: &QueueId, cohort: i64, now: Timestamp) {
        self.count_once(queue_id, cohort, Event::Arrived, -1, now)
            .await;
    }

    /// Counts somebody who is through. 1 WRU. Never retried, for the same reason, and without
    /// an error: what is not counted ends with its window.
    pub async fn count_end(&self, queue_id: &QueueId, cohort: i64, event: Event, now: Timestamp) {
        self.count_once(queue_id, cohort, event, 1, now).await;
    }

    async fn count_once(
        &self,
        queue_id: &QueueId,
        cohort: i64,
        event: Event,
        by: i64,
        now: Timestamp,
    ) {
        let sent = self
            .count(queue_id, cohort, event, by, now)
            .customize()
            .config_override(Builder::new().retry_config(RetryConfig::disabled()))
            .send()
            .await;
        match sent {
            Ok(output) => usage::write(output.consumed_capacity()),
            Err(error) => {
                let error = StoreError::from(error);
                tracing::warn!(%queue_id, cohort, ?event, by, %error, "a count was lost");
            }
        }
    }

    /// Counts numbers that were skipped as people who will not come. 1 WRU. Never retried.
    pub async fn count_skipped(&self, queue_id: &QueueId, skipped: VoidCredit, now: Timestamp) {
        let numbers = i64::try_from(skipped.numbers).unwrap_or(i64::MAX);
        self.count_once(queue_id, skipped.cohort, Event::Gone, numbers, now)
            .await;
    }

    fn count(
        &self,
        queue_id: &QueueId,
        cohort: i64,
        event: Event,
        by: i64,
        now: Timestamp,
    ) -> UpdateItemFluentBuilder {
        let kept_until = now
            .saturating_add(COUNTS_KEPT_FOR)
            .unwrap_or(Timestamp::MAX);
        self.update_item(keys::cohort(queue_id, cohort))
            .update_expression("ADD #event :by SET #ttl = :ttl")
            .expression_attribute_names("#event", event.attribute())
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":by", number(by))
            .expression_attribute_values(":ttl", ttl(kept_until))
    }

    /// Reads which queues have a row of their own. 0.5 RRU.
    pub async fn registered_queues(&self) -> Result<Vec<QueueId>, StoreError> {
        let key = key(keys::REGISTRY);
        let registry: Option<Registry> =
            self.get(&self.tables.queues, key, Reading::Lately).await?;
        Ok(registry.map(|registry| registry.queues).unwrap_or_default())
    }
}

fn is_refused<R>(error: &SdkError<UpdateItemError, R>) -> bool {
    error
        .as_service_error()
        .is_some_and(UpdateItemError::is_conditional_check_failed_exception)
}

/// Writes which shows a queue of its own sells, if they are those that were read.
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

fn key(id: impl ToString) -> HashMap<String, AttributeValue> {
    Item::from([("id".to_owned(), text(id))])
}
