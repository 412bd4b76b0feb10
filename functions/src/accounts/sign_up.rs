//! `POST /v1/users`: a new user. One without e-mail and password is a guest, whose id is their
//! only secret. 4 WRU.

use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    app::App,
    auth::Claims,
    domain::{
        ids::UserId,
        user::{Email, Name, User},
    },
    error::{ApiError, Wrong},
    http::{Field, body, created},
    lambda_http::{Body, Request, Response},
    store::Rejected,
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// Who signs up.
#[derive(Deserialize, ToSchema)]
pub struct SignUp {
    /// What to call them.
    #[serde(default)]
    #[schema(value_type = Name, required)]
    name: Field,
    /// An account's e-mail address; a guest has none.
    #[serde(default)]
    #[schema(value_type = Option<Email>)]
    email: Field,
    /// An account's password, 10 to 128 characters; a guest has none.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 10, max_length = 128)]
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
            ApiError::Invalid(Wrong::Name),
        ])
}

/// Signs a guest up and answers 201 with their access token.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let now = app.now();
    let name = name(&body(&request)?)?;
    let user = User::guest(name, now);
    app.store()
        .sign_up(&user)
        .await
        .map_err(|rejected| match rejected {
            Rejected::Refused(_) => ApiError::bug("a random user id was taken"),
            Rejected::Failed(error) => error.into(),
        })?;
    let token = app
        .keyring()
        .sign(&Claims::of_guest(&user, now), now)
        .await?;
    created(&SignedUp {
        user_id: user.user_id,
        name: &user.name,
        email: None,
        token,
    })
}

fn name(sign_up: &SignUp) -> Result<Name, ApiError> {
    let name = sign_up
        .name
        .text(Name::parse, ApiError::Invalid(Wrong::Name))?
        .ok_or(ApiError::MissingField("name"))?;
    // A guest must not believe that they have a password.
    if sign_up.email.is_there() || sign_up.password.is_there() {
        return Err(ApiError::BadRequest);
    }
    Ok(name)
}
