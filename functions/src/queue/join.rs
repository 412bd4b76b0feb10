//! `POST /v1/auth/tokens`: take a number in a queue and get the token that names it.
//!
//! 2 WRU (3 when nobody is waiting: the join is then the arrival) and 2.5 RRU. The concert
//! decides the queue; without one it is `main`. A user has one live session per queue. Who left
//! while waiting gets the same number back, so that nobody can burn numbers. Before the opening of
//! a queue there are no numbers: who is early enters a draw, at the same price.
//!
//! A guest needs no token, a user with a password their access token. The token of a live session
//! is issued again, for nothing, to a caller that has an access token, or the `Idempotency-Key`
//! that the session was joined with, and to a guest whose last token has expired. A key is the
//! session's and ends with it. A token is good for 30 days; one that is issued again when less
//! than half of that is left is a new one (1 WRU). The place stays as long as the line takes, for
//! 30 days after the last token. With an access token, a live session goes over to the concert
//! that is named, if the same queue sells it (1 WRU).
//!
//! A queue that takes nobody is read once more before the refusal, and so is the concert (0.5 RRU
//! each): it may have opened, or the concert may have moved, a moment ago.

use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    app::{App, Visitor},
    domain::{
        draw::any_stripe,
        ids::{ConcertId, QueueId, UserId},
        queue::{Queue, QueueState, Ticket},
        session::{Ending, Session},
        user::User,
    },
    error::ApiError,
    http::{Field, IdempotencyKey, Seconds, body, ok},
    jiff::Timestamp,
    lambda_http::{Body, Request, Response},
    store::{
        Decided as _, Rejected, StoreError, TryError, seen_or, sessions::Found, while_stale_since,
    },
    token::Claims,
};
use utoipa::ToSchema;

use super::place::Place;
use crate::operation::{Door, Operation};

/// Joins and answers with the token and the place.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let visitor = app.visitor(&request).await?;
    let wish = Wish::of(&request)?;
    visitor.require_not_somebody_else(wish.user_id)?;
    let queue_id = queue_id(&app, &wish, visitor.now).await?;
    let (queue, seen) = tokio::join!(
        queue(&app, &wish, &queue_id, visitor.now),
        app.store().user_and_session(wish.user_id, &queue_id),
    );
    let queue = queue?;
    let seen = if queue.id == queue_id {
        Some(seen?)
    } else {
        None
    };
    let (session, generation) = join(&app, &visitor, &wish, &queue, seen).await?;
    let queue = app.tick_if_stale(queue, visitor.now).await;
    let token = app
        .keyring()
        .sign(&Claims::of_session(&session, generation), visitor.now)
        .await?;
    ok(&Joined {
        token,
        queue_id: &queue.id,
        expires_at: Seconds(session.expires_at),
        place: Place::of(&session, &queue, visitor.now),
    })
}

/// Who wants to join what.
struct Wish {
    user_id: UserId,
    concert_id: Option<ConcertId>,
    key: Option<IdempotencyKey>,
}

impl Wish {
    fn of(request: &Request) -> Result<Self, ApiError> {
        let body: Join = body(request)?;
        let user_id = body
            .user_id
            .text(|id| id.parse().ok(), ApiError::InvalidUserId)?
            .ok_or(ApiError::MissingField("user_id"))?;
        let concert_id = body.concert_id.read::<String>();
        let concert_id = concert_id.or_malformed(ApiError::BadRequest)?;
        let concert_id = concert_id.map(|id| id.parse().map_err(|_| ApiError::ConcertNotFound));
        Ok(Self {
            user_id,
            concert_id: concert_id.transpose()?,
            key: IdempotencyKey::of(request)?,
        })
    }

    fn key(&self) -> Option<&str> {
        self.key.as_ref().map(IdempotencyKey::as_str)
    }
}

/// The queue of the concert; `main` without one.
async fn queue_id(app: &App, wish: &Wish, now: Timestamp) -> Result<QueueId, ApiError> {
    match wish.concert_id {
        Some(concert_id) => Ok(app.cached_concert(concert_id, now).await?.queue_id),
        None => Ok(QueueId::main()),
    }
}

