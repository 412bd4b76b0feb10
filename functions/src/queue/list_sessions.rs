//! `GET /v1/users/{user_id}/sessions`: where a user stands in every queue, for an administrator who helps
//! them. It has no token.
//!
//! The status is what a poll of the user would say ([`super::get_place`]), but this call never ticks a line
//! that sleeps. Such a line is as its last tick left it until somebody in it asks.
//!
//! Cost: 1 RRU for the door, 1 RRU per 4 KB of the sessions, and at most 0.5 RRU per 4 KB of the queue of
//! each. 1 RRU more if there is no session.
//!
//! Round trips: 3 calls in 3 rounds. One more for each further queue.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    domain::{
        ids::{ConcertId, QueueId, ReservationId, ShowDate, ShowKey},
        queue::{Queue, Ticket},
        seat::SeatSet,
        session::{EndedHold, HoldOutcome, Session},
    },
    error::ApiError,
    http::{Milliseconds, RequestParts as _, Seconds, ok},
    jiff::Timestamp,
    lambda_http::{Body, Request, Response},
    store::Reading,
};
use utoipa::ToSchema;

use super::place::Place;
use crate::{
    operation::{Door, Operation},
    reservations::find::{HeldSeats, ReservationStatus},
};

/// Answers with the sessions of the user.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let now = app.admin(&request).await?.now;
    let user_id = request.user_id()?;
    let sessions = app
        .store()
        .sessions_of(user_id, Reading::Consistent)
        .await?;
    if sessions.is_empty() && app.store().user(user_id).await?.is_none() {
        return Err(ApiError::UserNotFound);
    }
    let mut answers = Vec::with_capacity(sessions.len());
    for session in &sessions {
        let queue = app.cached_queue(&session.queue_id, now).await?;
        answers.push(SessionOfUser::of(&app, session, &queue, now));
    }
    ok(&Sessions {
        sessions: answers,
        server_time: Milliseconds(now),
    })
}

/// The sessions of a user.
#[derive(Serialize, ToSchema)]
pub struct Sessions<'a> {
    /// The sessions, in the order of the ids of their queues. There is at most one for each queue: a
    /// later one replaces an earlier one.
    sessions: Vec<SessionOfUser<'a>>,
    /// The current time of the service.
    server_time: Milliseconds,
}

/// A session of a user: their passage through a queue.
#[derive(Serialize, ToSchema)]
pub struct SessionOfUser<'a> {
    /// The id of the queue.
    queue_id: &'a QueueId,
    /// The number in the queue. Absent before the draw.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    number: Option<u64>,
    /// Whether the session joined before the opening, and takes or took part in the draw.
    is_early: bool,
    /// The concert that the session was joined for. Absent if it named none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    concert_id: Option<ConcertId>,
    /// The time when the session joined.
    joined_at: Seconds,
    /// The time of the arrival. Absent if it has not come.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    arrived_at: Option<Seconds>,
    #[serde(flatten)]
    place: Place,
    /// The hold that may still be paid. Absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reservation: Option<HeldSeats<'a>>,
    /// The last hold that ended without a payment. Absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_reservation: Option<EndedReservation>,
}

/// A hold that ended without a payment.
#[derive(Serialize, ToSchema)]
pub struct EndedReservation {
    /// The reservation's id.
    reservation_id: ReservationId,
    /// The concert's id.
    concert_id: ConcertId,
    /// The date of the show.
    date: ShowDate,
    /// The show, as `date` of a request names it: its date, and its start if it has one.
    show: ShowKey,
    /// The numbers of the seats.
    seat_numbers: SeatSet,
    /// `EXPIRED` or `CANCELLED`.
    status: ReservationStatus,
}

impl From<EndedHold> for EndedReservation {
    fn from(EndedHold { hold, outcome }: EndedHold) -> Self {
        Self {
            reservation_id: hold.reservation_id,
            concert_id: hold.concert_id,
            date: hold.show_key.date(),
            show: hold.show_key,
            seat_numbers: hold.seats,
            status: match outcome {
                HoldOutcome::Expired => ReservationStatus::Expired,
                HoldOutcome::Cancelled => ReservationStatus::Cancelled,
            },
        }
    }
}

impl<'a> SessionOfUser<'a> {
    fn of(app: &App, session: &'a Session, queue: &Queue, now: Timestamp) -> Self {
        let reservation = session.payable_hold(now);
        let lapsed = session
            .live_hold
            .as_ref()
            .filter(|hold| !hold.is_live(now))
            .map(|hold| EndedHold::new(hold, HoldOutcome::Expired));
        Self {
            queue_id: &session.queue_id,
            number: queue.number_of(session.ticket),
            is_early: matches!(session.ticket, Ticket::Early(_)),
            concert_id: session.concert_id,
            joined_at: Seconds(session.joined_at),
            arrived_at: session.arrival.map(|arrival| Seconds(arrival.arrived_at)),
            place: Place::of(session, queue, now),
            reservation: reservation.map(|hold| HeldSeats::of(hold, app.config())),
            last_reservation: lapsed.or_else(|| session.last_hold.clone()).map(Into::into),
        }
    }
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("List the sessions of a user", Door::Admin)
        .details(
            "Where a user stands in every queue, as a poll of theirs would say (`GET \
             /v1/auth/tokens`). A later session in a queue replaces an earlier one. A session is \
             deleted 60 days after its last token was issued.",
        )
        .answers::<Sessions>(
            200,
            "The sessions.",
            json!({
                "sessions": [{
                    "queue_id": "main",
                    "number": 350,
                    "is_early": false,
                    "concert_id": "019a9e1c-1111-7000-8000-000000000001",
                    "joined_at": "2026-11-20T02:59:00Z",
                    "status": "WAITING",
                    "queue_position": 120,
                    "estimated_wait_time": 36,
                }],
                "server_time": "2026-11-20T03:00:00.125Z",
            }),
        )
        .refuses([ApiError::UserNotFound])
}
