//! `GET /v1/concerts/{concert_id}/reservations/{reservation_id}`: what has become of a
//! reservation: of the caller's, or as an administrator of the user's that they name. 1 RRU for a
//! hold, 2 for an order; 1 more for the user with an access token, or for the generation of a queue
//! token.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    config::Config,
    domain::{
        ids::{ConcertId, PaymentId, ReservationId, ShowDate, UserId},
        money::Money,
        order::{Order, OrderStatus},
        reason::Reason,
        seat::SeatSet,
        session::HoldOutcome,
        user::Name,
    },
    error::ApiError,
    http::{RequestParts as _, Seconds, Won, ok},
    lambda_http::{Body, Request, Response},
    store::Reading,
};
use utoipa::ToSchema;

use super::find::{Reservation, Status, reservation};
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
    ok(&Answer::of(&found, app.config(), caller.is_admin))
}

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
    /// What the concert was called when the seats were held, unless they were not paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    concert_name: Option<&'a Name>,
    /// The date of the show.
    date: ShowDate,
    /// The seats.
    seat_numbers: &'a SeatSet,
    /// Until when it may be paid, or might have been.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expiration_time: Option<Seconds>,
    /// Until when it may be given back for its money, while there is any to have back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refundable_until: Option<Seconds>,
    /// Its payment.
    payment: Payment<'a>,
}

/// The payment of a reservation.
#[derive(Serialize, ToSchema)]
#[schema(as = PaymentOfReservation)]
pub struct Payment<'a> {
    /// Its id.
    payment_id: PaymentId,
    /// How much.
    amount: Won,
    /// What has become of it.
    status: PaymentStatus,
    /// When it was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    paid_at: Option<Seconds>,
    /// When it was refunded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refunded_at: Option<Seconds>,
    /// Why an administrator has refunded it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refund_reason: Option<&'a Reason>,
    /// Which administrator has; administrators are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refunded_by: Option<UserId>,
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

impl<'a> Answer<'a> {
    /// The answer about a reservation. For administrators it names the one that refunded it.
    pub(super) fn of(reservation: &'a Reservation, config: &Config, to_admins: bool) -> Self {
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
                date: order.date,
                seat_numbers: &order.seats,
                expiration_time: None,
                refundable_until: config.refundable_until_of(order).map(Seconds),
                payment: Payment::of(order, to_admins),
            },
            Reservation::Held { hold, .. } => Self {
                reservation_id: hold.reservation_id,
                status,
                concert_id: hold.concert_id,
                concert_name: hold.concert_name.as_ref(),
                date: hold.date,
                seat_numbers: &hold.seats,
                expiration_time: Some(Seconds(hold.held_until)),
                refundable_until: Some(Seconds(config.refundable_until(hold.date))),
                payment: unpaid(hold.payment_id, hold.amount, PaymentStatus::Pending),
            },
            Reservation::Ended(ended) => Self {
                reservation_id: ended.hold.reservation_id,
                status,
                concert_id: ended.hold.concert_id,
                concert_name: None,
                date: ended.hold.date,
                seat_numbers: &ended.hold.seats,
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

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("What has become of a reservation", Door::User)
        .details("The user's own. An administrator must add `user_id` to read somebody else's; without it \
             the answer is 404.")
        .query::<UserId>(
            "user_id",
            false,
            "Whose it is; the caller's unless said. Only administrators may name others.",
        )
        .answers::<Answer>(
            200,
            "The reservation.",
            json!({
                "reservation_id": "019a9e1c-2222-7000-8000-000000000001",
                "status": "PAID",
                "concert_id": "019a9e1c-1111-7000-8000-000000000001",
                "concert_name": "겨울 콘서트",
                "date": "2026-12-24",
                "seat_numbers": [7],
                "refundable_until": "2026-12-22T15:00:00Z",
                "payment": {
                    "payment_id": "019a9e1c-3333-7000-8000-000000000001",
                    "amount": 50_000,
                    "status": "PAID",
                    "paid_at": "2026-11-20T03:02:00Z",
                },
            }),
        )
        .refuses([
            ApiError::InvalidUserId,
            ApiError::Forbidden,
            ApiError::ReservationNotFound,
        ])
}
