//! What the functions of Onsale have in common.

pub mod app;
pub mod clock;
pub mod config;
pub mod domain;
pub mod error;
pub mod messages;
pub mod runtime;

/// The Lambda and AWS crates, once, for those who stand around the functions.
pub use {aws_config, aws_lambda_events, aws_sdk_dynamodb, aws_sdk_sqs, jiff, lambda_http};
