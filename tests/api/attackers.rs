//! Those who mean harm: never a 5xx, never somebody else's data.

use serde_json::{Value, json};
use shared::domain::user::Role;

use crate::harness::{
    Buyer, Call, Door, Guest, PASSWORD, PRICE, Reply, Shop,
    concerts::many_shows,
    refusal::{
        BODY_TOO_LARGE, EMPTY_BODY, FORBIDDEN, INVALID_CREDENTIALS, INVALID_TOKEN,
        MALFORMED_AUTHORIZATION, MISSING_AUTHORIZATION, NOT_YOUR_TURN,
    },
    text,
    tokens::claims,
};

const NOBODY: &str = "11111111-1111-4111-8111-111111111111";

impl Reply {
    /// A refusal of whatever kind, in the envelope.
    #[track_caller]
    fn is_refusal(&self) {
        assert!(self.status.is_client_error(), "{self:?}");
        assert!(
            self.body["code"].is_string() && self.body["error"].is_string(),
            "{self:?}"
        );
    }
}

#[tokio::test]
async fn every_door_wants_a_header_with_a_bearer_token_in_it() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    for door in shop.guarded(&buyer.user_id, NOBODY) {
        door.call(&shop).send().await.is(MISSING_AUTHORIZATION);
        let garbage = shop.call(door.method, &door.path).body("garbage");
        garbage.send().await.is(MISSING_AUTHORIZATION);
        for header in [
            "Bearer",
            "Bearer ",
            "bearer  ",
            "Basic eDp5",
            "token",
            "",
            " ",
            &buyer.token,
            "Bearer,x",
        ] {
            let reply = door
                .call(&shop)
                .header("authorization", header)
                .send()
                .await;
            reply.is(MALFORMED_AUTHORIZATION);
        }
        let call = shop
            .call(door.method, &door.path)
            .token("x")
            .body("garbage");
        call.send().await.is(INVALID_TOKEN);
    }
}

#[tokio::test]
async fn bearer_is_read_in_any_case() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    for scheme in ["bearer", "BEARER", "bEaReR ", " Bearer"] {
        let header = format!("{scheme} {}", buyer.token);
        let reply = shop
            .get("/v1/auth/tokens")
            .header("authorization", &header)
            .send()
            .await;
        assert_eq!(reply.ok()["status"], "ACTIVE", "{scheme}");
    }
}

/// A fault of other waiting rooms: a well-known test token that skips the line.
#[tokio::test]
async fn no_forgery_opens_a_door() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    let doors = shop.guarded(
        &buyer.user_id,
        held["reservation_id"].as_str().expect("an id"),
    );
    let of_queue = shop.forgeries(&buyer.token).await;
    let of_access = shop.forgeries(&buyer.access_token).await;
    for door in &doors {
        for (kind, token) in of_queue.iter().chain(&of_access) {
            let reply = door.call(&shop).token(token).send().await;
            assert_eq!(reply.status, 401, "{} by {kind}: {}", door.name, reply.body);
            reply.is(INVALID_TOKEN);
        }
    }
    assert_eq!(shop.balance(&buyer).await, json!(0));
    assert_eq!(shop.reservation_status(&buyer, &held).await, "HELD");
}

#[tokio::test]
async fn a_token_of_another_deployment_is_no_token() {
    let (shop, other) = (Shop::open().await, Shop::open().await);
    let buyer = other.buyer().await;
    for token in [&buyer.token, &buyer.access_token] {
        let path = format!("/v1/users/{}/balance", buyer.user_id);
        shop.get(&path).token(token).send().await.is(INVALID_TOKEN);
    }
    shop.get("/v1/auth/tokens")
        .token(&buyer.token)
        .send()
        .await
        .is(INVALID_TOKEN);
}

#[tokio::test]
async fn an_access_token_opens_no_door_of_the_queue() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let mut closed = 0;
    for door in shop.guarded(&buyer.user_id, NOBODY) {
        let reply = door.call(&shop).token(&buyer.access_token).send().await;
        if door.takes_access_tokens() {
            assert_ne!(reply.status, 401, "{}: {}", door.name, reply.body);
        } else {
            reply.is(INVALID_TOKEN);
            closed += 1;
        }
    }
    assert_eq!(closed, 7);
}

