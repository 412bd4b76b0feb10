//! `DELETE /v1/users/{user_id}/sessions`: ends a user's tokens, and takes them out of every queue.
//!
//! Access tokens end completely. With an older queue token a caller can no longer pay, charge or
//! read the user. A guest may join again, because they only need their id.
//!
//! Cost: 1 RRU for the door, 1 RRU if the user is not the caller, 1 RRU for the sessions, and 0.5
//! RRU for the queue of each session that has not arrived; 4 WRU, 2 more for the record in the log of
//! changes if the user is not the caller, and what leaving costs for each session.
//!
//! Round trips: 3 calls in 3 rounds.

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

/// Ends the tokens and sessions. Answers how many sessions there were.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let signed_in = app.signed_in(&request).await?;
    let user_id = request.user_id()?;
    signed_in.require_self_or_admin(user_id)?;
    let (now, author) = (signed_in.now, signed_in.author_for(user_id));
    let user = user(&app, signed_in, user_id).await?;
    app.store().by(author).end_tokens(&user).await?;
    let ended = app.leave_all(user_id, now).await?;
    ok(&SessionsEnded { user_id, ended })
}

/// The user. The door has read them already if they are the caller.
async fn user(app: &App, signed_in: SignedIn, user_id: UserId) -> Result<User, ApiError> {
    if signed_in.user.user_id == user_id {
        return Ok(signed_in.user);
    }
    let user = app.store().user(user_id).await?;
    user.ok_or(ApiError::UserNotFound)
}

/// The result of ending a user's sessions.
#[derive(Serialize, ToSchema)]
pub struct SessionsEnded {
    /// The user's id.
    user_id: UserId,
    /// The number of queues that the user was in, and has left.
    ended: u64,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("End a user's tokens and sessions", Door::SignedIn)
        .details(
            "Call this when somebody else may have a user's tokens. Users may do it for \
             themselves, administrators for anybody.\n\n\
             Every token issued so far ends. The user leaves every queue that they are in, and \
             seats that they hold become free. What they have paid for stays theirs.",
        )
        .answers::<SessionsEnded>(
            200,
            "The number of queues that the user has left.",
            json!({ "user_id": "3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11", "ended": 1 }),
        )
        .refuses([ApiError::Forbidden, ApiError::UserNotFound])
}
