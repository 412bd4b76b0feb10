//! Transactions of which several conditions do not hold. AWS does not promise to report all of
//! them. So the answer must be the same, whichever of them is reported.

use std::time::Duration;

use local::Fault;
use serde_json::{Value, json};
use shared::{
    domain::{
        ids::{QueueId, UserId},
        order::Hold,
        session::Session,
        user::{Email, Name, PasswordHash, User},
    },
    futures_util::join,
    store::{
        Rejected, Store,
        purchase::{PayRefused, Payment},
        users::CredentialsRefused,
    },
};

use super::TRANSACTION;
use crate::harness::{Buyer, Call, PRICE, Reply, Shop, pay_hold};

/// All conditions are reported, and then each of up to six alone.
fn reports() -> impl Iterator<Item = Option<usize>> {
    [None].into_iter().chain((0..6).map(Some))
}

/// Two calls at once. The transaction of the first one is slow, so the second one is done first.
async fn overtaken(shop: &Shop, function: &str, call: impl Fn() -> Call) -> (Reply, Reply) {
    shop.stack.app(function).await;
    let faults = shop.stack.faults();
    faults.meet(function, TRANSACTION, Fault::Slow, 1);
    let (first, second) = join!(call().send(), async {
        // By now the first call has read everything that it reads.
        tokio::time::sleep(Duration::from_millis(100)).await;
        call().send().await
    });
    assert_eq!(faults.counted()[&Fault::Slow], 1);
    (first, second)
}

/// A shop that reports conditions in this way, and a buyer who holds two seats and has the money.
async fn about_to_pay(report: Option<usize>) -> (Shop, Buyer, Value) {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold_all(&buyer, &[7, 8]).await.ok();
    shop.charge(&buyer, 4 * PRICE).await.ok();
    shop.stack.report_one_condition(report);
    (shop, buyer, held)
}

fn payment(shop: &Shop, buyer: &Buyer, held: &Value) -> Call {
    let path = format!("{}/payments", shop.reservation(held));
    shop.post(&path).token(&buyer.token).json(&json!({
        "reservation_id": held["reservation_id"],
        "payment_details": { "amount": held["payment"]["amount"] },
    }))
}

/// The store, a buyer's session, and its hold.
async fn as_the_store_has_it(shop: &Shop, buyer: &Buyer) -> (Store, Session, Hold) {
    let store = shop.stack.operator().await.store().clone();
    let user_id = buyer.user_id.parse().expect("an id");
    let session = store.session(user_id, &QueueId::main()).await;
    let session = session.expect("an answer").expect("a session");
    let hold = session.live_hold.clone().expect("a hold");
    (store, session, hold)
}

#[tokio::test(start_paused = true)]
async fn two_payments_at_once_get_one_receipt() {
    for report in reports() {
        let (shop, buyer, held) = about_to_pay(report).await;
        let (first, second) = overtaken(&shop, "pay", || payment(&shop, &buyer, &held)).await;
        assert_eq!(first.ok(), second.ok(), "{report:?}");
        assert_eq!(shop.balance(&buyer).await, json!(2 * PRICE));
    }
}

#[tokio::test(start_paused = true)]
async fn payment_for_a_hold_that_is_over_is_refused() {
    for report in reports() {
        let (shop, buyer, _) = about_to_pay(report).await;
        let (store, session, hold) = as_the_store_has_it(&shop, &buyer).await;
        shop.leave(&buyer).await;
        let refused = pay_hold(&store, &session, &hold, shop.now()).await;
        let is_over = matches!(refused, Err(Rejected::Refused(PayRefused::HoldOver)));
        assert!(is_over, "{report:?}: {refused:?}");
    }
}

/// An eventually consistent read still returns the hold, which has lapsed by now, and was paid
/// before.
#[tokio::test(start_paused = true)]
async fn payment_is_found_although_the_session_is_read_late() {
    let (shop, buyer, held) = about_to_pay(None).await;
    let before = shop.items("Sessions").await;
    let receipt = payment(&shop, &buyer, &held).send().await.ok();
    shop.advance(301).await;
    for session in before {
        shop.put_item("Sessions", session).await;
    }
    assert_eq!(payment(&shop, &buyer, &held).send().await.ok(), receipt);
    let path = shop.reservation(&held);
    let cancel = shop.delete(&path).token(&buyer.token);
    assert_eq!(cancel.send().await.ok()["status"], "REFUNDED");
}

