//! `admit`: lets people in. A schedule invokes it once a minute, the fastest that there is; it
//! ticks every queue each `tick_seconds` until the next invocation is near. A queue in which
//! nothing has happened for ten minutes is looked at once: what waits for nobody costs next to
//! nothing.
//!
//! Invoked by hand with `{"ticks": 1}` it ticks each queue once and returns. One queue's trouble
//! does not stop another's ticks. A tick costs 1 WRU per KB of the line, and 2 RRU and 1 more
//! for each live cohort; a queue in which nothing happens, 2 RRU.

use std::{collections::HashSet, pin::pin};

use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    app::{App, Ticked},
    domain::ids::QueueId,
    error::ApiError,
    futures_util::stream::{FuturesUnordered, StreamExt as _},
    jiff::{SignedDuration, Timestamp},
};
use tokio::sync::Semaphore;

/// An invocation ticks for so long, and the next one goes on.
const MINUTE_OF_TICKS: SignedDuration = SignedDuration::from_secs(55);

/// It is over so long before its deadline, so that no tick is cut off.
const BEFORE_DEADLINE: SignedDuration = SignedDuration::from_secs(2);

/// A queue that is new is found within this time.
const NEW_QUEUES_EVERY: SignedDuration = SignedDuration::from_secs(5);

/// So many queues are ticked at the same moment; the others a moment later.
const TICKS_AT_ONCE: usize = 64;

/// Ticks, and answers how often it did.
pub async fn handle(app: App, event: Value, deadline: Timestamp) -> Result<Value, ApiError> {
    let command: Option<Command> =
        serde_json::from_value(event).map_err(|error| ApiError::Internal(error.into()))?;
    let start = app.now();
    let end = start
        .saturating_add(MINUTE_OF_TICKS)
        .unwrap_or(Timestamp::MAX);
    let end = end.min(deadline.saturating_sub(BEFORE_DEADLINE).unwrap_or(deadline));
    let most = command
        .and_then(|command| command.ticks)
        .unwrap_or(u32::MAX);

    let turns = Semaphore::new(TICKS_AT_ONCE);
    let mut known: HashSet<QueueId> = HashSet::new();
    let mut lines = FuturesUnordered::new();
    let mut ticks = 0;
    let mut found = app.queue_ids().await?;
    loop {
        for id in found {
            if known.insert(id.clone()) {
                lines.push(tick_until(&app, id, end, most, &turns));
            }
        }
        let look_again = app.now().saturating_add(NEW_QUEUES_EVERY);
        let look_again = app.sleep_until(look_again.unwrap_or(Timestamp::MAX));
        let mut look_again = pin!(look_again);
        loop {
            tokio::select! {
                line = lines.next() => match line {
                    Some(moved_on) => ticks += moved_on,
                    None => return Ok(json!({ "queues": known.len(), "ticks": ticks })),
                },
                () = &mut look_again => break,
            }
        }
        found = app.queue_ids().await.unwrap_or_else(|error| {
            tracing::error!(%error, "new queues were not looked for");
            Vec::new()
        });
    }
}

/// Ticks one queue until `end`, `most` times at the most, unless it is asleep, and tells how often
/// the line moved on.
async fn tick_until(app: &App, id: QueueId, end: Timestamp, most: u32, turns: &Semaphore) -> u32 {
    let (mut moved_on, mut tries) = (0, 0);
    loop {
        let turn = turns.acquire().await;
        let now = app.now();
        let (ticked, interval) = app.tick_on_schedule(&id, now).await;
        drop(turn);
        match ticked {
            Ok(Ticked::Done) => moved_on += 1,
            Ok(Ticked::NotNeeded) => {}
            // The next visitor wakes it: a join ticks a line whose ticks have been missed.
            Ok(Ticked::Asleep) => return moved_on,
            Err(error) => tracing::error!(queue_id = %id, %error, "a tick failed"),
        }
        tries += 1;
        let next = now.saturating_add(interval).unwrap_or(Timestamp::MAX);
        if tries >= most || next > end {
            return moved_on;
        }
        app.sleep_until(next).await;
    }
}

/// What a schedule sends says nothing about ticks.
#[derive(Deserialize)]
struct Command {
    ticks: Option<u32>,
}
