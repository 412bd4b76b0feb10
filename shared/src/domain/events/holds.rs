//! Holds: each that was placed ends once. It is paid (`order.paid` says so), or expires, or is
//! cancelled.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{BuyerId, Buyers, Event, Fact, Images};
use crate::domain::{
    ids::{ConcertId, PaymentId, QueueId, ReservationId, ShowDate, ShowKey},
    order::Hold,
    seat::SeatSet,
    session::{Ending, HoldOutcome, Session},
    values::{Seconds, Won},
};

/// Seats are kept for a buyer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HoldPlaced {
    /// The buyer.
    buyer: BuyerId,
    /// The id of the reservation.
    reservation_id: ReservationId,
    /// The id that its payment will have.
    payment_id: PaymentId,
    /// The queue that let the buyer in.
    queue_id: QueueId,
    /// The id of the concert.
    concert_id: ConcertId,
    /// The day of the show.
    date: ShowDate,
    /// The show.
    show: ShowKey,
    /// The numbers of the seats, in order.
    seat_numbers: SeatSet,
    /// The price of all of them, in won.
    amount: Won,
    /// Until when they are held. From then on they are free, whether or not `hold.expired` has come.
    expiration_time: Seconds,
}

/// A hold ended without a payment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HoldEnded {
    /// The buyer.
    buyer: BuyerId,
    /// The id of the reservation.
    reservation_id: ReservationId,
    /// The queue that let the buyer in.
    queue_id: QueueId,
    /// The id of the concert.
    concert_id: ConcertId,
    /// The day of the show.
    date: ShowDate,
    /// The show.
    show: ShowKey,
    /// The numbers of the seats, in order.
    seat_numbers: SeatSet,
}

/// The events of a write to a session.
pub(super) fn of_session(
    buyers: &Buyers,
    images: &Images<Session>,
    written_at: Timestamp,
) -> Vec<Event> {
    let hold_of = |session: &Option<Session>| session.as_ref()?.live_hold.clone();
    let (before, after) = (hold_of(&images.old), hold_of(&images.new));
    let id_of = |hold: &Option<Hold>| hold.as_ref().map(|hold| hold.reservation_id);
    if id_of(&before) == id_of(&after) {
        return Vec::new();
    }
    let mut events = Vec::new();
    if let (Some(session), Some(hold)) = (&images.old, before)
        && let Some(outcome) = ending(session, images.new.as_ref(), &hold)
    {
        events.push(ended(buyers, session, &hold, outcome, written_at));
    }
    if let (Some(session), Some(hold)) = (&images.new, after) {
        events.push(placed(buyers, session, hold, written_at));
    }
    events
}

/// How a hold ended that is gone from its session; `None` if it was paid. A session that is deleted
/// or replaced with a hold in it leaves a hold that nobody paid.
fn ending(before: &Session, after: Option<&Session>, hold: &Hold) -> Option<HoldOutcome> {
    let Some(after) = after else {
        return Some(HoldOutcome::Expired);
    };
    if after.jti == before.jti && after.closed == Some(Ending::Paid) {
        return None;
    }
    let told = after.last_hold.as_ref();
    let told = told.filter(|last| last.hold.reservation_id == hold.reservation_id);
    Some(told.map_or(HoldOutcome::Expired, |last| last.outcome))
}

fn placed(buyers: &Buyers, session: &Session, hold: Hold, at: Timestamp) -> Event {
    let id = format!("hold/{}/placed", hold.reservation_id);
    let fact = HoldPlaced {
        buyer: buyers.buyer(session.user_id),
        reservation_id: hold.reservation_id,
        payment_id: hold.payment_id,
        queue_id: session.queue_id.clone(),
        concert_id: hold.concert_id,
        date: hold.show_key.date(),
        show: hold.show_key,
        seat_numbers: hold.seats,
        amount: Won(hold.amount),
        expiration_time: Seconds(hold.held_until),
    };
    Event::new(id, at, Fact::HoldPlaced(fact.into()))
}

fn ended(
    buyers: &Buyers,
    session: &Session,
    hold: &Hold,
    outcome: HoldOutcome,
    written_at: Timestamp,
) -> Event {
    let fact = Box::new(HoldEnded {
        buyer: buyers.buyer(session.user_id),
        reservation_id: hold.reservation_id,
        queue_id: session.queue_id.clone(),
        concert_id: hold.concert_id,
        date: hold.show_key.date(),
        show: hold.show_key,
        seat_numbers: hold.seats.clone(),
    });
    // A hold ends once, so both ends could have one id. But a reader should see which it was.
    let (how, at, fact) = match outcome {
        HoldOutcome::Expired => ("expired", hold.held_until, Fact::HoldExpired(fact)),
        HoldOutcome::Cancelled => ("cancelled", written_at, Fact::HoldCancelled(fact)),
    };
    Event::new(format!("hold/{}/{how}", hold.reservation_id), at, fact)
}
