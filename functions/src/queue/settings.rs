//! The settings of a queue in requests and answers: what `PUT` and `PATCH` have in common.

use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::{Value, json};
use shared::{
    app::{Admin, App},
    domain::{
        changes::LastChange,
        decimal,
        ids::{ConcertId, QueueId},
        programme::Change,
        queue::{MAX_AHEAD, Queue, QueueState, Settings, WhoJoins},
        show::time,
        texts::{InLanguages, InLanguagesChange, Notice},
    },
    error::{ApiError, Constraint},
    http::{
        Field, IfMatch, ResponseParts as _, Seconds, body, even_null, ok, require_fields_among,
        version_tag,
    },
    jiff::Timestamp,
    lambda_http::{Body, Request, Response, http::header::ETAG},
};
use utoipa::ToSchema;

use super::document::{Milli, PublicQueue};
use crate::change::in_languages;

/// The fields that a body with settings may have. Some are not settings but part of the answer of
/// [`super::get_settings`]. They are ignored, so that the answer can be sent back unchanged.
const FIELDS: [&str; 14] = [
    "max_active",
    "rate",
    "claim_seconds",
    "active_seconds",
    "tick_seconds",
    "state",
    "who",
    "opens_at",
    "default_concert_id",
    "notice",
    "queue_id",
    "version",
    "changed_by",
    "changed_at",
];

/// The settings of a queue. With `PUT`, a setting that is absent or `null` gets its default. With
/// `PATCH`, it stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueSettings {
    /// Ignored. It may be present, so that settings that were read can be sent back.
    #[serde(default, rename = "queue_id")]
    #[schema(value_type = Value, required = false)]
    _queue_id: IgnoredAny,
    /// Ignored. It may be present, so that settings that were read can be sent back. To require a
    /// version, use `If-Match`.
    #[serde(default, rename = "version")]
    #[schema(value_type = Value, required = false)]
    _version: IgnoredAny,
    /// Ignored. It may be present, so that settings that were read can be sent back.
    #[serde(default, rename = "changed_by")]
    #[schema(value_type = Value, required = false)]
    _changed_by: IgnoredAny,
    /// Ignored. It may be present, so that settings that were read can be sent back.
    #[serde(default, rename = "changed_at")]
    #[schema(value_type = Value, required = false)]
    _changed_at: IgnoredAny,
    /// The largest number of sessions that are active at once.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1_000_000)]
    max_active: Field,
    /// The largest number of people let in per second, with at most three decimals.
    #[schema(value_type = Option<f64>, minimum = 0.001, maximum = 10_000)]
    rate: Field,
    /// The time from the admission until the arrival must come, in seconds. At least 10 less than
    /// `active_seconds`.
    #[schema(value_type = Option<u32>, minimum = 10, maximum = 3_590)]
    claim_seconds: Field,
    /// The time from the admission until a session is no longer active, in seconds.
    #[schema(value_type = Option<u32>, minimum = 20, maximum = 3_600)]
    active_seconds: Field,
    /// The time between two ticks, in seconds.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 30)]
    tick_seconds: Field,
    /// Whether people may join, and are let in.
    #[schema(value_type = Option<QueueState>)]
    state: Field,
    /// Who may join. Those who are in the line stay in it.
    #[schema(value_type = Option<WhoJoins>)]
    who: Field,
    /// The time when the queue opens, at most 28 days ahead. It can be moved until it has passed,
    /// even while people are in the draw. A queue that is open already can get it only if nobody
    /// has joined. If it is absent or `null`, it stays as it is, with `PUT` too.
    #[schema(value_type = Option<Timestamp>)]
    opens_at: Field,
    /// The concert of sessions that were joined without naming one. It must be a concert of this
    /// queue. `null` removes it.
    #[serde(default, deserialize_with = "even_null")]
    #[schema(value_type = Option<ConcertId>)]
    default_concert_id: Option<Field>,
    /// What everybody who waits is told. It is in the queue's public document. With `PATCH`, a
    /// language that is absent stays as it is. `null` removes the notice, and `null` for a language
    /// its text.
    #[serde(default, deserialize_with = "even_null")]
    #[schema(value_type = Option<NoticeFields>)]
    notice: Option<Field>,
}

