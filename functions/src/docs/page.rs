//! `GET /docs`: a page to read the specification and try the API with.

use serde_json::json;

use crate::operation::{Door, Operation};

pub use super::handle;

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("A page to try the API with", Door::Nobody).answers_with::<String>(
        200,
        "Swagger UI, which asks no other host for anything.",
        "text/html; charset=utf-8",
        json!("<!DOCTYPE html>"),
    )
}
