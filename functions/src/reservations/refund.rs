//! `POST /v1/concerts/{concert_id}/reservations/{reservation_id}/refund`: an administrator gives a
//! user's reservation back, at any time, with a reason. A repeated call gets the same answer.
//!
//! A paid reservation is refunded to the balance, even after `refundable_until`, after the day of
//! the show, and after the show was deleted. The user's statement shows the reason, and the order
//! keeps who did it. A hold is cancelled, and its session goes on. It keeps no reason. Of two
//! refunds at once, one happens.
//!
//! The log has who did what, but not the reason, which may name people. The log of changes has both.
//!
//! Cost: as [`super::cancel`], and 2 WRU for the record in the log of changes; 2 WRU more for each of
//! the two items that a long reason makes larger than 1 KB. A hold: 4 WRU, and 1 WRU for each seat.
//!
//! Round trips: 9 calls in 9 rounds. Most of the calls wake the line.

use serde::Deserialize;
use serde_json::json;
use shared::{
    app::App,
    domain::{
        ids::UserId,
        reason::{Explanation, Reason},
        seat::SeatSet,
    },
    error::{ApiError, Constraint},
    http::{Field, RequestParts as _, body, even_null, ok, require_fields_among},
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use super::cancel::{By, Cancelled, give_back, seats_named};
use crate::operation::{Door, Operation};

/// Gives the reservation back. Answers with its new status.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let admin = app.admin(&request).await?;
    // A misspelt `seat_numbers` would refund the whole reservation.
    require_fields_among(&request, &["user_id", "reason", "seat_numbers"])?;
    let body: Refund = body(&request)?;
    let owner: UserId = body
        .user_id
        .text(|id| id.parse().ok(), ApiError::InvalidUserId)?
        .ok_or(ApiError::MissingField("user_id"))?;
    let explanation = Explanation {
        by: admin.user_id,
        reason: reason(&body.reason)?,
        change_id: None,
    };
    let ids = request.reservation_id()?;
    let named = body
        .seat_numbers
        .map(|numbers| seats_named(numbers.wholes().value()));
    let named = named.transpose()?;
    let by = By::Admin(&admin, &explanation);
    let given_back = give_back(&app, owner, ids, named.as_ref(), by, admin.now).await?;
    tracing::info!(
        by = %admin.user_id,
        reservation_id = %ids.1,
        status = ?given_back.status,
        "an administrator gave a reservation back"
    );
    ok(&given_back)
}

/// The reason in a body. It is required.
pub(crate) fn reason(field: &Field) -> Result<Reason, ApiError> {
    field
        .text(Reason::parse, ApiError::Invalid(Constraint::Reason))?
        .ok_or(ApiError::MissingField("reason"))
}

/// The user whose reservation is given back, and the reason.
#[derive(Deserialize, ToSchema)]
#[schema(as = RefundReservation)]
pub struct Refund {
    /// The id of the user whose reservation it is.
    #[schema(value_type = UserId, required)]
    user_id: Field,
    /// The reason, 1 to 200 characters. The user reads it in their statement.
    #[schema(value_type = Reason, required)]
    reason: Field,
    /// The numbers of the seats to refund. Without it, the whole reservation is given back.
    #[serde(default, deserialize_with = "even_null")]
    #[schema(value_type = Option<SeatSet>, nullable = false)]
    seat_numbers: Option<Field>,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Refund or cancel a user's reservation", Door::Admin)
        .details(
            "Works at any time, even when the user cannot get the money back any more. A paid \
             reservation is refunded to the user's balance, and their statement shows the \
             reason. With `seat_numbers`, only these seats of it are refunded, and the others \
             stay sold. A hold is released, and its session goes on.\n\n\
             Repeating the call is safe. The answer has the reason of the first refund.",
        )
        .body::<Refund>(json!({
            "user_id": "3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11",
            "reason": "공연 취소",
        }))
        .answers::<Cancelled>(
            200,
            "The status of the reservation. It is `PAID` while a seat of it is not refunded.",
            json!({
                "reservation_id": "019a9e1c-2222-7000-8000-000000000001",
                "status": "REFUNDED",
                "refunded_seat_numbers": [7],
                "current_balance": 50_000,
                "refund_reason": "공연 취소",
            }),
        )
        .refuses([
            ApiError::MissingField("user_id"),
            ApiError::MissingField("reason"),
            ApiError::UnknownField("seat_number".to_owned()),
            ApiError::InvalidUserId,
            ApiError::Invalid(Constraint::Reason),
            ApiError::Invalid(Constraint::SeatsOfOrder),
            ApiError::ReservationNotFound,
        ])
}
