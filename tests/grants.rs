//! No function has a permission that it never uses: the API suite, which runs before this, must
//! have used every permission that the template grants. It keeps a record.

use std::{collections::BTreeSet, fs};

use local::{Options, Stack};

#[tokio::test]
async fn every_permission_is_used() {
    let record = concat!(env!("CARGO_TARGET_TMPDIR"), "/grants-used");
    let used = fs::read_to_string(record).expect("the record of a run of the whole API suite");
    let used: BTreeSet<_> = used.lines().collect();

    let stack = Stack::start(Options::default())
        .await
        .expect("the stack starts");
    let unused: Vec<_> = stack
        .grants()
        .iter()
        .map(|(function, grant)| format!("{function}: {grant}"))
        .filter(|grant| !used.contains(grant.as_str()))
        .collect();
    assert!(unused.is_empty(), "granted and never used: {unused:#?}");
}
