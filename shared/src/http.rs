//! The edge: what a request says, field by field in the order in which mistakes are reported,
//! and how an answer is written.

mod body;
mod page;
mod request;
mod values;

#[cfg(test)]
mod tests;

pub use self::{
    body::{
        Field, MAX_BODY_BYTES, Parsed, body, digits, even_null, event, require_fields_among,
        require_no_stray_body, whole,
    },
    page::{MAX_PAGE_LENGTH, PageWanted, USUAL_PAGE, cursor},
    request::{IdempotencyKey, IfMatch, RequestParts},
    values::{Milliseconds, Seconds, Won, WonMoved},
};

use aws_lc_rs::digest;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use lambda_http::{
    Body, Response,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{domain::session::Ending, error::ApiError, language::Language};

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
