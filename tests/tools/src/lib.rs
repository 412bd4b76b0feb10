//! A client of the API: its connection, its requests, and how a seat is bought with them. The tools
//! beside it (`src/bin`) load, storm, kill and audit a running shop.

mod buying;
mod client;
mod copies;
mod request;
mod virtual_clock;

use std::process::ExitCode;

use local::{Options, Stack, Time};
use serde_json::Value;
use shared::aws_sdk_dynamodb::error::DisplayErrorContext;

pub use self::{
    buying::{Bought, STEPS, Seat, Show},
    client::Client,
    copies::Original,
    request::Request,
    virtual_clock::VirtualClock,
};

/// Why a tool ends without a result.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A stack of a tool's own, whose clock stands still. `demo_shows` is how many shows it sells at the
/// start, if any. The parameters are those of the template. Without others it has no events, so that
/// what is measured is the request.
pub async fn stack(demo_shows: Option<u32>, parameters: &[(&str, &str)]) -> Result<Stack, Failure> {
    let parameters = [("Events", "false")].iter().chain(parameters);
    let options = Options {
        time: Time::Frozen,
        demo_shows,
        parameters: parameters
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..Options::default()
    };
    let started = Stack::start(options).await;
    started.map_err(|problem| problem.to_string().into())
}

/// How a tool ends, whose check has the result `is_right`. A failure is printed.
pub fn exit_code(is_right: Result<bool, Failure>) -> ExitCode {
    match is_right {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("{}", DisplayErrorContext(&*failure));
            ExitCode::FAILURE
        }
    }
}

/// A JSON text.
pub fn text(value: &Value) -> Result<String, Failure> {
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| format!("no text: {value}").into())
}

/// A JSON list.
pub fn list(value: &Value) -> Result<&Vec<Value>, Failure> {
    value
        .as_array()
        .ok_or_else(|| format!("no list: {value}").into())
}

/// Fails with what was seen, unless `holds` is true.
pub fn expect(holds: bool, what: &str, seen: &Value) -> Result<(), Failure> {
    if holds {
        Ok(())
    } else {
        Err(format!("expected that {what}: {seen}").into())
    }
}
