//! `GET /v1/users/{user_id}`: a user.
//!
//! Cost: 1 RRU, and 1 RRU for the door with an access token.
//!
//! Round trips: 2 calls in 2 rounds.

use shared::{
    app::App,
    error::ApiError,
    http::{RequestParts as _, ok},
    lambda_http::{Body, Request, Response},
};

use super::profile::Profile;
use crate::operation::{Door, Operation};

/// Answers with the user.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let caller = app.caller(&request).await?;
    let user_id = request.user_id()?;
    caller.require_self_or_admin(user_id)?;
    let user = app
        .store()
        .user(user_id)
        .await?
        .ok_or_else(|| caller.no_such_user(user_id))?;
    caller.require_current_for_user(&user)?;
    ok(&Profile::from(user))
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Get a user", Door::User)
        .details("Users may read themselves. Administrators may read anybody.")
        .answers::<Profile>(200, "The user.", Profile::example())
        .refuses([ApiError::Forbidden, ApiError::UserNotFound])
}
