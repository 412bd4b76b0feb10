//! What every function does around its handler: the start, one log line per request and its
//! metrics, errors into answers, batches of messages and which of them must be delivered again.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_lambda_events::{
    apigw::ApiGatewayV2httpRequestContext,
    sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage},
};
use aws_sdk_dynamodb::config::BehaviorVersion;
use aws_types::{
    SdkConfig,
    region::Region,
    service_config::{LoadServiceConfig, ServiceConfigKey},
};
use jiff::Timestamp;
use lambda_http::{
    Body, Request, RequestExt as _, Response, http::Method, request::RequestContext,
};
use lambda_runtime::{Error, LambdaEvent, service_fn};

use crate::{
    app::App,
    clock::SystemClock,
    config::{Config, ConfigError},
    error::ApiError,
    http::{
        RequestParts as _, error_response, kept_as_it_says, require_no_stray_body, without_body,
    },
    messages::ReleaseHold,
    metrics::Metrics,
    origin::{self, Viewer},
    store::usage::{self, Usage, metered},
};

/// What a handler returns.
pub type Answer<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A handler behind the gateway.
pub type HttpHandler = fn(App, Request) -> Answer<Result<Response<Body>, ApiError>>;

/// A handler that gets the messages of the release queue.
pub type MessageHandler = fn(App, ReleaseHold) -> Answer<Result<(), ApiError>>;

/// A handler that is invoked with a JSON event, by a schedule or by hand. It must end before the
/// given time.
pub type EventHandler =
    fn(App, serde_json::Value, Timestamp) -> Answer<Result<serde_json::Value, ApiError>>;

/// Runs an HTTP function on Lambda.
pub async fn serve<H, F>(handle: H) -> Result<(), Error>
where
    H: Fn(App, Request) -> F + Copy + Send + Sync,
    F: Future<Output = Result<Response<Body>, ApiError>> + Send,
{
    let app = start().await?;
    lambda_http::run(service_fn(|request: Request| {
        let app = app.clone();
        let left = time_left(&request);
        async move { Ok::<_, Error>(answer(app, handle, request, left).await) }
    }))
    .await
}

/// Runs the consumer of the release queue on Lambda.
pub async fn serve_messages<H, F>(handle: H) -> Result<(), Error>
where
    H: Fn(App, ReleaseHold) -> F + Copy + Send + Sync,
    F: Future<Output = Result<(), ApiError>> + Send,
{
    let app = start().await?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsEvent>| {
        let app = app.clone();
        async move { Ok::<_, Error>(deliver(app, handle, event.payload).await) }
    }))
    .await
}

/// Runs a function on Lambda that is invoked with JSON events.
pub async fn serve_events<H, F>(handle: H) -> Result<(), Error>
where
    H: Fn(App, serde_json::Value, Timestamp) -> F + Copy + Send + Sync,
    F: Future<Output = Result<serde_json::Value, ApiError>> + Send,
{
    let app = start().await?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<serde_json::Value>| {
        let app = app.clone();
        async move {
            let deadline = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
            let deadline = Timestamp::from_millisecond(deadline).unwrap_or(Timestamp::MAX);
            invoke(app, handle, event.payload, deadline)
                .await
                .map_err(Error::from)
        }
    }))
    .await
}

async fn start() -> Result<App, Error> {
    log_as_json();
    let config = Config::from_env()?;
    let metrics = Metrics::on_lambda(&config.metrics_namespace);
    Ok(App::start(config, &sdk_config()?, Arc::new(SystemClock), metrics).await?)
}

/// Makes log lines JSON, which CloudWatch can query. Lambda adds the time.
fn log_as_json() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok();
    let level = level.and_then(|level| level.parse().ok());
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .without_time()
        .with_max_level(level.unwrap_or(tracing::Level::INFO))
        .init();
}

/// The AWS configuration, from what Lambda sets in the environment. Credentials there do not change
/// while the function lives.
///
/// The SDK's own loader would also look for profiles, containers and instance metadata. None of
/// them exists on Lambda, and together they are a tenth of a function's size.
fn sdk_config() -> Result<SdkConfig, ConfigError> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let needed = |name| variable(name).ok_or(ConfigError::Missing(name));
    let credentials = Credentials::new(
        needed("AWS_ACCESS_KEY_ID")?,
        needed("AWS_SECRET_ACCESS_KEY")?,
        variable("AWS_SESSION_TOKEN"),
        None,
        "environment",
    );
    let mut builder = SdkConfig::builder();
    builder
        .set_behavior_version(Some(BehaviorVersion::latest()))
        .set_region(Some(Region::new(needed("AWS_REGION")?)))
        .set_credentials_provider(Some(SharedCredentialsProvider::new(credentials)))
        .set_endpoint_url(variable("AWS_ENDPOINT_URL"))
        .set_service_config(Some(OfEnvironment));
    Ok(builder.build())
}

