//! `GET /v1/admin/changes`: the log of what administrators do.

use serde_json::{Value, json};
use shared::futures_util::future::join_all;

use crate::harness::{
    CONCERT, Guest, NOBODY, PASSWORD, PRICE, Shop,
    doors::Door,
    halls::small_hall,
    refusal::{
        BAD_REQUEST, BALANCE_OUT_OF_RANGE, CONCERT_HAS_ORDERS, FORBIDDEN, INVALID_CHANGE_KIND,
        INVALID_CONCERT_ID, INVALID_LIMIT, INVALID_QUEUE_ID, INVALID_TOKEN, INVALID_USER_ID,
        MISSING_AUTHORIZATION,
    },
    text,
};

impl Shop {
    /// An administrator. Later records are newer than that of their role.
    async fn logged_admin(&self) -> Guest {
        let admin = self.admin().await;
        self.advance(1).await;
        admin
    }

    /// The records of the first page of the log, the newest first, without ids of records and times.
    pub async fn changes(&self, admin: &Guest, query: &str) -> Vec<Value> {
        let path = format!("/v1/admin/changes?limit=100&{query}");
        let page = self.get(&path).send_as(&admin.access_token).await.ok();
        assert_eq!(page.get("next_cursor"), None, "they fit into a page");
        page["changes"]
            .as_array()
            .expect("changes")
            .iter()
            .map(timeless)
            .collect()
    }

    /// The newest record, which was made now, without its id and its time. Later ones are newer.
    async fn last_change(&self, admin: &Guest) -> Value {
        let path = "/v1/admin/changes?limit=1";
        let page = self.get(path).send_as(&admin.access_token).await.ok();
        let last = &page["changes"][0];
        assert_eq!(last["at"], self.in_seconds(0));
        self.advance(1).await;
        timeless(last)
    }

    /// How many records there are.
    async fn recorded(&self) -> usize {
        self.items("Changes").await.len()
    }
}

/// A record without its id and its time.
fn timeless(change: &Value) -> Value {
    let mut change = change.clone();
    let fields = change.as_object_mut().expect("a record");
    for field in ["change_id", "at"] {
        assert!(fields.remove(field).is_some(), "{field}");
    }
    change
}

/// A record by this administrator.
fn record(admin: &Guest, kind: &str, rest: Value) -> Value {
    let mut record = json!({ "by": admin.user_id, "kind": kind });
    let Value::Object(rest) = rest else {
        panic!("fields, not {rest}")
    };
    record.as_object_mut().expect("an object").extend(rest);
    record
}

#[tokio::test]
async fn settings_of_a_queue_are_told_before_and_after() {
    let shop = Shop::open().await;
    let admin = shop.logged_admin().await;
    let set = json!({ "rate": 12.5, "state": "PAUSED", "notice": { "ko": "잠시만요" } });
    let pause = || shop.patch("/v1/queues/main").json(&set);
    pause().send_as(&admin.access_token).await.ok();
    let of_main = |before: Value, after: Value| {
        let rest = json!({ "queue_id": "main", "before": before, "after": after });
        record(&admin, "QUEUE_SETTINGS", rest)
    };
    assert_eq!(
        shop.last_change(&admin).await,
        of_main(
            json!({ "rate": 50, "state": "OPEN", "notice": null, "version": 0 }),
            json!({
                "rate": 12.5, "state": "PAUSED", "notice": { "ko": "잠시만요" }, "version": 1,
            }),
        )
    );
    // The same settings again are another version, which has its record.
    pause().send_as(&admin.access_token).await.ok();
    let again = of_main(json!({ "version": 1 }), json!({ "version": 2 }));
    assert_eq!(shop.last_change(&admin).await, again);

    shop.put_queue(&admin, "rock", &json!({ "max_active": 7 }))
        .await
        .ok();
    let made = shop.last_change(&admin).await;
    assert_eq!(
        (&made["queue_id"], made.get("before")),
        (&json!("rock"), None)
    );
    assert_eq!(
        made["after"],
        json!({
            "max_active": 7, "rate": 50, "claim_seconds": 120, "active_seconds": 300,
            "tick_seconds": 5, "state": "OPEN", "who": "everybody", "version": 1,
        })
    );
}

