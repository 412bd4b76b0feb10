//! An HTTP API like API Gateway's. Beside it are SQS, EventBridge and Lambda's Invoke API for the AWS
//! command line, the clock, the events, and what a function outside of this process needs.

mod clock;
pub mod connections;
mod cors;
pub mod edge;
mod event;
mod events;
mod intake;
mod invoke;
mod routes;
mod standalone;

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, DefaultBodyLimit, State},
    http::{
        Method, Request, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
        request::Parts,
    },
    middleware,
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use http_body_util::{BodyExt as _, Collected};
use serde_json::json;
use shared::{clock::Clock, lambda_http};
use tokio::sync::{Semaphore, watch};

pub use self::routes::Routes;
use self::{edge::Edge, event::RoutedRequest, intake::Intake};

use crate::{
    aws::{
        buses::{self, Buses},
        engine::AwsAnswer,
        sqs::{self, Sqs},
    },
    lambda::{
        function::{Function, FunctionError},
        timeline::Timeline,
    },
    template::Cors,
};

/// How long API Gateway waits for a function. The time-out of each function with a route is
/// shorter.
pub const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

/// The gateway of a stack.
pub struct Gateway {
    /// Its routes.
    pub routes: Routes,
    /// All functions by name.
    pub functions: BTreeMap<String, Arc<Function>>,
    /// What browsers of other origins may do.
    pub cors: Option<Cors>,
    /// What is in front of the API. It has an address of its own then, besides.
    pub edge: Option<Arc<Edge>>,
    /// The queues, as SQS.
    pub sqs: Sqs,
    /// The buses, as EventBridge.
    pub buses: Arc<Buses>,
    /// Whether the stack has been stopped.
    pub stopped: watch::Receiver<bool>,
    /// The clock, and what is due by it.
    pub timeline: Arc<Timeline>,
    /// The variables by which a function in a process of its own reaches the tables and queues.
    /// `None` if it cannot reach them.
    pub ways_from_outside: Option<BTreeMap<&'static str, String>>,
    /// How many more requests may be with functions at once. An account on AWS has such a limit
    /// too.
    pub concurrency: Arc<Semaphore>,
}

impl Gateway {
    /// The router that serves the API itself, for those who go around the edge.
    pub fn router_of_the_api(self: &Arc<Self>) -> Router {
        Router::new()
            .fallback(serve_api)
            .layer(DefaultBodyLimit::disable())
            .layer(middleware::from_fn_with_state(
                Intake::default(),
                intake::take,
            ))
            .with_state(Arc::clone(self))
    }

    /// The router that serves it all.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/_local/clock", get(clock::read).post(clock::advance))
            .route(
                "/_local/environment/{function}",
                get(standalone::environment),
            )
            .route("/_local/events", get(events::stream_events))
            .route("/_local/event/{*path}", any(standalone::event))
            .route(
                "/2015-03-31/functions/{function}/invocations",
                post(invoke::invoke),
            )
            .fallback(serve)
            .method_not_allowed_fallback(serve)
            // The intake has a limit of its own.
            .layer(DefaultBodyLimit::disable())
            .layer(middleware::from_fn_with_state(
                Intake::default(),
                intake::take,
            ))
            .with_state(Arc::clone(self))
    }
}

/// What is at the stack's own address: AWS for the functions, and the API, behind the edge if there is
/// one.
async fn serve(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(source): ConnectInfo<SocketAddr>,
    parts: Parts,
    body: Bytes,
) -> Response {
    if let Some(action) = action(&parts, sqs::TARGET) {
        let answer = gateway.sqs.call(action, &body, sqs::AS_SENT);
        return aws_answer(answer, "application/x-amz-json-1.0");
    }
    if let Some(action) = action(&parts, buses::TARGET) {
        let answer = gateway.buses.call(action, &body, buses::NONE);
        return aws_answer(answer, "application/x-amz-json-1.1");
    }
    match gateway.edge.clone() {
        Some(edge) => serve_edge(gateway, &edge, parts, body, source).await,
        None => answer_api(gateway, parts, body, source).await,
    }
}

/// What is at the address of the API itself.
async fn serve_api(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(source): ConnectInfo<SocketAddr>,
    parts: Parts,
    body: Bytes,
) -> Response {
    answer_api(gateway, parts, body, source).await
}

async fn serve_edge(
    gateway: Arc<Gateway>,
    edge: &Arc<Edge>,
    parts: Parts,
    body: Bytes,
    source: SocketAddr,
) -> Response {
    let request = Request::from_parts(parts, body);
    let api = |request: Request<Bytes>| async move {
        let (parts, body) = request.into_parts();
        let answer = answer_api(gateway, parts, body, edge::ADDRESS).await;
        let (parts, body) = answer.into_parts();
        // All bodies are in memory already, so reading one does not fail.
        let body = body.collect().await.map(Collected::to_bytes);
        Response::from_parts(parts, body.unwrap_or_default())
    };
    let answer = edge.answer(request, source.ip(), api).await;
    answer.map(Body::from)
}

/// The API's own answer to a request.
async fn answer_api(
    gateway: Arc<Gateway>,
    parts: Parts,
    body: Bytes,
    source: SocketAddr,
) -> Response {
    if parts.method == Method::CONNECT {
        // A success would mean that the connection now leads to another host.
        return message(StatusCode::BAD_REQUEST, "Bad Request");
    }
    let cors = gateway.cors.as_ref();
    if let Some(preflight) = cors.and_then(|cors| cors::preflight(cors, &parts)) {
        return preflight;
    }
    let is_foreign = cors::is_foreign(&parts);
    let mut response = match Arc::clone(&gateway.concurrency).try_acquire_owned() {
        Ok(invocation) => {
            // An invocation goes on when its caller hangs up, as on Lambda.
            let answer = tokio::spawn({
                let gateway = Arc::clone(&gateway);
                async move {
                    let _invocation = invocation;
                    let answer = gateway.answer(&parts, &body, source);
                    tokio::time::timeout(INTEGRATION_TIMEOUT, answer)
                        .await
                        .unwrap_or_else(|_| unavailable())
                }
            });
            answer.await.unwrap_or_else(|_| internal_server_error())
        }
        Err(_) => unavailable(),
    };
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
            Err(error) => Err(FunctionError::Event(error)),
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
        let event = event::event(&RoutedRequest {
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

/// The action of a request to SQS or EventBridge, by the prefix of its target. The SDK sends it to
/// `AWS_ENDPOINT_URL_SQS` or to a queue's URL, and to `AWS_ENDPOINT_URL_EVENTBRIDGE`.
fn action<'p>(parts: &'p Parts, prefix: &str) -> Option<&'p str> {
    let path = parts.uri.path();
    let is_for_aws = path == "/" || path.starts_with("/000000000000/");
    let target = parts.headers.get("x-amz-target")?.to_str().ok()?;
    target
        .strip_prefix(prefix)
        .filter(|_| is_for_aws && parts.method == Method::POST)
}

fn aws_answer(answer: AwsAnswer, kind: &'static str) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_REQUEST);
    (status, [(CONTENT_TYPE, kind)], answer.body).into_response()
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

/// The answer to too many requests, or to one that took too long.
fn unavailable() -> Response {
    let answer = message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
    ([(RETRY_AFTER, "1")], answer).into_response()
}

fn json_answer(status: StatusCode, body: &serde_json::Value) -> Response {
    let kind = [(CONTENT_TYPE, "application/json")];
    (status, kind, body.to_string()).into_response()
}
