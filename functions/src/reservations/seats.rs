//! The seats of a reservation in answers, with the labels of their plan.

use serde::Serialize;
use serde_json::{Value, json};
use shared::{
    domain::{
        money::Money,
        plan::{Grade, Plan},
        seat::{SeatNumber, SeatSet},
    },
    http::Won,
};
use utoipa::ToSchema;

/// A seat of a reservation.
#[derive(Serialize, ToSchema)]
pub struct SeatOfReservation {
    /// The number of the seat.
    pub(crate) seat_number: SeatNumber,
    #[serde(flatten)]
    pub(crate) labels: SeatLabels,
    /// The price of the seat, in won.
    pub(crate) price: Won,
}

/// Where a seat is in its hall, as its plan says. Nothing of it is there if the show has no plan.
#[derive(Default, Serialize, ToSchema)]
pub struct SeatLabels {
    /// The name of the section.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) section: Option<String>,
    /// The label of the row.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) row: Option<String>,
    /// The label of the seat.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) seat: Option<String>,
    /// The grade of the seat.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) grade: Option<Grade>,
    /// Present, and `true`, if it is a wheelchair place.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    accessible: bool,
}

impl SeatLabels {
    /// The labels of a seat. None without a plan, and none of a seat that the plan does not have.
    pub(crate) fn of(plan: Option<&Plan>, seat: SeatNumber) -> Self {
        let Some(seat) = plan.and_then(|plan| plan.seat(seat)) else {
            return Self::default();
        };
        Self {
            section: Some(seat.section.to_owned()),
            row: Some(seat.row.to_owned()),
            seat: Some(seat.label),
            grade: Some(seat.grade.clone()),
            accessible: seat.accessible,
        }
    }
}

/// Seats with their prices and labels. Without a plan they have no labels.
pub(crate) fn seats(
    seats: &SeatSet,
    prices: &[Money],
    plan: Option<&Plan>,
) -> Vec<SeatOfReservation> {
    let with_prices = seats.iter().zip(prices);
    with_prices
        .map(|(seat, price)| SeatOfReservation {
            seat_number: seat,
            labels: SeatLabels::of(plan, seat),
            price: Won(*price),
        })
        .collect()
}

/// An example for the OpenAPI document.
pub(crate) fn example() -> Value {
    json!([{
        "seat_number": 7,
        "section": "1층 A",
        "row": "1",
        "seat": "7",
        "grade": "VIP",
        "price": 50_000,
    }])
}
