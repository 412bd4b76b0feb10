//! `GET /v1/settings`: what the operator has set for the whole service, as far as a buyer's page
//! shows or needs it. Everybody gets the same answer. The settings of a queue are in its own document.
//!
//! Cost: nothing.
//!
//! Round trips: none.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    config::WhoCharges,
    domain::seat::MAX_SEATS_PER_HOLD,
    error::ApiError,
    http::{Milliseconds, ResponseParts as _, ok},
    lambda_http::{Body, Request, Response, http::header::CACHE_CONTROL},
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// Answers with the settings.
#[allow(clippy::unused_async)]
pub async fn handle(app: App, _: Request) -> Result<Response<Body>, ApiError> {
    let config = app.config();
    let time_zone = config.time_zone.iana_name();
    let settings = ServiceSettings {
        hold_seconds: config.hold_seconds,
        refund_cutoff_hours: config.refund_cutoff_hours,
        who_charges: config.who_charges,
        time_zone: time_zone.ok_or_else(|| ApiError::bug("the time zone has no name"))?,
        most_seats_a_hold: MAX_SEATS_PER_HOLD,
        server_time: Milliseconds(app.now()),
    };
    Ok(ok(&settings)?.with(CACHE_CONTROL, "public, max-age=300"))
}

/// The settings of the whole service.
#[derive(Serialize, ToSchema)]
pub struct ServiceSettings<'a> {
    /// The time for which seats are held until they must be paid, in seconds.
    hold_seconds: u32,
    /// The number of hours before the day of a show at which its refunds end. The day begins at
    /// midnight in `time_zone`. With 0, refunds end when the day of the show begins. Reservations and
    /// payments have the time itself, in `refundable_until`.
    refund_cutoff_hours: u32,
    /// Who may top up a balance.
    who_charges: WhoCharges,
    /// The time zone in which the day of a show begins and ends: its name in the IANA database. Dates
    /// and times of day are in it.
    #[schema(example = "Asia/Seoul")]
    time_zone: &'a str,
    /// The largest number of seats that one hold may have.
    most_seats_a_hold: usize,
    /// The time of the service when it wrote this answer. A copy may be five minutes old, so the
    /// present time is this one or up to five minutes later.
    server_time: Milliseconds,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Get the settings of the service", Door::Public)
        .details(
            "What a page tells buyers before they join: how long they have to pay, until when they \
             may get their money back, and whether they top up their balance themselves. The \
             settings change only with a deployment, so the answer may be kept for five minutes. \
             The settings of a queue are in its public document \
             (`GET /v1/queues/{queue_id}`).",
        )
        .answers::<ServiceSettings>(
            200,
            "The settings.",
            json!({
                "hold_seconds": 300,
                "refund_cutoff_hours": 24,
                "who_charges": "admins",
                "time_zone": "Asia/Seoul",
                "most_seats_a_hold": 4,
                "server_time": "2026-11-20T03:00:00.125Z",
            }),
        )
}
