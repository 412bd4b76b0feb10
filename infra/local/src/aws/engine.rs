//! The embedded DynamoDB engine, which is called in this process and not through a socket.

use std::{
    collections::HashMap,
    ffi::OsString,
    fs::{File, TryLockError},
    io,
    path::Path,
    sync::Arc,
};

use aws_smithy_types::Blob;
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE},
};
use dynoxide::{
    AttributeValue, DynoxideError, ImportOptions, Item,
    actions::{
        batch_get_item, batch_write_item, create_table, delete_item, describe_table, get_item,
        import_items, list_tables, put_item, query, scan, transact_get_items, transact_write_items,
        update_item, update_time_to_live, vector_lifecycle::VectorIndexLifecycle,
    },
    storage::Storage,
};
use parking_lot::{Mutex, MutexGuard};
use serde::{Serialize, de::DeserializeOwned};
use shared::{aws_sdk_dynamodb::types::AttributeValue as Value, futures_util::FutureExt as _};
use tokio::net::TcpListener;

use super::streams::{self, EngineClock, StreamSettings, Writes};
use crate::Problem;

/// How many SQL statements the engine keeps prepared. Each table has some of its own, so that the
/// 16 of the library would be prepared again and again.
const PREPARED_STATEMENTS: usize = 256;

/// 64 MB of a data file stay in memory. Of the engine's own 2 MB much would be read again and again.
/// What is written goes from the log into the data file after 64 MB each, not after 4.
const FILE_SETTINGS: &str = "PRAGMA cache_size = -64000; PRAGMA temp_store = MEMORY; \
                               PRAGMA wal_autocheckpoint = 16000;";

/// A request of DynamoDB has at most 16 MB, in a batch of writes.
const MAX_REQUEST_BYTES: usize = 16 << 20;

/// The tables, in a database of SQL. It executes one request at a time.
#[derive(Clone)]
pub struct Database {
    storage: Arc<Mutex<Storage>>,
    streams: Option<Arc<Writes>>,
}

impl Database {
    fn new(storage: Storage, streams: Option<StreamSettings>) -> Result<Self, Problem> {
        let connection = storage.conn();
        connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
        let Some(StreamSettings { clock, changed }) = streams else {
            return Ok(Self {
                storage: Arc::new(Mutex::new(storage)),
                streams: None,
            });
        };
        streams::prepare(&storage)?;
        Ok(Self {
            storage: Arc::new(Mutex::new(storage.with_clock(Arc::new(EngineClock(clock))))),
            streams: Some(Arc::new(Writes::new(changed))),
        })
    }

    /// The storage. Other requests wait until it is dropped.
    pub fn storage(&self) -> MutexGuard<'_, Storage> {
        self.storage.lock()
    }

    /// What notes the writes; `None` if no table has a stream.
    pub fn writes(&self) -> Option<&Arc<Writes>> {
        self.streams.as_ref()
    }

    /// Notes a write, which may have left a record in a stream.
    fn note_write(&self) {
        if let Some(writes) = &self.streams {
            writes.note(self);
        }
    }
}

/// An answer in the JSON protocol of DynamoDB and SQS.
#[derive(Debug)]
pub struct AwsAnswer {
    /// HTTP status.
    pub status: u16,
    /// JSON.
    pub body: String,
}

/// An engine in memory. With settings for streams, its tables can have some.
pub fn in_memory(streams: Option<StreamSettings>) -> Result<Database, Problem> {
    let storage = Storage::memory()
        .map_err(|error| Problem::failure(format!("the database did not start: {error}")))?;
    Database::new(storage, streams)
}

/// An engine that keeps its tables in a file, as [`in_memory`]. While the returned lock lives, no other stack can
/// use the file.
pub fn in_file(path: &Path, streams: Option<StreamSettings>) -> Result<(Database, File), Problem> {
    let unusable = |why: &str| {
        let file = path.display();
        Problem::failure(format!("{file} cannot be used as a data file: {why}"))
    };
    let refused = |error: DynoxideError| unusable(reason(&error.to_string()));
    let name = path
        .to_str()
        .ok_or_else(|| Problem::failure("the name of the data file is not UTF-8"))?;
    if path.is_dir() {
        return Err(unusable("it is a directory"));
    }
    let lock = lock(path).map_err(|error| match error {
        TryLockError::WouldBlock => unusable("another stack runs on it"),
        TryLockError::Error(error) => unusable(&error.to_string()),
    })?;
    let storage = Storage::new(name).map_err(refused)?;
    // This sets SQLite to `synchronous = NORMAL`, so that the engine does not wait for the disk at
    // each commit. A process that is killed loses nothing that it has acknowledged. A power cut may
    // cost the last writes.
    storage.disable_bulk_loading().map_err(refused)?;
    let kept = storage.conn().execute_batch(FILE_SETTINGS);
    kept.map_err(|error| unusable(&error.to_string()))?;
    Ok((Database::new(storage, streams)?, lock))
}

/// Locks a file. The engine would allow two processes in one file, but each would have a clock,
/// messages and ticks of its own. The lock is on a second file, because closing the data file would
/// release the engine's own locks. The system releases the lock when the process ends in any way.
fn lock(path: &Path) -> Result<File, TryLockError> {
    let mut beside = OsString::from(path);
    beside.push(".lock");
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(beside);
    let lock = lock.map_err(TryLockError::Error)?;
    lock.try_lock()?;
    Ok(lock)
}

