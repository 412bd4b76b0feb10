//! `GET /v1/auth/keys`: the public keys of our tokens, as a JSON Web Key Set (RFC 7517, RFC 8037).
//!
//! Cost: at most 0.5 RRU per 4 KB of keys, which is two dozen.
//!
//! Round trips: none.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    domain::signing::PublicKey,
    error::ApiError,
    http::{ResponseParts as _, ok},
    lambda_http::{Body, Request, Response, http::header::CACHE_CONTROL},
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// Answers with every key whose tokens may still be valid.
pub async fn handle(app: App, _: Request) -> Result<Response<Body>, ApiError> {
    let keys = app.keyring().public_keys(app.now()).await?;
    let keys = keys.into_iter().map(Jwk::from).collect();
    Ok(ok(&KeySet { keys })?.with(CACHE_CONTROL, "public, max-age=60"))
}

/// A JSON Web Key Set (RFC 7517).
#[derive(Serialize, ToSchema)]
pub struct KeySet {
    /// Every key whose tokens may still be valid. Empty before the first token was signed.
    keys: Vec<Jwk>,
}

/// A public key (RFC 8037).
#[derive(Serialize, ToSchema)]
pub struct Jwk {
    /// The kind of key. Always `OKP`.
    kty: &'static str,
    /// The curve. Always `Ed25519`.
    crv: &'static str,
    /// The algorithm. Always `EdDSA`.
    alg: &'static str,
    /// The use of the key. Always `sig`, for signatures.
    #[serde(rename = "use")]
    usage: &'static str,
    /// The key's id. The header of each token names the key that signed it.
    kid: String,
    /// The public key: 32 bytes in base64url, without padding.
    x: String,
}

impl From<PublicKey> for Jwk {
    fn from(key: PublicKey) -> Self {
        Self {
            kty: "OKP",
            crv: "Ed25519",
            alg: "EdDSA",
            usage: "sig",
            kid: key.kid,
            x: key.x,
        }
    }
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("List the public keys of the tokens", Door::Public)
        .details(
            "For services that check tokens themselves. The answer may be kept for a minute: a \
             new key is published five minutes before it signs.",
        )
        .answers::<KeySet>(
            200,
            "The public keys.",
            json!({ "keys": [{
            "kty": "OKP",
            "crv": "Ed25519",
            "alg": "EdDSA",
            "use": "sig",
            "kid": "019a9e1c-0000-7000-8000-000000000001",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        }] }),
        )
}
