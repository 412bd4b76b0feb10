//! What a record says of the state before and after: fields by the names and in the forms that the
//! API has for them.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::domain::{
    decimal,
    programme::Programme,
    queue::Settings,
    show::{Pricing, Show},
};

/// The most shows of which a record of a change tells what changed.
pub const MAX_SHOWS_TOLD: usize = 20;

/// The most characters of a text that a record keeps: the longest notice.
pub const MAX_TEXT_LENGTH: usize = 300;

/// Fields and their values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Facts(Map<String, Value>);

impl Facts {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same facts, and one more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        // A value that is no JSON would be a map whose keys are no texts. There is none.
        let value = serde_json::to_value(value).unwrap_or_default();
        self.0.insert(name.to_owned(), value);
        self
    }

    /// The same facts, and one more if there is a value.
    #[must_use]
    fn with_any(self, name: &str, value: Option<impl Serialize>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Those facts of two states that differ. What one of them does not have is `null` there. If
    /// there is nothing before, there is nothing to compare with.
    pub(super) fn differing(&self, after: &Self) -> (Self, Self) {
        let differing = |one: &Self, other: &Self| {
            let mut facts = Map::new();
            for name in one.0.keys().chain(other.0.keys()) {
                let value = one.0.get(name);
                if value != other.0.get(name) {
                    facts.insert(name.clone(), shortened(value.unwrap_or(&Value::Null)));
                }
            }
            Self(facts)
        };
        let before = if self.is_empty() {
            Self::default()
        } else {
            differing(self, after)
        };
        let after = if after.is_empty() {
            Self::default()
        } else {
            differing(after, self)
        };
        (before, after)
    }

    /// What a concert was before a change and after it: its own fields, and of each show that
    /// changes all those that differ.
    pub fn of_change(before: &Programme, after: &Programme) -> (Self, Self) {
        let keys = before.shows.keys().chain(after.shows.keys());
        let changed: std::collections::BTreeSet<_> = keys
            .filter(|key| {
                let facts = |of: &Programme| of.shows.get(key).map(Self::of_show);
                facts(before) != facts(after)
            })
            .collect();
        let (mut shows_before, mut shows_after) = (Map::new(), Map::new());
        for key in changed.iter().take(MAX_SHOWS_TOLD) {
            let facts = |of: &Programme| of.shows.get(key).map(Self::of_show);
            let (was, is) = match (facts(before), facts(after)) {
                (Some(was), Some(is)) => {
                    let (was, is) = was.differing(&is);
                    (Some(was), Some(is))
                }
                one_of_them => one_of_them,
            };
            let value = |facts: Option<Self>| facts.map_or(Value::Null, |facts| json!(facts));
            shows_before.insert(key.to_string(), value(was));
            shows_after.insert(key.to_string(), value(is));
        }
        let (mut was, mut is) = Self::of_concert(before).differing(&Self::of_concert(after));
        if !changed.is_empty() {
            was = was.with("shows", shows_before);
            is = is.with("shows", shows_after);
        }
        let more = changed.len().saturating_sub(MAX_SHOWS_TOLD);
        (was, is.with_any("more_shows", (more > 0).then_some(more)))
    }

    /// What a concert says of itself, without its shows.
    fn of_concert(programme: &Programme) -> Self {
        let (concert, texts) = (&programme.concert, &programme.texts);
        Self::default()
            .with("name", concert.name.as_str())
            .with("queue_id", &concert.queue_id)
            .with_any("most_seats_a_person", concert.most_seats_a_person)
            .with_any("description", texts.description.as_ref())
            .with_any("venue", texts.venue.as_ref())
            .with_any("age_limit", texts.age_limit)
    }

    /// What is left to know of a concert that comes or goes: its name, its queue, how many shows it
    /// has, and its limit.
    pub fn of_whole_concert(programme: &Programme) -> Self {
        let concert = &programme.concert;
        Self::default()
            .with("name", concert.name.as_str())
            .with("queue_id", &concert.queue_id)
            .with_any("most_seats_a_person", concert.most_seats_a_person)
            .with("shows", programme.shows.len())
    }

    /// What a show says of itself.
    pub fn of_show(show: &Show) -> Self {
        let facts = match &show.pricing {
            Pricing::Same { price } => Self::default().with("price", price.json()),
            Pricing::ByGrade { plan_id, prices } => {
                let prices = prices.iter();
                let prices: Map<_, _> = prices
                    .map(|(grade, price)| (grade.as_str().to_owned(), json!(price.json())))
                    .collect();
                Self::default()
                    .with("plan_id", plan_id)
                    .with("prices", prices)
            }
        };
        let details = &show.details;
        facts
            .with("capacity", show.capacity)
            .with_any("opens_at", show.sale.opens_at.map(in_seconds))
            .with_any("closes_at", show.sale.closes_at.map(in_seconds))
            .with_any("venue", details.venue.as_ref())
            .with_any("doors_at", details.doors_at)
            .with_any("starts_at", details.starts_at)
    }
}

impl From<&Settings> for Facts {
    fn from(settings: &Settings) -> Self {
        let rate = i64::try_from(settings.rate_milli).unwrap_or(i64::MAX);
        Self::default()
            .with("max_active", settings.max_active)
            .with("rate", decimal::json(rate, 3))
            .with("claim_seconds", settings.claim_seconds)
            .with("active_seconds", settings.active_seconds)
            .with("tick_seconds", settings.tick_seconds)
            .with("state", settings.state)
            .with("who", settings.who)
            .with_any("opens_at", settings.opens_at.map(in_seconds))
            .with_any("default_concert_id", settings.default_concert_id)
            .with_any("notice", settings.notice.as_ref())
            .with("version", settings.version)
    }
}

/// A time in whole seconds, rounded down, as answers have it.
fn in_seconds(time: Timestamp) -> String {
    let seconds = time.as_millisecond().div_euclid(1_000);
    Timestamp::from_second(seconds).unwrap_or(time).to_string()
}

/// The same value, in which long texts are cut.
fn shortened(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.char_indices().nth(MAX_TEXT_LENGTH) {
            None => value.clone(),
            Some((end, _)) => format!("{}…", &text[..end]).into(),
        },
        Value::Object(fields) => {
            let fields = fields.iter();
            fields
                .map(|(name, value)| (name.clone(), shortened(value)))
                .collect()
        }
        other => other.clone(),
    }
}

/// Stores facts as JSON in one text: their fields are those of the API, and not attributes.
pub(super) mod as_text {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de, ser};

    use super::Facts;

    pub fn serialize<S: Serializer>(facts: &Facts, serializer: S) -> Result<S::Ok, S::Error> {
        let text = serde_json::to_string(facts).map_err(ser::Error::custom)?;
        text.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Facts, D::Error> {
        let text = String::deserialize(deserializer)?;
        serde_json::from_str(&text)
            .map(Facts)
            .map_err(de::Error::custom)
    }
}
