//! `GET /docs/{file}`: a file of the page.

use serde_json::json;
use shared::error::ApiError;

use crate::operation::{Door, Operation};

pub use super::handle;

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Get a file of the page", Door::Public)
        .details("The files that `GET /docs` needs: script, style and settings.")
        .answers_with::<String>(
            200,
            "The file. It is compressed with gzip, except for the settings.",
            "*/*",
            json!("…"),
        )
        .refuses([ApiError::NotFound])
}
