//! How a user is shown, to themselves and to administrators.

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
    /// Who. A guest's id is their only secret.
    user_id: UserId,
    /// What to call them.
    name: Name,
    /// The e-mail address; a guest has none.
    #[schema(required)]
    email: Option<Email>,
    /// What they may do.
    role: Role,
    /// When they signed up.
    created_at: Seconds,
}

impl Profile {
    /// One, as the specification shows it.
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
