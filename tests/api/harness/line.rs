//! The line, as a visitor of the shop sees it.

use serde_json::{Value, json};

use super::{Buyer, Call, Shop, show, text};

impl Shop {
    /// A shop that lets in one at a time.
    pub async fn for_one() -> Self {
        Self::open_with(&[("MainMaxActive", "1")]).await
    }

    /// Asks for the place of a session.
    pub async fn get_place(&self, buyer: &Buyer) -> Value {
        self.get("/v1/auth/tokens")
            .token(&buyer.token)
            .send()
            .await
            .ok()
    }

    /// The status of a session, with the reason when it is over: `ACTIVE`, `CLOSED PAID`.
    pub async fn status(&self, buyer: &Buyer) -> String {
        let place = self.get_place(buyer).await;
        match place["reason"].as_str() {
            Some(reason) => format!("{} {reason}", text(&place["status"])),
            None => text(&place["status"]),
        }
    }

    /// A protected call: the dates of the concert.
    pub fn knock(&self, buyer: &Buyer) -> Call {
        let path = format!("/v1/concerts/{}/dates", self.concert_id);
        self.get(&path).token(&buyer.token)
    }

    /// Leaves the queue.
    pub async fn leave(&self, buyer: &Buyer) {
        self.delete("/v1/auth/tokens")
            .token(&buyer.token)
            .send()
            .await
            .ok();
    }

    /// The same person joins again.
    pub async fn rejoin(&self, buyer: &Buyer) -> Buyer {
        let body = json!({ "user_id": buyer.user_id });
        let joined = self.post("/v1/auth/tokens").json(&body).send().await.ok();
        Buyer {
            token: text(&joined["token"]),
            joined,
            ..buyer.clone()
        }
    }

    /// The public document of a queue.
    pub async fn queue(&self, queue_id: &str) -> Value {
        self.get(&format!("/v1/queues/{queue_id}"))
            .send()
            .await
            .ok()
    }
}

impl Shop {
    /// Adds a queue of that name with a concert of its own, and returns the concert's id.
    pub async fn add_queue(&self, queue_id: &str) -> String {
        let concert_id = self
            .add_concert(queue_id, queue_id, &[show(&self.dates[0])])
            .await;
        let app = self.stack.operator().await;
        let (queue, concert) = (
            queue_id.parse().expect("an id"),
            concert_id.parse().expect("an id"),
        );
        // There is no endpoint yet that makes a queue: its row begins with this.
        app.store()
            .set_default_concert(&queue, concert)
            .await
            .expect("the queue is there");
        concert_id
    }
}
