//! The HTTP connector under each function's AWS SDK.
//!
//! Everything that has to happen below the functions happens here, with their code untouched.

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
use dynoxide::Database;
use serde_json::Value;

use super::{
    faults::{Fault, Faults, When, first_item},
    guard::Guard,
    interference::Interference,
    lifetime,
    tally::Tally,
};
use crate::{
    aws::{
        engine::{self, AwsAnswer},
        sqs::{self, AS_SENT, Deliveries, Sqs},
    },
    time::invocation,
};

const DYNAMODB_TARGET: &str = "DynamoDB_20120810.";
const CONTENT_LENGTH: &str = "content-length";

/// How long it takes until a call takes effect that nobody waits for any more: longer than
/// anybody tries the same again.
const STRAGGLES_FOR: Duration = Duration::from_secs(8);

/// What takes so long on its way, and as long on its way back, comes in time.
const SLOWLY: Duration = Duration::from_millis(500);

/// How much later than it should a message comes that is late.
const LATE: Duration = Duration::from_mins(10);

/// Where DynamoDB requests end up.
pub enum Engine {
    /// In the engine of this process.
    Embedded(Database),
    /// At an endpoint, through this client.
    Remote(SharedHttpClient),
}

impl Engine {
    /// An endpoint somewhere else, over HTTP or HTTPS.
    pub fn remote() -> Self {
        let builder = aws_smithy_http_client::Builder::new();
        Self::Remote(
            builder
                .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
                .build_https(),
        )
    }
}

/// What is below the functions of a stack.
pub struct Backend {
    /// Their database.
    pub engine: Engine,
    /// Their queues.
    pub sqs: Sqs,
    /// What a test does to their requests.
    pub interference: Interference,
    /// What goes wrong with them.
    pub faults: Arc<Faults>,
}

/// The connector of one function.
#[derive(Clone)]
pub struct Connector {
    backend: Arc<Backend>,
    tally: Arc<Tally>,
    guard: Option<Guard>,
    /// The way to a remote engine, once the SDK has said how it wants to go it.
    remote: Option<SharedHttpConnector>,
}

impl Connector {
    /// A connector that counts what its function consumes, and holds it to its permissions.
    pub fn new(backend: Arc<Backend>, tally: Arc<Tally>, guard: Option<Guard>) -> Self {
        Self {
            backend,
            tally,
            guard,
            remote: None,
        }
    }

    /// An invocation in the background is busy as long as it awaits this.
    async fn answer(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let _call = invocation::current().map(|invocation| invocation.calls());
        let _in_flight = self.tally.begin();
        // A call takes time, in which others go on. Nothing here does, and without this two
        // requests would never overlap: what races on AWS has to race here.
        tokio::task::yield_now().await;
        let Some(fault) = self.befalling(&request) else {
            return self.carry_out(request).await;
        };
        lifetime::meets_a_fault();
        self.meet(fault, request).await
    }

    /// What goes wrong with a request, if anything does: with one of a function, that is.
    fn befalling(&self, request: &HttpRequest) -> Option<Fault> {
        let function = &self.guard.as_ref()?.function;
        let body = request.body().bytes().unwrap_or_default();
        self.backend
            .faults
            .befalling(function, operation(request), body)
    }

    /// Lets a fault befall a request.
    async fn meet(
        self,
        fault: Fault,
        request: HttpRequest,
    ) -> Result<HttpResponse, ConnectorError> {
        match fault {
            Fault::Slow => {
                tokio::time::sleep(SLOWLY).await;
                let result = self.carry_out(request).await;
                tokio::time::sleep(SLOWLY).await;
                result
            }
            Fault::TimedOut(When::Before) => pending().await,
            Fault::TimedOut(When::After) => {
                self.carry_out(request).await?;
                pending().await
            }
            Fault::Straggling => {
                tokio::spawn(async move {
                    tokio::time::sleep(STRAGGLES_FOR).await;
                    self.carry_out(request).await
                });
                pending().await
            }
            Fault::Reset(When::Before) => Err(reset()),
            Fault::Reset(When::After) => {
                self.carry_out(request).await?;
                Err(reset())
            }
            Fault::Killed(When::Before) => match lifetime::ends().await {},
            Fault::Killed(When::After) => {
                self.carry_out(request).await?;
                match lifetime::ends().await {}
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

    /// Reads the first of the items that are asked for, and says that the others are left.
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

    /// Does what is asked for.
    async fn carry_out(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        self.deliver(request, AS_SENT).await
    }

    /// Does what is asked for; a message is delivered like this.
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
        } else {
            Err(unreachable())
        }
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

/// What a request asks for, as its protocol calls it; empty when it does not say.
fn operation(request: &HttpRequest) -> &str {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    target
        .split_once('.')
        .map_or("", |(_, operation)| operation)
}

/// What AWS answers to a transaction that has taken effect and comes again.
fn done_before() -> AwsAnswer {
    AwsAnswer {
        status: 200,
        body: "{}".to_owned(),
    }
}

/// What a proxy may answer that knows nothing of DynamoDB.
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

/// The functions speak to DynamoDB and to SQS, and to nobody else.
fn unreachable() -> ConnectorError {
    ConnectorError::other("the local stack has only DynamoDB and SQS".into(), None)
}