#[tokio::test]
async fn the_token_of_an_earlier_session_buys_nothing() {
    let shop = Shop::open().await;
    let before = shop.buyer().await;
    shop.leave(&before).await;
    let after = shop.rejoin(&before).await;
    let held = shop.hold(&after, 7).await.ok();
    for door in shop.guarded(&after.user_id, NOBODY) {
        let reply = door.call(&shop).token(&before.token).send().await;
        if matches!(door.door, Door::Buyer | Door::Holder) {
            reply.is(INVALID_TOKEN);
        }
    }
    assert_eq!(shop.status(&after).await, "ACTIVE");
    assert_eq!(
        shop.reservation_status(&before, &held).await,
        "HELD",
        "they are the same user"
    );
}

#[tokio::test]
async fn what_we_signed_is_not_enough_without_the_session_or_the_generation() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let with = async |token: &str, name: &str, value: Value| {
        let mut said = claims(token);
        said[name] = value;
        shop.signed(said).await
    };
    for token in [
        with(&buyer.token, "jti", json!(NOBODY)).await,
        with(&buyer.token, "sub", json!(NOBODY)).await,
        with(&buyer.token, "queue", json!("nowhere")).await,
    ] {
        shop.get("/v1/concerts/available-dates")
            .token(&token)
            .send()
            .await
            .is(INVALID_TOKEN);
        shop.delete("/v1/auth/tokens")
            .token(&token)
            .send()
            .await
            .is(INVALID_TOKEN);
        let place = shop.get("/v1/auth/tokens").token(&token).send().await.ok();
        assert_eq!(place["status"], "CLOSED");
    }
    let path = format!("/v1/users/{}/balance", buyer.user_id);
    let next_generation = with(&buyer.access_token, "generation", json!(1)).await;
    shop.get(&path)
        .token(&next_generation)
        .send()
        .await
        .is(INVALID_TOKEN);
    let nobodys = with(&buyer.access_token, "sub", json!(NOBODY)).await;
    shop.get(&path)
        .token(&nobodys)
        .send()
        .await
        .is(INVALID_TOKEN);
    // The number in the token counts for nothing: the session has its own.
    let first = with(&buyer.token, "number", json!(0)).await;
    assert_eq!(
        shop.get("/v1/auth/tokens").token(&first).send().await.ok()["status"],
        "ACTIVE"
    );
}

#[tokio::test]
async fn a_lower_number_in_the_token_does_not_skip_the_line() {
    let shop = Shop::for_one().await;
    shop.buyer().await;
    let waiting = shop.buyer().await;
    let mut said = claims(&waiting.token);
    said["number"] = json!(1);
    let token = shop.signed(said).await;
    let reply = shop
        .get("/v1/concerts/available-dates")
        .token(&token)
        .send()
        .await;
    reply.is(NOT_YOUR_TURN);
}

#[tokio::test]
async fn authorization_headers_of_every_kind_are_survived() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let long = "x".repeat(8_000);
    for token in [
        long.as_str(),
        "a.b.c",
        "e30.e30.e30",
        "eyJhbGciOiJFZERTQSJ9..",
        "\"",
        "{}",
        "null",
        "' OR 1=1 --",
    ] {
        shop.get("/v1/auth/tokens")
            .token(token)
            .send()
            .await
            .is(INVALID_TOKEN);
    }
    let bytes = shop
        .get("/v1/auth/tokens")
        .header("authorization", b"Bearer \xed\x86\xa0\xff");
    bytes.send().await.is_refusal();
    let twice = shop.get("/v1/auth/tokens").token(&buyer.token).token("x");
    twice.send().await.is_refusal();
}

/// Bodies that are no JSON objects, or barely.
fn garbage() -> Vec<Vec<u8>> {
    let deep =
        |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    let mut bodies: Vec<Vec<u8>> = [
        "",
        " ",
        "{",
        "}",
        "[]",
        "[{}]",
        "null",
        "true",
        "7",
        "\"x\"",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "{}{}",
        "{} x",
        "NaN",
        "a=1&b=2",
        "<xml/>",
        "\u{feff}{}",
        "{\"\\ud800\":1}",
    ]
    .map(|body| body.as_bytes().to_vec())
    .into();
    bodies.push(vec![0, 159, 146, 150, 255, 254]);
    bodies.push(b"{\"name\":\"\xff\"}".to_vec());
    bodies.push(b"{\"name\":\"a\0b\"}".to_vec());
    bodies.push(deep("[", "]").into_bytes());
    bodies.push(deep("{\"a\":", "}").into_bytes());
    bodies.push(format!("{{\"x\":\"{}\"", "y".repeat(1_000_000)).into_bytes());
    bodies
}

