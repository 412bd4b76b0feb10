//! What people want to know of a concert and its shows, and selling does not: descriptions, venues,
//! the age limit, and when the doors open. And what the operator tells those who wait.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use jiff::civil::Time;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use utoipa::ToSchema;

use super::{
    ids::ShowKey,
    programme::Change,
    user::{can_be_seen, controls_text, line},
};

/// What a concert is about: 1 to 2,000 characters of plain text in lines, trimmed, in Unicode's
/// composed form (NFC). Lines end with a line feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, min_length = 1, max_length = 2_000, example = "겨울밤의 음악회")]
pub struct Description(String);

impl Description {
    /// The length in characters.
    pub const MAX_LENGTH: usize = 2_000;

    /// Reads a description. `None` if nothing visible is left of it or it is too long, or if it has
    /// control characters other than line breaks, or characters that set the direction of text.
    pub fn parse(text: &str) -> Option<Self> {
        lines(text, Self::MAX_LENGTH).map(Self)
    }
}

/// What the operator tells those who wait in a queue: 1 to 300 characters of plain text in lines,
/// trimmed, in Unicode's composed form (NFC). Lines end with a line feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, min_length = 1, max_length = 300, example = "입장이 10분 늦어집니다.")]
pub struct Notice(String);

impl Notice {
    /// The length in characters.
    pub const MAX_LENGTH: usize = 300;

    /// Reads a notice. `None` under the conditions of a description.
    pub fn parse(text: &str) -> Option<Self> {
        lines(text, Self::MAX_LENGTH).map(Self)
    }
}

/// Reads a text in lines: 1 to `max` characters, as [`line`] but for its line breaks.
fn lines(text: &str, max: usize) -> Option<String> {
    // As with a name, a text far above the limit is not worth the work.
    if text.len() > 40 * max {
        return None;
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text: String = text.trim().nfc().collect();
    let fits = (1..=max).contains(&text.chars().count());
    let is_seen = text.chars().any(can_be_seen);
    let is_tame = !text.chars().any(|c| c != '\n' && controls_text(c));
    (fits && is_seen && is_tame).then_some(text)
}

/// Where a concert or a show plays: one line of 1 to 100 characters, trimmed, in Unicode's composed
/// form (NFC).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, min_length = 1, max_length = 100, example = "올림픽홀")]
pub struct Venue(String);

impl Venue {
    /// The length in characters.
    pub const MAX_LENGTH: usize = 100;

    /// Reads a venue. `None` under the conditions of a name.
    pub fn parse(text: &str) -> Option<Self> {
        line(text, Self::MAX_LENGTH).map(Self)
    }
}

/// A text in Korean, in English, or in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InLanguages<T> {
    /// The Korean text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ko: Option<T>,
    /// The English text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub en: Option<T>,
}

/// A change of a text: of each language by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InLanguagesChange<T> {
    /// The change of the Korean text.
    pub ko: Change<T>,
    /// The change of the English text.
    pub en: Change<T>,
}

impl<T> InLanguagesChange<T> {
    /// Removes the text in both languages.
    pub const CLEAR: Self = Self {
        ko: Change::Clear,
        en: Change::Clear,
    };
}

impl<T> Default for InLanguagesChange<T> {
    fn default() -> Self {
        Self {
            ko: Change::Keep,
            en: Change::Keep,
        }
    }
}

impl<T: Clone> InLanguagesChange<T> {
    /// The text after the change; `None` if there is none in any language.
    pub fn of(&self, before: Option<&InLanguages<T>>) -> Option<InLanguages<T>> {
        let ko = before.and_then(|before| before.ko.clone());
        let en = before.and_then(|before| before.en.clone());
        let after = InLanguages {
            ko: self.ko.clone().of(ko),
            en: self.en.clone().of(en),
        };
        (after.ko.is_some() || after.en.is_some()).then_some(after)
    }
}

/// The texts of a concert. They are stored apart from it, so that selling never reads them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<InLanguages<Description>>,
    /// Where it plays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub venue: Option<InLanguages<Venue>>,
    /// From which age on people may come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_limit: Option<u8>,
}

