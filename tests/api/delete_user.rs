//! `DELETE /v1/users/{user_id}`.

use serde_json::json;
use shared::futures_util::future::join_all;

use crate::harness::{
    Account, Buyer, Door, NOBODY, PASSWORD, PRICE, Reply, Shop,
    refusal::{
        BAD_REQUEST, FORBIDDEN, INVALID_CREDENTIALS, INVALID_TOKEN, INVALID_USER_ID,
        MISSING_AUTHORIZATION, USER_HAS_BALANCE, USER_HAS_HOLD, USER_NOT_FOUND,
    },
    text,
};

impl Shop {
    /// Deletes a user; `how` is appended to the path.
    async fn delete_user(&self, user_id: &str, token: &str, how: &str) -> Reply {
        let path = format!("/v1/users/{user_id}{how}");
        self.delete(&path).send_as(token).await
    }

    /// A user with a password who has bought seat 7.
    async fn account_that_bought(&self, account: &Account) -> (Buyer, serde_json::Value) {
        let guest = account.as_guest();
        let body = json!({ "user_id": guest.user_id });
        let join = self.post("/v1/auth/tokens").token(&guest.access_token);
        let joined = join.json(&body).send().await.ok();
        let buyer = Buyer {
            user_id: guest.user_id,
            access_token: guest.access_token,
            token: text(&joined["token"]),
            joined,
        };
        let held = self.hold(&buyer, 7).await.ok();
        self.charge(&buyer, PRICE).await.ok();
        let receipt = self.pay(&buyer, &held).await.ok();
        (buyer, receipt)
    }
}

#[tokio::test]
async fn deletes_what_is_personal_and_keeps_the_books() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let account = shop.account("Mina@example.com").await;
    let (buyer, receipt) = shop.account_that_bought(&account).await;
    let gone = shop
        .delete_user(&buyer.user_id, &buyer.access_token, "")
        .await;
    let answer = json!({ "user_id": buyer.user_id, "current_balance": 0 });
    assert_eq!(gone.ok(), answer);

    for table in ["Users", "Accounts", "Sessions", "Seats"] {
        let told = json!(shop.items(table).await).to_string().to_lowercase();
        assert!(!told.contains("mina"), "{table}: {told}");
        assert_eq!(
            told.contains(&buyer.user_id),
            table == "Accounts" || table == "Sessions",
            "{table}: {told}"
        );
    }
    shop.log_in("mina@example.com", PASSWORD)
        .await
        .is(INVALID_CREDENTIALS);
    let as_guest = shop.post("/v1/auth/login");
    let as_guest = as_guest.json(&json!({ "user_id": buyer.user_id }));
    as_guest.send().await.is(INVALID_CREDENTIALS);
    let join = || {
        let call = shop.post("/v1/auth/tokens");
        call.json(&json!({ "user_id": buyer.user_id }))
    };
    join().send().await.is(USER_NOT_FOUND);
    join().send_as(&buyer.access_token).await.is(INVALID_TOKEN);

    let ask = async |what: &str| {
        let path = format!("/v1/users/{}{what}", buyer.user_id);
        shop.get(&path).send_as(&admin.access_token).await
    };
    ask("").await.is(USER_NOT_FOUND);
    let statement = ask("/statement").await.ok();
    assert_eq!(statement["entries"].as_array().map(Vec::len), Some(2));
    let payments = ask("/payments").await.ok();
    assert_eq!(
        payments["payments"][0]["reservation_id"],
        receipt["reservation_id"]
    );
    assert_eq!(ask("/balance").await.ok()["current_balance"], 0);
    let charge = shop.post(&format!("/v1/users/{}/balance", buyer.user_id));
    let charge = charge.token(&admin.access_token);
    let charge = charge.json(&json!({ "amount": 1 }));
    charge.send().await.is(USER_NOT_FOUND);
    let end = shop.delete(&format!("/v1/users/{}/sessions", buyer.user_id));
    let end = end.token(&admin.access_token);
    end.send().await.is(USER_NOT_FOUND);

    // A repetition has the same answer, for a caller that may still ask.
    for how in ["", "?force=true"] {
        let again = shop
            .delete_user(&buyer.user_id, &admin.access_token, how)
            .await;
        assert_eq!(again.ok(), answer);
    }
    shop.delete_user(&buyer.user_id, &buyer.access_token, "")
        .await
        .is(INVALID_TOKEN);
    let next = shop.account("mina@example.com").await;
    assert_ne!(next.user_id, buyer.user_id);
    shop.audit().await;
    let of_one = json!({ "user_id": buyer.user_id });
    assert_eq!(shop.run_audit(&of_one).await["violations"], 0);
}

