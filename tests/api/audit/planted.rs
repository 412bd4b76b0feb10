//! Each kind of violation, planted into a shop without any others.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::{
    aws_sdk_dynamodb::types::AttributeValue, domain::ids::ChangeId, jiff::SignedDuration,
};

use super::{
    NOBODYS,
    catalog::{no_document, plan_key},
    refund,
};
use crate::harness::{Guest, PRICE, Shop, text};

/// Plants a violation, and expects the audit to find these kinds, each this many times.
macro_rules! finds {
    ($($name:ident: $($kind:literal)|+;)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                let shop = Shop::open().await;
                shop.sell(1).await;
                plant::$name(&shop).await;
                let report = shop.audited().await;
                let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
                $(*expected.entry($kind).or_default() += 1;)+
                let sum: u64 = expected.values().sum();
                assert_eq!(report["kinds"], json!(expected), "{report:#}");
                assert_eq!(report["violations"], json!(sum));
                assert_eq!(report["examples"].as_array().map(|told| told.len() as u64), Some(sum));
                assert!(!report.to_string().contains('@'), "no address: {report:#}");
                // An administrator finds the same in the next round, but for what only two rounds show.
                let admin = shop.admin().await;
                let from_start = json!({ "from_start": true });
                let answer = shop.post_audit(&admin, &from_start).await;
                assert_eq!(answer["state"], "OVER");
                expected.remove("SERVED_WENT_BACK");
                assert_eq!(answer["round"]["kinds"], json!(expected), "{answer:#}");
            }
        )*
    };
}

