//! The end of the evening: nothing goes wrong any more, time passes, and everything must be as it
//! was answered.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};
use shared::jiff::SignedDuration;

use super::{
    CALLED_OFF, World, calling_off,
    events::{Answers, Evidence},
    ledger::Seat,
    people::{Memory, Person, Place, numbers},
};
use crate::harness::{Buyer, Reply, text};

/// Everything under way has arrived by then. Messages are up to ten minutes late, and after a
/// failure they are delivered again after three.
const UNTIL_ALL_IS_QUIET: Duration = Duration::from_mins(20);

/// Checks that everybody has what they were answered, that nobody has what another user has, that
/// the rest can be bought, and that events tell all of it.
pub async fn settle(world: &Arc<World>, people: &[Arc<Person>]) -> Evidence {
    let stack = &world.shop.stack;
    stack.faults().end();
    for function in stack.functions() {
        stack.put_clock_ahead(function, SignedDuration::ZERO);
    }
    tokio::time::sleep(UNTIL_ALL_IS_QUIET).await;
    if !stack.pending_messages().is_empty() {
        world.violated("messages are left");
    }
    for queue in ["main", "spring"] {
        let open = json!({ "max_active": 100, "rate": 100 });
        world.shop.put_queue(&world.admin, queue, &open).await.ok();
    }
    if world.is_called_off(CALLED_OFF) {
        calling_off::finish(world).await;
    }
    let report = world.shop.audited().await;
    if report["violations"] != 0 {
        world.violated(format!("the audit says {report}"));
    }
    let mut sold = HashMap::new();
    let answers = people.iter().map(|person| {
        let user_id = &person.guest.user_id;
        Answers::of(user_id, &person.memory())
    });
    let answers = answers.collect();
    for person in people {
        let found = reckon(world, person).await;
        for place in &world.shows {
            let of_concert = found.iter().filter(|((id, ..), _)| *id == place.concert_id);
            let seats = of_concert.count();
            if place.limit.is_some_and(|limit| seats > limit) {
                let user_id = &person.guest.user_id;
                world.violated(format!("{user_id} has {seats} seats in {}", place.show));
            }
        }
        for (seat, reservation_id) in found {
            if world.is_called_off(&seat.1) {
                world.violated(format!("{seat:?} is still sold to {reservation_id}"));
            }
            if let Some(other) = sold.insert(seat.clone(), reservation_id.clone()) {
                world.violated(format!(
                    "{seat:?} is sold to {other} and to {reservation_id}"
                ));
            }
        }
    }
    if !world.is_violated() {
        sell_the_rest(world, &sold).await;
    }
    let evidence = Evidence::gather(world, answers).await;
    for complaint in evidence.complaints() {
        world.violated(complaint);
    }
    evidence
}

impl World {
    /// The answer to a user's request, now that nothing goes wrong.
    fn answer(&self, what: &str, reply: Reply) -> Option<Value> {
        if reply.status == 200 {
            return Some(reply.body);
        }
        let Reply { status, text, .. } = reply;
        self.violated(format!("at the end, {what} is {status}: {text}"));
        None
    }
}

/// Checks what a user has, and returns their seats with the reservations.
async fn reckon(world: &World, person: &Person) -> Vec<(Seat, String)> {
    finish(world, person).await;
    let orders = pages(world, person, "payments").await;
    let entries = pages(world, person, "statement").await;
    let memory = std::mem::take(&mut *person.memory());
    let wrong = [
        broken_link(&entries),
        missing_charge(&memory, &entries),
        wrong_correction(&memory, &entries),
        wrong_orders(&memory, &orders),
        wrong_balance(&orders, &entries),
    ];
    for wrong in wrong.into_iter().flatten() {
        world.violated(format!("{}: {wrong}", person.guest.user_id));
    }
    let balance = world.shop.get(&person.path("/balance"));
    let balance = balance.send_as(&person.guest.access_token).await;
    let balance = world.answer("the balance", balance);
    let balance = balance.map(|answer| answer["current_balance"].clone());
    let last = entries
        .first()
        .map_or(json!(0), |last| last["balance_after"].clone());
    if balance.as_ref().is_some_and(|balance| *balance != last) {
        world.violated(format!("the balance is {balance:?}, and was {last} last"));
    }
    let paid = orders.iter().filter(|order| order["status"] == "PAID");
    paid.flat_map(|order| {
        let id = text(&order["reservation_id"]);
        let (concert, show) = (text(&order["concert_id"]), text(&order["show"]));
        numbers(&order["seat_numbers"])
            .into_iter()
            .map(move |seat| ((concert.clone(), show.clone(), seat), id.clone()))
    })
    .collect()
}

