//! `GET /operator`: the page for operators.

use super::home::html;
use crate::operation::Operation;

pub use super::handle;

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    html("Get the page for operators").details(
        "Everybody gets the HTML. What it shows comes from the API, with the access token of the \
         administrator that logs in there.",
    )
}
