//! How long calls wait before they are made again, and the result of a request whose calls are
//! slow. Time passes only during a wait.

use std::{future::Future, time::Duration};

use local::{Fault, When};
use serde_json::{Value, json};
use shared::{
    domain::ids::{QueueId, UserId},
    messages::ReleaseHold,
};
use tokio::time::Instant;

use super::TRANSACTION;
use crate::harness::{Buyer, Call, Guest, PRICE, Shop};

/// The longest time of both waits of a call: 50 ms and 100 ms.
const BOTH_WAITS: Duration = Duration::from_millis(150);

/// The waits are random. With the SDK's own defaults (at most 1 s and 2 s) one call in two hundred
/// would be this fast.
const ROUNDS: usize = 10;

/// How much time `work` takes.
async fn time_of<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let started = Instant::now();
    let done = work.await;
    (done, started.elapsed())
}

/// The faults after which a call is made again.
const PASSING: [Fault; 4] = [
    Fault::Throughput,
    Fault::Throttling,
    Fault::InternalError,
    Fault::Reset(When::Before),
];

#[tokio::test(start_paused = true)]
async fn retries_of_a_database_call_wait_150_ms_at_most() {
    let shop = Shop::empty().await;
    let app = shop.stack.app("get-user").await;
    let faults = shop.stack.faults();
    for fault in PASSING {
        for _ in 0..ROUNDS {
            faults.meet("get-user", "GetItem", fault, 2);
            let (user, took) = time_of(app.store().user(UserId::new())).await;
            assert!(user.expect("an answer").is_none());
            assert!(took <= BOTH_WAITS, "{fault:?}: {took:?}");
        }
    }
    assert_eq!(faults.counted().values().sum::<u64>(), 80);
}

#[tokio::test(start_paused = true)]
async fn retries_of_a_message_wait_150_ms_at_most() {
    let shop = Shop::empty().await;
    let app = shop.stack.app("hold-seats").await;
    let faults = shop.stack.faults();
    let message = ReleaseHold {
        user_id: UserId::new(),
        queue_id: QueueId::main(),
        reservation_id: "0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
            .parse()
            .expect("an id"),
    };
    for fault in [Fault::Throttling, Fault::InternalError] {
        for _ in 0..ROUNDS {
            faults.meet("hold-seats", "SendMessage", fault, 2);
            let sent = app.release_queue().send(&message, app.now(), app.now());
            let (sent, took) = time_of(sent).await;
            sent.expect("sent");
            assert!(took <= BOTH_WAITS, "{fault:?}: {took:?}");
        }
    }
    assert_eq!(faults.counted().values().sum::<u64>(), 40);
}

/// However slow a second attempt fails, it leaves enough time for the third.
#[tokio::test(start_paused = true)]
async fn all_attempts_of_a_call_fit_into_its_time() {
    let shop = Shop::empty().await;
    let app = shop.stack.app("get-user").await;
    let faults = shop.stack.faults();
    for _ in 0..ROUNDS {
        faults.meet("get-user", "GetItem", Fault::TimedOut(When::Before), 2);
        faults.meet("get-user", "GetItem", Fault::Slow, 1);
        let (user, took) = time_of(app.store().user(UserId::new())).await;
        assert!(user.expect("an answer").is_none());
        assert!(took <= Duration::from_secs(4) + BOTH_WAITS, "{took:?}");
    }
}

/// Makes each of the next calls of an operation take four seconds, and succeed.
fn slow_down(shop: &Shop, function: &str, operation: &str, calls: usize) {
    for _ in 0..calls {
        let faults = shop.stack.faults();
        faults.meet(function, operation, Fault::TimedOut(When::Before), 2);
        faults.meet(function, operation, Fault::Slow, 1);
    }
}

/// A refund by an administrator: their account is read, then the buyer's sessions, then the order.
fn refund(shop: &Shop, admin: &Guest, buyer: &Buyer, receipt: &Value) -> Call {
    let body = json!({ "user_id": buyer.user_id, "reason": "A" });
    let path = format!("{}/refund", shop.reservation(receipt));
    shop.post(&path).token(&admin.access_token).json(&body)
}

/// The first two reads take four seconds each, and the third would take as long. Lambda ends the
/// function after ten.
#[tokio::test(start_paused = true)]
async fn request_out_of_time_before_its_write_is_busy() {
    let shop = Shop::open().await;
    let (admin, (buyer, receipt)) = (shop.admin().await, shop.sell(7).await);
    shop.stack.app("refund").await;
    slow_down(&shop, "refund", "GetItem", 2);
    slow_down(&shop, "refund", "Query", 1);
    let busy = refund(&shop, &admin, &buyer, &receipt).send().await;
    assert_eq!(busy.header("retry-after"), "1");
    busy.refused(503, "BUSY");
    shop.stack.faults().end();
    assert_eq!(shop.balance(&buyer).await, json!(0));
    refund(&shop, &admin, &buyer, &receipt).send().await.ok();
}

/// It is not known whether it was done, so the answer must not ask to do it again.
#[tokio::test(start_paused = true)]
async fn request_out_of_time_after_its_write_has_failed() {
    let shop = Shop::open().await;
    let (admin, (buyer, receipt)) = (shop.admin().await, shop.sell(7).await);
    shop.stack.app("refund").await;
    slow_down(&shop, "refund", "GetItem", 1);
    slow_down(&shop, "refund", "Query", 1);
    let late = Fault::TimedOut(When::After);
    shop.stack.faults().meet("refund", TRANSACTION, late, 1);
    let failed = refund(&shop, &admin, &buyer, &receipt).send().await;
    assert!(!failed.is_the_gateways());
    failed.refused(500, "INTERNAL");
    shop.stack.faults().end();
    let refunded = refund(&shop, &admin, &buyer, &receipt).send().await.ok();
    assert_eq!(refunded["current_balance"], json!(PRICE));
}
