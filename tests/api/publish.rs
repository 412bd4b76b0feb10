//! `publish`: what is written to the tables, as events on the bus.

use std::collections::{BTreeMap, BTreeSet};

use local::Fault;
use serde_json::{Value, json};

use crate::harness::{Guest, PRICE, Shop, specification::Specification, text};

/// The ARN of the stream of `Accounts`.
const STREAM: &str =
    "arn:aws:dynamodb:ap-northeast-2:000000000000:table/Accounts/stream/2026-01-01T00:00:00.000";

const USER: &str = "3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11";

impl Shop {
    /// All events so far. Each is as its type is specified.
    async fn events(&self) -> Vec<Value> {
        self.advance(0).await;
        let events = self.stack.events_after(0);
        let events: Vec<_> = events.iter().map(|event| event.json.clone()).collect();
        for event in &events {
            let complaints = Specification::get().complaints_about_event(event);
            assert!(complaints.is_empty(), "{complaints:#?} in {event:#}");
        }
        events
    }

    /// The details of the events of types that begin so.
    async fn told(&self, kinds: &str) -> Vec<Value> {
        let events = self.events().await.into_iter();
        let wanted = events.filter(|event| text(&event["detail-type"]).starts_with(kinds));
        wanted.map(|event| event["detail"].clone()).collect()
    }

    /// Gives records to the function, and returns the sequence numbers that must come again.
    async fn deliver_records(&self, records: &[Value]) -> Vec<String> {
        let reply = self.invoke("publish", &json!({ "Records": records })).await;
        assert_eq!(reply.header("x-amz-function-error"), "", "{}", reply.body);
        let answer = reply.ok();
        let failures = answer["batchItemFailures"].as_array().expect("failures");
        let failures = failures
            .iter()
            .map(|failure| text(&failure["itemIdentifier"]));
        failures.collect()
    }

    async fn republish(&self, order: Value) -> Value {
        let reply = self.invoke("publish", &json!({ "republish": order })).await;
        assert_eq!(reply.header("x-amz-function-error"), "", "{}", reply.body);
        reply.ok()
    }

    /// The bodies of the messages to the operator.
    fn given_up(&self) -> Vec<Value> {
        let letters = self.stack.dead_letters().into_iter();
        letters
            .map(|message| serde_json::from_str(&message.body).expect("JSON"))
            .collect()
    }
}

/// The record of a write to an item of `Accounts`.
fn record(number: usize, entry: &str, image: &Value) -> Value {
    let keys = json!({ "user_id": { "S": USER }, "entry": { "S": entry } });
    let mut image = image.clone();
    image
        .as_object_mut()
        .expect("attributes")
        .extend(keys.as_object().expect("keys").clone());
    json!({
        "eventID": format!("e{number}"),
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "eventSourceARN": STREAM,
        "awsRegion": "ap-northeast-2",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_795_143_600,
            "Keys": keys,
            "NewImage": image,
            "SequenceNumber": number.to_string(),
            "SizeBytes": 200,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    })
}

/// The record of a charge, which is the account's entry with the same number.
fn charge(number: usize) -> Value {
    let image = json!({
        "amount": { "N": "100" }, "charged_at": { "N": "1795143600000" },
        "seq": { "N": number.to_string() }, "balance_after": { "N": (100 * number).to_string() },
    });
    record(number, &format!("charge#key#{number}"), &image)
}

fn ids(details: &[Value]) -> Vec<String> {
    details.iter().map(|detail| text(&detail["id"])).collect()
}

#[tokio::test]
async fn purchase_tells_its_charge_its_hold_and_its_payment() {
    let shop = Shop::open().await;
    let (buyer, receipt) = shop.sell(7).await;
    let in_events = shop.buyer_in_events(&buyer.user_id).await;
    let of_money: BTreeMap<_, _> = shop
        .events()
        .await
        .into_iter()
        .filter(|event| event["detail"]["buyer"] == in_events)
        .map(|event| (text(&event["detail-type"]), event["detail"].clone()))
        .collect();
    let kinds: Vec<_> = of_money.keys().map(String::as_str).collect();
    assert_eq!(kinds, ["charge.made.v1", "hold.placed.v1", "order.paid.v1"]);
    let paid = &of_money["order.paid.v1"];
    for field in ["reservation_id", "payment_id"] {
        assert_eq!(paid[field], receipt[field], "{field}");
        assert_eq!(of_money["hold.placed.v1"][field], receipt[field], "{field}");
    }
    assert_eq!(paid["amount"], json!(PRICE));
    assert_eq!(
        (&paid["seat_numbers"], &paid["seq"]),
        (&json!([7]), &json!(2))
    );
    assert_eq!(paid["at"], shop.in_seconds(0));
}

