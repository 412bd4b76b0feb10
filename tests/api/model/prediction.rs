//! What the contract says must be true of users, their money and sessions, seats and reservations.

use serde_json::{Value, json};

use crate::harness::PRICE;

/// How many people there are.
pub const PEOPLE: usize = 3;

/// How many seats there are.
const SEATS: u64 = 3;

/// How long a hold lasts.
pub const HOLD_SECONDS: u64 = 60;

/// How long a session is active.
pub const WINDOW_SECONDS: u64 = 100;

/// How much longer a seat stays taken than its holder may pay for it.
const CLOCK_SKEW_GRACE_SECONDS: u64 = 2;

/// An answer: its status, and a part of its content.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub says: Value,
}

fn done(says: Value) -> Vec<Answer> {
    vec![Answer { status: 200, says }]
}

fn refused(status: u16, code: &str) -> Vec<Answer> {
    let says = json!({ "code": code });
    vec![Answer { status, says }]
}

/// The whole model.
pub struct Model {
    now: u64,
    people: Vec<Person>,
    reservations: Vec<Reservation>,
}

struct Person {
    balance: u64,
    /// What each key was used for: the amount, and the balance afterwards.
    keys: [Option<(u64, u64)>; 2],
    session: Session,
    /// The latest lapsed or cancelled reservation. Of these, only the latest can always be looked
    /// up.
    last_ended: Option<usize>,
}

struct Session {
    active_until: u64,
    holds: Option<usize>,
    closed: Option<&'static str>,
}

struct Reservation {
    id: String,
    owner: usize,
    seats: Vec<u64>,
    held_until: u64,
    status: Status,
    /// The seats that are refunded, in order.
    refunded: Vec<u64>,
    /// The balance after the last refund.
    balance_after_refund: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Held,
    Cancelled,
    Expired,
    /// With the balance after the payment.
    Paid(u64),
    Refunded,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Held => "HELD",
            Self::Cancelled => "CANCELLED",
            Self::Expired => "EXPIRED",
            Self::Paid(_) => "PAID",
            Self::Refunded => "REFUNDED",
        }
    }
}

impl Reservation {
    fn amount(&self) -> u64 {
        u64::from(PRICE) * self.seats.len() as u64
    }

    /// Whether it keeps a seat from others.
    fn takes(&self, seat: u64, now: u64) -> bool {
        let is_kept = match self.status {
            Status::Paid(_) => !self.refunded.contains(&seat),
            Status::Held | Status::Expired => now < self.held_until + CLOCK_SKEW_GRACE_SECONDS,
            Status::Cancelled | Status::Refunded => false,
        };
        is_kept && self.seats.contains(&seat)
    }

    /// What answers say of it.
    fn says(&self) -> Value {
        let mut says = json!({ "status": self.status.name() });
        if !self.refunded.is_empty() {
            says["refunded_seat_numbers"] = json!(self.refunded);
        }
        says
    }
}

/// Whether a reservation that is asked for can be looked up.
enum Known {
    Surely,
    /// It ended before the latest one that has ended.
    Perhaps,
    Not,
}

impl Model {
    /// Every user has just joined.
    pub fn begin() -> Self {
        let person = || Person {
            balance: 0,
            keys: [None; 2],
            session: Session {
                active_until: WINDOW_SECONDS,
                holds: None,
                closed: None,
            },
            last_ended: None,
        };
        Self {
            now: 0,
            people: (0..PEOPLE).map(|_| person()).collect(),
            reservations: Vec::new(),
        }
    }

    /// Notes the id of the newest reservation.
    pub fn was_named(&mut self, id: String) {
        if let Some(newest) = self.reservations.last_mut().filter(|it| it.id.is_empty()) {
            newest.id = id;
        }
    }

    /// One of the reservations, counted from the newest, and its price.
    pub fn named(&self, which: usize) -> Option<(String, u64)> {
        let reservation = &self.reservations[self.index(which)?];
        Some((reservation.id.clone(), reservation.amount()))
    }

    /// The newest reservation of a user, counted from the newest of all.
    pub fn newest_of(&self, who: usize) -> Option<usize> {
        let mut newest_first = self.reservations.iter().rev();
        newest_first.position(|it| it.owner == who)
    }

    /// The newest reservation that a user has paid, counted from the newest of all.
    pub fn paid_last(&self, who: usize) -> Option<usize> {
        let mut newest_first = self.reservations.iter().rev();
        newest_first.position(|it| it.owner == who && matches!(it.status, Status::Paid(_)))
    }

    fn index(&self, which: usize) -> Option<usize> {
        self.reservations.len().checked_sub(which + 1)
    }