finds! {
    seat_sold_without_an_order: "SEAT_SOLD_WITHOUT_ORDER";
    seat_of_somebody_elses_order: "SEAT_SOLD_TWICE" | "SEAT_SOLD_WITHOUT_ORDER";
    reservation_of_two_users: "SEAT_OF_ANOTHER" | "SEAT_SOLD_WITHOUT_ORDER";
    order_without_its_seat: "ORDER_WITHOUT_SEAT";
    order_whose_seat_is_held_again: "ORDER_WITHOUT_SEAT" | "SEAT_HELD_BY_NOBODY";
    refunded_order_with_its_seat: "REFUNDED_ORDER_WITH_SEAT";
    refunded_seat_of_a_paid_order: "REFUNDED_ORDER_WITH_SEAT";
    order_with_other_prices: "ORDER_DIFFERS";
    partial_refund_of_a_seat_of_another_order: "ORDER_DIFFERS" | "ORDER_WITHOUT_SEAT";
    payment_above_its_limit: "LIMIT_EXCEEDED";
    seat_of_another_user: "SEAT_OF_ANOTHER";
    sold_seat_above_the_capacity: "SEAT_BEYOND_CAPACITY";
    held_seat_above_the_capacity: "SEAT_BEYOND_CAPACITY";
    sold_seat_of_a_show_called_off_long_ago: "CALLED_OFF_SELLS";
    held_seat_of_a_show_called_off_long_ago: "CALLED_OFF_SELLS" | "CALLED_OFF_SELLS";
    plan_that_is_no_document: "PLAN_DIFFERS";
    plan_of_another_id: "PLAN_DIFFERS";
    plan_with_another_number_of_seats: "PLAN_DIFFERS";
    show_whose_plan_is_missing: "PLAN_DIFFERS";
    show_with_another_capacity_than_its_plan: "PLAN_DIFFERS";
    show_without_a_price_of_a_grade: "PLAN_DIFFERS";
    show_with_a_price_of_no_grade: "PLAN_DIFFERS";
    charge_that_is_gone: "ENTRY_MISSING";
    entry_that_was_lost_at_the_end: "ENTRY_MISSING";
    correction_that_is_gone: "ENTRY_MISSING" | "LOGGED_WITHOUT_ENTRY";
    correction_of_another_amount: "BALANCE_WRONG";
    correction_that_cannot_be_read: "UNREADABLE";
    two_entries_at_one_place: "ENTRIES_COLLIDE";
    balance_that_does_not_add_up: "BALANCE_WRONG";
    balance_below_zero: "BALANCE_NEGATIVE";
    account_with_another_balance: "ACCOUNT_DIFFERS";
    account_behind_its_entries: "ACCOUNT_DIFFERS";
    correction_that_is_not_logged: "CHANGE_NOT_LOGGED";
    charge_by_an_administrator_that_is_not_logged: "CHANGE_NOT_LOGGED";
    refund_that_is_not_logged: "CHANGE_NOT_LOGGED";
    partial_refund_that_is_not_logged: "CHANGE_NOT_LOGGED";
    called_off_show_that_is_not_logged: "CHANGE_NOT_LOGGED" | "CHANGE_NOT_LOGGED";
    correction_of_another_record: "CHANGE_NOT_LOGGED" | "LOGGED_WITHOUT_ENTRY";
    record_of_money_that_nobody_got: "LOGGED_WITHOUT_ENTRY";
    record_that_cannot_be_read: "UNREADABLE";
    entries_without_an_account: "ENTRIES_WITHOUT_ACCOUNT";
    session_that_holds_what_is_paid: "PAID_SESSION_HOLDS";
    closed_session_that_holds: "CLOSED_SESSION_HOLDS";
    hold_without_its_seat: "HOLD_WITHOUT_SEAT";
    seat_that_nobody_holds: "SEAT_HELD_BY_NOBODY";
    seat_held_for_an_hour: "SEAT_HELD_TOO_LONG";
    seat_held_without_an_end: "SEAT_HELD_TOO_LONG";
    held_seat_that_is_never_swept: "HELD_SEAT_TTL_WRONG";
    held_seat_that_is_swept_too_early: "HELD_SEAT_TTL_WRONG";
    sold_seat_that_is_swept: "SOLD_SEAT_HAS_TTL";
    number_of_two_sessions: "NUMBER_DRAWN_TWICE";
    entry_of_two_sessions: "NUMBER_DRAWN_TWICE";
    number_that_was_drawn_by_lot: "NUMBER_DRAWN_TWICE";
    number_that_was_never_issued: "NUMBER_NEVER_ISSUED";
    numbers_that_were_forgotten: "NUMBER_NEVER_ISSUED";
    entry_that_was_never_made: "NUMBER_NEVER_ISSUED";
    line_that_went_back: "SERVED_WENT_BACK";
    arrival_that_nobody_counted: "ARRIVAL_NOT_COUNTED";
    more_done_than_arrived: "MORE_DONE_THAN_ARRIVED";
    user_without_an_account: "USER_WITHOUT_ACCOUNT";
    account_without_a_user: "ACCOUNT_WITHOUT_USER";
    address_that_is_not_claimed: "ADDRESS_NOT_CLAIMED";
    address_that_somebody_else_has: "ADDRESS_NOT_CLAIMED" | "ADDRESS_OF_NOBODY";
    address_of_nobody: "ADDRESS_OF_NOBODY";
    items_that_cannot_be_read: "UNREADABLE" | "UNREADABLE" | "UNREADABLE" | "UNREADABLE" | "UNREADABLE";
    order_that_cannot_be_read: "UNREADABLE" | "SEAT_SOLD_WITHOUT_ORDER";
    queue_that_cannot_be_read: "UNREADABLE";
    concert_and_show_that_cannot_be_read: "UNREADABLE" | "UNREADABLE" | "UNREADABLE";
    entries_of_the_catalog_that_cannot_be_read: "UNREADABLE" | "UNREADABLE" | "UNREADABLE" | "UNREADABLE" | "UNREADABLE";
    list_of_queues_that_cannot_be_read: "UNREADABLE";
}

mod plant {
    use super::*;

    pub async fn seat_sold_without_an_order(shop: &Shop) {
        let seat = json!({ "status": "SOLD", "reservation_id": NOBODYS });
        shop.plant_seat(20, seat).await;
    }

