//! `GET /v1/auth/keys`: the public keys of our tokens, as a JSON Web Key Set (RFC 7517, RFC 8037).

use serde::Serialize;
use shared::{
    app::App,
    error::ApiError,
    http::{ResponseParts as _, ok},
    lambda_http::{Body, Request, Response, http::header::CACHE_CONTROL},
    store::signing_keys::PublicKey,
};

#[derive(Serialize)]
struct KeySet {
    keys: Vec<Jwk>,
}

#[derive(Serialize)]
struct Jwk {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    kid: String,
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

/// Answers with every key whose tokens may still be good.
pub async fn handle(app: App, _: Request) -> Result<Response<Body>, ApiError> {
    let keys = app.keyring().public_keys(app.now()).await?;
    let keys = keys.into_iter().map(Jwk::from).collect();
    Ok(ok(&KeySet { keys })?.with(CACHE_CONTROL, "public, max-age=60"))
}
