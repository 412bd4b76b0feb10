//! `POST /v1/concerts/{concert_id}/dates/{date}/call-off`.

use local::{Fault, When};
use serde_json::{Value, json};
use shared::{
    domain::{
        ids::ConcertId,
        reason::{Explanation, Reason},
        show::{CalledOff, Show},
    },
    futures_util::future::join_all,
    store::{Reading, calling_off::Pass},
};

use crate::harness::{
    Buyer, CONCERT, Call, Guest, NOBODY, PRICE, Reply, Shop,
    halls::small_hall,
    refusal::{
        CONCERT_HAS_ORDERS, CONCERT_NOT_FOUND, FORBIDDEN, INVALID_REASON, INVALID_TOKEN,
        MISSING_AUTHORIZATION, SALE_OPEN, SALE_OVER, SEVERAL_SHOWS, SHOW_CALLED_OFF,
        SHOW_NOT_FOUND,
    },
    show, text,
};

const REASON: &str = "출연자 사정";

impl Shop {
    /// An administrator's request to call the show of a date off.
    pub fn ask_to_call_off(&self, admin: &Guest, date: &str) -> Call {
        let path = format!("/v1/concerts/{}/dates/{date}/call-off", self.concert_id);
        self.post(&path).token(&admin.access_token)
    }

    /// Calls the first date off, or goes on with it.
    async fn call_off(&self, admin: &Guest) -> Value {
        let call = self.ask_to_call_off(admin, &self.dates[0]);
        call.json(&json!({ "reason": REASON })).send().await.ok()
    }

    /// Calls until it is over, as the answers say. Returns all that was refunded, by reservation.
    async fn call_off_to_the_end(&self, admin: &Guest) -> Vec<(String, u64)> {
        let mut refunded = Vec::new();
        for _ in 0..40 {
            let answer = self.call_off(admin).await;
            for order in answer["refunded"].as_array().expect("a list") {
                let amount = order["amount"].as_u64().expect("an amount");
                refunded.push((text(&order["reservation_id"]), amount));
            }
            if answer["is_over"] == true {
                refunded.sort();
                return refunded;
            }
            let wait = answer["ask_again_in"].as_u64().expect("when to ask again");
            self.advance(wait).await;
        }
        panic!("it does not come to an end");
    }

    async fn stored_show(&self) -> Show {
        let id = self.concert_id.parse::<ConcertId>().expect("an id");
        let store = self.stack.operator().await.store().clone();
        let shows = store.shows(id).await.expect("shows");
        shows.into_iter().next().expect("a show")
    }

    /// One pass of the store over the first date, which begins after its time is over.
    async fn late_pass(&self) -> Pass {
        let explanation = Explanation {
            by: NOBODY.parse().expect("an id"),
            reason: Reason::parse(REASON).expect("a reason"),
            change_id: None,
        };
        let (show, now) = (self.stored_show().await, self.now());
        let store = self.stack.operator().await.store().clone();
        let end = tokio::time::Instant::now();
        let pass = store.give_back_show(&show, &explanation, now, end);
        pass.await.expect("a pass")
    }

    /// Calls the first date off, and gives nothing back yet.
    async fn call_off_in_the_catalog(&self) {
        let called_off = CalledOff {
            at: self.now(),
            by: NOBODY.parse().expect("an id"),
            reason: None,
            change_id: None,
        };
        let Show {
            concert_id, key, ..
        } = self.stored_show().await;
        let store = self.stack.operator().await.store().clone();
        let done = store.call_off(concert_id, key, &called_off).await;
        done.expect("called off");
    }

    /// Seats of the first date that are not free.
    async fn taken(&self) -> usize {
        let seats = self.seats(&self.buyer().await).await;
        seats.values().filter(|status| *status != "FREE").count()
    }
}

