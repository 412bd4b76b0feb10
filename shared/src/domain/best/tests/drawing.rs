//! Which seats are candidates, and which are better.

use proptest::prelude::*;
use serde_json::json;

use super::{Hall, Left, Wish, pair, plan, rng, rows, second, together};
use crate::domain::{best::candidates::Size, plan::Plan};

/// The first seats of the best candidates, the best first.
fn ranking(hall: &mut Hall, wish: Wish) -> Vec<u32> {
    hall.read_all(second(0));
    let size = Size {
        seats: wish.count,
        places: wish.accessible,
    };
    let scope = hall.scope(wish);
    let mut all = hall.view.find(&scope, size, 1_000, second(0)).best;
    let ends = hall.view.all(&scope, size.seats, second(0));
    all.retain(|one| size.places > 0 || ends.contains(one));
    all.sort_unstable();
    all.iter().map(|one| one.first).collect()
}

#[test]
fn pair_gets_an_end_or_the_middle_of_an_untouched_row() {
    let mut hall = Hall::of(rows(&["1-20"]));
    assert_eq!(
        ranking(&mut hall, pair()),
        [9, 1, 19],
        "the middle is the good end"
    );
    let mut touched = Hall::of(rows(&["1-20"])).with_taken([20]);
    assert_eq!(ranking(&mut touched, pair()), [18, 1]);
}

#[test]
fn single_seat_is_not_placed_in_the_middle() {
    let mut hall = Hall::of(rows(&["1-20"]));
    assert_eq!(ranking(&mut hall, together(1)), [1, 20]);
}

#[test]
fn seats_nearer_to_the_good_end_are_better() {
    for (towards, best) in [
        ("left", [1, 9, 19]),
        ("middle", [9, 1, 19]),
        ("right", [19, 9, 1]),
    ] {
        let mut hall = Hall::of(plan(json!([{
            "name": "A", "grade": "R", "towards": towards,
            "rows": [{ "label": "1", "seats": "1-20" }],
        }])));
        assert_eq!(ranking(&mut hall, pair()), best, "{towards}");
    }
}

#[test]
fn rows_of_a_better_rank_come_first_and_better_grades_before_ranks() {
    let mut hall = Hall::of(plan(json!([
        { "name": "A", "grade": "R", "rank": 5, "rows": [{ "label": "1", "seats": "1-2" }] },
        { "name": "B", "grade": "R", "rows": [{ "label": "1", "seats": "1-2" }] },
        { "name": "C", "grade": "VIP", "rank": 9, "rows": [{ "label": "1", "seats": "1-2" }] },
    ])));
    assert_eq!(ranking(&mut hall, pair()), [5, 3, 1]);
}

#[test]
fn gap_of_the_right_size_is_worth_four_rows_and_a_single_seat_eight() {
    // Row 1 has three free seats. Each row after it has a gap of two.
    let mut hall = Hall::of(rows(&[
        "1-3 _1 4-5",
        "1-2",
        "1-2",
        "1-2",
        "1-2",
        "1-2",
        "1-2",
    ]));
    hall.take(4);
    hall.take(5);
    let ranking = ranking(&mut hall, pair());
    // Of rank 0 with a single seat: 8. Of rank 1 to 6, filled: -3 to 2.
    assert_eq!(ranking, [6, 8, 10, 12, 14, 16, 2, 1]);
}

#[test]
fn everybody_draws_one_of_the_best_eight() {
    let mut hall = Hall::of(rows(&["1-2"; 20]));
    let answers = hall.answers(&pair());
    let best_eight: Vec<_> = (0..8).map(|row| vec![2 * row + 1, 2 * row + 2]).collect();
    assert_eq!(answers, best_eight);
}

#[test]
fn show_without_a_plan_is_one_row_ranked_by_number() {
    let mut hall = Hall::without_plan(50);
    let answers = hall.answers(&pair());
    // Two ends and the middle are too few to draw from, so seats inside are added.
    assert_eq!(answers.len(), 8);
    assert!(answers.contains(&vec![1, 2]) && answers.contains(&vec![3, 4]));
    for seats in &answers {
        assert_eq!(seats[0] % 2, 1, "{seats:?} leave no single seat");
        assert!(seats[0] < 16 || [25, 49].contains(&seats[0]), "{seats:?}");
    }
    // The last pair may be in two blocks.
    let mut last = Hall::without_plan(1_000).with_taken((1..=499).chain(502..=1_000));
    assert_eq!(last.ask(pair()), Ok(vec![500, 501]));
}

