//! The requests of the API that a buyer makes.

use std::fmt;

use serde_json::{Value, json};

use crate::Seat;

/// A request to be sent.
#[derive(Debug, Clone)]
#[must_use]
pub struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    /// The token in its header; none if it is empty.
    pub(crate) token: String,
    /// The idempotency key in its header; none if it is empty.
    pub(crate) key: String,
    pub(crate) body: Option<Value>,
    /// The status of a success.
    pub(crate) status: u16,
}

/// Writes method and path, without the token and the body.
impl fmt::Display for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.path)
    }
}

impl Request {
    fn new(method: &'static str, path: impl Into<String>, body: Option<Value>) -> Self {
        Self {
            method,
            path: path.into(),
            token: String::new(),
            key: String::new(),
            body,
            status: 200,
        }
    }

    /// A `GET`.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path, None)
    }

    /// A `POST` of a JSON body.
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self::new("POST", path, Some(body))
    }

    /// A `POST` that creates something.
    pub fn create(path: impl Into<String>, body: Value) -> Self {
        Self::post(path, body).expecting(201)
    }

    /// A `PUT`.
    pub fn put(path: impl Into<String>, body: Value) -> Self {
        Self::new("PUT", path, Some(body))
    }

    /// A `PATCH`.
    pub fn patch(path: impl Into<String>, body: Value) -> Self {
        Self::new("PATCH", path, Some(body))
    }

    /// A `DELETE`.
    pub fn delete(path: impl Into<String>) -> Self {
        Self::new("DELETE", path, None)
    }

    /// The same with another status of a success.
    pub fn expecting(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same with a token.
    pub fn token(self, token: &str) -> Self {
        Self {
            token: token.to_owned(),
            ..self
        }
    }

    /// The same with an idempotency key.
    pub fn key(self, key: &str) -> Self {
        Self {
            key: key.to_owned(),
            ..self
        }
    }

    /// Asks for the event that this request would be to its function, which is not invoked. Only
    /// `cargo local` answers this.
    pub fn event(self) -> Self {
        Self {
            path: format!("/_local/event{}", self.path),
            status: 200,
            ..self
        }
    }

    /// Signs a guest up.
    pub fn sign_up(name: &str) -> Self {
        Self::create("/v1/users", json!({ "name": name }))
    }

    /// Joins the queue of a concert, or `main` if none is named.
    pub fn join(user_id: &str, concert_id: Option<&str>) -> Self {
        let mut body = json!({ "user_id": user_id });
        if let Some(concert_id) = concert_id {
            body["concert_id"] = json!(concert_id);
        }
        Self::post("/v1/auth/tokens", body)
    }

    /// Reads the place of a session.
    pub fn place(token: &str) -> Self {
        Self::get("/v1/auth/tokens").token(token)
    }

    /// Lists the dates of a concert, with prices and seats left.
    pub fn dates(token: &str, concert_id: &str) -> Self {
        Self::get(format!("/v1/concerts/{concert_id}/dates")).token(token)
    }

    /// Lists the seats of a show.
    pub fn seats(token: &str, concert_id: &str, date: &str) -> Self {
        Self::get(format!("/v1/concerts/{concert_id}/seats?date={date}")).token(token)
    }

    /// Holds a seat.
    pub fn hold(token: &str, seat: &Seat) -> Self {
        let body = json!({ "date": seat.date, "seat_number": seat.number });
        Self::post(reservations(&seat.concert_id), body).token(token)
    }

    /// Charges an account.
    pub fn charge(token: &str, user_id: &str, amount: &Value) -> Self {
        let path = format!("/v1/users/{user_id}/balance");
        Self::post(path, json!({ "amount": amount })).token(token)
    }

    /// Pays for a reservation.
    pub fn pay(token: &str, concert_id: &str, reservation_id: &str, amount: &Value) -> Self {
        let path = format!("{}/{reservation_id}/payments", reservations(concert_id));
        let body = json!({
            "reservation_id": reservation_id,
            "payment_details": { "amount": amount },
        });
        Self::post(path, body).token(token)
    }

    /// Reads a reservation.
    pub fn reservation(token: &str, concert_id: &str, reservation_id: &str) -> Self {
        Self::get(format!("{}/{reservation_id}", reservations(concert_id))).token(token)
    }

    /// Cancels a reservation, or refunds it if it is paid.
    pub fn cancel(token: &str, concert_id: &str, reservation_id: &str) -> Self {
        Self {
            method: "DELETE",
            ..Self::reservation(token, concert_id, reservation_id)
        }
    }

    /// Invokes a function, as an operator does.
    pub fn invoke(function: &str, event: Value) -> Self {
        Self::post(
            format!("/2015-03-31/functions/{function}/invocations"),
            event,
        )
    }
}

fn reservations(concert_id: &str) -> String {
    format!("/v1/concerts/{concert_id}/reservations")
}
