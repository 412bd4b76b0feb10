//! `GET /_local/events`: the events that the buses took, as server-sent events.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::{RawQuery, State},
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};
use tokio::sync::watch;

use super::Gateway;
use crate::aws::buses::{BusEvent, Buses};

/// Sends the events that are kept, and each further one when a bus has taken it. With
/// `Last-Event-ID`, only those after it; with `?type=`, only those whose type begins so. Ends with
/// the stack. With `?follow=false` it ends when all that has happened until now is sent.
pub async fn stream_events(
    State(gateway): State<Arc<Gateway>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let query = query.unwrap_or_default();
    let parameter = |name: &str| {
        let mut parameters = form_urlencoded::parse(query.as_bytes());
        let found = parameters.find(|(found, _)| found == name);
        found.map(|(_, value)| value.into_owned())
    };
    let last = headers.get("last-event-id");
    let last = last.and_then(|id| id.to_str().ok()?.parse().ok());
    let follows = parameter("follow").is_none_or(|follow| follow != "false");
    if !follows {
        // Delivers what was written. It goes on when the caller hangs up.
        let timeline = Arc::clone(&gateway.timeline);
        let _ = tokio::spawn(async move { timeline.advance(Duration::ZERO).await }).await;
    }
    let reader = Reader {
        latest: gateway.buses.latest(),
        buses: Arc::clone(&gateway.buses),
        stopped: gateway.stopped.clone(),
        sent: last.unwrap_or_default(),
        found: VecDeque::new(),
        prefix: parameter("type").unwrap_or_default(),
        follows,
    };
    let events = stream::unfold(reader, async |mut reader| {
        let event = reader.next().await?;
        Some((Ok(event), reader))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

/// A client that reads events.
struct Reader {
    buses: Arc<Buses>,
    latest: watch::Receiver<u64>,
    stopped: watch::Receiver<bool>,
    /// The number of the last event that was looked at.
    sent: u64,
    found: VecDeque<Arc<BusEvent>>,
    prefix: String,
    /// Whether it waits for more.
    follows: bool,
}

impl Reader {
    /// The next event; `None` when the stack stops, or when there are no more for one that does not
    /// wait.
    async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some(event) = self.found.pop_front() {
                if event.detail_type.starts_with(&self.prefix) {
                    return Some(as_sent(&event));
                }
            }
            // From here on a further event is a change.
            self.latest.mark_unchanged();
            let found = self.buses.after(self.sent);
            if let Some(last) = found.last() {
                self.sent = last.number;
                self.found.extend(found);
                continue;
            }
            if !self.follows {
                return None;
            }
            tokio::select! {
                changed = self.latest.changed() => changed.ok()?,
                _ = self.stopped.wait_for(|stopped| *stopped) => return None,
            }
        }
    }
}

fn as_sent(event: &BusEvent) -> Event {
    Event::default()
        .id(event.number.to_string())
        .event(&event.detail_type)
        .data(event.json.to_string())
}
