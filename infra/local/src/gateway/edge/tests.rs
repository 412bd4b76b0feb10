//! The repository's distribution with an API that answers what a test wants, on a clock that stands
//! still. And the same with one time of the distribution changed: then something must go wrong.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::header::{ACCEPT_ENCODING, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use jiff::SignedDuration;
use tokio::sync::Semaphore;

use super::*;
use crate::{
    template::edge::tests::{TEMPLATE, plan_with_cdn},
    time::clock::Pace,
};

mod times;

const QUEUE: &str = "/v1/queues/main";
const LIST: &str = "/v1/concerts";
const CONCERT: &str = "/v1/concerts/019a9e1c-1111-7000-8000-000000000001";
const FILE: &str = "/page/abc/main.mjs";
const PERSONAL: &str = "/v1/auth/tokens";

/// What the functions say of the document of a queue.
const OF_QUEUES: &str = "public, max-age=1, stale-while-revalidate=1, stale-if-error=60";

/// An edge with its clock, and an API that counts what it is asked.
struct Site {
    edge: Arc<Edge>,
    clock: Arc<StackClock>,
    asked: Arc<AtomicUsize>,
}

/// An answer with this status and this `Cache-Control`.
fn answer(status: u16, kept: &str) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from_static(b"{}"));
    *answer.status_mut() = StatusCode::from_u16(status).expect("a status");
    if !kept.is_empty() {
        let kept = kept.parse().expect("a header");
        answer.headers_mut().insert(CACHE_CONTROL, kept);
    }
    answer
}

fn get(path: &str) -> Request<Bytes> {
    Request::get(path).body(Bytes::new()).expect("a request")
}

fn with(mut request: Request<Bytes>, name: &'static str, value: &str) -> Request<Bytes> {
    request
        .headers_mut()
        .insert(name, value.parse().expect("a value"));
    request
}

impl Site {
    fn of(template: &str) -> Self {
        let noon = "2026-11-20T03:00:00Z".parse().expect("a time");
        let clock = StackClock::frozen_at(noon, Pace::Machine, Arc::default());
        let clock = Arc::new(clock);
        Self {
            edge: Arc::new(Edge::new(plan_with_cdn(template), Arc::clone(&clock))),
            clock,
            asked: Arc::default(),
        }
    }

    fn open() -> Self {
        Self::of(TEMPLATE)
    }

    fn pass(&self, milliseconds: i64) {
        let by = SignedDuration::from_millis(milliseconds);
        self.clock.stand_at(self.clock.now() + by);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Sends a request. The API would answer it with this.
    async fn send(&self, request: Request<Bytes>, answer: Response<Bytes>) -> Response<Bytes> {
        let asked = Arc::clone(&self.asked);
        let api = |_| async move {
            asked.fetch_add(1, Ordering::SeqCst);
            answer
        };
        let home = [203, 0, 113, 7].into();
        let answer = self.edge.answer(request, home, api).await;
        // What is asked in the background is asked now.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        answer
    }

    /// The same, with what the API gets.
    async fn seen(&self, request: Request<Bytes>) -> Request<Bytes> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let api = |request| async move {
            sender.send(request).expect("a test that waits");
            answer(200, "private, no-store")
        };
        self.edge
            .answer(request, [203, 0, 113, 7].into(), api)
            .await;
        receiver.await.expect("asked")
    }

    /// How often the API is asked when these many ask at the same time.
    async fn at_once(&self, path: &str, many: usize, kept: &'static str) -> usize {
        let gate = Arc::new(Semaphore::new(0));
        let before = self.asked();
        let calls: Vec<_> = (0..many)
            .map(|_| {
                let (edge, asked, gate) = (
                    Arc::clone(&self.edge),
                    Arc::clone(&self.asked),
                    Arc::clone(&gate),
                );
                let request = get(path);
                tokio::spawn(async move {
                    let api = move |_| async move {
                        asked.fetch_add(1, Ordering::SeqCst);
                        let _ = gate.acquire().await;
                        answer(200, kept)
                    };
                    edge.answer(request, [203, 0, 113, 7].into(), api).await
                })
            })
            .collect();
        for _ in 0..10 * many {
            tokio::task::yield_now().await;
        }
        gate.add_permits(many);
        for call in calls {
            assert_eq!(call.await.expect("an answer").status(), 200);
        }
        self.asked() - before
    }
}

