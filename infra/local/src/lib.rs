//! All of Onsale in one process: what `cargo local` runs, and what the tests run on.
//!
//! [`Stack::start`] reads `template.yaml`, and builds from it what AWS would: tables in an
//! embedded DynamoDB engine, the release queue, the schedule, an HTTP gateway, and the functions
//! behind it. All of it lives on one clock, which a test can move.
//!
//! The modules are layers. Each uses only those above it in this list, and a test keeps it so:
//!
//! 1. `time`: the clock, and the invocations that sleep on it.
//! 2. `template`: what is to be built, and the code of the functions.
//! 3. `aws`: what the functions call: DynamoDB, SQS and EventBridge.
//! 4. `calls`: what is between a function and AWS.
//! 5. `lambda`: the functions, and the messages, records and schedules that start them.
//! 6. `gateway`: the HTTP API in front of them.
//! 7. `stack`, and around it what starts one: `options`, `demo`, `cli`, `banner`.

mod aws;
mod calls;
mod gateway;
mod lambda;
mod template;
mod time;

mod banner;
mod cli;
mod demo;
mod options;
mod problem;
mod stack;

#[cfg(test)]
mod layers;

pub use aws::{
    buses::{BusEvent, KEPT as EVENTS_KEPT},
    queue::Message,
};
pub use banner::banner;
pub use calls::{
    faults::{DELAY, Fault, Faults, When},
    guard::FirstUse,
    tally::{Consumed, Units},
    traffic::{Counts, Pace, Traffic},
};
pub use cli::Arguments;
pub use demo::{ADMIN_EMAIL, ADMIN_PASSWORD, Demo, DemoConcert, DemoHall};
pub use options::{Limits, Options, Storage, Time};
pub use problem::Problem;
pub use stack::Stack;
pub use template::permissions::Grant;