impl Texts {
    /// The limits of an age limit.
    pub const AGE_LIMIT: RangeInclusive<u8> = 0..=99;

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The texts after a change.
    #[must_use]
    pub fn changed(&self, change: &TextsChange) -> Self {
        Self {
            description: change.description.of(self.description.as_ref()),
            venue: change.venue.of(self.venue.as_ref()),
            age_limit: change.age_limit.of(self.age_limit),
        }
    }
}

/// A change of the texts of a concert.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextsChange {
    /// What it is about.
    pub description: InLanguagesChange<Description>,
    /// Where it plays.
    pub venue: InLanguagesChange<Venue>,
    /// From which age on people may come.
    pub age_limit: Change<u8>,
}

/// A time of day, `HH:MM`, in the time zone of the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "19:30")]
pub struct TimeOfDay(Time);

/// A text that is not a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time of day")]
pub struct NoTimeOfDay;

impl FromStr for TimeOfDay {
    type Err = NoTimeOfDay;

    fn from_str(text: &str) -> Result<Self, NoTimeOfDay> {
        // The parser also reads other forms, such as `19` and `19:30:00`.
        let time: Time = text.parse().map_err(|_| NoTimeOfDay)?;
        let time = Self(time);
        let has_the_form = time.to_string() == text;
        has_the_form.then_some(time).ok_or(NoTimeOfDay)
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = NoTimeOfDay;

    fn try_from(text: String) -> Result<Self, NoTimeOfDay> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

/// What people want to know of a show, besides when it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShowDetails {
    /// Where it plays, if that is not the concert's venue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub venue: Option<InLanguages<Venue>>,
    /// When the doors open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doors_at: Option<TimeOfDay>,
    /// When it starts, if its key does not say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<TimeOfDay>,
}

/// A change of the details of a show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DetailsChange {
    /// Where it plays.
    pub venue: InLanguagesChange<Venue>,
    /// When the doors open.
    pub doors_at: Change<TimeOfDay>,
    /// When it starts.
    pub starts_at: Change<TimeOfDay>,
}

impl ShowDetails {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// When the show with this key starts, if anything says so.
    pub fn start_of(&self, key: ShowKey) -> Option<TimeOfDay> {
        let start = key.start().map(|start| TimeOfDay(start.time()));
        start.or(self.starts_at)
    }

