//! The functions, and the messages, records and schedules that start them.

pub mod function;
pub mod published;
pub mod streams;
pub mod timeline;