    /// Lets time pass. A session ends with a hold that lapses.
    pub fn wait(&mut self, seconds: u64) {
        self.now += seconds;
        for person in &mut self.people {
            if let Some(held) = person.session.holds
                && self.reservations[held].held_until <= self.now
            {
                self.reservations[held].status = Status::Expired;
                person.session.holds = None;
                person.session.closed = Some("HOLD_EXPIRED");
                person.last_ended = Some(held);
            }
        }
    }

    /// Why a user's session is over, if it is.
    fn over(&self, who: usize) -> Option<(&'static str, &'static str)> {
        let session = &self.people[who].session;
        if let Some(reason) = session.closed {
            return Some(("CLOSED", reason));
        }
        let runs = self.now < session.active_until || session.holds.is_some();
        (!runs).then_some(("EXPIRED", "WINDOW_OVER"))
    }

    pub fn join(&mut self, who: usize) -> Vec<Answer> {
        if self.over(who).is_none() {
            return refused(400, "TOKEN_ALREADY_ACTIVE");
        }
        self.people[who].session = Session {
            active_until: self.now + WINDOW_SECONDS,
            holds: None,
            closed: None,
        };
        done(json!({ "status": "ACTIVE", "queue_position": 0 }))
    }

    pub fn leave(&mut self, who: usize) -> Vec<Answer> {
        if self.over(who).is_some() {
            return refused(410, "SESSION_OVER");
        }
        self.end_hold(who, Status::Cancelled);
        self.people[who].session.closed = Some("LEFT");
        done(json!({}))
    }

    fn end_hold(&mut self, who: usize, status: Status) {
        if let Some(held) = self.people[who].session.holds.take() {
            self.reservations[held].status = status;
            self.people[who].last_ended = Some(held);
        }
    }

    pub fn look(&self, who: usize) -> Vec<Answer> {
        if let Some((status, reason)) = self.over(who) {
            return done(json!({ "status": status, "reason": reason }));
        }
        let active = self.now < self.people[who].session.active_until;
        done(json!({ "status": if active { "ACTIVE" } else { "HOLDING" } }))
    }

    pub fn hold(&mut self, who: usize, seats: &[u64]) -> Vec<Answer> {
        let session = &self.people[who].session;
        if self.over(who).is_some() {
            return refused(410, "SESSION_OVER");
        }
        if self.now >= session.active_until {
            return refused(403, "FORBIDDEN");
        }
        if seats.iter().any(|seat| *seat > SEATS) {
            return refused(400, "INVALID_SEAT_NUMBER");
        }
        if let Some(held) = session.holds {
            let held = &self.reservations[held];
            return if held.seats == seats {
                done(json!({ "reservation_id": held.id }))
            } else {
                refused(409, "HOLD_EXISTS")
            };
        }
        let is_taken = |seat: &u64| {
            let mut reservations = self.reservations.iter();
            reservations.any(|reservation| reservation.takes(*seat, self.now))
        };
        let taken: Vec<_> = seats.iter().copied().filter(is_taken).collect();
        if !taken.is_empty() {
            let says = json!({ "code": "SEAT_ALREADY_RESERVED", "seat_numbers": taken });
            return vec![Answer { status: 409, says }];
        }
        self.people[who].session.holds = Some(self.reservations.len());
        self.reservations.push(Reservation {
            id: String::new(),
            owner: who,
            seats: seats.to_vec(),
            held_until: self.now + HOLD_SECONDS,
            status: Status::Held,
            refunded: Vec::new(),
            balance_after_refund: None,
        });
        done(json!({ "seat_numbers": seats }))
    }

    fn known(&self, who: usize, index: usize) -> Known {
        let reservation = &self.reservations[index];
        match reservation.status {
            _ if reservation.owner != who => Known::Not,
            Status::Held | Status::Paid(_) | Status::Refunded => Known::Surely,
            Status::Cancelled | Status::Expired if self.people[who].last_ended == Some(index) => {
                Known::Surely
            }
            Status::Cancelled | Status::Expired => Known::Perhaps,
        }
    }

    /// An answer about a reservation, which may be forgotten.
    fn unless_forgotten(&self, who: usize, index: usize, mut answers: Vec<Answer>) -> Vec<Answer> {
        let not_found = refused(404, "RESERVATION_NOT_FOUND");
        match self.known(who, index) {
            Known::Surely => answers,
            Known::Perhaps => {
                answers.extend(not_found);
                answers
            }
            Known::Not => not_found,
        }
    }

    pub fn find(&self, who: usize, which: usize) -> Vec<Answer> {
        let index = self.index(which).expect("a reservation");
        let says = self.reservations[index].says();
        self.unless_forgotten(who, index, done(says))
    }

