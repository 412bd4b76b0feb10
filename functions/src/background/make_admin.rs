//! `make-admin`: makes an administrator, or takes the role away. No route leads here. Only those
//! who may invoke functions in the AWS account reach it.
//!
//! - `{"user_id": …}` gives the user the role, for 1 RRU and 4 WRU. With `"remove": true` it takes the
//!   role away. Either is in force with the user's next request. The last administrator may lose the
//!   role too, because this function can make another one.
//! - `{"email": …, "password": …, "name": …}` makes a new user with the role, for 8 WRU. The name
//!   is optional. An address that a user has already is refused: addresses are not verified, so
//!   anybody may have signed up with it.
//!
//! The answer has the `user_id`. Either is in the log of changes, where an operator has no name.

use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    app::App,
    domain::{
        changes::Author,
        ids::UserId,
        user::{Email, Name, Password, Role, User},
    },
    error::{ApiError, Constraint},
    http::{self, Field, Parsed},
    jiff::Timestamp,
    password,
};

/// The name of an administrator if the operator does not give one.
const NAME: &str = "관리자";

/// Gives or takes the role. Answers with the user's id.
pub async fn handle(app: App, event: Value, _deadline: Timestamp) -> Result<Value, ApiError> {
    let command: Command = http::command(&event, &FIELDS)?;
    let user_id = command
        .user_id
        .text(|id| id.parse().ok(), ApiError::InvalidUserId)?;
    let user_id = match user_id {
        Some(user_id) => set_role(&app, user_id, &command).await?,
        None if command.remove.is_there() => return Err(ApiError::MissingField("user_id")),
        None => create(&app, &command).await?,
    };
    Ok(json!({ "user_id": user_id }))
}

async fn set_role(app: &App, user_id: UserId, command: &Command) -> Result<UserId, ApiError> {
    let others = [&command.email, &command.password, &command.name];
    if others.into_iter().any(Field::is_there) {
        return Err(ApiError::Internal(
            "user_id cannot be combined with email, password or name".into(),
        ));
    }
    let role = match command.remove.read::<bool>() {
        Parsed::Missing | Parsed::Value(false) => Role::Admin,
        Parsed::Value(true) => Role::User,
        Parsed::Malformed => return Err(ApiError::Internal("remove is true or false".into())),
    };
    let store = app.store().by(Some(operator(app)));
    store.set_role(user_id, role, None).await?;
    Ok(user_id)
}

async fn create(app: &App, command: &Command) -> Result<UserId, ApiError> {
    let email = command
        .email
        .text(Email::parse, ApiError::Invalid(Constraint::Email))?
        .ok_or(ApiError::MissingField("user_id or email"))?;
    let password = command
        .password
        .text(Password::parse, ApiError::Invalid(Constraint::Password))?
        .ok_or(ApiError::MissingField("password"))?;
    let name = command
        .name
        .text(Name::parse, ApiError::Invalid(Constraint::Name))?
        .or_else(|| Name::parse(NAME))
        .ok_or(ApiError::MissingField("name"))?;
    let hash = password::hash(password).await?;
    let admin = User::account(name, email, hash, Role::Admin, app.now());
    let store = app.store().by(Some(operator(app)));
    store.sign_up(&admin).await?;
    Ok(admin.user_id)
}

/// Who may invoke this function is known to the AWS account, and not to it.
fn operator(app: &App) -> Author {
    Author {
        by: None,
        at: app.now(),
    }
}

/// The fields of an event.
const FIELDS: [&str; 5] = ["user_id", "remove", "email", "password", "name"];

/// The event: a user who exists, or one to be made.
#[derive(Deserialize)]
struct Command {
    user_id: Field,
    remove: Field,
    email: Field,
    password: Field,
    name: Field,
}