#[test]
fn wish_for_a_grade_or_a_section_gets_nothing_else() {
    let mut hall = Hall::of(plan(json!([
        { "name": "A", "grade": "VIP", "rows": [{ "label": "1", "seats": "1-4" }] },
        { "name": "B", "grade": "R", "rows": [
            { "label": "1", "seats": "1-4" },
            { "label": "2", "seats": "1-4", "grade": "VIP" },
        ] },
    ])));
    let grade = |grade: &str| crate::domain::plan::Grade::parse(grade);
    let of = |wish: Wish, hall: &mut Hall| hall.answers(&wish);
    let r = Wish {
        grade: grade("R"),
        ..pair()
    };
    assert_eq!(of(r, &mut hall), [[5, 6], [7, 8]]);
    let section = Some("B".to_owned());
    let in_b = Wish {
        section: section.clone(),
        ..pair()
    };
    assert_eq!(
        of(in_b.clone(), &mut hall),
        [[9, 10], [11, 12]],
        "the best grade"
    );
    hall.view.note_failure(second(0));
    assert_eq!(of(in_b, &mut hall), [[5, 6], [7, 8], [9, 10], [11, 12]]);
    let vip_in_b = Wish {
        grade: grade("VIP"),
        section,
        ..pair()
    };
    assert_eq!(of(vip_in_b, &mut hall), [[9, 10], [11, 12]]);
}

/// A row of eight seats with two wheelchair places in the middle, and a row of four wheelchair places.
fn with_places() -> Plan {
    plan(json!([{ "name": "A", "grade": "R", "rows": [
        { "label": "1", "seats": "1-8", "accessible": "4-5" },
        { "label": "2", "seats": "1-4", "accessible": "1-4" },
    ] }]))
}

#[test]
fn wheelchair_places_are_for_those_who_ask() {
    let mut hall = Hall::of(with_places());
    let beside_them = [[1, 2], [2, 3], [6, 7], [7, 8]];
    assert_eq!(hall.answers(&pair()), beside_them);
    let left = Left {
        free: 6,
        longest: 3,
    };
    assert_eq!(hall.ask(together(4)), Err(left));
    let one = Wish {
        accessible: 1,
        ..pair()
    };
    // One place and one seat beside it are better than two places.
    let ranking = ranking(&mut hall, one);
    assert_eq!(ranking[..2], [3, 5]);
    let both = Wish {
        accessible: 2,
        ..pair()
    };
    assert!(hall.answers(&both).contains(&vec![4, 5]));
    let four = Wish {
        accessible: 4,
        ..together(4)
    };
    assert_eq!(hall.answers(&four), [[9, 10, 11, 12]]);
    hall.take(10);
    hall.read_all(second(0));
    let three = Wish {
        accessible: 3,
        ..together(3)
    };
    let left = Left {
        free: 11,
        longest: 2,
    };
    assert_eq!(hall.ask(three), Err(left));
}

#[test]
fn fewest_pieces_are_taken_and_only_if_asked_for() {
    let apart = |count| Wish {
        apart: true,
        ..together(count)
    };
    // Runs of 2, 3 and 1.
    let mut hall = Hall::of(rows(&["1-2 _1 3-5 _1 6"]));
    assert_eq!(
        hall.ask(together(4)),
        Err(Left {
            free: 6,
            longest: 3
        })
    );
    assert_eq!(hall.answers(&apart(4)), [[1, 2, 3, 4], [1, 2, 4, 5]], "2+2");
    hall.take_and_forget(1);
    assert_eq!(hall.answers(&apart(4)), [[2, 3, 4, 5]], "3+1");
    hall.take_and_forget(3);
    assert_eq!(hall.answers(&apart(4)), [[2, 4, 5, 6]], "2+1+1");
    assert_eq!(hall.answers(&apart(3)), [[2, 4, 5]], "2+1");
    hall.take_and_forget(4);
    assert_eq!(hall.answers(&apart(3)), [[2, 5, 6]], "1+1+1");
    assert_eq!(
        hall.ask(apart(4)),
        Err(Left {
            free: 3,
            longest: 1
        })
    );
}

#[test]
fn pieces_are_in_one_section_if_possible_and_of_near_ranks() {
    let seat = |label: &str| json!({ "label": label, "seats": "1" });
    let section = |name: &str, rows: &[&str]| {
        let rows: Vec<_> = rows.iter().map(|row| seat(row)).collect();
        json!({ "name": name, "grade": "R", "rows": rows })
    };
    let apart = Wish {
        apart: true,
        ..pair()
    };
    let mut hall = Hall::of(plan(json!([
        section("A", &["1"]),
        section("B", &["1", "2", "3"])
    ])));
    for seats in hall.answers(&apart) {
        assert!(seats[0] > 1, "{seats:?}: section B has both");
        assert_eq!(seats[1] - seats[0], 1, "{seats:?}: rows beside each other");
    }
    hall.take_and_forget(3);
    hall.take_and_forget(4);
    assert_eq!(hall.answers(&apart), [[1, 2]], "no section has both");
}

/// A hall of some rows with gaps and wheelchair places. Some of its seats are taken.
fn halls() -> impl Strategy<Value = (Vec<(u32, u32)>, Vec<bool>)> {
    let row = (1..12_u32, 0..6_u32);
    prop::collection::vec(row, 1..6).prop_flat_map(|rows| {
        let seats: u32 = rows.iter().map(|(left, right)| left + right).sum();
        let taken = prop::collection::vec(prop::bool::weighted(0.4), seats as usize);
        (Just(rows), taken)
    })
}

