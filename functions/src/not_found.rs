//! `$default`: no such path, or not with that method.

use shared::{
    app::App,
    error::ApiError,
    lambda_http::{Body, Request, Response},
};

#[allow(clippy::unused_async)]
/// Answers 404 in the envelope of every error.
pub async fn handle(_: App, _: Request) -> Result<Response<Body>, ApiError> {
    Err(ApiError::NotFound)
}