#[tokio::test]
async fn everybody_gets_their_money_back() {
    let shop = Shop::open().await;
    let (admin, first, second) = (shop.admin().await, shop.buyer().await, shop.buyer().await);
    let two = shop.buy(&first, &[1, 2]).await;
    let three = shop.buy(&second, &[3, 4, 5]).await;
    let other_date = shop.buyer().await;
    let body = json!({ "date": shop.dates[1], "seat_number": 1 });
    let held = shop.post(&shop.reservations()).json(&body);
    let held = held.send_as(&other_date.token).await.ok();
    shop.charge(&other_date, PRICE).await.ok();
    shop.pay(&other_date, &held).await.ok();
    // One seat was given back before.
    let path = format!("{}?seat_numbers=4", shop.reservation(&three));
    let one = shop.delete(&path).send_as(&second.access_token);
    one.await.ok();
    let holder = shop.buyer().await;
    let held = shop.hold_all(&holder, &[9, 10]).await.ok();

    let answer = shop.call_off(&admin).await;
    let mut due = [
        json!({ "reservation_id": two["reservation_id"], "user_id": first.user_id, "amount": 2 * PRICE }),
        json!({ "reservation_id": three["reservation_id"], "user_id": second.user_id, "amount": 2 * PRICE }),
    ];
    let by_id = |order: &Value| text(&order["reservation_id"]);
    due.sort_by_key(by_id);
    let mut refunded = answer["refunded"].as_array().expect("a list").clone();
    refunded.sort_by_key(by_id);
    assert_eq!(refunded, due);
    let expected = json!({
        "concert_id": shop.concert_id,
        "date": "2026-12-24",
        "show": "2026-12-24",
        "called_off_at": shop.in_seconds(0),
        "reason": REASON,
        "refunded": answer["refunded"],
        "released": 1,
        "sold": 0,
        "held": 0,
        "failed_reservations": 0,
        "failed": [],
        "is_over": false,
        "ask_again_in": 21,
    });
    assert_eq!(answer, expected);
    assert_eq!(shop.taken().await, 0);
    assert_eq!(shop.balance(&first).await, json!(2 * PRICE));
    assert_eq!(shop.balance(&second).await, json!(3 * PRICE));
    shop.audit().await;

    let path = format!("/v1/users/{}/statement?limit=1", first.user_id);
    let page = shop.get(&path).send_as(&first.access_token).await.ok();
    let entry = &page["entries"][0];
    assert_eq!(
        (&entry["kind"], &entry["reason"]),
        (&json!("REFUND"), &json!(REASON))
    );
    let payment = &shop.payments(&second).await[0];
    assert_eq!(payment["status"], "REFUNDED");
    assert_eq!(payment["concert_name"], CONCERT);
    assert_eq!(payment["refunded_seat_numbers"], json!([3, 4, 5]));
    assert_eq!(payment["refund_reason"], REASON);
    assert_eq!(payment.get("refundable_until"), None);
    assert_eq!(shop.reservation_status(&holder, &held).await, "CANCELLED");
    assert_eq!(shop.reservation_status(&first, &two).await, "REFUNDED");
    // The other date stays on sale, and the session that held seats can buy there.
    let body = json!({ "date": shop.dates[1], "seat_number": 2 });
    let other = shop.post(&shop.reservations()).json(&body);
    other.send_as(&holder.token).await.ok();

    shop.advance(21).await;
    let answer = shop.call_off(&admin).await;
    assert_eq!(
        (&answer["is_over"], &answer["refunded"]),
        (&json!(true), &json!([]))
    );
    assert_eq!(answer.get("ask_again_in"), None);
    assert_eq!(answer["reason"], REASON);
    shop.audit().await;
}

#[tokio::test]
async fn show_that_was_called_off_is_shown_as_such_and_sells_nothing() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let call = shop.ask_to_call_off(&admin, &shop.dates[0]);
    let answer = call.send().await.ok();
    assert_eq!(
        answer.get("reason"),
        None,
        "without a body there is no reason"
    );
    // Instances keep a show for five seconds.
    shop.advance(5).await;
    let buyer = shop.buyer().await;
    shop.hold(&buyer, 1).await.is(SHOW_CALLED_OFF);
    let best = json!({ "date": shop.dates[0], "best": { "count": 2 } });
    let best = shop.post(&shop.reservations()).json(&best);
    best.send_as(&buyer.token).await.is(SHOW_CALLED_OFF);

    let dates = shop.ask_for_dates(&buyer).send().await.ok();
    let [first, second] = dates["dates"].as_array().expect("dates").as_slice() else {
        panic!("two dates, not {dates}");
    };
    assert_eq!(
        first["called_off"],
        json!({ "at": answer["called_off_at"] })
    );
    assert_eq!(
        (&first["sale"], first.get("seats_left")),
        (&json!("OVER"), None)
    );
    assert_eq!(
        (&second["sale"], second.get("called_off")),
        (&json!("OPEN"), None)
    );
    let concert = shop.concert(&shop.concert_id).await;
    assert_eq!(
        concert["shows"][0]["called_off"],
        json!({ "at": answer["called_off_at"] })
    );
    let path = format!(
        "/v1/concerts/available-dates?concert_id={}",
        shop.concert_id
    );
    let available = shop.get(&path).send_as(&buyer.token).await.ok();
    assert_eq!(available["available_dates"], json!([shop.dates[1]]));
    shop.audit().await;
}

