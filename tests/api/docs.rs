//! `GET /openapi.json`, `GET /docs` and `GET /line.js`: the specification is complete and agrees
//! with the routes, and its page loads nothing from elsewhere. Each call of this suite checks that
//! its answer is in the specification ([`crate::harness::specification`]).

use std::collections::{BTreeMap, BTreeSet};

use functions::{ROUTES, specification::specification};
use serde_json::{Value, json};
use shared::domain::{
    ids::QueueId,
    money::Money,
    programme::MAX_SHOWS,
    queue::Settings,
    reason::Reason,
    seat::{MAX_SEATS_PER_HOLD, MAX_SEATS_PER_SHOW},
    texts::Notice,
    user::{Email, Name, Password},
};

use crate::{
    errors::CONTRACT,
    harness::{NOBODY, Shop, specification::Specification},
};

fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let of_path = |(path, methods): (&String, _)| {
        let methods: &Value = methods;
        let methods = methods.as_object().expect("methods").iter();
        methods
            .map(|(method, operation)| (method.to_uppercase(), path.clone(), operation))
            .collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

#[tokio::test]
async fn specification_is_served_as_it_is() {
    let shop = Shop::empty().await;
    let reply = shop.get("/openapi.json").send().await;
    assert_eq!(reply.header("content-type"), "application/json");
    let document = reply.ok();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document, json!(specification()));
}

#[test]
fn every_route_is_specified_and_nothing_else() {
    let document = &Specification::get().document;
    let specified: BTreeSet<_> = operations(document)
        .into_iter()
        .map(|(method, path, _)| (method, path))
        .collect();
    let routes: BTreeSet<_> = ROUTES
        .iter()
        .map(|route| (route.method.to_owned(), route.path.to_owned()))
        .collect();
    assert_eq!(specified, routes);
}

#[test]
fn each_operation_has_a_name_of_its_own_and_a_known_area() {
    let document = &Specification::get().document;
    let areas: Vec<_> = document["tags"]
        .as_array()
        .expect("tags")
        .iter()
        .map(|tag| &tag["name"])
        .collect();
    let mut names = BTreeSet::new();
    for (method, path, operation) in operations(document) {
        assert!(
            names.insert(operation["operationId"].to_string()),
            "{method} {path}"
        );
        assert!(areas.contains(&&operation["tags"][0]), "{method} {path}");
        let summary = operation["summary"].as_str().unwrap_or_default();
        assert!(!summary.is_empty(), "{method} {path}");
    }
}

/// The attacks with tokens walk through a list of endpoints: no operation that wants a token is
/// missing from it, and each takes there the kinds of tokens that it says it takes.
#[tokio::test]
async fn security_of_each_operation_is_what_the_attacks_with_tokens_know() {
    let shop = Shop::open().await;
    let specification = Specification::get();
    let attacked: BTreeMap<_, _> = shop
        .guarded(NOBODY, NOBODY)
        .into_iter()
        .map(|endpoint| {
            let path = endpoint.path.split('?').next().unwrap_or_default();
            let operation = specification.operation(endpoint.method, path);
            let (path, _) = operation.expect("an operation");
            let takes = (
                endpoint.takes_queue_tokens(),
                endpoint.takes_access_tokens(),
            );
            ((endpoint.method.to_owned(), path.to_owned()), takes)
        })
        .collect();
    let mut specified = BTreeMap::new();
    for (method, path, operation) in operations(&specification.document) {
        let schemes = operation["security"].as_array().expect("its security");
        let takes = |scheme: &str| schemes.iter().any(|one| one.get(scheme).is_some());
        let needs_none = schemes.iter().any(|one| one == &json!({}));
        if !needs_none {
            let takes = (takes("queue_token"), takes("access_token"));
            specified.insert((method, path), takes);
        }
    }
    assert_eq!(attacked, specified);
}

