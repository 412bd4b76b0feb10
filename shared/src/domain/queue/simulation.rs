//! An evening in virtual time: the real tick, admission and standing, used as the functions use
//! them, by functions whose clocks are off, whose documents are old and whose writes get lost.
//!
//! What must always hold is asserted at every event; what is a matter of degree is measured and
//! handed back as an [`Outcome`].

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    ops::RangeInclusive,
    rc::Rc,
};

use jiff::Timestamp;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::Value;

use super::{Admission, Counts, Line, Queue, QueueState, Settings};
use crate::domain::{
    ids::{QueueId, UserId},
    session::{Arrival, Ending, Session, Standing},
};

/// When the doors open. Times of an [`Evening`] are relative to this.
const DOORS: i64 = 1_700_000_000_000;

/// Who waits looks this often at where they stand.
const LOOK_SECONDS: i64 = 15;

/// What is played. Shares are percentages.
#[derive(Debug, Clone)]
pub(super) struct Evening {
    pub seed: u64,
    pub seconds: i64,
    pub settings: Settings,
    /// What the operator sets when (in seconds).
    pub changes: Vec<(i64, Settings)>,
    pub waves: Vec<Wave>,
    pub crowd: Crowd,
    pub troubles: Troubles,
}

/// People who come, spread evenly at random.
#[derive(Debug, Clone)]
pub(super) struct Wave {
    pub people: u32,
    pub from_second: i64,
    pub over_seconds: i64,
}

/// What people do.
#[derive(Debug, Clone)]
pub(super) struct Crowd {
    /// Never make a protected call.
    pub no_shows: u32,
    /// Arrive, and then just go away.
    pub walk_away: u32,
    /// Leave within ten minutes if they still wait then.
    pub tire: u32,
    /// Leave after their admission, without having arrived.
    pub decline: u32,
    /// From the arrival to the end; past the window they hold.
    pub session_seconds: RangeInclusive<i64>,
}

/// What goes wrong.
#[derive(Debug, Clone, Default)]
pub(super) struct Troubles {
    /// Ticks come up to so late (milliseconds).
    pub late: i64,
    /// Ticks that do not come.
    pub lost: u32,
    /// Ticks that come twice.
    pub doubled: u32,
    /// No clock is further off than this (milliseconds).
    pub clocks: i64,
    /// No document is older than this (milliseconds).
    pub documents: i64,
    /// A tick's write may come so long after its reads (milliseconds).
    pub writes: i64,
    /// Calls that die: a number without a session, an arrival that is counted but not written,
    /// an end that is written but not counted.
    pub crashes: u32,
    /// No scheduler between these seconds.
    pub outage: Option<(i64, i64)>,
}

/// What was measured.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The most who were admitted and unfinished at once.
    pub peak: u64,
    pub admitted: u64,
    pub finished: u64,
    /// Places that were free while people waited, in thousandths.
    pub idle: u64,
    /// The longest time for which people waited and nobody at all was in (milliseconds).
    pub longest_stall: i64,
    /// The most who had waited and were let in within one second.
    pub busiest_second: u64,
    /// The largest size of the line as an item (bytes).
    pub largest_item: usize,
    /// What people who waited were told, and what it was in the end (seconds).
    pub estimates: Vec<Estimate>,
    /// When each number was admitted (milliseconds since the doors opened).
    pub admissions: BTreeMap<u64, i64>,
}

#[derive(Debug)]
pub(super) struct Estimate {
    pub asked_at: i64,
    pub told: i64,
    pub actual: i64,
}

impl Evening {
    /// An ordinary one: the default windows, and nothing goes wrong.
    pub fn new(max_active: u32, rate_milli: u64) -> Self {
        Self {
            seed: 1,
            seconds: 3_600,
            settings: settings(max_active, rate_milli),
            changes: Vec::new(),
            waves: Vec::new(),
            crowd: Crowd {
                no_shows: 0,
                walk_away: 0,
                tire: 0,
                decline: 0,
                session_seconds: 60..=240,
            },
            troubles: Troubles::default(),
        }
    }

