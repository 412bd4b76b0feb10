//! What a template describes, as far as the local stack builds it.

mod reader;
mod streams;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use serde::Deserialize;
use serde_json::Value as Json;

use super::{
    edge::EdgePlan,
    pattern::Pattern,
    permissions::{Grant, Permissions},
};

pub use reader::read;

/// What a template describes, as far as the local stack builds it.
#[derive(Debug, Default)]
pub struct Deployment {
    /// Its tables.
    pub tables: Vec<TablePlan>,
    /// Its queues.
    pub queues: Vec<QueuePlan>,
    /// Its functions, by the names of their binaries.
    pub functions: BTreeMap<String, FunctionPlan>,
    /// The functions that the template has only on a condition that does not hold.
    pub left_out: BTreeSet<String>,
    /// The routes that lead to its functions.
    pub routes: Vec<RoutePlan>,
    /// The functions that are called by the clock.
    pub schedules: Vec<SchedulePlan>,
    /// The functions that get the messages of queues.
    pub subscriptions: Vec<SubscriptionPlan>,
    /// The functions that get the records of streams.
    pub streams: Vec<StreamPlan>,
    /// The buses that take events.
    pub buses: Vec<String>,
    /// What pages of other origins may do.
    pub cors: Option<Cors>,
    /// What is in front of the API.
    pub edge: Option<EdgePlan>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablePlan {
    /// Its name.
    pub name: String,
    /// Partition key.
    pub partition_key: Key,
    /// Sort key.
    pub sort_key: Option<Key>,
    /// The attribute that says when an item may be deleted.
    pub ttl: Option<String>,
    /// Whether it has a stream of its changes.
    pub has_stream: bool,
}

/// An attribute of a table's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// `S`, `N` or `B`.
    pub kind: String,
}

/// A queue.
#[derive(Debug, Clone)]
pub struct QueuePlan {
    /// Its name.
    pub name: String,
    /// The delay of a message that has none of its own.
    pub delay: Duration,
    /// How long a delivered message stays invisible.
    pub visibility_timeout: Duration,
    /// Where a message goes that fails too often.
    pub redrive: Option<RedrivePlan>,
}

/// Where a message goes that fails too often.
#[derive(Debug, Clone)]
pub struct RedrivePlan {
    /// The name of the dead-letter queue.
    pub to: String,
    /// How many deliveries a message may have before it goes there.
    pub after: u32,
}

/// A function.
#[derive(Debug, Clone)]
pub struct FunctionPlan {
    /// How long it may take.
    pub timeout: Duration,
    /// Its environment.
    pub environment: BTreeMap<String, String>,
    /// What its role may do.
    pub permissions: Arc<Permissions>,
}

/// A route of the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutePlan {
    /// HTTP method, or `ANY`.
    pub method: String,
    /// Path with `{variables}`, or `$default`.
    pub path: String,
    /// The function that it leads to.
    pub function: String,
}

/// A schedule.
#[derive(Debug, Clone)]
pub struct SchedulePlan {
    /// The function that it calls.
    pub function: String,
    /// How often.
    pub every: Duration,
    /// Its event; `None` for the scheduler's own.
    pub input: Option<Json>,
}

/// A function that gets the messages of a queue.
#[derive(Debug, Clone)]
pub struct SubscriptionPlan {
    /// The function.
    pub function: String,
    /// The queue.
    pub queue: String,
    /// How many messages it gets at once.
    pub batch_size: usize,
}

/// A function that gets the records of a table's stream.
#[derive(Debug, Clone)]
pub struct StreamPlan {
    /// The function.
    pub function: String,
    /// The table.
    pub table: String,
    /// How many records it gets at once, at most.
    pub batch_size: usize,
    /// It gets the records that fit one of these, or all if there are none.
    pub filters: Vec<Pattern>,
    /// Whether the function says which records failed.
    pub reports_failures: bool,
    /// Whether a batch that failed is halved.
    pub bisects: bool,
    /// How often a batch is tried again; `None` for no limit.
    pub max_retries: Option<u32>,
    /// How old a record may be when it has failed; `None` for no limit.
    pub max_age: Option<Duration>,
    /// The queue that is told of batches that are given up.
    pub on_failure: Option<String>,
}

impl StreamPlan {
    /// Whether the function gets a record.
    pub fn wants(&self, record: &Json) -> bool {
        let mut filters = self.filters.iter();
        self.filters.is_empty() || filters.any(|filter| filter.fits(Some(record)))
    }
}

/// What pages of other origins may do.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Cors {
    /// The origins.
    pub allow_origins: Vec<String>,
    /// The methods that they may use.
    pub allow_methods: Vec<String>,
    /// The headers that they may send.
    pub allow_headers: Vec<String>,
    /// The headers of an answer that they may read.
    pub expose_headers: Vec<String>,
    /// For how many seconds a browser may remember this.
    pub max_age: Option<u32>,
}

impl Deployment {
    /// What each function's role may do.
    pub fn grants(&self) -> Vec<(String, Grant)> {
        let functions = self.functions.iter();
        functions
            .flat_map(|(name, plan)| {
                let grants = plan.permissions.grants();
                grants.map(|grant| (name.clone(), grant.clone()))
            })
            .collect()
    }
}
