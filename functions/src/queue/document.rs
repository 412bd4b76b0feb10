//! The public document of a queue.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use shared::{
    domain::{
        decimal,
        draw::PublicDraw,
        ids::QueueId,
        queue::{Closure, ClosureReason, EarlyClosure, Queue, QueueState},
        schedule::Point,
    },
    http::{Milliseconds, Seconds},
    jiff::Timestamp,
};
use utoipa::ToSchema;

/// A rate, or a count that has fractions, in thousandths; written as a JSON number.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(value_type = f64, minimum = 0, example = 0.2)]
pub struct Milli(pub u64);

impl Serialize for Milli {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        decimal::json(i64::try_from(self.0).unwrap_or(i64::MAX), 3).serialize(serializer)
    }
}

/// A rate in millionths; written as a JSON number.
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
    /// The queue.
    queue_id: &'a QueueId,
    /// Whether it lets people in.
    state: State,
    /// The schedule: how many are served by when, linear in between.
    points: Vec<PublicPoint>,
    /// How many are served now.
    served: u64,
    /// How many numbers had been issued at the last tick.
    tail: u64,
    /// Admissions a second, at most.
    rate: Milli,
    /// How many may be active at once.
    max_active: u32,
    /// Admissions a second that the line can do while it is full.
    flow: Micro,
    /// How many seats were free when they were last counted, a minute ago at most while people
    /// come: of a queue that sells particular concerts. At most 1,000,000 are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    seats_left: Option<u64>,
    /// When the next show opens its sale, while every seat that is on sale is sold, or none is on
    /// sale yet. The line waits until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sale_opens_at: Option<Seconds>,
    /// The last number for which the seats ended: all were sold, or none is sold any more. A
    /// session with this number or a smaller one that holds no seat is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    closed_through: Option<u64>,
    /// The numbers for which the line ended, and why. Opening the queue again changes nothing for
    /// them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    closures: Vec<PublicClosure>,
    /// Where the line ended before the opening: for which early entries, and why. They take no part
    /// in the draw.
    #[serde(skip_serializing_if = "<[EarlyClosure]>::is_empty")]
    #[schema(required = false)]
    early_closures: &'a [EarlyClosure],
    /// When the queue opens, or has opened, unless it was open from the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    opens_at: Option<Seconds>,
    /// The draw among those who were there before the opening. They have the numbers up to its
    /// `entries`; those who came later, larger ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    draw: Option<PublicDraw>,
    /// What the time is, to the millisecond: places are computed with it.
    server_time: Milliseconds,
}

/// Whether a queue lets people in. `OPEN`: it does. `PAUSED`: people join and wait. `CLOSED`: nobody
/// may join, and those admitted finish. `SOLD_OUT`: nobody may join unless a seat is given back or
/// more are put on sale. `SALE_OVER`: nobody may join unless something is put on sale again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = PublicQueueState)]
pub enum State {
    /// It does.
    Open,
    /// People may join, and wait.
    Paused,
    /// Nobody may join; those admitted finish.
    Closed,
    /// Nobody may join unless a seat is given back, or more are put on sale.
    SoldOut,
    /// Nobody may join unless something is put on sale again.
    SaleOver,
}

impl State {
    fn of(queue: &Queue) -> Self {
        match queue.settings.state {
            QueueState::Closed => Self::Closed,
            _ if queue.is_sold_out() => Self::SoldOut,
            _ if queue.is_sale_over() => Self::SaleOver,
            QueueState::Paused => Self::Paused,
            QueueState::Open => Self::Open,
        }
    }
}

/// A point of the schedule.
#[derive(Serialize, ToSchema)]
#[schema(as = Point)]
pub struct PublicPoint {
    /// By when, to the millisecond.
    at: Milliseconds,
    /// So many are served.
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
    /// Why it ended.
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
    /// What everybody may know of a queue.
    pub(super) fn of(queue: &'a Queue, now: Timestamp) -> Self {
        let points = queue.line.schedule.points();
        Self {
            queue_id: &queue.id,
            state: State::of(queue),
            points: points.iter().filter_map(PublicPoint::of).collect(),
            served: queue.served(now),
            tail: queue.line.issued,
            rate: Milli(queue.settings.rate_milli),
            max_active: queue.settings.max_active,
            flow: Micro(queue.flow_micro()),
            seats_left: queue.line.seats.as_ref().map(|seats| seats.free),
            sale_opens_at: queue.sale_opens_at().map(Seconds),
            closed_through: Some(queue.line.closed_through).filter(|number| *number > 0),
            closures: queue.line.closures.iter().map(PublicClosure::of).collect(),
            early_closures: &queue.line.early_closures,
            opens_at: queue.settings.opens_at.map(Seconds),
            draw: queue.public_draw(),
            server_time: Milliseconds(now),
        }
    }

    /// What it looks like.
    pub(super) fn example() -> Value {
        json!({
            "queue_id": "main",
            "state": "OPEN",
            "points": [
                { "at": "2026-11-20T03:00:00Z", "served": 100 },
                { "at": "2026-11-20T03:00:05Z", "served": 117.5 },
            ],
            "served": 107,
            "tail": 350,
            "rate": 50,
            "max_active": 1000,
            "flow": 6.666_666,
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
