//! Database calls that fail, whose answers are lost, or during which the function's process ends.

use local::{Fault, When};
use serde_json::{Value, json};

use super::{ALWAYS, TRANSACTION};
use crate::harness::{Buyer, PRICE, Shop};

/// A shop with a buyer who holds a seat and can pay for it.
async fn about_to_pay() -> (Shop, Buyer, Value) {
    let shop = Shop::open().await;
    let (buyer, held) = shop.about_to_pay().await;
    (shop, buyer, held)
}

/// Checks that the seat is sold once: a repeated payment returns the first receipt, and the money
/// was taken once.
async fn is_paid_once(shop: &Shop, buyer: &Buyer, held: &Value) {
    let receipt = shop.pay(buyer, held).await.ok();
    assert_eq!(receipt["current_balance"], json!(0));
    assert_eq!(shop.pay(buyer, held).await.ok(), receipt);
    assert_eq!(shop.balance(buyer).await, json!(0));
    assert_eq!(shop.seats(&shop.buyer().await).await[&7], "SOLD");
}

/// Checks that nothing was paid, and that it can be paid now.
async fn is_still_to_pay(shop: &Shop, buyer: &Buyer, held: &Value) {
    assert_eq!(shop.reservation_status(buyer, held).await, "HELD");
    assert_eq!(shop.balance(buyer).await, json!(PRICE));
    is_paid_once(shop, buyer, held).await;
}

#[tokio::test(start_paused = true)]
async fn pay_retries_transient_faults() {
    for fault in [
        Fault::Conflict,
        Fault::InProgress,
        Fault::Throughput,
        Fault::Throttling,
        Fault::InternalError,
        Fault::Reset(When::Before),
        Fault::TimedOut(When::Before),
        Fault::Slow,
    ] {
        let (shop, buyer, held) = about_to_pay().await;
        let faults = shop.stack.faults();
        faults.meet("pay", TRANSACTION, fault, 1);
        shop.pay(&buyer, &held).await.ok();
        assert_eq!(faults.counted(), [(fault, 1)].into());
        is_paid_once(&shop, &buyer, &held).await;
    }
}

#[tokio::test(start_paused = true)]
async fn pay_answers_503_to_endless_contention_and_does_nothing() {
    for fault in [
        Fault::Conflict,
        Fault::InProgress,
        Fault::Throughput,
        Fault::Throttling,
    ] {
        let (shop, buyer, held) = about_to_pay().await;
        shop.stack.faults().meet("pay", TRANSACTION, fault, ALWAYS);
        let busy = shop.pay(&buyer, &held).await;
        assert_eq!(busy.header("retry-after"), "1", "{fault:?}");
        busy.refused(503, "BUSY");
        shop.stack.faults().end();
        is_still_to_pay(&shop, &buyer, &held).await;
    }
}

#[tokio::test(start_paused = true)]
async fn pay_answers_500_to_endless_failures_and_does_nothing() {
    for fault in [
        Fault::InternalError,
        Fault::Reset(When::Before),
        Fault::TimedOut(When::Before),
    ] {
        let (shop, buyer, held) = about_to_pay().await;
        shop.stack.faults().meet("pay", TRANSACTION, fault, ALWAYS);
        shop.pay(&buyer, &held).await.refused(500, "INTERNAL");
        shop.stack.faults().end();
        is_still_to_pay(&shop, &buyer, &held).await;
    }
}

#[tokio::test(start_paused = true)]
async fn leave_queue_retries_transient_faults() {
    for fault in [Fault::Conflict, Fault::Throttling, Fault::InternalError] {
        let shop = Shop::with_room_for_one().await;
        let buyer = shop.buyer().await;
        let meets = shop.stack.faults();
        meets.meet("leave-queue", "UpdateItem", fault, 1);
        shop.leave(&buyer).await;
        assert_eq!(meets.counted()[&fault], 1);
        assert_eq!(shop.status(&buyer).await, "CLOSED LEFT");
    }
}

