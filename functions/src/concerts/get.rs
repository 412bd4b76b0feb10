//! `GET /v1/concerts/{concert_id}`: a concert with its texts and all its shows, past ones included. Nothing is
//! cached, so that an operator sees a change at once.
//!
//! Cost: 0.5 RRU per 4 KB of the concert with its shows, and 0.5 RRU per 4 KB of its texts.
//!
//! Round trips: 2 calls in 1 round.

use shared::{
    app::App,
    error::ApiError,
    http::{RequestParts as _, ok},
    lambda_http::{Body, Request, Response},
    store::Reading,
};

use super::programme::ConcertAnswer;
use crate::operation::{Door, Operation};

/// Answers with the concert.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let concert_id = request.concert_id()?;
    let programme = app.store().programme(concert_id, Reading::Eventual).await?;
    let programme = programme.ok_or(ApiError::ConcertNotFound)?;
    ok(&ConcertAnswer::of(&programme))
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Get a concert with its shows", Door::Public)
        .details(
            "Returns all shows, past ones included. Texts are plain text: a page must escape \
             them. For free seats, see `GET /v1/concerts/{concert_id}/dates`.",
        )
        .answers::<ConcertAnswer>(200, "The concert.", ConcertAnswer::example())
        .refuses([ApiError::ConcertNotFound])
}
