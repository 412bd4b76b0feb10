//! Concerts, their dates and their seats.

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
