//! The functions, and the messages and schedules that start them.

pub mod function;
pub mod published;
pub mod timeline;
