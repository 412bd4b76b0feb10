//! The place of a session, as the API shows it.

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

/// The status, the place and the estimated wait of a session.
#[derive(Serialize, ToSchema)]
pub struct Place {
    /// The status of the session.
    pub status: SessionStatus,
    /// The number of people to be served until the session is, itself included: 1 is next. 0 if it
    /// does not wait any more. `null` before the opening.
    #[schema(required)]
    pub queue_position: Option<u64>,
    /// The estimated wait, in seconds. 0 if the session does not wait any more. `null` before the
    /// opening, and while the queue lets nobody in.
    #[schema(required)]
    pub estimated_wait_time: Option<u64>,
    /// The time when the queue opens and the draw takes place. Present only with the status
    /// `EARLY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub opens_at: Option<Seconds>,
    /// The time before which the arrival must come, that is, the first call that needs a turn.
    /// Otherwise the session ends with `NO_SHOW`. Present only between admission and arrival.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub claim_until: Option<Seconds>,
    /// The time until which the session may look at seats and hold them. Present only with the
    /// status `ACTIVE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub active_until: Option<Seconds>,
    /// `true` if the people ahead are at least as many as the free seats, so that there may be no
    /// seat left. Absent otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub beyond_seats: bool,
    /// The reason why the session is over. Absent if it is not over, or if a later session of the
    /// user has replaced it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<Ending>,
}

/// The status of a session.
///
/// - `EARLY`: the queue has not opened. The draw at the opening gives the number.
/// - `WAITING`: the number has not come up.
/// - `ACTIVE`: it is the session's turn. It may look at dates and seats, and hold seats.
/// - `HOLDING`: the time to choose is over, and seats are still held. Pay for them or give them
///   back.
/// - `EXPIRED`: over. The arrival did not come in time, or the time to choose ended without a hold.
/// - `CLOSED`: over for another reason, which is in `reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum SessionStatus {
    /// The queue has not opened.
    Early,
    /// The number has not come up.
    Waiting,
    /// It is the session's turn.
    Active,
    /// The time to choose is over, and seats are still held.
    Holding,
    /// Over, because it was not used in time.
    Expired,
    /// Over for another reason.
    Closed,
}

impl Place {
    /// The place of a session.
    pub fn of(session: &Session, queue: &Queue, now: Timestamp) -> Self {
        let admitted = Self {
            status: SessionStatus::Active,
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
                status: SessionStatus::Early,
                queue_position: None,
                estimated_wait_time: None,
                opens_at: queue.opens_at().map(Seconds),
                ..admitted
            },
            Standing::Waiting { place } => Self {
                status: SessionStatus::Waiting,
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
                status: SessionStatus::Holding,
                ..admitted
            },
            Standing::Over(ending) => Self::over(Some(ending)),
        }
    }

    /// The place of a session that is over. Without an ending, a later session of the same user has
    /// replaced it, and the reason is not known any more.
    pub fn over(ending: Option<Ending>) -> Self {
        let status = match ending {
            Some(Ending::NoShow | Ending::WindowOver) => SessionStatus::Expired,
            _ => SessionStatus::Closed,
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

    /// The seconds to wait before asking again. They are fewer the closer the turn or the opening
    /// is.
    pub fn retry_after(&self, queue: &Queue, now: Timestamp) -> u64 {
        ask_again_after(match self.status {
            SessionStatus::Early => queue.seconds_to_opening(now),
            SessionStatus::Waiting => self.estimated_wait_time,
            _ => None,
        })
    }
}
