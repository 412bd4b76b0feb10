//! Tokens: only signed ones are read, with the claims that were signed, however they are changed on
//! the way.

#![no_main]

use std::sync::LazyLock;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, EncodingKey};
use libfuzzer_sys::fuzz_target;
use shared::{
    jiff::Timestamp,
    token::{self, AccessClaims, Claims},
};

struct Signed {
    key: DecodingKey,
    token: String,
    claims: Claims,
}

static SIGNED: LazyLock<Signed> = LazyLock::new(|| {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a key pair");
    let public = BASE64_URL_SAFE_NO_PAD.encode(pair.public_key());
    let private = pair.to_pkcs8().expect("a private key");
    let claims = Claims::Access(AccessClaims {
        sub: "0197b1d6-0000-7000-8000-000000000001"
            .parse()
            .expect("an id"),
        generation: 3,
        iat: 0,
        exp: i64::MAX,
    });
    let key = EncodingKey::from_ed_der(private.as_ref());
    Signed {
        key: DecodingKey::from_ed_components(&public).expect("a key"),
        token: token::write(&claims, "kid".to_owned(), &key).expect("a token"),
        claims,
    }
});

/// A changed token: the bytes between two positions are replaced.
fn changed(token: &str, from: u16, to: u16, by: &str) -> String {
    let from = usize::from(from) % (token.len() + 1);
    let to = usize::from(to) % (token.len() + 1);
    format!("{}{by}{}", &token[..from.min(to)], &token[from.max(to)..])
}

fuzz_target!(|input: (u16, u16, &str)| {
    let (from, to, by) = input;
    let Signed { key, token, claims } = &*SIGNED;
    for forged in [by.to_owned(), changed(token, from, to, by)] {
        let _ = token::kid(&forged);
        if let Some(read) = token::read(&forged, key, Timestamp::UNIX_EPOCH) {
            assert_eq!(&read, claims, "{forged}");
        }
    }
});