    pub fn wave(mut self, people: u32, from_second: i64, over_seconds: i64) -> Self {
        self.waves.push(Wave {
            people,
            from_second,
            over_seconds,
        });
        self
    }

    pub fn change(mut self, second: i64, change: impl FnOnce(&mut Settings)) -> Self {
        let last = self.changes.last().map(|(_, settings)| settings);
        let mut settings = last.unwrap_or(&self.settings).clone();
        change(&mut settings);
        self.changes.push((second, settings));
        self
    }

    /// Plays it. Panics where the line breaks a promise.
    pub fn play(self) -> Outcome {
        Simulation::new(self).run()
    }
}

/// The default settings but for the capacity and the rate.
pub(super) fn settings(max_active: u32, rate_milli: u64) -> Settings {
    Settings {
        max_active,
        rate_milli,
        claim_seconds: 120,
        active_seconds: 300,
        tick_seconds: 5,
        state: QueueState::Open,
        default_concert_id: None,
        opens_at: None,
        version: 0,
    }
}

enum Event {
    /// The scheduler's, and the next one's cause.
    Schedule,
    Tick,
    Write(Box<Line>),
    Change(Settings),
    Join,
    /// The number comes up, by a clock that is right.
    Admitted(u64),
    /// A protected call.
    Knock(u64),
    Leave(u64),
    /// No function lets the session do anything more.
    WindowOver(u64),
    Finish(u64),
    Look(u64),
}

struct Person {
    session: Session,
    /// Counted among those inside.
    inside: bool,
    let_in: bool,
    /// An [`Event::Admitted`] is on the agenda or was.
    expected: bool,
    stage: Stage,
    place: u64,
}

/// The order in which standings follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Waiting,
    Admitted,
    Active,
    Over,
}

struct Simulation {
    evening: Evening,
    rng: StdRng,
    agenda: BTreeMap<(i64, u64), Event>,
    events: u64,
    now: i64,
    /// The newest last, with the times at which they were written.
    documents: VecDeque<(i64, Rc<Queue>)>,
    counts: HashMap<i64, Counts>,
    /// By number; numbers that nobody has are `None`.
    people: Vec<Option<Person>>,
    /// How many of them have been told when they come in.
    announced: u64,
    /// Who has a multiple of this number looks now and then where they stand.
    watched: u64,
    inside: u64,
    /// A larger `max_active` that admissions until then were still promised under.
    promised: (u32, i64),
    idle: (u128, u128),
    stalled_since: Option<i64>,
    second: (i64, u64),
    asked: Vec<(u64, i64, i64)>,
    outcome: Outcome,
}

impl Simulation {
    fn new(evening: Evening) -> Self {
        let queue = Queue {
            id: QueueId::main(),
            settings: evening.settings.clone(),
            line: Line::default(),
            opening: super::Opening::Always,
        };
        let everybody: u32 = evening.waves.iter().map(|wave| wave.people).sum();
        let mut simulation = Self {
            rng: StdRng::seed_from_u64(evening.seed),
            agenda: BTreeMap::new(),
            events: 0,
            now: DOORS,
            documents: VecDeque::from([(DOORS, Rc::new(queue))]),
            counts: HashMap::new(),
            people: Vec::new(),
            announced: 0,
            watched: u64::from(everybody / 200).max(1),
            inside: 0,
            promised: (0, DOORS),
            idle: (0, 0),
            stalled_since: None,
            second: (0, 0),
            asked: Vec::new(),
            outcome: Outcome::default(),
            evening,
        };
        simulation.plan(DOORS, Event::Schedule);
        for (second, settings) in simulation.evening.changes.clone() {
            simulation.plan(DOORS + second * 1_000, Event::Change(settings));
        }
        for wave in simulation.evening.waves.clone() {
            for _ in 0..wave.people {
                let after = simulation.any(0..=wave.over_seconds * 1_000);
                simulation.plan(DOORS + wave.from_second * 1_000 + after, Event::Join);
            }
        }
        simulation
    }

