//! The keys that sign: nothing is ever signed with a key that is not published.

use serde_json::json;
use shared::{
    domain::signing::{KeyPair, Keys, PrivateKey, PublicKey, Rotation},
    futures_util::future::join_all,
    jiff::{SignedDuration, Timestamp},
};

use super::store;
use crate::harness::{Guest, Shop};

guarded! {
    first_key_pair_stays: ("Keys", "attribute_not_exists(id)");
    two_first_rotations_at_once_are_one: ("Keys", "attribute_not_exists(version)");
    two_rotations_at_once_are_one: ("Keys", "version = :seen");
    keys_that_came_after_all_were_deleted_stay: ("Keys", "kid = :seen_kid");
}

/// The last one to write had read before there were any keys.
async fn first_key_pair_stays(shop: &Shop) -> bool {
    let store = store(shop).await;
    let users = join_all((0..8).map(|_| shop.guest())).await;
    let created = store.create_keys(key_pair("late", shop.now())).await;
    shop.advance(300).await;
    for user in &users {
        if !is_known(shop, user).await {
            return false;
        }
    }
    created.is_err()
}

async fn two_first_rotations_at_once_are_one(shop: &Shop) -> bool {
    shop.guest().await;
    rotate_twice(shop).await == 1
}

async fn two_rotations_at_once_are_one(shop: &Shop) -> bool {
    shop.guest().await;
    shop.invoke("rotate-keys", &json!({ "now": true }))
        .await
        .ok();
    rotate_twice(shop).await == 1
}

/// How many of two rotations write that have read the same keys. The public half of one of the new
/// keys would be lost.
async fn rotate_twice(shop: &Shop) -> u32 {
    let store = shop.stack.app("rotate-keys").await.store().clone();
    let seen = store.all_keys().await.expect("an answer").expect("keys");
    let later = shop.now() + SignedDuration::from_mins(5);
    let mut written = 0;
    for kid in ["one", "other"] {
        let keys = seen.rotated(
            &Rotation::Now,
            key_pair(kid, later),
            SignedDuration::from_hours(24),
            later,
        );
        let keys = keys.expect("a new key");
        written += u32::from(store.change_keys(&seen, &keys).await.is_ok());
    }
    written
}

/// As an operator may delete all keys in an emergency.
async fn keys_that_came_after_all_were_deleted_stay(shop: &Shop) -> bool {
    let store = shop.stack.app("rotate-keys").await.store().clone();
    let deleted = key_pair("deleted", shop.now());
    let seen = Keys {
        signing: deleted.private.into(),
        public: vec![deleted.public],
    };
    let guest = shop.guest().await;
    let keys = seen.rotated(
        &Rotation::Now,
        key_pair("next", shop.now()),
        SignedDuration::from_hours(24),
        shop.now(),
    );
    let keys = keys.expect("a new key");
    let changed = store.change_keys(&seen, &keys).await;
    shop.advance(300).await;
    changed.is_err() && is_known(shop, &guest).await
}

/// Whether a published key has signed the guest's token.
async fn is_known(shop: &Shop, guest: &Guest) -> bool {
    let path = format!("/v1/users/{}/balance", guest.user_id);
    let balance = shop.get(&path).send_as(&guest.access_token).await;
    balance.status == 200
}

fn key_pair(kid: &str, now: Timestamp) -> KeyPair {
    KeyPair {
        private: PrivateKey {
            kid: kid.to_owned(),
            pkcs8: String::new(),
        },
        public: PublicKey {
            kid: kid.to_owned(),
            x: String::new(),
            created_at: now,
            signs_until: None,
        },
    }
}