fn header<'a>(answer: &'a Response<Bytes>, name: &str) -> &'a str {
    let value = answer.headers().get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

#[tokio::test]
async fn what_is_kept_says_so() {
    let site = Site::open();
    let first = site
        .send(get(CONCERT), answer(200, "public, max-age=2"))
        .await;
    assert_eq!(header(&first, "x-cache"), "Miss from cloudfront");
    assert_eq!(header(&first, "age"), "");
    site.pass(1_999);
    let second = site.send(get(CONCERT), answer(500, "")).await;
    assert_eq!(header(&second, "x-cache"), "Hit from cloudfront");
    assert_eq!(header(&second, "age"), "1");
    site.pass(1);
    let third = site
        .send(get(CONCERT), answer(410, "private, no-store"))
        .await;
    assert_eq!(header(&third, "x-cache"), "Error from cloudfront");
    assert_eq!(site.asked(), 2);
}

/// The traffic of a queue whose document is asked for by everybody all the time.
#[tokio::test]
async fn document_of_a_queue_is_asked_for_once_a_second() {
    let site = Site::open();
    assert_eq!(site.at_once(QUEUE, 1_000, OF_QUEUES).await, 1);
    // A hundred seconds, four times a second.
    for _ in 0..400 {
        site.pass(250);
        site.send(get(QUEUE), answer(200, OF_QUEUES)).await;
    }
    assert_eq!(site.asked(), 1 + 100);
}

#[tokio::test]
async fn old_document_stands_in_for_a_second_while_a_new_one_is_fetched() {
    let site = Site::open();
    site.send(get(QUEUE), answer(200, OF_QUEUES)).await;
    site.pass(1_500);
    let old = site.send(get(QUEUE), answer(200, OF_QUEUES)).await;
    assert_eq!((header(&old, "age"), site.asked()), ("1", 2));
    let new = site.send(get(QUEUE), answer(200, OF_QUEUES)).await;
    assert_eq!((header(&new, "age"), site.asked()), ("0", 2));
    // Too old to be sent meanwhile.
    site.pass(2_000);
    let new = site.send(get(QUEUE), answer(200, OF_QUEUES)).await;
    assert_eq!(header(&new, "x-cache"), "Miss from cloudfront");
}

#[tokio::test]
async fn private_answers_are_asked_for_by_each() {
    let site = Site::open();
    for path in [PERSONAL, QUEUE, LIST, CONCERT, FILE] {
        for kept in [
            "private, no-store",
            "no-cache",
            "max-age=0",
            "s-maxage=0, max-age=9",
        ] {
            assert_eq!(site.at_once(path, 5, kept).await, 5, "{path} {kept}");
            let again = site.send(get(path), answer(200, kept)).await;
            assert_eq!(header(&again, "x-cache"), "Miss from cloudfront");
        }
    }
}

/// This is why every answer of the functions has `Cache-Control`.
#[tokio::test]
async fn answers_that_say_nothing_are_shared_by_those_who_ask_at_once() {
    let site = Site::open();
    for path in [PERSONAL, QUEUE] {
        assert_eq!(site.at_once(path, 5, "").await, 1, "{path}");
        assert_eq!(site.at_once(path, 5, "").await, 1, "{path}: not kept");
    }
}

/// Those who wait are answered although the first has hung up.
#[tokio::test]
async fn others_get_the_answer_of_one_who_hung_up() {
    let site = Site::open();
    let gate = Arc::new(Semaphore::new(0));
    let call = |status| {
        let (edge, gate) = (Arc::clone(&site.edge), Arc::clone(&gate));
        tokio::spawn(async move {
            let api = move |_| async move {
                let _ = gate.acquire().await;
                answer(status, OF_QUEUES)
            };
            edge.answer(get(QUEUE), [203, 0, 113, 7].into(), api).await
        })
    };
    let (first, second) = (call(200), call(201));
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    first.abort();
    gate.add_permits(2);
    assert_eq!(second.await.expect("an answer").status(), 200);
}

