//! An operator changes a queue's capacity between two deployments.

use local::{Options, Stack, Storage, Time};

use crate::harness::{NOON, Shop, text};

/// Credit that a line gave while nobody waited must not outlive the capacity that it was given for.
#[tokio::test]
async fn lowered_capacity_counts_for_those_who_come_later() {
    let data = DataFile::new();
    let stack = Stack::start(options(&data, "1000", NOON))
        .await
        .expect("the stack starts");
    let shop = Shop::on(stack);
    shop.buyer().await;
    shop.advance(600).await;
    shop.stack.stop().await;

    let smaller = Stack::start(options(&data, "2", "2026-11-20T03:15:00Z"))
        .await
        .expect("the stack starts again");
    let shop = Shop::on(smaller);
    shop.advance(5).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(text(&shop.buyer().await.joined["status"]));
    }
    assert_eq!(statuses, ["ACTIVE", "ACTIVE", "WAITING", "WAITING"]);
}

fn options(data: &DataFile, max_active: &str, at: &str) -> Options {
    Options {
        time: Time::FrozenAt(at.parse().expect("a time")),
        database: Storage::File(data.0.clone()),
        parameters: vec![("MainMaxActive".to_owned(), max_active.to_owned())],
        ..Options::default()
    }
}

/// A file that is deleted with the test.
struct DataFile(std::path::PathBuf);

impl DataFile {
    fn new() -> Self {
        let name = format!("onsale-{}.db", shared::domain::ids::SessionId::new());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for DataFile {
    fn drop(&mut self) {
        for suffix in ["", "-shm", "-wal"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", self.0.display()));
        }
    }
}