    fn run(mut self) -> Outcome {
        let end = DOORS + self.evening.seconds * 1_000;
        while let Some(((at, _), event)) = self.agenda.pop_first() {
            if at > end {
                break;
            }
            self.pass_time(at);
            match event {
                Event::Schedule => self.schedule(),
                Event::Tick => self.scheduled_tick(),
                Event::Write(line) => self.write(*line),
                Event::Change(settings) => self.change(settings),
                Event::Join => self.join(),
                Event::Admitted(number) => self.admit(number),
                Event::Knock(number) => self.knock(number),
                Event::Leave(number) => self.leave(number),
                Event::WindowOver(number) => self.step_out(number),
                Event::Finish(number) => self.finish(number),
                Event::Look(number) => self.look(number),
            }
        }
        self.measure_end()
    }

    fn plan(&mut self, at: i64, event: Event) {
        self.events += 1;
        self.agenda.insert((at, self.events), event);
    }

    fn any(&mut self, range: RangeInclusive<i64>) -> i64 {
        self.rng.random_range(range)
    }

    fn happens(&mut self, percent: u32) -> bool {
        self.rng.random_ratio(percent, 100)
    }

    /// What a function's clock says.
    fn clock(&mut self) -> Timestamp {
        let off = self.evening.troubles.clocks;
        let off = self.any(-off..=off);
        time(self.now + off)
    }

    /// What a function has in its cache.
    fn document(&mut self) -> Rc<Queue> {
        let read_at = self.now - self.any(0..=self.evening.troubles.documents);
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

    fn tail(&self) -> u64 {
        self.people.len() as u64
    }

    fn person(&mut self, number: u64) -> &mut Person {
        let index = usize::try_from(number - 1).expect("a small number");
        self.people[index].as_mut().expect("somebody")
    }

    fn exists(&self, number: u64) -> bool {
        let index = usize::try_from(number - 1).expect("a small number");
        self.people[index].is_some()
    }

    fn count(&mut self, cohort: i64) -> &mut Counts {
        self.counts.entry(cohort).or_default()
    }
}

/// The scheduler and the operator.
impl Simulation {
    fn schedule(&mut self) {
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
            let late = self.any(0..=self.evening.troubles.late);
            self.plan(self.now + late, Event::Tick);
        }
    }

    fn scheduled_tick(&mut self) {
        if !self.newest().is_idle(self.tail()) {
            self.tick();
        }
    }

    fn tick(&mut self) {
        let queue = self.newest();
        let now = self.clock();
        self.skip_void_credit(&queue, now);
        let counts = |cohort| self.counts.get(&cohort).copied().unwrap_or_default();
        if let Some(line) = queue.tick(now, self.tail(), counts, None) {
            let later = self.any(0..=self.evening.troubles.writes);
            self.plan(self.now + later, Event::Write(Box::new(line)));
        }
    }

    fn skip_void_credit(&mut self, queue: &Queue, now: Timestamp) {
        let counts = |cohort| self.counts.get(&cohort).copied().unwrap_or_default();
        if let Some(void) = queue.void_credit(now, self.tail(), counts, None) {
            self.people.extend(
                std::iter::repeat_with(|| None).take(usize::try_from(void.numbers).expect("few")),
            );
            self.count(void.cohort).gone += void.numbers;
        }
    }

    fn write(&mut self, line: Line) {
        let before = self.newest();
        if before.line.version + 1 != line.version {
            return;
        }
        self.check_promises(&before.line, &line);
        self.outcome.largest_item = self.outcome.largest_item.max(item_size(&line));
        self.put(Queue {
            line,
            ..Queue::clone(&before)
        });
        self.announce();
    }

    /// Nothing that the older line says is taken back by the newer one.
    fn check_promises(&self, older: &Line, newer: &Line) {
        let Some(promised) = older.schedule.last() else {
            return;
        };
        for t in [self.now, promised.at, promised.at + 1_000] {
            assert!(older.schedule.served_milli(t) <= newer.schedule.served_milli(t));
        }
        let remembered = newer.schedule.points()[0].at;
        for t in (remembered..promised.at).step_by(7_000) {
            assert_eq!(
                older.schedule.served_milli(t),
                newer.schedule.served_milli(t)
            );
        }
        assert!(older.passed <= newer.passed);
    }

