//! Plans of halls. Whatever the bytes are, they are a plan or a mistake at some place. The canonical
//! document of a plan says the same, and every seat is found by its labels.

#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::domain::{plan::Plan, seat::SeatNumber};

fuzz_target!(|bytes: &[u8]| {
    let plan = match Plan::read(bytes) {
        Ok(plan) => plan,
        Err(mistake) => {
            assert!(mistake.at.is_empty() || mistake.at.starts_with('/'));
            return;
        }
    };
    let document = plan.document();
    let again = Plan::read(document.as_bytes()).expect("the canonical document is a plan");
    assert_eq!(again, plan);
    assert_eq!(again.document(), document);
    assert_eq!(plan.first_difference(&again), None);

    let numbers = plan.rows().flat_map(|row| row.neighbours()).flatten();
    assert!(numbers.eq(1..=plan.seats()));
    for place in plan.places() {
        assert!(place.x.is_finite() && place.y.is_finite(), "{place:?}");
        let seat = plan.seat(place.number).expect("a seat");
        let found = plan.number_of(seat.section, seat.row, &seat.label);
        assert_eq!(found, Some(place.number), "{seat:?}");
    }
    let after = SeatNumber::new(u64::from(plan.seats()) + 1);
    assert!(after.is_none_or(|after| plan.seat(after).is_none()));
});
