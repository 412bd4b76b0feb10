//! A function of the stack: its code, its environment, its own connection to what is below.

use std::{
    any::Any, collections::BTreeMap, future::Future, panic::AssertUnwindSafe, sync::Arc,
    time::Duration,
};

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;
use shared::{
    app::{App, StartError},
    aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent},
    aws_types::SdkConfig,
    clock::Clock,
    config::Config,
    error::ApiError,
    lambda_http::{self, Body, Response},
    metrics::Metrics,
    runtime,
};
use tokio::sync::OnceCell;

use crate::{clock::StackClock, handlers::Code, tally::Tally};

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
    /// Its handle, once it has been called for the first time.
    pub app: OnceCell<App>,
}

/// What a function starts with.
pub struct Start {
    /// Its configuration.
    pub config: Config,
    /// How it reaches AWS.
    pub sdk: SdkConfig,
    /// The stack's clock.
    pub clock: Arc<StackClock>,
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
pub enum Failure {
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
}

impl Function {
    /// The function's handle. It starts with the first call, as on Lambda.
    pub async fn app(&self) -> Result<App, StartError> {
        self.app.get_or_try_init(|| self.start.app()).await.cloned()
    }

    /// Answers a payload-2.0 event.
    pub async fn answer(&self, event: &str) -> Result<Response<Body>, Failure> {
        let Code::Http(handler) = self.code else {
            return Err(self.not_understood("HTTP events"));
        };
        unless_panicking(async {
            let app = self.app().await?;
            let request = lambda_http::request::from_str(event)?;
            Ok(runtime::answer(app, handler, request).await)
        })
        .await
    }

    /// Works on a batch of messages.
    pub async fn deliver(&self, event: SqsEvent) -> Result<SqsBatchResponse, Failure> {
        let Code::Messages(handler) = self.code else {
            return Err(self.not_understood("messages"));
        };
        unless_panicking(async {
            let app = self.app().await?;
            Ok(runtime::deliver(app, handler, event).await)
        })
        .await
    }

    /// Runs with a JSON event.
    pub async fn run(&self, event: Json) -> Result<Json, Failure> {
        let Code::Event(handler) = self.code else {
            return Err(self.not_understood("events"));
        };
        unless_panicking(async {
            let app = self.app().await?;
            Ok(runtime::invoke(app, handler, event, self.deadline()).await?)
        })
        .await
    }

    fn deadline(&self) -> Timestamp {
        let now = self.start.clock.now();
        SignedDuration::try_from(self.timeout)
            .ok()
            .and_then(|timeout| now.checked_add(timeout).ok())
            .unwrap_or(now)
    }

    fn not_understood(&self, what: &str) -> Failure {
        Failure::Event(serde::de::Error::custom(format_args!(
            "{} is not called with {what}",
            self.name
        )))
    }
}

/// A function that panics has failed; the stack lives on.
async fn unless_panicking<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let result = AssertUnwindSafe(work).catch_unwind().await;
    result.unwrap_or_else(|panic| Err(Failure::Panic(words(panic.as_ref()))))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let literal = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    literal
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "(without words)".to_owned())
}
