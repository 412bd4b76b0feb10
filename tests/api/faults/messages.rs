//! Release messages that are lost, late or doubled, and clocks that differ.

use local::{Fault, When};
use shared::jiff::SignedDuration;

use crate::harness::{Buyer, PRICE, Shop};

/// A shop in which the message of the first hold meets a fault.
async fn shop_with_message_fault(fault: Fault, times: u32) -> (Shop, Buyer) {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    shop.stack
        .faults()
        .meet("hold-seats", "SendMessage", fault, times);
    shop.hold(&buyer, 7).await.ok();
    shop.stack.faults().end();
    assert!(shop.stack.faults().counted()[&fault] > 0);
    (shop, buyer)
}

async fn seat(shop: &Shop) -> String {
    let seats = shop.seats(&shop.buyer().await).await;
    seats[&7].clone()
}

/// Whether the message is lost, doubled, late or early: the seat is free two seconds after its
/// hold, and not before.
#[tokio::test(start_paused = true)]
async fn hold_ends_in_time_whatever_happens_to_its_message() {
    for (fault, times, delivered) in [
        (Fault::Lost, 1, 0),
        (Fault::Doubled, 1, 2),
        (Fault::Late, 1, 1),
        (Fault::Early, 1, 1),
        (Fault::Reset(When::Before), 3, 0),
        (Fault::Reset(When::After), 1, 2),
        (Fault::TimedOut(When::After), 1, 2),
        (Fault::InternalError, 3, 0),
        (Fault::Throttling, 1, 1),
        (Fault::Garbled, 1, 1),
    ] {
        let (shop, buyer) = shop_with_message_fault(fault, times).await;
        shop.advance(0).await;
        assert_eq!(shop.stack.pending_messages().len(), delivered, "{fault:?}");
        shop.advance(299).await;
        assert_eq!(shop.status(&buyer).await, "ACTIVE", "{fault:?}");
        shop.advance(2).await;
        assert_eq!(
            shop.status(&buyer).await,
            "CLOSED HOLD_EXPIRED",
            "{fault:?}"
        );
        assert_eq!(seat(&shop).await, "HELD", "{fault:?}");
        shop.advance(1).await;
        assert_eq!(seat(&shop).await, "FREE", "{fault:?}");
        shop.advance(600).await;
        assert!(shop.stack.pending_messages().is_empty(), "{fault:?}");
        assert!(shop.stack.dead_letters().is_empty(), "{fault:?}");
        assert!(shop.stack.faults().unexplained().is_empty(), "{fault:?}");
    }
}

/// An early message is put back until the hold has ended, so that it still closes the session.
#[tokio::test(start_paused = true)]
async fn early_message_comes_again() {
    let (shop, _) = shop_with_message_fault(Fault::Early, 1).await;
    shop.advance(0).await;
    assert_eq!(shop.stack.pending_messages().len(), 1);
    shop.advance(301).await;
    assert_eq!(shop.stack.pending_messages().len(), 1);
    shop.advance(1).await;
    assert!(shop.stack.pending_messages().is_empty());
}

/// Wherever a release is cut off, the message is delivered again and does the rest.
#[tokio::test(start_paused = true)]
async fn release_is_done_in_the_end_wherever_the_function_is_killed() {
    for (operation, when) in [
        ("GetItem", When::After),
        ("UpdateItem", When::Before),
        ("UpdateItem", When::After),
        ("DeleteItem", When::Before),
        ("DeleteItem", When::After),
    ] {
        let shop = Shop::open().await;
        let buyer = shop.buyer().await;
        shop.hold(&buyer, 7).await.ok();
        let faults = shop.stack.faults();
        faults.meet("release-hold", operation, Fault::Killed(when), 1);
        shop.advance(302).await;
        assert_eq!(shop.stack.pending_messages().len(), 1, "it comes again");
        shop.advance(600).await;
        assert!(shop.stack.pending_messages().is_empty());
        assert_eq!(faults.counted()[&Fault::Killed(when)], 1);
        assert_eq!(seat(&shop).await, "FREE");
        assert_eq!(shop.status(&buyer).await, "CLOSED HOLD_EXPIRED");
    }
}

/// Clocks that differ by two seconds cost no payer the seat, and no other user money.
#[tokio::test(start_paused = true)]
async fn payer_whose_clock_is_behind_keeps_the_seat() {
    let shop = Shop::open().await;
    shop.stack
        .put_clock_ahead("pay", SignedDuration::from_secs(-2));
    let (payer, other) = (shop.buyer().await, shop.buyer().await);
    let held = shop.hold(&payer, 7).await.ok();
    shop.charge(&payer, PRICE).await.ok();
    shop.advance(301).await;
    let next = shop.rejoin(&other).await;
    shop.hold(&next, 7)
        .await
        .refused(409, "SEAT_ALREADY_RESERVED");
    shop.pay(&payer, &held).await.ok();
}

/// If they differ by more, the payer may lose the seat, but nothing else.
#[tokio::test(start_paused = true)]
async fn payer_that_loses_the_seat_to_a_clock_keeps_the_money() {
    let shop = Shop::without_messages(&[]).await;
    shop.stack
        .put_clock_ahead("pay", SignedDuration::from_secs(-2));
    let (payer, other) = (shop.buyer().await, shop.buyer().await);
    let held = shop.hold(&payer, 7).await.ok();
    shop.stack
        .put_clock_ahead("hold-seats", SignedDuration::from_secs(2));
    shop.charge(&payer, PRICE).await.ok();
    shop.advance(301).await;
    let next = shop.rejoin(&other).await;
    shop.hold(&next, 7).await.ok();
    shop.pay(&payer, &held).await.refused(410, "HOLD_EXPIRED");
    assert_eq!(shop.balance(&payer).await, crate::harness::won(PRICE));
}
