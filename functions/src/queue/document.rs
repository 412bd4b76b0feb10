//! The public document of a queue.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use shared::{
    domain::{
        decimal,
        draw::PublicDraw,
        ids::QueueId,
        queue::{Closure, ClosureReason, EarlyClosure, Queue, QueueState, WhoJoins},
        schedule::Point,
        texts::{InLanguages, Notice},
    },
    http::{Milliseconds, Seconds},
    jiff::Timestamp,
};
use utoipa::ToSchema;

/// A number with at most three decimals.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(value_type = f64, minimum = 0, example = 0.2)]
pub struct Milli(pub u64);

impl Serialize for Milli {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        decimal::json(i64::try_from(self.0).unwrap_or(i64::MAX), 3).serialize(serializer)
    }
}

/// A number with at most six decimals.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(value_type = f64, minimum = 0, example = 3.333_333)]
pub struct Micro(u64);

impl Serialize for Micro {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        decimal::json(i64::try_from(self.0).unwrap_or(i64::MAX), 6).serialize(serializer)
    }
}

/// The public document of a queue.
#[derive(Serialize, ToSchema)]
pub struct PublicQueue<'a> {
    /// The id of the queue.
    queue_id: &'a QueueId,
    /// Whether people may join, and are let in.
    state: PublicQueueState,
    /// The setting: who may join.
    who: WhoJoins,
    /// The schedule: how many people are served by when, in the order of time, linear in between.
    points: Vec<PublicPoint>,
    /// The number of people served now. Numbers up to this one do not wait.
    served: u64,
    /// The last number issued, as of the last tick.
    tail: u64,
    /// The setting: the largest number of people let in per second.
    rate: Milli,
    /// The setting: the largest number of sessions that are active at once.
    max_active: u32,
    /// The setting: the time from the admission until the arrival must come, in seconds. Those who
    /// are admitted already may have had another one.
    claim_seconds: u32,
    /// The setting: the time from the admission until a session is no longer active, in seconds.
    /// Those who are admitted already may have had another one.
    active_seconds: u32,
    /// The number of people per second that the line can let in while it is full. A place divided
    /// by it is the estimated wait in seconds.
    flow: Micro,
    /// The number of free seats at the last count, at most 1,000,000. While people come, the count
    /// is at most a minute old. Absent if the seats are not counted, as in the queue `main`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    seats_left: Option<u64>,
    /// The last number for which there is a free seat, if everybody before it takes one, those inside
    /// included. Whoever has a greater number may find no seat left. Absent if the seats are not
    /// counted, and while a sale is still to open.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    seats_through: Option<u64>,
    /// The time when the next show goes on sale. Present only while no seat is on sale, or all of
    /// those on sale are sold: nobody is let in until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sale_opens_at: Option<Seconds>,
    /// The last number for which the line ended because all seats were sold, or the sale was over.
    /// A session with this number or a smaller one is over, unless it holds seats. Absent if there
    /// is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    closed_through: Option<u64>,
    /// The ranges of numbers for which the line ended, with the reasons. They stay even if the
    /// queue opens again. Absent if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    closures: Vec<PublicClosure>,
    /// The early entries for which the line ended before the opening, with the reasons. They do not
    /// take part in the draw. Absent if there are none.
    #[serde(skip_serializing_if = "<[EarlyClosure]>::is_empty")]
    #[schema(required = false)]
    early_closures: &'a [EarlyClosure],
    /// The time when the queue opens, or opened. Absent if it was always open.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    opens_at: Option<Seconds>,
    /// The draw among the entries from before the opening. They get the numbers 1 to `entries`.
    /// Later joins get larger numbers. Absent if the queue was always open.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    draw: Option<PublicDraw>,
    /// What the operator tells everybody who waits: plain text, in the languages that it has. Absent
    /// if there is no notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    notice: Option<&'a InLanguages<Notice>>,
    /// The current time of the service. Use it, and not the clock of the page, to compute places.
    server_time: Milliseconds,
}