    /// The other buyer's seat stays sold, but its order names another seat.
    pub async fn seat_of_somebody_elses_order(shop: &Shop) {
        let (buyer, receipt) = shop.sell(2).await;
        let order = order_key(&buyer.user_id, &receipt);
        shop.change_item("Accounts", order, json!({ "seats": [1] }))
            .await;
    }

    pub async fn reservation_of_two_users(shop: &Shop) {
        let (one, receipt) = shop.sell(2).await;
        let (other, others) = shop.sell(3).await;
        let mut order = shop
            .take_item("Accounts", order_key(&other.user_id, &others))
            .await;
        let same = text(&receipt["reservation_id"]);
        order["entry"] = json!(format!("order#{same}"));
        order["reservation_id"] = json!(same);
        order["seats"] = json!([2]);
        shop.put_item("Accounts", order).await;
        assert_ne!(one.user_id, other.user_id);
    }

    pub async fn order_without_its_seat(shop: &Shop) {
        shop.take_item("Seats", shop.seat_key(1)).await;
    }

    pub async fn order_whose_seat_is_held_again(shop: &Shop) {
        let seat = shop.held_until(200);
        shop.plant_seat(1, seat).await;
    }

    pub async fn refunded_order_with_its_seat(shop: &Shop) {
        let (buyer, receipt) = shop.sell(2).await;
        let seat = shop.take_item("Seats", shop.seat_key(2)).await;
        shop.put_item("Seats", seat.clone()).await;
        refund(shop, &buyer, &receipt).await;
        shop.put_item("Seats", seat).await;
    }

    pub async fn refunded_seat_of_a_paid_order(shop: &Shop) {
        let buyer = shop.buyer().await;
        let receipt = shop.buy(&buyer, &[2, 3]).await;
        let seat = shop.take_item("Seats", shop.seat_key(2)).await;
        shop.put_item("Seats", seat.clone()).await;
        let path = format!("{}?seat_numbers=2", shop.reservation(&receipt));
        shop.delete(&path).send_as(&buyer.access_token).await.ok();
        shop.put_item("Seats", seat).await;
    }

    pub async fn order_with_other_prices(shop: &Shop) {
        let buyer = shop.buyer().await;
        let receipt = shop.buy(&buyer, &[2, 3]).await;
        let prices = json!({ "prices": [100 * PRICE, 100 * PRICE + 1] });
        shop.change_item("Accounts", order_key(&buyer.user_id, &receipt), prices)
            .await;
    }

    pub async fn partial_refund_of_a_seat_of_another_order(shop: &Shop) {
        let buyer = shop.buyer().await;
        let receipt = shop.buy(&buyer, &[2, 3]).await;
        let path = format!("{}?seat_numbers=2", shop.reservation(&receipt));
        shop.delete(&path).send_as(&buyer.access_token).await.ok();
        let key = order_key(&buyer.user_id, &receipt);
        let mut order = shop.take_item("Accounts", key).await;
        order["returned"][0]["seats"] = json!([7]);
        shop.put_item("Accounts", order).await;
    }

    pub async fn payment_above_its_limit(shop: &Shop) {
        let buyer = shop.buyer().await;
        let receipt = shop.buy(&buyer, &[2, 3]).await;
        let limit = json!({ "limit": 1 });
        shop.change_item("Accounts", order_key(&buyer.user_id, &receipt), limit)
            .await;
    }

    pub async fn seat_of_another_user(shop: &Shop) {
        let buyer = shop.buyer().await;
        shop.buy(&buyer, &[2]).await;
        let another = json!({ "buyer": "AAAAAAAAQACAAAAAAAAAAA" });
        shop.change_item("Seats", shop.seat_key(2), another).await;
    }

    pub async fn sold_seat_above_the_capacity(shop: &Shop) {
        shop.sell(2).await;
        shop.change_stored_show(json!({ "capacity": 1 })).await;
    }

    pub async fn held_seat_above_the_capacity(shop: &Shop) {
        shop.hold(&shop.buyer().await, 2).await.ok();
        shop.change_stored_show(json!({ "capacity": 1 })).await;
    }

