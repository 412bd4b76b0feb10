//! `GET /v1/queues/{queue_id}`: the public document of a queue, from which everybody can compute
//! their place with the number in their token. At most 0.5 RRU; a CDN may keep it for a second.

use serde::{Serialize, Serializer};
use serde_json::json;
use shared::{
    app::{App, ask_again_after},
    domain::{
        decimal,
        ids::QueueId,
        queue::{Queue, QueueState},
        schedule::Point,
    },
    error::ApiError,
    http::{RequestParts as _, ResponseParts as _, ok},
    jiff::Timestamp,
    lambda_http::{Body, Request, Response, http::header::CACHE_CONTROL},
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// A rate, or a count that has fractions, in thousandths; written as a JSON number.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(value_type = f64, minimum = 0, example = 0.2)]
pub struct Milli(u64);

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
    state: QueueState,
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
    /// What the time is.
    server_time: Timestamp,
}

/// A point of the schedule.
#[derive(Serialize, ToSchema)]
#[schema(as = Point)]
pub struct PublicPoint {
    /// By when.
    at: Timestamp,
    /// So many are served.
    served: Milli,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("The public document of a queue", Door::Nobody)
        .details(
            "With the number in a token anybody computes their own place from it: number n waits \
             while n is greater than what is served now, linear between the points, and the \
             difference is the place. A CDN may keep it for a second.",
        )
        .answers::<PublicQueue>(
            200,
            "The document.",
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
            }),
        )
        .with_header::<u64>("Retry-After", "When to ask again, in seconds.")
}

/// Answers with the document.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let queue_id = request.queue_id()?;
    let now = app.now();
    let queue = app.queue(&queue_id, now).await?;
    let wait = queue.estimated_wait(queue.place(queue.line.tail, now), now);
    Ok(ok(&document(&queue, now))?
        .with(CACHE_CONTROL, "public, max-age=1")
        .with_retry_after(ask_again_after(wait)))
}

fn document(queue: &Queue, now: Timestamp) -> PublicQueue<'_> {
    PublicQueue {
        queue_id: &queue.id,
        state: queue.settings.state,
        points: queue
            .line
            .schedule
            .points()
            .iter()
            .filter_map(public)
            .collect(),
        served: queue.served(now),
        tail: queue.line.tail,
        rate: Milli(queue.settings.rate_milli),
        max_active: queue.settings.max_active,
        flow: Micro(queue.flow_micro()),
        server_time: now,
    }
}

fn public(point: &Point) -> Option<PublicPoint> {
    Some(PublicPoint {
        at: Timestamp::from_millisecond(point.at).ok()?,
        served: Milli(point.served),
    })
}
