//! The content of the tables, what is under way, and the time.

use std::sync::LazyLock;

use shared::{
    domain::{
        ids::ReservationId,
        seat::{CLOCK_SKEW_GRACE, SeatNumber, SeatStatus, TakenSeat},
    },
    jiff::{SignedDuration, Timestamp},
};

use super::requests::{Request, Wish};

/// How long a hold lasts, in steps of the clock. A step is as long as
/// [`CLOCK_SKEW_GRACE`](shared::domain::seat::CLOCK_SKEW_GRACE).
pub const HOLD: u8 = 2;

/// Every user's first balance. It is enough for both seats, which cost 1 each.
pub const WEALTH: u8 = 2;

/// The clock stops before this.
pub const END: u8 = 8;

/// Whether a seat that is held until the first time is taken at the second, by the domain's rule.
/// It is computed once, because there are few times and millions of states.
static HELD_SEAT_IS_TAKEN: LazyLock<[[bool; END as usize]; END as usize]> = LazyLock::new(|| {
    let reservation_id = ReservationId::new();
    let moment = |n: usize| at(u8::try_from(n).expect("a moment"));
    let is_taken = |until: usize, now: usize| {
        let seat = TakenSeat {
            seat: SeatNumber::new(1).expect("a seat"),
            status: SeatStatus::Held,
            reservation_id,
            held_until: Some(moment(until)),
            active_until: None,
            buyer: None,
        };
        seat.is_taken(moment(now))
    };
    std::array::from_fn(|until| std::array::from_fn(|now| is_taken(until, now)))
});

/// A time.
pub fn at(now: u8) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(CLOCK_SKEW_GRACE.as_secs() * i64::from(now))
}

/// The whole state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    pub now: u8,
    /// How many requests were made.
    pub made: u8,
    /// How many reservations there were.
    pub reserved: u8,
    pub seats: [Place; 2],
    pub sessions: [Session; 2],
    pub accounts: [Account; 2],
    pub orders: Vec<Order>,
    pub messages: Vec<Message>,
    /// The requests under way.
    pub requests: Vec<Request>,
}

/// A seat, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    Free,
    Held { reservation: u8, until: u8 },
    Sold { reservation: u8 },
}

impl Place {
    /// Whether it is taken, by the domain's rule.
    pub fn is_taken(self, now: u8) -> bool {
        match self {
            Self::Free => false,
            Self::Held { until, .. } => HELD_SEAT_IS_TAKEN[usize::from(until)][usize::from(now)],
            Self::Sold { .. } => true,
        }
    }

    /// Whether it is held by a reservation.
    pub fn is_held_by(self, whose: u8) -> bool {
        matches!(self, Self::Held { reservation, .. } if reservation == whose)
    }
}

/// A passage through the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Session {
    pub jti: u8,
    pub hold: Option<Hold>,
    pub last_hold: Option<Hold>,
    pub closed: Option<Ending>,
}

impl Session {
    /// Whether it is over.
    pub fn is_over(&self, now: u8) -> bool {
        self.closed.is_some() || self.hold.is_some_and(|hold| !hold.is_live(now))
    }
}

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ending {
    HoldExpired,
    Left,
    Paid,
}

/// A seat that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hold {
    pub reservation: u8,
    pub seat: usize,
    pub until: u8,
}

impl Hold {
    /// Whether it may still be paid.
    pub fn is_live(&self, now: u8) -> bool {
        now < self.until
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    pub balance: u8,
    pub seq: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Order {
    pub reservation: u8,
    pub user: usize,
    pub jti: u8,
    pub seat: usize,
}

/// A release message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Message {
    pub user: usize,
    pub reservation: u8,
    /// Whether it has been delivered without being removed.
    pub doubled: bool,
}

impl Default for State {
    /// Both users have come in, and both seats are free.
    fn default() -> Self {
        let account = Account {
            balance: WEALTH,
            seq: 0,
        };
        Self {
            now: 0,
            made: 0,
            reserved: 0,
            seats: [Place::Free; 2],
            sessions: [Session::default(); 2],
            accounts: [account; 2],
            orders: Vec::new(),
            messages: Vec::new(),
            requests: Vec::new(),
        }
    }
}

impl State {
    /// What a user may ask for.
    pub fn wishes(&self, user: usize) -> impl Iterator<Item = Wish> + use<> {
        let session = self.sessions[user];
        let about = session.hold.or(session.last_hold);
        let paid = self.orders.iter().find(|order| order.user == user);
        let about = about.map(|hold| hold.reservation);
        let about = about.or(paid.map(|order| order.reservation));
        [Wish::Hold(0), Wish::Hold(1), Wish::Leave, Wish::Join]
            .into_iter()
            .chain(about.map(Wish::Pay))
            .chain(about.map(Wish::Cancel))
    }
}
