//! `GET /v1/concerts/{concert_id}/dates`: the dates of a concert that are still to come, with
//! their prices and seats left. 1 RRU for the door; the counts are kept for two seconds.

use serde::Serialize;
use serde_json::value::RawValue;
use shared::{
    app::App,
    domain::ids::ShowDate,
    error::ApiError,
    http::{RequestParts as _, ok},
    lambda_http::{Body, Request, Response},
};

#[derive(Serialize)]
struct Dates {
    dates: Vec<DateOfShow>,
}

#[derive(Serialize)]
struct DateOfShow {
    date: ShowDate,
    price: Box<RawValue>,
    capacity: u32,
    seats_left: u32,
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
            price: show.price.json(),
            capacity: show.capacity,
            seats_left: show.capacity.saturating_sub(taken),
        })
        .collect();
    ok(&Dates { dates })
}
