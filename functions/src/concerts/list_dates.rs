//! `GET /v1/concerts/{concert_id}/dates`: the dates of a concert that are still to come, with
//! their prices and seats left. 1 RRU for the door; the counts are kept for two seconds.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    domain::ids::ShowDate,
    error::ApiError,
    http::{RequestParts as _, Won, ok},
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// The dates of a concert that are still to come.
#[derive(Serialize, ToSchema)]
pub struct Dates {
    /// The dates, the first one first.
    dates: Vec<DateOfShow>,
}

/// A show, and what is left of it.
#[derive(Serialize, ToSchema)]
pub struct DateOfShow {
    /// Its date.
    date: ShowDate,
    /// What one seat costs.
    price: Won,
    /// How many seats it has.
    capacity: u32,
    /// How many of them are free, as it was two seconds ago at the earliest.
    seats_left: u32,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new(
        "The dates of a concert, with prices and seats left",
        Door::Buyer,
    )
    .answers::<Dates>(
        200,
        "The dates.",
        json!({ "dates": [
                { "date": "2026-12-24", "price": 50_000, "capacity": 50, "seats_left": 12 },
            ] }),
    )
    .refuses([ApiError::ConcertNotFound])
}

/// Answers with the dates, the first one first.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let buyer = app.buyer(&request).await?;
    let shows = app.shows_of(request.concert_id()?, buyer.now).await?;
    buyer.comes_through_the_queue_of(&shows[0])?;

    let to_come: Vec<_> = shows
        .iter()
        .filter(|show| show.is_to_come(buyer.now, &app.config().time_zone))
        .collect();
    let taken = app.taken_seats(&to_come, buyer.now).await?;
    let dates = to_come
        .iter()
        .zip(taken)
        .map(|(show, taken)| DateOfShow {
            date: show.date,
            price: Won(show.price),
            capacity: show.capacity,
            seats_left: show.capacity.saturating_sub(taken),
        })
        .collect();
    ok(&Dates { dates })
}
