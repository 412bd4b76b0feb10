//! `GET /openapi.json`: the OpenAPI document.

use serde_json::json;

use crate::operation::{Door, Operation};

pub use super::handle;

/// The description in the OpenAPI document itself.
pub fn operation() -> Operation {
    Operation::new("Get this document", Door::Public).answers::<serde_json::Value>(
        200,
        "The document, in OpenAPI 3.1.",
        json!({ "openapi": "3.1.0" }),
    )
}
