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
