//! `GET /docs`: a page to read the OpenAPI document and try the API on.

use serde_json::json;

use crate::operation::{Door, Operation};

pub use super::handle;

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Get a page to try the API on", Door::Public).answers_with::<String>(
        200,
        "The page (Swagger UI). It loads nothing from other hosts.",
        "text/html; charset=utf-8",
        json!("<!DOCTYPE html>"),
    )
}
