//! `GET /v1/admin/buyers/{buyer}`: the user behind a buyer of events. Other systems know only buyers.
//! One that must write to them asks here for a name and an address.
//!
//! Cost: 1 RRU for the key of the buyers and 1 RRU for the user, and 1 RRU for the door.
//!
//! Round trips: 3 calls in 2 rounds.

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
    let (_, buyers) = app.admin_beside(&request, app.store().buyers()).await?;
    // Before the first event there are no buyers.
    let buyers = buyers?.ok_or(ApiError::UserNotFound)?;
    let user = app.store().user(buyers.user(request.buyer()?)).await?;
    ok(&Profile::from(user.ok_or(ApiError::UserNotFound)?))
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Get the user behind a buyer of events", Door::Admin)
        .details(
            "In events, a `buyer` stands for a user. This says who it is. A user that was deleted is \
             not there any more.",
        )
        .answers::<Profile>(200, "The user.", Profile::example())
        .refuses([ApiError::UserNotFound])
}
