//! `POST /v1/auth/login`.

use serde_json::{Value, json};
use shared::futures_util::future::join_all;

use crate::harness::{
    Call, NOBODY, PASSWORD, Reply, Shop,
    refusal::{
        BAD_REQUEST, EMPTY_BODY, INVALID_CREDENTIALS, INVALID_TOKEN, INVALID_USER_ID,
        MISSING_EMAIL, MISSING_PASSWORD, TOO_MANY_ATTEMPTS,
    },
    text,
    tokens::claims,
};

const WRONG: &str = "incorrect horse battery";

impl Shop {
    async fn ask_to_log_in(&self, body: &Value) -> Reply {
        self.post("/v1/auth/login").json(body).send().await
    }

    /// Logs in from an address with these headers, and returns the function's answer.
    async fn ask_from(&self, source: &str, headers: &[(&str, &str)], body: &Value) -> Value {
        self.send_from(source, "log-in", "POST", "/v1/auth/login", |call| {
            let with = |call: Call, (name, value): &(&str, &str)| call.header(name, value);
            headers.iter().fold(call.json(body), with)
        })
        .await
    }

    /// Gives this many wrong passwords from an address, each of which is checked.
    async fn mistype_from(&self, source: &str, email: &str, times: usize) {
        for _ in 0..times {
            let answer = self.log_in_from(source, email, WRONG).await;
            assert_eq!(answer["statusCode"], 401, "{source}: {answer}");
        }
    }

    /// The counted attempts of the only account.
    async fn attempts(&self) -> Value {
        let users = self.items("Users").await;
        let with_password = |user: &&Value| user["password_hash"].is_string();
        users
            .iter()
            .find(with_password)
            .expect("an account")
            .clone()
    }

    /// Gives this many wrong passwords.
    async fn mistype(&self, email: &str, times: usize) {
        for _ in 0..times {
            self.log_in(email, WRONG).await.is(INVALID_CREDENTIALS);
        }
    }
}

#[tokio::test]
async fn account_gets_a_token_for_12_hours() {
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    for who in [
        json!({ "email": "mina@example.com", "password": PASSWORD }),
        json!({ "email": "MINA@Example.com", "password": PASSWORD, "user_id": null }),
        json!({ "user_id": account.user_id, "password": PASSWORD, "email": null }),
    ] {
        let logged_in = shop.ask_to_log_in(&who).await.ok();
        let token = text(&logged_in["token"]);
        assert_eq!(
            logged_in,
            json!({
                "user_id": account.user_id,
                "token": token,
                "expires_at": shop.in_seconds(12 * 3_600),
            })
        );
        let now = shop.now().as_second();
        assert_eq!(
            claims(&token),
            json!({
                "aud": "access", "sub": account.user_id, "generation": 0,
                "iat": now, "exp": now + 12 * 3_600,
            })
        );
        let path = format!("/v1/users/{}", account.user_id);
        shop.get(&path).send_as(&token).await.ok();
    }
}

#[tokio::test]
async fn token_that_was_just_good_is_refused_when_it_expires() {
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    let path = format!("/v1/users/{}", account.user_id);
    shop.advance(12 * 3_600 - 60).await;
    shop.get(&path).send_as(&account.access_token).await.ok();
    shop.advance(59).await;
    shop.get(&path).send_as(&account.access_token).await.ok();
    shop.advance(1).await;
    shop.get(&path)
        .send_as(&account.access_token)
        .await
        .is(INVALID_TOKEN);
}

#[tokio::test]
async fn guest_gets_a_token_for_30_days_with_their_id_alone() {
    let shop = Shop::open().await;
    let guest = shop.guest().await;
    let logged_in = shop
        .ask_to_log_in(&json!({ "user_id": guest.user_id }))
        .await
        .ok();
    assert_eq!(logged_in["expires_at"], shop.in_seconds(30 * 24 * 60 * 60));
    let said = claims(&text(&logged_in["token"]));
    assert_eq!(said["sub"], guest.user_id);
    assert_eq!(said["exp"], shop.now().as_second() + 30 * 24 * 60 * 60);
}

