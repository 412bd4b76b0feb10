//! `GET /v1/admin/queues`: all queues with their settings, and what each sells, in pages.
//!
//! Cost: 1 RRU for the door, 0.5 RRU per 4 KB of the list of ids. For each queue of the page: 1 RRU per
//! 4 KB of it, 1 RRU per 4 KB of the list of its shows, and 0.5 RRU for each of its concerts. `main` has
//! no such list.
//!
//! Round trips: 5 calls in 4 rounds. One more for each further hundred concerts.

use serde::Serialize;
use serde_json::{Value, json};
use shared::{
    app::App,
    domain::{
        ids::{ConcertId, QueueId},
        user::Name,
    },
    error::ApiError,
    http::{PageWanted, cursor, ok},
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use super::get_settings::{self, SettingsOfQueue};
use crate::operation::{Door, Operation};

/// The list's name in its cursors.
const LIST: &str = "queues";

/// Answers with a page of queues.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    app.admin(&request).await?;
    let page = PageWanted::of(&request, LIST)?;
    let after: Option<QueueId> = page.position()?;

    let (ids, has_more) = ids_of_page(app.queue_ids().await?, after.as_ref(), page.limit as usize);
    let own = ids.iter().filter(|id| **id != QueueId::main());
    let own: Vec<_> = own.cloned().collect();
    let (queues, shows) = tokio::try_join!(
        app.store().queues_and_changes(&ids, app.queue_defaults()),
        app.store().shows_of_queues(&own),
    )?;
    let sold = shows.values().flat_map(|shows| shows.shows.keys().copied());
    let concerts = app.store().concerts(sold).await?;
    let concerts_of = |id: &QueueId| {
        let ids = shows.get(id)?.shows.keys();
        let named = ids.map(|id| ConcertOfQueue {
            concert_id: *id,
            name: concerts.get(id).map(|concert| &concert.name),
        });
        Some(named.collect())
    };
    ok(&Queues {
        queues: queues
            .iter()
            .map(|(queue, change)| QueueOfList {
                settings: SettingsOfQueue::of(queue, *change),
                concerts: concerts_of(&queue.id),
            })
            .collect(),
        next_cursor: ids
            .last()
            .filter(|_| has_more)
            .map(|last| cursor(LIST, last.as_str())),
    })
}

/// The ids of a page, and whether there are more: `main` first, then the others in order.
fn ids_of_page(
    mut ids: Vec<QueueId>,
    after: Option<&QueueId>,
    limit: usize,
) -> (Vec<QueueId>, bool) {
    let main = QueueId::main();
    let place = |id: &QueueId| (*id != main, id.clone());
    let after = after.map(place);
    ids.retain(|id| after.as_ref().is_none_or(|after| place(id) > *after));
    ids.sort_unstable_by_key(place);
    let has_more = ids.len() > limit;
    ids.truncate(limit);
    (ids, has_more)
}

/// A page of the queues.
#[derive(Serialize, ToSchema)]
pub struct Queues<'a> {
    /// The queues: `main`, and then the others in the order of their ids.
    queues: Vec<QueueOfList<'a>>,
    /// The `cursor` of the next page. Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

/// A queue with its settings, and what it sells.
#[derive(Serialize, ToSchema)]
pub struct QueueOfList<'a> {
    #[serde(flatten)]
    settings: SettingsOfQueue<'a>,
    /// The concerts that the queue sells, in the order of their ids. Absent for `main`, which sells
    /// every concert that names no other queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    concerts: Option<Vec<ConcertOfQueue<'a>>>,
}

/// A concert that a queue sells.
#[derive(Serialize, ToSchema)]
pub struct ConcertOfQueue<'a> {
    /// The concert's id.
    concert_id: ConcertId,
    /// The concert's name. Absent if the concert was deleted at this very moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    name: Option<&'a Name>,
}

fn example() -> Value {
    let mut queue = get_settings::example();
    queue["queue_id"] = json!("winter");
    queue["concerts"] = json!([{
        "concert_id": "019a9e1c-1111-7000-8000-000000000001",
        "name": "겨울 콘서트",
    }]);
    json!({ "queues": [get_settings::example(), queue] })
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("List queues", Door::Admin)
        .details(
            "Returns all queues with their settings, who changed them last, and the concerts that \
             each sells. `main` is the first one. `version` in quotes is the `ETag` of a queue's \
             settings.",
        )
        .in_pages()
        .answers::<Queues>(200, "A page of queues.", example())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str]) -> Vec<QueueId> {
        let ids = names.iter().map(|name| name.parse());
        ids.collect::<Result<_, _>>().expect("ids")
    }

    #[test]
    fn main_is_first_and_pages_follow_each_other() {
        let all = ids(&["rock", "alpha", "main", "zebra"]);
        let mut seen = Vec::new();
        let mut after: Option<QueueId> = None;
        loop {
            let (page, has_more) = ids_of_page(all.clone(), after.as_ref(), 2);
            after = page.last().cloned();
            seen.extend(page);
            if !has_more {
                break;
            }
        }
        assert_eq!(seen, ids(&["main", "alpha", "rock", "zebra"]));
    }

    #[test]
    fn page_goes_on_after_a_queue_that_is_gone() {
        let all = ids(&["alpha", "main", "zebra"]);
        let gone = "rock".parse().ok();
        assert_eq!(ids_of_page(all, gone.as_ref(), 2), (ids(&["zebra"]), false));
    }
}
