//! Charges, corrections, and orders with their refunds.

use serde_json::json;

use super::*;
use crate::domain::{
    ids::{ChangeId, ConcertId, CorrectionId, PaymentId, ReservationId},
    money::{Difference, Money},
    order::{Account, OrderStatus},
    reason::{Explanation, Reason},
};

fn explanation() -> Explanation {
    Explanation {
        by: UserId::new(),
        reason: Reason::parse("김민수에게 사과").expect("a reason"),
        change_id: None,
    }
}

pub fn charge(change_id: Option<ChangeId>) -> Charge {
    Charge {
        amount: Money::won(60_000),
        charged_at: at(1),
        seq: 1,
        balance_after: Money::won(60_000),
        change_id,
    }
}

/// Three seats for 90,000, as the second entry.
pub fn order() -> Order {
    Order {
        reservation_id: ReservationId::new(),
        payment_id: PaymentId::new(),
        user_id: UserId::new(),
        concert_id: ConcertId::new(),
        show_key: "2035-05-01T14:00".parse().expect("a key"),
        concert_name: None,
        seats: seats(&[7, 8, 9]),
        amount: Money::won(90_000),
        plan_id: None,
        prices: None,
        limit: Some(4),
        status: OrderStatus::Paid,
        paid_at: at(2),
        seq: 2,
        balance_after: Money::won(10_000),
        returned: Vec::new(),
        refund: None,
    }
}

/// The order after a refund of these seats, as the account's entry `seq`.
pub fn refunded(order: &Order, numbers: &[u64], seq: u64, why: Option<&Explanation>) -> Order {
    let due = order.due_of(&seats(numbers)).expect("not refunded");
    let balance = Money::won(100_000);
    let account = Account {
        balance,
        seq,
        ..Account::EMPTY
    };
    order.refunded(due, account, why, at(i64::try_from(seq).expect("small")))
}

pub fn order_written(old: Option<&Order>, new: Option<&Order>) -> Written {
    Written::Order(images(old.cloned(), new.cloned()).into())
}

#[test]
fn charge_is_told_once_and_without_the_key_of_the_client() {
    let user_id = UserId::new();
    let buyer = buyers().buyer(user_id);
    let new = Written::Charge(user_id, images(None, Some(charge(None))));
    assert_eq!(
        detail(&new),
        json!({
            "id": format!("charge/{buyer}/1"), "at": "2026-09-21T14:13:21Z", "buyer": buyer,
            "seq": 1, "amount": 60_000, "balance_after": 60_000, "by": "buyer",
        })
    );
    let by_admin = charge(Some(ChangeId::made_at(at(1))));
    let by_admin = Written::Charge(user_id, images(None, Some(by_admin)));
    assert_eq!(detail(&by_admin)["by"], "administrator");
    assert_eq!(kinds(&by_admin), ["charge.made.v1"]);
    for (old, new) in [
        (Some(charge(None)), Some(charge(None))),
        (Some(charge(None)), None),
    ] {
        assert!(told(&Written::Charge(user_id, images(old, new))).is_empty());
    }
}

#[test]
fn correction_is_told_once_and_without_its_reason() {
    let user_id = UserId::new();
    let correction = Correction {
        correction_id: CorrectionId::new(),
        amount: Difference::from(Money::ZERO).less(Money::won(5_000).into()),
        explanation: explanation(),
        corrected_at: at(3),
        seq: 3,
        balance_after: Money::won(5_000),
    };
    let new = Written::Correction(user_id, images(None, Some(correction.clone())));
    assert_eq!(
        detail(&new),
        json!({
            "id": format!("correction/{}", correction.correction_id),
            "at": "2026-09-21T14:13:23Z", "buyer": buyers().buyer(user_id), "seq": 3,
            "amount": -5_000, "balance_after": 5_000, "correction_id": correction.correction_id,
        })
    );
    assert_eq!(kinds(&new), ["balance.corrected.v1"]);
    let same = images(Some(correction.clone()), Some(correction.clone()));
    assert!(told(&Written::Correction(user_id, same)).is_empty());
    assert!(
        told(&Written::Correction(
            user_id,
            images(Some(correction), None)
        ))
        .is_empty()
    );
}

#[test]
fn payment_is_told_with_its_seats_and_their_prices() {
    let order = order();
    let paid = order_written(None, Some(&order));
    assert_eq!(
        detail(&paid),
        json!({
            "id": format!("order/{}/paid", order.reservation_id), "at": "2026-09-21T14:13:22Z",
            "buyer": buyers().buyer(order.user_id), "seq": 2, "amount": 90_000,
            "balance_after": 10_000, "reservation_id": order.reservation_id,
            "payment_id": order.payment_id, "concert_id": order.concert_id,
            "date": "2035-05-01", "show": "2035-05-01T14:00", "seat_numbers": [7, 8, 9],
            "prices": [30_000, 30_000, 30_000],
        })
    );
    assert_eq!(kinds(&paid), ["order.paid.v1"]);
    assert!(told(&order_written(Some(&order), Some(&order))).is_empty());
    assert!(told(&order_written(Some(&order), None)).is_empty());
}

#[test]
fn each_refund_of_an_order_is_told_once() {
    let paid = order();
    let part = refunded(&paid, &[8], 3, None);
    let rest = refunded(&part, &[7, 8, 9], 4, Some(&explanation()));
    let of_part = detail(&order_written(Some(&paid), Some(&part)));
    let id = format!("order/{}/refunded/3", paid.reservation_id);
    assert_eq!(
        of_part,
        json!({
            "id": id, "at": "2026-09-21T14:13:23Z", "buyer": buyers().buyer(paid.user_id),
            "seq": 3, "amount": 30_000, "balance_after": 100_000,
            "reservation_id": paid.reservation_id, "payment_id": paid.payment_id,
            "concert_id": paid.concert_id, "date": "2035-05-01", "show": "2035-05-01T14:00",
            "seat_numbers": [8], "seats_left": 2, "by": "buyer",
        })
    );
    let of_rest = detail(&order_written(Some(&part), Some(&rest)));
    assert_eq!(
        of_rest["id"],
        format!("order/{}/refunded/4", paid.reservation_id)
    );
    assert_eq!(of_rest["amount"], 60_000);
    assert_eq!(of_rest["seat_numbers"], json!([7, 9]));
    assert_eq!(
        (&of_rest["seats_left"], &of_rest["by"]),
        (&json!(0), &json!("administrator"))
    );
    assert!(told(&order_written(Some(&rest), Some(&rest))).is_empty());
    // An entry that is read for the events to be made again has all of its facts.
    let again = order_written(None, Some(&rest));
    assert_eq!(
        kinds(&again),
        ["order.paid.v1", "order.refunded.v1", "order.refunded.v1"]
    );
    let ids: Vec<_> = told(&again).into_iter().map(|event| event.id).collect();
    assert_eq!(ids[1], id);
}

/// The entries of a chain are exactly those that events tell: with the same place, amount and balance.
#[test]
fn events_of_an_order_are_the_entries_of_its_chain() {
    let part = refunded(&order(), &[9], 5, None);
    let rest = refunded(&part, &[7, 8], 9, None);
    let told = told(&order_written(None, Some(&rest)));
    for (entry, event) in rest.entries().zip(&told) {
        let event = serde_json::to_value(event).expect("JSON");
        assert_eq!(event["seq"], entry.seq);
        assert_eq!(event["amount"].to_string(), entry.amount.json().get());
        assert_eq!(
            event["balance_after"].to_string(),
            entry.balance_after.json().get()
        );
    }
    assert_eq!(told.len(), rest.entries().count());
}