#[tokio::test(start_paused = true)]
async fn pay_answers_although_one_answer_of_the_database_was_lost() {
    for fault in [Fault::TimedOut(When::After), Fault::Reset(When::After)] {
        let (shop, buyer, held) = about_to_pay().await;
        shop.stack.faults().meet("pay", TRANSACTION, fault, 1);
        shop.pay(&buyer, &held).await.ok();
        is_paid_once(&shop, &buyer, &held).await;
    }
}

#[tokio::test(start_paused = true)]
async fn pay_returns_the_receipt_when_asked_again_after_a_lost_answer() {
    for fault in [
        Fault::TimedOut(When::After),
        Fault::Reset(When::After),
        Fault::Garbled,
    ] {
        let (shop, buyer, held) = about_to_pay().await;
        shop.stack.faults().meet("pay", TRANSACTION, fault, ALWAYS);
        shop.pay(&buyer, &held).await.refused(500, "INTERNAL");
        shop.stack.faults().end();
        assert_eq!(shop.reservation_status(&buyer, &held).await, "PAID");
        is_paid_once(&shop, &buyer, &held).await;
    }
}

/// The same charge sent twice under one key must count once.
#[tokio::test(start_paused = true)]
async fn charge_with_a_key_happens_once_although_its_answer_was_lost() {
    for fault in [Fault::TimedOut(When::After), Fault::Killed(When::After)] {
        let shop = Shop::open().await;
        let buyer = shop.buyer().await;
        shop.stack.faults().meet("charge", TRANSACTION, fault, 3);
        shop.charge_keyed(&buyer, 1_000, "transfer-1")
            .await
            .expect(500);
        shop.stack.faults().end();
        shop.charge_keyed(&buyer, 1_000, "transfer-1").await.ok();
        assert_eq!(shop.balance(&buyer).await, json!(1_000), "{fault:?}");
    }
}

/// Without a key, all tries of the SDK are still one transaction.
#[tokio::test(start_paused = true)]
async fn charge_without_a_key_happens_once_per_request() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let faults = shop.stack.faults();
    faults.meet("charge", TRANSACTION, Fault::TimedOut(When::After), 1);
    shop.charge(&buyer, 1_000).await.ok();
    assert_eq!(faults.counted().values().sum::<u64>(), 1);
    assert_eq!(shop.balance(&buyer).await, json!(1_000));
}

/// Each try takes effect after its caller has got an error.
#[tokio::test(start_paused = true)]
async fn pay_happens_once_when_its_writes_take_effect_late() {
    let (shop, buyer, held) = about_to_pay().await;
    let faults = shop.stack.faults();
    faults.meet("pay", TRANSACTION, Fault::Straggling, ALWAYS);
    shop.pay(&buyer, &held).await.refused(500, "INTERNAL");
    faults.end();
    assert_eq!(shop.reservation_status(&buyer, &held).await, "HELD");
    tokio::time::sleep(std::time::Duration::from_secs(20)).await;
    assert_eq!(shop.reservation_status(&buyer, &held).await, "PAID");
    is_paid_once(&shop, &buyer, &held).await;
}

#[tokio::test(start_paused = true)]
async fn hold_does_not_wait_for_a_slow_one() {
    let shop = Shop::open().await;
    let (slow, quick) = (shop.buyer().await, shop.buyer().await);
    let faults = shop.stack.faults();
    faults.meet("hold-seats", TRANSACTION, Fault::Slow, 1);
    let (first, second) = shared::futures_util::join!(shop.hold(&slow, 7), async {
        // By now the other request has read the seat and found it free.
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        shop.hold(&quick, 7).await
    });
    second.ok();
    first.refused(409, "SEAT_ALREADY_RESERVED");
}