    fn change(&mut self, settings: Settings) {
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

    /// Tells those whom the schedule now reaches when they come in.
    fn announce(&mut self) {
        let queue = self.newest();
        let last = queue.line.schedule.last().map_or(0, |last| last.at);
        let reached = queue.served(time(last)).min(self.tail());
        for number in self.announced + 1..=reached {
            if self.exists(number) {
                self.expect(number);
            }
        }
        self.announced = self.announced.max(reached);
    }

    /// Puts the admission of a number on the agenda.
    fn expect(&mut self, number: u64) {
        let queue = self.newest();
        let (joined_at, expected) = {
            let person = self.person(number);
            (person.session.joined_at, person.expected)
        };
        let Some(admission) = queue.admission(number, joined_at) else {
            return;
        };
        if expected {
            return;
        }
        self.person(number).expected = true;
        let at = admission.admitted_at.as_millisecond().max(self.now);
        self.plan(at, Event::Admitted(number));
        let crowd = self.evening.crowd.clone();
        if self.happens(crowd.no_shows) {
            return;
        }
        let claim = i64::from(queue.settings.claim_seconds);
        let after = self.any(0..=30.min(claim - 1) * 1_000);
        // Whose function has a fast clock comes early.
        let at = (at - self.evening.troubles.clocks).max(self.now) + after;
        let declines = self.happens(crowd.decline);
        self.plan(
            at,
            if declines {
                Event::Leave(number)
            } else {
                Event::Knock(number)
            },
        );
    }
}

/// The people, and the functions that they call.
impl Simulation {
    fn join(&mut self) {
        let (queue, now) = (self.document(), self.clock());
        if queue.settings.state == QueueState::Closed {
            return;
        }
        let number = self.tail() + 1;
        let session = Session::join(UserId::new(), &queue, None, number, 300, now);
        let admission = queue.admission(number, now);
        let walks_in = admission.filter(|admission| admission.admitted_at <= now);
        let crashes = self.happens(self.evening.troubles.crashes);
        self.people.push((!crashes).then_some(Person {
            session,
            inside: false,
            let_in: false,
            expected: walks_in.is_some(),
            stage: Stage::Waiting,
            place: u64::MAX,
        }));
        if let Some(admission) = walks_in {
            self.count(admission.cohort).arrived += 1;
        }
        if !crashes {
            self.joined(number, walks_in, now);
        }
        if queue.is_stale(now) {
            self.tick();
        }
    }

    fn joined(&mut self, number: u64, walks_in: Option<Admission>, now: Timestamp) {
        if let Some(admission) = walks_in {
            assert!(admission.admitted_at >= now, "admitted before it joined");
            self.arrived(number, admission, now);
            return;
        }
        self.announce();
        if number.is_multiple_of(self.watched) {
            self.plan(self.now, Event::Look(number));
        }
        if self.happens(self.evening.crowd.tire) {
            let after = self.any(0..=600_000);
            self.plan(self.now + after, Event::Leave(number));
        }
    }