#[tokio::test]
async fn refunds_have_a_reason_even_if_the_administrator_gives_none() {
    let shop = Shop::open().await;
    let (buyer, _) = shop.sell(7).await;
    let admin = shop.admin().await;
    let call = shop
        .ask_to_call_off(&admin, &shop.dates[0])
        .json(&json!({}));
    call.send().await.ok();
    let path = format!("/v1/users/{}/statement?limit=1", buyer.user_id);
    let page = shop.get(&path).send_as(&buyer.access_token).await.ok();
    let reason = text(&page["entries"][0]["reason"]);
    assert!(
        reason.contains("공연 취소") && reason.contains("called off"),
        "{reason}"
    );
}

#[tokio::test]
async fn first_reason_and_time_stay() {
    let shop = Shop::open().await;
    let (admin, second) = (shop.admin().await, shop.admin().await);
    let first = shop.call_off(&admin).await;
    shop.advance(3).await;
    let call = shop.ask_to_call_off(&second, &shop.dates[0]);
    let again = call.json(&json!({ "reason": "다른 사유" })).send().await;
    let again = again.ok();
    assert_eq!(again["called_off_at"], first["called_off_at"]);
    assert_eq!(again["reason"], REASON);
}

/// An instance may not know for five seconds that the show was called off. What it sells by then is
/// given back as well: that a call has found nothing means nothing before its time.
#[tokio::test]
async fn seats_that_are_sold_at_the_last_moment_are_refunded_too() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let buyer = shop.buyer().await;
    // The instances that hold and pay know the show from now on.
    let held = shop.hold(&buyer, 7).await.ok();
    shop.cancel(&buyer, &held).await.ok();
    let first = shop.call_off(&admin).await;
    assert_eq!(first["is_over"], false, "nothing was found, and yet");
    shop.hold(&buyer, 8).await.ok();
    shop.advance(19).await;
    let early = shop.call_off(&admin).await;
    assert_eq!(
        (&early["is_over"], &early["released"]),
        (&json!(false), &json!(1))
    );
    shop.audit().await;
    shop.advance(2).await;
    assert_eq!(shop.call_off(&admin).await["is_over"], true);
}

/// A call that finds a held seat cannot know whether it is paid in that moment.
#[tokio::test]
async fn call_that_has_found_something_is_not_the_last() {
    let shop = Shop::open().await;
    let (buyer, held) = shop.about_to_pay().await;
    let admin = shop.admin().await;
    shop.call_off_in_the_catalog().await;
    shop.advance(60).await;
    // The hold lives, so it may be paid. The payment is refunded.
    let paid = shop.pay(&buyer, &held).await.ok();
    let answer = shop.call_off(&admin).await;
    assert_eq!(
        answer["refunded"][0]["reservation_id"],
        paid["reservation_id"]
    );
    assert_eq!(
        (&answer["is_over"], &answer["ask_again_in"]),
        (&json!(false), &json!(1))
    );
    assert_eq!(shop.balance(&buyer).await, json!(PRICE));
    assert_eq!(shop.call_off(&admin).await["is_over"], true);
    shop.audit().await;
}

