//! What the edge makes of an answer on its way to a caller.

use axum::{
    body::Bytes,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode,
        header::{
            ACCESS_CONTROL_REQUEST_METHOD, AGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH,
            CONTENT_TYPE, ETAG, IF_NONE_MATCH, ORIGIN, VARY, VIA,
        },
    },
};
use shared::gzip;

use super::{CameFrom, tag};
use crate::template::edge::{AddedHeader, AddedHeaders};

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// The sizes in bytes of answers that CloudFront compresses.
const COMPRESSED_SIZES: std::ops::RangeInclusive<usize> = 1_000..=10_000_000;

/// The types that it compresses, among those that the API sends.
const COMPRESSED_TYPES: [&str; 6] = [
    "application/json",
    "image/svg+xml",
    "text/css",
    "text/csv",
    "text/html",
    "text/javascript",
];

/// What an answer depends on besides the key.
pub struct Caller {
    is_foreign: bool,
    is_preflight: bool,
    has: Option<HeaderValue>,
}

impl Caller {
    /// Who sent a request.
    pub fn of(request: &Request<Bytes>) -> Self {
        let headers = request.headers();
        let is_foreign = headers.contains_key(ORIGIN);
        Self {
            is_foreign,
            is_preflight: is_foreign
                && request.method() == Method::OPTIONS
                && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD),
            has: headers.get(IF_NONE_MATCH).cloned(),
        }
    }

    /// 304 for a caller that has this answer.
    pub fn conditional(&self, answer: Response<Bytes>) -> Response<Bytes> {
        let tag = tag(&answer).and_then(|tag| tag.to_str().ok());
        let has = self.has.as_ref().and_then(|has| has.to_str().ok());
        let (Some(tag), Some(has), StatusCode::OK) = (tag, has, answer.status()) else {
            return answer;
        };
        let weak = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let is_known = has
            .split(',')
            .any(|one| one.trim() == "*" || weak(one) == weak(tag));
        if is_known {
            not_modified(answer)
        } else {
            answer
        }
    }

    /// Adds what the distribution adds for this caller.
    pub fn add_headers(&self, added: &AddedHeaders, answer: &mut Response<Bytes>) {
        let foreign = added.foreign.iter().filter(|_| self.is_foreign);
        let preflight = added.preflight.iter().filter(|_| self.is_preflight);
        for AddedHeader { name, value, wins } in added.always.iter().chain(foreign).chain(preflight)
        {
            if (*wins || !answer.headers().contains_key(*name)) && !value.is_empty() {
                set(answer.headers_mut(), HeaderName::from_static(name), value);
            }
        }
    }
}

/// Says where an answer came from, and how old it is.
pub fn say_where_from(answer: &mut Response<Bytes>, from: CameFrom) {
    let said = match from {
        CameFrom::Cache(_) => "Hit from cloudfront",
        CameFrom::Confirmed => "RefreshHit from cloudfront",
        CameFrom::Api if answer.status().as_u16() >= 400 => "Error from cloudfront",
        CameFrom::Api => "Miss from cloudfront",
    };
    let headers = answer.headers_mut();
    set(headers, X_CACHE, said);
    set(headers, VIA, "1.1 local.cloudfront.net (CloudFront)");
    if let CameFrom::Cache(age) = from {
        set(headers, AGE, &age.max(0).to_string());
    }
}

/// The answer to a HEAD by that to a GET.
pub fn head(mut answer: Response<Bytes>) -> Response<Bytes> {
    let length = answer.body().len().to_string();
    set(answer.headers_mut(), CONTENT_LENGTH, &length);
    *answer.body_mut() = Bytes::new();
    answer
}

/// An old answer that a 304 has confirmed, with what that says of being kept.
pub fn confirmed(old: &Response<Bytes>, not_modified: &Response<Bytes>) -> Response<Bytes> {
    let mut answer = old.clone();
    if let Some(kept) = not_modified.headers().get(CACHE_CONTROL) {
        answer.headers_mut().insert(CACHE_CONTROL, kept.clone());
    }
    answer
}

/// The answer in gzip, if it is one that CloudFront compresses. Its tag is then a weak one, because
/// these are not the bytes that the API sent.
pub fn compressed(answer: Response<Bytes>) -> Response<Bytes> {
    let (mut parts, body) = answer.into_parts();
    let kind = parts.headers.get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_compressed = parts.status == StatusCode::OK
        && !parts.headers.contains_key(CONTENT_ENCODING)
        && COMPRESSED_TYPES.contains(&kind)
        && COMPRESSED_SIZES.contains(&body.len());
    if !is_compressed {
        return Response::from_parts(parts, body);
    }
    let body = Bytes::from(gzip::compress(&body));
    set(&mut parts.headers, CONTENT_ENCODING, "gzip");
    set(&mut parts.headers, VARY, "accept-encoding");
    set(&mut parts.headers, CONTENT_LENGTH, &body.len().to_string());
    let tag = parts.headers.get(ETAG).and_then(|tag| tag.to_str().ok());
    if let Some(weak) = tag
        .filter(|tag| !tag.starts_with("W/"))
        .map(|tag| format!("W/{tag}"))
    {
        set(&mut parts.headers, ETAG, &weak);
    }
    Response::from_parts(parts, body)
}

/// What the edge itself refuses.
pub fn refusal() -> Response<Bytes> {
    of_the_edge(StatusCode::FORBIDDEN)
}

/// The answer if the API gives none.
pub fn bad_gateway() -> Response<Bytes> {
    of_the_edge(StatusCode::BAD_GATEWAY)
}

fn of_the_edge(status: StatusCode) -> Response<Bytes> {
    let text = status.canonical_reason().unwrap_or_default();
    let mut answer = Response::new(Bytes::from_static(text.as_bytes()));
    *answer.status_mut() = status;
    answer
}

fn not_modified(answer: Response<Bytes>) -> Response<Bytes> {
    let (mut parts, _) = answer.into_parts();
    parts.status = StatusCode::NOT_MODIFIED;
    for name in [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING] {
        parts.headers.remove(name);
    }
    Response::from_parts(parts, Bytes::new())
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
