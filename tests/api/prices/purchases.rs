//! The prices of buying, cancelling and refunding.

use serde_json::json;

use super::warm_shop;
use crate::harness::{PRICE, Shop};

#[tokio::test]
async fn purchase_costs_21_writes_and_at_most_13_reads() {
    let shop = warm_shop(&[("MainMaxActive", "1")]).await;
    let (first, second) = (shop.buyer().await, shop.guest().await);
    shop.stack.forget_consumed();
    let waiting = shop.join(&second).await;
    let mut bill = vec![("join", shop.price("join-queue"), (2.0, 2.0))];
    shop.leave(&first).await;
    shop.advance(10).await;
    shop.stack.forget_consumed();

    assert_eq!(shop.status(&waiting).await, "ACTIVE");
    bill.push(("poll", shop.price("get-place"), (1.0, 0.0)));
    shop.ask_for_dates(&waiting).send().await.ok();
    let dates = "the door, the document, the shows, the taken seats of two dates; the arrival";
    bill.push((dates, shop.price("list-dates"), (3.0, 2.0)));
    shop.seats(&waiting).await;
    bill.push((
        "the door, the show, the seats",
        shop.price("list-seats"),
        (2.0, 0.0),
    ));
    let held = shop.hold(&waiting, 1).await.ok();
    bill.push((
        "the door, the show, a look",
        shop.price("hold-seats"),
        (2.0, 4.0),
    ));
    shop.charge(&waiting, PRICE).await.ok();
    bill.push(("charge", shop.price("charge"), (1.0, 4.0)));
    shop.pay(&waiting, &held).await.ok();
    bill.push(("pay and done", shop.price("pay"), (1.5, 9.0)));
    shop.advance(302).await;
    bill.push((
        "the message of a paid hold",
        shop.price("release-hold"),
        (0.5, 0.0),
    ));

    for (step, is, due) in &bill {
        assert_eq!(is, due, "{step}");
    }
    let total = bill
        .iter()
        .fold((0.0, 0.0), |sum, (_, is, _)| (sum.0 + is.0, sum.1 + is.1));
    assert_eq!(total, (13.0, 21.0));
}

/// The prices of this file are with events: the tests' stacks have them. These are the costs of the
/// function that sends them.
#[tokio::test]
async fn events_of_a_purchase_cost_nothing_in_the_database() {
    let shop = warm_shop(&[]).await;
    let buys = async |seat| {
        let seen = shop.stack.events_after(0).len();
        shop.sell(seat).await;
        shop.advance(0).await;
        let all = shop.stack.consumed();
        shop.stack.forget_consumed();
        let publish = all.by("publish");
        let told = shop.stack.events_after(0).len() - seen;
        (told, publish.read, publish.write, all.by("pay").write)
    };
    // The instance has sent the events of the concert, so it has read the key of the buyers.
    assert_eq!(buys(1).await, (3, 0.0, 0.0, 9.0));
}

/// Nothing is cached, and the hold is the arrival.
#[tokio::test]
async fn buying_without_looking_costs_21_writes_and_8_reads() {
    let shop = warm_shop(&[("MainMaxActive", "1")]).await;
    let (first, second) = (shop.buyer().await, shop.guest().await);
    shop.advance(2).await;
    shop.stack.forget_consumed();
    let buyer = shop.join(&second).await;
    let mut bill = vec![shop.price("join-queue")];
    shop.leave(&first).await;
    shop.advance(10).await;
    shop.stack.forget_consumed();

    let held = shop.hold(&buyer, 1).await.ok();
    bill.push(shop.price("hold-seats"));
    shop.charge(&buyer, PRICE).await.ok();
    bill.push(shop.price("charge"));
    shop.pay(&buyer, &held).await.ok();
    bill.push(shop.price("pay"));
    shop.advance(302).await;
    bill.push(shop.price("release-hold"));
    assert_eq!(
        bill,
        [(2.5, 2.0), (2.5, 6.0), (1.0, 4.0), (1.5, 9.0), (0.5, 0.0)]
    );
    let total = bill
        .iter()
        .fold((0.0, 0.0), |sum, step| (sum.0 + step.0, sum.1 + step.1));
    assert_eq!(total, (8.0, 21.0));
}

