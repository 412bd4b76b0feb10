//! Every pair of things that can happen to a reservation, at the same moment, each twice.

use serde_json::{Value, json};
use shared::futures_util::future::join_all;

use super::Outcome;
use crate::harness::{Buyer, Guest, PRICE, Reply, Shop, in_some_try, text};

/// How much is charged beyond the price of the seat.
const EXTRA: u32 = 100;

/// What can be done to a reservation, or beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Pay,
    /// A refund, once it is paid.
    Cancel,
    /// The same, by an operator.
    CallOff,
    Charge,
    Leave,
    Release,
    HoldAnother,
    Rejoin,
}

impl Deed {
    const ALL: [Self; 8] = [
        Self::Pay,
        Self::Cancel,
        Self::CallOff,
        Self::Charge,
        Self::Leave,
        Self::Release,
        Self::HoldAnother,
        Self::Rejoin,
    ];

    /// Every pair of deeds, including each with itself.
    fn pairs() -> impl Iterator<Item = [Self; 2]> {
        let rest = |first: usize| Self::ALL[first..].iter();
        (0..Self::ALL.len()).flat_map(move |n| rest(n).map(move |other| [Self::ALL[n], *other]))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Pay => "pay",
            Self::Cancel => "cancel",
            Self::CallOff => "call off",
            Self::Charge => "charge",
            Self::Leave => "leave",
            Self::Release => "release",
            Self::HoldAnother => "hold another",
            Self::Rejoin => "rejoin",
        }
    }

    async fn is_done(self, shop: &Shop, admin: &Guest, buyer: &Buyer, held: &Value) -> Reply {
        match self {
            Self::Pay => shop.pay(buyer, held).await,
            Self::Cancel => {
                let cancel = shop.delete(&shop.reservation(held));
                cancel.send_as(&buyer.access_token).await
            }
            Self::CallOff => shop.refund(admin, buyer, held, "A").send().await,
            Self::Charge => shop.charge(buyer, EXTRA).await,
            Self::Leave => {
                let leave = shop.delete("/v1/auth/tokens");
                leave.send_as(&buyer.token).await
            }
            Self::Release => shop.release(buyer, held).await,
            Self::HoldAnother => shop.hold(buyer, 50).await,
            Self::Rejoin => {
                let join = shop.post("/v1/auth/tokens");
                join.json(&json!({ "user_id": buyer.user_id })).send().await
            }
        }
    }
}

/// The state of a reservation when the deeds happen to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Held,
    /// It has lapsed, and its message was lost.
    Lapsed,
    Paid,
}

/// Does every pair of deeds, each pair to a reservation of its own in this state.
async fn every_pair(shop: &Shop, state: State) -> Outcome {
    let admin = shop.admin().await;
    let mut outcome = Outcome::default();
    let mut reservations = Vec::new();
    for (pair, seat) in Deed::pairs().zip(1..) {
        let buyer = shop.buyer().await;
        let held = shop.hold(&buyer, seat).await.ok();
        shop.charge(&buyer, PRICE).await.ok();
        if state == State::Paid {
            shop.pay(&buyer, &held).await.ok();
        }
        reservations.push((pair, seat, buyer, held));
    }
    if state == State::Lapsed {
        shop.advance(302).await;
    }
    for (pair, seat, buyer, held) in &reservations {
        let deeds = [pair[0], pair[1], pair[0], pair[1]];
        let replies = join_all(deeds.map(|deed| deed.is_done(shop, &admin, buyer, held))).await;
        for (deed, reply) in deeds.iter().zip(&replies) {
            outcome.note(deed.name(), reply);
        }
        let succeeded = |deed| {
            let of_it = deeds
                .iter()
                .zip(&replies)
                .filter(|(done, _)| **done == deed);
            of_it.filter(|(_, reply)| reply.status == 200).count()
        };
        let status = shop.status_of(buyer, held).await;
        let what = format!("{state:?}, {pair:?}: {status}");

        // What was answered is true.
        let is_paid = status == "PAID";
        let was_paid = is_paid || status == "REFUNDED";
        let must_be_paid = state == State::Paid || succeeded(Deed::Pay) > 0;
        outcome.must(must_be_paid == was_paid, || {
            format!("{what}, and who has paid?")
        });
        let gives_it_up = [Deed::Cancel, Deed::CallOff, Deed::Leave];
        let gave_it_up = status == "REFUNDED" || status == "CANCELLED";
        let may_be_given_up = gives_it_up.iter().any(|deed| succeeded(*deed) > 0);
        outcome.must(!gave_it_up || may_be_given_up, || {
            format!("{what}, by whom?")
        });
        outcome.must(state != State::Lapsed || status == "EXPIRED", || {
            what.clone()
        });

        // The seat agrees with the reservation.
        let seen = shop.seats(&shop.buyer().await).await[&u64::from(*seat)].clone();
        let expected = match &*status {
            "PAID" => "SOLD",
            "HELD" => "HELD",
            _ => "FREE",
        };
        outcome.must(seen == expected, || {
            format!("{what}, and the seat is {seen}")
        });

        // And so does the money.
        let charges = u32::try_from(succeeded(Deed::Charge)).expect("few");
        let asked = deeds.iter().filter(|deed| **deed == Deed::Charge).count();
        outcome.must(succeeded(Deed::Charge) == asked, || {
            format!("{what}: a charge failed")
        });
        let spent = if is_paid { PRICE } else { 0 };
        let balance = shop.balance_of(buyer).await;
        outcome.must(balance == json!(PRICE + charges * EXTRA - spent), || {
            format!("{what}, and the balance is {balance}")
        });
    }
    outcome.audit(shop).await
}

