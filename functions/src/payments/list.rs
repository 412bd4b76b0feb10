//! `GET /v1/users/{user_id}/payments`: what a user has paid, the latest reservation first.
//!
//! Cost: 1 RRU per 4 KB of the page, and 1 RRU more if it is empty. Each plan of a hall that the
//! instance has not used before: 0.5 RRU per 4 KB, so 0.5 to 2. 1 RRU more for the user of an
//! access token, or for the generation of a queue token.
//!
//! Round trips: 2 calls in 2 rounds.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    config::Config,
    domain::{
        ids::{ConcertId, PaymentId, PlanId, ReservationId, ShowDate, ShowKey, UserId},
        order::{Order, OrderStatus},
        plan::Plan,
        reason::Reason,
        seat::{SeatNumber, SeatSet},
        user::Name,
    },
    error::ApiError,
    http::{PageWanted, RequestParts as _, Seconds, Won, cursor, ok},
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use crate::{
    operation::{Door, Operation},
    reservations::seats::{self, SeatOfReservation, seats},
};

/// Answers with a page of payments.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let caller = app.caller(&request).await?;
    let user_id = request.user_id()?;
    let list = format!("payments of {user_id}");
    let page = PageWanted::of(&request, &list)?;
    let (limit, before) = (page.limit, page.position::<ReservationId>()?);
    caller.require_self_or_admin(user_id)?;
    app.require_current_token(&caller).await?;

    let mut orders = orders(&app, user_id, before, limit + 1).await?;
    // Reads one payment more than the page holds. If there is one, another page follows.
    let is_last = orders.len() <= limit as usize;
    orders.truncate(limit as usize);
    let end = orders.last().filter(|_| !is_last);
    let mut payments = Vec::with_capacity(orders.len());
    for order in &orders {
        let plan = app.plan_for_labels(order.plan_id).await;
        payments.push(PaymentOfUser::of(order, plan.as_deref(), app.config()));
    }
    ok(&Payments {
        payments,
        next_cursor: end.map(|order| cursor(&list, &order.reservation_id.to_string())),
    })
}

/// The orders of a user. They may have none, but the user must exist.
async fn orders(
    app: &App,
    user_id: UserId,
    before: Option<ReservationId>,
    limit: u32,
) -> Result<Vec<Order>, ApiError> {
    let orders = app.store().orders(user_id, before, limit).await?;
    if orders.is_empty() && app.store().account(user_id).await?.is_none() {
        return Err(ApiError::UserNotFound);
    }
    Ok(orders)
}

/// A page of a user's payments.
#[derive(Serialize, ToSchema)]
pub struct Payments<'a> {
    /// The payments, those of the latest reservations first.
    payments: Vec<PaymentOfUser<'a>>,
    /// The `cursor` of the next page. Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

/// A payment.
#[derive(Serialize, ToSchema)]
pub struct PaymentOfUser<'a> {
    /// The payment's id.
    payment_id: PaymentId,
    /// The id of the reservation that was paid.
    reservation_id: ReservationId,
    /// The concert's id.
    concert_id: ConcertId,
    /// The concert's name when the seats were held, even if it has changed since. Absent if an
    /// early version of the service stored the payment without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    concert_name: Option<&'a Name>,
    /// The date of the show.
    date: ShowDate,
    /// The show, as `date` of a request names it: its date, and its start if it has one.
    show: ShowKey,
    /// The numbers of the seats.
    seat_numbers: &'a SeatSet,
    /// The numbers of the seats that were refunded. Absent if none was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    refunded_seat_numbers: Vec<SeatNumber>,
    /// The seats, with their prices, and with their labels if the show has a plan.
    seats: Vec<SeatOfReservation>,
    /// The plan of the hall. Absent if the show has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    plan_id: Option<PlanId>,
    /// The amount of the payment, in won.
    amount: Won,
    /// The payment's status.
    status: OrderStatus,
    /// The time of the payment.
    paid_at: Seconds,
    /// The time until which the user may get the money back. Absent if the payment was refunded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refundable_until: Option<Seconds>,
    /// The time of the last refund. Absent while a seat of it is not refunded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refunded_at: Option<Seconds>,
    /// The reason that an administrator gave for the last refund. Absent while a seat of it is not
    /// refunded, and if that refund was not an administrator's. The statement has the reason of every
    /// refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refund_reason: Option<&'a Reason>,
}

impl<'a> PaymentOfUser<'a> {
    fn of(order: &'a Order, plan: Option<&Plan>, config: &Config) -> Self {
        let refund = order.refund.as_ref();
        let explanation = refund.and_then(|refund| refund.explanation.as_ref());
        Self {
            payment_id: order.payment_id,
            reservation_id: order.reservation_id,
            concert_id: order.concert_id,
            concert_name: order.concert_name.as_ref(),
            date: order.show_key.date(),
            show: order.show_key,
            seat_numbers: &order.seats,
            refunded_seat_numbers: order.refunded_seats(),
            seats: seats(&order.seats, &order.seat_prices(), plan),
            plan_id: order.plan_id,
            amount: Won(order.amount),
            status: order.status,
            paid_at: Seconds(order.paid_at),
            refundable_until: config.refundable_until_of(order).map(Seconds),
            refunded_at: refund.map(|refund| Seconds(refund.at)),
            refund_reason: explanation.map(|explanation| &explanation.reason),
        }
    }
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("List a user's payments", Door::User)
        .details(
            "Returns the payments of the latest reservations first, refunded ones included. \
             Users may read their own payments. Administrators may read anybody's.",
        )
        .in_pages()
        .answers::<Payments>(
            200,
            "A page of payments.",
            json!({ "payments": [{
                "payment_id": "019a9e1c-3333-7000-8000-000000000001",
                "reservation_id": "019a9e1c-2222-7000-8000-000000000001",
                "concert_id": "019a9e1c-1111-7000-8000-000000000001",
                "concert_name": "겨울 콘서트",
                "date": "2026-12-24",
                "show": "2026-12-24",
                "seat_numbers": [7],
                "seats": seats::example(),
                "amount": 50_000,
                "status": "PAID",
                "paid_at": "2026-11-20T03:02:00Z",
                "refundable_until": "2026-12-22T15:00:00Z",
            }] }),
        )
        .refuses([ApiError::Forbidden, ApiError::UserNotFound])
}
