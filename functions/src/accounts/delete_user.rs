//! `DELETE /v1/users/{user_id}`: deletes a user.
//!
//! What was charged, paid and refunded stays under the id, for the books. An administrator can
//! still read it. An administrator who repeats the call gets the same answer. The user cannot
//! repeat it, because their token has ended.
//!
//! Cost: 1 RRU for the door, and 5 RRU; 4 WRU, 2 more if the user has an e-mail address, 2 for each
//! live session, 1 for each seat held, and 1 for each session that had arrived. By an administrator: 2
//! WRU more, for the record in the log of changes.
//!
//! Round trips: 7 calls in 7 rounds.

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

/// Deletes the user. Answers with the money that is left in their account.
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
    let author = signed_in.author_for(user_id);
    let left = app
        .delete_user(user_id, generation, force, author, signed_in.now)
        .await?;
    ok(&DeletedUser {
        user_id,
        current_balance: Won(left),
    })
}

/// A user who has been deleted.
#[derive(Serialize, ToSchema)]
pub struct DeletedUser {
    /// The user's id.
    user_id: UserId,
    /// The money that is left in the account, in won. Nobody can spend it any more.
    current_balance: Won,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Delete a user", Door::SignedIn)
        .details(
            "Users may delete themselves. Administrators may delete anybody.\n\n\
             The user's name, e-mail address and password are deleted, all their tokens end, and \
             they leave every queue. The address can be used again. What they charged, paid and \
             had refunded stays under their id. So does the money in their account, but nobody \
             can spend it any more.\n\n\
             Refused with 409 while the user holds seats or has money, unless `force` is `true`.",
        )
        .query::<bool>(
            "force",
            false,
            "`true`: gives held seats back, and leaves the money in the account. Otherwise the \
             call is refused if there are any.",
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
