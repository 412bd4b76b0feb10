//! `POST /v1/concerts/{concert_id}/reservations`.

use std::time::Duration;

use local::Fault;
use serde_json::{Value, json};
use shared::{
    domain::show::Show,
    futures_util::{future::join_all, join},
    jiff::SignedDuration,
};

use crate::harness::{
    Buyer, CONCERT, NOBODY, PRICE, REFUNDABLE_UNTIL, Reply, Shop,
    refusal::{
        BAD_REQUEST, CONCERT_NOT_FOUND, EMPTY_BODY, FORBIDDEN, HOLD_EXISTS, INVALID_DATE,
        INVALID_SEAT_NUMBER, MISSING_DATE_OR_SEAT, SALE_CLOSED, SALE_NOT_OPEN,
        SEAT_ALREADY_RESERVED, SHOW_NOT_FOUND, TOO_MANY_SEATS,
    },
    show, show_sold,
};

impl Shop {
    async fn ask_to_hold(&self, buyer: &Buyer, concert_id: &str, body: &Value) -> Reply {
        let path = format!("/v1/concerts/{concert_id}/reservations");
        self.post(&path).json(body).send_as(&buyer.token).await
    }
}

#[tokio::test]
async fn holds_a_seat_for_five_minutes() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    shop.advance(7).await;
    let held = shop.hold(&buyer, 7).await.ok();
    let expected = |message: &str, held: &Value| {
        json!({
            "message": message,
            "reservation_id": held["reservation_id"],
            "expiration_time": shop.in_seconds(300),
            "refundable_until": REFUNDABLE_UNTIL,
            "concert_id": shop.concert_id,
            "concert_name": CONCERT,
            "date": "2026-12-24", "show": "2026-12-24",
            "seat_numbers": [7],
            "seats": [{ "seat_number": 7, "price": PRICE }],
            "payment": {
                "payment_id": held["payment"]["payment_id"],
                "amount": PRICE,
                "status": "PENDING",
            },
            "server_time": shop.now(),
        })
    };
    assert_eq!(held, expected("임시 예약 성공", &held));
    assert!(held["reservation_id"].is_string() && held["payment"]["payment_id"].is_string());

    let body = json!({ "date": "2026-12-24", "seat_number": 7 });
    let again = shop
        .post(&shop.reservations())
        .token(&buyer.token)
        .english()
        .json(&body)
        .send()
        .await
        .ok();
    assert_eq!(
        again,
        expected("Your seats are held.", &held),
        "the same hold"
    );
}

#[tokio::test]
async fn holds_several_seats_together() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold_all(&buyer, &[9, 3, 50, 1]).await.ok();
    assert_eq!(held["seat_numbers"], json!([1, 3, 9, 50]));
    assert_eq!(held["payment"]["amount"], 4 * PRICE);
    let again = shop.hold_all(&buyer, &[50, 9, 1, 3]).await.ok();
    assert_eq!(again, held, "in whatever order");
}

#[tokio::test]
async fn holds_all_seats_or_none() {
    let shop = Shop::open().await;
    let (one, other) = (shop.buyer().await, shop.buyer().await);
    shop.hold(&one, 8).await.ok();
    shop.hold_all(&other, &[7, 8, 9])
        .await
        .is(SEAT_ALREADY_RESERVED);
    let seats = shop.seats(&other).await;
    assert_eq!((seats[&7].as_str(), seats[&9].as_str()), ("FREE", "FREE"));
    shop.hold_all(&other, &[7, 9]).await.ok();
}

#[tokio::test]
async fn refuses_a_seat_that_is_held_or_sold() {
    let shop = Shop::open().await;
    let (one, other) = (shop.buyer().await, shop.buyer().await);
    shop.hold(&one, 7).await.ok();
    shop.sell(8).await;
    for seat in [7, 8] {
        shop.hold(&other, seat).await.is(SEAT_ALREADY_RESERVED);
    }
    let next_day = json!({ "date": "2026-12-25", "seat_number": 7 });
    shop.ask_to_hold(&other, &shop.concert_id, &next_day)
        .await
        .ok();
}

