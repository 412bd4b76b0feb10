//! `GET` and `POST /_local/clock`: the time of the stack, told and moved.

use std::{sync::Arc, time::Duration};

use axum::{body::Bytes, extract::State, http::StatusCode, response::Response};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use shared::clock::Clock;

use super::{Gateway, json_answer};

/// The furthest move: everything that becomes due on the way is done.
const MAX_ADVANCE_SECONDS: u64 = 31 * 24 * 60 * 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    advance_seconds: u64,
}

/// Tells the time.
pub async fn tell(State(gateway): State<Arc<Gateway>>) -> Response {
    told(gateway.timeline.clock.now())
}

/// Moves the clock, and answers when everything is done that became due.
pub async fn advance(State(gateway): State<Arc<Gateway>>, body: Bytes) -> Response {
    match serde_json::from_slice(&body) {
        Ok(Move { advance_seconds }) if advance_seconds <= MAX_ADVANCE_SECONDS => {
            // It goes on when the caller hangs up: half a move would be none of the two times.
            let timeline = Arc::clone(&gateway.timeline);
            let by = Duration::from_secs(advance_seconds);
            let moved = tokio::spawn(async move { timeline.advance(by).await });
            told(moved.await.unwrap_or_else(|_| gateway.timeline.clock.now()))
        }
        Ok(_) => refused(&format!(
            "advance_seconds must not be more than {MAX_ADVANCE_SECONDS}"
        )),
        Err(error) => refused(&format!(
            "send {{\"advance_seconds\": 301}}, a whole number of seconds that is not negative: {error}"
        )),
    }
}

fn told(now: Timestamp) -> Response {
    json_answer(StatusCode::OK, &json!({"now": now}))
}

fn refused(why: &str) -> Response {
    json_answer(StatusCode::BAD_REQUEST, &json!({"message": why}))
}
