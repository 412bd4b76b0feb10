//! Concerts, their dates and their seats.

pub mod call_off;
pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod list_available_dates;
pub mod list_dates;
pub mod list_orders;
pub mod list_seats;
pub(crate) mod programme;
pub mod update;

/// For how long everybody may keep what is shown of concerts.
const MAX_AGE: &str = "public, max-age=2";
