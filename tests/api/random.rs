//! A long evening at random. Users do several things at once, while everything below the functions
//! goes wrong at times. Each remembers the answers. Then nothing goes wrong any more, time passes,
//! and everything must be as it was answered.
//!
//! The seed is printed, and `ONSALE_SEED` plays it again. Users do the same then. They meet the
//! same faults as long as the calls come in the same order; ids and retries are random, and may
//! change that. `ONSALE_OPERATIONS` is how many operations are done.

mod admissions;
mod calling_off;
mod disturbances;
mod events;
mod final_check;
mod ledger;
mod people;
mod visits;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    io::Write as _,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use local::{BusEvent, Fault, Faults, Stack, Time};
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use serde_json::json;
use shared::{
    domain::show::Show,
    jiff::{SignedDuration, Timestamp},
};
use tokio::task::JoinSet;

use self::{
    events::Evidence,
    ledger::Ledger,
    people::{Person, Place},
};
use crate::harness::{Guest, NOON, PRICE, Shop, halls::small_hall, show, text};

/// Small halls and short windows, so that everything that can happen happens often.
const PARAMETERS: [(&str, &str); 6] = [
    ("HoldSeconds", "30"),
    ("ClaimSeconds", "10"),
    ("ActiveSeconds", "40"),
    ("TickSeconds", "2"),
    ("MainRate", "20"),
    ("MainMaxActive", "12"),
];

/// How many users there are. Each does two things at once.
const PEOPLE: usize = 16;

/// The queues, and the shows that each sells: dates and numbers of seats.
const SHOWS: [(&str, &[(&str, u32)]); 2] = [
    (
        "main",
        &[("2027-05-01", 10), ("2027-05-02", 6), (CALLED_OFF, 8)],
    ),
    ("spring", &[("2027-06-01", 8)]),
];

/// The show that is called off when half of the evening is over.
const CALLED_OFF: &str = "2027-05-03";

/// The shows in a hall, which `spring` sells as well. Seats 1 to 4 are of the first grade, and the
/// others of the second.
const HALL_SHOWS: [&str; 2] = ["2027-06-02T14:00", "2027-06-02T19:30"];

/// The grades of the hall, with their prices and numbers of seats.
const GRADES: [(&str, u64, usize); 2] = [("VIP", 70_000, 4), ("R", 30_000, 2)];

/// The most seats in the hall that one user may have.
const HALL_LIMIT: usize = 2;

/// The result of a run.
#[derive(Debug)]
struct Run {
    /// Requests that were answered.
    operations: u64,
    /// How many answers there were, by request and result.
    answers: BTreeMap<String, u64>,
    faults: BTreeMap<Fault, u64>,
    /// Everything that must not happen but did.
    violations: Vec<String>,
    /// What the events, the tables and the answers say at the end.
    evidence: Evidence,
}

/// What all users of a run share.
struct World {
    shop: Shop,
    shows: Vec<Place>,
    admin: Guest,
    ledger: Ledger,
    left: AtomicU64,
    is_called_off: AtomicBool,
    answers: Mutex<BTreeMap<String, u64>>,
    violations: Mutex<Vec<String>>,
    /// The events so far, as a receiver gets them.
    told: Mutex<Vec<Arc<BusEvent>>>,
    /// What no event may have.
    secrets: Mutex<BTreeSet<String>>,
}

impl World {
    async fn open() -> Self {
        let stack = Stack::start(local::Options {
            time: Time::WithRuntimeFrom(NOON.parse().expect("a time")),
            parameters: PARAMETERS
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..local::Options::default()
        });
        let shop = Shop::on(stack.await.expect("the stack starts"));
        let admin = shop.admin().await;
        let mut shows = Vec::new();
        for (queue, dates) in SHOWS {
            if queue != "main" {
                let settings = json!({ "max_active": 6, "rate": 3 });
                shop.put_queue(&admin, queue, &settings).await.ok();
            }
            let on_sale: Vec<_> = dates
                .iter()
                .map(|(date, capacity)| Show {
                    capacity: *capacity,
                    ..show(date)
                })
                .collect();
            let concert_id = shop.add_concert(queue, queue, &on_sale).await;
            shows.extend(dates.iter().map(|(date, capacity)| Place {
                queue,
                concert_id: concert_id.clone(),
                show: (*date).to_owned(),
                prices: vec![usual_price(); *capacity as usize],
                limit: None,
            }));
        }
        shows.extend(hall(&shop, &admin).await);
        Self {
            shop,
            shows,
            admin,
            ledger: Ledger::default(),
            left: AtomicU64::new(0),
            is_called_off: AtomicBool::new(false),
            answers: Mutex::default(),
            violations: Mutex::default(),
            told: Mutex::default(),
            secrets: Mutex::default(),
        }
    }