/// The queue. A sleeping line wakes before its visitor draws a number, and one that takes nobody is
/// looked at once more.
async fn queue(
    app: &App,
    wish: &Wish,
    queue_id: &QueueId,
    now: Timestamp,
) -> Result<Queue, ApiError> {
    let queue = app.cached_queue(queue_id, now).await?;
    let queue = app.tick_if_stale(queue, now).await;
    if require_open(&queue).is_ok() {
        return Ok(queue);
    }
    // The concert may have left this queue, too. If it is gone, the line that is over says so.
    let queue_id = match wish.concert_id {
        Some(concert_id) => match app.reread_concert(concert_id, now).await {
            Ok(concert) => concert.queue_id,
            Err(ApiError::ConcertNotFound) => queue_id.clone(),
            Err(error) => return Err(error),
        },
        None => queue_id.clone(),
    };
    app.reread_queue(&queue_id, now).await
}

/// Requires a queue that takes newcomers.
fn require_open(queue: &Queue) -> Result<(), ApiError> {
    if queue.settings.state == QueueState::Closed {
        Err(ApiError::QueueClosed)
    } else if queue.is_sold_out() {
        Err(ApiError::SoldOut)
    } else if queue.is_sale_over() {
        Err(ApiError::SaleOver)
    } else {
        Ok(())
    }
}

/// A new session, or the live one where its token may be issued again, and the generation that its
/// user's tokens are of.
async fn join(
    app: &App,
    visitor: &Visitor,
    wish: &Wish,
    queue: &Queue,
    seen: Option<Seen>,
) -> Result<(Session, u32), ApiError> {
    let joined = while_stale_since(seen, async |seen| {
        let read = app.store().user_and_session(wish.user_id, &queue.id);
        let seen = seen_or(seen.flatten(), read).await?;
        try_to_join(app, visitor, wish, queue, seen).await
    });
    Ok(joined.await?)
}

/// The user and their session in the queue, as they were read.
type Seen = (Option<User>, Option<Session>);

/// Stale when a parallel request of the same user was faster, and its session is over already.
async fn try_to_join(
    app: &App,
    visitor: &Visitor,
    wish: &Wish,
    queue: &Queue,
    (user, earlier): Seen,
) -> Result<(Session, u32), TryError<ApiError>> {
    let user = visitor.require_identity(user)?;
    let session = join_after(app, visitor, wish, queue, earlier).await?;
    Ok((session, user.generation))
}

/// Stale when the earlier session was another one by the time that the new one was written, and
/// over as well: paid for at the last moment, say.
async fn join_after(
    app: &App,
    visitor: &Visitor,
    wish: &Wish,
    queue: &Queue,
    earlier: Option<Session>,
) -> Result<Session, TryError<ApiError>> {
    let now = visitor.now;
    let is_live = |session: &Session| !session.standing(queue, now).is_over();
    let ended = match earlier {
        Some(live) if is_live(&live) => return again(app, visitor, wish, live).await,
        ended => ended,
    };
    require_open(queue)?;
    let joined = take_a_number(app, wish, queue, ended, now).await;
    match joined.decided()? {
        Ok(session) => Ok(session),
        // A parallel request of the same user was faster.
        Err(Some(live)) if is_live(&live) => again(app, visitor, wish, *live).await,
        Err(_) => Err(TryError::Stale),
    }
}

/// The live session, if the visitor may have its token once more: with a new expiry if the last
/// token ends soon, and for the concert that they come for now. Stale when it is over by now.
async fn again(
    app: &App,
    visitor: &Visitor,
    wish: &Wish,
    live: Session,
) -> Result<Session, TryError<ApiError>> {
    let now = visitor.now;
    let same_key = wish.key.is_some() && wish.key() == live.join_key.as_deref();
    if same_key && wish.concert_id != live.concert_id {
        return Err(ApiError::IdempotencyKeyReused.into());
    }
    if !(same_key || visitor.is_signed_in() || live.has_no_good_token(now)) {
        return Err(ApiError::TokenAlreadyActive.into());
    }
    let renewed = live.renewed(now);
    let is_for_another = wish.concert_id.is_some() && wish.concert_id != live.concert_id;
    if renewed.is_none() && !is_for_another {
        return Ok(live);
    }
    let next = Session {
        concert_id: wish.concert_id.or(live.concert_id),
        ..renewed.unwrap_or(live)
    };
    let issued = app.store().issue_again(&next).await.decided()?;
    issued.map_err(|_| TryError::Stale)
}

