//! `GET /v1/users`: all users, in pages; with `email` whose address it is, if it is somebody's. 0.5
//! RRU per 4 KB of the page, or 2 by address (1 for nobody, and up to 1 more when its domain has an
//! ASCII form), and 1 for the door.

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

/// What cursors are for.
const LIST: &str = "users";

/// Answers with a page.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    app.admin(&request).await?;
    let page = PageWanted::of(&request, LIST)?;
    // An empty address is nobody's: a script with an empty variable must not take the first user.
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

/// Who has that address, as they are by the time that they are read.
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
        .details(
            "In no order that means anything. A page may be short and not be the last. With \
             `email` the one user that has this address, in whatever case it is written, or nobody. There is \
             no search by name.",
        )
        .query::<Email>("email", false, "The address of the user. An empty one is 400.")
        .refuses([ApiError::Invalid(Constraint::Email)])
        .in_pages()
        .answers::<Users>(
            200,
            "A page of users.",
            json!({ "users": [Profile::example()], "next_cursor": "c3VtLi4uLmFiYw" }),
        )
}
