//! How fast all seats are sold.

use simulator::Crowd;

use crate::{MANY, on_sale, play};

/// A million people come for 50,000 seats; in a debug build, too, one in twenty buys. Towards the
/// end the line knows how many of those it lets in do not buy. It allows for them, and hardly
/// anybody is inside without a seat when the last one is sold.
#[test]
fn selling_out_takes_little_longer_than_in_a_house_that_is_always_full() {
    for crowd in [Crowd::keen(), Crowd::usual()] {
        let mut evening = on_sale();
        let seats = u64::from(MANY) / 20;
        evening.settings.max_active = MANY / 1_000;
        evening.crowd = crowd;
        evening.seats = Some(seats);
        let outcome = play(&evening);
        assert_eq!(outcome.sold, seats);
        let times = outcome.times_the_ideal().expect("sold out");
        println!("{times:.3} times the ideal");
        assert!((1.0..=1.1).contains(&times), "{times:.3} times the ideal");
        let nothing = outcome.found_nothing;
        assert!(nothing * 100 < seats, "{nothing} were let in and got none");
    }
}

#[test]
fn seats_are_left_when_too_few_people_buy() {
    let mut evening = on_sale();
    evening.waves[0].people = 1_000;
    evening.seats = Some(1_000);
    let outcome = play(&evening);
    assert_eq!(outcome.sold_out_at, None);
    assert_eq!(outcome.ideally_sold_out_at, None);
    assert!((800..950).contains(&outcome.sold), "{}", outcome.sold);
}