    fn now(&self) -> Timestamp {
        self.shop.now()
    }

    /// Notes something that must not happen.
    fn violated(&self, what: impl Display) {
        let mut violations = locked(&self.violations);
        if violations.len() < 20 {
            violations.push(format!("{}: {what}", self.now()));
        }
    }

    fn is_violated(&self) -> bool {
        !locked(&self.violations).is_empty()
    }

    /// Counts an answer.
    fn count(&self, what: &str, came_to: &str) {
        *locked(&self.answers)
            .entry(format!("{what} {came_to}"))
            .or_default() += 1;
    }

    /// Whether an operator has begun to call this show off.
    fn is_called_off(&self, show: &str) -> bool {
        show == CALLED_OFF && self.is_called_off.load(Ordering::SeqCst)
    }

    /// Whether there is more to do.
    fn is_open(&self) -> bool {
        self.left.load(Ordering::SeqCst) > 0 && !self.is_violated()
    }

    /// Whether there is more to do. Counts one more operation.
    fn goes_on(&self) -> bool {
        let one_less = |left: u64| left.checked_sub(1);
        let left = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        left.is_ok() && !self.is_violated()
    }
}

/// Creates a concert in a hall with a plan and a limit of seats a person.
async fn hall(shop: &Shop, admin: &Guest) -> impl Iterator<Item = Place> + use<> {
    let plan_id = shop.add_plan(admin, &small_hall().to_string()).await;
    let prices: BTreeMap<_, _> = GRADES
        .iter()
        .map(|(name, price, _)| (name, price))
        .collect();
    let shows =
        HALL_SHOWS.map(|show| json!({ "date": show, "plan_id": plan_id, "prices": prices }));
    let concert = json!({
        "name": "hall",
        "queue_id": "spring",
        "most_seats_a_person": HALL_LIMIT,
        "shows": shows,
    });
    let created = shop.create(admin, &concert).await.expect(201);
    let concert_id = text(&created["concert_id"]);
    let prices: Vec<_> = (GRADES.iter())
        .flat_map(|(_, price, seats)| std::iter::repeat_n(*price, *seats))
        .collect();
    HALL_SHOWS.into_iter().map(move |show| Place {
        queue: "spring",
        concert_id: concert_id.clone(),
        show: show.to_owned(),
        prices: prices.clone(),
        limit: Some(HALL_LIMIT),
    })
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("not poisoned")
}

/// Plays an evening, in a stack that is changed before it begins.
async fn evening(seed: u64, operations: u64, change: impl FnOnce(&Stack)) -> Run {
    let world = World::open().await;
    change(&world.shop.stack);
    world.left.store(operations, Ordering::SeqCst);
    let world = Arc::new(world);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut people = Vec::new();
    for _ in 0..PEOPLE {
        people.push(Arc::new(Person::new(world.shop.guest().await)));
    }
    let mut hands = JoinSet::new();
    for person in &people {
        for _ in 0..2 {
            let rng = Xoshiro256PlusPlus::seed_from_u64(rng.random());
            hands.spawn(visits::keep_busy(
                Arc::clone(&world),
                Arc::clone(person),
                rng,
            ));
        }
    }
    let limits = Arc::default();
    let mut around = JoinSet::new();
    // A move of the clock must not be cut off.
    let changes = tokio::spawn(disturbances::go_on(
        Arc::clone(&world),
        Arc::clone(&limits),
        Xoshiro256PlusPlus::seed_from_u64(rng.random()),
    ));
    let calling_off = tokio::spawn(calling_off::call_off(
        Arc::clone(&world),
        people.clone(),
        operations,
    ));
    around.spawn(admissions::check(
        Arc::clone(&world),
        people.clone(),
        limits,
    ));
    around.spawn(events::collect(Arc::clone(&world)));
    around.spawn(print_progress(Arc::clone(&world), operations));
    while let Some(done) = hands.join_next().await {
        done.expect("nobody panics");
    }
    changes.await.expect("nobody panics");
    calling_off.await.expect("nobody panics");
    around.shutdown().await;
    let evidence = final_check::settle(&world, &people).await;
    let faults = world.shop.stack.faults();
    for function in faults.unexplained() {
        world.violated(format!("{function} failed and had met no fault"));
    }
    Run {
        operations: operations - world.left.load(Ordering::SeqCst),
        answers: locked(&world.answers).clone(),
        faults: faults.counted(),
        violations: locked(&world.violations).clone(),
        evidence,
    }
}

