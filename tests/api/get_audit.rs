//! `GET /v1/admin/audit`, and the books.

use serde_json::{Value, json};
use shared::{domain::audit::Sums, jiff::civil::date};

use crate::harness::{Buyer, PRICE, Shop, refusal::FORBIDDEN};

/// A run that reads next to nothing.
const A_STEP: f64 = 0.001;

impl Shop {
    /// Refunds one seat of an order.
    async fn give_back(&self, buyer: &Buyer, receipt: &Value, seat: u32) {
        let path = format!("{}?seat_numbers={seat}", self.reservation(receipt));
        self.delete(&path).send_as(&buyer.access_token).await.ok();
    }

    /// What all accounts hold, in hundredths of a won.
    async fn held(&self) -> i64 {
        let accounts = self.items("Accounts").await;
        let accounts = accounts.iter().filter(|item| item["entry"] == "account");
        accounts
            .map(|item| item["balance"].as_i64().expect("a balance"))
            .sum()
    }
}

#[tokio::test]
async fn audit_that_has_never_run_says_so() {
    let shop = Shop::open_with(&[("AuditMinutes", "0")]).await;
    let admin = shop.admin().await;
    assert_eq!(
        shop.get_audit(&admin).await,
        json!({ "state": "NEVER", "server_time": shop.now() })
    );
}

#[tokio::test]
async fn audit_shows_the_round_and_the_one_before() {
    let shop = Shop::open_with(&[("AuditMinutes", "0")]).await;
    let admin = shop.admin().await;
    shop.sell(7).await;
    let report = shop.audit().await;
    let over = shop.get_audit(&admin).await;
    assert_eq!(over["state"], "OVER");
    let round = &over["round"];
    for field in [
        "started_at",
        "runs",
        "is_over",
        "violations",
        "kinds",
        "checked",
        "examples",
    ] {
        assert_eq!(round[field], report[field], "{field}");
    }
    assert_eq!(round["over_at"], shop.in_seconds(0));
    assert_eq!(over.get("last_round"), None);

    shop.advance(60).await;
    shop.run_audit(&json!({ "read_units": A_STEP })).await;
    let under_way = shop.get_audit(&admin).await;
    assert_eq!(under_way["state"], "UNDER_WAY");
    assert_eq!(under_way["round"]["started_at"], shop.in_seconds(0));
    assert_eq!(under_way["round"]["is_over"], false);
    assert_eq!(under_way["round"].get("over_at"), None);
    assert_eq!(&under_way["last_round"], round);
    assert_eq!(under_way["books"], over["books"]);
    // A round that is begun again keeps the last one that was over.
    shop.run_audit(&json!({ "from_start": true, "read_units": A_STEP }))
        .await;
    assert_eq!(&shop.get_audit(&admin).await["last_round"], round);
}

#[tokio::test]
async fn violation_names_what_it_concerns() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (buyer, receipt) = shop.sell(7).await;
    let seat = json!({ "block": format!("{}#{}#0", shop.concert_id, shop.dates[0]), "seat": 7 });
    shop.take_item("Seats", seat).await;
    shop.audited().await;
    let seen = shop.get_audit(&admin).await;
    assert_eq!(seen["round"]["kinds"], json!({ "ORDER_WITHOUT_SEAT": 1 }));
    assert_eq!(
        seen["round"]["examples"],
        json!([{
            "kind": "ORDER_WITHOUT_SEAT", "table": "Accounts", "user_id": buyer.user_id,
            "reservation_id": receipt["reservation_id"], "concert_id": shop.concert_id,
            "show": shop.dates[0], "seat_number": 7,
        }])
    );
}

/// The round of an earlier version has no books, and no time when it was over.
#[tokio::test]
async fn round_of_an_earlier_version_is_shown_without_books() {
    let shop = Shop::open_with(&[("AuditMinutes", "0")]).await;
    let admin = shop.admin().await;
    shop.audit().await;
    let key = json!({ "user_id": "audit", "queue_id": "round" });
    let earlier = json!({ "books": null, "over_at": null });
    shop.change_item("Sessions", key.clone(), earlier).await;
    let seen = shop.get_audit(&admin).await;
    assert_eq!(seen["state"], "OVER");
    assert_eq!(
        (seen.get("books"), seen["round"].get("over_at")),
        (None, None)
    );
    // One that cannot be read counts as none, and the next one replaces it.
    let other = json!({ "stage": "OTHER" });
    shop.change_item("Sessions", key, other).await;
    assert_eq!(shop.get_audit(&admin).await["state"], "NEVER");
    shop.audit().await;
    assert_eq!(shop.get_audit(&admin).await["state"], "OVER");
}

#[tokio::test]
async fn audit_is_shown_to_administrators() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let call = shop.get("/v1/admin/audit");
    call.send_as(&buyer.access_token).await.is(FORBIDDEN);
}

