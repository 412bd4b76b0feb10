//! The books that a receiver can keep from events alone: those of each account, and those of each
//! show.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use shared::{
    domain::{
        audit,
        ids::{PaymentId, ReservationId, UserId},
        money::{Difference, Money},
        order::{Entry, EntryKind},
    },
    jiff::Timestamp,
};

use super::{Evidence, Told, difference, ids};
use crate::harness::text;

/// What the events of money tell wrongly.
pub fn complaints(evidence: &Evidence, told: &BTreeMap<&str, Told<'_>>) -> Vec<String> {
    let money = ids(told, &["charge.", "balance.", "order."]);
    let mut complaints = difference(&money, &expected(evidence));
    complaints.extend(of_accounts(evidence, told));
    complaints.extend(of_shows(evidence, told));
    complaints
}

/// The ids of the events that the entries of all accounts imply.
fn expected(evidence: &Evidence) -> BTreeSet<String> {
    let corrections = evidence.tables.accounts.iter().filter_map(|item| {
        let id = item["correction_id"].as_str()?;
        Some(format!("correction/{id}"))
    });
    let entries = evidence.accounts.iter().flat_map(|(buyer, (_, entries))| {
        let entries = entries.iter();
        entries.filter_map(move |entry| {
            let reservation = entry.order.map(|(reservation_id, _)| reservation_id);
            Some(match (entry.kind, reservation) {
                (EntryKind::Charge, _) => format!("charge/{buyer}/{}", entry.seq),
                (EntryKind::Payment, Some(id)) => format!("order/{id}/paid"),
                (EntryKind::Refund, Some(id)) => format!("order/{id}/refunded/{}", entry.seq),
                _ => return None,
            })
        })
    });
    entries.chain(corrections).collect()
}

/// Whether each account, and its chain of entries, is what the events make of it.
fn of_accounts(evidence: &Evidence, told: &BTreeMap<&str, Told<'_>>) -> Vec<String> {
    let mut chains: BTreeMap<&str, Vec<Entry>> = BTreeMap::new();
    let mut complaints = Vec::new();
    for Told { kind, detail } in told.values() {
        if let Some(entry) = entry(kind, detail) {
            let buyer = detail["buyer"].as_str().unwrap_or_default();
            chains.entry(buyer).or_default().push(entry);
        }
    }
    for (buyer, (account, entries)) in &evidence.accounts {
        let chain = chains.remove(buyer.as_str()).unwrap_or_default();
        let violations = audit::chain(UserId::new(), Some(*account), &chain);
        complaints.extend(
            violations
                .iter()
                .map(|wrong| format!("{buyer}: {:?} at {:?}, from events", wrong.kind, wrong.seq)),
        );
        let (told, there) = (amounts(&chain), amounts(entries));
        let differ = told.symmetric_difference(&there);
        complaints.extend(differ.map(|entry| format!("{buyer}: {entry:?} is not in both")));
    }
    let unknown = chains.keys().map(|buyer| format!("{buyer} has no account"));
    complaints.extend(unknown);
    complaints
}

type Amounts = (u64, String, i64, i64, Option<(ReservationId, PaymentId)>);

fn amounts(entries: &[Entry]) -> BTreeSet<Amounts> {
    let entries = entries.iter();
    entries
        .map(|entry| {
            let (amount, after) = (entry.amount.hundredths(), entry.balance_after.hundredths());
            let kind = format!("{:?}", entry.kind);
            (entry.seq, kind, amount, after, entry.order)
        })
        .collect()
}

