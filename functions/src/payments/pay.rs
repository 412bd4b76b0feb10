//! `POST /v1/concerts/{concert_id}/reservations/{reservation_id}/payments`: pay for held seats
//! from the balance.
//!
//! One transaction: the order is there, the session is closed, the seats are sold and the money
//! is taken, or nothing of it. Refused when the hold has lapsed (410), when the amount is not
//! the reservation's (409) and when there is too little money (402). A paid reservation answers
//! with its receipt again.
//!
//! 6 WRU and 2 for each seat, and 1 to give the place in the line to the next; 1.5 RRU.

use serde::Serialize;
use serde_json::value::RawValue;
use shared::{
    app::App,
    domain::{
        ids::{ConcertId, PaymentId, ReservationId, ShowDate, UserId},
        money::Money,
        order::{Hold, Order},
        seat::SeatSet,
        session::Session,
    },
    error::ApiError,
    http::{JsonBody, RequestParts as _, ok},
    jiff::Timestamp,
    lambda_http::{Body, Request, Response},
    store::{
        Reading, Rejected,
        purchase::{PayRefused, Payment},
    },
    texts::Done,
};

use crate::reservations::find::{Reservation, reservation};

#[derive(Serialize)]
struct Receipt<'a> {
    message: &'static str,
    payment_id: PaymentId,
    reservation_id: ReservationId,
    concert_id: ConcertId,
    date: ShowDate,
    seat_number: u32,
    seat_numbers: &'a SeatSet,
    user_id: UserId,
    amount: Box<RawValue>,
    current_balance: Box<RawValue>,
}

/// Pays and answers with the receipt.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let (claims, now) = app.queue_user(&request).await?;
    let amount = amount(&request)?;
    let ids = request.reservation_id()?;

    let order = match reservation(&app, claims.sub, ids, Reading::Lately, now).await? {
        Reservation::Paid(order) => order,
        Reservation::Ended(_) => return Err(ApiError::HoldExpired),
        Reservation::Held { hold, .. } if Some(hold.amount) != amount => {
            return Err(ApiError::AmountMismatch);
        }
        Reservation::Held { session, hold } => pay(&app, &session, &hold, now).await?,
    };
    if Some(order.amount) != amount {
        return Err(ApiError::AmountMismatch);
    }
    ok(&receipt(&order, Done::Paid.message(request.language())))
}

/// The amount to pay; `None` when it is a number that no reservation costs.
fn amount(request: &Request) -> Result<Option<Money>, ApiError> {
    let body = JsonBody::of(request)?;
    if !body.has("reservation_id") {
        return Err(ApiError::MissingField("reservation_id"));
    }
    let details = body.object("payment_details");
    let amount = details
        .as_ref()
        .and_then(|details| details.raw("amount"))
        .filter(|json| json.starts_with(|first: char| first == '-' || first.is_ascii_digit()))
        .ok_or(ApiError::MissingPaymentAmount)?;

    let named: Option<ReservationId> = body.field("reservation_id").flatten();
    let path: Option<ReservationId> = request.path("reservation_id").parse().ok();
    let by_balance = match body.field::<String>("payment_method") {
        None => true,
        Some(method) => method.is_some_and(|method| method == "BALANCE"),
    };
    // A malformed id in the path is not found rather than different.
    let is_paths = path.is_none() || named == path;
    if named.is_none() || !is_paths || !by_balance {
        return Err(ApiError::BadRequest);
    }
    Ok(Money::parse(amount))
}

async fn pay(app: &App, session: &Session, hold: &Hold, now: Timestamp) -> Result<Order, ApiError> {
    match app.store().pay(session, hold, now).await {
        Ok(Payment::Now(order)) => {
            app.count_through(session, now).await;
            Ok(order)
        }
        Ok(Payment::Before(order)) => Ok(order),
        Err(Rejected::Refused(PayRefused::InsufficientBalance)) => {
            Err(ApiError::InsufficientBalance)
        }
        Err(Rejected::Refused(PayRefused::HoldOver)) => Err(ApiError::HoldExpired),
        Err(Rejected::Refused(PayRefused::NoAccount)) => {
            Err(ApiError::bug("a session's user has no account"))
        }
        Err(Rejected::Failed(error)) => Err(error.into()),
    }
}

fn receipt<'a>(order: &'a Order, message: &'static str) -> Receipt<'a> {
    Receipt {
        message,
        payment_id: order.payment_id,
        reservation_id: order.reservation_id,
        concert_id: order.concert_id,
        date: order.date,
        seat_number: order.seats.first().get(),
        seat_numbers: &order.seats,
        user_id: order.user_id,
        amount: order.amount.json(),
        current_balance: order.balance_after.json(),
    }
}
