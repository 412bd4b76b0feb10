//! Seats worth offering: a queue of its own lets in as many people as there are seats for, and says
//! when it is sold out.

use serde_json::{Value, json};

use crate::harness::{
    Buyer, Call, Guest, Shop,
    refusal::{SALE_OVER, SOLD_OUT},
    show, show_sold, text,
};

impl Shop {
    /// A shop whose concert has this many seats and a queue of its own, `rock`.
    async fn with_capacity(capacity: u32) -> Self {
        let mut shop = Self::open().await;
        let admin = shop.admin().await;
        let settings = json!({});
        shop.put_queue(&admin, "rock", &settings).await.ok();
        let few = shared::domain::show::Show {
            capacity,
            ..show(&shop.dates[0])
        };
        shop.concert_id = shop.add_concert("록 콘서트", "rock", &[few]).await;
        shop
    }

    /// This many users join one after the other. Then a tick lets in those for whom there is room.
    async fn fans_after_a_tick(&self, count: usize) -> Vec<Buyer> {
        let fans = self.fans(count).await;
        self.advance(10).await;
        fans
    }

    /// A shop with two seats, both sold, the receipt of one, and two users who waited.
    pub async fn sold_out() -> (Self, (Buyer, Value), Vec<Buyer>) {
        let shop = Self::with_capacity(2).await;
        let mut fans = shop.fans_after_a_tick(4).await;
        shop.buy(&fans[1], &[1]).await;
        let receipt = shop.buy(&fans[0], &[2]).await;
        shop.advance(10).await;
        let waited = fans.split_off(2);
        (shop, (fans.remove(0), receipt), waited)
    }

    /// A new user's request to join the queue of the concert.
    pub async fn ask_for_a_place(&self) -> Call {
        let guest = self.guest().await;
        let body = json!({ "user_id": guest.user_id, "concert_id": self.concert_id });
        self.post("/v1/auth/tokens").json(&body)
    }
}

#[tokio::test]
async fn line_lets_in_as_many_as_there_are_seats() {
    let shop = Shop::with_capacity(2).await;
    let fans = shop.fans_after_a_tick(4).await;
    assert_eq!(
        shop.statuses(&fans).await,
        ["ACTIVE", "ACTIVE", "WAITING", "WAITING"]
    );
    let document = shop.queue("rock").await;
    assert_eq!(document["seats_left"], 2);
    assert_eq!(document["state"], "OPEN");
    let ticks = shop.metrics();
    let ticks: Vec<_> = ticks
        .iter()
        .filter(|tick| tick["queue"] == "rock")
        .collect();
    let last = ticks.last().expect("a tick");
    assert_eq!(last["SeatsLeft"], json!(2.0), "the operator sees it");
    // Nobody else is let in, however long it takes.
    shop.advance(60).await;
    assert_eq!(shop.status(&fans[2]).await, "WAITING");
    shop.audit().await;
}

/// A session that waits behind the last seat reads that.
#[tokio::test]
async fn poll_says_who_is_beyond_the_seats() {
    let shop = Shop::with_capacity(3).await;
    let admin = shop.admin().await;
    let one = json!({ "max_active": 1 });
    shop.put_queue(&admin, "rock", &one).await.ok();
    let fans = shop.fans_after_a_tick(5).await;
    let document = shop.queue("rock").await;
    let number = |name: &str| document[name].as_u64().expect("a number");
    let (mut beyond, mut computed) = (Vec::new(), Vec::new());
    for fan in &fans {
        let place = shop.get_place(fan).await;
        beyond.push(place["beyond_seats"] == true);
        let ahead = place["queue_position"].as_u64().expect("a place");
        computed.push(number("served") + ahead > number("seats_through"));
    }
    assert_eq!(beyond, [false, false, false, true, true]);
    // A page computes the same from the document.
    assert_eq!(computed, beyond, "{document}");
}

