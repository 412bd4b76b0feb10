//! Every endpoint with its door, so that a rule for a kind of endpoint is tested at all of them.

use serde_json::{Value, json};

use super::{Call, Shop};

/// The door of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// A user with a valid token of any kind.
    User,
    /// A user with a queue token, whatever the state of its session.
    QueueUser,
    /// A user with an access token.
    SignedIn,
    /// A queue token whose session is not over.
    Holder,
    /// A queue token whose number has been served.
    Buyer,
    /// An administrator with an access token.
    Admin,
}

/// An endpoint behind a door, with a good request to it.
#[derive(Debug, Clone)]
pub struct Guarded {
    pub name: &'static str,
    pub door: Door,
    pub method: &'static str,
    pub path: String,
    pub body: Option<Value>,
}

impl Guarded {
    /// A good request without a token.
    pub fn call(&self, shop: &Shop) -> Call {
        let call = shop.call(self.method, &self.path);
        match &self.body {
            Some(body) => call.json(body),
            None => call,
        }
    }

    /// Whether a queue token is accepted here.
    pub fn takes_queue_tokens(&self) -> bool {
        !matches!(self.door, Door::SignedIn | Door::Admin)
    }

    /// Whether a body is read here, and not refused for being there.
    pub fn takes_bodies(&self) -> bool {
        !["GET", "DELETE"].contains(&self.method)
    }

    /// Whether an access token is accepted here.
    pub fn takes_access_tokens(&self) -> bool {
        matches!(self.door, Door::User | Door::SignedIn | Door::Admin)
    }
}

