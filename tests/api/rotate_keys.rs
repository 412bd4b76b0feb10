//! `rotate-keys`: replaces keys automatically.

use serde_json::{Value, json};
use shared::futures_util::future::join_all;

use crate::harness::{
    Guest, Shop,
    refusal::INVALID_TOKEN,
    text,
    tokens::{self, claims},
};

const DAY: u64 = 86_400;

/// A shop whose scheduler lets nobody in, so that days pass quickly, and a guest, for whom the
/// first key was made.
async fn shop_and_guest(parameters: &[(&str, &str)]) -> (Shop, Guest) {
    let shop = Shop::without_schedule(parameters).await;
    let guest = shop.guest().await;
    (shop, guest)
}

/// The name of the key that signed a guest's token.
fn kid(guest: &Guest) -> String {
    text(&tokens::read(&guest.access_token).0["kid"])
}

impl Shop {
    async fn rotate(&self, order: &Value) -> Value {
        let reply = self.invoke("rotate-keys", order).await;
        assert_eq!(reply.header("x-amz-function-error"), "", "{order}");
        reply.ok()
    }

    /// Publishes a new key, and returns its name.
    async fn publish(&self) -> String {
        text(&self.rotate(&json!({ "now": true })).await["next"]["kid"])
    }

    /// The name of the key that signs now.
    async fn signing(&self) -> String {
        kid(&self.guest().await)
    }

    /// The names of the public keys.
    async fn published(&self) -> Vec<String> {
        let keys = self.get("/v1/auth/keys").send().await.ok();
        let keys = keys["keys"].as_array().expect("keys");
        keys.iter().map(|key| text(&key["kid"])).collect()
    }

    /// Calls an endpoint that is open to everybody with a valid token.
    async fn is_known(&self, guest: &Guest) -> bool {
        let path = format!("/v1/users/{}/balance", guest.user_id);
        let reply = self.get(&path).send_as(&guest.access_token).await;
        if reply.status != 200 {
            reply.is(INVALID_TOKEN);
            return false;
        }
        true
    }
}

#[tokio::test]
async fn key_is_published_five_minutes_before_it_signs() {
    let (shop, guest) = shop_and_guest(&[]).await;
    let old = kid(&guest);
    assert!(shop.is_known(&guest).await);
    assert_eq!(shop.published().await, [old.as_str()]);
    shop.advance(10).await;

    let rotated = shop.rotate(&json!({ "now": true })).await;
    let new = text(&rotated["next"]["kid"]);
    assert_eq!(
        rotated,
        json!({
            "kid": old,
            "next": { "kid": new, "signs_from": shop.in_seconds(300) },
            "keys": [old, new],
        })
    );
    assert_eq!(shop.published().await, [old.clone(), new.clone()]);
    for _ in 0..10 {
        assert_eq!(shop.signing().await, old);
        shop.advance(29).await;
    }
    shop.advance(9).await;
    assert_eq!(shop.signing().await, old, "a second before");
    shop.advance(1).await;
    let newcomer = shop.guest().await;
    assert_eq!(kid(&newcomer), new);
    let buyer = shop.join(&newcomer).await;
    assert_eq!(tokens::read(&buyer.token).0["kid"], json!(new));
    assert!(shop.is_known(&newcomer).await, "by whom knew the old key");
    assert!(shop.is_known(&guest).await, "as before");
    assert_eq!(shop.published().await, [old, new]);
}

/// The last token that the old key signs is a guest's, which lives for 30 days.
#[tokio::test]
async fn tokens_of_an_old_key_stay_good_to_their_end() {
    let (shop, guest) = shop_and_guest(&[("KeyRotationDays", "365")]).await;
    let old = kid(&guest);
    let new = shop.publish().await;
    shop.advance(299).await;
    let last = shop.guest().await;
    assert_eq!(kid(&last), old);
    shop.advance(1).await;
    let tidied = shop.rotate(&json!({})).await;
    assert_eq!(
        tidied,
        json!({ "kid": new, "next": null, "keys": [old, new] }),
        "nothing is left of the old key but its public half"
    );

    shop.advance(30 * DAY - 301).await;
    assert!(shop.is_known(&guest).await);
    shop.advance(1).await;
    assert!(!shop.is_known(&guest).await, "30 days");
    shop.advance(298).await;
    shop.rotate(&json!({})).await;
    assert!(shop.is_known(&last).await);
    assert_eq!(shop.published().await, [old.clone(), new.clone()]);
    shop.advance(1).await;
    assert!(!shop.is_known(&last).await);

    shop.advance(DAY).await;
    assert_eq!(shop.published().await, [new], "the schedule has been there");
}

#[tokio::test]
async fn schedule_replaces_a_key_when_it_is_old() {
    let (shop, guest) = shop_and_guest(&[("KeyRotationDays", "3")]).await;
    let mut keys = vec![kid(&guest)];
    for since_it_was_made in [0, 300, 300] {
        shop.advance(3 * DAY - since_it_was_made - 1).await;
        assert_eq!(shop.signing().await, keys[keys.len() - 1]);
        assert_eq!(shop.published().await, keys);
        shop.advance(1).await;
        // As if the schedule called twice.
        shop.rotate(&json!({})).await;
        shop.advance(299).await;
        assert_eq!(shop.signing().await, keys[keys.len() - 1]);
        shop.advance(1).await;
        let new = shop.signing().await;
        assert!(!keys.contains(&new));
        keys.push(new);
        assert_eq!(shop.published().await, keys);
    }
}

