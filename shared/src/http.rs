//! The edge: what a request says, field by field in the order in which mistakes are reported,
//! and how an answer is written.

use std::str::FromStr;

use aws_lc_rs::digest;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use lambda_http::{
    Body, Request, RequestExt as _, Response,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{
    domain::{
        decimal,
        ids::{ConcertId, QueueId, ReservationId, ShowDate, UserId},
        money::{Difference, Money},
        session::Ending,
    },
    error::{ApiError, Wrong},
    texts::Language,
};

/// The largest body that is read, in bytes: twice what a concert with the most shows needs. API
/// Gateway takes up to 10 MB.
const LARGEST_BODY: usize = 65_536;

/// The JSON object in a request's body, as a structure whose fields are each a [`Field`].
/// Anything else, a name that stands there twice included, is [`ApiError::EmptyBody`]; one that is
/// larger than anybody needs is [`Wrong::Body`], unread, and one that is not in UTF-8
/// [`Wrong::Encoding`].
pub fn body<T: DeserializeOwned>(request: &Request) -> Result<T, ApiError> {
    if request.body().len() > LARGEST_BODY {
        return Err(ApiError::Invalid(Wrong::Body));
    }
    object(text_of_body(request)?).ok_or(ApiError::EmptyBody)
}

/// The mark with which some programs begin a text in UTF-8. It says nothing, and is skipped.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The text of a body in UTF-8, the only encoding that JSON has between systems. Of what names
/// another one in its type the bytes do not count: they may be readable by chance.
fn text_of_body(request: &Request) -> Result<&str, ApiError> {
    let body: &[u8] = request.body();
    if body.is_empty() {
        return Ok("");
    }
    let is_utf_8 = names_utf_8(request) && !is_in_wider_characters(body);
    let text = is_utf_8.then(|| std::str::from_utf8(body).ok()).flatten();
    let text = text.ok_or(ApiError::Invalid(Wrong::Encoding))?;
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
        Err(ApiError::Invalid(Wrong::StrayBody))
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
/// its own, in the order in which the handler asks. `null` is as good as missing.
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

    /// The field as a value of its type; `None` when it is missing, `Some(None)` when it is
    /// something else.
    pub fn read<T: DeserializeOwned>(&self) -> Option<Option<T>> {
        self.raw().map(|json| serde_json::from_str(json).ok())
    }

    /// The field as a whole number, as [`whole`] reads it; `None` when it is missing, `Some(None)`
    /// when it is something else.
    pub fn whole<T: TryFrom<i64>>(&self) -> Option<Option<T>> {
        self.raw().map(whole)
    }

    /// The field as a list of whole numbers; `None` when it is missing, `Some(None)` when it is
    /// something else.
    pub fn wholes<T: TryFrom<i64>>(&self) -> Option<Option<Vec<T>>> {
        let list = self.read::<Vec<Self>>()?;
        Some(list.and_then(|list| list.iter().map(|field| field.whole().flatten()).collect()))
    }

    /// The field as an object of its own; `None` when it is missing, `Some(None)` when it is
    /// something else.
    pub fn object<T: DeserializeOwned>(&self) -> Option<Option<T>> {
        self.raw().map(object)
    }

    /// What a text says that may be missing; `malformed` when it is no text, or not of the form
    /// that `parse` wants.
    pub fn text<T>(
        &self,
        parse: impl FnOnce(&str) -> Option<T>,
        malformed: ApiError,
    ) -> Result<Option<T>, ApiError> {
        match self.read::<String>() {
            None => Ok(None),
            Some(text) => match text.and_then(|text| parse(&text)) {
                Some(value) => Ok(Some(value)),
                None => Err(malformed),
            },
        }
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

/// An amount of money as the API writes it: a JSON number of won with at most two decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = f64, minimum = 0, example = 50_000)]
pub struct Won(pub Money);

impl Serialize for Won {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.json().serialize(serializer)
    }
}

/// An amount by which a balance changes, as the API writes it: as [`Won`], and below zero where it
/// takes from the balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = f64, example = -5_000)]
pub struct WonMoved(pub Difference);

impl Serialize for WonMoved {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.json().serialize(serializer)
    }
}

/// A time as the API writes it: RFC 3339 in UTC, in whole seconds, rounded down. So what lasts
/// until a time lasts a fraction of a second longer, never shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(
    as = Time, value_type = String, format = DateTime,
    pattern = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$", example = "2026-11-20T03:00:00Z"
)]
pub struct Seconds(pub Timestamp);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        rounded_down(self.0, 1_000).serialize(serializer)
    }
}

