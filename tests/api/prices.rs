//! What each operation costs in DynamoDB's units, exactly: prices are part of the contract.
//!
//! The instances are warm (their keys are read, as at every function's start), and the caches as
//! each test says.

use serde_json::json;
use shared::domain::{
    ids::{ConcertId, QueueId},
    show::{Concert, Show},
    user::Name,
};

use crate::harness::{Account, Buyer, PASSWORD, PRICE, Shop, refusal::INVALID_CREDENTIALS, text};

/// The functions of a purchase, whose start is not a part of its price.
const FUNCTIONS: [&str; 9] = [
    "sign-up",
    "join-queue",
    "get-place",
    "list-dates",
    "list-seats",
    "hold-seats",
    "charge",
    "pay",
    "release-hold",
];

/// A shop whose functions have started and know the signing key.
async fn warm_shop(parameters: &[(&str, &str)]) -> Shop {
    let shop = Shop::open_with(parameters).await;
    let visitor = shop.buyer().await;
    for function in FUNCTIONS {
        shop.stack.app(function).await;
    }
    shop.delete("/v1/auth/tokens")
        .token(&visitor.token)
        .send()
        .await
        .ok();
    shop.advance(5).await;
    shop.stack.forget_consumed();
    shop
}

impl Shop {
    /// Starts functions, whose start is not a part of a price.
    async fn start(&self, functions: &[&str]) {
        for function in functions {
            self.stack.app(function).await;
        }
        self.stack.forget_consumed();
    }

    /// What a function has consumed since this was last asked: read and write units.
    fn price(&self, function: &str) -> (f64, f64) {
        let units = self.stack.consumed().by(function);
        self.stack.forget_consumed();
        (units.read, units.write)
    }

    async fn dates(&self, buyer: &Buyer) {
        let path = format!("/v1/concerts/{}/dates", self.concert_id);
        self.get(&path).token(&buyer.token).send().await.ok();
    }

    async fn place(&self, buyer: &Buyer) -> String {
        let place = self
            .get("/v1/auth/tokens")
            .token(&buyer.token)
            .send()
            .await
            .ok();
        text(&place["status"])
    }
}

#[tokio::test]
async fn signing_up_costs_4_writes() {
    let shop = warm_shop(&[]).await;
    shop.guest().await;
    assert_eq!(shop.price("sign-up"), (0.0, 4.0));
}

#[tokio::test]
async fn signing_up_with_an_address_costs_6_writes() {
    let shop = warm_shop(&[]).await;
    shop.account("mina@example.com").await;
    assert_eq!(shop.price("sign-up"), (0.0, 6.0));
}

#[tokio::test]
async fn logging_in_costs_1_read_by_address_and_2_writes_and_a_guest_1_read() {
    let shop = warm_shop(&[]).await;
    let account = shop.account("mina@example.com").await;
    let guest = shop.guest().await;
    shop.log_in(&account.email, PASSWORD).await.ok();
    shop.stack.forget_consumed();

    shop.log_in(&account.email, PASSWORD).await.ok();
    assert_eq!(shop.price("log-in"), (1.0, 2.0));
    let log_in = async |body| shop.post("/v1/auth/login").json(&body).send().await;
    log_in(json!({ "user_id": account.user_id, "password": PASSWORD }))
        .await
        .ok();
    assert_eq!(shop.price("log-in"), (0.0, 2.0));
    log_in(json!({ "user_id": guest.user_id })).await.ok();
    assert_eq!(shop.price("log-in"), (1.0, 0.0));
    for _ in 0..2 {
        shop.log_in(&account.email, "not the password")
            .await
            .is(INVALID_CREDENTIALS);
        assert_eq!(shop.price("log-in"), (1.0, 1.0));
    }
}

#[tokio::test]
async fn logging_out_costs_1_read_and_1_write() {
    let shop = warm_shop(&[]).await;
    let guest = shop.guest().await;
    shop.start(&["log-out"]).await;
    let out = shop.post("/v1/auth/logout").token(&guest.access_token);
    out.send().await.ok();
    assert_eq!(shop.price("log-out"), (1.0, 1.0));
}