#[tokio::test]
async fn each_seat_gives_back_what_its_grade_cost() {
    let prices = json!({ "VIP": 90_000, "R": 50_000 });
    let (shop, admin) = Shop::in_hall(&small_hall().to_string(), prices).await;
    let buyer = shop.buyer().await;
    let held = shop.hold_all(&buyer, &[1, 2, 3]).await.ok();
    shop.pay_in_full(&buyer, &held).await;
    let paid = held["payment"]["amount"].clone();
    let path = format!(
        "/v1/concerts/{}/dates/{}/call-off",
        shop.concert_id,
        text(&held["date"])
    );
    let call = shop.post(&path).token(&admin.access_token);
    let answer = call.send().await.ok();
    assert_eq!(answer["refunded"][0]["amount"], paid);
    assert_eq!(shop.balance(&buyer).await, paid);
    shop.audit().await;
}

#[tokio::test]
async fn deleted_users_account_gets_the_money_too() {
    let shop = Shop::open().await;
    let (buyer, _) = shop.sell(7).await;
    let path = format!("/v1/users/{}?force=true", buyer.user_id);
    shop.delete(&path).send_as(&buyer.access_token).await.ok();
    let admin = shop.admin().await;
    let answer = shop.call_off(&admin).await;
    assert_eq!(answer["refunded"][0]["user_id"], json!(buyer.user_id));
    shop.audit().await;
}

/// Seats of an earlier version do not say who bought them. They are named, and it is not over.
#[tokio::test]
async fn seats_without_a_buyer_are_left_and_named() {
    let shop = Shop::open().await;
    let (known, _) = shop.sell(7).await;
    let unknown = shop.buyer().await;
    let receipt = shop.buy(&unknown, &[8, 9]).await;
    for seat in [8, 9] {
        shop.forget_buyer(seat).await;
    }
    let admin = shop.admin().await;
    shop.advance(60).await;
    let answer = shop.call_off(&admin).await;
    let failed = json!([{ "reservation_id": receipt["reservation_id"], "seat_numbers": [8, 9] }]);
    assert_eq!(answer["failed"], failed);
    assert_eq!(answer["sold"], 2);
    assert_eq!(shop.balance(&known).await, json!(PRICE));
    shop.advance(60).await;
    let answer = shop.call_off(&admin).await;
    assert_eq!(
        (&answer["is_over"], &answer["failed"]),
        (&json!(false), &failed)
    );
    assert_eq!(
        answer.get("ask_again_in"),
        None,
        "another call does not help"
    );
}

/// A seat whose order is lost cannot be refunded. It does not keep the others waiting.
#[tokio::test]
async fn seat_without_an_order_is_named() {
    let shop = Shop::open().await;
    let (lost, receipt) = shop.sell(7).await;
    let (other, _) = shop.sell(8).await;
    let entry = format!("order#{}", text(&receipt["reservation_id"]));
    let key = json!({ "user_id": lost.user_id, "entry": entry });
    shop.take_item("Accounts", key).await;
    let admin = shop.admin().await;
    let answer = shop.call_off(&admin).await;
    assert_eq!(
        answer["failed"],
        json!([{
            "reservation_id": receipt["reservation_id"],
            "user_id": lost.user_id,
            "seat_numbers": [7],
        }])
    );
    assert_eq!(answer["refunded"].as_array().map(Vec::len), Some(1));
    assert_eq!(shop.balance(&other).await, json!(PRICE));
}

/// A seat that is sold to an order which has refunded it: the audit reports such a fault. No call lists
/// its money again, and none says that another call would help.
#[tokio::test]
async fn seat_of_a_refunded_order_is_named_and_nothing_is_paid_for_it() {
    for by_the_buyer in [true, false] {
        let shop = Shop::open().await;
        let (buyer, receipt) = shop.sell(7).await;
        let admin = shop.admin().await;
        let seats = shop.items("Seats").await;
        let seat = seats.into_iter().find(|seat| seat["seat"] == 7);
        if by_the_buyer {
            shop.cancel(&buyer, &receipt).await.ok();
        } else {
            shop.call_off(&admin).await;
        }
        shop.put_item("Seats", seat.expect("the seat")).await;
        shop.advance(60).await;
        shop.call_off(&admin).await;
        shop.advance(60).await;
        let answer = shop.call_off(&admin).await;
        assert_eq!(answer["refunded"], json!([]), "{by_the_buyer} {answer}");
        assert_eq!(answer["failed"][0]["seat_numbers"], json!([7]), "{answer}");
        assert_eq!(
            (&answer["sold"], answer.get("ask_again_in")),
            (&json!(1), None)
        );
        assert_eq!(answer["is_over"], false);
        assert_eq!(shop.balance(&buyer).await, json!(PRICE));
    }
}

