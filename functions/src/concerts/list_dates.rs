//! `GET /v1/concerts/{concert_id}/dates`: the dates of a concert that are still to come, with
//! prices, the states of their sales, and the seats left.
//!
//! A date whose sale is over stays in the list until its day is over, so that nobody looks for it
//! in vain. It has no `seats_left`.
//!
//! Cost: 1 RRU for the door. Shows are kept for five seconds, counts for two
//! (`ARCHITECTURE.md#seats-left`), plans of halls without an end. A concert of up to four blocks: 0.5 RRU for each block of 500
//! seats and per 4 KB of its taken seats. Counts of a larger concert are kept in the database: 0.5
//! RRU per hundred shows. One of the callers that find them old counts again: 2 WRU per hundred
//! shows, and up to 600 blocks. A count is valid for two seconds, and for 5 ms for each block of
//! the concert. So at most 200 blocks a second are read, however many callers look.
//!
//! Round trips: 4 calls in 2 rounds.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    domain::{
        hall::TakenSeats,
        ids::{PlanId, ShowDate, ShowKey},
        plan::{Grade, Plan},
        show::{SaleState, Show},
    },
    error::ApiError,
    http::{RequestParts as _, Seconds, Won, ok},
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use super::programme::CalledOffShow;
use crate::operation::{Door, Operation};

/// Answers with the dates, the earliest first.
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
    let uncounted = over.into_iter().map(|show| (show, None));
    let mut dates = Vec::new();
    for (show, taken) in sold.into_iter().zip(taken).chain(uncounted) {
        let plan = app.plan_for_labels(show.pricing.plan_id()).await;
        let state = show.sale_state(buyer.now, zone);
        dates.push(DateOfShow::new(
            show,
            state,
            plan.as_deref(),
            taken.as_ref(),
        ));
    }
    dates.sort_by_key(|date| date.show);
    ok(&Dates { dates })
}

/// The dates of a concert that are still to come.
#[derive(Serialize, ToSchema)]
pub struct Dates<'a> {
    /// The dates, the earliest first.
    dates: Vec<DateOfShow<'a>>,
}

/// A show, with the state of its sale and the number of free seats.
#[derive(Serialize, ToSchema)]
pub struct DateOfShow<'a> {
    /// The date of the show.
    date: ShowDate,
    /// The show, as `date` of a request names it: its date, and its start if it has one.
    show: ShowKey,
    /// The price of one seat, in won. With a plan: of the cheapest seats.
    price: Won,
    /// The plan of the hall. Absent if the show has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    plan_id: Option<PlanId>,
    /// The grades of the seats, the best first. Absent if the show has no plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    grades: Option<Vec<GradeOfShow>>,
    /// The number of seats.
    capacity: u32,
    /// The state of the sale.
    sale: Sale,
    /// The time when the sale opens, or opened. Absent if it was open from the creation of the
    /// show.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    opens_at: Option<Seconds>,
    /// The time when the sale closes, or closed. Absent if it closes when the show starts, or at the
    /// end of its day if it has no start.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    closes_at: Option<Seconds>,
    /// That the show does not take place. Absent if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    called_off: Option<CalledOffShow<'a>>,
    /// The number of free seats, as of a few seconds ago, or a few minutes ago for a very large
    /// concert. Absent if the sale is over, and while a concert with more than 20,000 seats is
    /// counted for the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    seats_left: Option<u32>,
}

/// A grade of the seats of a show.
#[derive(Serialize, ToSchema)]
pub struct GradeOfShow {
    /// The grade.
    grade: Grade,
    /// The price of one seat, in won.
    price: Won,
    /// The number of free seats, as `seats_left` of the show. Absent when that is, and until the seats
    /// are counted again after the show got another plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    seats_left: Option<u32>,
}

/// The state of a sale.
///
/// - `UPCOMING`: it has not opened.
/// - `OPEN`: seats can be held.
/// - `OVER`: it has closed, or the show was called off.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Sale {
    /// It has not opened.
    Upcoming,
    /// Seats can be held.
    Open,
    /// It has closed.
    Over,
}

impl From<SaleState> for Sale {
    fn from(state: SaleState) -> Self {
        match state {
            SaleState::Upcoming { .. } => Self::Upcoming,
            SaleState::Open => Self::Open,
            SaleState::Over => Self::Over,
        }
    }
}

impl<'a> DateOfShow<'a> {
    fn new(
        show: &'a Show,
        state: SaleState,
        plan: Option<&Plan>,
        taken: Option<&TakenSeats>,
    ) -> Self {
        Self {
            date: show.date(),
            show: show.key,
            price: Won(show.pricing.lowest()),
            plan_id: show.pricing.plan_id(),
            grades: plan.and_then(|plan| grades(show, plan, taken)),
            capacity: show.capacity,
            sale: state.into(),
            opens_at: show.sale.opens_at.map(Seconds),
            closes_at: show.sale.closes_at.map(Seconds),
            called_off: show.called_off.as_ref().map(Into::into),
            seats_left: taken.map(|taken| show.capacity.saturating_sub(taken.all)),
        }
    }
}

/// The grades of a show with a plan, the best first.
fn grades(show: &Show, plan: &Plan, taken: Option<&TakenSeats>) -> Option<Vec<GradeOfShow>> {
    let prices = show.pricing.grades()?;
    let seats = plan.grades().iter().zip(plan.seats_of_grades());
    let taken = taken.and_then(|taken| taken.of_grades(plan.id()));
    let grades = seats.enumerate().map(|(index, (grade, seats))| {
        let taken = taken.and_then(|taken| taken.get(index));
        Some(GradeOfShow {
            grade: grade.clone(),
            price: Won(*prices.get(grade)?),
            seats_left: taken.map(|taken| seats.saturating_sub(*taken)),
        })
    });
    grades.collect()
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new(
        "List the dates of a concert, with prices and seats left",
        Door::Buyer,
    )
    .details(
        "Returns the dates of today and later. A date whose sale is over stays in the list \
             until its day is over.",
    )
    .answers::<Dates>(
        200,
        "The dates of the concert.",
        json!({ "dates": [
            {
                "date": "2026-12-24",
                "show": "2026-12-24",
                "price": 50_000,
                "plan_id": "kT3n1v0Yb2m9QxZ4c7LdEw",
                "grades": [
                    { "grade": "VIP", "price": 90_000, "seats_left": 2 },
                    { "grade": "R", "price": 50_000, "seats_left": 10 },
                ],
                "capacity": 50,
                "sale": "OPEN",
                "seats_left": 12,
            },
            {
                "date": "2026-12-25",
                "show": "2026-12-25",
                "price": 50_000,
                "capacity": 50,
                "sale": "OVER",
                "closes_at": "2026-12-20T03:00:00Z",
            },
        ] }),
    )
    .refuses([ApiError::ConcertNotFound])
}