#[tokio::test]
async fn line_lets_nobody_in_while_every_seat_is_held() {
    let shop = Shop::with_capacity(2).await;
    let fans = shop.fans_after_a_tick(4).await;
    shop.hold(&fans[0], 1).await.ok();
    let held = shop.hold(&fans[1], 2).await.ok();
    shop.advance(30).await;
    assert_eq!(shop.status(&fans[2]).await, "WAITING");
    let document = shop.queue("rock").await;
    assert_eq!(document["seats_left"], 0);
    assert_eq!(document["state"], "OPEN", "not all of them are sold");

    // A user who cancels is still inside and may hold another seat. When they leave, the next one
    // comes in.
    let path = shop.reservation(&held);
    shop.delete(&path).send_as(&fans[1].token).await.ok();
    shop.advance(10).await;
    assert_eq!(shop.status(&fans[2]).await, "WAITING");
    shop.leave(&fans[1]).await;
    shop.advance(10).await;
    assert_eq!(shop.status(&fans[2]).await, "ACTIVE");
    assert_eq!(shop.status(&fans[3]).await, "WAITING");

    // The same when a hold lapses.
    shop.hold(&fans[2], 2).await.ok();
    shop.advance(200).await;
    assert_eq!(shop.status(&fans[3]).await, "WAITING");
    shop.advance(70).await;
    assert_eq!(shop.status(&fans[3]).await, "ACTIVE");
    shop.audit().await;
}

#[tokio::test]
async fn line_ends_for_all_at_once_when_every_seat_is_sold() {
    let (shop, _, waited) = Shop::sold_out().await;
    for fan in &waited {
        let place = shop.get_place(fan).await;
        assert_eq!(place["status"], "CLOSED");
        assert_eq!(place["reason"], "SOLD_OUT");
        shop.ask_for_dates(fan)
            .send()
            .await
            .session_over(Some("SOLD_OUT"));
    }
    let document = shop.queue("rock").await;
    assert_eq!(document["state"], "SOLD_OUT");
    assert_eq!(document["seats_left"], 0);
    assert_eq!(document["closed_through"], 4);
    shop.ask_for_a_place().await.send().await.is(SOLD_OUT);
    assert_eq!(shop.queue("main").await["state"], "OPEN", "another queue");
    shop.audit().await;
}

/// The session of a user who was let in and got nothing is over, too.
#[tokio::test]
async fn active_session_without_a_seat_ends_when_every_seat_is_sold() {
    let shop = Shop::with_capacity(2).await;
    let fans = shop.fans_after_a_tick(2).await;
    shop.ask_for_dates(&fans[1]).send().await.ok();
    shop.buy(&fans[0], &[1, 2]).await;
    shop.advance(10).await;
    let place = shop.get_place(&fans[1]).await;
    assert_eq!(place["reason"], "SOLD_OUT");
    shop.ask_for_dates(&fans[1])
        .send()
        .await
        .session_over(Some("SOLD_OUT"));
}

#[tokio::test]
async fn refund_opens_the_line_for_newcomers() {
    let (shop, (owner, receipt), waited) = Shop::sold_out().await;
    let path = shop.reservation(&receipt);
    shop.delete(&path).send_as(&owner.token).await.ok();
    shop.advance(2).await;
    let document = shop.queue("rock").await;
    assert_eq!(document["state"], "OPEN");
    assert_eq!(document["seats_left"], 1);
    assert_eq!(
        text(&shop.get_place(&waited[0]).await["reason"]),
        "SOLD_OUT"
    );

    // A user whose session is over may join again, with a new number.
    let back = Guest {
        user_id: waited[1].user_id.clone(),
        access_token: waited[1].access_token.clone(),
    };
    let back = shop.join_for(&back, Some(&shop.concert_id)).await;
    let late = shop.fan().await;
    shop.advance(10).await;
    let at_the_end = shop.statuses(&[back.clone(), late]).await;
    assert_eq!(at_the_end, ["ACTIVE", "WAITING"]);
    shop.buy(&back, &[2]).await;
    shop.advance(10).await;
    assert_eq!(shop.queue("rock").await["closed_through"], 6);
    shop.ask_for_a_place().await.send().await.is(SOLD_OUT);
    shop.audit().await;
}

