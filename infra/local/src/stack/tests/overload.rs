//! Load above what the gateway accepts, and clients that keep it waiting.
//!
//! While a test waits for a time-out, the runtime's clock is paused: it moves to the next timer
//! when no task has anything to do. So no test waits. Without its limit, a test fails because an
//! hour has passed.

use super::*;
use crate::Limits;

const HOUR: Duration = Duration::from_hours(1);

async fn connect(stack: &Stack) -> TcpStream {
    TcpStream::connect(stack.address).await.expect("it listens")
}

/// A new connection on which this text has been sent.
async fn sent(stack: &Stack, text: &str) -> TcpStream {
    let mut connection = connect(stack).await;
    let sent = connection.write_all(text.as_bytes()).await;
    sent.expect("sent");
    connection
}

/// Everything that the gateway sends until it closes the connection, within an hour.
pub async fn rest(connection: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    tokio::time::pause();
    let read = tokio::time::timeout(HOUR, connection.read_to_end(&mut answer)).await;
    tokio::time::resume();
    let _ = read.expect("it hangs up");
    String::from_utf8(answer).expect("UTF-8")
}

/// Checks that the stack answers a request.
async fn serves(stack: &Stack) {
    said(stack, "GET /v1/concerts HTTP/1.1", "").await;
}

/// Sends a request again until it gets this status, which depends on other tasks. Returns the head.
async fn until(stack: &Stack, head: &str, status: u16) -> String {
    for _ in 0..10_000 {
        let (answered, head, _) = send(stack, head, "").await;
        if answered == status {
            return head;
        }
    }
    panic!("it never answers {status}");
}

async fn limited(limits: Limits) -> Stack {
    let options = Options {
        limits,
        ..Options::default()
    };
    start(options).await
}

#[tokio::test]
async fn connection_without_a_complete_head_is_closed() {
    let stack = start(Options::default()).await;
    for beginning in ["", "G", "GET /v1/concerts HTTP/1.1\r\nhost: x\r\nx-slow: "] {
        let mut connection = sent(&stack, beginning).await;
        assert_eq!(rest(&mut connection).await, "", "{beginning:?}");
    }
    serves(&stack).await;
}