#[tokio::test]
async fn concert_is_told_from_its_creation_to_its_deletion() {
    let shop = Shop::open().await;
    let admin = shop.logged_admin().await;
    let with = |method: &str, path: &str, body: Value| {
        let call = shop.call(method, path).token(&admin.access_token);
        call.json(&body)
    };
    let shows = json!([
        { "date": "2027-03-01", "price": 10 },
        { "date": "2027-03-02", "price": 20, "doors_at": "18:30" },
        { "date": "2027-03-03T14:00", "price": 30 },
    ]);
    let body = json!({ "name": "봄", "most_seats_a_person": 2, "shows": shows });
    let made = with("POST", "/v1/concerts", body).send().await.expect(201);
    let concert_id = &made["concert_id"];
    let told = |kind: &str, mut rest: Value| {
        rest["concert_id"] = concert_id.clone();
        record(&admin, kind, rest)
    };
    let whole = |shows: usize| json!({ "name": "봄", "queue_id": "main", "most_seats_a_person": 2, "shows": shows });
    let created = told("CONCERT_CREATED", json!({ "after": whole(3) }));
    assert_eq!(shop.last_change(&admin).await, created);

    let path = format!("/v1/concerts/{}", text(concert_id));
    let body = json!({
        "age_limit": 8,
        "shows": [{ "date": "2027-03-01", "price": 11 }, { "date": "2027-03-04", "price": 1 }],
    });
    with("PATCH", &path, body.clone()).send().await.ok();
    let changed = told(
        "CONCERT_CHANGED",
        json!({
            "before": {
                "age_limit": null,
                "shows": { "2027-03-01": { "price": 10 }, "2027-03-04": null },
            },
            "after": {
                "age_limit": 8,
                "shows": {
                    "2027-03-01": { "price": 11 },
                    "2027-03-04": { "price": 1, "capacity": 50 },
                },
            },
        }),
    );
    assert_eq!(shop.last_change(&admin).await, changed);
    let before = shop.recorded().await;
    with("PATCH", &path, body).send().await.ok();
    assert_eq!(shop.recorded().await, before, "nothing has changed");

    let delete = async |path: &str| shop.delete(path).send_as(&admin.access_token).await.ok();
    delete(&format!("{path}/dates/2027-03-02")).await;
    let deleted = told(
        "SHOW_DELETED",
        json!({
            "show": "2027-03-02",
            "before": { "price": 20, "capacity": 50, "doors_at": "18:30" },
        }),
    );
    assert_eq!(shop.last_change(&admin).await, deleted);
    let reason = json!({ "reason": "태풍" });
    // A date alone names the only show of its day.
    let off = with("POST", &format!("{path}/dates/2027-03-03/call-off"), reason);
    off.send().await.ok();
    let off = told(
        "SHOW_CALLED_OFF",
        json!({ "show": "2027-03-03T14:00", "reason": "태풍" }),
    );
    assert_eq!(shop.last_change(&admin).await, off);
    shop.advance(30).await;
    delete(&path).await;
    let deleted = told("CONCERT_DELETED", json!({ "before": whole(3) }));
    assert_eq!(shop.last_change(&admin).await, deleted);
}

#[tokio::test]
async fn concert_that_goes_with_its_last_show_is_told_with_it() {
    let shop = Shop::open().await;
    let admin = shop.logged_admin().await;
    for (date, kind) in [(0, "SHOW_DELETED"), (1, "CONCERT_DELETED")] {
        let date = &shop.dates[date];
        let path = format!("/v1/concerts/{}/dates/{date}", shop.concert_id);
        shop.delete(&path).send_as(&admin.access_token).await.ok();
        let last = shop.last_change(&admin).await;
        assert_eq!((&last["kind"], &last["show"]), (&json!(kind), &json!(date)));
    }
    let last = shop.changes(&admin, "").await.remove(0);
    assert_eq!(last["before"]["name"], CONCERT);
}

