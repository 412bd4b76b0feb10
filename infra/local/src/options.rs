//! What a stack is started with.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::calls::guard::FirstUse;

/// What a stack is started with. The defaults are what a test wants: any port, a database of
/// its own in memory, a clock that stands still, no demo data.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The port of the gateway on 127.0.0.1; 0 picks one.
    pub port: u16,
    /// How time passes.
    pub time: Time,
    /// Where the tables are.
    pub database: Storage,
    /// Whether the embedded engine also listens on a port of its own.
    pub database_port: bool,
    /// Parameters of the template and their values, as `sam deploy --parameter-overrides` has
    /// them.
    pub parameters: Vec<(String, String)>,
    /// The text of another template than the repository's.
    pub template: Option<String>,
    /// Whether the metrics are noted that the functions publish on Lambda. Outside it they are
    /// noise.
    pub metrics: bool,
    /// How many shows the demo data has; without it there is no demo data.
    pub demo_shows: Option<u32>,
    /// How much the gateway takes on at once.
    pub limits: Limits,
    /// Told of each permission that a function uses for the first time.
    pub first_use: FirstUse,
}

/// How much the gateway takes on at once. What is over it is refused with 503, and advised to
/// come again in a second.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections.
    pub connections: usize,
    /// Requests that are with a function.
    pub concurrency: usize,
}

impl Default for Limits {
    /// An account on AWS has a concurrency of 1,000, and API Gateway answers 503 for what Lambda
    /// does not take on.
    fn default() -> Self {
        Self {
            connections: 10_000,
            concurrency: 1_000,
        }
    }
}

/// How time passes in a stack.
#[derive(Debug, Clone, Copy, Default)]
pub enum Time {
    /// It runs, from now on.
    Running,
    /// It stands still, now, unless it is moved.
    #[default]
    Frozen,
    /// It stands still at that time, unless it is moved.
    FrozenAt(Timestamp),
    /// It runs with the runtime's clock, from that time on. A test that has paused the runtime's
    /// lets hours pass at once, with every wait of the stack in them.
    WithRuntimeFrom(Timestamp),
}

/// Where the tables of a stack are.
#[derive(Debug, Clone, Default)]
pub enum Storage {
    /// In memory, and gone with the stack.
    #[default]
    Memory,
    /// In a file, which is made when there is none.
    File(PathBuf),
    /// In another engine, or in AWS itself.
    Endpoint {
        /// Its URL.
        url: String,
        /// The access key. DynamoDB Local keeps one database for each, and takes letters and
        /// digits only. AWS itself is asked with the credentials of the environment instead.
        access_key: String,
    },
}
