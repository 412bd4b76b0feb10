//! Reads a request's body, field by field, in the order in which mistakes are reported.

use std::{collections::BTreeMap, str::FromStr};

use lambda_http::{
    Request,
    http::{HeaderValue, Method, header},
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    domain::decimal,
    error::{ApiError, Constraint},
};

/// The largest body that is read, in bytes: twice the size of a concert with the most shows. (API
/// Gateway takes up to 10 MB.)
pub const MAX_BODY_BYTES: usize = 65_536;

/// The JSON object in a request's body, as a structure in which each field is a [`Field`].
///
/// A body over [`MAX_BODY_BYTES`] is [`Constraint::Body`], and is not read. A body that is not in
/// UTF-8 is [`Constraint::Encoding`]. Anything else that is not a JSON object, or has a name twice,
/// is [`ApiError::EmptyBody`].
pub fn body<T: DeserializeOwned>(request: &Request) -> Result<T, ApiError> {
    if request.body().len() > MAX_BODY_BYTES {
        return Err(ApiError::Invalid(Constraint::Body));
    }
    object(text_of_body(request)?).ok_or(ApiError::EmptyBody)
}

/// The mark with which some programs begin a text in UTF-8. It is skipped.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The text of a body in UTF-8, which is the only encoding that JSON has between systems. If the
/// content type names another encoding, the body is refused even if its bytes could be read. Its
/// length is not checked.
pub fn text_of_body(request: &Request) -> Result<&str, ApiError> {
    let body: &[u8] = request.body();
    if body.is_empty() {
        return Ok("");
    }
    let is_utf_8 = names_utf_8(request) && !is_in_wider_characters(body);
    let text = is_utf_8.then(|| std::str::from_utf8(body).ok()).flatten();
    let text = text.ok_or(ApiError::Invalid(Constraint::Encoding))?;
    Ok(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text))
}

/// Whether these bytes are JSON in UTF-16 or UTF-32, with or without a byte order mark. The first
/// two characters of JSON are ASCII, so they have a zero byte beside them.
fn is_in_wider_characters(body: &[u8]) -> bool {
    body.iter().take(4).any(|byte| *byte == 0)
}

/// Whether the content type names UTF-8, ASCII (a part of it), or no encoding.
fn names_utf_8(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.map(HeaderValue::as_bytes).unwrap_or_default();
    let kind = String::from_utf8_lossy(kind).to_ascii_lowercase();
    let parameters = kind.split(';').skip(1);
    parameters
        .filter_map(|parameter| parameter.split_once('='))
        .filter(|(name, _)| name.trim() == "charset")
        .map(|(_, charset)| charset.trim().trim_matches('"'))
        .all(|charset| matches!(charset, "utf-8" | "utf8" | "us-ascii" | "ascii"))
}

/// Requires that a GET, HEAD or DELETE has no body. A body that was ignored would mislead its
/// sender. All of them are checked here before their handlers.
pub fn require_no_stray_body(request: &Request) -> Result<(), ApiError> {
    let takes_one = ![Method::GET, Method::HEAD, Method::DELETE].contains(request.method());
    if takes_one || request.body().is_empty() {
        Ok(())
    } else {
        Err(ApiError::Invalid(Constraint::StrayBody))
    }
}

/// How many characters of the name of an unknown field are repeated to the caller.
const MAX_NAME_SHOWN: usize = 40;

/// Requires that a body has no other fields than these. For settings: a misspelt field would be
/// taken for one that was left out.
pub fn require_fields_among(request: &Request, known: &[&str]) -> Result<(), ApiError> {
    all_among(&body(request)?, known)
}

fn all_among(fields: &BTreeMap<String, Field>, known: &[&str]) -> Result<(), ApiError> {
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(unknown_field(name)),
        None => Ok(()),
    }
}

/// The error for a field that is not known. Only the beginning of a long name is repeated.
pub fn unknown_field(name: &str) -> ApiError {
    ApiError::UnknownField(name.chars().take(MAX_NAME_SHOWN).collect())
}

/// The JSON object in an event that an operator sends, which has no other fields than these. Read as
/// [`body`] reads a request's. A misspelt field would be taken for one that was left out.
pub fn command<T: DeserializeOwned>(
    event: &serde_json::Value,
    known: &[&str],
) -> Result<T, ApiError> {
    all_among(&self::event(event)?, known)?;
    self::event(event)
}

/// The JSON object in an event, which may be one of AWS's own with other fields. Read as [`body`]
/// reads a request's.
pub fn event<T: DeserializeOwned>(event: &serde_json::Value) -> Result<T, ApiError> {
    object(&event.to_string()).ok_or(ApiError::EmptyBody)
}

