//! `POST /v1/users/{user_id}/balance/corrections`: an administrator corrects a balance by an amount
//! of either sign, with a reason.
//!
//! The user's statement shows the amount and the reason. Administrators also see who made the
//! correction. A correction that would leave the balance below 0, or above what a charge could
//! reach, is 409. With an `Idempotency-Key` a correction is made once, as a charge is. The same key
//! with another amount or reason is 422.
//!
//! The log has who made which correction. It has neither the user, whose id may be their secret,
//! nor the reason. The log of changes has all of it.
//!
//! Cost: 6 WRU, 2 RRU; 2 WRU more for each of the entry and its record that a long reason makes larger
//! than 1 KB.
//!
//! Round trips: 3 calls in 2 rounds.

use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    app::App,
    domain::{
        ids::{CorrectionId, UserId},
        money::Difference,
        reason::{Explanation, Reason},
    },
    error::{ApiError, Constraint},
    http::{Field, IdempotencyKey, RequestParts as _, Won, WonMoved, body, ok},
    lambda_http::{Body, Request, Response},
    store::{Decided as _, keys::EntryName},
    texts::SuccessText,
};
use utoipa::ToSchema;

use crate::{
    operation::{Door, Operation},
    reservations::refund::reason,
};

/// Corrects the balance. Answers with the balance right after it.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let wish = Wish::of(&request);
    let read = async {
        let wish = wish?;
        Ok::<_, ApiError>((app.store().account(wish.user_id).await, wish))
    };
    let (admin, read) = app.admin_beside(&request, read).await?;
    let (account, wish) = read?;
    let Wish {
        amount,
        reason,
        user_id,
        name,
    } = wish;
    let by = admin.user_id;

    let explanation = Explanation {
        by,
        reason,
        change_id: None,
    };
    let correction = app
        .store()
        .by(admin.author())
        .correct(user_id, account?, &name, amount, &explanation, admin.now)
        .await
        .decided()?
        .map_err(|refused| refused.error(ApiError::BalanceOutOfRange))?;
    tracing::info!(
        by = %admin.user_id,
        correction_id = %correction.correction_id,
        "an administrator corrected a balance"
    );
    ok(&Corrected {
        message: SuccessText::Corrected.message(request.language()),
        correction_id: correction.correction_id,
        amount: WonMoved(correction.amount),
        current_balance: Won(correction.balance_after),
    })
}

/// What the request asks for.
struct Wish {
    amount: Difference,
    reason: Reason,
    user_id: UserId,
    name: EntryName,
}

impl Wish {
    fn of(request: &Request) -> Result<Self, ApiError> {
        let body: Correction = body(request)?;
        let amount = amount(&body.amount)?;
        let reason = reason(&body.reason)?;
        let user_id = request.user_id()?;
        let key = IdempotencyKey::of(request)?;
        Ok(Self {
            amount,
            reason,
            user_id,
            name: EntryName::of(key.as_ref().map(IdempotencyKey::as_str)),
        })
    }
}

fn amount(field: &Field) -> Result<Difference, ApiError> {
    let json = field.raw().ok_or(ApiError::MissingField("amount"))?;
    Difference::parse(json).ok_or(ApiError::Invalid(Constraint::Correction))
}

/// The amount of a correction, and the reason.
#[derive(Deserialize, ToSchema)]
pub struct Correction {
    /// The amount in won. Below 0, it is taken from the balance. Not 0, with at most two decimals,
    /// from -10¹² to 10¹².
    #[schema(
        value_type = f64, required,
        minimum = -1_000_000_000_000_i64, maximum = 1_000_000_000_000_i64
    )]
    amount: Field,
    /// The reason, 1 to 200 characters. The user reads it in their statement.
    #[schema(value_type = Reason, required)]
    reason: Field,
}

/// A balance that has been corrected.
#[derive(Serialize, ToSchema)]
pub struct Corrected {
    /// A text for people, in the language of the answer.
    message: &'static str,
    /// The correction's id, which the log has too.
    correction_id: CorrectionId,
    /// The amount of the correction, in won.
    amount: WonMoved,
    /// The balance right after the correction, in won.
    current_balance: Won,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Correct a balance", Door::Admin)
        .details(
            "Adds an amount to a balance, or takes it away. The user's statement shows it with \
             its reason. If the balance would be below 0, or above 10¹³: 409 \
             `BALANCE_OUT_OF_RANGE`.\n\n\
             Send an `Idempotency-Key`. Then the correction is made once, however often the call \
             is repeated, and each call gets the same answer. Without a key, two calls are two \
             corrections. The same key with another amount or reason is 422 \
             `IDEMPOTENCY_KEY_REUSED`.",
        )
        .header::<IdempotencyKey>(
            "Idempotency-Key",
            "The name of this correction, chosen by the client.",
        )
        .body::<Correction>(json!({ "amount": -5_000, "reason": "중복 충전 정정" }))
        .answers::<Corrected>(
            200,
            "The balance is corrected.",
            json!({
                "message": "잔액 정정 성공",
                "correction_id": "019a9e1c-4444-7000-8000-000000000001",
                "amount": -5_000,
                "current_balance": 45_000,
            }),
        )
        .refuses([
            ApiError::MissingField("amount"),
            ApiError::MissingField("reason"),
            ApiError::Invalid(Constraint::Correction),
            ApiError::Invalid(Constraint::Reason),
            ApiError::BadRequest,
            ApiError::UserNotFound,
            ApiError::BalanceOutOfRange,
            ApiError::IdempotencyKeyReused,
        ])
}
