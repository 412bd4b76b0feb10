//! Finding a reservation, in whatever state it is, and how one is told.

use serde::Serialize;
use serde_json::value::RawValue;
use shared::{
    app::App,
    domain::{
        ids::{ConcertId, PaymentId, ReservationId, ShowDate, UserId},
        order::{Hold, Order},
        session::{EndedHold, HoldOutcome, Session},
    },
    error::ApiError,
    jiff::Timestamp,
    store::Reading,
};

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
    /// Paid.
    Paid(Order),
}

/// Finds a user's reservation of a concert, over all their sessions and orders. Somebody else's
/// is not found, and neither is one of another concert. 1 RRU for a hold, and one more for an
/// order; 0.5 less for a hold that was not placed this very moment, read [`Reading::Lately`] by
/// who goes on to write on condition that it is so.
pub(crate) async fn reservation(
    app: &App,
    user_id: UserId,
    (concert_id, reservation_id): (ConcertId, ReservationId),
    reading: Reading,
    now: Timestamp,
) -> Result<Reservation, ApiError> {
    let mut found = in_sessions(app, user_id, reservation_id, reading, now).await?;
    if found.is_none() {
        found = app
            .store()
            .order(user_id, reservation_id)
            .await?
            .map(Reservation::Paid);
    }
    if found.is_none() && reading == Reading::Lately {
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
                Reservation::Ended(EndedHold {
                    hold,
                    outcome: HoldOutcome::Expired,
                })
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

    /// As the API writes it.
    pub(crate) fn status(&self) -> &'static str {
        match self {
            Self::Held { .. } => "HELD",
            Self::Ended(EndedHold {
                outcome: HoldOutcome::Expired,
                ..
            }) => "EXPIRED",
            Self::Ended(EndedHold {
                outcome: HoldOutcome::Cancelled,
                ..
            }) => "CANCELLED",
            Self::Paid(_) => "PAID",
        }
    }
}

/// What is held and what it costs, as the API tells it.
#[derive(Serialize)]
pub(crate) struct HeldSeats<'a> {
    reservation_id: ReservationId,
    concert_id: ConcertId,
    date: ShowDate,
    seat_numbers: &'a shared::domain::seat::SeatSet,
    expiration_time: Timestamp,
    payment: PendingPayment,
}

#[derive(Serialize)]
struct PendingPayment {
    payment_id: PaymentId,
    amount: Box<RawValue>,
    status: &'static str,
}

impl<'a> HeldSeats<'a> {
    /// What a hold holds.
    pub(crate) fn of(hold: &'a Hold) -> Self {
        Self {
            reservation_id: hold.reservation_id,
            concert_id: hold.concert_id,
            date: hold.date,
            seat_numbers: &hold.seats,
            expiration_time: hold.held_until,
            payment: PendingPayment {
                payment_id: hold.payment_id,
                amount: hold.amount.json(),
                status: "PENDING",
            },
        }
    }
}
