//! What a round of the audit remembers of one table until it has read another.
//!
//! A sold seat names no user, so that its order cannot be looked up: the seats are read first and
//! remembered, and the orders, read later, claim them. What is left is wrong, because whatever
//! sold the seat wrote the order with it. It is the same with users and accounts, and with held
//! seats and sessions.
//!
//! For a million of each: sold seats take some 50 MB, users 40 MB, numbers 0.2 MB.

use std::collections::{HashMap, HashSet};

use aws_lc_rs::digest::{SHA256, digest};
use roaring::RoaringTreemap;
use serde::{Deserialize, Serialize};

use super::SeatOfShow;
use crate::domain::{
    draw::EarlyEntry,
    ids::{QueueId, ReservationId, ShowId, UserId},
    queue::Ticket,
    seat::SeatNumber,
};

/// Everything that is remembered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    sold: HashMap<ShowId, HashMap<SeatNumber, Sold>>,
    held: HashMap<SeatOfShow, ReservationId>,
    users: HashSet<UserId>,
    addresses: HashMap<(UserId, u64), Address>,
    queues: HashMap<QueueId, Drawn>,
}

/// To whom a seat is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Sold {
    reservation_id: ReservationId,
    is_claimed: bool,
}

/// What an order's claim on one of its seats came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It was seen sold to that reservation.
    Confirmed,
    /// It was, and another order has claimed it.
    Disputed,
    /// It was not: it was not sold then, or not to that reservation.
    Unknown,
}

/// One half of an e-mail address's being somebody's, whose other half has not been seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Address {
    /// A user says that it is theirs.
    OfUser,
    /// It says whose it is. The address itself is only known as long as nothing is written down.
    OfOwner(#[serde(skip)] Option<String>),
}

/// What has been seen of the sessions of a queue.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Drawn {
    numbers: RoaringTreemap,
    early: HashMap<u8, RoaringTreemap>,
    arrived: HashMap<i64, u64>,
}

/// Whether something is seen for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It is.
    First,
    /// It is not.
    Again,
}

impl Memory {
    /// Remembers a sold seat.
    pub fn sold(&mut self, seat: SeatOfShow, reservation_id: ReservationId) {
        let sold = Sold {
            reservation_id,
            is_claimed: false,
        };
        let show = self.sold.entry(seat.show()).or_default();
        show.insert(seat.seat_number, sold);
    }

    /// An order, paid or refunded, claims one of its seats.
    pub fn claim_sold(&mut self, seat: SeatOfShow, reservation_id: ReservationId) -> Claim {
        let show = self.sold.get_mut(&seat.show());
        match show.and_then(|seats| seats.get_mut(&seat.seat_number)) {
            Some(sold) if sold.reservation_id == reservation_id => {
                if std::mem::replace(&mut sold.is_claimed, true) {
                    Claim::Disputed
                } else {
                    Claim::Confirmed
                }
            }
            _ => Claim::Unknown,
        }
    }

    /// Forgets the sold seats that an order has claimed, once all orders have been read.
    pub fn forget_claimed(&mut self) {
        for seats in self.sold.values_mut() {
            seats.retain(|_, sold| !sold.is_claimed);
        }
        self.sold.retain(|_, seats| !seats.is_empty());
    }

    /// Takes out a sold seat.
    pub fn next_sold(&mut self) -> Option<(SeatOfShow, ReservationId)> {
        let show = *self.sold.keys().next()?;
        let seats = self.sold.get_mut(&show)?;
        let seat_number = *seats.keys().next()?;
        let sold = seats.remove(&seat_number)?;
        if seats.is_empty() {
            self.sold.remove(&show);
        }
        Some((SeatOfShow::new(show, seat_number), sold.reservation_id))
    }

    /// Remembers a held seat.
    pub fn held(&mut self, seat: SeatOfShow, reservation_id: ReservationId) {
        self.held.insert(seat, reservation_id);
    }

