//! Where the seats are.

use std::collections::HashMap;

use super::*;

/// The places of a plan, to the hundredth of a seat.
fn places(plan: &Plan) -> Vec<(f64, f64)> {
    let places = plan.places();
    assert!(places.iter().map(|place| place.number).eq(numbers(plan)));
    places
        .into_iter()
        // Adding 0 makes no difference but to -0.
        .map(|place| (place.x.round() + 0.0, place.y.round() + 0.0))
        .collect()
}

fn drawn(section: &Value, rows: &Value) -> Vec<(f64, f64)> {
    let mut document = document(rows);
    let fields = section.as_object().expect("an object").clone();
    document["sections"][0]
        .as_object_mut()
        .expect("an object")
        .extend(fields);
    places(&read(&document))
}

#[test]
fn rows_are_straight_around_their_middle() {
    let rows = json!([
        { "label": "1", "seats": "1-3" },
        { "label": "2", "seats": "1 _2 2", "shift": 50 },
        { "label": "3", "seats": "_2 1" },
    ]);
    let at = json!({ "at": [1_000, 300], "depth": 110 });
    assert_eq!(
        drawn(&at, &rows),
        [
            (900.0, 300.0),
            (1_000.0, 300.0),
            (1_100.0, 300.0),
            (900.0, 410.0),
            (1_200.0, 410.0),
            (1_100.0, 520.0)
        ]
    );
}

#[test]
fn section_on_the_left_has_a_negative_turn_and_faces_the_stage() {
    let rows = json!([{ "label": "1", "seats": "1-3" }, { "label": "2", "seats": "1" }]);
    let left = json!({ "at": [-1_000, 300], "turn": -90 });
    assert_eq!(
        drawn(&left, &rows),
        [
            (-1_000.0, 200.0),
            (-1_000.0, 300.0),
            (-1_000.0, 400.0),
            (-1_100.0, 300.0)
        ],
        "the left end of a row is that at the left of who looks to the right"
    );
    let right = json!({ "at": [1_000, 300], "turn": 90 });
    assert_eq!(
        drawn(&right, &rows),
        [
            (1_000.0, 400.0),
            (1_000.0, 300.0),
            (1_000.0, 200.0),
            (1_100.0, 300.0)
        ]
    );
}

#[test]
fn curved_rows_have_one_centre_on_the_side_of_the_stage() {
    let rows = json!([
        { "label": "1", "seats": "1-9" }, { "label": "2", "seats": "1-9", "shift": 30 },
    ]);
    for turn in [0, 37, -120] {
        let section = json!({ "at": [500, 700], "curve": 800, "depth": 120, "turn": turn });
        let (sin, cos) = f64::from(turn).to_radians().sin_cos();
        let centre = (500.0 - 800.0 * sin, 700.0 - 800.0 * cos);
        let seats = drawn(&section, &rows);
        assert_eq!(seats[4], (500.0, 700.0));
        for (index, (x, y)) in seats.into_iter().enumerate() {
            let radius = if index < 9 { 800.0 } else { 920.0 };
            let distance = (x - centre.0).hypot(y - centre.1);
            assert!(
                (distance - radius).abs() < 1.0,
                "{turn} {index}: {distance}"
            );
        }
    }
}

#[test]
fn sections_that_say_nothing_are_below_all_others() {
    let rows = json!([{ "label": "1", "seats": "1-9" }, { "label": "2", "seats": "1-7" }]);
    let section = |name: &str, fields: Value| {
        let mut section = json!({ "name": name, "grade": "R", "rows": rows });
        let all = section.as_object_mut().expect("an object");
        all.extend(fields.as_object().cloned().expect("an object"));
        section
    };
    let plan = read(&json!({ "name": "Hall", "grades": ["R"], "sections": [
        section("A", json!({})),
        section("B", json!({ "turn": 45, "curve": 400 })),
        section("C", json!({ "at": [3_000, 2_000] })),
        section("D", json!({})),
    ] }));
    let seats = places(&plan);
    let extent = |section: usize| {
        let seats = &seats[section * 16..][..16];
        let y = || seats.iter().map(|(_, y)| *y);
        (y().fold(f64::MAX, f64::min), y().fold(f64::MIN, f64::max))
    };
    assert_eq!(extent(2), (2_000.0, 2_100.0));
    assert_eq!(extent(0), (2_400.0, 2_500.0));
    assert!((extent(1).0 - 2_800.0).abs() <= 1.0, "{:?}", extent(1));
    assert!((extent(3).0 - extent(1).1 - 300.0).abs() <= 1.0);
    assert_eq!(seats[4], (0.0, 2_400.0), "in the middle");
}

#[test]
fn no_two_seats_of_the_examples_touch() {
    for (name, plan) in examples() {
        assert_apart(name, &plan);
    }
}

/// Asserts that seats are at least 0.8 of a seat's width apart.
fn assert_apart(name: &str, plan: &Plan) {
    const APART: f64 = 80.0;
    let cell = |value: f64| format!("{:.0}", (value / APART).floor() + 0.0);
    let mut cells: HashMap<_, Vec<Place>> = HashMap::new();
    for place in plan.places() {
        for (x, y) in [-1.0, 0.0, 1.0]
            .into_iter()
            .flat_map(|x| [-1.0, 0.0, 1.0].map(|y| (x, y)))
        {
            let near = (cell(place.x + x * APART), cell(place.y + y * APART));
            for other in cells.get(&near).into_iter().flatten() {
                let distance = (place.x - other.x).hypot(place.y - other.y);
                let (one, other) = (plan.seat(place.number), plan.seat(other.number));
                assert!(distance >= APART, "{name}: {one:?} {other:?} {distance}");
            }
        }
        let own = (cell(place.x), cell(place.y));
        cells.entry(own).or_default().push(place);
    }
}
