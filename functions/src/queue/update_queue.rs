//! `PATCH /v1/queues/{queue_id}`: change single settings of a queue.
//!
//! What is named changes, and nothing else: this is what an operator pauses a queue with. The
//! default concert goes with `null`. `main`, for which nobody has set anything, had the template's
//! parameters; a queue that is not there is not made. Limits are asked of what is named only: older
//! windows that would be refused now do not keep anybody from pausing.
//!
//! `If-Match`, what is in force when, and the price are those of [`super::put_queue`]: 1 RRU for
//! the door, 1 RRU for the queue before and after, the price of a tick; 2 WRU per KB of the line,
//! 2 more for a queue that opens later from now on. A default concert is looked up (0.5 RRU).

use serde_json::json;
use shared::{
    app::App,
    domain::queue::{Queue, Settings},
    error::ApiError,
    http::RequestParts as _,
    lambda_http::{Body, Request, Response},
};

use super::settings::{self, Answer, QueueSettings};
use crate::operation::{Door, Operation};

/// Changes the queue and answers with it.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let admin = app.admin(&request).await?;
    let queue_id = request.queue_id()?;
    let wanted = QueueSettings::of(&request)?.read()?;
    wanted
        .require_concert_of(&queue_id, &app, admin.now)
        .await?;

    let meant = request.if_match();
    let next = |before: Option<&Queue>| -> Result<Settings, ApiError> {
        let queue = before.ok_or(ApiError::QueueNotFound)?;
        settings::require_version(&meant, before)?;
        wanted.with(&queue.settings, before, admin.now)
    };
    settings::set(&app, &admin, &queue_id, next).await
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("Change settings of a queue", Door::Admin)
        .details(
            "What is left out stays. In force with the next tick: `{\"state\": \"PAUSED\"}` lets \
             nobody in from then on, and `{\"state\": \"OPEN\"}` goes on.",
        )
        .header::<String>("If-Match", settings::IF_MATCH)
        .body::<QueueSettings>(json!({ "state": "PAUSED" }))
        .answers::<Answer>(200, "The queue, and its settings.", Answer::example())
        .with_header::<String>("ETag", settings::TAG)
        .refuses(settings::REFUSALS)
        .refuses([ApiError::UnknownField("max_activ".to_owned())])
}
