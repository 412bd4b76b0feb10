//! `GET /v1/admin/concerts/{concert_id}/orders?date=`: the paid orders of a show with their buyers,
//! by seat number, in pages. As JSON, or with `format=csv` as a list for spreadsheets, which has a
//! line for each seat.
//!
//! Orders are sorted by their lowest seat. Refunded seats do not count. What is read may be a moment old. Orders that are paid or
//! refunded while somebody reads the pages are there or not, and all others are in one page. Of a
//! seat that an early version sold, only the reservation is known. If its seats are far apart, it
//! is in several pages, with other seats in each.
//!
//! It shows personal data of many people, so each call is logged: who read which show.
//!
//! Cost: 1 RRU for the door, 0.5 RRU for the show, 0.5 RRU per 4 KB of each block of seats that is
//! read, which is about 9 RRU for 500 seats sold, and for each order 0.5 RRU and 0.5 RRU for its
//! buyer. Plans of halls are kept, so that each instance reads one once.
//!
//! Round trips: 5 calls in 4 rounds. A page that finds few orders reads more blocks, each time twice
//! as many at once.

mod table;

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    domain::{
        ids::{ConcertId, PlanId, ReservationId, ShowDate, ShowId, ShowKey, UserId},
        order::{Due, Order},
        seat::{SeatNumber, SeatSet},
        user::{Email, Name, User},
    },
    error::ApiError,
    http::{PageWanted, RequestParts as _, ResponseParts as _, Seconds, Won, content, cursor, ok},
    lambda_http::{
        Body, Request, Response,
        http::header::{CONTENT_DISPOSITION, LINK},
    },
    store::show_orders::ShowOrder,
};
use utoipa::ToSchema;

use crate::{
    operation::{Door, NAMES_A_SHOW, Operation, several_shows},
    reservations::seats::{self, SeatOfReservation, seats},
};

/// Answers with a page of orders.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let admin = app.admin(&request).await?;
    let named = request.show()?;
    let format = Format::of(&request)?;
    let list = format!("orders of {} {}", named.concert_id, named.key);
    let page = PageWanted::of(&request, &list)?;
    let from = from(&page)?;
    let show = app.cached_show(named, admin.now).await?;
    let found = app
        .store()
        .orders_of_show(show.id(), show.capacity, from, page.limit)
        .await?;
    tracing::info!(
        by = %admin.user_id,
        concert_id = %show.concert_id,
        show = %show.key,
        orders = found.orders.len(),
        "an administrator read orders of a show, with their buyers"
    );
    let next_cursor = found
        .next_from
        .map(|seat| cursor(&list, &seat.get().to_string()));
    let mut orders = Vec::with_capacity(found.orders.len());
    for order in &found.orders {
        orders.push(OrderOfShow::of(&app, show.id(), order).await);
    }
    match format {
        Format::Json => ok(&OrdersOfShow {
            orders,
            next_cursor,
        }),
        Format::Csv => {
            let table = table::of(&orders).map_err(|error| ApiError::Internal(error.into()))?;
            let next = next_cursor.map(|cursor| next_page(named, page.limit, &cursor));
            Ok(as_file(table, show.key, next))
        }
    }
}

/// The form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Csv,
}

impl Format {
    fn of(request: &Request) -> Result<Self, ApiError> {
        match request.query("format").as_deref() {
            None => Ok(Self::Json),
            Some("csv") => Ok(Self::Csv),
            Some(_) => Err(ApiError::BadRequest),
        }
    }
}

/// The seat at which a page begins.
fn from(page: &PageWanted) -> Result<SeatNumber, ApiError> {
    let number = page.position()?.unwrap_or(1);
    SeatNumber::new(number).ok_or(ApiError::BadRequest)
}

/// The link to the next page (RFC 8288). It is relative, so it works behind any prefix.
fn next_page(named: ShowId, limit: u32, cursor: &str) -> String {
    let date = named.key;
    format!("<?date={date}&format=csv&limit={limit}&cursor={cursor}>; rel=\"next\"")
}

/// An answer that browsers save as a file.
fn as_file(table: Vec<u8>, show: ShowKey, next: Option<String>) -> Response<Body> {
    let name = show.to_string().replace(':', "");
    let answer = content(table::CONTENT_TYPE, table).with(
        CONTENT_DISPOSITION,
        &format!("attachment; filename=\"orders-{name}.csv\""),
    );
    match next {
        Some(next) => answer.with(LINK, &next),
        None => answer,
    }
}

/// A page of the orders of a show.
#[derive(Serialize, ToSchema)]
pub struct OrdersOfShow<'a> {
    /// The orders, by their lowest seats. A page may be short or empty without being the last.
    orders: Vec<OrderOfShow<'a>>,
    /// The `cursor` of the next page. Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

