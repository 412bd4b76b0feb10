//! `GET /c/{concert_id}`: the page for buyers, at a concert.

use super::home::html;
use crate::operation::Operation;

pub use super::handle;

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    html("Get the page for buyers, at a concert")
}