/// What an operator and buyers can do, and every type of event that follows.
#[tokio::test]
async fn every_type_of_event_is_specified_and_told() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    shop.money_moves(&admin).await;
    shop.queue_is_set(&admin).await;
    shop.queue_opens(&admin).await;
    shop.queue_sells_out(&admin).await;
    shop.concert_changes(&admin).await;
    let events = shop.events().await;
    let told: BTreeSet<_> = events
        .iter()
        .map(|event| text(&event["detail-type"]))
        .collect();
    let specified = Specification::get().document["webhooks"].as_object();
    let specified: BTreeSet<_> = specified.expect("webhooks").keys().cloned().collect();
    assert_eq!(told, specified);
    let ids: BTreeSet<_> = events
        .iter()
        .map(|event| text(&event["detail"]["id"]))
        .collect();
    assert_eq!(ids.len(), events.len(), "each fact has an id of its own");
}

impl Shop {
    async fn money_moves(&self, admin: &Guest) {
        let (buyer, receipt) = self.sell(7).await;
        self.cancel(&buyer, &receipt).await.ok();
        let path = format!("/v1/users/{}/balance/corrections", buyer.user_id);
        let body = json!({ "amount": -1, "reason": "test" });
        let call = self.post(&path).token(&admin.access_token).json(&body);
        call.send().await.ok();
        let buyer = self.rejoin(&buyer).await;
        let held = self.hold(&buyer, 8).await.ok();
        self.cancel(&buyer, &held).await.ok();
        self.hold(&buyer, 9).await.ok();
        self.advance(310).await;
    }

    async fn queue_is_set(&self, admin: &Guest) {
        self.put_queue(admin, "jazz", &json!({})).await.ok();
        for state in ["PAUSED", "OPEN", "CLOSED"] {
            self.patch_queue(admin, "jazz", &json!({ "state": state }))
                .await
                .ok();
        }
    }

    async fn queue_opens(&self, admin: &Guest) {
        let ahead = json!({ "opens_at": self.in_seconds(60) });
        self.put_queue(admin, "opera", &ahead).await.ok();
        self.advance(70).await;
    }

    async fn queue_sells_out(&self, admin: &Guest) {
        self.put_queue(admin, "rock", &json!({})).await.ok();
        let shows = json!([{ "date": "2026-12-30", "price": 10, "capacity": 1 }]);
        let body = json!({ "name": "R", "queue_id": "rock", "shows": shows });
        let concert_id = text(&self.create(admin, &body).await.expect(201)["concert_id"]);
        let guest = self.guest().await;
        let buyer = self.join_for(&guest, Some(&concert_id)).await;
        self.advance(10).await;
        self.charge(&buyer, 10).await.ok();
        let path = format!("/v1/concerts/{concert_id}/reservations");
        let seat = json!({ "date": "2026-12-30", "seat_number": 1 });
        let held = self.post(&path).token(&buyer.token).json(&seat);
        let held = held.send().await.ok();
        let reservation = text(&held["reservation_id"]);
        let payment = json!({
            "reservation_id": reservation, "payment_details": { "amount": 10 },
        });
        let path = format!("{path}/{reservation}");
        let call = self
            .post(&format!("{path}/payments"))
            .token(&buyer.token)
            .json(&payment);
        call.send().await.ok();
        self.advance(70).await;
        self.delete(&path).send_as(&buyer.access_token).await.ok();
        self.advance(70).await;
        let closes =
            json!({ "shows": [{ "date": "2026-12-30", "closes_at": self.in_seconds(1) }] });
        self.change(admin, &concert_id, &closes).await.ok();
        self.advance(70).await;
    }

