//! Refunds of single seats of a paid reservation.

use serde_json::{Value, json};
use shared::futures_util::future::join_all;

use crate::harness::{
    Buyer, Call, PRICE, Reply, Shop,
    halls::small_hall,
    refusal::{REFUND_CLOSED, SEATS_OF_ORDER},
    show,
};

impl Shop {
    /// A buyer's request to refund seats of a reservation.
    fn refund_seats(&self, receipt: &Value, seats: &str) -> Call {
        self.delete(&format!(
            "{}?seat_numbers={seats}",
            self.reservation(receipt)
        ))
    }

    async fn returned(&self, buyer: &Buyer, receipt: &Value, seats: &str) -> Reply {
        self.refund_seats(receipt, seats)
            .send_as(&buyer.access_token)
            .await
    }

    async fn seats_taken(&self) -> Vec<u64> {
        let seats = self.seats(&self.buyer().await).await;
        let taken = seats.into_iter().filter(|(_, status)| status != "FREE");
        let mut taken: Vec<_> = taken.map(|(seat, _)| seat).collect();
        taken.sort_unstable();
        taken
    }
}

#[tokio::test]
async fn named_seats_are_refunded_and_the_others_stay_sold() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let receipt = shop.buy(&buyer, &[5, 6, 7, 8]).await;
    let two = shop.returned(&buyer, &receipt, "7,6").await.ok();
    let expected = json!({
        "reservation_id": receipt["reservation_id"],
        "status": "PAID",
        "refunded_seat_numbers": [6, 7],
        "current_balance": 2 * PRICE,
    });
    assert_eq!(two, expected);
    assert_eq!(shop.seats_taken().await, [5, 8]);
    shop.audit().await;

    let path = shop.reservation(&receipt);
    let found = shop.get(&path).send_as(&buyer.access_token).await.ok();
    assert_eq!(found["status"], "PAID");
    assert_eq!(found["seat_numbers"], json!([5, 6, 7, 8]));
    assert_eq!(found["refunded_seat_numbers"], json!([6, 7]));
    assert_eq!(found["payment"]["amount"], 4 * PRICE);

    // The same seats again, and one of them with another: only the other is refunded.
    assert_eq!(shop.returned(&buyer, &receipt, "6,7").await.ok(), expected);
    let three = shop.returned(&buyer, &receipt, "7,8").await.ok();
    assert_eq!(three["refunded_seat_numbers"], json!([6, 7, 8]));
    assert_eq!(three["current_balance"], 3 * PRICE);

    // Without seats, the rest.
    let all = shop.cancel(&buyer, &receipt).await.ok();
    assert_eq!(
        (&all["status"], &all["current_balance"]),
        (&json!("REFUNDED"), &json!(4 * PRICE))
    );
    assert_eq!(shop.seats_taken().await, [0_u64; 0]);
    let path = format!("/v1/users/{}/statement", buyer.user_id);
    let statement = shop.get(&path).send_as(&buyer.access_token).await.ok();
    let moved: Vec<_> = statement["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|entry| {
            (
                entry["kind"].as_str().expect("a kind"),
                entry["amount"].as_u64().expect("an amount"),
            )
        })
        .collect();
    let price = u64::from(PRICE);
    assert_eq!(
        moved,
        [
            ("REFUND", price),
            ("REFUND", price),
            ("REFUND", 2 * price),
            ("PAYMENT", 4 * price),
            ("CHARGE", 4 * price),
        ]
    );
    shop.audit().await;
}

#[tokio::test]
async fn refund_of_all_seats_by_name_is_that_of_the_reservation() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let receipt = shop.buy(&buyer, &[5, 6]).await;
    let all = shop.returned(&buyer, &receipt, "5,6").await.ok();
    assert_eq!(all["status"], "REFUNDED");
    // It is stored as any other refund of a whole order.
    let key = json!({
        "user_id": buyer.user_id,
        "entry": format!("order#{}", receipt["reservation_id"].as_str().expect("an id")),
    });
    let order = shop.take_item("Accounts", key).await;
    assert_eq!(order["status"], "REFUNDED");
    assert!(order.get("returned").is_none() && order.get("refunded_seq").is_some());
}

#[tokio::test]
async fn each_seat_gives_back_what_it_cost() {
    let prices = json!({ "VIP": 90_000, "R": 50_000 });
    let (shop, _) = Shop::in_hall(&small_hall().to_string(), prices).await;
    let buyer = shop.buyer().await;
    let held = shop.hold_all(&buyer, &[4, 5, 6]).await.ok();
    let receipt = shop.pay_in_full(&buyer, &held).await;
    for (seat, balance) in [("5", 50_000), ("4", 140_000), ("6", 190_000)] {
        let refunded = shop.returned(&buyer, &receipt, seat).await.ok();
        assert_eq!(refunded["current_balance"], balance, "{seat}");
        shop.audit().await;
    }
}

