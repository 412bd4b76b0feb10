use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

mod documents;
mod mistakes;
mod places;

const CLUB: &str = include_str!("../../../plans/club.json");
const THEATRE: &str = include_str!("../../../plans/theatre.json");
const ARENA: &str = include_str!("../../../plans/arena.json");

#[track_caller]
fn read(document: &Value) -> Plan {
    Plan::read(document.to_string().as_bytes()).expect("a plan")
}

/// A plan of one section with these rows, in one grade.
fn document(rows: &Value) -> Value {
    json!({
        "name": "Hall",
        "grades": ["R"],
        "sections": [{ "name": "A", "grade": "R", "rows": rows }],
    })
}

/// A plan of one row with these seats.
#[track_caller]
fn row_of(seats: &str) -> Plan {
    read(&document(&json!([{ "label": "1", "seats": seats }])))
}

fn number(number: u32) -> SeatNumber {
    SeatNumber::new(number.into()).expect("a seat")
}

fn numbers(plan: &Plan) -> impl Iterator<Item = SeatNumber> + use<> {
    (1..=plan.seats()).map(number)
}

fn labels(plan: &Plan) -> Vec<String> {
    let label = |number| plan.seat(number).expect("a seat").label;
    numbers(plan).map(label).collect()
}

fn neighbours(plan: &Plan) -> Vec<RangeInclusive<u32>> {
    plan.rows().flat_map(|row| row.neighbours()).collect()
}

