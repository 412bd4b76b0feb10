//! `GET /v1/concerts/{concert_id}/seats?date=`: each seat of a show, and whether it is free. A show
//! whose sale has not opened can be looked at too, so that buyers can choose in advance.
//!
//! A show of up to 500 seats comes whole. A larger one comes in ranges of at most 500 seats, with
//! `from`, `to` and `next_from`. With `form=line` there is one letter a seat, and up to 2,000 seats.
//!
//! Cost: 2 RRU for a show of 50 seats: 1 for the door, 0.5 for the show, and 0.5 per 4 KB of each
//! block of 500 seats. A block that is sold out has 18 times 4 KB. Each instance reads a plan once,
//! and keeps it.
//!
//! Round trips: 3 calls in 1 round.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::json;
use shared::{
    app::{App, Buyer},
    domain::{
        ids::{ShowDate, ShowId, ShowKey},
        plan::Plan,
        seat::{MAX_SEATS_PER_SHOW, SEATS_A_BLOCK, SeatNumber, SeatStatus, TakenSeat},
        show::Show,
    },
    error::ApiError,
    http::{RequestParts as _, Won, digits, ok},
    lambda_http::{Body, Request, Response},
    store::StoreError,
    texts::SuccessText,
};
use utoipa::ToSchema;

use crate::{
    operation::{Door, NAMES_A_SHOW, Operation, several_shows},
    reservations::seats::SeatLabels,
};

/// Answers with the seats in order.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let (named, wanted) = (request.show(), Wanted::of(&request));
    let now = app.now();
    let read = async {
        let taken = async |show| match &wanted {
            Ok(wanted) => wanted.taken_seats(&app, show).await,
            Err(_) => Ok(Vec::new()),
        };
        Ok::<_, ApiError>(app.cached_show_beside(named?, now, taken).await)
    };
    let (buyer, read) = app.buyer_beside(&request, now, read).await?;
    let (show, taken) = read?;
    let show = show?;
    buyer.require_queue_of(&show)?;
    let wanted = wanted?;
    let (from, to) = wanted.range_of(&show)?;
    let next_from = (to.get() < show.capacity).then(|| to.get() + 1);

    let statuses = statuses(&buyer, &show, &taken?, from, to);
    if wanted.form == Form::Line {
        return ok(&SeatLine {
            date: show.date(),
            show: show.key,
            from,
            to,
            states: statuses.map(|(_, status)| status.letter()).collect(),
            next_from,
        });
    }
    let plan = app.plan_for_labels(show.pricing.plan_id()).await;
    let seats: Vec<_> = statuses
        .map(|(seat, status)| Seat::of(seat, status, &show, plan.as_deref()))
        .collect();
    let is_over = |seat: &Seat| matches!(seat.status, Status::Held | Status::Sold);
    let message = seats
        .iter()
        .all(is_over)
        .then(|| SuccessText::AllSeatsTaken.message(request.language()));
    ok(&Seats {
        date: show.date(),
        show: show.key,
        message,
        seats,
        next_from,
    })
}

/// The form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// An object for each seat.
    Seats,
    /// A letter for each seat.
    Line,
}

impl Form {
    /// The most seats of one answer.
    fn most_seats(self) -> u64 {
        match self {
            Self::Seats => u64::from(SEATS_A_BLOCK),
            Self::Line => MAX_SEATS_PER_LINE,
        }
    }

    /// The last seat of an answer that begins with that seat.
    fn last_from(self, from: u64) -> u64 {
        from.saturating_add(self.most_seats() - 1)
    }
}

/// The range of seats that is asked for, in a show that need not have as many.
struct Wanted {
    form: Form,
    from: u64,
    to: u64,
}

impl Wanted {
    fn of(request: &Request) -> Result<Self, ApiError> {
        let number = |name: &str| match request.query(name) {
            None => Ok(None),
            Some(text) => digits(&text).map(Some).ok_or(ApiError::BadRequest),
        };
        let form = match request.query("form").as_deref() {
            None => Form::Seats,
            Some("line") => Form::Line,
            Some(_) => return Err(ApiError::BadRequest),
        };
        let (from, to) = (number("from")?.unwrap_or(1), number("to")?);
        Ok(Self {
            form,
            from,
            to: to.unwrap_or(form.last_from(from)),
        })
    }

    /// The seats of the range that are not free, as far as an answer goes.
    async fn taken_seats(&self, app: &App, show: ShowId) -> Result<Vec<TakenSeat>, StoreError> {
        let to = self.to.min(self.form.last_from(self.from));
        let to = to.min(u64::from(MAX_SEATS_PER_SHOW));
        match SeatNumber::new(self.from).zip(SeatNumber::new(to)) {
            Some((from, to)) if from <= to => app.store().list_seats(show, from, to).await,
            _ => Ok(Vec::new()),
        }
    }

    /// The first and the last seat of the range in a show.
    fn range_of(&self, show: &Show) -> Result<(SeatNumber, SeatNumber), ApiError> {
        let to = self.to.min(u64::from(show.capacity));
        if to < self.from || to > self.form.last_from(self.from) {
            return Err(ApiError::BadRequest);
        }
        SeatNumber::new(self.from)
            .zip(SeatNumber::new(to))
            .ok_or(ApiError::BadRequest)
    }
}

