//! What a request's body says, field by field in the order in which mistakes are reported.

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

/// The largest body that is read, in bytes: twice what a concert with the most shows needs. API
/// Gateway takes up to 10 MB.
pub const MAX_BODY_BYTES: usize = 65_536;

/// The JSON object in a request's body, as a structure whose fields are each a [`Field`].
/// Anything else, a name that stands there twice included, is [`ApiError::EmptyBody`]; one that is
/// larger than anybody needs is [`Constraint::Body`], unread, and one that is not in UTF-8
/// [`Constraint::Encoding`].
pub fn body<T: DeserializeOwned>(request: &Request) -> Result<T, ApiError> {
    if request.body().len() > MAX_BODY_BYTES {
        return Err(ApiError::Invalid(Constraint::Body));
    }
    object(text_of_body(request)?).ok_or(ApiError::EmptyBody)
}

/// The mark with which some programs begin a text in UTF-8. It says nothing, and is skipped.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The text of a body in UTF-8, the only encoding that JSON has between systems. Of what names
/// another one in its type the bytes do not count: they may be readable by chance.
pub(super) fn text_of_body(request: &Request) -> Result<&str, ApiError> {
    let body: &[u8] = request.body();
    if body.is_empty() {
        return Ok("");
    }
    let is_utf_8 = names_utf_8(request) && !is_in_wider_characters(body);
    let text = is_utf_8.then(|| std::str::from_utf8(body).ok()).flatten();
    let text = text.ok_or(ApiError::Invalid(Constraint::Encoding))?;
    Ok(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text))
}

/// Whether JSON in these bytes is in UTF-16 or UTF-32, with a mark before it or without one: its
/// first two characters are ASCII, and a zero byte stands beside them.
fn is_in_wider_characters(body: &[u8]) -> bool {
    body.iter().take(4).any(|byte| *byte == 0)
}

/// Whether the content type names UTF-8, of which ASCII is a part, or no encoding at all.
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

/// Makes sure that a request by a method that has nothing to say in a body has none: one that was
/// ignored would be one that its sender believes in. Every GET, HEAD and DELETE goes through here
/// before its handler.
pub fn require_no_stray_body(request: &Request) -> Result<(), ApiError> {
    let takes_one = ![Method::GET, Method::HEAD, Method::DELETE].contains(request.method());
    if takes_one || request.body().is_empty() {
        Ok(())
    } else {
        Err(ApiError::Invalid(Constraint::StrayBody))
    }
}

/// So much of the name of an unknown field is repeated to the caller.
const MAX_NAME_SHOWN: usize = 40;

/// Requires that a body, which is a JSON object, has no other fields than these. For settings: a
/// misspelt one would be taken for one that was left out.
pub fn require_fields_among(request: &Request, known: &[&str]) -> Result<(), ApiError> {
    let fields: BTreeMap<String, Field> = body(request)?;
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(ApiError::UnknownField(
            name.chars().take(MAX_NAME_SHOWN).collect(),
        )),
        None => Ok(()),
    }
}

/// The JSON object in an event that an operator sends, as [`body`] reads a request's.
pub fn event<T: DeserializeOwned>(event: &serde_json::Value) -> Result<T, ApiError> {
    object(&event.to_string()).ok_or(ApiError::EmptyBody)
}

/// A structure from a JSON object. Deserialising alone would take an array of its fields, too.
fn object<T: DeserializeOwned>(json: &str) -> Option<T> {
    let is_object = json.trim_start().starts_with('{');
    is_object.then(|| serde_json::from_str(json).ok()).flatten()
}

/// A field of a body. It stays as it came, so that each one missing or malformed gets an error of
/// its own, in the order in which the handler asks. `null` is as good as missing. It needs no
/// `#[serde(default)]`: what it wraps is an `Option`.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Field(Option<Box<RawValue>>);

impl Field {
    /// The field as the JSON that it is.
    pub fn raw(&self) -> Option<&str> {
        self.0.as_ref().map(|value| value.get())
    }

    /// Whether it is there.
    pub fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// The field as what `parse` makes of its JSON.
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

    /// The field as a whole number, as [`whole`] reads it.
    pub fn whole<T: TryFrom<i64>>(&self) -> Parsed<T> {
        self.parse(whole)
    }

    /// The field as a list of whole numbers.
    pub fn wholes<T: TryFrom<i64>>(&self) -> Parsed<Vec<T>> {
        let list = self.read::<Vec<Self>>();
        list.and_then(|list| list.iter().map(|field| field.whole().value()).collect())
    }

    /// The field as an object of its own.
    pub fn object<T: DeserializeOwned>(&self) -> Parsed<T> {
        self.parse(object)
    }

    /// What a text says that may be missing; `malformed` when it is no text, or not of the form
    /// that `parse` wants.
    pub fn text<T>(
        &self,
        parse: impl FnOnce(&str) -> Option<T>,
        malformed: ApiError,
    ) -> Result<Option<T>, ApiError> {
        let text = self.read::<String>();
        text.and_then(|text| parse(&text)).or_malformed(malformed)
    }
}

/// What became of a field that was read as a value of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed<T> {
    /// It is not there, or is `null`.
    Missing,
    /// It is something else.
    Malformed,
    /// The value.
    Value(T),
}

impl<T> Parsed<T> {
    /// The value; `None` when the field is missing or malformed.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Missing | Self::Malformed => None,
        }
    }

    /// The value, `None` when the field is missing, and an error when it is malformed.
    pub fn or_malformed(self, malformed: ApiError) -> Result<Option<T>, ApiError> {
        match self {
            Self::Value(value) => Ok(Some(value)),
            Self::Missing => Ok(None),
            Self::Malformed => Err(malformed),
        }
    }

    /// What `next` makes of the value; malformed when that is nothing.
    pub fn and_then<U>(self, next: impl FnOnce(T) -> Option<U>) -> Parsed<U> {
        match self {
            Self::Value(value) => next(value).map_or(Parsed::Malformed, Parsed::Value),
            Self::Missing => Parsed::Missing,
            Self::Malformed => Parsed::Malformed,
        }
    }

    /// The value if it keeps its limits, else malformed.
    #[must_use]
    pub fn filter(self, keeps_limits: impl FnOnce(&T) -> bool) -> Self {
        self.and_then(|value| keeps_limits(&value).then_some(value))
    }
}

/// A whole number as JSON writes it: `7`, `7.0` and `70e-1` are the same one, read exactly,
/// however large. `None` for what has a part of one, is no number, or does not fit.
pub fn whole<T: TryFrom<i64>>(text: &str) -> Option<T> {
    decimal::parse(text, 0).and_then(|number| T::try_from(number).ok())
}

/// A whole number in a query: digits and nothing else, each number written in one way only. It is
/// no JSON: neither a point nor an exponent is expected there, nor a sign that a form would have
/// made of a space.
pub fn digits<T: FromStr>(text: &str) -> Option<T> {
    let is_padded = text.len() > 1 && text.starts_with('0');
    let is_plain = !is_padded && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}

/// For a field that `null` takes away and that stays when it is missing: `None` is missing.
pub fn even_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Field>, D::Error> {
    Field::deserialize(deserializer).map(Some)
}
