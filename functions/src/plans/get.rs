//! `GET /v1/plans/{plan_id}`: the document of a plan, in its canonical form. It never changes, so
//! everybody may keep it for ever, and anybody can compute its id.
//!
//! Cost: 0.5 RRU per 4 KB of the compressed document: 0.5 to 2 for most halls, 8 at most.
//!
//! Round trips: 1 call.

use shared::{
    app::App,
    error::ApiError,
    http::{RequestParts as _, ResponseParts as _, content},
    lambda_http::{
        Body, Request, Response,
        http::header::{CACHE_CONTROL, CONTENT_ENCODING, VARY},
    },
    store::Reading,
};

use super::document::{self, PlanDocument};
use crate::operation::{Door, Operation};

/// Answers with the document, compressed for a client that takes it so.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let plan_id = request.path("plan_id").parse();
    let plan_id = plan_id.map_err(|_| ApiError::PlanNotFound)?;
    let stored = app.store().plan(plan_id, Reading::Eventual).await?;
    let stored = stored.ok_or(ApiError::PlanNotFound)?;
    let answer = if request.takes("gzip") {
        content("application/json", stored.compressed().to_vec()).with(CONTENT_ENCODING, "gzip")
    } else {
        let document = String::from_utf8(stored.document()?);
        let document = document.map_err(|error| ApiError::Internal(error.into()))?;
        content("application/json", document)
    };
    Ok(answer
        .with(CACHE_CONTROL, "public, max-age=31536000, immutable")
        .with(VARY, "accept-encoding"))
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Get the plan of a hall", Door::Public)
        .details(
            "Returns the document in its canonical form: the id is the hash of these very bytes. \
             It never changes, so a client may keep it for ever. Pages draw the hall from it, \
             and find section, row and label of a seat number.",
        )
        .answers::<PlanDocument>(
            200,
            "The document. It is compressed with gzip for a client that accepts it.",
            document::example(),
        )
        .refuses([ApiError::PlanNotFound])
}
