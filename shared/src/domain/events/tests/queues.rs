//! Settings of queues, and what a tick finds.

use serde_json::json;

use super::*;
use crate::domain::queue::{QueueState, Settings, WhoJoins, samples};

fn settings(state: QueueState, version: u64) -> Settings {
    let queue = samples::queue(10, 1_500);
    Settings {
        state,
        version,
        ..queue.settings
    }
}

pub fn queue(version: u64, state: QueueState) -> QueueItem {
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

pub fn queue_written(old: Option<&QueueItem>, new: Option<&QueueItem>) -> Written {
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
