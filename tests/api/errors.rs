//! The contract's table of errors: every code that the API can answer with, each with a request
//! that gets it. A row without a request makes a test fail.

use std::collections::BTreeSet;

use local::Fault;
use serde_json::json;

use crate::harness::{
    Buyer, Call, NOBODY, PRICE, Shop, concerts::many_shows, refusal::*, show, show_sold,
};

/// Every code of the contract, and its status.
pub const CONTRACT: [(u16, &str); 59] = [
    (400, "EMPTY_BODY"),
    (400, "MISSING_FIELD"),
    (400, "MISSING_PARAMETER"),
    (400, "MISSING_PAYMENT_AMOUNT"),
    (400, "INVALID_USER_ID"),
    (400, "INVALID_DATE"),
    (400, "INVALID_SEAT_NUMBER"),
    (400, "TOO_MANY_SEATS"),
    (400, "INVALID_AMOUNT"),
    (400, "MALFORMED_AUTHORIZATION"),
    (400, "TOKEN_ALREADY_ACTIVE"),
    (400, "INVALID_PLAN"),
    (400, "SEVERAL_SHOWS"),
    (400, "UNKNOWN_FIELD"),
    (400, "BAD_REQUEST"),
    (401, "MISSING_AUTHORIZATION"),
    (401, "INVALID_TOKEN"),
    (401, "INVALID_CREDENTIALS"),
    (402, "INSUFFICIENT_BALANCE"),
    (403, "NOT_YOUR_TURN"),
    (403, "FORBIDDEN"),
    (403, "ACCOUNT_NEEDED"),
    (404, "USER_NOT_FOUND"),
    (404, "NO_AVAILABLE_DATES"),
    (404, "SHOW_NOT_FOUND"),
    (404, "RESERVATION_NOT_FOUND"),
    (404, "CONCERT_NOT_FOUND"),
    (404, "QUEUE_NOT_FOUND"),
    (404, "PLAN_NOT_FOUND"),
    (404, "NOT_FOUND"),
    (409, "SEAT_ALREADY_RESERVED"),
    (409, "NO_SEATS_TOGETHER"),
    (409, "HOLD_EXISTS"),
    (409, "PERSON_LIMIT"),
    (409, "AMOUNT_MISMATCH"),
    (409, "SALE_NOT_OPEN"),
    (409, "SALE_CLOSED"),
    (409, "SALE_OPEN"),
    (409, "SEATS_TAKEN"),
    (409, "CONCERT_HAS_ORDERS"),
    (409, "LINE_NOT_EMPTY"),
    (409, "EMAIL_TAKEN"),
    (409, "OWN_ROLE"),
    (409, "ADMIN_NEEDS_ACCOUNT"),
    (409, "REFUND_CLOSED"),
    (409, "BALANCE_OUT_OF_RANGE"),
    (409, "USER_HAS_HOLD"),
    (409, "USER_HAS_BALANCE"),
    (410, "HOLD_EXPIRED"),
    (410, "SESSION_OVER"),
    (410, "SOLD_OUT"),
    (410, "SALE_OVER"),
    (410, "SHOW_CALLED_OFF"),
    (410, "QUEUE_CLOSED"),
    (412, "VERSION_MISMATCH"),
    (422, "IDEMPOTENCY_KEY_REUSED"),
    (429, "TOO_MANY_ATTEMPTS"),
    (500, "INTERNAL"),
    (503, "BUSY"),
];

/// The shows are more than a month away, so refunds are over.
const NO_REFUNDS: &[(&str, &str)] = &[("RefundCutoffHours", "8760")];

