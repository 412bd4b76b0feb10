//! `GET /v1/auth/tokens`: the place of the session that a queue token names. This is what waiting
//! people poll.
//!
//! Cost: 1 RRU. Half of it is for the queue's document, which an instance keeps for a second. 0.5 RRU
//! more if the document has more than 4 KB, as in [`super::get_queue`].
//!
//! Round trips: 2 calls in 1 round.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    domain::session::{Session, Standing},
    error::ApiError,
    http::{Milliseconds, ResponseParts as _, ok},
    lambda_http::{Body, Request, Response},
    token::QueueClaims,
};
use utoipa::ToSchema;

use super::place::Place;
use crate::{
    operation::{Door, Operation},
    reservations::find::HeldSeats,
};

/// Answers with the status and the place, and when to ask again.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let (claims, now) = app.queue_user(&request).await?;
    let (session, queue) =
        tokio::join!(session(&app, &claims), app.cached_queue(&claims.queue, now));
    let Some(session) = session? else {
        return ok(&PlaceAnswer {
            place: Place::over(None),
            reservation: None,
            server_time: Milliseconds(now),
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
    let answer = ok(&PlaceAnswer {
        place,
        reservation,
        server_time: Milliseconds(now),
    })?;
    Ok(if over {
        answer
    } else {
        answer.with_retry_after(retry_after)
    })
}

/// The session, perhaps as it was a moment ago: nothing is decided by it. A session that is not
/// found may have joined this very moment, so it is read again, consistently.
async fn session(app: &App, claims: &QueueClaims) -> Result<Option<Session>, ApiError> {
    let is_of_token = |session: &Session| session.jti == claims.jti;
    let lately = app
        .store()
        .session_lately(claims.sub, &claims.queue)
        .await?;
    if let Some(session) = lately.filter(is_of_token) {
        return Ok(Some(session));
    }
    Ok(app
        .store()
        .session(claims.sub, &claims.queue)
        .await?
        .filter(is_of_token))
}

/// The place of a session, and the seats that it holds.
#[derive(Serialize, ToSchema)]
#[schema(as = Standing)]
pub struct PlaceAnswer<'a> {
    #[serde(flatten)]
    place: Place,
    /// The hold that may still be paid. Absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reservation: Option<HeldSeats<'a>>,
    /// The current time of the service. Use it, and not the clock of the page, to count down.
    server_time: Milliseconds,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Get the place in the line", Door::QueueUser)
        .details(
            "Poll this while waiting, each time after `Retry-After` seconds. When `status` is \
             `ACTIVE`, call an endpoint that needs a turn before `claim_until`. This endpoint \
             answers 200 for a session that is over, too: `reason` says why. There is no \
             `Retry-After` then.\n\n\
             Pages with many visitors can compute places from the queue's public document \
             instead (`GET /v1/queues/{queue_id}`), and call this endpoint when the turn has \
             come.",
        )
        .answers::<PlaceAnswer>(
            200,
            "The status, the place and the estimated wait.",
            json!({
                "status": "WAITING",
                "queue_position": 120,
                "estimated_wait_time": 36,
                "server_time": "2026-11-20T03:00:00.125Z",
            }),
        )
        .with_header::<u64>(
            "Retry-After",
            "The seconds to wait before asking again. Absent if the session is over.",
        )
}
