//! Functions that no HTTP request reaches: letting people in, releasing unpaid holds, sending
//! events, replacing keys, the audit, and commands for the operator.

pub mod admit;
pub mod audit;
pub mod make_admin;
pub mod name_owners;
mod pace;
pub mod publish;
pub mod release_hold;
pub mod rotate_keys;
