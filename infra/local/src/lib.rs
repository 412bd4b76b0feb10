//! The whole of Onsale in one process.

mod options;
mod problem;
pub mod template;

pub use options::{Options, Storage, Time};
pub use problem::Problem;
