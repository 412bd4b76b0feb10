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

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Order {
    pub reservation: u8,
    pub user: usize,
    pub jti: u8,
    /// Which seats it is for.
    pub seats: Seats,
    /// Which of them are refunded.
    pub returned: Seats,
    /// How many refunds there were.
    pub refunds: u8,
    /// Whether its status says that it is refunded.
    pub is_refunded: bool,
}

impl Order {
    /// A paid order.
    pub fn paid(reservation: u8, user: usize, jti: u8, seats: Seats) -> Self {
        Self {
            reservation,
            user,
            jti,
            seats,
            returned: Seats::default(),
            refunds: 0,
            is_refunded: false,
        }
    }

    /// The seats that are not refunded.
    pub fn left(&self) -> Seats {
        self.seats.without(self.returned)
    }
}

/// Some of the two seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Seats([bool; 2]);

impl Seats {
    pub const BOTH: Self = Self([true; 2]);

    /// One seat.
    pub fn one(seat: usize) -> Self {
        Self([seat == 0, seat == 1])
    }

    /// Those that are not among others.
    pub fn without(self, others: Self) -> Self {
        Self(std::array::from_fn(|seat| self.0[seat] && !others.0[seat]))
    }

    /// Those that are among these or the others.
    pub fn and(self, others: Self) -> Self {
        Self(std::array::from_fn(|seat| self.0[seat] || others.0[seat]))
    }

    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..2).filter(move |seat| self.0[*seat])
    }

    /// How many they are.
    pub fn count(self) -> u8 {
        self.0.into_iter().map(u8::from).sum()
    }
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
    /// The first user has bought both seats in one order, and has come in again.
    pub fn sold() -> Self {
        let order = Order::paid(0, 0, 0, Seats::BOTH);
        let mut state = Self {
            reserved: 1,
            seats: [Place::Sold { reservation: 0 }; 2],
            orders: vec![order],
            ..Self::default()
        };
        state.sessions[0].jti = 1;
        state.accounts[0] = Account {
            balance: WEALTH - order.seats.count(),
            seq: 1,
        };
        state
    }

    /// An order.
    pub fn order(&self, reservation: u8) -> &Order {
        let mut orders = self.orders.iter();
        let order = orders.find(|order| order.reservation == reservation);
        order.expect("orders stay")
    }

    /// An order, to be changed.
    pub fn order_mut(&mut self, reservation: u8) -> &mut Order {
        let mut orders = self.orders.iter_mut();
        let order = orders.find(|order| order.reservation == reservation);
        order.expect("orders stay")
    }

    /// The refunds that a user may ask for: of each seat of an order, and of the whole.
    pub fn refunds(&self, user: usize) -> impl Iterator<Item = Wish> + use<> {
        let mine = self.orders.iter().filter(|order| order.user == user);
        let mine: Vec<_> = mine.copied().collect();
        mine.into_iter().flat_map(|order| {
            let single = order.seats.iter().map(Seats::one);
            let single = single.filter(move |_| order.seats.count() > 1);
            let all = single.chain([order.seats]);
            all.map(move |seats| Wish::Refund(order.reservation, seats))
        })
    }

    /// What a user may ask for, besides refunds.
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
