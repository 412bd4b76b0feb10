//! A concert with its shows, in requests and in answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{
    app::App,
    domain::{
        ids::{ConcertId, PlanId, QueueId, ShowDate, ShowKey},
        money::Money,
        plan::{Grade, MAX_GRADES},
        programme::{Change, MAX_SHOWS, PlanOfShow, PricingChange, Programme, ShowChange},
        reason::Reason,
        seat::MAX_SEATS_PER_SHOW,
        show::{CalledOff, PERSON_LIMITS, Show, time},
        texts::{
            Description, DetailsChange, InLanguages, InLanguagesChange, Texts, TextsChange,
            TimeOfDay, Venue,
        },
        user::Name,
    },
    error::{ApiError, Constraint},
    http::{Field, Seconds, Won, even_null, require_fields_among, unknown_field},
    lambda_http::Request,
};
use utoipa::ToSchema;

use crate::change::{change, in_languages};

/// A show to add or to change. In a change, a field that is absent stays as it is.
#[derive(Deserialize, ToSchema)]
pub struct ShowFields {
    /// The show: its date, or its date and its start in the time zone of the deployment. If a day has
    /// several shows, each of them needs a start. In a change, a date alone names the only show of
    /// that day. A date in the past is allowed: it is listed as over, and nobody can buy it.
    #[schema(value_type = ShowKey, required)]
    date: Field,
    /// The price of one seat, in won, with at most two decimals. Required for a new show without a
    /// plan. Seats that are held keep their price.
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 1_000_000_000_000_i64)]
    price: Field,
    /// The plan of the hall. A new show with a plan needs `prices`. An existing show may get a plan, or
    /// another one: if no seat that this changes may be held or is taken. It cannot lose its plan.
    #[schema(value_type = Option<PlanId>)]
    plan_id: Field,
    /// The price of one seat of each grade of the plan, in won. Only for a show with a plan. With
    /// another plan of the same grades it may be absent: prices stay.
    #[schema(value_type = Option<BTreeMap<Grade, f64>>)]
    prices: Field,
    /// The number of seats: 50 by default, and that of the plan in a show with a plan. Without a plan
    /// it can be raised at any time, and lowered if no seat above it may be held or is taken.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100_000)]
    capacity: Field,
    /// The time when the sale opens. Absent for a new show: at once. `null` removes it.
    #[serde(default, deserialize_with = "even_null")]
    #[schema(value_type = Option<Timestamp>)]
    opens_at: Option<Field>,
    /// The time when the sale closes. Absent for a new show: when the show starts, or at the end of
    /// its day if it has no start. `null` removes it.
    #[serde(default, deserialize_with = "even_null")]
    #[schema(value_type = Option<Timestamp>)]
    closes_at: Option<Field>,
    /// Where the show plays, if that is not the concert's venue. `null` removes it, and `null` for a
    /// language its text.
    #[serde(default, deserialize_with = "even_null")]
    #[schema(value_type = Option<VenueFields>)]
    venue: Option<Field>,
    /// The time when the doors open, in the time zone of the deployment. Not after the start. `null`
    /// removes it.
    #[serde(default, deserialize_with = "even_null")]
    #[schema(value_type = Option<TimeOfDay>)]
    doors_at: Option<Field>,
    /// The time when the show starts, in the time zone of the deployment, for a show whose `date` has
    /// no start. Nothing is closed or refused at that time. `null` removes it.
    #[serde(default, deserialize_with = "even_null")]
    #[schema(value_type = Option<TimeOfDay>)]
    starts_at: Option<Field>,
}

/// A description in Korean, in English, or in both. A language that is absent stays as it is.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is read as `LanguageFields`")]
pub struct DescriptionFields {
    /// The Korean text.
    ko: Option<Description>,
    /// The English text.
    en: Option<Description>,
}

/// A venue in Korean, in English, or in both. A language that is absent stays as it is.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is read as `LanguageFields`")]
pub struct VenueFields {
    /// The Korean text.
    ko: Option<Venue>,
    /// The English text.
    en: Option<Venue>,
}

/// Whether every show of a body needs a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prices {
    /// Every show does.
    Needed,
    /// A show that exists already keeps its price without one.
    MayStay,
}

/// The fields of a show.
const SHOW_FIELDS: [&str; 10] = [
    "date",
    "price",
    "plan_id",
    "prices",
    "capacity",
    "opens_at",
    "closes_at",
    "venue",
    "doors_at",
    "starts_at",
];