#[tokio::test]
async fn money_that_administrators_move_is_told_with_its_reason() {
    let shop = Shop::open().await;
    let (buyer, receipt) = shop.sell(7).await;
    let admin = shop.logged_admin().await;
    let of_buyer = |kind: &str, mut rest: Value| {
        rest["user_id"] = json!(buyer.user_id);
        record(&admin, kind, rest)
    };
    let path = format!("/v1/users/{}/balance", buyer.user_id);
    let charge = shop.post(&path).json(&json!({ "amount": 0.5 }));
    charge.send_as(&admin.access_token).await.ok();
    let after = json!({ "amount": 0.5, "balance": 0.5 });
    let charged = of_buyer("CHARGE_BY_ADMIN", json!({ "after": after }));
    let found = shop.changes(&admin, "kind=CHARGE_BY_ADMIN").await;
    assert_eq!(found, [charged]);
    shop.advance(1).await;

    let corrected = shop.correct(&admin, &buyer, 20).send().await.ok();
    let after = json!({ "amount": 20, "balance": 20.5 });
    let corrected = of_buyer(
        "CORRECTION",
        json!({
            "correction_id": corrected["correction_id"],
            "after": after,
            "reason": "중복 충전 정정",
        }),
    );
    assert_eq!(shop.last_change(&admin).await, corrected);

    let of_reservation = |kind: &str, held: &Value, after: Value| {
        of_buyer(
            kind,
            json!({
                "concert_id": shop.concert_id,
                "show": shop.dates[0],
                "reservation_id": held["reservation_id"],
                "after": after,
                "reason": "공연 취소",
            }),
        )
    };
    shop.refund(&admin, &buyer, &receipt, "공연 취소")
        .send()
        .await
        .ok();
    let after = json!({
        "amount": PRICE, "balance": f64::from(PRICE) + 20.5, "seat_numbers": [7],
    });
    let refunded = of_reservation("REFUND", &receipt, after);
    assert_eq!(shop.last_change(&admin).await, refunded);
    shop.audit().await;
}

#[tokio::test]
async fn partial_refund_and_hold_that_is_given_back_are_told() {
    let shop = Shop::open().await;
    let (buyer, admin) = (shop.buyer().await, shop.logged_admin().await);
    let receipt = shop.buy(&buyer, &[7, 8]).await;
    let path = format!("{}/refund", shop.reservation(&receipt));
    let body = json!({ "user_id": buyer.user_id, "reason": "A", "seat_numbers": [8] });
    let refund = || shop.post(&path).json(&body).send_as(&admin.access_token);
    refund().await.ok();
    let last = shop.last_change(&admin).await;
    let after = json!({ "amount": PRICE, "balance": PRICE, "seat_numbers": [8] });
    assert_eq!((&last["kind"], &last["after"]), (&json!("REFUND"), &after));
    refund().await.ok();
    shop.refund(&admin, &buyer, &receipt, "B").send().await.ok();
    let refunds = shop.changes(&admin, "kind=REFUND").await;
    let reasons: Vec<_> = refunds.iter().map(|change| &change["reason"]).collect();
    assert_eq!(reasons, ["B", "A"]);

    let holder = shop.buyer().await;
    let held = shop.hold_all(&holder, &[1, 2]).await.ok();
    for _ in 0..2 {
        shop.refund(&admin, &holder, &held, "C").send().await.ok();
    }
    let cancelled = shop.changes(&admin, "kind=HOLD_CANCELLED").await;
    let rest = json!({
        "user_id": holder.user_id,
        "concert_id": shop.concert_id,
        "show": shop.dates[0],
        "reservation_id": held["reservation_id"],
        "after": { "seat_numbers": [1, 2] },
        "reason": "C",
    });
    assert_eq!(cancelled, [record(&admin, "HOLD_CANCELLED", rest)]);
    assert_eq!(shop.reservation_status(&holder, &held).await, "CANCELLED");
    shop.audit().await;
}

