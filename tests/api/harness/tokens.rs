//! Reads tokens, and makes tokens that must be refused.

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use shared::token::Claims;

use super::{Shop, text};

/// The header and the claims of a token, without checking its signature.
pub fn read(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64url");
        serde_json::from_slice(&bytes).unwrap_or_default()
    });
    let (header, claims) = (parts.next(), parts.next());
    (header.expect("a header"), claims.expect("claims"))
}

/// The claims of a token.
pub fn claims(token: &str) -> Value {
    read(token).1
}

/// A token with this signature, which is not valid.
pub fn unsigned(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}

/// The same claims, signed with another Ed25519 key.
pub fn signed_by_a_stranger(header: &Value, claims: &Value) -> String {
    let pair = Ed25519KeyPair::generate().expect("a key pair");
    let pkcs8 = pair.to_pkcs8().expect("its encoding");
    let key = EncodingKey::from_ed_der(pkcs8.as_ref());
    signed(Algorithm::EdDSA, header, claims, &key)
}

/// The same claims, signed with a secret (HMAC) instead of a key pair.
pub fn signed_with_secret(header: &Value, claims: &Value, secret: &[u8]) -> String {
    signed(
        Algorithm::HS256,
        header,
        claims,
        &EncodingKey::from_secret(secret),
    )
}

fn signed(algorithm: Algorithm, header: &Value, claims: &Value, key: &EncodingKey) -> String {
    let mut signed = Header::new(algorithm);
    signed.kid = header["kid"].as_str().map(str::to_owned);
    jsonwebtoken::encode(&signed, claims, key).expect("a token")
}

impl Shop {
    /// A token with these claims, signed with our own key.
    pub async fn signed(&self, claims: Value) -> String {
        let claims: Claims = serde_json::from_value(claims).expect("claims");
        let app = self.stack.operator().await;
        let token = app.keyring().sign(&claims, self.now()).await;
        token.expect("a token")
    }

    /// Every kind of forgery of a token.
    pub async fn forgeries(&self, token: &str) -> Vec<(&'static str, String)> {
        let (header, claims) = read(token);
        let keys = self.get("/v1/auth/keys").send().await.ok();
        let public = text(&keys["keys"][0]["x"]);
        let raw = BASE64_URL_SAFE_NO_PAD.decode(&public).expect("base64url");
        let signature = token.rsplit('.').next().expect("a signature");
        let mut other = claims.clone();
        other["sub"] = json!("11111111-1111-4111-8111-111111111111");
        let mut unknown = header.clone();
        unknown["kid"] = json!("0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b");
        let mut expired = claims.clone();
        expired["exp"] = json!(self.now().as_second());
        let with = |name: &str, value: Value| {
            let mut header = header.clone();
            header[name] = value;
            header
        };
        let none = |name: &str| unsigned(&with("alg", json!(name)), &claims, "");
        let mut nobodys = header.clone();
        nobodys
            .as_object_mut()
            .expect("an object")
            .remove("kid")
            .expect("a kid");
        vec![
            ("not a token", "abc".to_owned()),
            ("dots", "..".to_owned()),
            ("truncated", token[..token.len() - 2].to_owned()),
            ("without its signature", format!("{}.", token.trim_end_matches(signature).trim_end_matches('.'))),
            ("alg none", none("none")),
            ("alg nOnE", none("nOnE")),
            ("alg missing", unsigned(&json!({ "kid": header["kid"] }), &claims, signature)),
            ("other claims under the same signature", unsigned(&header, &other, signature)),
            ("signed by a stranger", signed_by_a_stranger(&header, &claims)),
            ("signed by a stranger, unknown key", signed_by_a_stranger(&unknown, &claims)),
            ("no key named", signed_by_a_stranger(&nobodys, &claims)),
            ("HS256 with the public key", signed_with_secret(&header, &claims, &raw)),
            ("HS256 with the public key as text", signed_with_secret(&header, &claims, public.as_bytes())),
            ("HS256 with nothing", signed_with_secret(&header, &claims, b"")),
            ("expired this second", self.signed(expired).await),
            ("a well-known test token", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c".to_owned()),
        ]
    }
}
