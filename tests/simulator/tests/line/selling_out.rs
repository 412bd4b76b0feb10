//! How fast everything is sold.

use simulator::Crowd;

use crate::{MANY, on_sale, play};

/// A million come for 50,000 seats; a debug build has a twentieth of its people buy, too. Towards
/// the end the line lets in as many as there are free seats, and no more before it knows who has
/// not come or has gone away: in a usual crowd that takes a few windows.
#[test]
fn selling_out_takes_little_longer_than_in_a_house_that_is_always_full() {
    for (crowd, most) in [(Crowd::keen(), 1.1), (Crowd::usual(), 1.2)] {
        let mut evening = on_sale();
        let seats = u64::from(MANY) / 20;
        evening.settings.max_active = MANY / 1_000;
        evening.crowd = crowd;
        evening.seats = Some(seats);
        let outcome = play(&evening);
        assert_eq!(outcome.sold, seats);
        let times = outcome.times_the_ideal().expect("sold out");
        println!("{times:.3} times the ideal");
        assert!((1.0..=most).contains(&times), "{times:.3} times the ideal");
    }
}

#[test]
fn seats_that_nobody_buys_are_left() {
    let mut evening = on_sale();
    evening.waves[0].people = 1_000;
    evening.seats = Some(1_000);
    let outcome = play(&evening);
    assert_eq!(outcome.sold_out_at, None);
    assert_eq!(outcome.ideally_sold_out_at, None);
    assert!((800..950).contains(&outcome.sold), "{}", outcome.sold);
}