/// No answer says which of the two is wrong, not even by its text.
#[tokio::test]
async fn unknown_users_and_wrong_passwords_get_the_same_answer() {
    let shop = Shop::open().await;
    let (account, guest) = (shop.account("mina@example.com").await, shop.guest().await);
    let long = "x".repeat(129);
    for body in [
        json!({ "email": "mina@example.com", "password": WRONG }),
        json!({ "user_id": account.user_id, "password": WRONG }),
        json!({ "user_id": account.user_id }),
        json!({ "user_id": guest.user_id, "password": PASSWORD }),
        json!({ "email": "nobody@example.com", "password": PASSWORD }),
        json!({ "user_id": NOBODY, "password": PASSWORD }),
        json!({ "user_id": NOBODY }),
        json!({ "email": "mina@example.com", "password": "" }),
        json!({ "email": "mina@example.com", "password": "short" }),
        json!({ "email": "mina@example.com", "password": long }),
        json!({ "email": "mina@example.com", "password": 7 }),
        json!({ "email": "no address", "password": PASSWORD }),
        json!({ "email": 7, "password": PASSWORD }),
    ] {
        shop.ask_to_log_in(&body).await.is(INVALID_CREDENTIALS);
    }
    shop.log_in("mina@example.com", PASSWORD).await.ok();
    shop.ask_to_log_in(&json!({ "user_id": guest.user_id }))
        .await
        .ok();
}

#[tokio::test]
async fn names_what_is_missing_or_malformed() {
    let shop = Shop::open().await;
    let ask = async |body: Value| shop.ask_to_log_in(&body).await;
    shop.post("/v1/auth/login").send().await.is(EMPTY_BODY);
    ask(json!([])).await.is(EMPTY_BODY);
    ask(json!({})).await.is(MISSING_EMAIL);
    ask(json!({ "password": PASSWORD })).await.is(MISSING_EMAIL);
    ask(json!({ "email": null, "user_id": null }))
        .await
        .is(MISSING_EMAIL);
    ask(json!({ "email": "mina@example.com" }))
        .await
        .is(MISSING_PASSWORD);
    ask(json!({ "email": "mina@example.com", "user_id": "x" }))
        .await
        .is(MISSING_PASSWORD);
    for bad in [json!("x"), json!(""), json!(7), json!([NOBODY])] {
        ask(json!({ "user_id": bad })).await.is(INVALID_USER_ID);
        ask(json!({ "user_id": bad, "password": PASSWORD }))
            .await
            .is(INVALID_USER_ID);
    }
    ask(json!({ "email": "mina@example.com", "user_id": NOBODY, "password": PASSWORD }))
        .await
        .is(BAD_REQUEST);
}

#[tokio::test]
async fn password_is_the_same_from_every_keyboard_and_in_no_other_case() {
    let shop = Shop::open().await;
    let email = "mina@example.com";
    shop.sign_up_with(email, "한글\u{3000}ｐａｓｓword Ω")
        .await
        .expect(201);
    let decomposed = "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af} password \u{2126}";
    shop.log_in(email, decomposed).await.ok();
    for wrong in [
        "한글 PASSword Ω",
        " 한글 password Ω",
        "한글 password Ω ",
        "한글password Ω",
        "한글 password Ω\u{0}",
    ] {
        shop.log_in(email, wrong).await.is(INVALID_CREDENTIALS);
    }
}

#[tokio::test]
async fn ten_wrong_passwords_lock_the_account_for_15_minutes() {
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    shop.mistype(&account.email, 5).await;
    shop.advance(60).await;
    shop.mistype(&account.email, 4).await;
    let by_id = json!({ "user_id": account.user_id, "password": WRONG });
    shop.ask_to_log_in(&by_id).await.is(INVALID_CREDENTIALS);

    for password in [PASSWORD, WRONG, "short"] {
        let reply = shop.log_in(&account.email, password).await;
        assert_eq!(reply.header("retry-after"), "840");
        reply.is(TOO_MANY_ATTEMPTS);
    }
    shop.ask_to_log_in(&by_id).await.is(TOO_MANY_ATTEMPTS);
    shop.advance(839).await;
    let reply = shop.log_in(&account.email, PASSWORD).await;
    assert_eq!(reply.header("retry-after"), "1");
    reply.is(TOO_MANY_ATTEMPTS);
    shop.advance(1).await;
    shop.log_in(&account.email, PASSWORD).await.ok();
}

#[tokio::test]
async fn right_password_resets_the_count_of_wrong_ones() {
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    for _ in 0..2 {
        shop.mistype(&account.email, 9).await;
        shop.log_in(&account.email, PASSWORD).await.ok();
    }
}

#[tokio::test]
async fn wrong_passwords_are_forgotten_after_15_minutes() {
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    shop.mistype(&account.email, 9).await;
    shop.advance(900).await;
    shop.mistype(&account.email, 10).await;
    shop.log_in(&account.email, PASSWORD)
        .await
        .is(TOO_MANY_ATTEMPTS);
}

