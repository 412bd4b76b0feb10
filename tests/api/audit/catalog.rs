//! Shows and plans, which a round reads first. What they say may change before their seats are read.

use serde_json::{Value, json};
use shared::aws_sdk_dynamodb::primitives::Blob;
use shared::aws_sdk_dynamodb::types::AttributeValue;

use super::NOBODYS;
use crate::harness::{Guest, Shop, halls::small_hall, text};

/// The smallest budget: one item, or one second look, per run.
const A_STEP: f64 = 0.001;

impl Shop {
    /// The key of the first show of the shop.
    pub fn show_key(&self) -> Value {
        show_key(&self.concert_id, &self.dates[0])
    }

    /// Changes the item of the first show.
    pub async fn change_stored_show(&self, change: Value) {
        self.change_item("Catalog", self.show_key(), change).await;
    }

    /// The attribute of a show that was called off this many seconds ago.
    pub fn called_off(&self, seconds_ago: i64) -> Value {
        let at = self.now().as_millisecond() - 1_000 * seconds_ago;
        json!({ "called_off": { "at": at, "by": NOBODYS } })
    }

    /// Another concert with a show in a small hall. Returns the show's key and the plan's id.
    pub async fn hall(&self) -> (Value, String) {
        let admin = self.admin().await;
        let plan_id = self.add_plan(&admin, &small_hall().to_string()).await;
        let key = self.add_show_in_hall(&admin, &plan_id).await;
        (key, plan_id)
    }

    async fn add_show_in_hall(&self, admin: &Guest, plan_id: &str) -> Value {
        let prices = json!({ "VIP": 100_000, "R": 50_000 });
        let show = json!({ "date": "2027-05-01", "plan_id": plan_id, "prices": prices });
        let concert = json!({ "name": "홀 콘서트", "shows": [show] });
        let created = self.create(admin, &concert).await.expect(201);
        show_key(&text(&created["concert_id"]), "2027-05-01")
    }

    /// Changes one attribute of a plan's item.
    pub async fn change_plan(&self, plan_id: &str, name: &str, value: AttributeValue) {
        let update = self.stack.database().update_item().table_name("Catalog");
        let update = update
            .key("group", AttributeValue::S(format!("plan#{plan_id}")))
            .key("entry", AttributeValue::S("plan".to_owned()))
            .update_expression("SET #name = :value")
            .expression_attribute_names("#name", name)
            .expression_attribute_values(":value", value);
        update.send().await.expect("it is changed");
    }

    /// Runs the audit in small steps until its round is at this stage.
    async fn audit_until(&self, stage: &str) {
        loop {
            let run = self.run_audit(&json!({ "read_units": A_STEP })).await;
            assert_eq!(run["is_over"], false, "there is no stage {stage}");
            let items = self.items("Sessions").await;
            let round = items.iter().find(|item| item["queue_id"] == "round");
            if round.is_some_and(|round| round["stage"] == stage) {
                return;
            }
        }
    }

    /// What the rest of the round finds.
    async fn kinds_of_the_rest(&self) -> Value {
        let rest = self.run_audit(&json!({})).await;
        assert_eq!(rest["is_over"], true, "{rest:#}");
        rest["kinds"].clone()
    }
}

fn show_key(concert_id: &str, key: &str) -> Value {
    json!({ "group": concert_id, "entry": format!("show#{key}") })
}

/// The key of a plan's item.
pub fn plan_key(plan_id: &str) -> Value {
    json!({ "group": format!("plan#{plan_id}"), "entry": "plan" })
}

/// Bytes that are no document.
pub fn no_document() -> AttributeValue {
    AttributeValue::B(Blob::new(b"?"))
}

#[tokio::test]
async fn finds_nothing_in_a_hall_where_people_buy() {
    let mut shop = Shop::empty().await;
    let admin = shop.admin().await;
    let prices = json!({ "VIP": 100_000, "R": 50_000 });
    shop.move_to_hall(&admin, &small_hall().to_string(), prices)
        .await;
    let buyer = shop.buyer().await;
    let held = shop.hold_all(&buyer, &[3, 6]).await.ok();
    shop.pay_in_full(&buyer, &held).await;
    let report = shop.audit().await;
    let checked = &report["checked"];
    assert_eq!(
        (&checked["shows"], &checked["plans"]),
        (&json!(1), &json!(1))
    );
}

#[tokio::test]
async fn capacity_that_was_raised_before_the_seats_were_read_is_no_violation() {
    let shop = Shop::open().await;
    shop.sell(7).await;
    shop.change_stored_show(json!({ "capacity": 6 })).await;
    shop.audit_until("SEATS").await;
    shop.change_stored_show(json!({ "capacity": 7 })).await;
    shop.sell(6).await;
    assert_eq!(shop.kinds_of_the_rest().await, json!({}));

    // If it stays as it was, it is one.
    shop.change_stored_show(json!({ "capacity": 6 })).await;
    shop.audit_until("SEATS").await;
    let kinds = json!({ "SEAT_BEYOND_CAPACITY": 1 });
    assert_eq!(shop.kinds_of_the_rest().await, kinds);
}

