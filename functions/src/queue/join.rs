//! `POST /v1/auth/tokens`: take a number in a queue and get the token that names it.
//!
//! 2 WRU (3 when nobody is waiting: the join is then the arrival) and 2.5 RRU. The concert
//! decides the queue; without one it is `main`. A user has one live session per queue. Who left
//! while waiting gets the same number back, so that nobody can burn numbers.

use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    app::App,
    auth::Claims,
    domain::{
        ids::{ConcertId, QueueId, UserId},
        queue::{Queue, QueueState},
        session::{Ending, Session},
    },
    error::ApiError,
    http::{Field, body, ok},
    jiff::Timestamp,
    lambda_http::{Body, Request, Response},
    store::Rejected,
};
use utoipa::ToSchema;

use super::place::Place;
use crate::operation::{Door, Operation};

/// Who joins what.
#[derive(Deserialize, ToSchema)]
pub struct Join {
    /// Who joins.
    #[serde(default)]
    #[schema(value_type = UserId, required)]
    user_id: Field,
    /// What they come for; it decides the queue. Without one it is `main`.
    #[serde(default)]
    #[schema(value_type = Option<ConcertId>)]
    concert_id: Field,
}

/// A place in a queue, and the token that names it.
#[derive(Serialize, ToSchema)]
pub struct Joined<'a> {
    /// A queue token. It carries the number drawn.
    token: String,
    /// The queue.
    queue_id: &'a QueueId,
    /// When the token expires.
    expires_at: Timestamp,
    #[serde(flatten)]
    place: Place,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("Take a number in a queue", Door::GuestOrSignedIn)
        .body::<Join>(json!({ "user_id": "3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11" }))
        .answers::<Joined>(
            200,
            "A place, and the token that names it.",
            json!({
                "token": "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl",
                "queue_id": "main",
                "expires_at": "2026-11-20T15:22:00Z",
                "status": "WAITING",
                "queue_position": 120,
                "estimated_wait_time": 36,
            }),
        )
        .refuses([
            ApiError::MissingField("user_id"),
            ApiError::InvalidUserId,
            ApiError::BadRequest,
            ApiError::TokenAlreadyActive,
            ApiError::UserNotFound,
            ApiError::ConcertNotFound,
            ApiError::QueueNotFound,
            ApiError::QueueClosed,
        ])
}

/// Joins and answers with the token and the place.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let now = app.now();
    let body: Join = body(&request)?;
    let user_id: UserId = body
        .user_id
        .text(|id| id.parse().ok(), ApiError::InvalidUserId)?
        .ok_or(ApiError::MissingField("user_id"))?;
    let concert_id = concert_id(&body)?;

    let queue_id = match concert_id {
        Some(concert_id) => app.concert(concert_id, now).await?.queue_id,
        None => QueueId::main(),
    };
    let queue = app.queue(&queue_id, now).await?;
    // A sleeping line wakes before its visitor draws a number.
    let queue = app.tick_if_stale(queue, now).await;
    let (user, earlier) = app.store().user_and_session(user_id, &queue_id).await?;
    user.ok_or(ApiError::UserNotFound)?;
    let ended = ended(earlier, &queue, now)?;

    let session = join(&app, user_id, concert_id, &queue, ended, now).await?;
    let queue = app.tick_if_stale(queue, now).await;
    let token = app
        .keyring()
        .sign(&Claims::of_session(&session), now)
        .await?;
    ok(&Joined {
        token,
        queue_id: &queue_id,
        expires_at: session.expires_at,
        place: Place::of(&session, &queue, now),
    })
}

fn concert_id(body: &Join) -> Result<Option<ConcertId>, ApiError> {
    match body.concert_id.read::<String>() {
        None => Ok(None),
        Some(None) => Err(ApiError::BadRequest),
        Some(Some(id)) => id.parse().map(Some).map_err(|_| ApiError::ConcertNotFound),
    }
}

/// The user's earlier session, which has to be over.
fn ended(
    earlier: Option<Session>,
    queue: &Queue,
    now: Timestamp,
) -> Result<Option<Session>, ApiError> {
    let is_live = |session: &Session| !session.standing(queue, now).is_over();
    if earlier.as_ref().is_some_and(is_live) {
        return Err(ApiError::TokenAlreadyActive);
    }
    if queue.settings.state == QueueState::Closed {
        return Err(ApiError::QueueClosed);
    }
    Ok(earlier)
}

async fn join(
    app: &App,
    user_id: UserId,
    concert_id: Option<ConcertId>,
    queue: &Queue,
    ended: Option<Session>,
    now: Timestamp,
) -> Result<Session, ApiError> {
    let number = match ended
        .as_ref()
        .and_then(|ended| number_kept(ended, queue, now))
    {
        Some(number) => number,
        None => app.store().draw_number(&queue.id).await?,
    };
    let mut session = Session::join(
        user_id,
        queue,
        concert_id,
        number,
        app.config().hold_seconds,
        now,
    );
    session.last_hold = ended.as_ref().and_then(Session::hold_left_behind);

    match queue.admission(number, now) {
        Some(admission) if admission.admitted_at <= now => {
            app.walk_in(session, admission, ended.as_ref(), now).await
        }
        _ => match app
            .store()
            .join(&session, ended.map(|ended| ended.jti), now)
            .await
        {
            Ok(()) => Ok(session),
            Err(Rejected::Refused(_)) => Err(ApiError::TokenAlreadyActive),
            Err(Rejected::Failed(error)) => Err(error.into()),
        },
    }
}

/// The number of somebody who left while waiting, unless it has been served since.
fn number_kept(ended: &Session, queue: &Queue, now: Timestamp) -> Option<u64> {
    let left_waiting = ended.closed == Some(Ending::Left)
        && ended.arrival.is_none()
        && queue.place(ended.number, now) > 0;
    left_waiting.then_some(ended.number)
}