/// The endpoints with a body, as a buyer calls them who holds a seat, or an administrator, and a
/// good body of each.
fn with_bodies(shop: &Shop, buyer: &Buyer, admin: &Guest, held: &Value) -> Vec<(Call, Value)> {
    let user = format!("/v1/users/{}", buyer.user_id);
    let balance = format!("{user}/balance");
    let pay = format!("{}/payments", shop.reservation(held));
    let wish = json!({ "date": "2026-12-24", "seat_number": 8, "seat_numbers": null });
    let payment = json!({
        "reservation_id": held["reservation_id"],
        "payment_method": "BALANCE",
        "payment_details": { "amount": PRICE },
    });
    let post = |path: &str| shop.post(path).token(&buyer.token);
    let fields = json!({
        "date": "2027-01-01", "price": 1, "capacity": 50, "opens_at": null, "closes_at": null,
    });
    let concert = json!({ "name": "A", "queue_id": "main", "shows": [fields] });
    let existing = format!("/v1/concerts/{}", shop.concert_id);
    let create = shop.post("/v1/concerts").token(&admin.access_token);
    let update = shop.patch(&existing).token(&admin.access_token);
    vec![
        (create, concert.clone()),
        (update, concert),
        (
            post("/v1/users"),
            json!({ "name": "A", "email": null, "password": null }),
        ),
        (
            shop.post("/v1/auth/tokens").token(&buyer.access_token),
            json!({ "user_id": NOBODY, "concert_id": NOBODY }),
        ),
        (
            post("/v1/auth/login"),
            json!({ "email": null, "user_id": buyer.user_id, "password": null }),
        ),
        (
            shop.call("PATCH", &user).token(&buyer.access_token),
            json!({ "name": "A", "email": null, "password": null, "current_password": null }),
        ),
        (post(&shop.reservations()), wish),
        (post(&pay), payment),
        (post(&balance), json!({ "amount": 1 })),
        (
            shop.call("PATCH", &balance).token(&buyer.token),
            json!({ "amount": 1 }),
        ),
    ]
}

#[tokio::test]
async fn garbage_is_refused_everywhere() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    let admin = shop.admin().await;
    let concert = shop.concert(&shop.concert_id).await;
    for (call, _) in with_bodies(&shop, &buyer, &admin, &held) {
        for body in garbage() {
            call.clone().body(body).send().await.is_refusal();
        }
    }
    assert_eq!(shop.concert(&shop.concert_id).await, concert);
    assert_eq!(shop.balance(&buyer).await, json!(0));
    assert_eq!(shop.reservation_status(&buyer, &held).await, "HELD");
}

/// A fault of other sellers: an id that is not an id, or an amount that overflows, answers 500.
#[tokio::test]
async fn whatever_a_field_holds_nothing_breaks() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    let admin = shop.admin().await;
    let long = "y".repeat(100_000);
    let values = [
        "true",
        "7.5",
        "-1",
        "1e30",
        "1e999",
        "-0",
        "18446744073709551616",
        "\"\"",
        "\"\\u0000\"",
        "\"\\ud83d\"",
        "\"2026-12-24\\n\"",
        "\"' OR 1=1 --\"",
        "\"{\\\"S\\\":\\\"x\\\"}\"",
        "[]",
        "[1,\"x\"]",
        "{}",
        "{\"S\":\"x\"}",
        "{\"amount\":{\"amount\":1}}",
        "[[[[[[[[1]]]]]]]]",
        "\"%s%n\"",
        "\"#account\"",
        &long,
    ];
    for (call, good) in with_bodies(&shop, &buyer, &admin, &held) {
        for field in good.as_object().expect("an object").keys() {
            for value in values {
                let value = if value == long {
                    format!("\"{value}\"")
                } else {
                    value.to_owned()
                };
                let mut body = good.clone();
                body[field] = json!("@");
                let body = body.to_string().replace("\"@\"", &value);
                let reply = call.clone().body(body).send().await;
                assert!(reply.status.as_u16() < 500, "{field} is {value}: {reply:?}");
                if !reply.status.is_success() {
                    reply.is_refusal();
                }
            }
        }
    }
    assert_eq!(shop.reservation_status(&buyer, &held).await, "HELD");
    assert_eq!(shop.status(&buyer).await, "ACTIVE");
}