#[tokio::test]
async fn plans_roles_and_users_are_told() {
    let shop = Shop::open().await;
    let (admin, mina) = (
        shop.logged_admin().await,
        shop.account("mina@example.com").await,
    );
    let first = shop.changes(&admin, "").await.remove(0);
    let by_nobody = json!({
        "kind": "ROLE",
        "user_id": admin.user_id,
        "before": { "role": "user" },
        "after": { "role": "admin" },
    });
    assert_eq!(first, by_nobody, "an operator has no user");

    let plan_id = shop.add_plan(&admin, &small_hall().to_string()).await;
    let stored = json!({
        "plan_id": plan_id, "after": { "name": small_hall()["name"], "seats": 6 },
    });
    let stored = record(&admin, "PLAN_STORED", stored);
    assert_eq!(shop.last_change(&admin).await, stored);

    let path = format!("/v1/users/{}", mina.user_id);
    shop.delete(&format!("{path}/sessions"))
        .send_as(&admin.access_token)
        .await
        .ok();
    let of_mina = |kind: &str, mut rest: Value| {
        rest["user_id"] = json!(mina.user_id);
        record(&admin, kind, rest)
    };
    let ended = of_mina("SESSIONS_ENDED", json!({}));
    assert_eq!(shop.last_change(&admin).await, ended);
    shop.delete(&path).send_as(&admin.access_token).await.ok();
    let before = json!({ "role": "user", "balance": 0 });
    let deleted = of_mina("USER_DELETED", json!({ "before": before }));
    assert_eq!(shop.last_change(&admin).await, deleted);
    let records = shop.recorded().await;
    shop.delete(&path).send_as(&admin.access_token).await.ok();
    assert_eq!(shop.recorded().await, records, "they are gone already");

    let boss = json!({ "email": "boss@example.com", "password": PASSWORD });
    let made = shop.invoke("make-admin", &boss).await.ok();
    let last = shop.last_change(&admin).await;
    assert_eq!(
        (&last["user_id"], last.get("before")),
        (&made["user_id"], None)
    );
    assert_eq!(last["after"], json!({ "role": "admin" }));
    // No name, no address and no password is in any record.
    let all = serde_json::to_string(&shop.items("Changes").await).expect("JSON");
    for personal in ["김민수", "관리자", "example.com", PASSWORD] {
        assert!(!all.contains(personal), "{personal}");
    }
}

/// A handler that forgets to record what it does fails here.
#[tokio::test]
async fn whatever_an_administrator_changes_is_recorded_once() {
    let shop = Shop::open().await;
    let (admin, (buyer, receipt)) = (shop.logged_admin().await, shop.sell(7).await);
    let reservation_id = text(&receipt["reservation_id"]);
    let doors = shop.guarded(&buyer.user_id, &reservation_id);
    let doors = doors.iter().filter(|door| {
        let is_by_admins = door.door == Door::Admin
            || ["charge", "charge (PATCH)", "end-sessions", "delete-user"].contains(&door.name);
        // A guest keeps the role that the first call gives. The second one changes nothing.
        is_by_admins && door.method != "GET" && !["set-role", "run-audit"].contains(&door.name)
    });
    for door in doors {
        let before = shop.recorded().await;
        let path = door.path.clone();
        let call = crate::harness::doors::Guarded {
            path: if door.name == "delete-user" {
                format!("{path}?force=true")
            } else {
                path
            },
            ..door.clone()
        };
        let reply = call.call(&shop).send_as(&admin.access_token).await;
        assert!(reply.status.is_success(), "{}: {}", door.name, reply.text);
        assert_eq!(shop.recorded().await, before + 1, "{}", door.name);
        // A show that was called off is not deleted before that.
        shop.advance(20).await;
    }
}

#[tokio::test]
async fn what_buyers_do_is_not_recorded() {
    let shop = Shop::open().await;
    let (buyer, receipt) = shop.sell(7).await;
    shop.cancel(&buyer, &receipt).await.ok();
    let held = shop.hold(&shop.buyer().await, 8).await.ok();
    assert!(held["reservation_id"].is_string());
    let mina = shop.account("mina@example.com").await;
    let path = format!("/v1/users/{}", mina.user_id);
    let rename = shop.patch(&path).json(&json!({ "name": "A" }));
    rename.send_as(&mina.access_token).await.ok();
    let end = shop.delete(&format!("{path}/sessions"));
    end.send_as(&mina.access_token).await.ok();
    let again = shop.log_in("mina@example.com", PASSWORD).await.ok();
    shop.delete(&path)
        .send_as(&text(&again["token"]))
        .await
        .ok();
    assert_eq!(shop.recorded().await, 0);
}

#[tokio::test]
async fn administrator_who_acts_on_themselves_is_recorded_only_for_money() {
    let shop = Shop::open().await;
    let admin = shop.logged_admin().await;
    let records = shop.recorded().await;
    let path = format!("/v1/users/{}", admin.user_id);
    let charge = shop.post(&format!("{path}/balance"));
    let charge = charge.json(&json!({ "amount": 1 }));
    charge.send_as(&admin.access_token).await.ok();
    assert_eq!(shop.recorded().await, records + 1);
    let end = shop.delete(&format!("{path}/sessions"));
    end.send_as(&admin.access_token).await.ok();
    assert_eq!(shop.recorded().await, records + 1);
}

