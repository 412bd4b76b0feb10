//! `$default`: answers requests whose path does not exist, or does not have the method.

use shared::{
    app::App,
    error::ApiError,
    lambda_http::{Body, Request, Response},
};

/// Answers 404, in the form of every error.
#[allow(clippy::unused_async)]
pub async fn handle(_: App, _: Request) -> Result<Response<Body>, ApiError> {
    Err(ApiError::NotFound)
}
