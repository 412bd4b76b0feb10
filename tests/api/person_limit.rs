//! A limit of seats a person, over all reservations of a concert.

use serde_json::{Value, json};
use shared::{
    domain::{
        ids::{PaymentId, ReservationId},
        money::Money,
        order::Hold,
        seat::{SeatNumber, SeatSet},
        session::Session,
        show::Show,
    },
    error::ApiError,
    futures_util::future::join_all,
    jiff::SignedDuration,
};

use crate::harness::{
    Buyer, Guest, PRICE, Reply, Shop, pay_hold, refusal::INVALID_PERSON_LIMIT, show, text,
};

/// A shop whose concert has two shows of 50 seats, and lets each person have that many.
async fn shop_with(limit: u32) -> (Shop, Guest) {
    let mut shop = Shop::empty().await;
    let admin = shop.admin().await;
    let shows =
        json!([{ "date": "2026-12-24", "price": PRICE }, { "date": "2026-12-25", "price": PRICE }]);
    let concert = json!({ "name": "한정", "most_seats_a_person": limit, "shows": shows });
    let created = shop.create(&admin, &concert).await.expect(201);
    assert_eq!(created["most_seats_a_person"], limit);
    shop.concert_id = text(&created["concert_id"]);
    (shop, admin)
}

#[track_caller]
fn is_limit(reply: Reply, limit: u32, bought: u32) {
    assert_eq!(
        (&reply.body["limit"], &reply.body["bought"]),
        (&json!(limit), &json!(bought)),
        "{}",
        reply.text
    );
    reply.refused(409, "PERSON_LIMIT");
}

impl Shop {
    /// The same user in the line again.
    async fn again(&self, buyer: &Buyer) -> Buyer {
        self.rejoin(buyer).await
    }

    async fn hold_on(&self, buyer: &Buyer, date: &str, seats: &[u32]) -> Reply {
        let call = self.post(&self.reservations()).token(&buyer.token);
        call.json(&json!({ "date": date, "seat_numbers": seats }))
            .send()
            .await
    }
}

#[tokio::test]
async fn nobody_gets_more_seats_of_a_concert_than_its_limit() {
    let (shop, _) = shop_with(3).await;
    let buyer = shop.buyer().await;
    is_limit(shop.hold_all(&buyer, &[1, 2, 3, 4]).await, 3, 0);
    is_limit(shop.hold_best(&buyer, json!({ "count": 4 })).await, 3, 0);
    let first = shop.buy(&buyer, &[1, 2]).await;
    let buyer = shop.again(&buyer).await;
    is_limit(shop.hold_all(&buyer, &[3, 4]).await, 3, 2);
    // The limit is that of all shows of the concert.
    is_limit(shop.hold_on(&buyer, "2026-12-25", &[3, 4]).await, 3, 2);
    let held = shop.hold_on(&buyer, "2026-12-25", &[3]).await.ok();
    shop.charge(&buyer, PRICE).await.ok();
    shop.pay(&buyer, &held).await.ok();
    let buyer = shop.again(&buyer).await;
    is_limit(shop.hold_all(&buyer, &[5]).await, 3, 3);
    // A refund makes room.
    let path = format!("{}?seat_numbers=2", shop.reservation(&first));
    shop.delete(&path).send_as(&buyer.access_token).await.ok();
    let held = shop.hold_all(&buyer, &[5]).await.ok();
    shop.pay(&buyer, &held).await.ok();
    shop.audit().await;
    // Somebody else has a limit of their own.
    let other = shop.buyer().await;
    shop.buy(&other, &[6, 7, 8]).await;
}

#[tokio::test]
async fn limit_can_be_set_changed_and_removed_and_a_hold_keeps_its_own() {
    let (shop, admin) = shop_with(1).await;
    let change = async |limit: Value| {
        let body = json!({ "most_seats_a_person": limit });
        shop.change(&admin, &shop.concert_id, &body).await
    };
    let buyer = shop.buyer().await;
    is_limit(shop.hold_all(&buyer, &[1, 2]).await, 1, 0);
    assert_eq!(change(json!(2)).await.ok()["most_seats_a_person"], 2);
    shop.advance(5).await;
    let held = shop.hold_all(&buyer, &[1, 2]).await.ok();
    change(json!(1)).await.ok();
    shop.advance(5).await;
    shop.charge(&buyer, 2 * PRICE).await.ok();
    shop.pay(&buyer, &held).await.ok();
    // What was bought before there was another limit counts.
    let buyer = shop.again(&buyer).await;
    is_limit(shop.hold_all(&buyer, &[3]).await, 1, 2);
    let free = change(Value::Null).await.ok();
    assert!(free.get("most_seats_a_person").is_none());
    shop.advance(5).await;
    shop.hold_all(&buyer, &[3, 4, 5, 6]).await.ok();
    for wrong in [json!(0), json!(101), json!(1.5), json!("3"), json!([1])] {
        change(wrong).await.is(INVALID_PERSON_LIMIT);
    }
    shop.audit().await;
}

