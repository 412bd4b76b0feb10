//! `POST /v1/users`: a new user, who is a guest or has an e-mail address and a password.
//!
//! An e-mail address belongs to one user only, in upper or lower case and in both forms of its
//! domain. The address that the password is set from becomes known (`domain/attempts.rs`).
//!
//! Cost: 4 WRU; 6 WRU with an e-mail address, or 8 WRU if its domain has an ASCII form.
//!
//! Round trips: 1 call.

use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    app::App,
    domain::{
        attempts::KnownSources,
        ids::UserId,
        user::{Email, Name, Password, Role, User},
    },
    error::{ApiError, Constraint},
    http::{Field, RequestParts as _, body, created},
    lambda_http::{Body, Request, Response},
    password,
    token::Claims,
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// Signs the user up. Answers 201 with their access token.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let now = app.now();
    let (name, account) = name_and_credentials(&body(&request)?)?;
    let user = match account {
        None => User::guest(name, now),
        Some((email, password)) => {
            let hash = password::hash(password).await?;
            let account = User::account(name, email, hash, Role::User, now);
            User {
                known: KnownSources::only(request.source(), account.user_id, now),
                ..account
            }
        }
    };
    app.store().sign_up(&user).await?;
    let token = app
        .keyring()
        .sign(&Claims::of_user(&user, now), now)
        .await?;
    created(&SignedUp {
        user_id: user.user_id,
        name: &user.name,
        email: user.email.as_ref(),
        token,
    })
}

/// The name, and the address and password of a user who is no guest. Neither comes without the
/// other.
fn name_and_credentials(body: &SignUp) -> Result<(Name, Option<(Email, Password)>), ApiError> {
    if !body.name.is_there() {
        return Err(ApiError::MissingField("name"));
    }
    match (body.email.is_there(), body.password.is_there()) {
        (false, true) => return Err(ApiError::MissingField("email")),
        (true, false) => return Err(ApiError::MissingField("password")),
        _ => {}
    }
    let name = body
        .name
        .text(Name::parse, ApiError::Invalid(Constraint::Name))?
        .ok_or(ApiError::MissingField("name"))?;
    let email = body
        .email
        .text(Email::parse, ApiError::Invalid(Constraint::Email))?;
    let password = body
        .password
        .text(Password::parse, ApiError::Invalid(Constraint::Password))?;
    Ok((name, email.zip(password)))
}

/// A user who wants to sign up. With `email` and `password` they can log in again; without both
/// they are a guest.
#[derive(Deserialize, ToSchema)]
pub struct SignUp {
    /// The user's name.
    #[schema(value_type = Name, required)]
    name: Field,
    /// The user's e-mail address. Needs `password`. Absent for a guest.
    #[schema(value_type = Option<Email>)]
    email: Field,
    /// The user's password. Needs `email`. Absent for a guest.
    #[schema(value_type = Option<Password>)]
    password: Field,
}

/// A user who has signed up.
#[derive(Serialize, ToSchema)]
pub struct SignedUp<'a> {
    /// The user's id. For a guest it is their only secret.
    user_id: UserId,
    /// The user's name.
    name: &'a Name,
    /// The user's e-mail address. `null` for a guest.
    #[schema(required)]
    email: Option<&'a Email>,
    /// An access token. It is good for 30 days for a guest, else for 12 hours.
    token: String,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Sign up", Door::Public)
        .details(
            "With `email` and `password`, the user can log in again with them. Without both, the \
             user is a guest: anyone who knows their `user_id` can log in as them, so keep it \
             secret. A guest can set an e-mail address and a password later (`PATCH \
             /v1/users/{user_id}`).\n\n\
             409 `EMAIL_TAKEN` if the address belongs to a user already.\n\n\
             After a call without an answer, a guest can sign up again. With an e-mail address, \
             try to log in first: the call may have been done.",
        )
        .body::<SignUp>(json!({ "name": "김민수" }))
        .answers::<SignedUp>(
            201,
            "The user has signed up.",
            json!({
                "user_id": "3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11",
                "name": "김민수",
                "email": null,
                "token": "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl",
            }),
        )
        .refuses([
            ApiError::MissingField("name"),
            ApiError::MissingField("email"),
            ApiError::MissingField("password"),
            ApiError::Invalid(Constraint::Name),
            ApiError::Invalid(Constraint::Email),
            ApiError::Invalid(Constraint::Password),
            ApiError::EmailTaken,
        ])
}
