//! `GET /v1/concerts/{concert_id}/seats?date=`: each seat of a show, and whether it is free. A show
//! whose sale has not opened can be looked at too, so that buyers can choose in advance.
//!
//! A show of up to 500 seats comes whole. A larger one comes in ranges of at most 500 seats, with
//! `from`, `to` and `next_from`.
//!
//! Cost: 2 RRU for a show of 50 seats.
//!
//! Round trips: 3 calls in 1 round.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::json;
use shared::{
    app::{App, Buyer},
    domain::{
        ids::{ShowDate, ShowId, ShowKey},
        seat::{MAX_SEATS_PER_SHOW, SEATS_A_BLOCK, SeatNumber, SeatStatus, TakenSeat},
        show::Show,
    },
    error::ApiError,
    http::{RequestParts as _, digits, ok},
    lambda_http::{Body, Request, Response},
    store::StoreError,
    texts::SuccessText,
};
use utoipa::ToSchema;

use crate::operation::{Door, NAMES_A_SHOW, Operation, several_shows};

/// Answers with the seats in order.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let (named, wanted) = (request.show(), Wanted::of(&request));
    let now = app.now();
    let read = async {
        let taken = async |show| match &wanted {
            Ok(wanted) => wanted.taken_seats(&app, show).await,
            Err(_) => Ok(Vec::new()),
        };
        Ok::<_, ApiError>(app.cached_show_beside(named?, now, taken).await)
    };
    let (buyer, read) = app.buyer_beside(&request, now, read).await?;
    let (show, taken) = read?;
    let show = show?;
    buyer.require_queue_of(&show)?;
    let (from, to) = wanted?.range_of(&show)?;

    let seats = seats(&buyer, &show, &taken?, from, to);
    let is_over = |seat: &Seat| matches!(seat.status, Status::Held | Status::Sold);
    let message = seats
        .iter()
        .all(is_over)
        .then(|| SuccessText::AllSeatsTaken.message(request.language()));
    let next_from = (to.get() < show.capacity).then(|| to.get() + 1);
    ok(&Seats {
        date: show.date(),
        show: show.key,
        message,
        seats,
        next_from,
    })
}

/// The range of seats that is asked for, in a show that need not have as many.
struct Wanted {
    from: u64,
    to: u64,
}

impl Wanted {
    fn of(request: &Request) -> Result<Self, ApiError> {
        let number = |name: &str| match request.query(name) {
            None => Ok(None),
            Some(text) => digits(&text).map(Some).ok_or(ApiError::BadRequest),
        };
        let (from, to) = (number("from")?.unwrap_or(1), number("to")?);
        Ok(Self {
            from,
            to: to.unwrap_or(last_of_page(from)),
        })
    }

    /// The seats of the range that are not free, 500 at most.
    async fn taken_seats(&self, app: &App, show: ShowId) -> Result<Vec<TakenSeat>, StoreError> {
        let to = self.to.min(last_of_page(self.from));
        let to = to.min(u64::from(MAX_SEATS_PER_SHOW));
        match SeatNumber::new(self.from).zip(SeatNumber::new(to)) {
            Some((from, to)) if from <= to => app.store().list_seats(show, from, to).await,
            _ => Ok(Vec::new()),
        }
    }

    /// The first and the last seat of the range in a show.
    fn range_of(&self, show: &Show) -> Result<(SeatNumber, SeatNumber), ApiError> {
        let to = self.to.min(u64::from(show.capacity));
        if to < self.from || to > last_of_page(self.from) {
            return Err(ApiError::BadRequest);
        }
        SeatNumber::new(self.from)
            .zip(SeatNumber::new(to))
            .ok_or(ApiError::BadRequest)
    }
}

/// The last seat of a page of 500 that begins with that seat.
fn last_of_page(from: u64) -> u64 {
    from.saturating_add(u64::from(SEATS_A_BLOCK) - 1)
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
    /// The show, as `date` of a request names it: its date, and its start if it has one.
    show: ShowKey,
    /// A text for people, if other users have all these seats. Absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    message: Option<&'static str>,
    /// The seats.
    seats: Vec<Seat>,
    /// The `from` of the next request. Absent if these are the last seats of the show.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_from: Option<u32>,
}

/// A seat.
#[derive(Serialize, ToSchema)]
pub struct Seat {
    /// The seat's number, from 1.
    seat_number: u32,
    /// Whether the seat is taken. `false` only if `status` is `FREE`.
    is_reserved: bool,
    /// The seat's status.
    status: Status,
}

/// The status of a seat.
///
/// - `FREE`: it can be held.
/// - `HELD`: another session holds it, for a few minutes at most.
/// - `SOLD`: it is sold.
/// - `MINE`: the caller holds it.
#[derive(Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = SeatStatus)]
pub enum Status {
    /// It can be held.
    Free,
    /// Another session holds it.
    Held,
    /// It is sold.
    Sold,
    /// The caller holds it.
    Mine,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("List the seats of a show", Door::Buyer)
        .details(
            "A show of up to 500 seats comes whole. Of a larger one, ask for ranges of at most \
             500 seats with `from` and `to`: `next_from` is where the next one begins. Seats can \
             be looked at before their sale opens, but not held. A seat that is free here may be \
             taken a moment later.",
        )
        .query::<ShowKey>("date", true, NAMES_A_SHOW)
        .query::<SeatNumber>(
            "from",
            false,
            "The number of the first seat. By default 1. If the show has no such seat: 400.",
        )
        .query::<SeatNumber>(
            "to",
            false,
            "The number of the last seat, not before `from`. By default the 499th after it. Beyond the show's last seat it counts as that one. The range may have at most 500 seats.",
        )
        .answers::<Seats>(
            200,
            "The seats of the show, or a range of them.",
            json!({ "date": "2026-12-24", "show": "2026-12-24", "seats": [
                { "seat_number": 1, "is_reserved": true, "status": "SOLD" },
                { "seat_number": 2, "is_reserved": false, "status": "FREE" },
            ] }),
        )
        .refuses([
            ApiError::MissingParameter("date"),
            ApiError::InvalidDate,
            several_shows(),
            ApiError::BadRequest,
            ApiError::ShowNotFound,
            ApiError::ConcertNotFound,
        ])
}
