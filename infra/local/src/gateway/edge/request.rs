//! What tells requests apart, and what the API gets of them.

use std::net::IpAddr;

use axum::{
    body::Bytes,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri,
        header::{
            ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST,
            IF_NONE_MATCH, USER_AGENT, VIA,
        },
        uri::PathAndQuery,
    },
};

use super::tag;
use crate::template::edge::{BehaviourPlan, CachePlan, EdgePlan, Forwarded, Selection};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What tells requests apart. Those with the same key get the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// GET or HEAD.
    pub method: Method,
    path: String,
    query: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    codings: String,
}

impl Key {
    /// The key of a request. `None` if its method always goes to the API.
    pub fn of(behaviour: &BehaviourPlan, request: &Request<Bytes>) -> Option<Self> {
        let is_kept = [Method::GET, Method::HEAD].contains(request.method());
        let CachePlan { query, headers, .. } = &behaviour.cache;
        is_kept.then(|| Self {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            query: selected_query(request.uri(), |name| query.has(name)),
            headers: request
                .headers()
                .iter()
                .filter(|(name, _)| headers.has(name.as_str()))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            codings: codings(&behaviour.cache, request.headers()),
        })
    }

    /// The key of the same request with another method.
    pub fn with_method(self, method: Method) -> Self {
        Self { method, ..self }
    }

    /// Whether the callers take an answer in a coding.
    pub fn takes(&self, coding: &str) -> bool {
        self.codings.split(',').any(|taken| taken == coding)
    }
}

/// Whether the edge refuses a request itself: its method does not pass, or a GET has a body.
pub fn is_refused(behaviour: &BehaviourPlan, request: &Request<Bytes>) -> bool {
    let method = request.method();
    let passes = behaviour.methods.iter().any(|one| method == one.as_str());
    !passes || ([Method::GET, Method::HEAD].contains(method) && !request.body().is_empty())
}

/// What the API gets of a request that came from an address.
pub fn forwarded(
    plan: &EdgePlan,
    behaviour: &BehaviourPlan,
    request: Request<Bytes>,
    source: IpAddr,
) -> Request<Bytes> {
    let BehaviourPlan {
        cache, forwarded, ..
    } = behaviour;
    let (mut parts, body) = request.into_parts();
    let query = selected_query(&parts.uri, |name| {
        cache.query.has(name) || forwarded.query.has(name)
    });
    parts.uri = with_query(&parts.uri, &query);
    let mut headers = selected_headers(cache, forwarded, &parts.headers);
    if !cache.codings.is_empty() {
        headers.remove(ACCEPT_ENCODING);
        let codings = codings(cache, &parts.headers);
        if !codings.is_empty() {
            headers.insert(ACCEPT_ENCODING, own(&codings));
        }
    }
    headers.insert(HOST, own(&plan.origin));
    headers.append(VIA, own("1.1 local.cloudfront.net (CloudFront)"));
    headers.append(FORWARDED_FOR, own(&source.to_string()));
    for (name, value) in &plan.origin_headers {
        if let Ok(name) = name.parse::<HeaderName>() {
            headers.insert(name, own(value));
        }
    }
    parts.headers = headers;
    Request::from_parts(parts, body)
}

/// The headers of a request that the API gets. `Authorization` is sent only where all headers are.
fn selected_headers(cache: &CachePlan, forwarded: &Forwarded, sent: &HeaderMap) -> HeaderMap {
    let has_all = matches!(forwarded.headers, Selection::All | Selection::Except(_));
    // What the caller wrote into the last of these stays in front of its address.
    let always = [CONTENT_LENGTH, CONTENT_TYPE, FORWARDED_FOR];
    let passes = |name: &HeaderName| match *name {
        AUTHORIZATION => has_all && forwarded.headers.has(name.as_str()),
        COOKIE => forwarded.cookies,
        _ => {
            always.contains(name)
                || cache.headers.has(name.as_str())
                || forwarded.headers.has(name.as_str())
        }
    };
    let mut headers = HeaderMap::new();
    for (name, value) in sent.iter().filter(|(name, _)| passes(name)) {
        headers.append(name, value.clone());
    }
    if !headers.contains_key(USER_AGENT) {
        headers.insert(USER_AGENT, own("Amazon CloudFront"));
    }
    headers
}

/// Asks the API whether an old answer is still good, if that has a tag. Returns whether it does.
pub fn ask_for_new(request: &mut Request<Bytes>, old: Option<&Response<Bytes>>) -> bool {
    let Some(tag) = old.and_then(tag) else {
        return false;
    };
    request.headers_mut().insert(IF_NONE_MATCH, tag.clone());
    true
}

/// The codings in a key: those of the plan that the caller takes.
fn codings(plan: &CachePlan, headers: &HeaderMap) -> String {
    let taken = headers.get_all(ACCEPT_ENCODING).into_iter();
    let taken: Vec<_> = taken
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter(|coding| !coding.contains("q=0") || coding.contains("q=0."))
        .map(|coding| coding.split(';').next().unwrap_or_default().trim())
        .collect();
    let both = plan.codings.iter();
    let both: Vec<_> = both
        .filter(|coding| taken.iter().any(|one| one.eq_ignore_ascii_case(coding)))
        .copied()
        .collect();
    both.join(",")
}

/// The parameters of a query that are selected by their names, as they were sent.
fn selected_query(uri: &Uri, is_selected: impl Fn(&str) -> bool) -> String {
    let pairs = uri.query().unwrap_or_default().split('&');
    let pairs: Vec<_> = pairs
        .filter(|pair| !pair.is_empty())
        .filter(|pair| is_selected(pair.split('=').next().unwrap_or_default()))
        .collect();
    pairs.join("&")
}

fn with_query(uri: &Uri, query: &str) -> Uri {
    let text = match query {
        "" => uri.path().to_owned(),
        query => format!("{}?{query}", uri.path()),
    };
    let path = PathAndQuery::try_from(text).expect("parts of a URI");
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path);
    Uri::from_parts(parts).expect("a URI with another query")
}

/// A value that the edge or the template wrote.
fn own(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("a header that the template allows")
}
