//! Those who have a password, and those who run the on-sale.

use serde_json::json;

use super::{Guest, Reply, Shop, text};

/// The password of everybody here who has one.
pub const PASSWORD: &str = "correct horse battery";

/// Somebody with a password and an access token.
#[derive(Debug, Clone)]
pub struct Account {
    pub user_id: String,
    pub email: String,
    pub access_token: String,
}

impl Account {
    /// The same as somebody with an access token, whatever else they have.
    pub fn as_guest(&self) -> Guest {
        Guest {
            user_id: self.user_id.clone(),
            access_token: self.access_token.clone(),
        }
    }
}

impl Shop {
    /// Somebody new with that address and [`PASSWORD`].
    pub async fn account(&self, email: &str) -> Account {
        let user = self.sign_up_with(email, PASSWORD).await.expect(201);
        Account {
            user_id: text(&user["user_id"]),
            email: text(&user["email"]),
            access_token: text(&user["token"]),
        }
    }

    /// Signs somebody up with an address and a password.
    pub async fn sign_up_with(&self, email: &str, password: &str) -> Reply {
        let body = json!({ "name": "김민수", "email": email, "password": password });
        self.post("/v1/users").json(&body).send().await
    }

    /// Logs in with an address and a password.
    pub async fn log_in(&self, email: &str, password: &str) -> Reply {
        let body = json!({ "email": email, "password": password });
        self.post("/v1/auth/login").json(&body).send().await
    }

    /// Somebody with [`PASSWORD`] whose address is known in its ASCII form alone, as an earlier
    /// version wrote it down.
    pub async fn known_in_ascii(&self) -> Account {
        let account = self.account("user@xn--bcher-kva.example").await;
        let key = json!({ "id": "email#user@bücher.example" });
        let mut owner = self.uproot("Users", key).await;
        owner["id"] = json!("email#user@xn--bcher-kva.example");
        self.plant("Users", owner).await;
        account
    }

    /// A new access token of somebody without a password.
    pub async fn token_of(&self, guest_id: &str) -> String {
        let body = json!({ "user_id": guest_id });
        let logged_in = self.post("/v1/auth/login").json(&body).send().await.ok();
        text(&logged_in["token"])
    }

    /// A new administrator, as the operator makes one.
    pub async fn admin(&self) -> Guest {
        let admin = self.guest().await;
        let order = json!({ "user_id": admin.user_id });
        self.invoke("make-admin", &order).await.ok();
        admin
    }
}
