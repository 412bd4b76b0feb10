//! `GET /v1/concerts/{concert_id}/dates`: the dates of a concert that are still to come, with
//! their prices, how far their sales are, and the seats left. A date whose sale is over stays in
//! the list until its day is, so that nobody looks for it in vain; it says nothing of seats.
//!
//! 1 RRU for the door. The shows are kept for five seconds, the counts for two: 0.5 RRU for each
//! block of 500 seats and per 4 KB of its taken seats, if the concert has four blocks at the most.
//! The counts of a larger one are kept for everybody (0.5 RRU per hundred shows), and one of those
//! who find them old counts again: 2 WRU per hundred shows, and up to 600 blocks. A count is good
//! for two seconds, and for 5 ms for each block of the concert, so that 200 blocks a second are
//! read at the most, however many look.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    domain::{
        ids::ShowDate,
        show::{SaleState, Show},
    },
    error::ApiError,
    http::{RequestParts as _, Seconds, Won, ok},
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// Answers with the dates, the first one first.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let now = app.now();
    let shows = async { app.cached_shows(request.concert_id()?, now).await };
    let (buyer, shows) = app.buyer_beside(&request, now, shows).await?;
    let shows = shows?;
    buyer.require_queue_of(&shows[0])?;

    let zone = &app.config().time_zone;
    let to_come = shows.iter().filter(|show| show.is_to_come(buyer.now, zone));
    let (over, sold): (Vec<_>, Vec<_>) =
        to_come.partition(|show| show.sale_state(buyer.now, zone) == SaleState::Over);
    let taken = app.taken_seats(&sold, buyer.now).await?;
    let left = sold.iter().zip(taken).map(|(show, taken)| {
        let seats_left = taken.map(|taken| show.capacity.saturating_sub(taken));
        DateOfShow::new(show, show.sale_state(buyer.now, zone), seats_left)
    });
    let over = over
        .iter()
        .map(|show| DateOfShow::new(show, SaleState::Over, None));
    let mut dates: Vec<_> = left.chain(over).collect();
    dates.sort_by_key(|date| date.date);
    ok(&Dates { dates })
}

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
    /// How far its sale is.
    sale: Sale,
    /// When its sale opens; at once when it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    opens_at: Option<Seconds>,
    /// When its sale closes; with the day of the show when it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    closes_at: Option<Seconds>,
    /// How many of them are free, as it was a few seconds ago, or in a very large concert a few
    /// minutes. Nothing when the sale is over, or while those of a concert of more than 20,000 are
    /// being counted for the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    seats_left: Option<u32>,
}

/// How far a sale is.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Sale {
    /// It is still to open.
    Upcoming,
    /// Seats can be had.
    Open,
    /// It has closed.
    Over,
}

impl DateOfShow {
    fn new(show: &Show, state: SaleState, seats_left: Option<u32>) -> Self {
        Self {
            date: show.date,
            price: Won(show.price),
            capacity: show.capacity,
            sale: match state {
                SaleState::Upcoming { .. } => Sale::Upcoming,
                SaleState::Open => Sale::Open,
                SaleState::Over => Sale::Over,
            },
            opens_at: show.sale.opens_at.map(Seconds),
            closes_at: show.sale.closes_at.map(Seconds),
            seats_left,
        }
    }
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
            {
                "date": "2026-12-24",
                "price": 50_000,
                "capacity": 50,
                "sale": "OPEN",
                "seats_left": 12,
            },
            {
                "date": "2026-12-25",
                "price": 50_000,
                "capacity": 50,
                "sale": "OVER",
                "closes_at": "2026-12-20T03:00:00Z",
            },
        ] }),
    )
    .refuses([ApiError::ConcertNotFound])
}
