//! Plays a scenario once for each sequence of choices.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use shared::{
    app::numbers::{Numbers, draw, fill_again, settle},
    domain::queue::{Ticket, pool::Pool},
    jiff::Timestamp,
    store::{StoreError, pools::DrawnFrom},
};

use super::{
    Outcome,
    table::{Condition, Table, at},
};

/// How much time passes at once (milliseconds): more than a pool has, and more than its rest.
const TIME: i64 = 1_600;

/// No play makes more choices. Joins that look at a pool again and again would go on.
const MOST_CHOICES: usize = 26;

/// Who takes part, and what may happen.
#[derive(Debug, Clone)]
pub struct Scenario {
    pub joins: usize,
    pub ticks: usize,
    /// How often time may pass while a call is under way.
    pub time: u8,
    pub kills: u8,
    pub losses: u8,
    /// How many calls are given up and take effect later.
    pub delays: u8,
    /// Whether the clock of every second participant is a second ahead.
    pub clocks_differ: bool,
    pub table: Table,
    pub without: Option<Condition>,
}

impl Scenario {
    pub fn joins(joins: usize, table: Table) -> Self {
        Self {
            joins,
            ticks: 0,
            time: 0,
            kills: 0,
            losses: 0,
            delays: 0,
            clocks_differ: false,
            table,
            without: None,
        }
    }
}

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The call of this participant takes effect.
    Step(usize),
    /// It takes effect, and its answer gets lost.
    Lose(usize),
    /// It is given up, and takes effect later.
    Delay(usize),
    /// The first call that was given up takes effect.
    TakeEffect,
    /// The participant ends.
    Kill(usize),
    TimePasses,
}

/// The sequences of choices, one after another.
#[derive(Debug, Default)]
pub struct Explorer {
    /// What was chosen, and between how many.
    path: Vec<(usize, usize)>,
    /// How many of them this play has used.
    depth: usize,
    chosen: Vec<Choice>,
    plays: u64,
}

impl Explorer {
    pub fn plays(&self) -> u64 {
        self.plays
    }

    pub fn choices(&self) -> &[Choice] {
        &self.chosen
    }

    /// Plays the next sequence; `None` after the last one.
    pub fn play(&mut self, scenario: &Scenario) -> Option<Outcome> {
        if self.plays > 0 {
            while let Some((chosen, of)) = self.path.pop() {
                if chosen + 1 < of {
                    self.path.push((chosen + 1, of));
                    break;
                }
            }
            if self.path.is_empty() {
                return None;
            }
        }
        self.plays += 1;
        self.chosen.clear();
        self.depth = 0;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        Some(runtime.block_on(self.run(scenario)))
    }

    async fn run(&mut self, scenario: &Scenario) -> Outcome {
        let world = Arc::new(Mutex::new(World::new(scenario)));
        let mut participants = participants(scenario, &world);
        let mut left = scenario.clone();
        loop {
            participants.iter_mut().for_each(poll);
            let options = options(&world, &participants, &left);
            let forced = options.is_empty();
            if forced && participants.iter().all(Option::is_none) {
                break;
            }
            if self.chosen.len() >= MOST_CHOICES {
                break;
            }
            let choice = if forced {
                Choice::TimePasses
            } else {
                self.choose(&options)
            };
            self.chosen.push(choice);
            match choice {
                Choice::Step(who) => lock(&world).gates[who] = Gate::Open,
                Choice::Lose(who) => {
                    left.losses -= 1;
                    lock(&world).gates[who] = Gate::Lossy;
                }
                Choice::Delay(who) => {
                    left.delays -= 1;
                    lock(&world).gates[who] = Gate::Late;
                }
                Choice::TakeEffect => {
                    let mut world = lock(&world);
                    let late = world.late.remove(0);
                    late(&mut world.table);
                }
                Choice::Kill(who) => {
                    left.kills -= 1;
                    participants[who] = None;
                }
                Choice::TimePasses => {
                    left.time = left.time.saturating_sub(u8::from(!forced));
                    lock(&world).now += TIME;
                    // Those that wait for a moment go on.
                    tokio::time::sleep(Duration::from_millis(1_100)).await;
                }
            }
        }
        let world = lock(&world);
        Outcome {
            numbers: world.numbers.clone(),
            unused: world.unused.clone(),
            table: world.table.clone(),
            is_undisturbed: scenario.kills + scenario.losses + scenario.delays + scenario.time == 0,
        }
    }

    /// Chooses as in the sequence that is played, or the first option where it ends.
    fn choose(&mut self, options: &[Choice]) -> Choice {
        let depth = self.depth;
        self.depth += 1;
        if depth == self.path.len() {
            self.path.push((0, options.len()));
        }
        options[self.path[depth].0]
    }
}

/// What a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    /// There is no call, or it has not come yet.
    Free,
    /// A call waits.
    Waiting,
    /// It may take effect.
    Open,
    /// It may take effect, and its answer gets lost.
    Lossy,
    /// It is given up, and takes effect later.
    Late,
}

/// A call that takes effect after it was given up.
type Late = Box<dyn FnOnce(&mut Table) + Send>;

struct World {
    now: i64,
    table: Table,
    gates: Vec<Gate>,
    late: Vec<Late>,
    numbers: Vec<u64>,
    unused: Vec<(u64, u64)>,
}

