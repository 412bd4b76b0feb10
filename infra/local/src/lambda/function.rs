//! A function of the stack: its code, its environment, and its own SDK client.

use std::{
    any::Any, collections::BTreeMap, future::Future, panic::AssertUnwindSafe, pin::Pin, sync::Arc,
    time::Duration,
};

use futures_util::FutureExt;
use jiff::Timestamp;
use serde_json::Value as Json;
use shared::{
    app::{App, StartError},
    aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent},
    aws_types::SdkConfig,
    clock::Clock,
    config::Config,
    error::ApiError,
    lambda_http::{self, Body, Response, http::StatusCode},
    metrics::Metrics,
    runtime,
};
use tokio::sync::Mutex;

use crate::{
    calls::{
        faults::Faults,
        lifetime::{self, Outcome},
        tally::Tally,
    },
    template::handlers::Code,
    time::function_clock::FunctionClock,
};

/// A function of the stack.
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its code.
    pub code: Code,
    /// How long it may take.
    pub timeout: Duration,
    /// The environment that the template gives it.
    pub environment: BTreeMap<String, String>,
    /// Counts what it consumes.
    pub tally: Arc<Tally>,
    /// What its handle is made from.
    pub start: Start,
    /// The faults that its calls meet.
    pub faults: Arc<Faults>,
    /// Its handle, from the first call until its process ends.
    pub app: Mutex<Option<App>>,
}

/// What a function's handle is made from.
pub struct Start {
    /// Its configuration.
    pub config: Config,
    /// How it reaches AWS.
    pub sdk: SdkConfig,
    /// Its clock.
    pub clock: Arc<FunctionClock>,
    /// Where its metrics go.
    pub metrics: Metrics,
}

impl Start {
    /// Makes a new handle.
    pub async fn app(&self) -> Result<App, StartError> {
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as _;
        let metrics = self.metrics.clone();
        App::start(self.config.clone(), &self.sdk, clock, metrics).await
    }
}

/// Why an invocation has no result. Lambda reports each of these as a function error.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// The function did not start.
    #[error("the function did not start: {0}")]
    Start(#[from] StartError),
    /// It cannot read its event.
    #[error("the function does not understand its event: {0}")]
    Event(#[from] serde_json::Error),
    /// Its handler failed.
    #[error(transparent)]
    Handler(#[from] ApiError),
    /// It panicked.
    #[error("the function panicked: {0}")]
    Panic(String),
    /// Its process ended.
    #[error("the function's process ended")]
    Killed,
}

impl Function {
    /// The function's handle. It is made at the first call, as on Lambda.
    pub async fn app(&self) -> Result<App, StartError> {
        let mut app = self.app.lock().await;
        if let Some(app) = &*app {
            return Ok(app.clone());
        }
        let started = self.start.app().await?;
        Ok(app.insert(started).clone())
    }

    /// Answers an HTTP event of payload format 2.0.
    pub async fn answer(&self, event: &str) -> Result<Response<Body>, FunctionError> {
        let Code::Http(handler) = &self.code else {
            return Err(self.not_understood("HTTP events"));
        };
        let work = Box::pin(async {
            let app = self.app().await?;
            let request = lambda_http::request::from_str(event)?;
            let handle = |app, request| handler(app, request);
            Ok(runtime::answer(app, handle, request, self.timeout).await)
        });
        let is_failure = |status: StatusCode| {
            status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE
        };
        self.run_to_end(work, |response: &Response<Body>| {
            is_failure(response.status())
        })
        .await
    }

    /// Delivers a batch of messages.
    pub async fn deliver(&self, event: SqsEvent) -> Result<SqsBatchResponse, FunctionError> {
        let Code::Messages(handler) = self.code else {
            return Err(self.not_understood("messages"));
        };
        let work = Box::pin(async {
            let app = self.app().await?;
            Ok(runtime::deliver(app, handler, event).await)
        });
        self.run_to_end(work, |response: &SqsBatchResponse| {
            !response.batch_item_failures.is_empty()
        })
        .await
    }

    /// Delivers a batch of records of a stream, as its event.
    pub async fn take_records(&self, event: Json) -> Result<Json, FunctionError> {
        self.run_event(event, |answer| {
            let failures = answer["batchItemFailures"].as_array();
            failures.is_some_and(|failures| !failures.is_empty())
        })
        .await
    }

    /// Runs with a JSON event.
    pub async fn run(&self, event: Json) -> Result<Json, FunctionError> {
        self.run_event(event, |_| false).await
    }

    async fn run_event(
        &self,
        event: Json,
        has_failed: impl Fn(&Json) -> bool,
    ) -> Result<Json, FunctionError> {
        let Code::Event(handler) = self.code else {
            return Err(self.not_understood("events"));
        };
        let work = Box::pin(async {
            let app = self.app().await?;
            Ok(runtime::invoke(app, handler, event, self.deadline()).await?)
        });
        self.run_to_end(work, has_failed).await
    }

    /// Runs an invocation. If its process ends, the next invocation makes a new handle. A failure
    /// is noted as unexplained if no call has met a fault.
    ///
    /// The work is in a box: each function that it is passed through would otherwise make room for
    /// it twice, and copy all of that.
    async fn run_to_end<T>(
        &self,
        work: Pin<Box<impl Future<Output = Result<T, FunctionError>>>>,
        has_failed: impl Fn(&T) -> bool,
    ) -> Result<T, FunctionError> {
        let Outcome { result, faults } = lifetime::run(catch_panic(work)).await;
        let Some(result) = result else {
            *self.app.lock().await = None;
            return Err(FunctionError::Killed);
        };
        if result.as_ref().map_or(true, has_failed) && faults == 0 {
            self.faults.note_unexplained(self.name.clone());
        }
        result
    }

    fn deadline(&self) -> Timestamp {
        let now = self.start.clock.now();
        now.checked_add(self.timeout).unwrap_or(now)
    }

    fn not_understood(&self, what: &str) -> FunctionError {
        FunctionError::Event(serde::de::Error::custom(format_args!(
            "{} is not called with {what}",
            self.name
        )))
    }
}

/// Turns a panic of a function into an error, so that the stack goes on.
async fn catch_panic<T>(
    work: impl Future<Output = Result<T, FunctionError>>,
) -> Result<T, FunctionError> {
    let result = AssertUnwindSafe(work).catch_unwind().await;
    result.unwrap_or_else(|panic| Err(FunctionError::Panic(message_of(panic.as_ref()))))
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let literal = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    literal
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "(without a message)".to_owned())
}
