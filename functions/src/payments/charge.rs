//! `POST` (and `PATCH`) `/v1/users/{user_id}/balance`: top up the balance. 4 WRU, 1 RRU.
//!
//! With an `Idempotency-Key` a charge happens once, however often it is sent: the same again
//! gives the same answer, and the same key with another amount is 422. Administrators may charge
//! anybody; a deployment may say that nobody else may.

use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    app::App,
    domain::{ids::UserId, money::Money},
    error::ApiError,
    http::{Field, IdempotencyKey, RequestParts as _, Won, body, ok},
    lambda_http::{Body, Request, Response},
    store::{Decided as _, keys::EntryName},
    texts::SuccessText,
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// Charges and answers with the balance right after it.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let wish = Wish::of(&request);
    let read = async {
        let wish = wish?;
        Ok::<_, ApiError>((app.store().account(wish.user_id).await, wish))
    };
    let (caller, read) = app.caller_beside(&request, read).await?;
    let (account, wish) = read?;
    let Wish {
        amount,
        user_id,
        name,
    } = wish;
    caller.require_may_charge(user_id, app.config().who_charges)?;

    let generation = caller.generation_for(user_id);
    let charge = app
        .store()
        .charge(user_id, generation, account?, &name, amount, caller.now)
        .await
        .decided()?
        .map_err(|refused| refused.error(ApiError::InvalidAmount))?;
    ok(&Charged {
        message: SuccessText::Charged.message(request.language()),
        current_balance: Won(charge.balance_after),
    })
}

/// What the request asks for.
struct Wish {
    amount: Money,
    user_id: UserId,
    name: EntryName,
}

impl Wish {
    fn of(request: &Request) -> Result<Self, ApiError> {
        let amount = amount(&body(request)?)?;
        let user_id = request.user_id()?;
        let key = IdempotencyKey::of(request)?;
        Ok(Self {
            amount,
            user_id,
            name: EntryName::of(key.as_ref().map(IdempotencyKey::as_str)),
        })
    }
}

fn amount(body: &Charge) -> Result<Money, ApiError> {
    let json = body.amount.raw().ok_or(ApiError::MissingField("amount"))?;
    let amount = Money::parse(json).filter(|amount| *amount > Money::ZERO);
    amount.ok_or(ApiError::InvalidAmount)
}

/// Money that comes in.
#[derive(Deserialize, ToSchema)]
pub struct Charge {
    /// How much: more than 0, at most two decimals, at most 10¹².
    #[schema(value_type = f64, required, exclusive_minimum = 0, maximum = 1_000_000_000_000_i64)]
    amount: Field,
}

/// Money that has come in.
#[derive(Serialize, ToSchema)]
pub struct Charged {
    /// That it has.
    message: &'static str,
    /// What the account held right after it.
    current_balance: Won,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("Top up the balance", Door::User)
        .details(
            "With an `Idempotency-Key` it happens once, however often it is sent: the same again \
             gives the same answer. Administrators may charge anybody; a deployment may say that \
             nobody else may.",
        )
        .header::<IdempotencyKey>("Idempotency-Key", "What names this charge.")
        .body::<Charge>(json!({ "amount": 50_000 }))
        .answers::<Charged>(
            200,
            "Charged.",
            json!({ "message": "충전 성공", "current_balance": 50_000 }),
        )
        .refuses([
            ApiError::MissingField("amount"),
            ApiError::InvalidAmount,
            ApiError::BadRequest,
            ApiError::Forbidden,
            ApiError::UserNotFound,
            ApiError::IdempotencyKeyReused,
        ])
}