impl Shop {
    async fn status_of(&self, buyer: &Buyer, held: &Value) -> String {
        let get = self.get(&self.reservation(held));
        let found = get.send_as(&buyer.access_token).await;
        found.body["status"]
            .as_str()
            .unwrap_or("nothing")
            .to_owned()
    }

    async fn balance_of(&self, buyer: &Buyer) -> Value {
        let get = self.get(&format!("/v1/users/{}/balance", buyer.user_id));
        let balance = get.send_as(&buyer.access_token).await;
        balance.body["current_balance"].clone()
    }

    /// Delivers the message of a hold.
    async fn release(&self, buyer: &Buyer, held: &Value) -> Reply {
        let body = json!({
            "user_id": buyer.user_id,
            "queue_id": "main",
            "reservation_id": text(&held["reservation_id"]),
        });
        let record = json!({
            "messageId": "m",
            "body": body.to_string(),
            "attributes": {},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
        });
        let records = json!({ "Records": [record] });
        self.invoke("release-hold", &records).await
    }
}

#[tokio::test]
async fn every_pair_of_calls_leaves_a_hold_whole() {
    let shop = Shop::without_messages(&[]).await;
    every_pair(&shop, State::Held).await.is_fine();
}

#[tokio::test]
async fn every_pair_of_calls_leaves_a_lapsed_hold_whole() {
    let shop = Shop::without_messages(&[]).await;
    every_pair(&shop, State::Lapsed).await.is_fine();
}

#[tokio::test]
async fn every_pair_of_calls_leaves_an_order_whole() {
    let shop = Shop::without_messages(&[]).await;
    every_pair(&shop, State::Paid).await.is_fine();
}

/// Without the conditions on one table the same pairs do harm, and the test notices it.
#[tokio::test]
async fn pairs_of_calls_notice_a_missing_condition() {
    let balance = ("Accounts", "seq = :seen");
    let hold = ("Sessions", "live_hold");
    // Two conditions refuse a second refund: the order is refunded already, and its seats are not
    // sold to it.
    let order = ("Accounts", "#status = :paid");
    let seats = ("Seats", "#status = :sold");
    for (state, conditions) in [
        (State::Held, &[balance][..]),
        (State::Held, &[hold]),
        (State::Paid, &[balance]),
        (State::Paid, &[order, seats]),
    ] {
        let noticed = in_some_try(async || {
            let shop = Shop::without_messages(&[]).await;
            for (table, words) in conditions {
                shop.stack.strip_condition(table, words);
            }
            let outcome = every_pair(&shop, state).await;
            println!("{state:?} {conditions:?}: {:#?}", outcome.troubles);
            (!outcome.troubles.is_empty()).then_some((outcome, shop))
        });
        let (outcome, shop) = noticed.await.expect("that somebody notices");
        outcome.is_noticed(&shop);
    }
}