/// A request for every row. The last seat is taken by a hold that lapses.
#[expect(clippy::too_many_lines, reason = "it is a table")]
async fn provocations(shop: &Shop) -> Vec<(Refusal, Call)> {
    let lapsed = shop.buyer().await;
    let lost = shop.hold(&lapsed, 50).await.ok();
    shop.advance(60).await;
    shop.leave(&shop.buyer().await).await;
    let buyer = shop.buyer().await;
    shop.advance(240).await;
    let (owner, receipt) = shop.sell(1).await;
    let holder = shop.buyer().await;
    let held = shop.hold(&holder, 2).await.ok();
    shop.charge(&buyer, 1).await.ok();
    let later = show_sold(
        "2027-01-01",
        Some(shop.now() + shared::jiff::SignedDuration::from_secs(1)),
        None,
    );
    let later = shop.add_concert("Later", "main", &[later]).await;
    let closed = show_sold("2027-01-01", None, Some(shop.now()));
    let closed = shop.add_concert("Closed", "main", &[closed]).await;
    let called_off = shop
        .add_concert("Called off", "main", &[show("2027-01-01")])
        .await;
    let tiny = shared::domain::show::Show {
        capacity: 1,
        ..show("2027-01-01")
    };
    let tiny = shop.add_concert("Tiny", "main", &[tiny]).await;
    let tiny_hall = shop
        .add_concert("Hall", "main", &[show("2027-01-01")])
        .await;
    let minute_ago = shop.now() - shared::jiff::SignedDuration::from_mins(1);
    let half_sold = show_sold("2027-01-01", None, Some(minute_ago));
    let half_sold = shop.add_concert("Half sold", "main", &[half_sold]).await;
    shop.put_item(
        "Seats",
        json!({
            "block": format!("{half_sold}#2027-01-01#0"),
            "seat": 2,
            "status": "SOLD",
            "reservation_id": shared::domain::ids::ReservationId::new(),
        }),
    )
    .await;
    let twice = ["2027-05-01T14:00", "2027-05-01T19:30"].map(show);
    let twice = shop.add_concert("Twice", "main", &twice).await;
    let one_each = json!({
        "name": "One each",
        "most_seats_a_person": 1,
        "shows": [{ "date": "2027-01-01", "price": 1 }],
    });
    let operator = shop.admin().await;
    let call_off = format!("/v1/concerts/{called_off}/dates/2027-01-01/call-off");
    let call_off = shop.post(&call_off).token(&operator.access_token);
    call_off.send().await.ok();
    let limited = shop.create(&operator, &one_each).await.expect(201);
    let limited = limited["concert_id"].as_str().expect("an id").to_owned();
    let queueless = shop
        .add_concert("Queueless", "nowhere", &[show("2027-01-01")])
        .await;

    let account = shop.account("mina@example.com").await;
    let locked = shop.account("locked@example.com").await;
    for _ in 0..10 {
        shop.log_in(&locked.email, "not the password")
            .await
            .is(INVALID_CREDENTIALS);
    }
    let log_in = |email: &str| {
        let body = json!({ "email": email, "password": "not the password" });
        shop.post("/v1/auth/login").json(&body)
    };
    let admin = shop.admin().await;
    let balance = format!("/v1/users/{}/balance", buyer.user_id);
    let change_to = |body| {
        let path = format!("/v1/concerts/{later}");
        let call = shop.patch(&path).token(&admin.access_token);
        call.json(&body)
    };
    let correct = |body| {
        let path = format!("{balance}/corrections");
        let call = shop.post(&path).token(&admin.access_token);
        call.json(&body)
    };
    let show_with = |field: &str, value: serde_json::Value| {
        let mut changed = json!({ "date": "2027-01-01" });
        changed[field] = value;
        change_to(json!({ "shows": [changed] }))
    };
    let create = |body| {
        let call = shop.post("/v1/concerts").token(&admin.access_token);
        call.json(&body)
    };
    shop.add_queue("small").await;
    let crowded = json!({ "name": "A", "queue_id": "small", "shows": many_shows(200) });
    let fewer_seats = |concert_id: &str, show: serde_json::Value| {
        let path = format!("/v1/concerts/{concert_id}");
        let call = shop.patch(&path).token(&admin.access_token);
        call.json(&json!({ "shows": [show] }))
    };

    let date = &shop.dates[0];
    let dates = "/v1/concerts/available-dates";
    let seats = format!("/v1/concerts/{}/seats", shop.concert_id);
    let key = |amount: u32| {
        let call = shop.post(&balance).token(&buyer.token).key("k");
        call.json(&json!({ "amount": amount }))
    };
    key(1).send().await.ok();
    let get = |path: &str| shop.get(path).token(&buyer.token);
    let hold_at = |concert_id: &str, body| {
        let path = format!("/v1/concerts/{concert_id}/reservations");
        shop.post(&path).token(&buyer.token).json(&body)
    };
    let reserve = |body| hold_at(&shop.concert_id, body);
    let join = |body| shop.post("/v1/auth/tokens").json(&body);
    let charge = |body| shop.post(&balance).token(&buyer.token).json(&body);
    let pay = |token: &str, held: &serde_json::Value, amount: u32| {
        let path = format!("{}/payments", shop.reservation(held));
        shop.post(&path).token(token).json(&json!({
            "reservation_id": held["reservation_id"],
            "payment_details": { "amount": amount },
        }))
    };
    let role = |user_id: &str, body| {
        let call = shop.call("PUT", &format!("/v1/users/{user_id}/role"));
        call.token(&admin.access_token).json(&body)
    };
    let delete = |whom: &Buyer| {
        let path = format!("/v1/users/{}", whom.user_id);
        shop.delete(&path).token(&whom.access_token)
    };
    let pay_with = |body| {
        let path = format!("{}/payments", shop.reservation(&held));
        shop.post(&path).token(&holder.token).json(&body)
    };
    vec![
        (EMPTY_BODY, shop.post("/v1/users")),
        (MISSING_NAME, shop.post("/v1/users").json(&json!({}))),
        (MISSING_USER_ID, join(json!({}))),
        (MISSING_DATE_OR_SEAT, reserve(json!({}))),
        (MISSING_AMOUNT, charge(json!({}))),
        (MISSING_RESERVATION_ID, pay_with(json!({}))),
        (MISSING_DATE, get(&seats)),
        (
            MISSING_PAYMENT_AMOUNT,
            pay_with(json!({ "reservation_id": held["reservation_id"] })),
        ),
        (INVALID_USER_ID, join(json!({ "user_id": "x" }))),
        (INVALID_DATE, get(&format!("{seats}?date=x"))),
        (
            INVALID_PLAN,
            shop.post("/v1/plans")
                .token(&admin.access_token)
                .json(&json!({
                    "name": "A",
                    "grades": ["R"],
                    "sections": [{
                        "name": "A", "grade": "S", "rows": [{ "label": "1", "seats": "1" }],
                    }],
                })),
        ),
        (INVALID_PRICES, show_with("prices", json!({ "R": 1 }))),
        (INVALID_PLAN_ID, show_with("plan_id", json!("x"))),
        (PLAN_NOT_FOUND, shop.get("/v1/plans/AAAAAAAAAAAAAAAAAAAAAA")),
        (
            SEVERAL_SHOWS,
            get(&format!("/v1/concerts/{twice}/seats?date=2027-05-01")),
        ),
        (
            SHOW_TIMES,
            create(json!({ "name": "A", "shows": [
                { "date": "2027-05-01", "price": 1 },
                { "date": "2027-05-01T14:00", "price": 1 },
            ] })),
        ),
        (
            INVALID_SEAT_NUMBER,
            reserve(json!({ "date": date, "seat_number": 51 })),
        ),
        (
            TOO_MANY_SEATS,
            reserve(json!({ "date": date, "seat_numbers": [3, 4, 5, 6, 7] })),
        ),
        (INVALID_AMOUNT, charge(json!({ "amount": 0 }))),
        (
            MALFORMED_AUTHORIZATION,
            shop.get(dates).header("authorization", "Basic eA=="),
        ),
        (
            TOKEN_ALREADY_ACTIVE,
            join(json!({ "user_id": buyer.user_id })),
        ),
        (
            BAD_REQUEST,
            reserve(json!({ "date": date, "seat_number": 3, "seat_numbers": [3] })),
        ),
        (MISSING_AUTHORIZATION, shop.get(dates)),
        (INVALID_TOKEN, shop.get(dates).token("x")),
        (INVALID_CREDENTIALS, log_in(&account.email)),
        (INSUFFICIENT_BALANCE, pay(&holder.token, &held, PRICE)),
        (FORBIDDEN, shop.get(&balance).token(&owner.token)),
        (USER_NOT_FOUND, join(json!({ "user_id": NOBODY }))),
        (
            NO_AVAILABLE_DATES,
            get(&format!("{dates}?concert_id={later}")),
        ),
        (SHOW_NOT_FOUND, get(&format!("{seats}?date=2026-12-26"))),
        (RESERVATION_NOT_FOUND, get(&shop.reservation(&receipt))),
        (
            CONCERT_NOT_FOUND,
            get(&format!("/v1/concerts/{NOBODY}/dates")),
        ),
        (
            QUEUE_NOT_FOUND,
            join(json!({ "user_id": NOBODY, "concert_id": queueless })),
        ),
        (NOT_FOUND, shop.get("/v1/nothing")),
        (
            SEAT_ALREADY_RESERVED,
            reserve(json!({ "date": date, "seat_number": 1 })),
        ),
        (
            NO_SEATS_TOGETHER,
            hold_at(
                &tiny,
                json!({ "date": "2027-01-01", "best": { "count": 2 } }),
            ),
        ),
        (
            INVALID_BEST,
            reserve(json!({ "date": date, "best": { "count": 5 } })),
        ),
        (
            HOLD_EXISTS,
            shop.post(&shop.reservations())
                .token(&holder.token)
                .json(&json!({ "date": date, "seat_number": 3 })),
        ),
        (
            PERSON_LIMIT,
            hold_at(
                &limited,
                json!({ "date": "2027-01-01", "seat_numbers": [1, 2] }),
            ),
        ),
        (
            INVALID_PERSON_LIMIT,
            change_to(json!({ "most_seats_a_person": 0 })),
        ),
        (AMOUNT_MISMATCH, pay(&holder.token, &held, 1)),
        (
            SALE_NOT_OPEN,
            hold_at(&later, json!({ "date": "2027-01-01", "seat_number": 1 })),
        ),
        (
            SALE_CLOSED,
            hold_at(&closed, json!({ "date": "2027-01-01", "seat_number": 1 })),
        ),
        (
            SHOW_CALLED_OFF,
            hold_at(
                &called_off,
                json!({ "date": "2027-01-01", "seat_number": 1 }),
            ),
        ),
        (
            SALE_OPEN,
            fewer_seats(&tiny_hall, json!({ "date": "2027-01-01", "capacity": 1 })),
        ),
        (
            SEATS_TAKEN,
            fewer_seats(&half_sold, json!({ "date": "2027-01-01", "capacity": 1 })),
        ),
        (
            EMAIL_TAKEN,
            shop.post("/v1/users").json(&json!({
                "name": "A", "email": "MINA@example.com", "password": "a long password",
            })),
        ),
        (
            REFUND_CLOSED,
            shop.delete(&shop.reservation(&receipt)).token(&owner.token),
        ),
        (
            BALANCE_OUT_OF_RANGE,
            correct(json!({ "amount": -1_000, "reason": "A" })),
        ),
        (
            INVALID_CORRECTION,
            correct(json!({ "amount": 0, "reason": "A" })),
        ),
        (
            SEATS_OF_ORDER,
            shop.delete(&format!("{}?seat_numbers=49", shop.reservation(&receipt)))
                .token(&owner.token),
        ),
        (MISSING_REASON, correct(json!({ "amount": 1 }))),
        (
            INVALID_REASON,
            correct(json!({ "amount": 1, "reason": "" })),
        ),
        (
            MISSING_SEAT_NUMBER,
            shop.get(&format!("{}?date=2026-12-24", shop.reservations()))
                .token(&admin.access_token),
        ),
        (
            CONCERT_HAS_ORDERS,
            shop.delete(&format!("/v1/concerts/{}", shop.concert_id))
                .token(&admin.access_token),
        ),
        (MISSING_SHOWS, create(json!({ "name": "A" }))),
        (
            MISSING_DATE_FIELD,
            create(json!({ "name": "A", "shows": [{}] })),
        ),
        (
            MISSING_PRICE,
            create(json!({ "name": "A", "shows": [{ "date": date }] })),
        ),
        (
            BODY_TOO_LARGE,
            change_to(json!({ "name": "가".repeat(30_000) })),
        ),
        (
            WRONG_ENCODING,
            shop.post("/v1/users").body(&b"\xff\xfe{\0}\0"[..]),
        ),
        (STRAY_BODY, shop.get("/v1/concerts").body("{}")),
        (INVALID_NAME, change_to(json!({ "name": "" }))),
        (INVALID_QUEUE_ID, change_to(json!({ "queue_id": "" }))),
        (INVALID_SHOWS, change_to(json!({ "shows": {} }))),
        (INVALID_PRICE, show_with("price", json!(-1))),
        (INVALID_CAPACITY, show_with("capacity", json!(0))),
        (
            INVALID_DESCRIPTION,
            change_to(json!({ "description": { "ko": "a\tb" } })),
        ),
        (INVALID_VENUE, change_to(json!({ "venue": { "jp": "A" } }))),
        (INVALID_AGE_LIMIT, change_to(json!({ "age_limit": 100 }))),
        (INVALID_DOOR_TIMES, show_with("doors_at", json!("7 pm"))),
        (INVALID_SALES_WINDOW, show_with("opens_at", json!("soon"))),
        (TOO_MANY_QUEUE_SHOWS, create(crowded)),
        (INVALID_LIMIT, shop.get("/v1/concerts?limit=0")),
        (USER_HAS_HOLD, delete(&holder)),
        (USER_HAS_BALANCE, delete(&buyer)),
        (SESSION_OVER, shop.ask_for_dates(&lapsed)),
        (
            UNKNOWN_FIELD,
            shop.patch("/v1/queues/main")
                .token(&admin.access_token)
                .json(&json!({ "ratee": 3 })),
        ),
        (MISSING_ROLE, role(&holder.user_id, json!({}))),
        (
            INVALID_ROLE,
            role(&holder.user_id, json!({ "role": "root" })),
        ),
        (OWN_ROLE, role(&admin.user_id, json!({ "role": "user" }))),
        (
            ADMIN_NEEDS_ACCOUNT,
            role(&holder.user_id, json!({ "role": "admin" })),
        ),
        (
            INVALID_CHANGE_KIND,
            shop.get("/v1/admin/changes?kind=X")
                .token(&admin.access_token),
        ),
        (
            INVALID_CONCERT_ID,
            shop.get("/v1/admin/changes?concert_id=X")
                .token(&admin.access_token),
        ),
        (
            INVALID_WHO,
            shop.patch("/v1/queues/main")
                .token(&admin.access_token)
                .json(&json!({ "who": "guests" })),
        ),
        (
            INVALID_NOTICE,
            shop.patch("/v1/queues/main")
                .token(&admin.access_token)
                .json(&json!({ "notice": "Late" })),
        ),
        (
            NEVER_SET,
            shop.call("PUT", "/v1/queues/main")
                .token(&admin.access_token)
                .header("if-match", "\"7\"")
                .json(&json!({})),
        ),
        (HOLD_EXPIRED, pay(&lapsed.token, &lost, PRICE)),
        (IDEMPOTENCY_KEY_REUSED, key(2)),
        (TOO_MANY_ATTEMPTS, log_in(&locked.email)),
    ]
}

