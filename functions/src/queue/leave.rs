//! `DELETE /v1/auth/tokens`: give back the place in the line, and any seats held. 2 WRU, one
//! more for each seat; 1 to 2 WRU for who was still waiting.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::{App, Holder},
    domain::session::Session,
    error::ApiError,
    http::{RequestParts as _, ok},
    jiff::Timestamp,
    lambda_http::{Body, Request, Response},
    store::Rejected,
    texts::Done,
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// The session is over.
#[derive(Serialize, ToSchema)]
pub struct Left {
    /// That it is.
    message: &'static str,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("Leave the queue", Door::Holder)
        .details("Gives back the place, and any seats held.")
        .answers::<Left>(200, "Left.", json!({ "message": "대기열 이탈 완료" }))
}

/// Leaves.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let Holder { session, now } = app.holder(&request).await?;
    let closed = leave(&app, session, now).await?;
    app.count_through(&closed, now).await;
    ok(&Left {
        message: Done::LeftQueue.message(request.language()),
    })
}

/// Closes the session; when it has moved since it was read, as it is by then.
async fn leave(app: &App, mut session: Session, now: Timestamp) -> Result<Session, ApiError> {
    loop {
        match app.store().leave(&session).await {
            Ok(closed) => {
                if let Some(hold) = &session.live_hold {
                    app.free_seats(hold).await;
                }
                return Ok(closed);
            }
            Err(Rejected::Refused(Some(moved)))
                if moved.jti == session.jti
                    && moved
                        .standing_by_itself(now)
                        .is_none_or(|standing| !standing.is_over()) =>
            {
                session = *moved;
            }
            Err(Rejected::Refused(_)) => return Err(ApiError::InvalidToken),
            Err(Rejected::Failed(error)) => return Err(error.into()),
        }
    }
}
