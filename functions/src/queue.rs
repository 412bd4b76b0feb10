//! The line: joining it, one's place in it, leaving it.

pub mod get_place;
pub mod get_queue;
pub mod join;
pub mod leave;
mod place;