/// A seat whose item names the order of another show.
#[tokio::test]
async fn order_of_another_show_is_not_refunded() {
    let shop = Shop::open().await;
    let (buyer, receipt) = shop.sell(7).await;
    let block = |date: &str| format!("{}#{date}#0", shop.concert_id);
    let key = json!({ "block": block(&shop.dates[0]), "seat": 7 });
    let mut seat = shop.take_item("Seats", key.clone()).await;
    shop.put_item("Seats", seat.clone()).await;
    seat["block"] = json!(block(&shop.dates[1]));
    shop.put_item("Seats", seat).await;
    let admin = shop.admin().await;
    let call = shop.ask_to_call_off(&admin, &shop.dates[1]);
    let answer = call.send().await.ok();
    assert_eq!(
        answer["failed"][0]["reservation_id"],
        receipt["reservation_id"]
    );
    assert_eq!(shop.reservation_status(&buyer, &receipt).await, "PAID");
}

/// Whoever has called a show off waits until it is over before they delete it. Otherwise a seat that is
/// sold at the last moment would be refunded by nobody.
#[tokio::test]
async fn show_is_not_deleted_right_after_it_was_called_off() {
    let shop = Shop::open().await;
    let (admin, buyer) = (shop.admin().await, shop.buyer().await);
    let held = shop.hold(&buyer, 7).await.ok();
    shop.cancel(&buyer, &held).await.ok();
    shop.call_off(&admin).await;
    let path = format!("{}/dates/{}", shop.concert_id, shop.dates[0]);
    for what in [&path, &shop.concert_id] {
        let refused = shop.remove(&admin, what).await;
        assert_eq!(refused.header("retry-after"), "20");
        assert_eq!(refused.body["shows"], json!([shop.dates[0]]));
        refused.is(SALE_OPEN);
    }
    // An instance that does not know it yet.
    let held = shop.hold(&buyer, 8).await.ok();
    shop.charge(&buyer, PRICE).await.ok();
    shop.pay(&buyer, &held).await.ok();
    shop.advance(20).await;
    shop.remove(&admin, &path).await.is(CONCERT_HAS_ORDERS);
    shop.call_off_to_the_end(&admin).await;
    assert_eq!(shop.balance(&buyer).await, json!(PRICE));
    shop.remove(&admin, &path).await.ok();
}

/// A payment that began while its hold lived may be written ten seconds later. It is not over before
/// that.
#[tokio::test]
async fn late_payment_is_never_after_the_end() {
    let shop = Shop::without_messages(&[]).await;
    let admin = shop.admin().await;
    let (buyer, _) = shop.about_to_pay().await;
    shop.call_off_in_the_catalog().await;
    shop.advance(299).await;
    let store = shop.stack.operator().await.store().clone();
    let user = buyer.user_id.parse().expect("an id");
    let sessions = store.sessions_of(user, Reading::Consistent).await;
    let sessions = sessions.expect("sessions").into_iter();
    let session = sessions.max_by_key(|session| session.live_hold.is_some());
    let session = session.expect("a session");
    let hold = session.live_hold.clone().expect("a hold");
    let (began, account) = (shop.now(), store.account(user).await.expect("an account"));
    shop.advance(4).await;
    let answer = shop.call_off(&admin).await;
    assert_eq!(
        (&answer["is_over"], &answer["held"]),
        (&json!(false), &json!(1))
    );
    let paid = store.pay(&session, 0, account, &hold, began).await;
    assert!(paid.is_ok(), "it is as late as that");
    shop.call_off_to_the_end(&admin).await;
    assert_eq!(shop.balance(&buyer).await, json!(PRICE));
    shop.audit().await;
}

/// A hold whose message is lost ends too.
#[tokio::test]
async fn hold_without_a_message_ends_some_seconds_later() {
    let shop = Shop::without_messages(&[]).await;
    let admin = shop.admin().await;
    shop.hold(&shop.buyer().await, 7).await.ok();
    shop.advance(301).await;
    let answer = shop.call_off(&admin).await;
    assert_eq!(
        (&answer["held"], &answer["ask_again_in"]),
        (&json!(1), &json!(1))
    );
    shop.advance(30).await;
    assert_eq!(shop.call_off(&admin).await["is_over"], true);
}