/// The errors that need a shop of their own.
async fn others() -> Vec<(Shop, Refusal, Call)> {
    let full = Shop::with_room_for_one().await;
    full.buyer().await;
    let waiting = full.ask_for_dates(&full.buyer().await);
    let empty = Shop::empty().await;
    let without_concert = empty
        .get("/v1/concerts/available-dates")
        .token(&empty.buyer().await.token);
    let mut others = vec![
        (full, NOT_YOUR_TURN, waiting),
        (empty, MISSING_CONCERT_ID, without_concert),
    ];
    for (fault, refusal) in [(Fault::Throughput, BUSY), (Fault::Missing, INTERNAL)] {
        let broken = Shop::empty().await;
        let buyer = broken.buyer().await;
        let path = format!("/v1/users/{}/balance", buyer.user_id);
        let balance = broken.get(&path).token(&buyer.token);
        broken.stack.faults().meet_naming("Accounts", fault);
        others.push((broken, refusal, balance));
    }
    let closed = Shop::closed().await;
    let guest = closed.guest().await;
    let join = closed.post("/v1/auth/tokens");
    let join = join.json(&json!({ "user_id": guest.user_id }));
    others.push((closed, QUEUE_CLOSED, join));
    let for_accounts = Shop::open().await;
    let admin = for_accounts.admin().await;
    let accounts = json!({ "who": "accounts" });
    for_accounts.put_queue(&admin, "main", &accounts).await.ok();
    let join = for_accounts.ask_for_a_place().await;
    others.push((for_accounts, ACCOUNT_NEEDED, join));
    let (sold_out, ..) = Shop::sold_out().await;
    let join = sold_out.ask_for_a_place().await;
    others.push((sold_out, SOLD_OUT, join));
    let over = Shop::open().await;
    let admin = over.admin().await;
    over.put_queue(&admin, "rock", &json!({})).await.ok();
    let closed = show_sold("2027-01-01", None, Some(over.now()));
    let concert_id = over.add_concert("끝난 공연", "rock", &[closed]).await;
    let guest = over.guest().await;
    let join = over.post("/v1/auth/tokens");
    let join = join.json(&json!({ "user_id": guest.user_id, "concert_id": concert_id }));
    others.push((over, SALE_OVER, join));
    let crowded = Shop::open().await;
    let admin = crowded.admin().await;
    let concert_id = crowded.add_queue("rock").await;
    let guest = crowded.guest().await;
    crowded.join_for(&guest, Some(&concert_id)).await;
    let change = crowded.patch(&format!("/v1/concerts/{concert_id}"));
    let change = change.token(&admin.access_token);
    let change = change.json(&json!({ "queue_id": "main" }));
    others.push((crowded, LINE_NOT_EMPTY, change));
    others
}

