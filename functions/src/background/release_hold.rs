//! `release-hold`: tidies up after a hold that was not paid. SQS delivers its message two seconds
//! after the hold has lapsed.
//!
//! The seats are free by then in any case (`ARCHITECTURE.md#walk-3-an-expiry`). This function
//! deletes their items, closes the session, and gives its place in the line to the next person. A
//! message may come twice, late, or early. An early one is sent again.
//!
//! Cost: 0.5 RRU if the hold was paid; else 2 WRU, and 1 WRU for each seat.

use shared::{
    app::App,
    domain::{
        order::Hold,
        seat::{CLOCK_SKEW_GRACE, lapsed_since},
        session::Session,
    },
    error::ApiError,
    jiff::Timestamp,
    messages::ReleaseHold,
    store::Decided as _,
};

/// Releases the hold that the message names, if it is still there.
pub async fn handle(app: App, message: ReleaseHold) -> Result<(), ApiError> {
    let now = app.now();
    let session = app
        .store()
        .session_lately(message.user_id, &message.queue_id)
        .await?;
    let Some(session) = session else {
        return Ok(());
    };
    let is_named = |hold: &&Hold| hold.reservation_id == message.reservation_id;
    if let Some(hold) = session.live_hold.as_ref().filter(is_named) {
        return release(&app, &session, hold, &message, now).await;
    }
    // An earlier delivery may have been cut off after it closed the session and before it freed
    // the seats.
    if let Some(hold) = session
        .last_hold
        .as_ref()
        .map(|ended| &ended.hold)
        .filter(is_named)
    {
        app.store().free_seats(hold).await?;
    }
    Ok(())
}

async fn release(
    app: &App,
    session: &Session,
    hold: &Hold,
    message: &ReleaseHold,
    now: Timestamp,
) -> Result<(), ApiError> {
    // By a clock that is behind, the hold may still be paid.
    if hold.is_live(lapsed_since(now)) {
        let due = hold.held_until.saturating_add(CLOCK_SKEW_GRACE);
        let sent = app
            .release_queue()
            .send(message, due.unwrap_or(Timestamp::MAX), now)
            .await;
        return sent.map_err(|error| ApiError::Internal(error.into()));
    }
    let lapsed = app.store().lapse_hold(session, hold, now).await;
    // If it is refused, the hold has been paid, cancelled or released meanwhile.
    if let Ok(closed) = lapsed.decided()? {
        app.count_through(&closed, now).await;
    }
    Ok(app.store().free_seats(hold).await?)
}
