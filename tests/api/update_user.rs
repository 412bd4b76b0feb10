//! `PATCH /v1/users/{user_id}`.

use serde_json::{Value, json};
use shared::futures_util::future::join_all;

use crate::harness::{
    Account, Guest, PASSWORD, Reply, Shop,
    refusal::{
        EMAIL_TAKEN, EMPTY_BODY, FORBIDDEN, INVALID_CREDENTIALS, INVALID_EMAIL, INVALID_NAME,
        INVALID_PASSWORD, INVALID_TOKEN, INVALID_USER_ID, MISSING_CURRENT_PASSWORD, MISSING_EMAIL,
        MISSING_PASSWORD, TOO_MANY_ATTEMPTS,
    },
    text,
};

const NEXT: &str = "another long password";
const WRONG: &str = "incorrect horse battery";

/// Addresses from which nothing was sent before.
const HOME: &str = "198.51.100.7";
const ELSEWHERE: &str = "203.0.113.7";

impl Shop {
    async fn update(&self, user: &Guest, body: &Value) -> Reply {
        let path = format!("/v1/users/{}", user.user_id);
        let call = self.call("PATCH", &path).token(&user.access_token);
        call.json(body).send().await
    }

    async fn update_account(&self, account: &Account, body: &Value) -> Reply {
        self.update(&account.as_guest(), body).await
    }

    /// The same from an address. Returns the status.
    async fn update_from(&self, source: &str, user: &Guest, body: &Value) -> Value {
        let path = format!("/v1/users/{}", user.user_id);
        let answer = self.send_from(source, "update-user", "PATCH", &path, |call| {
            call.token(&user.access_token).json(body)
        });
        answer.await["statusCode"].clone()
    }

    /// The status of a log-in from an address.
    async fn enters_from(&self, source: &str, email: &str, password: &str) -> Value {
        let answer = self.log_in_from(source, email, password).await;
        answer["statusCode"].clone()
    }

    /// Reads the user with their token.
    async fn look(&self, user: &Guest) -> Reply {
        let path = format!("/v1/users/{}", user.user_id);
        self.get(&path).send_as(&user.access_token).await
    }
}

#[tokio::test]
async fn guests_and_accounts_change_their_name() {
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    for user in [shop.guest().await, account.as_guest()] {
        let before = shop.look(&user).await.ok();
        let changed = shop
            .update(&user, &json!({ "name": " e\u{301}milie " }))
            .await
            .ok();
        let mut expected = before;
        expected["name"] = json!("\u{e9}milie");
        assert_eq!(changed, expected);
        assert_eq!(shop.look(&user).await.ok(), changed, "the token is good");
    }
}

#[tokio::test]
async fn answers_with_the_user_when_nothing_changes() {
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    let user = account.as_guest();
    let before = shop.look(&user).await.ok();
    for body in [
        json!({}),
        json!({ "name": null, "email": null, "password": null, "current_password": null }),
        json!({ "name": before["name"], "email": "mina@example.com" }),
        json!({ "current_password": WRONG }),
        json!({ "user_id": "x", "role": "admin", "generation": 7, "created_at": 0, "id": "x" }),
    ] {
        assert_eq!(shop.update(&user, &body).await.ok(), before, "{body}");
    }
    assert_eq!(shop.look(&user).await.ok(), before);
}

#[tokio::test]
async fn guest_becomes_an_account_and_keeps_their_tokens() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let guest = Guest {
        user_id: buyer.user_id.clone(),
        access_token: buyer.access_token.clone(),
    };
    let body = json!({ "name": "민아", "email": "Mina@example.com", "password": NEXT });
    let changed = shop.update(&guest, &body).await.ok();
    assert_eq!(
        (&changed["name"], &changed["email"], &changed["role"]),
        (&json!("민아"), &json!("Mina@example.com"), &json!("user"))
    );
    assert_eq!(shop.look(&guest).await.ok(), changed);
    assert_eq!(shop.status(&buyer).await, "ACTIVE");

    let logged_in = shop.log_in("mina@example.com", NEXT).await.ok();
    assert_eq!(logged_in["user_id"], guest.user_id);
    assert_eq!(logged_in["expires_at"], shop.in_seconds(12 * 3_600));
    let by_id = json!({ "user_id": guest.user_id });
    let call = shop.post("/v1/auth/login").json(&by_id);
    call.send().await.is(INVALID_CREDENTIALS);
    shop.sign_up_with("MINA@example.com", PASSWORD)
        .await
        .is(EMAIL_TAKEN);
}

