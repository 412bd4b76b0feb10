//! `POST /v1/concerts/{concert_id}/dates/{date}/call-off`: calls a show off, and gives everybody
//! their money back. Repeat it until `is_over`.
//!
//! The first call closes the sale for good. Then each call works for five seconds: it refunds the
//! orders of the show, sixteen at a time, by the transaction that refunds any order, and ends its
//! holds. What is left to do is what the seats say. So calls may overlap, and a call that is cut off
//! loses nothing.
//!
//! It is over when a call that began 20 seconds or more after the calling-off has found no seat sold or
//! held. Until then an instance that does not know it yet may still hold a seat of the show
//! ([`HOLDS_SETTLED_AFTER`]), and a payment may be faster than the end of its hold. The next call
//! refunds it.
//!
//! The log has who called off which show, and how much each call has done. The log of changes has one
//! record, of the first call, which every refund names.
//!
//! Cost: 1 RRU for the door, 1 RRU per 4 KB of the concert, of its texts, and of each block of seats. 2
//! RRU and 4 + 2n WRU for each order of n seats. 1 RRU per 4 KB of the user's sessions, and 1 + n WRU,
//! for each hold. The first call: the price of a change of one show with its record
//! (`PATCH /v1/concerts/{concert_id}`), and of a tick, if the concert has a queue of its own.
//!
//! Round trips: 11 calls in 11 rounds for the first call, if the concert has a queue of its own. Most
//! of them wake the line. Three more for each order and for each hold, sixteen side by side.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    app::App,
    domain::{
        ids::{ConcertId, ReservationId, ShowDate, ShowKey, UserId},
        reason::{Explanation, Reason},
        seat::SeatNumber,
        show::{CalledOff, HOLDS_SETTLED_AFTER, Show},
    },
    error::{ApiError, Constraint},
    http::{Field, RequestParts as _, Seconds, Won, body, ok, require_fields_among},
    jiff::{SignedDuration, Timestamp},
    lambda_http::{Body, Request, Response},
    store::{
        calling_off::{FailedReservation, Pass, RefundedOrder},
        programme::CalledOffShow,
    },
};
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// How long a call gives back orders and holds. What it has begun by then it ends.
const WORKS_FOR: Duration = Duration::from_secs(5);

/// The most reservations that an answer names as failed. Lambda's answers have at most 6 MB.
const MOST_FAILED: usize = 1_000;

/// The reason of the refunds if the administrator gives none.
const USUAL_REASON: &str = "공연 취소 (The show was called off)";

/// Calls the show off, or goes on with it. Answers with what this call has done.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let began = Instant::now();
    let admin = app.admin(&request).await?;
    let reason = reason(&request)?;
    let concert_id = request.concert_id()?;
    let key = request.show_in_path()?.ok_or(ApiError::ShowNotFound)?;
    let called_off = CalledOff {
        at: admin.now,
        by: admin.user_id,
        reason,
        change_id: None,
    };

    let store = app.store().by(admin.author());
    let show = match store.call_off(concert_id, key, &called_off).await? {
        CalledOffShow::Before(show) => show,
        CalledOffShow::Now(show) => {
            let by = admin.user_id;
            tracing::info!(%by, %concert_id, show = %show.key, "a show was called off");
            app.wake_queue(&show.queue_id).await;
            show
        }
    };
    let in_force = show.called_off.as_ref().unwrap_or(&called_off);
    let end = began + WORKS_FOR;
    let explanation = explanation(in_force)?;
    let pass = app
        .store()
        .give_back_show(&show, &explanation, admin.now, end)
        .await?;
    tracing::info!(
        %concert_id,
        show = %show.key,
        refunded = pass.refunded.len(),
        released = pass.released,
        failed = pass.failed.len(),
        sold = pass.sold,
        held = pass.held,
        "orders of a show that was called off"
    );
    ok(&CalledOffAnswer::new(&show, in_force, pass, admin.now))
}

/// The reason in a body, if there is one. There may be no body.
fn reason(request: &Request) -> Result<Option<Reason>, ApiError> {
    if request.body().is_empty() {
        return Ok(None);
    }
    require_fields_among(request, &["reason"])?;
    let CallOff { reason } = body(request)?;
    reason.text(Reason::parse, ApiError::Invalid(Constraint::Reason))
}

/// Who gave the money back, and why, as each refund stores it. It is what the first call said, in all
/// calls.
fn explanation(called_off: &CalledOff) -> Result<Explanation, ApiError> {
    let usual = || Reason::parse(USUAL_REASON);
    let reason = called_off.reason.clone().or_else(usual);
    Ok(Explanation {
        by: called_off.by,
        reason: reason.ok_or_else(|| ApiError::bug("the usual reason is none"))?,
        change_id: called_off.change_id,
    })
}

/// Why a show is called off.
#[derive(Deserialize, ToSchema)]
pub struct CallOff {
    /// The reason, 1 to 200 characters. Everybody reads it beside the show, and its buyers in their
    /// statements. That of the first call stays.
    #[schema(value_type = Option<Reason>)]
    reason: Field,
}

