//! `DELETE /v1/auth/tokens`: give back the place in the line, and any seats held. 2 WRU, one
//! more for each seat; 1 to 2 WRU for who was still waiting.

use serde::Serialize;
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

#[derive(Serialize)]
struct Left {
    message: &'static str,
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
