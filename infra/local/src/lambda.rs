//! The functions, and what calls them by itself: messages and schedules.

pub mod function;
pub mod published;
pub mod timeline;