#[tokio::test]
async fn tokens_of_a_deleted_user_open_no_door() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    shop.charge(&buyer, PRICE).await.ok();
    shop.delete_user(&buyer.user_id, &buyer.access_token, "?force=true")
        .await
        .ok();
    for door in shop.guarded(&buyer.user_id, &text(&held["reservation_id"])) {
        let by_access = door.call(&shop).send_as(&buyer.access_token).await;
        assert_eq!(by_access.status, 401, "{}", door.name);
        by_access.is(INVALID_TOKEN);
        let reply = door.call(&shop).send_as(&buyer.token).await;
        match door.door {
            Door::Buyer | Door::Holder => reply.session_over(Some("LEFT")),
            // The poll says how the session has ended, and allows nothing.
            Door::QueueUser if door.name == "get-place" => {
                assert_eq!(reply.ok()["reason"], "LEFT");
            }
            _ => {
                assert_eq!(reply.status, 401, "{}: {}", door.name, reply.body);
                reply.is(INVALID_TOKEN);
            }
        }
    }
}

#[tokio::test]
async fn refuses_users_with_holds_or_money_unless_forced() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    for how in ["", "?force=false", "?force="] {
        shop.delete_user(&buyer.user_id, &buyer.access_token, how)
            .await
            .is(USER_HAS_HOLD);
    }
    assert_eq!(shop.reservation_status(&buyer, &held).await, "HELD");
    let cancel = shop.delete(&shop.reservation(&held)).token(&buyer.token);
    cancel.send().await.ok();
    shop.charge(&buyer, 700).await.ok();
    for token in [&buyer.access_token, &admin.access_token] {
        shop.delete_user(&buyer.user_id, token, "")
            .await
            .is(USER_HAS_BALANCE);
    }
    assert_eq!(shop.status(&buyer).await, "ACTIVE", "nothing has happened");
    shop.hold(&buyer, 8).await.ok();
    for _ in 0..2 {
        let gone = shop
            .delete_user(&buyer.user_id, &admin.access_token, "?force=true")
            .await;
        assert_eq!(gone.ok()["current_balance"], 700);
    }
    assert_eq!(shop.seats(&shop.buyer().await).await[&8], "FREE");
    let balance = shop.get(&format!("/v1/users/{}/balance", buyer.user_id));
    let balance = balance.send_as(&admin.access_token).await.ok();
    assert_eq!(balance["current_balance"], 700, "it stays in the books");
    shop.audit().await;
}

/// A lapsed hold does not count.
#[tokio::test]
async fn deletes_a_user_that_held_seats_once() {
    let shop = Shop::without_messages(&[]).await;
    let buyer = shop.buyer().await;
    shop.hold(&buyer, 7).await.ok();
    shop.advance(300).await;
    shop.delete_user(&buyer.user_id, &buyer.access_token, "")
        .await
        .ok();
    shop.audit().await;
}

