//! A concert with its shows, as operators name it and as everybody is told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{
    domain::{
        ids::{ConcertId, QueueId, ShowDate},
        money::Money,
        programme::{Change, MAX_SHOWS, Programme, ShowChange},
        seat::MAX_SEATS_PER_SHOW,
        show::{Show, time},
        user::Name,
    },
    error::{ApiError, Constraint},
    http::{Field, Seconds, Won, even_null},
    jiff::Timestamp,
};
use utoipa::ToSchema;

/// A show, new or changed: what is left out stays, or gets its default.
#[derive(Deserialize, ToSchema)]
pub struct ShowFields {
    /// Its date. One in the past is taken, too: it is listed as over, and nobody can buy.
    #[schema(value_type = ShowDate, required)]
    date: Field,
    /// What one seat costs, with at most two decimals. A new date needs it. Seats that are held
    /// keep the price that they had.
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 1_000_000_000_000_i64)]
    price: Field,
    /// How many seats it has; 50 unless said. It never changes.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100_000)]
    capacity: Field,
    /// When its sale opens; at once unless said. `null` takes it away.
    #[serde(default, deserialize_with = "even_null")]
    #[schema(value_type = Option<Timestamp>)]
    opens_at: Option<Field>,
    /// When its sale closes; with the day of the show unless said. `null` takes it away.
    #[serde(default, deserialize_with = "even_null")]
    #[schema(value_type = Option<Timestamp>)]
    closes_at: Option<Field>,
}

/// Whether a date needs its price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prices {
    /// Each one does.
    Needed,
    /// Some are there already.
    MayStay,
}

/// The shows of a body, which are fields yet: those that have to be there are.
pub(crate) fn shows(field: &Field, prices: Prices) -> Result<Vec<ShowFields>, ApiError> {
    let shows: Option<Vec<Field>> = field.read().value();
    let shows = shows.filter(|shows| shows.len() <= MAX_SHOWS);
    let shows: Option<Vec<ShowFields>> =
        shows.and_then(|shows| shows.iter().map(|show| show.object().value()).collect());
    let shows = shows.ok_or(ApiError::Invalid(Constraint::Shows))?;
    for show in &shows {
        if !show.date.is_there() {
            return Err(ApiError::MissingField("date"));
        }
        if prices == Prices::Needed && !show.price.is_there() {
            return Err(ApiError::MissingField("price"));
        }
    }
    Ok(shows)
}

/// A name in a body.
pub(crate) fn name(field: &Field) -> Result<Option<Name>, ApiError> {
    field.text(Name::parse, ApiError::Invalid(Constraint::Name))
}

/// A queue in a body.
pub(crate) fn queue_id(field: &Field) -> Result<Option<QueueId>, ApiError> {
    field.text(|id| id.parse().ok(), ApiError::Invalid(Constraint::QueueId))
}

impl ShowFields {
    /// What they say.
    pub(crate) fn read(&self) -> Result<ShowChange, ApiError> {
        let date = self.date.read().value().ok_or(ApiError::InvalidDate)?;
        let price = self.price.parse(Money::parse);
        let is_capacity = |capacity: &u32| (1..=MAX_SEATS_PER_SHOW).contains(capacity);
        let capacity = self.capacity.whole().filter(is_capacity);
        Ok(ShowChange {
            date,
            price: price.or_malformed(ApiError::Invalid(Constraint::Price))?,
            capacity: capacity.or_malformed(ApiError::Invalid(Constraint::Capacity))?,
            opens_at: change(self.opens_at.as_ref())?,
            closes_at: change(self.closes_at.as_ref())?,
        })
    }
}

fn change(field: Option<&Field>) -> Result<Change<Timestamp>, ApiError> {
    let Some(field) = field else {
        return Ok(Change::Keep);
    };
    let named = field.text(time, ApiError::Invalid(Constraint::SalesWindow))?;
    Ok(named.map_or(Change::Clear, Change::Set))
}

/// What may be wrong with a concert that somebody names.
pub(crate) const REFUSALS: [ApiError; 8] = [
    ApiError::InvalidDate,
    ApiError::Invalid(Constraint::Name),
    ApiError::Invalid(Constraint::QueueId),
    ApiError::Invalid(Constraint::Shows),
    ApiError::Invalid(Constraint::Price),
    ApiError::Invalid(Constraint::Capacity),
    ApiError::Invalid(Constraint::SalesWindow),
    ApiError::Invalid(Constraint::QueueShows),
];

/// A concert with its shows.
#[derive(Serialize, ToSchema)]
#[schema(as = Concert)]
pub struct ConcertAnswer<'a> {
    /// Its id.
    concert_id: ConcertId,
    /// Its name.
    name: &'a Name,
    /// The queue that its buyers come through.
    queue_id: &'a QueueId,
    /// Its shows, the first one first.
    shows: Vec<ShowAnswer>,
}

/// A concert on one date.
#[derive(Serialize, ToSchema)]
#[schema(as = Show)]
pub struct ShowAnswer {
    /// Its date.
    date: ShowDate,
    /// What one seat costs.
    price: Won,
    /// How many seats it has.
    capacity: u32,
    /// When its sale opens; at once when it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    opens_at: Option<Seconds>,
    /// When its sale closes; with the day of the show when it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    closes_at: Option<Seconds>,
}

impl<'a> ConcertAnswer<'a> {
    /// What is told of a concert.
    pub(crate) fn of(programme: &'a Programme) -> Self {
        Self {
            concert_id: programme.concert.concert_id,
            name: &programme.concert.name,
            queue_id: &programme.concert.queue_id,
            shows: answers(&programme.shows),
        }
    }

    /// What it looks like.
    pub(crate) fn example() -> Value {
        json!({
            "concert_id": "019a9e1c-1111-7000-8000-000000000001",
            "name": "겨울 콘서트",
            "queue_id": "main",
            "shows": [
                { "date": "2026-12-24", "price": 50_000, "capacity": 50 },
                {
                    "date": "2026-12-25",
                    "price": 60_000,
                    "capacity": 500,
                    "opens_at": "2026-11-20T11:00:00Z",
                },
            ],
        })
    }
}

fn answers(shows: &BTreeMap<ShowDate, Show>) -> Vec<ShowAnswer> {
    shows
        .values()
        .map(|show| ShowAnswer {
            date: show.date,
            price: Won(show.price),
            capacity: show.capacity,
            opens_at: show.sale.opens_at.map(Seconds),
            closes_at: show.sale.closes_at.map(Seconds),
        })
        .collect()
}
