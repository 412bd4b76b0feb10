//! How long answers and errors are kept, and that each time in the template is needed.

use super::*;

/// The errors that CloudFront keeps whatever they say, if the distribution does not forbid it.
const ALWAYS: [u16; 5] = [405, 500, 502, 503, 504];

/// The errors that it keeps if they say nothing.
const UNLESS_FORBIDDEN: [u16; 3] = [404, 414, 501];

/// The errors that it keeps if they say for how long.
const WITH_AGE: [u16; 2] = [400, 403];

/// What is wrong with a template, for what the service promises.
async fn complaints(template: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    complaints.extend(keeps_what_it_must_not(template).await);
    complaints.extend(keeps_errors(template).await);
    complaints.extend(keeps_for_another_time(template).await);
    complaints
}

async fn keeps_what_it_must_not(template: &str) -> Vec<String> {
    let site = Site::of(template);
    let mut complaints = Vec::new();
    for path in [QUEUE, LIST, CONCERT, FILE, PERSONAL] {
        if site.at_once(path, 2, "private, no-store").await < 2 {
            complaints.push(format!("{path}: one gets what is for another"));
        }
        site.send(get(path), answer(200, "")).await;
        let before = site.asked();
        site.send(get(path), answer(200, "")).await;
        if site.asked() == before {
            complaints.push(format!("{path}: an answer that says nothing is kept"));
        }
        site.pass(100_000);
    }
    complaints
}

async fn keeps_errors(template: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let always = ALWAYS.map(|status| (status, "private, no-store"));
    // These are of API Gateway, which says nothing.
    let unless = UNLESS_FORBIDDEN.map(|status| (status, ""));
    let with_age = WITH_AGE.map(|status| (status, "max-age=1"));
    for (status, kept) in always.into_iter().chain(unless).chain(with_age) {
        for path in [PERSONAL, QUEUE, LIST, FILE] {
            let site = Site::of(template);
            site.send(get(path), answer(status, kept)).await;
            // What says that it is good for a second is.
            site.pass(i64::from(kept == "max-age=1") * 1_000);
            let next = site.send(get(path), answer(200, "private, no-store")).await;
            if next.status() != StatusCode::OK {
                complaints.push(format!("{path}: {status} is kept"));
            }
        }
    }
    complaints
}

async fn keeps_for_another_time(template: &str) -> Vec<String> {
    const YEAR: i64 = 31_536_000;
    let site = Site::of(template);
    let mut complaints = Vec::new();
    for (path, seconds, most) in [
        (QUEUE, 1, 60),
        (LIST, 2, 5),
        (CONCERT, 2, 60),
        (FILE, YEAR, YEAR),
        ("/v1/settings", 300, YEAR),
        ("/tickets", 2, YEAR),
    ] {
        for said in [seconds, 2 * most] {
            let kept = || answer(200, &format!("public, max-age={said}"));
            site.send(get(path), kept()).await;
            let before = site.asked();
            site.pass(said.min(most) * 1_000 - 1);
            site.send(get(path), kept()).await;
            if site.asked() != before {
                complaints.push(format!("{path}: {said} seconds are less"));
            }
            site.pass(1);
            site.send(get(path), answer(200, "private, no-store")).await;
            if site.asked() == before {
                complaints.push(format!("{path}: {said} seconds are more"));
            }
        }
    }
    let site = Site::of(template);
    site.send(get(QUEUE), answer(200, OF_QUEUES)).await;
    site.pass(59_000);
    if site.send(get(QUEUE), answer(503, "")).await.status() != StatusCode::OK {
        complaints.push("an old queue stands in for errors too shortly".to_owned());
    }
    complaints
}

#[tokio::test]
async fn times_of_the_template_are_right() {
    assert_eq!(complaints(TEMPLATE).await, [""; 0]);
}

/// Each of these changes of the template is noticed by what it does.
#[tokio::test]
async fn each_time_of_the_template_is_needed() {
    let mut changes = Vec::new();
    let mut forgotten = |line: &str| changes.push((line.to_owned(), String::new()));
    for status in [400, 403, 404, 405, 414, 500, 501, 502, 503, 504] {
        forgotten(&format!(
            "          - {{ ErrorCode: {status}, ErrorCachingMinTTL: 0 }}\n"
        ));
    }
    for (policy, most, other) in [("short", 60, 1), ("list", 5, 1), ("long", 31_536_000, 60)] {
        let named = |min: i32, usual: i32, most: i32| {
            format!("        MinTTL: {min}\n        DefaultTTL: {usual}\n        MaxTTL: {most}\n")
        };
        let line = TEMPLATE
            .split(&*format!("-{policy}\n"))
            .nth(1)
            .expect(policy);
        let comment = line.lines().next().expect("a comment");
        for (min, usual, max) in [(1, 1, most), (0, 1, most), (0, 0, other), (0, 0, most + 1)] {
            let before = format!("{comment}\n{}", named(0, 0, most));
            let after = format!("{comment}\n{}", named(min, usual, max));
            changes.push((before, after));
        }
    }
    assert_eq!(changes.len(), 10 + 3 * 4);
    for (before, after) in changes {
        assert_eq!(TEMPLATE.matches(&*before).count(), 1, "{before}");
        let template = TEMPLATE.replace(&*before, &after);
        assert_ne!(complaints(&template).await, [""; 0], "{before} -> {after}");
    }
}

#[tokio::test]
async fn errors_that_are_never_kept_are_not() {
    let site = Site::open();
    for status in [401, 402, 409, 410, 422, 429] {
        for _ in 0..2 {
            let before = site.asked();
            site.send(get(PERSONAL), answer(status, "")).await;
            assert_eq!(site.asked(), before + 1, "{status}");
        }
    }
}

#[tokio::test]
async fn old_document_stands_in_for_errors_for_a_minute() {
    let site = Site::open();
    site.send(get(QUEUE), answer(200, OF_QUEUES)).await;
    for status in [500, 502, 503, 504] {
        site.pass(10_000);
        let old = site
            .send(get(QUEUE), answer(status, "private, no-store"))
            .await;
        assert_eq!(old.status(), 200, "{status}");
    }
    // An error of the caller is none of the service.
    let gone = site
        .send(get(QUEUE), answer(404, "private, no-store"))
        .await;
    assert_eq!(gone.status(), 404);
    let site = Site::open();
    site.send(get(QUEUE), answer(200, OF_QUEUES)).await;
    site.pass(60_000);
    let error = site
        .send(get(QUEUE), answer(503, "private, no-store"))
        .await;
    assert_eq!(error.status(), 503);
    let next = site.send(get(QUEUE), answer(200, OF_QUEUES)).await;
    assert_eq!(next.status(), 200, "and the next one asks again");
}