    pub async fn sold_seat_of_a_show_called_off_long_ago(shop: &Shop) {
        shop.change_stored_show(shop.called_off(3_601)).await;
    }

    pub async fn held_seat_of_a_show_called_off_long_ago(shop: &Shop) {
        shop.hold(&shop.buyer().await, 2).await.ok();
        shop.change_stored_show(shop.called_off(3_601)).await;
    }

    pub async fn plan_that_is_no_document(shop: &Shop) {
        let (_, plan_id) = shop.hall().await;
        shop.change_plan(&plan_id, "document", no_document()).await;
    }

    /// The document of one plan in the item of another.
    pub async fn plan_of_another_id(shop: &Shop) {
        let (_, plan_id) = shop.hall().await;
        let club = crate::harness::halls::CLUB;
        let other = shop.add_plan(&shop.admin().await, club).await;
        let group = AttributeValue::S(format!("plan#{other}"));
        let entry = AttributeValue::S("plan".to_owned());
        let get = shop.stack.database().get_item().table_name("Catalog");
        let club = get.key("group", group).key("entry", entry).send().await;
        let document = club.expect("an answer").item.expect("a plan")["document"].clone();
        shop.change_plan(&plan_id, "document", document).await;
    }

    pub async fn plan_with_another_number_of_seats(shop: &Shop) {
        let (_, plan_id) = shop.hall().await;
        let seats = AttributeValue::N("7".to_owned());
        shop.change_plan(&plan_id, "seats", seats).await;
    }

    pub async fn show_whose_plan_is_missing(shop: &Shop) {
        let (_, plan_id) = shop.hall().await;
        shop.take_item("Catalog", plan_key(&plan_id)).await;
    }

    pub async fn show_with_another_capacity_than_its_plan(shop: &Shop) {
        let (in_hall, _) = shop.hall().await;
        shop.change_item("Catalog", in_hall, json!({ "capacity": 5 }))
            .await;
    }

    pub async fn show_without_a_price_of_a_grade(shop: &Shop) {
        let (in_hall, _) = shop.hall().await;
        shop.change_item("Catalog", in_hall, json!({ "prices": { "VIP": 1 } }))
            .await;
    }

    pub async fn show_with_a_price_of_no_grade(shop: &Shop) {
        let (in_hall, _) = shop.hall().await;
        let prices = json!({ "prices": { "VIP": 1, "R": 1, "S": 1 } });
        shop.change_item("Catalog", in_hall, prices).await;
    }

    pub async fn entries_of_the_catalog_that_cannot_be_read(shop: &Shop) {
        for (group, entry) in [
            ("a hall", "plan"),
            ("plan#AAAAAAAAAAAAAAAAAAAAAA", "plan"),
            ("plans", "a hall"),
            ("listing", "a concert"),
            ("created#somebody", "a key"),
        ] {
            let item = json!({ "group": group, "entry": entry });
            shop.put_item("Catalog", item).await;
        }
    }

    /// The last one is a show in the place of another.
    pub async fn concert_and_show_that_cannot_be_read(shop: &Shop) {
        for entry in ["concert", "show#2026-12-24"] {
            let item = json!({ "group": NOBODYS, "entry": entry });
            shop.put_item("Catalog", item).await;
        }
        let other = json!({ "group": shop.concert_id, "entry": "show#2026-12-25" });
        let mut moved = shop.take_item("Catalog", other).await;
        moved["entry"] = json!("show#2026-12-26");
        shop.put_item("Catalog", moved).await;
    }

    pub async fn charge_that_is_gone(shop: &Shop) {
        let charges = rich(shop).await.1;
        shop.take_item("Accounts", charges[0].clone()).await;
    }

    pub async fn entry_that_was_lost_at_the_end(shop: &Shop) {
        let charges = rich(shop).await.1;
        shop.take_item("Accounts", charges[1].clone()).await;
    }

