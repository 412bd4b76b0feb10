//! `POST /v1/auth/logout`: end every token issued so far. 4 WRU, 1 RRU.
//!
//! Queue tokens keep their place in the line, and what they hold, and are good for nothing else:
//! neither money nor the user is to be seen or moved with them. Whoever joins again gets one that
//! is. What a client sends along is not looked at: many put an empty object into every POST, and a
//! log-out that was refused for it would leave tokens alive.

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

/// Logs out.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let signed_in = app.signed_in(&request).await?;
    app.store().end_tokens(&signed_in.user).await?;
    ok(&LoggedOut { token: None })
}

/// That there is no token any more.
#[derive(Serialize, ToSchema)]
pub struct LoggedOut {
    /// Always `null`.
    #[schema(required)]
    token: Option<String>,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("Log out", Door::SignedIn)
        .details(
            "Ends every access token that the user got so far. Queue tokens keep their place in \
             the line, and are refused where money or the user is concerned; joining again issues \
             one that is not.",
        )
        .answers::<LoggedOut>(200, "Logged out.", json!({ "token": null }))
}
