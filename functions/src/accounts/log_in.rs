//! `POST /v1/auth/login`: an access token for who knows the password, or the id of a guest.
//!
//! 2 WRU, and 1 RRU by e-mail address, up to 2 when its domain has an ASCII form; a wrong password 1 WRU, a guest 1 RRU. Who does not exist
//! gets the same answer, after the same hashing, as who has mistyped their password. After ten
//! wrong passwords within 15 minutes an account cannot be logged in to from the same address, not
//! even with the right one; after a hundred from many addresses only from one that is known
//! (`domain/attempts.rs`).

use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    app::App,
    domain::{
        ids::UserId,
        user::{Email, Password, User},
    },
    error::ApiError,
    http::{Field, RequestParts as _, Seconds, body, ok},
    lambda_http::{Body, Request, Response},
    token::{Claims, access_until},
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// Logs in and answers with an access token.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let now = app.now();
    let user = match credentials(&body(&request)?)? {
        Credentials::Guest(user_id) => guest(&app, user_id).await?,
        Credentials::Account(who, password) => {
            let user_id = user_id(&app, who).await?;
            let source = request.source();
            app.check_password(user_id, password, source, source, now)
                .await?
        }
    };
    let token = app
        .keyring()
        .sign(&Claims::of_user(&user, now), now)
        .await?;
    ok(&LoggedIn {
        user_id: user.user_id,
        token,
        expires_at: Seconds(access_until(&user, now)),
    })
}

/// What somebody logs in with. A password or an address that nobody can have is `None`: whoever
/// sent it has mistyped theirs, and is told no more than others are.
enum Credentials {
    Guest(UserId),
    Account(Who, Option<Password>),
}

enum Who {
    Id(UserId),
    Email(Option<Email>),
}

fn credentials(body: &LogIn) -> Result<Credentials, ApiError> {
    if !body.email.is_there() && !body.user_id.is_there() {
        return Err(ApiError::MissingField("email"));
    }
    if body.email.is_there() && !body.password.is_there() {
        return Err(ApiError::MissingField("password"));
    }
    let user_id = body
        .user_id
        .text(|id| id.parse().ok(), ApiError::InvalidUserId)?;
    // One that is malformed is nobody's, and refused as a wrong one is.
    let password = body.password.read::<String>();
    let password = password.and_then(|text| Password::parse(&text)).value();
    let email = body.email.read::<String>();
    let email = email.and_then(|text| Email::parse(&text)).value();
    let has = (body.email.is_there(), body.password.is_there());
    match (user_id, has) {
        (Some(user_id), (false, false)) => Ok(Credentials::Guest(user_id)),
        (Some(user_id), (false, true)) => Ok(Credentials::Account(Who::Id(user_id), password)),
        (None, (true, true)) => Ok(Credentials::Account(Who::Email(email), password)),
        _ => Err(ApiError::BadRequest),
    }
}

/// A guest, who needs no password. Who has one does not get in without it.
async fn guest(app: &App, user_id: UserId) -> Result<User, ApiError> {
    let user = app.store().user(user_id).await?;
    user.filter(User::is_guest)
        .ok_or(ApiError::InvalidCredentials)
}

/// Who that is; somebody who does not exist when nobody has that address, so that what follows is
/// the same.
async fn user_id(app: &App, who: Who) -> Result<UserId, ApiError> {
    let found = match who {
        Who::Id(user_id) => Some(user_id),
        Who::Email(Some(email)) => app.store().user_with(&email).await?,
        Who::Email(None) => None,
    };
    Ok(found.unwrap_or_else(UserId::new))
}

/// Who logs in: with an e-mail address or a user id, one of them.
#[derive(Deserialize, ToSchema)]
pub struct LogIn {
    /// An account's e-mail address.
    #[schema(value_type = Option<Email>)]
    email: Field,
    /// The user; a guest's id is all that they need.
    #[schema(value_type = Option<UserId>)]
    user_id: Field,
    /// An account's password.
    #[schema(value_type = Option<Password>)]
    password: Field,
}

/// Who has logged in.
#[derive(Serialize, ToSchema)]
pub struct LoggedIn {
    /// The user.
    user_id: UserId,
    /// An access token.
    token: String,
    /// When it expires.
    expires_at: Seconds,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("Log in", Door::Nobody)
        .details(
            "With `email` and `password`, with `user_id` and `password`, or as a guest with \
             `user_id` alone. A guest's token lives for 30 days, an account's for 12 hours. After \
             10 wrong passwords for an account from one address (of IPv6, the first 64 bits) \
             within 15 minutes, every further one from there is 429, even the right one; other \
             addresses are not concerned. After 100 from all addresses together, all are 429 but \
             the latest 8 from which the right password was given or set in the last 90 days. A \
             new password leaves only the address that it was set from.",
        )
        .body::<LogIn>(json!({
            "email": "mina@example.com",
            "password": "correct horse battery",
        }))
        .answers::<LoggedIn>(
            200,
            "An access token.",
            json!({
                "user_id": "3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11",
                "token": "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl",
                "expires_at": "2026-11-20T15:00:00Z",
            }),
        )
        .refuses([
            ApiError::MissingField("email"),
            ApiError::MissingField("password"),
            ApiError::InvalidUserId,
            ApiError::BadRequest,
            ApiError::InvalidCredentials,
            ApiError::TooManyAttempts { retry_after: 900 },
        ])
}
