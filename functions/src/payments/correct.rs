//! `POST /v1/users/{user_id}/balance/corrections`: an administrator sets a balance right, by an
//! amount of either sign, and says why. 4 WRU, 2 RRU; 2 WRU more when a long reason makes it larger
//! than 1 KB.
//!
//! The user's statement shows the amount and the reason; who has done it is stored with it and
//! told to administrators. The balance never goes below zero, and a correction gives it no more
//! than a charge could (409). With an `Idempotency-Key` it happens once, as a charge does: the
//! same again gives the same answer, and the same key with another amount or reason is 422. The
//! log has who and which, but neither the user, whose id may be their secret, nor the reason.

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

/// Corrects and answers with the balance right after it.
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

    let explanation = Explanation { by, reason };
    let correction = app
        .store()
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

/// By how much a balance is set right, and why.
#[derive(Deserialize, ToSchema)]
pub struct Correction {
    /// By how much: below 0 takes from the balance. Not 0, at most two decimals, at most 10¹²
    /// either way.
    #[schema(
        value_type = f64, required,
        minimum = -1_000_000_000_000_i64, maximum = 1_000_000_000_000_i64
    )]
    amount: Field,
    /// Why: 1 to 200 characters. The user reads it in their statement.
    #[schema(value_type = Reason, required)]
    reason: Field,
}

/// A balance that has been set right.
#[derive(Serialize, ToSchema)]
pub struct Corrected {
    /// That it has.
    message: &'static str,
    /// The correction, as the log names it.
    correction_id: CorrectionId,
    /// By how much.
    amount: WonMoved,
    /// What the account held right after it.
    current_balance: Won,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("Correct a balance", Door::Admin)
        .details(
            "By an amount of either sign, never below 0. The user's statement shows it with its \
             reason. With an `Idempotency-Key` it happens once, however often it is sent: the \
             same again gives the same answer.",
        )
        .header::<IdempotencyKey>("Idempotency-Key", "What names this correction.")
        .body::<Correction>(json!({ "amount": -5_000, "reason": "중복 충전 정정" }))
        .answers::<Corrected>(
            200,
            "Corrected.",
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
