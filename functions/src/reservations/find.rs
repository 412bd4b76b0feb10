//! Finding a reservation, in whatever state it is, and how one is told.

use serde::Serialize;
use shared::{
    app::App,
    config::Config,
    domain::{
        ids::{ConcertId, PaymentId, ReservationId, ShowDate, UserId},
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

/// A reservation.
pub(crate) enum Reservation {
    /// Unpaid, and it may still be paid.
    Held {
        /// The session that holds.
        session: Box<Session>,
        /// What it holds.
        hold: Hold,
    },
    /// Over without having been paid.
    Ended(EndedHold),
    /// Paid, and perhaps refunded since.
    Paid(Order),
}

/// Finds a user's reservation of a concert, over all their sessions and orders. Somebody else's
/// is not found, and neither is one of another concert. 1 RRU for a hold, and one more for an
/// order, and for a hold that is over; 0.5 less for a hold that was not placed this very moment, read [`Reading::Eventual`] by
/// who goes on to write on condition that it is so.
pub(crate) async fn reservation(
    app: &App,
    user_id: UserId,
    (concert_id, reservation_id): (ConcertId, ReservationId),
    reading: Reading,
    now: Timestamp,
) -> Result<Reservation, ApiError> {
    let mut found = in_sessions(app, user_id, reservation_id, reading, now).await?;
    // What was read a moment late may have been paid since, at the last moment.
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
    fn concert_id(&self) -> ConcertId {
        match self {
            Self::Held { hold, .. } => hold.concert_id,
            Self::Ended(ended) => ended.hold.concert_id,
            Self::Paid(order) => order.concert_id,
        }
    }

    /// As the API tells it.
    pub(crate) fn status(&self) -> Status {
        match self {
            Self::Held { .. } => Status::Held,
            Self::Ended(EndedHold {
                outcome: HoldOutcome::Expired,
                ..
            }) => Status::Expired,
            Self::Ended(EndedHold {
                outcome: HoldOutcome::Cancelled,
                ..
            }) => Status::Cancelled,
            Self::Paid(order) => match order.status {
                OrderStatus::Paid => Status::Paid,
                OrderStatus::Refunded => Status::Refunded,
            },
        }
    }
}

/// What has become of a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = ReservationStatus)]
pub enum Status {
    /// It may still be paid.
    Held,
    /// The seats are the buyer's.
    Paid,
    /// It was not paid in time.
    Expired,
    /// Its owner gave it up.
    Cancelled,
    /// It was paid; the seats were given back, and the money too.
    Refunded,
}

/// What is held and what it costs, as the API tells it.
#[derive(Serialize, ToSchema)]
pub struct HeldSeats<'a> {
    /// The reservation.
    reservation_id: ReservationId,
    /// The concert.
    concert_id: ConcertId,
    /// What the concert was called when the seats were held.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    concert_name: Option<&'a Name>,
    /// The date of the show.
    date: ShowDate,
    /// The seats.
    seat_numbers: &'a SeatSet,
    /// Until when it may be paid.
    expiration_time: Seconds,
    /// Until when it may be given back for its money, once it is paid. It may be in the past
    /// already: then only an administrator can refund it.
    refundable_until: Seconds,
    /// The payment that it awaits.
    payment: PendingPayment,
}

/// A payment that is awaited.
#[derive(Serialize, ToSchema)]
pub struct PendingPayment {
    /// Its id.
    payment_id: PaymentId,
    /// What is to be paid.
    amount: Won,
    /// That it is not paid.
    status: Pending,
}

/// The status of a payment that is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Pending {
    /// Not paid yet.
    Pending,
}

impl<'a> HeldSeats<'a> {
    /// What a hold holds.
    pub(crate) fn of(hold: &'a Hold, config: &Config) -> Self {
        Self {
            reservation_id: hold.reservation_id,
            concert_id: hold.concert_id,
            concert_name: hold.concert_name.as_ref(),
            date: hold.date,
            seat_numbers: &hold.seats,
            expiration_time: Seconds(hold.held_until),
            refundable_until: Seconds(config.refundable_until(hold.date)),
            payment: PendingPayment {
                payment_id: hold.payment_id,
                amount: Won(hold.amount),
                status: Pending::Pending,
            },
        }
    }
}
