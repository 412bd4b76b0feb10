//! Holds: each that was placed ends once, and each that an answer has named was placed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Evidence, Told};
use crate::harness::text;

/// What the events tell of a hold.
#[derive(Default)]
struct Hold<'a> {
    placed: Option<&'a Value>,
    ends: Vec<&'a str>,
}

/// What the events of holds tell wrongly.
pub fn complaints(evidence: &Evidence, told: &BTreeMap<&str, Told<'_>>) -> Vec<String> {
    let mut holds: BTreeMap<String, Hold<'_>> = BTreeMap::new();
    for Told { kind, detail } in told.values() {
        let Some(id) = detail["reservation_id"].as_str() else {
            continue;
        };
        match *kind {
            "hold.placed.v1" => holds.entry(id.to_owned()).or_default().placed = Some(detail),
            "hold.expired.v1" | "hold.cancelled.v1" | "order.paid.v1" => {
                holds.entry(id.to_owned()).or_default().ends.push(kind);
            }
            _ => {}
        }
    }
    let wrong = holds.iter().filter_map(|(id, hold)| match hold {
        Hold { placed: None, ends } => Some(format!("{id} was never placed, and ended: {ends:?}")),
        Hold { ends, .. } if ends.len() != 1 => Some(format!("the hold {id} ended {ends:?}")),
        _ => None,
    });
    let mut complaints: Vec<_> = wrong.collect();
    complaints.extend(of_answers(evidence, &holds));
    complaints
}

/// Holds that an answer names and that are told otherwise, and holds that no request can have placed.
fn of_answers(evidence: &Evidence, holds: &BTreeMap<String, Hold<'_>>) -> Vec<String> {
    let mut complaints = Vec::new();
    for (buyer, answers) in &evidence.answers {
        for (id, known) in &answers.reservations {
            let placed = holds.get(id).and_then(|hold| hold.placed);
            let is_right = placed.is_some_and(|placed| {
                placed["buyer"] == json!(buyer)
                    && placed["concert_id"] == known.concert_id
                    && placed["show"] == known.show
                    && placed["seat_numbers"] == json!(known.seats)
                    && placed["amount"] == json!(known.amount)
            });
            if !is_right {
                complaints.push(format!("{known:?} was answered, and {placed:?} is told"));
            }
        }
        let of_buyer = holds.iter().filter(|(_, hold)| {
            hold.placed
                .is_some_and(|placed| text(&placed["buyer"]) == *buyer)
        });
        let unknown = of_buyer.filter(|(id, _)| !answers.reservations.contains_key(*id));
        let unknown: Vec<_> = unknown.map(|(id, _)| id).collect();
        if unknown.len() > answers.perhaps_held {
            complaints.push(format!(
                "{buyer} was not told of {unknown:?}, and {} holds had no answer",
                answers.perhaps_held
            ));
        }
    }
    complaints
}
