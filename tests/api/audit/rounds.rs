//! Rounds that take more than one run.

use std::time::Duration;

use serde_json::{Value, json};
use shared::{futures_util::future::join_all, jiff::SignedDuration, store::usage::metered};

use super::{NOBODYS, busy_shop, everything_in_busy_shop, refund};
use crate::harness::{PRICE, Shop};

impl Shop {
    /// Runs the audit until its round is over, and returns the answer of each run.
    async fn rest_of_the_round(&self, read_units: f64) -> Vec<Value> {
        let mut runs = Vec::new();
        loop {
            runs.push(self.run_audit(&json!({ "read_units": read_units })).await);
            if runs[runs.len() - 1]["is_over"] == true {
                return runs;
            }
            assert!(runs.len() < 200, "it gets nowhere");
        }
    }
}

/// The smallest budget: one page of one item, or one second look, per run.
const A_STEP: f64 = 0.001;

#[tokio::test]
async fn round_continues_where_it_stopped() {
    let shop = busy_shop().await;
    let runs = shop.rest_of_the_round(A_STEP).await;
    let last = &runs[runs.len() - 1];
    assert!(runs.len() > 30, "{} runs", runs.len());
    assert_eq!(last["runs"], json!(runs.len()));
    assert_eq!(last["checked"], everything_in_busy_shop());
    assert_eq!(last["violations"], 0, "{last:#}");
    for (what, total) in everything_in_busy_shop().as_object().expect("counts") {
        let parts = runs.iter().map(|run| run["run"]["checked"][what].as_u64());
        let parts: u64 = parts.map(|part| part.expect("a count")).sum();
        assert_eq!(json!(parts), *total, "{what}");
    }
    let sessions = shop.items("Sessions").await;
    let left = sessions.iter().filter(|item| item["user_id"] == "audit");
    assert_eq!(left.count(), 1, "nothing is left of what it remembered");

    let next = shop.run_audit(&json!({})).await;
    assert_eq!((&next["runs"], &next["is_over"]), (&json!(1), &json!(true)));
    assert_eq!(next["checked"], everything_in_busy_shop());
}

#[tokio::test]
async fn violations_are_found_in_several_runs_as_in_one() {
    let shop = busy_shop().await;
    let sold = json!({ "status": "SOLD", "reservation_id": NOBODYS });
    for seat in 21..29 {
        let mut item = sold.clone();
        item["block"] = json!(shop.block(0));
        item["seat"] = json!(seat);
        shop.put_item("Seats", item).await;
    }
    let one = shop.audited().await;
    assert_eq!(one["kinds"], json!({ "SEAT_SOLD_WITHOUT_ORDER": 8 }));
    assert_eq!(
        one["examples"].as_array().map(Vec::len),
        Some(5),
        "a handful"
    );
    assert_eq!(one["run"]["violations"], 8);

    let runs = shop.rest_of_the_round(A_STEP).await;
    let last = &runs[runs.len() - 1];
    for field in ["kinds", "violations", "checked"] {
        assert_eq!(last[field], one[field], "{field}");
    }
    assert_eq!(last["examples"].as_array().map(Vec::len), Some(5));
    let metrics = shop.metrics();
    let published = metrics
        .iter()
        .filter_map(|line| line["AuditViolations"].as_f64());
    assert!((published.sum::<f64>() - 16.0).abs() < 0.1, "by either");
}

