//! The line goes on, whatever stops.

use shared::domain::queue::QueueState;

use crate::{ordinary, play};

#[test]
fn a_queue_that_opens_again_goes_on_at_once() {
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
fn a_dead_scheduler_stops_nobody() {
    let mut evening = ordinary(50, 10_000).wave(600, 300, 600);
    evening.troubles.outage = Some((100, 3_000));
    let outcome = play(&evening);
    assert!(outcome.admitted > 500, "{}", outcome.admitted);
}

#[test]
fn a_sleeping_line_wakes_for_who_comes() {
    let mut evening = ordinary(50, 10_000).wave(5, 0, 10).wave(5, 3_000, 10);
    evening.crowd.no_shows = 0.0;
    let outcome = play(&evening);
    assert!(outcome.ticks.asleep > 400, "{:?}", outcome.ticks);
    assert_eq!(outcome.admitted, 10);
    let waited = outcome.looks.iter().filter(|look| look.place > 0).count();
    assert_eq!(waited, 0, "there was room for everybody");
}