/// The first change of a catalog of an earlier version puts its listing in order. Calling off may be
/// that change.
#[tokio::test]
async fn show_in_a_listing_of_an_earlier_version_is_called_off() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let name = "ＡＢＣ 콘서트";
    let id = shop.add_concert(name, "main", &[show("2027-05-01")]).await;
    shop.list_as_before(name, &id).await;
    let answer = shop.call_off(&admin).await;
    assert_eq!(answer["reason"], REASON);
}

/// It may turn out after the evening that a show did not take place.
#[tokio::test]
async fn show_of_yesterday_is_called_off() {
    let mut shop = Shop::open().await;
    shop.dates = vec!["2026-11-20".to_owned()];
    let today = [show("2026-11-20")];
    shop.concert_id = shop.add_concert("오늘", "main", &today).await;
    let (buyer, _) = shop.sell(7).await;
    // It is noon in Seoul.
    shop.advance(13 * 3_600).await;
    let admin = shop.admin().await;
    let refunded = shop.call_off_to_the_end(&admin).await;
    assert_eq!(refunded.len(), 1);
    let token = shop.token_of(&buyer.user_id).await;
    let path = format!("/v1/users/{}/balance", buyer.user_id);
    let balance = shop.get(&path).send_as(&token).await.ok();
    assert_eq!(balance["current_balance"], PRICE);
}

/// An account that cannot be read does not keep the others waiting, and neither does a session.
#[tokio::test]
async fn what_cannot_be_read_is_named() {
    let shop = Shop::open().await;
    let (broken, _) = shop.sell(7).await;
    let (other, _) = shop.sell(8).await;
    let holder = shop.buyer().await;
    shop.hold(&holder, 9).await.ok();
    let account = json!({ "user_id": broken.user_id, "entry": "account" });
    let garbage = json!({ "balance": "much" });
    shop.change_item("Accounts", account, garbage).await;
    let session = json!({ "user_id": holder.user_id, "queue_id": "main" });
    let garbage = json!({ "jti": 7 });
    shop.change_item("Sessions", session, garbage).await;
    let admin = shop.admin().await;
    let answer = shop.call_off(&admin).await;
    let mut failed: Vec<_> = answer["failed"]
        .as_array()
        .expect("a list")
        .iter()
        .collect();
    failed.sort_by_key(|failed| failed["seat_numbers"][0].as_u64());
    let whose: Vec<_> = failed
        .iter()
        .map(|failed| failed["user_id"].clone())
        .collect();
    assert_eq!(whose, [json!(broken.user_id), json!(holder.user_id)]);
    assert_eq!((&answer["sold"], &answer["held"]), (&json!(1), &json!(1)));
    assert_eq!(shop.balance(&other).await, json!(PRICE));
}

/// A hold whose session is gone can be paid by nobody, so its seats are freed.
#[tokio::test]
async fn seats_held_by_no_session_are_freed() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    shop.hold_all(&buyer, &[1, 2]).await.ok();
    let key = json!({ "user_id": buyer.user_id, "queue_id": "main" });
    shop.take_item("Sessions", key).await;
    let admin = shop.admin().await;
    assert_eq!(shop.call_off(&admin).await["released"], 1);
    assert_eq!(shop.taken().await, 0);
}

#[tokio::test]
async fn buyers_who_came_through_another_queue_lose_their_holds_too() {
    let shop = Shop::open().await;
    let (buyer, admin) = (shop.buyer().await, shop.admin().await);
    shop.put_queue(&admin, "rock", &json!({})).await.ok();
    shop.hold(&buyer, 7).await.ok();
    let moved = json!({ "queue_id": "rock" });
    shop.change(&admin, &shop.concert_id, &moved).await.ok();
    assert_eq!(shop.call_off(&admin).await["released"], 1);
    shop.audit().await;
}

