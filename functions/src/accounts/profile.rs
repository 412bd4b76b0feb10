//! A user, as the API shows them.

use serde::Serialize;
use serde_json::{Value, json};
use shared::{
    domain::{
        ids::UserId,
        user::{Email, Name, Role, User},
    },
    http::Seconds,
};
use utoipa::ToSchema;

/// A user.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub struct Profile {
    /// The user's id. For a guest it is their only secret.
    user_id: UserId,
    /// The user's name.
    name: Name,
    /// The user's e-mail address. `null` for a guest.
    #[schema(required)]
    email: Option<Email>,
    /// The user's role.
    role: Role,
    /// The time when the user signed up.
    created_at: Seconds,
}

impl Profile {
    /// An example for the OpenAPI document.
    pub fn example() -> Value {
        json!({
            "user_id": "3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11",
            "name": "김민수",
            "email": "mina@example.com",
            "role": "user",
            "created_at": "2026-11-20T03:00:00Z",
        })
    }
}

impl From<User> for Profile {
    fn from(user: User) -> Self {
        Self {
            user_id: user.user_id,
            name: user.name,
            email: user.email,
            role: user.role,
            created_at: Seconds(user.created_at),
        }
    }
}
