//! `PUT /v1/queues/{queue_id}`: sets all settings of a queue, or makes a queue.
//!
//! A setting that is left out gets its default, which is the template's parameter. The settings are
//! in force from the next tick on, and this call ticks. The schedule so far stays. No other
//! instance uses older settings for longer than a second. Each change is logged, with who made it
//! and the settings before.
//!
//! `opens_at` stays unless another time is named. It can be given to a queue that nobody has
//! joined, and be moved until it has passed.
//!
//! With `If-Match`, the change is made to the version that it names, or not at all: the write
//! requires the line's version, which each change of the settings counts up
//! (`functions/README.md#versions-of-settings`).
//!
//! Cost: 1 RRU for the door, 2 RRU for the queue before and after, and the price of a tick; 4 WRU
//! for a new queue, else 2 WRU per KB of its item; 2 WRU more for a queue with `opens_at` ahead;
//! 2 WRU per KB of the record in the log of changes; 0.5 RRU for a default concert.
//!
//! Round trips: 8 calls in 8 rounds. Most of the calls wake the line.

use serde_json::json;
use shared::{
    app::App,
    domain::{
        ids::QueueId,
        queue::{Queue, Settings},
    },
    error::{ApiError, Constraint},
    http::RequestParts as _,
    lambda_http::{Body, Request, Response},
};

use super::settings::{self, QueueAnswer, QueueSettings};
use crate::operation::{Door, Operation};

/// Sets the queue. Answers with it.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let admin = app.admin(&request).await?;
    let queue_id = request.path("queue_id").parse();
    let queue_id: QueueId = queue_id.map_err(|_| ApiError::Invalid(Constraint::QueueId))?;
    let wanted = QueueSettings::of(&request)?.read()?;
    wanted
        .require_concert_of(&queue_id, &app, admin.now)
        .await?;

    let (meant, defaults) = (request.if_match(), app.queue_defaults());
    let next = |before: Option<&Queue>, change| -> Result<Settings, ApiError> {
        settings::require_version(&meant, before, change)?;
        wanted.with(defaults, before, admin.now)
    };
    settings::set(&app, &admin, &queue_id, next).await
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Set all settings of a queue, or make a queue", Door::Admin)
        .details(
            "A setting that is left out gets the default of this deployment (as shipped: \
             `max_active` 1000, `rate` 50, `claim_seconds` 120, `active_seconds` 300, \
             `tick_seconds` 5), `state` is `OPEN`, `who` is `everybody`, and there is no `notice` and no \
             `default_concert_id`. `opens_at` stays as it is. To change single settings, use \
             `PATCH`. The settings are in force from the next tick on, which this call makes.\n\n\
             Lowering `max_active` sends nobody away. While the state is `PAUSED`, nobody is let \
             in. `CLOSED` also refuses new joins and ends the line for those who wait.\n\n\
             A field that does not exist is 400 `UNKNOWN_FIELD`, so that a misspelt one is \
             noticed. After a call without an answer, read the settings: with the same \
             `If-Match`, a second call is 412 if the first one was done.",
        )
        .header::<String>("If-Match", settings::IF_MATCH)
        .body::<QueueSettings>(json!({ "max_active": 200, "rate": 12.5, "state": "OPEN" }))
        .answers::<QueueAnswer>(
            200,
            "The queue's public document, and its settings.",
            QueueAnswer::example(),
        )
        .with_header::<String>("ETag", settings::TAG)
        .refuses([ApiError::Invalid(Constraint::QueueId)])
        .refuses(settings::REFUSALS)
        .refuses([ApiError::UnknownField("max_activ".to_owned())])
}
