//! `PATCH /v1/users/{user_id}`: change one's name, e-mail address and password.
//!
//! 1 RRU for the door, and 1 WRU for a name. A guest who sets both an e-mail address and a
//! password becomes an account: 4 WRU, and their tokens stay good. Another address or password of
//! an account needs the current password, and ends the older tokens as logging out does: 6 WRU, or
//! 10 with another address. An address whose domain has an ASCII form costs 2 WRU more where it
//! comes, and 1 to 2 RRU where it goes. What is said to be what it is already is no change.
//!
//! A right current password makes the caller's address known, and a new password leaves that one
//! alone (`domain/attempts.rs`).

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
        users::{ChangeRefused, NoSuchUser},
    },
};
use utoipa::ToSchema;

use super::profile::Profile;
use crate::operation::{Door, Operation};

/// Changes the user and answers with who they are then.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let signed_in = app.signed_in(&request).await?;
    let wanted = Wanted::of(&body(&request)?, &signed_in.user)?;
    signed_in.require_self(request.user_id()?)?;
    let user = change(&app, &request, signed_in, wanted).await?;
    ok(&Profile::from(user))
}

/// What a user wants to be changed, and is not so already.
struct Wanted {
    name: Option<Name>,
    email: Option<Email>,
    password: Option<Password>,
    current_password: Option<Password>,
}

impl Wanted {
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

/// Does what is wanted, and returns the user as they are then.
async fn change(
    app: &App,
    request: &Request,
    SignedIn { user, now }: SignedIn,
    wanted: Wanted,
) -> Result<User, ApiError> {
    let mut changed = user.clone();
    if let Some(name) = wanted.name {
        changed.name = name;
    }
    if wanted.email.is_none() && wanted.password.is_none() {
        if changed.name != user.name {
            let renamed = app.store().rename(user.user_id, &changed.name).await;
            // They have been deleted meanwhile.
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
        Err(ChangeRefused::Stale) => Err(overtaken(app, request).await),
        Err(ChangeRefused::EmailTaken) => Err(ApiError::EmailTaken),
    }
}

/// What becomes of a change that another one has overtaken: the token has ended with the other,
/// or else a guest has become an account, which needs its password from now on.
async fn overtaken(app: &App, request: &Request) -> ApiError {
    match app.signed_in(request).await {
        Err(error) => error,
        Ok(_) => ApiError::MissingField("current_password"),
    }
}

/// What is to be changed. What is left out stays.
#[derive(Deserialize, ToSchema)]
pub struct UpdateUser {
    /// What to call them.
    #[schema(value_type = Option<Name>)]
    name: Field,
    /// The e-mail address.
    #[schema(value_type = Option<Email>)]
    email: Field,
    /// The new password.
    #[schema(value_type = Option<Password>)]
    password: Field,
    /// The password that an account has, for another e-mail address or password.
    #[schema(value_type = Option<Password>)]
    current_password: Field,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("Change oneself", Door::SignedIn)
        .details(
            "A guest who sets both `email` and `password` becomes an account, and their tokens \
             stay good. Another e-mail address or password of an account needs \
             `current_password`, and ends the older tokens as logging out does. After 10 wrong \
             ones within 15 minutes it is 429, wherever they came from; wrong passwords of a \
             log-in do not count here. After a new password, only the address that it was set \
             from is known (see Log in).",
        )
        .body::<UpdateUser>(json!({
            "email": "mina@example.com",
            "password": "correct horse battery",
        }))
        .answers::<Profile>(200, "The user, changed.", Profile::example())
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
