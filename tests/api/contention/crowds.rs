//! Crowds that want the same seats.

use serde_json::Value;

use super::{Outcome, all};
use crate::harness::{Buyer, PRICE, Reply, Shop};

/// How many seats there are.
const SEATS: usize = 50;

/// Two people cannot have the same seat.
const SEAT_IS_FREE: (&str, &str) = ("Seats", "attribute_not_exists(seat)");

/// A shop that lets everybody in within a minute.
async fn large() -> Shop {
    Shop::open_with(&[("MainMaxActive", "10000"), ("MainRate", "1000")]).await
}

/// This many people who have come in.
async fn crowd(shop: &Shop, people: usize) -> Vec<Buyer> {
    let buyers = all((0..people).map(|_| shop.buyer())).await;
    shop.advance(30).await;
    buyers
}

/// What one person has done, call by call, and the seat that they have bought.
type Visit = (Vec<(&'static str, Reply)>, Option<u32>);

/// Tries four seats, pays for the first one that it gets, and asks for the receipt again.
async fn visit(shop: &Shop, buyer: &Buyer, nth: usize) -> Visit {
    let mut calls = Vec::new();
    for attempt in 0..4 {
        let seat = u32::try_from((nth * 7 + attempt * 13) % SEATS + 1).expect("a seat");
        let reply = shop.hold(buyer, seat).await;
        let held: Option<Value> = (reply.status == 200).then(|| reply.body.clone());
        calls.push(("hold", reply));
        if let Some(held) = held {
            calls.push(("charge", shop.charge(buyer, PRICE).await));
            let paid = shop.pay(buyer, &held).await;
            let has_paid = paid.status == 200;
            calls.push(("pay", paid));
            calls.push(("pay again", shop.pay(buyer, &held).await));
            return (calls, has_paid.then_some(seat));
        }
    }
    (calls, None)
}

/// Everybody tries for a seat.
async fn everybody(shop: &Shop, people: usize) -> Outcome {
    let buyers = crowd(shop, people).await;
    let visits = all(buyers
        .iter()
        .zip(0..)
        .map(|(buyer, nth)| visit(shop, buyer, nth)))
    .await;
    let mut outcome = Outcome::default();
    let mut sold = Vec::new();
    for (calls, seat) in visits {
        for (call, reply) in &calls {
            outcome.note(call, reply);
            let is_theirs = *call == "hold" || reply.status == 200;
            outcome.must(is_theirs, || {
                format!("held, and then {call}: {}", reply.body)
            });
        }
        sold.extend(seat);
    }
    sold.sort_unstable();
    let is_each_once = sold.iter().copied().eq(1..=50);
    outcome.must(is_each_once, || format!("sold: {sold:?}"));
    outcome.audit(shop).await
}

#[tokio::test]
async fn two_thousand_people_buy_fifty_seats() {
    // Over HTTP an engine takes several times as long, and a smaller crowd shows the same.
    let is_embedded = std::env::var_os("DYNAMODB_ENDPOINT").is_none();
    let people = if is_embedded { 2_000 } else { 200 };
    everybody(&large().await, people).await.is_fine();
}

#[tokio::test]
async fn crowd_notices_when_a_held_seat_can_be_held() {
    let shop = large().await;
    let (table, words) = SEAT_IS_FREE;
    shop.stack.strip_condition(table, words);
    everybody(&shop, 200).await.is_noticed(&shop);
}

/// Everybody wants seat 7 at the same moment.
async fn the_same_seat(shop: &Shop, people: usize) -> Outcome {
    let buyers = crowd(shop, people).await;
    let holds = all(buyers.iter().map(|buyer| shop.hold(buyer, 7))).await;
    let mut outcome = Outcome::default();
    for reply in &holds {
        outcome.note("hold", reply);
    }
    let got_it = holds.iter().filter(|reply| reply.status == 200).count();
    outcome.must(got_it == 1, || format!("{got_it} people hold it"));
    outcome.audit(shop).await
}

#[tokio::test]
async fn seat_that_all_want_goes_to_one_of_them() {
    the_same_seat(&large().await, 300).await.is_fine();
}

#[tokio::test]
async fn crowd_notices_when_several_get_one_seat() {
    let shop = large().await;
    let (table, words) = SEAT_IS_FREE;
    shop.stack.strip_condition(table, words);
    the_same_seat(&shop, 50).await.is_noticed(&shop);
}