    pub async fn two_entries_at_one_place(shop: &Shop) {
        let charges = rich(shop).await.1;
        let mut charge = shop.take_item("Accounts", charges[0].clone()).await;
        shop.put_item("Accounts", charge.clone()).await;
        charge["entry"] = json!("charge#key#another");
        shop.put_item("Accounts", charge).await;
    }

    pub async fn balance_that_does_not_add_up(shop: &Shop) {
        let charges = rich(shop).await.1;
        let less = json!({ "amount": 1 });
        shop.change_item("Accounts", charges[1].clone(), less).await;
    }

    pub async fn balance_below_zero(shop: &Shop) {
        let guest = shop.guest().await;
        let below = json!({ "balance": -100, "seq": 1 });
        shop.change_item("Accounts", account_key(&guest.user_id), below)
            .await;
        let charge = json!({
            "user_id": guest.user_id, "entry": "charge#key#below",
            "amount": -100, "charged_at": 0, "seq": 1, "balance_after": -100,
        });
        shop.put_item("Accounts", charge).await;
    }

    pub async fn account_with_another_balance(shop: &Shop) {
        let guest = rich(shop).await.0;
        let more = json!({ "balance": 1_000_000 });
        shop.change_item("Accounts", account_key(&guest.user_id), more)
            .await;
    }

    pub async fn account_behind_its_entries(shop: &Shop) {
        let guest = rich(shop).await.0;
        let behind = json!({ "balance": 10_000, "seq": 1 });
        shop.change_item("Accounts", account_key(&guest.user_id), behind)
            .await;
    }

    pub async fn entries_without_an_account(shop: &Shop) {
        let guest = rich(shop).await.0;
        shop.take_item("Accounts", account_key(&guest.user_id))
            .await;
    }

    pub async fn session_that_holds_what_is_paid(shop: &Shop) {
        let buyer = shop.buyer().await;
        let held = shop.hold(&buyer, 2).await.ok();
        let key = session_key(&buyer.user_id);
        let session = shop.take_item("Sessions", key).await;
        shop.put_item("Sessions", session.clone()).await;
        shop.charge(&buyer, PRICE).await.ok();
        shop.pay(&buyer, &held).await.ok();
        shop.put_item("Sessions", session).await;
    }

    pub async fn closed_session_that_holds(shop: &Shop) {
        let buyer = shop.buyer().await;
        shop.hold(&buyer, 2).await.ok();
        let closed = json!({ "closed": "LEFT" });
        shop.change_item("Sessions", session_key(&buyer.user_id), closed)
            .await;
    }

    pub async fn hold_without_its_seat(shop: &Shop) {
        shop.hold_all(&shop.buyer().await, &[2, 3]).await.ok();
        shop.take_item("Seats", shop.seat_key(3)).await;
    }

    pub async fn seat_that_nobody_holds(shop: &Shop) {
        shop.plant_seat(20, shop.held_until(200)).await;
    }

    pub async fn seat_held_for_an_hour(shop: &Shop) {
        shop.plant_seat(20, shop.held_until(3_600)).await;
    }

    pub async fn seat_held_without_an_end(shop: &Shop) {
        let mut seat = shop.held_until(200);
        seat["held_until"] = Value::Null;
        shop.plant_seat(20, seat).await;
    }

    pub async fn held_seat_that_is_never_swept(shop: &Shop) {
        shop.hold(&shop.buyer().await, 2).await.ok();
        shop.change_item("Seats", shop.seat_key(2), json!({ "ttl": null }))
            .await;
    }

    pub async fn held_seat_that_is_swept_too_early(shop: &Shop) {
        shop.hold(&shop.buyer().await, 2).await.ok();
        let now = json!({ "ttl": shop.now().as_second() });
        shop.change_item("Seats", shop.seat_key(2), now).await;
    }

    pub async fn sold_seat_that_is_swept(shop: &Shop) {
        let later = json!({ "ttl": shop.now().as_second() + 1_000 });
        shop.change_item("Seats", shop.seat_key(1), later).await;
    }