#[tokio::test]
async fn changing_oneself_costs_what_changes() {
    let shop = warm_shop(&[]).await;
    let guest = shop.guest().await;
    let path = format!("/v1/users/{}", guest.user_id);
    let mut token = guest.access_token.clone();
    shop.stack.app("update-user").await;
    let next = "another long password";
    for (body, price) in [
        (json!({}), (1.0, 0.0)),
        (json!({ "name": "민아" }), (1.0, 1.0)),
        (
            json!({ "email": "mina@example.com", "password": PASSWORD }),
            (1.0, 4.0),
        ),
        (
            json!({ "password": next, "current_password": PASSWORD }),
            (1.0, 4.0),
        ),
        (
            json!({ "email": "MINA@example.com", "current_password": next }),
            (1.0, 4.0),
        ),
        (
            json!({ "email": "minju@example.com", "current_password": next }),
            (1.0, 8.0),
        ),
    ] {
        shop.stack.forget_consumed();
        let call = shop.call("PATCH", &path).token(&token).json(&body);
        let changed = call.send().await.ok();
        assert_eq!(shop.price("update-user"), price, "{body}");
        if let (Some(email), Some(_)) = (changed["email"].as_str(), body.get("current_password")) {
            let logged_in = shop.log_in(email, next).await.ok();
            token = text(&logged_in["token"]);
        }
    }
}

#[tokio::test]
async fn a_page_of_users_costs_the_same_among_few_and_many() {
    let mut prices = Vec::new();
    for users in [30, 300] {
        let shop = warm_shop(&[]).await;
        let admin = shop.admin().await;
        for _ in 0..users {
            shop.guest().await;
        }
        shop.stack.app("list-users").await;
        shop.stack.forget_consumed();
        let list = shop.get("/v1/users").token(&admin.access_token);
        let page = list.send().await.ok();
        assert!(page["next_cursor"].is_string());
        prices.push(shop.price("list-users"));
    }
    assert_eq!(prices, [(1.5, 0.0), (1.5, 0.0)], "the door, and 20 users");
}

#[tokio::test]
async fn making_an_administrator_costs_1_write_and_a_new_one_6() {
    let shop = warm_shop(&[]).await;
    let guest = shop.guest().await;
    shop.start(&["make-admin"]).await;
    let order = json!({ "user_id": guest.user_id });
    shop.invoke("make-admin", &order).await.ok();
    assert_eq!(shop.price("make-admin"), (0.0, 1.0));
    let order = json!({ "email": "boss@example.com", "password": PASSWORD });
    shop.invoke("make-admin", &order).await.ok();
    assert_eq!(shop.price("make-admin"), (0.0, 6.0));
}

#[tokio::test]
async fn rotating_the_keys_costs_2_reads_and_4_writes_when_they_change() {
    let shop = warm_shop(&[]).await;
    shop.start(&["rotate-keys"]).await;
    for (order, price) in [
        (json!({}), (2.0, 0.0)),
        (json!({ "now": true }), (2.0, 4.0)),
        (json!({ "now": true }), (2.0, 0.0)),
    ] {
        shop.invoke("rotate-keys", &order).await.ok();
        assert_eq!(shop.price("rotate-keys"), price, "{order}");
    }
    // Who signs looks every minute, and not when the next key begins to.
    for (seconds, price) in [(290, (1.0, 4.0)), (9, (0.0, 4.0)), (1, (0.0, 4.0))] {
        shop.advance(seconds).await;
        shop.guest().await;
        assert_eq!(shop.price("sign-up"), price, "{seconds} seconds later");
    }
    shop.invoke("rotate-keys", &json!({})).await.ok();
    assert_eq!(shop.price("rotate-keys"), (2.0, 4.0), "it has begun");
}

/// Neither the token of an account nor a key makes a join dearer, and who has joined already pays
/// for looking only.
#[tokio::test]
async fn joining_as_an_account_or_with_a_key_costs_the_same_and_joining_again_no_writes() {
    let shop = warm_shop(&[]).await;
    let key = "k".repeat(64);
    let join = async |account: &Account| {
        let call = shop.post("/v1/auth/tokens").token(&account.access_token);
        let call = call.header("idempotency-key", &key);
        let body = json!({ "user_id": account.user_id });
        call.json(&body).send().await.ok();
    };
    let (first, account) = (
        shop.account("first@example.com").await,
        shop.account("mina@example.com").await,
    );
    join(&first).await;
    shop.advance(2).await;
    shop.stack.forget_consumed();

    join(&account).await;
    assert_eq!(shop.price("join-queue"), (2.5, 3.0));
    join(&account).await;
    assert_eq!(shop.price("join-queue"), (2.0, 0.0));
}

