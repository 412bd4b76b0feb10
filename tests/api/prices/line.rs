//! The prices of the line, for those in it and for those who move it.

use serde_json::{Value, json};

use super::warm_shop;
use crate::harness::Account;

/// Neither an access token nor a key makes a join more expensive. A user who has joined already
/// pays only for the reads.
#[tokio::test]
async fn joining_as_an_account_or_with_a_key_costs_the_same_and_joining_again_no_writes() {
    let shop = warm_shop(&[]).await;
    let key = "k".repeat(64);
    let join = async |account: &Account| {
        let call = shop.post("/v1/auth/tokens").token(&account.access_token);
        let call = call.key(&key);
        let body = json!({ "user_id": account.user_id });
        call.json(&body).send().await.ok();
    };
    let (first, account) = (
        shop.account("first@example.com").await,
        shop.account("mina@example.com").await,
    );
    join(&first).await;
    shop.advance(2).await;
    shop.stack.forget_consumed();

    join(&account).await;
    assert_eq!(shop.price("join-queue"), (2.5, 3.0));
    join(&account).await;
    assert_eq!(shop.price("join-queue"), (2.0, 0.0));
}

#[tokio::test]
async fn walking_in_costs_3_writes_and_waiting_2() {
    let shop = warm_shop(&[("MainMaxActive", "1")]).await;
    let (first, second) = (shop.guest().await, shop.guest().await);
    shop.stack.forget_consumed();

    shop.join(&first).await;
    assert_eq!(
        shop.price("join-queue"),
        (2.5, 3.0),
        "user, session, document"
    );
    let waiting = shop.join(&second).await;
    assert_eq!(
        shop.price("join-queue"),
        (2.0, 2.0),
        "the document is known for a second"
    );
    assert_eq!(waiting.joined["status"], "WAITING");
    assert_eq!(shop.status(&waiting).await, "WAITING");
    assert_eq!(shop.price("get-place"), (1.0, 0.0));
}

#[tokio::test]
async fn leaving_costs_1_write_while_waiting_and_2_after_the_arrival() {
    let shop = warm_shop(&[("MainMaxActive", "1")]).await;
    let (inside, waiting) = (shop.buyer().await, shop.buyer().await);
    shop.start(&["leave-queue"]).await;
    shop.leave(&waiting).await;
    assert_eq!(shop.price("leave-queue"), (1.5, 1.0));
    shop.leave(&inside).await;
    assert_eq!(shop.price("leave-queue"), (1.0, 2.0));
}

#[tokio::test]
async fn tick_costs_the_same_with_one_or_a_million_waiting() {
    let mut prices = Vec::new();
    for waiting in [1, 1_000_000] {
        let shop = warm_shop(&[("MainMaxActive", "1")]).await;
        let operator = shop.stack.operator().await;
        let main = "main".parse().expect("an id");
        let store = operator.store();
        let issued = store.issued(&main).await.expect("a number");
        let skipped = store.skip_numbers(&main, issued, waiting).await;
        assert!(skipped.expect("an answer"), "so many more have joined");
        shop.advance(10).await;
        shop.stack.forget_consumed();
        shop.advance(5).await;
        prices.push(shop.price("admit"));
    }
    assert_eq!(prices[0], prices[1]);
    let (reads, writes) = prices[0];
    assert!(
        (2.0..=4.0).contains(&reads) && (1.0..=4.0).contains(&writes),
        "{prices:?}"
    );
}

/// The administrator, the queue before and after, and a tick with one live cohort; two writes for
/// the settings, two for the record, and one of the tick.
#[tokio::test]
async fn changing_a_queue_costs_what_setting_it_does_and_looking_at_it_2_reads() {
    let shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    shop.start(&["put-queue", "update-queue", "get-queue-settings"])
        .await;
    let settings = json!({ "max_active": 20 });
    // A lower `max_active` voids the credit that nobody has used.
    shop.put_queue(&admin, "main", &settings).await.ok();
    shop.stack.forget_consumed();
    shop.put_queue(&admin, "main", &settings).await.ok();
    let set = shop.price("put-queue");
    shop.patch_queue(&admin, "main", &settings).await.ok();
    assert_eq!(set, (6.0, 5.0));
    assert_eq!(shop.price("update-queue"), set);
    shop.settings(&admin, "main").await.ok();
    assert_eq!(shop.price("get-queue-settings"), (2.0, 0.0));
}

