//! What the functions of Onsale share: the rules, the store, the HTTP layer.
//!
//! The feature `aws` (on by default) is everything that talks to AWS. Without it, the rules and the
//! parsers are left, which fuzzers build in a fraction of the time.

pub mod domain;

#[cfg(feature = "aws")]
pub mod store;

pub mod error;
pub mod http;
pub mod language;
pub mod origin;
pub mod texts;
pub mod token;

#[cfg(feature = "aws")]
pub mod app;
#[cfg(feature = "aws")]
pub mod auth;
#[cfg(feature = "aws")]
pub mod bus;
#[cfg(feature = "aws")]
mod cache;
pub mod clock;
pub mod config;
#[cfg(feature = "aws")]
pub mod gzip;
#[cfg(feature = "aws")]
pub mod messages;
#[cfg(feature = "aws")]
pub mod metrics;
pub mod password;
#[cfg(feature = "aws")]
pub mod runtime;

/// The Lambda and AWS crates, for programs that run the functions.
#[cfg(feature = "aws")]
pub use {aws_lambda_events, aws_sdk_dynamodb, aws_sdk_eventbridge, aws_sdk_sqs, aws_types};
pub use {futures_util, jiff, lambda_http};