#[tokio::test]
async fn guest_sets_address_and_password_together() {
    let shop = Shop::open().await;
    let guest = shop.guest().await;
    let body = json!({ "email": "mina@example.com", "name": "x" });
    shop.update(&guest, &body).await.is(MISSING_PASSWORD);
    let body = json!({ "password": NEXT, "name": "x" });
    shop.update(&guest, &body).await.is(MISSING_EMAIL);
    assert_eq!(shop.look(&guest).await.ok()["name"], "김민수");
}

#[tokio::test]
async fn new_password_needs_the_old_one_and_ends_the_older_tokens() {
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    let body = json!({ "password": NEXT, "current_password": PASSWORD });
    let changed = shop.update_account(&account, &body).await.ok();
    assert_eq!(changed["email"], "mina@example.com");
    shop.look(&account.as_guest()).await.is(INVALID_TOKEN);
    shop.log_in(&account.email, PASSWORD)
        .await
        .is(INVALID_CREDENTIALS);
    let logged_in = shop.log_in(&account.email, NEXT).await.ok();
    let user = Guest {
        access_token: text(&logged_in["token"]),
        ..account.as_guest()
    };
    shop.look(&user).await.ok();
}

#[tokio::test]
async fn new_address_needs_the_password_and_frees_the_old_one() {
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    let body = json!({ "email": "Minju@example.com", "current_password": PASSWORD });
    let changed = shop.update_account(&account, &body).await.ok();
    assert_eq!(changed["email"], "Minju@example.com");
    shop.look(&account.as_guest()).await.is(INVALID_TOKEN);
    shop.log_in("minju@example.com", PASSWORD).await.ok();
    shop.log_in("mina@example.com", PASSWORD)
        .await
        .is(INVALID_CREDENTIALS);
    shop.sign_up_with("minju@example.com", PASSWORD)
        .await
        .is(EMAIL_TAKEN);
    let other = shop.account("mina@example.com").await;
    assert_ne!(other.user_id, account.user_id);
}

#[tokio::test]
async fn own_address_in_another_case_is_accepted() {
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    let body = json!({ "email": "Mina@Example.com" });
    shop.update_account(&account, &body)
        .await
        .is(MISSING_CURRENT_PASSWORD);
    let body = json!({ "email": "Mina@Example.com", "current_password": PASSWORD });
    let changed = shop.update_account(&account, &body).await.ok();
    assert_eq!(changed["email"], "Mina@Example.com");
    let logged_in = shop.log_in("mina@example.com", PASSWORD).await.ok();
    assert_eq!(logged_in["user_id"], account.user_id);
    shop.sign_up_with("mina@example.com", PASSWORD)
        .await
        .is(EMAIL_TAKEN);
}

#[tokio::test]
async fn refuses_an_address_that_is_taken_and_changes_nothing() {
    let shop = Shop::open().await;
    let (one, other) = (
        shop.account("one@example.com").await,
        shop.account("other@example.com").await,
    );
    let body = json!({
        "name": "x", "email": "OTHER@example.com", "password": NEXT, "current_password": PASSWORD,
    });
    shop.update_account(&one, &body).await.is(EMAIL_TAKEN);
    assert_eq!(shop.look(&one.as_guest()).await.ok()["name"], "김민수");
    shop.log_in(&one.email, PASSWORD).await.ok();
    let guest = shop.guest().await;
    shop.update(&guest, &body).await.is(EMAIL_TAKEN);
    assert_eq!(shop.look(&guest).await.ok()["email"], Value::Null);
    let logged_in = shop.log_in(&other.email, PASSWORD).await.ok();
    assert_eq!(logged_in["user_id"], other.user_id);
}

