//! Whose a seat is, by what everybody was told.

use std::{
    collections::{HashMap, HashSet},
    sync::Mutex,
};

use shared::jiff::Timestamp;

use super::locked;

/// A seat: the concert, the date and the number.
pub type Seat = (String, String, u64);

/// Whose each seat is, by what everybody was told.
#[derive(Default)]
pub struct Ledger(Mutex<Book>);

#[derive(Default)]
struct Book {
    seats: HashMap<Seat, Claim>,
    /// Reservations that somebody has begun to give up: from then on nobody can rely on them.
    given_up: HashSet<String>,
}

struct Claim {
    reservation_id: String,
    /// Until when it was promised; a paid one for good.
    until: Timestamp,
}

impl Ledger {
    /// Somebody is about to give a reservation up.
    pub fn give_up(&self, reservation_id: &str) {
        locked(&self.0).given_up.insert(reservation_id.to_owned());
    }

    /// Whether somebody has begun to give it up.
    pub fn is_given_up(&self, reservation_id: &str) -> bool {
        locked(&self.0).given_up.contains(reservation_id)
    }

    /// Somebody has just been told that seats are theirs until then. Tells which of them had been
    /// promised to another reservation at this very time.
    pub fn claim(
        &self,
        reservation_id: &str,
        seats: impl IntoIterator<Item = Seat>,
        until: Timestamp,
        now: Timestamp,
    ) -> Vec<(Seat, String)> {
        let mut book = locked(&self.0);
        let mut lost = Vec::new();
        for seat in seats {
            if let Some(claim) = book.seats.get(&seat)
                && claim.reservation_id != reservation_id
                && now < claim.until
                && !book.given_up.contains(&claim.reservation_id)
                && !book.given_up.contains(reservation_id)
            {
                lost.push((seat.clone(), claim.reservation_id.clone()));
            }
            let known = book.seats.get(&seat);
            // What was told of the same reservation before may have been better.
            let until = known
                .filter(|claim| claim.reservation_id == reservation_id)
                .map_or(until, |claim| claim.until.max(until));
            let claim = Claim {
                reservation_id: reservation_id.to_owned(),
                until,
            };
            if !book.given_up.contains(reservation_id) {
                book.seats.insert(seat, claim);
            }
        }
        lost
    }
}
