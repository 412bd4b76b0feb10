//! `DELETE /v1/users/{user_id}`: delete a user.
//!
//! Their name, their e-mail address and their password go, and the address can be used again. What
//! they have charged, paid and had refunded stays under the id, for the books; so does what is left
//! in their account, which nobody can spend any more: administrators still read it, its statement
//! and its payments. All their tokens end, and they leave every queue that they are in.
//!
//! Refused while they hold seats, or while their account is not empty (409). With `force=true` the
//! seats are given back, and the money stays in the account. An administrator who asks again gets
//! the same answer; the user cannot, because their token has ended.
//!
//! 1 RRU for the door, and 5; 4 WRU, 2 with an address, 2 for each session and 1 for each seat that
//! it holds; 1 for each that had come in.

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

/// Deletes the user and answers what is left in their account.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let signed_in = app.signed_in(&request).await?;
    let user_id = request.user_id()?;
    let force = match request.query("force").as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(ApiError::BadRequest),
    };
    signed_in.require_self_or_admin(user_id)?;
    let generation = signed_in.generation_for(user_id);
    let left = app
        .delete_user(user_id, generation, force, signed_in.now)
        .await?;
    ok(&DeletedUser {
        user_id,
        current_balance: Won(left),
    })
}

/// Who is deleted.
#[derive(Serialize, ToSchema)]
pub struct DeletedUser {
    /// Who it was.
    user_id: UserId,
    /// What is left in their account.
    current_balance: Won,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("Delete a user", Door::SignedIn)
        .details(
            "Oneself, or anybody for an administrator. Name, e-mail address and password go, every \
             token ends, and the user leaves every queue. What was charged, paid and refunded \
             stays under the id, and so does the money in the account, which nobody can spend \
             then. Refused while the user holds seats or the account is not empty, unless `force` \
             is `true`.",
        )
        .query::<bool>(
            "force",
            false,
            "Whether to give seats back that are held, and to leave money behind.",
        )
        .answers::<DeletedUser>(
            200,
            "The user is deleted.",
            json!({ "user_id": "3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11", "current_balance": 0 }),
        )
        .refuses([
            ApiError::BadRequest,
            ApiError::Forbidden,
            ApiError::UserNotFound,
            ApiError::UserHasHold,
            ApiError::UserHasBalance,
        ])
}