    pub async fn number_of_two_sessions(shop: &Shop) {
        shop.buyer().await;
        let other = shop.buyer().await;
        shop.change_item(
            "Sessions",
            session_key(&other.user_id),
            json!({ "number": 2 }),
        )
        .await;
    }

    /// A queue of its own that opens in a minute, and two early entries.
    async fn two_early(shop: &Shop) -> [String; 2] {
        let admin = shop.admin().await;
        let settings = json!({ "opens_at": shop.in_seconds(60) });
        shop.put_queue(&admin, "rock", &settings).await.ok();
        let shows = [crate::harness::show("2026-12-24")];
        let concert = shop.add_concert("A", "rock", &shows).await;
        let mut early = Vec::new();
        for _ in 0..2 {
            let guest = shop.guest().await;
            early.push(shop.join_for(&guest, Some(&concert)).await.user_id);
        }
        early.try_into().expect("two")
    }

    fn in_rock(user_id: &str) -> Value {
        json!({ "user_id": user_id, "queue_id": "rock" })
    }

    pub async fn entry_of_two_sessions(shop: &Shop) {
        let [one, other] = two_early(shop).await;
        let session = shop.take_item("Sessions", in_rock(&one)).await;
        let same = json!({ "early": session["early"] });
        shop.put_item("Sessions", session).await;
        shop.change_item("Sessions", in_rock(&other), same).await;
    }

    pub async fn number_that_was_drawn_by_lot(shop: &Shop) {
        let [_, other] = two_early(shop).await;
        shop.advance(65).await;
        let change = json!({ "early": null, "number": 1 });
        shop.change_item("Sessions", in_rock(&other), change).await;
    }

    pub async fn number_that_was_never_issued(shop: &Shop) {
        let buyer = shop.buyer().await;
        shop.change_item(
            "Sessions",
            session_key(&buyer.user_id),
            json!({ "number": 1_000 }),
        )
        .await;
    }

    pub async fn numbers_that_were_forgotten(shop: &Shop) {
        shop.buyer().await;
        shop.advance(10).await;
        let none = json!({ "issued": 1 });
        shop.change_item("Queues", json!({ "id": "main#number" }), none)
            .await;
    }

    pub async fn entry_that_was_never_made(shop: &Shop) {
        let [one, _] = two_early(shop).await;
        let change = json!({ "early": [7, 1_000] });
        shop.change_item("Sessions", in_rock(&one), change).await;
    }

    pub async fn line_that_went_back(shop: &Shop) {
        shop.buyer().await;
        shop.advance(10).await;
        shop.audit().await;
        let id = json!({ "id": "main" });
        let mut queue = shop.take_item("Queues", id).await;
        for point in queue["line"]["schedule"].as_array_mut().expect("points") {
            point[1] = json!(0);
        }
        shop.put_item("Queues", queue).await;
    }

    /// The counts of the cohort of the buyer of seat 1.
    async fn count(shop: &Shop, counts: Value) {
        let items = shop.items("Queues").await;
        let counted = items.iter().find(|item| item["arrived"].is_number());
        let id = json!({ "id": counted.expect("a cohort")["id"] });
        shop.change_item("Queues", id, counts).await;
    }

    pub async fn arrival_that_nobody_counted(shop: &Shop) {
        shop.buyer().await;
        count(shop, json!({ "arrived": 1 })).await;
    }

    pub async fn more_done_than_arrived(shop: &Shop) {
        count(shop, json!({ "done": 2 })).await;
    }

    pub async fn user_without_an_account(shop: &Shop) {
        let guest = shop.guest().await;
        shop.take_item("Accounts", account_key(&guest.user_id))
            .await;
    }

    pub async fn account_without_a_user(shop: &Shop) {
        let guest = shop.guest().await;
        shop.take_item("Users", json!({ "id": guest.user_id }))
            .await;
    }

    const ADDRESS: &str = "email#mina@example.com";

    pub async fn address_that_is_not_claimed(shop: &Shop) {
        shop.account("Mina@example.com").await;
        shop.take_item("Users", json!({ "id": ADDRESS })).await;
    }