#[tokio::test]
async fn deleting_an_active_user_lets_the_next_one_in() {
    let shop = Shop::with_room_for_one().await;
    let (inside, waiting, third) = (shop.buyer().await, shop.buyer().await, shop.buyer().await);
    for buyer in [&waiting, &inside] {
        shop.delete_user(&buyer.user_id, &buyer.access_token, "")
            .await
            .ok();
        assert_eq!(shop.status(buyer).await, "CLOSED LEFT");
    }
    // The number before belongs to nobody now, and must pass first.
    shop.wait_for_turn(&third, 200).await;
    shop.ask_for_dates(&third).send().await.ok();
    shop.audit().await;
}

/// The operator makes another administrator.
#[tokio::test]
async fn deletes_the_last_administrator() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    shop.delete_user(&admin.user_id, &admin.access_token, "")
        .await
        .ok();
    let order = json!({ "user_id": admin.user_id });
    let made = shop.invoke("make-admin", &order).await;
    assert_eq!(made.ok()["errorMessage"], "There is no such user.");
    shop.admin().await;
    shop.audit().await;
}

#[tokio::test]
async fn refuses_other_users() {
    let shop = Shop::open().await;
    let (admin, buyer, other) = (
        shop.admin().await,
        shop.buyer().await,
        shop.account("mina@example.com").await,
    );
    let path = format!("/v1/users/{}", buyer.user_id);
    shop.delete(&path).send().await.is(MISSING_AUTHORIZATION);
    let by = async |user_id: &str, token: &str| shop.delete_user(user_id, token, "").await;
    by(&buyer.user_id, &other.access_token).await.is(FORBIDDEN);
    by(&other.user_id, &buyer.access_token).await.is(FORBIDDEN);
    by(NOBODY, &buyer.access_token).await.is(FORBIDDEN);
    by(&buyer.user_id, &buyer.token).await.is(INVALID_TOKEN);
    by(NOBODY, &admin.access_token).await.is(USER_NOT_FOUND);
    for malformed in ["x", "email%23mina@example.com"] {
        by(malformed, &admin.access_token).await.is(INVALID_USER_ID);
    }
    for how in ["?force=yes", "?force=1", "?force=TRUE"] {
        shop.delete_user(&buyer.user_id, &buyer.access_token, how)
            .await
            .is(BAD_REQUEST);
    }
    shop.log_in("mina@example.com", PASSWORD).await.ok();
    assert_eq!(shop.status(&buyer).await, "ACTIVE");
}

/// Whichever is first, the accounts are right, and a deleted user moves no money.
#[tokio::test]
async fn deleting_while_everything_else_happens_loses_no_money() {
    crate::harness::in_virtual_time();
    for how in ["", "?force=true"] {
        let shop = Shop::open().await;
        let admin = shop.admin().await;
        let buyer = shop.buyer().await;
        let charges = (0..4).map(|_| shop.charge(&buyer, 100));
        let (gone, charges, held, again) = shared::futures_util::join!(
            shop.delete_user(&buyer.user_id, &buyer.access_token, how),
            join_all(charges),
            shop.hold(&buyer, 7),
            shop.join_once_more(&buyer),
        );
        let done = charges.iter().filter(|reply| reply.status == 200).count();
        let balance = shop.get(&format!("/v1/users/{}/balance", buyer.user_id));
        let balance = balance.send_as(&admin.access_token).await.ok();
        assert_eq!(balance["current_balance"], json!(100 * done), "{how}");
        if gone.status == 200 {
            assert!(how == "?force=true" || done == 0, "{done} charges before");
            shop.charge(&buyer, 100).await.is(INVALID_TOKEN);
            shop.ask_for_dates(&buyer)
                .send()
                .await
                .session_over(Some("LEFT"));
        } else {
            assert_eq!(gone.status, 409, "{}", gone.body);
        }
        drop((held, again));
        shop.audit().await;
    }
}

impl Shop {
    /// The same person tries to join once more.
    async fn join_once_more(&self, buyer: &Buyer) -> Reply {
        let body = json!({ "user_id": buyer.user_id });
        self.post("/v1/auth/tokens").json(&body).send().await
    }
}