/// Why the engine refuses a file, without its advice to programmers.
fn reason(error: &str) -> &str {
    if error.starts_with("Database file is encrypted or not") {
        "it is something else"
    } else {
        error.trim_start_matches("Internal error: ")
    }
}

/// Serves the tables over HTTP, as DynamoDB's endpoint does, until `end` is ready.
pub async fn serve(
    listener: TcpListener,
    database: Database,
    end: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let answer = async |State(database): State<Database>, headers: HeaderMap, body: Bytes| {
        let target = headers.get("x-amz-target").map(HeaderValue::as_bytes);
        let target = String::from_utf8_lossy(target.unwrap_or_default());
        let operation = target.rsplit('.').next().unwrap_or_default();
        let AwsAnswer { status, body } = call(&database, operation, &body);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(CONTENT_TYPE, "application/x-amz-json-1.0")], body)
    };
    let router = Router::new()
        .fallback(answer)
        .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
        .with_state(database);
    axum::serve(listener, router)
        .with_graceful_shutdown(end)
        .await
}

/// The operations that write items.
const WRITES: [&str; 5] = [
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "BatchWriteItem",
    "TransactWriteItems",
];

/// Executes a request of DynamoDB's JSON protocol.
pub fn call(database: &Database, operation: &str, body: &[u8]) -> AwsAnswer {
    match dispatch(database, operation, body) {
        Ok(body) => {
            if WRITES.contains(&operation) {
                database.note_write();
            }
            AwsAnswer { status: 200, body }
        }
        Err(error) => AwsAnswer {
            status: error.status_code(),
            body: error.to_json(),
        },
    }
}

/// Puts items into a table in one transaction, without conditions, without a request and without
/// records in the table's stream. So it takes a fraction of the time of DynamoDB's batches.
pub fn import(
    database: &Database,
    table: &str,
    items: Vec<HashMap<String, Value>>,
) -> Result<(), Problem> {
    let items = items.into_iter().map(item).collect::<Option<Vec<_>>>();
    let items = items.ok_or_else(|| Problem::failure("an item has a value of no known type"))?;
    let (storage, options) = (database.storage(), ImportOptions::default());
    let imported = streams::without(&storage, table, || {
        let imported = import_items::execute(&*storage, table, items, &options);
        // The engine never waits for anything.
        imported.now_or_never()
    })?;
    let imported = imported.ok_or_else(|| Problem::failure("the engine waits"))?;
    imported
        .map(drop)
        .map_err(|error| Problem::failure(format!("{table} did not take the items: {error}")))
}

fn item(item: HashMap<String, Value>) -> Option<Item> {
    let values = item.into_iter();
    values
        .map(|(name, value)| Some((name, attribute(value)?)))
        .collect()
}

/// A value of the SDK as the engine's own.
fn attribute(value: Value) -> Option<AttributeValue> {
    let bytes = |blob: Blob| blob.into_inner();
    Some(match value {
        Value::S(text) => AttributeValue::S(text),
        Value::N(number) => AttributeValue::N(number),
        Value::B(blob) => AttributeValue::B(bytes(blob)),
        Value::Bool(is_true) => AttributeValue::BOOL(is_true),
        Value::Null(is_null) => AttributeValue::NULL(is_null),
        Value::Ss(texts) => AttributeValue::SS(texts),
        Value::Ns(numbers) => AttributeValue::NS(numbers),
        Value::Bs(blobs) => AttributeValue::BS(blobs.into_iter().map(bytes).collect()),
        Value::L(list) => {
            AttributeValue::L(list.into_iter().map(attribute).collect::<Option<_>>()?)
        }
        Value::M(map) => AttributeValue::M(item(map)?),
        _ => return None,
    })
}

/// Executes the operation of this name. Other requests wait only while the storage is used, not while
/// a request is read or its answer is written.
macro_rules! operations {
    ($database:ident, $operation:ident, $body:ident, { $($name:literal => $action:ident($($more:expr)?),)* }) => {
        match $operation {
            $($name => {
                let request = request($body)?;
                // The engine never waits for anything.
                let response = $action::execute(&*$database.storage(), request $(, $more)?)
                    .now_or_never();
                let waits = || DynoxideError::InternalServerError("the engine waits".to_owned());
                text(&response.ok_or_else(waits)??)
            })*
            _ => Err(DynoxideError::ValidationException(format!(
                "the local stack does not pass {} on to the engine",
                $operation
            ))),
        }
    };
}

fn dispatch(database: &Database, operation: &str, body: &[u8]) -> Result<String, DynoxideError> {
    operations!(database, operation, body, {
        "GetItem" => get_item(),
        "PutItem" => put_item(),
        "UpdateItem" => update_item(),
        "DeleteItem" => delete_item(),
        "Query" => query(),
        "Scan" => scan(),
        "BatchGetItem" => batch_get_item(),
        "BatchWriteItem" => batch_write_item(),
        "TransactGetItems" => transact_get_items(),
        "TransactWriteItems" => transact_write_items(),
        "CreateTable" => create_table(),
        "DescribeTable" => describe_table(&VectorIndexLifecycle::new()),
        "ListTables" => list_tables(),
        "UpdateTimeToLive" => update_time_to_live(),
    })
}

fn request<Request: DeserializeOwned>(body: &[u8]) -> Result<Request, DynoxideError> {
    serde_json::from_slice(body)
        .map_err(|error| DynoxideError::SerializationException(error.to_string()))
}

fn text(response: &impl Serialize) -> Result<String, DynoxideError> {
    serde_json::to_string(response)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
