//! Tests: a request gets the right seats.

mod drawing;
mod reading;

use jiff::{SignedDuration, Timestamp};
use rand::{SeedableRng as _, rngs::Xoshiro256PlusPlus};
use serde_json::{Value, json};

use super::{Left, Scope, Step, View, Wish, view::Reading};
use crate::domain::{
    ids::{ConcertId, QueueId},
    money::Money,
    plan::Plan,
    seat::{SEATS_A_BLOCK, SeatNumber},
    show::{Pricing, SalesWindow, Show, blocks},
};

fn pair() -> Wish {
    together(2)
}

fn together(count: u32) -> Wish {
    Wish {
        count,
        grade: None,
        section: None,
        accessible: 0,
        apart: false,
    }
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).expect("a time")
}

fn rng(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// A plan with one section of one grade, whose rows are these.
fn rows(rows: &[&str]) -> Plan {
    let rows: Vec<_> = rows
        .iter()
        .zip(1..)
        .map(|(seats, label)| json!({ "label": label.to_string(), "seats": seats }))
        .collect();
    plan(json!([{ "name": "A", "grade": "R", "rows": rows }]))
}

#[expect(clippy::needless_pass_by_value, reason = "the callers make it")]
fn plan(sections: Value) -> Plan {
    let text = sections.to_string();
    let grades: Vec<_> = ["VIP", "R"]
        .into_iter()
        .filter(|grade| text.contains(&format!("\"{grade}\"")))
        .collect();
    let plan = json!({ "name": "홀", "grades": grades, "sections": sections });
    Plan::read(plan.to_string().as_bytes()).expect("a plan")
}

fn show(capacity: u32) -> Show {
    Show {
        concert_id: ConcertId::new(),
        key: "2027-05-01".parse().expect("a key"),
        concert_name: None,
        queue_id: QueueId::main(),
        capacity,
        pricing: Pricing::Same {
            price: Money::won(1),
        },
        most_seats_a_person: None,
        details: crate::domain::texts::ShowDetails::default(),
        sale: SalesWindow::default(),
        sale_set_at: None,
        called_off: None,
        left: Vec::new(),
    }
}

/// A hall, the seats that are taken in it, and what an instance has read of them.
struct Hall {
    plan: Option<Plan>,
    capacity: u32,
    taken: Vec<bool>,
    view: View,
    rng: Xoshiro256PlusPlus,
}

impl Hall {
    fn of(plan: Plan) -> Self {
        let capacity = plan.seats();
        Self {
            plan: Some(plan),
            ..Self::without_plan(capacity)
        }
    }

    fn without_plan(capacity: u32) -> Self {
        Self {
            plan: None,
            capacity,
            taken: vec![false; usize::try_from(capacity).expect("few") + 1],
            view: View::default(),
            rng: rng(7),
        }
    }

    fn with_taken(mut self, seats: impl IntoIterator<Item = u32>) -> Self {
        seats.into_iter().for_each(|seat| self.take(seat));
        self
    }

    fn take(&mut self, seat: u32) {
        self.taken[usize::try_from(seat).expect("few")] = true;
    }

    /// Takes a seat, and another instance is asked, which has read nothing.
    fn take_and_forget(&mut self, seat: u32) {
        self.take(seat);
        self.view = View::default();
    }

    fn is_free(&self, seat: u32) -> bool {
        !self.taken[usize::try_from(seat).expect("few")]
    }

    fn scope(&self, wish: Wish) -> Scope {
        let scope = Scope::of(&show(self.capacity), self.plan.as_ref(), wish);
        scope.expect("the hall has such seats")
    }

    /// Reads blocks as they are.
    fn read(&mut self, blocks: &[u32], now: Timestamp) {
        let reading = self.view.begin(now);
        for block in blocks {
            let first = block * SEATS_A_BLOCK + 1;
            let seats = first..=self.capacity.min(first + SEATS_A_BLOCK - 1);
            let taken: Vec<_> = seats
                .filter(|seat| !self.is_free(*seat))
                .filter_map(|seat| SeatNumber::new(seat.into()))
                .collect();
            self.view.put(*block, &taken, reading);
        }
    }

    fn read_all(&mut self, now: Timestamp) {
        let all: Vec<_> = (0..blocks(self.capacity)).collect();
        self.read(&all, now);
    }

    fn step(&mut self, scope: &Scope, since: Reading, now: Timestamp) -> Step {
        self.view.step(scope, since, now, &mut self.rng)
    }

    /// What a request gets that reads what it has to.
    fn ask(&mut self, wish: Wish) -> Result<Vec<u32>, Left> {
        let (scope, now) = (self.scope(wish), second(0));
        let since = self.view.begin(now);
        loop {
            match self.step(&scope, since, now) {
                Step::Read(blocks) => self.read(&blocks, now),
                Step::Try(seats) => return Ok(seats.iter().map(SeatNumber::get).collect()),
                Step::Nothing(left) => return Err(left),
            }
        }
    }

    /// The same, and takes the seats.
    fn sell(&mut self, wish: Wish) -> Result<Vec<u32>, Left> {
        let seats = self.ask(wish)?;
        for seat in &seats {
            assert!(self.is_free(*seat), "seat {seat} is taken");
            self.take(*seat);
            self.view
                .mark_taken(SeatNumber::new((*seat).into()).expect("a seat"));
        }
        Ok(seats)
    }

    /// All sets that a request may get, found by asking often.
    fn answers(&mut self, wish: &Wish) -> Vec<Vec<u32>> {
        let mut answers: Vec<_> = (0..200)
            .map(|_| self.ask(wish.clone()).expect("seats"))
            .collect();
        answers.sort();
        answers.dedup();
        answers
    }
}

fn after(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}
