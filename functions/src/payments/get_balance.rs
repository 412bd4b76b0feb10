//! `GET /v1/users/{user_id}/balance`: the balance of a user.
//!
//! Cost: 1 RRU, and 1 RRU for the door with an access token.
//!
//! Round trips: 2 calls in 2 rounds.

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

/// The balance of a user.
#[derive(Serialize, ToSchema)]
pub struct Balance {
    /// The user's id.
    user_id: UserId,
    /// The balance, in won.
    current_balance: Won,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Get the balance", Door::User)
        .details("Users may read their own balance. Administrators may read anybody's.")
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
