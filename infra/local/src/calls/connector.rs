//! The HTTP connector under each function's AWS SDK.
//!
//! Every call of a function to AWS goes through it, and the function's code stays as it is.

use std::{borrow::Cow, fmt, future::pending, io, sync::Arc, time::Duration};

use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

use super::{
    faults::{DELAY, Fault, Faults, When, first_item},
    guard::Guard,
    interference::Interference,
    lifetime,
    tally::Tally,
    traffic::Traffic,
};
use crate::{
    aws::{
        buses::{self, Buses, Refusals},
        engine::{self, AwsAnswer, Database},
        sqs::{self, AS_SENT, Deliveries, Sqs},
    },
    time::invocation,
};

const DYNAMODB_TARGET: &str = "DynamoDB_20120810.";
const CONTENT_LENGTH: &str = "content-length";

/// How long after its caller has given up a straggling call takes effect. A caller does not try for
/// this long.
const STRAGGLING_DELAY: Duration = Duration::from_secs(8);

/// How long a slow request takes on its way, and its answer on the way back. Both together are
/// within the time-outs.
const SLOW_WAY: Duration = Duration::from_millis(500);

/// By how much a late message is too late.
const LATE: Duration = Duration::from_mins(10);

/// What executes DynamoDB's requests.
pub enum Engine {
    /// The engine in this process.
    Embedded(Database),
    /// An endpoint, through this client.
    Remote(SharedHttpClient),
}

impl Engine {
    /// An endpoint over HTTP or HTTPS.
    pub fn remote() -> Self {
        let builder = aws_smithy_http_client::Builder::new();
        Self::Remote(
            builder
                .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
                .build_https(),
        )
    }
}

/// What all functions of a stack call.
pub struct Backend {
    /// Their database.
    pub engine: Engine,
    /// Their queues.
    pub sqs: Sqs,
    /// Their buses.
    pub buses: Arc<Buses>,
    /// How a test changes their requests and answers.
    pub interference: Interference,
    /// The faults that their calls meet.
    pub faults: Arc<Faults>,
    /// How long their calls take.
    pub traffic: Arc<Traffic>,
}

/// The connector of one function.
#[derive(Clone)]
pub struct Connector {
    backend: Arc<Backend>,
    tally: Arc<Tally>,
    guard: Option<Guard>,
    /// The connector to a remote engine, with the settings of the SDK.
    remote: Option<SharedHttpConnector>,
}

impl Connector {
    /// A connector that counts what its function consumes, and denies what it has no permission
    /// for.
    pub fn new(backend: Arc<Backend>, tally: Arc<Tally>, guard: Option<Guard>) -> Self {
        Self {
            backend,
            tally,
            guard,
            remote: None,
        }
    }

    /// Answers a request. An invocation in the background is busy while it awaits this.
    async fn answer(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let _call = invocation::current().map(|invocation| invocation.calls());
        let _in_flight = self.tally.begin();
        // A call takes time on AWS, and others go on meanwhile. The embedded engine answers at
        // once. Without this yield no two requests would overlap, and no test would find a race.
        tokio::task::yield_now().await;
        let Some(fault) = self.fault(&request) else {
            return self.pass(request).await;
        };
        lifetime::count_fault();
        self.meet(fault, request).await
    }

    /// Executes a request in the traffic of the stack. Requests of the operator are in none.
    async fn pass(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let traffic = self.guard.is_some().then_some(&self.backend.traffic);
        let body = request.body().bytes().unwrap_or_default();
        let Some(mut passage) = traffic.and_then(|traffic| traffic.pass(operation(&request), body))
        else {
            return self.carry_out(request).await;
        };
        tokio::time::sleep(passage.takes).await;
        match passage.conflict.take() {
            Some(conflict) => respond(conflict),
            None => self.carry_out(request).await,
        }
    }

    /// The fault that a request meets. Requests of the operator meet none.
    fn fault(&self, request: &HttpRequest) -> Option<Fault> {
        let function = &self.guard.as_ref()?.function;
        let body = request.body().bytes().unwrap_or_default();
        self.backend.faults.next(function, operation(request), body)
    }

