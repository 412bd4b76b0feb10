//! What the functions call: DynamoDB and SQS.

pub mod engine;
pub mod queue;
pub mod sqs;
pub mod tables;
