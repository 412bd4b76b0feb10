//! `GET /v1/auth/keys`: the public keys of our tokens, as a JSON Web Key Set (RFC 7517, RFC 8037).

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

/// Answers with every key whose tokens may still be good.
pub async fn handle(app: App, _: Request) -> Result<Response<Body>, ApiError> {
    let keys = app.keyring().public_keys(app.now()).await?;
    let keys = keys.into_iter().map(Jwk::from).collect();
    Ok(ok(&KeySet { keys })?.with(CACHE_CONTROL, "public, max-age=60"))
}

/// A JSON Web Key Set.
#[derive(Serialize, ToSchema)]
pub struct KeySet {
    /// Every key whose tokens may still be good.
    keys: Vec<Jwk>,
}

/// A public key.
#[derive(Serialize, ToSchema)]
pub struct Jwk {
    /// The kind of key: `OKP`.
    kty: &'static str,
    /// The curve: `Ed25519`.
    crv: &'static str,
    /// The algorithm: `EdDSA`.
    alg: &'static str,
    /// What it is for: `sig`.
    #[serde(rename = "use")]
    usage: &'static str,
    /// Its name, which the header of a token carries.
    kid: String,
    /// The key, base64url without padding.
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

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("The public keys of the tokens", Door::Nobody).answers::<KeySet>(
        200,
        "The keys.",
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
