//! The measurements.

use shared::domain::queue::QueueState;

use super::Simulation;
use crate::{
    house,
    outcome::{Moment, Outcome},
    time::{DOORS, time},
};

impl Simulation<'_> {
    pub(super) fn pass_time(&mut self, to: i64) {
        let elapsed = to - self.now;
        if elapsed == 0 {
            return;
        }
        let queue = self.newest();
        let open = queue.settings.state == QueueState::Open;
        let people_wait = open && self.people.issued() > queue.served(time(self.now));
        if people_wait && self.now >= DOORS + self.outcome.settled_at * 1_000 {
            let elapsed = u128::from(elapsed.unsigned_abs());
            let places = u64::from(queue.settings.max_active);
            self.outcome.idle.0 += u128::from(places.saturating_sub(self.inside)) * elapsed;
            self.outcome.idle.1 += u128::from(places) * elapsed;
        }
        if people_wait && self.inside == 0 {
            let since = *self.stalled_since.get_or_insert(self.now);
            self.outcome.longest_stall = self.outcome.longest_stall.max(to - since);
        } else {
            self.stalled_since = None;
        }
        self.now = to;
    }

    pub(super) fn note_course(&mut self) {
        let queue = self.newest();
        let served = queue.served(time(self.now));
        self.outcome.course.push(Moment {
            second: (self.now - DOORS) / 1_000,
            inside: self.inside,
            max_active: self.limit().into(),
            waiting: self.people.issued().saturating_sub(served),
        });
    }

    pub(super) fn measure_end(self) -> Outcome {
        let mut outcome = self.outcome;
        outcome.ended_at = self.now - DOORS;
        outcome.joined = self.people.iter().count() as u64;
        outcome.admissions = vec![None; usize::try_from(self.people.issued()).unwrap_or(0)];
        let mut latest = i64::MIN;
        for (number, person) in self.people.iter().filter(|(_, person)| person.was_let_in) {
            let index = usize::try_from(number - 1).expect("a small number");
            outcome.admissions[index] = Some(person.admitted_at - DOORS);
            // Those who walked in came when they liked.
            if person.admitted_at > person.joined_at {
                outcome.out_of_order += u64::from(person.admitted_at < latest);
                latest = latest.max(person.admitted_at);
            }
        }
        if let Some(seats) = self.evening.seats {
            let ideal = house::sold_out_at(self.evening, &self.people, seats);
            outcome.ideally_sold_out_at = ideal.map(|at| at - DOORS);
        }
        outcome
    }
}
