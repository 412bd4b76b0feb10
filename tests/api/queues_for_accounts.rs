//! Queues that only users with an account may join.

use serde_json::{Value, json};

use crate::harness::{
    Buyer, Guest, PASSWORD, Reply, Shop,
    refusal::{ACCOUNT_NEEDED, QUEUE_CLOSED},
    text,
};

impl Shop {
    async fn set_who(&self, admin: &Guest, who: &str) -> Value {
        let who = json!({ "who": who });
        self.patch_queue(admin, "main", &who).await.ok()
    }

    async fn try_to_join(&self, user_id: &str, access_token: Option<&str>) -> Reply {
        let join = self.post("/v1/auth/tokens");
        let join = match access_token {
            Some(token) => join.token(token),
            None => join,
        };
        join.json(&json!({ "user_id": user_id })).send().await
    }
}

#[tokio::test]
async fn guest_may_join_after_getting_an_account() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    assert_eq!(shop.queue("main").await["who"], "everybody");
    let set = shop.set_who(&admin, "accounts").await;
    assert_eq!(set["settings"]["who"], "accounts");
    // The document may be a second old.
    shop.advance(2).await;
    assert_eq!(shop.queue("main").await["who"], "accounts");

    let guest = shop.guest().await;
    for token in [None, Some(&*guest.access_token)] {
        shop.try_to_join(&guest.user_id, token)
            .await
            .is(ACCOUNT_NEEDED);
    }
    let account = json!({ "email": "mina@example.com", "password": PASSWORD });
    let path = format!("/v1/users/{}", guest.user_id);
    let change = shop.patch(&path).token(&guest.access_token).json(&account);
    change.send().await.ok();
    let logged_in = shop.log_in("mina@example.com", PASSWORD).await.ok();
    let token = text(&logged_in["token"]);
    let joined = shop.try_to_join(&guest.user_id, Some(&token)).await.ok();
    assert_eq!(joined["status"], "ACTIVE");
}

/// The refusal comes after that of a queue which takes nobody.
#[tokio::test]
async fn closed_queue_says_so_to_guests_too() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let closed = json!({ "who": "accounts", "state": "CLOSED" });
    shop.put_queue(&admin, "main", &closed).await.ok();
    let guest = shop.guest().await;
    shop.try_to_join(&guest.user_id, None)
        .await
        .is(QUEUE_CLOSED);
}

#[tokio::test]
async fn guests_who_are_in_line_stay_in_it() {
    let shop = Shop::with_room_for_one().await;
    let admin = shop.admin().await;
    let (inside, waiting, leaving) = (shop.buyer().await, shop.buyer().await, shop.buyer().await);
    shop.set_who(&admin, "accounts").await;
    shop.advance(5).await;
    let again = async |buyer: &Buyer| {
        let reply = shop.try_to_join(&buyer.user_id, Some(&buyer.access_token));
        reply.await
    };
    let seen = again(&waiting).await.ok();
    assert_eq!(seen["queue_position"], 1, "the same place");
    // Who leaves is not in the line any more.
    shop.leave(&leaving).await;
    again(&leaving).await.is(ACCOUNT_NEEDED);

    // Nor does it end anybody's visit, or stop their admission.
    shop.buy(&inside, &[7]).await;
    again(&inside).await.is(ACCOUNT_NEEDED);
    shop.advance(10).await;
    assert_eq!(shop.status(&waiting).await, "ACTIVE");
    shop.buy(&waiting, &[8]).await;

    shop.set_who(&admin, "everybody").await;
    shop.advance(2).await;
    again(&leaving).await.ok();
}

/// A refused guest costs what a refused join costs: the user, the session and the queue.
#[tokio::test]
async fn refusal_costs_the_reads_of_a_join() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    shop.set_who(&admin, "accounts").await;
    let guest = shop.guest().await;
    let account = shop.account("mina@example.com").await;
    let join = shop.try_to_join(&account.user_id, Some(&account.access_token));
    join.await.ok();
    shop.advance(2).await;
    shop.stack.forget_consumed();
    let refused = shop.try_to_join(&guest.user_id, None).await;
    refused.is(ACCOUNT_NEEDED);
    let units = shop.stack.consumed().by("join-queue");
    assert_eq!((units.read, units.write), (2.5, 0.0));
}

/// Settings that an earlier version stored say nothing about who may join. Those for everybody are
/// stored as that version wrote them.
#[tokio::test]
async fn settings_of_an_earlier_version_are_for_everybody() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    shop.set_who(&admin, "everybody").await;
    let stored = shop.items("Queues").await;
    let main = stored.iter().find(|item| item["id"] == "main");
    let settings = &main.expect("main")["settings"];
    assert_eq!(settings["state"], "OPEN");
    assert!(settings.get("who").is_none(), "{settings}");
    shop.buyer().await;
    shop.set_who(&admin, "accounts").await;
    let stored = shop.items("Queues").await;
    let main = stored.iter().find(|item| item["id"] == "main");
    assert_eq!(main.expect("main")["settings"]["who"], "accounts");
}
