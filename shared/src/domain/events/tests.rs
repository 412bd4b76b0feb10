//! Each kind of event: the write that makes it, and writes that do not.

use serde_json::{Value, json};

use super::*;
use crate::domain::{
    ids::{ChangeId, ConcertId, CorrectionId, PaymentId, ReservationId, SessionId},
    money::{Difference, Money},
    order::{Account, Hold, Order, OrderStatus},
    queue::{QueueState, Settings, WhoJoins, samples},
    reason::{Explanation, Reason},
    seat::{SeatNumber, SeatSet},
    session::{EndedHold, Ending, HoldOutcome},
    show::{CalledOff, Concert, Pricing, SalesWindow, Show},
    texts::ShowDetails,
};

fn buyers() -> Buyers {
    Buyers::new(&[7; 16]).expect("a key")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).expect("a time")
}

/// The events of a write at second 100.
fn told(written: &Written) -> Vec<Event> {
    events(written, at(100), &buyers())
}

fn kinds(written: &Written) -> Vec<&'static str> {
    told(written)
        .iter()
        .map(|event| event.fact.kind())
        .collect()
}

/// The `detail` of the only event of a write.
fn detail(written: &Written) -> Value {
    let events = told(written);
    assert_eq!(events.len(), 1, "{events:?}");
    serde_json::to_value(&events[0]).expect("JSON")
}

fn images<T>(old: Option<T>, new: Option<T>) -> Images<T> {
    Images { old, new }
}

fn seats(numbers: &[u64]) -> SeatSet {
    let numbers = numbers
        .iter()
        .map(|number| SeatNumber::new(*number).expect("a seat"));
    SeatSet::new(numbers.collect()).expect("a set")
}

fn explanation() -> Explanation {
    Explanation {
        by: UserId::new(),
        reason: Reason::parse("김민수에게 사과").expect("a reason"),
        change_id: None,
    }
}

fn charge(change_id: Option<ChangeId>) -> Charge {
    Charge {
        amount: Money::won(60_000),
        charged_at: at(1),
        seq: 1,
        balance_after: Money::won(60_000),
        change_id,
    }
}

