//! First come, first served.

use crate::{MANY, all_troubles, on_sale, play};

#[test]
fn admissions_are_in_the_order_of_arrival() {
    let outcome = play(&on_sale());
    assert_eq!(outcome.out_of_order, 0);
    assert!(outcome.admitted > u64::from(MANY) * 9 / 10);
}

#[test]
fn admissions_stay_in_order_when_clocks_differ_and_ticks_are_lost() {
    let mut evening = on_sale();
    evening.troubles = all_troubles();
    let outcome = play(&evening);
    assert_eq!(outcome.out_of_order, 0);
    assert!(outcome.admitted > u64::from(MANY) * 9 / 10);
}

#[test]
fn same_seed_plays_the_same_evening() {
    let play = |seed| {
        let mut evening = on_sale();
        evening.seed = seed;
        evening.waves[0].people = 1_000;
        play(&evening).admissions
    };
    assert_eq!(play(7), play(7));
    assert_ne!(play(7), play(8));
}