    fn admit(&mut self, number: u64) {
        let person = self.person(number);
        if person.session.closed.is_some() {
            return;
        }
        let session = person.session.clone();
        let admission = self.newest().admission(number, session.joined_at);
        let admission = admission.expect("an admission");
        if session.arrival.is_none() {
            self.step_in(number);
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

    fn knock(&mut self, number: u64) {
        let (queue, now) = (self.document(), self.clock());
        match self.person(number).session.standing(&queue, now) {
            Standing::Early => unreachable!("nobody is early here"),
            Standing::Waiting { .. } => self.plan(self.now + 1_000, Event::Knock(number)),
            Standing::Admitted(admission) => {
                self.count(admission.cohort).arrived += 1;
                if !self.happens(self.evening.troubles.crashes) {
                    self.arrived(number, admission, now);
                }
            }
            Standing::Active { .. } | Standing::Holding { .. } | Standing::Over(_) => {}
        }
    }

    fn arrived(&mut self, number: u64, admission: Admission, now: Timestamp) {
        assert!(now < admission.active_until, "expired when it was born");
        let arrival = Arrival::new(admission, now);
        self.person(number).session.arrival = Some(arrival);
        self.step_in(number);
        self.observe(number);
        let until = arrival.active_until.as_millisecond() + self.evening.troubles.clocks;
        self.plan(until, Event::WindowOver(number));
        if !self.happens(self.evening.crowd.walk_away) {
            let seconds = self.evening.crowd.session_seconds.clone();
            let session = self.any(seconds.start() * 1_000..=seconds.end() * 1_000);
            self.plan(self.now + session, Event::Finish(number));
        }
    }

    fn leave(&mut self, number: u64) {
        let (queue, now) = (self.document(), self.clock());
        match self.person(number).session.standing(&queue, now) {
            Standing::Early | Standing::Waiting { .. } => {}
            Standing::Admitted(admission) => self.count(admission.cohort).gone += 1,
            Standing::Active { .. } | Standing::Holding { .. } | Standing::Over(_) => return,
        }
        self.person(number).session.closed = Some(Ending::Left);
        self.leave_inside(number);
    }

    fn finish(&mut self, number: u64) {
        let session = &mut self.person(number).session;
        session.closed = Some(Ending::Paid);
        let cohort = session.arrival.expect("an arrival").cohort;
        if !self.happens(self.evening.troubles.crashes) {
            self.count(cohort).done += 1;
        }
        self.outcome.finished += 1;
        self.leave_inside(number);
        self.observe(number);
    }

    /// Past a window. Who has arrived in the meantime has another one.
    fn step_out(&mut self, number: u64) {
        let slowest = time(self.now - self.evening.troubles.clocks);
        let arrival = self.person(number).session.arrival;
        if arrival.is_none_or(|arrival| arrival.active_until <= slowest) {
            self.leave_inside(number);
            self.observe(number);
        }
    }

    fn step_in(&mut self, number: u64) {
        let person = self.person(number);
        if person.inside {
            return;
        }
        assert!(!person.let_in, "number {number} is admitted twice");
        person.inside = true;
        person.let_in = true;
        self.inside += 1;
        self.outcome.admitted += 1;
        self.outcome.admissions.insert(number, self.now - DOORS);
        self.outcome.peak = self.outcome.peak.max(self.inside);
        assert!(
            self.inside <= u64::from(self.limit()),
            "number {number} is one too many: {} are in, {} may be ({:?})",
            self.inside,
            self.limit(),
            self.evening,
        );
    }

    fn leave_inside(&mut self, number: u64) {
        let person = self.person(number);
        if person.inside {
            person.inside = false;
            self.inside -= 1;
        }
    }

    fn look(&mut self, number: u64) {
        self.compare_readers(number);
        let (queue, now) = (self.document(), self.clock());
        let standing = self.person(number).session.standing(&queue, now);
        if let Standing::Waiting { place } = standing {
            if let Some(told) = queue.estimated_wait(place, now) {
                let told = i64::try_from(told).unwrap_or(i64::MAX);
                self.asked.push((number, self.now, told));
            }
            if queue.is_stale(now) {
                self.tick();
            }
        }
        if self.observe(number) != Stage::Over {
            self.plan(self.now + LOOK_SECONDS * 1_000, Event::Look(number));
        }
    }
}

/// What must always hold, and what is measured.
impl Simulation {
    /// `max_active`, or the larger one that the promises of the moment were made under.
    fn limit(&self) -> u32 {
        let limit = self.newest().settings.max_active;
        let (promised, until) = self.promised;
        if self.now <= until {
            limit.max(promised)
        } else {
            limit
        }
    }

    /// Where a person stands by the newest document and the slowest clock: never a stage back,
    /// and never a place back.
    fn observe(&mut self, number: u64) -> Stage {
        let queue = self.newest();
        let slowest = time(self.now - self.evening.troubles.clocks);
        let person = self.person(number);
        let standing = person.session.standing(&queue, slowest);
        if standing == Standing::Over(Ending::QueueClosed) {
            // Until the operator opens it again.
            return person.stage;
        }
        let (stage, place) = stage(standing);
        assert!(
            person.stage <= stage,
            "number {number} was {:?} and is {stage:?}",
            person.stage
        );
        assert!(person.place >= place, "number {number} fell back");
        (person.stage, person.place) = (stage, place);
        stage
    }

    /// Who reads an older document says the same at the same time, or does not know yet.
    fn compare_readers(&mut self, number: u64) {
        let (older, newer, now) = (self.document(), self.newest(), self.clock());
        let session = self.person(number).session.clone();
        let (older, newer) = (session.standing(&older, now), session.standing(&newer, now));
        let knows_less = match (older, newer) {
            (Standing::Waiting { place: older }, Standing::Waiting { place: newer }) => {
                older >= newer
            }
            // Over: the operator has closed the queue, or opened it again.
            (Standing::Waiting { .. }, Standing::Admitted(_))
            | (Standing::Over(Ending::QueueClosed), _)
            | (_, Standing::Over(Ending::QueueClosed)) => true,
            (Standing::Admitted(older), Standing::Admitted(newer)) => {
                older.admitted_at == newer.admitted_at
            }
            _ => older == newer,
        };
        assert!(
            knows_less,
            "number {number}: {older:?} in the older document, {newer:?} in the newer one"
        );
    }

    fn pass_time(&mut self, to: i64) {
        let queue = self.newest();
        let elapsed = u128::try_from(to - self.now).expect("time goes on");
        let open = queue.settings.state == QueueState::Open;
        let people_wait = open && self.tail() > queue.served(time(self.now));
        if people_wait {
            let places = u64::from(queue.settings.max_active);
            self.idle.0 += u128::from(places.saturating_sub(self.inside)) * elapsed;
            self.idle.1 += u128::from(places) * elapsed;
        }
        if people_wait && self.inside == 0 {
            let since = *self.stalled_since.get_or_insert(self.now);
            self.outcome.longest_stall = self.outcome.longest_stall.max(to - since);
        } else {
            self.stalled_since = None;
        }
        self.now = to;
    }

    fn measure_end(mut self) -> Outcome {
        let (idle, all) = self.idle;
        self.outcome.idle = u64::try_from(idle * 1_000 / all.max(1)).expect("a small number");
        for (number, asked_at, told) in self.asked {
            if let Some(admitted_at) = self.outcome.admissions.get(&number) {
                self.outcome.estimates.push(Estimate {
                    asked_at: (asked_at - DOORS) / 1_000,
                    told,
                    actual: (admitted_at + DOORS - asked_at) / 1_000,
                });
            }
        }
        self.outcome
    }
}

fn stage(standing: Standing) -> (Stage, u64) {
    match standing {
        Standing::Early => (Stage::Waiting, u64::MAX),
        Standing::Waiting { place } => (Stage::Waiting, place),
        Standing::Admitted(_) => (Stage::Admitted, 0),
        Standing::Active { .. } => (Stage::Active, 0),
        Standing::Holding { .. } | Standing::Over(_) => (Stage::Over, 0),
    }
}

pub(super) fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).expect("a time")
}

/// About the bytes that DynamoDB counts for the line: two digits of a number take a byte, and
/// one more; each list and map takes three, and each element of one more.
pub(super) fn item_size(line: &Line) -> usize {
    fn size(value: &Value) -> usize {
        match value {
            Value::Null | Value::Bool(_) => 1,
            Value::Number(number) => number.to_string().len().div_ceil(2) + 1,
            Value::String(text) => text.len(),
            Value::Array(values) => 3 + values.iter().map(|value| 1 + size(value)).sum::<usize>(),
            Value::Object(fields) => {
                let size = |(name, value): (&String, &Value)| 1 + name.len() + size(value);
                3 + fields.iter().map(size).sum::<usize>()
            }
        }
    }
    size(&serde_json::to_value(line).expect("a line is JSON"))
}
