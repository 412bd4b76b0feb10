//! How many calls each operation makes, and in how many rounds. The calls of a round are made side by
//! side; each round waits for the one before it.
//!
//! Every call takes a tenth of a second of virtual time, so a request takes as many tenths as it
//! has rounds. A message is a call, too.

use std::collections::{BTreeMap, BTreeSet};

use functions::ROUTES;
use local::{DELAY, Fault};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::harness::{Buyer, Call, PASSWORD, PRICE, Shop, halls::small_hall, text};

/// How many calls a request makes, and in how many rounds.
type Trips = (u64, u128);

/// What requests took, by their function and what is special about them.
#[derive(Default)]
struct Measured(BTreeMap<String, Trips>);

impl Measured {
    /// Sends a request to a function that has started, which has to succeed.
    async fn send(&mut self, shop: &Shop, name: &str, call: Call) -> Value {
        let function = name.split(',').next().unwrap_or_default();
        shop.stack.app(function).await;
        let faults = shop.stack.faults();
        let before = faults.counted().values().sum::<u64>();
        faults.meet_at_random(0, &[(Fault::Delayed, 1.0)]);
        let started = Instant::now();
        let reply = call.send().await;
        let took = started.elapsed() + DELAY / 2;
        faults.end();
        assert!(reply.status.is_success(), "{name}: {}", reply.text);
        let calls = faults.counted().values().sum::<u64>() - before;
        self.0.insert(
            name.to_owned(),
            (calls, took.as_millis() / DELAY.as_millis()),
        );
        reply.body
    }
}

/// A shop without a schedule, whose calls would be counted. The first token makes the keys, which
/// functions read as they start.
async fn shop() -> Shop {
    // Without events, whose calls are made by another function at the same time.
    let shop = Shop::without_schedule(&[("WhoCharges", "users"), ("Events", "false")]).await;
    shop.guest().await;
    shop
}

/// A purchase: the requests for which people wait.
async fn purchase(shop: &Shop, all: &mut Measured) {
    let guest = shop.guest().await;
    let with = |call: Call, buyer: &Buyer| call.token(&buyer.token);
    let concert = format!("/v1/concerts/{}", shop.concert_id);

    let call = shop.post("/v1/users").json(&json!({ "name": "A" }));
    all.send(shop, "sign-up", call).await;
    shop.buyer().await;
    shop.advance(2).await;
    let call = shop.post("/v1/auth/tokens");
    let call = call.json(&json!({ "user_id": guest.user_id }));
    let joined = all.send(shop, "join-queue", call).await;
    let buyer = Buyer {
        user_id: guest.user_id.clone(),
        access_token: guest.access_token.clone(),
        token: text(&joined["token"]),
        joined,
    };
    let call = with(shop.get("/v1/auth/tokens"), &buyer);
    all.send(shop, "get-place", call).await;
    let path = format!(
        "/v1/concerts/available-dates?concert_id={}",
        shop.concert_id
    );
    let call = with(shop.get(&path), &buyer);
    all.send(shop, "list-available-dates", call).await;
    let call = with(shop.get(&format!("{concert}/dates")), &buyer);
    all.send(shop, "list-dates", call).await;
    let call = shop.get(&format!("{concert}/seats?date={}", shop.dates[0]));
    all.send(shop, "list-seats", with(call, &buyer)).await;
    let body = json!({ "date": shop.dates[0], "seat_numbers": [1, 2] });
    let call = with(shop.post(&shop.reservations()), &buyer).json(&body);
    let held = all.send(shop, "hold-seats", call).await;
    let call = with(shop.get(&shop.reservation(&held)), &buyer);
    all.send(shop, "get-reservation, held", call).await;
    let path = format!("/v1/users/{}/balance", guest.user_id);
    let body = json!({ "amount": 2 * PRICE });
    let call = with(shop.post(&path), &buyer).json(&body);
    all.send(shop, "charge, with a queue token", call).await;
    let call = shop.post(&path).token(&guest.access_token).json(&body);
    all.send(shop, "charge, with an access token", call).await;
    let body = json!({
        "reservation_id": held["reservation_id"],
        "payment_details": { "amount": 2 * PRICE },
    });
    let path = format!("{}/payments", shop.reservation(&held));
    let call = with(shop.post(&path), &buyer).json(&body);
    all.send(shop, "pay", call).await;
    let call = with(shop.get(&shop.reservation(&held)), &buyer);
    all.send(shop, "get-reservation, paid", call).await;
    let call = with(shop.delete(&shop.reservation(&held)), &buyer);
    all.send(shop, "cancel-reservation, paid", call).await;
    for (name, path) in [
        ("get-balance", "balance"),
        ("list-payments", "payments"),
        ("get-statement", "statement"),
    ] {
        let path = format!("/v1/users/{}/{path}", guest.user_id);
        let call = shop.get(&path).token(&guest.access_token);
        all.send(shop, name, call).await;
    }

    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 3).await.ok();
    let call = with(shop.delete(&shop.reservation(&held)), &buyer);
    all.send(shop, "cancel-reservation, held", call).await;
    shop.advance(5).await;
    let body = json!({ "date": shop.dates[0], "best": { "count": 2 } });
    let call = with(shop.post(&shop.reservations()), &buyer).json(&body);
    let held = all.send(shop, "hold-seats, best", call).await;
    shop.cancel(&buyer, &held).await.ok();
    let call = with(shop.delete("/v1/auth/tokens"), &buyer);
    all.send(shop, "leave-queue", call).await;
}

