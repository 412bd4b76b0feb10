//! `DELETE /v1/concerts/{concert_id}/reservations/{reservation_id}`: give held seats back. The
//! session goes on. 1 WRU and 1 for each seat. Again: the same answer.

use serde::Serialize;
use shared::{
    app::App,
    domain::ids::ReservationId,
    error::ApiError,
    http::{RequestParts as _, ok},
    lambda_http::{Body, Request, Response},
    store::{Reading, Rejected},
};

use super::find::{Reservation, reservation};

#[derive(Serialize)]
struct Cancelled {
    reservation_id: ReservationId,
    status: &'static str,
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
                        "CANCELLED"
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
