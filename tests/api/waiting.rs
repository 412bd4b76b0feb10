//! The line, as the users in it see it.

use serde_json::json;

use crate::harness::{
    Buyer, Door, NOBODY, PRICE, Shop,
    refusal::{FORBIDDEN, NOT_YOUR_TURN},
    text,
    tokens::claims,
};

/// A user in the only place, and the first and second behind them.
async fn one_inside_two_waiting(shop: &Shop) -> [Buyer; 3] {
    let buyers = [shop.buyer().await, shop.buyer().await, shop.buyer().await];
    shop.advance(5).await;
    let places = [json!("ACTIVE"), json!("WAITING"), json!("WAITING")];
    for (buyer, status) in buyers.iter().zip(places) {
        assert_eq!(shop.get_place(buyer).await["status"], status);
    }
    buyers
}

/// A session that waits must not buy, although its token has a valid signature.
#[tokio::test]
async fn waiting_buyer_is_refused_at_every_door() {
    let shop = Shop::with_room_for_one().await;
    let [_, _, waiting] = one_inside_two_waiting(&shop).await;
    let wait = shop.get_place(&waiting).await["estimated_wait_time"]
        .as_u64()
        .expect("seconds");
    let doors = shop.guarded(&waiting.user_id, NOBODY);
    let doors: Vec<_> = doors
        .into_iter()
        .filter(|door| door.door == Door::Buyer)
        .collect();
    assert_eq!(doors.len(), 4);
    for door in doors {
        let reply = door.call(&shop).send_as(&waiting.token).await;
        assert_eq!(
            reply.header("retry-after"),
            (wait / 8).clamp(1, 30).to_string(),
            "{}",
            door.name
        );
        assert_eq!(reply.body["queue_position"], 2, "{}", door.name);
        reply.is(NOT_YOUR_TURN);
        if door.takes_bodies() {
            let garbage = shop
                .call(door.method, &door.path)
                .token(&waiting.token)
                .body("garbage");
            garbage.send().await.is(NOT_YOUR_TURN);
        }
    }
}

/// The first protected call is the arrival, whichever it is.
#[tokio::test]
async fn every_door_is_an_arrival() {
    let doors = Shop::empty().await.guarded(NOBODY, NOBODY);
    for door in doors.iter().filter(|door| door.door == Door::Buyer) {
        let name = door.name;
        let shop = Shop::with_room_for_one().await;
        let [inside, waiting, _] = one_inside_two_waiting(&shop).await;
        shop.leave(&inside).await;
        shop.advance(10).await;
        assert!(
            shop.get_place(&waiting).await["claim_until"].is_string(),
            "{name}"
        );
        let doors = shop.guarded(&waiting.user_id, NOBODY);
        let door = doors.iter().find(|door| door.name == name).expect("a door");
        door.call(&shop).send_as(&waiting.token).await.ok();
        let place = shop.get_place(&waiting).await;
        assert_eq!(place["status"], "ACTIVE", "{name}");
        assert!(place.get("claim_until").is_none(), "{name} is no arrival");
    }
}

#[tokio::test]
async fn buyers_get_in_one_at_a_time_and_in_order() {
    let shop = Shop::with_room_for_one().await;
    let mut buyers = Vec::new();
    for _ in 0..6 {
        buyers.push(shop.buyer().await);
    }
    let mut served = Vec::new();
    for _ in 0..60 {
        let mut inside = Vec::new();
        for (n, buyer) in buyers.iter().enumerate() {
            if shop.status(buyer).await == "ACTIVE" {
                inside.push(n);
            }
        }
        assert!(inside.len() <= 1, "{inside:?}");
        for n in inside {
            let seat = u32::try_from(n + 1).expect("a seat");
            let held = shop.hold(&buyers[n], seat).await.ok();
            shop.charge(&buyers[n], PRICE).await.ok();
            shop.pay(&buyers[n], &held).await.ok();
            served.push(n);
        }
        shop.advance(5).await;
    }
    assert_eq!(served, [0, 1, 2, 3, 4, 5]);
    shop.audit().await;
}

