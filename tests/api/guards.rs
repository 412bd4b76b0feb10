//! Every condition of the store. Each has a scenario that tries to get past it: once with the
//! condition, and once with the condition left out of the requests. Without it the wrong thing must
//! happen, or the test would prove nothing.
//!
//! Where two requests must overlap in one particular way, the test makes their handlers' store
//! calls itself, in that order.

use shared::{
    domain::{
        ids::{PaymentId, QueueId, ReservationId},
        money::Money,
        order::Hold,
        seat::{SeatNumber, SeatSet},
        session::{Ending, Session},
    },
    jiff::{SignedDuration, Timestamp},
    store::Store,
};

use crate::harness::{Buyer, PRICE, Reply, Shop, in_some_try};

/// A table, and a part of the condition that is left out.
type Guard = (&'static str, &'static str);

/// Opens a shop, without this condition if one is given.
async fn shop(without: Option<Guard>) -> Shop {
    let shop = Shop::open().await;
    if let Some((table, words)) = without {
        shop.stack.strip_condition(table, words);
    }
    shop
}

/// Runs a scenario, which returns whether all went well. With the condition it must go well, and
/// without it not. The condition must have been left out at least once.
async fn proves(guard: Guard, scenario: impl AsyncFn(&Shop) -> bool) {
    let guarded = shop(None).await;
    assert!(scenario(&guarded).await, "with the guard");
    guarded.audit().await;
    let gone_wrong = in_some_try(async || {
        let unguarded = shop(Some(guard)).await;
        let is_well = scenario(&unguarded).await;
        (!is_well).then_some(unguarded)
    });
    let unguarded = gone_wrong.await.expect("harm without the guard");
    assert!(
        unguarded.stack.stripped_conditions() > 0,
        "there is no such condition"
    );
}

/// A test for each scenario, with the condition that it proves.
macro_rules! guarded {
    ($($name:ident: $guard:expr;)*) => {
        mod guard {
            $(
                #[tokio::test]
                async fn $name() {
                    crate::guards::proves($guard, super::$name).await;
                }
            )*
        }
    };
}

mod concerts;
mod keys;
mod line;
mod pools;
mod purchases;
mod users;

/// The operator's store. It has all permissions, and conditions can be left out of its requests.
async fn store(shop: &Shop) -> Store {
    shop.stack.operator().await.store().clone()
}

fn successes(replies: &[Reply]) -> usize {
    replies
        .iter()
        .filter(|reply| reply.status.is_success())
        .count()
}

async fn leave(shop: &Shop, buyer: &Buyer) -> Reply {
    shop.delete("/v1/auth/tokens").send_as(&buyer.token).await
}

async fn session(shop: &Shop, buyer: &Buyer) -> Session {
    let user_id = buyer.user_id.parse().expect("an id");
    let read = store(shop).await.session(user_id, &QueueId::main()).await;
    let session = read.expect("an answer").expect("a session");
    assert_ne!(session.closed, Some(Ending::Paid));
    session
}

/// A new hold of a seat of the first date.
fn hold(shop: &Shop, seat: u64) -> Hold {
    let seat = SeatNumber::new(seat).expect("a seat");
    Hold {
        reservation_id: ReservationId::new(),
        payment_id: PaymentId::new(),
        concert_id: shop.concert_id.parse().expect("an id"),
        show_key: shop.dates[0].parse().expect("a date"),
        concert_name: None,
        seats: SeatSet::new(vec![seat]).expect("a set"),
        amount: Money::won(PRICE),
        plan_id: None,
        prices: None,
        limit: None,
        held_until: in_five_minutes(shop.now()),
    }
}

fn in_five_minutes(now: Timestamp) -> Timestamp {
    now + SignedDuration::from_secs(300)
}
