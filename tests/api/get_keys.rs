//! `GET /v1/auth/keys`.

use serde_json::json;
use shared::domain::user::{Name, User};

use crate::harness::{Shop, text, tokens};

#[tokio::test]
async fn answers_everybody_with_the_public_key_only() {
    let shop = Shop::open().await;
    let guest = shop.guest().await;
    let reply = shop.get("/v1/auth/keys").send().await;
    assert_eq!(reply.header("cache-control"), "public, max-age=60");
    let keys = reply.ok();
    let (header, _) = tokens::read(&guest.access_token);
    assert_eq!(header["alg"], "EdDSA");
    let x = text(&keys["keys"][0]["x"]);
    assert_eq!(x.len(), 43, "32 bytes in base64url");
    assert_eq!(
        keys,
        json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
            "kid": header["kid"], "x": x,
        }] })
    );
}

/// In a new deployment that is the first function that signs, which need not be the sign-up.
#[tokio::test]
async fn first_function_that_signs_makes_the_keys() {
    let shop = Shop::empty().await;
    let name = Name::parse("김민수").expect("a name");
    let guest = User::guest(name, shop.now());
    let operator = shop.stack.operator().await;
    operator.store().sign_up(&guest).await.expect("a user");
    let keys = shop.get("/v1/auth/keys").send().await.ok();
    assert_eq!(keys, json!({ "keys": [] }));

    let join = shop.post("/v1/auth/tokens");
    let join = join.json(&json!({ "user_id": guest.user_id.to_string() }));
    let joined = join.send().await.ok();
    let (header, _) = tokens::read(joined["token"].as_str().expect("a token"));
    let keys = shop.get("/v1/auth/keys").send().await.ok();
    assert_eq!(keys["keys"][0]["kid"], header["kid"]);
}

#[tokio::test]
async fn all_functions_sign_with_one_key() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let guests = (0..8).map(|_| shop.guest());
    let guests = shared::futures_util::future::join_all(guests).await;
    let buyer = shop.buyer().await;
    let (header, _) = tokens::read(&buyer.token);
    for guest in &guests {
        assert_eq!(tokens::read(&guest.access_token).0["kid"], header["kid"]);
    }
    let keys = shop.get("/v1/auth/keys").send().await.ok();
    assert_eq!(keys["keys"].as_array().map(Vec::len), Some(1));
}
