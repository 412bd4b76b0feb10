//! How a standing in the line is told.

use serde::Serialize;
use shared::{
    app::ask_again_after,
    domain::{
        queue::Queue,
        session::{Ending, Session, Standing},
    },
    http::Seconds,
    jiff::Timestamp,
};
use utoipa::ToSchema;

/// A session's status, place and wait.
#[derive(Serialize, ToSchema)]
pub struct Place {
    /// Where the session stands: `ACTIVE` from its admission on, `HOLDING` with seats past its
    /// window.
    pub status: Status,
    /// How many people, the caller included, are to be served first; 0 for who is not waiting,
    /// `null` before the opening.
    #[schema(required)]
    pub queue_position: Option<u64>,
    /// Seconds; `null` while nobody is let in, and before the opening.
    #[schema(required)]
    pub estimated_wait_time: Option<u64>,
    /// When the queue opens, and lots are drawn, for who is early.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub opens_at: Option<Seconds>,
    /// When the admission is forfeited, unless a protected call comes before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub claim_until: Option<Seconds>,
    /// When the active window ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub active_until: Option<Seconds>,
    /// That those before it are as many as the free seats, or more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub beyond_seats: bool,
    /// Why the session is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<Ending>,
}

/// Where a session stands. `EARLY`: the queue has not opened. `WAITING`: its number has not come up.
/// `ACTIVE`: it may do everything. `HOLDING`: past its window, it may pay for what it holds, and
/// cancel it. `EXPIRED`: it ran out of time. `CLOSED`: it is over for another reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = SessionStatus)]
pub enum Status {
    /// The queue has not opened.
    Early,
    /// Its number has not come up.
    Waiting,
    /// It may do everything.
    Active,
    /// It may pay for what it holds, and cancel it.
    Holding,
    /// It ran out of time.
    Expired,
    /// It is over.
    Closed,
}

impl Place {
    /// The place of a session that is in the queue, or was.
    pub fn of(session: &Session, queue: &Queue, now: Timestamp) -> Self {
        let admitted = Self {
            status: Status::Active,
            queue_position: Some(0),
            estimated_wait_time: Some(0),
            opens_at: None,
            claim_until: None,
            active_until: None,
            beyond_seats: false,
            reason: None,
        };
        match session.standing(queue, now) {
            Standing::Early => Self {
                status: Status::Early,
                queue_position: None,
                estimated_wait_time: None,
                opens_at: queue.opens_at().map(Seconds),
                ..admitted
            },
            Standing::Waiting { place } => Self {
                status: Status::Waiting,
                queue_position: Some(place),
                estimated_wait_time: queue.estimated_wait(place, now),
                beyond_seats: queue
                    .number_of(session.ticket)
                    .is_some_and(|number| queue.is_beyond_seats(number)),
                ..admitted
            },
            Standing::Admitted(admission) => Self {
                claim_until: Some(Seconds(admission.claim_until)),
                active_until: Some(Seconds(admission.active_until)),
                ..admitted
            },
            Standing::Active { until } => Self {
                active_until: Some(Seconds(until)),
                ..admitted
            },
            Standing::Holding { .. } => Self {
                status: Status::Holding,
                ..admitted
            },
            Standing::Over(ending) => Self::over(Some(ending)),
        }
    }

    /// The place of a session that is over, of which nothing more may be known: a later one of
    /// the same user has taken its place.
    pub fn over(ending: Option<Ending>) -> Self {
        let status = match ending {
            Some(Ending::NoShow | Ending::WindowOver) => Status::Expired,
            _ => Status::Closed,
        };
        Self {
            status,
            queue_position: Some(0),
            estimated_wait_time: Some(0),
            opens_at: None,
            claim_until: None,
            active_until: None,
            beyond_seats: false,
            reason: ending,
        }
    }

    /// When the client should ask again, in seconds: sooner the nearer its turn is, or the
    /// opening.
    pub fn retry_after(&self, queue: &Queue, now: Timestamp) -> u64 {
        ask_again_after(match self.status {
            Status::Early => queue.seconds_to_opening(now),
            Status::Waiting => self.estimated_wait_time,
            _ => None,
        })
    }
}
