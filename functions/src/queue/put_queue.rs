//! `PUT /v1/queues/{queue_id}`: set a queue, or make one.
//!
//! The body has the whole settings: what is left out gets its default, which is the template's
//! parameter. They are in force with the next tick, which this call makes: the schedule of the
//! moment stands, and no other instance believes older ones for longer than a second. Lowering
//! `max_active` sends nobody away, it lets nobody in until there is room again; `PAUSED` lets
//! nobody in, `CLOSED` lets nobody join either and ends those who wait. Each change is logged with
//! who made it and what was there before.
//!
//! A queue that nobody has joined may open later: `opens_at` then stays unless another time is
//! named, and may be moved until it has passed. Who joins before that enters a draw.
//!
//! 1 RRU for the door, 1 RRU for the queue before and after, the price of a tick; 4 WRU for a new
//! queue, otherwise 2 WRU per KB of the line; 2 WRU more for one that opens later. A default concert is looked up (0.5 RRU).

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use shared::{
    app::App,
    domain::{
        decimal,
        ids::{ConcertId, QueueId},
        queue::{MOST_AHEAD, Queue, QueueState, Settings},
        show::time,
    },
    error::{ApiError, Wrong},
    http::{Field, RequestParts as _, Seconds, body, ok},
    jiff::Timestamp,
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use super::document::{Milli, PublicQueue};
use crate::operation::{Door, Operation};

/// The whole settings of a queue.
#[derive(Deserialize, ToSchema)]
pub struct QueueSettings {
    /// How many sessions may be active at once.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1_000_000)]
    max_active: Field,
    /// Admissions a second, with at most three decimals.
    #[serde(default)]
    #[schema(value_type = Option<f64>, minimum = 0.001, maximum = 10_000)]
    rate: Field,
    /// How long after the admission the first protected call may come. Shorter than
    /// `active_seconds`.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 10, maximum = 3_600)]
    claim_seconds: Field,
    /// How long an admitted buyer stays active.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 10, maximum = 3_600)]
    active_seconds: Field,
    /// Time between two ticks.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 30)]
    tick_seconds: Field,
    /// Whether people may join and come in; `OPEN` unless said.
    #[serde(default)]
    #[schema(value_type = Option<QueueState>)]
    state: Field,
    /// When it opens, at most 28 days ahead. Only a queue that nobody has joined can open later.
    /// What was said before stays when this is left out; it may be moved until it has passed.
    #[serde(default)]
    #[schema(value_type = Option<Timestamp>)]
    opens_at: Field,
    /// The concert of those who join without naming one.
    #[serde(default)]
    #[schema(value_type = Option<ConcertId>)]
    default_concert_id: Field,
}

/// A queue as everybody sees it, and its settings.
#[derive(Serialize, ToSchema)]
#[schema(as = QueueAnswer)]
pub struct Answer<'a> {
    #[serde(flatten)]
    document: PublicQueue<'a>,
    /// What is set.
    settings: SettingsAnswer,
}

/// The settings in force.
#[derive(Serialize, ToSchema)]
#[schema(as = SettingsInForce)]
pub struct SettingsAnswer {
    /// How many sessions may be active at once.
    max_active: u32,
    /// Admissions a second.
    rate: Milli,
    /// How long after the admission the first protected call may come.
    claim_seconds: u32,
    /// How long an admitted buyer stays active.
    active_seconds: u32,
    /// Time between two ticks.
    tick_seconds: u32,
    /// Whether people may join and come in.
    state: QueueState,
    /// The concert of those who join without naming one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    default_concert_id: Option<ConcertId>,
    /// When it opens, or has opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    opens_at: Option<Seconds>,
    /// How often they have been set.
    version: u64,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("Set a queue, or make one", Door::Admin)
        .details(
            "The whole settings: what is left out gets its default. In force with the next tick. \
             Lowering `max_active` sends nobody away; `PAUSED` lets nobody in; `CLOSED` lets \
             nobody join either, and ends those who wait.",
        )
        .body::<QueueSettings>(json!({ "max_active": 200, "rate": 12.5, "state": "OPEN" }))
        .answers::<Answer>(200, "The queue, and its settings.", example())
        .refuses([
            ApiError::Invalid(Wrong::QueueId),
            ApiError::Invalid(Wrong::MaxActive),
            ApiError::Invalid(Wrong::Rate),
            ApiError::Invalid(Wrong::Windows),
            ApiError::Invalid(Wrong::TickSeconds),
            ApiError::Invalid(Wrong::QueueState),
            ApiError::Invalid(Wrong::OpensAt),
            ApiError::Invalid(Wrong::DefaultConcert),
            ApiError::ConcertNotFound,
        ])
}

fn example() -> Value {
    let mut answer = PublicQueue::example();
    answer["settings"] = json!({
        "max_active": 1_000,
        "rate": 50,
        "claim_seconds": 120,
        "active_seconds": 300,
        "tick_seconds": 5,
        "state": "OPEN",
        "version": 3,
    });
    answer
}