#[tokio::test]
async fn walking_in_costs_3_writes_and_waiting_2() {
    let shop = warm_shop(&[("MainMaxActive", "1")]).await;
    let (first, second) = (shop.guest().await, shop.guest().await);
    shop.stack.forget_consumed();

    shop.join(&first).await;
    assert_eq!(
        shop.price("join-queue"),
        (2.5, 3.0),
        "user, session, document"
    );
    let waiting = shop.join(&second).await;
    assert_eq!(
        shop.price("join-queue"),
        (2.0, 2.0),
        "the document is known for a second"
    );
    assert_eq!(waiting.joined["status"], "WAITING");
    assert_eq!(shop.place(&waiting).await, "WAITING");
    assert_eq!(shop.price("get-place"), (1.0, 0.0));
}

#[tokio::test]
async fn a_purchase_costs_21_writes_and_at_most_13_reads() {
    let shop = warm_shop(&[("MainMaxActive", "1")]).await;
    let (first, second) = (shop.buyer().await, shop.guest().await);
    shop.stack.forget_consumed();
    let waiting = shop.join(&second).await;
    let mut bill = vec![("join", shop.price("join-queue"), (2.0, 2.0))];
    shop.delete("/v1/auth/tokens")
        .token(&first.token)
        .send()
        .await
        .ok();
    shop.advance(10).await;
    shop.stack.forget_consumed();

    assert_eq!(shop.place(&waiting).await, "ACTIVE");
    bill.push(("poll", shop.price("get-place"), (1.0, 0.0)));
    shop.dates(&waiting).await;
    let dates = "the door, the document, the shows, the taken seats of two dates; the arrival";
    bill.push((dates, shop.price("list-dates"), (3.0, 2.0)));
    shop.seats(&waiting).await;
    bill.push((
        "the door, the show, the seats",
        shop.price("list-seats"),
        (2.0, 0.0),
    ));
    let held = shop.hold(&waiting, 1).await.ok();
    bill.push((
        "the door, the show, a look",
        shop.price("hold-seats"),
        (2.0, 4.0),
    ));
    shop.charge(&waiting, PRICE).await.ok();
    bill.push(("charge", shop.price("charge"), (1.0, 4.0)));
    shop.pay(&waiting, &held).await.ok();
    bill.push(("pay and done", shop.price("pay"), (1.5, 9.0)));
    shop.advance(302).await;
    bill.push((
        "the message of a paid hold",
        shop.price("release-hold"),
        (0.5, 0.0),
    ));

    for (step, is, due) in &bill {
        assert_eq!(is, due, "{step}");
    }
    let total = bill
        .iter()
        .fold((0.0, 0.0), |sum, (_, is, _)| (sum.0 + is.0, sum.1 + is.1));
    assert_eq!(total, (13.0, 21.0));
}

/// Nothing is cached, and the hold is the arrival.
#[tokio::test]
async fn buying_without_looking_costs_21_writes_and_8_reads() {
    let shop = warm_shop(&[("MainMaxActive", "1")]).await;
    let (first, second) = (shop.buyer().await, shop.guest().await);
    shop.advance(2).await;
    shop.stack.forget_consumed();
    let buyer = shop.join(&second).await;
    let mut bill = vec![shop.price("join-queue")];
    shop.delete("/v1/auth/tokens")
        .token(&first.token)
        .send()
        .await
        .ok();
    shop.advance(10).await;
    shop.stack.forget_consumed();

    let held = shop.hold(&buyer, 1).await.ok();
    bill.push(shop.price("hold-seats"));
    shop.charge(&buyer, PRICE).await.ok();
    bill.push(shop.price("charge"));
    shop.pay(&buyer, &held).await.ok();
    bill.push(shop.price("pay"));
    shop.advance(302).await;
    bill.push(shop.price("release-hold"));
    assert_eq!(
        bill,
        [(2.5, 2.0), (2.5, 6.0), (1.0, 4.0), (1.5, 9.0), (0.5, 0.0)]
    );
    let total = bill
        .iter()
        .fold((0.0, 0.0), |sum, step| (sum.0 + step.0, sum.1 + step.1));
    assert_eq!(total, (8.0, 21.0));
}

