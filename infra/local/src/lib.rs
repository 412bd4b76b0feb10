//! The whole of Onsale in one process: what `cargo local` runs, and what the tests run on.
//!
//! [`Stack::start`] reads `template.yaml`, and builds from it what AWS would: tables in an
//! embedded DynamoDB engine, the release queue, the schedule, an HTTP gateway, and the functions
//! behind it. All of it lives on one clock, which a test can move.

mod stack;

mod banner;
mod cli;
mod demo;
mod options;
mod problem;

mod clock;
mod connector;
mod engine;
mod event;
mod faults;
mod function;
mod gateway;
mod guard;
mod handlers;
mod interference;
mod invocation;
mod lifetime;
mod permissions;
mod published;
mod queue;
mod skew;
mod sqs;
mod tables;
mod tally;
mod template;
mod timeline;

pub use banner::banner;
pub use cli::Arguments;
pub use demo::{ADMIN_EMAIL, ADMIN_PASSWORD, Demo, DemoConcert};
pub use faults::{Fault, Faults, When};
pub use guard::FirstUse;
pub use interference::Failure;
pub use options::{Limits, Options, Storage, Time};
pub use permissions::Grant;
pub use problem::Problem;
pub use queue::Message;
pub use stack::Stack;
pub use tally::{Consumed, Units};
