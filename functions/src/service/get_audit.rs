//! `GET /v1/admin/audit`: what the audit has found so far, and the books of the last round that was over.
//!
//! Cost: 1 RRU for the door, 1 RRU per 4 KB of the round: 1 to 3 in all.
//!
//! Round trips: 2 calls in 2 rounds.

use shared::{
    app::App,
    error::ApiError,
    http::ok,
    lambda_http::{Body, Request, Response},
};

use super::audit::AuditAnswer;
use crate::operation::{Door, Operation};

/// Answers with what the audit has found.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let now = app.admin(&request).await?.now;
    let round = app.store().round_so_far().await?;
    ok(&AuditAnswer::of(&app, round, now)?)
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Read what the audit has found", Door::Admin)
        .details(
            "The audit checks whether the data is right, on a schedule. A round checks everything \
             once, and may have several runs. While a round is under way, `round` says what it has \
             found so far, and `last_round` what the last one has found.\n\n\
             `books` are the sums of all accounts by day, of the last round that was over.",
        )
        .answers::<AuditAnswer>(200, "What the audit has found.", AuditAnswer::example())
}