    /// The details of the show with this key after a change. `None` if the doors would open after
    /// the start, or if the start would not be that of the key.
    pub fn changed(&self, change: &DetailsChange, key: ShowKey) -> Option<Self> {
        let mut next = Self {
            venue: change.venue.of(self.venue.as_ref()),
            doors_at: change.doors_at.of(self.doors_at),
            starts_at: change.starts_at.of(self.starts_at),
        };
        let start = next.start_of(key);
        let is_that_of_key = next.starts_at.is_none() || next.starts_at == start;
        let is_in_time = next
            .doors_at
            .zip(start)
            .is_none_or(|(doors, start)| doors <= start);
        if key.is_timed() {
            next.starts_at = None;
        }
        (is_that_of_key && is_in_time).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> TimeOfDay {
        text.parse().expect("a time")
    }

    #[test]
    fn description_is_plain_text_in_lines() {
        let read = |text: &str| Description::parse(text).map(|text| text.0);
        assert_eq!(
            read(" 첫째 줄\r\n둘째\r셋째\n").as_deref(),
            Some("첫째 줄\n둘째\n셋째")
        );
        assert_eq!(read("e\u{301}").as_deref(), Some("\u{e9}"), "composed");
        assert_eq!(read("<b>&amp;").as_deref(), Some("<b>&amp;"), "as it is");
        assert!(read(&"가".repeat(2_000)).is_some());
        for wrong in [
            "",
            " \n ",
            "\u{3164}",
            "a\tb",
            "a\0b",
            "a\u{202e}b",
            "a\u{2028}b",
            &"가".repeat(2_001),
            &"x".repeat(1_000_000),
        ] {
            assert_eq!(read(wrong), None, "{wrong:.20}");
        }
    }

    #[test]
    fn notice_is_a_short_description() {
        let notice = Notice::parse(" 첫째 줄\r\n둘째 ").expect("a notice");
        assert_eq!(notice.0, "첫째 줄\n둘째");
        assert!(Notice::parse(&"가".repeat(300)).is_some());
        for wrong in ["", " \n ", "a\tb", "a\u{202e}b", &"가".repeat(301)] {
            assert_eq!(Notice::parse(wrong), None, "{wrong:.20}");
        }
    }

    #[test]
    fn time_of_day_has_one_form() {
        for text in ["00:00", "09:05", "23:59"] {
            assert_eq!(time(text).to_string(), text);
        }
        for wrong in [
            "", "24:00", "9:05", "19", "19:30:00", "19:60", "T19:30", "1930", " 19:30",
        ] {
            assert_eq!(wrong.parse::<TimeOfDay>(), Err(NoTimeOfDay), "{wrong}");
        }
        assert!(time("09:59") < time("10:00"));
    }

    #[test]
    fn each_language_changes_by_itself() {
        let venue = |text: &str| Venue::parse(text).expect("a venue");
        let set = |text: &str| Change::Set(venue(text));
        let change = |ko, en| InLanguagesChange { ko, en };
        let both = change(set("홀"), set("Hall")).of(None).expect("both");
        let korean = change(Change::Keep, Change::Clear).of(Some(&both));
        let korean = korean.expect("Korean");
        assert_eq!((&korean.ko, &korean.en), (&both.ko, &None));
        let back = change(Change::Keep, set("Hall")).of(Some(&korean));
        assert_eq!(back, Some(both.clone()));
        assert_eq!(change(Change::Clear, Change::Keep).of(Some(&korean)), None);
        assert_eq!(InLanguagesChange::CLEAR.of(Some(&both)), None);
        assert_eq!(InLanguagesChange::default().of(Some(&both)), Some(both));
    }

    #[test]
    fn doors_open_no_later_than_the_show_starts() {
        let (day, timed) = ("2027-05-01", "2027-05-01T19:30");
        let change = |doors: Option<&str>, starts: Option<&str>| {
            let of = |text: Option<&str>| text.map_or(Change::Keep, |text| Change::Set(time(text)));
            DetailsChange {
                doors_at: of(doors),
                starts_at: of(starts),
                ..DetailsChange::default()
            }
        };
        for (key, doors, starts, is_possible) in [
            (day, Some("18:30"), Some("19:30"), true),
            (day, Some("19:30"), Some("19:30"), true),
            (day, Some("19:31"), Some("19:30"), false),
            (day, Some("23:00"), None, true),
            (timed, Some("19:30"), None, true),
            (timed, Some("19:31"), None, false),
            (timed, None, Some("19:30"), true),
            (timed, None, Some("20:00"), false),
        ] {
            let key = key.parse().expect("a key");
            let changed = ShowDetails::default().changed(&change(doors, starts), key);
            assert_eq!(changed.is_some(), is_possible, "{key} {doors:?} {starts:?}");
            let Some(changed) = changed else { continue };
            assert_eq!(changed.doors_at, doors.map(time));
            let start = if key.is_timed() {
                Some("19:30")
            } else {
                starts
            };
            assert_eq!(changed.start_of(key), start.map(time));
            // The key says it already.
            assert!(changed.starts_at.is_none() || !key.is_timed());
        }
        // The doors stay when the start is moved, and may then be too late.
        let day = day.parse().expect("a key");
        let open = ShowDetails::default().changed(&change(Some("18:00"), Some("19:00")), day);
        let open = open.expect("possible");
        assert_eq!(open.changed(&change(None, Some("17:00")), day), None);
        assert!(
            open.changed(&change(Some("16:00"), Some("17:00")), day)
                .is_some()
        );
    }
}