/// A time with its milliseconds: where clients compute with it, and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(
    as = PreciseTime, value_type = String, format = DateTime,
    pattern = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$",
    example = "2026-11-20T03:00:00.125Z"
)]
pub struct Milliseconds(pub Timestamp);

impl Serialize for Milliseconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        rounded_down(self.0, 1).serialize(serializer)
    }
}

/// A time in whole steps of so many milliseconds, also before 1970.
fn rounded_down(time: Timestamp, step: i128) -> Timestamp {
    const NANOSECONDS: i128 = 1_000_000;
    let steps = time.as_nanosecond().div_euclid(step * NANOSECONDS);
    Timestamp::from_nanosecond(steps * step * NANOSECONDS).unwrap_or(time)
}

/// The most entries that a page has.
pub const LONGEST_PAGE: u32 = 100;

/// How many it has unless the client says otherwise.
pub const USUAL_PAGE: u32 = 20;

/// Which page of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageWanted {
    /// The most entries to answer with: 1 to 100.
    pub limit: u32,
    /// The position after which it begins; `None` is the beginning.
    pub after: Option<String>,
}

impl PageWanted {
    /// Reads `limit` and `cursor`, which has to be one that [`cursor`] made for the same list.
    pub fn of(request: &Request, list: &str) -> Result<Self, ApiError> {
        let limit = match request.query("limit") {
            None => USUAL_PAGE,
            Some(limit) => digits(&limit)
                .filter(|limit| (1..=LONGEST_PAGE).contains(limit))
                .ok_or(ApiError::Invalid(Wrong::Limit))?,
        };
        let after = match request.query("cursor") {
            None => None,
            Some(cursor) => Some(position(list, &cursor).ok_or(ApiError::BadRequest)?),
        };
        Ok(Self { limit, after })
    }

    /// The position as what the list is sorted by.
    pub fn position<T: FromStr>(&self) -> Result<Option<T>, ApiError> {
        let position = self.after.as_deref().map(str::parse).transpose();
        position.map_err(|_| ApiError::BadRequest)
    }
}

