//! The streams of the embedded engine.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::{
    aws::engine::{self, Database},
    time::clock::Pace,
};

fn settings() -> StreamSettings {
    let changed = Arc::new(Notify::new());
    let clock = StackClock::frozen_at(
        Timestamp::from_second(1_800_000_000).expect("a time"),
        Pace::Machine,
        Arc::clone(&changed),
    );
    StreamSettings {
        clock: Arc::new(clock),
        changed,
    }
}

fn call(database: &Database, operation: &str, request: &Json) -> Json {
    let answer = engine::call(database, operation, request.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).expect("JSON")
}

/// Creates tables, with streams.
fn create(database: &Database, tables: &[&str]) {
    for table in tables {
        let request = json!({
            "TableName": table, "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        });
        call(database, "CreateTable", &request);
    }
    let tables: Vec<_> = tables.iter().map(|table| (*table, true)).collect();
    switch(database, &tables).expect("switched");
}

fn database(tables: &[&str]) -> Database {
    let database = engine::in_memory(Some(settings())).expect("it starts");
    create(&database, tables);
    database
}

fn put(database: &Database, table: &str, id: &str, value: u32) {
    let item = json!({ "id": { "S": id }, "value": { "N": value.to_string() } });
    call(
        database,
        "PutItem",
        &json!({ "TableName": table, "Item": item }),
    );
}

fn records(database: &Database, table: &str, place: i64) -> Vec<Record> {
    records_after(database, table, place, 1_000).expect("records")
}

#[test]
fn records_are_those_of_aws_and_in_order() {
    let database = database(&["Aaa", "Bbb"]);
    put(&database, "Aaa", "x", 1);
    put(&database, "Bbb", "y", 1);
    put(&database, "Aaa", "x", 2);
    let key = json!({ "id": { "S": "x" } });
    call(
        &database,
        "DeleteItem",
        &json!({ "TableName": "Aaa", "Key": key }),
    );
    let found = records(&database, "Aaa", 0);
    let names: Vec<_> = found.iter().map(|r| r.json["eventName"].clone()).collect();
    assert_eq!(names, ["INSERT", "MODIFY", "REMOVE"]);
    let image = |value: &str| json!({ "id": { "S": "x" }, "value": { "N": value } });
    let changed = &found[1].json["dynamodb"];
    assert_eq!(changed["OldImage"], image("1"));
    assert_eq!(changed["NewImage"], image("2"));
    assert_eq!(changed["Keys"], key);
    assert_eq!(changed["ApproximateCreationDateTime"], 1_800_000_000.0);
    assert_eq!(found[0].json["dynamodb"].get("OldImage"), None);
    assert_eq!(found[2].json["dynamodb"].get("NewImage"), None);
    let number = found[1].json["dynamodb"]["SequenceNumber"].as_str();
    assert_eq!(place_of(number.expect("a number")), Some(found[1].place));
    assert_eq!(records(&database, "Aaa", found[1].place).len(), 1);
    assert_eq!(records_after(&database, "Aaa", 0, 2).expect("two").len(), 2);
}

#[test]
fn write_that_fails_leaves_no_record() {
    let database = database(&["Aaa"]);
    put(&database, "Aaa", "x", 1);
    let item = json!({ "id": { "S": "x" } });
    let request = json!({ "TransactItems": [
        { "Put": { "TableName": "Aaa", "Item": { "id": { "S": "y" } } } },
        { "Put": { "TableName": "Aaa", "Item": item,
            "ConditionExpression": "attribute_not_exists(id)" } },
    ]});
    let writes = database.writes().expect("streams").count();
    let answer = engine::call(
        &database,
        "TransactWriteItems",
        request.to_string().as_bytes(),
    );
    assert_eq!(answer.status, 400);
    assert_eq!(records(&database, "Aaa", 0).len(), 1);
    assert_eq!(database.writes().expect("streams").count(), writes);
}

#[test]
fn imported_items_leave_no_records() {
    use shared::aws_sdk_dynamodb::types::AttributeValue;

    let database = database(&["Aaa"]);
    let item = [("id".to_owned(), AttributeValue::S("x".to_owned()))];
    engine::import(&database, "Aaa", vec![item.into()]).expect("imported");
    assert!(records(&database, "Aaa", 0).is_empty());
    put(&database, "Aaa", "x", 1);
    let found = records(&database, "Aaa", 0);
    assert_eq!(
        found[0].json["eventName"], "MODIFY",
        "its stream is on again"
    );
}

/// The engine itself would keep all of them.
#[test]
fn stream_of_each_table_is_trimmed() {
    let database = database(&["Aaa", "Bbb"]);
    let transaction: Vec<_> = (0..100)
        .map(|n| json!({ "Put": { "TableName": "Aaa", "Item": { "id": { "S": n.to_string() } } } }))
        .collect();
    let transaction = json!({ "TransactItems": transaction });
    put(&database, "Bbb", "x", 1);
    for _ in 0..108 {
        call(&database, "TransactWriteItems", &transaction);
    }
    let count = |table: &str| -> i64 {
        let storage = database.storage();
        let count = "SELECT count(*) FROM _stream_records WHERE table_name = ?1";
        let count = storage.conn().query_row(count, [table], |row| row.get(0));
        count.expect("a count")
    };
    assert!((9_000..=10_000).contains(&count("Aaa")), "{}", count("Aaa"));
    assert_eq!(count("Bbb"), 1);
    let newest = "SELECT max(CAST(sequence_number AS INTEGER)) FROM _stream_records";
    let newest = database
        .storage()
        .conn()
        .query_row(newest, [], |row| row.get(0));
    put(&database, "Aaa", "last", 1);
    let [last] = &records(&database, "Aaa", newest.expect("a number"))[..] else {
        panic!("one record after the newest");
    };
    assert_eq!(last.json["dynamodb"]["Keys"]["id"]["S"], "last");
}

#[test]
fn index_answers_what_the_engine_asks() {
    let database = database(&["Aaa"]);
    let storage = database.storage();
    for asked in [
        "SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 FROM _stream_records \
         WHERE table_name = ?1",
        "SELECT event_name FROM _stream_records WHERE table_name = ?1 AND shard_id = 's' \
         AND CAST(sequence_number AS INTEGER) > 3 \
         ORDER BY CAST(sequence_number AS INTEGER) ASC LIMIT 4",
    ] {
        let plan = format!("EXPLAIN QUERY PLAN {asked}");
        let plan: Result<String, _> = storage.conn().query_row(&plan, ["Aaa"], |row| row.get(3));
        let plan = plan.expect("a plan");
        assert!(plan.contains("SEARCH _stream_records USING"), "{plan}");
        assert!(plan.contains("_stack_stream_order"), "{plan}");
    }
}

#[test]
fn other_schema_is_refused() {
    let storage = Storage::memory().expect("it starts");
    let changed = "ALTER TABLE _stream_records RENAME COLUMN sequence_number TO number";
    storage.conn().execute_batch(changed).expect("changed");
    let problem = prepare(&storage).expect_err("another schema");
    assert!(problem.to_string().contains("number TEXT"), "{problem}");
}

#[test]
fn positions_and_records_are_there_after_a_restart() {
    let file = std::env::temp_dir().join(format!("onsale-{}.db", uuid::Uuid::new_v4()));
    let (database, lock) = engine::in_file(&file, Some(settings())).expect("it starts");
    create(&database, &["Aaa"]);
    put(&database, "Aaa", "x", 1);
    put(&database, "Aaa", "x", 2);
    let place = records(&database, "Aaa", 0)[0].place;
    assert_eq!(position(&database, "f", "Aaa").expect("read"), 0);
    keep_position(&database, "f", "Aaa", place).expect("kept");
    drop((database, lock));
    let (database, lock) = engine::in_file(&file, Some(settings())).expect("it starts");
    let place = position(&database, "f", "Aaa").expect("read");
    assert_eq!(records(&database, "Aaa", place).len(), 1);
    put(&database, "Aaa", "x", 3);
    assert_eq!(records(&database, "Aaa", place).len(), 2);
    // Without streams, as with `Events=false`.
    switch(&database, &[("Aaa", false)]).expect("switched");
    put(&database, "Aaa", "x", 4);
    assert_eq!(records(&database, "Aaa", place).len(), 2);
    drop((database, lock));
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", file.display()));
    }
}

/// Prints what a write takes: `cargo test --lib -- --ignored --nocapture price_of_a_write`. It is the
/// shortest time of several, so that it is little changed by what else the machine does.
#[test]
#[ignore = "it measures"]
fn price_of_a_write() {
    let no_index = "DROP INDEX _stack_stream_order";
    for (what, streamed, undone, sizes) in [
        ("without a stream", false, "", vec![1_000, 10_000, 20_000]),
        ("with a stream", true, "", vec![1_000, 10_000, 20_000]),
        (
            "with a stream and no index",
            true,
            no_index,
            vec![1_000, 3_000],
        ),
    ] {
        let database = database(&["Aaa"]);
        switch(&database, &[("Aaa", streamed)]).expect("switched");
        let undone = database.storage().conn().execute_batch(undone);
        undone.expect("undone");
        let mut written = 0;
        for until in sizes {
            let mut shortest = Duration::MAX;
            while written < until {
                let begun = Instant::now();
                for _ in 0..500 {
                    put(&database, "Aaa", "x", written);
                    written += 1;
                }
                if until - written <= 2_000 {
                    shortest = shortest.min(begun.elapsed() / 500);
                }
            }
            eprintln!("{what}: {shortest:?} a write, after {until} writes");
        }
    }
}
