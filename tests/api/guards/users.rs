//! Users: an address belongs to one user, guesses are counted, and a change requires what was read.

use serde_json::{Value, json};
use shared::{
    domain::{
        attempts::Source,
        changes::Author,
        ids::UserId,
        order::Account,
        session::Session,
        user::{Email, Name, PasswordHash, Role, User},
    },
    futures_util::future::join_all,
    store::Store,
};

use super::{session, store};
use crate::harness::{Guest, PASSWORD, Shop};

guarded! {
    user_is_not_replaced: ("Users", "attribute_not_exists(id)");
    address_belongs_to_one_user: ("Users", "attribute_not_exists(id)");
    address_taken_meanwhile_is_not_taken_over: ("Users", "attribute_not_exists(id)");
    first_guesses_at_once_are_all_counted: ("Users", "attribute_not_exists(attempts.sources)");
    guesses_at_once_do_not_pass_the_limit: ("Users", "attempts.sources.#source < :max");
    guesses_from_all_sources_at_once_do_not_pass_their_limit: ("Users", "attempts.#count < :of_all");
    two_changes_of_an_account_at_once_are_one: ("Users", "generation = :seen");
    change_does_not_outlive_its_token: ("Users", "generation = :seen");
    guest_becomes_an_account_once: ("Users", "attribute_not_exists(password_hash)");
    role_that_many_give_at_once_is_given_once: ("Users", "#role = :seen");
    administrators_do_not_take_the_role_from_each_other: ("Users", "#role = :admin");
    new_name_makes_no_user: ("Users", "attribute_exists(id)");
    right_password_twice_at_once_is_right: ("Users", "attribute_exists(attempts.sources.#source)");
    log_ins_at_once_lose_no_known_source: ("Users", "known = :seen");
    old_password_makes_no_source_known: ("Users", "password_hash = :hash");
    ended_tokens_stay_ended: ("Users", "generation = :seen");
    address_belongs_to_one_user_in_each_of_its_forms: ("Users", "attribute_not_exists(id)");
    user_with_another_address_by_now_is_not_deleted: ("Users", "generation = :seen");
    user_with_a_password_by_now_is_not_deleted: ("Users", "attribute_not_exists(password_hash)");
    user_with_money_by_now_is_not_deleted: ("Accounts", "seq = :seen");
    user_with_seats_by_now_is_not_deleted: ("Sessions", "attribute_not_exists(live_hold)");
    user_with_other_seats_by_now_is_not_deleted: ("Sessions", "live_hold.reservation_id = :reservation_id");
}

async fn user_is_not_replaced(shop: &Shop) -> bool {
    let user = User::guest(Name::parse("김민수").expect("a name"), shop.now());
    let store = store(shop).await;
    // The condition of the first sign-up's account guards it as well.
    shop.stack
        .strip_condition("Accounts", "attribute_not_exists(entry)");
    store.sign_up(&user).await.expect("a new user");
    store.sign_up(&user).await.is_err()
}

async fn address_belongs_to_one_user(shop: &Shop) -> bool {
    let sign_ups = (0..3).map(|_| shop.sign_up_with("mina@example.com", PASSWORD));
    let replies = join_all(sign_ups).await;
    let signed_up = replies.iter().filter(|reply| reply.status == 201);
    signed_up.count() == 1
}

