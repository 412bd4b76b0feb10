//! `GET /v1/plans`: all plans, in the order of their names, in pages.
//!
//! Cost: 1 RRU for the door, 0.5 RRU per 4 KB of the page: about 0.5 per 25 plans.
//!
//! Round trips: 2 calls in 2 rounds.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    error::ApiError,
    http::{PageWanted, cursor, ok},
    lambda_http::{Body, Request, Response},
    store::{keys, plans::ListedPlan},
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// The list's name in its cursors.
const LIST: &str = "plans";

/// Answers with a page.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    app.admin(&request).await?;
    let page = PageWanted::of(&request, LIST)?;
    if page
        .after
        .as_ref()
        .is_some_and(|after| !keys::is_listed_plan(after))
    {
        return Err(ApiError::BadRequest);
    }
    let (plans, next) = app.store().plans(page.limit, page.after.as_deref()).await?;
    ok(&Plans {
        plans,
        next_cursor: next.map(|position| cursor(LIST, &position)),
    })
}

/// A page of plans.
#[derive(Serialize, ToSchema)]
pub struct Plans {
    /// The plans, in the order of their names.
    plans: Vec<ListedPlan>,
    /// The `cursor` of the next page. Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("List plans", Door::Admin)
        .details(
            "Returns all plans in pages, in the order of their names. The last page may be empty.",
        )
        .in_pages()
        .answers::<Plans>(
            200,
            "A page of plans.",
            json!({ "plans": [{
                "plan_id": "kT3n1v0Yb2m9QxZ4c7LdEw",
                "name": "올림픽홀 A",
                "seats": 58,
            }] }),
        )
}
