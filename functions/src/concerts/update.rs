//! `PATCH /v1/concerts/{concert_id}`: change a concert: its name, its queue, and its shows by
//! date.
//!
//! What is left out stays; dates that are not there yet are added. A new price is that of the
//! next hold: a seat that is held costs what it cost then. A sale's time goes with `null`. The
//! capacity of a show never changes. Two changes at once are both done. One of more shows than a
//! transaction takes is done in steps that leave a whole concert each, and the same request again
//! does the rest of one that was cut off.
//!
//! 1 RRU for the door, 1 RRU per 4 KB of the concert; 2 WRU for each show that changes, 2 for the
//! concert, 2 for the version, 2 for each place of the listing that changes. A queue of its own is
//! looked up (1 RRU), and the list of its shows changes with them (1 RRU per 4 KB, 2 WRU per KB).

use serde::Deserialize;
use serde_json::json;
use shared::{
    app::App,
    domain::{ids::QueueId, programme::ProgrammeChange, user::Name},
    error::{ApiError, Wrong},
    http::{Field, RequestParts as _, body, ok},
    lambda_http::{Body, Request, Response},
    store::{Rejected, programme::ChangeRefused},
};
use utoipa::ToSchema;

use super::programme::{self, ConcertAnswer, Prices, ShowFields, impossible};
use crate::operation::{Door, Operation};

/// What is to become of a concert.
#[derive(Deserialize, ToSchema)]
pub struct ConcertChange {
    /// Its new name.
    #[serde(default)]
    #[schema(value_type = Option<Name>)]
    name: Field,
    /// The queue that its buyers come through from now on.
    #[serde(default)]
    #[schema(value_type = Option<QueueId>)]
    queue_id: Field,
    /// Shows by their dates: new ones, and changes of others.
    #[serde(default)]
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
        .refuses([ApiError::ConcertNotFound, ApiError::QueueNotFound])
}

/// Changes the concert and answers with it.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    app.admin(&request).await?;
    let change = change(&body(&request)?)?;
    let concert_id = request.concert_id()?;
    if let Some(queue_id) = &change.queue_id {
        app.knows_queue(queue_id).await?;
    }

    let changed = app.store().change_concert(concert_id, &change).await;
    let programme = changed.map_err(|rejected| match rejected {
        Rejected::Refused(ChangeRefused::NoConcert) => ApiError::ConcertNotFound,
        Rejected::Refused(ChangeRefused::Impossible(why)) => impossible(why),
        Rejected::Refused(ChangeRefused::QueueFull) => ApiError::Invalid(Wrong::QueueShows),
        Rejected::Failed(error) => error.into(),
    })?;
    ok(&ConcertAnswer::of(&programme))
}

fn change(body: &ConcertChange) -> Result<ProgrammeChange, ApiError> {
    let shows = if body.shows.is_there() {
        programme::shows(&body.shows, Prices::MayStay)?
    } else {
        Vec::new()
    };
    Ok(ProgrammeChange {
        name: programme::name(&body.name)?,
        queue_id: programme::queue_id(&body.queue_id)?,
        shows: shows
            .iter()
            .map(ShowFields::read)
            .collect::<Result<_, _>>()?,
    })
}
