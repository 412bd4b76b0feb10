//! `GET /page/{version}/{file}`: a file of the page for buyers.

use serde_json::json;
use shared::error::ApiError;

use crate::operation::{Door, Operation};

pub use super::handle;

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Get a file of the page for buyers", Door::Public)
        .details(
            "The files that the HTML of `GET /` names: modules, style and icon. A file never \
             changes, because its path has the version of the page. After a deployment with other \
             files, those of the version before are 404.",
        )
        .answers_with::<String>(
            200,
            "The file. It is compressed in Brotli or gzip for a client that accepts it.",
            "*/*",
            json!("…"),
        )
        .refuses([ApiError::NotFound])
}