async fn take_a_number(
    app: &App,
    wish: &Wish,
    queue: &Queue,
    ended: Option<Session>,
    now: Timestamp,
) -> Result<Session, Rejected<Found>> {
    let ticket = match ended
        .as_ref()
        .and_then(|ended| ticket_kept(ended, queue, now))
    {
        Some(ticket) => ticket,
        None => draw(app, queue).await?,
    };
    let mut session = Session::join(wish.user_id, queue, wish.concert_id, ticket, now);
    session.join_key = wish.key().map(str::to_owned);
    session.last_hold = ended.as_ref().and_then(Session::hold_left_behind);
    let ended = ended.as_ref();

    let number = queue.number_of(ticket);
    match number.and_then(|number| queue.admission(number, now)) {
        Some(admission) if admission.admitted_at <= now => {
            app.walk_in(session, admission, ended, now).await
        }
        _ => {
            app.store().join(&session, ended, now).await?;
            Ok(session)
        }
    }
}

/// A number, or an entry in the draw before the opening. What an instance knows of a queue may be
/// a second old: whether it has opened, the items say that are counted on. Between the last entry
/// and the first number nobody can join for a moment.
async fn draw(app: &App, queue: &Queue) -> Result<Ticket, StoreError> {
    let stripe = any_stripe();
    let enter = async || app.store().enter_early(&queue.id, stripe).await;
    let draw = async || app.store().draw_number(&queue.id).await;
    let drawn = if queue.has_draw_to_come() {
        match enter().await? {
            Some(entry) => Some(entry.into()),
            None => draw().await?.map(Ticket::from),
        }
    } else {
        match draw().await? {
            Some(number) => Some(number.into()),
            None => enter().await?.map(Ticket::from),
        }
    };
    drawn.ok_or(StoreError::Contended)
}

/// What somebody drew who left while waiting, unless their number has been served since.
fn ticket_kept(ended: &Session, queue: &Queue, now: Timestamp) -> Option<Ticket> {
    let waits = match queue.number_of(ended.ticket) {
        Some(number) => queue.place(number, now) > 0,
        None => queue.has_draw_to_come(),
    };
    let left_waiting = ended.closed == Some(Ending::Left) && ended.arrival.is_none() && waits;
    left_waiting.then_some(ended.ticket)
}

/// Who joins what.
#[derive(Deserialize, ToSchema)]
pub struct Join {
    /// Who joins.
    #[schema(value_type = UserId, required)]
    user_id: Field,
    /// What they come for; it decides the queue. Without one it is `main`.
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
    /// When the token expires, 30 days after it was issued. The place does not expire with it.
    expires_at: Seconds,
    #[serde(flatten)]
    place: Place,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("Take a number in a queue", Door::GuestOrSignedIn)
        .details(
            "A user has one live session in a queue. Its token is issued again to a caller that \
             has an access token, or the `Idempotency-Key` that the session was joined with, and \
             to a guest whose last token has expired. A key is the session's and ends with it. \
             The place stays, however long the line takes: a token that has expired is issued \
             again up to 30 days later.",
        )
        .header::<IdempotencyKey>("Idempotency-Key", "What names this join.")
        .body::<Join>(json!({ "user_id": "3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11" }))
        .answers::<Joined>(
            200,
            "A place, and the token that names it.",
            json!({
                "token": "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl",
                "queue_id": "main",
                "expires_at": "2026-12-20T03:00:00Z",
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
            ApiError::SoldOut,
            ApiError::SaleOver,
            ApiError::QueueClosed,
            ApiError::IdempotencyKeyReused,
        ])
}