/// Settings of single services, such as `AWS_ENDPOINT_URL_SQS`.
#[derive(Debug)]
struct OfEnvironment;

impl LoadServiceConfig for OfEnvironment {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace(' ', "_");
        std::env::var(format!("{}_{service}", key.env())).ok()
    }
}

/// How much time Lambda leaves a request.
fn time_left(request: &Request) -> Duration {
    let deadline = request.lambda_context_ref().map(|context| context.deadline);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    deadline.map_or(Duration::MAX, |deadline| {
        left_until(Duration::from_millis(deadline), now.unwrap_or_default())
    })
}

/// The time from now until a deadline, both since 1970. A deadline before now is ignored, because
/// cargo-lambda sends each function one that is ten minutes after 1970.
fn left_until(deadline: Duration, now: Duration) -> Duration {
    deadline.checked_sub(now).unwrap_or(Duration::MAX)
}

/// A request is cut off this long before its function's time-out, so that it can still be answered.
const TO_ANSWER: Duration = Duration::from_millis(500);

/// Runs an HTTP handler: writes its one log line, publishes its metrics and turns an error into its
/// answer. Never fails.
///
/// If CloudFront is in front, a request without its secret is refused before anything else is done.
///
/// A HEAD is answered by the handler of the GET, at its price, and then the body is left out. A
/// request with a body that should have none is refused before its handler sees it.
///
/// `left` is how long the function may still take. Each call has a limit of its own, but several
/// slow calls can take longer than `left`, and then Lambda ends the function without an answer. So
/// half a second before that, the request is cut off, whatever it is waiting for. The end of the
/// function would cut it off in the same way, so the data stays consistent. The answer is that the
/// service is busy. But if a write was sent, the answer is that the request failed: the write may
/// be done, and the same request again might do it a second time.
pub async fn answer<H, F>(
    app: App,
    handle: H,
    mut request: Request,
    left: Duration,
) -> Response<Body>
where
    H: FnOnce(App, Request) -> F,
    F: Future<Output = Result<Response<Body>, ApiError>>,
{
    let started = Instant::now();
    let access = Access::of(&request);
    let language = request.language();
    if access.method == Method::HEAD {
        *request.method_mut() = Method::GET;
    }
    let (result, usage) = metered(async {
        require_origin(&app, &mut request)?;
        // A path that does not exist is "not found", whatever body it has.
        if access.route != DEFAULT_ROUTE {
            require_no_stray_body(&request)?;
        }
        let handled = handle(app.clone(), request);
        tokio::time::timeout(left.saturating_sub(TO_ANSWER), handled)
            .await
            .unwrap_or_else(|_| Err(out_of_time()))
    })
    .await;
    if let Err(error @ (ApiError::Internal(_) | ApiError::Busy(_))) = &result {
        tracing::error!(request_id = access.request_id, route = access.route, %error, "the request failed");
    }
    let (response, code) = match result {
        Ok(response) => (response, "OK"),
        Err(error) => (
            error_response(&error, language, &access.request_id),
            error.code(),
        ),
    };
    let response = kept_as_it_says(response);
    let (status, took) = (response.status(), started.elapsed());
    access.log(status.as_u16(), code, usage, took);
    app.metrics()
        .invocation(code, status.is_server_error(), took, usage, app.now());
    if access.method == Method::HEAD {
        without_body(response)
    } else {
        response
    }
}

/// Refuses a request that did not come through CloudFront, if there is one. Notes where one that did
/// came from, and takes the secret out of it.
fn require_origin(app: &App, request: &mut Request) -> Result<(), ApiError> {
    let Some(secrets) = &app.config().origin_secrets else {
        return Ok(());
    };
    if !secrets.admit(request.headers()) {
        return Err(ApiError::Forbidden);
    }
    request.headers_mut().remove(origin::SECRET_HEADER);
    if let Some(address) = origin::viewer(request.headers(), request.gateway_source()) {
        request.extensions_mut().insert(Viewer(address));
    }
    Ok(())
}