/// A slow line must not lose fractions of a person and stand still, and the admissions of a minute
/// must not all come in the same second.
#[tokio::test]
async fn slow_line_moves_and_places_only_get_smaller() {
    let shop = Shop::open_with(&[("MainRate", "0.2")]).await;
    let mut buyers = Vec::new();
    for _ in 0..8 {
        buyers.push(shop.buyer().await);
    }
    let places = async || {
        let mut places = Vec::new();
        for buyer in &buyers {
            places.push(
                shop.get_place(buyer).await["queue_position"]
                    .as_u64()
                    .expect("a place"),
            );
        }
        places
    };
    let mut before = places().await;
    for _ in 0..60 {
        shop.advance(1).await;
        let now = places().await;
        for (before, now) in before.iter().zip(&now) {
            assert!(
                now <= before && before - now <= 1,
                "{before} to {now} within a second"
            );
        }
        before = now;
    }
    assert_eq!(before, [0; 8], "one every five seconds");
}

#[tokio::test]
async fn payment_or_leaving_lets_the_next_one_in() {
    let shop = Shop::with_room_for_one().await;
    let [first, second, third] = one_inside_two_waiting(&shop).await;
    let held = shop.hold(&first, 7).await.ok();
    shop.charge(&first, PRICE).await.ok();
    shop.pay(&first, &held).await.ok();
    shop.wait_for_turn(&second, 15).await;
    assert_eq!(shop.status(&third).await, "WAITING");
    shop.ask_for_dates(&second).send().await.ok();
    shop.leave(&second).await;
    shop.wait_for_turn(&third, 15).await;
    shop.audit().await;
}

#[tokio::test]
async fn lapsed_hold_lets_the_next_one_in() {
    let shop = Shop::with_room_for_one().await;
    let [first, second, third] = one_inside_two_waiting(&shop).await;
    shop.hold(&first, 7).await.ok();
    shop.advance(295).await;
    assert_eq!(shop.status(&second).await, "WAITING");
    shop.wait_for_turn(&second, 20).await;
    assert_eq!(shop.status(&first).await, "CLOSED HOLD_EXPIRED");
    assert_eq!(shop.status(&third).await, "WAITING");
    shop.ask_for_dates(&second).send().await.ok();
    assert_eq!(shop.seats(&second).await[&7], "FREE");
    shop.audit().await;
}

#[tokio::test]
async fn window_that_is_over_lets_the_next_one_in() {
    let shop = Shop::with_room_for_one().await;
    let [first, second, third] = one_inside_two_waiting(&shop).await;
    // They joined five seconds ago.
    shop.advance(294).await;
    shop.ask_for_dates(&first).send().await.ok();
    shop.advance(1).await;
    assert_eq!(shop.status(&first).await, "EXPIRED WINDOW_OVER");
    shop.ask_for_dates(&first)
        .send()
        .await
        .session_over(Some("WINDOW_OVER"));
    assert_eq!(shop.status(&second).await, "WAITING");
    // A cohort spans twenty seconds, and is counted for five more.
    shop.wait_for_turn(&second, 40).await;
    assert_eq!(shop.status(&third).await, "WAITING");
    shop.audit().await;
}

/// A gap in the numbers must not stop the line.
#[tokio::test]
async fn no_show_gives_the_place_to_the_next() {
    let shop = Shop::with_room_for_one().await;
    let [first, second, third] = one_inside_two_waiting(&shop).await;
    shop.leave(&first).await;
    shop.wait_for_turn(&second, 15).await;
    let claim_until = text(&shop.get_place(&second).await["claim_until"]);
    let claim_until: shared::jiff::Timestamp = claim_until.parse().expect("a time");
    let left = claim_until
        .duration_since(shop.now())
        .as_secs()
        .unsigned_abs();
    shop.advance(left - 1).await;
    assert_eq!(shop.status(&second).await, "ACTIVE", "one second is left");
    assert_eq!(shop.status(&third).await, "WAITING");
    shop.advance(1).await;
    assert_eq!(shop.status(&second).await, "EXPIRED NO_SHOW");
    shop.ask_for_dates(&second)
        .send()
        .await
        .session_over(Some("NO_SHOW"));
    shop.delete("/v1/auth/tokens")
        .send_as(&second.token)
        .await
        .session_over(Some("NO_SHOW"));
    shop.wait_for_turn(&third, 45).await;
    shop.ask_for_dates(&third).send().await.ok();
    shop.audit().await;
}