/// If the API crashes, the caller gets an error, and others ask themselves.
#[tokio::test]
async fn request_that_crashed_holds_nobody_up() {
    let site = Site::open();
    let api = |_: Request<Bytes>| async { panic!("as it was asked to") };
    let answered = site
        .edge
        .answer(get(QUEUE), [203, 0, 113, 7].into(), api)
        .await;
    assert_eq!(answered.status(), 502);
    let next = site.send(get(QUEUE), answer(200, OF_QUEUES)).await;
    assert_eq!(next.status(), 200);
}

#[tokio::test]
async fn other_methods_go_to_the_api() {
    let site = Site::open();
    site.send(get(LIST), answer(200, "public, max-age=2")).await;
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let request = Request::builder().method(method).uri(LIST);
        let request = || request.body(Bytes::from_static(b"{}")).expect("a request");
        let answered = site.send(request(), answer(200, "public, max-age=2")).await;
        assert_eq!(
            header(&answered, "x-cache"),
            "Miss from cloudfront",
            "{method}"
        );
    }
    assert_eq!(site.asked(), 6);
}

#[tokio::test]
async fn get_with_a_body_and_unknown_methods_are_refused_by_the_edge() {
    let site = Site::open();
    let with_body = Request::get(LIST).body(Bytes::from_static(b"{}"));
    let trace = Request::builder()
        .method("TRACE")
        .uri(LIST)
        .body(Bytes::new());
    for request in [with_body, trace] {
        let refused = site
            .send(request.expect("a request"), answer(200, ""))
            .await;
        assert_eq!(refused.status(), 403);
    }
    assert_eq!(site.asked(), 0);
}

#[tokio::test]
async fn head_is_answered_by_what_was_kept_of_a_get() {
    let site = Site::open();
    let head = || Request::head(LIST).body(Bytes::new()).expect("a request");
    let kept = "public, max-age=2";
    // A HEAD of its own is kept, too, and answers no GET.
    let mut empty = answer(200, kept);
    *empty.body_mut() = Bytes::new();
    site.send(head(), empty).await;
    assert_eq!(site.send(get(LIST), answer(200, kept)).await.body(), "{}");
    let from_get = site.send(head(), answer(500, "")).await;
    assert_eq!(
        (from_get.status(), from_get.body().len()),
        (StatusCode::OK, 0)
    );
    assert_eq!(header(&from_get, "content-length"), "2");
    assert_eq!(site.asked(), 2);
}

#[tokio::test]
async fn key_has_what_an_answer_depends_on_and_nothing_else() {
    let site = Site::open();
    let kept = "public, max-age=1";
    for (path, is_new) in [
        ("/v1/concerts", true),
        ("/v1/concerts?name=a", true),
        ("/v1/concerts?name=b", true),
        ("/v1/concerts?name=b&limit=1", true),
        ("/v1/concerts?name=b&limit=1&cursor=c", true),
        ("/v1/concerts?all=true", true),
        ("/v1/concerts?name=b&other=1", false),
        ("/v1/concerts?utm_source=mail", false),
        ("/v1/queues/main", true),
        ("/v1/queues/main?a=b", false),
        ("/v1/queues/rock", true),
        ("/c/1", true),
        ("/c/1?lang=en", false),
    ] {
        let before = site.asked();
        for token in ["Bearer a", "Bearer b"] {
            let request = with(get(path), "authorization", token);
            let request = with(request, "cookie", token);
            site.send(
                with(request, "origin", "https://a.example"),
                answer(200, kept),
            )
            .await;
        }
        assert_eq!(site.asked() - before, usize::from(is_new), "{path}");
    }
}