    async fn concert_changes(&self, admin: &Guest) {
        let shows = json!([
            { "date": "2026-12-28", "price": 10 }, { "date": "2026-12-29", "price": 10 },
        ]);
        let body = json!({ "name": "C", "shows": shows });
        let concert_id = text(&self.create(admin, &body).await.expect(201)["concert_id"]);
        let larger = json!({ "shows": [{ "date": "2026-12-28", "capacity": 60 }] });
        self.change(admin, &concert_id, &larger).await.ok();
        let path = format!("/v1/concerts/{concert_id}/dates/2026-12-29/call-off");
        let why = json!({ "reason": "test" });
        let call = self.post(&path).token(&admin.access_token).json(&why);
        call.send().await.ok();
        self.advance(30).await;
        self.remove(admin, &concert_id).await.ok();
    }
}

/// The version of a show is that of the concert which wrote it.
#[tokio::test]
async fn facts_of_a_show_are_in_the_order_of_its_concert() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    shop.concert_changes(&admin).await;
    let of_show = |kinds, date| {
        let told = shop.told(kinds);
        async move {
            let told = told.await.into_iter();
            let versions = told.filter(|show| show["date"] == date);
            versions
                .map(|show| show["version"].clone())
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(of_show("show.created", "2026-12-28").await, [1]);
    assert_eq!(of_show("show.changed", "2026-12-28").await, [2]);
    assert_eq!(of_show("show.deleted", "2026-12-28").await, [3]);
    assert_eq!(of_show("show.created", "2026-12-29").await, [1]);
    assert_eq!(of_show("show.called_off", "2026-12-29").await, [3]);
    assert_eq!(of_show("show.deleted", "2026-12-29").await, [4]);
}

/// The bus takes every second of the first ten events, and not the first.
#[tokio::test]
async fn first_record_whose_events_are_refused_comes_again_with_all_after_it() {
    let shop = Shop::open().await;
    let account = record(
        1,
        "account",
        &json!({ "balance": { "N": "0" }, "seq": { "N": "0" } }),
    );
    let records: Vec<_> = [account].into_iter().chain((2..=26).map(charge)).collect();
    let faults = shop.stack.faults();
    faults.meet("publish", "PutEvents", Fault::Refused, 1);
    let failed = shop.deliver_records(&records).await;
    assert_eq!(failed, ["2"], "the first has no event");
    // Of the first ten, five were taken. The rest was not sent.
    assert_eq!(shop.told("charge.").await.len(), 5);
    assert!(shop.deliver_records(&records[1..]).await.is_empty());
    let told = shop.told("charge.").await;
    let (sent, known) = (
        told.len(),
        ids(&told).into_iter().collect::<BTreeSet<_>>().len(),
    );
    assert_eq!(
        (sent, known),
        (5 + 25, 25),
        "a receiver drops what it knows"
    );
    assert!(shop.given_up().is_empty());
}

#[tokio::test]
async fn bus_that_does_not_answer_has_taken_nothing() {
    let shop = Shop::open().await;
    let records: Vec<_> = (1..=25).map(charge).collect();
    // All three tries of the first call.
    let faults = shop.stack.faults();
    faults.meet("publish", "PutEvents", Fault::InternalError, 3);
    assert_eq!(shop.deliver_records(&records).await, ["1"]);
    assert!(shop.told("charge.").await.is_empty());
    assert!(shop.deliver_records(&records).await.is_empty());
    assert_eq!(shop.told("charge.").await.len(), 25);
}

#[tokio::test]
async fn record_that_cannot_be_read_is_given_up_without_its_image() {
    let shop = Shop::open().await;
    let broken = record(
        2,
        "charge#key#secret",
        &json!({ "amount": { "S": "much" } }),
    );
    let no_record = json!({ "eventSourceARN": STREAM });
    let batch = [charge(1), broken.clone(), no_record, charge(4)];
    assert!(
        shop.deliver_records(&batch).await.is_empty(),
        "nothing waits for it"
    );
    assert_eq!(shop.told("charge.").await.len(), 2);
    let known = |number: Value, change: Value| json!({ "stream": STREAM, "sequence_number": number, "change": change });
    let expected = [
        known(json!("2"), json!("INSERT")),
        known(Value::Null, Value::Null),
    ];
    assert_eq!(shop.given_up(), expected);

    // If that cannot be told either, the record comes again.
    let faults = shop.stack.faults();
    faults.meet("publish", "SendMessage", Fault::InternalError, 3);
    assert_eq!(
        shop.deliver_records(&[charge(1), broken, charge(4)]).await,
        ["2"]
    );
}

#[tokio::test]
async fn items_that_are_no_facts_tell_nothing() {
    let shop = Shop::open().await;
    let before = shop.events().await.len();
    let account = json!({ "balance": { "N": "0" }, "seq": { "N": "0" } });
    let unknown = json!({ "anything": { "S": "x" } });
    let batch = [
        record(1, "account", &account),
        record(2, "later#1", &unknown),
    ];
    assert!(shop.deliver_records(&batch).await.is_empty());
    assert!(shop.deliver_records(&[]).await.is_empty());
    assert_eq!(shop.events().await.len(), before);
    assert!(shop.given_up().is_empty());
}

#[tokio::test]
async fn events_of_money_are_made_again_with_their_ids() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let from = shop.in_seconds(0);
    shop.money_moves(&admin).await;
    let is_of_money = |id: &String| !id.starts_with("hold/");
    let all = |told: Vec<Value>| {
        ids(&told)
            .into_iter()
            .filter(is_of_money)
            .collect::<Vec<_>>()
    };
    let first = [
        all(shop.told("charge.").await),
        all(shop.told("order.").await),
        all(shop.told("balance.").await),
    ]
    .concat();
    assert_eq!(first.len(), 4);
    let to = shop.in_seconds(1);
    let seen = shop.stack.events_after(0).len();

    let answer = shop.republish(json!({ "from": from, "to": to })).await;
    assert_eq!(answer, json!({ "looked_at": 3, "sent": 4 }));
    let again: BTreeSet<_> = shop.events().await[seen..]
        .iter()
        .map(|event| text(&event["detail"]["id"]))
        .collect();
    assert_eq!(again, first.into_iter().collect());

    // At or after `to` is too late, and before `from` too early.
    for (from, to) in [
        (&to, &shop.in_seconds(9)),
        (&json!("2020-01-01T00:00:00Z"), &from),
    ] {
        let answer = shop.republish(json!({ "from": from, "to": to })).await;
        assert_eq!(answer["sent"], 0);
    }
    // An item that cannot be read keeps nothing from the others.
    let broken = json!({ "user_id": admin.user_id, "entry": "charge#broken", "amount": "none" });
    shop.put_item("Accounts", broken).await;
    let answer = shop.republish(json!({ "from": from, "to": to })).await;
    assert_eq!(
        answer,
        json!({ "looked_at": 3, "sent": 4, "unreadable": 1 })
    );

    for wrong in [
        json!({}),
        json!({ "from": from }),
        json!({ "from": from, "to": "tomorrow" }),
        json!({ "from": from, "to": to, "after": "x" }),
    ] {
        let reply = shop.invoke("publish", &json!({ "republish": wrong })).await;
        assert_ne!(reply.header("x-amz-function-error"), "", "{wrong}");
    }
    let neither = shop.invoke("publish", &json!({ "republsh": {} })).await;
    assert_ne!(neither.header("x-amz-function-error"), "");
}

/// Events leave the service. Users' ids, names, addresses and tokens do not.
#[tokio::test]
async fn no_event_has_what_is_secret() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let account = shop.account("mina@example.com").await;
    let (buyer, _) = shop.sell(11).await;
    let key = "my-own-idempotency-key";
    shop.charge_keyed(&shop.rejoin(&buyer).await, 5, key)
        .await
        .ok();
    shop.money_moves(&admin).await;
    shop.queue_opens(&admin).await;
    let events = serde_json::to_string(&shop.events().await).expect("JSON");
    assert!(events.contains(&shop.buyer_in_events(&buyer.user_id).await));
    for secret in [
        &*buyer.user_id,
        &admin.user_id,
        &account.user_id,
        "김민수",
        "mina@example.com",
        key,
        &buyer.token,
        "jti",
        "password",
        "seed",
    ] {
        assert!(!events.contains(secret), "{secret}");
    }
}
