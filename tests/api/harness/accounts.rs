//! Users with a password, and administrators.

use serde_json::{Value, json};

use super::{Call, Guest, Reply, Shop, text};

/// The password of every account here.
pub const PASSWORD: &str = "correct horse battery";

/// A user with a password and an access token.
#[derive(Debug, Clone)]
pub struct Account {
    pub user_id: String,
    pub email: String,
    pub access_token: String,
}

impl Account {
    /// The same user with their access token only.
    pub fn as_guest(&self) -> Guest {
        Guest {
            user_id: self.user_id.clone(),
            access_token: self.access_token.clone(),
        }
    }
}

impl Shop {
    /// A new user with this address and [`PASSWORD`].
    pub async fn account(&self, email: &str) -> Account {
        let user = self.sign_up_with(email, PASSWORD).await.expect(201);
        Account {
            user_id: text(&user["user_id"]),
            email: text(&user["email"]),
            access_token: text(&user["token"]),
        }
    }

    /// Signs a user up with an address and a password.
    pub async fn sign_up_with(&self, email: &str, password: &str) -> Reply {
        let body = json!({ "name": "김민수", "email": email, "password": password });
        self.post("/v1/users").json(&body).send().await
    }

    /// Logs in with an address and a password.
    pub async fn log_in(&self, email: &str, password: &str) -> Reply {
        let body = json!({ "email": email, "password": password });
        self.post("/v1/auth/login").json(&body).send().await
    }

    /// Logs in from an address, and returns the function's answer.
    pub async fn log_in_from(&self, source: &str, email: &str, password: &str) -> Value {
        let body = json!({ "email": email, "password": password });
        self.send_from(source, "log-in", "POST", "/v1/auth/login", |call| {
            call.json(&body)
        })
        .await
    }

    /// Sends a request to a function from an address, as API Gateway would report it. Returns the
    /// function's answer.
    pub async fn send_from(
        &self,
        source: &str,
        function: &str,
        method: &str,
        path: &str,
        fill: impl FnOnce(Call) -> Call,
    ) -> Value {
        let call = self.call(method, &format!("/_local/event{path}"));
        let mut event = fill(call).send_unchecked().await.ok();
        event["requestContext"]["http"]["sourceIp"] = json!(source);
        self.invoke(function, &event).await.ok()
    }

    /// As if a hundred addresses had just given a wrong password each. From now on only known
    /// addresses may try one.
    pub async fn exhaust_shared_guesses(&self, user_id: &str) {
        let attempts = json!({
            "count": 100, "since": self.now().as_millisecond(), "sources": {},
        });
        let key = json!({ "id": user_id });
        self.change_item("Users", key, json!({ "attempts": attempts }))
            .await;
    }

    /// A user with [`PASSWORD`] whose address is stored in its ASCII form only, as an earlier
    /// version wrote it.
    pub async fn known_in_ascii(&self) -> Account {
        let account = self.account("user@xn--bcher-kva.example").await;
        let key = json!({ "id": "email#user@bücher.example" });
        let mut owner = self.take_item("Users", key).await;
        owner["id"] = json!("email#user@xn--bcher-kva.example");
        self.put_item("Users", owner).await;
        account
    }

    /// A new access token of a guest.
    pub async fn token_of(&self, guest_id: &str) -> String {
        let body = json!({ "user_id": guest_id });
        let logged_in = self.post("/v1/auth/login").json(&body).send().await.ok();
        text(&logged_in["token"])
    }

    /// A new administrator, made as the operator makes one.
    pub async fn admin(&self) -> Guest {
        let admin = self.guest().await;
        let order = json!({ "user_id": admin.user_id });
        self.invoke("make-admin", &order).await.ok();
        admin
    }
}
