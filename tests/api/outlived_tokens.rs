//! Queue tokens of an earlier generation: they keep their place in the line, and are refused for
//! money and for the user.

use serde_json::{Value, json};

use crate::harness::{
    Buyer, Door, Guest, PASSWORD, PRICE, Shop,
    doors::Guarded,
    refusal::{HOLD_EXPIRED, INVALID_TOKEN},
    text,
    tokens::claims,
};

const NEXT: &str = "another long password";

impl Shop {
    /// A user with a password, who holds a seat and can pay for it.
    async fn account_that_holds(&self) -> (Buyer, Value) {
        let account = self.account("mina@example.com").await;
        let buyer = self.signed_in_buyer(&account.as_guest()).await;
        let held = self.hold(&buyer, 7).await.ok();
        self.charge(&buyer, PRICE).await.ok();
        (buyer, held)
    }

    /// A user with an access token joins the queue.
    async fn signed_in_buyer(&self, user: &Guest) -> Buyer {
        let buyer = Buyer {
            user_id: user.user_id.clone(),
            access_token: user.access_token.clone(),
            token: String::new(),
            joined: Value::Null,
        };
        self.rejoin_with(&buyer, &user.access_token).await
    }

    /// The endpoints that show or move money or the user, with queue tokens.
    fn of_money(&self, buyer: &Buyer, held: &Value) -> Vec<Guarded> {
        let doors = self.guarded(&buyer.user_id, &text(&held["reservation_id"]));
        let of_money = |door: &Guarded| door.door == Door::User || door.name == "pay";
        let doors: Vec<_> = doors.into_iter().filter(of_money).collect();
        assert_eq!(doors.len(), 9);
        doors
    }

    /// Checks that a token is refused for money, and accepted in the line.
    async fn is_good_for_the_line_alone(&self, old: &Buyer, held: &Value) {
        for door in self.of_money(old, held) {
            let reply = door.call(self).send_as(&old.token).await;
            assert_eq!(reply.status, 401, "{}: {}", door.name, reply.body);
            reply.is(INVALID_TOKEN);
        }
        assert_eq!(self.status(old).await, "ACTIVE");
        self.ask_for_dates(old).send().await.ok();
        self.seats(old).await;
    }

    /// The same token, as a version issued it that had no generations.
    async fn without_generation(&self, token: &str) -> String {
        let mut said = claims(token);
        let fields = said.as_object_mut().expect("claims");
        fields.remove("generation").expect("a generation");
        self.signed(said).await
    }
}

#[tokio::test]
async fn queue_token_keeps_only_its_place_after_a_log_out() {
    let shop = Shop::open().await;
    let (buyer, held) = shop.account_that_holds().await;
    let out = shop.post("/v1/auth/logout").token(&buyer.access_token);
    out.send().await.ok();
    shop.is_good_for_the_line_alone(&buyer, &held).await;

    // After another log-in, a join returns a valid token of the same session.
    let logged_in = shop.log_in("mina@example.com", PASSWORD).await.ok();
    let again = shop.rejoin_with(&buyer, &text(&logged_in["token"])).await;
    assert_eq!(claims(&again.token)["jti"], claims(&buyer.token)["jti"]);
    assert_eq!(claims(&again.token)["generation"], 1);
    assert_eq!(shop.balance(&again).await, json!(PRICE));
    shop.pay(&again, &held).await.ok();
    shop.is_over_for(&buyer, &held).await;
    shop.audit().await;
}

impl Shop {
    /// Checks that an old token can neither read a receipt again nor refund paid seats.
    async fn is_over_for(&self, old: &Buyer, held: &Value) {
        self.pay(old, held).await.is(INVALID_TOKEN);
        let refund = self.delete(&self.reservation(held)).token(&old.token);
        refund.send().await.is(INVALID_TOKEN);
    }
}

#[tokio::test]
async fn queue_token_keeps_only_its_place_after_another_password() {
    let shop = Shop::open().await;
    let (buyer, held) = shop.account_that_holds().await;
    let body = json!({ "password": NEXT, "current_password": PASSWORD });
    let path = format!("/v1/users/{}", buyer.user_id);
    let change = shop.patch(&path).token(&buyer.access_token).json(&body);
    change.send().await.ok();
    shop.is_good_for_the_line_alone(&buyer, &held).await;
    // Leaving is a call of the line too.
    shop.leave(&buyer).await;
    shop.audit().await;
}

