//! For how long an answer is kept, and for whom: what it says itself (`Cache-Control`), within what the
//! distribution says. `Expires` is not read; no answer of the functions has it.

use std::time::Duration;

use axum::{
    body::Bytes,
    http::{HeaderMap, Response, StatusCode, header::CACHE_CONTROL},
};

use crate::template::edge::CachePlan;

/// For how long an error is kept at least where the distribution says nothing of its status.
const USUAL_ERROR_TTL: Duration = Duration::from_secs(10);

/// For how long an answer is kept. Each time begins when the answer came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lifetime {
    /// How long it is sent.
    pub fresh: Duration,
    /// How long it is sent if the API is asked for another one meanwhile.
    pub while_revalidating: Duration,
    /// How long it is sent if the API fails.
    pub on_errors: Duration,
    /// Whether it also answers those who asked for the same while the API was asked.
    pub is_for_all: bool,
}

/// What an answer says of being kept.
#[derive(Debug, Default)]
struct CacheControl {
    /// `private`, `no-store` or `no-cache`.
    forbids: bool,
    max_age: Option<Duration>,
    s_maxage: Option<Duration>,
    while_revalidating: Duration,
    on_errors: Duration,
}

impl CacheControl {
    fn of(headers: &HeaderMap) -> Self {
        let mut said = Self::default();
        let values = headers.get_all(CACHE_CONTROL).into_iter();
        let values = values.filter_map(|value| value.to_str().ok());
        for directive in values.flat_map(|value| value.split(',')) {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            let value = value.trim().trim_matches('"').parse();
            let seconds = value.map(Duration::from_secs);
            match &*name.trim().to_ascii_lowercase() {
                "private" | "no-store" | "no-cache" => said.forbids = true,
                "max-age" => said.max_age = Some(seconds.unwrap_or_default()),
                "s-maxage" => said.s_maxage = Some(seconds.unwrap_or_default()),
                "stale-while-revalidate" => said.while_revalidating = seconds.unwrap_or_default(),
                "stale-if-error" => said.on_errors = seconds.unwrap_or_default(),
                _ => {}
            }
        }
        said
    }

    /// How long a shared cache may keep it.
    fn age(&self) -> Option<Duration> {
        self.s_maxage.or(self.max_age)
    }
}

/// For how long an answer is kept. `error_ttl` is what the distribution says of its status.
pub fn of(plan: &CachePlan, error_ttl: Option<Duration>, answer: &Response<Bytes>) -> Lifetime {
    let said = CacheControl::of(answer.headers());
    let status = answer.status();
    let is_for_all = !plan.min.is_zero() || !(said.forbids || said.age() == Some(Duration::ZERO));
    if status.is_client_error() || status.is_server_error() {
        let fresh = of_error(plan, error_ttl, status, &said);
        return Lifetime {
            fresh,
            is_for_all: is_for_all || !fresh.is_zero(),
            ..Lifetime::default()
        };
    }
    let fresh = match said.age() {
        _ if said.forbids => plan.min,
        Some(age) => age.clamp(plan.min, plan.max),
        None => plan.default,
    };
    if fresh.is_zero() {
        return Lifetime {
            is_for_all,
            ..Lifetime::default()
        };
    }
    let until = |more: Duration| (fresh + more).min(plan.max).max(fresh);
    Lifetime {
        fresh,
        while_revalidating: until(said.while_revalidating),
        on_errors: until(said.on_errors),
        is_for_all,
    }
}

/// The rules of CloudFront for errors ("HTTP 4xx and 5xx status codes that CloudFront caches", and
/// "Control how long CloudFront caches errors" in its developer guide): some are kept in any case, some
/// only with `max-age`, others never. Only four of them are not kept because the answer forbids it.
fn of_error(
    plan: &CachePlan,
    error_ttl: Option<Duration>,
    status: StatusCode,
    said: &CacheControl,
) -> Duration {
    let status = status.as_u16();
    let is_kept = match status {
        404 | 414 | 501 => !said.forbids,
        405 | 500 | 502 | 503 | 504 => true,
        400 | 403 | 412 | 415 => said.age().is_some(),
        _ => false,
    };
    if !is_kept {
        return Duration::ZERO;
    }
    let said = said.age().unwrap_or_default().min(plan.max);
    said.max(error_ttl.unwrap_or(USUAL_ERROR_TTL))
}