#[tokio::test]
async fn a_field_that_is_there_twice_counts_for_nothing() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let path = format!("/v1/users/{}/balance", buyer.user_id);
    let call = shop
        .post(&path)
        .token(&buyer.token)
        .body("{\"amount\":1,\"amount\":2}");
    call.send().await.is(EMPTY_BODY);
    assert_eq!(shop.balance(&buyer).await, 0);
}

#[tokio::test]
async fn a_body_is_read_up_to_what_anybody_needs() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    let admin = shop.admin().await;
    let padded = |body: &Value, bytes: usize| {
        let body = body.to_string();
        format!("{body}{}", " ".repeat(bytes - body.len()))
    };
    for (call, good) in with_bodies(&shop, &buyer, &admin, &held) {
        for bytes in [65_537, 1_000_000] {
            let call = call.clone().body(padded(&good, bytes));
            call.send().await.is(BODY_TOO_LARGE);
        }
    }
    let mut body = json!({ "name": "A" });
    for n in 0..3_000 {
        body[format!("field {n}")] = json!(n);
    }
    let call = shop.post("/v1/users").body(padded(&body, 65_536));
    call.send().await.expect(201);
    assert_eq!(shop.balance(&buyer).await, json!(0));
    assert_eq!(shop.reservation_status(&buyer, &held).await, "HELD");
}

#[tokio::test]
async fn paths_of_every_kind_are_survived() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let ids = [
        "%00",
        "%2F",
        "..%2F..%2Fusers",
        "%2e%2e",
        "%zz",
        "%",
        "%f",
        "%ff%fe",
        "%F0%9F%8E%AB",
        "a%20b",
        "'%20OR%20'1'='1",
        "%22%3B%20DROP%20TABLE%20users%3B--",
        "%7B%22S%22%3A%22x%22%7D",
        "%25s%25n%25x",
        "${jndi:ldap://x}".trim_start_matches('$'),
        "null",
        "undefined",
        "-1",
        "0",
        "1e999",
        "*",
        "%23",
        "main%23number",
        "~",
        "+",
        NOBODY,
    ];
    let ids = ids.map(|id| id.replace('{', "%7B").replace('}', "%7D"));
    let long = "a".repeat(4_000);
    for id in ids.iter().chain([&long]) {
        for (method, path) in [
            ("GET", format!("/v1/users/{id}")),
            ("GET", format!("/v1/users/{id}/balance")),
            ("POST", format!("/v1/users/{id}/balance")),
            ("GET", format!("/v1/queues/{id}")),
            ("GET", format!("/v1/concerts/{id}")),
            ("GET", format!("/v1/users/{id}/payments")),
            ("GET", format!("/v1/users/{id}/statement")),
            ("GET", format!("/v1/concerts/{id}/dates")),
            ("GET", format!("/v1/concerts/{id}/seats?date=2026-12-24")),
            (
                "GET",
                format!("/v1/concerts/{}/seats?date={id}", shop.concert_id),
            ),
            (
                "GET",
                format!("/v1/concerts/available-dates?concert_id={id}"),
            ),
            ("POST", format!("/v1/concerts/{id}/reservations")),
            ("GET", format!("{}/{id}", shop.reservations())),
            ("DELETE", format!("{}/{id}", shop.reservations())),
            ("POST", format!("{}/{id}/payments", shop.reservations())),
            ("GET", format!("/{id}")),
        ] {
            let call = shop.call(method, &path).token(&buyer.token);
            let call = if method == "POST" {
                call.json(&json!({
                    "amount": 1, "date": "2026-12-24", "seat_number": 9,
                    "reservation_id": NOBODY, "payment_details": { "amount": 1 },
                }))
            } else {
                call
            };
            call.send().await.is_refusal();
        }
    }
    assert_eq!(shop.balance(&buyer).await, json!(0));
}