#[tokio::test]
async fn guest_that_becomes_an_account_keeps_their_tokens() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    shop.charge(&buyer, PRICE).await.ok();
    let body = json!({ "email": "mina@example.com", "password": PASSWORD });
    let path = format!("/v1/users/{}", buyer.user_id);
    let change = shop.patch(&path).token(&buyer.access_token).json(&body);
    change.send().await.ok();
    shop.get(&path).send_as(&buyer.token).await.ok();
    shop.pay(&buyer, &held).await.ok();
}

#[tokio::test]
async fn queue_token_of_an_administrator_is_like_any_other() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let buyer = shop.signed_in_buyer(&admin).await;
    let held = shop.hold(&buyer, 7).await.ok();
    let out = shop.post("/v1/auth/logout").token(&admin.access_token);
    out.send().await.ok();
    shop.is_good_for_the_line_alone(&buyer, &held).await;
}

#[tokio::test]
async fn tokens_of_two_generations_ago_are_refused_as_those_of_the_last() {
    let shop = Shop::open().await;
    let mut buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    let mut old = Vec::new();
    for _ in 0..2 {
        let out = shop.post("/v1/auth/logout").token(&buyer.access_token);
        out.send().await.ok();
        old.push(buyer.clone());
        let token = shop.token_of(&buyer.user_id).await;
        buyer = shop.rejoin_with(&buyer, &token).await;
    }
    for old in &old {
        shop.is_good_for_the_line_alone(old, &held).await;
    }
    shop.charge(&buyer, PRICE).await.ok();
    shop.pay(&buyer, &held).await.ok();
}

/// Tokens and accounts of an earlier version have no generations.
#[tokio::test]
async fn token_without_a_generation_is_good_until_its_user_logs_out() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    let old = Buyer {
        token: shop.without_generation(&buyer.token).await,
        ..buyer.clone()
    };
    shop.charge(&old, 1).await.ok();
    let user = format!("/v1/users/{}", old.user_id);
    shop.get(&user).send_as(&old.token).await.ok();
    assert_eq!(shop.reservation_status(&old, &held).await, "HELD");
    let out = shop.post("/v1/auth/logout").token(&buyer.access_token);
    out.send().await.ok();
    shop.is_good_for_the_line_alone(&old, &held).await;
}

/// The user's generation has changed, but their account has none stored.
#[tokio::test]
async fn user_whose_account_has_no_generation_buys_as_before() {
    let shop = Shop::open().await;
    let guest = shop.guest().await;
    let key = json!({ "id": guest.user_id });
    shop.change_item("Users", key, json!({ "generation": 3 }))
        .await;
    let token = shop.token_of(&guest.user_id).await;
    let buyer = shop.join(&guest).await;
    let old = Buyer {
        token: shop.without_generation(&buyer.token).await,
        ..buyer.clone()
    };
    assert_eq!(claims(&buyer.token)["generation"], 3);
    let held = shop.hold(&buyer, 7).await.ok();
    shop.charge(&buyer, PRICE).await.ok();
    shop.charge(&old, 1).await.ok();
    // It is not known whether this token is from before the last log-out, so it cannot read the
    // address.
    let user = format!("/v1/users/{}", old.user_id);
    shop.get(&user).send_as(&old.token).await.is(INVALID_TOKEN);
    shop.get(&user).send_as(&buyer.token).await.ok();

    let out = shop.post("/v1/auth/logout").token(&token);
    out.send().await.ok();
    for old in [&buyer, &old] {
        shop.is_good_for_the_line_alone(old, &held).await;
    }
    let token = shop.token_of(&guest.user_id).await;
    let buyer = shop.rejoin_with(&buyer, &token).await;
    assert_eq!(claims(&buyer.token)["generation"], 4);
    shop.pay(&buyer, &held).await.ok();
    shop.audit().await;
}

#[tokio::test]
async fn ended_token_is_refused_before_any_other_error() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    shop.advance(300).await;
    shop.pay(&buyer, &held).await.is(HOLD_EXPIRED);
    let out = shop.post("/v1/auth/logout").token(&buyer.access_token);
    out.send().await.ok();
    shop.is_over_for(&buyer, &held).await;
}
