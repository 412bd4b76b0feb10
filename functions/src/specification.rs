//! The OpenAPI specification, made of the endpoints' own descriptions.

use std::collections::BTreeMap;

use utoipa::openapi::{
    Components, HttpMethod, Info, License, OpenApi, Paths, RefOr, Schema, Server, path,
    security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    tag::TagBuilder,
};

use crate::{
    DESCRIPTIONS,
    operation::{ACCESS_TOKEN, Operation, QUEUE_TOKEN},
};

/// A route and how its endpoint describes itself.
pub(crate) struct Description {
    pub method: &'static str,
    pub path: &'static str,
    pub function: &'static str,
    pub area: &'static str,
    pub operation: fn() -> Operation,
}

impl Description {
    /// The operation under that name, and the schemas that it needs.
    fn build(&self, id: &str) -> (path::Operation, Vec<(String, RefOr<Schema>)>) {
        (self.operation)().build(id, self.area, self.method, self.path)
    }
}

/// The areas of the API, in reading order, and what they are about.
const AREAS: &[(&str, &str)] = &[
    ("accounts", "Users, and the tokens that name them"),
    ("queue", "The line"),
    ("concerts", "What is on sale"),
    ("reservations", "Holding seats, and giving them back"),
    ("payments", "The prepaid balance, and paying from it"),
    ("docs", "What you are reading, and a module for pages"),
];

/// The whole specification (OpenAPI 3.1).
pub fn specification() -> OpenApi {
    let mut info = Info::new("Onsale", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Sells numbered concert seats: a fair line, five-minute seat holds, a prepaid balance, \
         and a payment that happens whole or not at all. Times are RFC 3339 in UTC, in whole \
         seconds, rounded down; only the points and the `server_time` of a queue's document have \
         milliseconds. Money is won with at most two decimals. Whatever answers GET answers HEAD \
         too, with the same status and headers and without the body; where the first call is the \
         arrival, a HEAD is one. Bodies are in UTF-8."
            .to_owned(),
    );
    let mut license = License::new("MIT");
    license.identifier = Some("MIT".to_owned());
    info.license = Some(license);

    let mut paths = Paths::new();
    let mut components = Components::new();
    let mut functions = BTreeMap::new();
    for described in DESCRIPTIONS {
        let routes: &mut u32 = functions.entry(described.function).or_default();
        *routes += 1;
        let id = match routes {
            1 => described.function.to_owned(),
            n => format!("{}-{n}", described.function),
        };
        let (operation, schemas) = described.build(&id);
        let method = http_method(described.method);
        paths.add_path_operation(described.path, vec![method], operation);
        components.schemas.extend(schemas);
    }
    for (name, told) in [
        (
            QUEUE_TOKEN,
            "From `POST /v1/auth/tokens`: names one passage through a queue.",
        ),
        (
            ACCESS_TOKEN,
            "From signing up and logging in: names a user.",
        ),
    ] {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(told));
        components.add_security_scheme(name, SecurityScheme::Http(scheme.build()));
    }

    let mut specification = OpenApi::new(info, paths);
    specification.components = Some(components);
    specification.servers = Some(vec![Server::new("/")]);
    specification.tags = Some(
        AREAS
            .iter()
            .map(|(name, told)| {
                TagBuilder::new()
                    .name(*name)
                    .description(Some(*told))
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
