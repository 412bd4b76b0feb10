//! `rotate-keys`: replaces the key that signs tokens. No route leads here. A schedule invokes it
//! once a day, and whoever runs the deployment may.
//!
//! A new key is published five minutes before it signs. Tokens of the old one stay good to their
//! end; its public half is kept that long, its private half until the first invocation after the
//! new one has begun to sign.
//!
//! - Without a command, as the schedule invokes it, it publishes a key when the newest one is
//!   `KeyRotationDays` old, give or take half a day. Doubled events find a young key.
//! - `{"now": true}` publishes one whatever the age of the newest, unless one is published
//!   already that has not begun to sign.
//! - `{"revoke": "<kid>"}` is for a key that has leaked: whatever it has signed is void, for every
//!   instance within five minutes. If it is the one that signs, the next one, or a new one, signs
//!   at once; who signs learns of it within a minute, and what is signed until then is void, too.
//!   Whoever had such a token logs in again, and a guest can with their id; sessions in queues
//!   stay, and joining again with the `Idempotency-Key` gives their token back.
//!
//! It answers with the `kid` that signs, the `next` one and from when, and all public `keys`.
//! Costs 2 RRU, and 4 WRU when something changes (2 more for each KB of public keys beyond the
//! first). Before the first token was signed there are no keys, and nothing to do.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    app::App,
    domain::signing::{Keys, Rotation},
    error::ApiError,
    http::{self, Field, Parsed, Seconds},
    jiff::{SignedDuration, Timestamp},
};

/// Does what is due or was ordered, and answers which keys there are then.
pub async fn handle(app: App, event: Value, _deadline: Timestamp) -> Result<Value, ApiError> {
    let command: Command = http::event(&event)?;
    let rotation = rotation(&command, app.config().key_rotation_days)?;
    let keys = app.keyring().rotate(&rotation, app.now()).await?;
    let named = keys.map(Named::from).unwrap_or_default();
    serde_json::to_value(named).map_err(|error| ApiError::Internal(error.into()))
}

fn rotation(command: &Command, days: u32) -> Result<Rotation, ApiError> {
    use Parsed::{Malformed, Missing, Value};
    let wrong = |why: &'static str| Err(ApiError::Internal(why.into()));
    match (command.now.read::<bool>(), command.revoke.read::<String>()) {
        (Malformed, _) => wrong("now is true or false"),
        (_, Malformed) => wrong("revoke is the kid of a key"),
        (Value(_), Value(_)) => wrong("now and revoke each stand alone"),
        (Missing, Value(kid)) => Ok(Rotation::Revoke(kid)),
        (Value(true), Missing) => Ok(Rotation::Now),
        (Value(false) | Missing, Missing) => {
            let age = SignedDuration::from_hours(i64::from(days) * 24);
            Ok(Rotation::WhenOlderThan(age))
        }
    }
}

/// What a schedule sends has neither.
#[derive(Deserialize)]
struct Command {
    now: Field,
    revoke: Field,
}

/// The keys there are, by their names.
#[derive(Default, Serialize)]
struct Named {
    kid: Option<String>,
    next: Option<Next>,
    keys: Vec<String>,
}

#[derive(Serialize)]
struct Next {
    kid: String,
    signs_from: Seconds,
}

impl From<Keys> for Named {
    fn from(keys: Keys) -> Self {
        Self {
            kid: Some(keys.signing.current.kid),
            next: keys.signing.next.map(|next| Next {
                kid: next.key.kid,
                signs_from: Seconds(next.signs_from),
            }),
            keys: keys.public.into_iter().map(|key| key.kid).collect(),
        }
    }
}
