//! The embedded DynamoDB engine, which is called in this process and not through a socket.

use std::{
    ffi::OsString,
    fs::{File, TryLockError},
    path::Path,
};

use dynoxide::{Database, DynoxideError};
use serde::{Serialize, de::DeserializeOwned};

use crate::Problem;

/// An answer in the JSON protocol of DynamoDB and SQS.
#[derive(Debug)]
pub struct AwsAnswer {
    /// HTTP status.
    pub status: u16,
    /// JSON.
    pub body: String,
}

/// An engine in memory.
pub fn in_memory() -> Result<Database, Problem> {
    Database::memory()
        .map_err(|error| Problem::failure(format!("the database did not start: {error}")))
}

/// An engine that keeps its tables in a file. While the returned lock lives, no other stack can
/// use the file.
pub fn in_file(path: &Path) -> Result<(Database, File), Problem> {
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
    let database = Database::new(name).map_err(refused)?;
    // This sets SQLite to `synchronous = NORMAL`, so that the engine does not wait for the disk at
    // each commit. A process that is killed loses nothing that it has acknowledged. A power cut may
    // cost the last writes.
    database.disable_bulk_loading().map_err(refused)?;
    Ok((database, lock))
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

/// Executes a request of DynamoDB's JSON protocol.
pub fn call(database: &Database, operation: &str, body: &[u8]) -> AwsAnswer {
    match dispatch(database, operation, body) {
        Ok(body) => AwsAnswer { status: 200, body },
        Err(error) => AwsAnswer {
            status: error.status_code(),
            body: error.to_json(),
        },
    }
}

fn dispatch(database: &Database, operation: &str, body: &[u8]) -> Result<String, DynoxideError> {
    match operation {
        "GetItem" => typed(body, |request| database.get_item(request)),
        "PutItem" => typed(body, |request| database.put_item(request)),
        "UpdateItem" => typed(body, |request| database.update_item(request)),
        "DeleteItem" => typed(body, |request| database.delete_item(request)),
        "Query" => typed(body, |request| database.query(request)),
        "Scan" => typed(body, |request| database.scan(request)),
        "BatchGetItem" => typed(body, |request| database.batch_get_item(request)),
        "BatchWriteItem" => typed(body, |request| database.batch_write_item(request)),
        "TransactGetItems" => typed(body, |request| database.transact_get_items(request)),
        "TransactWriteItems" => typed(body, |request| transact_write(database, request)),
        "CreateTable" => typed(body, |request| database.create_table(request)),
        "DescribeTable" => typed(body, |request| database.describe_table(request)),
        "ListTables" => typed(body, |request| database.list_tables(request)),
        "UpdateTimeToLive" => typed(body, |request| database.update_time_to_live(request)),
        _ => Err(DynoxideError::ValidationException(format!(
            "the local stack does not pass {operation} on to the engine"
        ))),
    }
}

/// Executes a transaction without its token. The engine would keep the token in a cache of the last
/// ten minutes, which it searches from end to end with every transaction. A repeated request is
/// answered by the connector, which remembers tokens itself.
fn transact_write(
    database: &Database,
    mut request: dynoxide::actions::transact_write_items::TransactWriteItemsRequest,
) -> Result<dynoxide::actions::transact_write_items::TransactWriteItemsResponse, DynoxideError> {
    request.client_request_token = None;
    database.transact_write_items(request)
}

fn typed<Request: DeserializeOwned, Response: Serialize>(
    body: &[u8],
    execute: impl FnOnce(Request) -> Result<Response, DynoxideError>,
) -> Result<String, DynoxideError> {
    let request = serde_json::from_slice(body)
        .map_err(|error| DynoxideError::SerializationException(error.to_string()))?;
    serde_json::to_string(&execute(request)?)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
