//! `POST /v1/users`.

use serde_json::{Value, json};
use shared::futures_util::future::join_all;

use crate::harness::{
    PASSWORD, Shop,
    refusal::{
        EMAIL_TAKEN, EMPTY_BODY, INVALID_EMAIL, INVALID_NAME, INVALID_PASSWORD, MISSING_EMAIL,
        MISSING_NAME, MISSING_PASSWORD,
    },
    text,
    tokens::claims,
};

#[tokio::test]
async fn guest_gets_an_id_and_a_token_that_names_them() {
    let shop = Shop::open().await;
    let reply = shop
        .post("/v1/users")
        .json(&json!({ "name": "  김민수 " }))
        .send()
        .await;
    assert_eq!(reply.header("content-type"), "application/json");
    let user = reply.expect(201);
    let token = text(&user["token"]);
    assert_eq!(
        user,
        json!({ "user_id": user["user_id"], "name": "김민수", "email": null, "token": token })
    );
    let said = claims(&token);
    assert_eq!(said["aud"], "access");
    assert_eq!(said["sub"], user["user_id"]);
    assert_eq!(said["generation"], 0);
    assert_eq!(said["iat"], shop.now().as_second());
    assert_eq!(said["exp"], shop.now().as_second() + 30 * 24 * 60 * 60);

    let balance = format!("/v1/users/{}/balance", text(&user["user_id"]));
    let balance = shop.get(&balance).send_as(&token).await.ok();
    assert_eq!(balance["current_balance"], 0);
}

#[tokio::test]
async fn two_guests_of_one_name_are_two_users() {
    let shop = Shop::open().await;
    let (one, other) = (shop.guest().await, shop.guest().await);
    assert_ne!(one.user_id, other.user_id);
}

#[tokio::test]
async fn name_has_1_to_100_characters() {
    let shop = Shop::open().await;
    let sign_up = async |name: &Value| {
        shop.post("/v1/users")
            .json(&json!({ "name": name }))
            .send()
            .await
    };
    let long = "가".repeat(100);
    for good in ["A", &long, "Zoë 🎫", "a\u{301}"] {
        let user = sign_up(&json!(good)).await.expect(201);
        assert!(text(&user["name"]).chars().count() <= 100);
    }
    let composed = sign_up(&json!("e\u{301}")).await.expect(201);
    assert_eq!(composed["name"], "\u{e9}", "names are composed (NFC)");

    let too_long = "가".repeat(101);
    for bad in [
        json!(""),
        json!("   "),
        json!(too_long),
        json!("a\u{0}b"),
        json!("\u{200b}"),
        json!("\u{3164}"),
        json!("\u{feff} \u{ffa0}"),
        json!("\u{202e}"),
        json!("kim\u{202e}nim"),
        json!("\u{2067}kim"),
        json!("a\u{2028}b"),
        json!(7),
        json!(["a"]),
        json!({}),
        json!(true),
    ] {
        sign_up(&bad).await.is(INVALID_NAME);
    }
}

#[tokio::test]
async fn names_what_is_missing() {
    let shop = Shop::open().await;
    shop.post("/v1/users").send().await.is(EMPTY_BODY);
    shop.post("/v1/users")
        .json(&json!([]))
        .send()
        .await
        .is(EMPTY_BODY);
    shop.post("/v1/users")
        .json(&json!({}))
        .send()
        .await
        .is(MISSING_NAME);
    shop.post("/v1/users")
        .json(&json!({ "name": null }))
        .send()
        .await
        .is(MISSING_NAME);
}

#[tokio::test]
async fn makes_an_account_of_an_address_and_a_password() {
    let shop = Shop::open().await;
    let body = json!({
        "name": "김민수", "email": "Mina@Example.com", "password": "a long password",
    });
    let user = shop.post("/v1/users").json(&body).send().await.expect(201);
    let token = text(&user["token"]);
    assert_eq!(
        user,
        json!({
            "user_id": user["user_id"],
            "name": "김민수",
            "email": "Mina@Example.com",
            "token": token,
        })
    );
    let said = claims(&token);
    assert_eq!(said["exp"], shop.now().as_second() + 12 * 60 * 60);
    let balance = format!("/v1/users/{}/balance", text(&user["user_id"]));
    let balance = shop.get(&balance).send_as(&token).await.ok();
    assert_eq!(balance["current_balance"], 0);
}

#[tokio::test]
async fn address_belongs_to_one_user_whatever_its_case_and_form() {
    let shop = Shop::open().await;
    shop.account("zoe\u{308}.straße@example.com").await;
    for same in [
        "zoë.straße@example.com",
        "ZOË.STRASSE@EXAMPLE.COM",
        "Zoë.Straße@Example.com",
        "zoe\u{308}.straße@example.com",
        "zoë.straße@\u{ff45}xample.com",
    ] {
        shop.sign_up_with(same, PASSWORD).await.is(EMAIL_TAKEN);
    }
    shop.account("zoe.strase@example.com").await;
}

#[tokio::test]
async fn twenty_parallel_sign_ups_with_one_address_have_one_winner() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let sign_ups = (0..20).map(|n| {
        let email = if n % 2 == 0 {
            "mina@example.com"
        } else {
            "MINA@example.com"
        };
        shop.sign_up_with(email, PASSWORD)
    });
    let (won, lost): (Vec<_>, Vec<_>) = join_all(sign_ups)
        .await
        .into_iter()
        .partition(|reply| reply.status == 201);
    assert_eq!(won.len(), 1);
    for reply in lost {
        reply.is(EMAIL_TAKEN);
    }
    let logged_in = shop.log_in("mina@example.com", PASSWORD).await.ok();
    assert_eq!(logged_in["user_id"], won[0].body["user_id"]);
    shop.audit().await;
}

