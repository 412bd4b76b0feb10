//! `GET /v1/concerts/{concert_id}`: a concert with its texts and all its shows, past ones included.
//! The answer is the same for everybody, whatever language they prefer. Browsers and a CDN may keep it
//! for two seconds. An instance keeps nothing.
//!
//! Cost: 0.5 RRU per 4 KB of the concert with its shows, and 0.5 RRU per 4 KB of its texts. The same
//! for a client that has the answer already.
//!
//! Round trips: 2 calls in 1 round.

use shared::{
    app::App,
    error::ApiError,
    http::{RequestParts as _, ResponseParts as _, ok_if_new},
    lambda_http::{Body, Request, Response, http::header::CACHE_CONTROL},
    store::Reading,
};

use super::{MAX_AGE, programme::ConcertAnswer};
use crate::operation::{Door, Operation};

/// Answers with the concert.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let concert_id = request.concert_id()?;
    let programme = app.store().programme(concert_id, Reading::Eventual).await?;
    let programme = programme.ok_or(ApiError::ConcertNotFound)?;
    let answer = ok_if_new(&request, &ConcertAnswer::of(&programme))?;
    Ok(answer.with(CACHE_CONTROL, MAX_AGE))
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Get a concert with its shows", Door::Public)
        .details(
            "Returns all shows, past ones included. Texts are plain text: a page must escape \
             them. For free seats, see `GET /v1/concerts/{concert_id}/dates`.\n\n\
             The answer may be kept for two seconds. Send the `ETag` of an earlier answer as \
             `If-None-Match`: 304 if it has not changed.",
        )
        .answers::<ConcertAnswer>(200, "The concert.", ConcertAnswer::example())
        .may_be_known()
        .refuses([ApiError::ConcertNotFound])
}
