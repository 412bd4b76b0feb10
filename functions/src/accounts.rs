//! Users, and the keys that sign their tokens.

pub mod sign_up;

pub mod log_in;
pub mod log_out;

pub mod delete_user;
pub mod end_sessions;
pub mod get_buyer;
pub mod get_user;
pub mod list_users;
mod profile;
pub mod set_role;
pub mod update_user;

pub mod get_keys;
