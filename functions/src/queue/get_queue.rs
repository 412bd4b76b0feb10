//! `GET /v1/queues/{queue_id}`: the public document of a queue, from which everybody can compute
//! their place with the number in their token. At most 0.5 RRU; a CDN may keep it for a second.

use serde::Serialize;
use serde_json::value::RawValue;
use shared::{
    app::{App, ask_again_after},
    domain::{decimal, ids::QueueId, queue::Queue, schedule::Point},
    error::ApiError,
    http::{RequestParts as _, ResponseParts as _, ok},
    jiff::Timestamp,
    lambda_http::{Body, Request, Response, http::header::CACHE_CONTROL},
};

/// Decimals of rates and of counts that have fractions.
const MILLI: u32 = 3;

#[derive(Serialize)]
struct PublicQueue<'a> {
    queue_id: &'a QueueId,
    state: &'static str,
    /// The schedule: how many are served by when, linear in between.
    points: Vec<PublicPoint>,
    /// How many are served now.
    served: u64,
    /// How many numbers had been issued at the last tick.
    tail: u64,
    /// Admissions a second, at most.
    rate: Box<RawValue>,
    max_active: u32,
    /// Admissions a second that the line is doing.
    flow: Box<RawValue>,
    server_time: Timestamp,
}

#[derive(Serialize)]
struct PublicPoint {
    at: Option<Timestamp>,
    served: Box<RawValue>,
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
        state: queue.settings.state.as_str(),
        points: queue.line.schedule.points().iter().map(public).collect(),
        served: queue.served(now),
        tail: queue.line.tail,
        rate: milli(queue.settings.rate_milli),
        max_active: queue.settings.max_active,
        flow: milli(queue.flow_milli()),
        server_time: now,
    }
}

fn public(point: &Point) -> PublicPoint {
    PublicPoint {
        at: Timestamp::from_millisecond(point.at).ok(),
        served: milli(point.served),
    }
}

fn milli(value: u64) -> Box<RawValue> {
    decimal::json(i64::try_from(value).unwrap_or(i64::MAX), MILLI)
}
