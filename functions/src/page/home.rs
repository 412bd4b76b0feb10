//! `GET /`: the page for buyers.

use serde_json::json;

use crate::operation::{Door, Operation};

pub use super::handle;

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    html("Get the page for buyers")
}

/// The description of a path whose answer is the HTML of the page.
pub(super) fn html(summary: &'static str) -> Operation {
    Operation::new(summary, Door::Public)
        .details(
            "Every path of the page for buyers has the same HTML. The page loads nothing from other \
             hosts, and sets no cookies.",
        )
        .answers_with::<String>(
            200,
            "The HTML. It is compressed in Brotli or gzip for a client that accepts it.",
            "text/html; charset=utf-8",
            json!("<!DOCTYPE html>"),
        )
}
