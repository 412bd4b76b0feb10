//! Reservations: a hold, and then the order that it became.

pub mod cancel;
pub(crate) mod find;
pub mod get;
pub mod hold;
pub mod look_up;
pub mod refund;
