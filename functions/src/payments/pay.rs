//! `POST /v1/concerts/{concert_id}/reservations/{reservation_id}/payments`: pays for held seats
//! from the balance.
//!
//! One transaction writes the order, closes the session, sells the seats and takes the money, or
//! nothing of it (`functions/README.md#a-payment-is-one-transaction`). A reservation that is paid
//! already gets its receipt again. Once it is refunded,
//! or the hold was given back, it is 410, as for a hold that has lapsed.
//!
//! Cost: 6 WRU, 2 WRU for each seat, and 1 WRU to give the place in the line to the next; 1.5 RRU.
//! A receipt again: no WRU, 2.5 RRU. A wrong amount: no WRU, 1.5 RRU. Before a hold is reported as
//! over, the order is looked for: 1 RRU more. If the concert has a limit of seats a person: 1 RRU more
//! per 4 KB of the user's orders since it was created, which is some nine orders.
//!
//! Round trips: 4 calls in 3 rounds.

use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    app::{App, require_current_generation},
    config::Config,
    domain::{
        ids::{ConcertId, PaymentId, PlanId, ReservationId, ShowDate, ShowKey, UserId},
        money::Money,
        order::{Account, Hold, Order},
        plan::Plan,
        seat::{SeatNumber, SeatSet},
        session::Session,
        user::Name,
    },
    error::ApiError,
    http::{Field, Parsed, RequestParts as _, Seconds, Won, body, ok},
    jiff::Timestamp,
    lambda_http::{Body, Request, Response},
    store::{Reading, purchase::Payment},
    texts::SuccessText,
};
use utoipa::ToSchema;

use crate::{
    operation::{Door, Operation},
    reservations::{
        find::{Reservation, reservation},
        seats::{self, SeatOfReservation, seats},
    },
};

/// Pays. Answers with the receipt.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let (claims, now) = app.queue_user(&request).await?;
    let amount = amount(&request)?;
    let ids = request.reservation_id()?;

    let (found, account) = tokio::join!(
        reservation(&app, claims.sub, ids, Reading::Eventual, now),
        app.store().account(claims.sub),
    );
    let (found, account) = (found?, account?);
    let order = match found {
        Reservation::Held { session, hold } if Some(hold.amount) == amount => {
            pay(&app, &session, claims.generation, account, &hold, now).await?
        }
        // A payment compares the generation. Nothing is paid here, so it is compared now.
        found => {
            require_current_generation(account, claims.generation)?;
            match found {
                Reservation::Paid(order) => order,
                Reservation::Ended(_) => return Err(ApiError::HoldExpired),
                Reservation::Held { .. } => return Err(ApiError::AmountMismatch),
            }
        }
    };
    if order.refund.is_some() {
        return Err(ApiError::HoldExpired);
    }
    if Some(order.amount) != amount {
        return Err(ApiError::AmountMismatch);
    }
    let message = SuccessText::Paid.message(request.language());
    // The payment is made. It does not fail for the labels of its seats.
    let plan = app.plan_for_labels(order.plan_id).await;
    ok(&receipt(&order, plan.as_deref(), app.config(), message))
}

/// The amount in the body. `None` if it is a number that no reservation can cost.
fn amount(request: &Request) -> Result<Option<Money>, ApiError> {
    let body: Pay = body(request)?;
    if !body.reservation_id.is_there() {
        return Err(ApiError::MissingField("reservation_id"));
    }
    let details: Option<PaymentDetails> = body.payment_details.object().value();
    let amount = details
        .as_ref()
        .and_then(|details| details.amount.raw())
        .filter(|json| json.starts_with(|first: char| first == '-' || first.is_ascii_digit()))
        .ok_or(ApiError::MissingPaymentAmount)?;

    let named: Option<ReservationId> = body.reservation_id.read().value();
    let path: Option<ReservationId> = request.path("reservation_id").parse().ok();
    let by_balance = matches!(
        body.payment_method.read(),
        Parsed::Missing | Parsed::Value(PaymentMethod::Balance)
    );
    // A malformed id in the path is a reservation that does not exist (404), and not one that
    // differs from the body's (400).
    let is_same_as_path = path.is_none() || named == path;
    if named.is_none() || !is_same_as_path || !by_balance {
        return Err(ApiError::BadRequest);
    }
    Ok(Money::parse(amount))
}

async fn pay(
    app: &App,
    session: &Session,
    generation: u32,
    account: Option<Account>,
    hold: &Hold,
    now: Timestamp,
) -> Result<Order, ApiError> {
    let paid = app.store().pay(session, generation, account, hold, now);
    match paid.await? {
        Payment::Now(order) => {
            app.count_through(session, now).await;
            Ok(order)
        }
        Payment::Before(order) => Ok(order),
    }
}

