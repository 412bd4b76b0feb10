//! `POST` (and `PATCH`) `/v1/users/{user_id}/balance`: top up the balance. 4 WRU, 1 RRU.
//!
//! With an `Idempotency-Key` a charge happens once, however often it is sent: the same again
//! gives the same answer, and the same key with another amount is 422.

use serde::Serialize;
use serde_json::value::RawValue;
use shared::{
    app::App,
    domain::money::Money,
    error::ApiError,
    http::{IdempotencyKey, JsonBody, RequestParts as _, ok},
    lambda_http::{Body, Request, Response},
    store::{Rejected, accounts::ChargeRefused, keys::ChargeName},
    texts::Done,
};

#[derive(Serialize)]
struct Charged {
    message: &'static str,
    current_balance: Box<RawValue>,
}

/// Charges and answers with the balance right after it.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let caller = app.user(&request).await?;
    let amount = amount(&JsonBody::of(&request)?)?;
    let user_id = request.user_id()?;
    let name = match IdempotencyKey::of(&request)? {
        Some(key) => ChargeName::Keyed(key.as_str().to_owned()),
        None => ChargeName::new(),
    };
    caller.is(user_id)?;

    let charge = app
        .store()
        .charge(user_id, &name, amount, caller.now)
        .await
        .map_err(|rejected| match rejected {
            Rejected::Refused(ChargeRefused::NoAccount) => ApiError::UserNotFound,
            Rejected::Refused(ChargeRefused::TooMuch) => ApiError::InvalidAmount,
            Rejected::Refused(ChargeRefused::KeyReused) => ApiError::IdempotencyKeyReused,
            Rejected::Failed(error) => error.into(),
        })?;
    ok(&Charged {
        message: Done::Charged.message(request.language()),
        current_balance: charge.balance_after.json(),
    })
}

fn amount(body: &JsonBody) -> Result<Money, ApiError> {
    let json = body.raw("amount").ok_or(ApiError::MissingField("amount"))?;
    let amount = Money::parse(json).filter(|amount| *amount > Money::ZERO);
    amount.ok_or(ApiError::InvalidAmount)
}
