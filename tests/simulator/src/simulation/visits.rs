//! The people, and the functions that they call.

use shared::{
    domain::{
        queue::{Admission, QueueState},
        session::{Ending, Standing},
    },
    jiff::Timestamp,
};

use super::{Event, HOLD_SECONDS, Simulation, Stage};
use crate::{
    outcome::Look,
    time::{DOORS, time},
};

impl Simulation<'_> {
    pub(super) fn join(&mut self) {
        let (queue, now) = (self.document(), self.clock());
        if queue.settings.state == QueueState::Closed {
            return;
        }
        // A sleeping line wakes before its visitor draws a number.
        if queue.is_stale(now) {
            self.tick();
        }
        let queue = self.document();
        self.outcome.units.writes += 1;
        self.outcome.units.half_reads += 5;
        let crashes = self.happens(self.evening.troubles.crashes);
        let number = self.people.issued() + 1;
        let admission = queue.admission(number, now);
        let walks_in = admission.filter(|admission| admission.admitted_at <= now);
        if crashes {
            self.people.leave_gap();
        } else {
            self.people.join(now);
            self.people.get_mut(number).is_expected = walks_in.is_some();
        }
        if let Some(admission) = walks_in {
            self.count(admission.cohort).arrived += 1;
        }
        if !crashes {
            self.outcome.units.writes += 1;
            self.joined(number, walks_in, now);
        }
        if queue.is_stale(now) {
            self.tick();
        }
    }

    fn joined(&mut self, number: u64, walks_in: Option<Admission>, now: Timestamp) {
        if let Some(admission) = walks_in {
            self.check(admission.admitted_at >= now, || {
                format!("number {number} was admitted before it joined")
            });
            self.check_order_of_walking_in(number);
            self.arrived(number, admission, now);
            return;
        }
        self.announce();
        if number.is_multiple_of(self.watched) {
            self.plan(self.now, Event::Look(number));
        }
        if let Some(after) = self.plan_of(number).tires_after {
            self.plan(self.now + after, Event::Leave(number));
        }
    }

    pub(super) fn admit(&mut self, number: u64) {
        let person = *self.people.get(number);
        if person.closed.is_some() {
            return;
        }
        let queue = self.newest();
        let Some(admission) = queue.admission(number, time(person.joined_at)) else {
            self.check(false, || format!("the admission of {number} is gone"));
            return;
        };
        if person.arrival.is_none() {
            self.step_in(number, admission);
            let until = admission.claim_until.as_millisecond() + self.evening.troubles.clocks;
            self.plan(until, Event::WindowOver(number));
        }
        let second = self.now / 1_000;
        let so_far = if self.second.0 == second {
            self.second.1
        } else {
            0
        };
        self.second = (second, so_far + 1);
        self.outcome.busiest_second = self.outcome.busiest_second.max(so_far + 1);
    }

    pub(super) fn knock(&mut self, number: u64) {
        let (queue, now) = (self.document(), self.clock());
        if !self.people.has_token(number, now) {
            return;
        }
        match self.people.standing(number, &queue, now) {
            Standing::Waiting { .. } => self.plan(self.now + 1_000, Event::Knock(number)),
            Standing::Admitted(admission) => {
                self.count(admission.cohort).arrived += 1;
                if !self.happens(self.evening.troubles.crashes) {
                    self.outcome.units.writes += 1;
                    self.arrived(number, admission, now);
                }
            }
            Standing::Early
            | Standing::Active { .. }
            | Standing::Holding { .. }
            | Standing::Over(_) => {}
        }
    }

    fn arrived(&mut self, number: u64, admission: Admission, now: Timestamp) {
        self.check(now < admission.active_until, || {
            format!("number {number} was over when it arrived")
        });
        self.step_in(number, admission);
        let until = self.people.get_mut(number).arrive(admission).active_until;
        self.check_stage(number);
        let clocks = self.evening.troubles.clocks;
        self.plan(until + clocks, Event::WindowOver(number));
        if let Some(stays) = self.plan_of(number).stays {
            let hold_ends = until + HOLD_SECONDS * 1_000;
            let at = (self.now + stays).min(hold_ends.max(self.now));
            self.plan(at, Event::Finish(number));
        }
    }

    pub(super) fn leave(&mut self, number: u64) {
        let (queue, now) = (self.document(), self.clock());
        match self.people.standing(number, &queue, now) {
            Standing::Early | Standing::Waiting { .. } => {}
            Standing::Admitted(admission) => self.count(admission.cohort).gone += 1,
            Standing::Active { .. } | Standing::Holding { .. } | Standing::Over(_) => return,
        }
        self.outcome.units.writes += 1;
        self.people.get_mut(number).closed = Some(Ending::Left);
        self.leave_inside(number);
    }

    pub(super) fn finish(&mut self, number: u64) {
        let person = self.people.get_mut(number);
        let was_inside = person.is_inside;
        let arrived = person.arrival.expect("an arrival");
        let buys = self.now < arrived.active_until + HOLD_SECONDS * 1_000;
        person.closed = Some(if buys {
            Ending::Paid
        } else {
            Ending::HoldExpired
        });
        self.outcome.finished += 1;
        self.outcome.sold += u64::from(buys);
        self.held -= u64::from(!was_inside);
        if !self.happens(self.evening.troubles.crashes) {
            self.count(arrived.cohort).done += 1;
            if self.happens(self.evening.troubles.ends_counted_twice) {
                self.count(arrived.cohort).done += 1;
            }
            if was_inside {
                self.vacancies.push_back(self.now);
            }
        }
        self.leave_inside(number);
        self.check_stage(number);
    }

    /// The end of a window. A person who has arrived in the meantime has a later one.
    pub(super) fn step_out(&mut self, number: u64) {
        let slowest = self.slowest_clock().as_millisecond();
        let arrival = self.people.get(number).arrival;
        if arrival.is_none_or(|arrived| arrived.active_until <= slowest) {
            let person = self.people.get(number);
            let goes_on = arrival.is_some() && person.is_inside && person.closed.is_none();
            let holds = goes_on && self.plan_of(number).stays.is_some();
            self.held += u64::from(holds);
            self.leave_inside(number);
            self.check_stage(number);
        }
    }

    fn step_in(&mut self, number: u64, admission: Admission) {
        let at = admission.admitted_at.as_millisecond();
        let person = self.people.get_mut(number);
        if person.was_let_in {
            let (was, inside) = (person.admitted_at, person.is_inside);
            self.check(inside, || format!("number {number} is admitted twice"));
            self.check(was == at, || {
                format!("number {number} was to be admitted at {was}, and then at {at}")
            });
            return;
        }
        (person.is_inside, person.was_let_in) = (true, true);
        person.admitted_at = at;
        self.inside += 1;
        self.outcome.admitted += 1;
        self.outcome.peak = self.outcome.peak.max(self.inside);
        let (inside, limit) = (self.inside, self.limit());
        if inside > u64::from(limit) {
            self.outcome.above_limit += 1;
            self.check(false, || {
                format!("number {number} is one too many: {inside} are in, {limit} may be")
            });
        }
    }

    fn leave_inside(&mut self, number: u64) {
        let person = self.people.get_mut(number);
        if person.is_inside {
            person.is_inside = false;
            self.inside -= 1;
        }
    }

    pub(super) fn look(&mut self, number: u64) {
        self.compare_readers(number);
        let (queue, now) = (self.document(), self.clock());
        if let Standing::Waiting { place } = self.people.standing(number, &queue, now) {
            let estimated = queue.estimated_wait(place, now);
            self.outcome.looks.push(Look {
                number,
                at: self.now - DOORS,
                place,
                estimated: estimated.map(|estimated| i64::try_from(estimated).unwrap_or(i64::MAX)),
            });
            if queue.is_stale(now) {
                self.tick();
            }
        }
        if self.check_stage(number) != Stage::Over {
            let next = self.now + self.evening.look_seconds * 1_000;
            self.plan(next, Event::Look(number));
        }
    }
}