/// A paid order of a show, with its buyer. If an early version of the service sold the seats, only
/// the reservation, the show and the numbers of the seats are present.
#[derive(Serialize, ToSchema)]
pub struct OrderOfShow<'a> {
    /// The reservation's id.
    reservation_id: ReservationId,
    /// The concert's id.
    concert_id: ConcertId,
    /// The concert's name when the seats were held, even if it has changed since.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    concert_name: Option<&'a Name>,
    /// The date of the show.
    date: ShowDate,
    /// The show, as `date` of a request names it: its date, and its start if it has one.
    show: ShowKey,
    /// The numbers of the seats that are sold. Seats that were refunded are not among them.
    seat_numbers: &'a SeatSet,
    /// The seats, with their prices, and with their labels if the show has a plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    seats: Option<Vec<SeatOfReservation>>,
    /// The plan of the hall. Absent if the show has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    plan_id: Option<PlanId>,
    /// The amount that was paid for these seats, in won.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    amount: Option<Won>,
    /// The time of the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    paid_at: Option<Seconds>,
    /// The id of the user who paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    user_id: Option<UserId>,
    /// The user's name. Absent if the user was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    name: Option<&'a Name>,
    /// The user's e-mail address. Absent if the user has none, or was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    email: Option<&'a Email>,
}

impl<'a> OrderOfShow<'a> {
    async fn of(app: &App, show: ShowId, found: &'a ShowOrder) -> Self {
        match found {
            ShowOrder::Known { order, left, buyer } => {
                Self::known(app, order, left, buyer.as_deref()).await
            }
            ShowOrder::OfAnybody {
                reservation_id,
                seats,
            } => Self::bare(*reservation_id, show, seats),
        }
    }

    async fn known(app: &App, order: &'a Order, left: &'a Due, buyer: Option<&'a User>) -> Self {
        let plan = app.plan_for_labels(order.plan_id).await;
        let mut seats = seats(&order.seats, &order.seat_prices(), plan.as_deref());
        seats.retain(|seat| left.seats.contains(seat.seat_number));
        Self {
            concert_name: order.concert_name.as_ref(),
            seats: Some(seats),
            plan_id: order.plan_id,
            amount: Some(Won(left.amount)),
            paid_at: Some(Seconds(order.paid_at)),
            user_id: Some(order.user_id),
            name: buyer.map(|buyer| &buyer.name),
            email: buyer.and_then(|buyer| buyer.email.as_ref()),
            ..Self::bare(order.reservation_id, order.show(), &left.seats)
        }
    }

    fn bare(reservation_id: ReservationId, show: ShowId, seat_numbers: &'a SeatSet) -> Self {
        Self {
            reservation_id,
            concert_id: show.concert_id,
            concert_name: None,
            date: show.key.date(),
            show: show.key,
            seat_numbers,
            seats: None,
            plan_id: None,
            amount: None,
            paid_at: None,
            user_id: None,
            name: None,
            email: None,
        }
    }
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("List the orders of a show", Door::Admin)
        .details(
            "Returns the paid orders of a show with their buyers, in the order of their lowest \
             seats. Refunded orders and seats are not in the list. What was paid or refunded in the last \
             moment may be missing or still there. A page may be short or empty without being \
             the last.\n\n\
             With `format=csv`, the answer is a table for spreadsheets: UTF-8 with a byte order \
             mark, a line for each seat, and a first line with the names of the columns in each \
             page. `Link` leads to the next page. A text that a spreadsheet would take for a \
             formula has a `'` before it.\n\n\
             The log says who read which show.",
        )
        .query::<ShowKey>("date", true, NAMES_A_SHOW)
        .query::<String>(
            "format",
            false,
            "`csv`: a table for spreadsheets. Without it, JSON.",
        )
        .in_pages()
        .answers::<OrdersOfShow>(
            200,
            "A page of orders.",
            json!({ "orders": [{
                "reservation_id": "019a9e1c-2222-7000-8000-000000000001",
                "concert_id": "019a9e1c-1111-7000-8000-000000000001",
                "concert_name": "겨울 콘서트",
                "date": "2026-12-24",
                "show": "2026-12-24",
                "seat_numbers": [7],
                "seats": seats::example(),
                "plan_id": "kT3n1v0Yb2m9QxZ4c7LdEw",
                "amount": 50_000,
                "paid_at": "2026-11-20T03:02:00Z",
                "user_id": "3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11",
                "name": "김민수",
                "email": "minsu@example.com",
            }] }),
        )
        .or_as_text(table::CONTENT_TYPE, table::EXAMPLE)
        .with_header::<String>(
            "Link",
            "With `format=csv`: the next page, with `rel=\"next\"`, relative to this one. Absent \
             on the last page.",
        )
        .with_header::<String>(
            "Content-Disposition",
            "With `format=csv`: the name of the file.",
        )
        .refuses([
            ApiError::MissingParameter("date"),
            ApiError::InvalidDate,
            several_shows(),
            ApiError::ShowNotFound,
            ApiError::ConcertNotFound,
        ])
}
