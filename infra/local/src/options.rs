//! The options of a stack.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::calls::guard::FirstUse;

/// The options of a stack. The defaults are those of a test: any port, a database of its own in
/// memory, a clock that stands still, no demo data.
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
    /// Parameters of the template and their values, as for `sam deploy --parameter-overrides`.
    pub parameters: Vec<(String, String)>,
    /// The text of a template; `None` for the repository's.
    pub template: Option<String>,
    /// Whether the metrics that the functions publish are kept.
    pub metrics: bool,
    /// How many shows the demo data has; `None` for no demo data.
    pub demo_shows: Option<u32>,
    /// Whether the demo data, if there is any, has a concert in a hall with a plan as well.
    pub demo_hall: bool,
    /// A folder with the files of the page, which is read again for each request; `None` for the
    /// files in the program.
    pub page: Option<PathBuf>,
    /// How much the gateway accepts at once.
    pub limits: Limits,
    /// Called with each permission that a function uses for the first time.
    pub first_use: FirstUse,
}

/// How much the gateway accepts at once. More is refused with 503 and `Retry-After: 1`.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections.
    pub connections: usize,
    /// Requests that are with a function.
    pub concurrency: usize,
}

impl Default for Limits {
    /// An account on AWS has a concurrency of 1,000. API Gateway answers 503 if Lambda refuses an
    /// invocation.
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
    /// It runs from now on.
    Running,
    /// It stands still at the time of the start, until it is moved.
    #[default]
    Frozen,
    /// It stands still at this time, until it is moved.
    FrozenAt(Timestamp),
    /// It runs from this time on, with the runtime's clock. A test that has paused the runtime's
    /// clock lets hours pass at once, including every wait of the stack.
    WithRuntimeFrom(Timestamp),
}

/// Where the tables of a stack are.
#[derive(Debug, Clone, Default)]
pub enum Storage {
    /// In memory, until the stack ends.
    #[default]
    Memory,
    /// In a file, which is created if there is none.
    File(PathBuf),
    /// In another engine, or in AWS itself.
    Endpoint {
        /// Its URL.
        url: String,
        /// The access key. DynamoDB Local keeps one database for each, and accepts letters and
        /// digits only. It is not used for AWS itself, which gets the credentials of the
        /// environment.
        access_key: String,
    },
}