    pub async fn address_that_somebody_else_has(shop: &Shop) {
        shop.account("mina@example.com").await;
        let guest = shop.guest().await;
        let change = json!({ "user_id": guest.user_id });
        shop.change_item("Users", json!({ "id": ADDRESS }), change)
            .await;
    }

    pub async fn address_of_nobody(shop: &Shop) {
        let guest = shop.guest().await;
        shop.put_item("Users", json!({ "id": ADDRESS, "user_id": guest.user_id }))
            .await;
    }

    pub async fn items_that_cannot_be_read(shop: &Shop) {
        shop.put_item("Users", json!({ "id": "somebody" })).await;
        shop.put_item("Seats", json!({ "block": "a hall", "seat": 1 }))
            .await;
        shop.plant_seat(0, json!({ "status": "SOLD", "reservation_id": NOBODYS }))
            .await;
        let session = json!({ "user_id": "somebody", "queue_id": "main" });
        shop.put_item("Sessions", session).await;
        let entry = json!({ "user_id": "somebody", "entry": "account" });
        shop.put_item("Accounts", entry).await;
    }

    pub async fn order_that_cannot_be_read(shop: &Shop) {
        let (buyer, receipt) = shop.sell(2).await;
        let none = json!({ "seats": [] });
        shop.change_item("Accounts", order_key(&buyer.user_id, &receipt), none)
            .await;
    }

    pub async fn queue_that_cannot_be_read(shop: &Shop) {
        shop.change_item("Queues", json!({ "id": "main" }), json!({ "line": "long" }))
            .await;
    }

    pub async fn list_of_queues_that_cannot_be_read(shop: &Shop) {
        let registry = json!({ "id": "registry", "queues": "all of them" });
        shop.put_item("Queues", registry).await;
    }

    /// A user with two charges of 100 won, and the keys of the charges.
    async fn rich(shop: &Shop) -> (Guest, Vec<Value>) {
        let guest = shop.guest().await;
        let path = format!("/v1/users/{}/balance", guest.user_id);
        let mut keys = Vec::new();
        for key in ["one", "two"] {
            let charge = shop.post(&path).token(&guest.access_token);
            charge
                .key(key)
                .json(&json!({ "amount": 100 }))
                .send()
                .await
                .ok();
            let entry = format!("charge#key#{key}");
            keys.push(json!({ "user_id": guest.user_id, "entry": entry }));
        }
        (guest, keys)
    }

    /// A user whose balance was corrected and then charged, and the key of the correction.
    async fn corrected(shop: &Shop) -> Value {
        let (buyer, admin) = (shop.buyer().await, shop.admin().await);
        let correction = shop.correct(&admin, &buyer, 100);
        correction.key("one").send().await.ok();
        shop.charge(&buyer, 100).await.ok();
        json!({ "user_id": buyer.user_id, "entry": "correction#key#one" })
    }

    pub async fn correction_that_is_gone(shop: &Shop) {
        let key = corrected(shop).await;
        shop.take_item("Accounts", key).await;
    }

    pub async fn correction_of_another_amount(shop: &Shop) {
        let key = corrected(shop).await;
        shop.change_item("Accounts", key, json!({ "amount": -100 }))
            .await;
    }

    pub async fn correction_that_cannot_be_read(shop: &Shop) {
        let key = corrected(shop).await;
        shop.change_item("Accounts", key, json!({ "reason": null }))
            .await;
    }

    /// Deletes the only record of this kind.
    async fn forget(shop: &Shop, kind: &str) {
        let records = shop.items("Changes").await;
        let mut of_kind = records.iter().filter(|record| record["kind"] == kind);
        let record = of_kind.next().expect("a record");
        shop.take_item("Changes", record_key(record)).await;
    }

    fn record_key(record: &Value) -> Value {
        json!({ "part": record["part"], "change_id": record["change_id"] })
    }

    pub async fn correction_that_is_not_logged(shop: &Shop) {
        corrected(shop).await;
        forget(shop, "CORRECTION").await;
    }

