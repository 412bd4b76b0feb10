//! The line, as visitors of the shop see it.

use serde_json::{Value, json};

use super::{Buyer, Call, Guest, Reply, Shop, show, text};

impl Shop {
    /// A shop that lets in one user at a time.
    pub async fn with_room_for_one() -> Self {
        Self::open_with(&[("MainMaxActive", "1")]).await
    }

    /// Reads the place of a session.
    pub async fn get_place(&self, buyer: &Buyer) -> Value {
        self.get("/v1/auth/tokens").send_as(&buyer.token).await.ok()
    }

    /// The status of a session, with the reason if it is over: `ACTIVE`, `CLOSED PAID`.
    pub async fn status(&self, buyer: &Buyer) -> String {
        let place = self.get_place(buyer).await;
        match place["reason"].as_str() {
            Some(reason) => format!("{} {reason}", text(&place["status"])),
            None => text(&place["status"]),
        }
    }

    /// A protected call: the dates of the concert.
    pub fn ask_for_dates(&self, buyer: &Buyer) -> Call {
        let path = format!("/v1/concerts/{}/dates", self.concert_id);
        self.get(&path).token(&buyer.token)
    }

    /// A new guest who has joined the queue of the concert.
    pub async fn fan(&self) -> Buyer {
        let guest = self.guest().await;
        self.join_for(&guest, Some(&self.concert_id)).await
    }

    /// This many of them, one after the other.
    pub async fn fans(&self, count: usize) -> Vec<Buyer> {
        let mut fans = Vec::new();
        for _ in 0..count {
            fans.push(self.fan().await);
        }
        fans
    }

    /// The status of each session.
    pub async fn statuses(&self, buyers: &[Buyer]) -> Vec<String> {
        let mut statuses = Vec::new();
        for buyer in buyers {
            statuses.push(self.status(buyer).await);
        }
        statuses
    }

    /// Leaves the queue.
    pub async fn leave(&self, buyer: &Buyer) {
        self.delete("/v1/auth/tokens")
            .send_as(&buyer.token)
            .await
            .ok();
    }

    /// The same user joins again.
    pub async fn rejoin(&self, buyer: &Buyer) -> Buyer {
        let body = json!({ "user_id": buyer.user_id });
        let joined = self.post("/v1/auth/tokens").json(&body).send().await.ok();
        Buyer {
            token: text(&joined["token"]),
            joined,
            ..buyer.clone()
        }
    }

    /// The same user joins again with an access token, and gets the token of their session.
    pub async fn rejoin_with(&self, buyer: &Buyer, access_token: &str) -> Buyer {
        let body = json!({ "user_id": buyer.user_id });
        let join = self.post("/v1/auth/tokens").token(access_token);
        let joined = join.json(&body).send().await.ok();
        Buyer {
            access_token: access_token.to_owned(),
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
    /// Makes a queue with this id and a concert of its own, and returns the concert's id.
    pub async fn add_queue(&self, queue_id: &str) -> String {
        let admin = self.admin().await;
        self.put_queue(&admin, queue_id, &json!({})).await.ok();
        let concert_id = self
            .add_concert(queue_id, queue_id, &[show(&self.dates[0])])
            .await;
        let settings = json!({ "default_concert_id": concert_id });
        self.put_queue(&admin, queue_id, &settings).await.ok();
        concert_id
    }

    /// Writes the settings of a queue.
    pub async fn put_queue(&self, admin: &Guest, queue_id: &str, settings: &Value) -> Reply {
        self.call("PUT", &format!("/v1/queues/{queue_id}"))
            .json(settings)
            .send_as(&admin.access_token)
            .await
    }
}

impl Shop {
    /// Changes settings of a queue.
    pub async fn patch_queue(&self, admin: &Guest, queue_id: &str, settings: &Value) -> Reply {
        self.patch(&format!("/v1/queues/{queue_id}"))
            .json(settings)
            .send_as(&admin.access_token)
            .await
    }

    /// The settings of a queue, and who changed them last.
    pub async fn settings(&self, admin: &Guest, queue_id: &str) -> Reply {
        self.get(&format!("/v1/queues/{queue_id}/settings"))
            .send_as(&admin.access_token)
            .await
    }

    /// Moves the clock on until a session no longer waits, and returns how many seconds that took.
    pub async fn wait_for_turn(&self, buyer: &Buyer, max_seconds: u64) -> u64 {
        const STEP: u64 = 5;
        let mut waited = 0;
        while self.status(buyer).await == "WAITING" {
            assert!(waited < max_seconds, "still waiting after {waited} seconds");
            self.advance(STEP).await;
            waited += STEP;
        }
        waited
    }

    /// Invokes a function, as the operator does.
    pub async fn invoke(&self, function: &str, event: &Value) -> Reply {
        let path = format!("/2015-03-31/functions/{function}/invocations");
        self.post(&path).json(event).send().await
    }
}

/// The template's settings of a queue.
pub fn default_settings() -> Value {
    json!({
        "max_active": 1_000,
        "rate": 50,
        "claim_seconds": 120,
        "active_seconds": 300,
        "tick_seconds": 5,
        "state": "OPEN",
        "who": "everybody",
    })
}

/// Settings that all differ from the template's.
pub fn other_settings() -> Value {
    json!({
        "max_active": 3,
        "rate": 0.125,
        "claim_seconds": 10,
        "active_seconds": 60,
        "tick_seconds": 2,
        "state": "PAUSED",
        "who": "accounts",
        "notice": { "ko": "늦음", "en": "Late" },
    })
}