/// Something else happens before each step of the audit.
#[tokio::test]
async fn changes_between_two_pages_are_no_violation() {
    let shop = Shop::open().await;
    let mut sold = Vec::new();
    for seat in 1..6 {
        sold.push(shop.sell(seat).await);
    }
    let holder = shop.buyer().await;
    let held = shop.hold_all(&holder, &[6, 7]).await.ok();
    shop.charge(&holder, 2 * PRICE).await.ok();
    let mut holding = Some((holder, held));

    for round in 0..4 {
        let mut step = 0;
        loop {
            let report = shop.run_audit(&json!({ "read_units": A_STEP })).await;
            assert_eq!(report["violations"], 0, "step {step}: {report:#}");
            if report["is_over"] == true {
                break;
            }
            match (step + round) % 7 {
                0 => {
                    let seat = 10 + (step + 40 * round) % 40;
                    let buyer = shop.buyer().await;
                    let held = shop.hold(&buyer, seat).await;
                    shop.charge(&buyer, PRICE).await.ok();
                    if held.status == 200 {
                        let receipt = shop.pay(&buyer, &held.body).await.ok();
                        sold.push((buyer, receipt));
                    }
                }
                1 => {
                    let (buyer, receipt) = sold.remove(0);
                    refund(&shop, &buyer, &receipt).await;
                }
                2 => {
                    if let Some((holder, held)) = holding.take() {
                        shop.pay(&holder, &held).await;
                    } else {
                        let holder = shop.buyer().await;
                        let held = shop.hold(&holder, 6).await;
                        holding = (held.status == 200).then_some((holder, held.body));
                    }
                }
                3 => {
                    let leaver = shop.buyer().await;
                    shop.hold(&leaver, 8).await;
                    shop.leave(&leaver).await;
                }
                4 => shop.advance(40).await,
                5 => {
                    let mina = shop
                        .account(&format!("mina{step}.{round}@example.com"))
                        .await;
                    let path = format!("/v1/users/{}", mina.user_id);
                    let other = format!("other{step}.{round}@example.com");
                    let body =
                        json!({ "email": other, "current_password": crate::harness::PASSWORD });
                    let change = shop.patch(&path).token(&mina.access_token);
                    change.json(&body).send().await.ok();
                }
                _ => {
                    shop.hold(&shop.buyer().await, 9).await;
                }
            }
            step += 1;
            // Otherwise the table would grow as fast as it is read.
            if step > 40 {
                let rest = shop.run_audit(&json!({})).await;
                assert_eq!(rest["violations"], 0, "{rest:#}");
                assert_eq!(rest["is_over"], true);
                break;
            }
        }
    }
}

#[tokio::test]
async fn runs_at_once_do_no_harm() {
    let shop = busy_shop().await;
    let order = json!({ "read_units": A_STEP });
    let mut superseded = 0;
    for _ in 0..20 {
        let runs = join_all((0..3).map(|_| shop.run_audit(&order))).await;
        let lost = runs.iter().filter(|run| run["run"]["superseded"] == true);
        superseded += lost.count();
        for run in runs {
            assert_eq!(run["violations"], 0, "{run:#}");
        }
    }
    assert!(superseded > 0, "they were never at the same round at once");
    let runs = shop.rest_of_the_round(1_000.0).await;
    assert_eq!(runs[0]["checked"], everything_in_busy_shop());
    let sessions = shop.items("Sessions").await;
    let left = sessions.iter().filter(|item| item["user_id"] == "audit");
    assert_eq!(
        left.count(),
        1,
        "nothing is left of what any of them remembered"
    );
}

#[tokio::test]
async fn operator_can_start_a_new_round() {
    let shop = busy_shop().await;
    let first = shop.run_audit(&json!({ "read_units": A_STEP })).await;
    assert_eq!(first["is_over"], false);
    shop.advance(10).await;
    let next = shop.audit().await;
    assert_eq!(next["runs"], 1);
    assert_eq!(next["started_at"], shop.in_seconds(0));
    assert_eq!(next["checked"], everything_in_busy_shop());
}

/// The catalog, users, seats and the log of changes cost half a unit, everything else one; the round's own item is written too.
#[tokio::test]
async fn audit_of_a_small_shop_costs_a_few_reads_and_a_write() {
    let shop = Shop::open().await;
    // The log has a record. DynamoDB Local, unlike DynamoDB, takes nothing for an empty table.
    shop.admin().await;
    shop.stack.app("audit").await;
    let audit = async || {
        shop.stack.forget_consumed();
        let report = shop.audit().await;
        let consumed = shop.stack.consumed().by("audit");
        assert_eq!(report["run"]["read_units"], json!(consumed.read));
        (consumed.read, consumed.write)
    };
    // The round, the catalog, the users, the seats, the sessions, the ids of the queues, the line, its numbers,
    // its cohort, the log of changes, the accounts.
    shop.sell(7).await;
    assert_eq!(audit().await, (8.5, 1.0));
    // The possible order of a live hold, and its seats.
    shop.hold_all(&shop.buyer().await, &[8, 9]).await.ok();
    assert_eq!(audit().await, (11.5, 1.0));
}

/// As after a new version of the code, or when an operator has deleted the memory.
#[tokio::test]
async fn round_that_cannot_continue_starts_anew() {
    for (key, change) in [
        ("round", Some(json!({ "stage": "OTHER" }))),
        (
            "round",
            Some(json!({ "kept": { "id": NOBODYS, "parts": 1, "format": 0 } })),
        ),
        // An earlier version had another first stage, and remembered no shows.
        (
            "round",
            Some(json!({
                "stage": "USERS", "kept": { "id": NOBODYS, "parts": 1, "format": 2 },
            })),
        ),
        ("memory#", None),
        ("memory#", Some(json!({ "bytes": "?" }))),
    ] {
        let shop = busy_shop().await;
        shop.run_audit(&json!({ "read_units": A_STEP })).await;
        let items = shop.items("Sessions").await;
        let of_audit = |item: &&Value| {
            let name = item["queue_id"].as_str().expect("a name");
            item["user_id"] == "audit" && name.starts_with(key)
        };
        let item = items.iter().find(of_audit).expect("it is there");
        let key = json!({ "user_id": "audit", "queue_id": item["queue_id"] });
        match change {
            Some(change) => shop.change_item("Sessions", key, change).await,
            None => drop(shop.take_item("Sessions", key).await),
        }
        let report = shop.run_audit(&json!({})).await;
        assert_eq!(report["violations"], 0);
        assert_eq!(report["runs"], 1);
        assert_eq!(report["checked"], everything_in_busy_shop());
    }
}

