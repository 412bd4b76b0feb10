//! What a function needs to run in a process of its own, on the tables and queues of this stack:
//! `GET /_local/environment/{function}` and `/_local/event/{path}`.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    body::Bytes,
    extract::{ConnectInfo, Path, State},
    http::{StatusCode, Uri, header::CONTENT_TYPE, request::Parts},
    response::{IntoResponse, Response},
};

use super::{Gateway, message};

/// Returns the environment of a function: what the template gives it, and how it reaches this
/// stack. Each line is one `NAME=value`.
pub async fn environment(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
) -> Response {
    let Some(function) = gateway.functions.get(&name) else {
        return missing(&format!("Function not found: {name}"));
    };
    let Some(ways) = &gateway.ways_from_outside else {
        return missing("the tables of this stack are in its own process only");
    };
    let own = function.environment.iter();
    let lines: String = own
        .map(|(name, value)| (name.as_str(), value))
        .chain(ways.iter().map(|(name, value)| (*name, value)))
        .flat_map(|(name, value)| [name, "=", value, "\n"])
        .collect();
    lines.into_response()
}

/// Returns the event that a request makes, and does not invoke its function.
pub async fn event(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(source): ConnectInfo<SocketAddr>,
    mut parts: Parts,
    body: Bytes,
) -> Response {
    let Some(asked) = without_prefix(&parts, "/_local/event") else {
        return missing("Not Found");
    };
    parts.uri = asked;
    match gateway.event(&parts, &body, source) {
        Some((_, Ok(event))) => ([(CONTENT_TYPE, "application/json")], event).into_response(),
        Some((_, Err(error))) => message(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        None => missing("Not Found"),
    }
}

/// The URI without a prefix of its path.
fn without_prefix(parts: &Parts, prefix: &str) -> Option<Uri> {
    let asked = parts.uri.path_and_query()?.as_str();
    asked.strip_prefix(prefix)?.parse().ok()
}

fn missing(why: &str) -> Response {
    message(StatusCode::NOT_FOUND, why)
}