#[tokio::test]
async fn request_that_is_repeated_is_recorded_once() {
    let shop = Shop::open().await;
    let admin = shop.logged_admin().await;
    let (buyer, receipt) = shop.sell(7).await;
    let records = shop.recorded().await;
    let token = &admin.access_token;
    let concert = json!({ "name": "A", "shows": [{ "date": "2027-03-01", "price": 1 }] });
    let balance = format!("/v1/users/{}/balance", buyer.user_id);
    let off = format!(
        "/v1/concerts/{}/dates/{}/call-off",
        shop.concert_id, shop.dates[1]
    );
    for _ in 0..2 {
        let calls = (0..3).map(|_| async {
            shop.correct(&admin, &buyer, 5).key("K").send().await.ok();
            shop.refund(&admin, &buyer, &receipt, "A").send().await.ok();
            let create = shop.post("/v1/concerts").key("K").json(&concert);
            create.send_as(token).await.expect(201);
            let charge = shop.post(&balance).key("K").json(&json!({ "amount": 1 }));
            charge.send_as(token).await.ok();
            shop.post(&off).send_as(token).await.ok();
            shop.ask_to_add_plan(&admin, &small_hall().to_string())
                .await;
        });
        join_all(calls).await;
        assert_eq!(shop.recorded().await, records + 6);
    }
    shop.audit().await;
}

#[tokio::test]
async fn change_that_is_refused_is_not_recorded() {
    let shop = Shop::open().await;
    let admin = shop.logged_admin().await;
    let (buyer, receipt) = shop.sell(7).await;
    let records = shop.recorded().await;
    let concert = format!("/v1/concerts/{}", shop.concert_id);
    let token = &admin.access_token;
    shop.correct(&admin, &buyer, -1)
        .send()
        .await
        .is(BALANCE_OUT_OF_RANGE);
    shop.delete(&concert)
        .send_as(token)
        .await
        .is(CONCERT_HAS_ORDERS);
    let other = shop.buyer().await;
    let wrong = shop.refund(&admin, &other, &receipt, "A").send().await;
    wrong.expect(404);
    let stale = shop.patch("/v1/queues/main").header("if-match", "\"9\"");
    let stale = stale.json(&json!({ "rate": 1 })).send_as(token).await;
    stale.expect(412);
    assert_eq!(shop.recorded().await, records);
}

#[tokio::test]
async fn change_in_several_steps_has_one_record() {
    let shop = Shop::open().await;
    let admin = shop.logged_admin().await;
    let shows = |price: u32| -> Vec<_> {
        let day = |n: i64| shared::jiff::civil::date(2027, 1, 1) + shared::jiff::ToSpan::days(n);
        let days = (0..200).map(day);
        days.map(|day| json!({ "date": day, "price": price }))
            .collect()
    };
    let body = json!({ "name": "A", "shows": shows(1) });
    let create = shop.post("/v1/concerts").json(&body);
    let made = create.send_as(&admin.access_token).await.expect(201);
    let path = format!("/v1/concerts/{}", text(&made["concert_id"]));
    shop.advance(1).await;
    let change = shop.patch(&path).json(&json!({ "shows": shows(2) }));
    change.send_as(&admin.access_token).await.ok();
    shop.advance(1).await;
    shop.delete(&path).send_as(&admin.access_token).await.ok();
    let query = format!("concert_id={}", text(&made["concert_id"]));
    let changes = shop.changes(&admin, &query).await;
    let kinds: Vec<_> = changes.iter().map(|change| &change["kind"]).collect();
    assert_eq!(
        kinds,
        ["CONCERT_DELETED", "CONCERT_CHANGED", "CONCERT_CREATED"]
    );
    assert_eq!(changes[1]["after"]["more_shows"], 180);
    assert_eq!(
        changes[1]["after"]["shows"]
            .as_object()
            .map(serde_json::Map::len),
        Some(20)
    );
}

