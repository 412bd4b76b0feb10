//! Requests are read as they should be, and answers written.

use proptest::prelude::*;

use jiff::Timestamp;
use lambda_http::Request;

use super::{body::text_of_body, *};
use crate::error::Constraint;

#[test]
fn times_are_rounded_down_to_whole_seconds_or_milliseconds() {
    for (time, seconds, milliseconds) in [
        (
            "2026-11-20T03:00:36Z",
            "2026-11-20T03:00:36Z",
            "2026-11-20T03:00:36Z",
        ),
        (
            "2026-11-20T03:00:36.097Z",
            "2026-11-20T03:00:36Z",
            "2026-11-20T03:00:36.097Z",
        ),
        (
            "2026-11-20T03:00:36.9999Z",
            "2026-11-20T03:00:36Z",
            "2026-11-20T03:00:36.999Z",
        ),
        (
            "1969-12-31T23:59:58.5Z",
            "1969-12-31T23:59:58Z",
            "1969-12-31T23:59:58.5Z",
        ),
    ] {
        let time: Timestamp = time.parse().expect("a time");
        let written = serde_json::json!([Seconds(time), Milliseconds(time)]);
        assert_eq!(written, serde_json::json!([seconds, milliseconds]));
    }
}

fn request(headers: &[(HeaderName, &str)], body: impl Into<Body>) -> Request {
    let mut request = Request::new(body.into());
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).expect("a header");
        request.headers_mut().append(name, value);
    }
    request
}

#[test]
fn whole_numbers_are_read_exactly() {
    for (text, number) in [
        ("7", 7),
        ("7.0", 7),
        ("7e0", 7),
        ("70e-1", 7),
        ("-7.000", -7),
        ("0.0", 0),
        ("9007199254740993.0", 9_007_199_254_740_993),
        ("9223372036854775807", i64::MAX),
        ("9.223372036854775807e18", i64::MAX),
    ] {
        assert_eq!(whole::<i64>(text), Some(number), "{text}");
    }
    for text in [
        "7.5",
        "007",
        "+7",
        " 7",
        "7.",
        "",
        "9223372036854775808",
        "1e19",
        "x",
    ] {
        assert_eq!(whole::<i64>(text), None, "{text}");
    }
    assert_eq!(whole::<u32>("-1"), None);
    assert_eq!(whole::<u32>("4294967296"), None);
    assert_eq!(whole::<u32>("4294967295.0"), Some(u32::MAX));
}

proptest! {
    #[test]
    fn whole_numbers_of_any_size_are_read_exactly(number: i64) {
        prop_assert_eq!(whole(&number.to_string()), Some(number));
        prop_assert_eq!(whole(&format!("{number}.0")), Some(number));
        prop_assert_eq!(whole::<i64>(&format!("{number}.5")), None);
    }
}

#[test]
fn query_numbers_are_digits_only() {
    assert_eq!(digits("0"), Some(0_u32));
    assert_eq!(digits("100"), Some(100_u32));
    for text in [
        "",
        "007",
        "00",
        "+7",
        "-7",
        " 7",
        "7.0",
        "7e0",
        "４",
        "4294967296",
    ] {
        assert_eq!(digits::<u32>(text), None, "{text}");
    }
}

#[test]
fn list_with_anything_but_whole_numbers_is_malformed() {
    let field = |json: &str| serde_json::from_str::<Field>(json).expect("JSON");
    assert_eq!(
        field("[1, 2.0, 3e0]").wholes(),
        Parsed::Value(vec![1, 2, 3])
    );
    assert_eq!(field("[]").wholes::<u64>(), Parsed::Value(vec![]));
    for json in ["[1, 2.5]", "[null]", "[\"1\"]", "[[1]]", "7", "{}"] {
        assert_eq!(field(json).wholes::<u64>(), Parsed::Malformed, "{json}");
    }
    assert_eq!(field("null").wholes::<u64>(), Parsed::Missing);
}

