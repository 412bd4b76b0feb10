//! Batch reads that leave some items unread, as DynamoDB does when a partition is busy. An unread
//! item must not be mistaken for a missing one.

use local::Fault;
use serde_json::json;

use super::ALWAYS;
use crate::harness::{Reply, Shop, text};

const BATCH: &str = "BatchGetItem";

/// The answers after which the rest is read.
const PARTIAL: [Fault; 2] = [Fault::Unprocessed, Fault::Incomplete];

/// Two seats are asked for, and the second one is taken. This is found before anything is written.
#[tokio::test(start_paused = true)]
async fn hold_reads_unread_seats_again() {
    let shop = Shop::open().await;
    let (one, other) = (shop.buyer().await, shop.buyer().await);
    shop.hold(&one, 8).await.ok();
    shop.stack.app("hold-seats").await;
    for fault in PARTIAL {
        for times in 1..=2 {
            shop.stack.faults().meet("hold-seats", BATCH, fault, times);
            shop.stack.forget_consumed();
            let taken = shop.hold_all(&other, &[7, 8]).await;
            taken.refused(409, "SEAT_ALREADY_RESERVED");
            let consumed = shop.stack.consumed().by("hold-seats");
            assert!(consumed.write < 0.1, "{fault:?}: {consumed:?}");
        }
    }
    let faults = shop.stack.faults();
    assert_eq!(faults.counted(), PARTIAL.map(|fault| (fault, 3)).into());
    faults.meet("hold-seats", BATCH, Fault::Unprocessed, ALWAYS);
    let busy = shop.hold_all(&other, &[7, 9]).await;
    assert_eq!(busy.header("retry-after"), "1");
    busy.refused(503, "BUSY");
    faults.end();
    shop.hold_all(&other, &[7, 9]).await.ok();
}

#[tokio::test(start_paused = true)]
async fn look_up_reads_unread_seats_again() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (_, receipt) = shop.sell(7).await;
    let path = format!(
        "{}?date={}&seat_number=7",
        shop.reservations(),
        shop.dates[0]
    );
    let look_up = async || -> Reply { shop.get(&path).send_as(&admin.access_token).await };
    let found = look_up().await.ok();
    let id = &found["reservations"][0]["reservation_id"];
    assert_eq!(*id, receipt["reservation_id"]);

    let faults = shop.stack.faults();
    for fault in PARTIAL {
        faults.meet("look-up-reservation", BATCH, fault, 1);
        assert_eq!(look_up().await.ok(), found, "{fault:?}");
    }
    faults.meet("look-up-reservation", BATCH, Fault::Unprocessed, ALWAYS);
    look_up().await.refused(503, "BUSY");
}

/// Otherwise a user that was not read would be unknown, and a user whose session was not read would
/// join a second time.
#[tokio::test(start_paused = true)]
async fn join_reads_an_unread_user_and_session_again() {
    let shop = Shop::open().await;
    let faults = shop.stack.faults();
    for fault in PARTIAL {
        for times in 1..=2 {
            let guest = shop.guest().await;
            faults.meet("join-queue", BATCH, fault, times);
            let buyer = shop.join(&guest).await;
            faults.meet("join-queue", BATCH, fault, times);
            let again = shop.rejoin_with(&buyer, &guest.access_token).await;
            let place = async |of| shop.get_place(of).await["number"].clone();
            assert_eq!(place(&again).await, place(&buyer).await, "{fault:?}");
        }
    }
    let guest = shop.guest().await;
    faults.meet("join-queue", BATCH, Fault::Unprocessed, ALWAYS);
    let body = json!({ "user_id": guest.user_id });
    let join = shop.post("/v1/auth/tokens").json(&body).send().await;
    join.refused(503, "BUSY");
    faults.end();
    shop.join(&guest).await;
}

/// A tick without one of the counts would let too many in.
#[tokio::test(start_paused = true)]
async fn tick_lets_nobody_in_before_it_has_read_all_counts() {
    for fault in PARTIAL {
        let shop = Shop::without_schedule(&[("MainMaxActive", "1")]).await;
        let (first, second) = (shop.buyer().await, shop.buyer().await);
        let tick = json!({ "ticks": 1 });
        let faults = shop.stack.faults();
        shop.advance(60).await;
        faults.meet("admit", BATCH, Fault::Unprocessed, ALWAYS);
        shop.invoke("admit", &tick).await;
        faults.end();
        assert_eq!(shop.status(&second).await, "WAITING");

        shop.advance(5).await;
        faults.meet("admit", BATCH, fault, 1);
        shop.invoke("admit", &tick).await.ok();
        shop.advance(5).await;
        assert_eq!(shop.status(&first).await, "ACTIVE");
        assert_eq!(shop.status(&second).await, "WAITING");

        shop.leave(&first).await;
        shop.advance(5).await;
        faults.meet("admit", BATCH, fault, 1);
        let ticked = shop.invoke("admit", &tick).await.ok();
        assert_eq!(ticked, json!({ "queues": 1, "ticks": 1 }), "{fault:?}");
        shop.advance(5).await;
        assert_eq!(shop.status(&second).await, "ACTIVE");
    }
}

/// A second look at an order's seats finds them.
#[tokio::test(start_paused = true)]
async fn audit_reports_nothing_about_unread_items() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold_all(&buyer, &[7, 8]).await.ok();
    shop.charge(&buyer, 2 * crate::harness::PRICE).await.ok();
    shop.pay(&buyer, &held).await.ok();
    let holder = shop.buyer().await;
    shop.hold_all(&holder, &[9, 10]).await.ok();
    let faults = shop.stack.faults();
    for user_id in [&buyer.user_id, &holder.user_id] {
        let order = json!({ "user_id": user_id });
        for fault in PARTIAL {
            for times in 1..=2 {
                faults.meet("audit", BATCH, fault, times);
                let report = shop.run_audit(&order).await;
                assert_eq!(report["violations"], 0, "{fault:?}: {report:#}");
            }
        }
    }
    let met = faults.counted();
    assert_eq!(met, PARTIAL.map(|fault| (fault, 6)).into());

    for order in [
        json!({ "user_id": buyer.user_id }),
        json!({ "from_start": true }),
    ] {
        faults.meet("audit", BATCH, Fault::Unprocessed, ALWAYS);
        let failed = shop.invoke("audit", &order).await;
        assert_eq!(failed.header("x-amz-function-error"), "Unhandled");
        assert!(text(&failed.body["errorMessage"]).contains("throttling"));
        faults.end();
    }
    let metrics = shop.metrics();
    let mut published = metrics
        .iter()
        .filter_map(|line| line["AuditViolations"].as_f64());
    assert!(published.all(|violations| violations < 0.5), "{metrics:?}");
    shop.audit().await;
}