/// What users do with their accounts.
async fn accounts(shop: &Shop, all: &mut Measured) {
    let account = shop.account("mina@example.com").await;
    let path = format!("/v1/users/{}", account.user_id);
    let token = &account.access_token;
    let call = shop.get(&path).token(token);
    all.send(shop, "get-user", call).await;
    let call = shop.patch(&path).token(token).json(&json!({ "name": "B" }));
    all.send(shop, "update-user, name", call).await;
    let body = json!({ "email": "mina@example.com", "password": PASSWORD });
    let call = shop.post("/v1/auth/login").json(&body);
    let again = all.send(shop, "log-in", call).await;
    let token = text(&again["token"]);
    let body = json!({ "password": "another password", "current_password": PASSWORD });
    let call = shop.patch(&path).token(&token).json(&body);
    all.send(shop, "update-user, password", call).await;
    let log_in = async || {
        let reply = shop.log_in("mina@example.com", "another password").await;
        text(&reply.ok()["token"])
    };
    let call = shop.post("/v1/auth/logout").token(&log_in().await);
    all.send(shop, "log-out", call).await;
    let call = shop
        .delete(&format!("{path}/sessions"))
        .token(&log_in().await);
    all.send(shop, "end-sessions", call).await;
    let call = shop.delete(&path).token(&log_in().await);
    all.send(shop, "delete-user", call).await;
}

