//! `POST /v1/concerts`: a new concert with its shows. A show without `opens_at` is on sale at once.
//!
//! A date in the past is allowed, so that an operator can bring along a history. It is listed as
//! over, and nobody can buy it.
//!
//! With an `Idempotency-Key` of the administrator, the concert is created once, even by several
//! calls at the same moment, and even if a call was cut off. The same call again returns the
//! concert as it was created, even if it has changed or been deleted since. The same key with
//! another concert is 422 (`functions/README.md#idempotency`).
//!
//! A concert with a queue of its own ticks that queue, so that it takes newcomers at once.
//!
//! Cost: 1 RRU for the door; 2 WRU for each show, and 2 each for the concert, its line in the
//! listing, the version and the record in the log of changes; for texts 2 WRU per KB. A queue of its own: 1 RRU to look it up, 1 RRU
//! per 4 KB and 2 WRU per KB of the list of its shows, and the price of a tick. With a key: 3 WRU
//! more, and 2 WRU for each transaction of a concert that needs several; a repeated call: 1 RRU and
//! 1 WRU.
//!
//! Round trips: 10 calls in 9 rounds. Most of the calls wake the line.

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
    http::{Field, IdempotencyKey, body, created, even_null},
    lambda_http::{Body, Request, Response},
    store::{Store, programme::CreationName},
};
use utoipa::ToSchema;

use super::programme::{self, ConcertAnswer, DescriptionFields, Prices, ShowFields, VenueFields};
use crate::operation::{Door, Operation};

/// Creates the concert. Answers 201 with it.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let admin = app.admin(&request).await?;
    programme::require_concert_fields(&request)?;
    let programme = programme(&app, &body(&request)?).await?;
    let key = IdempotencyKey::of(&request)?;
    app.require_queue_exists(&programme.concert.queue_id)
        .await?;

    let name = key.map(|key| CreationName {
        admin: admin.user_id,
        key: key.as_str().to_owned(),
    });
    let store = app.store().by(admin.author());
    let programme = create(&store, programme.first_version(), name).await?;
    app.wake_queue(&programme.concert.queue_id).await;
    created(&ConcertAnswer::of(&programme))
}

/// Creates a concert, only once if it has a name, and returns it as it was created.
async fn create(
    store: &Store,
    programme: Programme,
    name: Option<CreationName>,
) -> Result<Programme, ApiError> {
    let Some(name) = name else {
        store.create_programme(&programme).await?;
        return Ok(programme);
    };
    let concert_id = store.create_concert_once(&name, &programme).await?;
    Ok(programme.with_id(concert_id))
}

async fn programme(app: &App, body: &NewConcert) -> Result<Programme, ApiError> {
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
        most_seats_a_person: None,
        left: Vec::new(),
    };
    let change = ProgrammeChange {
        most_seats_a_person: programme::person_limit(body.most_seats_a_person.as_ref())?,
        texts: programme::texts(
            body.description.as_ref(),
            body.venue.as_ref(),
            body.age_limit.as_ref(),
        )?,
        shows: programme::read(app, &shows).await?,
        ..ProgrammeChange::default()
    };
    Programme::new(concert)
        .changed(&change)
        .map_err(ApiError::from)
}

/// A concert to create.
#[derive(Deserialize, ToSchema)]
pub struct NewConcert {
    /// The concert's name.
    #[schema(value_type = Name, required)]
    name: Field,
    /// The id of the queue of its buyers. The queue must exist. `main` if it is absent.
    #[schema(value_type = Option<QueueId>)]
    queue_id: Field,
    /// The most seats of the concert that one person may have, over all their reservations that are
    /// paid and not refunded. Without it, as many as they like.
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
    /// The concert's shows, each with its own date, or date and start.
    #[schema(value_type = Vec<ShowFields>, required, min_items = 1, max_items = 200)]
    shows: Field,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Create a concert", Door::Admin)
        .details(
            "Every show needs its `price`, or the plan of its hall and `prices` by grade. A show without `opens_at` is on sale at once, and one \
             without `closes_at` until the end of its day.\n\n\
             Send an `Idempotency-Key`. Then the concert is created once, however often the call \
             is repeated, and each call gets the same answer. Without a key, a repeated call \
             creates another concert. The same key with another concert is 422 \
             `IDEMPOTENCY_KEY_REUSED`.",
        )
        .header::<IdempotencyKey>(
            "Idempotency-Key",
            "The name of this creation, chosen by the client.",
        )
        .body::<NewConcert>(json!({
            "name": "겨울 콘서트",
            "venue": { "ko": "올림픽홀", "en": "Olympic Hall" },
            "shows": [
                { "date": "2026-12-24", "price": 50_000 },
                {
                    "date": "2026-12-25T19:30",
                    "price": 60_000,
                    "capacity": 500,
                    "opens_at": "2026-11-20T11:00:00Z",
                    "doors_at": "18:30",
                },
            ],
        }))
        .answers::<ConcertAnswer>(201, "The new concert.", ConcertAnswer::example())
        .refuses(["name", "shows", "date", "price"].map(ApiError::MissingField))
        .refuses(programme::REFUSALS)
        .refuses([
            ApiError::BadRequest,
            ApiError::UnknownField("capcity".to_owned()),
            ApiError::QueueNotFound,
            ApiError::IdempotencyKeyReused,
        ])
}