    /// Lets a request meet a fault.
    async fn meet(
        self,
        fault: Fault,
        request: HttpRequest,
    ) -> Result<HttpResponse, ConnectorError> {
        match fault {
            Fault::Slow => {
                tokio::time::sleep(SLOW_WAY).await;
                let result = self.carry_out(request).await;
                tokio::time::sleep(SLOW_WAY).await;
                result
            }
            Fault::Delayed => {
                tokio::time::sleep(DELAY).await;
                self.carry_out(request).await
            }
            Fault::TimedOut(When::Before) => pending().await,
            Fault::TimedOut(When::After) => {
                self.carry_out(request).await?;
                pending().await
            }
            Fault::Straggling => {
                tokio::spawn(async move {
                    tokio::time::sleep(STRAGGLING_DELAY).await;
                    self.carry_out(request).await
                });
                pending().await
            }
            Fault::Reset(When::Before) => Err(reset()),
            Fault::Reset(When::After) => {
                self.carry_out(request).await?;
                Err(reset())
            }
            Fault::Killed(When::Before) => match lifetime::end_process().await {},
            Fault::Killed(When::After) => {
                self.carry_out(request).await?;
                match lifetime::end_process().await {}
            }
            Fault::Garbled => {
                self.carry_out(request).await?;
                respond(garbage())
            }
            Fault::Incomplete => self.read_one_item(request).await,
            Fault::Doubled => self.deliver(request, |delay| vec![delay, delay]).await,
            Fault::Lost => self.deliver(request, |_| Vec::new()).await,
            Fault::Late => {
                let late = |delay: Option<Duration>| vec![delay.map(|delay| delay + LATE)];
                self.deliver(request, late).await
            }
            Fault::Early => self.deliver(request, |_| vec![Some(Duration::ZERO)]).await,
            Fault::Refused => self.put_events(&request, |index| index % 2 == 0),
            Fault::Conflict
            | Fault::InProgress
            | Fault::Throughput
            | Fault::Throttling
            | Fault::Missing
            | Fault::Unprocessed
            | Fault::InternalError => {
                let body = request.body().bytes().unwrap_or_default();
                let refusal = fault.refusal(operation(&request), body);
                respond(refusal.unwrap_or_else(garbage))
            }
        }
    }

    /// Reads the first of the requested items, and reports the others as unprocessed.
    async fn read_one_item(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let body = request.body().bytes().unwrap_or_default();
        let Some((first, rest)) = first_item(body) else {
            return self.carry_out(request).await;
        };
        let mut request = request;
        set_body(&mut request, first);
        let (mut response, body) = whole(self.carry_out(request).await?).await?;
        let mut answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        if response.status().is_success() {
            answer["UnprocessedKeys"] = rest;
        }
        *response.body_mut() = SdkBody::from(answer.to_string());
        Ok(response)
    }

    /// Executes a request.
    async fn carry_out(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        self.deliver(request, AS_SENT).await
    }

    /// Executes a request. If it sends a message, `deliveries` says how that is delivered.
    async fn deliver(
        &self,
        request: HttpRequest,
        deliveries: Deliveries,
    ) -> Result<HttpResponse, ConnectorError> {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        if let Some(operation) = target.strip_prefix(DYNAMODB_TARGET) {
            let operation = operation.to_owned();
            self.dynamodb(&operation, request).await
        } else if let Some(action) = target.strip_prefix(sqs::TARGET) {
            let body = request.body().bytes().unwrap_or_default();
            let refused = self
                .guard
                .as_ref()
                .and_then(|guard| guard.refuse_sqs(action, body));
            respond(refused.unwrap_or_else(|| self.backend.sqs.call(action, body, deliveries)))
        } else if target.starts_with(buses::TARGET) {
            self.put_events(&request, buses::NONE)
        } else {
            Err(unreachable())
        }
    }

    /// Executes a request to a bus, which refuses these entries.
    fn put_events(
        &self,
        request: &HttpRequest,
        refusals: Refusals,
    ) -> Result<HttpResponse, ConnectorError> {
        let (action, body) = (operation(request), request.body().bytes());
        let body = body.unwrap_or_default();
        let guard = self.guard.as_ref();
        let refused = guard.and_then(|guard| guard.refuse_eventbridge(action, body));
        let buses = &self.backend.buses;
        let answer = refused.unwrap_or_else(|| buses.call(action, body, refusals));
        let is_hidden = answer.status == 200 && self.backend.faults.hides_refusals();
        let mut response = respond(if is_hidden {
            all_taken(&answer)
        } else {
            answer
        })?;
        response
            .headers_mut()
            .insert("content-type", "application/x-amz-json-1.1");
        Ok(response)
    }