/// The same during an on-sale, when other requests have just filled the caches.
#[tokio::test]
async fn walk_in_with_warm_caches_costs_20_writes_and_less_than_8_reads_and_13_with_looking() {
    let shop = warm_shop(&[]).await;
    let other = shop.buyer().await;
    shop.status(&other).await;
    shop.ask_for_dates(&other).send().await.ok();
    shop.seats(&other).await;
    shop.hold(&other, 50).await.ok();
    let guest = shop.guest().await;
    shop.stack.forget_consumed();

    let buyer = shop.join(&guest).await;
    let held = shop.hold(&buyer, 1).await.ok();
    shop.charge(&buyer, PRICE).await.ok();
    shop.pay(&buyer, &held).await.ok();
    let consumed = shop.stack.consumed().total;
    assert_eq!((consumed.read, consumed.write), (6.0, 20.0));

    let looker = shop.buyer().await;
    shop.stack.forget_consumed();
    shop.status(&looker).await;
    shop.ask_for_dates(&looker).send().await.ok();
    shop.seats(&looker).await;
    let consumed = shop.stack.consumed().total;
    assert_eq!((consumed.read, consumed.write), (3.0, 0.0));
}

#[tokio::test]
async fn four_seats_cost_10_writes_to_hold_and_15_to_pay() {
    let shop = warm_shop(&[]).await;
    let buyer = shop.buyer().await;
    shop.charge(&buyer, 4 * PRICE).await.ok();
    shop.stack.forget_consumed();
    let body = json!({ "date": shop.dates[0], "seat_numbers": [1, 2, 3, 4] });
    let held = shop
        .post(&shop.reservations())
        .json(&body)
        .send_as(&buyer.token)
        .await
        .ok();
    assert_eq!(shop.price("hold-seats"), (3.5, 10.0));
    shop.pay(&buyer, &held).await.ok();
    assert_eq!(shop.price("pay"), (1.5, 15.0));
    shop.pay(&buyer, &held).await.ok();
    let again = "the sessions, the order, the generation";
    assert_eq!(shop.price("pay"), (2.5, 0.0), "{again}");
}

#[tokio::test]
async fn taken_seat_is_refused_for_the_price_of_a_look() {
    let shop = warm_shop(&[]).await;
    shop.sell(1).await;
    let buyer = shop.buyer().await;
    shop.stack.forget_consumed();
    shop.hold(&buyer, 1)
        .await
        .refused(409, "SEAT_ALREADY_RESERVED");
    assert_eq!(shop.price("hold-seats"), (1.5, 0.0));
}

#[tokio::test]
async fn releasing_and_cancelling_cost_1_write_and_1_a_seat() {
    let shop = warm_shop(&[]).await;
    let (one, other) = (shop.buyer().await, shop.buyer().await);
    shop.hold(&one, 1).await.ok();
    let held = shop.hold(&other, 2).await.ok();
    shop.start(&["cancel-reservation"]).await;
    shop.cancel(&other, &held).await.ok();
    let released = "the generation, the session; it and the seat";
    assert_eq!(shop.price("cancel-reservation"), (1.5, 2.0), "{released}");
    shop.advance(302).await;
    let released = "two messages read a session each; one closes it, frees a seat, counts it";
    assert_eq!(shop.price("release-hold"), (1.0, 3.0), "{released}");
}

#[tokio::test]
async fn looking_costs_3_reads_at_the_most() {
    let shop = warm_shop(&[]).await;
    let (buyer, receipt) = shop.sell(1).await;
    shop.start(&[
        "get-balance",
        "get-user",
        "get-reservation",
        "get-queue",
        "list-concerts",
        "get-keys",
        "get-settings",
    ])
    .await;
    let user = format!("/v1/users/{}", buyer.user_id);
    let balance = format!("{user}/balance");
    for (path, function, reads) in [
        (balance.as_str(), "get-balance", 1.0),
        (user.as_str(), "get-user", 1.0),
        (&shop.reservation(&receipt), "get-reservation", 3.0),
        ("/v1/queues/main", "get-queue", 0.5),
        ("/v1/concerts", "list-concerts", 2.0),
        ("/v1/concerts", "list-concerts", 1.0),
        ("/v1/settings", "get-settings", 0.0),
    ] {
        shop.get(path).send_as(&buyer.token).await.ok();
        assert_eq!(shop.price(function), (reads, 0.0), "{path}");
    }
}

