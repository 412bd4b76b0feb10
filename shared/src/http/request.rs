//! Reads a request's path, query and headers.

use std::net::IpAddr;

use lambda_http::{
    Request, RequestExt as _,
    http::{HeaderName, header},
    request::RequestContext,
};
use utoipa::ToSchema;

use crate::{
    domain::{
        attempts::Source,
        events::BuyerId,
        ids::{ConcertId, QueueId, ReservationId, ShowId, ShowKey, UserId},
    },
    error::ApiError,
    language::Language,
    origin::Viewer,
};

/// A request's path, query and headers.
pub trait RequestParts {
    /// A variable of the path.
    fn path(&self, name: &str) -> String;
    /// A query parameter. `None` if it is missing or empty. If it is there several times, all
    /// values are joined with commas, so that none is silently ignored.
    fn query(&self, name: &str) -> Option<String>;
    /// Whether a query parameter is there, empty or not.
    fn names(&self, parameter: &str) -> bool;
    /// The language of the answer.
    fn language(&self) -> Language;
    /// The address of the caller: the one from which CloudFront was called, if it is in front, or else
    /// the gateway. No header counts that a caller can write.
    fn source(&self) -> Source;

    /// The address from which the gateway was called.
    fn gateway_source(&self) -> Option<IpAddr>;

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

    /// `{reservation_id}` of the path, with `{concert_id}`. If either is malformed, the reservation
    /// is not found.
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

    /// `{buyer}` of the path. If it is malformed, there is no such user.
    fn buyer(&self) -> Result<BuyerId, ApiError> {
        self.path("buyer")
            .parse()
            .map_err(|_| ApiError::UserNotFound)
    }

    /// `{date}` of the path: a show of the concert. `None` if the path ends before it.
    fn show_in_path(&self) -> Result<Option<ShowKey>, ApiError>;

    /// Whether the client has the answer with this tag (`If-None-Match`).
    fn has(&self, tag: &str) -> bool;

    /// Whether the client takes an answer in a coding, such as `gzip` (RFC 9110, 12.5.3).
    fn takes(&self, coding: &str) -> bool;

    /// The versions that the request is meant for (`If-Match`).
    fn if_match(&self) -> IfMatch;

    /// The show that `{concert_id}` of the path and the query parameter `date` name. The parameter
    /// is required.
    fn show(&self) -> Result<ShowId, ApiError> {
        let concert_id = self.concert_id()?;
        let date = self
            .query("date")
            .ok_or(ApiError::MissingParameter("date"))?;
        let key = date.parse().map_err(|_| ApiError::InvalidDate)?;
        Ok(ShowId { concert_id, key })
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

    fn names(&self, parameter: &str) -> bool {
        self.query_string_parameters_ref()
            .is_some_and(|query| query.all(parameter).is_some())
    }

    fn language(&self) -> Language {
        Language::of(self.headers())
    }

    fn source(&self) -> Source {
        let viewer = self.extensions().get().map(|Viewer(address)| *address);
        let address = viewer.or_else(|| self.gateway_source());
        address.map_or(Source::Unknown, Source::Address)
    }

    fn gateway_source(&self) -> Option<IpAddr> {
        let Some(RequestContext::ApiGatewayV2(context)) = self.request_context_ref() else {
            return None;
        };
        context.http.source_ip.as_deref()?.parse().ok()
    }

    fn show_in_path(&self) -> Result<Option<ShowKey>, ApiError> {
        let path = self.path_parameters_ref();
        let date = path.and_then(|path| path.first("date"));
        date.map(|date| date.parse().map_err(|_| ApiError::ShowNotFound))
            .transpose()
    }

    fn has(&self, tag: &str) -> bool {
        tags(self, header::IF_NONE_MATCH)
            .any(|named| named == "*" || named.trim_start_matches("W/") == tag)
    }

    fn takes(&self, coding: &str) -> bool {
        let headers = self.headers().get_all(header::ACCEPT_ENCODING).into_iter();
        let codings = headers.filter_map(|value| value.to_str().ok());
        codings.flat_map(|value| value.split(',')).any(|taken| {
            let (name, weight) = taken.split_once(';').unwrap_or((taken, "q=1"));
            let weight = weight.trim().trim_start_matches("q=").parse::<f32>();
            name.trim().eq_ignore_ascii_case(coding) && weight.is_ok_and(|weight| weight > 0.0)
        })
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

/// An `If-Match` header: the versions that a request is meant for. Tags are compared as they are
/// written, so a weak tag never matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch(Option<Vec<String>>);

impl IfMatch {
    /// Whether a request is meant for the version with this tag, or for something that does not
    /// exist (`None`). Without the header it is meant for any version, and for something that does
    /// not exist too.
    pub fn admits(&self, tag: Option<&str>) -> bool {
        self.0.as_ref().is_none_or(|named| {
            tag.is_some_and(|tag| named.iter().any(|named| named == "*" || named == tag))
        })
    }

    /// The versions that a request is meant for, where each tag is that of a version. `None` if it is
    /// meant for any.
    pub fn versions(&self) -> Option<Vec<u64>> {
        let named = self.0.as_ref()?;
        if named.iter().any(|named| named == "*") {
            return None;
        }
        let version = |tag: &String| {
            let version: u64 = tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()?;
            (version_tag(version) == *tag).then_some(version)
        };
        Some(named.iter().filter_map(version).collect())
    }
}

/// The entity tag of a version.
pub fn version_tag(version: u64) -> String {
    format!("\"{version}\"")
}

/// The name of a request, chosen by the client: 1 to 64 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, pattern = "^[!-~]{1,64}$", example = "transfer-4711")]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The request's key. `None` if it has none.
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
