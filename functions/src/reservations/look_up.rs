//! `GET /v1/concerts/{concert_id}/reservations?date=`: who has a seat, and their reservation. For
//! administrators who know only a seat, or the id of a reservation.
//!
//! A refunded reservation has no seat any more. It can be found in the payments of its buyer.
//!
//! Cost: 1 RRU for the door, 0.5 RRU for the show. By `seat_number`: 0.5 RRU, and 1 or 2 RRU for the
//! reservation. By `reservation_id`, the seats of the show are searched: 0.5 RRU per 4 KB of its taken seats, which
//! is about 12 RRU for every 500 seats sold. A block without taken seats costs 0.5 RRU too, so a
//! search in a show that does not exist costs 100 RRU.
//!
//! Round trips: 5 calls in 4 rounds.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    domain::{
        ids::{ConcertId, ReservationId, ShowId, ShowKey, UserId},
        seat::{MAX_SEATS_PER_SHOW, SeatNumber, SeatSet, TakenSeat},
    },
    error::ApiError,
    http::{RequestParts as _, ok},
    jiff::Timestamp,
    lambda_http::{Body, Request, Response},
    store::Reading,
};
use utoipa::ToSchema;

use super::{
    find::{Reservation, reservation},
    get,
};
use crate::operation::{Door, NAMES_A_SHOW, Operation, several_shows};

/// Answers with the reservation of the seat.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let admin = app.admin(&request).await?;
    let show = request.show()?;
    let Some(seat) = seat(&app, show, &LookUpBy::of(&request)?, admin.now).await? else {
        return ok(&Reservations {
            reservations: Vec::new(),
        });
    };
    let found = of_seat(&app, show.concert_id, &seat, admin.now).await?;
    let answer = match &found {
        Some(found) => Some(get::ReservationAnswer::of(found, &app, true).await),
        None => None,
    };
    ok(&Reservations {
        reservations: vec![ReservationOfUser {
            reservation_id: seat.reservation_id,
            user_id: seat.buyer,
            reservation: answer,
        }],
    })
}

/// What a reservation is looked up by.
enum LookUpBy {
    Seat(SeatNumber),
    Reservation(ReservationId),
}

impl LookUpBy {
    fn of(request: &Request) -> Result<Self, ApiError> {
        match (
            request.query("seat_number"),
            request.query("reservation_id"),
        ) {
            (None, None) => Err(ApiError::MissingParameter("seat_number")),
            (Some(_), Some(_)) => Err(ApiError::BadRequest),
            (Some(number), None) => {
                let number = number.parse().ok().and_then(SeatNumber::new);
                number.map(Self::Seat).ok_or(ApiError::InvalidSeatNumber {
                    capacity: MAX_SEATS_PER_SHOW,
                })
            }
            (None, Some(id)) => {
                let id = id.parse().map_err(|_| ApiError::ReservationNotFound)?;
                Ok(Self::Reservation(id))
            }
        }
    }
}

/// The seat that is looked up. A show that was deleted may still have taken seats.
async fn seat(
    app: &App,
    named: ShowId,
    wanted: &LookUpBy,
    now: Timestamp,
) -> Result<Option<TakenSeat>, ApiError> {
    let store = app.store();
    match wanted {
        LookUpBy::Seat(seat) => {
            let look = async |show| store.look_at_seats(show, &SeatSet::from(*seat)).await;
            let (show, seats) = app.cached_show_beside(named, now, look).await;
            match show {
                Ok(_) | Err(ApiError::ShowNotFound) => Ok(seats?.pop()),
                Err(error) => Err(error),
            }
        }
        LookUpBy::Reservation(id) => {
            let (show, capacity) = match app.cached_show(named, now).await {
                Ok(show) => (show.id(), show.capacity),
                Err(ApiError::ShowNotFound) => (named, MAX_SEATS_PER_SHOW),
                Err(error) => return Err(error),
            };
            Ok(store.seat_of_reservation(show, capacity, *id).await?)
        }
    }
}

/// The reservation that a seat names. `None` if it is not found.
async fn of_seat(
    app: &App,
    concert_id: ConcertId,
    seat: &TakenSeat,
    now: Timestamp,
) -> Result<Option<Reservation>, ApiError> {
    let Some(buyer) = seat.buyer else {
        return Ok(None);
    };
    let ids = (concert_id, seat.reservation_id);
    match reservation(app, buyer, ids, Reading::Consistent, now).await {
        Ok(found) => Ok(Some(found)),
        Err(ApiError::ReservationNotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The reservations that were found.
#[derive(Serialize, ToSchema)]
pub struct Reservations<'a> {
    /// One reservation, or none.
    reservations: Vec<ReservationOfUser<'a>>,
}

/// A reservation, and the user who has it.
#[derive(Serialize, ToSchema)]
pub struct ReservationOfUser<'a> {
    /// The reservation's id.
    reservation_id: ReservationId,
    /// The id of the user who has it. Absent if an early version of the service stored the seat
    /// without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    user_id: Option<UserId>,
    /// The reservation. Absent if `user_id` is, and if it ended without a payment and is no longer
    /// stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reservation: Option<get::ReservationAnswer<'a>>,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Find the reservation of a seat", Door::Admin)
        .details(
            "Send `date`, and exactly one of `seat_number` and `reservation_id`. The list is \
             empty if nobody has the seat, if there is no such concert, show or seat, or if the \
             reservation was given back or refunded: find a refunded one in the payments of its \
             user (`GET /v1/users/{user_id}/payments`). An id that is not a UUID is 404.",
        )
        .query::<ShowKey>("date", true, NAMES_A_SHOW)
        .query::<SeatNumber>("seat_number", false, "The number of the seat.")
        .query::<ReservationId>("reservation_id", false, "The id of the reservation.")
        .answers::<Reservations>(
            200,
            "A list with the reservation, or an empty list.",
            json!({ "reservations": [{
                "reservation_id": "019a9e1c-2222-7000-8000-000000000001",
                "user_id": "3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11",
                "reservation": {
                    "reservation_id": "019a9e1c-2222-7000-8000-000000000001",
                    "status": "PAID",
                    "concert_id": "019a9e1c-1111-7000-8000-000000000001",
                    "concert_name": "겨울 콘서트",
                    "date": "2026-12-24",
                    "show": "2026-12-24",
                    "seat_numbers": [7],
                    "seats": super::seats::example(),
                    "refundable_until": "2026-12-22T15:00:00Z",
                    "payment": {
                        "payment_id": "019a9e1c-3333-7000-8000-000000000001",
                        "amount": 50_000,
                        "status": "PAID",
                        "paid_at": "2026-11-20T03:02:00Z",
                    },
                },
            }] }),
        )
        .refuses([
            ApiError::MissingParameter("date"),
            ApiError::MissingParameter("seat_number"),
            ApiError::InvalidDate,
            several_shows(),
            ApiError::InvalidSeatNumber {
                capacity: MAX_SEATS_PER_SHOW,
            },
            ApiError::BadRequest,
            ApiError::ConcertNotFound,
            ApiError::ReservationNotFound,
        ])
}
