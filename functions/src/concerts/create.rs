//! `POST /v1/concerts`: a new concert with its shows, on sale at once where they do not say
//! otherwise.
//!
//! A date in the past is taken, too, so that history can be brought along: it is listed among
//! those that are over, and nobody can buy. 1 RRU for the door; 2 WRU for each show, the concert,
//! its line in the listing and the version. A queue of its own is looked up (1 RRU) and gets the
//! list of its shows (1 RRU per 4 KB, 2 WRU per KB); then it is ticked, so that it takes newcomers
//! at once.
//!
//! With an `Idempotency-Key` of the administrator's it happens once, however often it is sent, at
//! the same moment too, and whatever was cut off: the same again gives the same answer, even when
//! the concert has changed or gone since. The same key with another concert is 422. 3 WRU more, and
//! 2 for each transaction of a concert that needs several; again: 1 RRU, 1 WRU.

use serde::Deserialize;
use serde_json::json;
use shared::{
    app::App,
    domain::{
        ids::{ConcertId, QueueId},
        programme::{Programme, ProgrammeChange},
        show::Concert,
        user::Name,
    },
    error::ApiError,
    http::{Field, IdempotencyKey, body, created},
    lambda_http::{Body, Request, Response},
    store::programme::CreationName,
};
use utoipa::ToSchema;

use super::programme::{self, ConcertAnswer, Prices, ShowFields};
use crate::operation::{Door, Operation};

/// Creates the concert and answers 201 with it.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let admin = app.admin(&request).await?;
    let programme = programme(&body(&request)?)?;
    let key = IdempotencyKey::of(&request)?;
    app.require_queue_exists(&programme.concert.queue_id)
        .await?;

    let name = key.map(|key| CreationName {
        admin: admin.user_id,
        key: key.as_str().to_owned(),
    });
    let programme = create(&app, programme, name).await?;
    app.wake_queue(&programme.concert.queue_id).await;
    created(&ConcertAnswer::of(&programme))
}

/// Creates a concert, once if the creation has a name, and returns it as it was created.
async fn create(
    app: &App,
    programme: Programme,
    name: Option<CreationName>,
) -> Result<Programme, ApiError> {
    let concert = &programme.concert;
    let shows: Vec<_> = programme.shows.values().cloned().collect();
    let Some(name) = name else {
        app.store().create_concert(concert, &shows).await?;
        return Ok(programme);
    };
    let concert_id = app
        .store()
        .create_concert_once(&name, concert, &shows)
        .await?;
    Ok(programme.with_id(concert_id))
}

fn programme(body: &NewConcert) -> Result<Programme, ApiError> {
    for (field, name) in [(&body.name, "name"), (&body.shows, "shows")] {
        if !field.is_there() {
            return Err(ApiError::MissingField(name));
        }
    }
    let shows = programme::shows(&body.shows, Prices::Needed)?;
    let concert = Concert {
        concert_id: ConcertId::new(),
        name: programme::name(&body.name)?.ok_or(ApiError::MissingField("name"))?,
        queue_id: programme::queue_id(&body.queue_id)?.unwrap_or_else(QueueId::main),
        left: Vec::new(),
    };
    let change = ProgrammeChange {
        shows: shows
            .iter()
            .map(ShowFields::read)
            .collect::<Result<_, _>>()?,
        ..ProgrammeChange::default()
    };
    Programme::new(concert)
        .changed(&change)
        .map_err(ApiError::from)
}

/// A new concert.
#[derive(Deserialize, ToSchema)]
pub struct NewConcert {
    /// Its name.
    #[schema(value_type = Name, required)]
    name: Field,
    /// The queue that its buyers come through, `main` unless said.
    #[schema(value_type = Option<QueueId>)]
    queue_id: Field,
    /// Its shows, each on a date of its own.
    #[schema(value_type = Vec<ShowFields>, required, min_items = 1, max_items = 200)]
    shows: Field,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("Create a concert", Door::Admin)
        .details(
            "Each show needs its price. With an `Idempotency-Key` it happens once, however often \
             it is sent: the same again gives the same answer.",
        )
        .header::<IdempotencyKey>("Idempotency-Key", "What names this concert to be.")
        .body::<NewConcert>(json!({
            "name": "겨울 콘서트",
            "shows": [
                { "date": "2026-12-24", "price": 50_000 },
                {
                    "date": "2026-12-25",
                    "price": 60_000,
                    "capacity": 500,
                    "opens_at": "2026-11-20T11:00:00Z",
                },
            ],
        }))
        .answers::<ConcertAnswer>(201, "The concert.", ConcertAnswer::example())
        .refuses(["name", "shows", "date", "price"].map(ApiError::MissingField))
        .refuses(programme::REFUSALS)
        .refuses([
            ApiError::BadRequest,
            ApiError::QueueNotFound,
            ApiError::IdempotencyKeyReused,
        ])
}
