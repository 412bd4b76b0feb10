//! The audit: what must be true of the stored data (`shared/src/store/README.md#invariants`), and
//! the kinds of violations.
//!
//! The functions here judge what has been read. A round of reading takes a while, and purchases go
//! on meanwhile. So most judgements are only a suspicion at first. The audit reads the items again,
//! consistently, before it reports a violation.

mod books;
mod catalog;
mod chain;
mod limits;
mod line;
mod memory;
mod report;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::{
    books::{Books, Sums},
    catalog::{SeatsAndGrades, ShowSeen},
    chain::chain,
    limits::limits,
    line::line,
    memory::{Address, Claim, Memory, Seen, address_hash},
    report::{Checked, Report},
};
use super::{
    ids::{ChangeId, ConcertId, PlanId, QueueId, ReservationId, ShowId, ShowKey, UserId},
    order::{Hold, Order},
    queue::Ticket,
    seat::{CLOCK_SKEW_GRACE, SeatNumber, SeatStatus, TakenSeat},
    session::Session,
};

/// What can be wrong. Each kind is the negation of an invariant of
/// `shared/src/store/README.md#invariants`, whose number is in parentheses, or of what that
/// document says about an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// A seat is sold to a reservation that no order has (3).
    SeatSoldWithoutOrder,
    /// Two paid orders name the same seat (1).
    SeatSoldTwice,
    /// A paid order's seat is not sold at all (3).
    OrderWithoutSeat,
    /// A seat that an order has refunded is still sold to it (3).
    RefundedOrderWithSeat,
    /// A charge, a correction, an order or a refund is missing in a user's chain (2).
    EntryMissing,
    /// Two entries have the same place in a user's chain, so the account lost one of them (2).
    EntriesCollide,
    /// An entry's balance is not the previous balance plus the entry's amount (2).
    BalanceWrong,
    /// A balance is below zero (2).
    BalanceNegative,
    /// The account differs from what its last entry left (2).
    AccountDiffers,
    /// There are entries, but no account (2).
    EntriesWithoutAccount,
    /// A session still holds what has been paid (4).
    PaidSessionHolds,
    /// A session is closed but holds seats (4).
    ClosedSessionHolds,
    /// A session has a live hold, but one of its seats is not held by it (1).
    HoldWithoutSeat,
    /// A seat is held, but no session has or had that hold. The seat becomes free when the hold
    /// lapses (7).
    SeatHeldByNobody,
    /// A seat is held for longer than any hold lasts, or without an end (7).
    SeatHeldTooLong,
    /// A held seat's `ttl` is missing, or is before the hold ends (7).
    HeldSeatTtlWrong,
    /// A sold seat has a `ttl`, so DynamoDB will delete it (3).
    SoldSeatHasTtl,
    /// Two sessions of a queue have the same number, or the same early entry (6).
    NumberDrawnTwice,
    /// A number, or an early entry, is above what the queue has issued (6).
    NumberNeverIssued,
    /// A queue has served fewer people than an earlier audit saw (6).
    ServedWentBack,
    /// More sessions have arrived in a cohort than it has counted, so too many may come in (5).
    ArrivalNotCounted,
    /// A cohort has counted more done than arrived, so too many may come in (5).
    MoreDoneThanArrived,
    /// The prices of an order are not those of its amount, or its partial refunds do not fit to its
    /// seats (2).
    OrderDiffers,
    /// A payment took a user's seats of a concert above the limit that its order has.
    LimitExceeded,
    /// A seat is sold to an order of another user than its own (3).
    SeatOfAnother,
    /// A seat is taken that its show does not have (8).
    SeatBeyondCapacity,
    /// A seat is taken although its show was called off more than an hour ago: nobody has called off
    /// to the end (9).
    CalledOffSells,
    /// A plan is not the one that its id names. Or a show has a plan that is missing, or that has
    /// another number of seats or other grades (10).
    PlanDiffers,
    /// A charge, correction or refund by an administrator, or the calling-off of a show, names a
    /// record that the log of changes does not have (11).
    ChangeNotLogged,
    /// The log of changes has a charge, correction or refund that the user's chain does not have
    /// (11).
    LoggedWithoutEntry,
    /// A user has no account.
    UserWithoutAccount,
    /// An account has no user.
    AccountWithoutUser,
    /// A user's e-mail address is not recorded as theirs, so somebody else could sign up with it.
    AddressNotClaimed,
    /// An e-mail address is recorded for a user that does not have it, so nobody can sign up with
    /// it.
    AddressOfNobody,
    /// An item cannot be read as what its key says it is.
    Unreadable,
}