#[tokio::test]
async fn arrival_in_the_last_second_of_the_claim_gets_a_whole_window() {
    let shop = Shop::with_room_for_one().await;
    let [first, second, _] = one_inside_two_waiting(&shop).await;
    shop.leave(&first).await;
    shop.wait_for_turn(&second, 15).await;
    let place = shop.get_place(&second).await;
    let claim_until: shared::jiff::Timestamp = text(&place["claim_until"]).parse().expect("a time");
    shop.advance(
        claim_until
            .duration_since(shop.now())
            .as_secs()
            .unsigned_abs()
            - 1,
    )
    .await;
    shop.ask_for_dates(&second).send().await.ok();
    shop.advance(60).await;
    let now = shop.get_place(&second).await;
    assert_eq!(now["status"], "ACTIVE", "the claim is made");
    assert_eq!(
        now["active_until"], place["active_until"],
        "the window runs from the admission"
    );
}

#[tokio::test]
async fn admitted_buyer_that_leaves_gives_the_place_to_the_next() {
    let shop = Shop::with_room_for_one().await;
    let [first, second, third] = one_inside_two_waiting(&shop).await;
    shop.leave(&first).await;
    shop.wait_for_turn(&second, 15).await;
    // Without a single protected call.
    shop.leave(&second).await;
    shop.wait_for_turn(&third, 15).await;
    shop.audit().await;
}

#[tokio::test]
async fn holder_after_the_window_pays_and_looks_and_is_refused_at_every_door() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    shop.advance(299).await;
    let held = shop.hold(&buyer, 7).await.ok();
    shop.advance(1).await;
    assert_eq!(shop.status(&buyer).await, "HOLDING");
    let id = text(&held["reservation_id"]);
    for door in shop.guarded(&buyer.user_id, &id) {
        if door.door == Door::Buyer {
            door.call(&shop).send_as(&buyer.token).await.is(FORBIDDEN);
        }
    }
    assert_eq!(shop.reservation_status(&buyer, &held).await, "HELD");
    shop.charge(&buyer, PRICE).await.ok();
    shop.advance(298).await;
    shop.pay(&buyer, &held).await.ok();
    assert_eq!(shop.status(&buyer).await, "CLOSED PAID");
}

#[tokio::test]
async fn buyer_that_leaves_while_waiting_gets_the_number_back_until_it_is_served() {
    let shop = Shop::with_room_for_one().await;
    let [first, second, third] = one_inside_two_waiting(&shop).await;
    let number = |buyer: &Buyer| claims(&buyer.token)["number"].clone();
    shop.leave(&second).await;
    assert_eq!(shop.status(&second).await, "CLOSED LEFT");
    let again = shop.rejoin(&second).await;
    assert_eq!(number(&again), number(&second));
    assert_eq!(
        (&again.joined["status"], &again.joined["queue_position"]),
        (&json!("WAITING"), &json!(1))
    );
    shop.ask_for_dates(&second).send().await.session_over(None);

    shop.leave(&again).await;
    shop.leave(&first).await;
    // The number passes like that of a no-show.
    shop.wait_for_turn(&third, 180).await;
    let late = shop.rejoin(&again).await;
    assert_eq!(number(&late), json!(4));
    assert_eq!(late.joined["status"], "WAITING");
    shop.audit().await;
}