/// A fault of other sellers: the user id in the body is believed.
#[tokio::test]
async fn the_ids_of_others_open_nothing() {
    let shop = Shop::open().await;
    let (victim, attacker) = (shop.buyer().await, shop.buyer().await);
    let held = shop.hold(&victim, 7).await.ok();
    shop.charge(&victim, PRICE).await.ok();
    shop.charge(&attacker, PRICE).await.ok();
    let doors = shop.guarded(
        &victim.user_id,
        held["reservation_id"].as_str().expect("an id"),
    );
    for door in doors
        .iter()
        .filter(|door| door.path.contains(&victim.user_id))
    {
        let with = async |token: &str| door.call(&shop).token(token).send().await;
        with(&attacker.access_token).await.is(FORBIDDEN);
        let is_of_access_tokens = door.door == Door::SignedIn;
        with(&attacker.token).await.is(if is_of_access_tokens {
            INVALID_TOKEN
        } else {
            FORBIDDEN
        });
    }
    let id = held["reservation_id"].as_str().expect("an id");
    for door in doors.iter().filter(|door| door.path.contains(id)) {
        let reply = door.call(&shop).token(&attacker.token).send().await;
        reply.refused(404, "RESERVATION_NOT_FOUND");
    }
    let body = json!({ "date": "2026-12-24", "seat_number": 8, "user_id": victim.user_id });
    let own = shop
        .post(&shop.reservations())
        .token(&attacker.token)
        .json(&body)
        .send()
        .await
        .ok();
    assert_eq!(shop.reservation_status(&attacker, &own).await, "HELD");
    assert_eq!(shop.reservation_status(&victim, &held).await, "HELD");
    assert_eq!(shop.balance(&victim).await, json!(PRICE));
    assert_eq!(shop.balance(&attacker).await, json!(PRICE));
}

#[tokio::test]
async fn who_is_no_administrator_any_more_goes_through_none_of_their_doors() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let buyer = shop.buyer().await;
    let account = shop.account("mina@example.com").await;
    let doors: Vec<_> = shop
        .guarded(&admin.user_id, NOBODY)
        .into_iter()
        .filter(|door| door.door == Door::Admin)
        .collect();
    assert!(!doors.is_empty());
    for door in &doors {
        let with = async |token: &str| door.call(&shop).token(token).send().await;
        assert!(with(&admin.access_token).await.status.is_success());
        with(&buyer.access_token).await.is(FORBIDDEN);
        with(&account.access_token).await.is(FORBIDDEN);
        with(&buyer.token).await.is(INVALID_TOKEN);
    }
    let operator = shop.stack.operator().await;
    let demoted = operator
        .store()
        .set_role(admin.user_id.parse().expect("an id"), Role::User);
    demoted.await.expect("a user");
    for door in &doors {
        let call = door.call(&shop).token(&admin.access_token);
        call.send().await.is(FORBIDDEN);
    }
}

/// A fault of other sellers: whatever a body says is written into the user.
#[tokio::test]
async fn nobody_gets_a_role_or_another_id_by_asking() {
    let shop = Shop::open().await;
    let victim = shop.account("victim@example.com").await;
    let extras = json!({
        "id": victim.user_id, "user_id": victim.user_id, "role": "admin", "generation": 7,
        "password_hash": "x", "attempts": { "count": 0, "since": 0 }, "created_at": 0,
        "seq": 7, "balance": 1_000_000, "is_admin": true,
    });
    let with_extras = |body: Value| {
        let mut all = extras.clone();
        let fields = body.as_object().expect("an object").clone();
        all.as_object_mut().expect("an object").extend(fields);
        all
    };
    let sign_up = with_extras(json!({
        "name": "A", "email": "a@example.com", "password": PASSWORD,
    }));
    let sign_up = shop.post("/v1/users").json(&sign_up);
    let user = sign_up.send().await.expect(201);
    let (user_id, token) = (text(&user["user_id"]), text(&user["token"]));
    assert_ne!(user_id, victim.user_id);
    assert_eq!(claims(&token)["generation"], 0);

    let path = format!("/v1/users/{user_id}");
    let update = with_extras(json!({ "name": "B" }));
    let update = shop.call("PATCH", &path).token(&token).json(&update);
    let changed = update.send().await.ok();
    assert_eq!(
        (&changed["user_id"], &changed["role"], &changed["name"]),
        (&json!(user_id), &json!("user"), &json!("B"))
    );
    let seen = shop.get(&path).token(&token).send().await.ok();
    assert_eq!(seen, changed, "the token is good, as before");
    let list = shop.get("/v1/users").token(&token);
    list.send().await.is(FORBIDDEN);

    let log_in = with_extras(json!({ "user_id": user_id, "password": PASSWORD }));
    let log_in = shop.post("/v1/auth/login").json(&log_in).send().await.ok();
    assert_eq!(log_in["user_id"], user_id);
    shop.log_in(&victim.email, PASSWORD).await.ok();
}

