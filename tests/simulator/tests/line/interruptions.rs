//! The line goes on after any interruption.

use shared::domain::queue::QueueState;

use crate::{ordinary, play};

#[test]
fn queue_that_opens_again_goes_on_at_once() {
    let evening = ordinary(100, 10_000)
        .wave(100, 610, 60)
        .change(600, |settings| settings.state = QueueState::Paused)
        .change(700, |settings| settings.state = QueueState::Open);
    let outcome = play(&evening);
    let admissions: Vec<_> = outcome.admissions.iter().flatten().collect();
    assert!(admissions.iter().all(|at| **at >= 700_000));
    let at_once = admissions.iter().filter(|at| ***at < 712_000).count();
    assert!(at_once >= 90, "{at_once}");
}

#[test]
fn dead_scheduler_stops_nobody() {
    let mut evening = ordinary(50, 10_000).wave(600, 300, 600);
    evening.troubles.outage = Some((100, 3_000));
    let outcome = play(&evening);
    assert!(outcome.admitted > 500, "{}", outcome.admitted);
}

#[test]
fn sleeping_line_wakes_for_a_newcomer() {
    let mut evening = ordinary(50, 10_000).wave(5, 0, 10).wave(5, 3_000, 10);
    evening.crowd.no_shows = 0.0;
    let outcome = play(&evening);
    assert!(outcome.ticks.asleep > 400, "{:?}", outcome.ticks);
    assert_eq!(outcome.admitted, 10);
    let waited = outcome.looks.iter().filter(|look| look.place > 0).count();
    assert_eq!(waited, 0, "there was room for everybody");
}

/// Paused at ten in the evening, opened at eleven in the morning. Those in line by then come in
/// first, in the order of their numbers, before those who joined during the night.
#[test]
fn pause_of_a_night_costs_nobody_their_place() {
    let mut evening = ordinary(100, 10_000)
        .wave(3_000, 0, 1_800)
        .wave(1_000, 3_600, 36_000)
        .change(1_800, |settings| settings.state = QueueState::Paused)
        .change(1_800 + 13 * 3_600, |settings| {
            settings.state = QueueState::Open;
        });
    evening.seconds = 24 * 3_600;
    evening.crowd.no_shows = 0.0;
    evening.crowd.tire = 0.0;
    let outcome = play(&evening);
    assert_eq!(outcome.admitted, 4_000);
    let opened = (1_800 + 13 * 3_600) * 1_000;
    let admissions: Vec<_> = outcome.admissions.iter().flatten().collect();
    let paused = admissions
        .iter()
        .filter(|at| (1_812_000..opened).contains(**at));
    assert_eq!(paused.count(), 0);
}

/// The opening is moved by a day while people wait for it.
#[test]
fn opening_that_is_postponed_costs_nobody_their_place() {
    let mut evening = ordinary(100, 10_000)
        .wave(2_000, 0, 3_600)
        .wave(500, 20 * 3_600, 3_600)
        .change(25 * 3_600, |settings| settings.state = QueueState::Open);
    evening.settings.state = QueueState::Paused;
    evening.seconds = 36 * 3_600;
    evening.crowd.no_shows = 0.0;
    evening.crowd.tire = 0.0;
    let outcome = play(&evening);
    assert_eq!(outcome.admitted, 2_500);
}

/// Closed and opened again. The sessions of those who waited are over, they take nobody's place,
/// and nobody waits behind them.
#[test]
fn queue_that_is_closed_and_opened_again_serves_those_who_come_then() {
    let mut evening = ordinary(50, 10_000)
        .wave(1_000, 0, 600)
        .wave(100, 1_000, 600)
        .change(700, |settings| settings.state = QueueState::Closed)
        .change(900, |settings| settings.state = QueueState::Open);
    evening.crowd.no_shows = 0.0;
    evening.crowd.tire = 0.0;
    let outcome = play(&evening);
    assert!(outcome.admitted < 400, "{}", outcome.admitted);
    let late = outcome
        .admissions
        .iter()
        .flatten()
        .filter(|at| **at >= 1_000_000);
    assert_eq!(late.count(), 100);
}
