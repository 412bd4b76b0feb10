//! What halls with plans cost.

use serde_json::json;

use super::warm_shop;
use crate::harness::{
    Shop,
    halls::{ARENA, CLUB, HALL_DATE, THEATRE},
    text,
};

#[tokio::test]
async fn plan_of_a_large_hall_costs_a_few_units() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    shop.start(&["create-plan", "get-plan"]).await;
    for (document, seats, writes, reads) in [
        (CLUB, 300, 4.0, 0.5),
        (THEATRE, 1_220, 4.0, 0.5),
        (ARENA, 15_922, 6.0, 0.5),
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
    // The first time, the show is not known.
    for (buyer, show) in buyers.iter().zip([0.5, 0.0]) {
        shop.stack.forget_consumed();
        let call = shop.post(&path).json(&body).send_as(&buyer.token);
        call.await.refused(409, "NO_SEATS_TOGETHER");
        assert_eq!(shop.price("hold-seats"), (1.0 + show + 0.5 + 1.0, 0.0));
    }
}