#[tokio::test]
async fn refund_costs_4_writes_and_2_a_seat() {
    let shop = warm_shop(&[]).await;
    let buyer = shop.buyer().await;
    shop.charge(&buyer, 3 * PRICE).await.ok();
    let held = shop.hold_all(&buyer, &[1, 2, 3]).await.ok();
    shop.pay(&buyer, &held).await.ok();
    shop.stack.app("cancel-reservation").await;
    shop.advance(120).await;
    shop.stack.forget_consumed();
    let path = shop.reservation(&held);
    let refund = || shop.delete(&path).send_as(&buyer.token);
    refund().await.ok();
    // The generation, the sessions, the order, the account; then the show, and its queue, which was
    // quiet.
    let quiet = 0.5 + 2.0;
    assert_eq!(shop.price("cancel-reservation"), (3.5 + quiet, 10.0));
    refund().await.ok();
    assert_eq!(shop.price("cancel-reservation"), (2.5, 0.0), "again");
}

#[tokio::test]
async fn operators_refund_costs_what_the_buyers_does_and_its_record() {
    let shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    let (buyer, receipt) = shop.sell(1).await;
    let (other, of_other) = shop.sell(2).await;
    shop.stack.app("refund").await;
    shop.advance(120).await;
    shop.stack.forget_consumed();
    let quiet = 0.5 + 2.0;
    let short = shop.refund(&admin, &buyer, &receipt, "공연 취소");
    short.send().await.ok();
    // The administrator, the sessions, the order, the account; then the show and its queue.
    assert_eq!(shop.price("refund"), (1.0 + 2.5 + quiet, 6.0 + 2.0));
    let again = shop.refund(&admin, &buyer, &receipt, "공연 취소");
    again.send().await.ok();
    assert_eq!(shop.price("refund"), (1.0 + 1.5, 0.0), "again");
    shop.advance(120).await;
    shop.stack.forget_consumed();
    let long = shop.refund(&admin, &other, &of_other, &"가".repeat(200));
    long.send().await.ok();
    let (order, record) = (8.0, 2.0);
    assert_eq!(shop.price("refund"), (1.0 + 2.5 + quiet, order + record));
}

#[tokio::test]
async fn correction_costs_6_writes_and_2_reads() {
    let shop = warm_shop(&[]).await;
    let (buyer, admin) = (shop.buyer().await, shop.admin().await);
    shop.start(&["correct-balance"]).await;
    shop.correct(&admin, &buyer, 100).send().await.ok();
    assert_eq!(shop.price("correct-balance"), (2.0, 6.0));
}

/// The record is what an administrator's charge costs more than a buyer's.
#[tokio::test]
async fn charge_by_an_administrator_costs_2_writes_more() {
    let shop = warm_shop(&[]).await;
    let (buyer, admin) = (shop.buyer().await, shop.admin().await);
    let path = format!("/v1/users/{}/balance", buyer.user_id);
    shop.start(&["charge"]).await;
    for (token, price) in [
        (&buyer.token, (1.0, 4.0)),
        (&buyer.access_token, (2.0, 4.0)),
        (&admin.access_token, (2.0, 6.0)),
    ] {
        let charge = shop.post(&path).json(&json!({ "amount": 1 }));
        charge.send_as(token).await.ok();
        assert_eq!(shop.price("charge"), price);
    }
}

#[tokio::test]
async fn hold_that_an_operator_gives_back_costs_4_writes_and_its_seats() {
    let shop = warm_shop(&[]).await;
    let (buyer, admin) = (shop.buyer().await, shop.admin().await);
    let held = shop.hold_all(&buyer, &[1, 2]).await.ok();
    shop.start(&["refund"]).await;
    shop.refund(&admin, &buyer, &held, "A").send().await.ok();
    assert_eq!(shop.price("refund"), (1.5, 4.0 + 2.0));
}