/// The refusal names those of the seats that others have, and no other.
#[tokio::test]
async fn names_the_seats_that_others_have() {
    let shop = Shop::open().await;
    let (one, other) = (shop.buyer().await, shop.buyer().await);
    shop.hold_all(&one, &[8, 10]).await.ok();
    shop.sell(20).await;
    for (wanted, taken) in [
        (&[7, 8, 9][..], json!([8])),
        (&[10, 9, 8, 20], json!([8, 10, 20])),
        (&[8, 10], json!([8, 10])),
        (&[20], json!([20])),
    ] {
        let refused = shop.hold_all(&other, wanted).await;
        assert_eq!(refused.body["seat_numbers"], taken, "{wanted:?}");
        refused.is(SEAT_ALREADY_RESERVED);
    }
    let held = shop.hold_all(&other, &[7, 9]).await.ok();
    assert_eq!(held["seat_numbers"], json!([7, 9]));
    let others = shop.hold(&other, 8).await;
    assert_eq!(others.body.get("seat_numbers"), None, "{}", others.body);
    others.is(HOLD_EXISTS);
}

/// The look finds all seats free. Others hold some of them before the transaction is written.
#[tokio::test(start_paused = true)]
async fn names_the_seats_that_others_take_after_the_look() {
    for (taken, named) in [
        (&[8][..], json!([8])),
        (&[7, 9], json!([7, 9])),
        (&[9, 10, 7, 8], json!([7, 8, 9])),
    ] {
        let shop = Shop::open().await;
        let (slow, fast) = (shop.buyer().await, shop.buyer().await);
        shop.stack.app("hold-seats").await;
        let faults = shop.stack.faults();
        faults.meet("hold-seats", "TransactWriteItems", Fault::Slow, 1);
        let (late, first) = join!(shop.hold_all(&slow, &[7, 8, 9]), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            shop.hold_all(&fast, taken).await
        });
        first.ok();
        assert_eq!(faults.counted()[&Fault::Slow], 1);
        assert_eq!(late.body["seat_numbers"], named, "{taken:?}");
        late.is(SEAT_ALREADY_RESERVED);
    }
}

#[tokio::test]
async fn refuses_other_seats_while_some_are_held() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold_all(&buyer, &[7, 8]).await.ok();
    shop.hold(&buyer, 7).await.is(HOLD_EXISTS);
    shop.hold(&buyer, 9).await.is(HOLD_EXISTS);
    shop.hold_all(&buyer, &[7, 8, 9]).await.is(HOLD_EXISTS);
    let next_day = json!({ "date": "2026-12-25", "seat_numbers": [7, 8] });
    shop.ask_to_hold(&buyer, &shop.concert_id, &next_day)
        .await
        .is(HOLD_EXISTS);

    shop.cancel(&buyer, &held).await.ok();
    shop.hold(&buyer, 9).await.ok();
}

#[tokio::test]
async fn parallel_holds_of_a_seat_have_one_winner() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let guests = join_all((0..16).map(|_| shop.guest())).await;
    let buyers = join_all(guests.iter().map(|guest| shop.join(guest))).await;
    let replies = join_all(buyers.iter().map(|buyer| shop.hold(buyer, 7))).await;
    let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
    assert_eq!(won.len(), 1);
    for reply in lost {
        reply.is(SEAT_ALREADY_RESERVED);
    }
    shop.audit().await;
}

#[tokio::test]
async fn parallel_holds_that_overlap_hold_no_seat_twice() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let guests = join_all((0..12).map(|_| shop.guest())).await;
    let buyers = join_all(guests.iter().map(|guest| shop.join(guest))).await;
    let wishes: Vec<_> = (1..=12)
        .map(|seat| [seat, seat % 12 + 1, (seat + 1) % 12 + 1])
        .collect();
    let replies = join_all(
        buyers
            .iter()
            .zip(&wishes)
            .map(|(buyer, wish)| shop.hold_all(buyer, wish)),
    )
    .await;
    let mut taken = Vec::new();
    for reply in replies {
        if reply.status == 200 {
            let held = reply.ok();
            taken.extend(held["seat_numbers"].as_array().expect("seats").clone());
        } else {
            reply.is(SEAT_ALREADY_RESERVED);
        }
    }
    let seats = shop.seats(&shop.buyer().await).await;
    let held = seats.values().filter(|status| *status == "HELD").count();
    assert!(held > 0);
    assert_eq!(
        held,
        taken.len(),
        "each seat in one hold, and none held by nobody"
    );
    shop.audit().await;
}

/// A token that is used in parallel must not hold seats twice.
#[tokio::test]
async fn token_used_in_parallel_holds_one_seat() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let replies = join_all((1..=8).map(|seat| shop.hold(&buyer, seat))).await;
    let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
    assert_eq!(won.len(), 1);
    for reply in lost {
        reply.is(HOLD_EXISTS);
    }
    let seats = shop.seats(&buyer).await;
    assert_eq!(seats.values().filter(|status| *status != "FREE").count(), 1);
    shop.audit().await;
}

