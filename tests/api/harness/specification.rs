//! Checks every answer of the suite against the specification: its status, its type, and exactly
//! its fields.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
};

use functions::specification::specification;
use jsonschema::Validator;
use serde_json::{Value, json};
use shared::jiff::Timestamp;

use super::Reply;

static SPECIFICATION: LazyLock<Specification> = LazyLock::new(Specification::read);

/// The specification, with closed schemas: a client must accept unknown fields, but a test must
/// not.
pub struct Specification {
    /// The document as it is published.
    pub document: Value,
    closed: Value,
    validators: Mutex<HashMap<String, &'static Validator>>,
}

impl Specification {
    /// The document that the functions publish.
    pub fn get() -> &'static Self {
        &SPECIFICATION
    }

    fn read() -> Self {
        let document = serde_json::to_value(specification()).expect("the specification is JSON");
        let mut closed = document["components"]["schemas"].clone();
        for schema in closed.as_object_mut().expect("schemas").values_mut() {
            close_inside(schema);
        }
        Self {
            document,
            closed,
            validators: Mutex::default(),
        }
    }

    /// The operation of a request in the specification, and its path there.
    pub fn operation(&self, method: &str, path: &str) -> Option<(&str, &Value)> {
        let is_it = |template: &str| {
            let (template, path) = (template.split('/'), path.split('/'));
            template.clone().count() == path.clone().count()
                && template
                    .zip(path)
                    .all(|(part, is)| part == is || (part.starts_with('{') && !is.is_empty()))
        };
        let paths = self.document["paths"].as_object().expect("paths");
        let mut found: Vec<_> = paths.iter().filter(|(path, _)| is_it(path)).collect();
        // A literal part of a path is preferred to a variable.
        found.sort_by_key(|(path, _)| path.matches('{').count());
        found.into_iter().find_map(|(path, methods)| {
            let operation = methods.get(method.to_ascii_lowercase())?;
            Some((path.as_str(), operation))
        })
    }

    /// How a value differs from a schema; `name` names the schema.
    pub fn complaints(
        &self,
        name: &str,
        schema: &Value,
        is_closed: bool,
        value: &Value,
    ) -> Vec<String> {
        let key = format!("{name} {is_closed}");
        let mut validators = self.validators.lock().expect("not poisoned");
        let validator = *validators.entry(key).or_insert_with(|| {
            let (mut schema, components) =
                (schema.clone(), &self.document["components"]["schemas"]);
            let components = if is_closed {
                close(&mut schema);
                &self.closed
            } else {
                components
            };
            let root = json!({ "allOf": [schema], "components": { "schemas": components } });
            let validator = jsonschema::options()
                .with_draft(jsonschema::Draft::Draft202012)
                .should_validate_formats(true)
                .build(&root);
            Box::leak(Box::new(validator.expect("a valid schema")))
        });
        validator
            .iter_errors(value)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect()
    }

    /// Checks that an answer is in the specification.
    #[track_caller]
    pub fn check_answer(&self, method: &str, target: &str, sent: &[u8], reply: &Reply) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if path.starts_with("/v1/") {
            let precise = times_with_fractions(&reply.body, "");
            assert!(
                precise.is_empty(),
                "{method} {path} answers with fractions of seconds: {precise:?}"
            );
        }
        // A HEAD is specified with its GET, and has no body.
        let is_head = method == "HEAD";
        let specified = if is_head { "GET" } else { method };
        let Some((route, operation)) = self.operation(specified, path) else {
            return;
        };
        let what = format!("{method} {route}");
        let status = reply.status.as_str();
        let answer = &operation["responses"][status];
        assert!(
            answer.is_object(),
            "{what} answers {status}, which is not specified: {}",
            reply.text
        );
        let kind = reply.headers.get("content-type");
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let schema = answer["content"]
            .get(kind)
            .map(|content| &content["schema"]);
        if let Some(schema) = schema.filter(|_| !is_head) {
            let name = format!("{what} {status} {kind}");
            let complaints = self.complaints(&name, schema, true, &reply.body);
            assert!(
                complaints.is_empty(),
                "{name}: {complaints:#?} in {}",
                reply.body
            );
        }
        check_who_may_keep(&what, route, reply);
        for header in ["retry-after", "etag", "link"] {
            let headers = answer["headers"].as_object().into_iter().flatten();
            let specified = headers
                .into_iter()
                .any(|(name, _)| name.eq_ignore_ascii_case(header));
            assert!(
                specified || !reply.headers.contains_key(header),
                "{what} {status} has a header {header} that is not specified"
            );
        }
        if reply.status.is_success() {
            self.check_request(&what, operation, query, sent);
        }
    }

    /// How an event that a bus took differs from the schema of its type. An event of a type that is
    /// not specified differs too.
    pub fn complaints_about_event(&self, event: &Value) -> Vec<String> {
        let kind = event["detail-type"].as_str().unwrap_or_default();
        let body = &self.document["webhooks"][kind]["post"]["requestBody"];
        match body.pointer("/content/application~1json/schema") {
            Some(schema) => self.complaints(kind, schema, true, event),
            None => vec![format!("no event of type {kind:?} is specified")],
        }
    }

    /// Checks that a request that was accepted is in the specification.
    #[track_caller]
    fn check_request(&self, what: &str, operation: &Value, query: &str, sent: &[u8]) {
        let parameters: Vec<_> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .collect();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let name = pair.split('=').next().unwrap_or_default();
            let specified = parameters
                .iter()
                .any(|parameter| parameter["in"] == "query" && parameter["name"] == name);
            assert!(
                specified,
                "{what} took the parameter {name}, which is not specified"
            );
        }
        let needs_body = operation.pointer("/requestBody/required") == Some(&Value::Bool(true));
        let schema = operation.pointer("/requestBody/content/application~1json/schema");
        if let Some(schema) = schema.filter(|_| needs_body || !sent.is_empty()) {
            let sent = sent.strip_prefix("\u{feff}".as_bytes()).unwrap_or(sent);
            let sent = serde_json::from_slice(sent).expect("JSON was accepted");
            let complaints = self.complaints(what, schema, false, &sent);
            assert!(complaints.is_empty(), "{what} took {sent}: {complaints:#?}");
        }
    }
}