/// Parallel guesses must not pass the limit, as they would if the count were read and then written.
#[tokio::test]
async fn thirty_guesses_at_once_get_ten_attempts() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    let guesses = (0..30).map(|_| shop.log_in(&account.email, WRONG));
    let (wrong, unheard): (Vec<_>, Vec<_>) = join_all(guesses)
        .await
        .into_iter()
        .partition(|reply| reply.status == 401);
    assert_eq!((wrong.len(), unheard.len()), (10, 20));
    for reply in wrong {
        reply.is(INVALID_CREDENTIALS);
    }
    for reply in unheard {
        reply.is(TOO_MANY_ATTEMPTS);
    }
    shop.log_in(&account.email, PASSWORD)
        .await
        .is(TOO_MANY_ATTEMPTS);
}

#[tokio::test]
async fn wrong_passwords_count_for_their_account_only() {
    let shop = Shop::open().await;
    let one = shop.account("one@example.com").await;
    let other = shop.account("other@example.com").await;
    shop.mistype(&one.email, 10).await;
    shop.log_in(&one.email, WRONG).await.is(TOO_MANY_ATTEMPTS);
    shop.log_in(&other.email, PASSWORD).await.ok();
    shop.mistype("nobody@example.com", 11).await;
}

/// Addresses of the block for examples.
fn addresses() -> impl Iterator<Item = String> {
    (1..255).map(|last| format!("203.0.113.{last}"))
}

const HOME: &str = "198.51.100.7";

#[tokio::test]
async fn guesses_lock_out_their_own_source_only() {
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    for attacker in ["203.0.113.7", "2001:db8:1:2::1"] {
        shop.mistype_from(attacker, &account.email, 10).await;
        let refused = shop.log_in_from(attacker, &account.email, PASSWORD).await;
        assert_eq!(refused["statusCode"], 429, "{refused}");
        assert_eq!(refused["headers"]["retry-after"], "900");
        assert!(text(&refused["body"]).contains("TOO_MANY_ATTEMPTS"));
        for other in [HOME, "203.0.113.8", "2001:db8:1:3::1"] {
            let heard = shop.log_in_from(other, &account.email, PASSWORD).await;
            assert_eq!(heard["statusCode"], 200, "{other}");
        }
        // The owner's log-ins do not help the attacker.
        let refused = shop.log_in_from(attacker, &account.email, WRONG).await;
        assert_eq!(refused["statusCode"], 429);
    }
    let same_network = "2001:db8:1:2:ffff::";
    let refused = shop
        .log_in_from(same_network, &account.email, PASSWORD)
        .await;
    assert_eq!(refused["statusCode"], 429, "one network is one source");
    shop.advance(900).await;
    let heard = shop
        .log_in_from("203.0.113.7", &account.email, PASSWORD)
        .await;
    assert_eq!(heard["statusCode"], 200);
}

/// A client may write any header.
#[tokio::test]
async fn source_is_not_read_from_headers() {
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    let body = json!({ "email": account.email, "password": WRONG });
    let mut statuses = Vec::new();
    for address in addresses().take(11) {
        let headers = [
            ("x-forwarded-for", &*address),
            ("forwarded", &*format!("for={address}")),
            ("x-real-ip", &*address),
        ];
        let answer = shop.ask_from(HOME, &headers, &body).await;
        statuses.push(answer["statusCode"].clone());
        // The gateway itself passes the header on.
        let mut call = shop.post("/v1/auth/login").json(&body);
        for (name, value) in headers {
            call = call.header(name, value);
        }
        let status = call.send().await.status.as_u16();
        assert_eq!(status, if statuses.len() > 10 { 429 } else { 401 });
    }
    assert_eq!(statuses[..10], vec![json!(401); 10]);
    assert_eq!(statuses[10], 429);
}