/// The fields of a concert.
const CONCERT_FIELDS: [&str; 7] = [
    "name",
    "queue_id",
    "most_seats_a_person",
    "description",
    "venue",
    "age_limit",
    "shows",
];

/// Requires a body without fields that a concert does not have. A misspelt one would be taken for one
/// that was left out, and sell other seats than those that were meant.
pub(crate) fn require_concert_fields(request: &Request) -> Result<(), ApiError> {
    require_fields_among(request, &CONCERT_FIELDS)
}

/// Requires a show without fields that shows do not have.
fn require_show_fields(show: &Field) -> Result<(), ApiError> {
    let fields = show.object::<BTreeMap<String, Field>>().value();
    let fields = fields.into_iter().flatten();
    let mut unknown = fields.filter(|(name, _)| !SHOW_FIELDS.contains(&name.as_str()));
    match unknown.next() {
        Some((name, _)) => Err(unknown_field(&name)),
        None => Ok(()),
    }
}

/// The shows of a body, with their fields as they came. Required fields are present.
pub(crate) fn shows(field: &Field, prices: Prices) -> Result<Vec<ShowFields>, ApiError> {
    let shows: Option<Vec<Field>> = field.read().value();
    let shows = shows.filter(|shows| shows.len() <= MAX_SHOWS);
    for show in shows.iter().flatten() {
        require_show_fields(show)?;
    }
    let shows: Option<Vec<ShowFields>> =
        shows.and_then(|shows| shows.iter().map(|show| show.object().value()).collect());
    let shows = shows.ok_or(ApiError::Invalid(Constraint::Shows))?;
    for show in &shows {
        if !show.date.is_there() {
            return Err(ApiError::MissingField("date"));
        }
        let is_priced = show.price.is_there() || show.prices.is_there();
        if prices == Prices::Needed && !is_priced {
            return Err(ApiError::MissingField("price"));
        }
    }
    Ok(shows)
}

/// Reads the shows of a body, and the plans that they name.
pub(crate) async fn read(app: &App, shows: &[ShowFields]) -> Result<Vec<ShowChange>, ApiError> {
    let mut changes = Vec::with_capacity(shows.len());
    for show in shows {
        changes.push(show.read(app).await?);
    }
    Ok(changes)
}

/// The name in a body.
pub(crate) fn name(field: &Field) -> Result<Option<Name>, ApiError> {
    field.text(Name::parse, ApiError::Invalid(Constraint::Name))
}

/// The queue in a body.
pub(crate) fn queue_id(field: &Field) -> Result<Option<QueueId>, ApiError> {
    field.text(|id| id.parse().ok(), ApiError::Invalid(Constraint::QueueId))
}

impl ShowFields {
    /// Reads each field. A plan that it names is read too.
    pub(crate) async fn read(&self, app: &App) -> Result<ShowChange, ApiError> {
        let key = self.date.read().value().ok_or(ApiError::InvalidDate)?;
        let is_capacity = |capacity: &u32| (1..=MAX_SEATS_PER_SHOW).contains(capacity);
        let capacity = self.capacity.whole().filter(is_capacity);
        Ok(ShowChange {
            key,
            pricing: self.pricing(app).await?,
            capacity: capacity.or_malformed(ApiError::Invalid(Constraint::Capacity))?,
            opens_at: change(self.opens_at.as_ref(), time, Constraint::SalesWindow)?,
            closes_at: change(self.closes_at.as_ref(), time, Constraint::SalesWindow)?,
            details: self.details()?,
        })
    }
}

impl ShowFields {
    /// What the fields say about what people want to know of the show.
    fn details(&self) -> Result<DetailsChange, ApiError> {
        let time = |field: &Option<Field>| {
            let parse = |text: &str| text.parse::<TimeOfDay>().ok();
            change(field.as_ref(), parse, Constraint::DoorTimes)
        };
        Ok(DetailsChange {
            venue: venue(self.venue.as_ref())?,
            doors_at: time(&self.doors_at)?,
            starts_at: time(&self.starts_at)?,
        })
    }