/// A table, as violations name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Table {
    /// Users and e-mail addresses.
    Users,
    /// Balances, charges and orders.
    Accounts,
    /// Concerts, shows and plans.
    Catalog,
    /// Queues, their numbers and cohorts.
    Queues,
    /// Sessions.
    Sessions,
    /// Seats.
    Seats,
    /// The log of changes.
    Changes,
}

/// A violation: what is wrong and where, in ids. It never contains a name or an e-mail address. A
/// guest's id is their only secret, so logs leave user ids out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// What is wrong.
    pub kind: Kind,
    /// Where it was seen.
    pub table: Table,
    /// The user that it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The place in the user's chain of entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// The reservation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reservation_id: Option<ReservationId>,
    /// The show.
    #[serde(flatten)]
    pub show: Option<ShowId>,
    /// The seat of the show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat_number: Option<SeatNumber>,
    /// The plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<PlanId>,
    /// The queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_id: Option<QueueId>,
    /// The number in the queue, or the cohort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The record in the log of changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_id: Option<ChangeId>,
}

/// A seat, by its show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SeatOfShow {
    /// The concert.
    pub concert_id: ConcertId,
    /// Which show of the concert.
    #[serde(rename = "date")]
    pub show_key: ShowKey,
    /// The seat.
    pub seat_number: SeatNumber,
}

impl SeatOfShow {
    /// A seat of a show.
    pub fn new(show: ShowId, seat_number: SeatNumber) -> Self {
        Self {
            concert_id: show.concert_id,
            show_key: show.key,
            seat_number,
        }
    }

    /// The show.
    pub fn show(self) -> ShowId {
        ShowId {
            concert_id: self.concert_id,
            key: self.show_key,
        }
    }
}

impl Violation {
    /// A violation in a known table. Its item is not known.
    pub fn of(kind: Kind, table: Table) -> Self {
        Self {
            kind,
            table,
            user_id: None,
            seq: None,
            reservation_id: None,
            show: None,
            seat_number: None,
            plan_id: None,
            queue_id: None,
            number: None,
            change_id: None,
        }
    }

    /// A violation at a seat.
    pub fn of_seat(kind: Kind, seat: SeatOfShow, reservation_id: ReservationId) -> Self {
        Self {
            show: Some(seat.show()),
            seat_number: Some(seat.seat_number),
            reservation_id: Some(reservation_id),
            ..Self::of(kind, Table::Seats)
        }
    }

    /// A violation at one seat of an order.
    pub fn of_order(kind: Kind, order: &Order, seat: SeatNumber) -> Self {
        Self {
            user_id: Some(order.user_id),
            reservation_id: Some(order.reservation_id),
            show: Some(order.show()),
            seat_number: Some(seat),
            ..Self::of(kind, Table::Accounts)
        }
    }

    /// A violation of an account, or of the entry at place `seq` of its chain.
    pub fn of_account(kind: Kind, user_id: UserId, seq: Option<u64>) -> Self {
        Self {
            user_id: Some(user_id),
            seq,
            ..Self::of(kind, Table::Accounts)
        }
    }

    /// A violation of a user.
    pub fn of_user(kind: Kind, user_id: UserId) -> Self {
        Self {
            user_id: Some(user_id),
            ..Self::of(kind, Table::Users)
        }
    }

