//! `POST /v1/concerts/{concert_id}/reservations`: holds seats for some minutes.
//!
//! A hold has all the requested seats or none. It belongs to one session, which holds nothing else
//! until it pays, gives the seats back, or the time is over. A request for the same seats returns
//! the same hold. Why a hold needs no sweep: `functions/README.md#a-hold-needs-no-sweep`.
//!
//! The body names the seats, or asks for the best ones that are free (`hold/best.rs`).
//!
//! Cost: 2 WRU, and 2 WRU for each seat; 1 RRU for the door, 0.5 RRU for the show, 0.5 RRU for each
//! seat. The first hold of an instance in a hall also reads its plan: 0.5 RRU per 4 KB, so 0.5 to 2.
//! If a seat was taken in that very moment, 1 RRU more: a parallel request of the same buyer
//! may have taken it.
//!
//! If the concert has a limit of seats a person: 0.5 RRU per 4 KB of the buyer's orders since it was
//! created, which is some nine orders, in a round of its own.
//!
//! Round trips: 5 calls in 2 rounds.

mod best;
mod wish;

use serde::Serialize;
use serde_json::json;
use shared::{
    app::{App, Buyer},
    domain::{
        best::Left,
        ids::{PaymentId, ReservationId},
        money::Money,
        order::{Hold, Order},
        seat::{CLOCK_SKEW_GRACE, SeatSet, TakenSeat},
        session::Session,
        show::{SaleState, Show, USUAL_CAPACITY},
    },
    error::{ApiError, Constraint},
    http::{Milliseconds, RequestParts as _, ok},
    jiff::{SignedDuration, Timestamp, tz::TimeZone},
    lambda_http::{Body, Request, Response},
    messages::ReleaseHold,
    store::{Decided as _, Reading, StoreError, purchase::HoldRefused},
    texts::SuccessText,
};
use utoipa::ToSchema;

use self::wish::{HoldSeats, Look, Wanted, Wish};
use super::{find::HeldSeats, seats};
use crate::operation::{Door, Operation, sale_not_open, several_shows};

/// A hold is placed within this time of its request: Lambda ends the function after ten seconds. No
/// message comes before, because it would find nothing to release.
const PLACED_WITHIN: SignedDuration = SignedDuration::from_secs(11);

/// Holds the seats. Answers with the reservation.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let wish = Wish::of(&request);
    let now = app.now();
    let look = async {
        let wish = wish?;
        Ok::<_, ApiError>((wish.look(&app, now).await, wish))
    };
    let (buyer, looked) = app.buyer_beside(&request, now, look).await?;
    let (Look { show, taken }, wish) = looked?;
    let (show, wanted) = wish.check(show)?;
    buyer.require_queue_of(&show)?;

    let hold = match wanted {
        Wanted::These(seats) => hold(&app, &buyer, &show, seats, taken).await?,
        Wanted::Best(wish) => best::hold(&app, &buyer, &show, wish).await?,
    };
    let message = SuccessText::Held.message(request.language());
    ok(&Held {
        message,
        seats: HeldSeats::with_seats(&hold, &app).await,
        server_time: Milliseconds(now),
    })
}

/// Holds the seats, unless the session holds them already.
async fn hold(
    app: &App,
    buyer: &Buyer,
    show: &Show,
    seats: SeatSet,
    looked_at: Result<Vec<TakenSeat>, StoreError>,
) -> Result<Hold, ApiError> {
    let is_same = |hold: &Hold| hold.is_of(show.id(), &seats);
    if let Some(hold) = present_hold(buyer, is_same)? {
        return Ok(hold);
    }
    require_open_sale(show, buyer.now, &app.config().time_zone)?;
    let taken: Vec<_> = looked_at?
        .into_iter()
        .filter(|seat| seat.is_taken(buyer.now))
        .collect();
    if !taken.is_empty() {
        return held_meanwhile(app, buyer, &taken, is_same).await;
    }

    require_within_limit(app, buyer, show, seats.len()).await?;
    let hold = new_hold(app, show, seats.clone(), buyer.now).await?;
    // The message of a hold that is refused finds nothing to release.
    let (placed, ()) = tokio::join!(
        app.store().place_hold(&buyer.session, &hold, buyer.now),
        send_release(app, buyer, &hold),
    );
    match placed.decided()? {
        Ok(()) => Ok(hold),
        Err(HoldRefused::HoldExists(there)) if is_same(&there) => Ok(*there),
        Err(refused) => Err(refused.into()),
    }
}

