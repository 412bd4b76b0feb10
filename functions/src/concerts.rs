//! Concerts, their dates and their seats.

pub mod list;
pub mod list_available_dates;
pub mod list_dates;
pub mod list_seats;