/// What an operator does.
async fn operation(shop: &Shop, all: &mut Measured) {
    let admin = shop.admin().await;
    let with = |call: Call, body: Value| call.token(&admin.access_token).json(&body);
    let read = |path: &str| shop.get(path).token(&admin.access_token);
    let concert = format!("/v1/concerts/{}", shop.concert_id);

    let (buyer, receipt) = shop.sell(7).await;
    let path = format!(
        "{concert}/reservations?date={}&seat_number=7",
        shop.dates[0]
    );
    all.send(shop, "look-up-reservation", read(&path)).await;
    let path = format!(
        "/v1/admin/concerts/{}/orders?date={}",
        shop.concert_id, shop.dates[0]
    );
    all.send(shop, "list-show-orders", read(&path)).await;
    let path = format!("/v1/users/{}/balance/corrections", buyer.user_id);
    let call = with(shop.post(&path), json!({ "amount": 100, "reason": "A" }));
    all.send(shop, "correct-balance", call).await;
    let path = format!("{}/refund", shop.reservation(&receipt));
    let call = with(
        shop.post(&path),
        json!({ "user_id": buyer.user_id, "reason": "A" }),
    );
    all.send(shop, "refund", call).await;
    all.send(shop, "list-users", read("/v1/users")).await;
    all.send(shop, "list-changes", read("/v1/admin/changes"))
        .await;
    let account = shop.account("minju@example.com").await;
    let path = format!("/v1/users/{}/role", account.user_id);
    let call = with(shop.call("PUT", &path), json!({ "role": "admin" }));
    all.send(shop, "set-role", call).await;

    let call = with(
        shop.call("PUT", "/v1/queues/rock"),
        json!({ "max_active": 10 }),
    );
    all.send(shop, "put-queue", call).await;
    let call = with(shop.patch("/v1/queues/rock"), json!({ "rate": 5 }));
    all.send(shop, "update-queue", call).await;
    all.send(shop, "get-queue-settings", read("/v1/queues/rock/settings"))
        .await;
    all.send(shop, "get-queue", shop.get("/v1/queues/rock"))
        .await;
    let path = format!("/v1/users/{}/sessions", buyer.user_id);
    all.send(shop, "list-sessions", read(&path)).await;
    all.send(shop, "get-service", read("/v1/admin/service"))
        .await;
    let path = format!(
        "/v1/admin/buyers/{}",
        shop.buyer_in_events(&buyer.user_id).await
    );
    all.send(shop, "get-buyer", read(&path)).await;
    all.send(shop, "get-audit", read("/v1/admin/audit")).await;
    let call = with(shop.post("/v1/admin/audit"), json!({ "from_start": true }));
    all.send(shop, "run-audit", call).await;
    let shows = json!([{ "date": "2027-03-01", "price": 1 }, { "date": "2027-03-02", "price": 1 }]);
    let body = json!({ "name": "B", "queue_id": "rock", "shows": shows });
    let call = with(shop.post("/v1/concerts"), body);
    let made = all.send(shop, "create-concert", call).await;
    all.send(shop, "list-queues", read("/v1/admin/queues"))
        .await;
    all.send(shop, "get-queue-state", read("/v1/admin/queues/rock"))
        .await;
    let path = format!("/v1/concerts/{}", text(&made["concert_id"]));
    let call = with(shop.patch(&path), json!({ "name": "C" }));
    all.send(shop, "update-concert", call).await;
    all.send(shop, "get-concert", shop.get(&path)).await;
    let call = with(shop.post("/v1/plans"), small_hall());
    let plan = all.send(shop, "create-plan", call).await;
    let path = format!("/v1/plans/{}", text(&plan["plan_id"]));
    all.send(shop, "get-plan", shop.get(&path)).await;
    all.send(shop, "list-plans", read("/v1/plans")).await;
    let path = format!("/v1/concerts/{}", text(&made["concert_id"]));
    all.send(shop, "list-concerts", shop.get("/v1/concerts"))
        .await;
    let call = shop.post(&format!("{path}/dates/2027-03-01/call-off"));
    all.send(shop, "call-off", call.token(&admin.access_token))
        .await;
    // It is not deleted before that.
    shop.advance(20).await;
    let call = shop.delete(&path).token(&admin.access_token);
    all.send(shop, "delete-concert", call).await;
    all.send(shop, "get-keys", shop.get("/v1/auth/keys")).await;
    all.send(shop, "get-settings", shop.get("/v1/settings"))
        .await;
}

#[tokio::test(start_paused = true)]
async fn each_operation_makes_its_calls_in_few_rounds() {
    let shop = shop().await;
    let mut all = Measured::default();
    purchase(&shop, &mut all).await;
    accounts(&shop, &mut all).await;
    operation(&shop, &mut all).await;
    let due: BTreeMap<String, Trips> = DUE
        .iter()
        .map(|(name, trips)| ((*name).to_owned(), *trips))
        .collect();
    assert_eq!(all.0, due);

    let functions = |names: &BTreeMap<String, Trips>| -> BTreeSet<String> {
        let names = names.keys().filter_map(|name| name.split(',').next());
        names.map(str::to_owned).collect()
    };
    // The documents and the page are in the program.
    let routes = ROUTES.iter().map(|route| route.function.to_owned());
    let routes = routes
        .filter(|function| !["get-docs", "get-page"].contains(&&**function))
        .collect();
    assert_eq!(functions(&due), routes);
}