/// Three seats for 90,000, as the second entry.
fn order() -> Order {
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
fn refunded(order: &Order, numbers: &[u64], seq: u64, why: Option<&Explanation>) -> Order {
    let due = order.due_of(&seats(numbers)).expect("not refunded");
    let balance = Money::won(100_000);
    let account = Account {
        balance,
        seq,
        ..Account::EMPTY
    };
    order.refunded(due, account, why, at(i64::try_from(seq).expect("small")))
}

fn order_written(old: Option<&Order>, new: Option<&Order>) -> Written {
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

fn hold() -> Hold {
    Hold {
        reservation_id: ReservationId::new(),
        payment_id: PaymentId::new(),
        concert_id: ConcertId::new(),
        show_key: "2035-05-01".parse().expect("a key"),
        concert_name: None,
        seats: seats(&[1, 2]),
        amount: Money::won(100_000),
        plan_id: None,
        prices: None,
        limit: None,
        held_until: at(300),
    }
}

fn session() -> Session {
    Session::join(UserId::new(), &samples::queue(10, 1_000), None, 7, at(0))
}

fn holding(session: &Session, hold: &Hold) -> Session {
    Session {
        live_hold: Some(hold.clone()),
        ..session.clone()
    }
}

fn after(session: &Session, hold: &Hold, outcome: HoldOutcome, closed: Option<Ending>) -> Session {
    Session {
        last_hold: Some(EndedHold::new(hold, outcome)),
        closed,
        ..session.clone()
    }
}

fn session_written(old: Option<&Session>, new: Option<&Session>) -> Written {
    Written::Session(images(old.cloned(), new.cloned()).into())
}

#[test]
fn hold_is_told_when_it_is_placed() {
    let (session, hold) = (session(), hold());
    let placed = session_written(Some(&session), Some(&holding(&session, &hold)));
    assert_eq!(
        detail(&placed),
        json!({
            "id": format!("hold/{}/placed", hold.reservation_id), "at": "2026-09-21T14:15:00Z",
            "buyer": buyers().buyer(session.user_id), "reservation_id": hold.reservation_id,
            "payment_id": hold.payment_id, "queue_id": "main", "concert_id": hold.concert_id,
            "date": "2035-05-01", "show": "2035-05-01", "seat_numbers": [1, 2],
            "amount": 100_000, "expiration_time": "2026-09-21T14:18:20Z",
        })
    );
    assert_eq!(kinds(&placed), ["hold.placed.v1"]);
    // A new token, and a repeated hold.
    let renewed = Session {
        expires_at: at(900),
        ..holding(&session, &hold)
    };
    assert!(
        told(&session_written(
            Some(&holding(&session, &hold)),
            Some(&renewed)
        ))
        .is_empty()
    );
    assert!(told(&session_written(None, Some(&session))).is_empty());
    assert!(told(&session_written(Some(&session), None)).is_empty());
}

#[test]
fn hold_ends_once_as_its_session_says() {
    use HoldOutcome::{Cancelled, Expired};
    let (session, hold) = (session(), hold());
    let held = holding(&session, &hold);
    let paid = Session {
        closed: Some(Ending::Paid),
        ..session.clone()
    };
    // The session remembers an earlier hold that was cancelled.
    let earlier = self::hold();
    let paid_later = after(&session, &earlier, Cancelled, Some(Ending::Paid));
    let next = Session {
        jti: SessionId::new(),
        ..session.clone()
    };
    let replaced = after(&next, &hold, Expired, None);
    let paid_next = Session {
        closed: Some(Ending::Paid),
        ..next.clone()
    };
    let lapsed = after(&session, &hold, Expired, Some(Ending::HoldExpired));
    let cancelled = after(&session, &hold, Cancelled, None);
    let left = after(&session, &hold, Cancelled, Some(Ending::Left));
    for (new, kind, at) in [
        (Some(&paid), None, ""),
        (Some(&paid_later), None, ""),
        (
            Some(&lapsed),
            Some("hold.expired.v1"),
            "2026-09-21T14:18:20Z",
        ),
        (
            Some(&cancelled),
            Some("hold.cancelled.v1"),
            "2026-09-21T14:15:00Z",
        ),
        (
            Some(&left),
            Some("hold.cancelled.v1"),
            "2026-09-21T14:15:00Z",
        ),
        // The next session of the user, and no session any more.
        (
            Some(&replaced),
            Some("hold.expired.v1"),
            "2026-09-21T14:18:20Z",
        ),
        (Some(&next), Some("hold.expired.v1"), "2026-09-21T14:18:20Z"),
        (
            Some(&paid_next),
            Some("hold.expired.v1"),
            "2026-09-21T14:18:20Z",
        ),
        (None, Some("hold.expired.v1"), "2026-09-21T14:18:20Z"),
    ] {
        let written = session_written(Some(&held), new);
        assert_eq!(
            kinds(&written),
            kind.into_iter().collect::<Vec<_>>(),
            "{new:?}"
        );
        for event in told(&written) {
            let event = serde_json::to_value(event).expect("JSON");
            assert_eq!(event["at"], at, "{new:?}");
            assert_eq!(event["reservation_id"], hold.reservation_id.to_string());
            assert_eq!(event["seat_numbers"], json!([1, 2]));
        }
    }
}

#[test]
fn hold_in_the_place_of_another_ends_that_one() {
    let (session, first, second) = (session(), hold(), hold());
    let old = holding(&session, &first);
    let new = holding(
        &after(&session, &first, HoldOutcome::Cancelled, None),
        &second,
    );
    let written = session_written(Some(&old), Some(&new));
    assert_eq!(kinds(&written), ["hold.cancelled.v1", "hold.placed.v1"]);
}

fn settings(state: QueueState, version: u64) -> Settings {
    let queue = samples::queue(10, 1_500);
    Settings {
        state,
        version,
        ..queue.settings
    }
}

fn queue(version: u64, state: QueueState) -> QueueItem {
    QueueItem {
        version,
        settings: Some(settings(state, 1)),
        set_at: Some(at(5)),
        drawn: None,
        is_sold_out: false,
        is_over: false,
        ticked_at: at(6),
    }
}

fn queue_written(old: Option<&QueueItem>, new: Option<&QueueItem>) -> Written {
    let queue_id = "rock".parse().expect("an id");
    Written::Queue(queue_id, images(old.cloned(), new.cloned()).into())
}

#[test]
fn settings_of_a_queue_are_told_when_they_are_made() {
    let new = queue(1, QueueState::Open);
    let made = queue_written(None, Some(&new));
    assert_eq!(kinds(&made), ["queue.set.v1"]);
    let told = detail(&made);
    assert_eq!(told["id"], "queue/rock/1/set");
    assert_eq!(told["at"], "2026-09-21T14:13:25Z");
    assert_eq!(
        (&told["version"], &told["settings_version"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        (&told["rate"], &told["state"]),
        (&json!(1.5), &json!("OPEN"))
    );
    assert_eq!(told["who"], json!(WhoJoins::Everybody));
    // A tick counts the version up and sets nothing. A queue without settings has those of the
    // template.
    let ticked = QueueItem {
        version: 2,
        ticked_at: at(10),
        ..new.clone()
    };
    assert!(kinds(&queue_written(Some(&new), Some(&ticked))).is_empty());
    let bare = QueueItem {
        settings: None,
        set_at: None,
        ..ticked
    };
    assert!(kinds(&queue_written(None, Some(&bare))).is_empty());
    assert!(kinds(&queue_written(Some(&new), None)).is_empty());
    assert!(kinds(&queue_written(Some(&new), Some(&new))).is_empty());
}

#[test]
fn state_of_a_queue_is_told_when_it_changes() {
    use QueueState::{Closed, Open, Paused};
    let set = |version, state| QueueItem {
        settings: Some(settings(state, version)),
        ..queue(version, state)
    };
    for (from, to, kind) in [
        (Open, Paused, Some("queue.paused.v1")),
        (Open, Closed, Some("queue.closed.v1")),
        (Paused, Closed, Some("queue.closed.v1")),
        (Closed, Paused, Some("queue.paused.v1")),
        (Paused, Open, Some("queue.resumed.v1")),
        (Closed, Open, Some("queue.resumed.v1")),
        (Open, Open, None),
        (Paused, Paused, None),
        (Closed, Closed, None),
    ] {
        let written = queue_written(Some(&set(3, from)), Some(&set(4, to)));
        let expected: Vec<_> = ["queue.set.v1"].into_iter().chain(kind).collect();
        assert_eq!(kinds(&written), expected, "{from:?} {to:?}");
    }
    let new = queue_written(None, Some(&queue(1, Paused)));
    assert_eq!(kinds(&new), ["queue.set.v1", "queue.paused.v1"]);
    assert_eq!(told(&new)[1].id, "queue/rock/1/paused");
}

#[test]
fn opening_of_a_queue_is_told_when_its_numbers_are_drawn() {
    let ahead = queue(7, QueueState::Open);
    let open = QueueItem {
        version: 8,
        drawn: Some(1_234),
        ..ahead.clone()
    };
    let opened = queue_written(Some(&ahead), Some(&open));
    assert_eq!(
        detail(&opened),
        json!({
            "id": "queue/rock/8/opened", "at": "2026-09-21T14:13:26Z", "queue_id": "rock",
            "version": 8, "entries": 1_234,
        })
    );
    assert_eq!(kinds(&opened), ["queue.opened.v1"]);
    let ticked = QueueItem {
        version: 9,
        ..open.clone()
    };
    assert!(kinds(&queue_written(Some(&open), Some(&ticked))).is_empty());
}

#[test]
fn what_a_queue_has_to_sell_is_told_when_it_changes() {
    let selling = queue(7, QueueState::Open);
    let sold_out = QueueItem {
        is_sold_out: true,
        ..selling.clone()
    };
    let over = QueueItem {
        is_over: true,
        ..selling.clone()
    };
    for (old, new, kind) in [
        (&selling, &sold_out, Some("queue.sold_out.v1")),
        (&selling, &over, Some("queue.over.v1")),
        (&sold_out, &over, Some("queue.over.v1")),
        (&over, &sold_out, Some("queue.sold_out.v1")),
        (&sold_out, &selling, Some("queue.reopened.v1")),
        (&over, &selling, Some("queue.reopened.v1")),
        (&selling, &selling, None),
        (&sold_out, &sold_out, None),
        (&over, &over, None),
    ] {
        let new = QueueItem {
            version: 8,
            ..new.clone()
        };
        let written = queue_written(Some(old), Some(&new));
        assert_eq!(kinds(&written), kind.into_iter().collect::<Vec<_>>());
    }
    let told = told(&queue_written(Some(&selling), Some(&sold_out)));
    assert_eq!(told[0].id, "queue/rock/7/sold_out");
}

fn concert(version: u64) -> ConcertItem {
    ConcertItem {
        concert: Concert {
            concert_id: "0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5b"
                .parse()
                .expect("an id"),
            name: crate::domain::user::Name::parse("겨울 콘서트").expect("a name"),
            queue_id: QueueId::main(),
            most_seats_a_person: Some(4),
            left: Vec::new(),
        },
        version,
        changed_at: Some(at(8)),
    }
}

fn concert_written(old: Option<&ConcertItem>, new: Option<&ConcertItem>) -> Written {
    Written::Concert(images(old.cloned(), new.cloned()).into())
}

#[test]
fn concert_is_told_when_it_is_written() {
    let (first, second) = (concert(1), concert(2));
    let created = concert_written(None, Some(&first));
    assert_eq!(
        detail(&created),
        json!({
            "id": format!("concert/{}/1/created", first.concert.concert_id),
            "at": "2026-09-21T14:13:28Z", "concert_id": first.concert.concert_id, "version": 1,
            "name": "겨울 콘서트", "queue_id": "main", "most_seats_a_person": 4,
        })
    );
    assert_eq!(kinds(&created), ["concert.created.v1"]);
    // Its texts or shows have changed.
    let changed = concert_written(Some(&first), Some(&second));
    assert_eq!(kinds(&changed), ["concert.changed.v1"]);
    assert_eq!(detail(&changed)["version"], 2);
    let deleted = concert_written(Some(&second), None);
    assert_eq!(kinds(&deleted), ["concert.deleted.v1"]);
    assert_eq!(
        (&detail(&deleted)["version"], &detail(&deleted)["at"]),
        (&json!(3), &json!("2026-09-21T14:15:00Z"))
    );
    assert!(kinds(&concert_written(Some(&first), Some(&first))).is_empty());
    assert!(kinds(&concert_written(None, None)).is_empty());
}

fn show(version: u64, capacity: u32) -> ShowItem {
    let concert = concert(version).concert;
    ShowItem {
        show: Show {
            concert_id: concert.concert_id,
            key: "2035-05-01T14:00".parse().expect("a key"),
            concert_name: Some(concert.name),
            queue_id: concert.queue_id,
            capacity,
            pricing: Pricing::Same {
                price: Money::won(50_000),
            },
            most_seats_a_person: Some(4),
            sale: SalesWindow {
                opens_at: Some(at(50)),
                closes_at: None,
            },
            sale_set_at: None,
            called_off: None,
            left: Vec::new(),
            details: ShowDetails::default(),
        },
        version,
    }
}

fn show_written(old: Option<&ShowItem>, new: Option<&ShowItem>) -> Written {
    Written::Show(images(old.cloned(), new.cloned()).into())
}

#[test]
fn show_is_told_when_it_is_written() {
    let (first, larger) = (show(1, 50), show(2, 60));
    let id = "show/0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5b/2035-05-01T14:00";
    let created = show_written(None, Some(&first));
    assert_eq!(
        detail(&created),
        json!({
            "id": format!("{id}/1/created"), "at": "2026-09-21T14:15:00Z",
            "concert_id": first.show.concert_id, "date": "2035-05-01",
            "show": "2035-05-01T14:00", "version": 1, "concert_name": "겨울 콘서트",
            "queue_id": "main", "capacity": 50, "price": 50_000,
            "opens_at": "2026-09-21T14:14:10Z", "most_seats_a_person": 4,
        })
    );
    assert_eq!(kinds(&created), ["show.created.v1"]);
    let changed = show_written(Some(&first), Some(&larger));
    assert_eq!(kinds(&changed), ["show.changed.v1"]);
    assert_eq!(detail(&changed)["id"], format!("{id}/2/changed"));
    assert_eq!(detail(&changed)["capacity"], 60);
    let deleted = show_written(Some(&larger), None);
    assert_eq!(kinds(&deleted), ["show.deleted.v1"]);
    assert_eq!(detail(&deleted)["id"], format!("{id}/3/deleted"));
    assert!(kinds(&show_written(Some(&first), Some(&first))).is_empty());
    assert!(kinds(&show_written(None, None)).is_empty());
}

#[test]
fn show_that_is_called_off_is_told_with_its_reason_and_without_who_did_it() {
    let before = show(1, 50);
    let mut after = show(2, 50);
    after.show.called_off = Some(CalledOff {
        at: at(9),
        by: UserId::new(),
        reason: Reason::parse("폭우").into(),
        change_id: Some(ChangeId::made_at(at(9))),
    });
    let called_off = show_written(Some(&before), Some(&after));
    assert_eq!(kinds(&called_off), ["show.called_off.v1"]);
    let told = detail(&called_off);
    assert_eq!(
        (&told["at"], &told["reason"]),
        (&json!("2026-09-21T14:13:29Z"), &json!("폭우"))
    );
    let mut fields: Vec<_> = told.as_object().expect("fields").keys().collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "at",
            "concert_id",
            "date",
            "id",
            "reason",
            "show",
            "version"
        ]
    );
    // Later it is a change like others.
    let mut renamed = after.clone();
    (renamed.show.capacity, renamed.version) = (60, 3);
    assert_eq!(
        kinds(&show_written(Some(&after), Some(&renamed))),
        ["show.changed.v1"]
    );
}

/// A replay of a stream has the ids that were told before.
#[test]
fn id_is_made_of_the_data_alone() {
    let order = refunded(&order(), &[8], 3, None);
    for written in [
        Written::Charge(order.user_id, images(None, Some(charge(None)))),
        order_written(None, Some(&order)),
        session_written(Some(&session()), Some(&holding(&session(), &hold()))),
        queue_written(None, Some(&queue(1, QueueState::Closed))),
        concert_written(None, Some(&concert(1))),
        show_written(None, Some(&show(1, 50))),
    ] {
        let ids = |written_at| -> Vec<String> {
            let events = events(&written, written_at, &buyers());
            events.into_iter().map(|event| event.id).collect()
        };
        assert!(!ids(at(1)).is_empty());
        assert_eq!(ids(at(1)), ids(at(2)));
    }
}