#[tokio::test]
async fn codings_are_in_the_key() {
    let site = Site::open();
    for (taken, is_new) in [
        ("gzip, deflate, br", true),
        ("br;q=1.0, gzip;q=0.5", false),
        ("gzip", true),
        ("gzip, br;q=0", false),
        ("deflate", true),
        ("identity", false),
    ] {
        let before = site.asked();
        site.send(
            with(get(FILE), "accept-encoding", taken),
            answer(200, "max-age=9"),
        )
        .await;
        assert_eq!(site.asked() - before, usize::from(is_new), "{taken}");
    }
}

#[tokio::test]
async fn api_gets_what_the_behaviour_sends() {
    let site = Site::open();
    let asked = |path: &str| {
        let request = with(get(path), "authorization", "Bearer a");
        let request = with(request, "cookie", "a=b");
        let request = with(request, "host", "tickets.example");
        let request = with(request, "accept-language", "en");
        let request = with(request, "x-forwarded-for", "192.0.2.9");
        let request = with(request, "accept-encoding", "br, gzip, deflate");
        with(request, "x-origin-secret", "forged")
    };
    let has = |request: &Request<Bytes>, name: &str| {
        let values = request.headers().get_all(name).into_iter();
        let values: Vec<_> = values
            .map(|value| value.to_str().expect("a text"))
            .collect();
        values.join("; ")
    };
    for (path, forwarded, authorization, encoding) in [
        (
            "/v1/auth/tokens?a=1",
            "/v1/auth/tokens?a=1",
            "Bearer a",
            "br, gzip, deflate",
        ),
        (
            "/v1/concerts?a=1&name=x",
            "/v1/concerts?a=1&name=x",
            "Bearer a",
            "br,gzip",
        ),
        ("/v1/settings?a=1", "/v1/settings", "", "br,gzip"),
        ("/tickets?a=1", "/tickets", "", "br,gzip"),
    ] {
        let seen = site.seen(asked(path)).await;
        assert_eq!(seen.uri(), forwarded);
        assert_eq!(has(&seen, AUTHORIZATION.as_str()), authorization, "{path}");
        assert_eq!(has(&seen, ACCEPT_ENCODING.as_str()), encoding, "{path}");
        assert_eq!(has(&seen, "cookie").is_empty(), authorization.is_empty());
        assert_eq!(has(&seen, "accept-language"), "en");
        assert_eq!(
            has(&seen, "host"),
            "Api.execute-api.ap-northeast-2.amazonaws.com"
        );
        assert_eq!(has(&seen, "x-forwarded-for"), "192.0.2.9; 203.0.113.7");
        assert!(has(&seen, "x-origin-secret").starts_with("0123abcd."));
    }
}

#[tokio::test]
async fn large_texts_are_compressed_for_those_who_take_it() {
    let site = Site::open();
    let made = |size: usize, kind: &'static str| {
        let mut made = answer(200, "public, max-age=2").map(|_| Bytes::from(vec![b'a'; size]));
        made.headers_mut()
            .insert(CONTENT_TYPE, kind.parse().expect("a type"));
        made.headers_mut()
            .insert(ETAG, "\"a\"".parse().expect("a tag"));
        made
    };
    let json = "application/json";
    for (path, taken, size, kind, coding) in [
        ("/v1/queues/a", "gzip, br", 1_000, json, "gzip"),
        ("/v1/queues/b", "gzip", 999, json, ""),
        ("/v1/queues/c", "", 1_000, json, ""),
        ("/v1/queues/d", "gzip", 1_000, "image/png", ""),
        (
            "/page/e/f.mjs",
            "gzip",
            1_000,
            "text/javascript; charset=utf-8",
            "gzip",
        ),
        ("/v1/users/f", "gzip", 1_000, json, ""),
    ] {
        let request = || with(get(path), "accept-encoding", taken);
        let first = site.send(request(), made(size, kind)).await;
        assert_eq!(header(&first, "content-encoding"), coding, "{path}");
        assert_eq!(first.body().len() < size, !coding.is_empty(), "{path}");
        let tag = if coding.is_empty() {
            "\"a\""
        } else {
            "W/\"a\""
        };
        assert_eq!(header(&first, "etag"), tag, "{path}");
    }
}