#[tokio::test]
async fn wrong_passwords_are_counted_apart_from_those_of_logging_in() {
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    for body in [
        json!({ "password": NEXT, "current_password": WRONG }),
        json!({ "email": "x@example.com", "current_password": WRONG }),
        json!({ "email": "x@example.com", "password": NEXT, "current_password": NEXT }),
    ] {
        shop.update_account(&account, &body)
            .await
            .is(INVALID_CREDENTIALS);
    }
    // A text that cannot be a password does not count as an attempt.
    for wrong in [json!("short"), json!(7)] {
        let body = json!({ "password": NEXT, "current_password": wrong });
        shop.update_account(&account, &body)
            .await
            .is(INVALID_PASSWORD);
    }
    // Ten wrong passwords without a token do not count for the owner.
    for _ in 0..10 {
        shop.log_in(&account.email, WRONG)
            .await
            .is(INVALID_CREDENTIALS);
    }
    shop.log_in(&account.email, PASSWORD)
        .await
        .is(TOO_MANY_ATTEMPTS);
    for _ in 0..7 {
        let body = json!({ "password": NEXT, "current_password": WRONG });
        shop.update_account(&account, &body)
            .await
            .is(INVALID_CREDENTIALS);
    }
    let body = json!({ "password": NEXT, "current_password": PASSWORD });
    let reply = shop.update_account(&account, &body).await;
    assert_eq!(reply.header("retry-after"), "900");
    reply.is(TOO_MANY_ATTEMPTS);
    // Changes that need no password still work.
    shop.update_account(&account, &json!({ "name": "민아" }))
        .await
        .ok();
    shop.advance(900).await;
    shop.update_account(&account, &body).await.ok();
}

#[tokio::test]
async fn source_from_which_a_guest_becomes_an_account_is_known() {
    let shop = Shop::open().await;
    let guest = shop.guest().await;
    let body = json!({ "email": "mina@example.com", "password": NEXT });
    assert_eq!(shop.update_from(HOME, &guest, &body).await, 200);
    shop.exhaust_shared_guesses(&guest.user_id).await;
    let enter = async |source| shop.enters_from(source, "mina@example.com", NEXT).await;
    assert_eq!(enter(ELSEWHERE).await, 429);
    assert_eq!(enter(HOME).await, 200);
}

/// A new e-mail address, or a refused change, does not change the known sources.
#[tokio::test]
async fn source_of_a_right_current_password_is_known() {
    for (email, status) in [("minju@example.com", 200), ("other@example.com", 409)] {
        let shop = Shop::open().await;
        let account = shop.account("mina@example.com").await;
        shop.account("other@example.com").await;
        let body = json!({ "email": email, "current_password": WRONG });
        let user = account.as_guest();
        assert_eq!(shop.update_from(ELSEWHERE, &user, &body).await, 401);
        let body = json!({ "email": email, "current_password": PASSWORD });
        assert_eq!(shop.update_from(HOME, &user, &body).await, status);
        shop.exhaust_shared_guesses(&account.user_id).await;
        let email = if status == 200 { email } else { &account.email };
        assert_eq!(shop.enters_from(ELSEWHERE, email, PASSWORD).await, 429);
        assert_eq!(shop.enters_from(HOME, email, PASSWORD).await, 200);
        shop.log_in(email, PASSWORD).await.ok();
    }
}

/// Anyone who had the old password is not a known source any more.
#[tokio::test]
async fn new_password_leaves_only_its_own_source_known() {
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    let enter = async |password| shop.enters_from(ELSEWHERE, &account.email, password).await;
    assert_eq!(enter(PASSWORD).await, 200);
    let body = json!({ "password": NEXT, "current_password": PASSWORD });
    let changed = shop.update_from(HOME, &account.as_guest(), &body).await;
    assert_eq!(changed, 200);
    shop.exhaust_shared_guesses(&account.user_id).await;
    assert_eq!(enter(NEXT).await, 429);
    shop.log_in(&account.email, NEXT)
        .await
        .is(TOO_MANY_ATTEMPTS);
    let at_home = shop.enters_from(HOME, &account.email, NEXT).await;
    assert_eq!(at_home, 200);
}

