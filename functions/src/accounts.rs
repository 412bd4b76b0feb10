//! Users and the keys that sign their tokens.

pub mod get_keys;
pub mod sign_up;
