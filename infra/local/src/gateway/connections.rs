//! The connections of the gateway: how many there may be, and how long each may keep us waiting.

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

/// The head of a request may take so long to come, from the moment that we are ready for one. So
/// a connection that is kept and not used ends after it, too.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// A client that takes nothing of its answer for so long is given up.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// The request line and the headers have so many bytes together, as at API Gateway.
const MAX_HEAD_BYTES: usize = 10_240;

/// A request has so many headers; they would not fit into the head if each had a value.
const MAX_HEADERS: usize = 200;

/// So much of a connection is kept in memory before somebody takes it.
const MAX_BUFFER_BYTES: usize = 64 * 1024;

/// So many connections beyond those that are served hear that there are too many. Those beyond
/// wait to be accepted.
const MAX_REFUSED_AT_ONCE: usize = 64;

/// One that is turned away has so long to say what it wanted.
const TURNED_AWAY_AFTER: Duration = Duration::from_secs(2);

/// Serves connections until it is told to stop, so many at once. Then it takes no more, and
/// returns when the requests that have begun are answered.
pub async fn serve(
    mut listener: TcpListener,
    router: Router,
    most: usize,
    stopped: impl Future<Output = ()>,
) {
    let room = Arc::new(Semaphore::new(most));
    let doorstep = Arc::new(Semaphore::new(MAX_REFUSED_AT_ONCE));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut stopped = std::pin::pin!(stopped);
    loop {
        // It is given back when the connection ends, or at once if that is served.
        let turned_away = Arc::clone(&doorstep).acquire_owned();
        let next = async { (turned_away.await, Listener::accept(&mut listener).await) };
        let (turned_away, (stream, source)) = tokio::select! {
            next = next => next,
            // Those that are finished are forgotten.
            Some(_) = connections.join_next() => continue,
            () = &mut stopped => break,
        };
        let watcher = graceful.watcher();
        match Arc::clone(&room).try_acquire_owned() {
            Ok(place) => {
                connections.spawn(answer(stream, source, router.clone(), watcher, place));
            }
            Err(_) => {
                connections.spawn(turn_away(stream, watcher, turned_away.ok()));
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
        async { answer.await.map(without_a_length_of_nothing) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_header_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_BUFFER_BYTES)
        .serve_connection(patient(stream), service);
    // Whoever hangs up, says what is no HTTP, or is too slow, is gone.
    let _ = watcher.watch(connection).await;
}

/// What the client has already is said without its length, to a HEAD as to a GET: the router would
/// say that it is empty.
fn without_a_length_of_nothing(mut answer: Response) -> Response {
    if answer.status() == StatusCode::NOT_MODIFIED {
        answer.headers_mut().remove(CONTENT_LENGTH);
    }
    answer
}

/// Answers one request with the advice to come again.
async fn turn_away(stream: TcpStream, watcher: Watcher, _place: Option<OwnedSemaphorePermit>) {
    let service = service_fn(|_: hyper::Request<Incoming>| async {
        Ok::<Response, Infallible>(unavailable())
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(TURNED_AWAY_AFTER)
        .keep_alive(false)
        .serve_connection(patient(stream), service);
    let _ = watcher.watch(connection).await;
}

/// A connection that ends when the client does not read.
fn patient(stream: TcpStream) -> TokioIo<std::pin::Pin<Box<TimeoutStream<TcpStream>>>> {
    // Answers are small and somebody waits for them.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_TIMEOUT));
    TokioIo::new(Box::pin(stream))
}
