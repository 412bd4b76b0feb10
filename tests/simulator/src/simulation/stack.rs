//! The scheduler and the operator.

use std::rc::Rc;

use shared::{
    domain::{
        queue::{Line, Queue, SeatCount, Settings},
        schedule::PERSON,
        seat::SEATS_A_BLOCK,
    },
    jiff::Timestamp,
};

use super::{Event, Simulation};
use crate::{
    crowd::Comes,
    size::item_size,
    time::{DOORS, time},
};

/// The size of the line's item without the line (bytes).
const ROW_BYTES: usize = 30;

/// About this many items of taken seats are read for one unit.
const SEATS_A_READ: u64 = 27;

impl Simulation<'_> {
    pub(super) fn schedule(&mut self) {
        self.note_course();
        let tick = i64::from(self.newest().settings.tick_seconds) * 1_000;
        self.plan(self.now + tick, Event::Schedule);
        let second = (self.now - DOORS) / 1_000;
        let down = self.evening.troubles.outage;
        if down.is_some_and(|(from, until)| (from..until).contains(&second)) {
            return;
        }
        let times = if self.happens(self.evening.troubles.lost) {
            0
        } else if self.happens(self.evening.troubles.doubled) {
            2
        } else {
            1
        };
        for _ in 0..times {
            let late = self.any(self.evening.troubles.late);
            self.plan(self.now + late, Event::Tick);
        }
    }

    pub(super) fn tick(&mut self) {
        let queue = self.newest();
        if queue.is_idle(self.people.issued()) {
            self.outcome.ticks.asleep += 1;
            self.outcome.units.half_reads += 4;
            return;
        }
        let now = self.clock();
        let counters = queue.line.cohorts.iter();
        let counters: u64 = counters.map(|cohort| u64::from(cohort.counters)).sum();
        self.outcome.units.half_reads += 4 + 2 * counters;
        let seats = self.count_seats(&queue, now);
        self.skip_void_credit(&queue, now, seats);
        let counts = |cohort| self.counts.get(&cohort).copied().unwrap_or_default();
        let Some(line) = queue.tick(now, self.people.issued(), counts, seats) else {
            self.outcome.ticks.not_needed += 1;
            return;
        };
        match self.any(self.evening.troubles.writes) {
            0 => self.write(line),
            later => self.plan(self.now + later, Event::Write(Box::new(line))),
        }
    }

    /// The seats that are left, if the tick must know. Those inside take a seat when they finish;
    /// until then each of them may still take one.
    fn count_seats(&mut self, queue: &Queue, now: Timestamp) -> Option<SeatCount> {
        let capacity = self.evening.seats?;
        if !queue.must_count_seats(now) {
            return None;
        }
        let (sold, held) = (self.outcome.sold, self.held);
        let blocks = capacity.div_ceil(u64::from(SEATS_A_BLOCK));
        self.outcome.units.half_reads += 2 * (1 + blocks + (sold + held) / SEATS_A_READ);
        Some(SeatCount {
            capacity,
            sold,
            held,
            ..SeatCount::default()
        })
    }

    fn skip_void_credit(&mut self, queue: &Queue, now: Timestamp, seats: Option<SeatCount>) {
        let counts = |cohort| self.counts.get(&cohort).copied().unwrap_or_default();
        if let Some(void) = queue.void_credit(now, self.people.issued(), counts, seats) {
            for _ in 0..void.numbers {
                self.people.leave_gap();
            }
            self.outcome.units.writes += 1;
            self.count(void.cohort).gone += void.numbers;
        }
    }

    pub(super) fn write(&mut self, line: Line) {
        let before = self.newest();
        let size = item_size(&line);
        self.outcome.units.writes += (size + ROW_BYTES).div_ceil(1_024) as u64;
        if before.line.version + 1 != line.version {
            self.outcome.ticks.not_needed += 1;
            return;
        }
        self.outcome.ticks.written += 1;
        self.outcome.largest_item = self.outcome.largest_item.max(size);
        self.check_promises(&before.line, &line);
        self.put(Queue {
            line,
            ..Queue::clone(&before)
        });
        self.announce();
        self.hand_over(&before);
    }

    pub(super) fn change(&mut self, settings: Settings) {
        let before = self.newest();
        let promised_until = before.line.schedule.last().map_or(0, |last| last.at);
        let troubles = &self.evening.troubles;
        self.promised = (
            self.limit().max(before.settings.max_active),
            promised_until.max(self.now) + troubles.clocks + troubles.documents,
        );
        let mut queue = Queue {
            settings,
            ..Queue::clone(&before)
        };
        queue.line.version += 1;
        self.put(queue);
        self.tick();
    }

    fn put(&mut self, queue: Queue) {
        self.documents.push_back((self.now, Rc::new(queue)));
        let oldest = self.now - self.evening.troubles.documents;
        while self.documents.len() > 1 && self.documents[1].0 <= oldest {
            self.documents.pop_front();
        }
    }

    /// Puts the admissions that the schedule now reaches on the agenda.
    pub(super) fn announce(&mut self) {
        let queue = self.newest();
        let reached = reached(&queue).min(self.people.issued());
        for number in self.announced + 1..=reached {
            if self.people.exists(number) {
                self.expect(&queue, number);
            }
        }
        self.announced = self.announced.max(reached);
    }

    /// Puts the admission of a number on the agenda, and what its person does then.
    fn expect(&mut self, queue: &Queue, number: u64) {
        let person = *self.people.get(number);
        if person.is_expected || person.closed.is_some() {
            return;
        }
        let Some(admission) = queue.admission(number, time(person.joined_at)) else {
            return;
        };
        self.people.get_mut(number).is_expected = true;
        let at = admission.admitted_at.as_millisecond().max(self.now);
        self.plan(at, Event::Admitted(number));
        let plan = self.plan_of(number);
        // A person whose function has a fast clock comes early.
        let early = (at - self.evening.troubles.clocks).max(self.now);
        let at = early + plan.notices_after(queue.settings.claim_seconds);
        match plan.comes {
            Comes::Never => {}
            Comes::ToDecline => self.plan(at, Event::Leave(number)),
            Comes::ToBuy => self.plan(at, Event::Knock(number)),
        }
    }

    /// Those whose admission was promised since take the places of those who have finished, each
    /// the place that was free first.
    fn hand_over(&mut self, before: &Queue) {
        let queue = self.newest();
        let step = queue.settings.rate_milli * u64::from(queue.settings.tick_seconds);
        for number in reached(before) + 1..=reached(&queue) {
            if queue.ended_for(number).is_some() {
                continue;
            }
            let Some(free_at) = self.vacancies.pop_front() else {
                break;
            };
            if let Some(at) = queue.line.schedule.served_at(number) {
                self.outcome.handovers.push(at.max(self.now) - free_at);
            }
        }
        let is_full = queue.line.room * PERSON < step;
        if !is_full || reached(&queue) >= self.people.issued() {
            self.vacancies.clear();
        }
    }
}

/// The last number that the schedule reaches.
fn reached(queue: &Queue) -> u64 {
    let last = queue.line.schedule.last();
    last.map_or(0, |last| last.served / PERSON)
}
