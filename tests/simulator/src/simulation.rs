//! Playing an evening.

use std::{
    collections::{HashMap, VecDeque},
    rc::Rc,
};

mod measures;
mod promises;
mod stack;
mod visits;

use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use shared::{
    domain::queue::{Counts, Line, Opening, Queue, Settings},
    jiff::Timestamp,
};

use crate::{
    agenda::Agenda,
    crowd::Plan,
    evening::Evening,
    outcome::{Outcome, WINDOWS_UNTIL_SETTLED},
    people::People,
    time::{DOORS, time},
};

/// How long people who are slower than their window hold their seats.
pub(crate) const HOLD_SECONDS: i64 = 300;

/// About this many people are watched. They read their place from time to time.
const WATCHED: u64 = 200;
const WATCHED_ONE_IN: u64 = 1_000;

/// The stages of about this many people are checked, which may never go back.
const CHECKED: u64 = 2_000;

/// The progress of an evening.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// The time (seconds).
    pub second: i64,
    /// How many have come.
    pub joined: u64,
    /// How many have been let in.
    pub admitted: u64,
}

enum Event {
    /// A tick of the scheduler, which also plans the next one.
    Schedule,
    Tick,
    Write(Box<Line>),
    Change(Box<Settings>),
    /// The number is served, by a clock that is right.
    Admitted(u64),
    /// A protected call.
    Knock(u64),
    Leave(u64),
    /// No function accepts the session any more.
    WindowOver(u64),
    Finish(u64),
    Look(u64),
}

impl Event {
    /// Whether a person does it, and not the stack.
    fn is_by_a_person(&self) -> bool {
        !matches!(
            self,
            Self::Schedule | Self::Tick | Self::Write(_) | Self::Change(_)
        )
    }
}

/// The stages of a session, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Waiting,
    Admitted,
    Active,
    Over,
}

pub(crate) struct Simulation<'a> {
    evening: &'a Evening,
    rng: Xoshiro256PlusPlus,
    agenda: Agenda<Event>,
    /// How many of the events on it are done by people.
    events_of_people: u64,
    /// When people come, in order.
    arrivals: std::vec::IntoIter<i64>,
    now: i64,
    /// The documents, the newest last, with the times at which they were written.
    documents: VecDeque<(i64, Rc<Queue>)>,
    counts: HashMap<i64, Counts>,
    people: People,
    /// Everybody before this number has been admitted, has left, or does not exist.
    first_waiting: u64,
    /// The admissions up to this number are on the agenda.
    announced: u64,
    /// The people with a multiple of this number are watched.
    watched: u64,
    /// The people with a multiple of this number are checked.
    checked: u64,
    /// The last stages and places of those who are checked.
    seen: HashMap<u64, (Stage, u64)>,
    inside: u64,
    /// Seats that are held by people whose window is over.
    held: u64,
    /// A larger `max_active` under which admissions until this time were promised.
    promised: (u32, i64),
    stalled_since: Option<i64>,
    second: (i64, u64),
    /// The ends whose places have not been promised to anybody yet.
    vacancies: VecDeque<i64>,
    outcome: Outcome,
}

impl<'a> Simulation<'a> {
    pub fn new(evening: &'a Evening) -> Self {
        let queue = Queue {
            id: evening.queue_id(),
            settings: evening.settings.clone(),
            line: Line::default(),
            opening: Opening::Always,
        };
        let everybody = evening.people();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(evening.seed);
        let mut arrivals: Vec<i64> = Vec::new();
        for wave in &evening.waves {
            let from = DOORS + wave.from_second * 1_000;
            arrivals.extend((0..wave.people).map(|_| from + wave.arrivals.draw(&mut rng)));
        }
        arrivals.sort_unstable();
        let settled_at = WINDOWS_UNTIL_SETTLED * i64::from(evening.settings.active_seconds);
        // The line has been ticked before the first people come.
        let first_tick = DOORS - i64::from(evening.settings.tick_seconds) * 1_000;
        let mut simulation = Self {
            rng,
            agenda: Agenda::new(),
            events_of_people: 0,
            arrivals: arrivals.into_iter(),
            now: first_tick,
            people: People::new(usize::try_from(everybody).unwrap_or(0), &queue),
            documents: VecDeque::from([(first_tick, Rc::new(queue))]),
            counts: HashMap::new(),
            first_waiting: 1,
            announced: 0,
            watched: (everybody / WATCHED).clamp(1, WATCHED_ONE_IN),
            checked: (everybody / CHECKED).max(1),
            seen: HashMap::new(),
            inside: 0,
            held: 0,
            promised: (0, DOORS),
            stalled_since: None,
            second: (0, 0),
            vacancies: VecDeque::new(),
            outcome: Outcome {
                settled_at,
                ..Outcome::default()
            },
            evening,
        };
        simulation.plan(first_tick, Event::Schedule);
        for (second, settings) in &evening.changes {
            let change = Event::Change(Box::new(settings.clone()));
            simulation.plan(DOORS + second * 1_000, change);
        }
        simulation
    }