/// A schema can only be given its limits as literals. They are the limits that the code checks.
#[test]
fn limits_of_the_schemas_are_those_of_the_code() {
    let won = |money: Money| money.hundredths() / 100;
    let (least_rate, greatest_rate) = Settings::rate_bounds();
    let claim = [
        Settings::CLAIM_SECONDS.start(),
        Settings::CLAIM_SECONDS.end(),
    ];
    let active = [
        Settings::ACTIVE_SECONDS.start(),
        Settings::ACTIVE_SECONDS.end(),
    ];
    let ticks = [Settings::TICK_SECONDS.start(), Settings::TICK_SECONDS.end()];
    let max_active = [Settings::MAX_ACTIVE.start(), Settings::MAX_ACTIVE.end()];
    let schemas = &Specification::get().document["components"]["schemas"];
    for (schema, limits) in [
        (
            "Name",
            json!({ "minLength": 1, "maxLength": Name::MAX_LENGTH }),
        ),
        ("Email", json!({ "maxLength": Email::MAX_LENGTH })),
        (
            "Password",
            json!({ "minLength": Password::LENGTH.start(), "maxLength": Password::LENGTH.end() }),
        ),
        (
            "Notice",
            json!({ "minLength": 1, "maxLength": Notice::MAX_LENGTH }),
        ),
        (
            "Reason",
            json!({ "minLength": 1, "maxLength": Reason::MAX_LENGTH }),
        ),
        (
            "QueueId",
            json!({ "pattern": format!("^[a-z0-9-]{{{},{}}}$", QueueId::LENGTH.start(), QueueId::LENGTH.end()) }),
        ),
        (
            "SeatNumber",
            json!({ "minimum": 1, "maximum": MAX_SEATS_PER_SHOW }),
        ),
        (
            "SeatSet",
            json!({ "minItems": 1, "maxItems": MAX_SEATS_PER_HOLD }),
        ),
        (
            "ShowFields/properties/capacity",
            json!({ "minimum": 1, "maximum": MAX_SEATS_PER_SHOW }),
        ),
        (
            "ShowFields/properties/price",
            json!({ "minimum": 0, "maximum": won(Money::MAX_AT_ONCE) }),
        ),
        (
            "NewConcert/properties/shows",
            json!({ "minItems": 1, "maxItems": MAX_SHOWS }),
        ),
        (
            "ConcertChange/properties/shows",
            json!({ "maxItems": MAX_SHOWS }),
        ),
        (
            "Charge/properties/amount",
            json!({ "exclusiveMinimum": 0, "maximum": won(Money::MAX_AT_ONCE) }),
        ),
        (
            "Correction/properties/amount",
            json!({ "minimum": -won(Money::MAX_AT_ONCE), "maximum": won(Money::MAX_AT_ONCE) }),
        ),
        (
            "QueueSettings/properties/max_active",
            json!({ "minimum": max_active[0], "maximum": max_active[1] }),
        ),
        (
            "QueueSettings/properties/rate",
            json!({ "minimum": least_rate, "maximum": greatest_rate }),
        ),
        (
            "QueueSettings/properties/claim_seconds",
            json!({ "minimum": claim[0], "maximum": claim[1] }),
        ),
        (
            "QueueSettings/properties/active_seconds",
            json!({ "minimum": active[0], "maximum": active[1] }),
        ),
        (
            "QueueSettings/properties/tick_seconds",
            json!({ "minimum": ticks[0], "maximum": ticks[1] }),
        ),
    ] {
        let specified = schemas.pointer(&format!("/{schema}")).expect(schema);
        for (name, limit) in limits.as_object().expect("limits") {
            let stated = &specified[name];
            let is_same =
                stated == limit || stated.as_f64().is_some_and(|n| Some(n) == limit.as_f64());
            assert!(
                is_same,
                "{schema} says {name} {stated}, and the code {limit}"
            );
        }
    }
}

