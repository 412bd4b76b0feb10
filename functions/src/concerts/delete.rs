//! `DELETE /v1/concerts/{concert_id}` and `…/dates/{date}`: delete a concert, or one of its shows;
//! with the last show goes the concert.
//!
//! Refused while a seat is sold or held (409), and then nothing has changed. Sales stop within the
//! five seconds for which an instance believes the catalog; a hold that slips in can be paid or
//! cancelled as any other.
//!
//! 1 RRU for the door, 1 RRU per 4 KB of the concert and of each block of seats; 2 WRU for each
//! show, the concert, its line in the listing and the version; with a queue of its own 1 RRU per
//! 4 KB and 2 WRU per KB of the list of its shows.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    error::ApiError,
    http::{RequestParts as _, ok},
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// Deletes it.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let admin = app.admin(&request).await?;
    let (concert_id, date) = (request.concert_id()?, request.date_in_path()?);
    let concert = app.store().concert(concert_id).await?;
    app.store()
        .delete_concert(concert_id, date, admin.now)
        .await?;
    if let Some(concert) = concert {
        app.wake_queue(&concert.queue_id).await;
    }
    ok(&Deleted { result: true })
}

/// That something is deleted.
#[derive(Serialize, ToSchema)]
pub struct Deleted {
    /// `true`.
    result: bool,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("Delete a concert, or one of its shows", Door::Admin)
        .details("Deleting its last show deletes the concert. Refused while a seat is sold or held: stop \
             the sale with `closes_at`, and refund or cancel their reservations first. People who \
             are still in line read `SALE_OVER` when nothing is left to buy.")
        .answers::<Deleted>(200, "It is deleted.", json!({ "result": true }))
        .refuses([
            ApiError::ConcertNotFound,
            ApiError::ShowNotFound,
            ApiError::ConcertHasOrders,
        ])
}
