//! Requests that are deliberately ambiguous or malformed.

use super::{overload::rest, *};

/// The answers of the gateway to these bytes: the status and the body of each.
async fn answers(stack: &Stack, bytes: &[u8]) -> Vec<(u16, String)> {
    let mut connection = TcpStream::connect(stack.address).await.expect("it listens");
    // The gateway may close the connection before it has read all of them.
    let _ = connection.write_all(bytes).await;
    let answers = rest(&mut connection).await;
    answers
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|answer| {
            let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
            (head[..3].parse().expect("a status"), body.to_owned())
        })
        .collect()
}

async fn statuses(stack: &Stack, bytes: &[u8]) -> Vec<u16> {
    let answers = answers(stack, bytes).await;
    answers.into_iter().map(|(status, _)| status).collect()
}

/// A request to sign up, with these headers.
fn sign_up(headers: &str, body: &str) -> String {
    format!("POST /v1/users HTTP/1.1\r\nhost: x\r\n{headers}\r\n\r\n{body}")
}

/// A request with this first line, without its version, and these headers.
fn ask(line: &str, headers: &str) -> String {
    format!("{line} HTTP/1.1\r\nhost: x\r\n{headers}\r\n")
}

#[tokio::test]
async fn request_with_two_lengths_is_answered_once() {
    const HIDDEN: &str = "0\r\n\r\nGET /hidden HTTP/1.1\r\nhost: x\r\n\r\n";
    let stack = start(Options::default()).await;
    for headers in [
        "content-length: 4\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 4",
    ] {
        let answers = answers(&stack, sign_up(headers, HIDDEN).as_bytes()).await;
        let [(200, body)] = &answers[..] else {
            panic!("{headers}: {answers:?}");
        };
        assert!(body.contains(r#""body":"""#), "the chunks count: {body}");
    }
    let same = sign_up("content-length: 4\r\ncontent-length: 4", "abcd");
    assert_eq!(statuses(&stack, same.as_bytes()).await, [200]);
}

#[tokio::test]
async fn malformed_length_is_a_bad_request() {
    let stack = start(Options::default()).await;
    for (headers, body) in [
        ("content-length: 4\r\ncontent-length: 5", "abcde"),
        ("content-length: 4, 4", "abcd"),
        ("content-length: +4", "abcd"),
        ("content-length: -1", "abcd"),
        ("content-length: 0x4", "abcd"),
        ("content-length: 18446744073709551616", "abcd"),
        ("transfer-encoding: chunked, identity", "0\r\n\r\n"),
        ("transfer-encoding: xchunked", "0\r\n\r\n"),
        ("transfer-encoding : chunked", "0\r\n\r\n"),
        ("transfer-encoding: chunked", "zz\r\nabc\r\n0\r\n\r\n"),
        ("transfer-encoding: chunked", "-3\r\nabc\r\n0\r\n\r\n"),
        ("transfer-encoding: chunked", "3\nabc\n0\n\n"),
        ("transfer-encoding: chunked", "4\r\nabc\r\n0\r\n\r\n"),
        ("transfer-encoding: chunked", "fffffffffffffffff\r\nabc"),
    ] {
        let answered = statuses(&stack, sign_up(headers, body).as_bytes()).await;
        assert_eq!(answered, [400], "{headers}: {body:?}");
    }
    let old = b"POST /v1/users HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(statuses(&stack, old).await, [400]);
}

#[tokio::test]
async fn bytes_that_are_not_http_are_a_bad_request() {
    let stack = start(Options::default()).await;
    for bytes in [
        ask("GET /v1/concerts", "x-folded: a\r\n b\r\n").as_bytes(),
        ask("GET /v1/concerts", "x-nul: a\0b\r\n").as_bytes(),
        ask("GET /v1/concerts", "x bad: a\r\n").as_bytes(),
        ask("GET /v1/concerts", "no colon\r\n").as_bytes(),
        ask("GET /v1/concerts/\0", "").as_bytes(),
        ask("GET v1/concerts", "").as_bytes(),
        ask("GE(T /v1/concerts", "").as_bytes(),
        b"GET /v1/concerts/\xc0\xaf HTTP/1.1\r\nhost: x\r\n\r\n",
        b"G\xffT /v1/concerts HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /v1/concerts HTTP/3.0\r\nhost: x\r\n\r\n",
        b"GET /v1/concerts\r\n\r\n",
        // The beginning of a TLS connection.
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ] {
        let answered = statuses(&stack, bytes).await;
        assert_eq!(answered, [400], "{:?}", String::from_utf8_lossy(bytes));
    }
    let http2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    assert!(statuses(&stack, http2).await.is_empty());
    let then_garbage = ask("GET /v1/concerts", "") + "\0garbage\r\n\r\n";
    assert_eq!(statuses(&stack, then_garbage.as_bytes()).await, [200, 400]);
}

#[tokio::test]
async fn head_above_its_limits_is_answered_with_431() {
    let stack = start(Options::default()).await;
    for request in [
        ask("GET /", &"a: b\r\n".repeat(201)),
        ask("GET /", &format!("a: {}\r\n", "b".repeat(10_240))),
        ask("GET /", &format!("a: {}\r\n", "b".repeat(1_000_000))),
        ask(&format!("GET /{}", "b".repeat(10_240)), ""),
        ask(&format!("GET /{}", "b".repeat(1_000_000)), ""),
    ] {
        let answered = statuses(&stack, request.as_bytes()).await;
        // If most of the request was not read, the answer may be lost when the connection ends.
        let cut_off = request.len() > 100_000 && answered.is_empty();
        assert!(cut_off || answered == [431], "{answered:?}");
    }
    let within = ask("GET /", &format!("a: {}\r\n", "b".repeat(10_000)));
    assert_eq!(statuses(&stack, within.as_bytes()).await, [200]);
}

/// Paths are compared as they arrive. A normalisation could differ from that of a proxy in front of
/// the gateway.
#[tokio::test]
async fn paths_are_not_normalised() {
    let stack = start(Options::default()).await;
    for (line, route, path) in [
        (
            "GET http://other.example/v1/concerts",
            "GET /v1/concerts",
            "/v1/concerts",
        ),
        ("get /v1/concerts", "$default", "/v1/concerts"),
        ("TRACE /v1/concerts", "$default", "/v1/concerts"),
        ("GET //v1/../v1/concerts", "$default", "//v1/../v1/concerts"),
        ("GET /v1/./concerts", "$default", "/v1/./concerts"),
        ("GET /v1/concerts/", "$default", "/v1/concerts/"),
        ("GET /v1/%63oncerts", "$default", "/v1/concerts"),
        ("GET /v1%2fconcerts", "$default", "/v1/concerts"),
        (
            "GET /v1/concerts/..%2fusers",
            "GET /v1/concerts/{concert_id}",
            "/v1/concerts/../users",
        ),
        (
            "GET /v1/concerts/%00",
            "GET /v1/concerts/{concert_id}",
            "/v1/concerts/\0",
        ),
        (
            "GET /v1/concerts/%c0%af",
            "GET /v1/concerts/{concert_id}",
            "/v1/concerts/\u{fffd}\u{fffd}",
        ),
        ("OPTIONS *", "$default", "*"),
    ] {
        let answers = answers(&stack, ask(line, "").as_bytes()).await;
        let [(200, body)] = &answers[..] else {
            panic!("{line}: {answers:?}");
        };
        let said: Json = serde_json::from_str(body).expect("JSON");
        assert_eq!(
            (&said["route"], &said["path"]),
            (&json!(route), &json!(path)),
            "{line}"
        );
    }
}

#[tokio::test]
async fn connection_is_never_upgraded_or_made_a_tunnel() {
    let stack = start(Options::default()).await;
    for headers in [
        "connection: upgrade\r\nupgrade: websocket\r\n",
        "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n",
        "expect: 200-maybe\r\n",
    ] {
        let answers = answers(&stack, ask("GET /v1/concerts", headers).as_bytes()).await;
        let [(200, body)] = &answers[..] else {
            panic!("{headers}: {answers:?}");
        };
        assert!(body.contains("GET /v1/concerts"), "{body}");
    }
    for line in ["CONNECT other.example:443", "CONNECT /v1/concerts"] {
        let then = ask(line, "") + &ask("GET /v1/concerts", "");
        let answered = statuses(&stack, then.as_bytes()).await;
        assert_eq!(answered, [400, 200], "{line}: the connection is still ours");
    }
}
