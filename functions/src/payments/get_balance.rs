//! `GET /v1/users/{user_id}/balance`: what a user's account holds. 1 RRU.

use serde::Serialize;
use serde_json::value::RawValue;
use shared::{
    app::App,
    domain::ids::UserId,
    error::ApiError,
    http::{RequestParts as _, ok},
    lambda_http::{Body, Request, Response},
};

#[derive(Serialize)]
struct Balance {
    user_id: UserId,
    current_balance: Box<RawValue>,
}

/// Answers with the balance.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let caller = app.user(&request).await?;
    let user_id = request.user_id()?;
    caller.is(user_id)?;
    let account = app
        .store()
        .account(user_id)
        .await?
        .ok_or(ApiError::UserNotFound)?;
    ok(&Balance {
        user_id,
        current_balance: account.balance.json(),
    })
}
