//! `GET /v1/auth/tokens`: where the session of a queue token stands. 1 RRU, half of which is the
//! document that an instance knows for a second: this is what waiting people call.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    domain::session::{Session, Standing},
    error::ApiError,
    http::{ResponseParts as _, ok},
    lambda_http::{Body, Request, Response},
    token::QueueClaims,
};
use utoipa::ToSchema;

use super::place::Place;
use crate::{
    operation::{Door, Operation},
    reservations::find::HeldSeats,
};

/// Answers with status and place, and when to ask again.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let (claims, now) = app.queue_user(&request).await?;
    let (session, queue) =
        tokio::join!(session(&app, &claims), app.cached_queue(&claims.queue, now));
    let Some(session) = session? else {
        return ok(&Answer {
            place: Place::over(None),
            reservation: None,
        });
    };

    let mut queue = queue?;
    if let Standing::Waiting { .. } | Standing::Early = session.standing(&queue, now) {
        queue = app.tick_if_stale(queue, now).await;
    }
    let place = Place::of(&session, &queue, now);
    let retry_after = place.retry_after(&queue, now);
    let over = place.reason.is_some();
    let reservation = session
        .payable_hold(now)
        .map(|hold| HeldSeats::of(hold, app.config()));
    let answer = ok(&Answer { place, reservation })?;
    Ok(if over {
        answer
    } else {
        answer.with_retry_after(retry_after)
    })
}

/// The session, as it was a moment ago: nothing is decided by it. One that joined this very
/// moment is read again, consistently.
async fn session(app: &App, claims: &QueueClaims) -> Result<Option<Session>, ApiError> {
    let is_the_one = |session: &Session| session.jti == claims.jti;
    let lately = app
        .store()
        .session_lately(claims.sub, &claims.queue)
        .await?;
    if let Some(session) = lately.filter(is_the_one) {
        return Ok(Some(session));
    }
    Ok(app
        .store()
        .session(claims.sub, &claims.queue)
        .await?
        .filter(is_the_one))
}

/// Where a session stands, and what it holds.
#[derive(Serialize, ToSchema)]
#[schema(as = Standing)]
pub struct Answer<'a> {
    #[serde(flatten)]
    place: Place,
    /// What it holds and may still pay.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reservation: Option<HeldSeats<'a>>,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("Where a session stands", Door::QueueUser)
        .answers::<Answer>(
            200,
            "Status, place and wait.",
            json!({ "status": "WAITING", "queue_position": 120, "estimated_wait_time": 36 }),
        )
        .with_header::<u64>("Retry-After", "When to ask again, in seconds.")
}
