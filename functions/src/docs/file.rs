//! `GET /docs/{file}`: a file of the page.

use serde_json::json;
use shared::error::ApiError;

use crate::operation::{Door, Operation};

pub use super::handle;

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("A file of the page", Door::Nobody)
        .answers_with::<String>(200, "The file, compressed.", "*/*", json!("…"))
        .refuses([ApiError::NotFound])
}