/// Prints the progress of a long run.
async fn print_progress(world: Arc<World>, operations: u64) {
    const EVERY: Duration = Duration::from_secs(10);
    let (begun, opened) = (Instant::now(), world.now());
    let mut told = begun;
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        if told.elapsed() < EVERY {
            continue;
        }
        told = Instant::now();
        let done = operations - world.left.load(Ordering::SeqCst);
        let seconds = begun.elapsed().as_secs().max(1);
        let passed = SignedDuration::from_secs(world.now().duration_since(opened).as_secs());
        let faults: u64 = world.shop.stack.faults().counted().values().sum();
        let line = format!(
            "{done} of {operations} operations, {} a second; {passed:#} of the evening, {faults} faults",
            done / seconds
        );
        // Written directly, because the test runner keeps what a test prints.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

fn from_environment(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty())?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} is a number")),
    )
}

#[tokio::test(start_paused = true)]
async fn everybody_finds_what_they_were_told_whatever_goes_wrong() {
    let seed = from_environment("ONSALE_SEED").unwrap_or_else(rand::random);
    let operations = from_environment("ONSALE_OPERATIONS").unwrap_or(3_000);
    let _ = writeln!(std::io::stderr(), "ONSALE_SEED={seed}");
    let run = evening(seed, operations, |_| {}).await;
    let _ = writeln!(
        std::io::stderr(),
        "{} operations came to {:?}, with the faults {:?}, and the events {:?}",
        run.operations,
        run.answers,
        run.faults,
        run.evidence
    );
    assert!(run.violations.is_empty(), "{run:#?}");
    assert_eq!(run.operations, operations);
    // An evening on which nothing happened would prove nothing. The rarest of these happens about
    // fifteen times in the shortest evening that is checked for it.
    let often = [
        "join",
        "hold",
        "hold of the best",
        "pay",
        "charge",
        "refund",
        "leave",
        "correct",
        "operator's refund",
        "call off",
    ];
    let seldom = ["cancel", "operator's cancel"];
    let is_long = operations >= 50_000;
    let expected = often.iter().chain(seldom.iter().filter(|_| is_long));
    for what in expected {
        assert!(run.answers.contains_key(&format!("{what} OK")), "{run:#?}");
    }
    if is_long {
        let refused = "hold PERSON_LIMIT";
        assert!(run.answers.contains_key(refused), "{run:#?}");
    }
    assert!(run.faults.len() > 10, "{run:#?}");
    run.evidence.require_each_event();
}

/// Without a condition things go wrong, and the test notices it. The evening ends with the first
/// violation, usually within three thousand operations.
#[tokio::test(start_paused = true)]
async fn everybody_notices_a_missing_condition() {
    for guard in [
        ("Accounts", "seq = :seen"),
        ("Seats", "attribute_not_exists(seat)"),
    ] {
        let (table, words) = guard;
        let run = evening(1, 100_000, |stack| stack.strip_condition(table, words)).await;
        assert!(!run.violations.is_empty(), "without {guard:?}: {run:#?}");
    }
}

/// The bus refuses events from the beginning on. They are sent again, unless nobody notices it.
#[tokio::test(start_paused = true)]
async fn everybody_notices_that_refused_events_are_not_sent_again() {
    let lost = async |change: fn(&Faults)| {
        let run = evening(1, 200, |stack| {
            let faults = stack.faults();
            faults.meet("publish", "PutEvents", Fault::Refused, 5);
            change(faults);
        });
        let violations = run.await.violations;
        violations.iter().any(|told| told.contains("is not told"))
    };
    assert!(!lost(|_| {}).await, "they are sent again");
    assert!(
        lost(Faults::acknowledge_records).await,
        "the source does not notice it"
    );
    assert!(
        lost(Faults::hide_refusals).await,
        "the function does not notice it"
    );
}

/// The price of a seat of a show without a plan.
fn usual_price() -> u64 {
    u64::from(PRICE)
}