fn receipt<'a>(
    order: &'a Order,
    plan: Option<&Plan>,
    config: &Config,
    message: &'static str,
) -> Receipt<'a> {
    Receipt {
        message,
        payment_id: order.payment_id,
        reservation_id: order.reservation_id,
        concert_id: order.concert_id,
        concert_name: order.concert_name.as_ref(),
        date: order.show_key.date(),
        show: order.show_key,
        seat_number: order.seats.first(),
        seat_numbers: &order.seats,
        seats: seats(&order.seats, &order.seat_prices(), plan),
        plan_id: order.plan_id,
        user_id: order.user_id,
        refundable_until: Seconds(config.refundable_until(order.show_key.date())),
        amount: Won(order.amount),
        current_balance: Won(order.balance_after),
    }
}

/// A payment to make.
#[derive(Deserialize, ToSchema)]
pub struct Pay {
    /// The reservation's id, the same as in the path.
    #[schema(value_type = ReservationId, required)]
    reservation_id: Field,
    /// The method of payment. `BALANCE`, which is also the default.
    #[schema(value_type = Option<PaymentMethod>)]
    payment_method: Field,
    /// The amount to pay.
    #[schema(value_type = PaymentDetails, required)]
    payment_details: Field,
}

/// The method of payment. Always `BALANCE`, the prepaid balance.
#[derive(Deserialize, PartialEq, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum PaymentMethod {
    /// The prepaid balance.
    Balance,
}

/// The amount of a payment.
#[derive(Deserialize, ToSchema)]
pub struct PaymentDetails {
    /// The amount of the reservation, in won, as the hold returned it.
    #[schema(value_type = f64, required, minimum = 0)]
    amount: Field,
}

/// The receipt of a paid reservation.
#[derive(Serialize, ToSchema)]
pub struct Receipt<'a> {
    /// A text for people, in the language of the answer.
    message: &'static str,
    /// The payment's id.
    payment_id: PaymentId,
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
    /// The number of the first seat.
    seat_number: SeatNumber,
    /// The numbers of all seats.
    seat_numbers: &'a SeatSet,
    /// The seats, with their prices, and with their labels if the show has a plan.
    seats: Vec<SeatOfReservation>,
    /// The plan of the hall. Absent if the show has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    plan_id: Option<PlanId>,
    /// The id of the user who has paid.
    user_id: UserId,
    /// The time until which the user may get the money back.
    refundable_until: Seconds,
    /// The amount that was paid, in won.
    amount: Won,
    /// The balance right after the payment, in won.
    current_balance: Won,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Pay for held seats", Door::QueueUser)
        .details(
            "Sells the seats to the user and takes the amount from their balance, completely or \
             not at all. It needs no turn, so it also works with the status `HOLDING`. The \
             session is over afterwards.\n\n\
             Repeating the call is safe: a paid reservation returns the same receipt.\n\n\
             - 401 `INVALID_TOKEN`: the token may be from before a log-out. Log in and join \
             again: that returns a new token of the same session.\n\
             - 402 `INSUFFICIENT_BALANCE`: top up, and pay again.\n\
             - 409 `AMOUNT_MISMATCH`: the amount differs from that of the reservation.\n\
             - 409 `PERSON_LIMIT`: the user would have more seats of the concert than one person \
             may. The hold stays until it lapses or is given back.\n\
             - 410 `HOLD_EXPIRED`: the hold was not paid in time, was given back, or its payment \
             was refunded. If the session is over, join again.",
        )
        .body::<Pay>(json!({
            "reservation_id": "019a9e1c-2222-7000-8000-000000000001",
            "payment_method": "BALANCE",
            "payment_details": { "amount": 50_000 },
        }))
        .answers::<Receipt>(
            200,
            "The receipt.",
            json!({
                "message": "결제 성공",
                "payment_id": "019a9e1c-3333-7000-8000-000000000001",
                "reservation_id": "019a9e1c-2222-7000-8000-000000000001",
                "concert_id": "019a9e1c-1111-7000-8000-000000000001",
                "concert_name": "겨울 콘서트",
                "date": "2026-12-24",
                "show": "2026-12-24",
                "seat_number": 7,
                "seat_numbers": [7],
                "seats": seats::example(),
                "plan_id": "kT3n1v0Yb2m9QxZ4c7LdEw",
                "user_id": "3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11",
                "refundable_until": "2026-12-22T15:00:00Z",
                "amount": 50_000,
                "current_balance": 0,
            }),
        )
        .refuses([
            ApiError::MissingField("reservation_id"),
            ApiError::MissingPaymentAmount,
            ApiError::BadRequest,
            ApiError::InsufficientBalance,
            ApiError::ReservationNotFound,
            ApiError::AmountMismatch,
            ApiError::PersonLimit {
                limit: 4,
                bought: 3,
            },
            ApiError::HoldExpired,
        ])
}
