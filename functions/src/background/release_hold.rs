//! `release-hold`: tidies up after a hold that was not paid. SQS delivers its message two seconds
//! after the hold has lapsed.
//!
//! The seats are free by then whatever happens here: this makes it visible, closes the session
//! and gives its place in the line to the next. A message may come twice, late, or early; an
//! early one is put back. 0.5 RRU when the hold was paid; else 2 WRU and 1 for each seat.

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

/// Releases the hold, if it is one still.
pub async fn handle(app: App, message: ReleaseHold) -> Result<(), ApiError> {
    let now = app.now();
    let session = app
        .store()
        .session_lately(message.user_id, &message.queue_id)
        .await?;
    let Some(session) = session else {
        return Ok(());
    };
    let is_the_one = |hold: &&Hold| hold.reservation_id == message.reservation_id;
    if let Some(hold) = session.live_hold.as_ref().filter(is_the_one) {
        return release(&app, &session, hold, &message, now).await;
    }
    // An earlier delivery may have ended between the session and its seats.
    if let Some(hold) = session
        .last_hold
        .as_ref()
        .map(|ended| &ended.hold)
        .filter(is_the_one)
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
    // Somebody's clock may be behind by which it may still be paid.
    if hold.is_live(lapsed_since(now)) {
        let due = hold.held_until.saturating_add(CLOCK_SKEW_GRACE);
        let sent = app
            .release_queue()
            .send(message, due.unwrap_or(Timestamp::MAX), now)
            .await;
        return sent.map_err(|error| ApiError::Internal(error.into()));
    }
    let lapsed = app.store().lapse_hold(session, hold, now).await;
    // Otherwise it has been paid, cancelled or released meanwhile.
    if let Ok(closed) = lapsed.decided()? {
        app.count_through(&closed, now).await;
    }
    Ok(app.store().free_seats(hold).await?)
}
