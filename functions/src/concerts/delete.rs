//! `DELETE /v1/concerts/{concert_id}` and `…/dates/{date}`: deletes a concert, or one of its shows.
//! The concert is deleted with its last show.
//!
//! Refused with 409 while a seat is sold or held. Then nothing has changed. Instances keep a show
//! for five seconds, so a seat can be held for that long after the deletion. Such a hold can be
//! paid or cancelled as any other.
//!
//! Cost: 1 RRU for the door, 1 RRU per 4 KB of the concert, of its texts and of each block of
//! seats; 2 WRU for each show, 2 each for the concert, its line in the listing, the version and the
//! record in the log of changes, and 2 per KB of its texts. A queue of its own: 1 RRU per 4 KB and 2 WRU per KB of the list of its
//! shows.
//!
//! Round trips: 14 calls in 13 rounds. Most of the calls wake the line.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    domain::ids::ShowDate,
    error::ApiError,
    http::{RequestParts as _, ok},
    jiff::civil::date,
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// Deletes the concert or the show.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let admin = app.admin(&request).await?;
    let (concert_id, show) = (request.concert_id()?, request.show_in_path()?);
    let concert = app.store().concert(concert_id).await?;
    app.store()
        .by(admin.author())
        .delete_concert(concert_id, show, admin.now)
        .await?;
    if let Some(concert) = concert {
        app.wake_queue(&concert.queue_id).await;
    }
    ok(&Deleted { result: true })
}

/// The result of a deletion.
#[derive(Serialize, ToSchema)]
pub struct Deleted {
    /// Always `true`.
    result: bool,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Delete a concert, or one of its shows", Door::Admin)
        .details(
            "Deleting the last show deletes the concert.\n\n\
             Refused with 409 `CONCERT_HAS_ORDERS` while a seat is sold or held. Then call the \
             show off first, which refunds everybody (`POST …/dates/{date}/call-off`). A show that \
             was called off is deleted 20 seconds later at the earliest (409 `SALE_OPEN` with \
             `Retry-After`). A show on sale may be held for five seconds after it is deleted. \
             So close its sale first (`closes_at`). If nothing is left to buy in a queue, the \
             sessions in its line end with `SALE_OVER`.",
        )
        .answers::<Deleted>(
            200,
            "The concert or the show is deleted.",
            json!({ "result": true }),
        )
        .refuses([
            ApiError::ConcertNotFound,
            ApiError::ShowNotFound,
            ApiError::ConcertHasOrders,
            ApiError::SaleOpen {
                show: ShowDate::from(date(2026, 12, 24)).into(),
                retry_after: Some(20),
            },
        ])
}
