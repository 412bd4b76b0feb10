//! CloudFront in front of the API, if the template has a distribution: one small shared cache that does
//! what the distribution says. It is there because what can go wrong with a cache is configuration:
//! which answers it keeps for whom.
//!
//! - Only GET and HEAD are answered from it. Times are those of the stack's clock.
//! - Requests with the same key that come at the same time are one request to the API, unless the
//!   answer says that it is not for all of them, and the least time is 0.
//! - An old answer is sent as long as `stale-while-revalidate` and `stale-if-error` let it, and no
//!   longer than the most time.
//! - Errors are kept as [`lifetime`] says, even where nothing else is.
//!
//! There is one place, so it is like the one that all places of CloudFront ask (Origin Shield).
//! Compressed answers are in gzip only. It has no TLS, no firewall and no logs.

mod answer;
mod lifetime;
mod request;
#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, hash_map::Entry},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::{
    body::Bytes,
    http::{Method, Request, Response, StatusCode, header::ETAG},
};
use jiff::Timestamp;
use parking_lot::Mutex;
use shared::clock::Clock as _;
use tokio::sync::watch;

use self::{answer::Caller, lifetime::Lifetime, request::Key};
use crate::{
    template::edge::{BehaviourPlan, EdgePlan},
    time::clock::StackClock,
};

/// From where the API is called by the edge: an address for documentation.
pub const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)), 443);

/// How many answers are kept at most.
const MAX_KEPT: usize = 10_000;

/// A distribution, and what it keeps.
pub struct Edge {
    plan: EdgePlan,
    clock: Arc<StackClock>,
    cache: Mutex<HashMap<Key, Slot>>,
}

/// What there is of a key.
#[derive(Default)]
struct Slot {
    kept: Option<Kept>,
    /// Present while the API is being asked.
    under_way: Option<watch::Receiver<Option<Told>>>,
}

/// An answer that is kept.
#[derive(Clone)]
struct Kept {
    answer: Response<Bytes>,
    since: Timestamp,
    lifetime: Lifetime,
}

impl Kept {
    fn is_fresh(&self, now: Timestamp) -> bool {
        now < self.since + self.lifetime.fresh
    }

    /// Whether it may be sent while the API is asked for another one.
    fn may_stand_in(&self, now: Timestamp) -> bool {
        now < self.since + self.lifetime.while_revalidating
    }

    /// Whether it may be sent because the API fails.
    fn may_replace_errors(&self, now: Timestamp) -> bool {
        now < self.since + self.lifetime.on_errors
    }
}

/// The answer for requests that waited for the answer to another one.
#[derive(Clone)]
enum Told {
    /// It is for them too.
    Yours(Box<Response<Bytes>>),
    /// They must ask themselves.
    AskYourself,
}

/// Where an answer came from (`X-Cache`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CameFrom {
    /// The cache, where it is this many seconds old.
    Cache(i64),
    /// The API said that what is in the cache is still good.
    Confirmed,
    /// The API.
    Api,
}

/// What a request has to do.
enum Turn {
    /// Take this answer.
    Take(Box<Kept>),
    /// Take this answer, and ask the API for those who come later.
    TakeAndAsk(Box<Kept>, Lead),
    /// Ask the API.
    Ask(Lead),
    /// Wait for what the API is being asked.
    Wait(watch::Receiver<Option<Told>>),
}

/// What is kept from now on.
enum Keep {
    /// What was kept before.
    AsBefore,
    Nothing,
    This(Box<Kept>),
}

/// The task of asking the API for everybody who has this key.
struct Lead {
    key: Key,
    old: Option<Kept>,
    others: watch::Sender<Option<Told>>,
}

impl Edge {
    /// An edge that keeps nothing yet.
    pub fn new(plan: EdgePlan, clock: Arc<StackClock>) -> Self {
        Self {
            plan,
            clock,
            cache: Mutex::default(),
        }
    }

    /// Answers a request that came from an address. `api` asks the API.
    pub async fn answer<O, F>(
        self: &Arc<Self>,
        request: Request<Bytes>,
        source: IpAddr,
        api: O,
    ) -> Response<Bytes>
    where
        O: FnOnce(Request<Bytes>) -> F + Send + 'static,
        F: Future<Output = Response<Bytes>> + Send + 'static,
    {
        let behaviour = self.plan.behaviour(request.uri().path());
        let caller = Caller::of(&request);
        let (mut answer, from) = if request::is_refused(behaviour, &request) {
            (answer::refusal(), CameFrom::Api)
        } else {
            let key = Key::of(behaviour, &request);
            let forwarded = request::forwarded(&self.plan, behaviour, request, source);
            match key {
                None => (api(forwarded).await, CameFrom::Api),
                Some(key) => {
                    let (answer, from) = self.cached(behaviour, key, forwarded, api).await;
                    (caller.conditional(answer), from)
                }
            }
        };
        caller.add_headers(&behaviour.added, &mut answer);
        answer::say_where_from(&mut answer, from);
        answer
    }

    async fn cached<O, F>(
        self: &Arc<Self>,
        behaviour: &BehaviourPlan,
        key: Key,
        request: Request<Bytes>,
        api: O,
    ) -> (Response<Bytes>, CameFrom)
    where
        O: FnOnce(Request<Bytes>) -> F + Send + 'static,
        F: Future<Output = Response<Bytes>> + Send + 'static,
    {
        let (edge, behaviour) = (Arc::clone(self), behaviour.clone());
        match self.turn(key) {
            Turn::Take(kept) => self.taken(*kept),
            Turn::TakeAndAsk(kept, lead) => {
                tokio::spawn(edge.ask(behaviour, lead, request, api));
                self.taken(*kept)
            }
            // It goes on when the caller hangs up, because others wait for it.
            Turn::Ask(lead) => tokio::spawn(edge.ask(behaviour, lead, request, api))
                .await
                .unwrap_or_else(|_| (answer::bad_gateway(), CameFrom::Api)),
            Turn::Wait(mut others) => {
                let told = others.wait_for(Option::is_some).await;
                let told = told.ok().and_then(|told| told.clone());
                match told {
                    Some(Told::Yours(answer)) => (*answer, CameFrom::Cache(0)),
                    _ => (api(request).await, CameFrom::Api),
                }
            }
        }
    }