#[tokio::test]
async fn show_that_was_deleted_or_created_meanwhile_says_nothing_of_its_seats() {
    let shop = Shop::open().await;
    shop.sell(7).await;
    shop.change_stored_show(json!({ "capacity": 6 })).await;
    shop.audit_until("SEATS").await;
    let deleted = shop.take_item("Catalog", shop.show_key()).await;
    assert_eq!(shop.kinds_of_the_rest().await, json!({}));

    shop.audit_until("SEATS").await;
    shop.put_item("Catalog", deleted).await;
    assert_eq!(shop.kinds_of_the_rest().await, json!({}));
    let kinds = json!({ "SEAT_BEYOND_CAPACITY": 1 });
    assert_eq!(
        shop.audited().await["kinds"],
        kinds,
        "the next round sees it"
    );
}

#[tokio::test]
async fn seat_that_was_given_back_or_has_lapsed_may_be_above_the_capacity() {
    let shop = Shop::without_messages(&[]).await;
    let (buyer, receipt) = shop.sell(7).await;
    shop.hold(&shop.buyer().await, 8).await.ok();
    shop.advance(303).await;
    shop.change_stored_show(json!({ "capacity": 6 })).await;
    shop.audit_until("SEATS").await;
    shop.cancel(&buyer, &receipt).await.ok();
    assert_eq!(shop.kinds_of_the_rest().await, json!({}));
}

#[tokio::test]
async fn show_may_be_called_off_for_an_hour_before_its_seats_are_free() {
    let shop = Shop::open().await;
    shop.sell(7).await;
    for (ago, kinds) in [
        (3_599, json!({})),
        (3_601, json!({ "CALLED_OFF_SELLS": 1 })),
    ] {
        shop.change_stored_show(shop.called_off(ago)).await;
        assert_eq!(shop.audited().await["kinds"], kinds, "{ago}");
    }
    // It is over when the last money has been given back.
    shop.take_item("Catalog", shop.show_key()).await;
    assert_eq!(shop.audited().await["kinds"], json!({}));
}

#[tokio::test]
async fn plan_that_was_there_again_before_the_second_look_is_no_violation() {
    let shop = Shop::open().await;
    let (in_hall, plan_id) = shop.hall().await;
    let capacity = |seats: u32| json!({ "capacity": seats });
    shop.change_item("Catalog", in_hall.clone(), capacity(7))
        .await;
    shop.audit_until("PLANS").await;
    shop.change_item("Catalog", in_hall.clone(), capacity(6))
        .await;
    assert_eq!(shop.kinds_of_the_rest().await, json!({}));

    shop.change_item("Catalog", in_hall.clone(), capacity(7))
        .await;
    shop.audit_until("PLANS").await;
    shop.take_item("Catalog", in_hall).await;
    assert_eq!(shop.kinds_of_the_rest().await, json!({}), "{plan_id}");
}

/// A wrong plan is one violation, however many shows have it.
#[tokio::test]
async fn plan_that_is_wrong_is_reported_once_and_by_its_id() {
    let shop = Shop::open().await;
    let (_, plan_id) = shop.hall().await;
    let admin = shop.admin().await;
    for _ in 0..2 {
        shop.add_show_in_hall(&admin, &plan_id).await;
    }
    shop.change_plan(&plan_id, "document", no_document()).await;
    let report = shop.audited().await;
    assert_eq!(report["kinds"], json!({ "PLAN_DIFFERS": 1 }));
    let told = json!([{ "kind": "PLAN_DIFFERS", "table": "Catalog", "plan_id": plan_id }]);
    assert_eq!(report["examples"], told);
}

#[tokio::test]
async fn show_without_its_plan_is_reported_by_concert_date_and_plan() {
    let shop = Shop::open().await;
    let (in_hall, plan_id) = shop.hall().await;
    shop.take_item("Catalog", plan_key(&plan_id)).await;
    let report = shop.audited().await;
    assert_eq!(report["kinds"], json!({ "PLAN_DIFFERS": 1 }));
    let told = json!([{
        "kind": "PLAN_DIFFERS", "table": "Catalog", "plan_id": plan_id,
        "concert_id": in_hall["group"], "date": "2027-05-01",
    }]);
    assert_eq!(report["examples"], told);
}

/// The shows are remembered from one run to the next.
#[tokio::test]
async fn several_runs_find_in_the_catalog_what_one_finds() {
    let shop = Shop::open().await;
    for seat in 5..9 {
        shop.sell(seat).await;
    }
    let (in_hall, plan_id) = shop.hall().await;
    let admin = shop.admin().await;
    shop.add_show_in_hall(&admin, &plan_id).await;
    shop.change_item("Catalog", in_hall, json!({ "capacity": 5 }))
        .await;
    let mut change = shop.called_off(4_000);
    change["capacity"] = json!(6);
    shop.change_stored_show(change).await;
    let one = shop.audited().await;
    let kinds = json!({ "SEAT_BEYOND_CAPACITY": 2, "CALLED_OFF_SELLS": 4, "PLAN_DIFFERS": 1 });
    assert_eq!(one["kinds"], kinds);
    shop.audit_until("USERS_LEFT").await;
    let last = shop.run_audit(&json!({})).await;
    for field in ["kinds", "violations", "checked"] {
        assert_eq!(last[field], one[field], "{field}");
    }
}
