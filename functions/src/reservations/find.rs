//! Finds a reservation in whatever state it is, and shows it in answers.

use serde::Serialize;
use shared::{
    app::App,
    config::Config,
    domain::{
        ids::{ConcertId, PaymentId, PlanId, ReservationId, ShowDate, ShowKey, UserId},
        order::{Hold, Order, OrderStatus},
        seat::SeatSet,
        session::{EndedHold, HoldOutcome, Session},
        user::Name,
    },
    error::ApiError,
    http::{Seconds, Won},
    jiff::Timestamp,
    store::Reading,
};
use utoipa::ToSchema;

use super::seats::{SeatOfReservation, seats};

/// A reservation.
pub(crate) enum Reservation {
    /// A hold that may still be paid.
    Held {
        /// The session that holds.
        session: Box<Session>,
        /// The hold.
        hold: Hold,
    },
    /// A hold that ended without a payment.
    Ended(EndedHold),
    /// An order, paid or refunded.
    Paid(Order),
}

/// Finds a user's reservation of a concert, in all their sessions and orders. Another user's
/// reservation is not found, and neither is one of another concert.
///
/// [`Reading::Eventual`] is for callers that then write on condition that the reservation is as it
/// was read. Cost: 1 RRU for a hold, or 0.5 RRU with [`Reading::Eventual`] if it was not placed
/// this very moment. 1 RRU more for an order, and for a hold that is over.
pub(crate) async fn reservation(
    app: &App,
    user_id: UserId,
    (concert_id, reservation_id): (ConcertId, ReservationId),
    reading: Reading,
    now: Timestamp,
) -> Result<Reservation, ApiError> {
    let mut found = in_sessions(app, user_id, reservation_id, reading, now).await?;
    // A hold that was over in an eventually consistent read may have been paid at the last moment.
    let may_be_paid = match &found {
        None => true,
        Some(Reservation::Ended(_)) => reading == Reading::Eventual,
        Some(_) => false,
    };
    if may_be_paid && let Some(order) = app.store().order(user_id, reservation_id).await? {
        found = Some(Reservation::Paid(order));
    }
    if found.is_none() && reading == Reading::Eventual {
        found = in_sessions(app, user_id, reservation_id, Reading::Consistent, now).await?;
    }
    found
        .filter(|found| found.concert_id() == concert_id)
        .ok_or(ApiError::ReservationNotFound)
}

async fn in_sessions(
    app: &App,
    user_id: UserId,
    reservation_id: ReservationId,
    reading: Reading,
    now: Timestamp,
) -> Result<Option<Reservation>, ApiError> {
    for session in app.store().sessions_of(user_id, reading).await? {
        if let Some(hold) = session.live_hold.clone()
            && hold.reservation_id == reservation_id
        {
            return Ok(Some(if hold.is_live(now) {
                Reservation::Held {
                    session: Box::new(session),
                    hold,
                }
            } else {
                Reservation::Ended(EndedHold::new(&hold, HoldOutcome::Expired))
            }));
        }
        if let Some(ended) = session.last_hold
            && ended.hold.reservation_id == reservation_id
        {
            return Ok(Some(Reservation::Ended(ended)));
        }
    }
    Ok(None)
}

impl Reservation {
    /// The plan of its seats.
    pub(crate) fn plan_id(&self) -> Option<PlanId> {
        match self {
            Self::Held { hold, .. } => hold.plan_id,
            Self::Ended(ended) => ended.hold.plan_id,
            Self::Paid(order) => order.plan_id,
        }
    }

    fn concert_id(&self) -> ConcertId {
        match self {
            Self::Held { hold, .. } => hold.concert_id,
            Self::Ended(ended) => ended.hold.concert_id,
            Self::Paid(order) => order.concert_id,
        }
    }

    /// The status in answers.
    pub(crate) fn status(&self) -> ReservationStatus {
        match self {
            Self::Held { .. } => ReservationStatus::Held,
            Self::Ended(EndedHold {
                outcome: HoldOutcome::Expired,
                ..
            }) => ReservationStatus::Expired,
            Self::Ended(EndedHold {
                outcome: HoldOutcome::Cancelled,
                ..
            }) => ReservationStatus::Cancelled,
            Self::Paid(order) => match order.status {
                OrderStatus::Paid => ReservationStatus::Paid,
                OrderStatus::Refunded => ReservationStatus::Refunded,
            },
        }
    }
}

/// The status of a reservation.
///
/// - `HELD`: it may still be paid.
/// - `PAID`: the seats are sold to the user.
/// - `EXPIRED`: it was not paid in time.
/// - `CANCELLED`: it was given back before it was paid.
/// - `REFUNDED`: it was paid, and then given back for the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum ReservationStatus {
    /// It may still be paid.
    Held,
    /// The seats are sold to the user.
    Paid,
    /// It was not paid in time.
    Expired,
    /// It was given back before it was paid.
    Cancelled,
    /// It was paid, and then given back for the money.
    Refunded,
}

/// A hold, and the payment that it waits for.
#[derive(Serialize, ToSchema)]
pub struct HeldSeats<'a> {
    /// The reservation's id.
    reservation_id: ReservationId,
    /// The concert's id.
    concert_id: ConcertId,
    /// The concert's name when the seats were held. Absent if an early version of the service
    /// stored the hold without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    concert_name: Option<&'a Name>,
    /// The date of the show.
    date: ShowDate,
    /// The show, as `date` of a request names it: its date, and its start if it has one.
    show: ShowKey,
    /// The numbers of the seats.
    seat_numbers: &'a SeatSet,
    /// The seats, with their prices, and with their labels if the show has a plan. Absent in the
    /// answer of a poll.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    seats: Option<Vec<SeatOfReservation>>,
    /// The plan of the hall. Absent if the show has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    plan_id: Option<PlanId>,
    /// The time until which the hold may be paid.
    expiration_time: Seconds,
    /// The time until which the user may get the money back, once the hold is paid. If it is past
    /// already, only an administrator can refund.
    refundable_until: Seconds,
    /// The payment that the hold waits for.
    payment: PendingPayment,
}

/// A payment that has not been made.
#[derive(Serialize, ToSchema)]
pub struct PendingPayment {
    /// The payment's id.
    payment_id: PaymentId,
    /// The amount to pay, in won.
    amount: Won,
    /// The payment's status. Always `PENDING`.
    status: Pending,
}

/// The status of a payment that has not been made. Always `PENDING`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Pending {
    /// Not paid yet.
    Pending,
}

impl<'a> HeldSeats<'a> {
    /// The answer about a hold, with its seats.
    pub(crate) async fn with_seats(hold: &'a Hold, app: &App) -> Self {
        let plan = app.plan_for_labels(hold.plan_id).await;
        Self {
            seats: Some(seats(&hold.seats, &hold.seat_prices(), plan.as_deref())),
            ..Self::of(hold, app.config())
        }
    }

    /// The answer about a hold, with the numbers of its seats only. It needs no plan.
    pub(crate) fn of(hold: &'a Hold, config: &Config) -> Self {
        Self {
            reservation_id: hold.reservation_id,
            concert_id: hold.concert_id,
            concert_name: hold.concert_name.as_ref(),
            date: hold.show_key.date(),
            show: hold.show_key,
            seat_numbers: &hold.seats,
            seats: None,
            plan_id: hold.plan_id,
            expiration_time: Seconds(hold.held_until),
            refundable_until: Seconds(config.refundable_until(hold.show_key.date())),
            payment: PendingPayment {
                payment_id: hold.payment_id,
                amount: Won(hold.amount),
                status: Pending::Pending,
            },
        }
    }
}