/// A cursor: where in a list the next page begins. It carries a checksum over list and position,
/// so that one of another list, or one that was mistyped, is refused. It is no secret and no
/// right: whoever makes one up sees what the list shows anyway.
pub fn cursor(list: &str, position: &str) -> String {
    let mut cursor = checksum(list, position).to_vec();
    cursor.extend(position.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(cursor)
}

const CHECKSUM_BYTES: usize = 8;

/// The most bytes that a sort key has in DynamoDB, which takes no position beyond that.
const LONGEST_KEY: usize = 1_024;

fn position(list: &str, cursor: &str) -> Option<String> {
    let cursor = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (sum, position) = cursor.split_at_checked(CHECKSUM_BYTES)?;
    let position = String::from_utf8(position.to_vec()).ok()?;
    let is_a_key = (1..=LONGEST_KEY).contains(&position.len());
    (is_a_key && checksum(list, &position) == sum).then_some(position)
}

fn checksum(list: &str, position: &str) -> [u8; CHECKSUM_BYTES] {
    let sum = digest::digest(&digest::SHA256, format!("{list}\n{position}").as_bytes());
    let mut checksum = [0; CHECKSUM_BYTES];
    checksum.copy_from_slice(&sum.as_ref()[..CHECKSUM_BYTES]);
    checksum
}

/// What a request's path, query and headers say.
pub trait RequestParts {
    /// A variable of the path.
    fn path(&self, name: &str) -> String;
    /// A parameter of the query, unless it is missing or empty. One that is there several times
    /// is all of them, with commas between them: none counts while another is passed over.
    fn query(&self, name: &str) -> Option<String>;
    /// The language of the answer.
    fn language(&self) -> Language;

    /// `{user_id}` of the path.
    fn user_id(&self) -> Result<UserId, ApiError> {
        self.path("user_id")
            .parse()
            .map_err(|_| ApiError::InvalidUserId)
    }

    /// `{concert_id}` of the path.
    fn concert_id(&self) -> Result<ConcertId, ApiError> {
        self.path("concert_id")
            .parse()
            .map_err(|_| ApiError::ConcertNotFound)
    }

    /// `{reservation_id}` of the path, of a concert that is well-formed too.
    fn reservation_id(&self) -> Result<(ConcertId, ReservationId), ApiError> {
        let concert_id = self.path("concert_id").parse();
        let reservation_id = self.path("reservation_id").parse();
        concert_id
            .ok()
            .zip(reservation_id.ok())
            .ok_or(ApiError::ReservationNotFound)
    }

    /// `{queue_id}` of the path.
    fn queue_id(&self) -> Result<QueueId, ApiError> {
        self.path("queue_id")
            .parse()
            .map_err(|_| ApiError::QueueNotFound)
    }

    /// `{date}` of a path that may end before it.
    fn date_in_path(&self) -> Result<Option<ShowDate>, ApiError>;

    /// Whether the client has what this tag names (`If-None-Match`).
    fn has(&self, tag: &str) -> bool;

    /// What is meant by the request (`If-Match`).
    fn if_match(&self) -> IfMatch;

    /// The parameter `date`, which has to be there.
    fn date(&self) -> Result<ShowDate, ApiError> {
        let date = self
            .query("date")
            .ok_or(ApiError::MissingParameter("date"))?;
        date.parse().map_err(|_| ApiError::InvalidDate)
    }
}

impl RequestParts for Request {
    fn path(&self, name: &str) -> String {
        self.path_parameters_ref()
            .and_then(|path| path.first(name))
            .unwrap_or_default()
            .to_owned()
    }

    fn query(&self, name: &str) -> Option<String> {
        let query = self.query_string_parameters_ref()?;
        let value = query.all(name)?.join(",");
        (!value.is_empty()).then_some(value)
    }

    fn language(&self) -> Language {
        Language::of(self.headers())
    }

    fn date_in_path(&self) -> Result<Option<ShowDate>, ApiError> {
        let path = self.path_parameters_ref();
        let date = path.and_then(|path| path.first("date"));
        date.map(|date| date.parse().map_err(|_| ApiError::ShowNotFound))
            .transpose()
    }

    fn has(&self, tag: &str) -> bool {
        tags(self, header::IF_NONE_MATCH)
            .any(|named| named == "*" || named.trim_start_matches("W/") == tag)
    }

    fn if_match(&self) -> IfMatch {
        let is_there = self.headers().contains_key(header::IF_MATCH);
        let named = tags(self, header::IF_MATCH).map(str::to_owned);
        IfMatch(is_there.then(|| named.collect()))
    }
}

/// The entity tags that a header names, and `*`.
fn tags(request: &Request, header: HeaderName) -> impl Iterator<Item = &str> {
    let headers = request.headers().get_all(header).into_iter();
    headers
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

/// An `If-Match`: the versions of something that a request is meant for. Tags count as they are
/// written, so that a weak one is never the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch(Option<Vec<String>>);

impl IfMatch {
    /// Whether a request is meant for what has this tag; `None` is something that is not there.
    /// Without the header it is meant for whatever there is, and for nothing, too.
    pub fn admits(&self, tag: Option<&str>) -> bool {
        self.0.as_ref().is_none_or(|named| {
            tag.is_some_and(|tag| named.iter().any(|named| named == "*" || named == tag))
        })
    }
}

/// An `Idempotency-Key`: 1 to 64 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, pattern = "^[!-~]{1,64}$", example = "transfer-4711")]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The request's key; `None` when it has none.
    pub fn of(request: &Request) -> Result<Option<Self>, ApiError> {
        let Some(value) = request.headers().get("idempotency-key") else {
            return Ok(None);
        };
        let key = value.as_bytes();
        if (1..=64).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic) {
            let key = key.iter().copied().map(char::from).collect();
            Ok(Some(Self(key)))
        } else {
            Err(ApiError::BadRequest)
        }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// 200 with a JSON body.
pub fn ok(answer: &impl Serialize) -> Result<Response<Body>, ApiError> {
    json(StatusCode::OK, answer)
}

/// 201 with a JSON body.
pub fn created(answer: &impl Serialize) -> Result<Response<Body>, ApiError> {
    json(StatusCode::CREATED, answer)
}

/// 200 with content of that type.
pub fn content(content_type: &str, content: impl Into<Body>) -> Response<Body> {
    Response::new(content.into()).with(header::CONTENT_TYPE, content_type)
}

fn json(status: StatusCode, answer: &impl Serialize) -> Result<Response<Body>, ApiError> {
    let body = serde_json::to_string(answer).map_err(|error| ApiError::Internal(error.into()))?;
    let mut response = Response::new(Body::Text(body));
    *response.status_mut() = status;
    Ok(response.with(header::CONTENT_TYPE, "application/json"))
}

/// The answer to a HEAD, made of that to the GET: the same but for the body, of which only the
/// length is said.
pub fn without_body(mut response: Response<Body>) -> Response<Body> {
    let body = std::mem::replace(response.body_mut(), Body::Empty);
    if response.status() == StatusCode::NOT_MODIFIED {
        return response;
    }
    response.with(header::CONTENT_LENGTH, &body.len().to_string())
}

/// 304: the client has it already.
pub fn not_modified() -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response
}

/// The tag of an answer that follows from what is named, and from nothing else.
pub fn tag(of: &str) -> String {
    let digest = digest::digest(&digest::SHA256, of.as_bytes());
    let name = BASE64_URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16]);
    format!("\"{name}\"")
}