/// The scheduler is dead. A join ticks the line, and counts the seats that are left.
#[tokio::test]
async fn line_lets_in_no_more_although_the_scheduler_is_dead() {
    let mut shop = Shop::without_schedule(&[]).await;
    let admin = shop.admin().await;
    shop.put_queue(&admin, "rock", &json!({})).await.ok();
    let one = shared::domain::show::Show {
        capacity: 1,
        ..show(&shop.dates[0])
    };
    shop.concert_id = shop.add_concert("록 콘서트", "rock", &[one]).await;
    shop.advance(60).await;
    let both = [shop.fan().await, shop.fan().await];
    shop.advance(5).await;
    assert_eq!(shop.statuses(&both).await, ["ACTIVE", "WAITING"]);
    shop.buy(&both[0], &[1]).await;
    shop.advance(60).await;
    shop.ask_for_a_place().await.send().await.is(SOLD_OUT);
}

/// The call that freed the seat was cut off before it could wake the line.
#[tokio::test]
async fn refund_that_was_cut_off_opens_the_line_in_the_end() {
    let (shop, (owner, receipt), _) = Shop::sold_out().await;
    shop.advance(600).await;
    let operator = shop.stack.operator().await;
    let user_id = owner.user_id.parse().expect("an id");
    let reservation_id = text(&receipt["reservation_id"]).parse().expect("an id");
    let order = operator.store().order(user_id, reservation_id).await;
    let order = order.expect("an answer").expect("an order");
    let refunded = operator
        .store()
        .refund(&order, &order.seats, None, None, shop.now())
        .await;
    refunded.expect("a refund");
    assert_eq!(shop.queue("rock").await["state"], "SOLD_OUT");
    shop.advance(60).await;
    assert_eq!(shop.queue("rock").await["state"], "OPEN");
    shop.audit().await;
}

/// There is nothing to wait for, but it is not sold out.
#[tokio::test]
async fn line_lets_nobody_in_without_a_seat_on_sale() {
    let shop = Shop::with_capacity(2).await;
    let later = show_sold(
        "2027-01-01",
        Some("2026-12-01T00:00:00Z".parse().expect("a time")),
        None,
    );
    let admin = shop.admin().await;
    shop.put_queue(&admin, "jazz", &json!({})).await.ok();
    let concert_id = shop.add_concert("재즈", "jazz", &[later]).await;
    let fan = shop.join_for(&shop.guest().await, Some(&concert_id)).await;
    shop.advance(60).await;
    assert_eq!(shop.status(&fan).await, "WAITING");
    assert_eq!(shop.queue("jazz").await["state"], "OPEN");
}

/// A seat that is unsold when the sale closes does not keep the line open.
#[tokio::test]
async fn seats_that_are_on_sale_no_more_are_not_offered() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    shop.put_queue(&admin, "jazz", &json!({})).await.ok();
    let closes_at = shop.now() + shared::jiff::SignedDuration::from_secs(60);
    let closing = show_sold("2027-01-01", None, Some(closes_at));
    let concert_id = shop.add_concert("재즈", "jazz", &[closing]).await;
    let early = shop.join_for(&shop.guest().await, Some(&concert_id)).await;
    shop.advance(10).await;
    assert_eq!(shop.status(&early).await, "ACTIVE");
    shop.advance(600).await;
    let body = json!({ "user_id": shop.guest().await.user_id, "concert_id": concert_id });
    let late = shop.post("/v1/auth/tokens").json(&body);
    late.send().await.is(SALE_OVER);
}