/// The entry of an account that an event tells of; `None` if it tells of none.
fn entry(kind: &str, detail: &Value) -> Option<Entry> {
    let kind = match kind {
        "charge.made.v1" => EntryKind::Charge,
        "balance.corrected.v1" => EntryKind::Correction,
        "order.paid.v1" => EntryKind::Payment,
        "order.refunded.v1" => EntryKind::Refund,
        _ => return None,
    };
    let number = |field: &str| detail[field].to_string();
    let order = detail.get("reservation_id").map(|id| {
        let payment_id = text(&detail["payment_id"]);
        (
            text(id).parse().expect("an id"),
            payment_id.parse().expect("an id"),
        )
    });
    let balance_after = Difference::parse(&number("balance_after"))
        .and_then(|balance| Money::default().changed_by(balance))
        .or_else(|| (number("balance_after") == "0").then(Money::default));
    let at: Timestamp = text(&detail["at"]).parse().expect("a time");
    Some(Entry {
        seq: detail["seq"].as_u64().expect("a number"),
        kind,
        amount: Difference::parse(&number("amount")).expect("an amount"),
        balance_after: balance_after.expect("an amount"),
        at,
        order,
        explanation: None,
        change_id: None,
    })
}

/// What a show has sold: its seats, and the money for them in won.
#[derive(Debug, Default, PartialEq)]
struct Sold {
    seats: BTreeSet<u64>,
    money: i64,
}

/// Whether each show has sold what the events say.
fn of_shows(evidence: &Evidence, told: &BTreeMap<&str, Told<'_>>) -> Vec<String> {
    let mut by_events: BTreeMap<String, Sold> = BTreeMap::new();
    let mut complaints = Vec::new();
    // A seat may be sold, given back and sold again.
    let mut times: BTreeMap<(String, u64), i64> = BTreeMap::new();
    for Told { kind, detail } in told.values() {
        let sign = match *kind {
            "order.paid.v1" => 1,
            "order.refunded.v1" => -1,
            _ => continue,
        };
        let show = format!("{}#{}", text(&detail["concert_id"]), text(&detail["show"]));
        let amount = detail["amount"].as_i64().expect("an amount");
        by_events.entry(show.clone()).or_default().money += sign * amount;
        for seat in detail["seat_numbers"].as_array().expect("seats") {
            let seat = seat.as_u64().expect("a number");
            *times.entry((show.clone(), seat)).or_default() += sign;
        }
    }
    for ((show, seat), times) in times {
        if times == 1 {
            by_events.entry(show).or_default().seats.insert(seat);
        } else if times != 0 {
            complaints.push(format!("seat {seat} of {show} is sold {times} times"));
        }
    }
    let by_tables = by_tables(evidence);
    let shows: BTreeSet<_> = by_events.keys().chain(by_tables.keys()).collect();
    let nothing = Sold::default();
    let differ = shows.into_iter().filter_map(|show| {
        let events = by_events.get(show).unwrap_or(&nothing);
        let tables = by_tables.get(show).unwrap_or(&nothing);
        (events != tables).then(|| format!("{show} has sold {tables:?}, by events {events:?}"))
    });
    complaints.extend(differ);
    complaints
}

/// What each show has sold: the seats of `Seats`, and the money of the orders.
fn by_tables(evidence: &Evidence) -> BTreeMap<String, Sold> {
    let mut shows: BTreeMap<String, Sold> = BTreeMap::new();
    for seat in &evidence.tables.seats {
        if seat["status"] == "SOLD" {
            let block = text(&seat["block"]);
            let (show, _) = block.rsplit_once('#').expect("a block");
            let seats = &mut shows.entry(show.to_owned()).or_default().seats;
            seats.insert(seat["seat"].as_u64().expect("a number"));
        }
    }
    for order in &evidence.tables.accounts {
        if order.get("payment_id").is_none() {
            continue;
        }
        let show = format!("{}#{}", text(&order["concert_id"]), text(&order["date"]));
        let won = |of: &Value| of["amount"].as_i64().expect("an amount") / 100;
        let returned = order["returned"].as_array().into_iter().flatten();
        let returned: i64 = returned.map(won).sum();
        let left = if order["status"] == "PAID" {
            won(order) - returned
        } else {
            0
        };
        shows.entry(show).or_default().money += left;
    }
    shows
}