/// Headers of an answer.
pub trait ResponseParts {
    /// The answer with that header, which is one that we wrote.
    #[must_use]
    fn with(self, name: HeaderName, value: &str) -> Self;

    /// The answer with the advice to ask again after so many seconds.
    #[must_use]
    fn with_retry_after(self, seconds: u64) -> Self;
}

impl ResponseParts for Response<Body> {
    fn with(mut self, name: HeaderName, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("a header that we wrote is valid");
        self.headers_mut().insert(name, value);
        self
    }

    fn with_retry_after(self, seconds: u64) -> Self {
        self.with(header::RETRY_AFTER, &seconds.to_string())
    }
}

/// The one envelope of every error.
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub struct ErrorBody<'a> {
    /// What went wrong, in the language of the answer.
    #[schema(example = "유효하지 않은 토큰입니다.")]
    error: &'a str,
    /// The stable code, for programs.
    #[schema(example = "INVALID_TOKEN")]
    code: &'static str,
    /// What to name when asking the operator.
    request_id: &'a str,
    /// The caller's place, with `NOT_YOUR_TURN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_position: Option<u64>,
    /// When the sale opens, with `SALE_NOT_OPEN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    opens_at: Option<Seconds>,
    /// Why the caller's session is over, with `SESSION_OVER`, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<Ending>,
    /// The version that the settings have, with `VERSION_MISMATCH`.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
}

