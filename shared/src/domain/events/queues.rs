//! Queues: what an administrator sets, and what a tick finds.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{Event, Fact, Images};
use crate::domain::{
    decimal,
    ids::{ConcertId, QueueId},
    queue::{QueueState, Settings, WhoJoins},
    values::Seconds,
};

/// What events tell of a queue's item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueItem {
    /// The version of its line. Every write counts it up.
    pub version: u64,
    /// Its settings, if it has its own.
    pub settings: Option<Settings>,
    /// When these were made.
    pub set_at: Option<Timestamp>,
    /// How many early entries took part in the draw, once it has opened.
    pub drawn: Option<u64>,
    /// Whether every seat is sold.
    pub is_sold_out: bool,
    /// Whether nothing can be bought any more.
    pub is_over: bool,
    /// When the last tick began.
    pub ticked_at: Timestamp,
}

impl QueueItem {
    /// A queue as it was before it had an item.
    fn new() -> Self {
        Self {
            version: 0,
            settings: None,
            set_at: None,
            drawn: None,
            is_sold_out: false,
            is_over: false,
            ticked_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn state(&self) -> QueueState {
        let settings = self.settings.as_ref();
        settings.map_or(QueueState::Open, |settings| settings.state)
    }

    fn offer(&self) -> Offer {
        if self.is_over {
            Offer::Over
        } else if self.is_sold_out {
            Offer::SoldOut
        } else {
            Offer::Seats
        }
    }
}

/// What there is to buy.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Offer {
    Seats,
    SoldOut,
    Over,
}

/// Something happened to a queue.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct QueueFact {
    /// The id of the queue.
    queue_id: QueueId,
    /// The version of the queue from which on it is so. Facts with a larger version are later.
    version: u64,
}

/// A queue opened.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct QueueOpened {
    /// The id of the queue.
    queue_id: QueueId,
    /// The version of the queue from which on it is so. Facts with a larger version are later.
    version: u64,
    /// How many people had joined before, and took part in the draw.
    entries: u64,
}

/// An administrator made a queue's settings.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct QueueSet {
    /// The id of the queue.
    queue_id: QueueId,
    /// The version of the queue from which on it is so. Facts with a larger version are later.
    version: u64,
    /// The version of the settings: how many times an administrator has made them.
    settings_version: u64,
    /// Whether people may join, and are let in.
    state: QueueState,
    /// Who may join.
    who: WhoJoins,
    /// The largest number of sessions that are active at once.
    max_active: u32,
    /// The largest number of people let in per second, with at most three decimals.
    #[schema(value_type = f64)]
    rate: Box<RawValue>,
    /// The time from the admission until the arrival must come, in seconds.
    claim_seconds: u32,
    /// The time from the admission until a session is no longer active, in seconds.
    active_seconds: u32,
    /// The time between two ticks, in seconds.
    tick_seconds: u32,
    /// The time when it opens or has opened. Absent if it was open from the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    opens_at: Option<Seconds>,
    /// The concert of those who join without naming one. Absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    default_concert_id: Option<ConcertId>,
}

/// The events of a write to a queue's item.
pub(super) fn of_queue(
    queue_id: &QueueId,
    images: &Images<QueueItem>,
    written_at: Timestamp,
) -> Vec<Event> {
    let Some(after) = &images.new else {
        return Vec::new();
    };
    let none = QueueItem::new();
    let before = images.old.as_ref().unwrap_or(&none);
    let mut facts = Vec::new();
    let version = after.version;
    let fact = || {
        let queue_id = queue_id.clone();
        Box::new(QueueFact { queue_id, version })
    };

    let set_at = after.set_at.unwrap_or(written_at);
    let settings_of = |item: &QueueItem| item.settings.as_ref().map(|settings| settings.version);
    if settings_of(before) != settings_of(after)
        && let Some(settings) = &after.settings
    {
        let set = QueueSet::new(queue_id, version, settings);
        facts.push(("set", set_at, Fact::QueueSet(set.into())));
    }
    if before.state() != after.state() {
        facts.push(match after.state() {
            QueueState::Paused => ("paused", set_at, Fact::QueuePaused(fact())),
            QueueState::Open => ("resumed", set_at, Fact::QueueResumed(fact())),
            QueueState::Closed => ("closed", set_at, Fact::QueueClosed(fact())),
        });
    }
    if before.drawn.is_none()
        && let Some(entries) = after.drawn
    {
        let queue_id = queue_id.clone();
        let opened = Box::new(QueueOpened {
            queue_id,
            version,
            entries,
        });
        facts.push(("opened", after.ticked_at, Fact::QueueOpened(opened)));
    }
    if before.offer() != after.offer() {
        facts.push(match after.offer() {
            // The last tick may be older: a line that is still over keeps its time.
            Offer::SoldOut => ("sold_out", written_at, Fact::QueueSoldOut(fact())),
            Offer::Over => ("over", written_at, Fact::QueueOver(fact())),
            Offer::Seats => ("reopened", written_at, Fact::QueueReopened(fact())),
        });
    }
    let event =
        |(what, at, fact)| Event::new(format!("queue/{queue_id}/{version}/{what}"), at, fact);
    facts.into_iter().map(event).collect()
}

impl QueueSet {
    fn new(queue_id: &QueueId, version: u64, settings: &Settings) -> Self {
        let rate = i64::try_from(settings.rate_milli).unwrap_or(i64::MAX);
        Self {
            queue_id: queue_id.clone(),
            version,
            settings_version: settings.version,
            state: settings.state,
            who: settings.who,
            max_active: settings.max_active,
            rate: decimal::json(rate, 3),
            claim_seconds: settings.claim_seconds,
            active_seconds: settings.active_seconds,
            tick_seconds: settings.tick_seconds,
            opens_at: settings.opens_at.map(Seconds),
            default_concert_id: settings.default_concert_id,
        }
    }
}
