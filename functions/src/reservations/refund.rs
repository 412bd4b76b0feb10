//! `POST /v1/concerts/{concert_id}/reservations/{reservation_id}/refund`: an administrator gives a
//! user's reservation back, at any time, and says why. Again: the same answer.
//!
//! What was paid is refunded to the balance, also after the cut-off, after the day of the show and
//! without a show; the user's statement shows the reason, and the order keeps who has done it. A
//! hold is cancelled, and its session goes on; it keeps no reason. Of two refunds at once, whoever
//! asks for them, one happens.
//!
//! Priced as the buyer's own, 2 WRU more when a long reason makes the order larger than 1 KB. The
//! log has who and what, but not the reason, which may name people.

use serde::Deserialize;
use serde_json::json;
use shared::{
    app::App,
    domain::{
        ids::UserId,
        reason::{Explanation, Reason},
    },
    error::{ApiError, Constraint},
    http::{Field, RequestParts as _, body, ok},
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use super::cancel::{By, Cancelled, give_back};
use crate::operation::{Door, Operation};

/// Gives it back and answers with what it is then.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let admin = app.admin(&request).await?;
    let body: Refund = body(&request)?;
    let owner: UserId = body
        .user_id
        .text(|id| id.parse().ok(), ApiError::InvalidUserId)?
        .ok_or(ApiError::MissingField("user_id"))?;
    let explanation = Explanation {
        by: admin.user_id,
        reason: reason(&body.reason)?,
    };
    let ids = request.reservation_id()?;
    let given_back = give_back(&app, owner, ids, By::Admin(&explanation), admin.now).await?;
    tracing::info!(
        by = %admin.user_id,
        reservation_id = %ids.1,
        status = ?given_back.status,
        "an administrator gave a reservation back"
    );
    ok(&given_back)
}

/// A reason in a body, which has to be there.
pub(crate) fn reason(field: &Field) -> Result<Reason, ApiError> {
    field
        .text(Reason::parse, ApiError::Invalid(Constraint::Reason))?
        .ok_or(ApiError::MissingField("reason"))
}

/// Whose reservation is given back, and why.
#[derive(Deserialize, ToSchema)]
#[schema(as = RefundReservation)]
pub struct Refund {
    /// Whose it is.
    #[schema(value_type = UserId, required)]
    user_id: Field,
    /// What they are told: the statement shows it.
    #[schema(value_type = Reason, required)]
    reason: Field,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("Refund or cancel somebody's reservation", Door::Admin)
        .details(
            "At any time, also when its buyer cannot any more. What was paid goes to their \
             balance, and their statement shows the reason; a hold is released, and its session \
             goes on. Again: the same answer, with the reason of whoever was first.",
        )
        .body::<Refund>(json!({
            "user_id": "3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11",
            "reason": "공연 취소",
        }))
        .answers::<Cancelled>(
            200,
            "Refunded, or cancelled.",
            json!({
                "reservation_id": "019a9e1c-2222-7000-8000-000000000001",
                "status": "REFUNDED",
                "current_balance": 50_000,
                "refund_reason": "공연 취소",
            }),
        )
        .refuses([
            ApiError::MissingField("user_id"),
            ApiError::MissingField("reason"),
            ApiError::InvalidUserId,
            ApiError::Invalid(Constraint::Reason),
            ApiError::ReservationNotFound,
        ])
}