/// The seats of the range in order, with their statuses.
fn statuses(
    buyer: &Buyer,
    show: &Show,
    taken: &[TakenSeat],
    from: SeatNumber,
    to: SeatNumber,
) -> impl Iterator<Item = (SeatNumber, Status)> + use<> {
    let taken: HashMap<u32, SeatStatus> = taken
        .iter()
        .filter(|seat| seat.is_taken(buyer.now))
        .map(|seat| (seat.seat.get(), seat.status))
        .collect();
    let mine: Vec<u32> = buyer
        .seats_held_of(show.id())
        .map(SeatNumber::get)
        .collect();
    let seats = (u64::from(from.get())..=u64::from(to.get())).filter_map(SeatNumber::new);
    seats.map(move |seat| {
        let status = match taken.get(&seat.get()) {
            _ if mine.contains(&seat.get()) => Status::Mine,
            Some(SeatStatus::Sold) => Status::Sold,
            Some(SeatStatus::Held) => Status::Held,
            None => Status::Free,
        };
        (seat, status)
    })
}

/// The most seats of an answer in the form `line`.
const MAX_SEATS_PER_LINE: u64 = 2_000;

/// Seats of a show in the form `line`.
#[derive(Serialize, ToSchema)]
pub struct SeatLine {
    /// The date of the show.
    date: ShowDate,
    /// The show, as `date` of a request names it: its date, and its start if it has one.
    show: ShowKey,
    /// The number of the first seat.
    from: SeatNumber,
    /// The number of the last seat.
    to: SeatNumber,
    /// A letter for each seat, in order: `F` free, `H` held by another session, `S` sold, `M` held by
    /// the caller.
    #[schema(pattern = "^[FHSM]{1,2000}$")]
    states: String,
    /// The `from` of the next request. Absent if these are the last seats of the show.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_from: Option<u32>,
}

/// Seats of a show, in the form that was asked for.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum SeatList {
    /// An object for each seat.
    Seats(Seats),
    /// A letter for each seat.
    Line(SeatLine),
}

/// Seats of a show, in order.
#[derive(Serialize, ToSchema)]
pub struct Seats {
    /// The date of the show.
    date: ShowDate,
    /// The show, as `date` of a request names it: its date, and its start if it has one.
    show: ShowKey,
    /// A text for people, if other users have all these seats. Absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    message: Option<&'static str>,
    /// The seats.
    seats: Vec<Seat>,
    /// The `from` of the next request. Absent if these are the last seats of the show.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_from: Option<u32>,
}

/// A seat.
#[derive(Serialize, ToSchema)]
pub struct Seat {
    /// The seat's number, from 1.
    seat_number: SeatNumber,
    #[serde(flatten)]
    labels: SeatLabels,
    /// The price of the seat, in won. Absent if the show has no plan: then all seats cost the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    price: Option<Won>,
    /// Whether the seat is taken. `false` only if `status` is `FREE`.
    is_reserved: bool,
    /// The seat's status.
    status: Status,
}

impl Seat {
    fn of(seat: SeatNumber, status: Status, show: &Show, plan: Option<&Plan>) -> Self {
        let price = plan.and_then(|plan| show.pricing.grades()?.get(plan.grade_of(seat)?));
        Self {
            seat_number: seat,
            labels: SeatLabels::of(plan, seat),
            price: price.map(|price| Won(*price)),
            is_reserved: status != Status::Free,
            status,
        }
    }
}

/// The status of a seat.
///
/// - `FREE`: it can be held.
/// - `HELD`: another session holds it, for a few minutes at most.
/// - `SOLD`: it is sold.
/// - `MINE`: the caller holds it.
#[derive(Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = SeatStatus)]
pub enum Status {
    /// It can be held.
    Free,
    /// Another session holds it.
    Held,
    /// It is sold.
    Sold,
    /// The caller holds it.
    Mine,
}

impl Status {
    /// Its letter in the form `line`.
    fn letter(self) -> char {
        match self {
            Self::Free => 'F',
            Self::Held => 'H',
            Self::Sold => 'S',
            Self::Mine => 'M',
        }
    }
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("List the seats of a show", Door::Buyer)
        .details(
            "A show of up to 500 seats comes whole. Of a larger one, ask for ranges of at most \
             500 seats with `from` and `to`: `next_from` is where the next one begins. With \
             `form=line` the answer has a letter for each seat, in `states`, and up to 2,000 \
             seats. Seats can be looked at before their sale opens, but not held. A seat that is free here may be \
             taken a moment later.",
        )
        .query::<ShowKey>("date", true, NAMES_A_SHOW)
        .query::<SeatNumber>(
            "from",
            false,
            "The number of the first seat. By default 1. If the show has no such seat: 400.",
        )
        .query::<SeatNumber>(
            "to",
            false,
            "The number of the last seat, not before `from`. By default the 499th after it, and the 1,999th with `form=line`. Beyond the show's last seat it counts as that one. The range may have at most 500 seats, and 2,000 with `form=line`.",
        )
        .query::<String>(
            "form",
            false,
            "`line`: a letter for each seat. Without it, an object for each seat.",
        )
        .answers::<SeatList>(
            200,
            "The seats of the show, or a range of them.",
            json!({ "date": "2026-12-24", "show": "2026-12-24", "seats": [
                { "seat_number": 1, "is_reserved": true, "status": "SOLD" },
                { "seat_number": 2, "is_reserved": false, "status": "FREE" },
            ] }),
        )
        .refuses([
            ApiError::MissingParameter("date"),
            ApiError::InvalidDate,
            several_shows(),
            ApiError::BadRequest,
            ApiError::ShowNotFound,
            ApiError::ConcertNotFound,
        ])
}