#[tokio::test]
async fn buyer_may_join_and_buy_again_after_each_ending() {
    let shop = Shop::open().await;
    let (paid, _) = shop.sell(1).await;
    let left = shop.buyer().await;
    shop.leave(&left).await;
    let idle = shop.buyer().await;
    let lapsed = shop.buyer().await;
    shop.hold(&lapsed, 2).await.ok();
    shop.advance(300).await;
    for (buyer, seat) in [(&paid, 11), (&left, 12), (&idle, 13), (&lapsed, 14)] {
        let before = shop.status(buyer).await;
        let again = shop.rejoin(buyer).await;
        assert_eq!(again.joined["status"], "ACTIVE", "after {before}");
        assert_ne!(
            claims(&again.token)["number"],
            claims(&buyer.token)["number"]
        );
        let held = shop.hold(&again, seat).await.ok();
        shop.charge(&again, PRICE).await.ok();
        shop.pay(&again, &held).await.ok();
        shop.ask_for_dates(buyer).send().await.session_over(None);
    }
    shop.audit().await;
}

#[tokio::test]
async fn no_show_may_join_again() {
    let shop = Shop::with_room_for_one().await;
    let [first, second, _] = one_inside_two_waiting(&shop).await;
    shop.leave(&first).await;
    shop.wait_for_turn(&second, 15).await;
    shop.advance(120).await;
    assert_eq!(shop.status(&second).await, "EXPIRED NO_SHOW");
    let again = shop.rejoin(&second).await;
    assert_eq!(claims(&again.token)["number"], 4);
    assert_eq!(again.joined["status"], "WAITING");
}

/// A number that was served long ago must get a new claim. And a line that nobody ticked while
/// nobody was there must wake.
#[tokio::test]
async fn sleeping_line_wakes_with_a_join() {
    let shop = Shop::without_schedule(&[]).await;
    shop.advance(3_600).await;
    let buyer = shop.buyer().await;
    assert_eq!(buyer.joined["status"], "ACTIVE");
    assert_eq!(buyer.joined["active_until"], shop.in_seconds(300));
    shop.ask_for_dates(&buyer).send().await.ok();
    shop.advance(3_600).await;
    let buyer = shop.buyer().await;
    assert_eq!(buyer.joined["active_until"], shop.in_seconds(300));
    shop.ask_for_dates(&buyer).send().await.ok();
}

/// Credit must not pile up while nobody waits, and then let a crowd in at once.
#[tokio::test]
async fn credit_does_not_pile_up_while_nobody_waits() {
    let shop = Shop::open_with(&[("MainRate", "1")]).await;
    shop.buyer().await;
    shop.advance(600).await;
    let mut inside = 0;
    for _ in 0..30 {
        inside += u32::from(shop.buyer().await.joined["status"] == "ACTIVE");
    }
    assert!(
        (1..=10).contains(&inside),
        "{inside} at once at one a second"
    );
    shop.audit().await;
}

#[tokio::test]
async fn polls_tick_the_line_when_the_scheduler_is_dead() {
    let shop = Shop::without_schedule(&[("MainMaxActive", "1")]).await;
    // The one scheduled call ends after a minute.
    shop.advance(120).await;
    let (first, second) = (shop.buyer().await, shop.buyer().await);
    assert_eq!(first.joined["status"], "ACTIVE");
    assert_eq!(second.joined["status"], "WAITING");
    shop.advance(60).await;
    assert_eq!(shop.status(&second).await, "WAITING");
    shop.leave(&first).await;
    shop.wait_for_turn(&second, 30).await;
    shop.ask_for_dates(&second).send().await.ok();
}

#[tokio::test]
async fn parallel_arrivals_of_one_session_count_once() {
    crate::harness::in_virtual_time();
    let shop = Shop::open_with(&[("MainMaxActive", "2")]).await;
    let (first, second) = (shop.buyer().await, shop.buyer().await);
    let (third, fourth) = (shop.buyer().await, shop.buyer().await);
    shop.leave(&first).await;
    shop.wait_for_turn(&third, 15).await;
    let knocks = (0..8).map(|_| shop.ask_for_dates(&third).send());
    for reply in shared::futures_util::future::join_all(knocks).await {
        reply.ok();
    }
    // If the end had been counted more than once, the fourth would not get a place.
    shop.leave(&third).await;
    shop.wait_for_turn(&fourth, 15).await;
    assert_eq!(shop.status(&second).await, "ACTIVE");
    shop.audit().await;
}
