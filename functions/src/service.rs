//! What holds for the whole service: the settings of the deployment, the log of changes, and whether
//! the data is right.

mod audit;
pub mod get_audit;
pub mod get_service;
pub mod get_settings;
pub mod list_changes;
pub mod run_audit;
