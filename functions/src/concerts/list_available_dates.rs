//! `GET /v1/concerts/available-dates`: the dates with a free seat, or with a seat that the caller
//! holds.
//!
//! Dates whose sale has not opened, or is over, are left out. The counts of taken seats are kept,
//! as for `…/dates`.
//!
//! Cost: 1 RRU for the door, and the counts as in [`super::list_dates`].
//!
//! Round trips: 4 calls in 2 rounds.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::{App, Buyer},
    domain::{
        hall::TakenSeats,
        ids::{ConcertId, ShowKey},
        show::Show,
    },
    error::ApiError,
    http::{RequestParts as _, ok},
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// Answers with the dates.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let now = app.now();
    let named = async {
        match named(&request)? {
            Some(id) => app.cached_shows(id, now).await.map(Some),
            None => Ok(None),
        }
    };
    let (buyer, named) = app.buyer_beside(&request, now, named).await?;
    let shows = if let Some(shows) = named? {
        shows
    } else {
        let id = usual_concert(&app, &buyer).await?;
        app.cached_shows(id, now).await?
    };
    buyer.require_queue_of(&shows[0])?;

    let on_sale: Vec<_> = shows
        .iter()
        .filter(|show| show.is_on_sale(buyer.now, &app.config().time_zone))
        .collect();
    let taken = app.taken_seats(&on_sale, buyer.now).await?;
    // A show that is being counted for the first time may have a free seat.
    let is_available = |show: &Show, taken: Option<&TakenSeats>| {
        taken.is_none_or(|taken| taken.all < show.capacity)
            || buyer.seats_held_of(show.id()).next().is_some()
    };
    let available_dates: Vec<_> = on_sale
        .iter()
        .zip(taken)
        .filter(|(show, taken)| is_available(show, taken.as_ref()))
        .map(|(show, _)| shortest_name(show, &shows))
        .collect();
    if available_dates.is_empty() {
        return Err(ApiError::NoAvailableDates);
    }
    ok(&AvailableDates { available_dates })
}

/// The concert that the request names.
fn named(request: &Request) -> Result<Option<ConcertId>, ApiError> {
    let id = request.query("concert_id").map(|id| id.parse());
    id.transpose().map_err(|_| ApiError::ConcertNotFound)
}

/// The concert that the session was joined for, or else the default concert of its queue.
async fn usual_concert(app: &App, buyer: &Buyer) -> Result<ConcertId, ApiError> {
    if let Some(id) = buyer.session.concert_id {
        return Ok(id);
    }
    let queue = app.cached_queue(&buyer.session.queue_id, buyer.now).await?;
    queue
        .settings
        .default_concert_id
        .ok_or(ApiError::MissingParameter("concert_id"))
}

/// The shortest key that names this show and no other of its concert, whether or not the others are
/// available: a client that sends it back means the same show.
fn shortest_name(show: &Show, shows: &[Show]) -> ShowKey {
    let of_the_day = shows.iter().filter(|other| other.date() == show.date());
    if of_the_day.count() == 1 {
        show.date().into()
    } else {
        show.key
    }
}

/// The dates on sale with a free seat, or with a seat that the caller holds.
#[derive(Serialize, ToSchema)]
pub struct AvailableDates {
    /// The shows, the earliest first: each date, and with the start where a day has several shows.
    available_dates: Vec<ShowKey>,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("List the dates with a free seat", Door::Buyer)
        .details(
            "Returns the dates on sale with a free seat, or with a seat that the caller holds. \
             The counts are a few seconds old, or a few minutes for a very large concert. If there is no such date: 404 \
             `NO_AVAILABLE_DATES`. For prices and counts, see `GET \
             /v1/concerts/{concert_id}/dates`.",
        )
        .query::<ConcertId>(
            "concert_id",
            false,
            "The concert's id. Without it, the concert that the session was joined for, or else \
             the queue's default concert. If there is neither: 400 `MISSING_PARAMETER`.",
        )
        .answers::<AvailableDates>(
            200,
            "The dates.",
            json!({ "available_dates": ["2026-12-24", "2026-12-25"] }),
        )
        .refuses([
            ApiError::MissingParameter("concert_id"),
            ApiError::ConcertNotFound,
            ApiError::NoAvailableDates,
        ])
}