    async fn dynamodb(
        &self,
        operation: &str,
        mut request: HttpRequest,
    ) -> Result<HttpResponse, ConnectorError> {
        let sent = request.body().bytes().unwrap_or_default();
        let guard = self.guard.as_ref();
        if let Some(refused) = guard.and_then(|guard| guard.refuse_dynamodb(operation, sent)) {
            return respond(refused);
        }
        let body = self.backend.interference.apply(operation, sent);
        match (&self.backend.engine, &self.remote) {
            (Engine::Embedded(database), _) => {
                let faults = &self.backend.faults;
                let token = faults.token(&body);
                if token
                    .as_ref()
                    .is_some_and(|token| faults.has_committed(token))
                {
                    return respond(done_before());
                }
                let mut answer = engine::call(database, operation, &body);
                if let Some(token) = token.filter(|_| answer.status == 200) {
                    faults.remember_committed(token);
                }
                self.tally.count(operation, answer.body.as_bytes());
                let reported = self.backend.interference.reported(answer.body.as_bytes());
                if let Some(reported) = reported.and_then(|body| String::from_utf8(body).ok()) {
                    answer.body = reported;
                }
                respond(answer)
            }
            (Engine::Remote(_), Some(remote)) => {
                if let Cow::Owned(changed) = body {
                    set_body(&mut request, changed);
                }
                let (mut response, body) = whole(remote.call(request).await?).await?;
                self.tally.count(operation, &body);
                let reported = self.backend.interference.reported(&body);
                *response.body_mut() = SdkBody::from(reported.unwrap_or(body));
                Ok(response)
            }
            (Engine::Remote(_), None) => Err(unreachable()),
        }
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().answer(request))
    }
}

impl HttpClient for Connector {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let mut connector = self.clone();
        if let Engine::Remote(client) = &self.backend.engine {
            connector.remote = Some(client.http_connector(settings, components));
        }
        SharedHttpConnector::new(connector)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Connector")
    }
}

fn respond(answer: AwsAnswer) -> Result<HttpResponse, ConnectorError> {
    let status = answer.status.try_into();
    let status = status.map_err(|error| ConnectorError::other(Box::new(error), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
    response
        .headers_mut()
        .insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}

fn set_body(request: &mut HttpRequest, body: Vec<u8>) {
    let length = body.len().to_string();
    request.headers_mut().insert(CONTENT_LENGTH, length);
    *request.body_mut() = SdkBody::from(body);
}

/// The operation that a request names; empty if it names none.
fn operation(request: &HttpRequest) -> &str {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    target
        .split_once('.')
        .map_or("", |(_, operation)| operation)
}

/// What AWS answers to a transaction that has taken effect before.
fn done_before() -> AwsAnswer {
    AwsAnswer {
        status: 200,
        body: "{}".to_owned(),
    }
}

/// What a bus answers when it has taken all events, instead of this answer.
fn all_taken(answer: &AwsAnswer) -> AwsAnswer {
    let mut body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    body["FailedEntryCount"] = 0.into();
    for entry in body["Entries"].as_array_mut().into_iter().flatten() {
        *entry = serde_json::json!({ "EventId": uuid::Uuid::new_v4() });
    }
    AwsAnswer {
        status: 200,
        body: body.to_string(),
    }
}

/// What a proxy may answer, which is not DynamoDB's JSON.
fn garbage() -> AwsAnswer {
    AwsAnswer {
        status: 200,
        body: "<html><body>".to_owned(),
    }
}

fn reset() -> ConnectorError {
    ConnectorError::io(Box::new(io::Error::from(io::ErrorKind::ConnectionReset)))
}

/// A response with its whole body.
async fn whole(response: HttpResponse) -> Result<(HttpResponse, Vec<u8>), ConnectorError> {
    use axum::body::{Body, to_bytes};

    let mut response = response;
    let body = Body::new(response.take_body());
    let bytes = to_bytes(body, usize::MAX)
        .await
        .map_err(|error| ConnectorError::io(Box::new(error)))?;
    Ok((response, bytes.into()))
}

/// The functions call DynamoDB, SQS and EventBridge only.
fn unreachable() -> ConnectorError {
    let why = "the local stack has only DynamoDB, SQS and EventBridge";
    ConnectorError::other(why.into(), None)
}
