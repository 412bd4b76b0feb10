//! `GET /v1/users/{user_id}`: who a user is. 1 RRU, and 1 for the door with an access token.

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

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("A user", Door::User)
        .details("Oneself, or anybody for an administrator.")
        .answers::<Profile>(200, "The user.", Profile::example())
        .refuses([ApiError::Forbidden, ApiError::UserNotFound])
}
