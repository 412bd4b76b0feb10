//! Keeps a record of the permissions that the suite uses, for the test that asks which of them
//! nobody needs (`tests/grants.rs`).

use std::{
    collections::BTreeSet,
    fs::File,
    io::Write as _,
    sync::{LazyLock, Mutex},
};

use local::FirstUse;

/// The record, begun anew with each run.
static RECORD: LazyLock<Mutex<Record>> = LazyLock::new(|| {
    let file = File::create(concat!(env!("CARGO_TARGET_TMPDIR"), "/grants-used"));
    Mutex::new(Record {
        file: file.expect("a file"),
        written: BTreeSet::new(),
    })
});

struct Record {
    file: File,
    written: BTreeSet<String>,
}

/// Writes each permission down that a function uses.
pub fn record() -> FirstUse {
    FirstUse::new(|function, grant| {
        let mut record = RECORD.lock().expect("not poisoned");
        let line = format!("{function}: {grant}");
        if record.written.insert(line.clone()) {
            writeln!(record.file, "{line}").expect("written");
        }
    })
}
