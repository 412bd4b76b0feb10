//! Queues: joining, the place in the line, leaving, and settings.

mod document;
pub mod get_place;
pub mod get_queue;
pub mod get_settings;
pub mod get_state;
pub mod join;
pub mod leave;
pub mod list_queues;
pub mod list_sessions;
mod place;
pub mod put_queue;
mod settings;
pub mod update_queue;
