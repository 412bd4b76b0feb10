//! A free place is taken at once while anybody waits.

use simulator::{Crowd, Evening};

use crate::{MANY, on_sale, ordinary, play};

/// The default capacity and rate, and people for an hour and a half.
fn full_house(no_shows: f64, walk_away: f64) -> Evening {
    let (places, people) = if cfg!(debug_assertions) {
        (300, 12_000)
    } else {
        (1_000, 40_000)
    };
    let mut evening = ordinary(places, 50_000).wave(people, 0, 60);
    evening.crowd = Crowd {
        no_shows,
        walk_away,
        ..Crowd::keen()
    };
    evening
}

#[test]
fn few_places_are_idle_when_everybody_comes_and_is_through() {
    idle_at_most(&full_house(0.0, 0.0), 0.04);
}

#[test]
fn few_places_are_idle_when_one_in_ten_does_not_come() {
    idle_at_most(&full_house(10.0, 0.0), 0.065);
}

#[test]
fn few_places_are_idle_when_a_third_does_not_come_and_a_third_leaves() {
    idle_at_most(&full_house(30.0, 30.0), 0.09);
}

fn idle_at_most(evening: &Evening, max: f64) {
    let outcome = play(evening);
    let idle = outcome.idle_share();
    println!("{:.1} % idle", idle * 100.0);
    assert!(idle <= max, "{:.1} %", idle * 100.0);
    assert_eq!(outcome.peak, u64::from(evening.settings.max_active));
}

#[test]
fn place_is_taken_within_two_ticks_after_somebody_is_through() {
    let evening = on_sale();
    let outcome = play(&evening);
    assert!(outcome.handovers.len() > MANY as usize / 2);
    let (median, longest) = outcome.handover().expect("people who were through");
    println!("{median} ms, at most {longest} ms");
    let late = evening.troubles.late;
    assert!(median <= 6_000, "{median} ms");
    assert!(longest <= 2 * 5_000 + late, "{longest} ms");
}

#[test]
fn queue_of_one_moves() {
    let mut evening = Evening::new(1, 50_000).wave(200, 0, 10);
    evening.crowd.stay = simulator::Stay::Even(30..=30);
    let outcome = play(&evening);
    assert_eq!(outcome.peak, 1);
    assert!(
        (65..=75).contains(&outcome.admitted),
        "{}",
        outcome.admitted
    );
    assert!(outcome.idle_share() < 0.16, "{}", outcome.idle_share());
}
