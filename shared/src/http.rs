//! The edge: what a request says, field by field in the order in which mistakes are reported,
//! and how an answer is written.

use std::collections::HashMap;

use lambda_http::{
    Body, Request, RequestExt as _, Response,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    domain::ids::{ConcertId, QueueId, ReservationId, ShowDate, UserId},
    error::ApiError,
    texts::Language,
};

/// The JSON object in a request's body. Its fields stay as they came, so that each one missing
/// or malformed gets an error of its own.
pub struct JsonBody(HashMap<String, Box<RawValue>>);

impl JsonBody {
    /// Reads the body; anything but a JSON object is [`ApiError::EmptyBody`].
    pub fn of(request: &Request) -> Result<Self, ApiError> {
        serde_json::from_slice(request.body())
            .map(Self)
            .map_err(|_| ApiError::EmptyBody)
    }

    /// A field as the JSON that it is; `null` is as good as missing.
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(|value| value.get())
            .filter(|json| *json != "null")
    }

    /// Whether a field is there.
    pub fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// A field as a value of its type; `None` when it is missing, `Some(None)` when it is
    /// something else.
    pub fn field<T: DeserializeOwned>(&self, name: &str) -> Option<Option<T>> {
        self.raw(name).map(|json| serde_json::from_str(json).ok())
    }

    /// A field that is an object of its own.
    pub fn object(&self, name: &str) -> Option<Self> {
        self.field(name).flatten().map(Self)
    }

    /// A text that has to be there; `malformed` when it is no text.
    pub fn text(&self, name: &'static str, malformed: ApiError) -> Result<String, ApiError> {
        match self.field(name) {
            None => Err(ApiError::MissingField(name)),
            Some(None) => Err(malformed),
            Some(Some(text)) => Ok(text),
        }
    }
}

/// What a request's path, query and headers say.
pub trait RequestParts {
    /// A variable of the path.
    fn path(&self, name: &str) -> String;
    /// A parameter of the query, unless it is missing or empty.
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
        query
            .first(name)
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
    }

    fn language(&self) -> Language {
        Language::of(self.headers())
    }
}

/// An `Idempotency-Key`: 1 to 64 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
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

fn json(status: StatusCode, answer: &impl Serialize) -> Result<Response<Body>, ApiError> {
    let body = serde_json::to_string(answer).map_err(|error| ApiError::Internal(error.into()))?;
    let mut response = Response::new(Body::Text(body));
    *response.status_mut() = status;
    Ok(response.with(header::CONTENT_TYPE, "application/json"))
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
#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a str,
    code: &'static str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_position: Option<u64>,
}

/// The answer that an error becomes.
pub fn error_response(error: &ApiError, language: Language, request_id: &str) -> Response<Body> {
    let queue_position = match error {
        ApiError::NotYourTurn { place, .. } => Some(*place),
        _ => None,
    };
    let body = ErrorBody {
        error: &error.message(language),
        code: error.code(),
        request_id,
        queue_position,
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