/// A notice in Korean, in English, or in both.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is read as `LanguageFields`")]
pub struct NoticeFields {
    /// The Korean text.
    ko: Option<Notice>,
    /// The English text.
    en: Option<Notice>,
}

/// The settings that a request names, each within its own limits.
pub(super) struct SettingsWanted {
    max_active: Option<u32>,
    rate_milli: Option<u64>,
    claim_seconds: Option<u32>,
    active_seconds: Option<u32>,
    tick_seconds: Option<u32>,
    state: Option<QueueState>,
    who: Option<WhoJoins>,
    opens_at: Option<Timestamp>,
    default_concert_id: Change<ConcertId>,
    notice: InLanguagesChange<Notice>,
}

impl QueueSettings {
    /// Reads the settings in a body, which must have no other fields.
    pub(super) fn of(request: &Request) -> Result<Self, ApiError> {
        require_fields_among(request, &FIELDS)?;
        body(request)
    }

    /// Reads each setting.
    pub(super) fn read(&self) -> Result<SettingsWanted, ApiError> {
        let ticks = Settings::TICK_SECONDS;
        let (claim, active) = (Settings::CLAIM_SECONDS, Settings::ACTIVE_SECONDS);
        Ok(SettingsWanted {
            max_active: within(
                &self.max_active,
                Settings::MAX_ACTIVE,
                Constraint::MaxActive,
            )?,
            rate_milli: rate(&self.rate)?,
            claim_seconds: within(&self.claim_seconds, claim, Constraint::Windows)?,
            active_seconds: within(&self.active_seconds, active, Constraint::Windows)?,
            tick_seconds: within(&self.tick_seconds, ticks, Constraint::TickSeconds)?,
            state: one_of(&self.state, Constraint::QueueState)?,
            who: one_of(&self.who, Constraint::WhoJoins)?,
            opens_at: self
                .opens_at
                .text(time, ApiError::Invalid(Constraint::OpensAt))?,
            default_concert_id: concert(self.default_concert_id.as_ref())?,
            notice: in_languages(self.notice.as_ref(), Notice::parse, Constraint::Notice)?,
        })
    }
}

impl SettingsWanted {
    /// Requires that the queue sells the concert that is to be its default. Cost: 0.5 RRU, or
    /// nothing if none is named.
    pub(super) async fn require_concert_of(
        &self,
        queue_id: &QueueId,
        app: &App,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        match self.default_concert_id {
            Change::Set(id) if app.cached_concert(id, now).await?.queue_id != *queue_id => {
                Err(ApiError::Invalid(Constraint::DefaultConcert))
            }
            _ => Ok(()),
        }
    }

    /// The next settings of a queue: those that are named, and the rest from `rest`. The windows
    /// are checked only if one of them is named, so that older windows stay as they are.
    pub(super) fn with(
        &self,
        rest: &Settings,
        before: Option<&Queue>,
        now: Timestamp,
    ) -> Result<Settings, ApiError> {
        let next = Settings {
            max_active: self.max_active.unwrap_or(rest.max_active),
            rate_milli: self.rate_milli.unwrap_or(rest.rate_milli),
            claim_seconds: self.claim_seconds.unwrap_or(rest.claim_seconds),
            active_seconds: self.active_seconds.unwrap_or(rest.active_seconds),
            tick_seconds: self.tick_seconds.unwrap_or(rest.tick_seconds),
            state: self.state.unwrap_or(rest.state),
            who: self.who.unwrap_or(rest.who),
            opens_at: opens_at(self.opens_at, before, now)?,
            default_concert_id: match self.default_concert_id {
                Change::Keep => rest.default_concert_id,
                Change::Clear => None,
                Change::Set(id) => Some(id),
            },
            notice: self.notice.of(rest.notice.as_ref()),
            version: before.map_or(0, |queue| queue.settings.version) + 1,
        };
        let names_a_window = self.claim_seconds.or(self.active_seconds).is_some();
        if names_a_window && !Settings::leave_time(next.claim_seconds, next.active_seconds) {
            return Err(ApiError::Invalid(Constraint::Windows));
        }
        Ok(next)
    }
}

