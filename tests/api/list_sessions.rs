//! `GET /v1/users/{user_id}/sessions`.

use serde_json::{Value, json};

use crate::harness::{
    Guest, NOBODY, Shop,
    refusal::{FORBIDDEN, INVALID_TOKEN, INVALID_USER_ID, USER_NOT_FOUND},
    text,
};

impl Shop {
    /// The sessions of a user.
    async fn sessions(&self, admin: &Guest, user_id: &str) -> Vec<Value> {
        let path = format!("/v1/users/{user_id}/sessions");
        let answer = self.get(&path).send_as(&admin.access_token).await.ok();
        assert!(!answer.to_string().contains("eyJ"), "no token: {answer}");
        answer["sessions"].as_array().expect("sessions").clone()
    }

    /// Requires that the list says what a poll says.
    async fn same_as_poll(&self, admin: &Guest, buyer: &crate::harness::Buyer) -> Value {
        let place = self.get_place(buyer).await;
        let session = self.sessions(admin, &buyer.user_id).await.remove(0);
        for (field, value) in place.as_object().expect("an object") {
            if field != "server_time" {
                assert_eq!(&session[field], value, "{field}");
            }
        }
        session
    }
}

#[tokio::test]
async fn session_is_listed_as_its_user_sees_it() {
    let shop = Shop::with_room_for_one().await;
    let admin = shop.admin().await;
    let (inside, waiting) = (shop.buyer().await, shop.buyer().await);
    let joined_at = shop.in_seconds(0);
    let session = shop.same_as_poll(&admin, &waiting).await;
    assert_eq!(
        (&session["status"], &session["number"], &session["is_early"]),
        (&json!("WAITING"), &json!(2), &json!(false))
    );
    assert_eq!(session["joined_at"], joined_at);
    assert_eq!(session.get("arrived_at"), None);
    shop.same_as_poll(&admin, &inside).await;

    let held = shop.hold(&inside, 7).await.ok();
    let session = shop.same_as_poll(&admin, &inside).await;
    assert_eq!(session["arrived_at"], joined_at);
    assert_eq!(session["reservation"]["seat_numbers"], json!([7]));
    shop.cancel(&inside, &held).await.ok();
    let session = shop.same_as_poll(&admin, &inside).await;
    assert_eq!(
        session["last_reservation"],
        json!({
            "reservation_id": held["reservation_id"], "concert_id": shop.concert_id,
            "date": shop.dates[0], "show": shop.dates[0], "seat_numbers": [7],
            "status": "CANCELLED",
        })
    );
    shop.hold(&inside, 8).await.ok();
    shop.advance(300).await;
    let session = shop.same_as_poll(&admin, &inside).await;
    assert_eq!(session["reason"], "HOLD_EXPIRED");
    assert_eq!(session["last_reservation"]["status"], "EXPIRED");
    assert_eq!(session["last_reservation"]["seat_numbers"], json!([8]));
}

#[tokio::test]
async fn user_has_a_session_in_each_queue() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let rock = shop.add_queue("rock").await;
    let guest = shop.guest().await;
    assert_eq!(
        shop.sessions(&admin, &guest.user_id).await,
        [] as [Value; 0]
    );
    shop.join(&guest).await;
    shop.join_for(&guest, Some(&rock)).await;
    let sessions = shop.sessions(&admin, &guest.user_id).await;
    let queues: Vec<_> = sessions.iter().map(|one| text(&one["queue_id"])).collect();
    assert_eq!(queues, ["main", "rock"]);
    assert_eq!(sessions[1]["concert_id"], json!(rock));
}

#[tokio::test]
async fn early_entry_has_a_number_after_the_draw() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    shop.add_queue("rock").await;
    let opens_at = shop.in_seconds(60);
    let settings = json!({ "opens_at": opens_at });
    shop.put_queue(&admin, "jazz", &settings).await.ok();
    let concert = shop
        .add_concert("재즈", "jazz", &[crate::harness::show("2027-01-01")])
        .await;
    let guest = shop.guest().await;
    let early = shop.join_for(&guest, Some(&concert)).await;
    let session = shop.same_as_poll(&admin, &early).await;
    assert_eq!(session.get("number"), None);
    assert_eq!(
        (
            &session["status"],
            &session["is_early"],
            &session["opens_at"]
        ),
        (&json!("EARLY"), &json!(true), &opens_at)
    );
    shop.advance(70).await;
    let session = shop.same_as_poll(&admin, &early).await;
    assert_eq!(
        (&session["number"], &session["is_early"]),
        (&json!(1), &json!(true))
    );
}

#[tokio::test]
async fn sessions_are_listed_for_administrators_only() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    let ask = async |user_id: &str, token: &str| {
        let path = format!("/v1/users/{user_id}/sessions");
        shop.get(&path).send_as(token).await
    };
    ask(&buyer.user_id, &buyer.access_token).await.is(FORBIDDEN);
    ask(&buyer.user_id, &other.access_token).await.is(FORBIDDEN);
    ask(&buyer.user_id, &buyer.token).await.is(INVALID_TOKEN);
    ask(NOBODY, &other.access_token).await.is(FORBIDDEN);
    ask(NOBODY, &admin.access_token).await.is(USER_NOT_FOUND);
    ask("audit", &admin.access_token).await.is(INVALID_USER_ID);
}
