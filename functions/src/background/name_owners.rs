//! `name-owners`: names the buyers of seats that an earlier version sold. No route leads here. An
//! operator invokes it after an update from a version whose seats name nobody. Until then such seats
//! are listed without their buyer, and calling their show off cannot give their money back.
//!
//! It looks at every order. Each of its seats that is not refunded gets the buyer, if it is sold to
//! this order and names nobody. People may buy and give back at the same time, and it may be invoked
//! twice at once or again.
//!
//! - `{}` begins with the first order.
//! - `{"after": …}` goes on from the `next` of an earlier answer.
//! - `{"read_units": 1000}` reads about that many RRU at most.
//!
//! It ends when it has looked at everything, has read as much as it may, or when its time is nearly
//! over. The answer has how many orders it has `looked_at`, how many seats it has `named`, and
//! `next`, if there is more to do. `next` is made of a key with a user's id, so keep it as you keep
//! the answers of the audit. The log has only the numbers.
//!
//! Cost: 0.5 RRU per 4 KB of accounts and orders, 0.5 RRU for each seat of an order, and 1 WRU for
//! each seat that it names. It reads as slowly as the audit does.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    app::App,
    error::ApiError,
    http::{self, Field, cursor, position},
    jiff::{SignedDuration, Timestamp},
    store::{owners::MAX_SEATS, usage},
};

use super::pace::Pace;

/// The name of the list of orders in its cursors.
const LIST: &str = "name-owners";

/// It ends this long before its deadline. The seats of a page of orders take seconds.
const BEFORE_DEADLINE: SignedDuration = SignedDuration::from_secs(60);

/// The largest number of items of a page: orders of less than 800 bytes, so some 50 RRU.
const MAX_PAGE_LENGTH: f64 = 500.0;

/// About how many of the smallest items one read unit reads.
const ITEMS_A_READ_UNIT: f64 = 10.0;

/// Names buyers. Answers with what it has done, and where to go on.
pub async fn handle(app: App, event: Value, deadline: Timestamp) -> Result<Value, ApiError> {
    let command: Command = http::command(&event, &FIELDS)?;
    let mut after = command.after.text(
        |after| position(LIST, after),
        ApiError::Internal("after is the next of an earlier answer".into()),
    )?;
    let units = command.read_units.read().filter(|units| *units > 0.0);
    let may_read =
        units.or_malformed(ApiError::Internal("read_units is a number above 0".into()))?;
    let may_read = may_read.unwrap_or(f64::INFINITY);
    let end = deadline.saturating_sub(BEFORE_DEADLINE).unwrap_or(deadline);
    let pace = Pace::new(app.now());
    let store = app.store();
    let (mut looked_at, mut named) = (0, 0);
    loop {
        pace.keep(&app).await;
        let may_still_read = may_read - usage::so_far().read;
        let read = store.paid_orders(after.as_deref(), page_length(may_still_read));
        let paid = read.await?;
        looked_at += paid.orders;
        for seats in paid.seats.chunks(MAX_SEATS) {
            pace.keep(&app).await;
            let nameless = store.nameless(seats).await?;
            named += store.name_owners(nameless).await?;
        }
        after = paid.next;
        if after.is_none() || usage::so_far().read >= may_read || app.now() >= end {
            break;
        }
    }
    tracing::info!(looked_at, named, "buyers of seats are named");
    let answer = Answer {
        looked_at,
        named,
        next: after.map(|after| cursor(LIST, &after)),
    };
    serde_json::to_value(answer).map_err(|error| ApiError::Internal(error.into()))
}

/// The number of items of the next page. The last one must not read much more than what is left.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is between 1 and a few hundred"
)]
fn page_length(may_still_read: f64) -> u32 {
    (may_still_read * ITEMS_A_READ_UNIT).clamp(1.0, MAX_PAGE_LENGTH) as u32
}

/// The fields of an event.
const FIELDS: [&str; 2] = ["after", "read_units"];

/// The event.
#[derive(Deserialize)]
struct Command {
    after: Field,
    read_units: Field,
}

/// What it has done.
#[derive(Serialize)]
struct Answer {
    looked_at: u64,
    named: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}