/// Checks that an answer says who may keep it, and that nobody may keep what is for its caller.
#[track_caller]
fn check_who_may_keep(what: &str, route: &str, reply: &Reply) {
    const SHARED: [&str; 15] = [
        "/",
        "/c/{concert_id}",
        "/docs",
        "/docs/{file}",
        "/line.js",
        "/openapi.json",
        "/operator",
        "/page/{version}/{file}",
        "/tickets",
        "/v1/auth/keys",
        "/v1/concerts",
        "/v1/concerts/{concert_id}",
        "/v1/plans/{plan_id}",
        "/v1/queues/{queue_id}",
        "/v1/settings",
    ];
    let kept = reply.header("cache-control");
    let is_get = what.starts_with("GET ") || what.starts_with("HEAD ");
    let is_good = reply.status.is_success() || reply.status == 304;
    if is_get && is_good && SHARED.contains(&route) {
        assert!(kept.starts_with("public, max-age="), "{what}: {kept}");
    } else {
        assert_eq!(kept, "private, no-store", "{what}");
    }
}

/// The times in an answer that are not whole seconds, except those that clients compute with: the
/// time of the service, and the points of a queue's document.
pub fn times_with_fractions(answer: &Value, at: &str) -> Vec<String> {
    match answer {
        Value::String(text) => {
            let time = text.parse::<Timestamp>().ok();
            let is_precise = time.is_some_and(|time| time.subsec_nanosecond() != 0);
            let is_computed_with = at.ends_with("/server_time") || at.ends_with("/points/at");
            if is_precise && !is_computed_with {
                vec![format!("{text} at {at}")]
            } else {
                Vec::new()
            }
        }
        Value::Array(values) => values
            .iter()
            .flat_map(|value| times_with_fractions(value, at))
            .collect(),
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| times_with_fractions(value, &format!("{at}/{name}")))
            .collect(),
        _ => Vec::new(),
    }
}

/// Closes a schema and those in it.
fn close(schema: &mut Value) {
    close_inside(schema);
    let has_fields = ["$ref", "properties", "allOf", "oneOf"];
    if has_fields.iter().any(|word| schema.get(word).is_some()) {
        *schema = json!({ "allOf": [schema.take()], "unevaluatedProperties": false });
    }
}

/// Closes the schemas in one that may itself be a part of another.
fn close_inside(schema: &mut Value) {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(close);
    }
    if let Some(items) = schema.get_mut("items") {
        close(items);
    }
    for word in ["allOf", "oneOf", "anyOf"] {
        if let Some(parts) = schema.get_mut(word).and_then(Value::as_array_mut) {
            parts.iter_mut().for_each(close_inside);
        }
    }
}