    pub fn pay(&mut self, who: usize, which: usize, amount: u64) -> Vec<Answer> {
        let index = self.index(which).expect("a reservation");
        let Reservation { owner, status, .. } = self.reservations[index];
        let right = self.reservations[index].amount();
        let answers = match status {
            _ if owner != who => Vec::new(),
            Status::Cancelled | Status::Expired | Status::Refunded => refused(410, "HOLD_EXPIRED"),
            _ if amount != right => refused(409, "AMOUNT_MISMATCH"),
            Status::Paid(balance) => self.receipt(index, balance),
            Status::Held if self.people[who].balance < right => {
                refused(402, "INSUFFICIENT_BALANCE")
            }
            Status::Held => {
                let person = &mut self.people[who];
                person.balance -= right;
                person.session.holds = None;
                person.session.closed = Some("PAID");
                let balance = person.balance;
                self.reservations[index].status = Status::Paid(balance);
                self.receipt(index, balance)
            }
        };
        self.unless_forgotten(who, index, answers)
    }

    fn receipt(&self, index: usize, balance: u64) -> Vec<Answer> {
        let Reservation { id, seats, .. } = &self.reservations[index];
        done(json!({
            "reservation_id": id,
            "seat_numbers": seats,
            "amount": self.reservations[index].amount(),
            "current_balance": balance,
        }))
    }

    pub fn give_back(&mut self, who: usize, which: usize) -> Vec<Answer> {
        let index = self.index(which).expect("a reservation");
        let Reservation { owner, status, .. } = self.reservations[index];
        if owner == who {
            match status {
                Status::Held => self.end_hold(who, Status::Cancelled),
                Status::Paid(_) => {
                    let all = self.reservations[index].seats.clone();
                    self.refund(index, &all);
                }
                Status::Cancelled | Status::Expired | Status::Refunded => {}
            }
        }
        let given_back = self.given_back(index);
        self.unless_forgotten(who, index, given_back)
    }

    /// Only seats of a paid reservation are refunded by their numbers.
    pub fn refund_seats(&mut self, who: usize, which: usize, seats: &[u64]) -> Vec<Answer> {
        let index = self.index(which).expect("a reservation");
        let reservation = &self.reservations[index];
        let is_paid = matches!(reservation.status, Status::Paid(_) | Status::Refunded);
        let has_them = seats.iter().all(|seat| reservation.seats.contains(seat));
        if !is_paid || !has_them {
            return self.unless_forgotten(who, index, refused(400, "BAD_REQUEST"));
        }
        if reservation.owner == who {
            self.refund(index, seats);
        }
        let given_back = self.given_back(index);
        self.unless_forgotten(who, index, given_back)
    }

    /// Refunds those seats of a paid reservation that are not refunded yet. Each gives back what it
    /// cost.
    fn refund(&mut self, index: usize, wanted: &[u64]) {
        let reservation = &mut self.reservations[index];
        let is_due = |seat: &u64| !reservation.refunded.contains(seat);
        let due: Vec<_> = wanted.iter().copied().filter(is_due).collect();
        if due.is_empty() {
            return;
        }
        let person = &mut self.people[reservation.owner];
        person.balance += u64::from(PRICE) * due.len() as u64;
        reservation.balance_after_refund = Some(person.balance);
        reservation.refunded.extend(due);
        reservation.refunded.sort_unstable();
        if reservation.refunded == reservation.seats {
            reservation.status = Status::Refunded;
        }
    }

    /// The answer to who gives a reservation back.
    fn given_back(&self, index: usize) -> Vec<Answer> {
        let reservation = &self.reservations[index];
        let mut says = reservation.says();
        if let Some(balance) = reservation.balance_after_refund {
            says["current_balance"] = json!(balance);
        }
        done(says)
    }

    pub fn charge(&mut self, who: usize, amount: u64, key: Option<u8>) -> Vec<Answer> {
        if amount == 0 {
            return refused(400, "INVALID_AMOUNT");
        }
        let person = &mut self.people[who];
        let known = key.and_then(|key| person.keys[usize::from(key)]);
        match known {
            Some((before, balance)) if before == amount => {
                return done(json!({ "current_balance": balance }));
            }
            Some(_) => return refused(422, "IDEMPOTENCY_KEY_REUSED"),
            None => {}
        }
        person.balance += amount;
        if let Some(key) = key {
            person.keys[usize::from(key)] = Some((amount, person.balance));
        }
        done(json!({ "current_balance": person.balance }))
    }

    pub fn balance(&self, who: usize) -> Vec<Answer> {
        done(json!({ "current_balance": self.people[who].balance }))
    }
}
