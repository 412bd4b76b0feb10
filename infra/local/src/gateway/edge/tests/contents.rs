//! What tells requests apart, what the API gets of them, and what callers get of its answers.

use axum::http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE};

use super::*;

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
            "/v1/concerts?a=1&n%61me=y&name=x",
            "/v1/concerts?name=x",
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
        // With cookies, CloudFront would not answer 304. Only what is kept nowhere gets them.
        let is_kept = !path.starts_with("/v1/auth/tokens");
        assert_eq!(has(&seen, "cookie").is_empty(), is_kept, "{path}");
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
