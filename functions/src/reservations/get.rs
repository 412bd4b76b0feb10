//! `GET /v1/concerts/{concert_id}/reservations/{reservation_id}`: what has become of a
//! reservation. 1 RRU for a hold, 2 for an order; 1 more for the user with an access token, or for
//! the generation of a queue token.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    domain::{
        ids::{ConcertId, PaymentId, ReservationId, ShowDate},
        money::Money,
        order::OrderStatus,
        seat::SeatSet,
        session::HoldOutcome,
    },
    error::ApiError,
    http::{RequestParts as _, Won, ok},
    jiff::Timestamp,
    lambda_http::{Body, Request, Response},
    store::Reading,
};
use utoipa::ToSchema;

use super::find::{Reservation, Status, reservation};
use crate::operation::{Door, Operation};

/// A reservation.
#[derive(Serialize, ToSchema)]
#[schema(as = Reservation)]
pub struct Answer<'a> {
    /// Its id.
    reservation_id: ReservationId,
    /// What has become of it.
    status: Status,
    /// The concert.
    concert_id: ConcertId,
    /// The date of the show.
    date: ShowDate,
    /// The seats.
    seat_numbers: &'a SeatSet,
    /// Until when it may be paid, or might have been.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expiration_time: Option<Timestamp>,
    /// Its payment.
    payment: Payment,
}

/// The payment of a reservation.
#[derive(Serialize, ToSchema)]
#[schema(as = PaymentOfReservation)]
pub struct Payment {
    /// Its id.
    payment_id: PaymentId,
    /// How much.
    amount: Won,
    /// What has become of it.
    status: PaymentStatus,
    /// When it was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    paid_at: Option<Timestamp>,
    /// When it was refunded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refunded_at: Option<Timestamp>,
}

/// What has become of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum PaymentStatus {
    /// Not paid yet.
    Pending,
    /// Paid.
    Paid,
    /// Not paid in time.
    Expired,
    /// Given up.
    Cancelled,
    /// Paid, and given back.
    Refunded,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("What has become of a reservation", Door::User)
        .answers::<Answer>(
            200,
            "The reservation.",
            json!({
                "reservation_id": "019a9e1c-2222-7000-8000-000000000001",
                "status": "PAID",
                "concert_id": "019a9e1c-1111-7000-8000-000000000001",
                "date": "2026-12-24",
                "seat_numbers": [7],
                "payment": {
                    "payment_id": "019a9e1c-3333-7000-8000-000000000001",
                    "amount": 50_000,
                    "status": "PAID",
                    "paid_at": "2026-11-20T03:02:00Z",
                },
            }),
        )
        .refuses([ApiError::ReservationNotFound])
}

/// Answers with the reservation.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let caller = app.user(&request).await?;
    let ids = request.reservation_id()?;
    app.require_current(&caller).await?;
    let found = reservation(&app, caller.user_id, ids, Reading::Consistent, caller.now).await?;
    ok(&Answer::of(&found))
}

impl<'a> Answer<'a> {
    fn of(reservation: &'a Reservation) -> Self {
        let status = reservation.status();
        let unpaid = |payment_id, amount: Money, status| Payment {
            payment_id,
            amount: Won(amount),
            status,
            paid_at: None,
            refunded_at: None,
        };
        match reservation {
            Reservation::Paid(order) => Self {
                reservation_id: order.reservation_id,
                status,
                concert_id: order.concert_id,
                date: order.date,
                seat_numbers: &order.seats,
                expiration_time: None,
                payment: Payment {
                    payment_id: order.payment_id,
                    amount: Won(order.amount),
                    status: match order.status {
                        OrderStatus::Paid => PaymentStatus::Paid,
                        OrderStatus::Refunded => PaymentStatus::Refunded,
                    },
                    paid_at: Some(order.paid_at),
                    refunded_at: order.refund.map(|refund| refund.at),
                },
            },
            Reservation::Held { hold, .. } => Self {
                reservation_id: hold.reservation_id,
                status,
                concert_id: hold.concert_id,
                date: hold.date,
                seat_numbers: &hold.seats,
                expiration_time: Some(hold.held_until),
                payment: unpaid(hold.payment_id, hold.amount, PaymentStatus::Pending),
            },
            Reservation::Ended(ended) => Self {
                reservation_id: ended.hold.reservation_id,
                status,
                concert_id: ended.hold.concert_id,
                date: ended.hold.date,
                seat_numbers: &ended.hold.seats,
                expiration_time: Some(ended.hold.held_until),
                payment: unpaid(
                    ended.hold.payment_id,
                    ended.hold.amount,
                    match ended.outcome {
                        HoldOutcome::Expired => PaymentStatus::Expired,
                        HoldOutcome::Cancelled => PaymentStatus::Cancelled,
                    },
                ),
            },
        }
    }
}
