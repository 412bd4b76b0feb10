//! `GET /v1/admin/queues/{queue_id}`.

use serde_json::{Value, json};
use shared::domain::show::Show;

use crate::harness::{
    Guest, NOBODY, PRICE, Shop,
    halls::{HALL_DATE, small_hall},
    refusal::{CONCERT_NOT_FOUND, FORBIDDEN, QUEUE_NOT_FOUND},
    show, show_sold,
};

impl Shop {
    /// What an operator watches of a queue. `query` may name a concert.
    async fn watch(&self, admin: &Guest, queue_and_query: &str) -> Value {
        let path = format!("/v1/admin/queues/{queue_and_query}");
        self.get(&path).send_as(&admin.access_token).await.ok()
    }

    /// A shop whose concert has a queue of its own, `rock`, with this many seats.
    async fn rock(capacity: u32) -> (Self, Guest) {
        let mut shop = Self::open().await;
        let admin = shop.admin().await;
        shop.put_queue(&admin, "rock", &json!({ "max_active": 10 }))
            .await
            .ok();
        let one = Show {
            capacity,
            ..show(&shop.dates[0])
        };
        shop.concert_id = shop.add_concert("록 콘서트", "rock", &[one]).await;
        (shop, admin)
    }
}

#[tokio::test]
async fn queue_that_nobody_has_joined_has_its_free_seats() {
    let (shop, admin) = Shop::rock(50).await;
    let seen = shop.watch(&admin, "rock").await;
    let counts = json!({ "sold": 0, "held": 0, "left": 50 });
    let mut expected = json!({
        "queue_id": "rock", "state": "OPEN", "version": 1, "max_active": 10, "active": 0,
        "issued": 0, "waiting": 0,
        "seats": { "capacity": 50, "sold": 0, "held": 0, "left": 50, "uncounted": 0 },
        "shows": [{
            "concert_id": shop.concert_id, "concert_name": "록 콘서트",
            "date": shop.dates[0], "show": shop.dates[0], "sale": "OPEN", "capacity": 50, "counts": counts, "counted_at": shop.in_seconds(0),
        }],
        "server_time": shop.now(),
    });
    for credit in ["served", "ticked_at"] {
        expected[credit] = seen[credit].clone();
    }
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn seats_are_told_apart_by_what_has_become_of_them() {
    let (shop, admin) = Shop::rock(50).await;
    let fans = shop.fans(4).await;
    shop.advance(10).await;
    shop.buy(&fans[0], &[1, 2, 3]).await;
    shop.hold_all(&fans[1], &[4, 5]).await.ok();
    let lapses = shop.hold_all(&fans[2], &[6]).await.ok();
    shop.cancel(&fans[2], &lapses).await.ok();
    shop.advance(5).await;
    let seen = shop.watch(&admin, "rock").await;
    let counts = json!({ "sold": 3, "held": 2, "left": 45 });
    assert_eq!(seen["shows"][0]["counts"], counts);
    assert_eq!(seen["shows"][0]["counted_at"], shop.in_seconds(0));
    assert_eq!(
        seen["seats"],
        json!({ "capacity": 50, "sold": 3, "held": 2, "left": 45, "uncounted": 0 })
    );
    assert_eq!(seen["issued"], 4);
    assert_eq!(seen["active"], 3, "one has paid");
    assert_eq!(seen["waiting"], 0);

    // The count is kept for four seconds.
    shop.hold_all(&fans[3], &[7]).await.ok();
    shop.advance(3).await;
    let known = shop.watch(&admin, "rock").await;
    assert_eq!(known["shows"], seen["shows"]);
    shop.advance(1).await;
    let counted = shop.watch(&admin, "rock").await;
    assert_eq!(counted["shows"][0]["counts"]["held"], 3);
    // A hold that is over takes its seat for two seconds more.
    shop.advance(303).await;
    let over = shop.watch(&admin, "rock").await;
    let counts = json!({ "sold": 3, "held": 0, "left": 47 });
    assert_eq!(over["shows"][0]["counts"], counts);
}

#[tokio::test]
async fn seats_of_a_hall_are_counted_by_grade() {
    let mut shop = Shop::empty().await;
    let admin = shop.admin().await;
    let prices = json!({ "VIP": 20_000, "R": 10_000 });
    shop.move_to_hall(&admin, &small_hall().to_string(), prices)
        .await;
    let (first, second) = (shop.buyer().await, shop.buyer().await);
    let held = shop.hold_all(&first, &[1, 2]).await.ok();
    shop.pay_in_full(&first, &held).await;
    shop.hold_all(&second, &[3, 5]).await.ok();
    let path = format!("main?concert_id={}", shop.concert_id);
    let seen = shop.watch(&admin, &path).await;
    assert_eq!(seen["shows"][0]["show"], HALL_DATE);
    assert_eq!(seen["shows"][0]["concert_name"], "홀 콘서트");
    assert_eq!(
        seen["shows"][0]["counts"],
        json!({ "sold": 2, "held": 2, "left": 2 })
    );
    assert_eq!(
        seen["shows"][0]["grades"],
        json!([
            { "grade": "VIP", "capacity": 4, "counts": { "sold": 2, "held": 1, "left": 1 } },
            { "grade": "R", "capacity": 2, "counts": { "sold": 0, "held": 1, "left": 1 } },
        ])
    );
}

/// 250 blocks of seats: a call counts 200.
#[tokio::test]
async fn many_seats_are_counted_in_turn() {
    let (shop, admin) = Shop::rock(50_000).await;
    let large = Show {
        capacity: 75_000,
        ..show("2027-01-01")
    };
    shop.add_concert("큰 콘서트", "rock", &[large]).await;
    let seen = shop.watch(&admin, "rock").await;
    assert_eq!(seen["seats"]["uncounted"], 1);
    let uncounted = |seen: &Value| {
        let shows = seen["shows"].as_array().expect("shows").clone();
        shows.iter().filter(|show| show["counts"].is_null()).count()
    };
    assert_eq!(uncounted(&seen), 1);
    let seen = shop.watch(&admin, "rock").await;
    assert_eq!(uncounted(&seen), 0);
    assert_eq!(
        seen["seats"],
        json!({ "capacity": 125_000, "sold": 0, "held": 0, "left": 125_000, "uncounted": 0 })
    );
}

#[tokio::test]
async fn early_entries_are_counted_until_the_draw() {
    let (shop, admin) = Shop::rock(50).await;
    let settings = json!({ "opens_at": shop.in_seconds(60) });
    shop.patch_queue(&admin, "rock", &settings).await.ok();
    assert_eq!(shop.watch(&admin, "rock").await["early_entries"], 0);
    shop.fans(3).await;
    let seen = shop.watch(&admin, "rock").await;
    assert_eq!(
        (&seen["early_entries"], &seen["issued"]),
        (&json!(3), &json!(0))
    );
    shop.advance(70).await;
    let seen = shop.watch(&admin, "rock").await;
    assert_eq!(seen.get("early_entries"), None);
    assert_eq!(seen["issued"], 3);
}

#[tokio::test]
async fn line_that_is_full_has_people_who_wait() {
    let shop = Shop::with_room_for_one().await;
    let admin = shop.admin().await;
    for _ in 0..3 {
        shop.buyer().await;
    }
    shop.advance(10).await;
    let seen = shop.watch(&admin, "main").await;
    let document = shop.queue("main").await;
    assert_eq!(seen["served"], document["served"]);
    assert_eq!(
        (
            &seen["active"],
            &seen["max_active"],
            &seen["issued"],
            &seen["waiting"]
        ),
        (&json!(1), &json!(1), &json!(3), &json!(2))
    );
    assert_eq!(seen["ticked_at"], shop.in_seconds(0));
    // `main` keeps no list of what it sells.
    assert_eq!((seen.get("shows"), seen.get("seats")), (None, None));
}

/// A show of yesterday is not watched. One whose sale is over stays until its day is.
#[tokio::test]
async fn shows_of_today_and_later_are_watched() {
    let (shop, admin) = Shop::rock(50).await;
    let closed = show_sold("2026-11-20", None, Some(shop.now()));
    let later = shop.now() + shared::jiff::SignedDuration::from_hours(1);
    let upcoming = show_sold("2026-12-01", Some(later), None);
    let past = show("2026-11-19");
    shop.add_concert("여러 공연", "rock", &[past, closed, upcoming])
        .await;
    let seen = shop.watch(&admin, "rock").await;
    let shows = seen["shows"].as_array().expect("shows");
    let mut sales: Vec<_> = shows
        .iter()
        .map(|show| format!("{} {}", show["date"], show["sale"]).replace('"', ""))
        .collect();
    sales.sort();
    assert_eq!(
        sales,
        ["2026-11-20 OVER", "2026-12-01 UPCOMING", "2026-12-24 OPEN"]
    );
}

#[tokio::test]
async fn concert_of_another_queue_is_not_found() {
    let (shop, admin) = Shop::rock(50).await;
    let ask = async |path: &str, token: &str| {
        let path = format!("/v1/admin/queues/{path}");
        shop.get(&path).send_as(token).await
    };
    let own = format!("rock?concert_id={}", shop.concert_id);
    let seen = shop.watch(&admin, &own).await;
    assert_eq!(seen["shows"].as_array().map(Vec::len), Some(1));
    let token = &admin.access_token;
    for path in [
        format!("main?concert_id={}", shop.concert_id),
        format!("rock?concert_id={NOBODY}"),
        "rock?concert_id=rock".to_owned(),
    ] {
        ask(&path, token).await.is(CONCERT_NOT_FOUND);
    }
    for path in ["jazz", "Main", "rock%23shows"] {
        ask(path, token).await.is(QUEUE_NOT_FOUND);
    }
    let fan = shop.fan().await;
    ask("rock", &fan.access_token).await.is(FORBIDDEN);
    ask("jazz", &fan.access_token).await.is(FORBIDDEN);
}

/// A concert without a queue of its own, watched while it is bought.
#[tokio::test]
async fn concert_of_main_is_watched_by_its_id() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    shop.sell(7).await;
    let path = format!("main?concert_id={}", shop.concert_id);
    let seen = shop.watch(&admin, &path).await;
    assert_eq!(seen["shows"][0]["counts"]["sold"], 1);
    assert_eq!(seen["seats"]["capacity"], 100);
    let (buyer, _) = shop.about_to_pay_another().await;
    shop.advance(4).await;
    let seen = shop.watch(&admin, &path).await;
    assert_eq!(seen["seats"]["held"], 1);
    shop.charge(&buyer, PRICE).await.ok();
}

impl Shop {
    /// A buyer who holds seat 8.
    async fn about_to_pay_another(&self) -> (crate::harness::Buyer, Value) {
        let buyer = self.buyer().await;
        let held = self.hold(&buyer, 8).await.ok();
        (buyer, held)
    }
}