/// A structure from a JSON object. (Deserialising alone would accept an array of the fields too.)
fn object<T: DeserializeOwned>(json: &str) -> Option<T> {
    let is_object = json.trim_start().starts_with('{');
    is_object.then(|| serde_json::from_str(json).ok()).flatten()
}

/// A field of a body, as it came. So each field that is missing or malformed gets its own error, in
/// the order in which the handler reads them. `null` counts as missing. It needs no
/// `#[serde(default)]`, because it wraps an `Option`.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Field(Option<Box<RawValue>>);

impl Field {
    /// The field's JSON. `None` if it is missing.
    pub fn raw(&self) -> Option<&str> {
        self.0.as_ref().map(|value| value.get())
    }

    /// Whether the field is there, and not `null`.
    pub fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// The field's JSON, parsed by this function.
    pub fn parse<T>(&self, parse: impl FnOnce(&str) -> Option<T>) -> Parsed<T> {
        match self.raw() {
            None => Parsed::Missing,
            Some(json) => parse(json).map_or(Parsed::Malformed, Parsed::Value),
        }
    }

    /// The field as a value of its type.
    pub fn read<T: DeserializeOwned>(&self) -> Parsed<T> {
        self.parse(|json| serde_json::from_str(json).ok())
    }

    /// The field as a whole number (see [`whole`]).
    pub fn whole<T: TryFrom<i64>>(&self) -> Parsed<T> {
        self.parse(whole)
    }

    /// The field as a list of whole numbers.
    pub fn wholes<T: TryFrom<i64>>(&self) -> Parsed<Vec<T>> {
        let list = self.read::<Vec<Self>>();
        list.and_then(|list| list.iter().map(|field| field.whole().value()).collect())
    }

    /// The field as a JSON object.
    pub fn object<T: DeserializeOwned>(&self) -> Parsed<T> {
        self.parse(object)
    }

    /// The field as a text that `parse` accepts. `None` if it is missing. `malformed` if it is not
    /// a text, or `parse` does not accept it.
    pub fn text<T>(
        &self,
        parse: impl FnOnce(&str) -> Option<T>,
        malformed: ApiError,
    ) -> Result<Option<T>, ApiError> {
        let text = self.read::<String>();
        text.and_then(|text| parse(&text)).or_malformed(malformed)
    }
}

/// The result of reading a field as a value of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed<T> {
    /// The field is not there, or is `null`.
    Missing,
    /// The field is not a value of that type.
    Malformed,
    /// The value.
    Value(T),
}

impl<T> Parsed<T> {
    /// The value. `None` if the field is missing or malformed.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Missing | Self::Malformed => None,
        }
    }

    /// The value. `None` if the field is missing, and an error if it is malformed.
    pub fn or_malformed(self, malformed: ApiError) -> Result<Option<T>, ApiError> {
        match self {
            Self::Value(value) => Ok(Some(value)),
            Self::Missing => Ok(None),
            Self::Malformed => Err(malformed),
        }
    }

    /// The value that `next` makes of this one. Malformed if it makes none.
    pub fn and_then<U>(self, next: impl FnOnce(T) -> Option<U>) -> Parsed<U> {
        match self {
            Self::Value(value) => next(value).map_or(Parsed::Malformed, Parsed::Value),
            Self::Missing => Parsed::Missing,
            Self::Malformed => Parsed::Malformed,
        }
    }

    /// The value if it is within its limits, else malformed.
    #[must_use]
    pub fn filter(self, keeps_limits: impl FnOnce(&T) -> bool) -> Self {
        self.and_then(|value| keeps_limits(&value).then_some(value))
    }
}

/// A whole number as JSON writes it, read exactly however large it is: `7`, `7.0` and `70e-1` are
/// the same. `None` for a fraction, for anything else that is not a number, and for one that does
/// not fit.
pub fn whole<T: TryFrom<i64>>(text: &str) -> Option<T> {
    decimal::parse(text, 0).and_then(|number| T::try_from(number).ok())
}

/// A whole number in a query: digits only, without a leading zero, so that each number is written
/// in one way. A query is not JSON: it has no points, exponents or signs (a form would make a space
/// of a `+`).
pub fn digits<T: FromStr>(text: &str) -> Option<T> {
    let is_padded = text.len() > 1 && text.starts_with('0');
    let is_plain = !is_padded && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}

/// Reads a field in which `null` means something else than missing. `None` is missing.
pub fn even_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Field>, D::Error> {
    Field::deserialize(deserializer).map(Some)
}
