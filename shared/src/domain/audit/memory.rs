//! What a round of the audit remembers of one table until it has read another.
//!
//! A sold seat names no user, so its order cannot be looked up. Instead, the seats are read first
//! and remembered. The orders are read later and claim them. A seat that no order has claimed is
//! wrong, because the write that sold it also wrote its order. The same is done with users and
//! accounts, with held seats and sessions, and with records of the log of changes and entries.
//!
//! Shows and plans come first: a seat must agree with its show, and a show with its plan.
//!
//! For a million of each, sold seats take about 50 MB, users 40 MB, records of moved money 40 MB,
//! numbers 0.2 MB, and shows 100 MB until all seats are read.

use std::collections::{HashMap, HashSet};

use aws_lc_rs::digest::{SHA256, digest};
use roaring::RoaringTreemap;
use serde::{Deserialize, Serialize};

use super::{Books, SeatOfShow, SeatsAndGrades, ShowSeen};
use crate::domain::{
    changes::ChangeKind,
    draw::EarlyEntry,
    ids::{ChangeId, PlanId, QueueId, ReservationId, ShowId, UserId},
    queue::Ticket,
    seat::SeatNumber,
};

/// Everything that a round remembers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    shows: HashMap<ShowId, ShowSeen>,
    plans: HashMap<PlanId, SeatsAndGrades>,
    planned: HashMap<ShowId, (PlanId, SeatsAndGrades)>,
    sold: HashMap<ShowId, HashMap<SeatNumber, Sold>>,
    held: HashMap<SeatOfShow, ReservationId>,
    users: HashSet<UserId>,
    addresses: HashMap<(UserId, u64), Address>,
    queues: HashMap<QueueId, Drawn>,
    moved: HashSet<ChangeId>,
    called_off: HashSet<ChangeId>,
    /// What the accounts that were read say of money.
    pub books: Books,
}

/// To which reservation a seat is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Sold {
    reservation_id: ReservationId,
    /// A fingerprint of its buyer, if the seat names one.
    buyer: Option<u32>,
    is_claimed: bool,
    /// Whether an order of another user names it.
    is_named: bool,
}

/// The result of an order's claim on one of its seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The seat was seen sold to this reservation.
    Confirmed,
    /// The seat was seen sold to this reservation, but another order has claimed it already.
    Disputed,
    /// The seat was seen sold to this reservation, but with another buyer.
    Anothers,
    /// The seat was not seen sold to this reservation.
    Unknown,
}

/// An e-mail address is stored twice: in its user, and in an item of its own. This is one of the
/// two, seen without the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Address {
    /// A user has the address.
    OfUser,
    /// The address's own item names its user. The address is known only until the round is stored.
    OfOwner(#[serde(skip)] Option<String>),
}

/// What has been seen of the sessions of a queue.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Drawn {
    numbers: RoaringTreemap,
    early: HashMap<u8, RoaringTreemap>,
    arrived: HashMap<i64, u64>,
}

/// Whether something has been seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// No, this is the first time.
    First,
    /// Yes.
    Again,
}

/// Four bytes of a user's id. Of random ids, one in four billion has the same.
fn fingerprint(user_id: UserId) -> u32 {
    let [a, b, c, d, ..] = user_id.bytes();
    u32::from_be_bytes([a, b, c, d])
}

impl Memory {
    /// Remembers a show, and what it says of its plan if it has one.
    pub fn show(
        &mut self,
        show: ShowId,
        seen: ShowSeen,
        planned: Option<(PlanId, SeatsAndGrades)>,
    ) {
        self.shows.insert(show, seen);
        if let Some(planned) = planned {
            self.planned.insert(show, planned);
        }
    }

    /// Remembers a plan.
    pub fn plan(&mut self, plan_id: PlanId, its: SeatsAndGrades) {
        self.plans.insert(plan_id, its);
    }

    /// Forgets the plans, and which shows fit theirs. Call it when the whole catalog has been read.
    pub fn forget_fitting(&mut self) {
        let plans = std::mem::take(&mut self.plans);
        self.planned
            .retain(|_, (plan_id, its)| plans.get(plan_id) != Some(its));
    }

    /// Takes out a show that does not fit its plan.
    pub fn next_misfit(&mut self) -> Option<ShowId> {
        let show = *self.planned.keys().next()?;
        self.planned.remove_entry(&show).map(|(show, _)| show)
    }

    /// What was seen of a show; `None` if it was not seen.
    pub fn seen(&self, show: ShowId) -> Option<ShowSeen> {
        self.shows.get(&show).copied()
    }

    /// Forgets all shows. Call it when all seats have been read.
    pub fn forget_shows(&mut self) {
        self.shows.clear();
    }

