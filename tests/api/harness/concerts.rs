//! Concerts, as administrators use them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::domain::{ids::QueueId, programme::QueueShows, user::Name};

use super::{Guest, Reply, Shop, text};

impl Shop {
    /// Creates a concert.
    pub async fn create(&self, admin: &Guest, body: &Value) -> Reply {
        let call = self.post("/v1/concerts").token(&admin.access_token);
        call.json(body).send().await
    }

    /// Changes a concert.
    pub async fn change(&self, admin: &Guest, concert_id: &str, body: &Value) -> Reply {
        let path = format!("/v1/concerts/{concert_id}");
        let call = self.patch(&path).token(&admin.access_token);
        call.json(body).send().await
    }

    /// Deletes a concert, or one of its shows if `/dates/…` follows the id.
    pub async fn remove(&self, admin: &Guest, what: &str) -> Reply {
        let path = format!("/v1/concerts/{what}");
        self.delete(&path).send_as(&admin.access_token).await
    }

    /// A concert, as everybody reads it.
    pub async fn concert(&self, concert_id: &str) -> Value {
        let path = format!("/v1/concerts/{concert_id}");
        self.get(&path).send().await.ok()
    }

    /// The first page of the upcoming concerts.
    pub async fn listed_concerts(&self) -> Vec<Value> {
        let page = self.get("/v1/concerts").send().await.ok();
        page["concerts"].as_array().expect("concerts").clone()
    }

    /// The names on the first page of the upcoming concerts.
    pub async fn listed_names(&self) -> Vec<String> {
        let listed = self.listed_concerts().await;
        listed
            .iter()
            .map(|concert| text(&concert["name"]))
            .collect()
    }

    /// The shows that a queue of its own sells, by concert, with their capacities.
    pub async fn queue_shows(&self, queue_id: &str) -> Value {
        let queue_id: QueueId = queue_id.parse().expect("an id");
        let app = self.stack.operator().await;
        let read = app.store().queue_shows(&queue_id).await;
        let QueueShows { shows, .. } = read.expect("an answer");
        let capacities = shows.into_iter().map(|(concert, shows)| {
            let capacities = shows
                .into_iter()
                .map(|(date, seats)| (date, seats.capacity));
            (concert, capacities.collect())
        });
        json!(capacities.collect::<BTreeMap<_, BTreeMap<_, _>>>())
    }
}

impl Shop {
    /// Lists a concert like the version of the code that did not fold widths.
    pub async fn list_as_before(&self, name: &str, concert_id: &str) {
        let entry =
            |name: &str| json!({ "group": "listing", "entry": format!("{name}#{concert_id}") });
        let folded = Name::parse(name).expect("a name").folded();
        let mut line = self.take_item("Catalog", entry(&folded)).await;
        line["entry"] = entry(&name.to_lowercase())["entry"].clone();
        self.put_item("Catalog", line).await;
        let version = json!({ "group": "version", "entry": "version" });
        self.change_item("Catalog", version, json!({ "folded": null }))
            .await;
    }
}

/// This many shows of a concert, one a day from 1 January 2027 on.
pub fn many_shows(count: i64) -> Vec<Value> {
    let new_year = shared::jiff::civil::date(2027, 1, 1);
    let day = |n: i64| new_year + shared::jiff::SignedDuration::from_hours(24 * n);
    (0..count)
        .map(|n| json!({ "date": day(n).to_string(), "price": 1_000 }))
        .collect()
}