/// Requires that the settings in force are those that `If-Match` names. Without `If-Match`, any
/// are.
pub(super) fn require_version(
    named: &IfMatch,
    before: Option<&Queue>,
    last_change: Option<LastChange>,
) -> Result<(), ApiError> {
    let current = before.map(|queue| queue.settings.version);
    if named.admits(current.map(version_tag).as_deref()) {
        Ok(())
    } else {
        Err(ApiError::VersionMismatch {
            current,
            last_change,
        })
    }
}

/// Gives a queue the settings that `next` makes of it, logs who did it, and answers with the queue.
pub(super) async fn set(
    app: &App,
    admin: &Admin,
    queue_id: &QueueId,
    next: impl Fn(Option<&Queue>, Option<LastChange>) -> Result<Settings, ApiError>,
) -> Result<Response<Body>, ApiError> {
    let change = LastChange {
        by: admin.user_id,
        at: admin.now,
    };
    let (before, queue) = app.put_queue(queue_id, &change, next).await?;
    tracing::info!(
        %queue_id,
        by = %admin.user_id,
        before = ?before.map(|queue| queue.settings),
        after = ?queue.settings,
        "a queue was set"
    );
    let answer = ok(&QueueAnswer {
        document: PublicQueue::of(&queue, admin.now),
        settings: SettingsAnswer::of(&queue.settings),
    })?;
    Ok(answer.with(ETAG, &version_tag(queue.settings.version)))
}

/// The public document of a queue, and its settings.
#[derive(Serialize, ToSchema)]
pub struct QueueAnswer<'a> {
    #[serde(flatten)]
    document: PublicQueue<'a>,
    /// The settings in force.
    settings: SettingsAnswer<'a>,
}

impl QueueAnswer<'_> {
    /// An example for the OpenAPI document.
    pub(super) fn example() -> Value {
        let mut answer = PublicQueue::example();
        answer["settings"] = SettingsAnswer::example();
        answer
    }
}

/// The settings in force.
#[derive(Serialize, ToSchema)]
#[schema(as = SettingsInForce)]
pub struct SettingsAnswer<'a> {
    /// The largest number of sessions that are active at once.
    max_active: u32,
    /// The largest number of people let in per second.
    rate: Milli,
    /// The time from the admission until the arrival must come, in seconds.
    claim_seconds: u32,
    /// The time from the admission until a session is no longer active, in seconds.
    active_seconds: u32,
    /// The time between two ticks, in seconds.
    tick_seconds: u32,
    /// Whether people may join, and are let in.
    state: QueueState,
    /// Who may join.
    who: WhoJoins,
    /// The concert of sessions that were joined without naming one. Absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    default_concert_id: Option<ConcertId>,
    /// What everybody who waits is told. Absent if there is no notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    notice: Option<&'a InLanguages<Notice>>,
    /// The time when the queue opens, or opened. Absent if it was always open.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    opens_at: Option<Seconds>,
    /// The number of times that the settings have been changed. 0 if nobody has changed them: then
    /// they are the defaults of the deployment.
    version: u64,
}

impl<'a> SettingsAnswer<'a> {
    /// The answer about these settings.
    pub(super) fn of(settings: &'a Settings) -> Self {
        Self {
            max_active: settings.max_active,
            rate: Milli(settings.rate_milli),
            claim_seconds: settings.claim_seconds,
            active_seconds: settings.active_seconds,
            tick_seconds: settings.tick_seconds,
            state: settings.state,
            who: settings.who,
            default_concert_id: settings.default_concert_id,
            notice: settings.notice.as_ref(),
            opens_at: settings.opens_at.map(Seconds),
            version: settings.version,
        }
    }