/// Repeats the requests of which it is not known whether they were done. With its key a charge is
/// made only once, and a refund only once in any case.
async fn finish(world: &World, person: &Person) {
    let (keyed, to_refund) = {
        let memory = person.memory();
        let to_refund: Vec<_> = memory
            .reservations
            .iter()
            .filter(|(_, of)| of.refund_begun && of.receipt.is_some())
            .map(|(id, of)| (id.clone(), of.path(id)))
            .collect();
        (memory.keyed.clone(), to_refund)
    };
    let token = &person.guest.access_token;
    for (key, amount) in keyed {
        let call = world.shop.post(&person.path("/balance")).token(token);
        let call = call.key(&key);
        let reply = call.json(&json!({ "amount": amount })).send().await;
        if let Some(charged) = world.answer("a charge", reply) {
            let answered = person.memory().answers_of_keyed.get(&key).copied();
            if answered.is_some_and(|answered| charged["current_balance"] != json!(answered)) {
                world.violated(format!("{key} was charged twice"));
            }
        }
    }
    for (id, path) in to_refund {
        let reply = world.shop.delete(&path).send_as(token).await;
        let refunded = world.answer("a refund", reply);
        if refunded.is_some_and(|refunded| refunded["status"] != "REFUNDED") {
            world.violated(format!("{id} is not refunded"));
        }
        if let Some(reservation) = person.memory().reservations.get_mut(&id) {
            reservation.refunded = true;
        }
    }
}

