//! What must always be true.

use shared::domain::{
    queue::Line,
    session::{Ending, Standing},
};

use super::{Simulation, Stage};
use crate::time::{DOORS, time};

/// The most broken promises that are kept.
const MAX_BROKEN: usize = 100;

impl Simulation<'_> {
    pub(super) fn check(&mut self, holds: bool, broken: impl FnOnce() -> String) {
        if !holds && self.outcome.broken.len() < MAX_BROKEN {
            let second = (self.now - DOORS) / 1_000;
            let broken = format!("at {second} s: {}", broken());
            self.outcome.broken.push(broken);
        }
    }

    /// `max_active`, or the larger one under which the current promises were made.
    pub(super) fn limit(&self) -> u32 {
        let limit = self.newest().settings.max_active;
        let (promised, until) = self.promised;
        if self.now <= until {
            limit.max(promised)
        } else {
            limit
        }
    }

    /// The newer line takes nothing back that the older one says.
    pub(super) fn check_promises(&mut self, older: &Line, newer: &Line) {
        let Some(promised) = older.schedule.last() else {
            return;
        };
        let kept = [self.now, promised.at, promised.at + 1_000]
            .into_iter()
            .all(|t| older.schedule.served_milli(t) <= newer.schedule.served_milli(t));
        let remembered = newer.schedule.points()[0].at;
        let same = (remembered..promised.at)
            .step_by(7_000)
            .all(|t| older.schedule.served_milli(t) == newer.schedule.served_milli(t));
        let counted = older.passed <= newer.passed;
        self.check(kept && same && counted, || {
            format!("a promise was taken back: {older:?}, and then {newer:?}")
        });
    }

    /// Whether the number belongs to a person who has not been admitted and has not left.
    fn may_wait(&self, number: u64) -> bool {
        self.people.exists(number) && {
            let person = self.people.get(number);
            !person.was_let_in && person.closed.is_none()
        }
    }

    /// Nobody walks in past a person who waits.
    pub(super) fn check_order_of_walking_in(&mut self, number: u64) {
        while self.first_waiting < number && !self.may_wait(self.first_waiting) {
            self.first_waiting += 1;
        }
        if self.first_waiting == number {
            return;
        }
        let waits = self.first_waiting;
        let (queue, by_then) = (
            self.newest(),
            time(self.now + 2 * self.evening.troubles.clocks),
        );
        let standing = self.people.standing(waits, &queue, by_then);
        if matches!(standing, Standing::Waiting { .. }) {
            self.outcome.out_of_order += 1;
            self.check(false, || format!("number {number} walked in past {waits}"));
        }
    }

    /// The stage of a person, by the newest document and the slowest clock. Stage and place may
    /// never go back.
    pub(super) fn check_stage(&mut self, number: u64) -> Stage {
        let is_watched = number.is_multiple_of(self.watched);
        if !number.is_multiple_of(self.checked) && !is_watched {
            return Stage::Waiting;
        }
        let (queue, slowest) = (self.newest(), self.slowest_clock());
        let standing = self.people.standing(number, &queue, slowest);
        let before = self.seen.get(&number).copied();
        let before = before.unwrap_or((Stage::Waiting, u64::MAX));
        let (stage, place) = stage(standing);
        self.check(before.0 <= stage, || {
            format!("number {number} was {:?} and is {stage:?}", before.0)
        });
        self.check(before.1 >= place, || format!("number {number} fell back"));
        self.seen.insert(number, (stage, place));
        stage
    }

    /// A reader with an older document finds the same stage at the same time, or does not know it
    /// yet.
    pub(super) fn compare_readers(&mut self, number: u64) {
        let (older, newer, now) = (self.document(), self.newest(), self.clock());
        let older = self.people.standing(number, &older, now);
        let newer = self.people.standing(number, &newer, now);
        let knows_less = match (older, newer) {
            (Standing::Waiting { place: older }, Standing::Waiting { place: newer }) => {
                older >= newer
            }
            // Over, because the operator has closed the queue meanwhile.
            (
                Standing::Waiting { .. },
                Standing::Admitted(_) | Standing::Over(Ending::QueueClosed),
            ) => true,
            (Standing::Admitted(older), Standing::Admitted(newer)) => {
                older.admitted_at == newer.admitted_at
            }
            _ => older == newer,
        };
        self.check(knows_less, || {
            format!("number {number}: {older:?} in the older document, {newer:?} in the newer one")
        });
    }
}

fn stage(standing: Standing) -> (Stage, u64) {
    match standing {
        Standing::Early => unreachable!("the queue is open from the beginning"),
        Standing::Waiting { place } => (Stage::Waiting, place),
        Standing::Admitted(_) => (Stage::Admitted, 0),
        Standing::Active { .. } => (Stage::Active, 0),
        Standing::Holding { .. } | Standing::Over(_) => (Stage::Over, 0),
    }
}
