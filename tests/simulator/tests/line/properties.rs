//! Properties of the line, on random evenings.

use proptest::prelude::*;
use shared::domain::queue::{QueueState, Settings};
use simulator::{Arrivals, Crowd, Evening, Stay, Troubles, Wave, settings};

use crate::play;

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
            claim_seconds,
            active_seconds: claim_seconds + longer,
            tick_seconds,
            state,
            ..settings(max_active, rate_milli)
        },
    )
}

fn any_crowd() -> impl Strategy<Value = Crowd> {
    let percent = |max: u32| (0..max).prop_map(f64::from);
    let stay = (5_i64..400).prop_map(|longest| Stay::Even(1..=longest));
    (percent(50), percent(50), percent(30), percent(30), stay).prop_map(
        |(no_shows, walk_away, tire, decline, stay)| Crowd {
            no_shows,
            walk_away,
            tire,
            patience_seconds: 600,
            decline,
            stay,
        },
    )
}

fn any_troubles() -> impl Strategy<Value = Troubles> {
    (
        prop_oneof![Just(0), Just(50), Just(1_000)],
        prop_oneof![Just(0.0), Just(30.0)],
        prop_oneof![Just(0.0), Just(30.0)],
        prop_oneof![Just(0_i64), Just(2_000)],
        prop_oneof![Just(0_i64), Just(1_000)],
        prop_oneof![Just(0_i64), Just(1_000)],
        prop_oneof![Just(0.0), Just(10.0)],
        prop::option::weighted(0.2, (0_i64..1_000, 0_i64..1_000)),
    )
        .prop_map(
            |(late, lost, doubled, clocks, documents, writes, crashes, outage)| Troubles {
                late,
                lost,
                doubled,
                clocks,
                documents,
                writes,
                crashes,
                outage: outage.map(|(from, length)| (from, from + length)),
                ends_counted_twice: 0.0,
            },
        )
}

fn any_waves() -> impl Strategy<Value = Vec<Wave>> {
    let wave = |people, from_second, seconds| Wave {
        people,
        from_second,
        arrivals: Arrivals::Even { seconds },
    };
    let steady = (1_u32..600).prop_map(move |people| wave(people, 0, 2_000));
    // After the line has slept for long.
    let burst = (1_u32..600, 900_i64..1_500, 1_i64..600)
        .prop_map(move |(people, from, seconds)| wave(people, from, seconds));
    prop_oneof![
        steady.clone().prop_map(|wave| vec![wave]),
        burst.clone().prop_map(|wave| vec![wave]),
        (steady, burst).prop_map(|(steady, burst)| vec![steady, burst]),
    ]
}

fn any_evening() -> impl Strategy<Value = Evening> {
    let changes = prop::collection::vec((1_i64..2_400, any_settings()), 0..4);
    (
        any::<u64>(),
        any_settings(),
        changes,
        any_waves(),
        any_crowd(),
        any_troubles(),
    )
        .prop_map(|(seed, settings, mut changes, waves, crowd, troubles)| {
            changes.sort_by_key(|(second, _)| *second);
            Evening {
                seed,
                seconds: 2_400,
                changes,
                waves,
                crowd,
                troubles,
                ..Evening::of(settings)
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Never above `max_active`, never back, nobody twice, no contradictions between readers.
    #[test]
    fn evening_keeps_the_promises_of_the_line(evening in any_evening()) {
        play(&evening);
    }

    #[test]
    fn line_never_stalls_for_long(mut evening in any_evening()) {
        evening.changes.clear();
        evening.settings.state = QueueState::Open;
        // The line waits in vain for those who leave while waiting. In a queue with one place that
        // may happen several times in a row.
        evening.crowd.tire = 0.0;
        evening.crowd.decline = 0.0;
        evening.troubles.crashes = 0.0;
        // A cohort, the slack, a few lost ticks and the time that a person takes.
        let person = 1_000 / i64::try_from(evening.settings.rate_milli).expect("a small number");
        // Without a scheduler a cohort lasts as long as nobody comes. Those who have left count for
        // a window after its end.
        let window = i64::from(evening.settings.active_seconds);
        let unwatched = evening.troubles.outage.map_or(0, |_| window);
        let longest = 120 + 2 * person + unwatched;
        let outcome = play(&evening);
        prop_assert!(outcome.longest_stall <= longest * 1_000, "{} ms", outcome.longest_stall);
    }
}
