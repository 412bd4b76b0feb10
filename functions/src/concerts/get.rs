//! `GET /v1/concerts/{concert_id}`: a concert with all its shows, those that are over too. 0.5 RRU
//! per 4 KB. Nothing is remembered here, so that an operator sees what they have just changed.

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

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("A concert and its shows", Door::Nobody)
        .answers::<ConcertAnswer>(200, "The concert.", ConcertAnswer::example())
        .refuses([ApiError::ConcertNotFound])
}
