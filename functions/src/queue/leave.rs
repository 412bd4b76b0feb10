//! `DELETE /v1/auth/tokens`: ends the session, and gives back its place and its seats.
//!
//! Cost: 1 to 1.5 RRU for the door; 2 WRU, and 1 WRU for each seat. A session that is still
//! waiting: 1 to 2 WRU.
//!
//! Round trips: 3 calls in 3 rounds.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::{App, Holder},
    error::ApiError,
    http::{RequestParts as _, ok},
    lambda_http::{Body, Request, Response},
    texts::SuccessText,
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// Ends the session.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let Holder { session, now } = app.holder(&request).await?;
    app.leave_queue(session, now).await?;
    ok(&Left {
        message: SuccessText::LeftQueue.message(request.language()),
    })
}

/// The result of leaving a queue.
#[derive(Serialize, ToSchema)]
pub struct Left {
    /// A text for people, in the language of the answer.
    message: &'static str,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Leave the queue", Door::Holder)
        .details(
            "Ends the session. Its place goes to the next person, and seats that it holds become \
             free. A user who leaves while waiting and joins again gets the same number back, \
             unless it has come up meanwhile.",
        )
        .answers::<Left>(
            200,
            "The session has ended.",
            json!({ "message": "대기열 이탈 완료" }),
        )
}
