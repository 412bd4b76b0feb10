//! The connections of the gateway, with limits for their number, sizes and times.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    http::{StatusCode, header::CONTENT_LENGTH},
    response::Response,
    serve::Listener,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};
use tokio_io_timeout::TimeoutStream;
use tower::Service as _;

use super::unavailable;

/// How long the head of a request may take to arrive, from the moment that the gateway is ready for
/// it. A connection that is kept open and not used ends after this time, too.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// A connection ends when its client reads nothing of an answer for this long.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// How many bytes the request line and the headers may have together, as at API Gateway.
const MAX_HEAD_BYTES: usize = 10_240;

/// How many headers a request may have.
const MAX_HEADERS: usize = 200;

/// How much of a connection is kept in memory before it is read.
const MAX_BUFFER_BYTES: usize = 64 * 1024;

/// How many connections above the limit are refused at once. Further ones wait to be accepted.
const MAX_REFUSED_AT_ONCE: usize = 64;

/// How long a connection that is refused may take to send its request.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(2);

/// Serves connections until `stopped` completes, `max` at once. Then it accepts no more, and
/// returns when the requests that have begun are answered.
pub async fn serve(
    mut listener: TcpListener,
    router: Router,
    max: usize,
    stopped: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(max));
    let refusals = Arc::new(Semaphore::new(MAX_REFUSED_AT_ONCE));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut stopped = std::pin::pin!(stopped);
    loop {
        // This permit is for a connection that is refused. One that is served drops it at once.
        let refusal = Arc::clone(&refusals).acquire_owned();
        let next = async { (refusal.await, Listener::accept(&mut listener).await) };
        let (refusal, (stream, source)) = tokio::select! {
            next = next => next,
            // Removes the finished ones.
            Some(_) = connections.join_next() => continue,
            () = &mut stopped => break,
        };
        let watcher = graceful.watcher();
        match Arc::clone(&places).try_acquire_owned() {
            Ok(place) => {
                connections.spawn(answer(stream, source, router.clone(), watcher, place));
            }
            Err(_) => {
                connections.spawn(refuse(stream, watcher, refusal.ok()));
            }
        }
    }
    drop(listener);
    graceful.shutdown().await;
}

async fn answer(
    stream: TcpStream,
    source: SocketAddr,
    router: Router,
    watcher: Watcher,
    _place: OwnedSemaphorePermit,
) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(source));
        let answer = router.clone().call(request);
        async { answer.await.map(without_length_if_not_modified) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_header_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_BUFFER_BYTES)
        .serve_connection(with_write_timeout(stream), service);
    // An error is one of the client: it hung up, sent no HTTP, or was too slow.
    let _ = watcher.watch(connection).await;
}

/// Removes the length of an answer with status 304. The router would give it a length of 0, which
/// is not that of what the client has.
fn without_length_if_not_modified(mut answer: Response) -> Response {
    if answer.status() == StatusCode::NOT_MODIFIED {
        answer.headers_mut().remove(CONTENT_LENGTH);
    }
    answer
}

/// Answers one request with 503 and `Retry-After`.
async fn refuse(stream: TcpStream, watcher: Watcher, _place: Option<OwnedSemaphorePermit>) {
    let service = service_fn(|_: hyper::Request<Incoming>| async {
        Ok::<Response, Infallible>(unavailable())
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REFUSAL_TIMEOUT)
        .keep_alive(false)
        .serve_connection(with_write_timeout(stream), service);
    let _ = watcher.watch(connection).await;
}

/// A connection that ends when the client does not read.
fn with_write_timeout(stream: TcpStream) -> TokioIo<std::pin::Pin<Box<TimeoutStream<TcpStream>>>> {
    // Answers are small, and must not wait for more data.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_TIMEOUT));
    TokioIo::new(Box::pin(stream))
}