/// By the reservation, it reads the taken seats of the show. 500 of them are about 80 KB.
#[tokio::test]
async fn looking_a_seat_up_costs_2_reads_and_the_reservation() {
    let shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    let (_, receipt) = shop.sell(7).await;
    let holder = shop.buyer().await;
    shop.hold(&holder, 8).await.ok();
    shop.start(&["look-up-reservation"]).await;
    let id = receipt["reservation_id"].as_str().expect("an id");
    for (query, reads) in [
        // The show, which is kept for the next requests.
        ("seat_number=7", 1.0 + 0.5 + 0.5 + 2.0),
        ("seat_number=8", 1.0 + 0.5 + 1.0),
        ("seat_number=9", 1.0 + 0.5),
        // A block of its seats.
        (&format!("reservation_id={id}"), 1.0 + 0.5 + 2.0),
    ] {
        let path = format!("{}?date=2026-12-24&{query}", shop.reservations());
        shop.get(&path).send_as(&admin.access_token).await.ok();
        assert_eq!(shop.price("look-up-reservation"), (reads, 0.0), "{query}");
    }
}

/// Each call reads the concert, its texts and the block. The first one also changes the show.
#[tokio::test]
async fn calling_off_costs_what_each_order_and_hold_costs() {
    let shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    let buyer = shop.buyer().await;
    shop.buy(&buyer, &[1, 2]).await;
    let buyer = shop.buyer().await;
    shop.buy(&buyer, &[3]).await;
    shop.hold_all(&shop.buyer().await, &[4, 5]).await.ok();
    shop.start(&["call-off"]).await;
    let call_off = async || {
        let call = shop.ask_to_call_off(&admin, &shop.dates[0]);
        call.send().await.ok();
        shop.price("call-off")
    };
    let read = 1.0 + 1.0 + 1.0 + 1.0;
    let (two, one, held) = ((2.0, 8.0), (2.0, 6.0), (1.0, 3.0));
    let change = 6.0 + 2.0;
    let due = (
        read + two.0 + one.0 + held.0,
        change + two.1 + one.1 + held.1,
    );
    assert_eq!(call_off().await, due);
    assert_eq!(call_off().await, (read, 0.0), "nothing is left");
}

/// The page of accounts, 0.5 for each seat, and a write for each that names nobody.
#[tokio::test]
async fn naming_a_buyer_costs_one_write() {
    let shop = Shop::open().await;
    shop.sell(7).await;
    let buyer = shop.buyer().await;
    shop.buy(&buyer, &[10, 11]).await;
    for seat in [10, 11] {
        shop.forget_buyer(seat).await;
    }
    shop.start(&["name-owners"]).await;
    for writes in [2.0, 0.0] {
        shop.invoke("name-owners", &json!({})).await.ok();
        assert_eq!(shop.price("name-owners"), (0.5 + 3.0 * 0.5, writes));
    }
}

/// The first page reads the block, and 0.5 for each order and for each buyer.
#[tokio::test]
async fn orders_of_a_show_cost_one_unit_each() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for seat in [7, 8, 9] {
        shop.sell(seat).await;
    }
    let buyer = shop.buyer().await;
    shop.buy(&buyer, &[10]).await;
    shop.buy(&shop.rejoin(&buyer).await, &[11]).await;
    shop.start(&["list-show-orders"]).await;
    let path = format!("/v1/admin/concerts/{}/orders", shop.concert_id);
    for (query, reads) in [
        // The show, which is kept for the next requests. Two orders are of one buyer.
        ("date=2026-12-24", 1.0 + 0.5 + 0.5 + 5.0 * 0.5 + 4.0 * 0.5),
        ("date=2026-12-24&limit=2", 1.0 + 0.5 + 2.0 * (0.5 + 0.5)),
        ("date=2026-12-24&format=csv&limit=1", 1.0 + 0.5 + 0.5 + 0.5),
        ("date=2026-12-25", 1.0 + 0.5 + 0.5),
    ] {
        let list = shop.get(&format!("{path}?{query}"));
        list.send_as(&admin.access_token).await.ok();
        assert_eq!(shop.price("list-show-orders"), (reads, 0.0), "{query}");
    }
}
