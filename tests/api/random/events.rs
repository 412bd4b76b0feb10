//! What the events of the evening tell other systems. It must be what the tables and the answers
//! say: all of it, and nothing more.

mod books;
mod facts;
mod holds;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
    time::Duration,
};

use local::BusEvent;
use serde_json::Value;
use shared::{
    aws_sdk_dynamodb::types::AttributeValue,
    domain::{
        events::Buyers,
        ids::UserId,
        order::{Account, Entry},
    },
};

use super::{
    World, locked,
    people::{Memory, Reservation},
};
use crate::harness::{specification::Specification, text};

/// Takes the events from the bus while the evening lasts, because the bus keeps only the latest.
pub async fn collect(world: Arc<World>) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.take_events();
    }
}

impl World {
    fn take_events(&self) {
        let mut told = locked(&self.told);
        let last = told.last().map_or(0, |event| event.number);
        let new = self.shop.stack.events_after(last);
        if new.first().is_some_and(|first| first.number != last + 1) {
            self.violated("the bus has dropped events before they were read");
        }
        told.extend(new);
    }

    /// Notes what no event may have.
    pub fn keep_secret(&self, secret: &Value) {
        locked(&self.secrets).insert(text(secret));
    }
}

/// What a user knows of holds from answers.
#[derive(Debug, Clone)]
pub struct Answers {
    user_id: String,
    /// Every reservation that an answer has named.
    reservations: BTreeMap<String, Reservation>,
    /// How many requests for a hold had no answer, so they may have placed one.
    perhaps_held: usize,
}

impl Answers {
    /// What a user remembers.
    pub fn of(user_id: &str, memory: &Memory) -> Self {
        Self {
            user_id: user_id.to_owned(),
            reservations: memory.reservations.clone(),
            perhaps_held: memory.perhaps_held,
        }
    }
}

/// All that is known at the end of an evening.
#[derive(Clone)]
pub struct Evidence {
    /// The events as a receiver gets them, also those that came more than once.
    pub events: Vec<Arc<BusEvent>>,
    /// The account of each buyer with its entries.
    accounts: BTreeMap<String, (Account, Vec<Entry>)>,
    tables: Tables,
    /// What the answers say, by buyer.
    answers: BTreeMap<String, Answers>,
    secrets: BTreeSet<String>,
}

impl fmt::Debug for Evidence {
    /// How many events of each kind there are, without those that came again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (told, _) = self.told();
        let mut kinds: BTreeMap<_, usize> = BTreeMap::new();
        for told in told.values() {
            *kinds.entry(told.kind).or_default() += 1;
        }
        let again = self.events.len() - told.len();
        write!(f, "{kinds:?}, and {again} came again")
    }
}

/// Tables with all their items.
#[derive(Debug, Clone)]
struct Tables {
    accounts: Vec<Value>,
    catalog: Vec<Value>,
    queues: Vec<Value>,
    seats: Vec<Value>,
}

/// An event that is told, maybe more than once.
struct Told<'a> {
    kind: &'a str,
    detail: &'a Value,
}

impl Evidence {
    /// Gathers what is known when nothing happens any more.
    pub async fn gather(world: &World, answers: Vec<Answers>) -> Self {
        delete_lapsed_sessions(world).await;
        world.shop.advance(0).await;
        world.take_events();
        let app = world.shop.stack.operator().await;
        let buyers = app.store().create_buyers().await.expect("the key is there");
        let buyer = |user_id: &str| buyer_of(&buyers, user_id);
        let tables = Tables {
            accounts: all_items(world, "Accounts").await,
            catalog: all_items(world, "Catalog").await,
            queues: all_items(world, "Queues").await,
            seats: all_items(world, "Seats").await,
        };
        let mut accounts = BTreeMap::new();
        for item in tables.accounts.iter().filter(|i| i["entry"] == "account") {
            let user_id = text(&item["user_id"]);
            let id: UserId = user_id.parse().expect("an id");
            let account = app.store().entries(id).await.expect("an answer");
            accounts.insert(buyer(&user_id), account.expect("an account"));
        }
        let events = locked(&world.told).clone();
        Self {
            events,
            accounts,
            secrets: secrets(world, &answers).await,
            answers: answers
                .into_iter()
                .map(|a| (buyer(&a.user_id), a))
                .collect(),
            tables,
        }
    }

    /// What the events tell wrongly, or do not tell.
    pub fn complaints(&self) -> Vec<String> {
        let (told, mut complaints) = self.told();
        let parts = [
            self.unspecified(),
            self.leaked(),
            books::complaints(self, &told),
            holds::complaints(self, &told),
            facts::complaints(self, &told),
        ];
        complaints.extend(parts.into_iter().flatten());
        complaints
    }

