//! `GET /openapi.json`: the specification.

use serde_json::json;

use crate::operation::{Door, Operation};

pub use super::handle;

/// What the specification says of itself.
pub fn operation() -> Operation {
    Operation::new("This specification", Door::Nobody).answers::<serde_json::Value>(
        200,
        "OpenAPI 3.1.",
        json!({ "openapi": "3.1.0" }),
    )
}
