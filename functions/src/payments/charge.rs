//! `POST` and `PATCH /v1/users/{user_id}/balance`: tops up the balance.
//!
//! With an `Idempotency-Key` a charge is made once. A repeated call gets the same answer, and the
//! same key with another amount is 422 (`functions/README.md#money-that-comes-in-needs-a-key`).
//! Administrators may charge any account. The parameter `WhoCharges` says whether users may charge
//! their own.
//!
//! A charge by an administrator is in the log of changes.
//!
//! Cost: 4 WRU; 1 RRU with a queue token, 2 RRU with an access token. By an administrator: 2 WRU more.
//!
//! Round trips: 2 calls in 2 rounds with a queue token, 3 in 2 with an access token.

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

/// Charges the account. Answers with the balance right after it.
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
        .by(caller.author())
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

/// The money to add to a balance.
#[derive(Deserialize, ToSchema)]
pub struct Charge {
    /// The amount in won: more than 0, with at most two decimals, at most 10¹².
    #[schema(value_type = f64, required, exclusive_minimum = 0, maximum = 1_000_000_000_000_i64)]
    amount: Field,
}

/// A balance that has been topped up.
#[derive(Serialize, ToSchema)]
pub struct Charged {
    /// A text for people, in the language of the answer.
    message: &'static str,
    /// The balance right after the charge, in won.
    current_balance: Won,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Top up the balance", Door::User)
        .details(
            "Adds money to a user's balance. Administrators may charge any account. Whether \
             users may charge their own is a setting of the deployment: if not, they get 403 \
             `FORBIDDEN`. If the balance would be above 10¹³: 400 `INVALID_AMOUNT`.\n\n\
             Send an `Idempotency-Key`, for example the number of the bank transfer. Then the \
             charge is made once, however often the call is repeated, and each call gets the \
             same answer. Without a key, two calls are two charges. The same key with another \
             amount is 422 `IDEMPOTENCY_KEY_REUSED`.",
        )
        .header::<IdempotencyKey>(
            "Idempotency-Key",
            "The name of this charge, chosen by the client.",
        )
        .body::<Charge>(json!({ "amount": 50_000 }))
        .answers::<Charged>(
            200,
            "The balance is topped up.",
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