/// The same as the functions of an on-sale do it, whose caches somebody else has just filled.
#[tokio::test]
async fn a_walk_in_with_warm_caches_costs_20_writes_and_less_than_8_reads_and_13_with_looking() {
    let shop = warm_shop(&[]).await;
    let other = shop.buyer().await;
    shop.place(&other).await;
    shop.dates(&other).await;
    shop.seats(&other).await;
    shop.hold(&other, 50).await.ok();
    let guest = shop.guest().await;
    shop.stack.forget_consumed();

    let buyer = shop.join(&guest).await;
    let held = shop.hold(&buyer, 1).await.ok();
    shop.charge(&buyer, PRICE).await.ok();
    shop.pay(&buyer, &held).await.ok();
    let consumed = shop.stack.consumed().total;
    assert_eq!((consumed.read, consumed.write), (6.0, 20.0));

    let looker = shop.buyer().await;
    shop.stack.forget_consumed();
    shop.place(&looker).await;
    shop.dates(&looker).await;
    shop.seats(&looker).await;
    let consumed = shop.stack.consumed().total;
    assert_eq!((consumed.read, consumed.write), (3.0, 0.0));
}

#[tokio::test]
async fn four_seats_cost_10_writes_to_hold_and_15_to_pay() {
    let shop = warm_shop(&[]).await;
    let buyer = shop.buyer().await;
    shop.charge(&buyer, 4 * PRICE).await.ok();
    shop.stack.forget_consumed();
    let body = json!({ "date": shop.dates[0], "seat_numbers": [1, 2, 3, 4] });
    let held = shop
        .post(&shop.reservations())
        .token(&buyer.token)
        .json(&body)
        .send()
        .await
        .ok();
    assert_eq!(shop.price("hold-seats"), (3.5, 10.0));
    shop.pay(&buyer, &held).await.ok();
    assert_eq!(shop.price("pay"), (1.5, 15.0));
}

#[tokio::test]
async fn a_taken_seat_is_refused_for_the_price_of_a_look() {
    let shop = warm_shop(&[]).await;
    shop.sold(1).await;
    let buyer = shop.buyer().await;
    shop.stack.forget_consumed();
    shop.hold(&buyer, 1)
        .await
        .refused(409, "SEAT_ALREADY_RESERVED");
    assert_eq!(shop.price("hold-seats"), (1.5, 0.0));
}

#[tokio::test]
async fn releasing_and_cancelling_cost_1_write_and_1_a_seat() {
    let shop = warm_shop(&[]).await;
    let (one, other) = (shop.buyer().await, shop.buyer().await);
    shop.hold(&one, 1).await.ok();
    let held = shop.hold(&other, 2).await.ok();
    shop.start(&["cancel-reservation"]).await;
    shop.delete(&shop.reservation(&held))
        .token(&other.token)
        .send()
        .await
        .ok();
    assert_eq!(shop.price("cancel-reservation"), (0.5, 2.0));
    shop.advance(302).await;
    let released = "two messages read a session each; one closes it, frees a seat, counts it";
    assert_eq!(shop.price("release-hold"), (1.0, 3.0), "{released}");
}

#[tokio::test]
async fn leaving_costs_1_write_to_who_waits_and_2_to_who_had_come_in() {
    let shop = warm_shop(&[("MainMaxActive", "1")]).await;
    let (inside, waiting) = (shop.buyer().await, shop.buyer().await);
    shop.start(&["leave-queue"]).await;
    shop.delete("/v1/auth/tokens")
        .token(&waiting.token)
        .send()
        .await
        .ok();
    assert_eq!(shop.price("leave-queue"), (1.5, 1.0));
    shop.delete("/v1/auth/tokens")
        .token(&inside.token)
        .send()
        .await
        .ok();
    assert_eq!(shop.price("leave-queue"), (1.0, 2.0));
}

#[tokio::test]
async fn looking_is_cheap() {
    let shop = warm_shop(&[]).await;
    let (buyer, receipt) = shop.sold(1).await;
    shop.start(&[
        "get-balance",
        "get-user",
        "get-reservation",
        "get-queue",
        "list-concerts",
        "get-keys",
    ])
    .await;
    let user = format!("/v1/users/{}", buyer.user_id);
    let balance = format!("{user}/balance");
    for (path, function, reads) in [
        (balance.as_str(), "get-balance", 1.0),
        (user.as_str(), "get-user", 1.0),
        (&shop.reservation(&receipt), "get-reservation", 2.0),
        ("/v1/queues/main", "get-queue", 0.5),
        ("/v1/concerts", "list-concerts", 2.0),
        ("/v1/concerts", "list-concerts", 1.0),
    ] {
        shop.get(path).token(&buyer.token).send().await.ok();
        assert_eq!(shop.price(function), (reads, 0.0), "{path}");
    }
}

