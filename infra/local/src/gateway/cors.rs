//! The headers for browsers that ask for a page of another origin.

use axum::{
    body::Body,
    http::{
        HeaderName, HeaderValue, Method, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
            ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
            ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
        },
        request::Parts,
    },
    response::Response,
};

use crate::template::Cors;

/// Whether a browser asks on behalf of a page of another origin.
pub fn is_foreign(parts: &Parts) -> bool {
    parts.headers.contains_key(ORIGIN)
}

/// The answer to a preflight request of a browser. `None` for other requests.
pub fn preflight(cors: &Cors, parts: &Parts) -> Option<Response> {
    let is_preflight = parts.method == Method::OPTIONS
        && is_foreign(parts)
        && parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    is_preflight.then(|| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        allow(cors, &mut response);
        let age = cors.max_age.map(|seconds| seconds.to_string());
        for (name, value) in [
            (ACCESS_CONTROL_ALLOW_METHODS, cors.allow_methods.join(",")),
            (ACCESS_CONTROL_ALLOW_HEADERS, cors.allow_headers.join(",")),
            (ACCESS_CONTROL_MAX_AGE, age.unwrap_or_default()),
        ] {
            set(&mut response, name, &value);
        }
        response
    })
}

/// Adds the headers that let the page read the answer.
pub fn allow(cors: &Cors, response: &mut Response) {
    let [origins, headers] = [&cors.allow_origins, &cors.expose_headers].map(|list| list.join(","));
    set(response, ACCESS_CONTROL_ALLOW_ORIGIN, &origins);
    set(response, ACCESS_CONTROL_EXPOSE_HEADERS, &headers);
}

fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value)
        && !value.is_empty()
    {
        response.headers_mut().insert(name, value);
    }
}