/// What the API compressed stays as it is.
#[tokio::test]
async fn compressed_answers_are_not_compressed_again() {
    let site = Site::open();
    let mut made = answer(200, "max-age=9").map(|_| Bytes::from(vec![b'a'; 2_000]));
    made.headers_mut()
        .insert("content-type", "text/css".parse().expect("a type"));
    made.headers_mut()
        .insert("content-encoding", "br".parse().expect("a coding"));
    let answered = site
        .send(with(get(FILE), "accept-encoding", "br, gzip"), made)
        .await;
    assert_eq!(
        (header(&answered, "content-encoding"), answered.body().len()),
        ("br", 2_000)
    );
}

#[tokio::test]
async fn tag_of_an_old_answer_is_sent_to_the_api_and_a_304_makes_it_new() {
    let site = Site::open();
    let tagged = |status, kept, tag: &str| {
        let mut made = answer(status, kept);
        made.headers_mut().insert(ETAG, tag.parse().expect("a tag"));
        made
    };
    let kept = "public, max-age=2";
    site.send(get(CONCERT), tagged(200, kept, "\"a\"")).await;
    // A caller that has it is answered by the edge.
    let known = site
        .send(
            with(get(CONCERT), "if-none-match", "W/\"a\""),
            answer(500, ""),
        )
        .await;
    assert_eq!(
        (known.status(), known.body().len()),
        (StatusCode::NOT_MODIFIED, 0)
    );
    site.pass(2_000);
    let request = with(get(CONCERT), "if-none-match", "\"of another\"");
    let confirmed = site.send(request, tagged(304, kept, "\"a\"")).await;
    assert_eq!(
        (confirmed.status(), &**confirmed.body()),
        (StatusCode::OK, &b"{}"[..])
    );
    assert_eq!(header(&confirmed, "x-cache"), "RefreshHit from cloudfront");
    site.pass(1_999);
    let again = site.send(get(CONCERT), answer(500, "")).await;
    assert_eq!((header(&again, "age"), site.asked()), ("1", 2));
}

/// A 304 for one caller is not the answer to others, who may not have it.
#[tokio::test]
async fn answer_to_a_condition_of_the_caller_is_not_kept() {
    let site = Site::open();
    let request = with(get(CONCERT), "if-none-match", "\"a\"");
    let known = site.send(request, answer(304, "public, max-age=2")).await;
    assert_eq!(known.status(), 304);
    let other = site
        .send(get(CONCERT), answer(200, "public, max-age=2"))
        .await;
    assert_eq!((other.status(), site.asked()), (StatusCode::OK, 2));
}

/// What one origin gets is not what another gets, although both get the same answer.
#[tokio::test]
async fn headers_for_other_origins_do_not_depend_on_who_asked_first() {
    let site = Site::open();
    for origin in ["", "https://a.example", "", "https://b.example"] {
        let request = match origin {
            "" => get(QUEUE),
            origin => with(get(QUEUE), "origin", origin),
        };
        let answered = site.send(request, answer(200, OF_QUEUES)).await;
        let allowed = if origin.is_empty() { "" } else { "*" };
        assert_eq!(header(&answered, "access-control-allow-origin"), allowed);
        assert_eq!(header(&answered, "x-content-type-options"), "nosniff");
        assert_eq!(
            header(&answered, "strict-transport-security"),
            "max-age=31536000"
        );
    }
    assert_eq!(site.asked(), 1);
    let preflight = Request::options(QUEUE)
        .body(Bytes::new())
        .expect("a request");
    let preflight = with(preflight, "origin", "https://a.example");
    let preflight = with(preflight, "access-control-request-method", "GET");
    let preflight = site.send(preflight, answer(204, "")).await;
    assert!(header(&preflight, "access-control-allow-methods").contains("PATCH"));
    assert!(header(&preflight, "access-control-allow-headers").contains("authorization"));
}