#[tokio::test]
async fn all_sources_have_a_hundred_guesses_together() {
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    let heard = shop.log_in_from(HOME, &account.email, PASSWORD).await;
    assert_eq!(heard["statusCode"], 200);
    for address in addresses().take(100) {
        shop.mistype_from(&address, &account.email, 1).await;
    }
    for address in addresses().skip(95).take(10) {
        for password in [WRONG, PASSWORD] {
            let refused = shop.log_in_from(&address, &account.email, password).await;
            assert_eq!(refused["statusCode"], 429, "{address}");
        }
    }
    // The owner can log in from a known address, even after some mistakes.
    shop.mistype_from(HOME, &account.email, 9).await;
    let heard = shop.log_in_from(HOME, &account.email, PASSWORD).await;
    assert_eq!(heard["statusCode"], 200);
    // The number of stored sources is limited.
    let user = shop.attempts().await;
    let sources = user["attempts"]["sources"].as_object().expect("sources");
    assert_eq!(
        (sources.len(), &user["attempts"]["count"]),
        (100, &json!(100))
    );
    // The address of the sign-up, and home.
    assert_eq!(user["known"].as_object().map(serde_json::Map::len), Some(2));
    shop.advance(900).await;
    shop.mistype_from("203.0.113.1", &account.email, 1).await;
    assert_eq!(shop.attempts().await["attempts"]["count"], 1);
}

/// The address of the sign-up is known, so the owner need not log in first.
#[tokio::test]
async fn source_of_a_sign_up_is_known() {
    let shop = Shop::open().await;
    let body = json!({ "name": "민아", "email": "mina@example.com", "password": PASSWORD });
    let signed_up = shop
        .send_from(HOME, "sign-up", "POST", "/v1/users", |call| {
            call.json(&body)
        })
        .await;
    assert_eq!(signed_up["statusCode"], 201, "{signed_up}");
    let user = shop.attempts().await;
    shop.exhaust_shared_guesses(&text(&user["id"])).await;
    for (source, status) in [("203.0.113.7", 429), (HOME, 200)] {
        let answer = shop.log_in_from(source, "mina@example.com", PASSWORD).await;
        assert_eq!(answer["statusCode"], status, "{source}");
    }
}

/// An attacker at a known address may not guess more than others.
#[tokio::test]
async fn known_source_has_ten_guesses_of_its_own() {
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    shop.log_in_from(HOME, &account.email, PASSWORD).await;
    shop.mistype_from(HOME, &account.email, 10).await;
    let refused = shop.log_in_from(HOME, &account.email, PASSWORD).await;
    assert_eq!(refused["statusCode"], 429);
}

#[tokio::test]
async fn guesses_at_once_from_many_sources_get_a_hundred_attempts() {
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    for address in addresses().take(90) {
        shop.mistype_from(&address, &account.email, 1).await;
    }
    let others: Vec<_> = addresses().skip(90).take(30).collect();
    let guesses = others
        .iter()
        .map(|address| shop.log_in_from(address, &account.email, WRONG));
    let answers = join_all(guesses).await;
    let of = |status: u16| {
        let those = answers
            .iter()
            .filter(|answer| answer["statusCode"] == status);
        those.count()
    };
    assert_eq!((of(401), of(429)), (10, 20));
}

/// For a user that does not exist nothing is counted or stored.
#[tokio::test]
async fn unknown_user_gets_the_same_answer_and_leaves_no_item() {
    let shop = Shop::open().await;
    shop.account("mina@example.com").await;
    let before = shop.items("Users").await.len();
    let mut answers = Vec::new();
    for email in ["mina@example.com", "nobody@example.com"] {
        let mut answer = shop.log_in_from(HOME, email, WRONG).await;
        let mut body: Value = serde_json::from_str(&text(&answer["body"])).expect("JSON");
        body["request_id"] = Value::Null;
        answer["body"] = body;
        answers.push(answer);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(shop.items("Users").await.len(), before);
}

/// Only a few bytes of a hash are stored.
#[tokio::test]
async fn source_is_not_stored() {
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    shop.log_in_from(HOME, &account.email, PASSWORD).await;
    shop.mistype_from("203.0.113.7", &account.email, 1).await;
    let user = shop.attempts().await;
    let stored = user.to_string();
    assert!(!stored.contains(HOME) && !stored.contains("203.0.113.7"));
    let names = |what: &Value| {
        what.as_object()
            .expect("sources")
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    for name in [names(&user["known"]), names(&user["attempts"]["sources"])].concat() {
        assert_eq!(name.len(), 6, "four bytes: {name}");
    }
}

/// Attempts in the form of an earlier version of the code.
#[tokio::test]
async fn attempts_without_sources_start_anew() {
    let shop = Shop::open().await;
    let account = shop.account("mina@example.com").await;
    let key = json!({ "id": account.user_id });
    let counted = json!({ "count": 10, "since": shop.now().as_millisecond() });
    shop.change_item("Users", key, json!({ "attempts": counted }))
        .await;
    shop.mistype(&account.email, 10).await;
    shop.log_in(&account.email, PASSWORD)
        .await
        .is(TOO_MANY_ATTEMPTS);
}
