//! What the functions call: DynamoDB, SQS and EventBridge.

pub mod buses;
pub mod engine;
pub mod queue;
pub mod sqs;
pub mod streams;
pub mod tables;