    /// What the fields say about the cost of seats.
    async fn pricing(&self, app: &App) -> Result<PricingChange, ApiError> {
        let price = self.price.parse(Money::parse);
        let price = price.or_malformed(ApiError::Invalid(Constraint::Price))?;
        let plan_id = self.plan_id.read::<PlanId>();
        let plan_id = plan_id.or_malformed(ApiError::Invalid(Constraint::Plan))?;
        match (price, plan_id, prices(&self.prices)?) {
            (None, None, None) => Ok(PricingChange::Keep),
            (Some(price), None, None) => Ok(PricingChange::Same(price)),
            (Some(_), ..) => Err(ApiError::Invalid(Constraint::Prices)),
            (None, None, Some(prices)) => Ok(PricingChange::ByGrade(prices)),
            (None, Some(id), prices) => Ok(PricingChange::Plan {
                plan: PlanOfShow::of(&*app.kept_plan(id).await?),
                prices,
            }),
        }
    }
}

fn prices(field: &Field) -> Result<Option<BTreeMap<Grade, Money>>, ApiError> {
    let prices = field.object::<BTreeMap<String, Field>>();
    let prices = prices.filter(|prices| prices.len() <= MAX_GRADES);
    let prices = prices.or_malformed(ApiError::Invalid(Constraint::Prices))?;
    let Some(prices) = prices else {
        return Ok(None);
    };
    let prices = prices.iter().map(|(grade, price)| {
        let grade = Grade::parse(grade).ok_or(ApiError::Invalid(Constraint::Prices))?;
        let price = price.parse(Money::parse).value();
        Ok((grade, price.ok_or(ApiError::Invalid(Constraint::Price))?))
    });
    prices.collect::<Result<_, _>>().map(Some)
}

/// The limit of seats a person in a body.
pub(crate) fn person_limit(field: Option<&Field>) -> Result<Change<u32>, ApiError> {
    let Some(field) = field else {
        return Ok(Change::Keep);
    };
    let limit = field.whole().filter(|limit| PERSON_LIMITS.contains(limit));
    let limit = limit.or_malformed(ApiError::Invalid(Constraint::PersonLimit))?;
    Ok(limit.map_or(Change::Clear, Change::Set))
}

/// What a body says about the texts of a concert.
pub(crate) fn texts(
    description: Option<&Field>,
    of_venue: Option<&Field>,
    age_limit: Option<&Field>,
) -> Result<TextsChange, ApiError> {
    Ok(TextsChange {
        description: in_languages(description, Description::parse, Constraint::Description)?,
        venue: venue(of_venue)?,
        age_limit: match age_limit {
            None => Change::Keep,
            Some(field) => {
                let age = field.whole().filter(|age| Texts::AGE_LIMIT.contains(age));
                let age = age.or_malformed(ApiError::Invalid(Constraint::AgeLimit))?;
                age.map_or(Change::Clear, Change::Set)
            }
        },
    })
}

fn venue(field: Option<&Field>) -> Result<InLanguagesChange<Venue>, ApiError> {
    in_languages(field, Venue::parse, Constraint::Venue)
}

/// The errors of a concert that a request describes.
pub(crate) const REFUSALS: [ApiError; 17] = [
    ApiError::InvalidDate,
    ApiError::Invalid(Constraint::Name),
    ApiError::Invalid(Constraint::QueueId),
    ApiError::Invalid(Constraint::PersonLimit),
    ApiError::Invalid(Constraint::Shows),
    ApiError::Invalid(Constraint::ShowTimes),
    ApiError::Invalid(Constraint::Price),
    ApiError::Invalid(Constraint::Prices),
    ApiError::Invalid(Constraint::Plan),
    ApiError::PlanNotFound,
    ApiError::Invalid(Constraint::Capacity),
    ApiError::Invalid(Constraint::SalesWindow),
    ApiError::Invalid(Constraint::Description),
    ApiError::Invalid(Constraint::Venue),
    ApiError::Invalid(Constraint::AgeLimit),
    ApiError::Invalid(Constraint::DoorTimes),
    ApiError::Invalid(Constraint::QueueShows),
];

/// A concert with its shows.
#[derive(Serialize, ToSchema)]
#[schema(as = Concert)]
pub struct ConcertAnswer<'a> {
    /// The concert's id.
    concert_id: ConcertId,
    /// The concert's name.
    name: &'a Name,
    /// The id of the queue of its buyers.
    queue_id: &'a QueueId,
    /// The most seats of the concert that one person may have. Absent if there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    most_seats_a_person: Option<u32>,
    /// What the concert is about: plain text, in the languages that it has. Absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<&'a InLanguages<Description>>,
    /// Where the concert plays. Absent if it has no venue.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    venue: Option<&'a InLanguages<Venue>>,
    /// The age from which on people may come. Absent if nothing is said about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, maximum = 99)]
    age_limit: Option<u8>,
    /// The version of the concert, to send as `If-Match` with a change of it. Each change of the
    /// concert or of a show counts it up.
    version: u64,
    /// The concert's shows, the earliest first.
    shows: Vec<ShowAnswer<'a>>,
}

