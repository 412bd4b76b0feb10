//! `GET /line.js`: a module with which a page computes places in the line.

use serde_json::json;

use crate::operation::{Door, Operation};

pub use super::handle;

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Get a module that computes places", Door::Public)
        .details(
            "An ES module without dependencies, for web pages that wait. It computes the place \
             in the line, the estimated wait and the number of a draw from a queue token and the \
             queue's public document (`GET /v1/queues/{queue_id}`). It sends no requests itself.",
        )
        .answers_with::<String>(
            200,
            "The module, in JavaScript. Its types are in comments (JSDoc).",
            "text/javascript; charset=utf-8",
            json!("export function placeOf(number, queue, time) {}"),
        )
}
