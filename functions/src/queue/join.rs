//! `POST /v1/auth/tokens`: joins a queue, and returns the queue token.
//!
//! The concert decides the queue; without one it is `main`. A user has one live session in each
//! queue. Before a queue opens there are no numbers, so a join enters the draw
//! (`ARCHITECTURE.md#the-draw`). A buyer that leaves while waiting and joins again gets the same
//! number back, so that nobody can use up numbers.
//!
//! When a live session's token is issued again is in `functions/README.md#idempotency`. A token
//! with less than half of its 30 days left is replaced by a new one. A session lasts until 30 days
//! after its last token has expired.
//!
//! A queue that takes nobody is read once more before the refusal, and so is the concert: the queue
//! may have opened, or the concert may have moved, a moment ago.
//!
//! A queue may be for users with an account only. Then a guest gets no number. A guest that is in its
//! line already stays in it, and gets the token of that session again.
//!
//! Cost: 2 WRU and 2.5 RRU, before the opening too. If nobody is waiting, the join is the arrival:
//! 3 WRU. A concert that the instance does not know: 0.5 RRU, one call and one round more. A token that is issued again: no WRU, or 1 WRU if it is a new one or names another
//! concert. A queue that takes nobody: 0.5 RRU more, and 0.5 RRU for the concert.
//!
//! A rushed queue draws from pools (`shared::domain::queue::pool`). A join that draws the last number
//! of a pool also fills it again, beside the write of the session: 2 WRU more, once in about 50 joins.
//! If no pool gives a number within three seconds: 503 `BUSY`.
//!
//! Round trips: 5 calls in 4 rounds.

use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    app::{App, Visitor, numbers::Drawn},
    domain::{
        draw::any_stripe,
        ids::{ConcertId, QueueId, UserId},
        queue::{Queue, QueueState, Ticket, WhoJoins},
        session::{Ending, Session},
        user::User,
    },
    error::ApiError,
    http::{Field, IdempotencyKey, Milliseconds, Seconds, body, ok},
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

/// Joins the queue. Answers with the token and the place.
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
    // If the concert has moved to another queue, the session that was read is of the old one.
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
        server_time: Milliseconds(visitor.now),
    })
}

/// What a request to join asks for.
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
    // The concert may have left this queue, too. If it is deleted, the queue's own refusal says
    // that its line is over.
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

/// Requires that the queue takes guests, if the user is one.
fn require_may_join(user: &User, queue: &Queue) -> Result<(), ApiError> {
    match queue.settings.who {
        WhoJoins::Accounts if user.is_guest() => Err(ApiError::AccountNeeded),
        WhoJoins::Everybody | WhoJoins::Accounts => Ok(()),
    }
}

/// A new session, or the live one if its token may be issued again, and the generation of the
/// user's tokens.
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
    let session = join_after(app, visitor, wish, queue, &user, earlier).await?;
    Ok((session, user.generation))
}

/// Joins a user whose session so far is `earlier`. Stale when the session that was there at the
/// write was a different one, and is over as well, for example because it has been paid.
async fn join_after(
    app: &App,
    visitor: &Visitor,
    wish: &Wish,
    queue: &Queue,
    user: &User,
    earlier: Option<Session>,
) -> Result<Session, TryError<ApiError>> {
    let now = visitor.now;
    let is_live = |session: &Session| !session.standing(queue, now).is_over();
    let ended = match earlier {
        Some(live) if is_live(&live) => return issue_again(app, visitor, wish, live).await,
        ended => ended,
    };
    require_open(queue)?;
    require_may_join(user, queue)?;
    let joined = take_a_number(app, wish, queue, ended, now).await;
    match joined.decided()? {
        Ok(session) => Ok(session),
        // A parallel request of the same user was faster.
        Err(Some(live)) if is_live(&live) => issue_again(app, visitor, wish, *live).await,
        Err(_) => Err(TryError::Stale),
    }
}

