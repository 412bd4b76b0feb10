//! Bodies that are malformed, or contain nonsense.

use serde_json::{Value, json};

use crate::harness::{
    Buyer, Call, Guest, NOBODY, PRICE, Shop,
    concerts::many_shows,
    refusal::{BODY_TOO_LARGE, EMPTY_BODY},
    text,
};

/// Bodies that are not JSON objects, or just barely.
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
        "\u{feff}",
        "\u{feff}\u{feff}{}",
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

/// The endpoints with a body, as called by a buyer who holds a seat or by an administrator, and a
/// good body for each.
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
    let settings = json!({
        "max_active": 1_000, "rate": 50, "claim_seconds": 120, "active_seconds": 300,
        "tick_seconds": 5, "state": "OPEN", "opens_at": null,
        "default_concert_id": shop.concert_id,
    });
    let queue = |method: &str| {
        let call = shop.call(method, "/v1/queues/main");
        call.token(&admin.access_token)
    };
    let create = shop.post("/v1/concerts").token(&admin.access_token);
    let update = shop.patch(&existing).token(&admin.access_token);
    vec![
        (create, concert.clone()),
        (update, concert),
        (queue("PUT"), settings.clone()),
        (queue("PATCH"), settings),
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
        (
            shop.post(&format!("{}/refund", shop.reservation(held)))
                .token(&admin.access_token),
            json!({ "user_id": NOBODY, "reason": "A" }),
        ),
        (
            shop.post(&format!("{balance}/corrections"))
                .token(&admin.access_token),
            json!({ "amount": -1, "reason": "A" }),
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

/// A malformed id or an amount that overflows must not cause a 500.
#[tokio::test]
async fn any_value_in_any_field_breaks_nothing() {
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
async fn field_named_twice_is_refused() {
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
async fn body_above_64_kib_is_refused() {
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

/// An administrator's browser may be under attack too, so the fields of a show are checked as well.
#[tokio::test]
async fn any_value_in_a_show_breaks_nothing() {
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
        .json(&wish)
        .send_as(&buyer.token)
        .await
        .ok();
}

/// The deepest body with the most names that is accepted. It is read once, and quickly.
#[tokio::test]
async fn deep_and_crowded_bodies_are_answered_as_any_other() {
    let shop = Shop::open().await;
    let (open, close) = ("[".repeat(30_000), "]".repeat(30_000));
    let nested = "{\"a\":".repeat(10_000) + "1" + &"}".repeat(10_000);
    let names: Vec<_> = (0..6_000).map(|n| format!("\"{n}\":1")).collect();
    let bodies = [
        format!("{{\"name\":{open}{close}}}"),
        format!("{{\"name\":{nested}}}"),
        format!("{{{},\"name\":\"x\"}}", names.join(",")),
    ];
    for body in bodies {
        assert!(body.len() <= 65_536, "{}", body.len());
        let reply = shop.post("/v1/users").body(body).send().await;
        assert!(
            [201, 400].contains(&reply.status.as_u16()),
            "{}",
            reply.text
        );
    }
    let twice = format!(
        "{{{},\"0\":2,\"name\":\"x\",\"name\":\"y\"}}",
        names.join(",")
    );
    shop.post("/v1/users")
        .body(twice)
        .send()
        .await
        .is(EMPTY_BODY);
}
