//! How a standing in the line is told.

use serde::Serialize;
use shared::{
    app::ask_again_after,
    domain::{
        queue::Queue,
        session::{Ending, Session, Standing},
    },
    jiff::Timestamp,
};

/// A session's status, place and wait.
#[derive(Serialize)]
pub(super) struct Place {
    pub status: &'static str,
    pub queue_position: u64,
    /// Seconds; `null` while nobody is let in.
    pub estimated_wait_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim_until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

impl Place {
    /// The place of a session that is in the queue, or was.
    pub fn of(session: &Session, queue: &Queue, now: Timestamp) -> Self {
        let admitted = Self {
            status: "ACTIVE",
            queue_position: 0,
            estimated_wait_time: Some(0),
            claim_until: None,
            active_until: None,
            reason: None,
        };
        match session.standing(queue, now) {
            Standing::Waiting { place } => Self {
                status: "WAITING",
                queue_position: place,
                estimated_wait_time: queue.estimated_wait(place, now),
                ..admitted
            },
            Standing::Admitted(admission) => Self {
                claim_until: Some(admission.claim_until),
                active_until: Some(admission.active_until),
                ..admitted
            },
            Standing::Active { until } => Self {
                active_until: Some(until),
                ..admitted
            },
            Standing::Holding { .. } => Self {
                status: "HOLDING",
                ..admitted
            },
            Standing::Over(ending) => Self::over(Some(ending)),
        }
    }

    /// The place of a session that is over, of which nothing more may be known: a later one of
    /// the same user has taken its place.
    pub fn over(ending: Option<Ending>) -> Self {
        let status = match ending {
            Some(Ending::NoShow | Ending::WindowOver) => "EXPIRED",
            _ => "CLOSED",
        };
        Self {
            status,
            queue_position: 0,
            estimated_wait_time: Some(0),
            claim_until: None,
            active_until: None,
            reason: ending.map(Ending::as_str),
        }
    }

    /// When the client should ask again, in seconds: sooner the nearer its turn is.
    pub fn retry_after(&self) -> u64 {
        let waiting = self.status == "WAITING";
        ask_again_after(self.estimated_wait_time.filter(|_| waiting))
    }
}
