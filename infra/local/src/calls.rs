//! The calls of the functions to AWS: what they may do, what they consume, and what goes wrong
//! with them.

pub mod connector;
pub mod faults;
pub mod guard;
pub mod interference;
pub mod lifetime;
pub mod tally;
