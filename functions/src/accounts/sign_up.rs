//! `POST /v1/users`: a new user. One without e-mail and password is a guest, whose id is their
//! only secret. 4 WRU, or 6 with an e-mail address, which is one user's only, whatever its case and
//! however its domain is written: 8 when that has an ASCII form. The address that a password was set
//! from is known (`domain/attempts.rs`).

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

/// Signs a user up and answers 201 with their access token.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let now = app.now();
    let (name, account) = wish(&body(&request)?)?;
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

/// A name, and an account's address and password; one of the two needs the other.
fn wish(body: &SignUp) -> Result<(Name, Option<(Email, Password)>), ApiError> {
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

/// Who signs up.
#[derive(Deserialize, ToSchema)]
pub struct SignUp {
    /// What to call them.
    #[schema(value_type = Name, required)]
    name: Field,
    /// An account's e-mail address; a guest has none.
    #[schema(value_type = Option<Email>)]
    email: Field,
    /// An account's password; a guest has none.
    #[schema(value_type = Option<Password>)]
    password: Field,
}

/// Who has signed up.
#[derive(Serialize, ToSchema)]
pub struct SignedUp<'a> {
    /// The user. A guest's id is their only secret.
    user_id: UserId,
    /// What to call them.
    name: &'a Name,
    /// The e-mail address; a guest has none.
    #[schema(required)]
    email: Option<&'a Email>,
    /// An access token.
    token: String,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("Sign up", Door::Nobody)
        .body::<SignUp>(json!({ "name": "김민수" }))
        .answers::<SignedUp>(
            201,
            "A new user.",
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
