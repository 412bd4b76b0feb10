//! `GET /v1/queues/{queue_id}`: the public document of a queue. Anybody can compute a place from it
//! with the number in a queue token. A CDN may keep it for a second.
//!
//! Cost: at most 0.5 RRU. 1 RRU if the queue has more than 4 KB, as with the longest notice beside
//! a long line (`shared/src/store/README.md#queues`).
//!
//! Round trips: 1 call.

use shared::{
    app::{App, ask_again_after},
    error::ApiError,
    http::{RequestParts as _, ResponseParts as _, ok},
    lambda_http::{Body, Request, Response, http::header::CACHE_CONTROL},
};

use super::document::PublicQueue;
use crate::operation::{Door, Operation};

/// For how long everybody may keep the document. It says when how many are served, so an old one is
/// still true: it can be shown for another second while a new one is fetched, and for a minute if the
/// service does not answer.
const KEPT: &str = "public, max-age=1, stale-while-revalidate=1, stale-if-error=60";

/// Answers with the document.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let queue_id = request.queue_id()?;
    let now = app.now();
    let queue = app.cached_queue(&queue_id, now).await?;
    let wait = queue
        .seconds_to_opening(now)
        .or_else(|| queue.estimated_wait(queue.place(queue.line.issued, now), now));
    Ok(ok(&PublicQueue::of(&queue, now))?
        .with(CACHE_CONTROL, KEPT)
        .with_retry_after(ask_again_after(wait)))
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Get the public document of a queue", Door::Public)
        .details(
            "Pages compute places from it, with the number in the queue token. The document is \
             the same for everybody, so a CDN may keep it for a second. It is still true when it \
             is older: a CDN may send it for another second while it fetches a new one, and for \
             a minute if the service does not answer.\n\n\
             `points` says how many people are served by when, linear in between. A session \
             whose number is greater than the number served now waits, and the difference is its \
             place. `GET /line.js` is a module that computes this.",
        )
        .answers::<PublicQueue>(200, "The document.", PublicQueue::example())
        .with_header::<u64>("Retry-After", "The seconds to wait before asking again.")
}
