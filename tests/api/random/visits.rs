//! What users do, and what they conclude from the answers.

use std::{sync::Arc, time::Duration};

use rand::{Rng, RngExt, SeedableRng, rngs::Xoshiro256PlusPlus, seq::IndexedRandom};
use serde_json::{Value, json};
use shared::{futures_util::join, jiff::Timestamp};

use super::{
    CALLED_OFF, GRADES, World,
    people::{Person, Place, Reservation, numbers},
    usual_price,
};
use crate::harness::{Call, text};

/// The result of a request.
pub enum RequestOutcome {
    /// It was done.
    Done(Value),
    /// It was refused, with this code.
    Refused(String),
    /// It is not known whether it was done.
    Failed,
}

impl World {
    /// Sends a request, which may be refused with these codes only.
    pub async fn ask(&self, what: &str, call: Call, refusals: &[&str]) -> RequestOutcome {
        let reply = call.send().await;
        if reply.status.is_server_error() {
            self.count(what, reply.status.as_str());
            return RequestOutcome::Failed;
        }
        if reply.status.is_success() {
            self.count(what, "OK");
            return RequestOutcome::Done(reply.body);
        }
        let code = text(&reply.body["code"]);
        self.count(what, &code);
        if !refusals.contains(&&*code) {
            self.violated(format!("{what} was refused with {code}"));
        }
        RequestOutcome::Refused(code)
    }
}

/// A user who does one thing after the other until the evening is over.
pub async fn keep_busy(world: Arc<World>, person: Arc<Person>, mut rng: Xoshiro256PlusPlus) {
    while world.goes_on() {
        Visit {
            world: &world,
            person: &person,
        }
        .do_something(&mut rng)
        .await;
        let pause = Duration::from_millis(rng.random_range(0..3_000));
        tokio::time::sleep(pause).await;
    }
}

/// A user at work.
struct Visit<'a> {
    world: &'a World,
    person: &'a Person,
}

