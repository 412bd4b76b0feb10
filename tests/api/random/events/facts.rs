//! Queues, concerts and shows: what became of them, in the order of their versions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Evidence, Told, difference, ids};
use crate::harness::text;

/// What the events of queues, concerts and shows tell wrongly.
pub fn complaints(evidence: &Evidence, told: &BTreeMap<&str, Told<'_>>) -> Vec<String> {
    let catalog = ids(told, &["concert.", "show."]);
    let mut complaints = difference(&catalog, &of_catalog(evidence));
    let queues = ids(
        told,
        &["queue.set", "queue.paused", "queue.resumed", "queue.closed"],
    );
    let expected: BTreeSet<_> = evidence
        .tables
        .queues
        .iter()
        .filter_map(line)
        .flat_map(|queue| changes_of(queue, told))
        .collect();
    complaints.extend(difference(&queues, &expected));
    let lines = evidence.tables.queues.iter().filter_map(line);
    complaints.extend(lines.flat_map(|queue| offers(queue, told)));
    complaints
}

/// The ids of the events that the catalog implies. Each version of a concert is told.
fn of_catalog(evidence: &Evidence) -> BTreeSet<String> {
    let mut expected = BTreeSet::new();
    for item in &evidence.tables.catalog {
        let (group, entry) = (text(&item["group"]), text(&item["entry"]));
        if entry == "concert" {
            expected.insert(format!("concert/{group}/1/created"));
            let last = item["version"].as_u64().expect("a version");
            let changed = (2..=last).map(|version| format!("concert/{group}/{version}/changed"));
            expected.extend(changed);
        } else if let Some(show) = entry.strip_prefix("show#") {
            expected.insert(format!("show/{group}/{show}/1/created"));
            if item.get("called_off").is_some() {
                let version = item["version"].as_u64().expect("a version");
                expected.insert(format!("show/{group}/{show}/{version}/called_off"));
            }
        }
    }
    expected
}

/// A queue's item; `None` for the other items of the table.
fn line(item: &Value) -> Option<&Value> {
    item.get("line").filter(|line| line.is_object())?;
    Some(item)
}

/// The ids of what administrators did to a queue. Each version of its settings is told once, and each
/// change of its state with the settings that made it.
fn changes_of(queue: &Value, told: &BTreeMap<&str, Told<'_>>) -> Vec<String> {
    let id = text(&queue["id"]);
    let set = told.values().filter(|told| told.kind == "queue.set.v1");
    let set = set.filter(|told| told.detail["queue_id"] == queue["id"]);
    let by_version: BTreeMap<u64, &Value> = set
        .map(|told| {
            let version = told.detail["settings_version"].as_u64();
            (version.expect("a version"), told.detail)
        })
        .collect();
    let (mut expected, mut state) = (Vec::new(), "OPEN".to_owned());
    let last = queue["settings"]["version"].as_u64().unwrap_or_default();
    for settings_version in 1..=last {
        let Some(detail) = by_version.get(&settings_version) else {
            expected.push(format!("the settings {settings_version} of {id}"));
            continue;
        };
        let version = &detail["version"];
        expected.push(format!("queue/{id}/{version}/set"));
        let next = text(&detail["state"]);
        if next != state {
            let what = match &*next {
                "PAUSED" => "paused",
                "CLOSED" => "closed",
                _ => "resumed",
            };
            expected.push(format!("queue/{id}/{version}/{what}"));
            state = next;
        }
    }
    if last > 0 && queue["settings"]["state"] != state {
        expected.push(format!("the state of {id}, which is not {state}"));
    }
    expected
}

/// What is wrong with what is told of a queue's seats. In the order of versions, each fact must differ
/// from the one before, and the last must be so.
fn offers(queue: &Value, told: &BTreeMap<&str, Told<'_>>) -> Vec<String> {
    let id = text(&queue["id"]);
    let mut facts = BTreeMap::new();
    for Told { kind, detail } in told.values() {
        if ["queue.sold_out.v1", "queue.reopened.v1", "queue.over.v1"].contains(kind)
            && detail["queue_id"] == queue["id"]
        {
            facts.insert(detail["version"].as_u64().expect("a version"), *kind);
        }
    }
    let (mut complaints, mut last) = (Vec::new(), "queue.reopened.v1");
    for (version, kind) in facts {
        if kind == last {
            complaints.push(format!("{id} is twice {kind}, at version {version}"));
        }
        last = kind;
    }
    let seats = &queue["line"]["seats"];
    let is = if seats["sale_over"] == true {
        "queue.over.v1"
    } else if seats["sold_out"] == true {
        "queue.sold_out.v1"
    } else {
        "queue.reopened.v1"
    };
    if is != last {
        complaints.push(format!("{id} is {is}, and {last} is told last"));
    }
    complaints
}