/// A pass that has no time left counts what there is.
#[tokio::test]
async fn pass_without_time_only_counts() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    shop.buy(&buyer, &[1, 2, 3]).await;
    shop.hold_all(&shop.buyer().await, &[4, 5]).await.ok();
    let pass = shop.late_pass().await;
    assert_eq!((pass.sold, pass.held, pass.refunded.len()), (3, 2, 0));
    assert!(pass.has_more_to_do() && !pass.found_nothing());
    assert_eq!(shop.taken().await, 5);
}

#[tokio::test]
async fn line_of_a_queue_that_sells_nothing_else_ends() {
    let mut shop = Shop::open().await;
    let admin = shop.admin().await;
    shop.put_queue(&admin, "rock", &json!({ "max_active": 1 }))
        .await
        .ok();
    shop.concert_id = shop
        .add_concert("록 콘서트", "rock", &[show("2026-12-24")])
        .await;
    let fans = shop.fans(3).await;
    shop.call_off(&admin).await;
    assert_eq!(shop.queue_shows("rock").await, json!({}));
    shop.advance(2).await;
    assert_eq!(shop.statuses(&fans).await, ["CLOSED SALE_OVER"; 3]);
    shop.ask_for_a_place().await.send().await.is(SALE_OVER);
    shop.audit().await;
}

#[tokio::test]
async fn called_off_show_cannot_be_put_on_sale_again_and_can_be_deleted() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    shop.sell(7).await;
    shop.call_off_to_the_end(&admin).await;
    let before = shop.concert(&shop.concert_id).await;
    let change = async |mut fields: Value| -> Reply {
        fields["date"] = json!(shop.dates[0]);
        shop.change(&admin, &shop.concert_id, &json!({ "shows": [fields] }))
            .await
    };
    for refused in [
        json!({ "closes_at": null }),
        json!({ "closes_at": "2026-12-24T00:00:00Z" }),
        json!({ "opens_at": "2026-11-19T00:00:00Z" }),
        json!({ "price": 1 }),
    ] {
        change(refused).await.is(SHOW_CALLED_OFF);
    }
    assert_eq!(shop.concert(&shop.concert_id).await, before);
    // What people want to know of it can be said.
    change(json!({ "venue": { "ko": "올림픽홀" } })).await.ok();
    let path = format!("{}/dates/{}", shop.concert_id, shop.dates[0]);
    shop.remove(&admin, &path).await.ok();
    shop.audit().await;
}

#[tokio::test]
async fn only_administrators_call_off_and_only_what_there_is() {
    let mut shop = Shop::open().await;
    let admin = shop.admin().await;
    let guest = shop.guest().await;
    let path = format!(
        "/v1/concerts/{}/dates/{}/call-off",
        shop.concert_id, shop.dates[0]
    );
    shop.post(&path).send().await.is(MISSING_AUTHORIZATION);
    shop.post(&path).send_as("x").await.is(INVALID_TOKEN);
    shop.post(&path)
        .send_as(&guest.access_token)
        .await
        .is(FORBIDDEN);
    let buyer = shop.buyer().await;
    shop.post(&path)
        .send_as(&buyer.token)
        .await
        .is(INVALID_TOKEN);

    let with = async |body: Value| {
        let call = shop.ask_to_call_off(&admin, &shop.dates[0]);
        call.json(&body).send().await
    };
    for wrong in [
        json!(""),
        json!(" "),
        json!(7),
        json!("가".repeat(201)),
        json!("a\nb"),
    ] {
        with(json!({ "reason": wrong })).await.is(INVALID_REASON);
    }
    with(json!({ "reasons": "A" }))
        .await
        .refused(400, "UNKNOWN_FIELD");
    let call = shop.ask_to_call_off(&admin, &shop.dates[0]).body("[]");
    call.send().await.refused(400, "EMPTY_BODY");
    for wrong in ["2026-12-26", "2026-12-24T14:00", "x", "2026-13-01"] {
        shop.ask_to_call_off(&admin, wrong)
            .send()
            .await
            .is(SHOW_NOT_FOUND);
    }
    assert_eq!(
        shop.concert(&shop.concert_id).await["shows"][0].get("called_off"),
        None
    );

    let shows = [show("2027-05-01T14:00"), show("2027-05-01T19:30")];
    shop.concert_id = shop.add_concert("B", "main", &shows).await;
    shop.ask_to_call_off(&admin, "2027-05-01")
        .send()
        .await
        .is(SEVERAL_SHOWS);
    shop.ask_to_call_off(&admin, "2027-05-01T14:00")
        .send()
        .await
        .ok();
    let concert = shop.concert(&shop.concert_id).await;
    assert!(concert["shows"][0].get("called_off").is_some());
    assert!(concert["shows"][1].get("called_off").is_none());
    shop.concert_id = NOBODY.to_owned();
    shop.ask_to_call_off(&admin, "2026-12-24")
        .send()
        .await
        .is(CONCERT_NOT_FOUND);
}

