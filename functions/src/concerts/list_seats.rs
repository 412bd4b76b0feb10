//! `GET /v1/concerts/{concert_id}/seats?date=`: each seat of a show and whether it is free.
//! 2 RRU for a show of 50 seats.
//!
//! The seats of a show whose sale is still to open can be looked at, too: who comes early chooses.
//!
//! Shows of up to 500 seats come whole; larger ones by `from` and `to`, 500 seats at most, with
//! `next_from` where there are more.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::json;
use shared::{
    app::{App, Buyer},
    domain::{
        ids::{ShowDate, ShowId},
        seat::{SEATS_A_BLOCK, SeatNumber, SeatStatus, TakenSeat},
        show::Show,
    },
    error::ApiError,
    http::{RequestParts as _, digits, ok},
    lambda_http::{Body, Request, Response},
    texts::SuccessText,
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// Answers with the seats in order.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let buyer = app.buyer(&request).await?;
    let (concert_id, date) = (request.concert_id()?, request.date()?);
    let show = app
        .cached_show(ShowId { concert_id, date }, buyer.now)
        .await?;
    buyer.require_queue_of(&show)?;
    let (from, to) = range(&request, &show)?;

    let taken = app.store().list_seats(show.id(), from, to).await?;
    let seats = seats(&buyer, &show, &taken, from, to);
    let is_over = |seat: &Seat| matches!(seat.status, Status::Held | Status::Sold);
    let message = seats
        .iter()
        .all(is_over)
        .then(|| SuccessText::AllSeatsTaken.message(request.language()));
    let next_from = (to.get() < show.capacity).then(|| to.get() + 1);
    ok(&Seats {
        date,
        message,
        seats,
        next_from,
    })
}

/// The seats that are asked for.
fn range(request: &Request, show: &Show) -> Result<(SeatNumber, SeatNumber), ApiError> {
    let number = |name: &str| match request.query(name) {
        None => Ok(None),
        Some(text) => digits(&text).map(Some).ok_or(ApiError::BadRequest),
    };
    let (from, to): (Option<u64>, Option<u64>) = (number("from")?, number("to")?);
    let capacity = u64::from(show.capacity);
    let from = from.unwrap_or(1);
    let to = to
        .unwrap_or_else(|| from.saturating_add(u64::from(SEATS_A_BLOCK) - 1))
        .min(capacity);
    if to < from || to - from >= u64::from(SEATS_A_BLOCK) {
        return Err(ApiError::BadRequest);
    }
    SeatNumber::new(from)
        .zip(SeatNumber::new(to))
        .ok_or(ApiError::BadRequest)
}

fn seats(
    buyer: &Buyer,
    show: &Show,
    taken: &[TakenSeat],
    from: SeatNumber,
    to: SeatNumber,
) -> Vec<Seat> {
    let taken: HashMap<u32, SeatStatus> = taken
        .iter()
        .filter(|seat| seat.is_taken(buyer.now))
        .map(|seat| (seat.seat.get(), seat.status))
        .collect();
    let mine: Vec<u32> = buyer
        .seats_held_of(show.id())
        .map(SeatNumber::get)
        .collect();
    (from.get()..=to.get())
        .map(|seat_number| {
            let status = match taken.get(&seat_number) {
                _ if mine.contains(&seat_number) => Status::Mine,
                Some(SeatStatus::Sold) => Status::Sold,
                Some(SeatStatus::Held) => Status::Held,
                None => Status::Free,
            };
            Seat {
                seat_number,
                is_reserved: status != Status::Free,
                status,
            }
        })
        .collect()
}

/// Seats of a show, in order.
#[derive(Serialize, ToSchema)]
pub struct Seats {
    /// The date of the show.
    date: ShowDate,
    /// That all of them are taken by others, when they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    message: Option<&'static str>,
    /// The seats.
    seats: Vec<Seat>,
    /// Where the next request begins, when there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_from: Option<u32>,
}

/// A seat.
#[derive(Serialize, ToSchema)]
pub struct Seat {
    /// Its number, from 1.
    seat_number: u32,
    /// Whether it is not free.
    is_reserved: bool,
    /// What it is.
    status: Status,
}

/// What a seat is.
#[derive(Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = SeatStatus)]
pub enum Status {
    /// To be had.
    Free,
    /// Kept for somebody else for a while.
    Held,
    /// Somebody's.
    Sold,
    /// Held by the caller.
    Mine,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("The seats of a show", Door::Buyer)
        .details("Shows of up to 500 seats come whole, larger ones by `from` and `to`.")
        .query::<ShowDate>("date", true, "The date of the show.")
        .query::<u32>("from", false, "The first seat; 1 unless said.")
        .query::<u32>("to", false, "The last seat, at most 499 after `from`.")
        .answers::<Seats>(
            200,
            "The seats.",
            json!({ "date": "2026-12-24", "seats": [
                { "seat_number": 1, "is_reserved": true, "status": "SOLD" },
                { "seat_number": 2, "is_reserved": false, "status": "FREE" },
            ] }),
        )
        .refuses([
            ApiError::MissingParameter("date"),
            ApiError::InvalidDate,
            ApiError::BadRequest,
            ApiError::ShowNotFound,
            ApiError::ConcertNotFound,
        ])
}
