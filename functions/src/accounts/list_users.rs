//! `GET /v1/users`: all users, in pages. 0.5 RRU per 4 KB of the page, and 1 for the door.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    error::ApiError,
    http::{PageWanted, cursor, ok},
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use super::profile::Profile;
use crate::operation::{Door, Operation};

/// What cursors are for.
const LIST: &str = "users";

/// Some of the users, in no order that means anything.
#[derive(Serialize, ToSchema)]
pub struct Users {
    /// The users. A page may be short, or even empty, and not be the last.
    users: Vec<Profile>,
    /// Where the next page begins; the last page has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("The users", Door::Admin)
        .details("In no order that means anything. A page may be short and not be the last.")
        .in_pages()
        .answers::<Users>(
            200,
            "A page of users.",
            json!({ "users": [Profile::example()], "next_cursor": "c3VtLi4uLmFiYw" }),
        )
}

/// Answers with a page.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    app.admin(&request).await?;
    let page = PageWanted::of(&request, LIST)?;
    let (users, next) = app.store().users(page.after.as_deref(), page.limit).await?;
    ok(&Users {
        users: users.into_iter().map(Profile::from).collect(),
        next_cursor: next.map(|position| cursor(LIST, &position)),
    })
}
