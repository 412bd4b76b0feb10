//! The canonical document, and the id.

use super::*;

/// The canonical text of the seats of a row.
#[track_caller]
fn canonical(seats: &str) -> String {
    let document: Value = serde_json::from_str(&row_of(seats).document()).expect("JSON");
    let seats = document["sections"][0]["rows"][0]["seats"].as_str();
    seats.expect("a text").to_owned()
}

#[test]
fn document_has_our_order_and_no_defaults() {
    let json = r#" {
        "sections": [ {
            "rows": [
                { "seats": "1 2 3 _1  _1 4", "label": "1", "rank": 0, "shift": 0, "grade": "R" },
                { "shift": 50, "accessible": "2 1", "seats": "1-3", "label": "2", "rank": 9 }
            ],
            "depth": 100, "turn": 0, "rank": 0, "towards": "middle", "grade": "R",
            "name": " 1\u1105\u1161 "
        }, {
            "rows": [ { "label": "1", "seats": "1", "grade": "VIP" } ],
            "curve": 900, "depth": 110, "turn": -20, "at": [-5, 6], "towards": "left", "rank": 2,
            "name": "B", "grade": "R"
        } ],
        "grades": ["VIP", "R"], "name": "Hall"
    } "#;
    let plan = Plan::read(json.as_bytes()).expect("a plan");
    assert_eq!(
        plan.document(),
        concat!(
            r#"{"name":"Hall","grades":["VIP","R"],"sections":["#,
            r#"{"name":"1라","grade":"R","rows":[{"label":"1","seats":"1-3 _2 4"},"#,
            r#"{"label":"2","seats":"1-3","accessible":"1-2","rank":9,"shift":50}]},"#,
            r#"{"name":"B","grade":"VIP","rank":2,"towards":"left","at":[-5,6],"turn":-20,"#,
            r#""curve":900,"depth":110,"rows":[{"label":"1","seats":"1"}]}]}"#,
        )
    );
    assert_eq!(plan.id(), PlanId::of(plan.document().as_bytes()));
}

#[test]
fn seats_have_one_spelling() {
    for (seats, expected) in [
        ("1 2", "1-2"),
        ("2 1", "2-1"),
        ("1 3", "1 3"),
        ("1 3 5", "1-5/2"),
        ("1-6/2", "1-5/2"),
        ("1 2 4 6 8", "1-2 4-8/2"),
        ("1 3 4 5", "1 3-5"),
        ("1-3 4-6 7", "1-7"),
        ("1-3 _1 4-6", "1-3 _1 4-6"),
        ("1-2 _1 _2 3", "1-2 _3 3"),
        ("_1 1 _1", "_1 1 _1"),
        ("8-9 10-11", "8-11"),
        ("08-09 10-11", "08-11"),
        ("99-100 098", "99-100 098"),
        ("100-99 098-097", "100-99 098-097"),
        ("09-99 100", "09-99 100"),
        ("101-10 09", "101-10 09"),
        ("11 10 09 08", "11-08"),
        ("5-5 A5", "5 A5"),
        ("A B C", "A B C"),
        ("5-9 4-1", "5-9 4-1"),
        ("1-5 7-11/2 6", "1-5 7-11/2 6"),
    ] {
        assert_eq!(canonical(seats), expected, "{seats}");
        assert_eq!(canonical(expected), expected);
    }
}

#[test]
fn grade_and_rank_of_a_section_are_those_that_most_rows_have() {
    let part = |rank: u32, grade: &str, rows: &[(u32, &str)]| {
        let rows: Vec<_> = (0..)
            .zip(rows)
            .map(|(index, (rank, grade))| {
                json!({ "label": format!("{index}"), "seats": "1", "rank": rank, "grade": grade })
            })
            .collect();
        let other = json!({ "name": "O", "rows": [
            { "label": "1", "seats": "1", "grade": "R" }, { "label": "2", "seats": "1", "grade": "S" },
        ] });
        let section = json!({ "name": "A", "rank": rank, "grade": grade, "rows": rows });
        let plan = read(&json!({
            "name": "Hall", "grades": ["R", "S"], "sections": [section, other],
        }));
        let ranks: Vec<_> = plan.rows().map(|row| row.rank()).collect();
        let document: Value = serde_json::from_str(&plan.document()).expect("JSON");
        assert_eq!(
            document["sections"][1]["grade"], "R",
            "of two, the better one"
        );
        let again = read(&document);
        assert_eq!(again, plan);
        assert!(again.rows().map(|row| row.rank()).eq(ranks));
        let section = &document["sections"][0];
        (
            section["rank"].as_i64().unwrap_or(0),
            section["grade"].as_str().map(str::to_owned),
        )
    };
    let (r, s) = (Some("R".to_owned()), Some("S".to_owned()));
    assert_eq!(
        part(0, "S", &[(5, "R"), (6, "R"), (7, "S")]),
        (5, r.clone())
    );
    assert_eq!(
        part(3, "R", &[(2, "S"), (3, "S"), (4, "R")]),
        (5, s.clone())
    );
    // With 5 the last row would need a rank below 0.
    assert_eq!(part(0, "R", &[(5, "S"), (6, "S"), (3, "S")]), (1, s));
    assert_eq!(part(4, "R", &[(0, "R"), (0, "R")]), (3, r));
}

#[test]
fn documents_that_say_the_same_have_one_id() {
    let other = Plan::read(ARENA.replace(", ", " ,\n").as_bytes()).expect("a plan");
    let [.., (_, arena)] = examples();
    assert_eq!(other, arena);
    assert_eq!(other.id(), arena.id());
    let different = Plan::read(ARENA.replace("플로어", "Floor").as_bytes()).expect("a plan");
    assert_ne!(different.id(), arena.id());
}

