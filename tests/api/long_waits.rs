//! However long a line takes, everybody in it keeps their place.

use serde_json::{Value, json};
use shared::jiff::{SignedDuration, Timestamp};

use crate::harness::{
    Buyer, Guest, Reply, Shop,
    refusal::{INVALID_TOKEN, TOKEN_ALREADY_ACTIVE},
    text,
};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

impl Shop {
    /// A guest asks for their place again, with nothing but their id.
    async fn ask_again(&self, buyer: &Buyer) -> Reply {
        let body = json!({ "user_id": buyer.user_id });
        self.post("/v1/auth/tokens").json(&body).send().await
    }

    async fn set_main(&self, admin: &Guest, settings: Value) {
        self.put_queue(admin, "main", &settings).await.ok();
    }

    /// An administrator with a valid token.
    async fn log_admin_in(&self, admin: &Guest) -> Guest {
        let body = json!({ "user_id": admin.user_id });
        let logged_in = self.post("/v1/auth/login").json(&body).send().await.ok();
        Guest {
            user_id: admin.user_id.clone(),
            access_token: text(&logged_in["token"]),
        }
    }
}

/// How long a token that was issued again is valid, compared with the time.
fn has_time_left(shop: &Shop, joined: &Value) -> bool {
    let expires_at: Timestamp = text(&joined["expires_at"]).parse().expect("a time");
    expires_at > shop.now() + SignedDuration::from_hours(24)
}

/// A shop whose scheduler is dead, because a month has many minutes. Joins and polls tick.
async fn slow_shop() -> (Shop, Guest) {
    let shop = Shop::without_schedule(&[("MainMaxActive", "1"), ("AuditMinutes", "0")]).await;
    let admin = shop.admin().await;
    (shop, admin)
}

#[tokio::test]
async fn place_outlives_a_night_of_pause() {
    let (shop, admin) = slow_shop().await;
    let inside = shop.buyer().await;
    let waits = shop.buyer().await;
    shop.leave(&inside).await;
    let paused = json!({ "max_active": 1, "state": "PAUSED" });
    shop.set_main(&admin, paused).await;
    shop.advance(13 * HOUR).await;

    let place = shop.get_place(&waits).await;
    assert_eq!(
        (&place["status"], &place["queue_position"]),
        (&json!("WAITING"), &json!(1))
    );
    shop.ask_again(&waits).await.is(TOKEN_ALREADY_ACTIVE);
    let admin = shop.log_admin_in(&admin).await;
    shop.set_main(&admin, json!({ "max_active": 1 })).await;
    shop.wait_for_turn(&waits, 60).await;
    shop.hold(&waits, 1).await.ok();
    shop.audit().await;
}

#[tokio::test]
async fn place_outlives_an_opening_that_is_moved() {
    let (shop, admin) = slow_shop().await;
    let opens_in = |seconds| json!({ "opens_at": shop.now() + SignedDuration::from_secs(seconds) });
    let concert_id = shop.add_queue("rock").await;
    shop.put_queue(&admin, "rock", &opens_in(3_600)).await.ok();
    let early = shop.join_for(&shop.guest().await, Some(&concert_id)).await;
    shop.put_queue(&admin, "rock", &opens_in(25 * 3_600))
        .await
        .ok();
    shop.advance(25 * HOUR - 10).await;
    assert_eq!(shop.status(&early).await, "EARLY");
    shop.advance(30).await;
    shop.wait_for_turn(&early, 60).await;
    assert_eq!(shop.status(&early).await, "ACTIVE");
}

/// A user who was away until their token expired gets a valid one, with the same number.
#[tokio::test]
async fn token_that_has_expired_is_issued_again_with_the_same_place() {
    let (shop, admin) = slow_shop().await;
    let inside = shop.buyer().await;
    let waits = shop.buyer().await;
    let behind = shop.buyer().await;
    let paused = json!({ "max_active": 1, "state": "PAUSED" });
    shop.set_main(&admin, paused).await;
    shop.leave(&inside).await;
    shop.advance(31 * DAY).await;

    let poll = shop.get("/v1/auth/tokens").token(&waits.token);
    poll.send().await.is(INVALID_TOKEN);
    let back = shop.ask_again(&waits).await.ok();
    assert_eq!(back["queue_position"], 1);
    assert!(has_time_left(&shop, &back), "{back}");
    let back = Buyer {
        token: text(&back["token"]),
        joined: back,
        ..waits
    };
    // While it is valid, it is not issued to anyone who only knows the user's id.
    shop.ask_again(&back).await.is(TOKEN_ALREADY_ACTIVE);

    let admin = shop.log_admin_in(&admin).await;
    shop.set_main(&admin, json!({ "max_active": 1 })).await;
    shop.wait_for_turn(&back, 60).await;
    shop.hold(&back, 1).await.ok();
    let behind = shop.ask_again(&behind).await.ok();
    assert_eq!(behind["queue_position"], 1);
    shop.audit().await;
}

/// With an access token or the key of the join, a token is issued again at any time, and is always
/// valid for days.
#[tokio::test]
async fn token_that_is_issued_again_is_good() {
    let (shop, admin) = slow_shop().await;
    shop.buyer().await;
    let guest = shop.guest().await;
    let body = json!({ "user_id": guest.user_id });
    let join = async || {
        let join = shop.post("/v1/auth/tokens").key("k");
        join.json(&body).send().await.ok()
    };
    let first = join().await;
    shop.set_main(&admin, json!({ "max_active": 1, "state": "PAUSED" }))
        .await;
    shop.advance(10 * DAY).await;
    assert_eq!(
        join().await["token"],
        first["token"],
        "it is still good for long"
    );
    for days in [10, 16, 29] {
        shop.advance(days * DAY).await;
        let again = join().await;
        assert!(has_time_left(&shop, &again), "{again}");
        assert_eq!(again["queue_position"], first["queue_position"]);
        let buyer = Buyer {
            user_id: guest.user_id.clone(),
            access_token: String::new(),
            token: text(&again["token"]),
            joined: again,
        };
        assert_eq!(shop.status(&buyer).await, "WAITING");
    }
}

/// A session of an earlier version, whose token was valid for twelve hours.
#[tokio::test]
async fn session_of_an_older_version_is_given_a_good_token() {
    let (shop, _) = slow_shop().await;
    shop.buyer().await;
    let waits = shop.buyer().await;
    let operator = shop.stack.operator().await;
    let user_id = waits.user_id.parse().expect("an id");
    let main = shared::domain::ids::QueueId::main();
    let session = operator.store().session(user_id, &main).await;
    let mut session = session.expect("an answer").expect("a session");
    session.expires_at = session.joined_at + SignedDuration::from_hours(12);
    operator
        .store()
        .issue_again(&session)
        .await
        .expect("written");
    shop.advance(13 * HOUR).await;
    let back = shop.ask_again(&waits).await.ok();
    assert!(has_time_left(&shop, &back), "{back}");
}
