//! Properties of the line, over random ticks.

use super::*;

fn any_settings() -> impl Strategy<Value = Settings> {
    let state = prop_oneof![
        6 => Just(QueueState::Open),
        1 => Just(QueueState::Paused),
        1 => Just(QueueState::Closed),
    ];
    let rate = prop_oneof![Just(1_u64), Just(200), Just(5_000), Just(50_000)];
    let max_active = prop_oneof![Just(1_u32), Just(2), 1_u32..30, Just(400)];
    (max_active, rate, 10_u32..200, 1_u32..300, 1_u32..=10, state).prop_map(
        |(max_active, rate_milli, claim_seconds, longer, tick_seconds, state)| Settings {
            max_active,
            rate_milli,
            claim_seconds,
            active_seconds: claim_seconds + longer,
            tick_seconds,
            state,
            who: WhoJoins::Everybody,
            notice: None,
            default_concert_id: None,
            opens_at: None,
            version: 0,
        },
    )
}

/// A tick: the time since the last one (milliseconds), how far the clock is off, how many have
/// joined since, new settings if an operator has made any, and the counts.
type AnyTick = (i64, i64, u64, Option<Settings>, Counts);

fn any_ticks() -> impl Strategy<Value = Vec<AnyTick>> {
    let wait = prop_oneof![8 => 0_i64..11_000, 1 => 0_i64..10_000_000];
    let counts = (0_u64..50, 0_u64..50, 0_u64..50).prop_map(|(arrived, done, gone)| Counts {
        arrived,
        done,
        gone,
    });
    let settings = prop::option::weighted(0.1, any_settings());
    let tick = (wait, -2_000_i64..2_000, 0_u64..200, settings, counts);
    prop::collection::vec(tick, 1..60)
}

/// The queue after each tick, with the time of the tick.
fn history(first: Settings, ticks: Vec<AnyTick>) -> Vec<(i64, Queue)> {
    let mut desk = Desk::new(1, 1);
    desk.queue.settings = first;
    let mut now = START;
    let tick = |(wait, off, came, settings, counts)| {
        now += wait;
        desk.issued += came;
        if let Some(settings) = settings {
            desk.queue.settings = settings;
        }
        let line = desk
            .queue
            .tick(time(now + off), desk.issued, |_| counts, None);
        desk.queue.line = line.unwrap_or_else(|| desk.queue.line.clone());
        (now, desk.queue.clone())
    };
    ticks.into_iter().map(tick).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn served_never_goes_back(first in any_settings(), ticks in any_ticks()) {
        let history = history(first, ticks);
        for pair in history.windows(2) {
            let [(earlier, older), (later, newer)] = pair else { unreachable!() };
            prop_assert!(older.served(time(*earlier)) <= newer.served(time(*later)));
            prop_assert!(older.line.passed <= newer.line.passed);
            // What the older document says about its own time stays true.
            let last = older.line.schedule.last().expect("a tick").at;
            for t in (*later..last).step_by(500) {
                prop_assert_eq!(older.served(time(t)), newer.served(time(t)));
            }
        }
    }

    #[test]
    fn credit_never_piles_up(
        settings in any_settings(),
        waits in prop::collection::vec(0_i64..100_000, 1..60),
    ) {
        let step = settings.rate_milli * u64::from(settings.tick_seconds);
        let max = u64::from(settings.max_active).min(step.max(PERSON) / PERSON);
        let mut desk = Desk::new(1, 1);
        desk.queue.settings = settings;
        let mut now = START;
        for wait in waits {
            now += wait;
            desk.tick_at(now);
            prop_assert!(desk.credit() <= max, "{} of {max}", desk.credit());
        }
    }

    #[test]
    fn session_only_moves_forward(
        first in any_settings(),
        ticks in any_ticks(),
        number in 1_u64..300,
        joined_after in 0_usize..60,
    ) {
        let history = history(first, ticks);
        prop_assume!(history.len() > 1);
        let joined = joined_after.min(history.len() - 2);
        let (joined_at, queue) = &history[joined];
        let joined_at = time(*joined_at);
        // A join draws a number that no tick has known, and so does the next one.
        let came = history[joined + 1].1.line.issued - queue.line.issued;
        prop_assume!(came > 0 && queue.settings.state != QueueState::Closed);
        let number = queue.line.issued + 1 + number % came;
        let session = Session::join(UserId::new(), queue, None, number, joined_at);
        let born = session.standing(queue, joined_at);
        prop_assert!(!matches!(born, Standing::Over(_)), "{born:?}");
        let mut before = (0, u64::MAX);
        for (now, queue) in &history[joined..] {
            let (stage, place) = match session.standing(queue, time(*now)) {
                Standing::Waiting { place } => (0, place),
                Standing::Admitted(_) => (1, 0),
                _ => (2, 0),
            };
            prop_assert!(before.0 <= stage && before.1 >= place);
            before = (stage, place);
        }
    }
}
