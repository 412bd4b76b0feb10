//! `PATCH /v1/concerts/{concert_id}`: change a concert: its name, its queue, and its shows by
//! date.
//!
//! What is left out stays; dates that are not there yet are added. A new price is that of the
//! next hold: a seat that is held costs what it cost then. A sale's time goes with `null`. The
//! capacity of a show never changes. Two changes at once are both done. One of more shows than a
//! transaction takes is done in steps that leave a whole concert each, and the same request again
//! does the rest of one that was cut off.
//!
//! A concert leaves a queue of its own only while nobody is in its line: those who wait would wait
//! for nothing. Whoever is in the line of `main` goes along: they may buy until they are through.
//! The queues are ticked, so that new seats take newcomers at once, and a line without any ends.
//!
//! 1 RRU for the door, 1 RRU per 4 KB of the concert; 2 WRU for each show that changes, 2 for the
//! concert, 2 for the version, 2 for each place of the listing that changes. A queue of its own is
//! looked up (1 RRU), and the list of its shows changes with them (1 RRU per 4 KB, 2 WRU per KB);
//! then it is ticked. A move costs 0.5 RRU more, and what a look at the line costs: 2 RRU and 1 for
//! each live cohort, or 65 RRU before its opening.

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
    http::{Field, RequestParts as _, body, ok},
    jiff::Timestamp,
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use super::programme::{self, ConcertAnswer, Prices, ShowFields};
use crate::operation::{Door, Operation};

/// Changes the concert and answers with it.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let admin = app.admin(&request).await?;
    let change = change(&body(&request)?, admin.now)?;
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

/// Requires that the concert may move to that queue, and returns the one that it leaves, if it
/// does: a queue of its own in whose line there is nobody, or `main`, whose line goes along.
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

fn change(body: &ConcertChange, now: Timestamp) -> Result<ProgrammeChange, ApiError> {
    let shows = if body.shows.is_there() {
        programme::shows(&body.shows, Prices::MayStay)?
    } else {
        Vec::new()
    };
    Ok(ProgrammeChange {
        name: programme::name(&body.name)?,
        queue_id: programme::queue_id(&body.queue_id)?,
        now,
        shows: shows
            .iter()
            .map(ShowFields::read)
            .collect::<Result<_, _>>()?,
    })
}

/// What is to become of a concert.
#[derive(Deserialize, ToSchema)]
pub struct ConcertChange {
    /// Its new name.
    #[schema(value_type = Option<Name>)]
    name: Field,
    /// The queue that its buyers come through from now on.
    #[schema(value_type = Option<QueueId>)]
    queue_id: Field,
    /// Shows by their dates: new ones, and changes of others.
    #[schema(value_type = Option<Vec<ShowFields>>, max_items = 200)]
    shows: Field,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("Change a concert", Door::Admin)
        .details(
            "What is left out stays; a date that is not there yet is added. Seats that are held \
             keep their price.",
        )
        .body::<ConcertChange>(json!({
            "name": "겨울 콘서트",
            "shows": [
                { "date": "2026-12-24", "opens_at": null },
                { "date": "2026-12-25", "price": 60_000 },
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
            ApiError::ConcertNotFound,
            ApiError::QueueNotFound,
            ApiError::LineNotEmpty,
        ])
}
