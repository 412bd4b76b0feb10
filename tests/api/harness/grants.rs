//! Records the permissions that the suite uses, for the test that no permission is unused
//! (`tests/grants.rs`).

use std::{
    collections::BTreeSet,
    fs::File,
    io::Write as _,
    sync::{LazyLock, Mutex},
};

use local::FirstUse;

/// The record. Each run starts a new one.
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

/// Records each permission that a function uses.
pub fn record() -> FirstUse {
    FirstUse::new(|function, grant| {
        let mut record = RECORD.lock().expect("not poisoned");
        let line = format!("{function}: {grant}");
        if record.written.insert(line.clone()) {
            writeln!(record.file, "{line}").expect("written");
        }
    })
}