#[test]
fn if_match_admits_what_it_names() {
    let named = |values: &[&str]| {
        let headers = values.iter().map(|value| (header::IF_MATCH, *value));
        let headers: Vec<_> = headers.collect();
        request(&headers, Body::Empty).if_match()
    };
    let version = Some("\"3\"");
    for (values, admits_it, admits_nothing) in [
        (&[][..], true, true),
        (&["*"], true, false),
        (&["\"3\""], true, false),
        (&["\"2\", \"3\""], true, false),
        (&["\"2\"", "\"3\""], true, false),
        (&["\"2\""], false, false),
        (&["3"], false, false),
        (&["W/\"3\""], false, false),
        (&["\"33\""], false, false),
        (&[""], false, false),
    ] {
        let if_match = named(values);
        assert_eq!(if_match.admits(version), admits_it, "{values:?}");
        assert_eq!(if_match.admits(None), admits_nothing, "{values:?}");
    }
}

#[test]
fn body_that_the_client_has_is_not_sent_again() {
    let answer = serde_json::json!({ "name": "겨울 콘서트" });
    let other = serde_json::json!({ "name": "봄 콘서트" });
    let ask = |values: &[&str], answer: &serde_json::Value| {
        let headers = values.iter().map(|value| (header::IF_NONE_MATCH, *value));
        let request = request(&headers.collect::<Vec<_>>(), Body::Empty);
        ok_if_new(&request, answer).expect("an answer")
    };
    let tag_of = |answer| ask(&[], answer).headers()[header::ETAG].clone();
    let of_answer = tag_of(&answer);
    let tag = of_answer.to_str().expect("a text");
    assert_eq!(tag_of(&answer), tag);
    assert_ne!(tag_of(&other), tag);
    let (weak, list) = (format!("W/{tag}"), format!("\"x\",{tag}"));
    for (values, is_known) in [
        (&[][..], false),
        (&["*"], true),
        (&[tag], true),
        (&[&weak], true),
        (&[&list], true),
        (&["\"x\"", tag], true),
        (&["\"x\""], false),
        (&[tag.trim_matches('"')], false),
        (&[""], false),
    ] {
        let reply = ask(values, &answer);
        let status = if is_known { 304 } else { 200 };
        assert_eq!(reply.status(), status, "{values:?}");
        assert_eq!(reply.body().is_empty(), is_known, "{values:?}");
        assert_eq!(reply.headers()[header::ETAG], *tag, "{values:?}");
    }
}

#[test]
fn bodies_are_read_in_utf_8_only() {
    let read = |headers: &[(HeaderName, &str)], bytes: &[u8]| {
        let request = request(headers, Body::Binary(bytes.to_vec()));
        text_of_body(&request).map(str::to_owned)
    };
    let wrong = |read: Result<String, ApiError>| {
        matches!(read, Err(ApiError::Invalid(Constraint::Encoding)))
    };
    let none = &[][..];
    assert_eq!(read(none, b"{}").ok().as_deref(), Some("{}"));
    assert_eq!(read(none, b"\xef\xbb\xbf{}").ok().as_deref(), Some("{}"));
    for bytes in [
        &b"{\0}\0"[..],
        b"\0{\0}",
        b"\xff\xfe{\0",
        b"{\0\0\0",
        b"\"\xff\"",
    ] {
        assert!(wrong(read(none, bytes)), "{bytes:?}");
    }
    let kind = [(header::CONTENT_TYPE, "application/json; charset=euc-kr")];
    assert!(wrong(read(&kind, b"{}")));
    assert_eq!(read(&kind, b"").ok().as_deref(), Some(""));
}

#[test]
fn answer_without_its_body_keeps_its_length() {
    let head = without_body(content("text/plain", "김"));
    assert_eq!(head.headers()[header::CONTENT_LENGTH], "3");
    assert!(head.body().is_empty());
    let head = without_body(not_modified());
    assert_eq!(head.headers().get(header::CONTENT_LENGTH), None);
}
