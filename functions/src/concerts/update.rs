//! `PATCH /v1/concerts/{concert_id}`: changes a concert's name, its queue, its texts, and its shows
//! by date.
//!
//! What is left out stays. A date that does not exist is added. Of two changes at once, both are
//! done, unless they name a version of the concert: with `If-Match`, the change is made to the version
//! that it names, or not at all (`functions/README.md#versions-of-settings`). A change of more shows than fit into one transaction is done in steps. Each step leaves a
//! whole concert. If the change was cut off, the same request again does the rest.
//!
//! Seats can be added to a show at any time. A change that takes seats away, or changes the section,
//! row, label or grade of some, needs a sale that is closed for 20 seconds, and none of these seats
//! may be taken (`ARCHITECTURE.md#other-seats`).
//!
//! A concert leaves a queue of its own only while nobody is in its line, because those who wait
//! would wait for nothing. From `main` it can always move. Those who are in the line of `main` at
//! that moment may still buy it. The queues are ticked, so that new seats take newcomers at once,
//! and a line without seats ends (`ARCHITECTURE.md#where-a-line-ends`).
//!
//! Cost: 1 RRU for the door, 1 RRU per 4 KB of the concert and of its texts; 2 WRU for each show
//! that changes, 2 for the concert, 2 for the version, 2 for each place of the listing that
//! changes, 2 for each KB of the texts if they change, 2 for each KB of the record in the log of
//! changes. A queue of its own: 1 RRU to look it up, 1
//! RRU per 4 KB and 2 WRU per KB of the list of its shows, and the price of a tick. A move to
//! another queue: 0.5 RRU more, and a look at the line (2 RRU and 1 for each live cohort, or 65 RRU
//! before its opening). If seats go or change: 1 RRU per 4 KB of each block of 500 that has such
//! seats. Another plan: 1 RRU per 4 KB of it and of the one before. A plan that the instance has not
//! used: 0.5 RRU per 4 KB.
//!
//! Round trips: 10 calls in 9 rounds. Most of the calls wake the line.

use serde::Deserialize;
use serde_json::json;
use shared::{
    app::App,
    domain::{
        ids::{ConcertId, QueueId, ShowDate, ShowKey},
        programme::ProgrammeChange,
        user::Name,
    },
    error::ApiError,
    http::{Field, RequestParts as _, body, even_null, ok},
    jiff::{Timestamp, civil::date},
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use super::programme::{self, ConcertAnswer, DescriptionFields, Prices, ShowFields, VenueFields};
use crate::operation::{Door, Operation, several_shows};

/// Changes the concert. Answers with it.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let admin = app.admin(&request).await?;
    programme::require_concert_fields(&request)?;
    let mut change = change(&app, &body(&request)?, admin.now).await?;
    let concert_id = request.concert_id()?;
    let leaves = match &change.queue_id {
        Some(queue_id) => require_movable(&app, concert_id, queue_id, admin.now).await?,
        None => None,
    };

    // The plans were read meanwhile. The time of the change is that of its write.
    change.now = app.now();
    change.versions = request.if_match().versions();
    let zone = &app.config().time_zone;
    let store = app.store().by(admin.author());
    let changed = store.change_concert(concert_id, &change, zone);
    let programme = changed.await?;
    if let Some(left) = leaves {
        app.wake_queue(&left).await;
    }
    app.wake_queue(&programme.concert.queue_id).await;
    ok(&ConcertAnswer::of(&programme))
}

/// Requires that the concert may move to that queue. Returns the queue that it leaves, or `None` if
/// it does not move. From a queue of its own it may move only if nobody is in the line. From
/// `main` it may always move.
async fn require_movable(
    app: &App,
    concert_id: ConcertId,
    queue_id: &QueueId,
    now: Timestamp,
) -> Result<Option<QueueId>, ApiError> {
    app.require_queue_exists(queue_id).await?;
    let concert = app.store().concert(concert_id).await?;
    let leaves = concert
        .map(|concert| concert.queue_id)
        .filter(|leaves| leaves != queue_id);
    if let Some(leaves) = &leaves {
        app.require_empty_line(leaves, now).await?;
    }
    Ok(leaves)
}