/// All entries of one of a user's lists.
async fn pages(world: &World, person: &Person, list: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = person.path(&format!("/{list}?limit=100{cursor}"));
        let reply = world.shop.get(&path).token(&person.guest.access_token);
        let Some(page) = world.answer(list, reply.send().await) else {
            return all;
        };
        let field = if list == "statement" { "entries" } else { list };
        all.extend(page[field].as_array().expect("a list").iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// Where a statement, the latest first, is not a chain. It need not begin with the first entry.
pub fn broken_link(entries: &[Value]) -> Option<String> {
    let number = |entry: &Value, field: &str| entry[field].as_i64().expect("a number");
    let before = entries.iter().skip(1).map(Some).chain([None]);
    for (entry, before) in entries.iter().zip(before) {
        let moved = match &*text(&entry["kind"]) {
            "PAYMENT" => -number(entry, "amount"),
            _ => number(entry, "amount"),
        };
        let (seq, balance) = (number(entry, "seq"), number(entry, "balance_after"));
        let fits = match before {
            Some(before) => {
                seq == number(before, "seq") + 1
                    && balance == number(before, "balance_after") + moved
            }
            None => seq > 1 && entries.len() >= 100 || seq == 1 && balance == moved,
        };
        if !fits || balance < 0 {
            return Some(format!("{entry} does not follow {before:?}"));
        }
    }
    None
}

/// A charge that was answered but does not exist, or that exists but nobody has asked for.
fn missing_charge(memory: &Memory, entries: &[Value]) -> Option<String> {
    let mut charges: BTreeMap<u64, u64> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry["kind"] == "CHARGE") {
        let amount = entry["amount"].as_u64().expect("an amount");
        *charges.entry(amount).or_default() += 1;
    }
    let mut take = |amount: u64| {
        let left = charges.get_mut(&amount).filter(|left| **left > 0);
        left.map(|left| *left -= 1)
    };
    for amount in memory.charged.iter().chain(memory.keyed.values()) {
        if take(*amount).is_none() {
            return Some(format!("a charge of {amount} is gone"));
        }
    }
    for amount in &memory.perhaps_charged {
        take(*amount);
    }
    let more = charges.into_iter().find(|(_, left)| *left > 0);
    more.map(|(amount, _)| format!("nobody has charged {amount} more"))
}

/// A correction that was answered but does not exist, exists twice, or is not as requested.
fn wrong_correction(memory: &Memory, entries: &[Value]) -> Option<String> {
    let mut found = BTreeSet::new();
    for entry in entries.iter().filter(|entry| entry["kind"] == "CORRECTION") {
        let key = text(&entry["reason"]);
        let asked = memory.corrections.get(&key);
        let is_right = asked.is_some_and(|(amount, answered)| {
            entry["amount"] == json!(amount)
                && answered.is_none_or(|answered| entry["balance_after"] == json!(answered))
        });
        if !is_right || !found.insert(key) {
            return Some(format!("{entry} was asked for as {asked:?}"));
        }
    }
    let mut answered = memory
        .corrections
        .iter()
        .filter(|(_, (_, answered))| answered.is_some());
    let gone = answered.find(|(key, _)| !found.contains(*key));
    gone.map(|(key, _)| format!("the correction {key} is gone"))
}

/// An order that is not as it was answered, does not exist, or that nobody has asked for.
fn wrong_orders(memory: &Memory, orders: &[Value]) -> Option<String> {
    let mut found = BTreeSet::new();
    for order in orders {
        let id = text(&order["reservation_id"]);
        let is_new = found.insert(id.clone());
        let Some(answered) = memory.reservations.get(&id).filter(|_| is_new) else {
            return Some(format!("no answer names {order}"));
        };
        let is_right = answered.payment_begun
            && order["amount"] == json!(answered.amount)
            && numbers(&order["seat_numbers"]) == answered.seats
            && order["show"] == answered.show
            && order["concert_id"] == answered.concert_id;
        let status_is_right = match &*text(&order["status"]) {
            "REFUNDED" => answered.refund_begun,
            _ => !answered.refunded,
        };
        let same_payment = answered
            .receipt
            .as_ref()
            .is_none_or(|receipt| receipt["payment_id"] == order["payment_id"]);
        if !(is_right && status_is_right && same_payment) {
            return Some(format!("{order} differs from the answer, {answered:?}"));
        }
    }
    let paid = memory
        .reservations
        .iter()
        .filter(|(_, of)| of.receipt.is_some());
    let mut paid = paid.map(|(id, _)| id);
    let gone = paid.find(|id| !found.contains(*id));
    gone.map(|id| format!("{id} was paid and is gone"))
}

/// Payments and refunds that do not match the orders.
fn wrong_balance(orders: &[Value], entries: &[Value]) -> Option<String> {
    // The sum for each reservation: it may have been refunded seat by seat.
    let sums = |of: &mut dyn Iterator<Item = &Value>| {
        let mut sums = BTreeMap::new();
        for one in of {
            *sums.entry(text(&one["reservation_id"])).or_default() +=
                one["amount"].as_u64().unwrap_or_default();
        }
        sums
    };
    let of_kind = |kind: &str| -> BTreeMap<String, u64> {
        sums(&mut entries.iter().filter(|entry| entry["kind"] == kind))
    };
    let of_orders = |is_it: fn(&Value) -> bool| -> BTreeMap<String, u64> {
        sums(&mut orders.iter().filter(|order| is_it(order)))
    };
    let refunded = of_orders(|order| order["status"] == "REFUNDED");
    if of_kind("PAYMENT") != of_orders(|_| true) || of_kind("REFUND") != refunded {
        return Some("payments and refunds are not those of the orders".to_owned());
    }
    None
}

/// Lets newcomers buy every seat that is not sold.
async fn sell_the_rest(world: &World, sold: &HashMap<Seat, String>) {
    for show in &world.shows {
        if world.is_called_off(&show.show) {
            continue;
        }
        let is_sold = |seat: &u64| {
            let seat = (show.concert_id.clone(), show.show.clone(), *seat);
            sold.contains_key(&seat)
        };
        let free: Vec<_> = show.seats().filter(|seat| !is_sold(seat)).collect();
        for seats in free.chunks(show.limit.unwrap_or(4)) {
            if let Err(refused) = buy(world, show, seats).await {
                let name = &show.show;
                world.violated(format!("{seats:?} of {name} cannot be bought: {refused}"));
                return;
            }
        }
        let left = show.seats().filter(|seat| !is_sold(seat)).count();
        if left < free.len() {
            world.violated("seats are left");
        }
    }
}

async fn buy(world: &World, show: &Place, seats: &[u64]) -> Result<(), String> {
    let done = |reply: Reply| {
        if reply.status == 200 {
            Ok(reply.body)
        } else {
            Err(reply.text)
        }
    };
    let door = &world.shop;
    let guest = door.guest().await;
    let body = json!({ "user_id": guest.user_id, "concert_id": show.concert_id });
    let joined = done(door.post("/v1/auth/tokens").json(&body).send().await)?;
    world.keep_secret(&joined["token"]);
    let buyer = Buyer {
        user_id: guest.user_id,
        access_token: guest.access_token,
        token: text(&joined["token"]),
        joined,
    };
    let mut waited = 0;
    while door.status(&buyer).await == "WAITING" {
        // Users who have joined and left are before the newcomers in the line.
        if waited == 900 {
            return Err("nobody is let in".to_owned());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        waited += 1;
    }
    let path = format!("/v1/concerts/{}/reservations", show.concert_id);
    let body = json!({ "date": show.show, "seat_numbers": seats });
    let held = door.post(&path).token(&buyer.token).json(&body);
    let held = done(held.send().await)?;
    let amount = u32::try_from(show.price_of(seats)).expect("an amount");
    done(door.charge(&buyer, amount).await)?;
    let id = text(&held["reservation_id"]);
    let body = json!({ "reservation_id": id, "payment_details": { "amount": amount } });
    let paid = door.post(&format!("{path}/{id}/payments"));
    done(paid.json(&body).send_as(&buyer.token).await).map(drop)
}