/// A concert on one date.
#[derive(Serialize, ToSchema)]
#[schema(as = Show)]
pub struct ShowAnswer<'a> {
    /// The date of the show.
    date: ShowDate,
    /// The show, as `date` of a request names it: its date, and its start if it has one.
    show: ShowKey,
    /// The price of one seat, in won. With a plan: of the cheapest seats.
    price: Won,
    /// The plan of the hall. Absent if the show has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    plan_id: Option<PlanId>,
    /// The price of one seat of each grade, in won. Absent if the show has no plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    prices: Option<BTreeMap<Grade, Won>>,
    /// The number of seats.
    capacity: u32,
    /// The time when the sale opens, or opened. Absent if it was open from the creation of the
    /// show.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    opens_at: Option<Seconds>,
    /// The time when the sale closes, or closed. Absent if it closes when the show starts, or at the
    /// end of its day if it has no start.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    closes_at: Option<Seconds>,
    /// That the show does not take place. Absent if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    called_off: Option<CalledOffShow<'a>>,
    /// Where the show plays. Absent if that is the concert's venue.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    venue: Option<&'a InLanguages<Venue>>,
    /// The time when the doors open, in the time zone of the deployment. Absent if it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    doors_at: Option<TimeOfDay>,
    /// The time when the show starts, in the time zone of the deployment. Absent if it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    starts_at: Option<TimeOfDay>,
}

/// That a show was called off.
#[derive(Serialize, ToSchema)]
#[schema(as = CalledOff)]
pub struct CalledOffShow<'a> {
    /// The time when it was called off.
    at: Seconds,
    /// The reason. Absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<&'a Reason>,
}

impl<'a> From<&'a CalledOff> for CalledOffShow<'a> {
    fn from(called_off: &'a CalledOff) -> Self {
        Self {
            at: Seconds(called_off.at),
            reason: called_off.reason.as_ref(),
        }
    }
}

impl<'a> ConcertAnswer<'a> {
    /// The answer about a concert.
    pub(crate) fn of(programme: &'a Programme) -> Self {
        Self {
            concert_id: programme.concert.concert_id,
            name: &programme.concert.name,
            queue_id: &programme.concert.queue_id,
            most_seats_a_person: programme.concert.most_seats_a_person,
            description: programme.texts.description.as_ref(),
            venue: programme.texts.venue.as_ref(),
            age_limit: programme.texts.age_limit,
            version: programme.version,
            shows: answers(&programme.shows),
        }
    }

    /// An example for the OpenAPI document.
    pub(crate) fn example() -> Value {
        json!({
            "concert_id": "019a9e1c-1111-7000-8000-000000000001",
            "name": "겨울 콘서트",
            "queue_id": "main",
            "description": { "ko": "겨울밤의 음악회", "en": "Music for a winter night" },
            "venue": { "ko": "올림픽홀", "en": "Olympic Hall" },
            "age_limit": 8,
            "version": 3,
            "shows": [
                {
                    "date": "2026-12-24",
                    "show": "2026-12-24",
                    "price": 50_000,
                    "capacity": 50,
                },
                {
                    "date": "2026-12-25",
                    "show": "2026-12-25T19:30",
                    "price": 60_000,
                    "capacity": 500,
                    "opens_at": "2026-11-20T11:00:00Z",
                    "doors_at": "18:30",
                    "starts_at": "19:30",
                },
            ],
        })
    }
}

fn answers(shows: &BTreeMap<ShowKey, Show>) -> Vec<ShowAnswer<'_>> {
    shows
        .values()
        .map(|show| ShowAnswer {
            date: show.date(),
            show: show.key,
            price: Won(show.pricing.lowest()),
            plan_id: show.pricing.plan_id(),
            prices: show.pricing.grades().map(|prices| {
                let prices = prices.iter();
                prices
                    .map(|(grade, price)| (grade.clone(), Won(*price)))
                    .collect()
            }),
            capacity: show.capacity,
            opens_at: show.sale.opens_at.map(Seconds),
            closes_at: show.sale.closes_at.map(Seconds),
            called_off: show.called_off.as_ref().map(Into::into),
            venue: show.details.venue.as_ref(),
            doors_at: show.details.doors_at,
            starts_at: show.details.start_of(show.key),
        })
        .collect()
}