    /// A violation in what a session holds.
    pub fn of_session(
        kind: Kind,
        user_id: UserId,
        queue_id: &QueueId,
        reservation_id: ReservationId,
    ) -> Self {
        Self {
            user_id: Some(user_id),
            queue_id: Some(queue_id.clone()),
            reservation_id: Some(reservation_id),
            ..Self::of(kind, Table::Sessions)
        }
    }

    /// A violation of a session's number or early entry.
    pub fn of_ticket(kind: Kind, session: &Session) -> Self {
        let number = match session.ticket {
            Ticket::Number(number) => number,
            Ticket::Early(entry) => entry.index(),
        };
        Self {
            user_id: Some(session.user_id),
            queue_id: Some(session.queue_id.clone()),
            number: Some(number),
            ..Self::of(kind, Table::Sessions)
        }
    }

    /// A violation of a plan, or of a show with this plan.
    pub fn of_plan(kind: Kind, plan_id: PlanId, show: Option<ShowId>) -> Self {
        Self {
            show,
            plan_id: Some(plan_id),
            ..Self::of(kind, Table::Catalog)
        }
    }

    /// A violation of the record of a change that `user_id` is said to have an entry for.
    pub fn of_record(kind: Kind, change_id: ChangeId, user_id: Option<UserId>) -> Self {
        Self {
            user_id,
            change_id: Some(change_id),
            ..Self::of(kind, Table::Changes)
        }
    }

    /// A violation of a queue, at this number, cohort or entry.
    pub fn of_queue(kind: Kind, queue_id: &QueueId, number: Option<u64>) -> Self {
        Self {
            queue_id: Some(queue_id.clone()),
            number,
            ..Self::of(kind, Table::Queues)
        }
    }
}

/// What is wrong with a seat's item on its own: how long it is held (invariant 7), and that a sold
/// seat has no `ttl` (invariant 3). `ttl` is when DynamoDB deletes the item (seconds).
pub fn seat_alone(seat: &TakenSeat, ttl: Option<i64>, now: Timestamp) -> Vec<Kind> {
    let longest = SignedDuration::from_secs(i64::from(*Hold::SECONDS.end())) + CLOCK_SKEW_GRACE;
    match (seat.status, seat.held_until) {
        (SeatStatus::Sold, _) if ttl.is_some() => vec![Kind::SoldSeatHasTtl],
        (SeatStatus::Sold, _) => vec![],
        (SeatStatus::Held, None) => vec![Kind::SeatHeldTooLong],
        (SeatStatus::Held, Some(until)) => {
            let too_long = until.duration_since(now) > longest;
            let swept_late_enough = ttl.is_some_and(|ttl| ttl >= until.as_second());
            let too_long = too_long.then_some(Kind::SeatHeldTooLong);
            let ttl_wrong = (!swept_late_enough).then_some(Kind::HeldSeatTtlWrong);
            too_long.into_iter().chain(ttl_wrong).collect()
        }
    }
}

/// Compares an order with the current item of one of its seats (invariants 1 and 3). A seat that the
/// order has refunded must not be sold to it any more.
pub fn order_of_seat(order: &Order, number: SeatNumber, seat: Option<&TakenSeat>) -> Option<Kind> {
    let sold = seat.filter(|seat| seat.status == SeatStatus::Sold);
    let is_anothers = |seat: &TakenSeat| seat.buyer.is_some_and(|buyer| buyer != order.user_id);
    match (
        order.has_refunded(number),
        sold.map(|seat| seat.reservation_id),
    ) {
        (false, Some(sold_to)) if sold_to == order.reservation_id => {
            let of_another = sold.is_some_and(is_anothers);
            of_another.then_some(Kind::SeatOfAnother)
        }
        (false, Some(_)) => Some(Kind::SeatSoldTwice),
        (false, None) => Some(Kind::OrderWithoutSeat),
        (true, Some(sold_to)) if sold_to == order.reservation_id => {
            Some(Kind::RefundedOrderWithSeat)
        }
        (true, _) => None,
    }
}

#[cfg(test)]
mod tests;