#[tokio::test]
async fn every_error_has_its_korean_text() {
    let shop = Shop::open_with(NO_REFUNDS).await;
    let mut seen = BTreeSet::new();
    for (refusal, call) in provocations(&shop).await {
        call.send().await.is(refusal);
        seen.insert((refusal.status, refusal.code));
    }
    for (_shop, refusal, call) in others().await {
        call.send().await.is(refusal);
        seen.insert((refusal.status, refusal.code));
    }
    assert_eq!(seen, BTreeSet::from(CONTRACT));
}

#[tokio::test]
async fn every_error_has_its_english_text() {
    let shop = Shop::open_with(NO_REFUNDS).await;
    let mut texts = BTreeSet::new();
    let mut check = async |refusal: Refusal, call: Call| {
        let reply = call
            .header("accept-language", "en-GB,en;q=0.9,ko;q=0.1")
            .send()
            .await;
        let text = reply.refused(refusal.status, refusal.code);
        assert!(
            text.is_ascii() && text.ends_with('.'),
            "{}: {text}",
            refusal.code
        );
        assert!(texts.insert(text), "{} has a text of its own", refusal.code);
    };
    for (refusal, call) in provocations(&shop).await {
        check(refusal, call).await;
    }
    for (_shop, refusal, call) in others().await {
        check(refusal, call).await;
    }
}

#[tokio::test]
async fn language_is_korean_unless_english_is_preferred() {
    let shop = Shop::open().await;
    for (header, korean) in [
        ("ko", true),
        ("fr", true),
        ("*", true),
        ("en;q=0.3,ko;q=0.4", true),
        ("en;q=", true),
        (";;;,,,q=q=q", true),
        ("EN-us", false),
        ("de,en;q=0.1", false),
    ] {
        let reply = shop
            .get("/nowhere")
            .header("accept-language", header)
            .send()
            .await;
        assert_eq!(
            reply.refused(404, "NOT_FOUND") == NOT_FOUND.korean,
            korean,
            "{header}"
        );
    }
}

#[tokio::test]
async fn each_answer_has_a_request_id_of_its_own() {
    let shop = Shop::open().await;
    let mut ids = BTreeSet::new();
    for _ in 0..5 {
        let reply = shop.get("/nowhere").send().await;
        assert!(ids.insert(reply.body["request_id"].to_string()), "{ids:?}");
    }
}