impl Visit<'_> {
    async fn do_something(&self, rng: &mut Xoshiro256PlusPlus) {
        let (token, holds) = {
            let memory = self.person.memory();
            (memory.token.clone(), memory.held.is_some())
        };
        let Some((token, queue)) = token else {
            return self.join(rng).await;
        };
        match rng.random_range(0..100) {
            0..6 => self.join(rng).await,
            6..22 => self.look(&token, queue).await,
            22..24 => self.leave(&token, queue).await,
            24..50 if !holds => self.hold(&token, queue, rng).await,
            24..29 | 75..79 => self.hold(&token, queue, rng).await,
            29..50 => self.pay(&token).await,
            50..60 => self.charge(rng).await,
            60..64 => {
                // Two at once.
                let mut other = Xoshiro256PlusPlus::seed_from_u64(rng.random());
                join!(self.charge(rng), self.charge(&mut other));
            }
            64..70 => self.give_up(rng, false).await,
            70..75 => self.give_up(rng, true).await,
            79..86 => self.pay_again(&token, rng).await,
            86..88 => self.balance().await,
            88..90 => self.correct(rng).await,
            90..94 => self.statement().await,
            94..97 => self.payments().await,
            _ => self.seats(&token, queue).await,
        }
    }

    fn call(&self, method: &str, path: &str) -> Call {
        let call = self.world.shop.call(method, path);
        call.token(&self.person.guest.access_token)
    }

    async fn join(&self, rng: &mut Xoshiro256PlusPlus) {
        let place = self.world.shows.choose(rng).expect("a show");
        let body = json!({
            "user_id": self.person.guest.user_id,
            "concert_id": place.concert_id,
        });
        // With a token the queue token is issued again. Without one, a live session refuses the
        // join.
        let call = if rng.random_bool(0.7) {
            self.call("POST", "/v1/auth/tokens")
        } else {
            self.world.shop.post("/v1/auth/tokens")
        };
        let refusals = ["TOKEN_ALREADY_ACTIVE", "SOLD_OUT", "QUEUE_CLOSED"];
        if let RequestOutcome::Done(joined) =
            self.world.ask("join", call.json(&body), &refusals).await
        {
            self.world.keep_secret(&joined["token"]);
            self.person.memory().token = Some((text(&joined["token"]), place.queue));
        }
    }

    async fn look(&self, token: &str, queue: &str) {
        let call = self.world.shop.get("/v1/auth/tokens").token(token);
        if let RequestOutcome::Done(place) = self.world.ask("look", call, &[]).await
            && ["EXPIRED", "CLOSED"].contains(&&*text(&place["status"]))
        {
            self.forget_token(token);
        }
        let call = self.world.shop.get(&format!("/v1/queues/{queue}"));
        self.world.ask("queue", call, &[]).await;
    }

    fn forget_token(&self, token: &str) {
        let mut memory = self.person.memory();
        if memory.token.as_ref().is_some_and(|known| known.0 == token) {
            memory.token = None;
            memory.held = None;
        }
    }

    async fn leave(&self, token: &str, queue: &str) {
        {
            let mut memory = self.person.memory();
            memory.leaving.0 += 1;
            let sold_here = |concert_id: &str| {
                let mut shows = self.world.shows.iter();
                shows.any(|show| show.queue == queue && show.concert_id == concert_id)
            };
            for (id, reservation) in &memory.reservations {
                if reservation.receipt.is_none() && sold_here(&reservation.concert_id) {
                    self.world.ledger.give_up(id);
                }
            }
        }
        let call = self.world.shop.delete("/v1/auth/tokens").token(token);
        let left = self.world.ask("leave", call, &["SESSION_OVER"]).await;
        let mut memory = self.person.memory();
        memory.leaving.1 += 1;
        if let RequestOutcome::Done(_) = left {
            memory.held = None;
        }
    }

    async fn hold(&self, token: &str, queue: &str, rng: &mut Xoshiro256PlusPlus) {
        let shows: Vec<_> = self.world.shows.iter().collect();
        let shows: Vec<_> = shows
            .into_iter()
            .filter(|show| show.queue == queue)
            .collect();
        let show = shows.choose(rng).expect("a show");
        if rng.random_bool(0.3) {
            return self.hold_best(token, show, rng).await;
        }
        let wanted = rng.random_range(1..=4);
        // Most users want the same seats.
        let max_seat = if rng.random_bool(0.7) {
            4
        } else {
            show.prices.len() as u64
        };
        let mut seats: Vec<u64> = (0..wanted)
            .map(|_| rng.random_range(1..=max_seat))
            .collect();
        seats.sort_unstable();
        seats.dedup();
        let body = json!({ "date": show.show, "seat_numbers": seats });
        let refusal = "SEAT_ALREADY_RESERVED";
        let held = self.ask_to_hold(token, show, "hold", &body, refusal).await;
        if let Some(same) = held.filter(|same| *same != seats) {
            self.world
                .violated(format!("{same:?} were held, not {seats:?}"));
        }
    }

    /// Holds the best seats, of a grade at times.
    async fn hold_best(&self, token: &str, show: &Place, rng: &mut Xoshiro256PlusPlus) {
        let count = rng.random_range(1..=4);
        let mut best = json!({ "count": count });
        let grade = GRADES.choose(rng).expect("a grade");
        let grade = (show.limit.is_some() && rng.random_bool(0.5)).then_some(grade);
        if let Some((name, ..)) = grade {
            best["grade"] = json!(name);
        }
        let body = json!({ "date": show.show, "best": best });
        let (what, refusal) = ("hold of the best", "NO_SEATS_TOGETHER");
        let Some(seats) = self.ask_to_hold(token, show, what, &body, refusal).await else {
            return;
        };
        let are_together = seats.windows(2).all(|pair| pair[0] + 1 == pair[1]);
        let is_of_grade =
            |seat: &u64| grade.is_none_or(|(_, price, _)| show.price(*seat) == *price);
        if seats.len() != count || !are_together || !seats.iter().all(is_of_grade) {
            self.world
                .violated(format!("{seats:?} were held for {best}"));
        }
    }

    /// Sends a request for a hold, which may be refused for want of seats with this code. Returns the
    /// seats that are held.
    async fn ask_to_hold(
        &self,
        token: &str,
        show: &Place,
        what: &str,
        body: &Value,
        refusal: &str,
    ) -> Option<Vec<u64>> {
        let path = format!("/v1/concerts/{}/reservations", show.concert_id);
        let call = self.world.shop.post(&path).token(token).json(body);
        let leaving = self.person.memory().leaving;
        let mut refusals = vec![
            "SESSION_OVER",
            "NOT_YOUR_TURN",
            "FORBIDDEN",
            "HOLD_EXISTS",
            refusal,
        ];
        refusals.extend(show.limit.map(|_| "PERSON_LIMIT"));
        // It may be called off while the request is under way.
        refusals.extend((show.show == CALLED_OFF).then_some("SHOW_CALLED_OFF"));
        match self.world.ask(what, call, &refusals).await {
            RequestOutcome::Done(held) => {
                self.told_of_a_hold(show, &held, leaving);
                Some(numbers(&held["seat_numbers"]))
            }
            RequestOutcome::Refused(code) => {
                if code == "SESSION_OVER" {
                    self.forget_token(token);
                }
                if code == "SHOW_CALLED_OFF" && !self.world.is_called_off(&show.show) {
                    self.world.violated("a show is called off that was not");
                }
                None
            }
            RequestOutcome::Failed => {
                self.person.memory().perhaps_held += 1;
                None
            }
        }
    }

    fn told_of_a_hold(&self, show: &Place, held: &Value, leaving: (u64, u64)) {
        let id = text(&held["reservation_id"]);
        let until: Timestamp = text(&held["expiration_time"]).parse().expect("a time");
        let mut reservation = Reservation::of(held);
        // Labels may be left out, and prices never.
        let prices = held["seats"].as_array().into_iter().flatten();
        let prices = prices.map(|seat| seat["price"].as_u64().unwrap_or_default());
        let expected = reservation.seats.iter().map(|seat| show.price(*seat));
        if reservation.amount != show.price_of(&reservation.seats)
            || !prices.eq(expected)
            || reservation.show != show.show
        {
            self.world.violated(format!("another price: {held}"));
        }
        let seats: Vec<_> = reservation.seats().collect();
        {
            let mut memory = self.person.memory();
            reservation.refund_begun = self.world.is_called_off(&show.show);
            // If the user leaves at the same time, the hold may be cancelled as well.
            let leaves = memory.leaving != leaving || leaving.0 != leaving.1;
            if leaves || reservation.refund_begun {
                self.world.ledger.give_up(&id);
            }
            memory.held = Some(id.clone());
            memory.reservations.entry(id.clone()).or_insert(reservation);
        }
        self.claim(&id, seats, until);
    }

    fn claim(&self, id: &str, seats: Vec<super::ledger::Seat>, until: Timestamp) {
        let lost = self.world.ledger.claim(id, seats, until, self.world.now());
        for ((_, show, seat), other) in lost {
            let what = format!("seat {seat} of {show} is promised to {other} and to {id}");
            self.world.violated(what);
        }
    }

    async fn pay(&self, token: &str) {
        let id = self.person.memory().held.clone();
        if let Some(id) = id {
            self.pay_for(&id, token).await;
        }
    }

    async fn pay_again(&self, token: &str, rng: &mut Xoshiro256PlusPlus) {
        if let Some(id) = self.any_reservation(rng, |of| of.payment_begun) {
            self.pay_for(&id, token).await;
        }
    }

    fn any_reservation(
        &self,
        rng: &mut impl Rng,
        is_it: impl Fn(&Reservation) -> bool,
    ) -> Option<String> {
        let memory = self.person.memory();
        let ids: Vec<_> = memory
            .reservations
            .iter()
            .rev()
            .filter(|(_, reservation)| is_it(reservation))
            .map(|(id, _)| id.clone())
            .take(5)
            .collect();
        ids.choose(rng).cloned()
    }

    async fn pay_for(&self, id: &str, token: &str) {
        let known = {
            let mut memory = self.person.memory();
            let Some(reservation) = memory.reservations.get_mut(id) else {
                return;
            };
            reservation.payment_begun = true;
            reservation.clone()
        };
        let path = format!("{}/payments", known.path(id));
        let call = self.world.shop.post(&path).token(token).json(&json!({
            "reservation_id": id,
            "payment_details": { "amount": known.amount },
        }));
        let refusals = [
            "INSUFFICIENT_BALANCE",
            "PERSON_LIMIT",
            "HOLD_EXPIRED",
            "RESERVATION_NOT_FOUND",
        ];
        match self.world.ask("pay", call, &refusals).await {
            RequestOutcome::Done(receipt) => self.note_payment(id, &known, &receipt),
            RequestOutcome::Refused(code) => {
                let given_up = self.world.ledger.is_given_up(id);
                if known.receipt.is_some() && !given_up {
                    let what = format!("{id} was paid, and then paying was refused with {code}");
                    self.world.violated(what);
                }
                self.forget_hold(id);
            }
            RequestOutcome::Failed => {}
        }
    }

    fn forget_hold(&self, id: &str) {
        let mut memory = self.person.memory();
        if memory.held.as_deref() == Some(id) {
            memory.held = None;
        }
    }

    fn note_payment(&self, id: &str, known: &Reservation, receipt: &Value) {
        let is_right = receipt["amount"] == json!(known.amount)
            && numbers(&receipt["seat_numbers"]) == known.seats
            && receipt["show"] == known.show
            && receipt["reservation_id"] == id;
        let before = {
            let mut memory = self.person.memory();
            let known = memory.reservations.get_mut(id);
            known.and_then(|known| known.receipt.replace(receipt.clone()))
        };
        if !is_right || before.is_some_and(|before| before != *receipt) {
            self.world.violated(format!("another receipt: {receipt}"));
        }
        self.forget_hold(id);
        self.claim(id, known.seats().collect(), Timestamp::MAX);
    }

    /// Cancels a hold, or refunds an order.
    async fn give_up(&self, rng: &mut Xoshiro256PlusPlus, paid: bool) {
        let id = if paid {
            self.any_reservation(rng, |of| of.receipt.is_some())
        } else {
            self.person.memory().held.clone()
        };
        let Some(id) = id else { return };
        let known = {
            let mut memory = self.person.memory();
            let Some(reservation) = memory.reservations.get_mut(&id) else {
                return;
            };
            reservation.refund_begun = true;
            reservation.clone()
        };
        self.world.ledger.give_up(&id);
        if paid && rng.random_bool(0.5) && !self.give_one_up(&id, &known).await {
            return;
        }
        // Sometimes an operator does it for them.
        let is_own = rng.random_bool(0.7);
        let call = if is_own {
            self.call("DELETE", &known.path(&id))
        } else {
            let path = format!("{}/refund", known.path(&id));
            let call = self.world.shop.post(&path);
            let body = json!({ "user_id": self.person.guest.user_id, "reason": "A" });
            call.token(&self.world.admin.access_token).json(&body)
        };
        // Of the lapsed reservations, only the latest can be looked up.
        let refusals = ["RESERVATION_NOT_FOUND"];
        let what = match (is_own, paid) {
            (true, true) => "refund",
            (true, false) => "cancel",
            (false, true) => "operator's refund",
            (false, false) => "operator's cancel",
        };
        let answer = self.world.ask(what, call, &refusals).await;
        let refunded = match answer {
            RequestOutcome::Done(done) => done["status"] == "REFUNDED",
            RequestOutcome::Refused(code) => {
                if paid {
                    let what = format!("a refund of {id} was refused with {code}");
                    self.world.violated(what);
                }
                false
            }
            RequestOutcome::Failed => return,
        };
        if paid && !refunded {
            self.world
                .violated(format!("{id} was paid, and is not refunded"));
        }
        if let Some(reservation) = self.person.memory().reservations.get_mut(&id) {
            reservation.refunded |= refunded;
        }
        self.forget_hold(&id);
    }

    /// Refunds the first seat of an order of several. `false` if it is not known whether it was done.
    async fn give_one_up(&self, id: &str, known: &Reservation) -> bool {
        let Some(first) = known.seats.first().filter(|_| known.seats.len() > 1) else {
            return true;
        };
        let path = format!("{}?seat_numbers={first}", known.path(id));
        let call = self.call("DELETE", &path);
        match self.world.ask("partial refund", call, &[]).await {
            RequestOutcome::Done(done) => {
                let refunded = &done["refunded_seat_numbers"];
                let is_right = refunded
                    .as_array()
                    .is_some_and(|seats| seats.contains(&json!(first)));
                if !is_right {
                    self.world
                        .violated(format!("{first} of {id} is not refunded: {done}"));
                }
                true
            }
            RequestOutcome::Refused(code) => {
                self.world
                    .violated(format!("a partial refund of {id} was refused with {code}"));
                true
            }
            RequestOutcome::Failed => false,
        }
    }

    async fn charge(&self, rng: &mut Xoshiro256PlusPlus) {
        let amount = usual_price() * rng.random_range(1..=4) + rng.random_range(0..100);
        let call = self.call("POST", &self.person.path("/balance"));
        if rng.random_bool(0.5) {
            let done = self
                .world
                .ask("charge", call.json(&json!({ "amount": amount })), &[]);
            match done.await {
                RequestOutcome::Done(_) => self.person.memory().charged.push(amount),
                RequestOutcome::Failed => self.person.memory().perhaps_charged.push(amount),
                RequestOutcome::Refused(_) => {}
            }
            return;
        }
        let known = {
            let memory = self.person.memory();
            let keys: Vec<_> = memory.keyed.keys().rev().take(3).cloned().collect();
            keys.choose(rng).cloned()
        };
        let key = known
            .filter(|_| rng.random_bool(0.5))
            .unwrap_or_else(|| format!("transfer-{:016x}", rng.random::<u64>()));
        let amount = *self
            .person
            .memory()
            .keyed
            .entry(key.clone())
            .or_insert(amount);
        self.charge_with(&key, amount, call).await;
    }

    async fn charge_with(&self, key: &str, amount: u64, call: Call) {
        let call = call.key(key);
        let call = call.json(&json!({ "amount": amount }));
        if let RequestOutcome::Done(charged) = self.world.ask("charge", call, &[]).await {
            let balance = charged["current_balance"].as_u64().expect("an amount");
            let mut memory = self.person.memory();
            let before = memory.answers_of_keyed.insert(key.to_owned(), balance);
            if before.is_some_and(|before| before != balance) {
                self.world.violated(format!("{key} was charged twice"));
            }
        }
    }

    /// An operator corrects the balance, with a key that is also the reason.
    async fn correct(&self, rng: &mut Xoshiro256PlusPlus) {
        let known = {
            let memory = self.person.memory();
            let keys: Vec<_> = memory.corrections.keys().rev().take(3).cloned().collect();
            keys.choose(rng).cloned()
        };
        let key = known
            .filter(|_| rng.random_bool(0.5))
            .unwrap_or_else(|| format!("ticket-{:016x}", rng.random::<u64>()));
        let max = i64::try_from(usual_price()).expect("an amount");
        let amount = match rng.random_range(-max..max) {
            0 => 1,
            amount => amount,
        };
        let (amount, _) = *self
            .person
            .memory()
            .corrections
            .entry(key.clone())
            .or_insert((amount, None));
        let call = self
            .world
            .shop
            .post(&self.person.path("/balance/corrections"));
        let call = call.token(&self.world.admin.access_token);
        let call = call.key(&key);
        let call = call.json(&json!({ "amount": amount, "reason": key }));
        let refusals = ["BALANCE_OUT_OF_RANGE"];
        let outcome = self.world.ask("correct", call, &refusals).await;
        let mut memory = self.person.memory();
        let before = memory.corrections.get_mut(&key).map(|(_, known)| known);
        match (outcome, before) {
            (RequestOutcome::Done(corrected), Some(before)) => {
                let balance = corrected["current_balance"].as_u64().expect("an amount");
                let known = before.replace(balance);
                if known.is_some_and(|known| known != balance) {
                    self.world.violated(format!("{key} was corrected twice"));
                }
            }
            (RequestOutcome::Refused(code), Some(Some(_))) => {
                let what = format!("{key} was corrected, and then refused with {code}");
                self.world.violated(what);
            }
            _ => {}
        }
    }

    async fn balance(&self) {
        let call = self.call("GET", &self.person.path("/balance"));
        self.world.ask("balance", call, &[]).await;
    }

    async fn statement(&self) {
        let path = self.person.path("/statement?limit=100");
        let call = self.call("GET", &path);
        if let RequestOutcome::Done(page) = self.world.ask("statement", call, &[]).await {
            let entries = page["entries"].as_array().expect("entries");
            if let Some(broken) = super::final_check::broken_link(entries) {
                let user_id = &self.person.guest.user_id;
                self.world.violated(format!("{user_id}: {broken}"));
            }
        }
    }

    async fn payments(&self) {
        let call = self.call("GET", &self.person.path("/payments"));
        self.world.ask("payments", call, &[]).await;
    }

    async fn seats(&self, token: &str, queue: &str) {
        let refusals = [
            "SESSION_OVER",
            "NOT_YOUR_TURN",
            "FORBIDDEN",
            "NO_AVAILABLE_DATES",
        ];
        let of_queue = |show: &&Place| show.queue == queue;
        for show in self.world.shows.iter().filter(of_queue) {
            let (id, name) = (&show.concert_id, &show.show);
            let path = format!("/v1/concerts/{id}/seats?date={name}");
            let call = self.world.shop.get(&path).token(token);
            self.world.ask("seats", call, &refusals).await;
            let path = format!("/v1/concerts/available-dates?concert_id={id}");
            let call = self.world.shop.get(&path).token(token);
            self.world.ask("dates", call, &refusals).await;
        }
    }
}
