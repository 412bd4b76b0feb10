//! `admit`: lets people in.
//!
//! A schedule invokes it once a minute, which is the shortest interval of a schedule. It ticks each
//! queue every `tick_seconds` until shortly before the next invocation. A queue in which nothing
//! has happened for ten minutes is looked at once only, so that an empty queue costs next to
//! nothing.
//!
//! `{"ticks": 1}` ticks each queue once and returns. An error in one queue does not stop the ticks
//! of another.
//!
//! Cost of a tick: 1 WRU per KB of the line, 2 RRU, and 1 RRU for each live cohort. A queue in
//! which nothing happens: 2 RRU.

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

/// How long an invocation ticks. The next one goes on.
const MINUTE_OF_TICKS: SignedDuration = SignedDuration::from_secs(55);

/// An invocation ends this long before its deadline, so that no tick is cut off.
const BEFORE_DEADLINE: SignedDuration = SignedDuration::from_secs(2);

/// How often an invocation looks for new queues.
const NEW_QUEUES_EVERY: SignedDuration = SignedDuration::from_secs(5);

/// How many queues are ticked at the same moment. The others wait.
const TICKS_AT_ONCE: usize = 64;

/// Ticks. Answers with the number of queues, and how often their lines moved on.
pub async fn handle(app: App, event: Value, deadline: Timestamp) -> Result<Value, ApiError> {
    let command: Option<Command> =
        serde_json::from_value(event).map_err(|error| ApiError::Internal(error.into()))?;
    let start = app.now();
    let end = start
        .saturating_add(MINUTE_OF_TICKS)
        .unwrap_or(Timestamp::MAX);
    let end = end.min(deadline.saturating_sub(BEFORE_DEADLINE).unwrap_or(deadline));
    let max_ticks = command
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
                lines.push(tick_until(&app, id, end, max_ticks, &turns));
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

/// Ticks one queue until `end`, at most `max_ticks` times, and returns how often the line moved on.
/// If the queue is asleep, it returns at once.
async fn tick_until(
    app: &App,
    id: QueueId,
    end: Timestamp,
    max_ticks: u32,
    turns: &Semaphore,
) -> u32 {
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
        if tries >= max_ticks || next > end {
            return moved_on;
        }
        app.sleep_until(next).await;
    }
}

/// The event. That of a schedule does not have `ticks`.
#[derive(Deserialize)]
struct Command {
    ticks: Option<u32>,
}
