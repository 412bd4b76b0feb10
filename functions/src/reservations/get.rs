//! `GET /v1/concerts/{concert_id}/reservations/{reservation_id}`: a reservation of the caller, or
//! for an administrator of the user that they name.
//!
//! Cost: 1 RRU for a hold, 2 RRU for an order; 1 RRU more for the user of an access token, or for
//! the generation of a queue token.
//!
//! Round trips: 2 calls in 2 rounds for a hold, 3 in 3 for an order.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    domain::{
        ids::{ConcertId, PaymentId, PlanId, ReservationId, ShowDate, ShowKey, UserId},
        money::Money,
        order::{Order, OrderStatus},
        reason::Reason,
        seat::{SeatNumber, SeatSet},
        session::HoldOutcome,
        user::Name,
    },
    error::ApiError,
    http::{Milliseconds, RequestParts as _, Seconds, Won, ok},
    lambda_http::{Body, Request, Response},
    store::Reading,
};
use utoipa::ToSchema;

use super::{
    find::{Reservation, ReservationStatus, reservation},
    seats::{self, SeatOfReservation, seats},
};
use crate::operation::{Door, Operation};

/// Answers with the reservation.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let caller = app.caller(&request).await?;
    let owner = match request.query("user_id") {
        Some(id) => id.parse().map_err(|_| ApiError::InvalidUserId)?,
        None => caller.user_id,
    };
    caller.require_self_or_admin(owner)?;
    let ids = request.reservation_id()?;
    app.require_current_token(&caller).await?;
    let found = reservation(&app, owner, ids, Reading::Consistent, caller.now).await?;
    ok(&ReservationNow {
        reservation: ReservationAnswer::of(&found, &app, caller.is_admin).await,
        server_time: Milliseconds(caller.now),
    })
}

/// A reservation, and what time it is.
#[derive(Serialize, ToSchema)]
pub struct ReservationNow<'a> {
    #[serde(flatten)]
    reservation: ReservationAnswer<'a>,
    /// The current time of the service. Use it, and not the clock of the page, to count down.
    server_time: Milliseconds,
}

/// A reservation.
#[derive(Serialize, ToSchema)]
#[schema(as = Reservation)]
pub struct ReservationAnswer<'a> {
    /// The reservation's id.
    reservation_id: ReservationId,
    /// The reservation's status.
    status: ReservationStatus,
    /// The concert's id.
    concert_id: ConcertId,
    /// The concert's name when the seats were held. Absent if the reservation ended without a
    /// payment, or if an early version of the service stored it without the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    concert_name: Option<&'a Name>,
    /// The date of the show.
    date: ShowDate,
    /// The show, as `date` of a request names it: its date, and its start if it has one.
    show: ShowKey,
    /// The numbers of the seats.
    seat_numbers: &'a SeatSet,
    /// The numbers of the seats that were refunded. Absent if none was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    refunded_seat_numbers: Vec<SeatNumber>,
    /// The seats, with their prices, and with their labels if the show has a plan. Absent if the
    /// reservation ended without a payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    seats: Option<Vec<SeatOfReservation>>,
    /// The plan of the hall. Absent if the show has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    plan_id: Option<PlanId>,
    /// The time until which the hold may be paid, or could have been. Absent once it was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expiration_time: Option<Seconds>,
    /// The time until which the user may get the money back. Absent if the reservation was
    /// refunded, or ended without a payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refundable_until: Option<Seconds>,
    /// The payment of the reservation.
    payment: Payment<'a>,
}

/// The payment of a reservation.
#[derive(Serialize, ToSchema)]
#[schema(as = PaymentOfReservation)]
pub struct Payment<'a> {
    /// The payment's id.
    payment_id: PaymentId,
    /// The amount of the payment, in won.
    amount: Won,
    /// The payment's status.
    status: PaymentStatus,
    /// The time of the payment. Absent if it was not made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    paid_at: Option<Seconds>,
    /// The time of the last refund. Absent while a seat of it is not refunded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refunded_at: Option<Seconds>,
    /// The reason that an administrator gave for the last refund. Absent while a seat of it is not
    /// refunded, and if that refund was not an administrator's. The statement has the reason of every
    /// refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refund_reason: Option<&'a Reason>,
    /// The id of the administrator who refunded it. Present only in answers to administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refunded_by: Option<UserId>,
}

/// The status of a payment.
///
/// - `PENDING`: not paid yet.
/// - `PAID`: paid.
/// - `EXPIRED`: not paid in time.
/// - `CANCELLED`: the seats were given back before they were paid.
/// - `REFUNDED`: paid, and then given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum PaymentStatus {
    /// Not paid yet.
    Pending,
    /// Paid.
    Paid,
    /// Not paid in time.
    Expired,
    /// The seats were given back before they were paid.
    Cancelled,
    /// Paid, and then given back.
    Refunded,
}

