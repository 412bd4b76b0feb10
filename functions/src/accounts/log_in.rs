//! `POST /v1/auth/login`: a new access token, for the right password or a guest's id.
//!
//! A user who does not exist gets the same answer as a wrong password, after the same hashing. How
//! wrong passwords are counted is in `domain/attempts.rs`.
//!
//! Cost: 2 WRU, and by e-mail address 1 RRU, or up to 2 RRU if its domain has an ASCII form. A
//! wrong password: 1 WRU instead of 2. A guest: 1 RRU, and no write.
//!
//! Round trips: 4 calls in 4 rounds.

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
        Credentials::Account(login, password) => {
            let user_id = user_id(&app, login).await?;
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

/// The credentials of a log-in. A malformed password is `None`. It gets the same answer as a wrong
/// one.
enum Credentials {
    Guest(UserId),
    Account(Login, Option<Password>),
}

/// How an account is named. A malformed address is `None`. It gets the same answer as one that
/// nobody has.
enum Login {
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
    // A malformed password or address is refused as a wrong one is.
    let password = body.password.read::<String>();
    let password = password.and_then(|text| Password::parse(&text)).value();
    let email = body.email.read::<String>();
    let email = email.and_then(|text| Email::parse(&text)).value();
    let has = (body.email.is_there(), body.password.is_there());
    match (user_id, has) {
        (Some(user_id), (false, false)) => Ok(Credentials::Guest(user_id)),
        (Some(user_id), (false, true)) => Ok(Credentials::Account(Login::Id(user_id), password)),
        (None, (true, true)) => Ok(Credentials::Account(Login::Email(email), password)),
        _ => Err(ApiError::BadRequest),
    }
}

/// A guest, who needs no password. A user with a password cannot log in without it.
async fn guest(app: &App, user_id: UserId) -> Result<User, ApiError> {
    let user = app.store().user(user_id).await?;
    user.filter(User::is_guest)
        .ok_or(ApiError::InvalidCredentials)
}

/// The id of the user. If nobody has the address, it is a new id, so that the steps that follow
/// are the same.
async fn user_id(app: &App, login: Login) -> Result<UserId, ApiError> {
    let found = match login {
        Login::Id(user_id) => Some(user_id),
        Login::Email(Some(email)) => app.store().user_with(&email).await?,
        Login::Email(None) => None,
    };
    Ok(found.unwrap_or_else(UserId::new))
}

/// The credentials of a user: exactly one of `email` and `user_id`, and the password of a user who
/// has one.
#[derive(Deserialize, ToSchema)]
pub struct LogIn {
    /// The user's e-mail address. Needs `password`.
    #[schema(value_type = Option<Email>)]
    email: Field,
    /// The user's id. A guest needs nothing else.
    #[schema(value_type = Option<UserId>)]
    user_id: Field,
    /// The user's password. Absent for a guest.
    #[schema(value_type = Option<Password>)]
    password: Field,
}

/// A user who has logged in.
#[derive(Serialize, ToSchema)]
pub struct LoggedIn {
    /// The user's id.
    user_id: UserId,
    /// A new access token.
    token: String,
    /// The time when the access token expires.
    expires_at: Seconds,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Log in", Door::Public)
        .details(
            "Send `email` and `password`, or `user_id` and `password`. A guest sends only \
             `user_id`. A guest's access token is good for 30 days, that of a user with a \
             password for 12 hours. Older tokens stay good.\n\n\
             An unknown user and a wrong password get the same error, 401 \
             `INVALID_CREDENTIALS`.\n\n\
             Wrong passwords are counted for each user. After 10 from one address within 15 \
             minutes, further attempts from that address get 429 `TOO_MANY_ATTEMPTS`, even with \
             the right password. Other addresses are not affected. (Of an IPv6 address the first \
             64 bits count.) After 100 from all addresses together, only known addresses may \
             still try. Known are the last 8 addresses from which the right password was given \
             or set within 90 days. Setting a new password leaves only the address that it was \
             set from.",
        )
        .body::<LogIn>(json!({
            "email": "mina@example.com",
            "password": "correct horse battery",
        }))
        .answers::<LoggedIn>(
            200,
            "The user is logged in.",
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
