//! Tokens: JWTs signed with Ed25519.
//!
//! A queue token names a session, an access token a user. Both have an expiry, which is compared
//! with the app's clock, not with the library's. We decide the algorithm, never the token.

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors};
use serde::{Deserialize, Serialize};

use crate::domain::{
    ids::{QueueId, SessionId, UserId},
    queue::Ticket,
    session::{QUEUE_TOKEN, Session},
    user::User,
};

/// What is checked of a token besides its signature. The audience decides which claims there are.
/// The expiry is compared with our clock.
static VALIDATION: LazyLock<Validation> = LazyLock::new(|| {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    validation.validate_aud = false;
    validation.validate_exp = false;
    validation
});

/// How long a guest's access token lives: as long as they may want to come back, because they have
/// no password to log in with.
const GUEST_ACCESS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long the access token of a user with a password lives.
const ACCOUNT_ACCESS: SignedDuration = SignedDuration::from_hours(12);

/// The longest that a token lives.
pub const MAX_TOKEN_LIFETIME: SignedDuration =
    longer(QUEUE_TOKEN, longer(GUEST_ACCESS, ACCOUNT_ACCESS));

const fn longer(one: SignedDuration, other: SignedDuration) -> SignedDuration {
    if one.as_secs() < other.as_secs() {
        other
    } else {
        one
    }
}

/// The content of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "aud", rename_all = "lowercase")]
pub enum Claims {
    /// A session.
    Queue(QueueClaims),
    /// A user.
    Access(AccessClaims),
}

/// The content of a queue token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueClaims {
    /// The user.
    pub sub: UserId,
    /// The queue.
    pub queue: QueueId,
    /// The number, from which anyone can compute the place, or the early entry that gets a number
    /// in the draw.
    #[serde(flatten)]
    pub ticket: Ticket,
    /// The session.
    pub jti: SessionId,
    /// The user's generation of tokens. A token of an earlier generation keeps its place in the
    /// line, and is refused for money and for the user. Tokens from before this claim existed have
    /// the first generation.
    #[serde(default)]
    pub generation: u32,
    /// When it was issued, in seconds.
    pub iat: i64,
    /// When it expires, in seconds.
    pub exp: i64,
}

/// The content of an access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// The user.
    pub sub: UserId,
    /// The user's generation of tokens. A log-out ends all tokens of it.
    pub generation: u32,
    /// When it was issued, in seconds.
    pub iat: i64,
    /// When it expires, in seconds.
    pub exp: i64,
}

impl Claims {
    /// The token of a session, with the user's current generation.
    pub fn of_session(session: &Session, generation: u32) -> Self {
        Self::Queue(QueueClaims {
            sub: session.user_id,
            queue: session.queue_id.clone(),
            ticket: session.ticket,
            jti: session.jti,
            generation,
            iat: session.issued_at().as_second(),
            exp: session.expires_at.as_second(),
        })
    }

    /// An access token of a user, which expires at [`access_until`].
    pub fn of_user(user: &User, now: Timestamp) -> Self {
        Self::Access(AccessClaims {
            sub: user.user_id,
            generation: user.generation,
            iat: now.as_second(),
            exp: access_until(user, now).as_second(),
        })
    }

    fn expires_at(&self) -> i64 {
        match self {
            Self::Queue(claims) => claims.exp,
            Self::Access(claims) => claims.exp,
        }
    }
}

/// When an access token that is issued now expires: in 30 days for a guest, in 12 hours for a user
/// with a password.
pub fn access_until(user: &User, now: Timestamp) -> Timestamp {
    let lives = if user.is_guest() {
        GUEST_ACCESS
    } else {
        ACCOUNT_ACCESS
    };
    now.saturating_add(lives).unwrap_or(Timestamp::MAX)
}

/// The name of the key with which a token says that it was signed.
pub fn kid(token: &str) -> Option<String> {
    jsonwebtoken::decode_header(token).ok()?.kid
}

/// The content of a token, if it was signed with this key and has not expired.
pub fn read(token: &str, key: &DecodingKey, now: Timestamp) -> Option<Claims> {
    let claims = jsonwebtoken::decode::<Claims>(token, key, &VALIDATION)
        .ok()?
        .claims;
    unexpired(claims, now)
}

/// The content of a token, unless the token has expired.
pub fn unexpired(claims: Claims, now: Timestamp) -> Option<Claims> {
    (now.as_second() < claims.expires_at()).then_some(claims)
}

/// Signs a token with the key of this name.
pub fn write(claims: &Claims, kid: String, key: &EncodingKey) -> Result<String, errors::Error> {
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(kid);
    jsonwebtoken::encode(&header, claims, key)
}