async fn address_taken_meanwhile_is_not_taken_over(shop: &Shop) -> bool {
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

/// How many of eleven wrong passwords are checked.
async fn eleven_guesses_at_once(shop: &Shop) -> usize {
    let account = shop.account("mina@example.com").await;
    let guesses = (0..11).map(|_| shop.log_in(&account.email, "not the password"));
    let replies = join_all(guesses).await;
    replies.iter().filter(|reply| reply.status == 401).count()
}

/// Otherwise the first one's address would stay recorded for a user who has another one.
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

/// Otherwise a log-out of a user who notices that their token is stolen would come too late.
async fn change_does_not_outlive_its_token(shop: &Shop) -> bool {
    let account = shop.account("mina@example.com").await;
    let seen = user(shop, &account.user_id).await;
    let out = shop.post("/v1/auth/logout").token(&account.access_token);
    out.send().await.ok();
    let changed = with_address(&seen, "other@example.com");
    let done = store(shop).await.change_credentials(&seen, &changed).await;
    done.is_err()
}

async fn guest_becomes_an_account_once(shop: &Shop) -> bool {
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

async fn role_that_many_give_at_once_is_given_once(shop: &Shop) -> bool {
    let (admin, mina) = (shop.admin().await, shop.account("mina@example.com").await);
    let (store, user_id) = (by(shop, &admin).await, id(&mina.user_id));
    let given = (0..10).map(|_| store.set_role(user_id, Role::Admin, None));
    let given = join_all(given).await;
    let records = shop.items("Changes").await;
    let of_mina = |record: &&Value| record["user_id"] == *mina.user_id;
    given.iter().all(Result::is_ok) && records.iter().filter(of_mina).count() == 1
}

/// The second one has passed the door before the first one took their role.
async fn administrators_do_not_take_the_role_from_each_other(shop: &Shop) -> bool {
    let (one, other) = (shop.admin().await, shop.admin().await);
    let first = by(shop, &one).await;
    let second = by(shop, &other).await;
    let taken = first.set_role(id(&other.user_id), Role::User, None).await;
    taken.expect("it is taken");
    let taken = second.set_role(id(&one.user_id), Role::User, None).await;
    taken.is_err() && user(shop, &one.user_id).await.role == Role::Admin
}

/// The user has been deleted meanwhile.
async fn new_name_makes_no_user(shop: &Shop) -> bool {
    let guest = shop.guest().await;
    let seen = user(shop, &guest.user_id).await;
    delete(shop, &guest.user_id, &guest.access_token).await;
    let name = Name::parse("민아").expect("a name");
    let renamed = store(shop).await.rename(seen.user_id, &name).await;
    renamed.is_err() && shop.items("Users").await.is_empty()
}

/// Both are counted before either is found right. The later one finds nothing to forget, even if
/// the user has been deleted meanwhile.
async fn right_password_twice_at_once_is_right(shop: &Shop) -> bool {
    let account = shop.account("mina@example.com").await;
    let seen = user(shop, &account.user_id).await;
    let (store, from, now) = (store(shop).await, Source::Unknown, shop.now());
    for _ in 0..2 {
        let counted = store.count_attempt(seen.user_id, from, now).await;
        counted.expect("an attempt");
    }
    let forgotten = store.forget_attempts(&seen, from, from, now).await;
    forgotten.expect("they are forgotten");
    let again = store.forget_attempts(&seen, from, from, now).await;
    delete(shop, &account.user_id, &account.access_token).await;
    let late = store.forget_attempts(&seen, from, from, now).await;
    again.is_ok() && late.is_err() && shop.items("Users").await.is_empty()
}

/// Three are counted before one of them is found right, and each has read the same known sources.
async fn log_ins_at_once_lose_no_known_source(shop: &Shop) -> bool {
    let account = shop.account("mina@example.com").await;
    let user_id = user(shop, &account.user_id).await.user_id;
    let (store, now) = (store(shop).await, shop.now());
    let places = [7, 8, 9].map(|last| Source::Address([203, 0, 113, last].into()));
    let mut counted = Vec::new();
    for from in places {
        let user = store.count_attempt(user_id, from, now).await;
        counted.push((user.expect("an attempt"), from));
    }
    for (seen, from) in &counted {
        let forgotten = store.forget_attempts(seen, *from, *from, now).await;
        forgotten.expect("they are forgotten");
    }
    let user = user(shop, &account.user_id).await;
    let attempts = user.attempts.expect("attempts");
    let are_known = places.map(|from| user.known.has(&from.name(user_id), now));
    are_known == [true; 3] && attempts.count == 0
}

/// The password was right when it was counted, and was changed before its source became known.
/// Otherwise all earlier sources would be known again, and this one too.
async fn old_password_makes_no_source_known(shop: &Shop) -> bool {
    let account = shop.account("mina@example.com").await;
    let (store, now) = (store(shop).await, shop.now());
    let from = Source::Address([203, 0, 113, 7].into());
    let seen = user(shop, &account.user_id).await;
    let counted = store.count_attempt(seen.user_id, from, now).await;
    let counted = counted.expect("an attempt");
    // It is set from the address of the sign-up, so the known sources stay the same.
    let path = format!("/v1/users/{}", account.user_id);
    let body = json!({ "password": "another long password", "current_password": PASSWORD });
    let change = shop.patch(&path).token(&account.access_token).json(&body);
    change.send().await.ok();
    let known = user(shop, &account.user_id).await.known;
    assert_eq!(known, seen.known, "that of the sign-up alone");
    let forgotten = store.forget_attempts(&counted, from, from, now).await;
    forgotten.expect("an answer");
    user(shop, &account.user_id).await.known == known
}

/// Each comes from a different address, and all have read that one more is allowed.
async fn guesses_from_all_sources_at_once_do_not_pass_their_limit(shop: &Shop) -> bool {
    let account = shop.account("mina@example.com").await;
    let user_id = user(shop, &account.user_id).await.user_id;
    let (store, now) = (store(shop).await, shop.now());
    let from = |last: u8| Source::Address([203, 0, 113, last].into());
    for last in 1..=95 {
        let counted = store.count_attempt(user_id, from(last), now).await;
        counted.expect("an attempt");
    }
    let guesses = (101..=140).map(|last| store.count_attempt(user_id, from(last), now));
    let guesses = join_all(guesses).await;
    guesses.iter().filter(|counted| counted.is_ok()).count() == 5
}

/// A late log-out would make tokens valid again that two others have ended.
async fn ended_tokens_stay_ended(shop: &Shop) -> bool {
    let guest = shop.guest().await;
    let first = user(shop, &guest.user_id).await;
    let store = store(shop).await;
    store.end_tokens(&first).await.expect("they end");
    let ended = shop.token_of(&guest.user_id).await;
    let second = user(shop, &guest.user_id).await;
    store.end_tokens(&second).await.expect("they end");
    store.end_tokens(&first).await.expect("they have ended");
    let path = format!("/v1/users/{}", guest.user_id);
    let reply = shop.get(&path).send_as(&ended).await;
    reply.status == 401
}

/// One of them is stored as an earlier version wrote it.
async fn address_belongs_to_one_user_in_each_of_its_forms(shop: &Shop) -> bool {
    shop.known_in_ascii().await;
    let signed_up = shop.sign_up_with("user@bücher.example", PASSWORD).await;
    signed_up.status == 409
}

async fn user_with_another_address_by_now_is_not_deleted(shop: &Shop) -> bool {
    let account = shop.account("mina@example.com").await;
    let seen = user(shop, &account.user_id).await;
    let changed = with_address(&seen, "other@example.com");
    let store = store(shop).await;
    let done = store.change_credentials(&seen, &changed).await;
    done.expect("it is changed");
    is_not_deleted(shop, &seen, Account::EMPTY, &[]).await
}

async fn user_with_a_password_by_now_is_not_deleted(shop: &Shop) -> bool {
    let guest = shop.guest().await;
    let seen = user(shop, &guest.user_id).await;
    let path = format!("/v1/users/{}", guest.user_id);
    let become_one = shop.patch(&path).token(&guest.access_token);
    let body = json!({ "email": "mina@example.com", "password": PASSWORD });
    become_one.json(&body).send().await.ok();
    is_not_deleted(shop, &seen, Account::EMPTY, &[]).await
}

async fn user_with_money_by_now_is_not_deleted(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let seen = user(shop, &buyer.user_id).await;
    shop.charge(&buyer, 100).await.ok();
    is_not_deleted(shop, &seen, Account::EMPTY, &[]).await
}

async fn user_with_seats_by_now_is_not_deleted(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let seen = user(shop, &buyer.user_id).await;
    let session = session(shop, &buyer).await;
    shop.hold(&buyer, 7).await.ok();
    is_not_deleted(shop, &seen, Account::EMPTY, &[session]).await
}

/// They have cancelled what they held, and hold another seat.
async fn user_with_other_seats_by_now_is_not_deleted(shop: &Shop) -> bool {
    let buyer = shop.buyer().await;
    let seen = user(shop, &buyer.user_id).await;
    let held = shop.hold(&buyer, 7).await.ok();
    let session = session(shop, &buyer).await;
    let cancel = shop.delete(&shop.reservation(&held)).token(&buyer.token);
    cancel.send().await.ok();
    shop.hold(&buyer, 8).await.ok();
    is_not_deleted(shop, &seen, Account::EMPTY, &[session]).await
}

/// Whether a user who was read before still exists after a try to delete them.
async fn is_not_deleted(shop: &Shop, seen: &User, account: Account, sessions: &[Session]) -> bool {
    let store = store(shop).await;
    let done = store.delete_user(seen, account, sessions, shop.now()).await;
    let there = store.user(seen.user_id).await.expect("an answer");
    done.is_err() && there.is_some()
}

fn id(user_id: &str) -> UserId {
    user_id.parse().expect("an id")
}

/// The store as an administrator writes to it.
async fn by(shop: &Shop, admin: &Guest) -> Store {
    let author = Author {
        by: Some(id(&admin.user_id)),
        at: shop.now(),
    };
    store(shop).await.by(Some(author))
}

async fn delete(shop: &Shop, user_id: &str, token: &str) {
    let path = format!("/v1/users/{user_id}");
    shop.delete(&path).send_as(token).await.ok();
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