/// Every example agrees with its schema, in all fields.
#[test]
fn each_body_has_an_example_that_is_one() {
    let specification = Specification::get();
    let mut wrong = Vec::new();
    for (method, path, operation) in operations(&specification.document) {
        let sent = operation.pointer("/requestBody/content").into_iter();
        let answers = operation["responses"]
            .as_object()
            .expect("answers")
            .values();
        let contents = sent.chain(answers.filter_map(|answer| answer.get("content")));
        for (n, content) in contents.enumerate() {
            let (kind, content) = content
                .as_object()
                .expect("content")
                .iter()
                .next()
                .expect("one");
            let many = content["examples"].as_object().into_iter().flatten();
            let many = many.map(|(_, example)| &example["value"]);
            let examples: Vec<_> = content.get("example").into_iter().chain(many).collect();
            let name = format!("{method} {path} {n} {kind}");
            assert!(!examples.is_empty(), "{name} has no example");
            for example in examples {
                let name = format!("example of {name}");
                let complaints = specification.complaints(&name, &content["schema"], true, example);
                wrong.extend(
                    complaints
                        .iter()
                        .map(|complaint| format!("{name}: {complaint}")),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_schema_and_each_field_is_described() {
    let document = &Specification::get().document;
    let mut bare = Vec::new();
    for (name, schema) in document["components"]["schemas"]
        .as_object()
        .expect("schemas")
    {
        find_bare(name, schema, true, &mut bare);
    }
    assert!(bare.is_empty(), "{bare:#?}");
}

fn find_bare(name: &str, schema: &Value, is_told: bool, bare: &mut Vec<String>) {
    let nullable = schema["oneOf"].as_array().into_iter().flatten();
    let told = |schema: &Value| {
        schema["description"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    };
    if is_told && !told(schema) && !nullable.clone().any(told) {
        bare.push(name.to_owned());
    }
    for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
        find_bare(&format!("{name}.{field}"), schema, true, bare);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        find_bare(name, part, false, bare);
    }
}

/// Whether a time is one that clients compute with, which has milliseconds.
fn is_precise(name: &str) -> bool {
    name == "Point.at" || name.ends_with(".server_time")
}

/// Every other time in an answer has a type that is written in whole seconds.
#[test]
fn each_time_of_an_answer_is_in_whole_seconds() {
    let document = &Specification::get().document;
    let mut answers = Vec::new();
    for (method, path, operation) in operations(document) {
        let responses = operation["responses"].as_object().expect("answers");
        for (status, answer) in responses {
            let schema = &answer["content"]["application/json"]["schema"];
            answers.push((format!("{method} {path} {status}"), schema));
        }
    }
    let (mut seen, mut times) = (BTreeSet::new(), BTreeSet::new());
    while let Some((name, schema)) = answers.pop() {
        if let Some(reference) = schema["$ref"].as_str() {
            let named = reference.rsplit('/').next().expect("a name");
            match named {
                "Time" => drop(times.insert(named)),
                "PreciseTime" => {
                    times.insert(named);
                    assert!(is_precise(&name), "{name} has milliseconds");
                }
                _ if seen.insert(named) => {
                    answers.push((named.to_owned(), &document["components"]["schemas"][named]));
                }
                _ => {}
            }
        }
        assert_ne!(schema["format"], "date-time", "{name} may have fractions");
        for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
            answers.push((format!("{name}.{field}"), schema));
        }
        for word in ["allOf", "oneOf", "anyOf"] {
            let parts = schema[word].as_array().into_iter().flatten();
            answers.extend(parts.map(|part| (name.clone(), part)));
        }
        if schema["items"].is_object() {
            answers.push((name, &schema["items"]));
        }
    }
    assert_eq!(times, BTreeSet::from(["PreciseTime", "Time"]));
}

/// The specification has every code that a client can get.
#[test]
fn each_error_is_specified_somewhere() {
    let document = Specification::get().document.to_string();
    for (_, code) in CONTRACT {
        assert!(document.contains(&format!("\"{code}\"")), "{code}");
    }
}

/// The check of every answer must be able to fail.
#[test]
fn specification_check_notices_missing_malformed_and_additional_fields() {
    let specification = Specification::get();
    let schema = json!({ "$ref": "#/components/schemas/Receipt" });
    let good = json!({
        "message": "m",
        "payment_id": "019a9e1c-3333-7000-8000-000000000001",
        "reservation_id": "019a9e1c-2222-7000-8000-000000000001",
        "concert_id": "019a9e1c-1111-7000-8000-000000000001",
        "date": "2026-12-24",
        "show": "2026-12-24",
        "seat_number": 7,
        "seat_numbers": [7],
        "seats": [{ "seat_number": 7, "price": 50_000 }],
        "user_id": "3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11",
        "refundable_until": "2026-12-22T15:00:00Z",
        "amount": 50_000,
        "current_balance": 0.5,
    });
    let complaints = |value: &Value| specification.complaints("receipt", &schema, true, value);
    assert_eq!(complaints(&good), Vec::<String>::new());
    for (field, value) in [
        ("amount", Value::Null),
        ("amount", json!("50000")),
        ("amount", json!(-1)),
        ("date", json!("24.12.2026")),
        ("date", json!("2026-02-30")),
        ("refundable_until", json!("2026-12-22T15:00:00.5Z")),
        ("refundable_until", json!("2026-12-23T00:00:00+09:00")),
        ("payment_id", json!("x")),
        ("seat_numbers", json!([])),
        ("seat_number", json!(0)),
        ("secret", json!("x")),
    ] {
        let mut bad = good.clone();
        bad[field] = value.clone();
        assert!(!complaints(&bad).is_empty(), "{field} is {value}");
    }
}

#[tokio::test]
async fn page_needs_no_other_host() {
    let shop = Shop::empty().await;
    let reply = shop.get("/docs").send().await;
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
    assert!(
        reply
            .header("content-security-policy")
            .starts_with("default-src 'self'")
    );
    let page = reply.text;
    let links: Vec<_> = page
        .split(['"', '\''])
        .filter(|text| text.starts_with("docs/"))
        .collect();
    assert_eq!(links.len(), 5, "{page}");
    for link in links {
        let file = shop.get(&format!("/{link}")).send().await;
        assert_eq!(file.status.as_u16(), 200, "{link}");
        assert!(!file.text.is_empty(), "{link}");
    }
    let settings = shop.get("/docs/swagger-initializer.js").send().await.text;
    assert!(settings.contains("\"openapi.json\""), "{settings}");
    assert!(
        settings.contains("\"validatorUrl\": \"none\""),
        "{settings}"
    );
    for text in [page, settings] {
        assert!(
            !text.contains("http://") && !text.contains("https://"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn unknown_files_are_not_found() {
    let shop = Shop::empty().await;
    for path in [
        "/docs/nothing.js",
        "/docs/line.js",
        "/docs/openapi.json",
        "/docs/..%2f..%2fCargo.toml",
        "/docs/%00",
    ] {
        shop.get(path).send().await.refused(404, "NOT_FOUND");
    }
}

/// Node tests the module itself.
#[tokio::test]
async fn module_can_be_imported_from_any_origin() {
    let shop = Shop::empty().await;
    let origin = "https://tickets.example";
    let reply = shop.get("/line.js").header("origin", origin).send().await;
    assert_eq!(reply.status.as_u16(), 200);
    assert_eq!(
        reply.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(reply.header("cache-control"), "public, max-age=300");
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    let module = include_str!("../../functions/src/docs/line.mjs");
    assert_eq!(reply.text, module);
}
