//! Concerts and shows.

use serde_json::json;

use super::*;
use crate::domain::{
    ids::ChangeId,
    money::Money,
    reason::Reason,
    show::{CalledOff, Concert, Pricing, SalesWindow, Show},
    texts::ShowDetails,
};

pub fn concert(version: u64) -> ConcertItem {
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

pub fn concert_written(old: Option<&ConcertItem>, new: Option<&ConcertItem>) -> Written {
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

pub fn show(version: u64, capacity: u32) -> ShowItem {
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

pub fn show_written(old: Option<&ShowItem>, new: Option<&ShowItem>) -> Written {
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
        reason: Reason::parse("폭우"),
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