fn examples() -> [(&'static str, Plan); 3] {
    [("club", CLUB), ("theatre", THEATRE), ("arena", ARENA)]
        .map(|(name, json)| (name, Plan::read(json.as_bytes()).expect("a plan")))
}

/// A hall of many rows with two aisles, each with another number of seats.
fn irregular(rows: usize, longest: usize) -> Value {
    let row = |index: usize| {
        // Numbers without a pattern.
        let mixed = (index * 2_654_435_761) >> 16;
        let seats = longest - mixed % 10;
        let aisle = 8 + mixed / 10 % 3;
        let seats = format!(
            "1-{aisle} _2 {}-{} _2 {}-{seats}",
            aisle + 1,
            seats - aisle,
            seats - aisle + 1,
        );
        json!({ "label": (index % 25 + 1).to_string(), "seats": seats, "shift": mixed / 30 % 4 * 25 })
    };
    let sections: Vec<_> = (0..rows.div_ceil(25))
        .map(|section| {
            let rows: Vec<_> = (section * 25..rows.min(section * 25 + 25))
                .map(row)
                .collect();
            let at = [section % 10 * 6_000, section / 10 * 2_600];
            json!({ "name": format!("{section}구역"), "grade": "R", "at": at, "rows": rows })
        })
        .collect();
    json!({ "name": "올림픽홀", "grades": ["R"], "sections": sections })
}

#[test]
fn seats_are_numbered_in_the_order_of_the_document() {
    let plan = read(&json!({
        "name": " 올림픽홀 A ",
        "grades": ["VIP", "R"],
        "sections": [
            { "name": "1층 A", "grade": "VIP", "rank": 3, "towards": "right", "rows": [
                { "label": "1", "seats": "1-3 _2 11-12" },
                { "label": "2", "seats": "5-1/2", "grade": "R", "accessible": "5 3" },
            ] },
            { "name": "1층 B", "rows": [
                { "label": "1", "seats": "A9-A11", "grade": "R", "rank": 40 },
            ] },
        ],
    }));
    assert_eq!(plan.name().as_str(), "올림픽홀 A");
    assert_eq!(plan.seats(), 11);
    assert_eq!(
        labels(&plan),
        ["1", "2", "3", "11", "12", "5", "3", "1", "A9", "A10", "A11"]
    );
    assert_eq!(
        plan.seat(number(7)),
        Some(PlanSeat {
            section: "1층 A",
            row: "2",
            label: "3".to_owned(),
            grade: &plan.grades()[1],
            accessible: true,
        })
    );
    assert_eq!(plan.seat(number(12)), None);
    assert_eq!(plan.grade_of(number(5)), Some(&plan.grades()[0]));
    assert_eq!(plan.grade_of(number(12)), None);
    assert_eq!(plan.seats_of_grades(), [5, 6]);
    assert_eq!(neighbours(&plan), [1..=3, 4..=5, 6..=8, 9..=11]);
    let rows: Vec<_> = plan.rows().collect();
    let summary = |row: &PlanRow<'_>| (row.section_index(), row.section().to_owned(), row.rank());
    assert_eq!(
        rows.iter().map(summary).collect::<Vec<_>>(),
        [
            (0, "1층 A".to_owned(), 3),
            (0, "1층 A".to_owned(), 4),
            (1, "1층 B".to_owned(), 40)
        ]
    );
    assert_eq!(rows[0].towards(), Towards::Right);
    assert_eq!(rows[2].towards(), Towards::Middle);
    assert_eq!(rows[1].numbers(), 6..=8);
    assert_eq!(rows[1].accessible().collect::<Vec<_>>(), [6..=7]);
    assert_eq!((rows[2].label(), rows[2].grade().as_str()), ("1", "R"));
}

#[test]
fn seat_is_found_by_its_labels() {
    let plan = row_of("1-9 A07-A10 _1 끝 20-10/2 007");
    let found = |label| plan.number_of("A", "1", label).map(SeatNumber::get);
    assert_eq!(found("1"), Some(1));
    assert_eq!(found("A09"), Some(12));
    assert_eq!(found("A10"), Some(13));
    assert_eq!(found("끝"), Some(14));
    assert_eq!(found("18"), Some(16));
    assert_eq!(found("10"), Some(20));
    assert_eq!(found("007"), Some(21));
    for none in [
        "0", "07", "A9", "A7", "A11", "19", "9 ", "", "8A", "22", "B07",
    ] {
        assert_eq!(found(none), None, "{none}");
    }
    assert_eq!(plan.number_of("B", "1", "1"), None);
    assert_eq!(plan.number_of("A", "2", "1"), None);
}

#[test]
fn ranges_go_up_and_down_with_zeros_and_letters() {
    for (seats, expected) in [
        ("8-11", "8 9 10 11"),
        ("08-11", "08 09 10 11"),
        ("11-08", "11 10 09 08"),
        ("11-8", "11 10 9 8"),
        ("98-101/2", "98 100"),
        ("1-6/2", "1 3 5"),
        ("6-1/2", "6 4 2"),
        ("0-2", "0 1 2"),
        ("가1-가3", "가1 가2 가3"),
        ("A1B1-A1B2", "A1B1 A1B2"),
        ("7-7", "7"),
        ("7-8/2", "7"),
        ("  1   2  ", "1 2"),
        ("99999998-99999999", "99999998 99999999"),
        ("\u{1100}\u{1161}1", "가1"),
    ] {
        assert_eq!(labels(&row_of(seats)).join(" "), expected, "{seats}");
    }
}

#[test]
fn neighbours_end_at_gaps_only() {
    let of = |seats| neighbours(&row_of(seats));
    assert_eq!(of("1-3 7 A B 20-30/2"), [1..=12]);
    assert_eq!(of("1 2 _1 3 _1 _3 4-6"), [1..=2, 3..=3, 4..=6]);
    assert_eq!(of("_4 1-2 _4"), [1..=2]);
}

#[test]
fn wheelchair_places_are_those_that_are_named() {
    let plan = read(&document(&json!([
        { "label": "1", "seats": "1-4 _2 5-10", "accessible": "10 4-5 1" },
        { "label": "2", "seats": "1-4" },
    ])));
    let accessible: Vec<_> = numbers(&plan)
        .filter(|number| plan.seat(*number).expect("a seat").accessible)
        .map(SeatNumber::get)
        .collect();
    assert_eq!(accessible, [1, 4, 5, 10]);
    let rows: Vec<_> = plan
        .rows()
        .map(|row| row.accessible().collect::<Vec<_>>())
        .collect();
    assert_eq!(rows, [vec![1..=1, 4..=5, 10..=10], vec![]]);
}

#[test]
fn difference_is_the_first_number_that_means_another_seat() {
    let plan = |seats: &str, rest: Value| {
        let mut row = json!({ "label": "1", "seats": seats });
        let row_fields = row.as_object_mut().expect("an object");
        row_fields.extend(rest.as_object().cloned().unwrap_or_default());
        read(&json!({
            "name": "Hall", "grades": ["R", "S"],
            "sections": [
                { "name": "A", "grade": "R", "rows": [row, { "label": "2", "seats": "1-3" }] },
                { "name": "B", "grade": "S", "rows": [{ "label": "1", "seats": "1-5" }] },
            ],
        }))
    };
    let before = plan("1-5", json!({}));
    let difference = |after: &Plan| {
        let difference = before.first_difference(after);
        assert_eq!(after.first_difference(&before), difference);
        difference.map(SeatNumber::get)
    };
    assert_eq!(difference(&before), None);
    let drawn = json!({ "shift": 5, "rank": 7, "accessible": "1" });
    assert_eq!(difference(&plan("1-2 _2 3-5", drawn)), None);
    assert_eq!(difference(&plan("1-4 6", json!({}))), Some(5));
    assert_eq!(difference(&plan("1-6", json!({}))), Some(6), "another row");
    assert_eq!(difference(&plan("1-5", json!({ "grade": "S" }))), Some(1));
    assert_eq!(difference(&plan("1-5", json!({ "label": "3" }))), Some(1));

    let row = |section: &str, seats| {
        let mut document = document(&json!([{ "label": "1", "seats": seats }]));
        document["sections"][0]["name"] = section.into();
        read(&document)
    };
    let (small, large) = (row("A", "1-4"), row("A", "1-9"));
    assert_eq!(
        small.first_difference(&large),
        None,
        "more seats at the end"
    );
    assert_eq!(large.first_difference(&small), None);
    assert_eq!(small.first_difference(&row("B", "1-4")), Some(number(1)));
}

#[test]
fn every_seat_of_the_examples_is_found_again() {
    for (name, plan) in examples() {
        for number in numbers(&plan) {
            let seat = plan.seat(number).expect("a seat");
            let found = plan.number_of(seat.section, seat.row, &seat.label);
            assert_eq!(found, Some(number), "{name}: {seat:?}");
            assert_eq!(plan.grade_of(number), Some(seat.grade));
        }
        let seats = plan.seats_of_grades().iter().sum::<u32>();
        assert_eq!(seats, plan.seats(), "{name}");
        let covered: Vec<_> = neighbours(&plan).into_iter().flatten().collect();
        assert!(covered.into_iter().eq(1..=plan.seats()), "{name}");
    }
}

#[test]
fn examples_have_the_seats_of_a_club_a_theatre_and_an_arena() {
    let seats = examples().map(|(_, plan)| plan.seats());
    assert_eq!(seats, [300, 1_220, 15_922]);
    for (name, plan) in examples() {
        let accessible = plan
            .rows()
            .flat_map(|row| row.accessible())
            .flatten()
            .count();
        assert!(accessible >= 10, "{name}: {accessible} wheelchair places");
        // Of two grades, the better one has the seat with the lowest rank.
        let best = |grade: &Grade| {
            let rows = plan.rows().filter(|row| row.grade() == grade);
            rows.map(|row| row.rank()).min()
        };
        let ranks: Vec<_> = plan.grades().iter().map(best).collect();
        assert!(ranks.is_sorted(), "{name}: {ranks:?}");
    }
}

#[test]
fn largest_plan_has_an_entry_for_each_run_and_not_for_each_seat() {
    let plan = read(&irregular(2_500, 44));
    assert!((98_000..=100_000).contains(&plan.seats()));
    let runs: usize = plan.rows.iter().map(|row| row.runs.len()).sum();
    assert_eq!(runs, 3 * 2_500);
    let full = [json!({ "label": "1", "seats": "1-1000" })];
    let sections: Vec<_> = (0..100)
        .map(|section| json!({ "name": section.to_string(), "grade": "R", "rows": full }))
        .collect();
    let plan = read(&json!({ "name": "Hall", "grades": ["R"], "sections": sections }));
    assert_eq!(plan.seats(), 100_000);
    assert_eq!(
        plan.rows.iter().map(|row| row.runs.len()).sum::<usize>(),
        100
    );
    assert_eq!(plan.seat(number(100_000)).expect("a seat").label, "1000");
}
