//! Reads requests and writes answers. The fields of a body are read one by one, in the order in
//! which mistakes are reported.

mod body;
mod page;
mod request;

#[cfg(test)]
mod tests;

pub use self::{
    body::{
        Field, MAX_BODY_BYTES, Parsed, body, command, digits, even_null, event,
        require_fields_among, require_no_stray_body, text_of_body, unknown_field, whole,
    },
    page::{MAX_PAGE_LENGTH, PageWanted, USUAL_PAGE, cursor, position},
    request::{IdempotencyKey, IfMatch, RequestParts, version_tag},
};
pub use crate::domain::values::{Milliseconds, Seconds, Won, WonMoved};

use std::slice;

use aws_lc_rs::digest;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use lambda_http::{
    Body, Request, Response,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::{
        ids::{ShowKey, UserId},
        seat::SeatNumber,
        session::Ending,
    },
    error::ApiError,
    language::Language,
};

/// 200 with a JSON body.
pub fn ok(answer: &impl Serialize) -> Result<Response<Body>, ApiError> {
    json(StatusCode::OK, answer)
}

/// 200 with a JSON body and its entity tag, which is a hash of the body. 304 with the tag only, if the
/// client has this body (`If-None-Match`).
pub fn ok_if_new(request: &Request, answer: &impl Serialize) -> Result<Response<Body>, ApiError> {
    let answer = ok(answer)?;
    let tag = match answer.body() {
        Body::Text(text) => tag(text),
        _ => return Err(ApiError::bug("an answer in JSON is no text")),
    };
    let is_known = request.has(&tag);
    let answer = if is_known { not_modified() } else { answer };
    Ok(answer.with(header::ETAG, &tag))
}

/// 201 with a JSON body.
pub fn created(answer: &impl Serialize) -> Result<Response<Body>, ApiError> {
    json(StatusCode::CREATED, answer)
}

/// 200 with a body of another content type.
pub fn content(content_type: &str, content: impl Into<Body>) -> Response<Body> {
    Response::new(content.into()).with(header::CONTENT_TYPE, content_type)
}

fn json(status: StatusCode, answer: &impl Serialize) -> Result<Response<Body>, ApiError> {
    let body = serde_json::to_string(answer).map_err(|error| ApiError::Internal(error.into()))?;
    let mut response = Response::new(Body::Text(body));
    *response.status_mut() = status;
    Ok(response.with(header::CONTENT_TYPE, "application/json"))
}

/// The answer to a `HEAD`: that to the `GET` without its body. It keeps the body's length.
pub fn without_body(mut response: Response<Body>) -> Response<Body> {
    let body = std::mem::replace(response.body_mut(), Body::Empty);
    if response.status() == StatusCode::NOT_MODIFIED {
        return response;
    }
    response.with(header::CONTENT_LENGTH, &body.len().to_string())
}

/// 304: what the client has is current.
pub fn not_modified() -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response
}

/// The entity tag of an answer that depends on nothing but this text.
pub fn tag(of: &str) -> String {
    let digest = digest::digest(&digest::SHA256, of.as_bytes());
    let name = BASE64_URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16]);
    format!("\"{name}\"")
}

/// Headers of an answer.
pub trait ResponseParts {
    /// Adds a header, whose value is one that we wrote.
    #[must_use]
    fn with(self, name: HeaderName, value: &str) -> Self;