#[tokio::test]
async fn a_refund_costs_4_writes_and_2_a_seat() {
    let shop = warm_shop(&[]).await;
    let buyer = shop.buyer().await;
    shop.charge(&buyer, 3 * PRICE).await.ok();
    let held = shop.hold_all(&buyer, &[1, 2, 3]).await.ok();
    shop.pay(&buyer, &held).await.ok();
    shop.stack.app("cancel-reservation").await;
    shop.advance(120).await;
    shop.stack.forget_consumed();
    let path = shop.reservation(&held);
    let refund = || shop.delete(&path).token(&buyer.token).send();
    refund().await.ok();
    // The sessions, the order, the account; then the show, and its queue, which has been quiet.
    let quiet = 0.5 + 2.0;
    assert_eq!(shop.price("cancel-reservation"), (2.5 + quiet, 10.0));
    refund().await.ok();
    assert_eq!(shop.price("cancel-reservation"), (1.5, 0.0), "again");
}

#[tokio::test]
async fn what_a_user_has_done_costs_a_read_per_4_kb() {
    let shop = warm_shop(&[]).await;
    let (buyer, _) = shop.sold(1).await;
    let nobody = shop.guest().await;
    shop.start(&["list-payments", "get-statement"]).await;
    let list = async |what: &str, user_id: &str, token: &str| {
        let path = format!("/v1/users/{user_id}/{what}");
        shop.get(&path).token(token).send().await.ok();
    };
    list("payments", &buyer.user_id, &buyer.token).await;
    assert_eq!(shop.price("list-payments"), (1.0, 0.0));
    list("statement", &buyer.user_id, &buyer.token).await;
    assert_eq!(shop.price("get-statement"), (1.0, 0.0));
    list("payments", &nobody.user_id, &nobody.access_token).await;
    let door = 1.0;
    assert_eq!(
        shop.price("list-payments"),
        (door + 2.0, 0.0),
        "and who it is"
    );
    for _ in 0..100 {
        shop.charge(&buyer, 1).await.ok();
    }
    list("statement", &buyer.user_id, &buyer.token).await;
    assert_eq!(shop.price("get-statement"), (4.0, 0.0), "102 entries");
}

#[tokio::test]
async fn running_an_on_sale_costs_2_writes_an_item() {
    let shop = warm_shop(&[]).await;
    let admin = shop.admin().await;
    shop.add_queue("rock").await;
    shop.start(&[
        "create-concert",
        "update-concert",
        "delete-concert",
        "get-concert",
    ])
    .await;
    let door = 1.0;
    let shows = json!([{ "date": "2027-01-01", "price": 1 }, { "date": "2027-01-02", "price": 1 }]);
    let body = json!({ "name": "A", "shows": shows });
    let created = shop.create(&admin, &body).await.expect(201);
    let items = "two shows, the concert, the listing, the version";
    assert_eq!(shop.price("create-concert"), (door, 10.0), "{items}");
    let body = json!({ "name": "B", "queue_id": "rock", "shows": shows });
    shop.create(&admin, &body).await.expect(201);
    let queue = "and the queue's shows; the queue and its shows are read";
    assert_eq!(shop.price("create-concert"), (door + 2.0, 12.0), "{queue}");

    let id = text(&created["concert_id"]);
    let change = async |body| {
        shop.change(&admin, &id, &body).await.ok();
        shop.price("update-concert")
    };
    assert_eq!(change(json!({})).await, (door + 1.0, 0.0), "no change");
    let price = json!({ "shows": [{ "date": "2027-01-01", "price": 2 }] });
    assert_eq!(
        change(price).await,
        (door + 1.0, 6.0),
        "show, concert, version"
    );
    let name = json!({ "name": "C" });
    assert_eq!(change(name).await, (door + 1.0, 8.0), "two places");
    let another = json!({ "shows": [{ "date": "2027-01-03", "price": 2 }] });
    assert_eq!(change(another).await, (door + 1.0, 8.0), "and the listing");
    let queue = json!({ "queue_id": "rock" });
    let reads = "the concert, the queue, its shows";
    assert_eq!(change(queue).await, (door + 3.0, 12.0), "{reads}");

    shop.concert(&id).await;
    assert_eq!(shop.price("get-concert"), (0.5, 0.0));
    shop.remove(&admin, &format!("{id}/dates/2027-01-03"))
        .await
        .ok();
    let reads = "the concert, the seats, the queue's shows";
    assert_eq!(shop.price("delete-concert"), (door + 3.0, 10.0), "{reads}");
    shop.remove(&admin, &id).await.ok();
    assert_eq!(shop.price("delete-concert"), (door + 4.0, 12.0), "{reads}");
}