/// Sets the queue and answers with it.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let admin = app.admin(&request).await?;
    let queue_id = request.path("queue_id").parse();
    let queue_id: QueueId = queue_id.map_err(|_| ApiError::Invalid(Wrong::QueueId))?;
    let wanted = settings(&body(&request)?, app.queue_defaults())?;
    sells(&app, &queue_id, wanted.default_concert_id, admin.now).await?;

    let next = |before: Option<&Queue>| {
        Ok(Settings {
            opens_at: opens_at(wanted.opens_at, before, admin.now)?,
            version: before.map_or(0, |queue| queue.settings.version) + 1,
            ..wanted.clone()
        })
    };
    let (before, queue) = app.put_queue(&queue_id, next).await?;
    tracing::info!(
        %queue_id,
        by = %admin.user_id,
        before = ?before.map(|queue| queue.settings),
        after = ?queue.settings,
        "a queue was set"
    );
    ok(&Answer {
        document: PublicQueue::of(&queue, admin.now),
        settings: SettingsAnswer::of(&queue.settings),
    })
}

fn settings(body: &QueueSettings, defaults: &Settings) -> Result<Settings, ApiError> {
    let settings = Settings {
        max_active: within(&body.max_active, defaults.max_active, Wrong::MaxActive)?,
        rate_milli: rate(&body.rate, defaults.rate_milli)?,
        claim_seconds: within(&body.claim_seconds, defaults.claim_seconds, Wrong::Windows)?,
        active_seconds: within(
            &body.active_seconds,
            defaults.active_seconds,
            Wrong::Windows,
        )?,
        tick_seconds: within(
            &body.tick_seconds,
            defaults.tick_seconds,
            Wrong::TickSeconds,
        )?,
        state: within(&body.state, QueueState::Open, Wrong::QueueState)?,
        opens_at: body
            .opens_at
            .text(time, ApiError::Invalid(Wrong::OpensAt))?,
        default_concert_id: body
            .default_concert_id
            .text(|id| id.parse().ok(), ApiError::ConcertNotFound)?,
        early_closed_at: None,
        version: 0,
    };
    let windows = [settings.claim_seconds, settings.active_seconds];
    for (fits, wrong) in [
        (
            Settings::MAX_ACTIVE.contains(&settings.max_active),
            Wrong::MaxActive,
        ),
        (
            Settings::RATE_MILLI.contains(&settings.rate_milli),
            Wrong::Rate,
        ),
        (
            windows
                .iter()
                .all(|window| Settings::WINDOW_SECONDS.contains(window)),
            Wrong::Windows,
        ),
        (
            settings.claim_seconds < settings.active_seconds,
            Wrong::Windows,
        ),
        (
            Settings::TICK_SECONDS.contains(&settings.tick_seconds),
            Wrong::TickSeconds,
        ),
    ] {
        if !fits {
            return Err(ApiError::Invalid(wrong));
        }
    }
    Ok(settings)
}

/// When a queue opens for which somebody wants that.
fn opens_at(
    wanted: Option<Timestamp>,
    before: Option<&Queue>,
    now: Timestamp,
) -> Result<Option<Timestamp>, ApiError> {
    let known = before.and_then(|queue| queue.settings.opens_at);
    if wanted.is_none() || wanted == known {
        return Ok(known);
    }
    let has_passed = known.is_some_and(|known| known <= now);
    let in_time = wanted.is_some_and(|wanted| {
        let left = wanted.duration_since(now);
        left.is_positive() && left <= MOST_AHEAD
    });
    if has_passed || !in_time {
        return Err(ApiError::Invalid(Wrong::OpensAt));
    }
    Ok(wanted)
}

/// A field as a value of its type, or its default.
fn within<T: DeserializeOwned>(field: &Field, default: T, wrong: Wrong) -> Result<T, ApiError> {
    match field.read() {
        None => Ok(default),
        Some(value) => value.ok_or(ApiError::Invalid(wrong)),
    }
}

/// A rate in thousandths.
fn rate(field: &Field, default: u64) -> Result<u64, ApiError> {
    let Some(json) = field.raw() else {
        return Ok(default);
    };
    let milli = decimal::parse(json, 3).and_then(|milli| u64::try_from(milli).ok());
    milli.ok_or(ApiError::Invalid(Wrong::Rate))
}

/// Makes sure that the queue sells the concert.
async fn sells(
    app: &App,
    queue_id: &QueueId,
    concert_id: Option<ConcertId>,
    now: Timestamp,
) -> Result<(), ApiError> {
    match concert_id {
        Some(id) if app.concert(id, now).await?.queue_id != *queue_id => {
            Err(ApiError::Invalid(Wrong::DefaultConcert))
        }
        _ => Ok(()),
    }
}

impl SettingsAnswer {
    fn of(settings: &Settings) -> Self {
        Self {
            max_active: settings.max_active,
            rate: Milli(settings.rate_milli),
            claim_seconds: settings.claim_seconds,
            active_seconds: settings.active_seconds,
            tick_seconds: settings.tick_seconds,
            state: settings.state,
            default_concert_id: settings.default_concert_id,
            opens_at: settings.opens_at.map(Seconds),
            version: settings.version,
        }
    }
}