/// The answer to a request that was cut off.
fn out_of_time() -> ApiError {
    if usage::so_far().has_written {
        ApiError::bug("the request's time was over, after a write")
    } else {
        ApiError::Busy("the request's time was over, before any write")
    }
}

/// The key of the route for everything that no other route fits.
const DEFAULT_ROUTE: &str = "$default";

/// What is logged of a request. Never the path itself, because a guest's path contains their only
/// secret.
struct Access {
    request_id: String,
    method: Method,
    route: String,
}

impl Access {
    fn of(request: &Request) -> Self {
        let context = match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => Some(context),
            _ => None,
        };
        let text = |field: fn(&ApiGatewayV2httpRequestContext) -> &Option<String>| {
            context
                .and_then(|context| field(context).clone())
                .unwrap_or_default()
        };
        Self {
            request_id: text(|context| &context.request_id),
            method: request.method().clone(),
            route: text(|context| &context.route_key),
        }
    }

    fn log(&self, status: u16, code: &str, usage: Usage, took: Duration) {
        tracing::info!(
            request_id = self.request_id,
            method = %self.method,
            route = self.route,
            status,
            code,
            milliseconds = took.as_secs_f64() * 1_000.0,
            read_units = usage.read,
            write_units = usage.write,
            "request",
        );
    }
}

/// Gives a batch of messages to a handler, one by one, and reports those that must be delivered
/// again.
///
/// A message that cannot be read will never be readable. It is reported too, so that it gets into
/// the dead-letter queue, where somebody sees it.
pub async fn deliver<H, F>(app: App, handle: H, event: SqsEvent) -> SqsBatchResponse
where
    H: Fn(App, ReleaseHold) -> F,
    F: Future<Output = Result<(), ApiError>>,
{
    let mut failures = Vec::new();
    for message in event.records {
        let started = Instant::now();
        let (result, usage) = metered(take(&app, &handle, &message)).await;
        publish(&app, &result, usage, started);
        let message_id = message.message_id.unwrap_or_default();
        match result {
            Ok(()) => {
                let Usage { read, write, .. } = usage;
                tracing::info!(
                    message_id,
                    read_units = read,
                    write_units = write,
                    "message"
                );
            }
            Err(error) => {
                tracing::error!(message_id, %error, "a message failed and will be delivered again");
                failures.push(message_id);
            }
        }
    }
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failures.into_iter().map(failure).collect();
    response
}

async fn take<H, F>(app: &App, handle: &H, message: &SqsMessage) -> Result<(), ApiError>
where
    H: Fn(App, ReleaseHold) -> F,
    F: Future<Output = Result<(), ApiError>>,
{
    let body = message.body.as_deref().unwrap_or_default();
    let message = serde_json::from_str(body).map_err(|error| ApiError::Internal(error.into()))?;
    handle(app.clone(), message).await
}

/// Publishes the result of a message or an event.
fn publish<T>(app: &App, result: &Result<T, ApiError>, usage: Usage, started: Instant) {
    let code = result.as_ref().err().map_or("OK", ApiError::code);
    app.metrics()
        .invocation(code, result.is_err(), started.elapsed(), usage, app.now());
}

fn failure(message_id: String) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = message_id;
    failure
}

/// Runs a handler with a JSON event.
pub async fn invoke<H, F>(
    app: App,
    handle: H,
    event: serde_json::Value,
    deadline: Timestamp,
) -> Result<serde_json::Value, ApiError>
where
    H: FnOnce(App, serde_json::Value, Timestamp) -> F,
    F: Future<Output = Result<serde_json::Value, ApiError>>,
{
    let started = Instant::now();
    let (result, usage) = metered(handle(app.clone(), event, deadline)).await;
    publish(&app, &result, usage, started);
    let Usage { read, write, .. } = usage;
    match &result {
        Ok(_) => tracing::info!(read_units = read, write_units = write, "event"),
        Err(error) => tracing::error!(%error, "an event failed"),
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadline_of_1970_is_ignored() {
        let now = Duration::from_secs(1_900_000_000);
        let soon = now + Duration::from_secs(10);
        assert_eq!(left_until(soon, now), Duration::from_secs(10));
        assert_eq!(left_until(Duration::from_mins(10), now), Duration::MAX);
    }
}