/// A page costs what is looked at, however many concerts there are.
#[tokio::test]
async fn a_page_of_concerts_costs_the_same_with_100_and_2000() {
    let mut prices = Vec::new();
    for (count, date) in [
        (100, "2026-12-31"),
        (2_000, "2026-12-31"),
        (2_000, "2026-11-19"),
    ] {
        let shop = Shop::empty().await;
        let operator = shop.stack.operator().await;
        shop.stack.app("list-concerts").await;
        for n in 0..count {
            let concert = Concert {
                concert_id: ConcertId::new(),
                name: Name::parse(&format!("Concert {n:04}")).expect("a name"),
                queue_id: QueueId::main(),
            };
            let shows = [Show {
                concert_id: concert.concert_id,
                ..crate::harness::show(date)
            }];
            let created = operator.store().create_concert(&concert, &shows).await;
            created.expect("a new concert");
        }
        shop.stack.forget_consumed();
        let mut of_list = Vec::new();
        for query in [
            "",
            "",
            "?all=1",
            "?name=concert%2000",
            "?name=concert%200099",
        ] {
            let path = format!("/v1/concerts{query}");
            shop.get(&path).send().await.ok();
            of_list.push(shop.price("list-concerts"));
        }
        prices.push(of_list);
    }
    assert_eq!(prices[0], prices[1]);
    assert_eq!(prices[1], prices[2], "most are over");
    let version = 1.0;
    let first = (version + 5.0, 0.0);
    let remembered = (version, 0.0);
    let all = (version + 1.0, 0.0);
    let one = (version + 1.0, 0.0);
    assert_eq!(prices[0], [first, remembered, all, first, one]);
}

#[tokio::test]
async fn a_tick_costs_the_same_with_one_or_a_million_waiting() {
    let mut prices = Vec::new();
    for waiting in [1, 1_000_000] {
        let shop = warm_shop(&[("MainMaxActive", "1")]).await;
        let operator = shop.stack.operator().await;
        let main = "main".parse().expect("an id");
        let store = operator.store();
        let issued = store.issued(&main).await.expect("a number");
        let skipped = store.skip_numbers(&main, issued, waiting).await;
        assert!(skipped.expect("an answer"), "so many more have joined");
        shop.advance(10).await;
        shop.stack.forget_consumed();
        shop.advance(5).await;
        prices.push(shop.price("admit"));
    }
    assert_eq!(prices[0], prices[1]);
    let (reads, writes) = prices[0];
    assert!(
        (2.0..=4.0).contains(&reads) && (1.0..=4.0).contains(&writes),
        "{prices:?}"
    );
}

/// Waiting costs nothing: what is written is the join and the arrival.
#[tokio::test]
async fn a_whole_wait_costs_4_writes() {
    let shop = warm_shop(&[("MainMaxActive", "1")]).await;
    let first = shop.buyer().await;
    shop.stack.forget_consumed();
    let waits = shop.buyer().await;
    let signed_up = 4.0;
    assert_eq!(waits.joined["status"], "WAITING");
    for _ in 0..20 {
        shop.queue("main").await;
        shop.place(&waits).await;
        shop.advance(5).await;
    }
    shop.leave(&first).await;
    shop.advance(10).await;
    shop.dates(&waits).await;
    let consumed = shop.stack.consumed();
    let theirs = [
        "sign-up",
        "join-queue",
        "get-queue",
        "get-place",
        "list-dates",
    ];
    let writes: f64 = theirs
        .map(|function| consumed.by(function).write)
        .iter()
        .sum();
    assert!((writes - signed_up - 4.0).abs() < f64::EPSILON, "{writes}");
}

#[tokio::test]
async fn a_minute_in_which_nothing_happens_costs_2_reads_and_a_half() {
    let shop = warm_shop(&[]).await;
    shop.advance(600).await;
    shop.stack.forget_consumed();
    shop.advance(60).await;
    assert_eq!(
        shop.price("admit"),
        (2.5, 0.0),
        "which queues there are, and one of them"
    );
}
