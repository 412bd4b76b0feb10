//! Queues: joining, the place in the line, leaving, and settings.

mod document;
pub mod get_place;
pub mod get_queue;
pub mod get_settings;
pub mod join;
pub mod leave;
mod place;
pub mod put_queue;
mod settings;
pub mod update_queue;
