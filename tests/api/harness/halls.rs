//! Halls with plans.

use serde_json::{Value, json};

use super::{Buyer, Guest, Reply, Shop, text};

/// The plans that come with the project.
pub const CLUB: &str = include_str!("../../../shared/plans/club.json");
pub const THEATRE: &str = include_str!("../../../shared/plans/theatre.json");
pub const ARENA: &str = include_str!("../../../shared/plans/arena.json");

/// Six seats in two rows of two grades: 1 to 4 are `VIP`, of which 4 is a wheelchair place, and 5
/// and 6 are `R`.
pub fn small_hall() -> Value {
    json!({
        "name": "작은 홀",
        "grades": ["VIP", "R"],
        "sections": [{
            "name": "1층",
            "grade": "VIP",
            "rows": [
                { "label": "가", "seats": "1-2 _1 3-4", "accessible": "4" },
                { "label": "나", "seats": "11-12", "grade": "R" },
            ],
        }],
    })
}

/// The date of the shows in halls.
pub const HALL_DATE: &str = "2027-05-01";

impl Shop {
    /// Asks to store a plan.
    pub async fn ask_to_add_plan(&self, admin: &Guest, document: &str) -> Reply {
        let call = self.post("/v1/plans").token(&admin.access_token);
        call.body(document.to_owned()).send().await
    }

    /// Stores a plan and returns its id.
    pub async fn add_plan(&self, admin: &Guest, document: &str) -> String {
        let reply = self.ask_to_add_plan(admin, document).await;
        text(&reply.expect(201)["plan_id"])
    }

    /// A shop whose concert is a show in a hall with this plan and these prices.
    pub async fn in_hall(plan: &str, prices: Value) -> (Self, Guest) {
        let mut shop = Self::empty().await;
        let admin = shop.admin().await;
        shop.move_to_hall(&admin, plan, prices).await;
        (shop, admin)
    }

    /// Makes a show in a hall with this plan and these prices the concert of the shop.
    pub async fn move_to_hall(&mut self, admin: &Guest, plan: &str, prices: Value) {
        let plan_id = self.add_plan(admin, plan).await;
        let show = json!({ "date": HALL_DATE, "plan_id": plan_id, "prices": prices });
        let concert = json!({ "name": "홀 콘서트", "shows": [show] });
        let created = self.create(admin, &concert).await.expect(201);
        self.concert_id = text(&created["concert_id"]);
        self.dates = vec![HALL_DATE.to_owned()];
    }

    /// Charges what a hold costs and pays it.
    pub async fn pay_in_full(&self, buyer: &Buyer, held: &Value) -> Value {
        let path = format!("/v1/users/{}/balance", buyer.user_id);
        let amount = json!({ "amount": held["payment"]["amount"] });
        let call = self.post(&path).token(&buyer.token).json(&amount);
        call.send().await.ok();
        self.pay(buyer, held).await.ok()
    }
}