#[tokio::test]
async fn rotations_at_once_make_one_key() {
    crate::harness::in_virtual_time();
    let (shop, guest) = shop_and_guest(&[]).await;
    let now = json!({ "now": true });
    for round in 2..=3 {
        let rotations = join_all((0..8).map(|_| shop.rotate(&now))).await;
        for rotated in &rotations {
            assert_eq!(rotated, &rotations[0]);
        }
        assert_eq!(rotations[0]["keys"].as_array().map(Vec::len), Some(round));
        shop.advance(299).await;
        assert_eq!(shop.rotate(&now).await, rotations[0], "none beside it");
        shop.advance(1).await;
        assert_eq!(json!(shop.signing().await), rotations[0]["next"]["kid"]);
        assert!(shop.is_known(&guest).await);
    }
}

#[tokio::test]
async fn does_nothing_before_the_first_key() {
    let shop = Shop::open().await;
    for order in [json!({}), json!({ "now": true }), json!({ "revoke": "x" })] {
        let none = json!({ "kid": null, "next": null, "keys": [] });
        assert_eq!(shop.rotate(&order).await, none);
    }
    let guest = shop.guest().await;
    assert_eq!(shop.published().await, [kid(&guest)]);
    assert!(shop.is_known(&guest).await);
}

#[tokio::test]
async fn tokens_of_a_revoked_key_are_void_within_five_minutes() {
    let (shop, guest) = shop_and_guest(&[]).await;
    let leaked = kid(&guest);
    shop.advance(60).await;
    assert!(shop.is_known(&guest).await);
    // An instance that sees no other tokens.
    let profile = format!("/v1/users/{}", guest.user_id);
    let look = || shop.get(&profile).send_as(&guest.access_token);
    look().await.ok();
    shop.advance(10).await;

    let revoked = shop.rotate(&json!({ "revoke": leaked })).await;
    let new = text(&revoked["kid"]);
    assert_eq!(
        revoked,
        json!({ "kid": new, "next": null, "keys": [new] }),
        "it signs at once"
    );
    assert_eq!(shop.published().await, [new.as_str()]);
    shop.advance(60).await;
    let log_in = shop.post("/v1/auth/login");
    let log_in = log_in.json(&json!({ "user_id": guest.user_id }));
    let again = Guest {
        access_token: text(&log_in.send().await.ok()["token"]),
        ..guest.clone()
    };
    assert_eq!(kid(&again), new);
    assert!(shop.is_known(&again).await, "an unknown key makes one look");
    assert!(!shop.is_known(&guest).await, "where the other is no more");
    shop.advance(240).await;
    look().await.is(INVALID_TOKEN);
}

#[tokio::test]
async fn published_key_takes_over_from_a_revoked_one_and_may_be_revoked_itself() {
    let (shop, guest) = shop_and_guest(&[]).await;
    let old = kid(&guest);
    let next = shop.publish().await;
    let revoked = shop.rotate(&json!({ "revoke": next })).await;
    assert_eq!(
        revoked,
        json!({ "kid": old, "next": null, "keys": [old] }),
        "the old one goes on"
    );
    shop.advance(300).await;
    assert_eq!(shop.signing().await, old);

    let next = shop.publish().await;
    let revoked = shop.rotate(&json!({ "revoke": old })).await;
    assert_eq!(
        revoked,
        json!({ "kid": next, "next": null, "keys": [next] }),
        "before its time"
    );
    shop.advance(60).await;
    let newcomer = shop.guest().await;
    assert_eq!(kid(&newcomer), next);
    assert!(shop.is_known(&newcomer).await);
    assert!(!shop.is_known(&guest).await);
}

#[tokio::test]
async fn explains_a_malformed_command_and_changes_nothing() {
    let (shop, guest) = shop_and_guest(&[]).await;
    for (order, why) in [
        (json!(7), "The request body is empty or malformed."),
        (json!({ "now": "yes" }), "now is true or false"),
        (json!({ "revoke": 7 }), "revoke is the kid of a key"),
        (
            json!({ "now": true, "revoke": kid(&guest) }),
            "now and revoke each stand alone",
        ),
        (json!({ "revoke": "x" }), "there is no key of that name"),
    ] {
        let reply = shop.invoke("rotate-keys", &order).await;
        assert_eq!(reply.header("x-amz-function-error"), "Unhandled", "{order}");
        let said = text(&reply.ok()["errorMessage"]);
        assert!(said.contains(why), "{order}: {said}");
    }
    for order in [json!({}), json!({ "now": false }), json!({ "now": null })] {
        let same = json!({ "kid": kid(&guest), "next": null, "keys": [kid(&guest)] });
        assert_eq!(shop.rotate(&order).await, same, "{order}");
    }
}

/// Public keys are kept as long as access tokens live, which must be long enough for queue tokens.
#[tokio::test]
async fn tokens_live_no_longer_than_a_guests_access_token() {
    let longest = [
        ("HoldSeconds", "840"),
        ("ClaimSeconds", "3590"),
        ("ActiveSeconds", "3600"),
    ];
    let shop = Shop::open_with(&longest).await;
    let buyer = shop.buyer().await;
    let account = shop.account("mina@example.com").await;
    let lives = |token: &str| {
        let claims = claims(token);
        claims["exp"].as_i64().expect("a time") - claims["iat"].as_i64().expect("a time")
    };
    let guests = lives(&buyer.access_token);
    assert_eq!(guests, 30 * 86_400);
    assert!(lives(&buyer.token) <= guests);
    assert!(lives(&account.access_token) <= guests);
}

#[tokio::test]
async fn has_no_route() {
    let (shop, guest) = shop_and_guest(&[]).await;
    for path in ["/rotate-keys", "/v1/rotate-keys", "/v1/auth/keys"] {
        let call = shop.post(path).token(&guest.access_token);
        let call = call.json(&json!({ "now": true }));
        call.send().await.refused(404, "NOT_FOUND");
    }
    assert_eq!(shop.published().await, [kid(&guest)]);
}
