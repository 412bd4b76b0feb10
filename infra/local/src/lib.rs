//! The whole of Onsale in one process.

mod clock;
mod connector;
mod engine;
mod interference;
mod invocation;
mod options;
mod problem;
mod queue;
mod sqs;
mod tally;
pub mod template;

pub use options::{Options, Storage, Time};
pub use problem::Problem;