/// Their id was a guest's secret. It is none any more, and those who have learned it get nothing.
#[tokio::test]
async fn the_id_of_a_guest_who_became_an_account_opens_nothing() {
    let shop = Shop::open().await;
    let guest = shop.guest().await;
    let path = format!("/v1/users/{}", guest.user_id);
    let body = json!({ "email": "mina@example.com", "password": PASSWORD });
    let update = shop.call("PATCH", &path).token(&guest.access_token);
    update.json(&body).send().await.ok();
    let by_id = json!({ "user_id": guest.user_id });
    let log_in = shop.post("/v1/auth/login").json(&by_id).send().await;
    log_in.is(INVALID_CREDENTIALS);
    let join = shop.post("/v1/auth/tokens").json(&by_id).send().await;
    join.is(MISSING_AUTHORIZATION);
    let join = shop.post("/v1/auth/tokens").token(&guest.access_token);
    join.json(&by_id).send().await.ok();
}

#[tokio::test]
async fn who_runs_nothing_changes_nothing() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let before = shop.concert(&shop.concert_id).await;
    let mut doors = 0;
    for door in shop.guarded(&buyer.user_id, NOBODY) {
        if door.door != Door::Admin {
            continue;
        }
        doors += 1;
        let call = |token: &str| door.call(&shop).token(token).send();
        call(&buyer.access_token).await.is(FORBIDDEN);
        call(&buyer.token).await.is(INVALID_TOKEN);
        // Not even what is wrong with it.
        let garbage = shop
            .call(door.method, &door.path)
            .token(&buyer.access_token);
        garbage.body("garbage").send().await.is(FORBIDDEN);
    }
    assert_eq!(doors, 6);
    assert_eq!(shop.concert(&shop.concert_id).await, before);
    assert_eq!(shop.names().await, ["겨울 콘서트"]);
}

/// An administrator may be an attacker's browser, too: whatever the fields of a show hold.
#[tokio::test]
async fn whatever_a_show_holds_nothing_breaks() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let path = format!("/v1/concerts/{}", shop.concert_id);
    let before = shop.concert(&shop.concert_id).await;
    let huge = format!("\"{}\"", "y".repeat(100_000));
    for field in ["date", "price", "capacity", "opens_at", "closes_at"] {
        for value in [
            "1e400",
            "-1e400",
            "1e-400",
            "0.001",
            "-0.01",
            "1e99999999999",
            "true",
            "[]",
            "{}",
            "\"\"",
            "\"\\u0000\"",
            "\"2026-12-24\\n\"",
            "\"9999-12-31T23:59:59Z\"",
            "\"-009999-01-01T00:00:00Z\"",
            "\"2026-12-24T00:00:00+99:99\"",
            &huge,
        ] {
            let mut fields = json!({ "date": "2026-12-24", "price": 1 });
            fields[field] = json!("@");
            let body = json!({ "name": "A", "shows": [fields] }).to_string();
            let body = body.replace("\"@\"", value);
            for call in [shop.post("/v1/concerts"), shop.patch(&path)] {
                let call = call.token(&admin.access_token).body(body.clone());
                call.send().await.is_refusal();
            }
        }
    }
    for shows in [
        many_shows(201),
        vec![json!({}); 50_000],
        vec![Value::Null; 200_000],
    ] {
        let body = json!({ "name": "A", "shows": shows });
        shop.create(&admin, &body).await.is_refusal();
        shop.change(&admin, &shop.concert_id, &body)
            .await
            .is_refusal();
    }
    assert_eq!(shop.concert(&shop.concert_id).await, before);
    let last_day = json!({ "name": "A", "shows": [{ "date": "9999-12-31", "price": 1 }] });
    let created = shop.create(&admin, &last_day).await.expect(201);
    let buyer = shop.buyer().await;
    let path = format!("/v1/concerts/{}/reservations", text(&created["concert_id"]));
    let wish = json!({ "date": "9999-12-31", "seat_number": 1 });
    shop.post(&path)
        .token(&buyer.token)
        .json(&wish)
        .send()
        .await
        .ok();
}
