//! `DELETE /v1/concerts/{concert_id}/reservations/{reservation_id}`: gives seats back. A repeated
//! call gets the same answer.
//!
//! With `?seat_numbers=7,8`, only these seats of a paid reservation are refunded.
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
    app::{Admin, App},
    domain::{
        ids::{ConcertId, ReservationId, UserId},
        order::{Order, OrderStatus},
        reason::{Explanation, Reason},
        seat::{SeatNumber, SeatSet},
    },
    error::{ApiError, Constraint},
    http::{RequestParts as _, Won, digits, ok},
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
    let named = named_seats(&request)?;
    let by = By::Owner(caller.generation_for(caller.user_id));
    ok(&give_back(&app, caller.user_id, ids, named.as_ref(), by, caller.now).await?)
}

/// The seats that the query names: numbers with commas between them.
fn named_seats(request: &Request) -> Result<Option<SeatSet>, ApiError> {
    // An empty value, or the name that a hold has for one seat, would refund the whole reservation.
    let names_seats = request.names("seat_numbers") || request.names("seat_number");
    let named = request.query("seat_numbers");
    if named.is_none() && !names_seats {
        return Ok(None);
    }
    let numbers = named.and_then(|named| named.split(',').map(digits).collect());
    seats_named(numbers).map(Some)
}

/// The seats of a refund: one to four, by their numbers.
pub(super) fn seats_named(numbers: Option<Vec<u64>>) -> Result<SeatSet, ApiError> {
    let seats = numbers.and_then(|numbers| SeatSet::of_numbers(numbers).ok());
    seats.ok_or(ApiError::Invalid(Constraint::SeatsOfOrder))
}

/// Who gives a reservation back. It decides until when they may.
#[derive(Debug, Clone, Copy)]
pub(super) enum By<'a> {
    /// Its owner, with a token of this generation, until `refundable_until`.
    Owner(Option<u32>),
    /// An administrator, at any time, with a reason.
    Admin(&'a Admin, &'a Explanation),
}

/// Gives a user's reservation back, or only the named seats of one that is paid, and returns its new
/// status. A hold that has lapsed is free already, and the status says so. A hold is given back whole
/// or not at all.
pub(super) async fn give_back(
    app: &App,
    owner: UserId,
    ids: (ConcertId, ReservationId),
    named: Option<&SeatSet>,
    by: By<'_>,
    now: Timestamp,
) -> Result<Cancelled, ApiError> {
    let mut reading = Reading::Eventual;
    loop {
        let found = reservation(app, owner, ids, reading, now).await?;
        let status = match &found {
            Reservation::Paid(order) => {
                let wanted = named.unwrap_or(&order.seats);
                if !order.seats.includes(wanted) {
                    return Err(ApiError::Invalid(Constraint::SeatsOfOrder));
                }
                let order = refund(app, order, wanted, by, now).await?;
                return Ok(Cancelled::of_order(&order));
            }
            _ if named.is_some() => return Err(ApiError::Invalid(Constraint::SeatsOfOrder)),
            Reservation::Ended(_) => found.status(),
            Reservation::Held { session, hold } => {
                let cancelled = match by {
                    By::Owner(_) => app.store().cancel_hold(session, hold, now).await.map(drop),
                    By::Admin(admin, explanation) => {
                        let store = app.store().by(admin.author());
                        store.cancel_hold_for(session, hold, explanation, now).await
                    }
                };
                if cancelled.decided()?.is_err() {
                    // Something else happened to the hold first. Read what.
                    reading = Reading::Consistent;
                    continue;
                }
                app.free_seats_or_log(hold).await;
                ReservationStatus::Cancelled
            }
        };
        return Ok(Cancelled {
            reservation_id: ids.1,
            status,
            refunded_seat_numbers: None,
            current_balance: None,
            refund_reason: None,
        });
    }
}

/// Refunds the seats of an order that are wanted and not refunded yet, and returns the order.
async fn refund(
    app: &App,
    order: &Order,
    wanted: &SeatSet,
    by: By<'_>,
    now: Timestamp,
) -> Result<Order, ApiError> {
    if order.due_of(wanted).is_none() {
        return Ok(order.clone());
    }
    let (author, explanation, generation) = match by {
        By::Owner(generation) => (None, None, generation),
        By::Admin(admin, explanation) => (admin.author(), Some(explanation), None),
    };
    if explanation.is_none() && now >= app.config().refundable_until(order.show_key.date()) {
        return Err(ApiError::RefundClosed);
    }
    let refunded = app
        .store()
        .by(author)
        .refund(order, wanted, explanation, generation, now)
        .await?;
    app.wake_queue_of(order.show(), now).await;
    Ok(refunded)
}

/// A reservation after it was given back.
#[derive(Serialize, ToSchema)]
pub struct Cancelled {
    /// The reservation's id.
    reservation_id: ReservationId,
    /// The reservation's status.
    pub(super) status: ReservationStatus,
    /// The numbers of the seats that were refunded, now or before. Absent if nothing was refunded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refunded_seat_numbers: Option<Vec<SeatNumber>>,
    /// The balance right after the last refund, in won. Absent if nothing was refunded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    current_balance: Option<Won>,
    /// The reason that an administrator gave for the refund. Absent if the refund was not an
    /// administrator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refund_reason: Option<Reason>,
}

impl Cancelled {
    fn of_order(order: &Order) -> Self {
        let last = order.last_refund();
        let explanation = last.and_then(|(_, _, explanation)| explanation);
        Self {
            reservation_id: order.reservation_id,
            status: match order.status {
                OrderStatus::Paid => ReservationStatus::Paid,
                OrderStatus::Refunded => ReservationStatus::Refunded,
            },
            refunded_seat_numbers: Some(order.refunded_seats()),
            current_balance: last.map(|(_, balance, _)| Won(balance)),
            refund_reason: explanation.map(|explanation| explanation.reason.clone()),
        }
    }
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Give seats back", Door::User)
        .details(
            "Held seats become free, and the session goes on. Paid seats are refunded to the \
             balance until `refundable_until`. After that: 409 `REFUND_CLOSED`, and only an \
             administrator can refund.\n\n\
             With `seat_numbers`, only these seats of a paid reservation are refunded, and the \
             others stay sold. An empty list, or another name for it, is refused. Afterwards these seats are refunded, whichever of them were before. \
             A hold is given back whole.\n\n\
             Repeating the call is safe. A reservation that is over already gets its status \
             (`EXPIRED`, `CANCELLED` or `REFUNDED`). Another user's reservation is 404, for \
             administrators too: they use `POST …/refund`.",
        )
        .answers::<Cancelled>(
            200,
            "The status of the reservation. It is `PAID` while a seat of it is not refunded.",
            json!({
                "reservation_id": "019a9e1c-2222-7000-8000-000000000001",
                "status": "REFUNDED",
                "refunded_seat_numbers": [7],
                "current_balance": 50_000,
            }),
        )
        .query::<String>(
            "seat_numbers",
            false,
            "The numbers of the seats to refund, with commas between them. Without it, the whole \
             reservation is given back.",
        )
        .refuses([
            ApiError::Invalid(Constraint::SeatsOfOrder),
            ApiError::ReservationNotFound,
            ApiError::RefundClosed,
        ])
}
