//! What the functions of Onsale have in common: the rules, the store, the HTTP edge.

pub mod domain;

pub mod store;

pub mod error;
pub mod http;
pub mod texts;

pub mod app;
pub mod auth;
mod cache;
pub mod clock;
pub mod config;
pub mod messages;
pub mod metrics;
pub mod password;
pub mod runtime;

/// The Lambda and AWS crates, for those who stand around the functions.
pub use {
    aws_lambda_events, aws_sdk_dynamodb, aws_sdk_sqs, aws_types, futures_util, jiff, lambda_http,
};