#[tokio::test]
async fn books_have_each_movement_on_its_day() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    // Noon of the first day in Seoul.
    let buyer = shop.buyer().await;
    let receipt = shop.buy(&buyer, &[1, 2, 3]).await;
    let (other, refunded) = shop.sell(4).await;
    shop.cancel(&other, &refunded).await.ok();
    // The second day: it begins at 15:00 UTC, after twelve hours.
    shop.advance(12 * 3_600).await;
    shop.give_back(&buyer, &receipt, 2).await;
    shop.correct(&admin, &other, -10_000).send().await.ok();
    shop.correct(&admin, &other, 4_000).send().await.ok();
    // The fourth: an administrator gives the rest back.
    shop.advance(48 * 3_600).await;
    let path = format!("{}/refund", shop.reservation(&receipt));
    let body = json!({ "user_id": buyer.user_id, "reason": "취소" });
    let call = shop.post(&path).token(&admin.access_token).json(&body);
    call.send().await.ok();
    let admin = shop.admin().await;
    shop.audit().await;

    let books = shop.get_audit(&admin).await["books"].take();
    let price = |seats: u32| json!(PRICE * seats);
    let day = |day: &str, charged: Value, corrected: Value, paid: Value, refunded: Value| {
        json!({
            "day": day, "charged": charged, "corrected": corrected, "paid": paid,
            "refunded": refunded,
        })
    };
    let nothing = || json!(0);
    assert_eq!(
        books,
        json!({
            "read_from": shop.in_seconds(0), "as_of": shop.in_seconds(0),
            "time_zone": "Asia/Seoul",
            "days": [
                day("2026-11-20", price(4), nothing(), price(4), price(1)),
                day("2026-11-21", nothing(), json!(-6_000), nothing(), price(1)),
                day("2026-11-23", nothing(), nothing(), nothing(), price(2)),
            ],
            "held": 4 * PRICE - 6_000,
        })
    );
    assert_eq!(shop.books().await.held, shop.held().await);
}

#[tokio::test]
async fn books_keep_400_days_and_the_sum_of_what_was_before() {
    let shop =
        Shop::without_schedule(&[("TimeZone", "America/New_York"), ("AuditMinutes", "0")]).await;
    shop.sell(7).await;
    shop.advance(399 * 86_400).await;
    let admin = shop.admin().await;
    shop.audit().await;
    let books = shop.get_audit(&admin).await["books"].take();
    assert_eq!(books["time_zone"], "America/New_York");
    assert_eq!(
        books["days"][0]["day"], "2026-11-19",
        "it was still the day before there"
    );
    assert_eq!(books.get("before"), None);

    shop.advance(86_400).await;
    let admin = shop.admin().await;
    shop.audit().await;
    let books = shop.get_audit(&admin).await["books"].take();
    assert_eq!(books["days"], json!([]));
    assert_eq!(
        books["before"],
        json!({ "charged": PRICE, "corrected": 0, "paid": PRICE, "refunded": 0 })
    );
    assert_eq!(books["held"], 0);
}

/// Every step of a round is a run of its own, and between two of them people buy.
#[tokio::test]
async fn books_add_up_while_people_buy_between_the_runs_of_a_round() {
    let shop = Shop::open_with(&[("AuditMinutes", "0")]).await;
    let mut sold = Vec::new();
    for seat in 1..6 {
        sold.push(shop.sell(seat).await);
    }
    for step in 0..400_u32 {
        let run = shop.run_audit(&json!({ "read_units": A_STEP })).await;
        assert_eq!(run["violations"], 0, "{run:#}");
        if run["is_over"] == true {
            break;
        }
        match step % 5 {
            0 if step < 40 => sold.push(shop.sell(10 + step).await),
            1 if !sold.is_empty() => {
                let (buyer, receipt) = sold.remove(0);
                shop.cancel(&buyer, &receipt).await.ok();
            }
            2 => {
                if let Some((buyer, _)) = sold.last() {
                    shop.charge(buyer, 1_000).await.ok();
                }
            }
            _ => {}
        }
        assert!(step < 399, "it does not end");
    }
    let books = shop.books().await;
    assert_eq!((books.left(), books.left_out), (books.held, 0));
    assert_eq!(books.days.len(), 1);
    // A round in which nothing moves has everything.
    shop.audit().await;
    assert_eq!(shop.books().await.held, shop.held().await);
}

#[tokio::test]
async fn books_of_several_runs_are_those_of_one() {
    let shop = Shop::open_with(&[("AuditMinutes", "0")]).await;
    for seat in 1..9 {
        let (buyer, receipt) = shop.sell(seat).await;
        if seat % 3 == 0 {
            shop.cancel(&buyer, &receipt).await.ok();
        }
    }
    shop.audit().await;
    let one = shop.books().await;
    let paid = Sums {
        charged: i64::from(8 * PRICE) * 100,
        corrected: 0,
        paid: i64::from(8 * PRICE) * 100,
        refunded: i64::from(2 * PRICE) * 100,
    };
    assert_eq!(one.days, [(date(2026, 11, 20), paid)].into());
    loop {
        let run = shop.run_audit(&json!({ "read_units": A_STEP })).await;
        if run["is_over"] == true {
            assert!(run["runs"].as_u64() > Some(20), "{run:#}");
            break;
        }
    }
    let several = shop.books().await;
    assert_eq!((several.days, several.held), (one.days, one.held));
}

/// A chain that is broken is in the books as it is, and the report says so.
#[tokio::test]
async fn books_that_do_not_add_up_come_with_a_violation() {
    let shop = Shop::open().await;
    let (buyer, _) = shop.sell(7).await;
    let key = json!({ "user_id": buyer.user_id, "entry": "account" });
    let balance = json!({ "balance": 700 });
    shop.change_item("Accounts", key, balance).await;
    let report = shop.audited().await;
    assert_eq!(report["kinds"], json!({ "ACCOUNT_DIFFERS": 1 }));
    let books = shop.books().await;
    assert_eq!((books.held, books.left()), (700, 0));
}
