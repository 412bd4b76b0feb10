//! Builds the OpenAPI document from the endpoints' own descriptions.

mod webhooks;

use utoipa::openapi::{
    Components, HttpMethod, Info, License, OpenApi, Paths, RefOr, Schema, Server, path,
    security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    tag::TagBuilder,
};

use crate::{
    DESCRIPTIONS,
    operation::{ACCESS_TOKEN, Operation, QUEUE_TOKEN},
};

/// A route, and the function that describes its endpoint.
pub(crate) struct Description {
    pub method: &'static str,
    pub path: &'static str,
    pub function: &'static str,
    pub area: &'static str,
    pub operation: fn() -> Operation,
}

impl Description {
    /// The operation under this id, and the schemas that it needs.
    fn build(&self, id: &str) -> (path::Operation, Vec<(String, RefOr<Schema>)>) {
        (self.operation)().build(id, self.area, self.method, self.path)
    }
}

/// The areas of the API, in reading order, each with its description.
const AREAS: &[(&str, &str)] = &[
    (
        "accounts",
        "Users: signing up, logging in, and their access tokens",
    ),
    (
        "queue",
        "Queues: joining, the place in the line, leaving, and settings",
    ),
    ("concerts", "Concerts, their dates and their seats"),
    ("plans", "Plans of halls"),
    (
        "reservations",
        "Reservations: holding seats, and giving them back",
    ),
    (
        "payments",
        "Money: the prepaid balance, paying from it, and the statement",
    ),
    ("service", "What the operator has set for the whole service"),
    ("page", "The page for buyers"),
    (
        "docs",
        "This document, a page to try it on, and a module for pages that compute places",
    ),
];

/// The introduction of the document, in Markdown. `functions/README.md` says more.
const INTRODUCTION: &str = "\
Sells numbered concert seats: a fair line, seats that are held for a few minutes, a prepaid balance, \
and a payment that happens completely or not at all.

## To buy a seat

1. Sign up with `POST /v1/users`. It returns the user's id and an access token.
2. Join a queue with `POST /v1/auth/tokens`. It returns a queue token and the place in the line.
3. Poll `GET /v1/auth/tokens`, each time after `Retry-After` seconds, until `status` is `ACTIVE`.
4. See what is free with `GET /v1/concerts/{concert_id}/dates` and \
`GET /v1/concerts/{concert_id}/seats`. The first of these calls is the **arrival**. It must come \
before `claim_until`. From then on the user may choose until `active_until`.
5. Hold one to four seats with `POST /v1/concerts/{concert_id}/reservations`.
6. Top up the balance with `POST /v1/users/{user_id}/balance`. Unless the deployment sets it \
otherwise, only an administrator may do this.
7. Pay with `POST /v1/concerts/{concert_id}/reservations/{reservation_id}/payments` before \
`expiration_time`.

## Words

- **Guest**: a user without e-mail address and password. Their id is their only secret.
- **Session**: a user's passage through one queue, from joining it until it is over.
- **Number**: what a session draws when it joins a queue. Numbers are served in order.
- **Place**: how many people are to be served until the session is, itself included.
- **Hold**: seats that are kept for a session for a few minutes. A **reservation** is a hold, and \
after the payment the order.
- **Show**: a concert on one date.
- **Tick**: the step in which a queue lets people in, every few seconds.

## Conventions

- Bodies are JSON in UTF-8, with at most 65,536 bytes. A `GET`, `HEAD` or `DELETE` has no body.
- Times are RFC 3339 in UTC, in whole seconds, rounded down. Only `server_time`, and the `points` of \
a queue's document, have milliseconds.
- Money is a number of won with at most two decimals.
- Every path that has `GET` has `HEAD` too. It returns the same status and headers, without the \
body. Where the `GET` can be the arrival, the `HEAD` can be too.
- Do not keep answers, unless `Cache-Control` lets you. All others, and all errors, say `private, \
no-store`.

## Events

`webhooks` has the facts that other systems are told: payments, holds, queues and shows. They are on a bus of EventBridge, and can be posted to an address. `functions/README.md` says how to take them.

## Errors

Decide by `code`: it never changes. `error` is a text for people. `Retry-After` is present where \
calling again makes sense.

A request without an answer, or with a 500, may have been done. Send it again: with an \
`Idempotency-Key` where the endpoint takes one, it is done once.";

/// The whole specification (OpenAPI 3.1).
pub fn specification() -> OpenApi {
    let mut info = Info::new("Onsale", env!("CARGO_PKG_VERSION"));
    info.description = Some(INTRODUCTION.to_owned());
    let mut license = License::new("MIT");
    license.identifier = Some("MIT".to_owned());
    info.license = Some(license);

    let mut paths = Paths::new();
    let mut components = Components::new();
    for described in DESCRIPTIONS {
        let id = match (described.method, described.path) {
            ("PATCH", "/v1/users/{user_id}/balance") => "charge-by-patch",
            ("DELETE", "/v1/concerts/{concert_id}/dates/{date}") => "delete-show",
            (_, "/c/{concert_id}") => "get-concert-page",
            (_, "/tickets") => "get-tickets-page",
            (_, "/operator") => "get-operator-page",
            (_, "/page/{version}/{file}") => "get-page-file",
            (_, "/docs") => "get-docs-page",
            (_, "/docs/{file}") => "get-docs-file",
            (_, "/line.js") => "get-line-module",
            _ => described.function,
        };
        let (operation, schemas) = described.build(id);
        let method = http_method(described.method);
        paths.add_path_operation(described.path, vec![method], operation);
        components.schemas.extend(schemas);
    }
    for (name, description) in [
        (
            QUEUE_TOKEN,
            "Names a session, that is, a user's passage through one queue. `POST /v1/auth/tokens` \
             returns it. It is good for 30 days. The place in the line lasts longer: joining again \
             returns a new token with the same number.",
        ),
        (
            ACCESS_TOKEN,
            "Names a user. Signing up (`POST /v1/users`) and logging in (`POST /v1/auth/login`) \
             return it. A guest's is good for 30 days, that of a user with a password for 12 hours.",
        ),
    ] {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(description));
        components.add_security_scheme(name, SecurityScheme::Http(scheme.build()));
    }

    let (webhooks, schemas) = webhooks::webhooks();
    components.schemas.extend(schemas);

    let mut specification = OpenApi::new(info, paths);
    specification.webhooks = Some(webhooks);
    specification.components = Some(components);
    specification.servers = Some(vec![Server::new("/")]);
    specification.tags = Some(
        AREAS
            .iter()
            .map(|(name, description)| {
                TagBuilder::new()
                    .name(*name)
                    .description(Some(*description))
                    .build()
            })
            .collect(),
    );
    specification
}

fn http_method(method: &str) -> HttpMethod {
    match method {
        "POST" => HttpMethod::Post,
        "PATCH" => HttpMethod::Patch,
        "PUT" => HttpMethod::Put,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}