/// The longest notice in Korean has 1.8 KB, which each tick writes with the line. The document and
/// the poll cost no more, unless the item of the queue has more than 4 KB.
#[tokio::test]
async fn longest_notice_costs_2_writes_a_tick() {
    let longest = "가".repeat(300);
    let prices = async |notice: Value| {
        let shop = warm_shop(&[("MainMaxActive", "1")]).await;
        let admin = shop.admin().await;
        let (_inside, waiting) = (shop.buyer().await, shop.buyer().await);
        shop.start(&["get-queue"]).await;
        let body = json!({ "notice": notice });
        shop.patch_queue(&admin, "main", &body).await.ok();
        shop.advance(10).await;
        shop.stack.forget_consumed();
        shop.advance(5).await;
        let tick = shop.price("admit");
        shop.queue("main").await;
        let document = shop.price("get-queue");
        assert_eq!(shop.status(&waiting).await, "WAITING");
        [tick, document, shop.price("get-place")]
    };
    let without = prices(Value::Null).await;
    let with = prices(json!({ "ko": longest, "en": longest })).await;
    let [(tick_reads, tick_writes), document, poll] = without;
    assert_eq!(with, [(tick_reads, tick_writes + 2.0), document, poll]);
    assert_eq!((document, poll), ((0.5, 0.0), (1.0, 0.0)));
}

/// A line of 2 KB, what a draw leaves, and the longest notice in Korean are more than the 4 KB that
/// half a unit reads.
#[tokio::test]
async fn document_of_more_than_4_kilobytes_costs_half_a_read_more() {
    let shop = warm_shop(&[("MainMaxActive", "1")]).await;
    let (_inside, waiting) = (shop.buyer().await, shop.buyer().await);
    let admin = shop.admin().await;
    let longest = "가".repeat(300);
    let body = json!({ "notice": { "ko": longest, "en": longest } });
    shop.patch_queue(&admin, "main", &body).await.ok();
    shop.start(&["get-queue"]).await;
    for (others, document, poll) in [(1_000, 0.5, 1.0), (2_500, 1.0, 1.5)] {
        // In place of a long line: no function reads this attribute, and it is paid for.
        let padding = json!({ "padding": "x".repeat(others) });
        let main = json!({ "id": "main" });
        shop.change_item("Queues", main, padding).await;
        shop.advance(2).await;
        shop.stack.forget_consumed();
        shop.queue("main").await;
        assert_eq!(shop.price("get-queue"), (document, 0.0), "{others}");
        assert_eq!(shop.status(&waiting).await, "WAITING");
        assert_eq!(shop.price("get-place"), (poll, 0.0), "{others}");
    }
}

/// A HEAD costs the same, because it does the GET.
#[tokio::test]
async fn head_costs_what_get_does() {
    let shop = warm_shop(&[]).await;
    let buyer = shop.buyer().await;
    assert_eq!(shop.status(&buyer).await, "ACTIVE");
    shop.stack.forget_consumed();
    assert_eq!(shop.status(&buyer).await, "ACTIVE");
    let price = shop.price("get-place");
    let call = shop.call("HEAD", "/v1/auth/tokens").token(&buyer.token);
    assert_eq!(call.send().await.status, 200);
    assert_eq!(shop.price("get-place"), price);
}

/// Waiting costs nothing. Only the join and the arrival are written.
#[tokio::test]
async fn whole_wait_costs_4_writes() {
    let shop = warm_shop(&[("MainMaxActive", "1")]).await;
    let first = shop.buyer().await;
    shop.stack.forget_consumed();
    let waits = shop.buyer().await;
    let signed_up = 4.0;
    assert_eq!(waits.joined["status"], "WAITING");
    for _ in 0..20 {
        shop.queue("main").await;
        shop.status(&waits).await;
        shop.advance(5).await;
    }
    shop.leave(&first).await;
    shop.advance(10).await;
    shop.ask_for_dates(&waits).send().await.ok();
    let consumed = shop.stack.consumed();
    let theirs = [
        "sign-up",
        "join-queue",
        "get-queue",
        "get-place",
        "list-dates",
    ];
    let writes: f64 = theirs
        .map(|function| consumed.by(function).write)
        .iter()
        .sum();
    assert!((writes - signed_up - 4.0).abs() < f64::EPSILON, "{writes}");
}

#[tokio::test]
async fn idle_minute_costs_2_reads_and_a_half() {
    let shop = warm_shop(&[]).await;
    shop.advance(600).await;
    shop.stack.forget_consumed();
    shop.advance(60).await;
    assert_eq!(
        shop.price("admit"),
        (2.5, 0.0),
        "which queues there are, and one of them"
    );
}