#[tokio::test]
async fn address_needs_a_password_and_a_password_an_address() {
    let shop = Shop::open().await;
    let sign_up = async |body: Value| shop.post("/v1/users").json(&body).send().await;
    sign_up(json!({ "name": "", "email": "x" }))
        .await
        .is(MISSING_PASSWORD);
    sign_up(json!({ "name": "", "password": "x" }))
        .await
        .is(MISSING_EMAIL);
    sign_up(json!({ "email": "x", "password": "x" }))
        .await
        .is(MISSING_NAME);
    sign_up(json!({ "name": "A", "email": null, "password": null }))
        .await
        .expect(201);
}

#[tokio::test]
async fn addresses_and_passwords_have_limits() {
    let shop = Shop::open().await;
    let sign_up = async |email: Value, password: Value| {
        let body = json!({ "name": "A", "email": email, "password": password });
        shop.post("/v1/users").json(&body).send().await
    };
    let too_long = format!("{}@{}.com", "x".repeat(64), "y.".repeat(95));
    for bad in [
        json!(""),
        json!("mina"),
        json!("mina@localhost"),
        json!("a@b@example.com"),
        json!("mina@example.com\u{0}"),
        json!(too_long),
        json!(7),
        json!(["mina@example.com"]),
    ] {
        sign_up(bad, json!("short")).await.is(INVALID_EMAIL);
    }
    let too_long = "x".repeat(129);
    for bad in [
        json!(""),
        json!("123456789"),
        json!("0123456789\n"),
        json!(too_long),
        json!(1_234_567_890),
        json!(["0123456789"]),
    ] {
        sign_up(json!("mina@example.com"), bad)
            .await
            .is(INVALID_PASSWORD);
    }
    sign_up(json!("mina@example.com"), json!("0123456789"))
        .await
        .expect(201);
    sign_up(json!("minju@example.com"), json!("가".repeat(128)))
        .await
        .expect(201);
}

#[tokio::test]
async fn additional_fields_are_ignored() {
    let shop = Shop::open().await;
    let body = json!({ "name": "A", "role": "admin", "user_id": "x", "balance": 1_000_000, "generation": 7 });
    let user = shop.post("/v1/users").json(&body).send().await.expect(201);
    let said = claims(&text(&user["token"]));
    assert_eq!(
        (&said["role"], &said["generation"]),
        (&Value::Null, &json!(0))
    );
    let path = format!("/v1/users/{}/balance", text(&user["user_id"]));
    let balance = shop.get(&path).send_as(&text(&user["token"])).await.ok();
    assert_eq!(balance["current_balance"], 0);
}

const LETTERS: &str = "user@bücher.example";
const ASCII: &str = "user@xn--bcher-kva.example";

#[tokio::test]
async fn address_is_the_same_in_unicode_and_in_ascii() {
    for (first, second) in [(LETTERS, ASCII), (ASCII, LETTERS)] {
        let shop = Shop::open().await;
        let account = shop.account(first).await;
        assert_eq!(account.email, first, "it is written to as it was given");
        for same in [second, "User@BÜCHER.example", "USER@XN--Bcher-KVA.example"] {
            shop.sign_up_with(same, PASSWORD).await.is(EMAIL_TAKEN);
            let logged_in = shop.log_in(same, PASSWORD).await.ok();
            assert_eq!(logged_in["user_id"], account.user_id, "{same}");
        }
        shop.audit().await;
    }
}

#[tokio::test]
async fn both_forms_of_an_address_at_once_have_one_winner() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let forms = [LETTERS, ASCII, LETTERS, ASCII];
    let sign_ups = forms.iter().map(|email| shop.sign_up_with(email, PASSWORD));
    let replies = join_all(sign_ups).await;
    let signed_up = replies.iter().filter(|reply| reply.status == 201);
    assert_eq!(signed_up.count(), 1);
    shop.audit().await;
}

/// The address is stored as an earlier version wrote it.
#[tokio::test]
async fn address_stored_in_ascii_stays_its_owners() {
    let shop = Shop::open().await;
    let account = shop.known_in_ascii().await;
    shop.audit().await;
    for same in [LETTERS, ASCII] {
        shop.sign_up_with(same, PASSWORD).await.is(EMAIL_TAKEN);
        let logged_in = shop.log_in(same, PASSWORD).await.ok();
        assert_eq!(logged_in["user_id"], account.user_id, "{same}");
    }
    let path = format!("/v1/users/{}", account.user_id);
    let body = json!({ "email": "mina@example.com", "current_password": PASSWORD });
    let change = shop.patch(&path).token(&account.access_token).json(&body);
    change.send().await.ok();
    shop.audit().await;
    shop.account(ASCII).await;
    // Deleting the user frees it as well.
    let other = Shop::open().await;
    let account = other.known_in_ascii().await;
    let path = format!("/v1/users/{}", account.user_id);
    let delete = other.delete(&path).token(&account.access_token);
    delete.send().await.ok();
    assert!(other.items("Users").await.is_empty());
    other.account(LETTERS).await;
}