    /// Remembers a sold seat.
    pub fn sold(&mut self, seat: SeatOfShow, reservation_id: ReservationId, buyer: Option<UserId>) {
        let sold = Sold {
            reservation_id,
            buyer: buyer.map(fingerprint),
            is_claimed: false,
            is_named: false,
        };
        let show = self.sold.entry(seat.show()).or_default();
        show.insert(seat.seat_number, sold);
    }

    /// An order, paid or refunded, of this user claims one of its seats.
    pub fn claim_sold(
        &mut self,
        seat: SeatOfShow,
        reservation_id: ReservationId,
        user_id: UserId,
    ) -> Claim {
        let show = self.sold.get_mut(&seat.show());
        match show.and_then(|seats| seats.get_mut(&seat.seat_number)) {
            Some(sold) if sold.reservation_id == reservation_id => {
                let is_anothers = sold
                    .buyer
                    .is_some_and(|buyer| buyer != fingerprint(user_id));
                if is_anothers {
                    sold.is_named = true;
                    Claim::Anothers
                } else if std::mem::replace(&mut sold.is_claimed, true) {
                    Claim::Disputed
                } else {
                    Claim::Confirmed
                }
            }
            _ => Claim::Unknown,
        }
    }

    /// Forgets the sold seats that an order has claimed or named. Call it when all orders have been read.
    pub fn forget_claimed(&mut self) {
        for seats in self.sold.values_mut() {
            seats.retain(|_, sold| !sold.is_claimed && !sold.is_named);
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

    /// A session explains why a seat is held, or was held until recently.
    pub fn explain_held(&mut self, seat: SeatOfShow, reservation_id: ReservationId) {
        if self.held.get(&seat) == Some(&reservation_id) {
            self.held.remove(&seat);
        }
    }

    /// Takes out a held seat that no session explains. Call it when all sessions have been read.
    pub fn next_unexplained(&mut self) -> Option<(SeatOfShow, ReservationId)> {
        let seat = *self.held.keys().next()?;
        self.held.remove_entry(&seat)
    }

    /// Remembers a user.
    pub fn user(&mut self, user_id: UserId) {
        self.users.insert(user_id);
    }

    /// An account claims its user. Returns whether that user was remembered.
    pub fn claim_user(&mut self, user_id: UserId) -> bool {
        self.users.remove(&user_id)
    }

    /// Takes out a user that no account has claimed. Call it when all accounts have been read.
    pub fn next_without_account(&mut self) -> Option<UserId> {
        let user_id = *self.users.iter().next()?;
        self.users.take(&user_id)
    }

    /// Remembers one half of an e-mail address. If the other half is remembered already, forgets it
    /// instead.
    pub fn address(&mut self, user_id: UserId, hash: u64, half: Address) {
        let key = (user_id, hash);
        if self.addresses.remove(&key).is_none() {
            self.addresses.insert(key, half);
        }
    }

    /// Takes out an address of which only one half was seen. Call it when all users have been read.
    pub fn next_half_address(&mut self) -> Option<(UserId, Address)> {
        let key = *self.addresses.keys().next()?;
        let half = self.addresses.remove(&key)?;
        Some((key.0, half))
    }

    /// Remembers a record of the log of changes, if entries of accounts may name it.
    pub fn logged(&mut self, change_id: ChangeId, kind: ChangeKind) {
        if kind.moves_money() {
            self.moved.insert(change_id);
        } else if kind == ChangeKind::ShowCalledOff {
            self.called_off.insert(change_id);
        }
    }

    /// An entry of an account names its record. Returns whether that was remembered. A calling-off is
    /// named by each of its refunds.
    pub fn claim_logged(&mut self, change_id: ChangeId) -> bool {
        self.moved.remove(&change_id) || self.called_off.contains(&change_id)
    }

    /// Forgets the callings-off. Call it when all accounts have been read.
    pub fn forget_called_off(&mut self) {
        self.called_off.clear();
    }

    /// Takes out a record that no entry has named. Call it when all accounts have been read.
    pub fn next_without_entry(&mut self) -> Option<ChangeId> {
        let change_id = *self.moved.iter().next()?;
        self.moved.take(&change_id)
    }

    /// Remembers the number or early entry that a session has drawn.
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

    /// How many sessions were seen that arrived in a cohort.
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

/// The hash that is remembered instead of a folded e-mail address.
pub fn address_hash(folded: &str) -> u64 {
    hash(folded)
}

/// The first eight bytes of the SHA-256 of a text, as a number.
pub(super) fn hash(text: &str) -> u64 {
    let digest = digest(&SHA256, text.as_bytes());
    let first = digest.as_ref().first_chunk().copied();
    u64::from_le_bytes(first.unwrap_or_default())
}
