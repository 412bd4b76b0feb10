//! What halls with plans cost.

use serde_json::json;

use super::warm_shop;
use crate::harness::{
    Buyer, PRICE, Shop,
    halls::{ARENA, CLUB, HALL_DATE, THEATRE},
    text,
};

#[tokio::test]
async fn plan_of_a_large_hall_costs_a_few_units() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    shop.start(&["create-plan", "get-plan"]).await;
    for (document, seats, writes, reads) in [
        (CLUB, 300, 6.0, 0.5),
        (THEATRE, 1_220, 6.0, 0.5),
        (ARENA, 15_922, 8.0, 0.5),
    ] {
        let new = shop.ask_to_add_plan(&admin, document).await.expect(201);
        assert_eq!(new["seats"], seats);
        assert_eq!(shop.price("create-plan"), (1.0, writes), "{seats} seats");
        let path = format!("/v1/plans/{}", text(&new["plan_id"]));
        shop.get(&path).send().await.ok();
        assert_eq!(shop.price("get-plan"), (reads, 0.0), "{seats} seats");
    }
}

/// Each instance reads the plan once, for 0.5. After that a purchase costs what it costs without
/// one.
#[tokio::test]
async fn seats_of_an_arena_cost_what_seats_cost() {
    let mut shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    let prices = json!({ "VIP": 4, "R": 3, "S": 2, "A": 1 });
    shop.move_to_hall(&admin, ARENA, prices).await;
    for plan in [0.5, 0.0] {
        shop.advance(5).await;
        let buyer = shop.buyer().await;
        let concert = format!("/v1/concerts/{}", shop.concert_id);
        let read = async |path: &str, function: &str| {
            shop.stack.forget_consumed();
            let path = format!("{concert}/{path}");
            shop.get(&path).send_as(&buyer.token).await.ok();
            shop.price(function)
        };
        // The door, and 0.5 for the show and for each block.
        let line = format!("seats?date={HALL_DATE}&form=line");
        assert_eq!(
            read(&line, "list-seats").await,
            (1.0 + 0.5 + 4.0 * 0.5, 0.0)
        );
        let page = format!("seats?date={HALL_DATE}");
        assert_eq!(read(&page, "list-seats").await, (1.0 + plan + 0.5, 0.0));
        // The 32 blocks of an arena without a taken seat, and the item that keeps the counts.
        let dates = read("dates", "list-dates").await;
        assert_eq!(dates, (1.0 + 0.5 + 0.5 + plan + 32.0 * 0.5, 2.0));

        let held = shop.hold_all(&buyer, &[1, 2]).await.ok();
        assert_eq!(shop.price("hold-seats"), (1.0 + 0.5 + plan + 1.0, 6.0));
        shop.pay_in_full(&buyer, &held).await;
        assert_eq!(shop.price("pay"), (1.5 + plan, 11.0));
        shop.cancel(&buyer, &held).await.ok();
    }
}

/// A session with everything that a hall adds: a limit, four seats of four prices, the plan, and the
/// memory of an earlier hold. Below 1 KB a hold and a payment cost what they always cost; above it, 2
/// WRU more each.
#[tokio::test]
async fn session_of_a_hall_stays_below_1_kb_unless_its_names_are_long() {
    let usual = ("main", "가".repeat(30), "k".repeat(36));
    let longest = ("q".repeat(40), "가".repeat(100), "k".repeat(64));
    assert_eq!(
        hold_and_pay(usual.0, &usual.1, &usual.2).await,
        (10.0, 15.0)
    );
    assert_eq!(
        hold_and_pay(&longest.0, &longest.1, &longest.2).await,
        (12.0, 17.0)
    );
}

/// The WRU of a hold of four seats and of its payment, in a queue with this id, for a concert with
/// this name, after a join with this key.
async fn hold_and_pay(queue_id: &str, name: &str, key: &str) -> (f64, f64) {
    let mut shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    shop.put_queue(&admin, queue_id, &json!({})).await.ok();
    let row = |grade: &str| json!({ "label": grade, "seats": "1-10", "grade": grade });
    let grades = ["A", "B", "C", "D"];
    let plan = json!({
        "name": "A",
        "grades": grades,
        "sections": [{ "name": "A", "grade": "A", "rows": grades.map(row) }],
    });
    let plan_id = shop.add_plan(&admin, &plan.to_string()).await;
    let most = 1_000_000_000_000_u64;
    let prices = json!({ "A": most, "B": most - 1, "C": most - 2, "D": most - 3 });
    let start = "2027-05-01T14:00";
    let concert = json!({
        "name": name,
        "queue_id": queue_id,
        "most_seats_a_person": 100,
        "shows": [{ "date": start, "plan_id": plan_id, "prices": prices }],
    });
    let created = shop.create(&admin, &concert).await.expect(201);
    shop.concert_id = text(&created["concert_id"]);
    shop.dates = vec![start.to_owned()];
    let guest = shop.guest().await;
    let join = json!({ "user_id": guest.user_id, "concert_id": shop.concert_id });
    let join = shop.post("/v1/auth/tokens").key(key).json(&join);
    let joined = join.send().await.ok();
    let buyer = Buyer {
        user_id: guest.user_id.clone(),
        access_token: guest.access_token.clone(),
        token: text(&joined["token"]),
        joined,
    };
    let all = [10, 20, 30, 40];
    let first = shop.hold_all(&buyer, &all).await.ok();
    shop.cancel(&buyer, &first).await.ok();
    shop.advance(5).await;
    shop.stack.forget_consumed();
    let held = shop.hold_all(&buyer, &all).await.ok();
    let (_, to_hold) = shop.price("hold-seats");
    let amount = json!({ "amount": most });
    for _ in 0..4 {
        let path = format!("/v1/users/{}/balance", buyer.user_id);
        let call = shop.post(&path).token(&buyer.token).json(&amount);
        call.send().await.ok();
    }
    shop.stack.forget_consumed();
    shop.pay(&buyer, &held).await.ok();
    let (_, to_pay) = shop.price("pay");
    (to_hold, to_pay)
}

