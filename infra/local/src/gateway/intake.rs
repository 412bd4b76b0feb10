//! Reads the body of each request before anything else is done, within limits.

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

/// The largest body that API Gateway accepts.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// How many bytes all bodies may have together. A request that needs more gets 503.
const MAX_BYTES_OF_ALL_BODIES: usize = 64 * 1024 * 1024;

/// How long a body may take to arrive.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why a body was not read.
enum BodyError {
    /// It is larger than API Gateway accepts.
    TooLarge,
    /// All bodies together are too large.
    NoRoom,
    /// It did not arrive in time.
    TooSlow,
    /// The client has hung up, or its chunks are malformed.
    Broken,
}

impl BodyError {
    fn answer(&self) -> Response {
        match self {
            Self::TooLarge => message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
            Self::NoRoom => unavailable(),
            Self::TooSlow => message(StatusCode::REQUEST_TIMEOUT, "Request Timeout"),
            Self::Broken => message(StatusCode::BAD_REQUEST, "Bad Request"),
        }
    }
}

/// The bytes that the bodies of all requests of a gateway may still take.
#[derive(Clone)]
pub struct Intake(Arc<Semaphore>);

impl Default for Intake {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_BYTES_OF_ALL_BODIES)))
    }
}

/// Reads a request's body before the request is routed.
pub async fn take(State(intake): State<Intake>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let read = tokio::time::timeout(TIMEOUT, intake.whole(body)).await;
    match read.unwrap_or(Err(BodyError::TooSlow)) {
        Ok((body, _permit)) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Err(body_error) => body_error.answer(),
    }
}

impl Intake {
    /// The whole body, and a permit for its bytes, which is to be kept as long as the body.
    async fn whole(&self, body: Body) -> Result<(Bytes, Option<OwnedSemaphorePermit>), BodyError> {
        let mut body = Limited::new(body, MAX_BODY_BYTES);
        let mut bytes = Vec::new();
        let mut permit: Option<OwnedSemaphorePermit> = None;
        while let Some(frame) = body.frame().await {
            // Trailers are ignored.
            let Ok(data) = frame.map_err(|error| body_error(&*error))?.into_data() else {
                continue;
            };
            let more = u32::try_from(data.len()).map_err(|_| BodyError::TooLarge)?;
            let more = Arc::clone(&self.0)
                .try_acquire_many_owned(more)
                .map_err(|_| BodyError::NoRoom)?;
            match &mut permit {
                Some(permit) => permit.merge(more),
                None => permit = Some(more),
            }
            bytes.extend_from_slice(&data);
        }
        Ok((bytes.into(), permit))
    }
}

fn body_error(error: &(dyn std::error::Error + 'static)) -> BodyError {
    if error.is::<LengthLimitError>() {
        BodyError::TooLarge
    } else {
        BodyError::Broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bodies_share_the_room_until_they_are_dropped() {
        let intake = Intake(Arc::new(Semaphore::new(10)));
        let (first, permit) = intake
            .whole(Body::from("1234567"))
            .await
            .ok()
            .expect("a body");
        assert_eq!(first, "1234567");
        let second = intake.whole(Body::from("1234")).await;
        assert!(matches!(second, Err(BodyError::NoRoom)));
        drop(permit);
        assert!(intake.whole(Body::from("1234")).await.is_ok());
        assert!(intake.whole(Body::empty()).await.is_ok());
        assert_eq!(intake.0.available_permits(), 10, "nothing is lost");
    }
}
