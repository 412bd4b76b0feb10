//! Checks that events tell what buyers were answered, although the process that sends them is killed.

use std::collections::{BTreeMap, HashMap, hash_map::Entry};

use local::{ADMIN_EMAIL, ADMIN_PASSWORD};
use serde_json::{Value, json};
use tools::{Client, Failure, Request, text};

use crate::{
    buyer::{Book, Standing},
    shop::Shop,
};

/// What a receiver of all events knows.
#[derive(Default)]
pub struct Told {
    /// The number of the last event that was read.
    last: u64,
    /// How many came again.
    again: usize,
    /// The facts by their ids, with their types.
    facts: BTreeMap<String, (String, Value)>,
    /// The users behind buyers.
    users: HashMap<String, String>,
}

impl Told {
    /// Reads the events that were sent since the last time, also before a kill.
    pub async fn read(&mut self, shop: &Shop) -> Result<(), Failure> {
        let mut client = shop.client().await?;
        let look = Request::get("/_local/events?follow=false");
        let sent = client.ask_for_text(look).await?;
        let mut number = 0;
        for line in sent.lines() {
            if let Some(id) = line.strip_prefix("id: ") {
                number = id.parse()?;
            } else if let Some(data) = line.strip_prefix("data: ")
                && number > self.last
            {
                if number != self.last + 1 {
                    return Err(format!("event {number} follows {}", self.last).into());
                }
                self.last = number;
                self.note(&serde_json::from_str(data)?)?;
            }
        }
        let token = log_in(&mut client).await?;
        for buyer in self.buyers()? {
            if let Entry::Vacant(unknown) = self.users.entry(buyer) {
                let look = Request::get(format!("/v1/admin/buyers/{}", unknown.key()));
                let user = client.ask(look.token(&token)).await?;
                unknown.insert(text(&user["user_id"])?);
            }
        }
        Ok(())
    }

    fn note(&mut self, event: &Value) -> Result<(), Failure> {
        let (kind, detail) = (text(&event["detail-type"])?, event["detail"].clone());
        let fact = (kind, detail);
        let id = text(&fact.1["id"])?;
        match self.facts.get(&id) {
            Some(known) if *known == fact => self.again += 1,
            Some(known) => return Err(format!("{id} is {known:?}, and {fact:?}").into()),
            None => {
                self.facts.insert(id, fact);
            }
        }
        Ok(())
    }

    fn buyers(&self) -> Result<Vec<String>, Failure> {
        let facts = self.facts.values();
        let buyers = facts.filter_map(|(_, detail)| detail.get("buyer"));
        buyers.map(text).collect()
    }

    /// Compares what is told with the books: each entry of each account, and what became of each hold.
    /// Returns how many facts there are, and how many came again.
    pub fn compare(&self, books: &[Book]) -> Result<(usize, usize), Failure> {
        let mut chains: HashMap<&str, BTreeMap<u64, (&str, u64)>> = HashMap::new();
        let mut holds: HashMap<&str, Vec<&str>> = HashMap::new();
        for (kind, detail) in self.facts.values() {
            let user = detail["buyer"]
                .as_str()
                .and_then(|buyer| self.users.get(buyer));
            let entry = match kind.as_str() {
                "charge.made.v1" => "CHARGE",
                "order.paid.v1" => "PAYMENT",
                "order.refunded.v1" => "REFUND",
                _ => "",
            };
            if let Some(user) = user.filter(|_| !entry.is_empty()) {
                let seq = detail["seq"].as_u64().unwrap_or_default();
                let amount = detail["amount"].as_u64().unwrap_or_default();
                chains.entry(user).or_default().insert(seq, (entry, amount));
            }
            if let Some(id) = detail["reservation_id"].as_str() {
                holds.entry(id).or_default().push(kind);
            }
        }
        for book in books.iter().filter(|book| !book.user_id.is_empty()) {
            let chain = chains.remove(book.user_id.as_str()).unwrap_or_default();
            let is_whole = chain.keys().copied().eq(1..=book.entries.len() as u64);
            if !is_whole || !chain.values().eq(book.entries.iter()) {
                return Err(format!("events tell {chain:?} of {book:?}").into());
            }
            if let Some((id, standing)) = &book.reservation {
                let mut told = holds.remove(id.as_str()).unwrap_or_default();
                told.sort_unstable();
                if !ends(*standing).contains(&told.as_slice()) {
                    return Err(format!("events tell {told:?} of {book:?}").into());
                }
            }
        }
        if let Some((user, chain)) = chains.iter().next() {
            return Err(format!("events tell {chain:?} of {user}, who has no book").into());
        }
        Ok((self.facts.len(), self.again))
    }
}

/// What may be told of a reservation, in the order of the alphabet.
fn ends(standing: Standing) -> &'static [&'static [&'static str]] {
    match standing {
        // It may have lapsed.
        Standing::Held => &[&["hold.placed.v1"], &["hold.expired.v1", "hold.placed.v1"]],
        Standing::Paid => &[&["hold.placed.v1", "order.paid.v1"]],
        Standing::Cancelled => &[&["hold.cancelled.v1", "hold.placed.v1"]],
        Standing::Refunded => &[&["hold.placed.v1", "order.paid.v1", "order.refunded.v1"]],
    }
}

async fn log_in(client: &mut Client) -> Result<String, Failure> {
    let credentials = json!({ "email": ADMIN_EMAIL, "password": ADMIN_PASSWORD });
    let log_in = Request::post("/v1/auth/login", credentials);
    text(&client.ask(log_in).await?["token"])
}
