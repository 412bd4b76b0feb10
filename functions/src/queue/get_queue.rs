//! `GET /v1/queues/{queue_id}`: the public document of a queue, from which everybody can compute
//! their place with the number in their token. At most 0.5 RRU; a CDN may keep it for a second.

use shared::{
    app::{App, ask_again_after},
    error::ApiError,
    http::{RequestParts as _, ResponseParts as _, ok},
    lambda_http::{Body, Request, Response, http::header::CACHE_CONTROL},
};

use super::document::PublicQueue;
use crate::operation::{Door, Operation};

/// Answers with the document.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let queue_id = request.queue_id()?;
    let now = app.now();
    let queue = app.cached_queue(&queue_id, now).await?;
    let wait = queue
        .seconds_to_opening(now)
        .or_else(|| queue.estimated_wait(queue.place(queue.line.issued, now), now));
    Ok(ok(&PublicQueue::of(&queue, now))?
        .with(CACHE_CONTROL, "public, max-age=1")
        .with_retry_after(ask_again_after(wait)))
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("The public document of a queue", Door::Nobody)
        .details(
            "With the number in a token anybody computes their own place from it: number n waits \
             while n is greater than what is served now, linear between the points, and the \
             difference is the place. A CDN may keep it for a second.",
        )
        .answers::<PublicQueue>(200, "The document.", PublicQueue::example())
        .with_header::<u64>("Retry-After", "When to ask again, in seconds.")
}
