//! Estimates come true, approximately.

use std::ops::Range;

use shared::domain::queue::QueueState;
use simulator::{Crowd, Evening, Outcome, Stay};

use crate::{on_sale, ordinary, play};

/// Right after a burst, and after it has settled.
const BURST: Range<i64> = 0..600;
const SETTLED: Range<i64> = 600..i64::MAX;

/// People with this median stay.
fn taking(median: f64) -> Crowd {
    Crowd {
        stay: Stay::LogNormal {
            median,
            spread: 0.5,
        },
        ..Crowd::usual()
    }
}

/// Half of the estimates asked for in these seconds are right to within this part.
fn right_to(outcome: &Outcome, asked: Range<i64>, part: f64) {
    let errors = outcome.errors(asked.clone());
    println!("asked at {asked:?}: {errors:?}");
    assert!(errors.estimates >= 20, "asked at {asked:?}: {errors:?}");
    assert!(errors.median <= part, "asked at {asked:?}: {errors:?}");
}

#[test]
fn estimates_are_right_at_an_on_sale() {
    let outcome = play(&on_sale());
    right_to(&outcome, BURST, 0.15);
    right_to(&outcome, SETTLED, 0.05);
}

#[test]
fn estimates_are_right_whatever_people_do() {
    for crowd in [
        Crowd::keen(),
        Crowd::usual(),
        Crowd {
            no_shows: 30.0,
            walk_away: 30.0,
            ..Crowd::usual()
        },
    ] {
        let mut evening = ordinary(300, 50_000).wave(6_000, 0, 60);
        evening.crowd = crowd;
        let outcome = play(&evening);
        right_to(&outcome, BURST, 0.3);
        right_to(&outcome, SETTLED, 0.15);
    }
}

/// At the opening nobody can know how fast people are.
#[test]
fn estimates_are_right_soon_however_fast_people_are() {
    for median in [60.0, 90.0, 180.0, 240.0] {
        let mut evening = ordinary(300, 50_000).wave(6_000, 0, 60);
        evening.crowd = taking(median);
        let outcome = play(&evening);
        right_to(&outcome, BURST, 0.3);
        right_to(&outcome, SETTLED, 0.15);
    }
}

#[test]
fn estimates_are_right_when_everybody_needs_nearly_the_whole_window() {
    let mut evening = Evening::new(300, 50_000).wave(4_000, 0, 60);
    evening.crowd.stay = Stay::Even(270..=290);
    let outcome = play(&evening);
    right_to(&outcome, BURST, 0.3);
    right_to(&outcome, SETTLED, 0.15);
    let longest = outcome.estimates().map(|estimate| estimate.estimated).max();
    assert!(
        longest.is_some_and(|estimated| estimated < 6_000),
        "{longest:?}"
    );
}

#[test]
fn estimates_are_right_in_small_queues() {
    for (max_active, people) in [(1, 60), (3, 150), (20, 800)] {
        let mut evening = Evening::new(max_active, 50_000).wave(people, 0, 60);
        evening.seconds = 20_000;
        let outcome = play(&evening);
        right_to(&outcome, BURST, 0.3);
        right_to(&outcome, SETTLED, 0.15);
    }
}

#[test]
fn estimates_are_right_for_the_first_to_wait_behind_a_burst() {
    // The places fill within six seconds. The next person waits for the first of those inside.
    let evening = Evening::new(300, 50_000).wave(2_000, 0, 1);
    let outcome = play(&evening);
    let of_the_first = |from| {
        let errors = outcome.errors_of(|estimate| {
            (from..from + 15).contains(&estimate.asked_at) && estimate.actual < 150
        });
        println!("{errors:?}");
        errors
    };
    for from in [10, 25, 40] {
        let errors = of_the_first(from);
        assert!(errors.estimates >= 10, "at {from} s: {errors:?}");
        assert!(errors.median <= 0.3, "at {from} s: {errors:?}");
    }
}

#[test]
fn estimates_are_right_at_once_after_a_pause() {
    for (from, until) in [(1_200, 1_260), (1_200, 1_500), (1_200, 5_000)] {
        let mut evening = ordinary(300, 50_000)
            .wave(6_000, 0, 60)
            .change(from, |settings| settings.state = QueueState::Paused)
            .change(until, |settings| settings.state = QueueState::Open);
        evening.seconds = until + 3_600;
        let outcome = play(&evening);
        let told_nothing = outcome
            .looks
            .iter()
            // A document may be a second old.
            .filter(|look| (from + 2..until).contains(&(look.at / 1_000)))
            .all(|look| look.estimated.is_none());
        assert!(told_nothing);
        right_to(&outcome, until..until + 60, 0.06);
        right_to(&outcome, until + 60..until + 600, 0.06);
        right_to(&outcome, until + 600..i64::MAX, 0.15);
    }
}

#[test]
fn estimates_ignore_a_pause_before_the_opening() {
    let evening = ordinary(300, 50_000)
        .wave(6_000, 300, 600)
        .change(200, |settings| settings.state = QueueState::Paused)
        .change(900, |settings| settings.state = QueueState::Open);
    let outcome = play(&evening);
    right_to(&outcome, 900..1_500, 0.15);
}

#[test]
fn estimates_follow_the_capacity_at_once() {
    for max_active in [600, 450, 250, 150, 75] {
        let mut evening = ordinary(300, 50_000)
            .wave(8_000, 0, 60)
            .change(1_200, |settings| settings.max_active = max_active);
        evening.seconds = 15_000;
        let outcome = play(&evening);
        right_to(&outcome, 1_200..1_230, 0.15);
        right_to(&outcome, 1_230..1_500, 0.15);
        right_to(&outcome, 1_500..i64::MAX, 0.15);
    }
}

#[test]
fn estimates_remember_how_fast_people_are_when_capacity_grows() {
    for median in [60.0, 240.0] {
        let mut evening = ordinary(100, 50_000)
            .wave(10_000, 0, 60)
            .change(1_200, |settings| settings.max_active = 1_000);
        evening.crowd = taking(median);
        evening.seconds = 15_000;
        let outcome = play(&evening);
        right_to(&outcome, 1_200..1_230, 0.15);
        right_to(&outcome, 1_230..i64::MAX, 0.15);
    }
}

#[test]
fn estimates_follow_the_rate_at_once() {
    let mut evening = ordinary(300, 50_000)
        .wave(4_000, 0, 60)
        .change(1_200, |settings| settings.rate_milli = 500);
    evening.seconds = 15_000;
    let outcome = play(&evening);
    right_to(&outcome, 1_200..1_230, 0.15);
    right_to(&outcome, 1_230..i64::MAX, 0.15);
}

#[test]
fn estimates_are_right_again_after_an_outage() {
    let mut evening = ordinary(300, 50_000).wave(6_000, 0, 60);
    evening.troubles.outage = Some((1_200, 1_900));
    // Nobody reads their place either, because that would tick the line.
    evening.look_seconds = 1_000;
    let outcome = play(&evening);
    right_to(&outcome, 1_950..2_600, 0.15);
}
