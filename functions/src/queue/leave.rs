//! `DELETE /v1/auth/tokens`: give back the place in the line, and any seats held. 2 WRU, one
//! more for each seat; 1 to 2 WRU for who was still waiting.

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

/// Leaves.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let Holder { session, now } = app.holder(&request).await?;
    app.leave_queue(session, now).await?;
    ok(&Left {
        message: SuccessText::LeftQueue.message(request.language()),
    })
}

/// The session is over.
#[derive(Serialize, ToSchema)]
pub struct Left {
    /// That it is.
    message: &'static str,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("Leave the queue", Door::Holder)
        .details("Gives back the place, and any seats held.")
        .answers::<Left>(200, "Left.", json!({ "message": "대기열 이탈 완료" }))
}
