//! Which blocks are read, and how wide the draw is.

use super::{Hall, Left, Scope, Step, Wish, after, pair, rows, second, show, together};
use crate::domain::{
    best::View,
    ids::{PaymentId, ReservationId},
    money::Money,
    order::Hold,
    seat::{SeatNumber, SeatSet},
};

/// A hall of ten blocks: 250 rows of 20 seats.
fn large() -> Hall {
    Hall::of(rows(&["1-20"; 250]))
}

fn seats(numbers: &[u32]) -> SeatSet {
    let numbers = numbers
        .iter()
        .filter_map(|seat| SeatNumber::new((*seat).into()));
    SeatSet::new(numbers.collect()).expect("seats")
}

#[test]
fn only_blocks_with_the_best_seats_are_read() {
    let mut hall = large();
    let scope = hall.scope(pair());
    let since = hall.view.begin(second(0));
    assert_eq!(
        hall.step(&scope, since, second(0)),
        Step::Read(vec![0, 1, 2, 3])
    );
    hall.read(&[0, 1, 2, 3], second(0));
    assert!(matches!(hall.step(&scope, since, second(0)), Step::Try(_)));
}

#[test]
fn blocks_are_read_until_there_are_enough_candidates() {
    let mut hall = large().with_taken(1..=2_980);
    let scope = hall.scope(pair());
    let since = hall.view.begin(second(0));
    let mut read = Vec::new();
    let tried = loop {
        match hall.step(&scope, since, second(0)) {
            Step::Read(blocks) => {
                hall.read(&blocks, second(0));
                read.push(blocks);
            }
            step => break step,
        }
    };
    // Row 150 is in block 5. Blocks 4 to 7 are read together.
    assert_eq!(read, [vec![0, 1, 2, 3], vec![4, 5, 6, 7]]);
    assert!(matches!(tried, Step::Try(_)));
}

#[test]
fn what_was_read_is_good_for_two_seconds_and_says_for_thirty_what_need_not_be_read() {
    let mut hall = large().with_taken(1..=1_000);
    hall.read_all(second(0));
    let scope = hall.scope(pair());
    let ask = |hall: &mut Hall, at| {
        let since = hall.view.begin(second(at));
        hall.step(&scope, since, second(at))
    };
    assert!(matches!(ask(&mut hall, 1), Step::Try(_)));
    // The first two blocks had no free seat.
    assert_eq!(ask(&mut hall, 2), Step::Read(vec![2]));
    assert_eq!(ask(&mut hall, 29), Step::Read(vec![2]));
    assert_eq!(ask(&mut hall, 30), Step::Read(vec![0, 1, 2, 3]));
    assert_eq!(
        ask(&mut hall, -1),
        Step::Read(vec![0, 1, 2, 3]),
        "the clock went back"
    );
}

#[test]
fn that_there_are_no_seats_is_said_only_of_what_was_read_for_the_request_or_just_before() {
    let mut hall = Hall::of(rows(&["1-20"; 50])).with_taken(1..=1_000);
    hall.read_all(second(0));
    let scope = hall.scope(pair());
    let nothing = Step::Nothing(Left {
        free: 0,
        longest: 0,
    });
    let since = hall.view.begin(second(1));
    assert_eq!(hall.step(&scope, since, second(1)), nothing);
    let since = hall.view.begin(second(2));
    assert_eq!(hall.step(&scope, since, second(2)), Step::Read(vec![0, 1]));
    hall.read(&[0, 1], second(2));
    assert_eq!(hall.step(&scope, since, second(2)), nothing);
}

#[test]
fn seat_that_others_were_writing_is_read_again_before_there_are_none() {
    let mut hall = Hall::of(rows(&["1-2"]));
    let scope = hall.scope(pair());
    let since = hall.view.begin(second(0));
    hall.read_all(second(0));
    assert!(matches!(hall.step(&scope, since, second(0)), Step::Try(_)));
    hall.view
        .mark_contended(SeatNumber::new(1).expect("a seat"));
    assert_eq!(hall.step(&scope, since, second(0)), Step::Read(vec![0]));
    hall.read_all(second(0));
    // The other transaction has failed.
    assert!(matches!(hall.step(&scope, since, second(0)), Step::Try(_)));
    hall.view.mark_taken(SeatNumber::new(1).expect("a seat"));
    let nothing = Step::Nothing(Left {
        free: 1,
        longest: 1,
    });
    assert_eq!(hall.step(&scope, since, second(0)), nothing);
}