    /// Checks that the absence of any one of the events, and any event too many, would be noticed.
    pub fn require_each_event(&self) {
        let mut kinds = BTreeSet::new();
        let mut without = self.clone();
        for event in &self.events {
            if !kinds.insert(&event.detail_type) {
                continue;
            }
            let id = &event.json["detail"]["id"];
            let others = self.events.iter().filter(|e| e.json["detail"]["id"] != *id);
            without.events = others.cloned().collect();
            assert!(!without.complaints().is_empty(), "{event:?} is not missed");
            let mut one_more = self.clone();
            let mut invented = BusEvent::clone(event);
            invented.json["detail"] = invented_from(&event.json["detail"]);
            one_more.events.push(invented.into());
            assert!(
                !one_more.complaints().is_empty(),
                "{event:?} is not one too many"
            );
        }
        assert!(kinds.len() > 10, "{kinds:?}");
    }

    /// The events by their ids. One that comes again must be the same.
    fn told(&self) -> (BTreeMap<&str, Told<'_>>, Vec<String>) {
        let (mut told, mut complaints) = (BTreeMap::new(), Vec::new());
        for event in &self.events {
            let detail = &event.json["detail"];
            let id = detail["id"].as_str().unwrap_or_default();
            let known = told.entry(id).or_insert(Told {
                kind: &event.detail_type,
                detail,
            });
            if (known.kind, known.detail) != (&event.detail_type, detail) {
                complaints.push(format!("{id} is {} and {detail}", known.detail));
            }
        }
        (told, complaints)
    }

    /// The events that are not as their types are specified.
    fn unspecified(&self) -> Vec<String> {
        let specification = Specification::get();
        let complaints = |event: &Arc<BusEvent>| specification.complaints_about_event(&event.json);
        self.events.iter().flat_map(complaints).collect()
    }

    /// What is secret, and in an event.
    fn leaked(&self) -> Vec<String> {
        let texts: String = self.events.iter().map(|e| e.json.to_string()).collect();
        let leaked = self.secrets.iter().filter(|secret| texts.contains(*secret));
        leaked
            .map(|secret| format!("{secret} is in an event"))
            .collect()
    }
}

/// An event like this one, which never happened.
fn invented_from(detail: &Value) -> Value {
    const NEVER: &str = "019a0000-0000-7000-8000-000000000000";
    let mut invented = detail.clone();
    let id = text(&detail["id"]).replacen('/', "/x", 1);
    invented["id"] = id.into();
    for (field, value) in invented.as_object_mut().expect("fields") {
        match field.as_str() {
            "seq" | "version" => *value = (value.as_u64().expect("a number") + 1_000).into(),
            "reservation_id" => *value = NEVER.into(),
            _ => {}
        }
    }
    invented
}

/// What is told too much, and what is not told.
fn difference(told: &BTreeSet<String>, expected: &BTreeSet<String>) -> Vec<String> {
    let more = told.difference(expected);
    let fewer = expected.difference(told);
    more.map(|id| format!("{id} is told, and did not happen"))
        .chain(fewer.map(|id| format!("{id} happened, and is not told")))
        .collect()
}

/// The ids of the events of these kinds.
fn ids(told: &BTreeMap<&str, Told<'_>>, kinds: &[&str]) -> BTreeSet<String> {
    let of_kind = |told: &Told<'_>| kinds.iter().any(|kind| told.kind.starts_with(kind));
    told.iter()
        .filter(|(_, told)| of_kind(told))
        .map(|(id, _)| (*id).to_owned())
        .collect()
}

fn buyer_of(buyers: &Buyers, user_id: &str) -> String {
    let user_id: UserId = user_id.parse().expect("an id");
    buyers.buyer(user_id).to_string()
}

/// Deletes the sessions whose holds nobody has tidied up, because their message was lost. DynamoDB
/// does so when their time to live is over.
async fn delete_lapsed_sessions(world: &World) {
    for session in all_items(world, "Sessions").await {
        if session.get("live_hold").is_some_and(|hold| !hold.is_null()) {
            let key = |name: &str| AttributeValue::S(text(&session[name]));
            let delete = world.shop.stack.database().delete_item();
            let delete = delete
                .table_name("Sessions")
                .key("user_id", key("user_id"))
                .key("queue_id", key("queue_id"));
            delete.send().await.expect("deleted");
        }
    }
}

/// What no event may have: who the users are, what they log in with, and what they sent as keys.
async fn secrets(world: &World, answers: &[Answers]) -> BTreeSet<String> {
    let mut secrets = locked(&world.secrets).clone();
    let users = all_items(world, "Users").await;
    for user in &users {
        let fields = ["id", "name", "email", "user_id", "password_hash"];
        let fields = fields.iter().filter_map(|field| user[*field].as_str());
        secrets.extend(fields.map(str::to_owned));
    }
    for session in all_items(world, "Sessions").await {
        secrets.extend(session["jti"].as_str().map(str::to_owned));
    }
    secrets.extend(answers.iter().map(|answers| answers.user_id.clone()));
    let bare: Vec<_> = secrets
        .iter()
        .map(|secret| secret.replace('-', ""))
        .collect();
    secrets.extend(bare);
    secrets
}

/// All items of a table.
async fn all_items(world: &World, table: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let scan = world.shop.stack.database().scan().table_name(table);
    let mut pages = scan.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.expect("a page").items.unwrap_or_default();
        items.extend(page.into_iter().map(crate::harness::json_of));
    }
    items
}