#[tokio::test]
async fn schedule_audits_every_hour_unless_set_otherwise() {
    let audits = |shop: &Shop| shop.invocations("audit").len();
    let shop = Shop::open().await;
    let at_the_start = audits(&shop);
    shop.advance(3_600).await;
    assert_eq!(audits(&shop), at_the_start + 1);
    let never = Shop::open_with(&[("AuditMinutes", "0")]).await;
    never.advance(3_600).await;
    assert_eq!(audits(&never), 0);
}

#[tokio::test]
async fn audit_budget_is_a_parameter() {
    let shop = Shop::open_with(&[("AuditReadUnits", "10")]).await;
    for _ in 0..40 {
        shop.account(&format!("{}@example.com", uuid())).await;
    }
    shop.advance(3_600).await;
    let next = shop.run_audit(&json!({})).await;
    assert!(next["runs"].as_u64() > Some(1), "{next:#}");
}

fn uuid() -> String {
    shared::domain::ids::SessionId::new().to_string()
}

/// Users without accounts. The audit reads each of them again.
async fn with_users_without_accounts(users: u32) -> Shop {
    let shop = Shop::without_schedule(&[]).await;
    for number in 0..users {
        let id = format!("00000000-0000-4000-8000-{number:012x}");
        let user = json!({ "id": id, "name": "민수", "generation": 0, "created_at": 0 });
        shop.put_item("Users", user).await;
    }
    shop.stack.app("audit").await;
    shop
}

/// How many read units the audit has consumed.
fn read_so_far(shop: &Shop) -> f64 {
    shop.stack.consumed().by("audit").read
}

/// A partition accepts 3,000 units a second, and the audit may use a tenth of it.
#[tokio::test(start_paused = true)]
async fn audit_reads_300_units_a_second_at_most() {
    let shop = with_users_without_accounts(450).await;
    shop.stack.forget_consumed();
    let order = json!({ "from_start": true });
    let audit = shop.invoke("audit", &order);
    let mut audit = std::pin::pin!(audit);
    let mut seconds = 0;
    let report = loop {
        let before = read_so_far(&shop);
        tokio::select! {
            biased;
            report = &mut audit => break report.ok(),
            // The runtime's time passes while the audit waits for the stack's clock.
            () = tokio::time::sleep(Duration::from_secs(10)) => {}
        }
        shop.advance(1).await;
        seconds += 1;
        let read = read_so_far(&shop) - before;
        assert!(read <= 300.0, "{read} in second {seconds}");
        assert!(seconds < 60, "it does not end");
    };
    assert_eq!(report["kinds"], json!({ "USER_WITHOUT_ACCOUNT": 450 }));
    assert_eq!(report["is_over"], true);
    assert!(read_so_far(&shop) > 450.0);
    assert!(seconds > 2, "{seconds}");
}

/// A run that must end within two seconds ends, and the next runs do the rest.
#[tokio::test(start_paused = true)]
async fn audit_run_that_waits_ends_before_its_deadline() {
    let shop = with_users_without_accounts(450).await;
    let app = shop.stack.app("audit").await;
    let mut runs = 0;
    let report = loop {
        let deadline = shop.now() + SignedDuration::from_secs(62);
        let run = functions::background::audit::handle(app.clone(), json!({}), deadline);
        let mut run = std::pin::pin!(metered(run));
        let started = shop.now();
        let report = loop {
            tokio::select! {
                biased;
                (report, _) = &mut run => break report.expect("a report"),
                () = tokio::time::sleep(Duration::from_secs(10)) => shop.advance(1).await,
            }
        };
        assert!(shop.now().duration_since(started) <= SignedDuration::from_secs(10));
        runs += 1;
        assert_eq!(report["runs"], runs);
        if report["is_over"] == true {
            break report;
        }
    };
    assert!(runs > 1, "{runs}");
    assert_eq!(report["violations"], 450);
    assert_eq!(report["checked"]["users"], 450);
}