#[tokio::test(start_paused = true)]
async fn payment_for_a_refunded_order_answers_as_before() {
    for report in reports() {
        let (shop, buyer, _) = about_to_pay(report).await;
        let (store, session, hold) = as_the_store_has_it(&shop, &buyer).await;
        let paid = pay_hold(&store, &session, &hold, shop.now()).await;
        let Ok(Payment::Now(order)) = paid else {
            panic!("{paid:?}");
        };
        store
            .refund(&order, &order.seats, None, None, shop.now())
            .await
            .expect("a refund");
        let again = pay_hold(&store, &session, &hold, shop.now()).await;
        let Ok(Payment::Before(order)) = again else {
            panic!("{report:?}: {again:?}");
        };
        assert!(order.refund.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn two_refunds_at_once_are_one() {
    for report in reports() {
        let (shop, buyer, held) = about_to_pay(None).await;
        payment(&shop, &buyer, &held).send().await.ok();
        shop.stack.report_one_condition(report);
        let path = shop.reservation(&held);
        let cancel = || shop.delete(&path).token(&buyer.token);
        let (first, second) = overtaken(&shop, "cancel-reservation", cancel).await;
        assert_eq!(first.ok(), second.ok(), "{report:?}");
        assert_eq!(shop.balance(&buyer).await, json!(4 * PRICE));
    }
}

#[tokio::test(start_paused = true)]
async fn two_holds_of_the_same_seats_at_once_are_one() {
    for report in reports() {
        let shop = Shop::open().await;
        let buyer = shop.buyer().await;
        shop.stack.report_one_condition(report);
        let hold = || {
            let body = json!({ "date": shop.dates[0], "seat_numbers": [7, 8] });
            shop.post(&shop.reservations())
                .token(&buyer.token)
                .json(&body)
        };
        let (first, second) = overtaken(&shop, "hold-seats", hold).await;
        let (first, second) = (first.ok(), second.ok());
        assert_eq!(
            first["reservation_id"], second["reservation_id"],
            "{report:?}"
        );
    }
}

/// The same user has one of the seats, and asks for the other one as well.
#[tokio::test(start_paused = true)]
async fn hold_of_other_seats_at_once_is_refused_with_hold_exists() {
    for report in reports() {
        let shop = Shop::open().await;
        let buyer = shop.buyer().await;
        shop.stack.app("hold-seats").await;
        shop.stack.report_one_condition(report);
        let faults = shop.stack.faults();
        faults.meet("hold-seats", TRANSACTION, Fault::Slow, 1);
        let (first, second) = join!(shop.hold_all(&buyer, &[7, 8]), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            shop.hold_all(&buyer, &[7]).await
        });
        second.ok();
        first.refused(409, "HOLD_EXISTS");
    }
}

/// The answer names the seats whose conditions are reported, and only seats that others have.
#[tokio::test(start_paused = true)]
async fn seats_that_others_take_meanwhile_are_named_as_far_as_they_are_reported() {
    for report in reports() {
        let shop = Shop::open().await;
        let (slow, fast) = (shop.buyer().await, shop.buyer().await);
        shop.stack.app("hold-seats").await;
        shop.stack.report_one_condition(report);
        let faults = shop.stack.faults();
        faults.meet("hold-seats", TRANSACTION, Fault::Slow, 1);
        let (late, first) = join!(shop.hold_all(&slow, &[7, 8, 9]), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            shop.hold_all(&fast, &[8, 9]).await
        });
        first.ok();
        let named = report.map_or(json!([8, 9]), |nth| json!([8 + nth % 2]));
        assert_eq!(late.body["seat_numbers"], named, "{report:?}");
        late.refused(409, "SEAT_ALREADY_RESERVED");
    }
}

#[tokio::test(start_paused = true)]
async fn two_charges_with_one_key_at_once_are_one() {
    for report in reports() {
        let (shop, buyer, _) = about_to_pay(report).await;
        let path = format!("/v1/users/{}/balance", buyer.user_id);
        let charge = || {
            let charge = shop.post(&path).token(&buyer.token);
            let charge = charge.key("transfer-1");
            charge.json(&json!({ "amount": 1_000 }))
        };
        let (first, second) = overtaken(&shop, "charge", charge).await;
        assert_eq!(first.ok(), second.ok(), "{report:?}");
        assert_eq!(shop.balance(&buyer).await, json!(4 * PRICE + 1_000));
    }
}

#[tokio::test(start_paused = true)]
async fn two_creations_with_one_key_at_once_are_one() {
    for own_queue in [false, true] {
        for report in reports() {
            let shop = Shop::open().await;
            let admin = shop.admin().await;
            shop.add_queue("spring").await;
            let before = shop.listed_concerts().await.len();
            shop.stack.report_one_condition(report);
            let mut body = json!({
                "name": "봄 콘서트",
                "shows": [{ "date": "2027-05-01", "price": 50_000 }],
            });
            if own_queue {
                body["queue_id"] = json!("spring");
            }
            let create = || {
                let create = shop.post("/v1/concerts").token(&admin.access_token);
                create.key("spring").json(&body)
            };
            let (first, second) = overtaken(&shop, "create-concert", create).await;
            let (first, second) = (first.expect(201), second.expect(201));
            assert_eq!(first["concert_id"], second["concert_id"], "{report:?}");
            assert_eq!(shop.listed_concerts().await.len(), before + 1);
        }
    }
}

/// The second call finds the opening still ahead, and may change it.
#[tokio::test(start_paused = true)]
async fn opening_that_is_set_twice_at_once_is_set() {
    for report in reports() {
        let shop = Shop::open().await;
        let admin = shop.admin().await;
        shop.put_queue(&admin, "spring", &json!({})).await;
        shop.stack.report_one_condition(report);
        let body = json!({ "opens_at": shop.in_seconds(600) });
        let put = || {
            let put = shop.call("PUT", "/v1/queues/spring");
            put.token(&admin.access_token).json(&body)
        };
        let (first, second) = overtaken(&shop, "put-queue", put).await;
        let (first, second) = (first.ok(), second.ok());
        assert_eq!(first["opens_at"], second["opens_at"], "{report:?}");
    }
}

/// By then the same user has taken the address.
#[tokio::test(start_paused = true)]
async fn address_that_is_set_twice_at_once_is_not_called_taken() {
    for address in ["mina@example.com", "mina@bücher.example"] {
        for report in reports() {
            let shop = Shop::empty().await;
            let store = shop.stack.operator().await.store().clone();
            let name = Name::parse("민아").expect("a name");
            let guest = User::guest(name, shop.now());
            store.sign_up(&guest).await.expect("signed up");
            let changed = User {
                email: Email::parse(address),
                password_hash: Some(PasswordHash::new("a hash".to_owned())),
                ..guest.clone()
            };
            shop.stack.report_one_condition(report);
            store
                .change_credentials(&guest, &changed)
                .await
                .expect("changed");
            let again = store.change_credentials(&guest, &changed).await;
            let is_stale = matches!(again, Err(Rejected::Refused(CredentialsRefused::Stale)));
            assert!(is_stale, "{address} {report:?}: {again:?}");
            // An address of another user is refused.
            let other = User {
                user_id: UserId::new(),
                email: None,
                password_hash: None,
                ..guest.clone()
            };
            store.sign_up(&other).await.expect("signed up");
            let taking = User {
                email: Email::parse(address),
                password_hash: changed.password_hash.clone(),
                ..other.clone()
            };
            let taken = store.change_credentials(&other, &taking).await;
            let is_taken = matches!(
                taken,
                Err(Rejected::Refused(CredentialsRefused::EmailTaken))
            );
            assert!(is_taken, "{address} {report:?}: {taken:?}");
        }
    }
}