/// Wherever the process ends during a payment, the payment is done completely or not at all. The
/// next request finds it done, or does it.
#[tokio::test(start_paused = true)]
async fn pay_is_whole_wherever_the_function_is_killed() {
    let mut cuts = 0;
    for operation in ["Query", "GetItem", TRANSACTION, "UpdateItem"] {
        for when in [When::Before, When::After] {
            let (shop, buyer, held) = about_to_pay().await;
            let faults = shop.stack.faults();
            faults.meet("pay", operation, Fault::Killed(when), 1);
            let reply = shop.pay(&buyer, &held).await;
            assert!(
                reply.is_the_gateways(),
                "{operation} {when:?}: {}",
                reply.text
            );
            cuts += faults.counted()[&Fault::Killed(when)];
            is_paid_once(&shop, &buyer, &held).await;
        }
    }
    assert_eq!(cuts, 8);
}

/// The same for a refund.
#[tokio::test(start_paused = true)]
async fn refund_is_whole_wherever_the_function_is_killed() {
    for operation in ["Query", "GetItem", TRANSACTION] {
        for when in [When::Before, When::After] {
            let shop = Shop::open().await;
            let (buyer, receipt) = shop.sell(7).await;
            let faults = shop.stack.faults();
            faults.meet("cancel-reservation", operation, Fault::Killed(when), 1);
            let path = shop.reservation(&receipt);
            let cancel = || shop.delete(&path).token(&buyer.token);
            assert!(cancel().send().await.is_the_gateways());
            assert_eq!(cancel().send().await.ok()["status"], "REFUNDED");
            assert_eq!(shop.balance(&buyer).await, json!(PRICE));
            assert_eq!(shop.seats(&shop.buyer().await).await[&7], "FREE");
        }
    }
}

/// Wherever a hold is cut off, the caller has all of its seats or none, and the same request again
/// gets them.
#[tokio::test(start_paused = true)]
async fn hold_is_whole_wherever_the_function_is_killed() {
    for (operation, when) in [
        ("BatchGetItem", When::After),
        (TRANSACTION, When::Before),
        (TRANSACTION, When::After),
        ("SendMessage", When::Before),
        ("SendMessage", When::After),
    ] {
        let shop = Shop::open().await;
        let buyer = shop.buyer().await;
        let faults = shop.stack.faults();
        faults.meet("hold-seats", operation, Fault::Killed(when), 1);
        assert!(shop.hold_all(&buyer, &[7, 8]).await.is_the_gateways());
        let held = shop.hold_all(&buyer, &[7, 8]).await.ok();
        let place = shop.get_place(&buyer).await;
        assert_eq!(
            place["reservation"]["reservation_id"],
            held["reservation_id"]
        );
        shop.advance(302).await;
        let seats = shop.seats(&shop.buyer().await).await;
        assert_eq!((&*seats[&7], &*seats[&8]), ("FREE", "FREE"));
    }
}

/// A function whose process has ended starts again with the next request.
#[tokio::test(start_paused = true)]
async fn killed_function_starts_again_without_its_caches() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    shop.hold(&buyer, 7).await.ok();
    let reads = |shop: &Shop| shop.stack.consumed().by("hold-seats").calls;
    let faults = shop.stack.faults();
    faults.meet("hold-seats", "GetItem", Fault::Killed(When::After), 1);
    shop.hold(&buyer, 7).await.expect(500);
    shop.stack.forget_consumed();
    shop.hold(&buyer, 7).await.ok();
    assert_eq!(
        reads(&shop),
        4,
        "the keys, the session, the show, the seats"
    );
}

/// These tests prove something only if failures without a fault are noticed.
#[tokio::test(start_paused = true)]
async fn unexplained_failure_is_noticed() {
    let (shop, buyer, held) = about_to_pay().await;
    let faults = shop.stack.faults();
    faults.meet("pay", TRANSACTION, Fault::InternalError, ALWAYS);
    shop.pay(&buyer, &held).await.refused(500, "INTERNAL");
    assert!(faults.unexplained().is_empty());
    faults.end();
    // The balance is not a number.
    let account = json!({ "user_id": buyer.user_id, "entry": "account" });
    shop.change_item("Accounts", account, json!({ "balance": "many" }))
        .await;
    shop.pay(&buyer, &held).await.refused(500, "INTERNAL");
    assert_eq!(faults.unexplained(), ["pay"]);
}