async fn change(
    app: &App,
    body: &ConcertChange,
    now: Timestamp,
) -> Result<ProgrammeChange, ApiError> {
    let shows = if body.shows.is_there() {
        programme::shows(&body.shows, Prices::MayStay)?
    } else {
        Vec::new()
    };
    Ok(ProgrammeChange {
        name: programme::name(&body.name)?,
        queue_id: programme::queue_id(&body.queue_id)?,
        most_seats_a_person: programme::person_limit(body.most_seats_a_person.as_ref())?,
        now,
        versions: None,
        texts: programme::texts(
            body.description.as_ref(),
            body.venue.as_ref(),
            body.age_limit.as_ref(),
        )?,
        shows: programme::read(app, &shows).await?,
    })
}

/// The changes of a concert. A field that is absent stays as it is.
#[derive(Deserialize, ToSchema)]
pub struct ConcertChange {
    /// The new name.
    #[schema(value_type = Option<Name>)]
    name: Field,
    /// The id of the new queue of its buyers. The queue must exist.
    #[schema(value_type = Option<QueueId>)]
    queue_id: Field,
    /// The most seats of the concert that one person may have, over all their reservations that are
    /// paid and not refunded. Without it, as many as they like. `null` removes it.
    #[serde(default, deserialize_with = "even_null")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    most_seats_a_person: Option<Field>,
    /// What the concert is about: plain text. `null` removes it, and `null` for a language its text.
    #[serde(default, deserialize_with = "even_null")]
    #[schema(value_type = Option<DescriptionFields>)]
    description: Option<Field>,
    /// Where the concert plays. `null` removes it, and `null` for a language its text.
    #[serde(default, deserialize_with = "even_null")]
    #[schema(value_type = Option<VenueFields>)]
    venue: Option<Field>,
    /// The age from which on people may come. `null` removes it.
    #[serde(default, deserialize_with = "even_null")]
    #[schema(value_type = Option<u8>, maximum = 99)]
    age_limit: Option<Field>,
    /// Shows to add or to change. A show that the concert has is changed, another one is added.
    #[schema(value_type = Option<Vec<ShowFields>>, max_items = 200)]
    shows: Field,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    let show = ShowKey::from(ShowDate::from(date(2026, 12, 24)));
    Operation::new("Change a concert", Door::Admin)
        .details(
            "What is left out stays, and a show that does not exist is added. A new price is for \
             later holds: seats that are held keep theirs.\n\n\
             A show without a plan can get more seats at any time, and so can one with a plan, if \
             the new plan agrees with the old one on all its seats. Fewer seats, or a plan in which \
             the section, row, label or grade of some seats differs, are refused with 409 while such \
             seats may be held: close the sale first, with a call of its own, and wait 20 seconds \
             (`SALE_OPEN`, with `Retry-After` once it is closed). They are also refused while such \
             seats are sold or held (`SEATS_TAKEN`, with the first hundred in `seat_numbers`). Both \
             name the show in `shows`. A show that was called off keeps its sale, prices and seats.\n\n\
             A concert can leave a queue of its own only while nobody is in its line, else 409 \
             `LINE_NOT_EMPTY`. Repeating the call is safe. After a call without an answer, \
             repeat it: a change of many shows may have been done in part. With `If-Match`, read \
             the concert first, because its version may be another one then.",
        )
        .header::<String>(
            "If-Match",
            "The `version` of the concert that this change is meant for, in quotes: `\"3\"`. Or `*` \
             for any. If the concert has another version: 412 `VERSION_MISMATCH` with who made it \
             and when, and nothing changes. Without it, the change is made to whatever is there. The \
             `ETag` of `GET` is no version.",
        )
        .body::<ConcertChange>(json!({
            "name": "겨울 콘서트",
            "description": { "en": "Music for a winter night" },
            "age_limit": null,
            "shows": [
                { "date": "2026-12-24", "opens_at": null },
                { "date": "2026-12-25T19:30", "price": 60_000 },
            ],
        }))
        .answers::<ConcertAnswer>(
            200,
            "The concert, with all its shows.",
            ConcertAnswer::example(),
        )
        .refuses(["date", "price"].map(ApiError::MissingField))
        .refuses(programme::REFUSALS)
        .refuses([
            several_shows(),
            ApiError::ShowCalledOff,
            ApiError::UnknownField("capcity".to_owned()),
            ApiError::ConcertNotFound,
            ApiError::QueueNotFound,
            ApiError::LineNotEmpty,
            ApiError::VersionMismatch {
                current: Some(4),
                last_change: None,
            },
            ApiError::SaleOpen {
                show,
                retry_after: Some(20),
            },
            ApiError::SeatsTaken {
                show,
                seats: Vec::new(),
            },
        ])
}
