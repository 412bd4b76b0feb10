//! `POST /v1/auth/logout`: ends every access token issued so far.
//!
//! The body is ignored. Many clients put an empty object into every `POST`. If the log-out were
//! refused for that, the tokens would stay good.
//!
//! Cost: 4 WRU, 1 RRU.
//!
//! Round trips: 2 calls in 2 rounds.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    error::ApiError,
    http::ok,
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// Ends the tokens.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let signed_in = app.signed_in(&request).await?;
    app.store().end_tokens(&signed_in.user).await?;
    ok(&LoggedOut { token: None })
}

/// The result of logging out.
#[derive(Serialize, ToSchema)]
pub struct LoggedOut {
    /// Always `null`.
    #[schema(required)]
    token: Option<String>,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Log out", Door::SignedIn)
        .details(
            "Ends every access token of the user that was issued so far, on all devices. A queue \
             token keeps its place: it can still poll, look at seats and hold them. It can no \
             longer pay, charge or read the user. After logging in again, join again: that \
             returns a queue token that can.",
        )
        .answers::<LoggedOut>(200, "The tokens have ended.", json!({ "token": null }))
}
