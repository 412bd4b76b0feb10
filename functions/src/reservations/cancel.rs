//! `DELETE /v1/concerts/{concert_id}/reservations/{reservation_id}`: gives seats back. A repeated
//! call gets the same answer.
//!
//! A hold is released, and the session goes on. A paid reservation is refunded to the balance,
//! until some hours before the day of the show. Then the show's queue is ticked, for those who wait
//! for a seat.
//!
//! Cost of a hold: 1 WRU, and 1 WRU for each seat. Of a paid reservation: 4 WRU, and 2 WRU for each
//! seat; 2.5 RRU, 0.5 RRU for the show, and the price of a tick. With a queue token 1 RRU more, for
//! its generation. A reservation that is over already: 1 RRU more, because it may have been paid at
//! the last moment.
//!
//! Round trips: 4 calls in 4 rounds for a hold. 10 calls in 10 rounds for an order: most of them
//! wake the line.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    domain::{
        ids::{ConcertId, ReservationId, UserId},
        order::{Order, Refund},
        reason::{Explanation, Reason},
    },
    error::ApiError,
    http::{RequestParts as _, Won, ok},
    jiff::Timestamp,
    lambda_http::{Body, Request, Response},
    store::{Decided as _, Reading},
};
use utoipa::ToSchema;

use super::find::{Reservation, ReservationStatus, reservation};
use crate::operation::{Door, Operation};

/// Gives the seats back. Answers with the reservation's new status.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let caller = app.caller(&request).await?;
    let ids = request.reservation_id()?;
    app.require_current_token(&caller).await?;
    let by = By::Owner(caller.generation_for(caller.user_id));
    ok(&give_back(&app, caller.user_id, ids, by, caller.now).await?)
}

/// Who gives a reservation back. It decides until when they may.
#[derive(Debug, Clone, Copy)]
pub(super) enum By<'a> {
    /// Its owner, with a token of this generation, until `refundable_until`.
    Owner(Option<u32>),
    /// An administrator, at any time, with a reason.
    Admin(&'a Explanation),
}

/// Gives a user's reservation back, and returns its new status. A hold that has lapsed is free
/// already, and the status says so.
pub(super) async fn give_back(
    app: &App,
    owner: UserId,
    ids: (ConcertId, ReservationId),
    by: By<'_>,
    now: Timestamp,
) -> Result<Cancelled, ApiError> {
    let mut reading = Reading::Eventual;
    loop {
        let found = reservation(app, owner, ids, reading, now).await?;
        let (status, refund) = match &found {
            Reservation::Paid(order) => {
                let refund = refund(app, order, by, now).await?;
                (ReservationStatus::Refunded, Some(refund))
            }
            Reservation::Ended(_) => (found.status(), None),
            Reservation::Held { session, hold } => {
                let cancelled = app.store().cancel_hold(session, hold, now).await;
                if cancelled.decided()?.is_err() {
                    // Something else happened to the hold first. Read what.
                    reading = Reading::Consistent;
                    continue;
                }
                app.free_seats_or_log(hold).await;
                (ReservationStatus::Cancelled, None)
            }
        };
        return Ok(Cancelled {
            reservation_id: ids.1,
            status,
            current_balance: refund.as_ref().map(|refund| Won(refund.balance_after)),
            refund_reason: refund
                .and_then(|refund| refund.explanation)
                .map(|explanation| explanation.reason),
        });
    }
}

/// The refund of an order: the one that it has, or a new one.
async fn refund(app: &App, order: &Order, by: By<'_>, now: Timestamp) -> Result<Refund, ApiError> {
    if let Some(refund) = &order.refund {
        return Ok(refund.clone());
    }
    let (explanation, generation) = match by {
        By::Owner(generation) => (None, generation),
        By::Admin(explanation) => (Some(explanation), None),
    };
    if explanation.is_none() && now >= app.config().refundable_until(order.show_key.date()) {
        return Err(ApiError::RefundClosed);
    }
    let refunded = app
        .store()
        .refund(order, explanation, generation, now)
        .await?;
    app.wake_queue_of(order.show(), now).await;
    refunded
        .refund
        .ok_or_else(|| ApiError::bug("a refunded order has no refund"))
}

/// A reservation after it was given back.
#[derive(Serialize, ToSchema)]
pub struct Cancelled {
    /// The reservation's id.
    reservation_id: ReservationId,
    /// The reservation's status.
    pub(super) status: ReservationStatus,
    /// The balance right after the refund, in won. Absent if nothing was refunded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    current_balance: Option<Won>,
    /// The reason that an administrator gave for the refund. Absent if the refund was not an
    /// administrator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refund_reason: Option<Reason>,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Give seats back", Door::User)
        .details(
            "Held seats become free, and the session goes on. Paid seats are refunded to the \
             balance until `refundable_until`. After that: 409 `REFUND_CLOSED`, and only an \
             administrator can refund.\n\n\
             Repeating the call is safe. A reservation that is over already gets its status \
             (`EXPIRED`, `CANCELLED` or `REFUNDED`). Another user's reservation is 404, for \
             administrators too: they use `POST …/refund`.",
        )
        .answers::<Cancelled>(
            200,
            "The reservation is over: `status` says how.",
            json!({
                "reservation_id": "019a9e1c-2222-7000-8000-000000000001",
                "status": "REFUNDED",
                "current_balance": 50_000,
            }),
        )
        .refuses([ApiError::ReservationNotFound, ApiError::RefundClosed])
}
