//! `GET /v1/concerts/{concert_id}/reservations/{reservation_id}`: what has become of a
//! reservation. 1 RRU for a hold, 2 for an order.

use serde::Serialize;
use serde_json::value::RawValue;
use shared::{
    app::App,
    domain::{
        ids::{ConcertId, PaymentId, ReservationId, ShowDate},
        money::Money,
        seat::SeatSet,
    },
    error::ApiError,
    http::{RequestParts as _, ok},
    jiff::Timestamp,
    lambda_http::{Body, Request, Response},
    store::Reading,
};

use super::find::{Reservation, reservation};

#[derive(Serialize)]
struct Answer<'a> {
    reservation_id: ReservationId,
    status: &'static str,
    concert_id: ConcertId,
    date: ShowDate,
    seat_numbers: &'a SeatSet,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_time: Option<Timestamp>,
    payment: Payment,
}

#[derive(Serialize)]
struct Payment {
    payment_id: PaymentId,
    amount: Box<RawValue>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_at: Option<Timestamp>,
}

/// Answers with the reservation.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let caller = app.user(&request).await?;
    let ids = request.reservation_id()?;
    let found = reservation(&app, caller.user_id, ids, Reading::Consistent, caller.now).await?;
    ok(&Answer::of(&found))
}

impl<'a> Answer<'a> {
    fn of(reservation: &'a Reservation) -> Self {
        let status = reservation.status();
        let payment = |payment_id, amount: Money, status, paid_at| Payment {
            payment_id,
            amount: amount.json(),
            status,
            paid_at,
        };
        match reservation {
            Reservation::Paid(order) => Self {
                reservation_id: order.reservation_id,
                status,
                concert_id: order.concert_id,
                date: order.date,
                seat_numbers: &order.seats,
                expiration_time: None,
                payment: payment(order.payment_id, order.amount, "PAID", Some(order.paid_at)),
            },
            Reservation::Held { hold, .. } => Self {
                reservation_id: hold.reservation_id,
                status,
                concert_id: hold.concert_id,
                date: hold.date,
                seat_numbers: &hold.seats,
                expiration_time: Some(hold.held_until),
                payment: payment(hold.payment_id, hold.amount, "PENDING", None),
            },
            Reservation::Ended(ended) => Self {
                reservation_id: ended.hold.reservation_id,
                status,
                concert_id: ended.hold.concert_id,
                date: ended.hold.date,
                seat_numbers: &ended.hold.seats,
                expiration_time: Some(ended.hold.held_until),
                payment: payment(ended.hold.payment_id, ended.hold.amount, status, None),
            },
        }
    }
}