/// Buyers with two seats each: the reservations, in order.
async fn sold_out(shop: &Shop, buyers: u32) -> Vec<(Buyer, String)> {
    let sold = (0..buyers).map(|index| async move {
        let buyer = shop.buyer().await;
        let receipt = shop.buy(&buyer, &[2 * index + 1, 2 * index + 2]).await;
        (buyer, text(&receipt["reservation_id"]))
    });
    join_all(sold).await
}

async fn require_each_paid_back(shop: &Shop, sold: &[(Buyer, String)]) {
    for (buyer, _) in sold {
        assert_eq!(shop.balance(buyer).await, json!(2 * PRICE));
    }
    assert_eq!(shop.taken().await, 0);
    shop.audit().await;
}

/// Calls at once, and payments and buyers' own refunds beside them: nobody gets their money twice.
#[tokio::test]
async fn calls_payments_and_refunds_at_once_give_back_each_seat_once() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let mut sold = sold_out(&shop, 10).await;
    let paying = join_all((10..14).map(|index| {
        let shop = &shop;
        async move {
            let buyer = shop.buyer().await;
            shop.charge(&buyer, 2 * PRICE).await.ok();
            let seats = [2 * index + 1, 2 * index + 2];
            let held = shop.hold_all(&buyer, &seats).await.ok();
            (buyer, held)
        }
    }))
    .await;
    // On a slow machine a request may be told to come again.
    let calls = join_all((0..3).map(|_| async {
        let call = shop.ask_to_call_off(&admin, &shop.dates[0]);
        let reply = call.json(&json!({ "reason": REASON })).send().await;
        assert!([200, 503].contains(&reply.status.as_u16()), "{reply:?}");
    }));
    let pay = join_all(paying.iter().map(|(buyer, held)| async {
        let reply = shop.pay(buyer, held).await;
        assert!(
            [200, 410, 503].contains(&reply.status.as_u16()),
            "{reply:?}"
        );
    }));
    let own = join_all(sold.iter().take(3).map(|(buyer, id)| {
        let path = format!("{}/{id}", shop.reservations());
        shop.delete(&path).send_as(&buyer.token)
    }));
    shared::futures_util::join!(calls, pay, own);
    shop.call_off_to_the_end(&admin).await;
    sold.extend(
        paying
            .into_iter()
            .map(|(buyer, held)| (buyer, text(&held["reservation_id"]))),
    );
    require_each_paid_back(&shop, &sold).await;
}

/// Calls are cut off at random, before and after what they do takes effect. The next one goes on, and
/// at no moment is anything wrong.
#[tokio::test]
async fn calls_that_are_killed_anywhere_lose_nothing() {
    const KILLED: [(Fault, f64); 2] = [
        (Fault::Killed(When::Before), 0.05),
        (Fault::Killed(When::After), 0.05),
    ];
    let mut killed = 0;
    for seed in 0..6 {
        let shop = Shop::open().await;
        let admin = shop.admin().await;
        let sold = sold_out(&shop, 6).await;
        shop.hold_all(&shop.buyer().await, &[20, 21]).await.ok();
        for call in 0..4 {
            shop.stack
                .faults()
                .meet_at_random(10 * seed + call, &KILLED);
            let call = shop.ask_to_call_off(&admin, &shop.dates[0]);
            let call = call.json(&json!({ "reason": REASON }));
            call.send_unchecked().await;
            shop.stack.faults().end();
            shop.audit().await;
        }
        let counted = shop.stack.faults().counted();
        killed += counted.values().sum::<u64>();
        shop.call_off_to_the_end(&admin).await;
        require_each_paid_back(&shop, &sold).await;
    }
    assert!(killed > 0, "some calls were killed");
}