/// A show that was called off, and what this call has given back.
#[derive(Serialize, ToSchema)]
#[schema(as = CallingOff)]
pub struct CalledOffAnswer {
    /// The concert's id.
    concert_id: ConcertId,
    /// The date of the show.
    date: ShowDate,
    /// The show, as `date` of a request names it.
    show: ShowKey,
    /// The time when the show was called off.
    called_off_at: Seconds,
    /// The reason. Absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<Reason>,
    /// The orders that this call has refunded. An order may be in the answers of two calls at the same
    /// time. It was refunded once.
    refunded: Vec<Refunded>,
    /// The number of holds that this call has ended.
    released: u32,
    /// The number of seats that are still sold. The next call refunds them, but for those that failed.
    sold: u64,
    /// The number of seats that are still held, or whose payment may be under way. The next call ends
    /// their holds.
    held: u64,
    /// The number of reservations that cannot be given back.
    failed_reservations: usize,
    /// These reservations, at most a thousand of them. Their seats are among `sold` and `held`. If they
    /// have no `user_id`, an early version of the service sold their seats: `name-owners` finds their
    /// buyers.
    failed: Vec<Failed>,
    /// Whether all is done. Nothing of the show can be sold or held after that.
    is_over: bool,
    /// The seconds to wait before the next call. Absent if all is done, or if only what failed is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ask_again_in: Option<i64>,
}

/// An order that was refunded.
#[derive(Serialize, ToSchema)]
#[schema(as = RefundedOrder)]
struct Refunded {
    /// The reservation's id.
    reservation_id: ReservationId,
    /// The id of the user that paid, and has the money back.
    user_id: UserId,
    /// The amount that was given back, in won.
    amount: Won,
}

/// A reservation that cannot be refunded.
#[derive(Serialize, ToSchema)]
#[schema(as = FailedRefund)]
struct Failed {
    /// The reservation's id.
    reservation_id: ReservationId,
    /// The id of the user that paid. Absent if it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    user_id: Option<UserId>,
    /// The numbers of its seats.
    seat_numbers: Vec<SeatNumber>,
}

impl CalledOffAnswer {
    fn new(show: &Show, called_off: &CalledOff, pass: Pass, began: Timestamp) -> Self {
        let settled_in = HOLDS_SETTLED_AFTER - began.duration_since(called_off.at);
        let is_over = pass.found_nothing() && settled_in <= SignedDuration::ZERO;
        let ask_again_in = if is_over {
            None
        } else if pass.has_more_to_do() {
            Some(1)
        } else if settled_in > SignedDuration::ZERO {
            Some(settled_in.as_secs() + 1)
        } else {
            // What this call has given back, the next one does not find any more.
            pass.has_given_back().then_some(1)
        };
        let failed_reservations = pass.failed.len();
        Self {
            concert_id: show.concert_id,
            date: show.date(),
            show: show.key,
            called_off_at: Seconds(called_off.at),
            reason: called_off.reason.clone(),
            refunded: pass.refunded.into_iter().map(Refunded::from).collect(),
            released: pass.released,
            sold: pass.sold,
            held: pass.held,
            failed_reservations,
            failed: (pass.failed.into_iter())
                .take(MOST_FAILED)
                .map(Failed::from)
                .collect(),
            is_over,
            ask_again_in,
        }
    }
}

impl From<RefundedOrder> for Refunded {
    fn from(order: RefundedOrder) -> Self {
        Self {
            reservation_id: order.reservation_id,
            user_id: order.user_id,
            amount: Won(order.amount),
        }
    }
}

impl From<(ReservationId, FailedReservation)> for Failed {
    fn from((reservation_id, failed): (ReservationId, FailedReservation)) -> Self {
        Self {
            reservation_id,
            user_id: failed.user_id,
            seat_numbers: failed.seats,
        }
    }
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Call a show off, and refund everybody", Door::Admin)
        .details(
            "The sale of the show closes for good: a hold is 410 `SHOW_CALLED_OFF`. Orders are \
             refunded to the balances of their buyers, even after `refundable_until`, and their \
             statements have the reason. Held seats become free, and their sessions go on.\n\n\
             A call works for five seconds and answers with what it has done. Repeat it after \
             `ask_again_in` seconds until `is_over`. Calls may overlap, and a call without an \
             answer has lost nothing. `refunded` of all answers together is the record of the \
             refunds, as far as the answers have come. It cannot be undone. The other shows of \
             the concert stay as they are.",
        )
        .optional_body::<CallOff>(json!({ "reason": "출연자 사정으로 공연이 취소되었습니다." }))
        .answers::<CalledOffAnswer>(
            200,
            "What this call has done, and what is left.",
            json!({
                "concert_id": "019a9e1c-1111-7000-8000-000000000001",
                "date": "2026-12-24",
                "show": "2026-12-24",
                "called_off_at": "2026-12-01T03:00:00Z",
                "reason": "출연자 사정으로 공연이 취소되었습니다.",
                "refunded": [{
                    "reservation_id": "019a9e1c-2222-7000-8000-000000000001",
                    "user_id": "3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11",
                    "amount": 100_000,
                }],
                "released": 1,
                "sold": 2,
                "held": 0,
                "failed_reservations": 0,
                "failed": [],
                "is_over": false,
                "ask_again_in": 1,
            }),
        )
        .refuses([
            ApiError::UnknownField("reasons".to_owned()),
            ApiError::Invalid(Constraint::Reason),
            ApiError::ConcertNotFound,
            ApiError::ShowNotFound,
        ])
}