#[test]
fn block_is_read_again_after_three_looks_in_vain() {
    let mut hall = Hall::of(rows(&["1-20"; 50]));
    let scope = hall.scope(pair());
    hall.read_all(second(0));
    let since = hall.view.begin(second(0));
    for seat in 1..=3 {
        assert!(matches!(hall.step(&scope, since, second(0)), Step::Try(_)));
        hall.view
            .mark_missed(&[SeatNumber::new(seat).expect("a seat")]);
    }
    assert_eq!(hall.step(&scope, since, second(0)), Step::Read(vec![0]));
    hall.read(&[0], second(0));
    assert!(matches!(hall.step(&scope, since, second(0)), Step::Try(_)));
}

#[test]
fn earlier_reading_that_ends_later_changes_nothing() {
    let mut hall = Hall::of(rows(&["1-2"]));
    let scope = hall.scope(pair());
    let early = hall.view.begin(second(0));
    let since = hall.view.begin(second(0));
    hall.take(1);
    hall.read_all(second(0));
    hall.view.put(0, &[], early);
    let nothing = Step::Nothing(Left {
        free: 1,
        longest: 1,
    });
    assert_eq!(hall.step(&scope, since, second(0)), nothing);
}

#[test]
fn draw_is_twice_as_wide_after_each_failure_and_half_as_wide_after_five_seconds() {
    let mut view = View::default();
    let mut widths = vec![view.width(second(0))];
    for _ in 0..7 {
        view.note_failure(second(0));
        widths.push(view.width(second(0)));
    }
    assert_eq!(widths, [8, 16, 32, 64, 128, 256, 256, 256]);
    let later = [4, 5, 9, 10, 25, 1_000].map(|at| view.width(second(at)));
    assert_eq!(later, [256, 128, 128, 64, 8, 8]);
    view.note_failure(second(25));
    assert_eq!(view.width(second(25)), 16);
}

#[test]
fn hold_meets_a_wish_for_as_many_seats_of_its_scope() {
    let plan = super::plan(serde_json::json!([
        { "name": "A", "grade": "VIP", "rows": [
            { "label": "1", "seats": "1-4", "accessible": "4" },
        ] },
        { "name": "B", "grade": "R", "rows": [{ "label": "1", "seats": "1-2 _1 3-4" }] },
    ]));
    let show = show(8);
    let hold = |numbers: &[u32]| Hold {
        reservation_id: ReservationId::new(),
        payment_id: PaymentId::new(),
        concert_id: show.concert_id,
        show_key: show.key,
        concert_name: None,
        seats: seats(numbers),
        amount: Money::won(1),
        plan_id: None,
        limit: None,
        prices: None,
        held_until: second(0).checked_add(after(300)).expect("a time"),
    };
    let meets = |wish: Wish, numbers: &[u32]| {
        let scope = Scope::of(&show, Some(&plan), wish).expect("such seats");
        scope.is_met_by(&hold(numbers), &show)
    };
    assert!(meets(pair(), &[2, 3]) && meets(pair(), &[7, 8]));
    assert!(!meets(pair(), &[2]) && !meets(together(1), &[2, 3]));
    assert!(!meets(pair(), &[6, 7]), "a gap is between them");
    assert!(!meets(pair(), &[1, 3]) && !meets(pair(), &[3, 4]));
    let apart = Wish {
        apart: true,
        ..pair()
    };
    assert!(meets(apart.clone(), &[6, 7]) && meets(apart, &[1, 8]));
    let place = Wish {
        accessible: 1,
        ..pair()
    };
    assert!(meets(place.clone(), &[3, 4]) && !meets(place, &[2, 3]));
    let section = Wish {
        section: Some("B".to_owned()),
        ..pair()
    };
    assert!(meets(section.clone(), &[5, 6]) && !meets(section.clone(), &[2, 3]));
    let other = super::show(8);
    let scope = Scope::of(&other, Some(&plan), section).expect("such seats");
    assert!(!scope.is_met_by(&hold(&[5, 6]), &other), "another concert");
}

#[test]
fn show_has_no_seats_of_grades_and_sections_that_its_plan_lacks() {
    let plan = rows(&["1-4"]);
    let wish = |section: Option<&str>, grade: Option<&str>, accessible| Wish {
        section: section.map(str::to_owned),
        grade: grade.and_then(crate::domain::plan::Grade::parse),
        accessible,
        ..pair()
    };
    let show = show(4);
    let has = |plan, wish| Scope::of(&show, plan, wish).is_some();
    assert!(has(Some(&plan), wish(Some("A"), Some("R"), 1)));
    assert!(!has(Some(&plan), wish(Some("B"), None, 0)));
    assert!(!has(Some(&plan), wish(None, Some("VIP"), 0)));
    assert!(has(None, wish(None, None, 0)));
    for wish in [
        wish(Some("A"), None, 0),
        wish(None, Some("R"), 0),
        wish(None, None, 1),
    ] {
        assert!(!has(None, wish));
    }
}