impl<'a> ReservationAnswer<'a> {
    /// The answer about a reservation. For administrators it names the one who refunded it.
    pub(super) async fn of(reservation: &'a Reservation, app: &App, to_admins: bool) -> Self {
        let plan = app.plan_for_labels(reservation.plan_id()).await;
        let (plan, config) = (plan.as_deref(), app.config());
        let status = reservation.status();
        let unpaid = |payment_id, amount: Money, status| Payment {
            payment_id,
            amount: Won(amount),
            status,
            paid_at: None,
            refunded_at: None,
            refund_reason: None,
            refunded_by: None,
        };
        match reservation {
            Reservation::Paid(order) => Self {
                reservation_id: order.reservation_id,
                status,
                concert_id: order.concert_id,
                concert_name: order.concert_name.as_ref(),
                date: order.show_key.date(),
                show: order.show_key,
                seat_numbers: &order.seats,
                refunded_seat_numbers: order.refunded_seats(),
                seats: Some(seats(&order.seats, &order.seat_prices(), plan)),
                plan_id: order.plan_id,
                expiration_time: None,
                refundable_until: config.refundable_until_of(order).map(Seconds),
                payment: Payment::of(order, to_admins),
            },
            Reservation::Held { hold, .. } => Self {
                reservation_id: hold.reservation_id,
                status,
                concert_id: hold.concert_id,
                concert_name: hold.concert_name.as_ref(),
                date: hold.show_key.date(),
                show: hold.show_key,
                seat_numbers: &hold.seats,
                refunded_seat_numbers: Vec::new(),
                seats: Some(seats(&hold.seats, &hold.seat_prices(), plan)),
                plan_id: hold.plan_id,
                expiration_time: Some(Seconds(hold.held_until)),
                refundable_until: Some(Seconds(config.refundable_until(hold.show_key.date()))),
                payment: unpaid(hold.payment_id, hold.amount, PaymentStatus::Pending),
            },
            Reservation::Ended(ended) => Self {
                reservation_id: ended.hold.reservation_id,
                status,
                concert_id: ended.hold.concert_id,
                concert_name: None,
                date: ended.hold.show_key.date(),
                show: ended.hold.show_key,
                seat_numbers: &ended.hold.seats,
                refunded_seat_numbers: Vec::new(),
                seats: None,
                plan_id: None,
                expiration_time: Some(Seconds(ended.hold.held_until)),
                refundable_until: None,
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

impl<'a> Payment<'a> {
    fn of(order: &'a Order, to_admins: bool) -> Self {
        let refund = order.refund.as_ref();
        let explanation = refund.and_then(|refund| refund.explanation.as_ref());
        Self {
            payment_id: order.payment_id,
            amount: Won(order.amount),
            status: match order.status {
                OrderStatus::Paid => PaymentStatus::Paid,
                OrderStatus::Refunded => PaymentStatus::Refunded,
            },
            paid_at: Some(Seconds(order.paid_at)),
            refunded_at: refund.map(|refund| Seconds(refund.at)),
            refund_reason: explanation.map(|explanation| &explanation.reason),
            refunded_by: explanation
                .filter(|_| to_admins)
                .map(|explanation| explanation.by),
        }
    }
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Get a reservation", Door::User)
        .details(
            "Call this if the answer to a hold or a payment was lost, to see what was done. \
             Users may read their own reservations. Administrators may read anybody's, and must \
             name the user with `user_id`: without it the answer is 404.",
        )
        .query::<UserId>(
            "user_id",
            false,
            "The id of the user whose reservation it is. By default the caller's. Only \
             administrators may name another user.",
        )
        .answers::<ReservationNow>(
            200,
            "The reservation.",
            json!({
                "reservation_id": "019a9e1c-2222-7000-8000-000000000001",
                "status": "PAID",
                "concert_id": "019a9e1c-1111-7000-8000-000000000001",
                "concert_name": "겨울 콘서트",
                "date": "2026-12-24",
                "show": "2026-12-24",
                "seat_numbers": [7],
                "seats": seats::example(),
                "refundable_until": "2026-12-22T15:00:00Z",
                "payment": {
                    "payment_id": "019a9e1c-3333-7000-8000-000000000001",
                    "amount": 50_000,
                    "status": "PAID",
                    "paid_at": "2026-11-20T03:02:00Z",
                },
                "server_time": "2026-11-20T03:02:00.125Z",
            }),
        )
        .refuses([
            ApiError::InvalidUserId,
            ApiError::Forbidden,
            ApiError::ReservationNotFound,
        ])
}