#[tokio::test]
async fn filters_find_what_they_name_in_pages_of_any_length() {
    let shop = Shop::open().await;
    let admin = shop.logged_admin().await;
    let (one, other) = (shop.buyer().await, shop.buyer().await);
    for n in 0..4 {
        shop.correct(&admin, &one, 1 + n).send().await.ok();
        shop.correct(&admin, &other, 100).send().await.ok();
        let paused = json!({ "state": if n % 2 == 0 { "PAUSED" } else { "OPEN" } });
        shop.put_queue(&admin, "main", &paused).await.ok();
        shop.advance(1).await;
    }
    let name = json!({ "name": "A" });
    let rename = shop.patch(&format!("/v1/concerts/{}", shop.concert_id));
    rename.json(&name).send_as(&admin.access_token).await.ok();

    let of_one = format!("user_id={}", one.user_id);
    let of_concert = format!("concert_id={}", shop.concert_id);
    for (query, due) in [
        (String::new(), 14),
        (of_one.clone(), 4),
        (format!("{of_one}&kind=CORRECTION"), 4),
        (format!("{of_one}&kind=REFUND"), 0),
        ("queue_id=main".to_owned(), 4),
        ("queue_id=nobody".to_owned(), 0),
        ("kind=QUEUE_SETTINGS&queue_id=main".to_owned(), 4),
        ("kind=CORRECTION".to_owned(), 8),
        (of_concert, 1),
        (format!("concert_id={NOBODY}"), 0),
    ] {
        let all = shop.changes(&admin, &query).await;
        assert_eq!(all.len(), due, "{query}");
        for limit in [1, 3] {
            let mut seen = Vec::new();
            let mut cursor = String::new();
            loop {
                let path = format!("/v1/admin/changes?limit={limit}&{query}{cursor}");
                let page = shop.get(&path).send_as(&admin.access_token).await.ok();
                let page_of = page["changes"].as_array().expect("changes");
                assert!(page_of.len() <= limit, "{page}");
                seen.extend(page_of.iter().map(timeless));
                let Some(next) = page.get("next_cursor") else {
                    break;
                };
                cursor = format!("&cursor={}", text(next));
            }
            assert_eq!(seen, all, "{query} in pages of {limit}");
        }
    }
    let amounts = shop.changes(&admin, &of_one).await;
    let amounts: Vec<_> = amounts
        .iter()
        .map(|change| &change["after"]["amount"])
        .collect();
    assert_eq!(amounts, [4, 3, 2, 1], "the newest first");
}

/// They are apart from the other records, and in order, whichever part of the log has them.
#[tokio::test]
async fn charges_are_listed_if_somebody_asks_for_them() {
    let shop = Shop::open().await;
    let (admin, buyer) = (shop.logged_admin().await, shop.buyer().await);
    let path = format!("/v1/users/{}/balance", buyer.user_id);
    let (mut charges, mut corrections) = (Vec::new(), Vec::new());
    for n in 0..12_u32 {
        let amount = 100 + n;
        if n % 4 == 3 {
            let correction = shop.correct(&admin, &buyer, i64::from(amount));
            correction.send().await.ok();
            corrections.insert(0, json!(amount));
        } else {
            let charge = shop.post(&path).json(&json!({ "amount": amount }));
            charge.send_as(&admin.access_token).await.ok();
            charges.insert(0, json!(amount));
        }
        shop.advance(1).await;
    }
    let of_user = format!("user_id={}", buyer.user_id);
    for (query, due) in [
        ("kind=CHARGE_BY_ADMIN".to_owned(), &charges),
        (format!("kind=CHARGE_BY_ADMIN&{of_user}"), &charges),
        ("kind=CORRECTION".to_owned(), &corrections),
        (of_user, &corrections),
    ] {
        for limit in [1, 2, 5, 100] {
            let mut amounts = Vec::new();
            let mut cursor = String::new();
            loop {
                let path = format!("/v1/admin/changes?limit={limit}&{query}{cursor}");
                let page = shop.get(&path).send_as(&admin.access_token).await.ok();
                let found = page["changes"].as_array().expect("changes").iter();
                amounts.extend(found.map(|one| one["after"]["amount"].clone()));
                let Some(next) = page.get("next_cursor") else {
                    break;
                };
                cursor = format!("&cursor={}", text(next));
            }
            assert_eq!(amounts, *due, "{query} in pages of {limit}");
        }
    }
    shop.audit().await;
}

