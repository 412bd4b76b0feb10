//! Money: one event for each entry of an account's chain. So the books of every account can be
//! rebuilt from events alone.

use serde::Serialize;
use utoipa::ToSchema;

use super::{BuyerId, Buyers, Event, Fact, Images};
use crate::domain::{
    ids::{ConcertId, CorrectionId, PaymentId, PlanId, ReservationId, ShowDate, ShowKey},
    money::Money,
    order::{Charge, Correction, Order},
    reason::Explanation,
    seat::SeatSet,
    values::{Won, WonMoved},
};

/// Who moved the money.
///
/// - `buyer`: the owner of the account.
/// - `administrator`: an administrator, for example because a show was called off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MovedBy {
    /// The owner of the account.
    Buyer,
    /// An administrator.
    Administrator,
}

impl MovedBy {
    fn of(is_administrator: bool) -> Self {
        if is_administrator {
            Self::Administrator
        } else {
            Self::Buyer
        }
    }
}

/// Money came into an account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChargeMade {
    /// The owner of the account.
    buyer: BuyerId,
    /// The number of this entry of the account, from 1 and without gaps.
    #[schema(minimum = 1)]
    seq: u64,
    /// The amount, in won.
    amount: Won,
    /// The balance right after it, in won.
    balance_after: Won,
    /// Who made the charge.
    by: MovedBy,
}

/// An administrator corrected a balance.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BalanceCorrected {
    /// The owner of the account.
    buyer: BuyerId,
    /// The number of this entry of the account, from 1 and without gaps.
    #[schema(minimum = 1)]
    seq: u64,
    /// The amount, in won. Below 0 if it takes from the balance.
    amount: WonMoved,
    /// The balance right after it, in won.
    balance_after: Won,
    /// The id of the correction.
    correction_id: CorrectionId,
}

/// Seats were paid for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrderPaid {
    /// Who paid, from the balance.
    buyer: BuyerId,
    /// The number of this entry of the account, from 1 and without gaps.
    #[schema(minimum = 1)]
    seq: u64,
    /// The amount that was paid, in won. The balance is less by it.
    amount: Won,
    /// The balance right after it, in won.
    balance_after: Won,
    /// The id of the reservation.
    reservation_id: ReservationId,
    /// The id of the payment.
    payment_id: PaymentId,
    /// The id of the concert.
    concert_id: ConcertId,
    /// The day of the show.
    date: ShowDate,
    /// The show.
    show: ShowKey,
    /// The numbers of the seats, in order.
    seat_numbers: SeatSet,
    /// The price of each of these seats, in the same order, in won.
    prices: Vec<Won>,
    /// The plan of the hall. Absent if the seats have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    plan_id: Option<PlanId>,
}

/// Seats of an order were given back for their money.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrderRefunded {
    /// Who got the money, into the balance.
    buyer: BuyerId,
    /// The number of this entry of the account, from 1 and without gaps.
    #[schema(minimum = 1)]
    seq: u64,
    /// The amount that was given back, in won.
    amount: Won,
    /// The balance right after it, in won.
    balance_after: Won,
    /// The id of the reservation.
    reservation_id: ReservationId,
    /// The id of the payment.
    payment_id: PaymentId,
    /// The id of the concert.
    concert_id: ConcertId,
    /// The day of the show.
    date: ShowDate,
    /// The show.
    show: ShowKey,
    /// The numbers of the seats that this refund gave back, in order.
    seat_numbers: SeatSet,
    /// How many seats of the order the buyer still has.
    seats_left: usize,
    /// Who refunded them.
    by: MovedBy,
}

/// The events of a write to a charge.
pub(super) fn of_charge(buyer: BuyerId, images: &Images<Charge>) -> Vec<Event> {
    // A charge never changes.
    let (None, Some(charge)) = (&images.old, &images.new) else {
        return Vec::new();
    };
    let fact = ChargeMade {
        buyer,
        seq: charge.seq,
        amount: Won(charge.amount),
        balance_after: Won(charge.balance_after),
        by: MovedBy::of(charge.change_id.is_some()),
    };
    // The item may be named by a client's key. Its place in the chain has no secret.
    let id = format!("charge/{buyer}/{}", charge.seq);
    vec![Event::new(
        id,
        charge.charged_at,
        Fact::ChargeMade(fact.into()),
    )]
}