impl Shop {
    /// Every endpoint with a door, as this user calls it for this reservation. Those that end
    /// sessions and tokens come last.
    #[expect(clippy::too_many_lines, reason = "it is a table")]
    pub fn guarded(&self, user_id: &str, reservation_id: &str) -> Vec<Guarded> {
        let concert = format!("/v1/concerts/{}", self.concert_id);
        let reservation = format!("{concert}/reservations/{reservation_id}");
        let user = format!("/v1/users/{user_id}");
        let balance = format!("{user}/balance");
        let payments = format!("{user}/payments");
        let statement = format!("{user}/statement");
        let date = &self.dates[0];
        let guarded = |name, door, method, path: &str| Guarded {
            name,
            door,
            method,
            path: path.to_owned(),
            body: None,
        };
        let with = |body: Value, guarded: Guarded| Guarded {
            body: Some(body),
            ..guarded
        };
        vec![
            guarded("get-place", Door::QueueUser, "GET", "/v1/auth/tokens"),
            guarded(
                "list-available-dates",
                Door::Buyer,
                "GET",
                "/v1/concerts/available-dates",
            ),
            guarded(
                "list-dates",
                Door::Buyer,
                "GET",
                &format!("{concert}/dates"),
            ),
            guarded(
                "list-seats",
                Door::Buyer,
                "GET",
                &format!("{concert}/seats?date={date}"),
            ),
            with(
                json!({ "date": date, "seat_number": 50 }),
                guarded(
                    "hold-seats",
                    Door::Buyer,
                    "POST",
                    &format!("{concert}/reservations"),
                ),
            ),
            guarded("get-reservation", Door::User, "GET", &reservation),
            guarded("cancel-reservation", Door::User, "DELETE", &reservation),
            with(
                json!({
                    "reservation_id": reservation_id,
                    "payment_details": { "amount": super::PRICE },
                }),
                guarded(
                    "pay",
                    Door::QueueUser,
                    "POST",
                    &format!("{reservation}/payments"),
                ),
            ),
            with(
                json!({ "user_id": user_id, "reason": "A" }),
                guarded(
                    "refund",
                    Door::Admin,
                    "POST",
                    &format!("{reservation}/refund"),
                ),
            ),
            guarded(
                "look-up-reservation",
                Door::Admin,
                "GET",
                &format!("{concert}/reservations?date={date}&seat_number=50"),
            ),
            guarded(
                "list-show-orders",
                Door::Admin,
                "GET",
                &format!("/v1/admin/concerts/{}/orders?date={date}", self.concert_id),
            ),
            with(
                json!({ "amount": 1_000, "reason": "A" }),
                guarded(
                    "correct-balance",
                    Door::Admin,
                    "POST",
                    &format!("{balance}/corrections"),
                ),
            ),
            with(
                json!({ "amount": 1_000 }),
                guarded("charge", Door::User, "POST", &balance),
            ),
            with(
                json!({ "amount": 1_000 }),
                guarded("charge (PATCH)", Door::User, "PATCH", &balance),
            ),
            guarded("get-balance", Door::User, "GET", &balance),
            guarded("get-user", Door::User, "GET", &user),
            with(
                json!({ "name": "김민수" }),
                guarded("update-user", Door::SignedIn, "PATCH", &user),
            ),
            guarded("list-users", Door::Admin, "GET", "/v1/users"),
            guarded("list-changes", Door::Admin, "GET", "/v1/admin/changes"),
            // A guest cannot be an administrator. They can keep the role that they have.
            with(
                json!({ "role": "user" }),
                guarded("set-role", Door::Admin, "PUT", &format!("{user}/role")),
            ),
            guarded("list-payments", Door::User, "GET", &payments),
            guarded("get-statement", Door::User, "GET", &statement),
            with(
                json!({ "name": "A", "shows": [{ "date": date, "price": 1 }] }),
                guarded("create-concert", Door::Admin, "POST", "/v1/concerts"),
            ),
            with(
                super::halls::small_hall(),
                guarded("create-plan", Door::Admin, "POST", "/v1/plans"),
            ),
            guarded("list-plans", Door::Admin, "GET", "/v1/plans"),
            with(
                json!({ "name": "A" }),
                guarded("update-concert", Door::Admin, "PATCH", &concert),
            ),
            with(
                json!({ "max_active": 1_000 }),
                guarded("put-queue", Door::Admin, "PUT", "/v1/queues/main"),
            ),
            with(
                json!({ "max_active": 1_000 }),
                guarded("update-queue", Door::Admin, "PATCH", "/v1/queues/main"),
            ),
            guarded(
                "get-queue-settings",
                Door::Admin,
                "GET",
                "/v1/queues/main/settings",
            ),
            guarded("list-queues", Door::Admin, "GET", "/v1/admin/queues"),
            guarded(
                "get-queue-state",
                Door::Admin,
                "GET",
                "/v1/admin/queues/main",
            ),
            guarded(
                "list-sessions",
                Door::Admin,
                "GET",
                &format!("{user}/sessions"),
            ),
            guarded("get-service", Door::Admin, "GET", "/v1/admin/service"),
            // No user is behind it.
            guarded(
                "get-buyer",
                Door::Admin,
                "GET",
                "/v1/admin/buyers/00000000000000000000000000000000",
            ),
            guarded("get-audit", Door::Admin, "GET", "/v1/admin/audit"),
            with(
                json!({ "from_start": true }),
                guarded("run-audit", Door::Admin, "POST", "/v1/admin/audit"),
            ),
            guarded(
                "delete-concert (a date)",
                Door::Admin,
                "DELETE",
                &format!("{concert}/dates/{date}"),
            ),
            with(
                json!({ "reason": "A" }),
                guarded(
                    "call-off",
                    Door::Admin,
                    "POST",
                    &format!("{concert}/dates/{}/call-off", self.dates[1]),
                ),
            ),
            guarded("delete-concert", Door::Admin, "DELETE", &concert),
            // These end the tokens that the others use.
            guarded("leave-queue", Door::Holder, "DELETE", "/v1/auth/tokens"),
            guarded("log-out", Door::SignedIn, "POST", "/v1/auth/logout"),
            guarded(
                "end-sessions",
                Door::SignedIn,
                "DELETE",
                &format!("{user}/sessions"),
            ),
            guarded("delete-user", Door::SignedIn, "DELETE", &user),
        ]
    }
}
