//! `PATCH /v1/queues/{queue_id}`: changes single settings of a queue. An operator pauses a queue
//! with it.
//!
//! A setting that is not named stays, even if its value would be refused now: so an older pair of
//! windows does not prevent a pause. A queue that does not exist is not made. `main` exists before
//! anybody has set it, with the template's parameters.
//!
//! Cost: as [`super::put_queue`]. 1 RRU for the door, 2 RRU for the queue before and after, and the
//! price of a tick; 2 WRU per KB of its item; 2 WRU more for a queue that gets `opens_at`; 2 WRU
//! per KB of the record in the log of changes; 0.5 RRU for a default concert.
//!
//! Round trips: 8 calls in 8 rounds. Most of the calls wake the line.

use serde_json::json;
use shared::{
    app::App,
    domain::queue::{Queue, Settings},
    error::ApiError,
    http::RequestParts as _,
    lambda_http::{Body, Request, Response},
};

use super::settings::{self, QueueAnswer, QueueSettings};
use crate::operation::{Door, Operation};

/// Changes the queue. Answers with it.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let admin = app.admin(&request).await?;
    let queue_id = request.queue_id()?;
    let wanted = QueueSettings::of(&request)?.read()?;
    wanted
        .require_concert_of(&queue_id, &app, admin.now)
        .await?;

    let meant = request.if_match();
    let next = |before: Option<&Queue>, change| -> Result<Settings, ApiError> {
        let queue = before.ok_or(ApiError::QueueNotFound)?;
        settings::require_version(&meant, before, change)?;
        wanted.with(&queue.settings, before, admin.now)
    };
    settings::set(&app, &admin, &queue_id, next).await
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Change single settings of a queue", Door::Admin)
        .details(
            "Only the named settings change. They are in force from the next tick on, which this \
             call makes: `{\"state\": \"PAUSED\"}` lets nobody in any more, and \
             `{\"state\": \"OPEN\"}` goes on.\n\n\
             A field that does not exist is 400 `UNKNOWN_FIELD`, so that a misspelt one is \
             noticed. After a call without an answer, read the settings: with the same \
             `If-Match`, a second call is 412 if the first one was done.",
        )
        .header::<String>("If-Match", settings::IF_MATCH)
        .body::<QueueSettings>(json!({ "state": "PAUSED" }))
        .answers::<QueueAnswer>(
            200,
            "The queue's public document, and its settings.",
            QueueAnswer::example(),
        )
        .with_header::<String>("ETag", settings::TAG)
        .refuses(settings::REFUSALS)
        .refuses([ApiError::UnknownField("max_activ".to_owned())])
}
