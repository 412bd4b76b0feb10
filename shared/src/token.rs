//! Tokens: JWTs signed with Ed25519.
//!
//! A queue token names a session, an access token a user. Both say when they expire, which is
//! compared with the app's clock, not with the library's. Which algorithm counts is our choice,
//! never the token's.

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

/// What is asked of a token besides its signature. The audience decides which claims there are,
/// and the expiry is compared with our clock.
static VALIDATION: LazyLock<Validation> = LazyLock::new(|| {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    validation.validate_aud = false;
    validation.validate_exp = false;
    validation
});

/// How long a guest's access token lives: as long as they may want to come back, because they
/// have no password to log in with.
const GUEST_ACCESS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long that of a user with a password lives.
const ACCOUNT_ACCESS: SignedDuration = SignedDuration::from_hours(12);

/// How long a token lives at most.
pub const MAX_TOKEN_LIFETIME: SignedDuration =
    longer(QUEUE_TOKEN, longer(GUEST_ACCESS, ACCOUNT_ACCESS));

const fn longer(one: SignedDuration, other: SignedDuration) -> SignedDuration {
    if one.as_secs() < other.as_secs() {
        other
    } else {
        one
    }
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "aud", rename_all = "lowercase")]
pub enum Claims {
    /// A passage through a queue.
    Queue(QueueClaims),
    /// A user.
    Access(AccessClaims),
}

/// What a queue token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueClaims {
    /// The user.
    pub sub: UserId,
    /// The queue.
    pub queue: QueueId,
    /// The number drawn, from which anybody can compute the place, or the entry in the draw that
    /// decides about it.
    #[serde(flatten)]
    pub ticket: Ticket,
    /// The session.
    pub jti: SessionId,
    /// The user's generation of tokens. One of an earlier generation keeps its place in the line,
    /// and is refused where money or the user is concerned. Tokens from before they said so have
    /// the first one.
    #[serde(default)]
    pub generation: u32,
    /// When it was issued, in seconds.
    pub iat: i64,
    /// When it expires, in seconds.
    pub exp: i64,
}

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// The user.
    pub sub: UserId,
    /// The user's generation of tokens: logging out ends all of it.
    pub generation: u32,
    /// When it was issued, in seconds.
    pub iat: i64,
    /// When it expires, in seconds.
    pub exp: i64,
}

impl Claims {
    /// The token of a session, of the user's current generation.
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

    /// An access token of a user, which expires [`access_until`] then.
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

/// When an access token expires that a user gets now: in 30 days for a guest, in 12 hours for
/// somebody with a password.
pub fn access_until(user: &User, now: Timestamp) -> Timestamp {
    let lives = if user.is_guest() {
        GUEST_ACCESS
    } else {
        ACCOUNT_ACCESS
    };
    now.saturating_add(lives).unwrap_or(Timestamp::MAX)
}

/// The name of the key that a token says it was signed with.
pub fn kid(token: &str) -> Option<String> {
    jsonwebtoken::decode_header(token).ok()?.kid
}

/// What a token says, if it was signed with this key and has not expired.
pub fn read(token: &str, key: &DecodingKey, now: Timestamp) -> Option<Claims> {
    let claims = jsonwebtoken::decode::<Claims>(token, key, &VALIDATION)
        .ok()?
        .claims;
    (now.as_second() < claims.expires_at()).then_some(claims)
}

/// Signs a token with the key of that name.
pub fn write(claims: &Claims, kid: String, key: &EncodingKey) -> Result<String, errors::Error> {
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(kid);
    jsonwebtoken::encode(&header, claims, key)
}
