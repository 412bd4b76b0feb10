//! `PATCH /v1/users/{user_id}`: changes the caller's own name, e-mail address and password.
//!
//! A value that the user already has is no change. The right current password makes the caller's
//! address known, and a new password makes it the only known one (`domain/attempts.rs`).
//!
//! Cost: 1 RRU for the door. A name: 1 WRU. A guest who sets an address and a password: 4 WRU. A
//! password: 6 WRU. Another address: 10 WRU. An address whose domain has an ASCII form: 2 WRU more
//! to set it, and 1 to 2 RRU to remove it.
//!
//! Round trips: 2 calls in 2 rounds for a name, 4 in 4 for a password.

use serde::Deserialize;
use serde_json::json;
use shared::{
    app::{App, SignedIn},
    domain::{
        attempts::{KnownSources, Source},
        user::{Email, Name, Password, User},
    },
    error::{ApiError, Constraint},
    http::{Field, RequestParts as _, body, ok},
    lambda_http::{Body, Request, Response},
    password,
    store::{
        Decided as _,
        users::{CredentialsRefused, NoSuchUser},
    },
};
use utoipa::ToSchema;

use super::profile::Profile;
use crate::operation::{Door, Operation};

/// Changes the user. Answers with the changed user.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let signed_in = app.signed_in(&request).await?;
    let wanted = ChangeWanted::of(&body(&request)?, &signed_in.user)?;
    signed_in.require_self(request.user_id()?)?;
    let user = change(&app, &request, signed_in, wanted).await?;
    ok(&Profile::from(user))
}

/// The changes that a user asks for, without those that change nothing.
struct ChangeWanted {
    name: Option<Name>,
    email: Option<Email>,
    password: Option<Password>,
    current_password: Option<Password>,
}

impl ChangeWanted {
    fn of(body: &UpdateUser, user: &User) -> Result<Self, ApiError> {
        let email = body
            .email
            .text(Email::parse, ApiError::Invalid(Constraint::Email));
        let is_same = matches!(&email, Ok(email) if *email == user.email);
        let sets_email = body.email.is_there() && !is_same;
        let sets_password = body.password.is_there();
        if user.is_guest() {
            if sets_email && !sets_password {
                return Err(ApiError::MissingField("password"));
            }
            if sets_password && !sets_email {
                return Err(ApiError::MissingField("email"));
            }
        } else if (sets_email || sets_password) && !body.current_password.is_there() {
            return Err(ApiError::MissingField("current_password"));
        }

        let name = body
            .name
            .text(Name::parse, ApiError::Invalid(Constraint::Name))?;
        let password = body
            .password
            .text(Password::parse, ApiError::Invalid(Constraint::Password));
        let current_password = body
            .current_password
            .text(Password::parse, ApiError::Invalid(Constraint::Password));
        Ok(Self {
            name: name.filter(|name| *name != user.name),
            email: email?.filter(|_| sets_email),
            password: password?,
            current_password: current_password?,
        })
    }
}

/// Makes the changes, and returns the changed user.
async fn change(
    app: &App,
    request: &Request,
    SignedIn { user, now }: SignedIn,
    wanted: ChangeWanted,
) -> Result<User, ApiError> {
    let mut changed = user.clone();
    if let Some(name) = wanted.name {
        changed.name = name;
    }
    if wanted.email.is_none() && wanted.password.is_none() {
        if changed.name != user.name {
            let renamed = app.store().rename(user.user_id, &changed.name).await;
            // The user has been deleted meanwhile.
            renamed
                .decided()?
                .map_err(|NoSuchUser| ApiError::InvalidToken)?;
        }
        return Ok(changed);
    }

    let caller = request.source();
    if !user.is_guest() {
        let password = wanted.current_password;
        app.check_password(user.user_id, password, Source::Token, caller, now)
            .await?;
        changed.generation += 1;
    }
    if let Some(email) = wanted.email {
        changed.email = Some(email);
    }
    if let Some(password) = wanted.password {
        changed.password_hash = Some(password::hash(password).await?);
        changed.known = KnownSources::only(caller, user.user_id, now);
    }
    let written = app.store().change_credentials(&user, &changed).await;
    match written.decided()? {
        Ok(()) => Ok(changed),
        Err(CredentialsRefused::Stale) => Err(overtaken(app, request).await),
        Err(CredentialsRefused::EmailTaken) => Err(ApiError::EmailTaken),
    }
}

/// The error for a change that another change came before. Either that one has ended the token, or
/// a guest has got a password, which is needed from now on.
async fn overtaken(app: &App, request: &Request) -> ApiError {
    match app.signed_in(request).await {
        Err(error) => error,
        Ok(_) => ApiError::MissingField("current_password"),
    }
}

/// The changes of a user. A field that is absent or `null` stays as it is.
#[derive(Deserialize, ToSchema)]
pub struct UpdateUser {
    /// The new name.
    #[schema(value_type = Option<Name>)]
    name: Field,
    /// The new e-mail address. A guest sets it together with `password`. Anybody else needs
    /// `current_password`.
    #[schema(value_type = Option<Email>)]
    email: Field,
    /// The new password. A guest sets it together with `email`. Anybody else needs
    /// `current_password`.
    #[schema(value_type = Option<Password>)]
    password: Field,
    /// The current password. Required to change the e-mail address or password of a user who has
    /// one.
    #[schema(value_type = Option<Password>)]
    current_password: Field,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Change the caller's own user", Door::SignedIn)
        .details(
            "A guest who sets both `email` and `password` can log in with them from then on. \
             Their tokens stay good.\n\n\
             A user with a password needs `current_password` to change their e-mail address or \
             password. The change ends all older tokens, as logging out does: log in again. \
             After a new password, only the address that it was set from is known (see `POST \
             /v1/auth/login`). After a call without an answer, log in with the new values: if \
             that works, the change was made.\n\n\
             After 10 wrong current passwords within 15 minutes, further ones get 429 \
             `TOO_MANY_ATTEMPTS`, from whatever address they come. Wrong passwords at log-in are \
             counted separately.",
        )
        .body::<UpdateUser>(json!({
            "email": "mina@example.com",
            "password": "correct horse battery",
        }))
        .answers::<Profile>(200, "The changed user.", Profile::example())
        .refuses([
            ApiError::MissingField("current_password"),
            ApiError::Invalid(Constraint::Name),
            ApiError::Invalid(Constraint::Email),
            ApiError::Invalid(Constraint::Password),
            ApiError::InvalidCredentials,
            ApiError::Forbidden,
            ApiError::EmailTaken,
            ApiError::TooManyAttempts { retry_after: 900 },
        ])
}
