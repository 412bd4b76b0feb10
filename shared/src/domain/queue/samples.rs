//! A usual queue, for tests.

use super::{Line, Opening, Queue, QueueState, Settings, WhoJoins};
use crate::domain::ids::QueueId;

/// The queue `main` with this capacity and rate, before anybody has joined.
pub(crate) fn queue(max_active: u32, rate_milli: u64) -> Queue {
    Queue {
        id: QueueId::main(),
        settings: Settings {
            max_active,
            rate_milli,
            claim_seconds: 120,
            active_seconds: 300,
            tick_seconds: 5,
            state: QueueState::Open,
            who: WhoJoins::Everybody,
            notice: None,
            default_concert_id: None,
            opens_at: None,
            version: 0,
        },
        line: Line::default(),
        opening: Opening::Always,
    }
}
