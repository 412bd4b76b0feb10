//! `POST /v1/users`: a new user. One without e-mail and password is a guest, whose id is their
//! only secret. 4 WRU.

use serde::Serialize;
use shared::{
    app::App,
    auth::Claims,
    domain::{
        ids::UserId,
        user::{Name, User},
    },
    error::ApiError,
    http::{JsonBody, created},
    lambda_http::{Body, Request, Response},
    store::Rejected,
};

#[derive(Serialize)]
struct SignedUp<'a> {
    user_id: UserId,
    name: &'a str,
    email: Option<&'a str>,
    token: String,
}

/// Signs a guest up and answers 201 with their access token.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let now = app.now();
    let name = name(&JsonBody::of(&request)?)?;
    let user = User {
        user_id: UserId::new(),
        name,
        generation: 0,
        created_at: now,
    };
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
        name: user.name.as_str(),
        email: None,
        token,
    })
}

fn name(body: &JsonBody) -> Result<Name, ApiError> {
    let name = body.text("name", ApiError::BadRequest)?;
    // A guest must not believe that they have a password.
    if body.has("email") || body.has("password") {
        return Err(ApiError::BadRequest);
    }
    Name::parse(&name).ok_or(ApiError::BadRequest)
}
