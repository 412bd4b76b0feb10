//! `GET /v1/users/{user_id}/balance`: what a user's account holds. 1 RRU.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    domain::ids::UserId,
    error::ApiError,
    http::{RequestParts as _, Won, ok},
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// Answers with the balance.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let caller = app.caller(&request).await?;
    let user_id = request.user_id()?;
    caller.require_self_or_admin(user_id)?;
    let account = app
        .store()
        .account(user_id)
        .await?
        .ok_or(ApiError::UserNotFound)?;
    caller.require_current_for_account(user_id, account)?;
    ok(&Balance {
        user_id,
        current_balance: Won(account.balance),
    })
}

/// What an account holds.
#[derive(Serialize, ToSchema)]
pub struct Balance {
    /// Whose.
    user_id: UserId,
    /// How much.
    current_balance: Won,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("The balance", Door::User)
        .details("The user's own, or an administrator's to read.")
        .answers::<Balance>(
            200,
            "The balance.",
            json!({
                "user_id": "3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11",
                "current_balance": 50_000,
            }),
        )
        .refuses([ApiError::Forbidden, ApiError::UserNotFound])
}
