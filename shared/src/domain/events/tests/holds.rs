//! Holds, and how they end.

use serde_json::json;

use super::*;
use crate::domain::{
    ids::{ConcertId, PaymentId, ReservationId, SessionId},
    money::Money,
    order::Hold,
    queue::samples,
    session::{EndedHold, Ending, HoldOutcome},
};

pub fn hold() -> Hold {
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

pub fn session() -> Session {
    Session::join(UserId::new(), &samples::queue(10, 1_000), None, 7, at(0))
}

pub fn holding(session: &Session, hold: &Hold) -> Session {
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

pub fn session_written(old: Option<&Session>, new: Option<&Session>) -> Written {
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
    let (session, earlier, hold) = (session(), hold(), hold());
    let before = holding(&session, &hold);
    let paid = Session {
        closed: Some(Ending::Paid),
        ..session.clone()
    };
    // The session remembers an earlier hold that was cancelled.
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
        let written = session_written(Some(&before), new);
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