/// The hold that the session has, if it is the one that is asked for. Refused if it is another one.
fn present_hold(
    buyer: &Buyer,
    is_same: impl FnOnce(&Hold) -> bool,
) -> Result<Option<Hold>, ApiError> {
    match &buyer.session.live_hold {
        None => Ok(None),
        Some(hold) if is_same(hold) => Ok(Some(hold.clone())),
        Some(_) => Err(ApiError::HoldExists),
    }
}

/// Requires a show that is on sale.
fn require_open_sale(show: &Show, now: Timestamp, zone: &TimeZone) -> Result<(), ApiError> {
    match show.sale_state(now, zone) {
        SaleState::Open => Ok(()),
        SaleState::Upcoming { opens_at } => Err(ApiError::sale_not_open(opens_at, now)),
        SaleState::Over if show.called_off.is_some() => Err(ApiError::ShowCalledOff),
        SaleState::Over => Err(ApiError::SaleClosed),
    }
}

/// Requires that the buyer may have this many seats beside those of the concert that they have bought. A
/// look that may be a moment old: the payment decides. Nothing without a limit, else 0.5 RRU per 4 KB
/// of their orders since the concert was created.
async fn require_within_limit(
    app: &App,
    buyer: &Buyer,
    show: &Show,
    seats: usize,
) -> Result<(), ApiError> {
    let Some(limit) = show.most_seats_a_person else {
        return Ok(());
    };
    let user_id = buyer.session.user_id;
    let orders = app
        .store()
        .orders_of_concert(user_id, show.concert_id, Reading::Eventual);
    let bought: usize = orders.await?.iter().map(Order::seats_left).sum();
    if bought + seats > usize::try_from(limit).unwrap_or(usize::MAX) {
        return Err(ApiError::PersonLimit { limit, bought });
    }
    Ok(())
}

/// The hold that a parallel request of the same buyer has placed since the door read the session.
/// Only if all seats were taken a moment ago can they be of such a hold. Otherwise nothing more is
/// read.
async fn held_meanwhile(
    app: &App,
    buyer: &Buyer,
    taken: &[TakenSeat],
    is_same: impl Fn(&Hold) -> bool,
) -> Result<Hold, ApiError> {
    let lasts = SignedDuration::from_secs(i64::from(app.config().hold_seconds));
    let is_recent = |seat: &TakenSeat| {
        seat.held_until
            .is_some_and(|until| until.duration_since(buyer.now) >= lasts - CLOCK_SKEW_GRACE)
    };
    let hold = if taken.iter().all(is_recent) {
        later_hold(app, buyer, is_same).await?
    } else {
        None
    };
    hold.ok_or_else(|| {
        let mut seats: Vec<_> = taken.iter().map(|seat| seat.seat).collect();
        // A batch is read in no particular order.
        seats.sort_unstable();
        ApiError::SeatAlreadyReserved { seats }
    })
}

/// The hold that the session has by now, if it is the one that is asked for. 1 RRU.
async fn later_hold(
    app: &App,
    buyer: &Buyer,
    is_same: impl FnOnce(&Hold) -> bool,
) -> Result<Option<Hold>, ApiError> {
    let Session {
        user_id, queue_id, ..
    } = &buyer.session;
    let session = app.store().session(*user_id, queue_id).await?;
    Ok(session
        .and_then(|session| session.live_hold)
        .filter(is_same))
}

/// A new hold of these seats. Free, unless the plan of the show has to be read.
async fn new_hold(
    app: &App,
    show: &Show,
    seats: SeatSet,
    now: Timestamp,
) -> Result<Hold, ApiError> {
    let (prices, amount) = prices(app, show, &seats).await?;
    let lasts = SignedDuration::from_secs(i64::from(app.config().hold_seconds));
    Ok(Hold {
        reservation_id: ReservationId::new(),
        payment_id: PaymentId::new(),
        concert_id: show.concert_id,
        show_key: show.key,
        concert_name: show.concert_name.clone(),
        amount,
        plan_id: show.pricing.plan_id(),
        limit: show.most_seats_a_person,
        prices: prices
            .windows(2)
            .any(|pair| pair[0] != pair[1])
            .then_some(prices),
        seats,
        held_until: now.saturating_add(lasts).unwrap_or(Timestamp::MAX),
    })
}

/// What each of the seats costs, and all of them.
async fn prices(app: &App, show: &Show, seats: &SeatSet) -> Result<(Vec<Money>, Money), ApiError> {
    let plan = app.kept_plan_of(show).await?;
    let prices = show.pricing.of_seats(seats, plan.as_deref());
    let prices = prices.ok_or_else(|| ApiError::bug("a seat of a show has no price"))?;
    let amount = Money::sum(prices.iter().copied());
    let amount = amount.ok_or_else(|| ApiError::bug("the price of the seats is too large"))?;
    Ok((prices, amount))
}

