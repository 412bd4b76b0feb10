//! Never more people inside than there are places.

use shared::domain::queue::QueueState;
use simulator::{Crowd, Evening};

use crate::{MANY, all_troubles, on_sale, ordinary, play};

#[test]
fn capacity_is_not_exceeded_whatever_people_do() {
    let outcome = play(&on_sale());
    assert_eq!(outcome.above_limit, 0);
    // The places were filled, or the number would prove nothing.
    assert!(outcome.peak >= u64::from(MANY / 100) * 99 / 100);
    assert!(outcome.peak <= u64::from(MANY / 100));
}

#[test]
fn capacity_is_not_exceeded_whatever_goes_wrong() {
    let mut evening = on_sale();
    evening.crowd = Crowd {
        no_shows: 30.0,
        walk_away: 30.0,
        tire: 10.0,
        decline: 5.0,
        ..Crowd::usual()
    };
    evening.troubles = all_troubles();
    let outcome = play(&evening);
    assert_eq!(outcome.above_limit, 0);
    assert!(outcome.peak <= u64::from(MANY / 100));
}

/// A crash may lose a count. Even then, no more than `max_active` may be inside.
#[test]
fn capacity_is_not_exceeded_although_counts_are_lost() {
    let mut evening = ordinary(50, 10_000).wave(1_500, 0, 600);
    evening.troubles.crashes = 20.0;
    let outcome = play(&evening);
    assert!(outcome.peak <= 50);
    assert!(outcome.finished > 100);
}

/// What the store must never do, and its result.
#[test]
fn end_that_is_counted_twice_would_let_too_many_in() {
    let mut evening = ordinary(50, 10_000).wave(1_500, 0, 600);
    evening.troubles.ends_counted_twice = 20.0;
    let outcome = evening.play();
    assert!(outcome.above_limit > 0);
    assert!(outcome.peak > 50);
    assert!(
        outcome.broken[0].contains("one too many"),
        "{:?}",
        outcome.broken[0]
    );
}

#[test]
fn queue_that_is_paused_while_nobody_waits_lets_nobody_in() {
    let evening = ordinary(100, 10_000)
        .wave(20, 0, 60)
        .wave(200, 601, 60)
        .change(600, |settings| settings.state = QueueState::Paused);
    assert_eq!(play(&evening).admitted, 20);
}

#[test]
fn capacity_that_is_lowered_while_nobody_waits_is_not_exceeded() {
    let evening = ordinary(100, 10_000)
        .wave(20, 0, 60)
        .wave(200, 601, 60)
        .change(600, |settings| settings.max_active = 3);
    let outcome = play(&evening);
    assert!(outcome.admitted > 30);
}

/// The admissions of a minute must not all come in the same second.
#[test]
fn rate_is_not_exceeded_in_any_second() {
    let evening = Evening::new(5_000, 10_000).wave(2_000, 10, 60);
    let outcome = play(&evening);
    // The first step walks in. The rate is ten a second, and a second may begin in between.
    assert!(outcome.busiest_second <= 11, "{}", outcome.busiest_second);
    assert_eq!(outcome.admitted, 2_000);
}

#[test]
fn slow_line_lets_in_what_its_rate_says() {
    let mut evening = Evening::new(100, 200).wave(2_000, 0, 10);
    evening.crowd.stay = simulator::Stay::Even(10..=20);
    let outcome = play(&evening);
    assert!(
        (718..=721).contains(&outcome.admitted),
        "{}",
        outcome.admitted
    );
}