    /// An example for the OpenAPI document.
    pub(super) fn example() -> Value {
        json!({
            "max_active": 1_000,
            "rate": 50,
            "claim_seconds": 120,
            "active_seconds": 300,
            "tick_seconds": 5,
            "state": "OPEN",
            "who": "everybody",
            "version": 3,
        })
    }
}

/// The errors of settings that a request names.
pub(super) const REFUSALS: [ApiError; 12] = [
    ApiError::Invalid(Constraint::MaxActive),
    ApiError::Invalid(Constraint::Rate),
    ApiError::Invalid(Constraint::Windows),
    ApiError::Invalid(Constraint::TickSeconds),
    ApiError::Invalid(Constraint::QueueState),
    ApiError::Invalid(Constraint::WhoJoins),
    ApiError::Invalid(Constraint::OpensAt),
    ApiError::Invalid(Constraint::AlreadyOpen),
    ApiError::Invalid(Constraint::DefaultConcert),
    ApiError::Invalid(Constraint::Notice),
    ApiError::ConcertNotFound,
    ApiError::VersionMismatch {
        current: Some(4),
        last_change: None,
    },
];

/// The description of the header `If-Match`.
pub(super) const IF_MATCH: &str = "The `ETag` of the settings that this change is meant for, or \
    `*` for any. If other settings are in force: 412 `VERSION_MISMATCH` with who made them and when, \
    and nothing changes. \
    Without it, the change is made to whatever is in force.";

/// The description of the header `ETag`.
pub(super) const TAG: &str = "The version of the settings, to send as `If-Match`.";

/// A whole number within limits. `None` if the field is missing.
fn within(
    field: &Field,
    limits: std::ops::RangeInclusive<u32>,
    wrong: Constraint,
) -> Result<Option<u32>, ApiError> {
    let number = field.whole().filter(|number| limits.contains(number));
    number.or_malformed(ApiError::Invalid(wrong))
}

/// A value of its type. `None` if the field is missing.
fn one_of<T: DeserializeOwned>(field: &Field, wrong: Constraint) -> Result<Option<T>, ApiError> {
    field.read().or_malformed(ApiError::Invalid(wrong))
}

/// A rate in thousandths. `None` if the field is missing.
fn rate(field: &Field) -> Result<Option<u64>, ApiError> {
    field
        .parse(|json| u64::try_from(decimal::parse(json, 3)?).ok())
        .filter(|milli| Settings::RATE_MILLI.contains(milli))
        .or_malformed(ApiError::Invalid(Constraint::Rate))
}

/// The default concert: keep it, remove it, or set it.
fn concert(field: Option<&Field>) -> Result<Change<ConcertId>, ApiError> {
    let Some(field) = field else {
        return Ok(Change::Keep);
    };
    let named = field.text(|id| id.parse().ok(), ApiError::ConcertNotFound)?;
    Ok(named.map_or(Change::Clear, Change::Set))
}

/// The time when a queue opens. Answers have whole seconds. So a time that is in the same second
/// as the present one is no change, and an answer can be sent back.
fn opens_at(
    wanted: Option<Timestamp>,
    before: Option<&Queue>,
    now: Timestamp,
) -> Result<Option<Timestamp>, ApiError> {
    let known = before.and_then(|queue| queue.settings.opens_at);
    let second = |time: Option<Timestamp>| time.map(Timestamp::as_second);
    if wanted.is_none() || second(wanted) == second(known) {
        return Ok(known);
    }
    let has_passed = known.is_some_and(|known| known <= now);
    let in_time = wanted.is_some_and(|wanted| {
        let left = wanted.duration_since(now);
        left.is_positive() && left <= MAX_AHEAD
    });
    if has_passed {
        return Err(ApiError::Invalid(Constraint::AlreadyOpen));
    }
    if !in_time {
        return Err(ApiError::Invalid(Constraint::OpensAt));
    }
    Ok(wanted)
}
