//! `GET /v1/queues/{queue_id}/settings`: all settings of a queue, and who changed them last.
//! 1 RRU for the door, 1 RRU per 4 KB of the queue.

use serde::Serialize;
use serde_json::{Value, json};
use shared::{
    app::App,
    domain::ids::{QueueId, UserId},
    error::ApiError,
    http::{RequestParts as _, ResponseParts as _, Seconds, ok},
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
    let answer = ok(&Answer {
        queue_id: &queue.id,
        settings: SettingsAnswer::of(&queue.settings),
        changed_by: change.map(|change| change.by),
        changed_at: change.map(|change| Seconds(change.at)),
    })?;
    Ok(answer.with(ETAG, &settings::tag(queue.settings.version)))
}

fn example() -> Value {
    let mut answer = SettingsAnswer::example();
    answer["queue_id"] = json!("main");
    answer["changed_by"] = json!("3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11");
    answer["changed_at"] = json!("2026-11-20T03:00:00Z");
    answer
}

/// The settings of a queue, and who changed them last. They can be put back as they are.
#[derive(Serialize, ToSchema)]
#[schema(as = SettingsOfQueue)]
pub struct Answer<'a> {
    /// The queue.
    queue_id: &'a QueueId,
    #[serde(flatten)]
    settings: SettingsAnswer,
    /// The administrator who changed them last; missing when nobody has, or it was not noted yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    changed_by: Option<UserId>,
    /// When that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    changed_at: Option<Seconds>,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("The settings of a queue", Door::Admin)
        .details("All of them, with those that nobody has set, and who changed them last.")
        .answers::<Answer>(200, "The settings.", example())
        .with_header::<String>("ETag", settings::TAG)
}