#[tokio::test]
async fn same_hold_in_parallel_is_one() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    // Each starts a little later than the one before, so that every step of one meets every step of
    // another.
    let later = async |steps| {
        for _ in 0..steps {
            tokio::task::yield_now().await;
        }
        shop.hold_all(&buyer, &[7, 8]).await
    };
    for distance in 0..20 {
        let replies = join_all((0..6).map(|n| later(n * distance))).await;
        let held: Vec<_> = replies.into_iter().map(Reply::ok).collect();
        assert!(held.iter().all(|one| *one == held[0]), "{held:?}");
        let path = shop.reservation(&held[0]);
        shop.delete(&path).send_as(&buyer.token).await.ok();
    }
    shop.audit().await;
}

#[tokio::test]
async fn names_a_missing_or_malformed_date_or_seat() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let ask = async |body: Value| shop.ask_to_hold(&buyer, &shop.concert_id, &body).await;
    let empty = shop.post(&shop.reservations()).send_as(&buyer.token).await;
    empty.is(EMPTY_BODY);
    for body in [
        json!({}),
        json!({ "date": "2026-12-24" }),
        json!({ "seat_number": 7 }),
        json!({ "date": null, "seat_number": 7 }),
        json!({ "date": "2026-12-24", "seat_number": null }),
        json!({ "date": "2026-12-24", "seat_numbers": null }),
    ] {
        ask(body).await.is(MISSING_DATE_OR_SEAT);
    }
    for date in [
        json!("x"),
        json!("2026-02-30"),
        json!(20_261_224),
        json!(["2026-12-24"]),
        json!(""),
        json!({}),
        json!(true),
    ] {
        ask(json!({ "date": date, "seat_number": 7 }))
            .await
            .is(INVALID_DATE);
    }
    for seat in [
        json!(0),
        json!(-1),
        json!(51),
        json!(7.5),
        json!("7"),
        json!([7]),
        json!({}),
        json!(true),
        json!(4_294_967_303_u64),
        json!(u64::MAX),
        json!(1e30),
    ] {
        ask(json!({ "date": "2026-12-24", "seat_number": seat }))
            .await
            .is(INVALID_SEAT_NUMBER);
    }
    for seats in [
        json!([]),
        json!([0]),
        json!([51]),
        json!([7, 7]),
        json!([1, 51]),
        json!("7"),
        json!(7),
        json!([[7]]),
        json!([7, "8"]),
        json!([null]),
        json!({ "0": 7 }),
    ] {
        ask(json!({ "date": "2026-12-24", "seat_numbers": seats }))
            .await
            .is(INVALID_SEAT_NUMBER);
    }
    ask(json!({ "date": "2026-12-24", "seat_numbers": [1, 2, 3, 4, 5] }))
        .await
        .is(TOO_MANY_SEATS);
    ask(json!({ "date": "2026-12-24", "seat_number": 1, "seat_numbers": [1] }))
        .await
        .is(BAD_REQUEST);
    assert!(
        shop.seats(&buyer)
            .await
            .values()
            .all(|status| status == "FREE")
    );
}

#[tokio::test]
async fn seat_numbers_end_at_the_shows_capacity() {
    let shop = Shop::open().await;
    let small = Show {
        capacity: 8,
        ..show("2027-01-01")
    };
    let id = shop.add_concert("Small", "main", &[small]).await;
    let buyer = shop.buyer().await;
    let body = json!({ "date": "2027-01-01", "seat_number": 9 });
    let text = shop
        .ask_to_hold(&buyer, &id, &body)
        .await
        .refused(400, "INVALID_SEAT_NUMBER");
    assert_eq!(text, "좌석 번호는 1 ~ 8 사이의 값이어야 합니다.");
    let body = json!({ "date": "2027-01-01", "seat_number": 8 });
    shop.ask_to_hold(&buyer, &id, &body).await.ok();
}

#[tokio::test]
async fn reports_malformed_before_unknown() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let nowhere = NOBODY;
    let ask = async |concert_id: &str, date: &str, seat: u32| {
        shop.ask_to_hold(
            &buyer,
            concert_id,
            &json!({ "date": date, "seat_number": seat }),
        )
        .await
    };
    ask(nowhere, "x", 7).await.is(INVALID_DATE);
    ask(nowhere, "2026-12-24", 51_000_000)
        .await
        .is(INVALID_SEAT_NUMBER);
    ask(nowhere, "2026-12-24", 7).await.is(SHOW_NOT_FOUND);
    ask(&shop.concert_id, "2026-12-26", 7)
        .await
        .is(SHOW_NOT_FOUND);
    ask("x", "2026-12-24", 7).await.is(CONCERT_NOT_FOUND);
    let path = format!("/v1/concerts/{nowhere}/reservations");
    shop.post(&path)
        .token(&buyer.token)
        .body("[")
        .send()
        .await
        .is(EMPTY_BODY);
}