    pub async fn charge_by_an_administrator_that_is_not_logged(shop: &Shop) {
        let (buyer, admin) = (shop.buyer().await, shop.admin().await);
        let path = format!("/v1/users/{}/balance", buyer.user_id);
        let charge = shop.post(&path).json(&json!({ "amount": 1 }));
        charge.send_as(&admin.access_token).await.ok();
        forget(shop, "CHARGE_BY_ADMIN").await;
    }

    pub async fn refund_that_is_not_logged(shop: &Shop) {
        let admin = shop.admin().await;
        let (buyer, receipt) = shop.sell(2).await;
        let refund = shop.refund(&admin, &buyer, &receipt, "A");
        refund.send().await.ok();
        forget(shop, "REFUND").await;
    }

    pub async fn partial_refund_that_is_not_logged(shop: &Shop) {
        let (buyer, admin) = (shop.buyer().await, shop.admin().await);
        let receipt = shop.buy(&buyer, &[2, 3]).await;
        let path = format!("{}/refund", shop.reservation(&receipt));
        let body = json!({ "user_id": buyer.user_id, "reason": "A", "seat_numbers": [3] });
        let refund = shop.post(&path).json(&body);
        refund.send_as(&admin.access_token).await.ok();
        forget(shop, "REFUND").await;
    }

    /// The show names the record, and so does the refund of the one sold seat.
    pub async fn called_off_show_that_is_not_logged(shop: &Shop) {
        let admin = shop.admin().await;
        let call = shop.ask_to_call_off(&admin, &shop.dates[0]);
        call.send().await.ok();
        forget(shop, "SHOW_CALLED_OFF").await;
    }

    pub async fn correction_of_another_record(shop: &Shop) {
        let key = corrected(shop).await;
        let other = "0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5b";
        shop.change_item("Accounts", key, json!({ "change_id": other }))
            .await;
    }

    pub async fn record_of_money_that_nobody_got(shop: &Shop) {
        let key = corrected(shop).await;
        let records = shop.items("Changes").await;
        let mut corrections = records
            .iter()
            .filter(|record| record["kind"] == "CORRECTION");
        let mut record = corrections.next().expect("a record").clone();
        let at = shop.now() - SignedDuration::from_mins(1);
        record["change_id"] = json!(ChangeId::made_at(at));
        record["at"] = json!(at.as_millisecond());
        record["user_id"] = key["user_id"].clone();
        shop.put_item("Changes", record).await;
    }

    pub async fn record_that_cannot_be_read(shop: &Shop) {
        shop.admin().await;
        let record = shop.items("Changes").await.remove(0);
        shop.change_item("Changes", record_key(&record), json!({ "kind": "MAGIC" }))
            .await;
    }

    fn account_key(user_id: &str) -> Value {
        json!({ "user_id": user_id, "entry": "account" })
    }

    fn order_key(user_id: &str, receipt: &Value) -> Value {
        let entry = format!("order#{}", text(&receipt["reservation_id"]));
        json!({ "user_id": user_id, "entry": entry })
    }

    fn session_key(user_id: &str) -> Value {
        json!({ "user_id": user_id, "queue_id": "main" })
    }

    impl Shop {
        fn seat_key(&self, number: u32) -> Value {
            json!({ "block": self.block(0), "seat": number })
        }

        async fn plant_seat(&self, number: u32, fields: Value) {
            let mut seat = self.seat_key(number);
            let fields = fields.as_object().expect("fields").clone();
            seat.as_object_mut().expect("a key").extend(fields);
            if let Some(fields) = seat.as_object_mut() {
                fields.retain(|_, value| !value.is_null());
            }
            self.put_item("Seats", seat).await;
        }

        /// An item of a seat that no session holds, held for this many seconds.
        fn held_until(&self, seconds: i64) -> Value {
            let until = self.now() + SignedDuration::from_secs(seconds);
            json!({
                "status": "HELD", "reservation_id": NOBODYS,
                "held_until": until.as_millisecond(), "ttl": until.as_second() + 3_600,
            })
        }
    }
}