/// Only a concert with a limit pays for it: a look at the user's orders at the hold, and a consistent
/// one at the payment.
#[tokio::test]
async fn limit_costs_half_a_read_to_hold_and_1_to_pay() {
    let mut shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    let concert = json!({
        "name": "A",
        "most_seats_a_person": 4,
        "shows": [{ "date": HALL_DATE, "price": PRICE }],
    });
    let created = shop.create(&admin, &concert).await.expect(201);
    shop.concert_id = text(&created["concert_id"]);
    shop.dates = vec![HALL_DATE.to_owned()];
    let buyer = shop.buyer().await;
    shop.stack.forget_consumed();
    let held = shop.hold(&buyer, 1).await.ok();
    assert_eq!(shop.price("hold-seats"), (1.0 + 0.5 + 0.5 + 0.5, 4.0));
    shop.charge(&buyer, PRICE).await.ok();
    shop.stack.forget_consumed();
    shop.pay(&buyer, &held).await.ok();
    assert_eq!(shop.price("pay"), (1.5 + 1.0, 9.0));
}

/// 4 WRU, and 2 for each seat that is refunded.
#[tokio::test]
async fn refund_of_some_seats_costs_4_writes_and_2_a_seat() {
    let shop = warm_shop(&[]).await;
    let buyer = shop.buyer().await;
    let receipt = shop.buy(&buyer, &[1, 2, 3, 4]).await;
    shop.start(&["cancel-reservation"]).await;
    for (seats, writes) in [("1,2", 8.0), ("3", 6.0), ("1,2,3", 0.0), ("4", 6.0)] {
        shop.advance(60).await;
        shop.stack.forget_consumed();
        let path = format!("{}?seat_numbers={seats}", shop.reservation(&receipt));
        shop.delete(&path).send_as(&buyer.access_token).await.ok();
        // The refund itself; waking the line may count its seats, and write that.
        let (_, written) = shop.price("cancel-reservation");
        assert!((written - writes).abs() <= 1.0, "{seats}: {written}");
    }
}

/// Besides what any hold costs: the blocks, once in two seconds for an instance, and a look that is
/// consistent.
#[tokio::test]
async fn best_seats_cost_the_blocks_and_twice_the_look() {
    let mut shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    let prices = json!({ "VIP": 4, "R": 3, "S": 2, "A": 1 });
    shop.move_to_hall(&admin, ARENA, prices).await;
    shop.advance(5).await;
    shop.stack.forget_consumed();
    let pair = json!({ "count": 2 });
    // The door, the show, the plan, four blocks, two seats.
    let first = shop.buyer().await;
    let held = shop.hold_best(&first, pair.clone()).await.ok();
    let due = (1.0 + 0.5 + 0.5 + 4.0 * 0.5 + 2.0, 6.0);
    assert_eq!(shop.price("hold-seats"), due);
    shop.hold_best(&first, pair.clone()).await.ok();
    assert_eq!(shop.price("hold-seats"), (1.0, 0.0), "the same hold");
    let second = shop.buyer().await;
    shop.stack.forget_consumed();
    shop.hold_best(&second, pair.clone()).await.ok();
    // The blocks are known, and that those of the first one are taken.
    assert_eq!(shop.price("hold-seats"), (1.0 + 2.0, 6.0));
    shop.pay_in_full(&first, &held).await;
    assert_eq!(shop.price("pay"), (1.5 + 0.5, 11.0), "as any seats");
}

#[tokio::test]
async fn that_there_are_no_seats_costs_all_blocks_and_the_session() {
    let shop = warm_shop(&[]).await;
    let buyers = [shop.buyer().await, shop.buyer().await];
    let tiny = shared::domain::show::Show {
        capacity: 1,
        ..crate::harness::show(HALL_DATE)
    };
    let id = shop.add_concert("A", "main", &[tiny]).await;
    let path = format!("/v1/concerts/{id}/reservations");
    let body = json!({ "date": HALL_DATE, "best": { "count": 2 } });
    // The first time, neither the show nor the block is known. A block is known for two seconds, so
    // people who ask for seats that are sold out do not read the hall each time.
    for (buyer, unknown) in buyers.iter().zip([0.5 + 0.5, 0.0]) {
        shop.stack.forget_consumed();
        let call = shop.post(&path).json(&body).send_as(&buyer.token);
        call.await.refused(409, "NO_SEATS_TOGETHER");
        assert_eq!(shop.price("hold-seats"), (1.0 + unknown + 1.0, 0.0));
    }
}