/// The live session, if the visitor may have its token again. It gets a new expiry if the last
/// token ends soon, and the concert that the visitor names now. Stale when it is over by now.
async fn issue_again(
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

/// Draws a number and writes a new session. If its turn has come already, it arrives at once.
async fn take_a_number(
    app: &App,
    wish: &Wish,
    queue: &Queue,
    ended: Option<Session>,
    now: Timestamp,
) -> Result<Session, Rejected<Found>> {
    let kept = ended.as_ref();
    let kept = kept.and_then(|ended| ticket_kept(ended, queue, now));
    let drawn = match kept {
        Some(ticket) => Drawn::from(ticket),
        None => draw(app, queue).await?,
    };
    let ticket = drawn.ticket;
    let mut session = Session::join(wish.user_id, queue, wish.concert_id, ticket, now);
    session.joined_at = drawn.joined_by.map_or(now, |by| by.min(now));
    session.join_key = wish.key().map(str::to_owned);
    session.last_hold = ended.as_ref().and_then(Session::hold_left_behind);
    let ended = ended.as_ref();

    let number = queue.number_of(ticket);
    let admission = number.and_then(|number| queue.admission(number, session.joined_at));
    let write = async {
        match admission {
            Some(admission) if admission.admitted_at <= now => {
                app.walk_in(session, admission, ended, now).await
            }
            _ => {
                app.store().join(&session, ended, now).await?;
                Ok(session)
            }
        }
    };
    let (joined, ()) = tokio::join!(write, app.fill_again(queue, drawn.emptied));
    joined
}

/// A number, or before the opening an early entry. The counter items, and not our cached
/// queue, decide whether the queue has opened. Between the last entry and the first number nobody
/// can join for a moment.
async fn draw(app: &App, queue: &Queue) -> Result<Drawn, StoreError> {
    let enter = async || {
        let entry = app.store().enter_early(&queue.id, any_stripe()).await?;
        Ok::<_, StoreError>(entry.map(|entry| Drawn::from(Ticket::from(entry))))
    };
    let drawn = if queue.has_draw_to_come() {
        match enter().await? {
            Some(entry) => Some(entry),
            None => app.draw_number(queue).await?,
        }
    } else {
        match app.draw_number(queue).await? {
            Some(number) => Some(number),
            None => enter().await?,
        }
    };
    drawn.ok_or(StoreError::Contended)
}

/// The number or entry of a session that was left while waiting, unless it has been served since.
fn ticket_kept(ended: &Session, queue: &Queue, now: Timestamp) -> Option<Ticket> {
    let waits = match queue.number_of(ended.ticket) {
        Some(number) => queue.place(number, now) > 0,
        None => queue.has_draw_to_come(),
    };
    let left_waiting = ended.closed == Some(Ending::Left) && ended.arrival.is_none() && waits;
    left_waiting.then_some(ended.ticket)
}

/// A user, and what they come for.
#[derive(Deserialize, ToSchema)]
pub struct Join {
    /// The id of the user who joins.
    #[schema(value_type = UserId, required)]
    user_id: Field,
    /// The concert that the user wants to buy. It decides the queue. Without it, the queue is
    /// `main`.
    #[schema(value_type = Option<ConcertId>)]
    concert_id: Field,
}

/// A place in a queue, and the token that names it.
#[derive(Serialize, ToSchema)]
pub struct Joined<'a> {
    /// A queue token. It contains the number, or before the opening the entry in the draw.
    token: String,
    /// The id of the queue.
    queue_id: &'a QueueId,
    /// The time when the token expires, 30 days after it was issued. The place lasts longer: join
    /// again for a new token.
    expires_at: Seconds,
    #[serde(flatten)]
    place: Place,
    /// The current time of the service. Use it, and not the clock of the page, to count down.
    server_time: Milliseconds,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Join a queue", Door::GuestOrSignedIn)
        .details(
            "Draws a number in the queue of the concert, and returns a queue token. Before the \
             queue opens, a join enters a draw instead: the number follows at the opening. If \
             nobody is waiting, the status is `ACTIVE` at once.\n\n\
             A user has one live session in each queue. Joining again returns its token, with \
             the same number:\n\n\
             - with an access token,\n\
             - with the `Idempotency-Key` that the session was joined with,\n\
             - for a guest whose last token has expired.\n\n\
             In any other case a guest gets 400 `TOKEN_ALREADY_ACTIVE`. So a guest without an \
             access token should send an `Idempotency-Key`: if the answer is lost, the same \
             request returns the token. The key belongs to the session and ends with it. The \
             same key with another concert is 422 `IDEMPOTENCY_KEY_REUSED`.\n\n\
             A token is good for 30 days, and the place for as long as the line takes. A token \
             that has expired is issued again up to 30 days later.\n\n\
             A queue whose `who` is `accounts` gives no number to a guest: 403 `ACCOUNT_NEEDED`. \
             A guest becomes a user with an account by `PATCH /v1/users/{user_id}` with an \
             e-mail address and a password.\n\n\
             410 if the queue takes nobody: `SOLD_OUT`, `SALE_OVER` or `QUEUE_CLOSED`.",
        )
        .header::<IdempotencyKey>(
            "Idempotency-Key",
            "The name of this join, chosen by the client.",
        )
        .body::<Join>(json!({ "user_id": "3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11" }))
        .answers::<Joined>(
            200,
            "The queue token, and the place.",
            json!({
                "token": "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl",
                "queue_id": "main",
                "expires_at": "2026-12-20T03:00:00Z",
                "status": "WAITING",
                "queue_position": 120,
                "estimated_wait_time": 36,
                "server_time": "2026-11-20T03:00:00.125Z",
            }),
        )
        .refuses([
            ApiError::MissingField("user_id"),
            ApiError::InvalidUserId,
            ApiError::BadRequest,
            ApiError::TokenAlreadyActive,
            ApiError::AccountNeeded,
            ApiError::UserNotFound,
            ApiError::ConcertNotFound,
            ApiError::QueueNotFound,
            ApiError::SoldOut,
            ApiError::SaleOver,
            ApiError::QueueClosed,
            ApiError::IdempotencyKeyReused,
        ])
}
