//! `PATCH /v1/concerts/{concert_id}`: changes a concert's name, its queue, its texts, and its shows
//! by date.
//!
//! What is left out stays. A date that does not exist is added. The capacity of a show never
//! changes. Of two changes at once, both are done. A change of more shows than fit into one
//! transaction is done in steps. Each step leaves a whole concert. If the change was cut off, the
//! same request again does the rest.
//!
//! A concert leaves a queue of its own only while nobody is in its line, because those who wait
//! would wait for nothing. From `main` it can always move. Those who are in the line of `main` at
//! that moment may still buy it. The queues are ticked, so that new seats take newcomers at once,
//! and a line without seats ends (`ARCHITECTURE.md#where-a-line-ends`).
//!
//! Cost: 1 RRU for the door, 1 RRU per 4 KB of the concert and of its texts; 2 WRU for each show
//! that changes, 2 for the concert, 2 for the version, 2 for each place of the listing that
//! changes, 2 for each KB of the texts if they change. A queue of its own: 1 RRU to look it up, 1
//! RRU per 4 KB and 2 WRU per KB of the list of its shows, and the price of a tick. A move to
//! another queue: 0.5 RRU more, and a look at the line (2 RRU and 1 for each live cohort, or 65 RRU
//! before its opening).
//!
//! Round trips: 10 calls in 9 rounds. Most of the calls wake the line.

use serde::Deserialize;
use serde_json::json;
use shared::{
    app::App,
    domain::{
        ids::{ConcertId, QueueId},
        programme::ProgrammeChange,
        user::Name,
    },
    error::ApiError,
    http::{Field, RequestParts as _, body, even_null, ok},
    jiff::Timestamp,
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use super::programme::{self, ConcertAnswer, DescriptionFields, Prices, ShowFields, VenueFields};
use crate::operation::{Door, Operation, several_shows};

/// Changes the concert. Answers with it.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let admin = app.admin(&request).await?;
    let change = change(&app, &body(&request)?, admin.now).await?;
    let concert_id = request.concert_id()?;
    let leaves = match &change.queue_id {
        Some(queue_id) => require_movable(&app, concert_id, queue_id, admin.now).await?,
        None => None,
    };

    let programme = app.store().change_concert(concert_id, &change).await?;
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
    Operation::new("Change a concert", Door::Admin)
        .details(
            "What is left out stays, and a show that does not exist is added. A new price is for \
             later holds: seats that are held keep theirs. A show's capacity cannot be \
             changed.\n\n\
             A concert can leave a queue of its own only while nobody is in its line, else 409 \
             `LINE_NOT_EMPTY`. Repeating the call is safe. After a call without an answer, \
             repeat it: a change of many shows may have been done in part.",
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
            ApiError::ConcertNotFound,
            ApiError::QueueNotFound,
            ApiError::LineNotEmpty,
        ])
}
