//! Users: an address is one user's, guesses are counted, and a change is made to what was read.

use serde_json::json;
use shared::{
    domain::user::{Email, Name, PasswordHash, User},
    futures_util::future::join_all,
};

use super::store;
use crate::harness::{PASSWORD, Shop};

guarded! {
    a_user_is_not_replaced: ("Users", "attribute_not_exists(id)");
    an_address_is_one_users: ("Users", "attribute_not_exists(id)");
    an_address_taken_meanwhile_is_not_taken_over: ("Users", "attribute_not_exists(id)");
    first_guesses_at_once_are_all_counted: ("Users", "attribute_not_exists(attempts)");
    guesses_at_once_do_not_pass_the_limit: ("Users", "attempts.#count < :most");
    two_changes_of_an_account_at_once_are_one: ("Users", "generation = :seen");
    a_change_does_not_outlive_its_token: ("Users", "generation = :seen");
    a_guest_becomes_an_account_once: ("Users", "attribute_not_exists(password_hash)");
    nobody_becomes_no_administrator: ("Users", "attribute_exists(id)");
}

async fn a_user_is_not_replaced(shop: &Shop) -> bool {
    let user = User::guest(Name::parse("김민수").expect("a name"), shop.now());
    let store = store(shop).await;
    // The account of the first sign-up is a guard of its own.
    shop.stack
        .strip_condition("Accounts", "attribute_not_exists(entry)");
    store.sign_up(&user).await.expect("a new user");
    store.sign_up(&user).await.is_err()
}

async fn an_address_is_one_users(shop: &Shop) -> bool {
    let sign_ups = (0..3).map(|_| shop.sign_up_with("mina@example.com", PASSWORD));
    let replies = join_all(sign_ups).await;
    let signed_up = replies.iter().filter(|reply| reply.status == 201);
    signed_up.count() == 1
}

async fn an_address_taken_meanwhile_is_not_taken_over(shop: &Shop) -> bool {
    let (one, other) = (
        shop.account("one@example.com").await,
        shop.account("other@example.com").await,
    );
    let seen = user(shop, &one.user_id).await;
    let changed = with_address(&seen, "other@example.com");
    let done = store(shop).await.change_credentials(&seen, &changed).await;
    let logged_in = shop.log_in("other@example.com", PASSWORD).await.ok();
    done.is_err() && logged_in["user_id"] == other.user_id
}

async fn first_guesses_at_once_are_all_counted(shop: &Shop) -> bool {
    eleven_guesses_at_once(shop).await == 10
}

async fn guesses_at_once_do_not_pass_the_limit(shop: &Shop) -> bool {
    eleven_guesses_at_once(shop).await == 10
}

/// How many of eleven wrong passwords are heard.
async fn eleven_guesses_at_once(shop: &Shop) -> usize {
    let account = shop.account("mina@example.com").await;
    let guesses = (0..11).map(|_| shop.log_in(&account.email, "not the password"));
    let replies = join_all(guesses).await;
    replies.iter().filter(|reply| reply.status == 401).count()
}

/// Otherwise the first one's address would stay somebody's who has another one.
async fn two_changes_of_an_account_at_once_are_one(shop: &Shop) -> bool {
    let account = shop.account("mina@example.com").await;
    let seen = user(shop, &account.user_id).await;
    let store = store(shop).await;
    let mut written = 0;
    for email in ["one@example.com", "other@example.com"] {
        let changed = with_address(&seen, email);
        let done = store.change_credentials(&seen, &changed).await;
        written += u32::from(done.is_ok());
    }
    written == 1
}

/// Otherwise whoever logs out on seeing that somebody else has their token would be too late.
async fn a_change_does_not_outlive_its_token(shop: &Shop) -> bool {
    let account = shop.account("mina@example.com").await;
    let seen = user(shop, &account.user_id).await;
    let out = shop.post("/v1/auth/logout").token(&account.access_token);
    out.send().await.ok();
    let changed = with_address(&seen, "other@example.com");
    let done = store(shop).await.change_credentials(&seen, &changed).await;
    done.is_err()
}

async fn a_guest_becomes_an_account_once(shop: &Shop) -> bool {
    let guest = shop.guest().await;
    let seen = user(shop, &guest.user_id).await;
    let store = store(shop).await;
    let mut written = 0;
    for email in ["one@example.com", "other@example.com"] {
        let changed = User {
            generation: seen.generation,
            password_hash: Some(PasswordHash::new("a hash".to_owned())),
            ..with_address(&seen, email)
        };
        let done = store.change_credentials(&seen, &changed).await;
        written += u32::from(done.is_ok());
    }
    written == 1
}

async fn nobody_becomes_no_administrator(shop: &Shop) -> bool {
    let nobody = "11111111-1111-4111-8111-111111111111";
    let order = json!({ "user_id": nobody });
    shop.invoke("make-admin", &order).await;
    let read = store(shop).await.user(nobody.parse().expect("an id")).await;
    matches!(read, Ok(None))
}

/// A user, as a request reads them.
async fn user(shop: &Shop, user_id: &str) -> User {
    let read = store(shop)
        .await
        .user(user_id.parse().expect("an id"))
        .await;
    read.expect("an answer").expect("a user")
}

/// The same user with another address, as an account changes it.
fn with_address(seen: &User, email: &str) -> User {
    User {
        email: Email::parse(email),
        generation: seen.generation + 1,
        ..seen.clone()
    }
}
