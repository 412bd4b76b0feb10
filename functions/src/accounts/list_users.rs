//! `GET /v1/users`: all users, in pages, or the user with one e-mail address.
//!
//! Cost: 1 RRU for the door. A page: 0.5 RRU per 4 KB. By address: 2 RRU, or 1 RRU if nobody has
//! it, and up to 1 RRU more if its domain has an ASCII form.
//!
//! Round trips: 2 calls in 2 rounds.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    domain::user::{Email, User},
    error::{ApiError, Constraint},
    http::{PageWanted, RequestParts as _, cursor, ok},
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use super::profile::Profile;
use crate::operation::{Door, Operation};

/// The list's name in its cursors.
const LIST: &str = "users";

/// Answers with a page, or with the user of an address.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    app.admin(&request).await?;
    let page = PageWanted::of(&request, LIST)?;
    // An empty address is an error, and not a missing one. Otherwise a script with an empty
    // variable would get all users, and take the first.
    if request.names("email") {
        let email = request.query("email").unwrap_or_default();
        let email = Email::parse(&email).ok_or(ApiError::Invalid(Constraint::Email))?;
        let user = user_with(&app, &email).await?;
        return ok(&Users {
            users: user.into_iter().map(Profile::from).collect(),
            next_cursor: None,
        });
    }
    let (users, next) = app.store().users(page.after.as_deref(), page.limit).await?;
    ok(&Users {
        users: users.into_iter().map(Profile::from).collect(),
        next_cursor: next.map(|position| cursor(LIST, &position)),
    })
}

/// The user who has this address. They are read after the address, so the address is checked again.
async fn user_with(app: &App, email: &Email) -> Result<Option<User>, ApiError> {
    let Some(user_id) = app.store().user_with(email).await? else {
        return Ok(None);
    };
    let user = app.store().user(user_id).await?;
    let has_it = |user: &User| {
        let address = user.email.as_ref();
        address.is_some_and(|address| address.folded() == email.folded())
    };
    Ok(user.filter(has_it))
}

/// A page of users.
#[derive(Serialize, ToSchema)]
pub struct Users {
    /// The users, in no particular order. A page may be short or empty without being the last.
    users: Vec<Profile>,
    /// The `cursor` of the next page. Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("List users", Door::Admin)
        .details(
            "Returns all users in pages, in no particular order. A page may be short or empty \
             without being the last: follow `next_cursor` until it is absent.\n\n\
             With `email`, returns only the user with that address, or an empty list. A search \
             by name does not exist.",
        )
        .query::<Email>(
            "email",
            false,
            "The e-mail address of the user to find, in upper or lower case. If it is empty: 400.",
        )
        .refuses([ApiError::Invalid(Constraint::Email)])
        .in_pages()
        .answers::<Users>(
            200,
            "A page of users.",
            json!({ "users": [Profile::example()], "next_cursor": "c3VtLi4uLmFiYw" }),
        )
}
