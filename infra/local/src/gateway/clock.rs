//! `GET` and `POST /_local/clock`: reads and moves the time of the stack.

use std::{sync::Arc, time::Duration};

use axum::{body::Bytes, extract::State, http::StatusCode, response::Response};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use shared::clock::Clock;

use super::{Gateway, json_answer};

/// The longest move, in seconds. Everything that becomes due on the way is done.
const MAX_ADVANCE_SECONDS: u64 = 31 * 24 * 60 * 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: u64,
}

/// Returns the time.
pub async fn read(State(gateway): State<Arc<Gateway>>) -> Response {
    now_answer(gateway.timeline.clock.now())
}

/// Moves the clock. Answers when everything that became due is done.
pub async fn advance(State(gateway): State<Arc<Gateway>>, body: Bytes) -> Response {
    match serde_json::from_slice(&body) {
        Ok(Advance { advance_seconds }) if advance_seconds <= MAX_ADVANCE_SECONDS => {
            // The move goes on when the caller hangs up, so that no half of it is left.
            let timeline = Arc::clone(&gateway.timeline);
            let by = Duration::from_secs(advance_seconds);
            let moved = tokio::spawn(async move { timeline.advance(by).await });
            now_answer(moved.await.unwrap_or_else(|_| gateway.timeline.clock.now()))
        }
        Ok(_) => refused(&format!(
            "advance_seconds must not be more than {MAX_ADVANCE_SECONDS}"
        )),
        Err(error) => refused(&format!(
            "send {{\"advance_seconds\": 301}}, a whole number of seconds that is not negative: {error}"
        )),
    }
}

fn now_answer(now: Timestamp) -> Response {
    json_answer(StatusCode::OK, &json!({"now": now}))
}

fn refused(why: &str) -> Response {
    json_answer(StatusCode::BAD_REQUEST, &json!({"message": why}))
}