/// The events of a write to a correction.
pub(super) fn of_correction(buyer: BuyerId, images: &Images<Correction>) -> Vec<Event> {
    let (None, Some(correction)) = (&images.old, &images.new) else {
        return Vec::new();
    };
    let fact = BalanceCorrected {
        buyer,
        seq: correction.seq,
        amount: WonMoved(correction.amount),
        balance_after: Won(correction.balance_after),
        correction_id: correction.correction_id,
    };
    let id = format!("correction/{}", correction.correction_id);
    vec![Event::new(
        id,
        correction.corrected_at,
        Fact::BalanceCorrected(fact.into()),
    )]
}

/// The events of a write to an order: its payment if it is new, and each refund that is new.
pub(super) fn of_order(buyers: &Buyers, images: &Images<Order>) -> Vec<Event> {
    let Some(order) = &images.new else {
        return Vec::new();
    };
    let (returned_before, was_refunded) = images
        .old
        .as_ref()
        .map_or((0, false), |old| (old.returned.len(), old.refund.is_some()));
    let buyer = buyers.buyer(order.user_id);
    let mut events = Vec::new();
    if images.old.is_none() {
        events.push(paid(buyer, order));
    }
    let mut seats_left = order.seats.len();
    for (index, part) in order.returned.iter().enumerate() {
        seats_left = seats_left.saturating_sub(part.seats.len());
        if index >= returned_before {
            let refund = Refund {
                seq: part.seq,
                amount: part.amount,
                balance_after: part.balance_after,
                seats: part.seats.clone(),
                seats_left,
                explanation: part.explanation.as_ref(),
            };
            events.push(refund.event(buyer, order, part.at));
        }
    }
    if let Some(rest) = order.refund.as_ref().filter(|_| !was_refunded) {
        let refund = Refund {
            seq: rest.seq,
            amount: order.amount_of_rest().unwrap_or_default(),
            balance_after: rest.balance_after,
            seats: rest_of(order),
            seats_left: 0,
            explanation: rest.explanation.as_ref(),
        };
        events.push(refund.event(buyer, order, rest.at));
    }
    events
}

/// The seats of an order that no partial refund has given back. If there are none, which only a
/// mistake can cause, all of them.
fn rest_of(order: &Order) -> SeatSet {
    let is_returned = |seat| order.returned.iter().any(|part| part.seats.contains(seat));
    let rest = order.seats.iter().filter(|seat| !is_returned(*seat));
    SeatSet::new(rest.collect()).unwrap_or_else(|_| order.seats.clone())
}

fn paid(buyer: BuyerId, order: &Order) -> Event {
    let fact = OrderPaid {
        buyer,
        seq: order.seq,
        amount: Won(order.amount),
        balance_after: Won(order.balance_after),
        reservation_id: order.reservation_id,
        payment_id: order.payment_id,
        concert_id: order.concert_id,
        date: order.show_key.date(),
        show: order.show_key,
        seat_numbers: order.seats.clone(),
        prices: order.seat_prices().into_iter().map(Won).collect(),
        plan_id: order.plan_id,
    };
    let id = format!("order/{}/paid", order.reservation_id);
    Event::new(id, order.paid_at, Fact::OrderPaid(fact.into()))
}

/// A refund of some seats of an order, or of the rest.
struct Refund<'a> {
    seq: u64,
    amount: Money,
    balance_after: Money,
    seats: SeatSet,
    seats_left: usize,
    explanation: Option<&'a Explanation>,
}

impl Refund<'_> {
    fn event(self, buyer: BuyerId, order: &Order, at: jiff::Timestamp) -> Event {
        let fact = OrderRefunded {
            buyer,
            seq: self.seq,
            amount: Won(self.amount),
            balance_after: Won(self.balance_after),
            reservation_id: order.reservation_id,
            payment_id: order.payment_id,
            concert_id: order.concert_id,
            date: order.show_key.date(),
            show: order.show_key,
            seat_numbers: self.seats,
            seats_left: self.seats_left,
            by: MovedBy::of(self.explanation.is_some()),
        };
        let id = format!("order/{}/refunded/{}", order.reservation_id, self.seq);
        Event::new(id, at, Fact::OrderRefunded(fact.into()))
    }
}