impl World {
    fn new(scenario: &Scenario) -> Self {
        let table = Table {
            without: scenario.without,
            ..scenario.table.clone()
        };
        Self {
            now: 0,
            table,
            gates: vec![Gate::Free; scenario.joins + scenario.ticks],
            late: Vec::new(),
            numbers: Vec::new(),
            unused: Vec::new(),
        }
    }
}

fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A participant; `None` once it has ended.
type Participant = Option<Pin<Box<dyn Future<Output = ()> + Send>>>;

fn participants(scenario: &Scenario, world: &Arc<Mutex<World>>) -> Vec<Participant> {
    let everybody = 0..scenario.joins + scenario.ticks;
    let begin = |who| {
        let ahead = if scenario.clocks_differ && who % 2 == 1 {
            1_000
        } else {
            0
        };
        let calls = Calls {
            world: Arc::clone(world),
            who,
            ahead,
        };
        let joins = who < scenario.joins;
        let participant: Pin<Box<dyn Future<Output = ()> + Send>> = if joins {
            Box::pin(calls.join())
        } else {
            Box::pin(calls.tick())
        };
        Some(participant)
    };
    everybody.map(begin).collect()
}

fn poll(participant: &mut Participant) {
    let Some(running) = participant else { return };
    let mut context = Context::from_waker(Waker::noop());
    if running.as_mut().poll(&mut context).is_ready() {
        *participant = None;
    }
}

/// What may happen now, if any call waits.
fn options(world: &Mutex<World>, participants: &[Participant], left: &Scenario) -> Vec<Choice> {
    let world = lock(world);
    let mut options = Vec::new();
    for (who, participant) in participants.iter().enumerate() {
        if participant.is_some() && world.gates[who] == Gate::Waiting {
            options.push(Choice::Step(who));
            if left.losses > 0 {
                options.push(Choice::Lose(who));
            }
            if left.delays > 0 {
                options.push(Choice::Delay(who));
            }
            if left.kills > 0 {
                options.push(Choice::Kill(who));
            }
        }
    }
    if !world.late.is_empty() {
        options.push(Choice::TakeEffect);
    }
    if left.time > 0 && !options.is_empty() {
        options.push(Choice::TimePasses);
    }
    options
}

/// The calls of a participant.
struct Calls {
    world: Arc<Mutex<World>>,
    who: usize,
    ahead: i64,
}

impl Calls {
    async fn join(self) {
        let Ok(Some(drawn)) = draw(&self).await else {
            return;
        };
        if let Ticket::Number(number) = drawn.ticket {
            lock(&self.world).numbers.push(number);
        }
        if let Some(emptied) = drawn.emptied {
            fill_again(&self, emptied).await;
        }
    }

    async fn tick(self) {
        let Ok(settled) = settle(&self, 0).await else {
            return;
        };
        let unused = settled.unused.into_iter();
        let unused = unused.map(|range| (range.after, range.through));
        lock(&self.world).unused.extend(unused);
    }

    /// Makes a call as soon as the explorer lets it through.
    async fn call<T>(
        &self,
        act: impl FnOnce(&mut Table) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let mut asked = false;
        let passed = std::future::poll_fn(|_| {
            let gate = &mut lock(&self.world).gates[self.who];
            match *gate {
                Gate::Open | Gate::Lossy | Gate::Late if asked => {
                    Poll::Ready(std::mem::replace(gate, Gate::Free))
                }
                _ => {
                    asked = true;
                    *gate = Gate::Waiting;
                    Poll::Pending
                }
            }
        });
        let passed = passed.await;
        if passed == Gate::Late {
            let late = Box::new(|table: &mut Table| drop(act(table)));
            lock(&self.world).late.push(late);
            return Err(StoreError::TimedOut("given up".into()));
        }
        let done = act(&mut lock(&self.world).table);
        match passed {
            Gate::Lossy => Err(StoreError::TimedOut("lost".into())),
            _ => Ok(done),
        }
    }
}

impl Numbers for Calls {
    fn now(&self) -> Timestamp {
        at(lock(&self.world).now + self.ahead)
    }

    fn pools(&self) -> u8 {
        1
    }

    fn remember(&self, _: u8) {}

    async fn draw_from_counter(&self) -> Result<Option<u64>, StoreError> {
        self.call(|table| Some(table.take_numbers(1))).await
    }

    async fn draw_from_pool(&self, _: u8, now: Timestamp) -> Result<DrawnFrom, StoreError> {
        self.call(move |table| table.draw(now)).await
    }

    async fn take_numbers(&self, numbers: u64, _: Timestamp) -> Result<Option<u64>, StoreError> {
        self.call(move |table| Some(table.take_numbers(numbers)))
            .await
    }

    async fn replace_pool(
        &self,
        _: u8,
        seen: Option<&Pool>,
        next: &Pool,
    ) -> Result<bool, StoreError> {
        let (seen, next) = (seen.cloned(), next.clone());
        self.call(move |table| table.replace(seen.as_ref(), &next))
            .await
    }

    async fn all_pools(&self) -> Result<Vec<(u8, Pool)>, StoreError> {
        let read = self.call(|table| table.pool.clone()).await?;
        Ok(read.into_iter().map(|pool| (0, pool)).collect())
    }
}