    /// A session explains why a seat is held, or was until lately.
    pub fn explain_held(&mut self, seat: SeatOfShow, reservation_id: ReservationId) {
        if self.held.get(&seat) == Some(&reservation_id) {
            self.held.remove(&seat);
        }
    }

    /// Takes out a held seat that no session explains, once all have been read.
    pub fn next_unexplained(&mut self) -> Option<(SeatOfShow, ReservationId)> {
        let seat = *self.held.keys().next()?;
        self.held.remove_entry(&seat)
    }

    /// Remembers a user.
    pub fn user(&mut self, user_id: UserId) {
        self.users.insert(user_id);
    }

    /// An account claims its user; tells whether they were there.
    pub fn claim_user(&mut self, user_id: UserId) -> bool {
        self.users.remove(&user_id)
    }

    /// Takes out a user whom no account has claimed, once all have been read.
    pub fn next_without_account(&mut self) -> Option<UserId> {
        let user_id = *self.users.iter().next()?;
        self.users.take(&user_id)
    }

    /// One half of an e-mail address's being a user's; the other half, and it is forgotten.
    pub fn address(&mut self, user_id: UserId, hash: u64, half: Address) {
        let key = (user_id, hash);
        if self.addresses.remove(&key).is_none() {
            self.addresses.insert(key, half);
        }
    }

    /// Takes out half an address, once all have been read.
    pub fn next_half_address(&mut self) -> Option<(UserId, Address)> {
        let key = *self.addresses.keys().next()?;
        let half = self.addresses.remove(&key)?;
        Some((key.0, half))
    }

    /// Remembers what a session has drawn.
    pub fn drawn(&mut self, queue_id: &QueueId, ticket: Ticket) -> Seen {
        let queue = self.queue_mut(queue_id);
        let is_new = match ticket {
            Ticket::Number(number) => queue.numbers.insert(number),
            Ticket::Early(entry) => {
                let stripe = queue.early.entry(entry.stripe()).or_default();
                stripe.insert(entry.index())
            }
        };
        if is_new { Seen::First } else { Seen::Again }
    }

    /// Remembers that a session has arrived in a cohort.
    pub fn arrived(&mut self, queue_id: &QueueId, cohort: i64) {
        let queue = self.queue_mut(queue_id);
        *queue.arrived.entry(cohort).or_default() += 1;
    }

    /// How many sessions were seen that have arrived in a cohort.
    pub fn arrivals(&self, queue_id: &QueueId, cohort: i64) -> u64 {
        let queue = self.queues.get(queue_id);
        let arrived = queue.and_then(|queue| queue.arrived.get(&cohort));
        arrived.copied().unwrap_or(0)
    }

    /// The smallest and the largest number seen in a queue.
    pub fn numbers(&self, queue_id: &QueueId) -> Option<(u64, u64)> {
        let numbers = &self.queues.get(queue_id)?.numbers;
        Some((numbers.min()?, numbers.max()?))
    }

    /// The last early entry seen on each stripe of a queue.
    pub fn early(&self, queue_id: &QueueId) -> Vec<EarlyEntry> {
        let queue = self.queues.get(queue_id);
        let stripes = queue.into_iter().flat_map(|queue| &queue.early);
        stripes
            .filter_map(|(stripe, entries)| EarlyEntry::new(*stripe, entries.max()?).ok())
            .collect()
    }

    /// Forgets what was seen of the sessions of all queues.
    pub fn forget_queues(&mut self) {
        self.queues.clear();
    }

    fn queue_mut(&mut self, queue_id: &QueueId) -> &mut Drawn {
        self.queues.entry(queue_id.clone()).or_default()
    }
}

/// What is remembered of a folded e-mail address, instead of the address.
pub fn address_hash(folded: &str) -> u64 {
    let digest = digest(&SHA256, folded.as_bytes());
    let first = digest.as_ref().first_chunk().copied();
    u64::from_le_bytes(first.unwrap_or_default())
}