/// Whether people may join a queue, and are let in.
///
/// - `OPEN`: people join and are let in.
/// - `PAUSED`: people join and wait.
/// - `CLOSED`: nobody may join. Those inside may finish.
/// - `SOLD_OUT`: nobody may join, unless a seat is given back or more seats go on sale.
/// - `SALE_OVER`: nobody may join, unless something goes on sale again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PublicQueueState {
    /// People join and are let in.
    Open,
    /// People join and wait.
    Paused,
    /// Nobody may join. Those inside may finish.
    Closed,
    /// Nobody may join, unless a seat is given back or more seats go on sale.
    SoldOut,
    /// Nobody may join, unless something goes on sale again.
    SaleOver,
}

impl PublicQueueState {
    /// The state of a queue, as pages show it.
    pub(super) fn of(queue: &Queue) -> Self {
        match queue.settings.state {
            QueueState::Closed => Self::Closed,
            _ if queue.is_sold_out() => Self::SoldOut,
            _ if queue.is_sale_over() => Self::SaleOver,
            QueueState::Paused => Self::Paused,
            QueueState::Open => Self::Open,
        }
    }
}

/// A point of the schedule. Two points at the same time are a jump.
#[derive(Serialize, ToSchema)]
#[schema(as = Point)]
pub struct PublicPoint {
    /// The time of the point, to the millisecond.
    at: Milliseconds,
    /// The number of people served by then, with at most three decimals.
    served: Milli,
}

/// A range of numbers for which the line ended.
#[derive(Serialize, ToSchema)]
#[schema(as = Closure)]
pub struct PublicClosure {
    /// The last number before the range.
    after: u64,
    /// The last number of the range.
    through: u64,
    /// The reason why the line ended.
    reason: ClosureReason,
}

impl PublicClosure {
    fn of(closure: &Closure) -> Self {
        Self {
            after: closure.after,
            through: closure.through,
            reason: closure.reason,
        }
    }
}

impl<'a> PublicQueue<'a> {
    /// The document of a queue at a time.
    pub(super) fn of(queue: &'a Queue, now: Timestamp) -> Self {
        let points = queue.line.schedule.points();
        Self {
            queue_id: &queue.id,
            state: PublicQueueState::of(queue),
            who: queue.settings.who,
            points: points.iter().filter_map(PublicPoint::of).collect(),
            served: queue.served(now),
            tail: queue.line.issued,
            rate: Milli(queue.settings.rate_milli),
            max_active: queue.settings.max_active,
            claim_seconds: queue.settings.claim_seconds,
            active_seconds: queue.settings.active_seconds,
            flow: Micro(queue.flow_micro()),
            seats_left: queue.line.seats.as_ref().map(|seats| seats.free),
            seats_through: queue.seats_through(),
            sale_opens_at: queue.sale_opens_at().map(Seconds),
            closed_through: Some(queue.line.closed_through).filter(|number| *number > 0),
            closures: queue.line.closures.iter().map(PublicClosure::of).collect(),
            early_closures: &queue.line.early_closures,
            opens_at: queue.settings.opens_at.map(Seconds),
            draw: queue.public_draw(),
            notice: queue.settings.notice.as_ref(),
            server_time: Milliseconds(now),
        }
    }

    /// An example for the OpenAPI document.
    pub(super) fn example() -> Value {
        json!({
            "queue_id": "main",
            "state": "OPEN",
            "who": "everybody",
            "points": [
                { "at": "2026-11-20T03:00:00Z", "served": 100 },
                { "at": "2026-11-20T03:00:05Z", "served": 117.5 },
            ],
            "served": 107,
            "tail": 350,
            "rate": 50,
            "max_active": 1000,
            "claim_seconds": 120,
            "active_seconds": 300,
            "flow": 6.666_666,
            "notice": { "ko": "입장이 10분 늦어집니다.", "en": "Admission is ten minutes late." },
            "server_time": "2026-11-20T03:00:02Z",
        })
    }
}

impl PublicPoint {
    fn of(point: &Point) -> Option<Self> {
        Some(Self {
            at: Milliseconds(Timestamp::from_millisecond(point.at).ok()?),
            served: Milli(point.served),
        })
    }
}
