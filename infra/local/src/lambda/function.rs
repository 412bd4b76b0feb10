//! A function of the stack: its code, its environment, its own connection to what is below.

use std::{
    any::Any, collections::BTreeMap, future::Future, panic::AssertUnwindSafe, sync::Arc,
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
        lifetime::{self, Lived},
        tally::Tally,
    },
    template::handlers::Code,
    time::function_clock::FunctionClock,
};

/// A function of the stack.
pub struct Function {
    /// Its name.
    pub name: String,
    /// What it runs.
    pub code: Code,
    /// How long it may take.
    pub timeout: Duration,
    /// The environment that the template gives it.
    pub environment: BTreeMap<String, String>,
    /// What it consumed.
    pub tally: Arc<Tally>,
    /// What it starts with.
    pub start: Start,
    /// What goes wrong with its calls.
    pub faults: Arc<Faults>,
    /// Its handle, once it has been called for the first time, until its process ends.
    pub app: Mutex<Option<App>>,
}

/// What a function starts with.
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
    /// A handle of its own.
    pub async fn app(&self) -> Result<App, StartError> {
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as _;
        let metrics = self.metrics.clone();
        App::start(self.config.clone(), &self.sdk, clock, metrics).await
    }
}

/// Why an invocation has no result. On Lambda, too, each of these is an error of the function.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// The function did not start.
    #[error("the function did not start: {0}")]
    Start(#[from] StartError),
    /// It was called with something that it does not understand.
    #[error("the function does not understand its event: {0}")]
    Event(#[from] serde_json::Error),
    /// It failed.
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
    /// The function's handle. It starts with the first call, as on Lambda.
    pub async fn app(&self) -> Result<App, StartError> {
        let mut app = self.app.lock().await;
        if let Some(app) = &*app {
            return Ok(app.clone());
        }
        let started = self.start.app().await?;
        Ok(app.insert(started).clone())
    }

    /// Answers a payload-2.0 event.
    pub async fn answer(&self, event: &str) -> Result<Response<Body>, FunctionError> {
        let Code::Http(handler) = self.code else {
            return Err(self.not_understood("HTTP events"));
        };
        let work = async {
            let app = self.app().await?;
            let request = lambda_http::request::from_str(event)?;
            Ok(runtime::answer(app, handler, request, self.timeout).await)
        };
        let is_failure = |status: StatusCode| {
            status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE
        };
        self.live(work, |response: &Response<Body>| {
            is_failure(response.status())
        })
        .await
    }

    /// Works on a batch of messages.
    pub async fn deliver(&self, event: SqsEvent) -> Result<SqsBatchResponse, FunctionError> {
        let Code::Messages(handler) = self.code else {
            return Err(self.not_understood("messages"));
        };
        let work = async {
            let app = self.app().await?;
            Ok(runtime::deliver(app, handler, event).await)
        };
        self.live(work, |response: &SqsBatchResponse| {
            !response.batch_item_failures.is_empty()
        })
        .await
    }

    /// Runs with a JSON event.
    pub async fn run(&self, event: Json) -> Result<Json, FunctionError> {
        let Code::Event(handler) = self.code else {
            return Err(self.not_understood("events"));
        };
        let work = async {
            let app = self.app().await?;
            Ok(runtime::invoke(app, handler, event, self.deadline()).await?)
        };
        self.live(work, |_| false).await
    }

    /// Lets an invocation live as long as its process does. The next one starts anew then. A
    /// failure that none of its calls explains is noted.
    async fn live<T>(
        &self,
        work: impl Future<Output = Result<T, FunctionError>>,
        has_failed: impl Fn(&T) -> bool,
    ) -> Result<T, FunctionError> {
        let Lived { result, faults } = lifetime::lead(unless_panicking(work)).await;
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

/// A function that panics has failed; the stack lives on.
async fn unless_panicking<T>(
    work: impl Future<Output = Result<T, FunctionError>>,
) -> Result<T, FunctionError> {
    let result = AssertUnwindSafe(work).catch_unwind().await;
    result.unwrap_or_else(|panic| Err(FunctionError::Panic(words(panic.as_ref()))))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let literal = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    literal
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "(without words)".to_owned())
}
