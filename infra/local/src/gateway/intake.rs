//! The bodies of requests: read whole before anything else is done, within bounds.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::Response,
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{message, unavailable};

/// The largest body that API Gateway takes.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// All bodies together have so many bytes; a request that would need more is told to come again.
const MAX_BYTES_OF_ALL_BODIES: usize = 64 * 1024 * 1024;

/// A body may take so long to come.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why a body was not read.
enum Unread {
    /// It is larger than API Gateway takes.
    TooLarge,
    /// There are too many others.
    NoRoom,
    /// It did not come in time.
    TooSlow,
    /// It is no body: the client has hung up, or its chunks are none.
    Broken,
}

impl Unread {
    fn answer(&self) -> Response {
        match self {
            Self::TooLarge => message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
            Self::NoRoom => unavailable(),
            Self::TooSlow => message(StatusCode::REQUEST_TIMEOUT, "Request Timeout"),
            Self::Broken => message(StatusCode::BAD_REQUEST, "Bad Request"),
        }
    }
}

/// Room for the bodies of all requests of a gateway, as bytes come.
#[derive(Clone)]
pub struct Intake(Arc<Semaphore>);

impl Default for Intake {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_BYTES_OF_ALL_BODIES)))
    }
}

/// Reads a request's body before anybody else sees the request.
pub async fn take(State(intake): State<Intake>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let read = tokio::time::timeout(TIMEOUT, intake.whole(body)).await;
    match read.unwrap_or(Err(Unread::TooSlow)) {
        Ok((body, _room)) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Err(unread) => unread.answer(),
    }
}

impl Intake {
    /// The whole body, and the room that it takes as long as that is kept.
    async fn whole(&self, body: Body) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Unread> {
        let mut body = Limited::new(body, MAX_BODY_BYTES);
        let mut bytes = Vec::new();
        let mut room: Option<OwnedSemaphorePermit> = None;
        while let Some(frame) = body.frame().await {
            // Trailers are nobody's.
            let Ok(data) = frame.map_err(|error| unread(&*error))?.into_data() else {
                continue;
            };
            let more = u32::try_from(data.len()).map_err(|_| Unread::TooLarge)?;
            let more = Arc::clone(&self.0)
                .try_acquire_many_owned(more)
                .map_err(|_| Unread::NoRoom)?;
            match &mut room {
                Some(room) => room.merge(more),
                None => room = Some(more),
            }
            bytes.extend_from_slice(&data);
        }
        Ok((bytes.into(), room))
    }
}

fn unread(error: &(dyn std::error::Error + 'static)) -> Unread {
    if error.is::<LengthLimitError>() {
        Unread::TooLarge
    } else {
        Unread::Broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bodies_share_the_room_while_they_are_there() {
        let intake = Intake(Arc::new(Semaphore::new(10)));
        let (first, room) = intake
            .whole(Body::from("1234567"))
            .await
            .ok()
            .expect("room");
        assert_eq!(first, "1234567");
        let second = intake.whole(Body::from("1234")).await;
        assert!(matches!(second, Err(Unread::NoRoom)));
        drop(room);
        assert!(intake.whole(Body::from("1234")).await.is_ok());
        assert!(intake.whole(Body::empty()).await.is_ok());
        assert_eq!(intake.0.available_permits(), 10, "nothing is lost");
    }
}