#[tokio::test]
async fn seats_that_are_not_of_the_order_and_holds_are_refused() {
    let shop = Shop::open().await;
    let (buyer, holder) = (shop.buyer().await, shop.buyer().await);
    let receipt = shop.buy(&buyer, &[5, 6]).await;
    for wrong in [
        "",
        "7",
        "5,7",
        "5,5",
        "0",
        "x",
        "5,",
        ",",
        "5;6",
        "1,2,3,4,5",
        "-5",
        "100001",
        "05",
    ] {
        shop.returned(&buyer, &receipt, wrong)
            .await
            .is(SEATS_OF_ORDER);
    }
    // The name that a hold has for one seat would otherwise refund both.
    let misspelt = format!("{}?seat_number=5", shop.reservation(&receipt));
    let misspelt = shop.delete(&misspelt).send_as(&buyer.access_token).await;
    misspelt.is(SEATS_OF_ORDER);
    let held = shop.hold_all(&holder, &[8, 9]).await.ok();
    shop.returned(&holder, &held, "8").await.is(SEATS_OF_ORDER);
    assert_eq!(shop.reservation_status(&holder, &held).await, "HELD");
    shop.cancel(&holder, &held).await.ok();
    shop.returned(&holder, &held, "8").await.is(SEATS_OF_ORDER);
    // Somebody else's reservation.
    let stolen = shop.returned(&holder, &receipt, "5").await;
    stolen.refused(404, "RESERVATION_NOT_FOUND");
    assert_eq!(shop.balance(&buyer).await, json!(0));
}

#[tokio::test]
async fn buyers_refunds_end_with_the_cut_off_and_what_is_refunded_is_answered_again() {
    let mut shop = Shop::open().await;
    // It is noon in Seoul, and the refunds end at midnight.
    let date = "2026-11-22";
    shop.concert_id = shop.add_concert("곧", "main", &[show(date)]).await;
    shop.dates = vec![date.to_owned()];
    let buyer = shop.buyer().await;
    let receipt = shop.buy(&buyer, &[5, 6, 7]).await;
    let first = shop.returned(&buyer, &receipt, "5").await.ok();
    shop.advance(13 * 3_600).await;
    let again = Buyer {
        access_token: shop.token_of(&buyer.user_id).await,
        ..buyer.clone()
    };
    assert_eq!(shop.returned(&again, &receipt, "5").await.ok(), first);
    shop.returned(&again, &receipt, "6").await.is(REFUND_CLOSED);
    let admin = shop.admin().await;
    let call = shop.post(&format!("{}/refund", shop.reservation(&receipt)));
    let body = |seats: Value| {
        json!({
            "user_id": buyer.user_id,
            "reason": "아픈 사람",
            "seat_numbers": seats,
        })
    };
    let call = call.token(&admin.access_token);
    let refunded = call.clone().json(&body(json!([6]))).send().await.ok();
    assert_eq!(refunded["refunded_seat_numbers"], json!([5, 6]));
    assert_eq!(
        (&refunded["status"], &refunded["refund_reason"]),
        (&json!("PAID"), &json!("아픈 사람"))
    );
    for wrong in [json!([9]), json!([]), json!("6"), json!([6, 6]), json!([0])] {
        call.clone()
            .json(&body(wrong))
            .send()
            .await
            .is(SEATS_OF_ORDER);
    }
    shop.audit().await;
}

#[tokio::test]
async fn refunds_of_the_same_and_of_other_seats_at_once_give_each_seat_back_once() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let receipt = shop.buy(&buyer, &[5, 6, 7, 8]).await;
    let wishes = ["5", "6", "5,6", "7", "6,7", "5,7"];
    let calls = wishes
        .iter()
        .map(|seats| shop.returned(&buyer, &receipt, seats));
    for (seats, reply) in wishes.iter().zip(join_all(calls).await) {
        assert!(
            [200, 503].contains(&reply.status.as_u16()),
            "{seats}: {}",
            reply.text
        );
    }
    // Whichever were too busy can be repeated.
    for seats in wishes {
        shop.returned(&buyer, &receipt, seats).await.ok();
    }
    assert_eq!(shop.balance(&buyer).await, json!(3 * PRICE));
    assert_eq!(shop.seats_taken().await, [8]);
    shop.audit().await;
}

#[tokio::test]
async fn refunded_seat_can_be_bought_by_another_and_stays_theirs() {
    let shop = Shop::open().await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    let receipt = shop.buy(&buyer, &[5, 6]).await;
    shop.returned(&buyer, &receipt, "5").await.ok();
    shop.buy(&other, &[5]).await;
    // The rest is refunded without touching it.
    shop.cancel(&buyer, &receipt).await.ok();
    assert_eq!(shop.seats_taken().await, [5]);
    assert_eq!(shop.balance(&buyer).await, json!(2 * PRICE));
    shop.audit().await;
}