    fn taken(&self, kept: Kept) -> (Response<Bytes>, CameFrom) {
        let age = self.clock.now().duration_since(kept.since).as_secs();
        (kept.answer, CameFrom::Cache(age))
    }

    /// What a request with this key has to do.
    fn turn(&self, key: Key) -> Turn {
        let now = self.clock.now();
        let mut cache = self.cache.lock();
        // What was kept of a GET answers a HEAD too.
        if key.method == Method::HEAD {
            let of_get = cache.get(&key.clone().with_method(Method::GET));
            let kept = of_get.and_then(|slot| slot.kept.clone());
            if let Some(kept) = kept.filter(|kept| kept.is_fresh(now)) {
                return Turn::Take(Box::new(Kept {
                    answer: answer::head(kept.answer),
                    ..kept
                }));
            }
        }
        if cache.len() >= MAX_KEPT {
            // The next request goes to the API.
            cache.retain(|_, slot| slot.under_way.is_some());
        }
        let slot = cache.entry(key.clone()).or_default();
        let kept = slot.kept.clone().map(Box::new);
        if let Some(kept) = kept.clone().filter(|kept| kept.is_fresh(now)) {
            return Turn::Take(kept);
        }
        let stand_in = kept.clone().filter(|kept| kept.may_stand_in(now));
        // A sender that is gone has panicked.
        let under_way = slot.under_way.clone();
        let under_way = under_way.filter(|others| others.has_changed().is_ok());
        match (stand_in, under_way) {
            (Some(kept), Some(_)) => Turn::Take(kept),
            (None, Some(others)) => Turn::Wait(others),
            (stand_in, None) => {
                let (others, receiver) = watch::channel(None);
                slot.under_way = Some(receiver);
                let old = kept.map(|kept| *kept);
                let lead = Lead { key, old, others };
                match stand_in {
                    Some(kept) => Turn::TakeAndAsk(kept, lead),
                    None => Turn::Ask(lead),
                }
            }
        }
    }

    /// Asks the API, keeps what it answers, and tells those who wait.
    async fn ask<O, F>(
        self: Arc<Self>,
        behaviour: BehaviourPlan,
        lead: Lead,
        mut request: Request<Bytes>,
        api: O,
    ) -> (Response<Bytes>, CameFrom)
    where
        O: FnOnce(Request<Bytes>) -> F,
        F: Future<Output = Response<Bytes>>,
    {
        let Lead { key, old, others } = lead;
        let asks_for_new = request::ask_for_new(&mut request, old.as_ref().map(|old| &old.answer));
        let fresh = api(request).await;
        let now = self.clock.now();
        let is_not_modified = fresh.status() == StatusCode::NOT_MODIFIED;
        let lifetime = if is_not_modified && !asks_for_new {
            // It is for a caller that has the answer already.
            Lifetime::default()
        } else {
            self.lifetime(&behaviour, &fresh)
        };
        let (answer, from) = match old {
            Some(old) if is_not_modified && asks_for_new => {
                let answer = answer::confirmed(&old.answer, &fresh);
                (answer, CameFrom::Confirmed)
            }
            Some(old) if fresh.status().is_server_error() && old.may_replace_errors(now) => {
                // The old answer stays as long as it may.
                let (answer, from) = self.taken(old);
                self.finish(&key, Keep::AsBefore, &others, Some(&answer));
                return (answer, from);
            }
            _ if behaviour.compresses && key.takes("gzip") => {
                (answer::compressed(fresh), CameFrom::Api)
            }
            _ => (fresh, CameFrom::Api),
        };
        let keep = if lifetime.fresh.is_zero() {
            Keep::Nothing
        } else {
            Keep::This(Box::new(Kept {
                answer: answer.clone(),
                since: now,
                lifetime,
            }))
        };
        let shared = lifetime.is_for_all.then_some(&answer);
        self.finish(&key, keep, &others, shared);
        (answer, from)
    }

    /// For how long an answer is kept. A 304 counts as the answer that it confirms.
    fn lifetime(&self, behaviour: &BehaviourPlan, answer: &Response<Bytes>) -> Lifetime {
        let error_ttl = self.plan.error_ttls.get(&answer.status().as_u16());
        lifetime::of(&behaviour.cache, error_ttl.copied(), answer)
    }

    /// Notes what is kept from now on, and tells those who wait.
    fn finish(
        &self,
        key: &Key,
        keep: Keep,
        others: &watch::Sender<Option<Told>>,
        shared: Option<&Response<Bytes>>,
    ) {
        if let Entry::Occupied(mut slot) = self.cache.lock().entry(key.clone()) {
            slot.get_mut().under_way = None;
            match keep {
                Keep::AsBefore => {}
                Keep::Nothing => slot.get_mut().kept = None,
                Keep::This(kept) => slot.get_mut().kept = Some(*kept),
            }
            if slot.get().kept.is_none() {
                slot.remove();
            }
        }
        others.send_replace(Some(match shared {
            Some(answer) => Told::Yours(Box::new(answer.clone())),
            None => Told::AskYourself,
        }));
    }
}

/// The entity tag of an answer.
fn tag(answer: &Response<Bytes>) -> Option<&axum::http::HeaderValue> {
    answer.headers().get(ETAG)
}