/// A plan of rows with an aisle, in which every third row has a wheelchair place at each end.
fn plan_of(parts: &[(u32, u32)]) -> Plan {
    let rows: Vec<_> = parts
        .iter()
        .zip(1..)
        .map(|((left, right), row)| {
            let seats = match right {
                0 => format!("1-{left}"),
                _ => format!("1-{left} _1 {}-{}", left + 1, left + right),
            };
            let mut fields = json!({ "label": row.to_string(), "seats": seats });
            if row % 3 == 1 && left + right > 1 {
                fields["accessible"] = json!(format!("1 {}", left + right));
            }
            fields
        })
        .collect();
    plan(json!([{ "name": "A", "grade": "R", "rows": rows }]))
}

impl Hall {
    /// All sets of free neighbours that meet a wish for seats together, by trying each.
    fn all_sets(&self, wish: &Wish) -> Vec<Vec<u32>> {
        let plan = self.plan.as_ref().expect("a plan");
        let mut sets = Vec::new();
        for row in plan.rows() {
            let is_place = |seat: u32| row.accessible().any(|places| places.contains(&seat));
            for neighbours in row.neighbours() {
                let last_start = (*neighbours.end() + 1).saturating_sub(wish.count);
                for first in *neighbours.start()..=last_start {
                    let set: Vec<_> = (first..first + wish.count).collect();
                    let places = set.iter().filter(|seat| is_place(**seat)).count();
                    let is_met = match wish.accessible {
                        0 => places == 0,
                        least => u32::try_from(places).is_ok_and(|places| places >= least),
                    };
                    if is_met && set.iter().all(|seat| self.is_free(*seat)) {
                        sets.push(set);
                    }
                }
            }
        }
        sets
    }
}

proptest! {
    /// Whoever asks gets seats exactly if there are some, and only such seats.
    #[test]
    fn seats_are_found_exactly_if_there_are_any(
        (parts, taken) in halls(),
        count in 1..=4_u32,
        accessible in 0..=2_u32,
        seed: u64,
    ) {
        let wish = Wish { accessible: accessible.min(count), ..together(count) };
        let taken = (1..).zip(&taken).filter(|(_, is_taken)| **is_taken).map(|(seat, _)| seat);
        let mut hall = Hall::of(plan_of(&parts)).with_taken(taken);
        hall.rng = rng(seed);
        let sets = hall.all_sets(&wish);
        match hall.ask(wish.clone()) {
            Ok(seats) => prop_assert!(sets.contains(&seats), "{:?} of {:?}", seats, sets),
            Err(left) => {
                prop_assert!(sets.is_empty(), "{:?}", sets);
                prop_assert!(left.longest < count);
                if left.longest > 0 {
                    let fewer = Wish {
                        count: left.longest,
                        accessible: wish.accessible.min(left.longest),
                        ..wish
                    };
                    prop_assert!(!hall.all_sets(&fewer).is_empty());
                }
            }
        }
    }

    /// A request for seats that may be apart gets some if enough are free, and only then.
    #[test]
    fn pieces_are_found_exactly_if_enough_seats_are_free(
        (parts, taken) in halls(),
        count in 1..=4_u32,
        seed: u64,
    ) {
        let taken = (1..).zip(&taken).filter(|(_, is_taken)| **is_taken).map(|(seat, _)| seat);
        let mut hall = Hall::of(plan_of(&parts)).with_taken(taken);
        hall.rng = rng(seed);
        let singles = hall.all_sets(&together(1));
        let is_together = !hall.all_sets(&together(count)).is_empty();
        match hall.ask(Wish { apart: true, ..together(count) }) {
            Ok(seats) => {
                prop_assert_eq!(seats.len(), count as usize);
                prop_assert!(seats.iter().all(|seat| singles.contains(&vec![*seat])));
                let is_dense = hall.all_sets(&together(count)).contains(&seats);
                prop_assert_eq!(is_dense, is_together);
            }
            Err(left) => {
                prop_assert!(singles.len() < count as usize);
                prop_assert_eq!(left.free as usize, singles.len());
            }
        }
    }

    /// Pairs never leave a single seat where the seats beside each other are even in number.
    #[test]
    fn pairs_sell_every_seat_of_even_rows(
        parts in prop::collection::vec((1..6_u32, 0..6_u32), 1..5),
        seed: u64,
    ) {
        let parts: Vec<_> = parts.iter().map(|(left, right)| (2 * left, 2 * right)).collect();
        let seats = parts.iter().map(|(left, right)| match right {
            0 => format!("1-{left}"),
            _ => format!("1-{left} _1 {}-{}", left + 1, left + right),
        });
        let seats: Vec<_> = seats.collect();
        let seats: Vec<_> = seats.iter().map(String::as_str).collect();
        let mut hall = Hall::of(rows(&seats));
        hall.rng = rng(seed);
        while hall.sell(pair()).is_ok() {}
        prop_assert!((1..=hall.capacity).all(|seat| !hall.is_free(seat)));
    }
}