#[test]
fn ids_of_the_examples_stay() {
    // Orders cite plans by their ids. A change of the canonical form would change them.
    let ids = examples().map(|(_, plan)| plan.id().to_string());
    assert_eq!(
        ids,
        [
            "9vTe62rVW7e8vCTBde4jXg",
            "LyFA_KqPWSEqmSgh80D72A",
            "Knzy1F5_g7cLJFA_ulgCOw"
        ]
    );
}

/// Texts of rows: tokens of all kinds, many of which touch each other.
fn seats() -> impl Strategy<Value = String> {
    let number = || prop_oneof![0..12_u32, 95..105_u32];
    let before = || prop::sample::select(vec!["", "", "", "A", "가"]);
    let token = prop_oneof![
        4 => (before(), number(), number(), any::<bool>()).prop_map(|(before, from, to, step)| {
            format!("{before}{from}-{before}{to}{}", if step { "/2" } else { "" })
        }),
        2 => (before(), number(), number()).prop_map(|(before, from, to)| {
            format!("{before}{from:03}-{before}{to:03}")
        }),
        4 => (before(), number(), 1..4_usize).prop_map(|(before, number, digits)| {
            format!("{before}{number:0digits$}")
        }),
        1 => "[a-c가é]{1,3}",
        2 => (1..4_u32).prop_map(|places| format!("_{places}")),
    ];
    prop::collection::vec(token, 1..8).prop_map(|tokens| tokens.join(" "))
}

/// A row without its label.
fn row() -> impl Strategy<Value = Value> {
    let rank = prop::option::of(0..6_u32);
    let chair = any::<prop::sample::Index>();
    (seats(), chair, rank, -2..3_i32, any::<bool>()).prop_map(
        |(seats, chair, rank, shift, is_other)| {
            let mut row = json!({ "seats": seats, "shift": shift });
            if let Some(rank) = rank {
                row["rank"] = rank.into();
            }
            if is_other {
                let tokens: Vec<_> = seats.split(' ').collect();
                row["accessible"] = (*chair.get(&tokens)).into();
                row["grade"] = "S".into();
            }
            row
        },
    )
}

fn rows() -> impl Strategy<Value = Value> {
    prop::collection::vec(row(), 1..5).prop_map(|mut rows| {
        for (index, row) in rows.iter_mut().enumerate() {
            row["label"] = index.to_string().into();
        }
        rows.into()
    })
}

fn plans() -> impl Strategy<Value = Plan> {
    let towards = prop::sample::select(vec!["left", "middle", "right"]);
    let drawn = (
        prop::option::of((-9..9_i32, -9..9_i32)),
        -179..181_i32,
        1..4_u32,
    );
    let section = (rows(), towards, drawn, 0..4_u32);
    prop::collection::vec(section, 1..4).prop_filter_map("not a plan", |sections| {
        let section = |(index, (rows, towards, (at, turn, depth), rank)): (usize, _)| {
            let mut section = json!({
                "name": format!("{index}"), "grade": "R", "rank": rank, "towards": towards,
                "turn": turn, "depth": 50 * depth, "rows": rows,
            });
            if let Some(at) = at {
                section["at"] = json!(at);
                section["curve"] = json!(1_000);
            }
            section
        };
        let mut sections: Vec<_> = sections.into_iter().enumerate().map(section).collect();
        sections.push(json!({ "name": "both", "rows": [
            { "label": "1", "seats": "1", "grade": "R" }, { "label": "2", "seats": "1", "grade": "S" },
        ] }));
        let document = json!({ "name": "Hall", "grades": ["R", "S"], "sections": sections });
        Plan::read(document.to_string().as_bytes()).ok()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn canonical_document_is_read_as_the_same_plan(plan in plans()) {
        let document = plan.document();
        let again = Plan::read(document.as_bytes()).expect("a plan");
        prop_assert_eq!(again.document(), document);
        prop_assert_eq!(&again, &plan);
        prop_assert_eq!(again.first_difference(&plan), None);
    }

    #[test]
    fn every_seat_is_found_by_its_labels(plan in plans()) {
        for number in numbers(&plan) {
            let seat = plan.seat(number).expect("a seat");
            let found = plan.number_of(seat.section, seat.row, &seat.label);
            prop_assert_eq!(found, Some(number));
        }
    }

    /// Another spelling of the same seats: each label alone.
    #[test]
    fn spelling_of_seats_does_not_matter(plan in plans()) {
        let mut document: Value = serde_json::from_str(&plan.document()).expect("JSON");
        let sections = document["sections"].as_array_mut().expect("a list");
        let rows = sections.iter_mut().flat_map(|section| {
            section["rows"].as_array_mut().expect("a list").iter_mut()
        });
        for (row, of_document) in plan.rows.iter().zip(rows) {
            let mut tokens = Vec::new();
            let mut at = 0;
            for run in &row.runs {
                tokens.extend((at..run.place).map(|_| "_1".to_owned()));
                tokens.extend(run.labels().map(|label| label.to_string()));
                at = run.place + run.seats;
            }
            tokens.extend((at..row.places).map(|_| "_1".to_owned()));
            of_document["seats"] = tokens.join(" ").into();
        }
        prop_assert_eq!(read(&document), plan);
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>(), seats in seats()) {
        let _ = Plan::read(text.as_bytes());
        let rows = json!([{ "label": "1", "seats": text }, { "label": "2", "seats": seats }]);
        if let Ok(plan) = Plan::read(document(&rows).to_string().as_bytes()) {
            let again = Plan::read(plan.document().as_bytes());
            prop_assert_eq!(again, Ok(plan));
        }
    }
}