#[tokio::test]
async fn holds_only_while_the_sale_is_open() {
    let shop = Shop::open().await;
    let at = |seconds| Some(shop.now() + SignedDuration::from_secs(seconds));
    let shows = [show_sold("2027-01-01", at(60), at(120)), show("2026-11-19")];
    let id = shop.add_concert("Later", "main", &shows).await;
    let buyer = shop.buyer().await;
    let ask = async |date: &str, seat: u32| {
        shop.ask_to_hold(&buyer, &id, &json!({ "date": date, "seat_number": seat }))
            .await
    };
    ask("2026-11-19", 7).await.is(SALE_CLOSED);
    shop.advance(59).await;
    ask("2027-01-01", 7).await.is(SALE_NOT_OPEN);
    shop.advance(1).await;
    let held = ask("2027-01-01", 7).await.ok();
    shop.advance(60).await;
    let again = ask("2027-01-01", 7).await.ok();
    assert_eq!(
        again["reservation_id"], held["reservation_id"],
        "what is held stays held"
    );
    let path = format!(
        "/v1/concerts/{id}/reservations/{}",
        held["reservation_id"].as_str().expect("an id")
    );
    shop.delete(&path).send_as(&buyer.token).await.ok();
    ask("2027-01-01", 7).await.is(SALE_CLOSED);
}

/// The refusal before the sale opens says when it does. The seats may be listed meanwhile.
#[tokio::test]
async fn hold_before_the_sale_is_answered_with_when_it_opens() {
    let shop = Shop::open().await;
    let opens_at = shop.now() + SignedDuration::from_millis(60_500);
    let shows = [show_sold("2027-01-01", Some(opens_at), None)];
    let id = shop.add_concert("Later", "main", &shows).await;
    let buyer = shop.buyer().await;
    let path = format!("/v1/concerts/{id}/seats?date=2027-01-01");
    shop.get(&path).send_as(&buyer.token).await.ok();
    let wish = json!({ "date": "2027-01-01", "seat_number": 7 });
    for (seconds, left) in [(0, "61"), (60, "1")] {
        shop.advance(seconds).await;
        let reply = shop.ask_to_hold(&buyer, &id, &wish).await;
        assert_eq!(reply.body["opens_at"], "2026-11-20T03:01:00Z");
        assert_eq!(reply.header("retry-after"), left);
        reply.is(SALE_NOT_OPEN);
    }
    shop.advance(1).await;
    shop.ask_to_hold(&buyer, &id, &wish).await.ok();
}

/// The concert and the date in the path count. A seat must not be sold through another show.
#[tokio::test]
async fn holds_only_through_the_shows_own_queue() {
    let shop = Shop::open().await;
    let rock = shop.add_queue("rock").await;
    let buyer = shop.buyer().await;
    let body = json!({ "date": "2026-12-24", "seat_number": 7 });
    shop.ask_to_hold(&buyer, &rock, &body).await.is(FORBIDDEN);
    let fan = shop.join_for(&shop.guest().await, Some(&rock)).await;
    shop.ask_to_hold(&fan, &shop.concert_id, &body)
        .await
        .is(FORBIDDEN);
    shop.ask_to_hold(&fan, &rock, &body).await.ok();
}

#[tokio::test]
async fn user_may_hold_in_two_queues_at_once() {
    let shop = Shop::open().await;
    let rock = shop.add_queue("rock").await;
    let guest = shop.guest().await;
    let (buyer, fan) = (
        shop.join(&guest).await,
        shop.join_for(&guest, Some(&rock)).await,
    );
    let body = json!({ "date": "2026-12-24", "seat_number": 7 });
    let one = shop.hold(&buyer, 7).await.ok();
    let two = shop.ask_to_hold(&fan, &rock, &body).await.ok();
    assert_ne!(one["reservation_id"], two["reservation_id"]);
    shop.charge(&buyer, 2 * PRICE).await.ok();
    shop.pay(&buyer, &one).await.ok();
    assert_eq!(
        shop.status(&fan).await,
        "ACTIVE",
        "the other passage goes on"
    );
    let path = format!(
        "/v1/concerts/{rock}/reservations/{}",
        two["reservation_id"].as_str().expect("an id")
    );
    // Over all sessions of the user, with any of their tokens.
    let found = shop.get(&path).send_as(&buyer.token).await.ok();
    assert_eq!(found["status"], "HELD");
    shop.audit().await;
}
