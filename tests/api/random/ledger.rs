//! Who owns each seat, according to all answers.

use std::{
    collections::{HashMap, HashSet},
    sync::Mutex,
};

use shared::jiff::Timestamp;

use super::locked;

/// A seat: the concert, the show and the number.
pub type Seat = (String, String, u64);

/// Who owns each seat, according to all answers.
#[derive(Default)]
pub struct Ledger(Mutex<Book>);

#[derive(Default)]
struct Book {
    seats: HashMap<Seat, Claim>,
    /// Reservations that a user has begun to give up. Nobody can rely on them any more.
    given_up: HashSet<String>,
}

struct Claim {
    reservation_id: String,
    /// Until when the seat was promised; for ever if it is paid.
    until: Timestamp,
}

impl Ledger {
    /// A user is about to give a reservation up.
    pub fn give_up(&self, reservation_id: &str) {
        locked(&self.0).given_up.insert(reservation_id.to_owned());
    }

    /// Whether a user has begun to give it up.
    pub fn is_given_up(&self, reservation_id: &str) -> bool {
        locked(&self.0).given_up.contains(reservation_id)
    }

    /// An answer has just promised seats to a user until `until`. Returns those that were promised
    /// to another reservation at the same time.
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
            // An earlier answer about the same reservation may have promised more.
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