#[tokio::test]
async fn connection_that_is_kept_and_not_used_is_closed() {
    let stack = start(Options::default()).await;
    let mut connection = sent(&stack, "GET /v1/concerts HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let answer = rest(&mut connection).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn body_that_never_comes_is_answered_with_408() {
    let stack = start(Options::default()).await;
    for (kind, part) in [
        ("content-length: 20", ""),
        ("content-length: 20", r#"{"name":"#),
        ("transfer-encoding: chunked", ""),
        ("transfer-encoding: chunked", "8\r\n{\"name\":\r\n"),
    ] {
        let request = format!("POST /v1/users HTTP/1.1\r\nhost: x\r\n{kind}\r\n\r\n{part}");
        let mut connection = sent(&stack, &request).await;
        let answer = rest(&mut connection).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{kind}: {answer}");
        assert!(
            answer.ends_with(r#"{"message":"Request Timeout"}"#),
            "{answer}"
        );
    }
    serves(&stack).await;
}

#[tokio::test]
async fn body_that_comes_byte_by_byte_is_accepted() {
    let stack = start(Options::default()).await;
    let request = "POST /v1/users HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
                   content-length: 7\r\n\r\n{\"a\":1}";
    let mut connection = connect(&stack).await;
    for byte in request.bytes() {
        connection.write_u8(byte).await.expect("sent");
        tokio::task::yield_now().await;
    }
    let answer = rest(&mut connection).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn endless_chunks_are_refused_as_too_large() {
    let stack = start(Options::default()).await;
    let head = "POST /v1/users HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut connection = sent(&stack, head).await;
    let chunk = format!("100000\r\n{}\r\n", "x".repeat(1024 * 1024));
    for chunk in [chunk.as_str(); 10].into_iter().chain(["1\r\nx\r\n"]) {
        let sent = connection.write_all(chunk.as_bytes()).await;
        sent.expect("taken so far");
    }
    let answer = rest(&mut connection).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    serves(&stack).await;
}

#[tokio::test]
async fn client_that_does_not_read_its_answer_is_cut_off() {
    let stack = start(Options::default()).await;
    let body = "x".repeat(9 * 1024 * 1024);
    let request = format!(
        "POST /v1/users HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connection = sent(&stack, &request).await;
    // The answer has begun. From here on the gateway waits for the client.
    connection.readable().await.expect("an answer");
    tokio::time::pause();
    tokio::time::sleep(HOUR).await;
    tokio::time::resume();
    let answer = rest(&mut connection).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(answer.len() < body.len(), "the rest was kept for an hour");
    serves(&stack).await;
}

#[tokio::test]
async fn function_that_never_answers_is_reported_as_503() {
    let stack = start(Options::default()).await;
    let mut connection = sent(&stack, "GET /v1/concerts?hang HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let answer = rest(&mut connection).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
    serves(&stack).await;
}

#[tokio::test]
async fn requests_above_the_concurrency_get_503_and_retry_after() {
    let stack = limited(Limits {
        concurrency: 2,
        ..Limits::default()
    })
    .await;
    let hanging = "GET /v1/concerts?hang HTTP/1.1\r\nhost: x\r\n\r\n";
    let first = sent(&stack, hanging).await;
    let mut second = sent(&stack, hanging).await;
    let refused = until(&stack, "GET /v1/concerts HTTP/1.1", 503).await;
    assert!(refused.contains("\r\nretry-after: 1"), "{refused}");

    // An invocation goes on when its caller hangs up. It ends after its time-out.
    drop(first);
    let (status, ..) = send(&stack, "GET /v1/concerts HTTP/1.1", "").await;
    assert_eq!(status, 503);
    assert!(rest(&mut second).await.starts_with("HTTP/1.1 503 "));
    serves(&stack).await;
}

/// A stack has a concurrency of 1,000, like an account on AWS. With 999 requests under way another
/// one is answered; with 1,000 it is refused.
#[tokio::test]
async fn thousand_requests_may_be_under_way() {
    let _ = rlimit::increase_nofile_limit(4_096);
    let stack = start(Options::default()).await;
    let hanging = "GET /v1/concerts?hang HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut under_way = Vec::new();
    for _ in 0..999 {
        under_way.push(sent(&stack, hanging).await);
    }
    for _ in 0..50 {
        serves(&stack).await;
    }
    under_way.push(sent(&stack, hanging).await);
    let refused = until(&stack, "GET /v1/concerts HTTP/1.1", 503).await;
    assert!(refused.contains("\r\nretry-after: 1"), "{refused}");
}

#[tokio::test]
async fn connections_above_the_limit_get_503_and_retry_after() {
    let stack = limited(Limits {
        connections: 2,
        ..Limits::default()
    })
    .await;
    let first = connect(&stack).await;
    let mut second = connect(&stack).await;
    let refused = until(&stack, "GET /v1/concerts HTTP/1.1", 503).await;
    assert!(refused.contains("\r\nretry-after: 1"), "{refused}");
    assert!(refused.contains("\r\nconnection: close"), "{refused}");

    drop(first);
    until(&stack, "GET /v1/concerts HTTP/1.1", 200).await;
    let request = "GET /v1/concerts HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let asked = second.write_all(request.as_bytes()).await;
    asked.expect("it has its place");
    assert!(rest(&mut second).await.starts_with("HTTP/1.1 200 OK\r\n"));
}

/// Connections that are refused and send nothing block others for a short time only.
#[tokio::test]
async fn refused_connections_that_send_nothing_are_closed() {
    let stack = limited(Limits {
        connections: 0,
        ..Limits::default()
    })
    .await;
    let mut crowd = Vec::new();
    for _ in 0..200 {
        crowd.push(connect(&stack).await);
    }
    for mut one in crowd {
        assert_eq!(rest(&mut one).await, "");
    }
    let (status, ..) = send(&stack, "GET /v1/concerts HTTP/1.1", "").await;
    assert_eq!(status, 503);
}

#[tokio::test]
async fn request_that_has_begun_is_answered_before_the_stack_stops() {
    let stack = start(Options::default()).await;
    let begun = "POST /v1/users HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n\
                 content-length: 2\r\n\r\n";
    let mut connection = sent(&stack, begun).await;
    let mut go_on = [0; 25];
    connection
        .read_exact(&mut go_on)
        .await
        .expect("asked to go on");
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    let mut stop = std::pin::pin!(stack.stop());
    assert!(futures_util::poll!(&mut stop).is_pending());
    connection.write_all(b"{}").await.expect("sent");
    let mut answer = String::new();
    let read = connection.read_to_string(&mut answer);
    let (read, ()) = tokio::join!(read, stop);
    read.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}