#[tokio::test]
async fn records_of_earlier_years_follow_those_of_this_one() {
    let shop = Shop::without_schedule(&[]).await;
    let (admin, buyer) = (shop.logged_admin().await, shop.guest().await);
    let path = format!("/v1/users/{}/balance/corrections", buyer.user_id);
    let correct = async || {
        let token = shop.token_of(&admin.user_id).await;
        let call = shop
            .post(&path)
            .json(&json!({ "amount": 1, "reason": "A" }));
        call.send_as(&token).await.ok();
    };
    correct().await;
    correct().await;
    shop.advance(45 * 24 * 60 * 60).await;
    correct().await;
    correct().await;
    let admin = Guest {
        access_token: shop.token_of(&admin.user_id).await,
        ..admin
    };
    let query = format!("user_id={}", buyer.user_id);
    let all = format!("/v1/admin/changes?{query}");
    let all = shop.get(&all).send_as(&admin.access_token).await.ok();
    let changes = all["changes"].as_array().expect("changes");
    let years = changes
        .iter()
        .map(|change| text(&change["at"])[..4].to_owned());
    assert_eq!(years.collect::<Vec<_>>(), ["2027", "2027", "2026", "2026"]);
    let page = async |cursor: &str| {
        let path = format!("/v1/admin/changes?limit=3&{query}{cursor}");
        shop.get(&path).send_as(&admin.access_token).await.ok()
    };
    let first = page("").await;
    let rest = page(&format!("&cursor={}", text(&first["next_cursor"]))).await;
    assert_eq!(first["changes"].as_array().map(Vec::len), Some(3));
    assert_eq!(rest["changes"].as_array().map(Vec::len), Some(1));
    assert_eq!(rest.get("next_cursor"), None);
}

#[tokio::test]
async fn refuses_all_but_administrators() {
    let shop = Shop::open().await;
    let (buyer, account) = (shop.buyer().await, shop.account("mina@example.com").await);
    let look = || shop.get("/v1/admin/changes");
    look().send().await.is(MISSING_AUTHORIZATION);
    look().send_as(&buyer.token).await.is(INVALID_TOKEN);
    for token in [&buyer.access_token, &account.access_token] {
        look().send_as(token).await.is(FORBIDDEN);
        let own = shop.get(&format!("/v1/admin/changes?user_id={}", buyer.user_id));
        own.send_as(token).await.is(FORBIDDEN);
    }
}

#[tokio::test]
async fn filters_cursors_and_limits_have_their_forms() {
    let shop = Shop::open().await;
    let admin = shop.logged_admin().await;
    let look = async |query: &str| {
        let path = format!("/v1/admin/changes?{query}");
        shop.get(&path).send_as(&admin.access_token).await
    };
    for (query, refusal) in [
        ("limit=0", INVALID_LIMIT),
        ("limit=101", INVALID_LIMIT),
        ("queue_id=", INVALID_QUEUE_ID),
        ("queue_id=Main", INVALID_QUEUE_ID),
        ("queue_id=registry", INVALID_QUEUE_ID),
        ("concert_id=", INVALID_CONCERT_ID),
        ("concert_id=7", INVALID_CONCERT_ID),
        ("user_id=", INVALID_USER_ID),
        ("user_id=mina", INVALID_USER_ID),
        ("kind=", INVALID_CHANGE_KIND),
        ("kind=refund", INVALID_CHANGE_KIND),
        ("kind=REFUND&kind=ROLE", INVALID_CHANGE_KIND),
        ("cursor=x", BAD_REQUEST),
    ] {
        look(query).await.is(refusal);
    }
    let made_up = |position: &str| {
        let cursor = shared::http::cursor("changes", position);
        format!("cursor={cursor}")
    };
    // An id without a time, and no id at all.
    for position in ["11111111-1111-4111-8111-111111111111", "x"] {
        look(&made_up(position)).await.is(BAD_REQUEST);
    }
    let other_list = shared::http::cursor("users", &admin.user_id);
    look(&format!("cursor={other_list}")).await.is(BAD_REQUEST);
    // A time that has not come does not make the function look through ten thousand years.
    shop.stack.app("list-changes").await;
    shop.stack.forget_consumed();
    let far = look(&made_up("c9000000-0000-7000-8000-000000000000"))
        .await
        .ok();
    assert_eq!(far["changes"].as_array().map(Vec::len), Some(1));
    assert_eq!(shop.stack.consumed().by("list-changes").calls, 2);
    let long_ago = look(&made_up("00000000-0000-7000-8000-000000000000"))
        .await
        .ok();
    assert_eq!(long_ago, json!({ "changes": [] }));
}
