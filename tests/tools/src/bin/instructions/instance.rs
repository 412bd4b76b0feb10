//! A function in a process of its own, and the Lambda runtime API that it asks for events.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant, SystemTime},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::{get, post},
};
use serde_json::Value;
use tokio::{
    io::AsyncReadExt as _,
    net::TcpListener,
    process::{Child, Command},
    sync::{mpsc, oneshot},
    task::AbortHandle,
};
use tools::{Failure, expect};

/// What a process runs under.
pub enum Under<'a> {
    /// Nothing: it is as fast as on Lambda.
    Nothing,
    /// Valgrind, which counts its instructions and writes where they were.
    Callgrind {
        /// The file for that.
        profile: &'a Path,
    },
}

/// A function that runs, and waits for an event.
pub struct Instance {
    process: Child,
    started_in: Duration,
    calls: mpsc::UnboundedReceiver<Call>,
    waits: oneshot::Sender<String>,
    api: AbortHandle,
}

/// What a function sends to the runtime API.
enum Call {
    /// It asks for an event.
    Next(oneshot::Sender<String>),
    /// It has answered one.
    Answer(String),
    /// It has failed.
    Error(String),
}

type Calls = State<mpsc::UnboundedSender<Call>>;

impl Instance {
    /// Starts a binary and waits until it asks for an event.
    pub async fn start(
        binary: &Path,
        environment: &BTreeMap<String, String>,
        under: Under<'_>,
    ) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let (sender, mut calls) = mpsc::unbounded_channel();
        let router = runtime_api().with_state(sender);
        let api = tokio::spawn(async move { axum::serve(listener, router).await }).abort_handle();

        let mut command = match under {
            Under::Nothing => Command::new(binary),
            Under::Callgrind { profile } => {
                let mut command = Command::new("valgrind");
                command
                    .arg("--tool=callgrind")
                    .arg(format!("--callgrind-out-file={}", profile.display()))
                    .arg(binary);
                command
            }
        };
        let name = binary.file_name().unwrap_or_default();
        let started = Instant::now();
        let mut process = command
            .envs(environment)
            .env("AWS_LAMBDA_RUNTIME_API", address)
            // With a name it writes its metrics, as on Lambda.
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            // As many processors as Lambda shows to a function of any size.
            .env("TOKIO_WORKER_THREADS", "2")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{} does not start: {error}", binary.display()))?;
        let first = next_call(&mut process, &mut calls).await?;
        let started_in = started.elapsed();
        let Call::Next(waits) = first else {
            return Err("a function must ask for an event first".into());
        };
        Ok(Self {
            process,
            started_in,
            calls,
            waits,
            api,
        })
    }

    /// The time from its start to its first poll for an event.
    pub fn started_in(&self) -> Duration {
        self.started_in
    }

    /// Lets it answer an event, and waits until it asks for the next one. The answer must be a
    /// success.
    pub async fn answer(&mut self, event: &Value) -> Result<(), Failure> {
        let (nobody, _) = oneshot::channel();
        let waits = std::mem::replace(&mut self.waits, nobody);
        waits
            .send(event.to_string())
            .map_err(|_| "the function has stopped asking for an event")?;
        match next_call(&mut self.process, &mut self.calls).await? {
            Call::Answer(answer) => {
                let answer: Value = serde_json::from_str(&answer)?;
                expect(answer["statusCode"] == 200, "it succeeds", &answer)?;
            }
            Call::Error(error) => return Err(error.into()),
            Call::Next(_) => return Err("it asks for an event before it has answered".into()),
        }
        match next_call(&mut self.process, &mut self.calls).await? {
            Call::Next(waits) => self.waits = waits,
            Call::Answer(_) | Call::Error(_) => return Err("it has answered twice".into()),
        }
        Ok(())
    }

    /// The memory that it has now, in bytes.
    pub fn memory(&self) -> Result<u64, Failure> {
        let id = self.process.id().ok_or("it has ended")?;
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = resident.and_then(|text| text.trim().strip_suffix(" kB"));
        let kibibytes: u64 = kibibytes.ok_or("its memory is not known")?.parse()?;
        Ok(kibibytes * 1_024)
    }

    /// Ends it, as Lambda does. Returns how many instructions it has executed, if they were counted.
    pub async fn end(self) -> Result<Option<u64>, Failure> {
        let id = self.process.id().ok_or("it has ended already")?;
        let told = Command::new("kill")
            .args(["-TERM", &id.to_string()])
            .status()
            .await?;
        if !told.success() {
            return Err("it cannot be ended".into());
        }
        let output = self.process.wait_with_output().await?;
        self.api.abort();
        let printed = String::from_utf8_lossy(&output.stderr);
        let counted = printed
            .lines()
            .find_map(|line| line.split_once("Collected :"));
        Ok(counted.map(|(_, count)| count.trim().parse()).transpose()?)
    }
}

/// What the function sends next. It must not end before.
async fn next_call(
    process: &mut Child,
    calls: &mut mpsc::UnboundedReceiver<Call>,
) -> Result<Call, Failure> {
    tokio::select! {
        call = calls.recv() => call.ok_or_else(|| "the runtime API has ended".into()),
        ended = process.wait() => {
            let mut printed = String::new();
            if let Some(mut errors) = process.stderr.take() {
                errors.read_to_string(&mut printed).await?;
            }
            Err(format!("the function has ended with {}: {printed}", ended?).into())
        }
    }
}

fn runtime_api() -> Router<mpsc::UnboundedSender<Call>> {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(answer))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(error))
}

/// Answers with an event and with the headers that Lambda sends beside it.
async fn next(State(calls): Calls) -> impl IntoResponse {
    let (waits, event) = oneshot::channel();
    let event = match calls.send(Call::Next(waits)) {
        Ok(()) => event.await.ok(),
        Err(_) => None,
    };
    let Some(event) = event else {
        return StatusCode::GONE.into_response();
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let deadline = now.unwrap_or_default() + Duration::from_mins(1);
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("content-type", "application/json"),
        (
            "lambda-runtime-aws-request-id",
            "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        ),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:ap-northeast-2:123456789012:function:measured",
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
        ),
    ] {
        headers.insert(name, value.parse().expect("a header"));
    }
    let deadline = deadline.as_millis().to_string();
    headers.insert(
        "lambda-runtime-deadline-ms",
        deadline.parse().expect("a header"),
    );
    (headers, event).into_response()
}

async fn answer(State(calls): Calls, body: String) -> StatusCode {
    report(&calls, Call::Answer(body))
}

async fn error(State(calls): Calls, body: String) -> StatusCode {
    report(&calls, Call::Error(body))
}

fn report(calls: &mpsc::UnboundedSender<Call>, call: Call) -> StatusCode {
    // Nobody listens any more when the process is being ended.
    match calls.send(call) {
        Ok(()) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::GONE,
    }
}
