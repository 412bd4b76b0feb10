//! `GET /tickets`: the page for buyers, at what the user has bought.

use super::home::html;
use crate::operation::Operation;

pub use super::handle;

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    html("Get the page for buyers, at the user's tickets")
}
