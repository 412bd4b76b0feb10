//! The users, and the answers that they remember.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

use serde_json::Value;

use super::{ledger::Seat, locked};
use crate::harness::{Guest, text};

/// A show, as a user sees it who wants to buy.
#[derive(Debug)]
pub struct Place {
    pub queue: &'static str,
    pub concert_id: String,
    /// Its date, with its start if it has one.
    pub show: String,
    /// The price of each seat.
    pub prices: Vec<u64>,
    /// The most seats of the concert that one user may have.
    pub limit: Option<usize>,
}

impl Place {
    /// The numbers of its seats.
    pub fn seats(&self) -> impl Iterator<Item = u64> + use<> {
        1..=self.prices.len() as u64
    }

    /// What a seat costs.
    pub fn price(&self, seat: u64) -> u64 {
        let index = usize::try_from(seat).expect("a number") - 1;
        self.prices.get(index).copied().unwrap_or_default()
    }

    /// What seats cost together.
    pub fn price_of(&self, seats: &[u64]) -> u64 {
        seats.iter().map(|seat| self.price(*seat)).sum()
    }
}

/// A user, and what they remember.
pub struct Person {
    pub guest: Guest,
    memory: Mutex<Memory>,
}

/// What a user remembers.
#[derive(Default)]
pub struct Memory {
    /// The last queue token, and the queue that it is for.
    pub token: Option<(String, &'static str)>,
    /// Every reservation that an answer has named.
    pub reservations: BTreeMap<String, Reservation>,
    /// The last hold that an answer has named.
    pub held: Option<String>,
    /// How many requests for a hold failed, so they may or may not have placed one.
    pub perhaps_held: usize,
    /// Charges without a key that were answered.
    pub charged: Vec<u64>,
    /// Charges without a key that failed, so they may or may not have been made.
    pub perhaps_charged: Vec<u64>,
    /// Charges with a key, which will have been made in the end.
    pub keyed: BTreeMap<String, u64>,
    /// The amounts in the answers to those.
    pub answers_of_keyed: BTreeMap<String, u64>,
    /// Corrections that were requested, by their reasons, which are also their keys; and the
    /// balances in the answers.
    pub corrections: BTreeMap<String, (i64, Option<u64>)>,
    /// How many times they have begun to leave, and finished.
    pub leaving: (u64, u64),
}

/// A reservation, as its owner knows it from answers.
#[derive(Debug, Clone)]
pub struct Reservation {
    pub concert_id: String,
    pub show: String,
    pub seats: Vec<u64>,
    pub amount: u64,
    /// They have sent a payment, which may have been done.
    pub payment_begun: bool,
    /// The receipt.
    pub receipt: Option<Value>,
    /// They have asked for a refund, which may have been done.
    pub refund_begun: bool,
    /// They have got an answer that it is refunded.
    pub refunded: bool,
}

impl Reservation {
    /// The reservation in the answer to a hold.
    pub fn of(held: &Value) -> Self {
        Self {
            concert_id: text(&held["concert_id"]),
            show: text(&held["show"]),
            seats: numbers(&held["seat_numbers"]),
            amount: held["payment"]["amount"].as_u64().expect("an amount"),
            payment_begun: false,
            receipt: None,
            refund_begun: false,
            refunded: false,
        }
    }

    /// The seats.
    pub fn seats(&self) -> impl Iterator<Item = Seat> + '_ {
        self.seats
            .iter()
            .map(|seat| (self.concert_id.clone(), self.show.clone(), *seat))
    }

    /// Where it is.
    pub fn path(&self, reservation_id: &str) -> String {
        format!(
            "/v1/concerts/{}/reservations/{reservation_id}",
            self.concert_id
        )
    }
}

impl Person {
    pub fn new(guest: Guest) -> Self {
        Self {
            guest,
            memory: Mutex::default(),
        }
    }

    pub fn memory(&self) -> MutexGuard<'_, Memory> {
        locked(&self.memory)
    }

    /// A path below the user's own.
    pub fn path(&self, rest: &str) -> String {
        format!("/v1/users/{}{rest}", self.guest.user_id)
    }
}

/// A list of numbers.
pub fn numbers(list: &Value) -> Vec<u64> {
    let list = list.as_array().expect("a list").iter();
    list.map(|number| number.as_u64().expect("a number"))
        .collect()
}
