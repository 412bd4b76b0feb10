//! Errors.
/// An error.
#[derive(Debug, thiserror::Error)]
#[error("not yet")]
pub struct ApiError;
