//! `DELETE /v1/concerts/{concert_id}/reservations/{reservation_id}`: give held seats back. The
//! session goes on. 1 WRU and 1 for each seat. Again: the same answer.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    domain::ids::ReservationId,
    error::ApiError,
    http::{RequestParts as _, ok},
    lambda_http::{Body, Request, Response},
    store::{Reading, Rejected},
};
use utoipa::ToSchema;

use super::find::{Reservation, Status, reservation};
use crate::operation::{Door, Operation};

/// What a reservation is after it was to be cancelled.
#[derive(Serialize, ToSchema)]
pub struct Cancelled {
    /// Its id.
    reservation_id: ReservationId,
    /// What it is now.
    status: Status,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("Give held seats back", Door::User)
        .details("The session goes on. Again: the same answer.")
        .answers::<Cancelled>(
            200,
            "Cancelled.",
            json!({
                "reservation_id": "019a9e1c-2222-7000-8000-000000000001",
                "status": "CANCELLED",
            }),
        )
        .refuses([ApiError::ReservationNotFound, ApiError::RefundClosed])
}

/// Cancels and answers with what the reservation is then. One that has lapsed is free already,
/// and answers that.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let caller = app.user(&request).await?;
    let ids = request.reservation_id()?;
    let mut reading = Reading::Lately;
    loop {
        let found = reservation(&app, caller.user_id, ids, reading, caller.now).await?;
        let status = match &found {
            Reservation::Paid(_) => return Err(ApiError::RefundClosed),
            Reservation::Ended(_) => found.status(),
            Reservation::Held { session, hold } => {
                match app.store().cancel_hold(session, hold, caller.now).await {
                    Ok(_) => {
                        app.free_seats(hold).await;
                        Status::Cancelled
                    }
                    // Something else happened to it first: see what.
                    Err(Rejected::Refused(_)) => {
                        reading = Reading::Consistent;
                        continue;
                    }
                    Err(Rejected::Failed(error)) => return Err(error.into()),
                }
            }
        };
        return ok(&Cancelled {
            reservation_id: ids.1,
            status,
        });
    }
}
