//! Reservations. A reservation is a hold, and after the payment the order.

pub mod cancel;
pub(crate) mod find;
pub mod get;
pub mod hold;
pub mod look_up;
pub mod refund;
pub(crate) mod seats;
