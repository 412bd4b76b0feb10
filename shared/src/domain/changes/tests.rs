use serde_json::{Value, json};

use super::*;
use crate::domain::{
    ids::ShowDate,
    money::Money,
    programme::{Change, PricingChange, Programme, ProgrammeChange, ShowChange},
    show::Concert,
    texts::{Description, DetailsChange, InLanguagesChange, TextsChange},
    user::Name,
};

const AT: Timestamp = Timestamp::constant(1_790_000_000, 0);

fn show(day: i32) -> ShowChange {
    let new_year = jiff::civil::date(2027, 1, 1);
    ShowChange {
        key: ShowDate::from(new_year + jiff::ToSpan::days(day)).into(),
        pricing: PricingChange::Same(Money::won(50_000)),
        capacity: None,
        opens_at: Change::Keep,
        closes_at: Change::Keep,
        details: DetailsChange::default(),
    }
}

fn programme(days: i32) -> Programme {
    let concert = Concert {
        concert_id: ConcertId::new(),
        name: Name::parse("겨울 콘서트").expect("a name"),
        queue_id: QueueId::main(),
        most_seats_a_person: None,
        left: Vec::new(),
    };
    let shows = ProgrammeChange {
        shows: (0..days).map(show).collect(),
        ..ProgrammeChange::default()
    };
    Programme::new(concert).changed(&shows).expect("a concert")
}

/// What the record of a change says.
fn told(before: &Programme, change: &ProgrammeChange) -> (Value, Value) {
    let after = before.changed(change).expect("possible");
    let (before, after) = Facts::of_change(before, &after);
    (json!(before), json!(after))
}

#[test]
fn kind_has_the_name_that_answers_have() {
    assert_eq!(ChangeKind::parse("REFUND"), Some(ChangeKind::Refund));
    let by_admin = ChangeKind::parse("CHARGE_BY_ADMIN");
    assert_eq!(by_admin, Some(ChangeKind::ChargeByAdmin));
    for wrong in ["", "refund", "Refund", "REFUND ", "REFUND,ROLE", "0"] {
        assert_eq!(ChangeKind::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn records_are_in_the_order_of_their_times() {
    let author = |at| Author { by: None, at };
    let later = AT + jiff::SignedDuration::from_millis(1);
    let [one, other] = [AT, later].map(|at| LoggedChange::new(author(at), ChangeKind::Role));
    assert!(one.change_id < other.change_id);
    assert!(one.change_id.to_string() < other.change_id.to_string());
    assert_eq!(one.change_id.time(), Some(AT));
    assert_ne!(one.change_id, ChangeId::made_at(AT));
    assert!(ChangeId::first_at(AT) < one.change_id);
    assert!(one.change_id < ChangeId::first_at(later));
}

#[test]
fn only_fields_that_differ_are_told() {
    let author = Author { by: None, at: AT };
    let change = LoggedChange::new(author, ChangeKind::QueueSettings);
    let before = Facts::default().with("rate", 50).with("state", "OPEN");
    let after = Facts::default()
        .with("rate", 50)
        .with("state", "PAUSED")
        .with("who", "accounts");
    let change = change.from_to(&before, &after);
    assert_eq!(
        json!(change.before),
        json!({ "state": "OPEN", "who": null })
    );
    assert_eq!(
        json!(change.after),
        json!({ "state": "PAUSED", "who": "accounts" })
    );
    let new = change.from_to(&Facts::default(), &after);
    assert_eq!(json!(new.before), json!({}), "there was nothing");
    assert_eq!(json!(new.after), json!(after));
}

#[test]
fn record_is_stored_and_read_back() {
    let author = Author {
        by: Some(UserId::new()),
        at: AT,
    };
    let change = LoggedChange {
        queue_id: Some(QueueId::main()),
        after: Facts::default().with("balance", Money::won(12).json()),
        reason: Reason::parse("A"),
        ..LoggedChange::new(author, ChangeKind::Correction)
    };
    let stored = serde_json::to_value(&change).expect("JSON");
    assert_eq!(stored["after"], r#"{"balance":12}"#, "facts are one text");
    assert_eq!(stored.get("before"), None);
    assert_eq!(
        serde_json::from_value::<LoggedChange>(stored).ok(),
        Some(change)
    );
}

#[test]
fn change_of_a_concert_tells_its_fields_and_those_of_its_shows() {
    let before = programme(2);
    let [kept, changed, new] = [0, 1, 2].map(|day| show(day).key.to_string());
    let change = ProgrammeChange {
        most_seats_a_person: Change::Set(4),
        shows: vec![
            ShowChange {
                opens_at: Change::Set(AT + jiff::SignedDuration::from_millis(999)),
                pricing: PricingChange::Same(Money::won(60_000)),
                ..show(1)
            },
            show(2),
        ],
        ..ProgrammeChange::default()
    };
    let (was, is) = told(&before, &change);
    assert_eq!(
        was,
        json!({
            "most_seats_a_person": null,
            "shows": { &*changed: { "price": 50_000, "opens_at": null }, &*new: null },
        })
    );
    assert_eq!(
        is,
        json!({
            "most_seats_a_person": 4,
            "shows": {
                &*changed: { "price": 60_000, "opens_at": "2026-09-21T14:13:20Z" },
                &*new: { "price": 50_000, "capacity": 50 },
            },
        })
    );
    assert!(was["shows"].get(&kept).is_none());
}

#[test]
fn long_texts_and_many_shows_are_cut() {
    let before = programme(1);
    let long = "가".repeat(MAX_TEXT_LENGTH + 1);
    let change = ProgrammeChange {
        texts: TextsChange {
            description: InLanguagesChange {
                ko: Change::Set(Description::parse(&long).expect("a text")),
                en: Change::Keep,
            },
            ..TextsChange::default()
        },
        shows: (1..=30).map(show).collect(),
        ..ProgrammeChange::default()
    };
    let (was, is) = told(&before, &change);
    let cut = format!("{}…", "가".repeat(MAX_TEXT_LENGTH));
    assert_eq!(is["description"], json!({ "ko": cut }));
    assert_eq!(
        is["shows"].as_object().expect("shows").len(),
        MAX_SHOWS_TOLD
    );
    assert_eq!(
        was["shows"].as_object().expect("shows").len(),
        MAX_SHOWS_TOLD
    );
    assert_eq!(is["more_shows"], 10);
    assert!(is.to_string().len() < 20_000);
}

#[test]
fn texts_that_differ_only_at_their_ends_are_told() {
    let with = |end: &str| {
        let text = format!("{}{end}", "a".repeat(MAX_TEXT_LENGTH));
        ProgrammeChange {
            texts: TextsChange {
                description: InLanguagesChange {
                    ko: Change::Keep,
                    en: Change::Set(Description::parse(&text).expect("a text")),
                },
                ..TextsChange::default()
            },
            ..ProgrammeChange::default()
        }
    };
    let before = programme(1).changed(&with("b")).expect("possible");
    let (was, is) = told(&before, &with("c"));
    assert_eq!(was["description"], is["description"]);
    assert!(was["description"].is_object());
}
