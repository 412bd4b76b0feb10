//! `GET /line.js`: a module with which a page computes places in the line itself.

use serde_json::json;

use crate::operation::{Door, Operation};

pub use super::handle;

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("A module that computes places", Door::Nobody)
        .details(
            "An ES module without dependencies, for web pages: from a queue's public document and \
             a queue token it tells the place in the line, and the number that the draw gave.",
        )
        .answers_with::<String>(
            200,
            "JavaScript, with its types in comments.",
            "text/javascript; charset=utf-8",
            json!("export function placeOf(number, queue, time) {}"),
        )
}