/// Sends the message that tidies up when the hold has lapsed. The seats are free by then even
/// without it, so a lost message is only logged.
async fn send_release(app: &App, buyer: &Buyer, hold: &Hold) {
    let message = ReleaseHold {
        user_id: buyer.session.user_id,
        queue_id: buyer.session.queue_id.clone(),
        reservation_id: hold.reservation_id,
    };
    let lapsed = hold.held_until.saturating_add(CLOCK_SKEW_GRACE);
    let placed = buyer.now.saturating_add(PLACED_WITHIN);
    let due = lapsed.and_then(|lapsed| Ok(lapsed.max(placed?)));
    let due = due.unwrap_or(Timestamp::MAX);
    if let Err(error) = app.release_queue().send(&message, due, buyer.now).await {
        tracing::warn!(reservation_id = %hold.reservation_id, %error, "no release message");
    }
}

/// A hold.
#[derive(Serialize, ToSchema)]
pub struct Held<'a> {
    /// A text for people, in the language of the answer.
    message: &'static str,
    #[serde(flatten)]
    seats: HeldSeats<'a>,
    /// The current time of the service. Use it, and not the clock of the page, to count down.
    server_time: Milliseconds,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Hold seats", Door::Buyer)
        .details(
            "Holds one to four seats of a show, all or none. The hold lasts five minutes, unless \
             the deployment sets another time. Pay before `expiration_time`, or give the seats \
             back.\n\n\
             Name the seats with `seat_number` or `seat_numbers`, or ask for the best free seats \
             with `best`. Those are beside each other in one row, unless `apart` is true and as many \
             are not free together. Chance decides among the eight best places for them, and among \
             more while many people ask at once. The answer has the seats and their prices. To get \
             other seats, give these back first.\n\n\
             Repeating the call is safe: a request for the same seats returns the same hold, and so \
             does a request for the best seats that the hold meets.\n\n\
             Refused with 409 if a seat is taken (`SEAT_ALREADY_RESERVED`, with those in \
             `seat_numbers`, as far as they are known), if no free seats meet \
             `best` (`NO_SEATS_TOGETHER`, with `free` and `longest`), if the session holds \
             other seats (`HOLD_EXISTS`), if the user would have more seats of the concert than \
             one person may (`PERSON_LIMIT`, with `limit` and `bought`), before the sale opens (`SALE_NOT_OPEN`, with \
             `opens_at`) and after it has closed (`SALE_CLOSED`). If another queue sells the \
             show: 403 `FORBIDDEN`.",
        )
        .body::<HoldSeats>(json!({ "date": "2026-12-24", "seat_number": 7 }))
        .answers::<Held>(
            200,
            "The seats are held.",
            json!({
                "message": "임시 예약 성공",
                "reservation_id": "019a9e1c-2222-7000-8000-000000000001",
                "concert_id": "019a9e1c-1111-7000-8000-000000000001",
                "concert_name": "겨울 콘서트",
                "date": "2026-12-24",
                "show": "2026-12-24",
                "seat_numbers": [7],
                "seats": seats::example(),
                "plan_id": "kT3n1v0Yb2m9QxZ4c7LdEw",
                "expiration_time": "2026-11-20T03:05:00Z",
                "refundable_until": "2026-12-22T15:00:00Z",
                "payment": {
                    "payment_id": "019a9e1c-3333-7000-8000-000000000001",
                    "amount": 50_000,
                    "status": "PENDING",
                },
                "server_time": "2026-11-20T03:00:00.125Z",
            }),
        )
        .refuses([
            ApiError::MissingDateOrSeat,
            ApiError::InvalidDate,
            several_shows(),
            ApiError::InvalidSeatNumber {
                capacity: USUAL_CAPACITY,
            },
            ApiError::TooManySeats,
            ApiError::BadRequest,
            ApiError::ConcertNotFound,
            ApiError::ShowNotFound,
            ApiError::Invalid(Constraint::Best),
            ApiError::UnknownField("accesible".to_owned()),
            ApiError::SeatAlreadyReserved { seats: Vec::new() },
            ApiError::PersonLimit {
                limit: 4,
                bought: 3,
            },
            ApiError::NoSeatsTogether(Left { free: 9, longest: 1 }),
            ApiError::HoldExists,
            sale_not_open(),
            ApiError::SaleClosed,
            ApiError::ShowCalledOff,
        ])
}