/// The sessions of a user in queues of their own, each with a hold of these seats of the concert.
async fn holding_in_queues(
    shop: &Shop,
    guest: &Guest,
    queues: &[(String, String)],
    seats: impl Fn(usize) -> Vec<u64>,
    limit: u32,
) -> Vec<(Session, Hold)> {
    let app = shop.stack.operator().await;
    let mut all = Vec::new();
    for (n, (queue_id, concert_id)) in queues.iter().enumerate() {
        shop.join_for(guest, Some(concert_id)).await;
        let user_id = guest.user_id.parse().expect("an id");
        let queue_id = queue_id.parse().expect("an id");
        let session = app.store().session(user_id, &queue_id);
        let session = session.await.expect("an answer").expect("a session");
        let seats: Vec<_> = seats(n).into_iter().filter_map(SeatNumber::new).collect();
        let hold = Hold {
            reservation_id: ReservationId::new(),
            payment_id: PaymentId::new(),
            concert_id: shop.concert_id.parse().expect("an id"),
            show_key: shop.dates[0].parse().expect("a key"),
            concert_name: None,
            amount: Money::won(PRICE).times(seats.len()).expect("an amount"),
            seats: SeatSet::new(seats).expect("seats"),
            plan_id: None,
            prices: None,
            limit: Some(limit),
            held_until: shop.now() + SignedDuration::from_secs(300),
        };
        let placed = app.store().place_hold(&session, &hold, shop.now()).await;
        placed.expect("a hold");
        all.push((session, hold));
    }
    all
}

/// This many queues, each with a concert.
async fn queues(shop: &Shop, count: usize) -> Vec<(String, String)> {
    let mut queues = Vec::new();
    for n in 0..count {
        let queue_id = format!("queue-{n}");
        let concert_id = shop.add_queue(&queue_id).await;
        queues.push((queue_id, concert_id));
    }
    queues
}

/// A user may hold in several queues at once, and each hold is within the limit. The payment is what
/// counts.
#[tokio::test]
async fn payment_over_the_limit_is_refused_and_the_hold_stays() {
    let (shop, _) = shop_with(3).await;
    let guest = shop.guest().await;
    let buyer = shop.join(&guest).await;
    let held = shop.hold_all(&buyer, &[1, 2]).await.ok();
    let queue = queues(&shop, 1).await;
    let beside = holding_in_queues(&shop, &guest, &queue, |_| vec![3, 4], 3).await;
    shop.charge(&buyer, 4 * PRICE).await.ok();
    let app = shop.stack.operator().await;
    let (session, other) = &beside[0];
    pay_hold(app.store(), session, other, shop.now())
        .await
        .expect("a payment");
    is_limit(shop.pay(&buyer, &held).await, 3, 2);
    assert_eq!(shop.reservation_status(&buyer, &held).await, "HELD");
    assert_eq!(shop.balance(&buyer).await, json!(2 * PRICE));
    // Room is made, and the same hold is paid. Its receipt comes again, although nothing is left.
    let path = format!(
        "{}/{}?seat_numbers=4",
        shop.reservations(),
        other.reservation_id
    );
    shop.delete(&path).send_as(&buyer.access_token).await.ok();
    let receipt = shop.pay(&buyer, &held).await.ok();
    assert_eq!(shop.pay(&buyer, &held).await.ok(), receipt);
    shop.audit().await;
}

/// Two hundred people, each with ten sessions that hold a seat and pay at the same time.
#[tokio::test]
async fn two_hundred_people_with_ten_sessions_each_keep_the_limit() {
    const PEOPLE: usize = 200;
    const SESSIONS: usize = 10;
    const LIMIT: u32 = 4;
    let mut large = Shop::empty().await;
    let seats = Show {
        capacity: 2_000,
        ..show(&large.dates[0])
    };
    large.concert_id = large.add_concert("한정", "main", &[seats]).await;
    let queues = queues(&large, SESSIONS).await;
    let app = large.stack.operator().await;
    let mut people = Vec::new();
    for person in 0..PEOPLE {
        let guest = large.guest().await;
        let first = person * SESSIONS + 1;
        let seats = |session: usize| vec![(first + session) as u64];
        let held = holding_in_queues(&large, &guest, &queues, seats, LIMIT).await;
        let path = format!("/v1/users/{}/balance", guest.user_id);
        let amount = json!({ "amount": PRICE * 10 });
        let call = large.post(&path).token(&guest.access_token).json(&amount);
        call.send().await.ok();
        people.push((guest, held));
    }
    // All sessions of a person at once, and those of several people.
    for some in people.chunks(8) {
        let payments = some.iter().map(async |(_, held)| {
            let paid = held.iter().map(async |(session, hold)| {
                // As people do who are told that it is busy.
                loop {
                    let paid = pay_hold(app.store(), session, hold, large.now()).await;
                    match paid.map_err(ApiError::from) {
                        Ok(_) => return true,
                        Err(ApiError::Busy(_)) => {}
                        Err(ApiError::PersonLimit { .. }) => return false,
                        Err(error) => panic!("{error}"),
                    }
                }
            });
            let paid = join_all(paid).await;
            paid.into_iter().filter(|paid| *paid).count()
        });
        for paid in join_all(payments).await {
            assert_eq!(paid, LIMIT as usize, "no more and no less than the limit");
        }
    }
    large.audit().await;
}