/// The answer that an error becomes.
pub fn error_response(error: &ApiError, language: Language, request_id: &str) -> Response<Body> {
    let queue_position = match error {
        ApiError::NotYourTurn { place, .. } => *place,
        _ => None,
    };
    let opens_at = match error {
        ApiError::SaleNotOpen { opens_at, .. } => Some(Seconds(*opens_at)),
        _ => None,
    };
    let reason = match error {
        ApiError::SessionOver { reason } => *reason,
        _ => None,
    };
    let version = match error {
        ApiError::VersionMismatch { current } => *current,
        _ => None,
    };
    let body = ErrorBody {
        error: &error.message(language),
        code: error.code(),
        request_id,
        queue_position,
        opens_at,
        reason,
        version,
    };
    let body = serde_json::to_string(&body).unwrap_or_default();
    let mut response = Response::new(Body::Text(body));
    *response.status_mut() = error.status();
    let response = response.with(header::CONTENT_TYPE, "application/json");
    match error.retry_after() {
        Some(seconds) => response.with_retry_after(seconds),
        None => response,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_rounded_down_to_whole_seconds_or_milliseconds() {
        for (time, seconds, milliseconds) in [
            (
                "2026-11-20T03:00:36Z",
                "2026-11-20T03:00:36Z",
                "2026-11-20T03:00:36Z",
            ),
            (
                "2026-11-20T03:00:36.097Z",
                "2026-11-20T03:00:36Z",
                "2026-11-20T03:00:36.097Z",
            ),
            (
                "2026-11-20T03:00:36.9999Z",
                "2026-11-20T03:00:36Z",
                "2026-11-20T03:00:36.999Z",
            ),
            (
                "1969-12-31T23:59:58.5Z",
                "1969-12-31T23:59:58Z",
                "1969-12-31T23:59:58.5Z",
            ),
        ] {
            let time: Timestamp = time.parse().expect("a time");
            let written = serde_json::json!([Seconds(time), Milliseconds(time)]);
            assert_eq!(written, serde_json::json!([seconds, milliseconds]));
        }
    }

    fn request(headers: &[(HeaderName, &str)], body: impl Into<Body>) -> Request {
        let mut request = Request::new(body.into());
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).expect("a header");
            request.headers_mut().append(name, value);
        }
        request
    }

    #[test]
    fn whole_numbers_are_read_exactly() {
        for (text, number) in [
            ("7", 7),
            ("7.0", 7),
            ("7e0", 7),
            ("70e-1", 7),
            ("-7.000", -7),
            ("0.0", 0),
            ("9007199254740993.0", 9_007_199_254_740_993),
            ("9223372036854775807", i64::MAX),
            ("9.223372036854775807e18", i64::MAX),
        ] {
            assert_eq!(whole::<i64>(text), Some(number), "{text}");
        }
        for text in [
            "7.5",
            "007",
            "+7",
            " 7",
            "7.",
            "",
            "9223372036854775808",
            "1e19",
            "x",
        ] {
            assert_eq!(whole::<i64>(text), None, "{text}");
        }
        assert_eq!(whole::<u32>("-1"), None);
        assert_eq!(whole::<u32>("4294967296"), None);
        assert_eq!(whole::<u32>("4294967295.0"), Some(u32::MAX));
    }

    proptest! {
        #[test]
        fn whole_numbers_are_what_json_reads_them_as(number: i64) {
            prop_assert_eq!(whole(&number.to_string()), Some(number));
            prop_assert_eq!(whole(&format!("{number}.0")), Some(number));
            prop_assert_eq!(whole::<i64>(&format!("{number}.5")), None);
        }
    }

    #[test]
    fn digits_are_all_that_a_query_has() {
        assert_eq!(digits("0"), Some(0_u32));
        assert_eq!(digits("100"), Some(100_u32));
        for text in [
            "",
            "007",
            "00",
            "+7",
            "-7",
            " 7",
            "7.0",
            "7e0",
            "４",
            "4294967296",
        ] {
            assert_eq!(digits::<u32>(text), None, "{text}");
        }
    }

    #[test]
    fn lists_of_whole_numbers_are_whole() {
        let field = |json: &str| serde_json::from_str::<Field>(json).expect("JSON");
        assert_eq!(field("[1, 2.0, 3e0]").wholes(), Some(Some(vec![1, 2, 3])));
        assert_eq!(field("[]").wholes::<u64>(), Some(Some(vec![])));
        for json in ["[1, 2.5]", "[null]", "[\"1\"]", "[[1]]", "7", "{}"] {
            assert_eq!(field(json).wholes::<u64>(), Some(None), "{json}");
        }
        assert_eq!(field("null").wholes::<u64>(), None);
    }

    #[test]
    fn if_match_admits_what_it_names() {
        let named = |values: &[&str]| {
            let headers = values.iter().map(|value| (header::IF_MATCH, *value));
            let headers: Vec<_> = headers.collect();
            request(&headers, Body::Empty).if_match()
        };
        let version = Some("\"3\"");
        for (values, admits_it, admits_nothing) in [
            (&[][..], true, true),
            (&["*"], true, false),
            (&["\"3\""], true, false),
            (&["\"2\", \"3\""], true, false),
            (&["\"2\"", "\"3\""], true, false),
            (&["\"2\""], false, false),
            (&["3"], false, false),
            (&["W/\"3\""], false, false),
            (&["\"33\""], false, false),
            (&[""], false, false),
        ] {
            let if_match = named(values);
            assert_eq!(if_match.admits(version), admits_it, "{values:?}");
            assert_eq!(if_match.admits(None), admits_nothing, "{values:?}");
        }
    }

    #[test]
    fn bodies_are_read_in_utf_8_however_they_come() {
        let read = |headers: &[(HeaderName, &str)], bytes: &[u8]| {
            let request = request(headers, Body::Binary(bytes.to_vec()));
            text_of_body(&request).map(str::to_owned)
        };
        let wrong = |read: Result<String, ApiError>| {
            matches!(read, Err(ApiError::Invalid(Wrong::Encoding)))
        };
        let none = &[][..];
        assert_eq!(read(none, b"{}").ok().as_deref(), Some("{}"));
        assert_eq!(read(none, b"\xef\xbb\xbf{}").ok().as_deref(), Some("{}"));
        for bytes in [
            &b"{\0}\0"[..],
            b"\0{\0}",
            b"\xff\xfe{\0",
            b"{\0\0\0",
            b"\"\xff\"",
        ] {
            assert!(wrong(read(none, bytes)), "{bytes:?}");
        }
        let kind = [(header::CONTENT_TYPE, "application/json; charset=euc-kr")];
        assert!(wrong(read(&kind, b"{}")));
        assert_eq!(read(&kind, b"").ok().as_deref(), Some(""));
    }

    #[test]
    fn an_answer_without_its_body_says_how_long_it_was() {
        let head = without_body(content("text/plain", "김"));
        assert_eq!(head.headers()[header::CONTENT_LENGTH], "3");
        assert!(head.body().is_empty());
        let head = without_body(not_modified());
        assert_eq!(head.headers().get(header::CONTENT_LENGTH), None);
    }
}