    pub fn run(mut self, mut report: impl FnMut(Progress)) -> Outcome {
        let end = DOORS + self.evening.seconds * 1_000;
        loop {
            let joins_at = self.arrivals.as_slice().first().copied();
            let next_at = self.agenda.next_at();
            let at = joins_at.into_iter().chain(next_at).min();
            let Some(at) = at.filter(|at| *at <= end) else {
                break;
            };
            self.pass_time(at);
            if next_at != Some(at) {
                self.arrivals.next();
                self.join();
                continue;
            }
            let Some((_, event)) = self.agenda.take() else {
                break;
            };
            self.events_of_people -= u64::from(event.is_by_a_person());
            if matches!(event, Event::Schedule) {
                report(self.progress());
                if joins_at.is_none() && self.is_over() {
                    break;
                }
            }
            self.handle(event);
            if self.is_sold_out() {
                self.outcome.sold_out_at = Some(self.now - DOORS);
                self.outcome.found_nothing = self.inside;
                break;
            }
        }
        self.measure_end()
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Schedule => self.schedule(),
            Event::Tick => self.tick(),
            Event::Write(line) => self.write(*line),
            Event::Change(settings) => self.change(*settings),
            Event::Admitted(number) => self.admit(number),
            Event::Knock(number) => self.knock(number),
            Event::Leave(number) => self.leave(number),
            Event::WindowOver(number) => self.step_out(number),
            Event::Finish(number) => self.finish(number),
            Event::Look(number) => self.look(number),
        }
    }

    /// Whether everybody has finished, and nobody waits.
    fn is_over(&self) -> bool {
        self.events_of_people == 0 && self.newest().served(time(self.now)) >= self.people.issued()
    }

    fn is_sold_out(&self) -> bool {
        self.evening.seats == Some(self.outcome.sold)
    }

    fn progress(&self) -> Progress {
        Progress {
            second: (self.now - DOORS) / 1_000,
            joined: self.people.issued(),
            admitted: self.outcome.admitted,
        }
    }

    fn plan(&mut self, at: i64, event: Event) {
        self.events_of_people += u64::from(event.is_by_a_person());
        self.agenda.plan(at, event);
    }

    fn any(&mut self, max: i64) -> i64 {
        if max == 0 {
            0
        } else {
            self.rng.random_range(0..=max)
        }
    }

    fn happens(&mut self, percent: f64) -> bool {
        percent > 0.0 && self.rng.random_bool(percent / 100.0)
    }

    /// The time by a function's clock.
    fn clock(&mut self) -> Timestamp {
        let off = self.evening.troubles.clocks;
        time(self.now - off + self.any(2 * off))
    }

    /// The time by the slowest clock.
    fn slowest_clock(&self) -> Timestamp {
        time(self.now - self.evening.troubles.clocks)
    }

    /// The document in a function's cache.
    fn document(&mut self) -> Rc<Queue> {
        let read_at = self.now - self.any(self.evening.troubles.documents);
        let read = self
            .documents
            .iter()
            .rev()
            .find(|(written_at, _)| *written_at <= read_at);
        Rc::clone(&read.unwrap_or(&self.documents[0]).1)
    }

    fn newest(&self) -> Rc<Queue> {
        Rc::clone(&self.documents.back().expect("a document").1)
    }

    /// What the person with this number will do.
    fn plan_of(&self, number: u64) -> Plan {
        self.evening.crowd.plan(self.evening.seed, number)
    }

    fn count(&mut self, cohort: i64) -> &mut Counts {
        self.outcome.units.writes += 1;
        self.counts.entry(cohort).or_default()
    }
}
