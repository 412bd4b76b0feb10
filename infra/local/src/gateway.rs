//! The front door: an HTTP API as API Gateway has them, and beside it what the AWS command line,
//! the tests, and functions outside of this process need.

mod alone;
mod cors;
mod invoke;
mod moves;
mod routes;

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{Method, StatusCode, header::CONTENT_TYPE, request::Parts},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use serde_json::json;
use shared::{clock::Clock, lambda_http};

pub use routes::Routes;

use crate::{
    event::{self, Incoming},
    function::{Failure, Function},
    sqs::{self, Sqs},
    template::Cors,
    timeline::Timeline,
};

/// The largest body that API Gateway takes.
const LARGEST_BODY: usize = 10 * 1024 * 1024;

/// The front door of a stack.
pub struct Gateway {
    /// Its routes.
    pub routes: Routes,
    /// All functions by name.
    pub functions: BTreeMap<String, Arc<Function>>,
    /// What browsers of other origins may do.
    pub cors: Option<Cors>,
    /// The queues, as SQS.
    pub sqs: Sqs,
    /// The clock, and what it sets off.
    pub timeline: Arc<Timeline>,
    /// The variables by which a function in a process of its own reaches the tables and queues, if
    /// there is a way.
    pub ways_from_outside: Option<BTreeMap<&'static str, String>>,
}

impl Gateway {
    /// The router that serves it.
    pub fn router(self) -> Router {
        Router::new()
            .route("/_local/clock", get(moves::tell).post(moves::advance))
            .route("/_local/environment/{function}", get(alone::environment))
            .route("/_local/event/{*path}", any(alone::event))
            .route(
                "/2015-03-31/functions/{function}/invocations",
                post(invoke::invoke),
            )
            .fallback(serve)
            .method_not_allowed_fallback(serve)
            .with_state(Arc::new(self))
    }
}

async fn serve(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(source): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = whole(body).await else {
        return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    if let Some(action) = sqs_action(&parts) {
        return sqs_answer(&gateway, action, &body);
    }
    let cors = gateway.cors.as_ref();
    if let Some(preflight) = cors.and_then(|cors| cors::preflight(cors, &parts)) {
        return preflight;
    }
    let is_foreign = cors::is_foreign(&parts);
    // On Lambda, an invocation is not given up when its caller hangs up. So it is not here.
    let answer = tokio::spawn({
        let gateway = Arc::clone(&gateway);
        async move { gateway.answer(&parts, &body, source).await }
    });
    let mut response = answer.await.unwrap_or_else(|_| internal_server_error());
    if let Some(cors) = cors.filter(|_| is_foreign) {
        cors::allow(cors, &mut response);
    }
    response
}

impl Gateway {
    async fn answer(&self, parts: &Parts, body: &[u8], source: SocketAddr) -> Response {
        let Some((function, event)) = self.event(parts, body, source) else {
            return message(StatusCode::NOT_FOUND, "Not Found");
        };
        let answer = match event {
            Ok(event) => function.answer(&event).await,
            Err(error) => Err(Failure::Event(error)),
        };
        match answer {
            Ok(response) => outgoing(response),
            Err(failure) => {
                tracing::error!(function = function.name, "{failure}");
                internal_server_error()
            }
        }
    }

    /// The function that a request goes to, and the event that it gets.
    fn event(
        &self,
        parts: &Parts,
        body: &[u8],
        source: SocketAddr,
    ) -> Option<(&Function, serde_json::Result<String>)> {
        let found = self.routes.find(&parts.method, parts.uri.path())?;
        let event = event::event(&Incoming {
            parts,
            body,
            source: source.ip(),
            now: self.timeline.clock.now(),
            route_key: &found.endpoint.key,
            path_parameters: &found.parameters,
        });
        Some((&found.endpoint.function, event))
    }
}

/// A request to SQS, as the SDK sends it to `AWS_ENDPOINT_URL_SQS` or to the queue's own URL.
fn sqs_action(parts: &Parts) -> Option<&str> {
    let path = parts.uri.path();
    let is_for_sqs = path == "/" || path.starts_with("/000000000000/");
    let target = parts.headers.get("x-amz-target")?.to_str().ok()?;
    target
        .strip_prefix(sqs::TARGET)
        .filter(|_| is_for_sqs && parts.method == Method::POST)
}

fn sqs_answer(gateway: &Gateway, action: &str, body: &[u8]) -> Response {
    let answer = gateway.sqs.call(action, body, None);
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_REQUEST);
    let kind = [(CONTENT_TYPE, "application/x-amz-json-1.0")];
    (status, kind, answer.body).into_response()
}

async fn whole(body: Body) -> Result<Bytes, axum::Error> {
    to_bytes(body, LARGEST_BODY).await
}

fn outgoing(response: lambda_http::Response<lambda_http::Body>) -> Response {
    response.map(|body| match body {
        lambda_http::Body::Text(text) => Body::from(text),
        lambda_http::Body::Binary(bytes) => Body::from(bytes),
        _ => Body::empty(),
    })
}

/// An answer of the gateway itself.
fn message(status: StatusCode, text: &str) -> Response {
    json_answer(status, &json!({"message": text}))
}

fn internal_server_error() -> Response {
    message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

fn json_answer(status: StatusCode, body: &serde_json::Value) -> Response {
    let kind = [(CONTENT_TYPE, "application/json")];
    (status, kind, body.to_string()).into_response()
}