    /// Adds `Retry-After`, in seconds.
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

/// The body of every error.
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub struct ErrorBody<'a> {
    /// A text for people, in the language of the answer.
    #[schema(example = "유효하지 않은 토큰입니다.")]
    error: &'a str,
    /// The stable code, for programs.
    #[schema(example = "INVALID_TOKEN")]
    code: &'static str,
    /// The id of the request. The operator finds it in the log by this id.
    request_id: &'a str,
    /// The caller's place, as in `GET /v1/auth/tokens`. Present only with `NOT_YOUR_TURN`, and
    /// absent before the opening.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_position: Option<u64>,
    /// The time when the sale opens. Present only with `SALE_NOT_OPEN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    opens_at: Option<Seconds>,
    /// The reason why the caller's session is over. Present only with `SESSION_OVER`. Absent if a
    /// later session has replaced this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<Ending>,
    /// The version of the settings or of the concert in force. Present only with `VERSION_MISMATCH`.
    /// Absent if the queue does not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    /// The id of the administrator who made this version. Present only with `VERSION_MISMATCH`.
    /// Absent if it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    changed_by: Option<UserId>,
    /// The time when this version was made. Absent if `changed_by` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    changed_at: Option<Seconds>,
    /// Where the mistake in the plan is: a JSON pointer (RFC 6901), empty for the whole document.
    /// Present only with `INVALID_PLAN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    at: Option<&'a str>,
    /// The most seats of the concert that one person may have. Present only with `PERSON_LIMIT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    limit: Option<u32>,
    /// The number of seats of the concert that the caller has bought. Present only with
    /// `PERSON_LIMIT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    bought: Option<usize>,
    /// Shows, each as `date` names it. Present only with `SEVERAL_SHOWS`: those of that day. And with
    /// `SALE_OPEN` and `SEATS_TAKEN`: the show that cannot be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    shows: Option<&'a [ShowKey]>,
    /// The seats that are sold or held. Present only with `SEAT_ALREADY_RESERVED`, for the seats that
    /// the hold named, as far as they are known, and with `SEATS_TAKEN`, up to a hundred of them.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false, value_type = Vec<SeatNumber>)]
    seat_numbers: &'a [SeatNumber],
    /// How many seats of the kind asked for are free. Present only with `NO_SEATS_TOGETHER`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    free: Option<u32>,
    /// How many seats the same request would get together if it asked for fewer. 0 if none. Present
    /// only with `NO_SEATS_TOGETHER`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    longest: Option<u32>,
}

impl<'a> ErrorBody<'a> {
    /// The body for an error, whose text in the language of the answer is `text`.
    pub fn of(error: &'a ApiError, text: &'a str, request_id: &'a str) -> Self {
        let mut body = Self {
            error: text,
            code: error.code(),
            request_id,
            queue_position: None,
            opens_at: None,
            reason: None,
            version: None,
            changed_by: None,
            changed_at: None,
            at: None,
            limit: None,
            bought: None,
            shows: None,
            seat_numbers: &[],
            free: None,
            longest: None,
        };
        match error {
            ApiError::NotYourTurn { place, .. } => body.queue_position = *place,
            ApiError::SaleNotOpen { opens_at, .. } => body.opens_at = Some(Seconds(*opens_at)),
            ApiError::SessionOver { reason } => body.reason = *reason,
            ApiError::VersionMismatch {
                current,
                last_change,
            } => {
                body.version = *current;
                body.changed_by = last_change.map(|change| change.by);
                body.changed_at = last_change.map(|change| Seconds(change.at));
            }
            ApiError::InvalidPlan(mistake) => body.at = Some(&mistake.at),
            ApiError::PersonLimit { limit, bought } => {
                body.limit = Some(*limit);
                body.bought = Some(*bought);
            }
            ApiError::SeatAlreadyReserved { seats } => body.seat_numbers = seats,
            ApiError::SeatsTaken { show, seats } => {
                (body.shows, body.seat_numbers) = (Some(slice::from_ref(show)), seats);
            }
            ApiError::SaleOpen { show, .. } => body.shows = Some(slice::from_ref(show)),
            ApiError::SeveralShows { shows } => body.shows = Some(shows),
            ApiError::NoSeatsTogether(left) => {
                (body.free, body.longest) = (Some(left.free), Some(left.longest));
            }
            _ => {}
        }
        body
    }
}

/// What `Cache-Control` says of an answer that is for its caller only, or only for now.
pub const KEPT_BY_NOBODY: &str = "private, no-store";

/// Says of an answer that nobody may keep it, unless it says itself who may. Every answer of a function
/// passes here, errors too: without the header, caches may keep some errors, such as 404 and 410 (RFC
/// 9110, 15.1), and CloudFront answers requests that come at the same time with one answer.
pub fn kept_as_it_says(answer: Response<Body>) -> Response<Body> {
    if answer.headers().contains_key(header::CACHE_CONTROL) {
        return answer;
    }
    answer.with(header::CACHE_CONTROL, KEPT_BY_NOBODY)
}

/// The answer for an error.
pub fn error_response(error: &ApiError, language: Language, request_id: &str) -> Response<Body> {
    let text = error.message(language);
    let body = ErrorBody::of(error, &text, request_id);
    let body = serde_json::to_string(&body).unwrap_or_default();
    let mut response = Response::new(Body::Text(body));
    *response.status_mut() = error.status();
    let response = response.with(header::CONTENT_TYPE, "application/json");
    match error.retry_after() {
        Some(seconds) => response.with_retry_after(seconds),
        None => response,
    }
}
