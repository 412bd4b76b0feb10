//! `GET /v1/queues/{queue_id}/settings`: all settings of a queue, and who changed them last.
//!
//! Cost: 1 RRU for the door, 1 RRU per 4 KB of the queue.
//!
//! Round trips: 2 calls in 2 rounds.

use serde::Serialize;
use serde_json::{Value, json};
use shared::{
    app::App,
    domain::{
        changes::LastChange,
        ids::{QueueId, UserId},
        queue::Queue,
    },
    error::ApiError,
    http::{RequestParts as _, ResponseParts as _, Seconds, ok, version_tag},
    lambda_http::{Body, Request, Response, http::header::ETAG},
};
use utoipa::ToSchema;

use super::settings::{self, SettingsAnswer};
use crate::operation::{Door, Operation};

/// Answers with the settings.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    app.admin(&request).await?;
    let queue_id = request.queue_id()?;
    let (queue, change) = app.current_queue_and_change(&queue_id).await?;
    let answer = ok(&SettingsOfQueue::of(&queue, change))?;
    Ok(answer.with(ETAG, &version_tag(queue.settings.version)))
}

/// An example for the OpenAPI document.
pub(super) fn example() -> Value {
    let mut answer = SettingsAnswer::example();
    answer["queue_id"] = json!("main");
    answer["changed_by"] = json!("3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11");
    answer["changed_at"] = json!("2026-11-20T03:00:00Z");
    answer
}

/// The settings of a queue, and who changed them last. They can be sent back with `PUT` or `PATCH`.
#[derive(Serialize, ToSchema)]
pub struct SettingsOfQueue<'a> {
    /// The id of the queue.
    queue_id: &'a QueueId,
    #[serde(flatten)]
    settings: SettingsAnswer<'a>,
    /// The id of the administrator who changed them last. Absent if nobody has, or if an early
    /// version of the service stored the change without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    changed_by: Option<UserId>,
    /// The time of the last change. Absent if `changed_by` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    changed_at: Option<Seconds>,
}

impl<'a> SettingsOfQueue<'a> {
    /// The answer about a queue.
    pub(super) fn of(queue: &'a Queue, change: Option<LastChange>) -> Self {
        Self {
            queue_id: &queue.id,
            settings: SettingsAnswer::of(&queue.settings),
            changed_by: change.map(|change| change.by),
            changed_at: change.map(|change| Seconds(change.at)),
        }
    }
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Get the settings of a queue", Door::Admin)
        .details(
            "Returns all settings, with the defaults of those that nobody has set, and who \
             changed them last. Send the `ETag` as `If-Match` with a change, so that a change by \
             somebody else in between is not overwritten.",
        )
        .answers::<SettingsOfQueue>(200, "The settings.", example())
        .with_header::<String>("ETag", settings::TAG)
}
