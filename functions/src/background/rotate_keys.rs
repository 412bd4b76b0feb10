//! `rotate-keys`: replaces the key that signs tokens. No route leads here. A schedule invokes it
//! once a day, and an operator may.
//!
//! A new key is published five minutes before it signs. Tokens of the old key stay good until they
//! expire. Its public half is kept that long. Its private half is kept until the first invocation
//! after the new key has begun to sign.
//!
//! - Without a command, as from the schedule, it publishes a new key if the newest one is
//!   `KeyRotationDays` old, give or take half a day. A doubled event finds a young key.
//! - `{"now": true}` publishes a new key whatever the age of the newest. If a key is published that
//!   does not sign yet, nothing happens.
//! - `{"revoke": "<kid>"}` is for a key that has leaked. Everything that it has signed becomes
//!   void: at every instance within five minutes. If it is the key that signs now, the next one, or
//!   a new one, signs at once. Instances learn of it within a minute, and what they sign with the
//!   old key until then is void too. A user with such a token logs in again; a guest can with their
//!   id. Sessions in queues stay, and joining again with the `Idempotency-Key` returns their token.
//!
//! The answer has the `kid` of the key that signs, the `next` one with the time from which it
//! signs, and the `kid` of all public `keys`.
//!
//! Cost: 2 RRU, and 4 WRU if something changes (2 WRU more for each KB of public keys beyond the
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

/// Does what is due or ordered. Answers with the keys.
pub async fn handle(app: App, event: Value, _deadline: Timestamp) -> Result<Value, ApiError> {
    let command: Command = http::event(&event)?;
    let rotation = rotation(&command, app.config().key_rotation_days)?;
    let keys = app.keyring().rotate(&rotation, app.now()).await?;
    let ids = keys.map(KeyIds::from).unwrap_or_default();
    serde_json::to_value(ids).map_err(|error| ApiError::Internal(error.into()))
}

fn rotation(command: &Command, days: u32) -> Result<Rotation, ApiError> {
    use Parsed::{Malformed, Missing, Value};
    let refused = |why: &'static str| Err(ApiError::Internal(why.into()));
    match (command.now.read::<bool>(), command.revoke.read::<String>()) {
        (Malformed, _) => refused("now is true or false"),
        (_, Malformed) => refused("revoke is the kid of a key"),
        (Value(_), Value(_)) => refused("now and revoke each stand alone"),
        (Missing, Value(kid)) => Ok(Rotation::Revoke(kid)),
        (Value(true), Missing) => Ok(Rotation::Now),
        (Value(false) | Missing, Missing) => {
            let age = SignedDuration::from_hours(i64::from(days) * 24);
            Ok(Rotation::WhenOlderThan(age))
        }
    }
}

/// The event. That of a schedule has neither field.
#[derive(Deserialize)]
struct Command {
    now: Field,
    revoke: Field,
}

/// The answer: the keys by their ids.
#[derive(Default, Serialize)]
struct KeyIds {
    kid: Option<String>,
    next: Option<Next>,
    keys: Vec<String>,
}

#[derive(Serialize)]
struct Next {
    kid: String,
    signs_from: Seconds,
}

impl From<Keys> for KeyIds {
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
