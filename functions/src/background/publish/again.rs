//! Makes the events of money again, from the entries of all accounts. For an operator who has set
//! `Events` on a stack that was there, or whose receivers have lost some.
//!
//! - `{"republish": {"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z"}}` sends the events
//!   of all charges, payments, refunds and corrections from `from` on and before `to`. They have the
//!   ids that they had.
//! - `"after"`, beside the two, goes on from the `next` of an earlier answer.
//!
//! It ends when it has looked at everything, or when its time is nearly over. The answer has how many
//! entries it has `looked_at`, how many events it has `sent`, and `next`, if there is more to do.
//! `next` is made of a key with a user's id, so keep it as you keep the answers of the audit.
//!
//! Cost: 0.5 RRU per 4 KB of accounts. It reads as slowly as the audit does.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    app::App,
    bus::EventBus,
    domain::{
        events::{Event, events},
        show::time,
    },
    error::ApiError,
    http::{self, Field, Parsed, cursor, position},
    jiff::{SignedDuration, Timestamp},
};

use crate::background::pace::Pace;

/// The name of the list of entries in its cursors.
const LIST: &str = "republish";

/// It ends this long before its deadline. A part takes a second.
const BEFORE_DEADLINE: SignedDuration = SignedDuration::from_secs(60);

/// The items of a part: some 40 RRU.
const PART_LENGTH: u32 = 500;

/// Makes events again.
pub(super) async fn handle(
    app: &App,
    bus: &EventBus,
    event: &Value,
    deadline: Timestamp,
) -> Result<Value, ApiError> {
    let command: Command = http::command(event, &["republish"])?;
    let refused = |why: &'static str| ApiError::Internal(why.into());
    let Parsed::Value(range) = command.republish.object::<Wanted>() else {
        return Err(refused(
            "an event has Records, or republish with from and to",
        ));
    };
    let moment = |field: &Field| match field.text(time, refused("a time is one of RFC 3339"))? {
        Some(moment) => Ok(moment),
        None => Err(refused("republish has from and to")),
    };
    let (from, to) = (moment(&range.from)?, moment(&range.to)?);
    let malformed = refused("after is the next of an earlier answer");
    let mut after = range.after.text(|after| position(LIST, after), malformed)?;

    let buyers = app.buyers().await?;
    let end = deadline.saturating_sub(BEFORE_DEADLINE).unwrap_or(deadline);
    let pace = Pace::new(app.now());
    let (mut looked_at, mut sent, mut unreadable) = (0, 0, 0);
    loop {
        pace.keep(app).await;
        let part = app.store().written_entries(after.as_deref(), PART_LENGTH);
        let part = part.await?;
        looked_at += part.entries.len();
        unreadable += part.unreadable;
        // An entry says when it was made, so the time of the write is not needed.
        let entries = part.entries.iter();
        let all = entries.flat_map(|written| events(written, Timestamp::UNIX_EPOCH, buyers));
        let is_wanted = |event: &Event| (from..to).contains(&event.at.0);
        let wanted: Vec<_> = all.filter(is_wanted).collect();
        let accepted = bus.send(&wanted).await;
        accepted.map_err(|not_accepted| ApiError::Internal(not_accepted.why.into()))?;
        sent += wanted.len();
        after = part.next;
        if after.is_none() || app.now() >= end {
            break;
        }
    }
    tracing::info!(
        looked_at,
        sent,
        unreadable,
        "events of money are made again"
    );
    let answer = Answer {
        looked_at,
        sent,
        unreadable,
        next: after.map(|after| cursor(LIST, &after)),
    };
    serde_json::to_value(answer).map_err(|error| ApiError::Internal(error.into()))
}

/// The event.
#[derive(Deserialize)]
struct Command {
    republish: Field,
}

/// Which events to make.
#[derive(Deserialize)]
struct Wanted {
    from: Field,
    to: Field,
    after: Field,
}

/// What it has done.
#[derive(Serialize)]
struct Answer {
    looked_at: usize,
    sent: usize,
    /// Items that cannot be read. The audit names them.
    #[serde(skip_serializing_if = "is_none")]
    unreadable: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(count: &usize) -> bool {
    *count == 0
}
