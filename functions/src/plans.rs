//! Plans of halls.

pub mod create;
pub(crate) mod document;
pub mod get;
pub mod list;
