//! `DELETE /v1/users/{user_id}/sessions`: end all that a user is in the middle of.
//!
//! Every token that they got so far ends: access tokens altogether, queue tokens where money or the
//! user is concerned. Then they leave every queue that they are in, with any seats held. What they
//! have paid stays theirs. A guest may join again, because their id is all that they need.
//!
//! 1 RRU for the door, 1 for somebody else, 1 for the sessions and 0.5 for the queue of each that
//! has not arrived; 4 WRU, and for each session what leaving costs.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::{App, SignedIn},
    domain::{ids::UserId, user::User},
    error::ApiError,
    http::{RequestParts as _, ok},
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// Ends them and answers how many there were.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let signed_in = app.signed_in(&request).await?;
    let user_id = request.user_id()?;
    signed_in.require_self_or_admin(user_id)?;
    let now = signed_in.now;
    let user = user(&app, signed_in, user_id).await?;
    app.store().end_tokens(&user).await?;
    let ended = app.leave_all(user_id, now).await?;
    ok(&SessionsEnded { user_id, ended })
}

/// The user, whom the door has read if they have come themselves.
async fn user(app: &App, signed_in: SignedIn, user_id: UserId) -> Result<User, ApiError> {
    if signed_in.user.user_id == user_id {
        return Ok(signed_in.user);
    }
    let user = app.store().user(user_id).await?;
    user.ok_or(ApiError::UserNotFound)
}

/// What has been ended.
#[derive(Serialize, ToSchema)]
pub struct SessionsEnded {
    /// Whose.
    user_id: UserId,
    /// How many queues they have left.
    ended: u64,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("End a user's sessions", Door::SignedIn)
        .details(
            "One's own, or anybody's for an administrator. Every token ends that the user got so \
             far, and they leave every queue that they are in, with any seats held.",
        )
        .answers::<SessionsEnded>(
            200,
            "How many queues the user has left.",
            json!({ "user_id": "3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11", "ended": 1 }),
        )
        .refuses([ApiError::Forbidden, ApiError::UserNotFound])
}