#[tokio::test]
async fn reports_mistakes_in_their_order() {
    let shop = Shop::open().await;
    let (guest, other) = (shop.guest().await, shop.guest().await);
    let account = shop.account("mina@example.com").await;
    let ask = async |user_id: &str, token: &str, body: &str| {
        let path = format!("/v1/users/{user_id}");
        let call = shop.call("PATCH", &path).token(token);
        call.body(body.to_owned()).send().await
    };
    let token = &account.access_token;
    ask("x", "x", "").await.is(INVALID_TOKEN);
    ask("x", token, "").await.is(EMPTY_BODY);
    ask("x", token, "{\"name\":\"\",\"email\":\"x\"}")
        .await
        .is(MISSING_CURRENT_PASSWORD);
    let all_wrong = "{\"name\":\"\",\"email\":\"x\",\"password\":\"x\",\"current_password\":\"x\"}";
    ask("x", token, all_wrong).await.is(INVALID_NAME);
    let without_name = &all_wrong.replace("\"\"", "\"x\"");
    ask("x", token, without_name).await.is(INVALID_EMAIL);
    let without_email = &without_name.replace("\"email\":\"x\"", "\"email\":\"x@example.com\"");
    ask("x", token, without_email).await.is(INVALID_PASSWORD);
    ask("x", token, "{\"name\":\"x\"}")
        .await
        .is(INVALID_USER_ID);
    ask(&other.user_id, token, "{\"name\":\"x\"}")
        .await
        .is(FORBIDDEN);
    ask(&other.user_id, &guest.access_token, "{}")
        .await
        .is(FORBIDDEN);
}

#[tokio::test]
async fn refuses_others_even_administrators() {
    let shop = Shop::open().await;
    let (admin, guest) = (shop.admin().await, shop.guest().await);
    let path = format!("/v1/users/{}", guest.user_id);
    let call = shop.call("PATCH", &path).token(&admin.access_token);
    let call = call
        .json(&json!({ "email": "x@example.com", "password": NEXT, "current_password": PASSWORD }));
    call.send().await.is(FORBIDDEN);
}

/// Of several updates at once that each end the others' token, one is made. No address is lost or
/// left behind.
#[tokio::test]
async fn parallel_changes_of_an_account_have_one_winner() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    let bodies: Vec<_> = (0..6)
        .map(|n| json!({ "email": format!("{n}@example.com"), "current_password": PASSWORD }))
        .collect();
    let replies = join_all(
        bodies
            .iter()
            .map(|body| shop.update_account(&account, body)),
    )
    .await;
    let mut won = None;
    for (n, reply) in replies.into_iter().enumerate() {
        if reply.status == 200 {
            assert!(won.replace(n).is_none(), "one wins");
        } else {
            reply.is(INVALID_TOKEN);
        }
    }
    let won = won.expect("one wins");
    for n in 0..6 {
        let email = format!("{n}@example.com");
        let signed_up = shop.sign_up_with(&email, PASSWORD).await;
        assert_eq!(signed_up.status == 409, n == won, "{email}");
    }
    shop.account("mina@example.com").await;
    shop.audit().await;
}

#[tokio::test]
async fn parallel_changes_of_a_guest_have_one_winner() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let guest = shop.guest().await;
    let bodies: Vec<_> = (0..6)
        .map(|n| json!({ "email": format!("{n}@example.com"), "password": NEXT }))
        .collect();
    let replies = join_all(bodies.iter().map(|body| shop.update(&guest, body))).await;
    let mut won = None;
    for (n, reply) in replies.into_iter().enumerate() {
        if reply.status == 200 {
            assert!(won.replace(n).is_none(), "one wins");
        } else {
            reply.is(MISSING_CURRENT_PASSWORD);
        }
    }
    let won = won.expect("one wins");
    for n in 0..6 {
        let email = format!("{n}@example.com");
        let signed_up = shop.sign_up_with(&email, PASSWORD).await;
        assert_eq!(signed_up.status == 409, n == won, "{email}");
    }
    shop.audit().await;
}

#[tokio::test]
async fn new_address_is_taken_in_each_of_its_forms() {
    let shop = Shop::open().await;
    shop.account("user@bücher.example").await;
    let account = shop.account("mina@example.com").await;
    let to = |email: &str| json!({ "email": email, "current_password": PASSWORD });
    shop.update_account(&account, &to("user@xn--bcher-kva.example"))
        .await
        .is(EMAIL_TAKEN);
    shop.update_account(&account, &to("user@xn--mnchen-3ya.example"))
        .await
        .ok();
    shop.sign_up_with("user@münchen.example", PASSWORD)
        .await
        .is(EMAIL_TAKEN);
    shop.audit().await;
}