/// What is read beside a door that refuses is wasted. An instance that has seen why does not read it
/// again.
#[tokio::test(start_paused = true)]
async fn waste_is_read_once_for_a_session_that_waits_or_is_over() {
    let shop = Shop::with_room_for_one().await;
    let (inside, waiting) = (shop.buyer().await, shop.buyer().await);
    shop.stack.app("list-seats").await;
    let list_seats = async |buyer: &Buyer| {
        shop.stack.forget_consumed();
        let path = format!(
            "/v1/concerts/{}/seats?date={}",
            shop.concert_id, shop.dates[0]
        );
        let reply = shop.get(&path).send_as(&buyer.token).await;
        (
            reply.status.as_u16(),
            shop.stack.consumed().by("list-seats").calls,
        )
    };
    // The session, the show, the seats and the queue, which says that it waits.
    assert_eq!(list_seats(&waiting).await, (403, 4));
    assert_eq!(list_seats(&waiting).await, (403, 1));
    shop.leave(&inside).await;
    // The show is known by now.
    assert_eq!(list_seats(&inside).await, (410, 2));
    assert_eq!(list_seats(&inside).await, (410, 1));
}

#[tokio::test]
async fn range_that_is_empty_is_not_read() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let path = format!(
        "/v1/concerts/{}/seats?date={}",
        shop.concert_id, shop.dates[0]
    );
    shop.get(&path).send_as(&buyer.token).await.ok();
    shop.stack.forget_consumed();
    let reversed = shop.get(&format!("{path}&from=30&to=5"));
    reversed.send_as(&buyer.token).await.expect(400);
    assert_eq!(
        shop.stack.consumed().by("list-seats").calls,
        1,
        "the session"
    );
}

/// What each operation takes with what its instance knows a moment later: the keys, and neither a
/// queue nor a concert.
const DUE: [(&str, Trips); 55] = [
    ("cancel-reservation, held", (4, 4)),
    ("cancel-reservation, paid", (10, 10)),
    ("charge, with a queue token", (2, 2)),
    ("charge, with an access token", (3, 2)),
    ("correct-balance", (3, 2)),
    ("create-concert", (10, 9)),
    ("call-off", (11, 11)),
    ("delete-concert", (14, 13)),
    ("delete-user", (7, 7)),
    ("end-sessions", (3, 3)),
    ("get-audit", (2, 2)),
    ("get-balance", (2, 2)),
    ("get-buyer", (3, 2)),
    ("get-concert", (2, 1)),
    ("get-keys", (0, 0)),
    ("get-place", (2, 1)),
    ("get-queue", (1, 1)),
    ("get-queue-settings", (2, 2)),
    ("get-queue-state", (7, 4)),
    ("get-reservation, held", (2, 2)),
    ("get-reservation, paid", (3, 3)),
    ("get-service", (1, 1)),
    ("get-settings", (0, 0)),
    ("get-statement", (2, 2)),
    ("get-user", (2, 2)),
    ("hold-seats", (5, 2)),
    ("hold-seats, best", (6, 4)),
    ("join-queue", (5, 4)),
    ("leave-queue", (3, 3)),
    ("list-available-dates", (4, 2)),
    ("list-changes", (2, 2)),
    ("create-plan", (2, 2)),
    ("get-plan", (1, 1)),
    ("list-plans", (2, 2)),
    ("list-concerts", (2, 2)),
    ("list-dates", (4, 2)),
    ("list-payments", (2, 2)),
    ("list-queues", (5, 4)),
    ("list-seats", (3, 1)),
    ("list-sessions", (3, 3)),
    ("list-show-orders", (5, 4)),
    ("list-users", (2, 2)),
    ("log-in", (4, 4)),
    ("log-out", (2, 2)),
    ("look-up-reservation", (5, 4)),
    ("pay", (4, 3)),
    ("put-queue", (8, 8)),
    ("refund", (9, 9)),
    ("set-role", (3, 3)),
    ("run-audit", (15, 15)),
    ("sign-up", (1, 1)),
    ("update-concert", (10, 9)),
    ("update-queue", (8, 8)),
    ("update-user, name", (2, 2)),
    ("update-user, password", (4, 4)),
];
