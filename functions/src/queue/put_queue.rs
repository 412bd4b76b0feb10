//! `PUT /v1/queues/{queue_id}`: set a queue, or make one.
//!
//! The body has the whole settings: what is left out gets its default, which is the template's
//! parameter. They are in force with the next tick, which this call makes: the schedule of the
//! moment stands, and no other instance believes older ones for longer than a second. Lowering
//! `max_active` sends nobody away, it lets nobody in until there is room again; `PAUSED` lets
//! nobody in, `CLOSED` lets nobody join either and ends those who wait. Each change is logged with
//! who made it and what was there before, and the settings say who made the last one.
//!
//! A queue that nobody has joined may open later: `opens_at` then stays unless another time is
//! named, and may be moved until it has passed. Who joins before that enters a draw.
//!
//! With `If-Match` the settings are those that the caller has seen, or nothing is changed: the
//! write asks for the line's version, which each change of the settings counts up.
//!
//! 1 RRU for the door, 1 RRU for the queue before and after, the price of a tick; 4 WRU for a new
//! queue, otherwise 2 WRU per KB of the line; 2 WRU more for one that opens later. A default concert is looked up (0.5 RRU).

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

use super::settings::{self, Answer, QueueSettings};
use crate::operation::{Door, Operation};

/// Sets the queue and answers with it.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let admin = app.admin(&request).await?;
    let queue_id = request.path("queue_id").parse();
    let queue_id: QueueId = queue_id.map_err(|_| ApiError::Invalid(Constraint::QueueId))?;
    let wanted = QueueSettings::of(&request)?.read()?;
    wanted
        .require_concert_of(&queue_id, &app, admin.now)
        .await?;

    let (meant, defaults) = (request.if_match(), app.queue_defaults());
    let next = |before: Option<&Queue>| -> Result<Settings, ApiError> {
        settings::require_version(&meant, before)?;
        wanted.with(defaults, before, admin.now)
    };
    settings::set(&app, &admin, &queue_id, next).await
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("Set a queue, or make one", Door::Admin)
        .details(
            "The whole settings: what is left out gets its default; `PATCH` changes single ones. \
             In force with the next tick. Lowering `max_active` sends nobody away; `PAUSED` lets \
             nobody in; `CLOSED` lets nobody join either, and ends those who wait.",
        )
        .header::<String>("If-Match", settings::IF_MATCH)
        .body::<QueueSettings>(json!({ "max_active": 200, "rate": 12.5, "state": "OPEN" }))
        .answers::<Answer>(200, "The queue, and its settings.", Answer::example())
        .with_header::<String>("ETag", settings::TAG)
        .refuses([ApiError::Invalid(Constraint::QueueId)])
        .refuses(settings::REFUSALS)
        .refuses([ApiError::UnknownField("max_activ".to_owned())])
}
